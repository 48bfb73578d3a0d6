//! Distribution: allocation, packing, shipping, receipt at the clinic, the physician's decision, infusion and
//! outcome, and every other way out: return, destruction, withdrawal, discontinuation. Before each hand-over a
//! check decides and may refuse; the report that it happened is a fact and is always accepted.

mod container;
mod deciding;

pub use container::{Administration, Clearance, Container, Custody, Decided, Stop};
pub use deciding::decide;
pub(super) use deciding::{bedside_faults, infusion_departures, receipt_departures, shipment_departures};

use super::not_applicable::OfPacking;
use super::{Batch, Command as BatchCommand, Event as BatchEvent, Performed, Stamp};
use crate::ids::{BatchId, ClinicId, ContainerNo, EntryId, Label, OrderId, PersonId, ResultNo};
use crate::quantity::{Celsius, Hours, Millilitres};
use crate::refusal::Impossible;
use crate::text::{Note, Short};
use crate::time::Time;
use crate::variants;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

variants! {
    /// What is asked in distribution.
    pub enum Command in BatchCommand::Distribution {
        /// Allocate containers to an order.
        Allocation => "allocation",
        /// Pack containers.
        Packing => "packing",
        /// Check before shipping.
        ShippingCheck => "shipping_check",
        /// Report that containers were shipped.
        Shipment => "shipment",
        /// Check before receipt.
        ReceivingCheck => "receiving_check",
        /// Report what arrived.
        Receipt => "receipt",
        /// Decide on the administration.
        AdministrationDecision => "administration_decision",
        /// Check at the bedside.
        BedsideCheck => "bedside_check",
        /// Report an infusion.
        Infusion => "infusion",
        /// Report an outcome.
        Outcome => "outcome",
        /// Report a return.
        ReturnReport => "return_report",
        /// Report a destruction.
        Destruction => "destruction",
        /// Withdraw what has left.
        Withdrawal => "withdrawal",
        /// Acknowledge a stop message.
        StopAcknowledgement => "stop_acknowledgement",
        /// Discontinue the batch.
        Discontinuation => "discontinuation",
        /// Close the batch.
        Closing => "closing",
    }
}

variants! {
    /// What is recorded in distribution.
    pub enum Event in BatchEvent::Distribution {
        /// Containers were allocated.
        Allocation => "allocated",
        /// They were packed.
        Packing => "packed",
        /// Shipping was cleared.
        ShippingCheck => "shipping_cleared",
        /// They were shipped.
        Shipment => "shipped",
        /// Receipt was cleared.
        ReceivingCheck => "receiving_cleared",
        /// They were received or refused.
        Receipt => "received",
        /// The physician decided.
        AdministrationDecision => "administration_decided",
        /// The bedside check was passed.
        BedsideCheck => "bedside_cleared",
        /// A container was infused.
        Infusion => "infused",
        /// An outcome was reported.
        Outcome => "outcome_reported",
        /// Containers were returned.
        ReturnReport => "returned",
        /// Containers were destroyed.
        Destruction => "destroyed",
        /// Containers were withdrawn.
        Withdrawal => "withdrawn",
        /// The clinic was told to stop.
        StopIssued => "stop_issued",
        /// It acknowledged.
        StopAcknowledgement => "stop_acknowledged",
        /// The batch was discontinued.
        Discontinuation => "discontinued",
        /// The batch was closed.
        Closing => "closed",
    }
}

/// Allocate containers to an order of the same recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Allocation {
    /// The containers.
    #[schemars(length(min = 1, max = 200))]
    pub containers: Vec<ContainerNo>,
    /// The order.
    pub order: OrderId,
}

/// Pack containers for transport.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Packing {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The containers, scanned.
    #[schemars(length(min = 1, max = 200))]
    pub containers: Vec<Label>,
    /// The package.
    pub package: Short,
    /// The temperature logger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logger: Option<Short>,
    /// Which of these fields do not apply, and why.
    #[serde(default, skip_serializing_if = "OfPacking::is_empty")]
    pub not_applicable: OfPacking,
}

/// The check before shipping: a decision, which may refuse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShippingCheck {
    /// The containers, scanned.
    #[schemars(length(min = 1, max = 200))]
    pub containers: Vec<Label>,
    /// The clinic they go to.
    pub clinic: ClinicId,
}

/// Containers were shipped: a fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shipment {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The containers, scanned.
    #[schemars(length(min = 1, max = 200))]
    pub containers: Vec<Label>,
    /// The carrier and its number.
    pub carrier: Short,
}

/// The check before receipt: a decision, which may refuse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceivingCheck {
    /// The containers, scanned.
    #[schemars(length(min = 1, max = 200))]
    pub containers: Vec<Label>,
}

/// What arrived at the clinic: a fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The containers, scanned.
    #[schemars(length(min = 1, max = 200))]
    pub containers: Vec<Label>,
    /// Whether the seal was whole.
    pub seal_intact: bool,
    /// The coldest on the way.
    pub least_temperature: Celsius,
    /// The warmest on the way.
    pub most_temperature: Celsius,
    /// The time on the way.
    pub transport: Hours,
    /// What they looked like.
    pub appearance: Note,
    /// Accepted, or refused.
    pub accepted: bool,
}

/// The physician's decision on the administration (投与可否, O10-3), signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdministrationDecision {
    /// The container, scanned.
    pub container: Label,
    /// The recipient's order, scanned.
    pub order_label: Label,
    /// Whether it may be administered.
    pub may: bool,
    /// Why, or a remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Note>,
}

/// The check at the bedside by two people: wristband, spoken name and birth date, container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BedsideCheck {
    /// The container, scanned.
    pub container: Label,
    /// The order's label on the wristband, scanned.
    pub wristband: Label,
    /// Whether the recipient (or who speaks for him) said name and birth date and they fit.
    pub spoken_identity_fits: bool,
    /// The second person, who confirms it by his own sign-in (`part_confirmation`); until then it clears nothing.
    pub second_person: PersonId,
}

/// A container was infused: a fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Infusion {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The container, scanned.
    pub container: Label,
    /// When it began.
    pub started_at: Time,
    /// When it ended.
    pub ended_at: Time,
    /// How much was given.
    pub volume: Millilitres,
    /// What was seen meanwhile.
    pub reactions: Note,
}

/// What became of the recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The container, by its label.
    pub container: Label,
    /// The report.
    pub report: Note,
    /// Whether it is an adverse event (疾病等).
    pub adverse: bool,
}

/// Containers came back. They are never stock again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnReport {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The containers, scanned.
    #[schemars(length(min = 1, max = 200))]
    pub containers: Vec<Label>,
    /// Why.
    pub reason: Note,
}

/// Containers were destroyed, before a witness.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Destruction {
    /// The head of the entry; the checker is the witness.
    #[serde(default)]
    pub performed: Performed,
    /// The containers, scanned.
    #[schemars(length(min = 1, max = 200))]
    pub containers: Vec<Label>,
    /// How, e.g. `autoclave 121 °C`.
    pub method: Short,
    /// How much in all.
    pub quantity: Millilitres,
    /// Why.
    pub reason: Note,
}

/// Withdraw containers that have left (O107); each clinic is told to stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// The containers.
    #[schemars(length(min = 1, max = 200))]
    pub containers: Vec<ContainerNo>,
    /// Why.
    pub reason: Note,
}

/// A clinic was told not to administer a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StopIssued {
    /// The container.
    pub container: ContainerNo,
    /// The clinic.
    pub clinic: ClinicId,
    /// Why.
    pub cause: StopCause,
}

/// Why a clinic must stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum StopCause {
    /// A result failed after shipping.
    Oos {
        /// Which.
        result: ResultNo,
    },
    /// A correction changed what the release rested on.
    Correction {
        /// The entry corrected.
        entry: EntryId,
    },
    /// Quality withdrew it.
    Withdrawal {
        /// Why.
        reason: Note,
    },
    /// A hold was set after shipping.
    Held,
    /// The batch its cells come from is in doubt.
    Parent {
        /// Which.
        batch: BatchId,
    },
}

/// Acknowledge a stop message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StopAcknowledgement {
    /// The stop's entry.
    pub stop: EntryId,
}

/// Discontinue the batch (中止).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Discontinuation {
    /// Why.
    pub reason: Note,
}

/// Close the batch: every container accounted for, surveillance final, quality events closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<Note>,
}

/// How a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Discontinued.
    Discontinued,
    /// Closed.
    Closed,
}

pub(super) fn performed(event: &Event) -> Option<&Performed> {
    match event {
        Event::Packing(form) => Some(&form.performed),
        Event::Shipment(form) => Some(&form.performed),
        Event::Receipt(form) => Some(&form.performed),
        Event::Infusion(form) => Some(&form.performed),
        Event::Outcome(form) => Some(&form.performed),
        Event::ReturnReport(form) => Some(&form.performed),
        Event::Destruction(form) => Some(&form.performed),
        _ => None,
    }
}

pub(super) fn evolve(batch: &mut Batch, at: &Stamp, event: &Event) -> Result<(), Impossible> {
    let passed = Some(Clearance::Passed { check: at.entry, at: at.recorded_at });
    match event {
        Event::Allocation(form) => {
            let (patient, clinic) = (batch.opened.patient, batch.opened.clinic);
            for no in &form.containers {
                batch.container_mut(*no)?.allocated = Some((form.order, patient, clinic));
            }
            Ok(())
        }
        Event::Packing(form) => batch.each_container(&form.containers, |c| c.custody = Custody::Packed),
        Event::ShippingCheck(form) => batch.each_container(&form.containers, |c| c.clearance = passed),
        Event::Shipment(form) => batch.each_container(&form.containers, |c| {
            c.custody = Custody::Shipped;
            c.clearance = None;
        }),
        Event::ReceivingCheck(form) => batch.each_container(&form.containers, |c| c.clearance = passed),
        Event::Receipt(form) => {
            let limits = batch.standard().keeping.transport;
            let good = form.accepted
                && form.seal_intact
                && limits.temperature.holds(form.least_temperature, form.most_temperature)
                && form.transport.value() <= limits.most_hours.value();
            batch.each_container(&form.containers, |c| {
                c.custody = Custody::Received { good };
                c.clearance = None;
            })
        }
        Event::AdministrationDecision(form) => {
            let decided =
                Administration { entry: at.entry, version: at.version, may: form.may, voided_by: None };
            batch.each_container(std::slice::from_ref(&form.container), |c| c.administration = Some(decided))
        }
        Event::BedsideCheck(form) => {
            // Two people check: it counts once the second has said so himself.
            let awaits = Clearance::AwaitsSecond { check: at.entry, second: form.second_person };
            batch.each_container(std::slice::from_ref(&form.container), |c| c.clearance = Some(awaits))
        }
        Event::Infusion(form) => batch.each_container(std::slice::from_ref(&form.container), |c| {
            c.custody = Custody::Infused;
            c.clearance = None;
        }),
        Event::Outcome(form) => batch.each_container(std::slice::from_ref(&form.container), |_| ()),
        Event::ReturnReport(form) => {
            // What came back is never stock again, nor may it be given: both decisions on it end here.
            batch.each_container(&form.containers, |c| {
                c.custody = Custody::Returned;
                c.clearance = None;
                c.void_decision(at.entry);
                c.void_administration_since(0, at.entry);
            })
        }
        Event::Destruction(form) => batch.each_container(&form.containers, |c| {
            c.custody = Custody::Destroyed;
            c.clearance = None;
        }),
        Event::Withdrawal(_) => Ok(()),
        Event::StopIssued(stop) => {
            let message =
                Stop { entry: at.entry, clinic: stop.clinic, cause: stop.cause.clone(), acknowledged: None };
            batch.container_mut(stop.container)?.stops.push(message);
            Ok(())
        }
        Event::StopAcknowledgement(form) => {
            let mut stops = batch.containers.values_mut().flat_map(|c| &mut c.stops);
            let stop = stops.find(|stop| stop.entry == form.stop);
            stop.ok_or(Impossible::new("a stop is acknowledged after it was issued"))?.acknowledged =
                Some((at.recorded_at, at.performer));
            Ok(())
        }
        Event::Discontinuation(_) => {
            batch.end = Some(End::Discontinued);
            Ok(())
        }
        Event::Closing(_) => {
            batch.end = Some(End::Closed);
            Ok(())
        }
    }
}
