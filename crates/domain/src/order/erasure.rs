//! Erasing who a patient is: one person proposes it and another confirms it, once every record of his cells has been kept
//! as long as it must be and nothing of his is under way. What was recorded stays as it is; it never held the name.
//!
//! Kept are (O110-3, O111-2, as the product's standard says: 10 or 30 years), from its newest entry on,
//! - each batch that was opened for an order of his or has containers for one, and each that drew cells from such a
//!   batch: for the years of the standard it is pinned to;
//! - each of his orders: for the longest of its batches' years, and for 30 where it has none.
//!
//! An entry about erasing is none of these. The years are of the calendar, and end at the same instant of the day.

use super::{Command, Order};
use crate::batch::Batch;
use crate::batch::status::BatchStatus;
use crate::decision::{Appends, Context};
use crate::event::Event;
use crate::ids::{BatchId, OrderId, PatientId, PersonId};
use crate::journal::{StreamId, StreamKind};
use crate::refusal::{Reason, Refusal};
use crate::text::Note;
use crate::time::Time;
use crate::world::World;
use chrono::Months;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Propose that the name and the birth date of the order's patient be erased, for all of the patient's orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureProposal {
    /// Why.
    pub reason: Note,
}

/// Confirm, as a second person, that they be erased. It cannot be taken back: the key is destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureConfirmation {
    /// What was checked.
    pub remark: Note,
}

/// It was proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureProposed {
    /// By whom.
    pub by: PersonId,
    /// Why.
    pub reason: Note,
}

/// A second person confirmed it: the name and the birth date are erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonalDataErased {
    /// The patient.
    pub patient: PatientId,
    /// Who proposed it.
    pub proposed_by: PersonId,
    /// What was checked.
    pub remark: Note,
}

/// How far erasing has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erasure {
    /// It was proposed, and waits for a second person.
    Proposed {
        /// By whom.
        by: PersonId,
    },
    /// It is done.
    Done,
}

/// Years for which an order is kept that no batch was made for.
const YEARS_WITHOUT_BATCH: u8 = 30;

/// Decides a proposal or a confirmation; it is noted in each of the patient's orders.
///
/// # Errors
/// Every reason why not.
pub fn decide(id: OrderId, form: &Command, ctx: &Context) -> Result<Appends, Refusal> {
    let Some(aimed) = ctx.world.orders.get(&id) else { return Err(Reason::NotFound.into()) };
    let patient = aimed.placed.placement.patient;
    let mut reasons = Vec::new();
    let event = match (form, erasure_of(ctx.world, patient)) {
        (Command::ErasureProposal(proposal), None) => {
            super::Event::from(ErasureProposed { by: ctx.actor.person, reason: proposal.reason.clone() })
        }
        (Command::ErasureConfirmation(form), Some(Erasure::Proposed { by })) => {
            if by == ctx.actor.person {
                reasons.push(Reason::SecondPersonNeeded);
            }
            PersonalDataErased { patient, proposed_by: by, remark: form.remark.clone() }.into()
        }
        (Command::ErasureConfirmation(_), None) => return Err(Reason::ErasureNotProposed.into()),
        _ => return Err(Reason::AlreadyDone.into()),
    };
    let batches = batches_of(ctx.world, patient);
    let under_way = batches.values().filter(|batch| BatchStatus::UNDER_WAY.contains(&batch.status(ctx.now)));
    reasons.extend(under_way.map(|batch| Reason::BatchUnderWay { batch: batch.id }));
    let until = kept_until(ctx.world, patient, &batches);
    if until.is_none_or(|until| ctx.now < until) {
        reasons.push(Reason::RecordKept { until });
    }
    if !reasons.is_empty() {
        return Err(reasons.into());
    }
    let mut appends = Appends::new();
    for order in orders_of(ctx.world, patient) {
        appends.order(order.id, event.clone());
    }
    Ok(appends)
}

/// How far erasing a patient's name has come, as far as his orders are loaded.
pub fn erasure_of(world: &World, patient: PatientId) -> Option<Erasure> {
    orders_of(world, patient).find_map(|order| order.erasure)
}

fn orders_of(world: &World, patient: PatientId) -> impl Iterator<Item = &Order> {
    world.orders.values().map(AsRef::as_ref).filter(move |order| order.placed.placement.patient == patient)
}

/// The batches made for a patient's orders, and whatever drew cells from them.
fn batches_of(world: &World, patient: PatientId) -> BTreeMap<BatchId, &Batch> {
    let mut found = BTreeMap::new();
    let mut waiting: Vec<BatchId> =
        orders_of(world, patient).flat_map(|order| order.batches.iter().copied()).collect();
    while let Some(id) = waiting.pop() {
        if let Some(batch) = world.batches.get(&id)
            && found.insert(id, batch.as_ref()).is_none()
        {
            waiting.extend(&batch.children);
        }
    }
    found
}

/// Until when everything is kept; nothing where that lies beyond the calendar.
fn kept_until(world: &World, patient: PatientId, batches: &BTreeMap<BatchId, &Batch>) -> Option<Time> {
    let of_batches = batches.values().map(|batch| {
        let newest = batch.log.last().map(|logged| logged.stamp.recorded_at)?;
        years_after(newest, batch.standard().retention_years)
    });
    let of_orders = orders_of(world, patient).map(|order| {
        let stream = StreamId { kind: StreamKind::Order, id: order.id.0 };
        let about_erasing = |event: &Event| {
            matches!(
                event,
                Event::Order(super::Event::ErasureProposed(_) | super::Event::PersonalDataErased(_))
            )
        };
        let mut entries = world.entries(stream).rev();
        let newest =
            entries.find(|entry| !Event::read(entry).is_ok_and(|(event, _)| about_erasing(&event)))?;
        let own = order.batches.iter().filter_map(|batch| batches.get(batch));
        let years = own.map(|batch| batch.standard().retention_years).max().unwrap_or(YEARS_WITHOUT_BATCH);
        years_after(newest.recorded_at, years)
    });
    of_batches
        .chain(of_orders)
        .try_fold(None, |latest: Option<Time>, until| Some(latest.max(Some(until?))))?
}

fn years_after(at: Time, years: u8) -> Option<Time> {
    at.utc().checked_add_months(Months::new(12 * u32::from(years))).map(Time::from)
}
