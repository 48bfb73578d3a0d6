//! Erasing a patient's name: once two people's decision is in the journal, the key, the ciphertext and the index are
//! destroyed. Every start looks whether that was done for each erasure there ever was, so that neither a crash nor a
//! restored backup of database or key store brings a name back.

use crate::engine::prelude::*;
use crate::error::StoreError;
use crate::keystore::{self, erase_personal};
use crate::reading;
use crate::schema::{journal, order_row};
use crate::sql_types::Id;
use crate::store::Store;
use crate::writer::JobError;
use baiyo_domain::ids::{OrderId, PatientId};
use baiyo_domain::journal::{StreamId, StreamKind};
use baiyo_domain::order::Erasure;
use std::collections::BTreeSet;

impl Store {
    /// Destroys what is still there of names that were erased.
    ///
    /// # Errors
    /// The database or the key store cannot be read or written; it may be tried again.
    pub(crate) fn finish_erasures(&self) -> Result<(), StoreError> {
        let (erased, stored) = self.read(|conn| {
            let erased = erased(conn)?;
            let mut stored = Vec::new();
            for patient in &erased {
                stored.extend(keystore::load_personal(conn, *patient)?.map(|_| *patient));
            }
            Ok::<_, StoreError>((erased, stored))
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
        Ok(())
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

/// Everybody whose name was erased, by the whole history of an order of his: one person proposed it before another
/// confirmed it. An entry that only says so erases nobody; a history that cannot have happened is named by `verify`.
fn erased(conn: &mut Conn) -> Result<BTreeSet<PatientId>, StoreError> {
    // A literal, so that the index over erasures alone serves.
    let erasures = diesel::dsl::sql::<diesel::sql_types::Bool>("kind = 'order.personal_data_erased'");
    let orders: Vec<Id> = journal::table
        .filter(erasures)
        .order((journal::recorded_at, journal::id))
        .select(journal::stream_id)
        .load(conn)?;
    let mut erased = BTreeSet::new();
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
        erased.extend(
            order
                .filter(|order| order.erasure == Some(Erasure::Done))
                .map(|order| order.placed.placement.patient),
        );
    }
    Ok(erased)
}
