//! Corrections: the whole form again, with a reason, in place of a fact. The old value stays readable. What was
//! signed over the old value is voided, visibly; nothing that was decided is re-judged, but a release that the
//! corrected value would have blocked is stopped.

use super::distribution::{Custody, StopCause};
use super::gate::{Blocker, Gate, Requirement, gate};
use super::results::Verdict;
use super::testing::{Oos, judged};
use super::{
    Batch, Command as BatchCommand, Event as BatchEvent, Logged, Stamp, culture, distribution, filling,
    intake, testing,
};
use crate::authority::roles_for;
use crate::decision::{Append, Appends, Context};
use crate::event::Event;
use crate::ids::{ContainerNo, EntryId, Label, LabelKind, ResultNo, VesselNo};
use crate::quality_event::{self, DepartureKind};
use crate::quantity::Count;
use crate::refusal::{Impossible, Reason, Refusal};
use crate::text::Note;
use crate::time::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Correct an entry: the same form, filled in rightly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// The entry to correct; for one corrected before, still the original.
    pub entry: EntryId,
    /// Why.
    pub reason: Note,
    /// The whole form as it should have been.
    pub replacement: BatchCommand,
}

/// An entry was corrected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Corrected {
    /// The original entry.
    pub entry: EntryId,
    /// Why.
    pub reason: Note,
    /// The fact that counts in its place.
    pub replacement: BatchEvent,
    /// Whether the value replaced was a failing result: it stays a failure until quality has investigated.
    pub replaced_a_failure: bool,
}

/// What a correction of a fact voids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voids {
    /// Both confirmations and the disposition.
    pub record: bool,
    /// The physician's decision.
    pub administration: bool,
    /// The verification and interpretation of this result.
    pub result: Option<ResultNo>,
}

/// Which fact's correction voids what. Signings, decisions, holds and lifts cannot be corrected.
pub fn voids(replaced: &BatchEvent) -> Option<Voids> {
    const RECORD: Voids = Voids { record: true, administration: true, result: None };
    const CLINIC: Voids = Voids { record: false, administration: true, result: None };
    match replaced {
        BatchEvent::Intake(fact) => match fact {
            intake::Event::TissueReceipt(_) => Some(RECORD),
            intake::Event::Opened(_)
            | intake::Event::OrderNoted(_)
            | intake::Event::ParentNoted(_)
            | intake::Event::ChildNoted(_)
            | intake::Event::Instruction(_)
            | intake::Event::Mismatch(_)
            | intake::Event::MismatchClearance(_) => None,
        },
        BatchEvent::Culture(fact) => match fact {
            culture::Event::Isolated(_)
            | culture::Event::BankSeeded(_)
            | culture::Event::MediumChange(_)
            | culture::Event::Observation(_)
            | culture::Event::Photographed(_)
            | culture::Event::Counting(_)
            | culture::Event::Passaged(_)
            | culture::Event::VesselMove(_)
            | culture::Event::VesselDiscard(_)
            | culture::Event::Pooled(_) => Some(RECORD),
            // What was scanned then cannot be scanned otherwise now.
            culture::Event::LabelCheck(_) | culture::Event::GivenToPool(_) => None,
        },
        BatchEvent::Filling(fact) => match fact {
            filling::Event::HarvestDone(_)
            | filling::Event::FillDone(_)
            | filling::Event::Freezing(_)
            | filling::Event::Storage(_)
            | filling::Event::Thaw(_)
            | filling::Event::LabelReconciliation(_) => Some(RECORD),
        },
        BatchEvent::Testing(fact) => match fact {
            testing::Event::Sampled(_) | testing::Event::Sending(_) => Some(RECORD),
            testing::Event::ResultEntered(entered) => Some(Voids { result: Some(entered.result), ..RECORD }),
            testing::Event::Verification(_)
            | testing::Event::Interpretation(_)
            | testing::Event::Investigation(_) => None,
        },
        BatchEvent::Disposition(_) => None,
        BatchEvent::Distribution(fact) => match fact {
            distribution::Event::Packing(_) => Some(RECORD),
            distribution::Event::Shipment(_)
            | distribution::Event::Receipt(_)
            | distribution::Event::Infusion(_)
            | distribution::Event::Outcome(_)
            | distribution::Event::ReturnReport(_)
            | distribution::Event::Destruction(_) => Some(CLINIC),
            distribution::Event::Allocation(_)
            | distribution::Event::ShippingCheck(_)
            | distribution::Event::ReceivingCheck(_)
            | distribution::Event::AdministrationDecision(_)
            | distribution::Event::BedsideCheck(_)
            | distribution::Event::StopIssued(_)
            | distribution::Event::StopAcknowledgement(_)
            | distribution::Event::Withdrawal(_)
            | distribution::Event::Discontinuation(_)
            | distribution::Event::Closing(_) => None,
        },
    }
}

/// The form that recorded a fact, as a correction begins with it. Nothing for what cannot be corrected.
pub fn form_of(fact: &BatchEvent) -> Option<BatchCommand> {
    use {culture as c, distribution as d, filling as f, intake as i, testing as t};
    voids(fact)?;
    Some(match fact {
        BatchEvent::Intake(i::Event::TissueReceipt(form)) => i::Command::TissueReceipt(form.clone()).into(),
        BatchEvent::Culture(fact) => match fact {
            c::Event::Isolated(fact) => fact.form.clone().into(),
            c::Event::BankSeeded(fact) => fact.form.clone().into(),
            c::Event::MediumChange(form) => c::Command::MediumChange(form.clone()).into(),
            c::Event::Observation(form) => c::Command::Observation(form.clone()).into(),
            c::Event::Photographed(fact) => fact.form.clone().into(),
            c::Event::Counting(form) => c::Command::Counting(form.clone()).into(),
            c::Event::Passaged(fact) => fact.form.clone().into(),
            c::Event::VesselMove(form) => c::Command::VesselMove(form.clone()).into(),
            c::Event::VesselDiscard(form) => c::Command::VesselDiscard(form.clone()).into(),
            c::Event::Pooled(fact) => fact.form.clone().into(),
            c::Event::LabelCheck(_) | c::Event::GivenToPool(_) => return None,
        },
        BatchEvent::Filling(fact) => match fact {
            f::Event::HarvestDone(fact) => fact.form.clone().into(),
            f::Event::FillDone(fact) => fact.form.clone().into(),
            f::Event::Freezing(form) => f::Command::Freezing(form.clone()).into(),
            f::Event::Storage(form) => f::Command::Storage(form.clone()).into(),
            f::Event::Thaw(form) => f::Command::Thaw(form.clone()).into(),
            f::Event::LabelReconciliation(form) => f::Command::LabelReconciliation(form.clone()).into(),
        },
        BatchEvent::Testing(fact) => match fact {
            t::Event::Sampled(fact) => fact.form.clone().into(),
            t::Event::Sending(form) => t::Command::Sending(form.clone()).into(),
            t::Event::ResultEntered(fact) => fact.form.clone().into(),
            t::Event::Verification(_) | t::Event::Interpretation(_) | t::Event::Investigation(_) => {
                return None;
            }
        },
        BatchEvent::Distribution(fact) => match fact {
            d::Event::Packing(form) => d::Command::Packing(form.clone()).into(),
            d::Event::Shipment(form) => d::Command::Shipment(form.clone()).into(),
            d::Event::Receipt(form) => d::Command::Receipt(form.clone()).into(),
            d::Event::Infusion(form) => d::Command::Infusion(form.clone()).into(),
            d::Event::Outcome(form) => d::Command::Outcome(form.clone()).into(),
            d::Event::ReturnReport(form) => d::Command::ReturnReport(form.clone()).into(),
            d::Event::Destruction(form) => d::Command::Destruction(form.clone()).into(),
            _ => return None,
        },
        BatchEvent::Intake(_) | BatchEvent::Disposition(_) => return None,
    })
}

/// The fact that counts for an entry now: as first recorded, or as its newest correction has it.
pub fn in_force(batch: &Batch, entry: EntryId) -> Option<&BatchEvent> {
    let original = batch.logged(entry)?;
    let newest = original.corrected_by.last().and_then(|entry| batch.logged(*entry));
    Some(match newest.map(|logged| &*logged.event) {
        Some(BatchEvent::Disposition(super::disposition::Event::Corrected(correction))) => {
            &correction.replacement
        }
        _ => &original.event,
    })
}

/// Decides a correction.
///
/// # Errors
/// Every reason why not, e.g. a signing that cannot be corrected, or a form that contradicts what followed.
pub fn decide(batch: &Batch, form: &Correction, ctx: &Context) -> Result<Appends, Refusal> {
    let Some(original) = batch.logged(form.entry) else { return Err(Reason::NotFound.into()) };
    let current = in_force(batch, form.entry).unwrap_or(&original.event);
    if voids(current).is_none() {
        return Err(Reason::NotCorrectable.into());
    }
    let action = format!("batch.{}", form.replacement.name());
    if !ctx.actor.has_any(roles_for(&action)) {
        return Err(Reason::NotAllowed { action }.into());
    }
    let replacement = replace(batch, current, &form.replacement, ctx)?;
    let mut reasons = foreign_labels(batch, current, &form.replacement, &ctx.order_label(batch.opened.order));
    if let Some(performed) = super::performed::of(&replacement) {
        let faults = performed.faults(ctx.now, original.stamp.recorder);
        reasons.extend(faults.into_iter().filter(|fault| *fault != Reason::LateWithoutReason));
    }
    if replacement == *current {
        reasons.push(Reason::NothingChanged);
    }
    let result = match current {
        BatchEvent::Testing(testing::Event::ResultEntered(entered)) => batch.results.get(&entered.result),
        _ => None,
    };
    let corrected = Corrected {
        entry: form.entry,
        reason: form.reason.clone(),
        replaced_a_failure: result.is_some_and(|result| result.fails()),
        replacement: replacement.clone(),
    };
    let after = match batch.foresee(&[corrected.clone().into()], ctx) {
        Ok(after) => after,
        Err(impossible) => {
            reasons.push(Reason::CorrectionContradicts { why: impossible.to_string() });
            return Err(reasons.into());
        }
    };
    if !reasons.is_empty() {
        return Err(reasons.into());
    }
    let mut appends = Appends::new();
    appends.batch(batch.id, corrected);
    if let BatchEvent::Testing(testing::Event::ResultEntered(entered)) = &replacement
        && entered.judgement.verdict == Verdict::Fail
        && !result.is_some_and(|result| result.fails())
    {
        testing::fail(batch, entered.result, &entered.form, &mut appends, ctx);
    }
    let then = batch
        .before(original.stamp.version)
        .map_err(|impossible| Refusal::from(Reason::CorrectionContradicts { why: impossible.to_string() }))?;
    let before = departures(&then, current, &original.stamp, ctx);
    for (kind, found) in departures(&then, &replacement, &original.stamp, ctx) {
        // For what was handed on, another container is another departure.
        let of_a_container = matches!(
            kind,
            DepartureKind::ShippedUncleared
                | DepartureKind::ReceivedUncleared
                | DepartureKind::InfusedUncleared
        );
        let known =
            |(known, what): &(DepartureKind, String)| *known == kind && (!of_a_container || *what == found);
        if !before.iter().any(known) {
            appends.departure(batch, kind, found, ctx);
        }
    }
    stop_released(batch, &after, &StopCause::Correction { entry: form.entry }, &mut appends, ctx);
    Ok(appends)
}

/// The fact that a corrected form makes of the fact it replaces; numbers once given stay.
fn replace(
    batch: &Batch,
    current: &BatchEvent,
    form: &BatchCommand,
    ctx: &Context,
) -> Result<BatchEvent, Refusal> {
    use {culture as c, distribution as d, filling as f, intake as i, testing as t};
    let numbers = |old: &[VesselNo], wanted: usize| -> Vec<VesselNo> {
        old.iter().copied().chain(batch.new_vessels(wanted.saturating_sub(old.len()))).take(wanted).collect()
    };
    Ok(match (current, form) {
        (
            BatchEvent::Intake(i::Event::TissueReceipt(old)),
            BatchCommand::Intake(i::Command::TissueReceipt(new)),
        ) => {
            // Identifiers are compared at receipt; a correction cannot turn it into somebody else's tissue.
            if new.order_label != old.order_label || new.pseudonym != old.pseudonym {
                return Err(Reason::CorrectionChangesSubject.into());
            }
            i::Event::TissueReceipt(new.clone()).into()
        }
        (BatchEvent::Culture(old), BatchCommand::Culture(new)) => match (old, new) {
            (c::Event::Isolated(old), c::Command::Isolation(new)) => {
                let vessels = numbers(&old.vessels, new.into.len());
                c::Isolated { form: (**new).clone(), vessels }.into()
            }
            (c::Event::BankSeeded(old), c::Command::BankSeeding(new))
                if old.form.container == new.container =>
            {
                let vessels = numbers(&old.vessels, new.into.len());
                c::BankSeeded { form: (**new).clone(), bank: old.bank, vessels }.into()
            }
            (c::Event::Passaged(old), c::Command::Passage(new)) => {
                let vessels = numbers(&old.vessels, new.into.len());
                c::Passaged { form: (**new).clone(), vessels }.into()
            }
            // Whose cells met was scanned; that does not become another pool afterwards.
            (c::Event::Pooled(old), c::Command::PoolingIn(new))
                if (old.form.other, &old.form.ours, &old.form.theirs)
                    == (new.other, &new.ours, &new.theirs) =>
            {
                let vessels = numbers(&old.vessels, new.into.len());
                c::Pooled { form: (**new).clone(), vessels, ..(**old).clone() }.into()
            }
            (c::Event::MediumChange(_), c::Command::MediumChange(new)) => {
                c::Event::MediumChange(new.clone()).into()
            }
            (c::Event::Observation(_), c::Command::Observation(new)) => {
                c::Event::Observation(new.clone()).into()
            }
            (c::Event::Photographed(_), c::Command::Photograph(new)) => c::photograph_fact(new, ctx)?.into(),
            (c::Event::Counting(_), c::Command::Counting(new)) => c::Event::Counting(new.clone()).into(),
            (c::Event::VesselMove(_), c::Command::VesselMove(new)) => {
                c::Event::VesselMove(new.clone()).into()
            }
            (c::Event::VesselDiscard(_), c::Command::VesselDiscard(new)) => {
                c::Event::VesselDiscard(new.clone()).into()
            }
            _ => return Err(Reason::CorrectionChangesSubject.into()),
        },
        (BatchEvent::Filling(old), BatchCommand::Filling(new)) => match (old, new) {
            (f::Event::HarvestDone(old), f::Command::Harvest(new)) => {
                f::HarvestDone { form: (**new).clone(), harvest: old.harvest }.into()
            }
            (f::Event::FillDone(old), f::Command::Fill(new))
                if old.containers.len() == new.containers.len() =>
            {
                let expires_at = new.expires_at.unwrap_or(old.expires_at);
                if expires_at > old.expires_at && new.expires_at.is_some() {
                    return Err(Reason::ExpiryBeyondStandard { latest: old.expires_at }.into());
                }
                let containers = old.containers.clone();
                f::FillDone { form: (**new).clone(), fill: old.fill, containers, expires_at }.into()
            }
            (f::Event::Freezing(_), f::Command::Freezing(new)) => f::Event::Freezing(new.clone()).into(),
            (f::Event::Storage(_), f::Command::Storage(new)) => f::Event::Storage(new.clone()).into(),
            (f::Event::Thaw(_), f::Command::Thaw(new)) => f::Event::Thaw(new.clone()).into(),
            (f::Event::LabelReconciliation(_), f::Command::LabelReconciliation(new)) => {
                f::Event::LabelReconciliation(new.clone()).into()
            }
            _ => return Err(Reason::CorrectionChangesSubject.into()),
        },
        (BatchEvent::Testing(old), BatchCommand::Testing(new)) => match (old, new) {
            (t::Event::Sampled(old), t::Command::Sampling(new)) => {
                let faults = testing::sampling_faults(batch, new);
                if !faults.is_empty() {
                    return Err(faults.into());
                }
                t::Sampled { form: (**new).clone(), sample: old.sample }.into()
            }
            (t::Event::Sending(_), t::Command::Sending(new)) => t::Event::Sending(new.clone()).into(),
            (t::Event::ResultEntered(old), t::Command::ResultForm(new))
                if old.form.sample == new.sample && old.form.test == new.test =>
            {
                let judgement = judged(batch, new, ctx.now)?;
                t::ResultEntered { form: (**new).clone(), result: old.result, judgement }.into()
            }
            _ => return Err(Reason::CorrectionChangesSubject.into()),
        },
        (BatchEvent::Distribution(old), BatchCommand::Distribution(new)) => match (old, new) {
            (d::Event::Packing(_), d::Command::Packing(new)) => d::Event::Packing(new.clone()).into(),
            (d::Event::Shipment(_), d::Command::Shipment(new)) => d::Event::Shipment(new.clone()).into(),
            (d::Event::Receipt(_), d::Command::Receipt(new)) => d::Event::Receipt(new.clone()).into(),
            (d::Event::Infusion(_), d::Command::Infusion(new)) => d::Event::Infusion(new.clone()).into(),
            (d::Event::Outcome(_), d::Command::Outcome(new)) => d::Event::Outcome(new.clone()).into(),
            (d::Event::ReturnReport(_), d::Command::ReturnReport(new)) => {
                d::Event::ReturnReport(new.clone()).into()
            }
            (d::Event::Destruction(_), d::Command::Destruction(new)) => {
                d::Event::Destruction(new.clone()).into()
            }
            _ => return Err(Reason::CorrectionChangesSubject.into()),
        },
        _ => return Err(Reason::CorrectionChangesSubject.into()),
    })
}

/// The limits that a fact goes past by what stands in it, in the batch as it was then.
fn departures(then: &Batch, fact: &BatchEvent, at: &Stamp, ctx: &Context) -> Vec<(DepartureKind, String)> {
    let mut found = Appends::new();
    let mut seeded = |into: &[culture::NewVessel], passage: u8, count: &Count| {
        culture::seeding_departures(then, into, passage, count, &mut found, ctx);
    };
    match fact {
        BatchEvent::Culture(culture::Event::Isolated(f)) => seeded(&f.form.into, 0, &f.form.count),
        BatchEvent::Culture(culture::Event::BankSeeded(f)) => {
            seeded(&f.form.into, then.bank_passage(f.bank), &f.form.count);
            culture::bank_departure(then, f.form.performed.at(at), &mut found, ctx);
        }
        BatchEvent::Culture(culture::Event::Passaged(f)) => {
            seeded(&f.form.into, then.next_passage(&f.form.from), &f.form.count);
        }
        BatchEvent::Culture(culture::Event::Pooled(f)) => {
            let passage = then.next_passage(&f.form.ours).max(f.their_passage.saturating_add(1));
            seeded(&f.form.into, passage, &f.form.count);
        }
        BatchEvent::Culture(culture::Event::MediumChange(form)) => {
            culture::medium_departure(then, &form.vessels, form.performed.at(at), &mut found, ctx);
        }
        BatchEvent::Culture(culture::Event::Photographed(f)) => {
            culture::photograph_departure(then, &f.form, &mut found, ctx);
        }
        BatchEvent::Culture(culture::Event::Counting(form)) => {
            culture::count_departure(then, &form.count, &mut found, ctx);
        }
        BatchEvent::Filling(filling::Event::HarvestDone(f)) => {
            culture::count_departure(then, &f.form.count, &mut found, ctx);
        }
        BatchEvent::Filling(filling::Event::Storage(form)) => {
            filling::storage_departure(then, form, &mut found, ctx);
        }
        BatchEvent::Distribution(distribution::Event::Shipment(form)) => {
            distribution::shipment_departures(then, form, form.performed.at(at), &mut found, ctx);
        }
        BatchEvent::Distribution(distribution::Event::Receipt(form)) => {
            distribution::receipt_departures(then, form, form.performed.at(at), &mut found, ctx);
        }
        BatchEvent::Distribution(distribution::Event::Infusion(form)) => {
            distribution::infusion_departures(then, form, &mut found, ctx);
        }
        BatchEvent::Intake(intake::Event::TissueReceipt(form))
            if form.decision == intake::ReceiptDecision::Accepted =>
        {
            intake::receipt_departures(then, form, &mut found, ctx);
        }
        _ => {}
    }
    if let Some(performed) = super::performed::of(fact) {
        super::performed::bench_departures(then, performed, &mut found, ctx);
    }
    let departure = |append: Append| match append.event {
        Event::QualityEvent(quality_event::Event::Departure(departure)) => {
            Some((departure.kind, departure.found))
        }
        _ => None,
    };
    found.0.into_iter().filter_map(departure).collect()
}

/// Labels in a corrected form that are not this batch's: nothing is scanned in a correction that could be held.
fn foreign_labels(batch: &Batch, current: &BatchEvent, form: &BatchCommand, order: &str) -> Vec<Reason> {
    // These carry an order's or a bank's label, which `replace` compares with the one it was.
    if matches!(
        form,
        BatchCommand::Intake(intake::Command::TissueReceipt(_))
            | BatchCommand::Culture(culture::Command::BankSeeding(_))
    ) {
        return Vec::new();
    }
    let pooled: &[Label] = match current {
        BatchEvent::Culture(culture::Event::Pooled(fact)) => &fact.form.theirs,
        _ => &[],
    };
    // Whose serum it is, was compared when it was used, and is compared again with the batch's own order.
    let own_serum = |label: &Label| label.kind() == LabelKind::Order && label.to_string() == *order;
    let known =
        |label: &Label| label.same_serial(&batch.opened.label) || pooled.contains(label) || own_serum(label);
    let foreign = super::performed::labels(form).into_iter().filter(|label| !known(label));
    foreign.map(|label| Reason::UnknownLabel { label: label.to_string() }).collect()
}

/// Stops what was released and has left, where the gate would block it now and did not before.
pub(crate) fn stop_released(
    batch: &Batch,
    after: &Batch,
    cause: &StopCause,
    appends: &mut Appends,
    ctx: &Context,
) {
    let (was, is) = (gate(batch, ctx.now), gate(after, ctx.now));
    for container in batch.containers.values() {
        let before = weighty(&was, container.no);
        let sooner = after.containers.get(&container.no).is_none_or(|c| c.expires_at < container.expires_at);
        if !sooner && weighty(&is, container.no).iter().all(|blocker| before.contains(blocker)) {
            continue;
        }
        match container.custody {
            Custody::Shipped | Custody::Received { .. } => {
                appends.stop(batch, container.no, cause.clone(), ctx);
            }
            Custody::Infused => {
                let found = container.no.to_string();
                appends.departure(batch, DepartureKind::CorrectedAfterAdministration, found, ctx);
            }
            // Still here: the voided decision itself keeps it from leaving.
            Custody::InHouse | Custody::Packed => {}
            Custody::Returned | Custody::Destroyed | Custody::Drawn { .. } => {}
        }
    }
}

/// Whether something blocks a batch's container (or the batch, where none is named) that did not before.
pub(crate) fn newly_blocked(
    before: &Batch,
    after: &Batch,
    container: Option<ContainerNo>,
    now: Time,
) -> bool {
    let no = container.unwrap_or(ContainerNo(0));
    let was = weighty(&gate(before, now), no);
    weighty(&gate(after, now), no).iter().any(|blocker| !was.contains(blocker))
}

/// What blocks a container, apart from the confirmations a correction always voids and the passing of time.
fn weighty(gate: &Gate, no: ContainerNo) -> Vec<Blocker> {
    let own = gate.containers.get(&no).into_iter().flatten();
    let counts = |requirement: &Requirement| {
        !matches!(
            requirement,
            Requirement::Manufacturing | Requirement::Quality | Requirement::Container | Requirement::InDate
        )
    };
    let checks = gate.batch.iter().chain(own).filter(|check| counts(&check.requirement));
    let unverified = |blocker: &Blocker| {
        matches!(blocker, Blocker::TestUnverified { .. } | Blocker::PartUnconfirmed { .. })
    };
    checks.flat_map(|check| &check.blockers).map(|(b, _)| b.clone()).filter(|b| !unverified(b)).collect()
}

impl Batch {
    /// The batch as it would be with these facts, without recording them.
    ///
    /// # Errors
    /// A history that cannot happen.
    pub fn foresee(&self, facts: &[BatchEvent], ctx: &Context) -> Result<Batch, Impossible> {
        let stamped = |(index, fact): (usize, &BatchEvent)| (ctx.stamp(self.log.len() + index), fact.clone());
        let facts: Vec<(Stamp, BatchEvent)> = facts.iter().enumerate().map(stamped).collect();
        self.clone().followed_by(&facts)
    }
}

/// Whether an entry is the verification or the interpretation of a result.
fn is_signed_of(logged: &Logged, no: ResultNo) -> bool {
    match &*logged.event {
        BatchEvent::Testing(testing::Event::Verification(form)) => form.result == no,
        BatchEvent::Testing(testing::Event::Interpretation(form)) => form.result == no,
        _ => false,
    }
}

pub(super) fn evolve(batch: &mut Batch, at: &Stamp, corrected: &Corrected) -> Result<(), Impossible> {
    let missing = Impossible::new("an entry is corrected after it was recorded");
    let target = batch.log.iter_mut().find(|logged| logged.stamp.entry == corrected.entry).ok_or(missing)?;
    target.corrected_by.push(at.entry);
    let since = target.stamp.version;
    let voids = voids(&corrected.replacement).ok_or(Impossible::new("only facts are corrected"))?;
    for part in batch.parts.iter_mut().filter(|part| part.entry == corrected.entry) {
        part.confirmed = part.person == at.recorder;
    }
    if let Some(no) = voids.result {
        batch.void(at.entry, |logged| is_signed_of(logged, no));
    }
    if let Some(result) = voids.result.and_then(|no| batch.results.get_mut(&no)) {
        result.verified_by = None;
        result.interpreted = None;
        result.enterers.push(at.recorder);
        if corrected.replaced_a_failure {
            result.oos.get_or_insert(Oos::Open);
        }
        // By the value that this correction wrote, which a later one may have replaced: what was investigated before
        // it was another failure.
        if matches!(&corrected.replacement, BatchEvent::Testing(testing::Event::ResultEntered(entered))
            if entered.judgement.verdict == Verdict::Fail)
        {
            result.oos = Some(Oos::Open);
        }
    }
    // Another sample than the one that was verified: everything read from it is unverified again.
    if let BatchEvent::Testing(testing::Event::Sampled(sampled)) = &corrected.replacement {
        let read: Vec<ResultNo> = batch
            .results
            .iter_mut()
            .filter(|(_, result)| result.form.sample == sampled.sample)
            .map(|(no, result)| {
                result.verified_by = None;
                result.interpreted = None;
                *no
            })
            .collect();
        batch.void(at.entry, |logged| read.iter().any(|no| is_signed_of(logged, *no)));
    }
    if voids.record {
        let stands = |confirmed: &super::disposition::Confirmed| confirmed.version < since;
        let confirmed = [batch.manufacturing, batch.quality];
        let fallen: Vec<_> =
            confirmed.into_iter().flatten().filter(|c| !stands(c)).map(|c| c.entry).collect();
        batch.void(at.entry, |logged| fallen.contains(&logged.stamp.entry));
        batch.manufacturing = batch.manufacturing.filter(stands);
        batch.quality = batch.quality.filter(stands);
        // What has left cannot be decided on again: it is stopped where the gate would block it now, and goes
        // on where nothing of weight has changed.
        let here = |custody| matches!(custody, Custody::InHouse | Custody::Packed);
        for container in batch.containers.values_mut().filter(|container| here(container.custody)) {
            container.void_decision_since(since, at.entry);
        }
    }
    if voids.administration {
        for container in batch.containers.values_mut() {
            container.void_administration_since(since, at.entry);
        }
    }
    Ok(())
}
