//! Intake: the batch is opened under an approved standard, manufacturing is instructed by signature, and the
//! tissue is received or refused after two identifiers were compared.

use super::not_applicable::OfInstruction;
use super::{Batch, Command as BatchCommand, Event as BatchEvent, Performed, Stamp, lineage};
use crate::decision::{Appends, Context};
use crate::ids::{
    BatchId, ClinicId, ContainerNo, EntryId, Label, LabelKind, OrderId, PatientId, PersonId, StandardId,
};
use crate::journal::Hash;
use crate::order::OrderStanding;
use crate::quality_event::DepartureKind;
use crate::quantity::{Celsius, Grams, Hours};
use crate::refusal::{Impossible, Reason, Refusal};
use crate::standard::{DonorKind, Source, Standard, Standing};
use crate::text::{Note, Short};
use crate::time::Time;
use crate::{order, variants};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

variants! {
    /// What is asked at intake.
    pub enum Command in BatchCommand::Intake {
        /// Open the batch.
        Opening => "opening",
        /// Sign the manufacturing instruction.
        Instruction => "instruction",
        /// Receive or refuse the tissue.
        TissueReceipt => "tissue_receipt",
        /// Clear a mismatch after a second person's check.
        MismatchClearance => "mismatch_clearance",
    }
}

variants! {
    /// What is recorded at intake.
    pub enum Event in BatchEvent::Intake {
        /// The batch was opened.
        Opened => "opened",
        /// The order changed.
        OrderNoted => "order_noted",
        /// Another batch the cells come from changed.
        ParentNoted => "parent_noted",
        /// Another batch drew cells from this one.
        ChildNoted => "child_noted",
        /// Manufacturing was instructed.
        Instruction => "instructed",
        /// Tissue was received or refused.
        TissueReceipt => "tissue_received",
        /// Two identifiers that should be the same differed.
        Mismatch => "mismatch",
        /// A mismatch was cleared.
        MismatchClearance => "mismatch_cleared",
    }
}

/// Open a batch for an order, under a standard's approved version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// The order.
    pub order: OrderId,
    /// The standard's version to pin.
    pub standard: StandardId,
    /// The bank container to draw from, where the standard starts from a bank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<BankDraw>,
}

/// A released bank container that a batch starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BankDraw {
    /// The bank's batch.
    pub batch: BatchId,
    /// Its container.
    pub container: ContainerNo,
}

/// The batch was opened. The standard is pinned whole: the batch keeps it whatever happens to the standard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// Its label (製造番号).
    pub label: Label,
    /// The order.
    pub order: OrderId,
    /// What it is for.
    pub purpose: order::Purpose,
    /// The ordering clinic.
    pub clinic: ClinicId,
    /// The patient (for a bank: the donor).
    pub patient: PatientId,
    /// What staff call the patient.
    pub pseudonym: Short,
    /// Which standard's version.
    pub standard_id: StandardId,
    /// Its whole content.
    pub standard: Standard,
    /// What the order said then.
    pub order_standing: OrderStanding,
    /// The bank container, where it starts from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<BankDraw>,
}

/// The order changed; the batch knows from now on what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderNoted {
    /// What the order says.
    pub standing: OrderStanding,
}

/// Another batch the cells come from changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParentNoted {
    /// Which batch.
    pub batch: BatchId,
    /// What is known of it.
    pub standing: lineage::ParentStanding,
}

/// Another batch drew cells from this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChildNoted {
    /// Which batch.
    pub batch: BatchId,
    /// The container it drew, for a bank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<ContainerNo>,
}

/// The manufacturing instruction (製造指図書, O99-1-1), signed before processing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Instruction {
    /// What is to be done.
    pub instructions: Note,
    /// What to beware of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cautions: Option<Note>,
    /// When cells should be ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_harvest: Option<Time>,
    /// Which of these fields do not apply, and why.
    #[serde(default, skip_serializing_if = "OfInstruction::is_empty")]
    pub not_applicable: OfInstruction,
}

/// Tissue was received or refused (O99-1-21).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TissueReceipt {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The first identifier on the package: the order's label, scanned.
    pub order_label: Label,
    /// The second identifier on the package: the patient's pseudonym, as written.
    pub pseudonym: Short,
    /// When the tissue was taken.
    pub collected_at: Time,
    /// From where in the body.
    pub site: Short,
    /// Whether the seal was whole.
    pub seal_intact: bool,
    /// The coldest on the way.
    pub least_temperature: Celsius,
    /// The warmest on the way.
    pub most_temperature: Celsius,
    /// The time on the way.
    pub transport: Hours,
    /// The mass.
    pub mass: Grams,
    /// What it looked like.
    pub appearance: Note,
    /// Accepted for processing, or refused.
    pub decision: ReceiptDecision,
}

/// What was decided on arrival.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ReceiptDecision {
    /// Accepted.
    Accepted,
    /// Refused.
    Refused {
        /// Why.
        reason: Note,
    },
}

/// Two identifiers that should be the same differed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mismatch {
    /// The form in which it came up.
    pub form: String,
    /// What should have been there.
    pub expected: String,
    /// What was there.
    pub found: String,
}

/// Clear a mismatch: a second person compared afresh and found what should be there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MismatchClearance {
    /// The mismatch's entry.
    pub mismatch: EntryId,
    /// What was compared and found.
    pub check: Note,
}

/// Tissue as the batch knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tissue {
    /// Its entry.
    pub entry: EntryId,
    /// When it was received.
    pub at: Time,
    /// The record of it.
    pub receipt: TissueReceipt,
}

impl Tissue {
    /// Whether it may be processed.
    pub fn accepted(&self) -> bool {
        self.receipt.decision == ReceiptDecision::Accepted
    }
}

/// A mismatch as the batch knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MismatchState {
    /// Its entry.
    pub entry: EntryId,
    /// Who recorded it.
    pub recorder: PersonId,
    /// What it was.
    pub mismatch: Mismatch,
    /// Whether a second person cleared it.
    pub cleared: bool,
}

impl Mismatch {
    /// As the clinic that a batch is for may read it: without the label of somebody else's cells or order.
    fn of_own_labels(&self, own: &Label) -> Mismatch {
        const HIDDEN: &str = "…";
        let is_own = |text: &str| text.parse::<Label>().is_ok_and(|label| label.same_serial(own));
        let of_another = |text: &str| {
            let label = text.parse::<Label>();
            label.is_ok_and(|label| label.kind() != LabelKind::Order && !label.same_serial(own))
        };
        let mut shown = self.clone();
        if of_another(&self.expected) {
            shown.expected = HIDDEN.into();
        }
        if !is_own(&self.found) {
            shown.found = HIDDEN.into();
        }
        shown
    }
}

impl Batch {
    /// The batch as the clinic that it is for may read it: a mismatch names two batches, and one may be another
    /// clinic's.
    pub fn without_others_labels(mut self) -> Batch {
        let own = self.opened.label.clone();
        for known in &mut self.mismatches {
            known.mismatch = known.mismatch.of_own_labels(&own);
        }
        for logged in &mut self.log {
            if let BatchEvent::Intake(Event::Mismatch(mismatch)) = &*logged.event {
                logged.event = Arc::new(BatchEvent::Intake(mismatch.of_own_labels(&own).into()));
            }
        }
        self
    }
}

pub(super) fn performed(event: &Event) -> Option<&Performed> {
    match event {
        Event::TissueReceipt(receipt) => Some(&receipt.performed),
        _ => None,
    }
}

/// Decides the opening of a batch.
///
/// # Errors
/// Every reason why not.
pub fn open(id: BatchId, form: &Opening, ctx: &Context) -> Result<Appends, Refusal> {
    let mut reasons = Vec::new();
    let (Some(order), Some(filed)) =
        (ctx.world.orders.get(&form.order), ctx.world.standards.get(&form.standard))
    else {
        return Err(Reason::NotFound.into());
    };
    if filed.standing != Standing::Approved {
        reasons.push(Reason::StandardNotApproved);
    }
    if !order.standing.active {
        reasons.push(Reason::OrderInactive);
    }
    if order.erasure == Some(order::Erasure::Done) {
        reasons.push(Reason::NameErased);
    }
    let Some(label) = ctx.labels.batch.clone() else { return Err(Reason::NotFound.into()) };
    let mut appends = Appends::new();
    let opened = Opened {
        label,
        order: order.id,
        purpose: order.placed.placement.purpose,
        clinic: order.placed.clinic,
        patient: order.placed.placement.patient,
        pseudonym: order.placed.placement.pseudonym.clone(),
        standard_id: filed.id,
        standard: filed.standard.clone(),
        order_standing: order.standing.clone(),
        bank: form.bank,
    };
    appends.batch(id, opened);
    appends.order(order.id, order::BatchOpened { batch: id });
    match (filed.standard.source, form.bank) {
        (Source::Tissue, None) => {}
        (Source::Bank, Some(draw)) => match ctx.world.batches.get(&draw.batch) {
            Some(bank) => {
                reasons.extend(bank.drawing_faults(draw.container, ctx.now));
                // Own cells go back to their own person; another's only if they were given for a bank.
                let same = bank.opened.patient == order.placed.placement.patient;
                let given = bank.opened.purpose == order::Purpose::Banking
                    && filed.standard.donor == DonorKind::Allogeneic;
                if !same && !given {
                    reasons.push(Reason::WrongRecipient);
                }
                let standing = bank.standing_for_child(Some(draw.container), ctx.now);
                appends.batch(id, ParentNoted { batch: draw.batch, standing });
                appends.batch(draw.batch, ChildNoted { batch: id, container: Some(draw.container) });
            }
            None => reasons.push(Reason::NotFound),
        },
        (Source::Tissue, Some(_)) | (Source::Bank, None) => reasons.push(Reason::BankNeeded),
    }
    if reasons.is_empty() { Ok(appends) } else { Err(reasons.into()) }
}

/// Decides a form at intake of an opened batch.
///
/// # Errors
/// Every reason why not; a mismatch of identifiers is recorded as well.
pub fn decide(batch: &Batch, command: &Command, ctx: &Context) -> Result<Appends, Refusal> {
    let mut appends = Appends::new();
    match command {
        Command::Opening(_) => return Err(Reason::AlreadyDone.into()),
        Command::Instruction(form) => {
            if batch.instruction.is_some() {
                return Err(Reason::AlreadyDone.into());
            }
            appends.batch_covering(batch.id, Event::Instruction(form.clone()), batch.covers());
        }
        Command::TissueReceipt(form) => {
            let mut reasons = form.performed.faults(ctx.now, ctx.actor.person);
            if batch.tissue.is_some() || batch.standard().source == Source::Bank {
                reasons.push(Reason::AlreadyDone);
            }
            if form.collected_at > form.performed.at.unwrap_or(ctx.now) {
                reasons.push(Reason::InTheFuture { field: "/collected_at" });
            }
            if form.least_temperature.value() > form.most_temperature.value() {
                reasons.push(Reason::LeastAboveMost { field: "/least_temperature" });
            }
            if batch.mismatches.iter().any(|mismatch| !mismatch.cleared) {
                reasons.push(Reason::MismatchOpen);
            }
            if !reasons.is_empty() {
                return Err(reasons.into());
            }
            let order_label = &ctx.order_label(batch.opened.order);
            let expected = format!("{} / {}", order_label, batch.opened.pseudonym);
            let found = format!("{} / {}", form.order_label, form.pseudonym);
            if expected != found {
                let mut refusal = Refusal::from(Reason::IdentifiersDiffer {
                    expected: expected.clone(),
                    found: found.clone(),
                });
                let mismatch = Mismatch { form: "tissue_receipt".into(), expected, found };
                refusal.record.mismatch(batch, mismatch, ctx);
                return Err(refusal);
            }
            appends.batch(batch.id, Event::TissueReceipt(form.clone()));
            if form.decision == ReceiptDecision::Accepted {
                receipt_departures(batch, form, &mut appends, ctx);
            }
        }
        Command::MismatchClearance(form) => {
            let Some(open) = batch.mismatches.iter().find(|m| m.entry == form.mismatch) else {
                return Err(Reason::NotFound.into());
            };
            if open.cleared {
                return Err(Reason::AlreadyDone.into());
            }
            if open.recorder == ctx.actor.person {
                return Err(Reason::SecondPersonNeeded.into());
            }
            appends.batch(batch.id, Event::MismatchClearance(form.clone()));
        }
    }
    Ok(appends)
}

/// What departs from the pinned standard in an accepted receipt.
pub(super) fn receipt_departures(batch: &Batch, form: &TissueReceipt, appends: &mut Appends, ctx: &Context) {
    let Some(limits) = batch.standard().keeping.tissue else { return };
    if !limits.temperature.holds(form.least_temperature, form.most_temperature) {
        let found = format!("{} – {}", form.least_temperature, form.most_temperature);
        appends.departure(batch, DepartureKind::TissueTemperature, found, ctx);
    }
    if form.transport.value() > limits.most_hours.value() {
        appends.departure(batch, DepartureKind::TissueHours, form.transport.to_string(), ctx);
    }
    if !form.seal_intact {
        appends.departure(batch, DepartureKind::TissueSeal, String::new(), ctx);
    }
}

pub(super) fn evolve(batch: &mut Batch, at: &Stamp, event: &Event) -> Result<(), Impossible> {
    match event {
        Event::Opened(_) => return Err(Impossible::new("a batch is opened once")),
        Event::OrderNoted(noted) => batch.order = noted.standing.clone(),
        Event::ParentNoted(noted) => {
            batch.parents.insert(noted.batch, noted.standing.clone());
        }
        Event::ChildNoted(noted) => {
            batch.children.insert(noted.batch);
            if let Some(no) = noted.container {
                batch.container_mut(no)?.custody = super::distribution::Custody::Drawn { by: noted.batch };
            }
        }
        Event::Instruction(_) => batch.instruction = Some((at.entry, at.recorded_at)),
        Event::TissueReceipt(receipt) => {
            batch.tissue =
                Some(Tissue { entry: at.entry, at: receipt.performed.at(at), receipt: (**receipt).clone() });
        }
        Event::Mismatch(mismatch) => batch.mismatches.push(MismatchState {
            entry: at.entry,
            recorder: at.recorder,
            mismatch: (**mismatch).clone(),
            cleared: false,
        }),
        Event::MismatchClearance(clearance) => {
            let open = batch.mismatches.iter_mut().find(|m| m.entry == clearance.mismatch);
            open.ok_or(Impossible::new("a mismatch is cleared once it was recorded"))?.cleared = true;
        }
    }
    Ok(())
}

/// The hash of a pinned standard's content, as shown beside its version.
pub fn standard_hash(standard: &Standard) -> Hash {
    Hash::of(&serde_json::to_vec(standard).unwrap_or_default())
}
