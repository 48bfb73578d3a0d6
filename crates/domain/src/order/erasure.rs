//! Erasing who a patient is: one person proposes it and another confirms it, once every record of his cells has been kept
//! as long as it must be and nothing of his is under way. Both sign. What was recorded stays as it is; it never held the
//! name. Until it is confirmed a proposal can be withdrawn. Before a key is destroyed, [`fault`] asks of the history alone
//! whether that is how it came about.
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
use crate::ids::{BatchId, EntryId, OrderId, PatientId, PersonId};
use crate::journal::{Entry, StreamId, StreamKind};
use crate::refusal::{Reason, Refusal};
use crate::text::Note;
use crate::time::Time;
use crate::world::World;
use chrono::Months;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Propose that the name and the birth date of the order's patient be erased, for all of the patient's orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureProposal {
    /// Why.
    pub reason: Note,
}

/// Withdraw the proposal: nothing is erased by it any more. It can be proposed anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureWithdrawal {
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

/// Decides a proposal, its withdrawal or its confirmation; it is noted in each of the patient's orders.
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
            reasons.extend(unsound_proposals(ctx.world, patient));
            PersonalDataErased { patient, proposed_by: by, remark: form.remark.clone() }.into()
        }
        (Command::ErasureWithdrawal(form), Some(Erasure::Proposed { .. })) => {
            let mut appends = Appends::new();
            for order in orders_of(ctx.world, patient).filter(|order| order.erasure.is_some()) {
                appends.order(order.id, super::Event::ErasureWithdrawal(form.clone()));
            }
            return Ok(appends);
        }
        (Command::ErasureConfirmation(_) | Command::ErasureWithdrawal(_), None) => {
            return Err(Reason::ErasureNotProposed.into());
        }
        _ => return Err(Reason::AlreadyDone.into()),
    };
    let batches = batches_of(ctx.world, patient);
    let under_way = batches.values().filter(|batch| BatchStatus::UNDER_WAY.contains(&batch.status(ctx.now)));
    reasons.extend(under_way.map(|batch| Reason::BatchUnderWay { batch: batch.id }));
    let until = kept_until(ctx.world, patient, ctx.now);
    if until.is_none_or(|until| ctx.now < until) {
        reasons.push(Reason::RecordKept { until });
    }
    if !reasons.is_empty() {
        return Err(reasons.into());
    }
    let mut appends = Appends::new();
    for order in orders_of(ctx.world, patient) {
        let confirmed = matches!(event, super::Event::PersonalDataErased(_));
        let proposal = newest_proposal(ctx.world, order.id).filter(|_| confirmed && order.erasure.is_some());
        appends.order_covering(order.id, event.clone(), proposal.map(|(entry, _)| entry.hash));
    }
    Ok(appends)
}

/// What is wrong with an erasure that a patient's orders tell of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErasureFault {
    /// No order of the patient's has both a proposal and a confirmation of it, for this patient.
    NotWhole,
    /// This entry is not signed by whom it names, by a registered key and in a role that may.
    Unsigned(EntryId),
    /// One person did both.
    OnePerson,
    /// It was confirmed while a record was to be kept.
    Early,
}

/// Why the erasure of a patient's name does not stand; nothing where it does: in one of his orders one person signed the
/// proposal and another the confirmation, which covers it, when nothing had to be kept any more. In `world` must be all
/// his orders, their batches and whatever drew cells from those, the centre, and everybody.
pub fn fault(world: &World, patient: PatientId) -> Option<ErasureFault> {
    let mut faults = Vec::new();
    for order in orders_of(world, patient).filter(|order| order.erasure == Some(Erasure::Done)) {
        match fault_in(world, patient, order.id) {
            None => return None,
            Some(fault) => faults.push(fault),
        }
    }
    // An order that is younger than the proposal has the confirmation alone: another says what is wrong.
    let telling = faults.iter().find(|fault| **fault != ErasureFault::NotWhole);
    Some(telling.copied().unwrap_or(ErasureFault::NotWhole))
}

fn fault_in(world: &World, patient: PatientId, order: OrderId) -> Option<ErasureFault> {
    let stream = StreamId { kind: StreamKind::Order, id: order.0 };
    let confirmation = world.entries(stream).find_map(|entry| match Event::read(entry) {
        Ok((Event::Order(super::Event::PersonalDataErased(fact)), signature)) => {
            Some((entry, fact, signature))
        }
        _ => None,
    });
    let (Some((confirmed, fact, signature)), Some((proposed, proposal))) =
        (confirmation, newest_proposal(world, order))
    else {
        return Some(ErasureFault::NotWhole);
    };
    let whole =
        fact.patient == patient && fact.proposed_by == proposal.by && proposed.version < confirmed.version;
    if !whole {
        return Some(ErasureFault::NotWhole);
    }
    if proposed.performer == confirmed.performer {
        return Some(ErasureFault::OnePerson);
    }
    let unsound = world.signature_findings(stream);
    if let Some(entry) = [proposed, confirmed].into_iter().find(|entry| unsound.contains(&entry.id)) {
        return Some(ErasureFault::Unsigned(entry.id));
    }
    let covered = signature.is_some_and(|signature| signature.covers.contains(&proposed.hash));
    if !covered || proposal.by != proposed.performer {
        return Some(ErasureFault::Unsigned(confirmed.id));
    }
    let at = confirmed.recorded_at;
    let over = kept_until(world, patient, at).is_some_and(|until| until <= at);
    (!over).then_some(ErasureFault::Early)
}

/// The newest proposal in an order's history.
fn newest_proposal(world: &World, order: OrderId) -> Option<(&Entry, Box<ErasureProposed>)> {
    let stream = StreamId { kind: StreamKind::Order, id: order.0 };
    world.entries(stream).rev().find_map(|entry| match Event::read(entry) {
        Ok((Event::Order(super::Event::ErasureProposed(fact)), _)) => Some((entry, fact)),
        _ => None,
    })
}

/// The proposals that wait, as far as their signatures do not stand: nothing is confirmed that somebody forged.
fn unsound_proposals(world: &World, patient: PatientId) -> impl Iterator<Item = Reason> {
    let waiting = orders_of(world, patient).filter(|order| order.erasure.is_some());
    waiting.filter_map(|order| {
        let entry = newest_proposal(world, order.id)?.0.id;
        let unsound = world.signature_findings(StreamId { kind: StreamKind::Order, id: order.id.0 });
        unsound.contains(&entry).then_some(Reason::SignatureInvalid { entry })
    })
}

/// How far erasing a patient's name has come, as far as his orders are loaded.
pub fn erasure_of(world: &World, patient: PatientId) -> Option<Erasure> {
    orders_of(world, patient).find_map(|order| order.erasure)
}

/// The batches of the loaded orders, and whatever drew cells from loaded batches, as far as they were not asked for yet.
pub fn missing_batches(world: &World) -> BTreeSet<BatchId> {
    let of_orders = world.orders.values().flat_map(|order| &order.batches);
    let named = of_orders.chain(world.batches.values().flat_map(|batch| &batch.children));
    let missing = |id: &&BatchId| !world.has(StreamId { kind: StreamKind::Batch, id: id.0 });
    named.filter(missing).copied().collect()
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

/// Until when everything is kept that was recorded by an instant; nothing where that lies beyond the calendar.
fn kept_until(world: &World, patient: PatientId, at: Time) -> Option<Time> {
    let batches = batches_of(world, patient);
    let of_batches = batches.values().filter_map(|batch| {
        let newest =
            batch.log.iter().map(|logged| logged.stamp.recorded_at).rfind(|recorded| *recorded <= at)?;
        Some(years_after(newest, batch.standard().retention_years))
    });
    let of_orders = orders_of(world, patient).filter_map(|order| {
        let stream = StreamId { kind: StreamKind::Order, id: order.id.0 };
        let about_erasing = |entry: &Entry| match Event::read(entry) {
            Ok((Event::Order(fact), _)) => matches!(
                fact,
                super::Event::ErasureProposed(_)
                    | super::Event::ErasureWithdrawal(_)
                    | super::Event::PersonalDataErased(_)
            ),
            _ => false,
        };
        let mut entries = world.entries(stream).rev();
        let newest = entries.find(|entry| entry.recorded_at <= at && !about_erasing(entry))?;
        let own = order.batches.iter().filter_map(|batch| batches.get(batch));
        let years = own.map(|batch| batch.standard().retention_years).max().unwrap_or(YEARS_WITHOUT_BATCH);
        Some(years_after(newest.recorded_at, years))
    });
    of_batches
        .chain(of_orders)
        .try_fold(None, |latest: Option<Time>, until| Some(latest.max(Some(until?))))?
}

fn years_after(at: Time, years: u8) -> Option<Time> {
    at.utc().checked_add_months(Months::new(12 * u32::from(years))).map(Time::from)
}
