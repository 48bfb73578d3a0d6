//! Erasing a patient's name: once two people's signed decision is in the journal, the key, the ciphertext and the index
//! are destroyed. Every start looks whether that was done for each erasure there ever was, so that neither a crash nor a
//! restored backup of database or key store brings a name back; a server that runs looks for erasures that are new to it.
//! Whoever writes into the database can tell of an erasure, and cannot sign one: what does not stand by its signatures
//! destroys nothing, and `verify` names it.

use crate::engine::prelude::*;
use crate::error::StoreError;
use crate::keystore::{self, erase_personal};
use crate::remembered::load_whole;
use crate::schema::{journal, order_row};
use crate::sql_types::Id;
use crate::store::Store;
use crate::writer::JobError;
use crate::{journal as entries, reading};
use baiyo_domain::ids::{OrderId, PatientId};
use baiyo_domain::journal::{Hash, StreamId, StreamKind};
use baiyo_domain::order::{Erasure, erasure};
use baiyo_domain::people::PublicKey;
use baiyo_domain::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

/// Of whom was found whether his name was erased.
#[derive(Default)]
pub(crate) struct Found {
    /// Whose was.
    erased: BTreeSet<PatientId>,
    /// Whose was not by these orders' histories, when these were the newest entries of them.
    not_by: BTreeMap<(PatientId, Vec<OrderId>), Vec<Option<Hash>>>,
}

impl Store {
    /// Destroys what is still there of names that were erased.
    ///
    /// # Errors
    /// The database or the key store cannot be read or written; it may be tried again.
    pub(crate) fn finish_erasures(&self) -> Result<(), StoreError> {
        let anchor = self.keys.anchor()?;
        let (number, erased, stored) = self.read(|conn| {
            let (mut erased, mut stored) = (BTreeSet::new(), Vec::new());
            let orders = erasures(conn)?;
            let number = orders.len();
            for patient in told(conn, orders)? {
                let row = keystore::load_personal(conn, patient)?.is_some();
                if !row && !self.keys.has_patient_key(patient)? {
                    continue;
                }
                if stands(conn, anchor, patient)? {
                    erased.insert(patient);
                    stored.extend(row.then_some(patient));
                }
            }
            Ok::<_, StoreError>((number, erased, stored))
        })?;
        if !stored.is_empty() {
            tracing::warn!(
                patients = stored.len(),
                "names that were erased had come back; they are erased again"
            );
            let again = self.note(move |conn| {
                stored
                    .iter()
                    .try_for_each(|patient| erase_personal(conn, *patient))
                    .map_err(JobError::Database)
            });
            again.map_err(StoreError::from)?;
        }
        for patient in erased {
            if self.keys.destroy_patient_key(patient)? {
                tracing::info!(%patient, "the key of an erased patient was destroyed");
            }
        }
        self.erasures.fetch_max(number, Ordering::SeqCst);
        Ok(())
    }

    /// The same, where any erasure is told of that this process has not looked at: one whose commit was not answered, that
    /// another server recorded, or whose key could not be destroyed. Where there is none it only counts them.
    ///
    /// # Errors
    /// The database or the key store cannot be read or written; it may be tried again.
    pub fn finish_new_erasures(&self) -> Result<(), StoreError> {
        let number = self.read(|conn| Ok::<_, StoreError>(erasures(conn)?.len()))?;
        if number > self.erasures.load(Ordering::SeqCst) {
            self.finish_erasures()?;
        }
        Ok(())
    }

    /// Whether a patient's name was erased, as the history of one of these orders of his tells and two people's signatures
    /// say. What was found to stand is not looked at again: histories only grow. What does not stand is looked at again once
    /// one of these histories has grown: only a new decision in one of them can make it stand.
    ///
    /// # Errors
    /// The database or the key store cannot be read.
    pub fn was_erased(
        &self,
        conn: &mut Conn,
        patient: PatientId,
        orders: &[OrderId],
    ) -> Result<bool, StoreError> {
        let found = || self.erased.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if found().erased.contains(&patient) {
            return Ok(true);
        }
        let mut newest = Vec::new();
        for order in orders {
            let entry = entries::newest_of(conn, StreamId { kind: StreamKind::Order, id: order.0 })?;
            newest.push(entry.map(|entry| entry.hash));
        }
        let by = (patient, orders.to_vec());
        if found().not_by.get(&by) == Some(&newest) {
            return Ok(false);
        }
        let orders = orders.iter().map(|order| Id(order.0)).collect();
        let stands = told(conn, orders)?.contains(&patient) && stands(conn, self.keys.anchor()?, patient)?;
        if stands {
            found().erased.insert(patient);
        } else {
            found().not_by.insert(by, newest);
        }
        Ok(stands)
    }
}

/// The streams of all orders of a patient.
///
/// # Errors
/// The database.
pub(crate) fn orders_of(conn: &mut Conn, patient: PatientId) -> QueryResult<Vec<StreamId>> {
    let ids: Vec<Id> =
        order_row::table.filter(order_row::patient.eq(Id(patient.0))).select(order_row::id).load(conn)?;
    Ok(ids.into_iter().map(|id| StreamId { kind: StreamKind::Order, id: id.0 }).collect())
}

/// The order of each entry that tells of an erasure.
fn erasures(conn: &mut Conn) -> QueryResult<Vec<Id>> {
    // A literal, so that the index over erasures alone serves.
    let erasures = diesel::dsl::sql::<diesel::sql_types::Bool>("kind = 'order.personal_data_erased'");
    journal::table
        .filter(erasures)
        .order((journal::recorded_at, journal::id))
        .select(journal::stream_id)
        .load(conn)
}

/// Everybody of whom the journal tells that his name was erased, by the history of one of these orders. A history that
/// cannot have happened tells of nobody, and is named by `verify`.
fn told(conn: &mut Conn, orders: Vec<Id>) -> Result<BTreeSet<PatientId>, StoreError> {
    let mut told = BTreeSet::new();
    for order in orders {
        let stream = StreamId { kind: StreamKind::Order, id: order.0 };
        let world = match reading::stream(conn, stream) {
            Ok(world) => world,
            Err(StoreError::Impossible(why)) => {
                tracing::error!(%why, %stream, "an erasure that cannot have happened erases nobody");
                continue;
            }
            Err(error) => return Err(error),
        };
        let order = world.and_then(|mut world| world.orders.remove(&OrderId(order.0)));
        let done = order.filter(|order| order.erasure == Some(Erasure::Done));
        told.extend(done.map(|order| order.placed.placement.patient));
    }
    Ok(told)
}

/// Whether the erasure of a patient's name stands, by the signatures of two people and the age of every record.
fn stands(conn: &mut Conn, anchor: Option<PublicKey>, patient: PatientId) -> Result<bool, StoreError> {
    let world = match everything_about(conn, anchor, patient) {
        Ok(world) => world,
        Err(StoreError::Impossible(why)) => {
            tracing::error!(%why, %patient, "an erasure that rests on what cannot have happened erases nobody");
            return Ok(false);
        }
        Err(error) => return Err(error),
    };
    let fault = erasure::fault(&world, patient);
    if let Some(fault) = fault {
        tracing::error!(?fault, %patient, "an erasure that two people did not sign erases nobody");
    }
    Ok(fault.is_none())
}

/// The centre, everybody, and a patient's orders with their batches and whatever drew cells from those: as the database
/// has it, not as it was read before.
fn everything_about(
    conn: &mut Conn,
    anchor: Option<PublicKey>,
    patient: PatientId,
) -> Result<World, StoreError> {
    let mut world = World::anchored(anchor);
    let site = entries::site_stream(conn)?;
    let people = entries::streams_of(conn, StreamKind::Person)?;
    for stream in site.into_iter().chain(people).chain(orders_of(conn, patient)?) {
        load_whole(conn, stream, &mut world)?;
    }
    loop {
        let missing = erasure::missing_batches(&world);
        if missing.is_empty() {
            return Ok(world);
        }
        for batch in missing {
            load_whole(conn, StreamId { kind: StreamKind::Batch, id: batch.0 }, &mut world)?;
        }
    }
}
