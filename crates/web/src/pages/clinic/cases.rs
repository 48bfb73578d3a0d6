//! A clinic's courses of therapy: each order with the batch its cells are in, and who the patient is.

use super::super::ROWS;
use super::super::reader::Names;
use super::readiness::learned;
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::distribution::Container;
use baiyo_domain::batch::status::BatchStatus;
use baiyo_domain::forecast::Experience;
use baiyo_domain::ids::{BatchId, OrderId, PatientId};
use baiyo_domain::order::Order;
use baiyo_domain::standard::Code;
use baiyo_domain::time::Time;
use baiyo_persistence::disclosure::{Told, Viewer};
use baiyo_persistence::reading::{self, After, ClinicScope};
use baiyo_persistence::{Conn, Store, StoreError};
use std::collections::btree_map::{BTreeMap, Entry};
use std::sync::Arc;

/// One course: an order, and one of its batches once there is one.
#[derive(Clone)]
pub struct Case {
    /// The order.
    pub order: Arc<Order>,
    /// The batch.
    pub batch: Option<Arc<Batch>>,
    /// Who the patient is, as far as that may be told.
    pub patient: Told,
}

impl Case {
    /// The containers that are for this order.
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        let order = self.order.id;
        self.batch.iter().flat_map(move |batch| {
            let own = batch.opened.order == order;
            let for_it = move |container: &&Container| match container.allocated {
                Some((allocated, _, _)) => allocated == order,
                None => own,
            };
            batch.containers.values().filter(for_it)
        })
    }
}

/// What a clinic has under way, and what it ordered lately.
pub struct Cases {
    /// The courses.
    pub all: Vec<Case>,
    /// The labels of those that cannot be shown, since a history cannot have happened as the records tell it.
    pub broken: Vec<String>,
    /// What is learned of the products that are in culture, by their codes.
    pub experience: BTreeMap<Code, Experience>,
    /// What people call things.
    pub names: Names,
    /// Where older orders go on.
    pub next: Option<(i64, uuid::Uuid)>,
}

/// Reads one page of a clinic's courses; the first one begins with everything that is under way.
///
/// # Errors
/// The records cannot be read.
pub fn load(
    conn: &mut Conn,
    store: &Store,
    viewer: &Viewer,
    after: Option<After>,
    now: Time,
) -> Result<Cases, StoreError> {
    let scope = ClinicScope::Clinic(viewer.clinic);
    let rows = reading::orders(conn, scope, after, ROWS)?;
    let full = i64::try_from(rows.len()).unwrap_or(i64::MAX) >= ROWS;
    let next = rows.last().filter(|_| full).map(|row| (row.placed_at, row.id.0));
    let mut wanted: BTreeMap<OrderId, String> =
        rows.into_iter().map(|row| (OrderId(row.id.0), row.label)).collect();
    if after.is_none() {
        let given = std::iter::once(BatchStatus::Administered);
        for status in BatchStatus::UNDER_WAY.into_iter().chain(given) {
            let rows = reading::batches(conn, scope, Some(status.name()), None, ROWS, now)?.rows;
            for row in rows {
                wanted.entry(OrderId(row.order_id.0)).or_insert(row.label);
            }
        }
    }
    let (mut courses, mut broken) = (Vec::new(), Vec::new());
    for (id, label) in wanted {
        match unless_broken(course(conn, scope, id))? {
            Some(course) => courses.extend(course),
            None => broken.push(label),
        }
    }
    let patients = courses.iter().map(|(order, _)| order.placed.placement.patient);
    let told = store.disclose(conn, viewer, patients)?;
    let mut all = Vec::new();
    for (order, batches) in courses {
        let patient = told.get(&order.placed.placement.patient).cloned().unwrap_or(Told::Nothing);
        for batch in shown(batches, now) {
            all.push(Case { order: Arc::clone(&order), batch, patient: patient.clone() });
        }
    }
    let mut experience = BTreeMap::new();
    for batch in all.iter().filter_map(|case: &Case| case.batch.as_deref()) {
        let standard = batch.standard();
        if let Entry::Vacant(unknown) = experience.entry(standard.code.clone()) {
            unknown.insert(learned(conn, standard)?);
        }
    }
    Ok(Cases { all, broken, experience, names: Names::of_centre(conn)?, next })
}

/// An order that this scope may see, and its batches.
type Course = (Arc<Order>, Vec<Arc<Batch>>);

fn course(conn: &mut Conn, scope: ClinicScope, id: OrderId) -> Result<Option<Course>, StoreError> {
    let Some((order, _)) = reading::order(conn, scope, id)? else { return Ok(None) };
    let mut batches = Vec::new();
    for batch in &order.batches {
        batches.extend(reading::batch(conn, scope, *batch)?);
    }
    Ok(Some((order, batches)))
}

/// What was read; nothing where its history cannot have happened, which `verify` names. It keeps nobody from the rest of a
/// list.
///
/// # Errors
/// Whatever else is the matter.
pub fn unless_broken<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(StoreError::Impossible(why)) => {
            tracing::error!(%why, "a course cannot be shown");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Who one patient is, to somebody who may be told; nothing to all others.
///
/// # Errors
/// The database.
pub fn patient(
    conn: &mut Conn,
    store: &Store,
    viewer: Option<&Viewer>,
    patient: PatientId,
) -> Result<Told, StoreError> {
    let Some(viewer) = viewer else { return Ok(Told::Nothing) };
    Ok(store.disclose(conn, viewer, [patient])?.remove(&patient).unwrap_or(Told::Nothing))
}

/// Of several batches those that are not over; otherwise the last. Without one the order stands alone.
fn shown(batches: Vec<Arc<Batch>>, now: Time) -> Vec<Option<Arc<Batch>>> {
    let under_way: Vec<_> =
        batches.iter().filter(|batch| !is_over(batch, now)).map(|batch| Some(Arc::clone(batch))).collect();
    match under_way.is_empty() {
        true => vec![batches.into_iter().max_by_key(|batch: &Arc<Batch>| BatchId::clone(&batch.id))],
        false => under_way,
    }
}

/// Whether nothing more will come of a batch for the patient.
pub fn is_over(batch: &Batch, now: Time) -> bool {
    matches!(
        batch.status(now),
        BatchStatus::TissueRefused
            | BatchStatus::Administered
            | BatchStatus::Rejected
            | BatchStatus::Discontinued
            | BatchStatus::Closed
    )
}
