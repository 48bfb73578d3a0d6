//! Erased names: whether two people signed each erasure when nothing had to be kept any more, and whether every name that
//! was not erased can still be read. How old a record must be, and of what an erasure consists, is the rules' own; the
//! rows are read here.

use super::dialect::Dialect;
use super::rows::{self, Bounds, Name};
use super::signatures::key_in;
use super::{Check, END, Fault, scope};
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
use std::path::Path;
use uuid::Uuid;

/// Checks every erasure that is told of, and every name that is stored.
pub fn check(check: &mut Check, conn: &mut Conn, location: &Location, bounds: &Bounds) -> QueryResult<()> {
    let folder = &location.folder;
    let told = told(conn, bounds)?;
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
            if !stands {
                check.findings.found_in(name, Fault::ErasureUnfounded);
            }
        }
    }
    let mut lost = lost_keys(conn, folder, &told)?;
    // Somebody may have erased a name since this reading of the database began.
    if !lost.is_empty()
        && let Ok(mut now) = rows::Database::open(location)
    {
        let conn = now.conn();
        let bounds = rows::bounds(conn)?;
        let told = self::told(conn, &bounds)?;
        let still = lost_keys(conn, folder, &told)?;
        lost.retain(|patient| still.contains(patient));
    }
    for patient in lost {
        check.findings.found(END, Fault::PatientKeyLost { patient: patient.to_string() });
    }
    Ok(())
}

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

/// Whose names nobody can read any more, though nobody erased them.
fn lost_keys(
    conn: &mut Conn,
    folder: &Path,
    erased: &BTreeMap<PatientId, Name>,
) -> QueryResult<BTreeSet<PatientId>> {
    let patients = folder.join("keys").join("patients");
    let stored: Vec<Key> = diesel::sql_query(format!(
        "SELECT {} AS id FROM personal_data ORDER BY patient",
        Dialect::of(conn).uuid("patient")
    ))
    .load(conn)?;
    let stored = stored.iter().filter_map(|key| rows::uuid(&key.id)).map(PatientId);
    // A destruction cut short leaves the overwritten file.
    let is_lost = |patient: &PatientId| {
        key_in(&patients.join(format!("{patient}.key"))).is_none_or(|key| key == [0; 32])
    };
    Ok(stored.filter(|patient| !erased.contains_key(patient) && is_lost(patient)).collect())
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
