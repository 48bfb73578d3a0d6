//! Erased names: whether two people signed each erasure when nothing had to be kept any more, whether nothing of the name
//! is left then, and whether every name that was not erased can still be read. How old a record must be, and of what an
//! erasure consists, is the rules' own; the rows are read here.

use super::dialect::Dialect;
use super::rows::{self, Bounds, Name};
use super::signatures::key_in;
use super::{Check, END, Fault, Note, scope};
use crate::engine::prelude::*;
use crate::store::Location;
use baiyo_domain::event::Event;
use baiyo_domain::ids::PatientId;
use baiyo_domain::journal::{StreamId, StreamKind};
use baiyo_domain::order::{self, erasure};
use baiyo_domain::people::PublicKey;
use baiyo_domain::world::World;
use diesel::sql_types::{BigInt, Binary};
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Checks every erasure that is told of, and every name that is stored.
pub fn check(check: &mut Check, conn: &mut Conn, location: &Location, bounds: &Bounds) -> QueryResult<()> {
    let folder = &location.folder;
    let told = told(conn, bounds)?;
    let mut erased = BTreeSet::new();
    if !told.is_empty() {
        let anchor = key_in(&folder.join("keys").join("anchor.pub")).map(PublicKey);
        let mut known = World::anchored(anchor);
        let site = rows::first(conn, bounds)?.and_then(|row| row.name().stream);
        let people: Vec<Uuid> = scope::people(conn, bounds)?.groups().flat_map(|group| group.ids).collect();
        // What cannot have happened has been named where its stream was read.
        let mut sound = load(conn, &mut known, site.into_iter().map(|site| (site.kind, site.id)), bounds)?;
        sound &= load(conn, &mut known, people.into_iter().map(|id| (StreamKind::Person, id)), bounds)?;
        for (patient, name) in &told {
            let stands = sound && everything_about(conn, *patient, known.clone(), bounds)?;
            if stands {
                erased.insert(*patient);
            } else {
                check.findings.found_in(name, Fault::ErasureUnfounded);
            }
        }
    }
    let Names { mut lost, mut left, unread } = names(conn, folder, &told, &erased)?;
    if !left.is_empty() {
        // A server may be about to destroy it.
        std::thread::sleep(BY_THEN_DESTROYED);
    }
    // Somebody may have erased a name since this reading of the database began.
    if (!lost.is_empty() || !left.is_empty())
        && let Ok(mut now) = rows::Database::open(location)
    {
        let conn = now.conn();
        let bounds = rows::bounds(conn)?;
        let told = self::told(conn, &bounds)?;
        let still = names(conn, folder, &told, &erased)?;
        lost.retain(|patient| still.lost.contains(patient));
        left.retain(|patient| still.left.contains(patient));
    }
    for patient in left {
        if let Some(name) = told.get(&patient) {
            check.findings.found_in(name, Fault::ErasureUnfinished { patient: patient.to_string() });
        }
    }
    for patient in lost {
        check.findings.found(END, Fault::PatientKeyLost { patient: patient.to_string() });
    }
    if unread {
        check.report.notes.push(Note::NoPatientKeys);
    }
    Ok(())
}

/// For so long a server may be at work on an erasure that it has just recorded.
const BY_THEN_DESTROYED: Duration = Duration::from_secs(2);

/// Of whom it is told that his name was erased, with the first entry that tells it.
fn told(conn: &mut Conn, bounds: &Bounds) -> QueryResult<BTreeMap<PatientId, Name>> {
    let places: Vec<Place> = diesel::sql_query(
        "SELECT seq FROM journal WHERE kind = 'order.personal_data_erased' AND seq <= $1 ORDER BY seq",
    )
    .bind::<BigInt, _>(bounds.last)
    .load(conn)?;
    let mut told = BTreeMap::new();
    for page in places.chunks(rows::PAGE as usize) {
        let page: Vec<i64> = page.iter().map(|place| place.seq).collect();
        for row in rows::at(conn, &page)? {
            let event = row.entry().and_then(|entry| Event::read(&entry).ok());
            if let Some((Event::Order(order::Event::PersonalDataErased(fact)), _)) = event {
                told.entry(fact.patient).or_insert(row.name());
            }
        }
    }
    Ok(told)
}

/// Whether an erasure stands, by all that there is of the patient's orders and of cells made for them.
fn everything_about(
    conn: &mut Conn,
    patient: PatientId,
    mut world: World,
    bounds: &Bounds,
) -> QueryResult<bool> {
    let of_patient = format!(
        "SELECT {} AS id FROM order_row WHERE patient = {}",
        Dialect::of(conn).uuid("id"),
        Dialect::of(conn).listed(std::iter::once(patient.0))
    );
    let orders: Vec<Key> = diesel::sql_query(of_patient).load(conn)?;
    let orders = orders.iter().filter_map(|key| Some((StreamKind::Order, rows::uuid(&key.id)?)));
    if !load(conn, &mut world, orders, bounds)? {
        return Ok(false);
    }
    loop {
        let missing = erasure::missing_batches(&world);
        if missing.is_empty() {
            return Ok(erasure::fault(&world, patient).is_none());
        }
        if !load(conn, &mut world, missing.into_iter().map(|id| (StreamKind::Batch, id.0)), bounds)? {
            return Ok(false);
        }
    }
}

/// Takes streams in; whether their histories can have happened.
fn load(
    conn: &mut Conn,
    world: &mut World,
    streams: impl Iterator<Item = (StreamKind, Uuid)>,
    bounds: &Bounds,
) -> QueryResult<bool> {
    for (kind, id) in streams {
        let mut rows = rows::of_streams(conn, kind, &[id], bounds)?.remove(&id).unwrap_or_default();
        rows.sort_by_key(|row| row.name().version);
        let entries: Option<Vec<_>> = rows.iter().map(|row| row.entry()).collect();
        if entries.is_none_or(|entries| world.load(StreamId { kind, id }, entries).is_err()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What there is of names, stored or erased.
#[derive(Default)]
struct Names {
    /// Whose names nobody can read any more, though it is not told that they were erased.
    lost: BTreeSet<PatientId>,
    /// Of whose names something is left, though they were erased.
    left: BTreeSet<PatientId>,
    /// Whether a key could not be looked at.
    unread: bool,
}

/// Looks at the names that are stored and at those that were erased.
fn names(
    conn: &mut Conn,
    folder: &Path,
    told: &BTreeMap<PatientId, Name>,
    erased: &BTreeSet<PatientId>,
) -> QueryResult<Names> {
    let patients = folder.join("keys").join("patients");
    let stored: Vec<Key> = diesel::sql_query(format!(
        "SELECT {} AS id FROM personal_data ORDER BY patient",
        Dialect::of(conn).uuid("patient")
    ))
    .load(conn)?;
    let stored: BTreeSet<PatientId> =
        stored.iter().filter_map(|key| rows::uuid(&key.id)).map(PatientId).collect();
    // Where there is no such folder, as beside a copy of the database alone, no file in it is missing.
    let is_there = std::fs::read_dir(&patients).is_ok();
    let mut names = Names::default();
    for patient in stored.union(erased) {
        let key = if is_there { has_key(&patients, *patient) } else { None };
        names.unread |= key.is_none();
        if erased.contains(patient) {
            if key == Some(true) || stored.contains(patient) {
                names.left.insert(*patient);
            }
        } else if key == Some(false) && !told.contains_key(patient) {
            names.lost.insert(*patient);
        }
    }
    Ok(names)
}

/// Whether there is a patient's key; nothing where that cannot be seen.
fn has_key(patients: &Path, patient: PatientId) -> Option<bool> {
    match std::fs::read(patients.join(format!("{patient}.key"))).map(Zeroizing::new) {
        // A destruction cut short leaves the overwritten file.
        Ok(key) => Some(key.len() == 32 && key.iter().any(|byte| *byte != 0)),
        Err(error) if error.kind() == ErrorKind::NotFound => Some(false),
        Err(_) => None,
    }
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = Binary)]
    id: Vec<u8>,
}
