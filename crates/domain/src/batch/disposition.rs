//! Disposition: named persons confirm their parts, manufacturing and quality confirm the record, holds are set
//! and lifted, and quality decides per container what becomes of it (取扱いの決定).

use super::correction::{Corrected, Correction};
use super::distribution::{Clearance, Custody};
use super::gate::{Blocker, gate};
use super::testing::Oos;
use super::{Batch, Command as BatchCommand, Duty, Event as BatchEvent, Stamp, Subject};
use crate::authority::shuts_out;
use crate::decision::{Appends, Context};
use crate::ids::{ContainerNo, EntryId, HoldNo, PersonId, QualityEventId, ResultNo};
use crate::quality_event::Impact;
use crate::refusal::{Impossible, Reason, Refusal};
use crate::text::Note;
use crate::variants;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

variants! {
    /// What is asked on the way to the disposition.
    pub enum Command in BatchCommand::Disposition {
        /// Confirm one's own part in an entry that somebody else recorded.
        PartConfirmation => "part_confirmation",
        /// Correct an entry.
        Correction => "correction",
        /// Hold.
        Holding => "holding",
        /// Lift a hold.
        Lifting => "lifting",
        /// Confirm the record for manufacturing.
        ManufacturingConfirmation => "manufacturing_confirmation",
        /// Confirm the record for quality.
        QualityConfirmation => "quality_confirmation",
        /// Decide.
        Deciding => "deciding",
    }
}

variants! {
    /// What is recorded on the way to the disposition.
    pub enum Event in BatchEvent::Disposition {
        /// A part was confirmed.
        PartConfirmation => "part_confirmed",
        /// An entry was corrected.
        Corrected => "corrected",
        /// A hold was set.
        Held => "held",
        /// A hold was lifted.
        Lifting => "hold_lifted",
        /// A quality event touches the batch.
        QualityEventLinked => "quality_event_linked",
        /// A quality event was assessed for the batch.
        QualityEventAssessed => "quality_event_assessed",
        /// Manufacturing confirmed the record.
        ManufacturingConfirmation => "manufacturing_confirmed",
        /// Quality confirmed the record.
        QualityConfirmation => "quality_confirmed",
        /// It was decided.
        Deciding => "decided",
    }
}

/// Confirm one's own part, as performer or checker, in an entry that somebody else recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartConfirmation {
    /// The entry.
    pub entry: EntryId,
}

/// Hold the batch, or some of its containers. Anybody who works on it may; only quality lifts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Holding {
    /// The containers; the whole batch where left out.
    #[serde(default)]
    #[schemars(length(max = 200))]
    pub containers: Vec<ContainerNo>,
    /// Why.
    pub reason: Note,
}

/// A hold was set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// Its number.
    pub hold: HoldNo,
    /// What it holds.
    pub scope: HoldScope,
    /// Why.
    pub cause: HoldCause,
}

/// What a hold holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HoldScope {
    /// The whole batch.
    Batch,
    /// Every container whose cells come from these.
    From {
        /// Where the doubt begins.
        subjects: Vec<Subject>,
    },
}

/// Why something is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HoldCause {
    /// Somebody asked for it.
    Request {
        /// Why.
        reason: Note,
    },
    /// Identifiers of two batches met.
    Mismatch,
    /// A result fails.
    Oos {
        /// Which.
        result: ResultNo,
    },
    /// A quality event touches the batch.
    QualityEvent {
        /// Which.
        event: QualityEventId,
    },
    /// Consent was withdrawn.
    ConsentWithdrawn,
    /// The donor turned out positive.
    DonorPositive,
}

/// Lift a hold: quality's signature, once its cause is settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lifting {
    /// The hold.
    pub hold: HoldNo,
    /// Why it may be lifted.
    pub reason: Note,
}

/// A quality event touches the batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QualityEventLinked {
    /// Which.
    pub event: QualityEventId,
}

/// A quality event was assessed for the batch, signed by quality.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QualityEventAssessed {
    /// Which.
    pub event: QualityEventId,
    /// Its impact on this batch.
    pub impact: Impact,
    /// Why.
    pub reasoning: Note,
}

/// Manufacturing confirms the record (O99-1-8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManufacturingConfirmation {
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<Note>,
}

/// Quality confirms manufacturing's confirmation (O100-3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QualityConfirmation {
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<Note>,
}

/// Decide what becomes of containers (取扱いの決定・出荷可否, O101).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deciding {
    /// The containers.
    #[schemars(length(min = 1, max = 200))]
    pub containers: Vec<ContainerNo>,
    /// The decision.
    pub decision: Decision,
}

/// What becomes of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Decision {
    /// It may be shipped (出荷可).
    Release,
    /// It may not, for ever (出荷不可).
    Reject {
        /// Why.
        reason: Note,
    },
}

/// A hold as the batch knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Its entry.
    pub entry: EntryId,
    /// What it holds.
    pub scope: HoldScope,
    /// Why.
    pub cause: HoldCause,
    /// The entry that lifted it.
    pub lifted: Option<EntryId>,
}

/// A confirmation in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmed {
    /// Its entry.
    pub entry: EntryId,
    /// Its place in the stream: it covers everything before.
    pub version: u32,
    /// Who confirmed.
    pub by: PersonId,
}

/// Whether a form would release something.
pub fn releases(form: &super::Command) -> bool {
    matches!(form, super::Command::Disposition(Command::Deciding(form)) if form.decision == Decision::Release)
}

/// Decides a form on the way to the disposition.
///
/// # Errors
/// Every reason why not.
pub fn decide(batch: &Batch, command: &Command, ctx: &Context) -> Result<Appends, Refusal> {
    let mut appends = Appends::new();
    let mut reasons = Vec::new();
    match command {
        Command::PartConfirmation(form) => {
            let mine = |(entry, person, _)| (entry, person) == (form.entry, ctx.actor.person);
            if !batch.unconfirmed_parts().into_iter().any(mine) {
                return Err(Reason::NotFound.into());
            }
            // What has come up since the first person looked stops the second.
            if let Some(container) = batch.awaits_second(form.entry) {
                refuse(super::distribution::bedside_faults(batch, container, ctx))?;
            }
            appends.batch(batch.id, Event::PartConfirmation(form.clone()));
        }
        Command::Correction(form) => return super::correction::decide(batch, form, ctx),
        Command::Holding(form) => {
            if !form.containers.iter().all(|no| batch.containers.contains_key(no)) {
                return Err(Reason::NotFound.into());
            }
            let subjects: Vec<Subject> = form.containers.iter().copied().map(Subject::Container).collect();
            let scope = if subjects.is_empty() { HoldScope::Batch } else { HoldScope::From { subjects } };
            appends.hold(batch, scope, HoldCause::Request { reason: form.reason.clone() });
        }
        Command::Lifting(form) => {
            let Some(hold) = batch.holds.get(&form.hold).filter(|hold| hold.lifted.is_none()) else {
                return Err(Reason::NotFound.into());
            };
            if is_shut_out(batch, "batch.disposition.lifting", ctx.actor.person) {
                reasons.push(Reason::HasDuty);
            }
            reasons.extend(unsettled(batch, &hold.cause));
            refuse(reasons)?;
            let covered = batch.logged(hold.entry).map(|logged| logged.stamp.hash);
            appends.batch_covering(batch.id, Event::Lifting(form.clone()), covered.into_iter().collect());
        }
        Command::ManufacturingConfirmation(form) => {
            if batch.fills.is_empty() {
                reasons.push(Reason::NothingFilled);
            }
            if is_shut_out(batch, "batch.disposition.manufacturing_confirmation", ctx.actor.person) {
                reasons.push(Reason::MakerIsChecker);
            }
            refuse(reasons)?;
            appends.batch_covering(batch.id, Event::ManufacturingConfirmation(form.clone()), batch.covers());
        }
        Command::QualityConfirmation(form) => {
            let current =
                batch.manufacturing.filter(|confirmed| confirmed.version > batch.last_bench_version);
            if current.is_none() {
                reasons.push(Reason::ManufacturingUnconfirmed);
            }
            if is_shut_out(batch, "batch.disposition.quality_confirmation", ctx.actor.person) {
                reasons.push(Reason::HasDuty);
            }
            refuse(reasons)?;
            appends.batch_covering(batch.id, Event::QualityConfirmation(form.clone()), batch.covers());
        }
        Command::Deciding(form) => {
            decision_faults(batch, form, ctx, &mut reasons);
            refuse(reasons)?;
            appends.batch_covering(batch.id, Event::Deciding(form.clone()), batch.covers());
        }
    }
    Ok(appends)
}

/// The duties of a person on a batch that shut him out of an action.
fn shutting_out(batch: &Batch, action: &str, person: PersonId) -> impl Iterator<Item = Duty> {
    let duties = batch.duties.iter().filter(move |(holder, _)| *holder == person);
    duties.map(|(_, duty)| *duty).filter(move |duty| shuts_out(action, *duty))
}

/// Whether what a person did for a batch shuts him out of an action on it.
pub fn is_shut_out(batch: &Batch, action: &str, person: PersonId) -> bool {
    shutting_out(batch, action, person).next().is_some()
}

fn decision_faults(batch: &Batch, form: &Deciding, ctx: &Context, reasons: &mut Vec<Reason>) {
    let duties = shutting_out(batch, "batch.disposition.deciding", ctx.actor.person);
    reasons.extend(duties.map(|duty| Reason::ReleaserHasDuty { duty }));
    for (index, no) in form.containers.iter().enumerate() {
        match batch.containers.get(no) {
            None => reasons.push(Reason::NoSuchContainer { container: *no }),
            Some(_) if form.containers[..index].contains(no) => reasons.push(Reason::Twice { index }),
            Some(container) if container.rejected() => {
                reasons.push(Reason::RejectedIsFinal { container: *no })
            }
            Some(container) if container.released() && form.decision == Decision::Release => {
                reasons.push(Reason::AlreadyDone);
            }
            Some(container)
                if !matches!(container.custody, Custody::InHouse | Custody::Packed | Custody::Returned) =>
            {
                reasons.push(Reason::ContainerGone { container: *no });
            }
            Some(_) => {}
        }
    }
    if form.decision != Decision::Release {
        return;
    }
    reasons.extend(ctx.signature_findings(batch));
    let answer = gate(batch, ctx.now);
    for check in answer.batch {
        reasons.extend(
            check.blockers.into_iter().map(|(blocker, _)| Reason::Blocked { container: None, blocker }),
        );
    }
    for no in &form.containers {
        let checks = answer.containers.get(no).into_iter().flatten();
        let blockers = checks.flat_map(|check| &check.blockers);
        reasons.extend(
            blockers.map(|(blocker, _)| Reason::Blocked {
                container: Some(*no),
                blocker: Blocker::clone(blocker),
            }),
        );
    }
}

impl Batch {
    /// Whether the cause of a hold is settled, so that it may be lifted.
    pub fn is_settled(&self, cause: &HoldCause) -> bool {
        unsettled(self, cause).is_none()
    }
}

/// Why a hold's cause is not settled yet.
fn unsettled(batch: &Batch, cause: &HoldCause) -> Option<Reason> {
    match cause {
        HoldCause::Request { .. } => None,
        HoldCause::Mismatch => {
            batch.mismatches.iter().any(|mismatch| !mismatch.cleared).then_some(Reason::MismatchOpen)
        }
        HoldCause::Oos { result } => match batch.results.get(result).and_then(|result| result.oos.as_ref()) {
            Some(Oos::SetAside { .. }) => None,
            Some(Oos::Open) => Some(Reason::NotInvestigated { result: *result }),
            Some(Oos::Confirmed) | None => Some(Reason::FailureStands { result: *result }),
        },
        HoldCause::QualityEvent { event } => match batch.quality_events.get(event) {
            Some(Some(Impact::None | Impact::Acceptable)) => None,
            Some(Some(Impact::Unacceptable)) => Some(Reason::ImpactUnacceptable),
            Some(None) | None => Some(Reason::NotAssessed { batches: vec![batch.id] }),
        },
        HoldCause::ConsentWithdrawn => {
            let in_force = matches!(batch.order.consent, crate::order::ConsentStanding::InForce { .. });
            (!in_force).then_some(Reason::NoConsentInForce)
        }
        HoldCause::DonorPositive => {
            let positive = batch.order.screening.as_ref().is_some_and(|screening| {
                screening.results.iter().any(|result| result.finding == crate::order::Finding::Positive)
            });
            positive.then_some(Reason::DonorStillPositive)
        }
    }
}

fn refuse(reasons: Vec<Reason>) -> Result<(), Refusal> {
    if reasons.is_empty() { Ok(()) } else { Err(reasons.into()) }
}

pub(super) fn evolve(batch: &mut Batch, at: &Stamp, event: &Event) -> Result<(), Impossible> {
    match event {
        Event::PartConfirmation(form) => {
            let mine = batch.parts.iter_mut().filter(|p| p.entry == form.entry && p.person == at.performer);
            mine.for_each(|part| part.confirmed = true);
            let awaited = Some(Clearance::AwaitsSecond { check: form.entry, second: at.performer });
            for container in batch.containers.values_mut().filter(|c| c.clearance == awaited) {
                container.clearance = Some(Clearance::Passed { check: form.entry, at: at.recorded_at });
            }
        }
        Event::Corrected(correction) => super::correction::evolve(batch, at, correction)?,
        Event::Held(held) => {
            let hold =
                Hold { entry: at.entry, scope: held.scope.clone(), cause: held.cause.clone(), lifted: None };
            if batch.holds.insert(held.hold, hold).is_some() {
                return Err(Impossible::new("a hold is set once"));
            }
        }
        Event::Lifting(lifting) => {
            let hold = batch.holds.get_mut(&lifting.hold);
            hold.ok_or(Impossible::new("a hold is lifted after it was set"))?.lifted = Some(at.entry);
        }
        Event::QualityEventLinked(linked) => {
            batch.quality_events.entry(linked.event).or_insert(None);
        }
        Event::QualityEventAssessed(assessed) => {
            batch.quality_events.insert(assessed.event, Some(assessed.impact));
        }
        Event::ManufacturingConfirmation(_) => {
            batch.manufacturing = Some(Confirmed { entry: at.entry, version: at.version, by: at.performer });
        }
        Event::QualityConfirmation(_) => {
            batch.quality = Some(Confirmed { entry: at.entry, version: at.version, by: at.performer });
        }
        Event::Deciding(deciding) => {
            for no in &deciding.containers {
                let container = batch.container_mut(*no)?;
                container.decide(at, deciding.decision.clone());
            }
        }
    }
    Ok(())
}
