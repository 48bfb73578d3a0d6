//! Who saw which patient. A name is decrypted here and nowhere else, and comes out only once it is on the disk that it
//! was shown to whom: what cannot be noted is not told. One row stands for whatever a person saw of a patient on one
//! page or operation within a day of the UTC calendar, so that a board that is looked at all day makes one row of each.

use crate::engine::prelude::*;
use crate::error::StoreError;
use crate::keyset::further;
use crate::keystore::{self, Personal};
use crate::on_engine;
use crate::reading::{After, ClinicScope};
use crate::schema::{disclosure, order_row};
use crate::sql_types::Id;
use crate::store::Store;
use crate::writer::{JobError, WriteError};
use baiyo_domain::ids::{ClinicId, OrderId, PatientId, PersonId};
use baiyo_domain::time::Time;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// To whom patients are named, and where.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// The person.
    pub person: PersonId,
    /// His clinic: he is told of its patients and no others.
    pub clinic: ClinicId,
    /// The page or operation, as a pattern without identifiers.
    pub route: String,
}

/// What a viewer is told of a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Who it is; that he was told is noted.
    Name(Personal),
    /// Nothing: he is another clinic's, or may not be told.
    Nothing,
    /// Nothing any more: two people had the name erased, by signatures that stand, and it is.
    Erased,
    /// Nothing, though no two people erased the name: its key or the name itself is lost, or the history is broken that
    /// would tell of it. A fault, which `verify` names.
    Unreadable,
    /// Nothing now: it could not be noted that he was told.
    Withheld,
}

impl Told {
    /// Who it is, where he was told.
    pub fn name(&self) -> Option<&Personal> {
        match self {
            Told::Name(personal) => Some(personal),
            Told::Nothing | Told::Erased | Told::Unreadable | Told::Withheld => None,
        }
    }
}

/// One row: a person saw a patient's name.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = disclosure)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite, diesel::pg::Pg))]
pub struct Disclosure {
    /// Its identifier.
    pub id: Id,
    /// The patient.
    pub patient: Id,
    /// Who saw him.
    pub person: Id,
    /// The page or operation.
    pub route: String,
    /// The day of the UTC calendar, as days since 1970-01-01.
    pub day: i64,
    /// When first on that day, microseconds since 1970.
    pub shown_at: i64,
}

/// What is asked of the disclosures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Who saw this patient.
    Patient(PatientId),
    /// Whom this person saw.
    Person(PersonId),
}

impl Store {
    /// Tells a viewer who patients of his clinic are, after it was noted durably that he is told. `conn` only reads.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn disclose(
        &self,
        conn: &mut Conn,
        viewer: &Viewer,
        patients: impl IntoIterator<Item = PatientId>,
    ) -> Result<BTreeMap<PatientId, Told>, StoreError> {
        let patients: BTreeSet<PatientId> = patients.into_iter().collect();
        let mut told = BTreeMap::new();
        for patient in patients {
            told.insert(patient, self.opened(conn, viewer.clinic, patient)?);
        }
        let (now, _) = self.now();
        let day = now.micros().div_euclid(DAY);
        let known = noted(conn, viewer, day)?;
        let is_new = |patient: &PatientId| !known.contains(patient);
        let named = told.iter().filter(|(_, told)| told.name().is_some()).map(|(patient, _)| *patient);
        let new: Vec<PatientId> = named.filter(is_new).collect();
        if new.is_empty() {
            return Ok(told);
        }
        let (by, withheld) = (viewer.clone(), new.clone());
        let noted = self.note(move |conn| note(conn, &by, day, &new, now).map_err(JobError::Database));
        if let Err::<(), WriteError<StoreError>>(error) = noted {
            tracing::error!(%error, person = %viewer.person, "names are withheld: who sees them cannot be noted");
            told.extend(withheld.into_iter().map(|patient| (patient, Told::Withheld)));
        }
        Ok(told)
    }

    fn opened(&self, conn: &mut Conn, clinic: ClinicId, patient: PatientId) -> Result<Told, StoreError> {
        // Where the row is gone only the orders tell whose he is.
        let Some(stored) = keystore::load_personal(conn, patient)? else {
            return self.unnamed(conn, clinic, patient);
        };
        if stored.clinic != clinic {
            return Ok(Told::Nothing);
        }
        match self.keys.open_personal(patient, clinic, &stored.sealed.nonce, &stored.sealed.ciphertext) {
            Ok(personal) => Ok(Told::Name(personal)),
            // A database that was restored from before the erasure has the row still, and no key opens it.
            Err(error) => {
                let told = self.unnamed(conn, clinic, patient)?;
                if told != Told::Erased {
                    tracing::error!(%error, "a patient's name cannot be read");
                }
                Ok(told)
            }
        }
    }

    /// What a clinic is told of a patient of its whose name is not there. An entry alone tells of no erasure: whoever
    /// writes into the database could have made it.
    fn unnamed(&self, conn: &mut Conn, clinic: ClinicId, patient: PatientId) -> Result<Told, StoreError> {
        let own = order_row::table.filter(order_row::clinic.eq(Id(clinic.0)));
        let orders: Vec<Id> =
            own.filter(order_row::patient.eq(Id(patient.0))).select(order_row::id).load(conn)?;
        let orders: Vec<OrderId> = orders.into_iter().map(|order| OrderId(order.0)).collect();
        Ok(match (orders.is_empty(), self.was_erased(conn, patient, &orders)?) {
            (true, _) => Told::Nothing,
            (false, true) => Told::Erased,
            (false, false) => Told::Unreadable,
        })
    }
}

/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;

/// The patients that are noted already for a viewer's page on a day.
fn noted(conn: &mut Conn, viewer: &Viewer, day: i64) -> QueryResult<BTreeSet<PatientId>> {
    let of_page = disclosure::table
        .filter(disclosure::day.eq(day).and(disclosure::person.eq(Id(viewer.person.0))))
        .filter(disclosure::route.eq(&viewer.route))
        .select(disclosure::patient);
    let patients: Vec<Id> = of_page.load(conn)?;
    Ok(patients.into_iter().map(|patient| PatientId(patient.0)).collect())
}

fn note(conn: &mut Conn, viewer: &Viewer, day: i64, patients: &[PatientId], now: Time) -> QueryResult<()> {
    // Asked again, since the embedded engine's guard refuses whatever exists: another request may have been faster.
    let known = noted(conn, viewer, day)?;
    for patient in patients.iter().filter(|patient| !known.contains(patient)) {
        let row = Disclosure {
            id: Id(Uuid::now_v7()),
            patient: Id(patient.0),
            person: Id(viewer.person.0),
            route: viewer.route.clone(),
            day,
            shown_at: now.micros(),
        };
        diesel::insert_into(disclosure::table).values(&row).on_conflict_do_nothing().execute(conn)?;
    }
    Ok(())
}

/// Who saw a patient, or whom a person saw, newest first; from and until (not included) bound the period.
///
/// # Errors
/// The database.
pub fn disclosures(
    conn: &mut Conn,
    of: Of,
    period: (Option<Time>, Option<Time>),
    after: Option<After>,
    limit: i64,
) -> QueryResult<Vec<Disclosure>> {
    let (from, until) = period;
    // A place in the list that lies before the period's end begins it.
    let until = until.map(|until| After { at: until.micros(), id: Uuid::nil() });
    let after = after.into_iter().chain(until).min_by_key(|after| (after.at, after.id));
    let from = from.map_or(0, Time::micros);
    on_engine!(conn => {
        let mut query = disclosure::table.select(Disclosure::as_select()).into_boxed();
        query = match of {
            Of::Patient(patient) => query.filter(disclosure::patient.eq(Id(patient.0))),
            Of::Person(person) => query.filter(disclosure::person.eq(Id(person.0))),
        };
        let query = query
            .filter(disclosure::shown_at.ge(from))
            .filter(further(disclosure::shown_at, disclosure::id, after))
            .order((disclosure::shown_at.desc(), disclosure::id.desc()))
            .limit(limit);
        diesel::RunQueryDsl::load(query, conn)
    })
}

/// What staff call a patient, by the newest order that this scope may see; nothing where there is none.
///
/// # Errors
/// The database.
pub fn pseudonym(conn: &mut Conn, scope: ClinicScope, patient: PatientId) -> QueryResult<Option<String>> {
    let orders = order_row::table.filter(order_row::patient.eq(Id(patient.0)));
    let mut found: Vec<(i64, Id, String)> =
        orders.select((order_row::placed_at, order_row::clinic, order_row::pseudonym)).load(conn)?;
    if let ClinicScope::Clinic(own) = scope {
        found.retain(|(_, clinic, _)| clinic.0 == own.0);
    }
    Ok(found.into_iter().max_by_key(|(at, ..)| *at).map(|(.., pseudonym)| pseudonym))
}
