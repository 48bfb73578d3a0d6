//! The order: one course of therapy for one recipient (or tissue given for a cell bank). It carries the chain
//! of identity, the consent, the plan and the donor's eligibility; what changes here is noted in its batches.

mod acknowledgement;
pub mod erasure;

pub use acknowledgement::{ForecastAcknowledgement, Foretold};
pub use erasure::{
    Erasure, ErasureConfirmation, ErasureFault, ErasureProposal, ErasureProposed, ErasureWithdrawal,
    PersonalDataErased,
};

use crate::ids::{BatchId, ClinicId, Label, OrderId, PatientId};
use crate::journal::Hash;
use crate::refusal::{Impossible, Reason};
use crate::standard::DonorKind;
use crate::text::{Note, Short};
use crate::time::Time;
use crate::variants;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

variants! {
    /// What is asked of an order's stream.
    pub enum Command {
        /// Place the order.
        Placement => "placement",
        /// Record the consent.
        Consent => "consent",
        /// Record that it was withdrawn.
        ConsentWithdrawal => "consent_withdrawal",
        /// Record the donor's infection panel.
        DonorScreening => "donor_screening",
        /// Record that the provision plan changed.
        PlanChange => "plan_change",
        /// Ask for another infusion window.
        WindowChange => "window_change",
        /// Acknowledge that cells come later than was booked, and keep the booking.
        ForecastAcknowledgement => "forecast_acknowledgement",
        /// Ask for cells that the gate blocks.
        UrgentRequest => "urgent_request",
        /// Cancel the order.
        Cancellation => "cancellation",
        /// Propose that the patient's name and birth date be erased.
        ErasureProposal => "erasure_proposal",
        /// Withdraw the proposal that the patient's name and birth date be erased.
        ErasureWithdrawal => "erasure_withdrawal",
        /// Confirm, as a second person, that the patient's name and birth date be erased.
        ErasureConfirmation => "erasure_confirmation",
    }
}

variants! {
    /// What is recorded of an order.
    pub enum Event {
        /// The order was placed.
        Placed => "placed",
        /// Consent was given.
        Consent => "consent_given",
        /// Consent was withdrawn.
        ConsentWithdrawal => "consent_withdrawn",
        /// The donor was screened.
        DonorScreening => "donor_screened",
        /// The plan changed.
        PlanChange => "plan_changed",
        /// Another window was asked for.
        WindowChange => "window_changed",
        /// It was acknowledged that cells come later than was booked.
        ForecastAcknowledgement => "forecast_acknowledged",
        /// Blocked cells were asked for, and refused.
        UrgentAnswer => "urgent_request_answered",
        /// The order was cancelled.
        Cancellation => "cancelled",
        /// It was proposed to erase the patient's name and birth date.
        ErasureProposed => "erasure_proposed",
        /// The proposal was withdrawn.
        ErasureWithdrawal => "erasure_withdrawn",
        /// The patient's name and birth date were erased.
        PersonalDataErased => "personal_data_erased",
        /// A batch was opened for it.
        BatchOpened => "batch_opened",
    }
}

/// Place an order. Name and birth date are kept outside, encrypted under the patient's own key; the order
/// carries the hash of that ciphertext.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Placement {
    /// Therapy of a recipient, or tissue for a cell bank.
    pub purpose: Purpose,
    /// The patient (for a bank: the donor).
    pub patient: PatientId,
    /// SHA-256 of the encrypted name and birth date.
    pub personal_data: Hash,
    /// What staff call the patient.
    pub pseudonym: Short,
    /// The plan the cells are provided under.
    pub plan: Plan,
    /// When the infusion is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
}

/// What tissue or cells are ordered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A course of therapy for the patient.
    Therapy,
    /// A cell bank from the patient's tissue.
    Banking,
}

/// A provision plan (再生医療等提供計画).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Its number, an opaque text.
    pub number: Short,
    /// Its class.
    pub class: PlanClass,
}

/// The class of a provision plan (第一種, 第二種, 第三種).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanClass {
    /// 第一種.
    One,
    /// 第二種.
    Two,
    /// 第三種.
    Three,
}

/// A span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// From when.
    pub from: Time,
    /// Until when.
    pub until: Time,
}

/// The order was placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Placed {
    /// Its label.
    pub label: Label,
    /// The clinic.
    pub clinic: ClinicId,
    /// What was ordered.
    pub placement: Placement,
}

/// Consent (同意), by the version of its form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// The version of the form.
    pub version: Short,
    /// When it was signed on paper.
    pub signed_at: Time,
}

/// Consent was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentWithdrawal {
    /// When.
    pub withdrawn_at: Time,
    /// What was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<Note>,
}

/// The donor's infection panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DonorScreening {
    /// When blood was taken.
    pub sampled_at: Time,
    /// The laboratory.
    pub laboratory: Short,
    /// The results.
    #[schemars(length(min = 1, max = 12))]
    pub results: Vec<AnalyteResult>,
}

/// One analyte of the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnalyteResult {
    /// Which.
    pub analyte: Analyte,
    /// What was found.
    pub finding: Finding,
}

/// What a donor is screened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Analyte {
    /// Hepatitis B.
    Hbv,
    /// Hepatitis C.
    Hcv,
    /// HIV-1 and HIV-2.
    Hiv,
    /// HTLV-1.
    Htlv1,
    /// Syphilis.
    Syphilis,
    /// Parvovirus B19 (allogeneic donors).
    ParvovirusB19,
}

impl Analyte {
    /// What must be negative for this kind of donor (`domain` brief section 3, day −14 to 0).
    pub fn required(donor: DonorKind) -> &'static [Analyte] {
        const ALL: [Analyte; 6] = [
            Analyte::Hbv,
            Analyte::Hcv,
            Analyte::Hiv,
            Analyte::Htlv1,
            Analyte::Syphilis,
            Analyte::ParvovirusB19,
        ];
        match donor {
            DonorKind::Autologous => &ALL[..5],
            DonorKind::Allogeneic => &ALL,
        }
    }
}

/// What a screening found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Negative.
    Negative,
    /// Positive.
    Positive,
}

/// The plan changed, ended, or became active again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanChange {
    /// The plan from now on.
    pub plan: Plan,
    /// Whether cells may be provided under it.
    pub active: bool,
    /// Why.
    pub reason: Note,
}

/// Another window was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowChange {
    /// The window from now on.
    pub window: Window,
    /// Why.
    pub reason: Note,
}

/// Ask for cells although the gate blocks them. There is no override: the request and the answer, which
/// lists every blocker, are recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UrgentRequest {
    /// Which batch.
    pub batch: BatchId,
    /// Why they are wanted.
    pub reason: Note,
}

/// The request and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UrgentAnswer {
    /// Which batch.
    pub batch: BatchId,
    /// Why they were wanted.
    pub reason: Note,
    /// The codes of everything that blocked it at that moment.
    pub blocked_by: Vec<String>,
}

/// The order was cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancellation {
    /// Why.
    pub reason: Note,
}

/// A batch was opened for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchOpened {
    /// Which.
    pub batch: BatchId,
}

/// What a batch must know of its order; noted in the batch's own stream whenever it changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderStanding {
    /// Whether the order is active.
    pub active: bool,
    /// Whether its plan is active.
    pub plan_active: bool,
    /// The consent.
    pub consent: ConsentStanding,
    /// The newest donor screening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screening: Option<DonorScreening>,
    /// When the infusion is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
}

/// Where the consent stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ConsentStanding {
    /// None recorded.
    Missing,
    /// In force.
    InForce {
        /// The version of the form.
        version: Short,
    },
    /// Withdrawn.
    Withdrawn {
        /// When.
        at: Time,
    },
}

/// An order as the journal knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Which order.
    pub id: OrderId,
    /// Its label, clinic and content.
    pub placed: Placed,
    /// What its batches must know.
    pub standing: OrderStanding,
    /// The plan now.
    pub plan: Plan,
    /// Its batches.
    pub batches: Vec<BatchId>,
    /// Whether the patient's name is to be erased, or was.
    pub erasure: Option<Erasure>,
    /// The newest acknowledgement of each batch's date that moved; what it says now, [`Order::acknowledged`] tells.
    acknowledged: BTreeMap<BatchId, ForecastAcknowledgement>,
}

impl Order {
    /// Applies one entry.
    ///
    /// # Errors
    /// A history that cannot have happened.
    pub fn evolve(state: Option<Order>, id: OrderId, event: &Event) -> Result<Order, Impossible> {
        let mut order = match (state, event) {
            (None, Event::Placed(placed)) => {
                return Ok(Order {
                    id,
                    standing: OrderStanding {
                        active: true,
                        plan_active: true,
                        consent: ConsentStanding::Missing,
                        screening: None,
                        window: placed.placement.window,
                    },
                    plan: placed.placement.plan.clone(),
                    placed: (**placed).clone(),
                    batches: Vec::new(),
                    erasure: None,
                    acknowledged: BTreeMap::new(),
                });
            }
            (Some(order), event) if !matches!(event, Event::Placed(_)) => order,
            _ => return Err(Impossible::new("an order is placed once, and first")),
        };
        match event {
            Event::Placed(_) | Event::UrgentAnswer(_) => {}
            Event::Consent(consent) => {
                order.standing.consent = ConsentStanding::InForce { version: consent.version.clone() };
            }
            Event::ConsentWithdrawal(withdrawal) => {
                order.standing.consent = ConsentStanding::Withdrawn { at: withdrawal.withdrawn_at };
            }
            Event::DonorScreening(screening) => order.standing.screening = Some((**screening).clone()),
            Event::PlanChange(change) => {
                order.plan = change.plan.clone();
                order.standing.plan_active = change.active;
            }
            Event::WindowChange(change) => {
                order.standing.window = Some(change.window);
                // What was seen of another booking says nothing of this one, also where it is booked again.
                order.acknowledged.clear();
            }
            Event::ForecastAcknowledgement(seen) => {
                order.acknowledged.insert(seen.batch, (**seen).clone());
            }
            Event::Cancellation(_) => order.standing.active = false,
            Event::ErasureProposed(proposed) => match order.erasure {
                None => order.erasure = Some(Erasure::Proposed { by: proposed.by }),
                Some(_) => return Err(Impossible::new("erasing a name is proposed once")),
            },
            Event::ErasureWithdrawal(_) => match order.erasure {
                Some(Erasure::Proposed { .. }) => order.erasure = None,
                Some(Erasure::Done) | None => {
                    return Err(Impossible::new("what is withdrawn was proposed"));
                }
            },
            Event::PersonalDataErased(_) => match order.erasure {
                Some(Erasure::Done) => return Err(Impossible::new("a name is erased once")),
                // An order may be younger than the proposal.
                Some(Erasure::Proposed { .. }) | None => order.erasure = Some(Erasure::Done),
            },
            Event::BatchOpened(opened) => order.batches.push(opened.batch),
        }
        Ok(order)
    }
}

/// Decides a command on an order; `blocked_by` lists what blocks the batch an urgent request asks for.
///
/// # Errors
/// Every reason why not.
pub fn decide(
    order: Option<&Order>,
    command: &Command,
    clinic: Option<ClinicId>,
    label: Option<&Label>,
    now: Time,
    blocked_by: &[String],
) -> Result<Event, Vec<Reason>> {
    let not_future =
        |at: Time, field| if at > now { vec![Reason::InTheFuture { field }] } else { Vec::new() };
    let window_faults = |window: &Window| {
        if window.until <= window.from { vec![Reason::SpanEndsBeforeItBegins] } else { Vec::new() }
    };
    let order = match (order, command) {
        (None, Command::Placement(placement)) => {
            let mut reasons = placement.window.as_ref().map(window_faults).unwrap_or_default();
            let (Some(clinic), Some(label)) = (clinic, label) else {
                reasons.push(Reason::ClinicMismatch);
                return Err(reasons);
            };
            if !reasons.is_empty() {
                return Err(reasons);
            }
            let placement = (**placement).clone();
            return Ok(Placed { label: label.clone(), clinic, placement }.into());
        }
        (None, _) => return Err(vec![Reason::NotFound]),
        (Some(_), Command::Placement(_)) => return Err(vec![Reason::AlreadyDone]),
        (Some(order), _) => order,
    };
    let mut reasons = Vec::new();
    let event = match command {
        Command::Placement(_) => return Err(vec![Reason::AlreadyDone]),
        // Of all the patient's orders at once: see `erasure`.
        Command::ErasureProposal(_) | Command::ErasureWithdrawal(_) | Command::ErasureConfirmation(_) => {
            return Err(vec![Reason::NotFound]);
        }
        Command::Consent(consent) => {
            reasons.extend(not_future(consent.signed_at, "/signed_at"));
            Event::Consent(consent.clone())
        }
        Command::ConsentWithdrawal(withdrawal) => {
            reasons.extend(not_future(withdrawal.withdrawn_at, "/withdrawn_at"));
            if !matches!(order.standing.consent, ConsentStanding::InForce { .. }) {
                reasons.push(Reason::NoConsentInForce);
            }
            Event::ConsentWithdrawal(withdrawal.clone())
        }
        Command::DonorScreening(screening) => {
            reasons.extend(not_future(screening.sampled_at, "/sampled_at"));
            Event::DonorScreening(screening.clone())
        }
        Command::PlanChange(change) => Event::PlanChange(change.clone()),
        Command::WindowChange(change) => {
            reasons.extend(window_faults(&change.window));
            Event::WindowChange(change.clone())
        }
        Command::ForecastAcknowledgement(seen) => {
            let foretold = [Some(&seen.foretold), seen.before.as_ref()];
            if !foretold.into_iter().flatten().all(Foretold::is_in_order) {
                reasons.push(Reason::SpanEndsBeforeItBegins);
            }
            if seen.foretold.at > now.plus(acknowledgement::FURTHEST) {
                reasons.push(Reason::InTheFuture { field: "/foretold/at" });
            }
            if order.acknowledged(seen.batch).is_some_and(|known| known.foretold == seen.foretold) {
                reasons.push(Reason::AlreadyDone);
            }
            if !order.batches.contains(&seen.batch) {
                reasons.push(Reason::NotFound);
            }
            if !order.standing.active {
                reasons.push(Reason::OrderInactive);
            } else if order.standing.window != Some(seen.booked) {
                reasons.push(Reason::BookedOtherwise);
            }
            Event::ForecastAcknowledgement(seen.clone())
        }
        Command::UrgentRequest(request) => {
            if !order.batches.contains(&request.batch) {
                reasons.push(Reason::NotFound);
            }
            if blocked_by.is_empty() {
                reasons.push(Reason::NothingBlocks);
            }
            UrgentAnswer {
                batch: request.batch,
                reason: request.reason.clone(),
                blocked_by: blocked_by.to_vec(),
            }
            .into()
        }
        Command::Cancellation(cancellation) => {
            if !order.standing.active {
                reasons.push(Reason::AlreadyDone);
            }
            Event::Cancellation(cancellation.clone())
        }
    };
    if reasons.is_empty() { Ok(event) } else { Err(reasons) }
}
