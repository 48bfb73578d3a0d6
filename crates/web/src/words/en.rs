//! English: the names of things. Sentences and pages stand in the files below.

pub(super) mod account;
pub(super) mod bench;
mod blockers;
pub(super) mod clinic;
mod facts;
pub(super) mod forecast;
pub(super) mod inspection;
pub(super) mod picture;
pub(super) mod privacy;
pub(super) mod quality;
mod reasons;
pub(super) mod records;
pub(super) mod sheet;
pub(super) mod ui;
pub(super) mod ways;

pub(super) use account::{scope, source};
pub(super) use blockers::blocker;
pub(super) use facts::event;
pub(super) use quality::{awaited, exception, exception_count, met_count};
pub(super) use reasons::{reason_in, standard_fault};

use super::{Context, Language, Thing, line, listed, one_line};
use baiyo_domain::authority::{Department, Meaning, Role};
use baiyo_domain::batch::culture::VesselState;
use baiyo_domain::batch::disposition::HoldCause;
use baiyo_domain::batch::distribution::{Custody, StopCause};
use baiyo_domain::batch::gate::{CheckState, Requirement};
use baiyo_domain::batch::results::Verdict;
use baiyo_domain::batch::{Duty, Subject};
use baiyo_domain::numbers::Unusual;
use baiyo_domain::order::{Analyte, Finding, PlanClass};
use baiyo_domain::quality_event::{DepartureKind, Impact};
use baiyo_domain::standard::{Attribute, BenchRecord, Criterion, DonorKind, Purpose, Stage, Standing, Step};

const LANG: Language = Language::En;

pub(super) fn not_applicable(reason: &str) -> String {
    format!("not applicable: {}", one_line(reason))
}

pub(super) fn requirement(requirement: &Requirement, context: &Context) -> String {
    match requirement {
        Requirement::Instruction => "Instruction signed before processing".into(),
        Requirement::Donor => "Donor eligible".into(),
        Requirement::Consent => "Consent in force".into(),
        Requirement::Order => "Order and plan active".into(),
        Requirement::Identity => "Chain of identity whole".into(),
        Requirement::Record => "Record complete and checked".into(),
        Requirement::Manufacturing => "Confirmed by manufacturing".into(),
        Requirement::Quality => "Confirmed by quality".into(),
        Requirement::Holds => "No hold".into(),
        Requirement::QualityEvents => "Quality events assessed".into(),
        Requirement::Test(code) => context.title(LANG, code),
        Requirement::Failures => "No failing result".into(),
        Requirement::Process => "Culture within the standard".into(),
        Requirement::Dose => "Dose within the standard".into(),
        Requirement::Labels => "Labels reconciled".into(),
        Requirement::Container => "Container at the centre, in its final form".into(),
        Requirement::InDate => "In date".into(),
    }
}

pub(super) fn hold_cause(cause: &HoldCause, context: &Context) -> String {
    match cause {
        HoldCause::Request { reason } => format!("Requested: {}", line(reason)),
        HoldCause::Mismatch => "Labels of two batches met".into(),
        HoldCause::Oos { result } => format!("Result {result} fails (OOS)"),
        HoldCause::QualityEvent { event } => {
            format!("Quality event {}", context.call(Thing::QualityEvent(*event)))
        }
        HoldCause::ConsentWithdrawn => "Consent withdrawn".into(),
        HoldCause::DonorPositive => "Donor positive".into(),
    }
}

pub(super) fn stop_cause(cause: &StopCause, context: &Context) -> String {
    match cause {
        StopCause::Oos { result } => format!("Result {result} failed after shipping (OOS)"),
        StopCause::Correction { entry } => format!(
            "A correction of entry {} changed what the release rested on",
            context.call(Thing::Entry(*entry))
        ),
        StopCause::Withdrawal { reason } => format!("Withdrawn: {}", line(reason)),
        StopCause::Held => "Held after shipping".into(),
        StopCause::Parent { batch } => {
            format!("Batch {}, which its cells come from, is in doubt", context.call(Thing::Batch(*batch)))
        }
    }
}

pub(super) fn subject(subject: &Subject, context: &Context) -> String {
    match subject {
        Subject::Tissue => "tissue".into(),
        Subject::Parent { batch } => format!("batch {}", context.call(Thing::Batch(*batch))),
        Subject::Vessel(no) => format!("vessel {no}"),
        Subject::Harvest(no) => format!("harvest {no}"),
        Subject::Fill(no) => format!("fill {no}"),
        Subject::Container(no) => format!("container {no}"),
    }
}

pub(super) fn criterion(criterion: &Criterion, unit: Option<&str>) -> String {
    let unit = unit.map(|unit| format!(" {unit}")).unwrap_or_default();
    match criterion {
        Criterion::AtLeast(limit) => format!("at least {limit}{unit}"),
        Criterion::AtMost(limit) => format!("at most {limit}{unit}"),
        Criterion::Below(limit) => format!("less than {limit}{unit}"),
        Criterion::Between { least, most } => format!("{least} to {most}{unit}"),
        Criterion::NoGrowth { incubation } => format!("no growth over {} h", incubation.value()),
        Criterion::Negative => "negative".into(),
        Criterion::Text { accepted } => any(accepted.iter().map(|text| format!("“{text}”"))),
    }
}

pub(super) fn stage(stage: &Stage) -> String {
    match stage {
        Stage::Donor => "Donor".into(),
        Stage::Receipt => "Tissue as received".into(),
        Stage::InProcess { within } => {
            format!("In culture, {} before harvest at the earliest", days(within.value()))
        }
        Stage::Bank => "Cell bank".into(),
        Stage::Harvest => "Harvest".into(),
        Stage::Fill => "Fill".into(),
        Stage::Thaw => "Thawed container".into(),
    }
}

pub(super) fn check_state(state: CheckState) -> &'static str {
    match state {
        CheckState::Open => "Open",
        CheckState::Met => "Met",
        CheckState::Failed => "Failed",
    }
}

pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::Technician => "Lab technician",
        Role::ManufacturingLead => "Manufacturing lead",
        Role::QcAnalyst => "QC analyst",
        Role::Releaser => "Releaser",
        Role::FacilityManager => "Facility manager",
        Role::Coordinator => "Clinic coordinator",
        Role::Physician => "Physician",
        Role::Administrator => "Administrator",
        Role::Inspector => "Inspector",
    }
}

pub(super) fn department(department: Department) -> &'static str {
    match department {
        Department::Manufacturing => "Manufacturing",
        Department::Quality => "Quality",
        Department::Management => "Facility management",
        Department::Clinic => "Clinic",
        Department::Administration => "Administration",
        Department::Inspection => "Inspection",
    }
}

pub(super) fn meaning(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::Instruction => "Manufacturing instruction",
        Meaning::Verification => "Verification of a result",
        Meaning::Interpretation => "Interpretation of a result",
        Meaning::ImpactAssessment => "Assessment of the impact on a batch",
        Meaning::InvestigationClosure => "Closure of an investigation (OOS)",
        Meaning::ManufacturingConfirmation => "Confirmation of the record by manufacturing",
        Meaning::QualityConfirmation => "Confirmation of the record by quality",
        Meaning::Disposition => "Disposition (release or rejection)",
        Meaning::HoldLift => "Lifting of a hold",
        Meaning::StandardApproval => "Approval of a product standard",
        Meaning::AdministrationDecision => "Decision on the administration",
        Meaning::RoleGrant => "Granting of a role",
        Meaning::Deputyship => "Naming of a deputy",
        Meaning::IdentityCheck => "Identity check as the second person",
        Meaning::KeyRegistration => "Identity check and registration of a key",
        Meaning::QualityEventClosure => "Closure of a quality event",
        Meaning::ErasureProposal => "Proposal to erase a patient's name",
        Meaning::ErasureConfirmation => "Confirmation, as the second person, that a patient's name is erased",
    }
}

pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "Pass",
        Verdict::Fail => "Fail (OOS)",
        Verdict::Undecidable => "Undecidable",
        Verdict::AwaitsInterpretation => "Awaits interpretation",
        Verdict::ControlsFailed => "Controls failed",
        Verdict::Incubating => "Incubating",
    }
}

pub(super) fn custody(custody: Custody) -> &'static str {
    match custody {
        Custody::InHouse => "At the centre",
        Custody::Packed => "Packed",
        Custody::Shipped => "Shipped",
        Custody::Received { good: true } => "Received",
        Custody::Received { good: false } => "Received, in doubt",
        Custody::Infused => "Administered",
        Custody::Returned => "Returned",
        Custody::Destroyed => "Destroyed",
        Custody::Drawn { .. } => "Used as a bank",
    }
}

pub(super) fn departure(kind: DepartureKind) -> &'static str {
    match kind {
        DepartureKind::TissueTemperature => "Tissue travelled outside its temperature range",
        DepartureKind::TissueHours => "Tissue travelled longer than allowed",
        DepartureKind::TissueSeal => "The tissue's seal was broken",
        DepartureKind::NoInstruction => "Cells were processed without a signed instruction",
        DepartureKind::ProcessedWhileBlocked => "Cells were processed although the tissue was not accepted",
        DepartureKind::WrongRole => "A step was done by somebody whose role does not include it",
        DepartureKind::SeedingDensity => "Seeding density outside the standard",
        DepartureKind::MediumInterval => "Medium changed later than the standard allows",
        DepartureKind::HealthOrGowning => "Somebody worked who was not healthy or not properly gowned",
        DepartureKind::NotPhotographed => "No photograph was taken of a culture",
        DepartureKind::LineNotCleared => "The line was not cleared of another batch",
        DepartureKind::CountVariation => "Replicate counts scatter more than the standard allows",
        DepartureKind::Passage => "Passage number above the standard",
        DepartureKind::BankExpired => "A bank container past its expiry was seeded",
        DepartureKind::StorageTemperature => "Product kept outside its temperatures",
        DepartureKind::ShippedUncleared => "Shipped without clearance",
        DepartureKind::ProductTransport => "Product moved outside its limits",
        DepartureKind::ArrivedDamaged => "Arrived damaged, unsealed or refused",
        DepartureKind::ReceivedUncleared => "A container was accepted that the check would have refused",
        DepartureKind::InfusedUncleared => "Administered without clearance",
        DepartureKind::CorrectedAfterAdministration => {
            "A correction after administration changed what the release rested on"
        }
        DepartureKind::FailedAfterAdministration => "A test failed after administration",
    }
}

pub(super) fn attribute(attribute: Attribute) -> &'static str {
    match attribute {
        Attribute::DonorPanel => "Donor panel",
        Attribute::Identity => "Identity",
        Attribute::Appearance => "Appearance",
        Attribute::Count => "Cell count",
        Attribute::Viability => "Viability",
        Attribute::Endotoxin => "Endotoxin",
        Attribute::Mycoplasma => "Mycoplasma",
        Attribute::Sterility => "Sterility",
        Attribute::Karyotype => "Karyotype",
        Attribute::Other => "Other",
    }
}

pub(super) fn purpose(purpose: &Purpose) -> &'static str {
    match purpose {
        Purpose::Mandated => "Mandated",
        Purpose::Surveillance { .. } => "Surveillance after shipping",
        Purpose::Information => "For information",
    }
}

pub(super) fn bench_record(record: BenchRecord) -> &'static str {
    match record {
        BenchRecord::HealthAndGowning => "health and gowning",
        BenchRecord::LineClearance => "line clearance",
        BenchRecord::MinutesOutside => "minutes outside the incubator",
        BenchRecord::Antibiotics => "antibiotics in the medium",
        BenchRecord::Serum => "whose serum was used",
        BenchRecord::Photograph => "photograph of each vessel observed or passaged",
    }
}

pub(super) fn photograph(vessels: &str, day: i64, by: &str) -> String {
    format!("Photograph of {vessels} on day {day} of culture, taken by {by}")
}

pub(super) fn several_vessels(numbers: &[u16]) -> String {
    numbered("vessel", numbers)
}

pub(super) fn culture_day(day: i64) -> String {
    format!("day {day}")
}

pub(super) fn step(step: Step) -> &'static str {
    match step {
        Step::TissueReceipt => "Receipt of tissue",
        Step::Isolation => "Isolation and first seeding",
        Step::Passage => "Passage",
        Step::Harvest => "Harvest",
        Step::Fill => "Fill",
        Step::Thaw => "Thaw",
        Step::LabelReconciliation => "Label reconciliation",
        Step::Packing => "Packing",
    }
}

pub(super) fn analyte(analyte: Analyte) -> &'static str {
    match analyte {
        Analyte::Hbv => "HBV",
        Analyte::Hcv => "HCV",
        Analyte::Hiv => "HIV-1/2",
        Analyte::Htlv1 => "HTLV-1",
        Analyte::Syphilis => "syphilis",
        Analyte::ParvovirusB19 => "parvovirus B19",
    }
}

pub(super) fn finding(finding: Finding) -> &'static str {
    match finding {
        Finding::Negative => "negative",
        Finding::Positive => "positive",
    }
}

pub(super) fn donor_kind(donor: DonorKind) -> &'static str {
    match donor {
        DonorKind::Autologous => "Autologous",
        DonorKind::Allogeneic => "Allogeneic",
    }
}

pub(super) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Draft => "Draft",
        Standing::Approved => "Approved",
        Standing::Retired => "Retired",
    }
}

pub(super) fn impact(impact: Impact) -> &'static str {
    match impact {
        Impact::None => "None",
        Impact::Acceptable => "Acceptable",
        Impact::Unacceptable => "Not acceptable",
    }
}

pub(super) fn duty(duty: Duty) -> &'static str {
    match duty {
        Duty::Maker => "Did a manufacturing step",
        Duty::Checker => "Checked a step",
        Duty::Enterer => "Entered or produced a result",
    }
}

pub(super) fn vessel_state(state: VesselState) -> &'static str {
    match state {
        VesselState::InCulture => "In culture",
        VesselState::Passaged => "Passaged",
        VesselState::Harvested => "Harvested",
        VesselState::Discarded => "Discarded",
        VesselState::GivenAway => "Given to another batch",
    }
}

pub(super) fn plan_class(class: PlanClass) -> &'static str {
    match class {
        PlanClass::One => "Class I",
        PlanClass::Two => "Class II",
        PlanClass::Three => "Class III",
    }
}

pub(super) fn batch_status(name: &str) -> Option<&'static str> {
    Some(match name {
        "opened" => "Planned",
        "instructed" => "Intake awaited",
        "tissue_received" => "Tissue received",
        "tissue_refused" => "Tissue refused",
        "in_culture" => "In culture",
        "harvested" => "Harvested",
        "filled" => "Filled",
        "under_test" => "Testing",
        "awaiting_confirmation" => "Awaiting confirmation",
        "ready_for_decision" => "Ready for decision",
        "released" => "Released",
        "partly_released" => "Partly released",
        "shipped" => "Shipped",
        "received" => "Received",
        "administered" => "Administered",
        "rejected" => "Rejected",
        "on_hold" => "On hold",
        "discontinued" => "Discontinued",
        "closed" => "Closed",
        _ => return None,
    })
}

pub(super) fn container_status(name: &str) -> Option<&'static str> {
    Some(match name {
        "in_house" => "At the centre",
        "packed" => "Packed",
        "shipped" => "Shipped",
        "received" => "Received",
        "received_in_doubt" => "Received, in doubt",
        "infused" => "Administered",
        "returned" => "Returned",
        "destroyed" => "Destroyed",
        "drawn" => "Used as a bank",
        "released" => "Released",
        "rejected" => "Rejected",
        "stopped" => "Stopped",
        _ => return None,
    })
}

pub(super) fn action(name: &str) -> Option<&'static str> {
    Some(match name {
        "site.clinic_registration" => "Register a clinic",
        "site.clinic_change" => "Change a clinic",
        "site.incubator_registration" => "Register an incubator",
        "site.incubator_change" => "Change or retire an incubator",
        "site.access_review" => "Record a review of access",
        "person.invitation" => "Take a person on",
        "person.setup_link" => "Give out a set-up link",
        "person.identity_confirmation" => "Confirm who somebody is, as a second person",
        "person.key_registration" => "Check an identity and register a key",
        "person.role_grant" => "Grant a role",
        "person.role_end" => "End a role",
        "person.deputyship" => "Name a deputy",
        "person.deputyship_end" => "End a deputyship",
        "person.departure" => "Let a person leave",
        "standard.draft" => "File a product standard",
        "standard.approval" => "Approve a product standard",
        "standard.retirement" => "Retire a product standard",
        "order.placement" => "Place an order",
        "order.consent" => "Record the consent",
        "order.consent_withdrawal" => "Record that consent was withdrawn",
        "order.donor_screening" => "Record the donor screening",
        "order.plan_change" => "Record a change of the provision plan",
        "order.forecast_acknowledgement" => "Acknowledge a later date",
        "order.window_change" => "Change the infusion window",
        "order.urgent_request" => "Ask urgently for blocked cells",
        "order.erasure_proposal" => "Propose to erase the patient's name",
        "order.erasure_withdrawal" => "Withdraw the proposal to erase the patient's name",
        "order.erasure_confirmation" => "Confirm that the patient's name is erased",
        "order.cancellation" => "Cancel the order",
        "batch.intake.opening" => "Open a batch",
        "batch.intake.instruction" => "Sign the manufacturing instruction",
        "batch.intake.tissue_receipt" => "Receive tissue",
        "batch.intake.mismatch_clearance" => "Clear a mismatch of identifiers",
        "batch.culture.isolation" => "Isolate and seed cells",
        "batch.culture.bank_seeding" => "Thaw and seed bank cells",
        "batch.culture.medium_change" => "Change the medium",
        "batch.culture.observation" => "Observe vessels",
        "batch.culture.photograph" => "Photograph vessels",
        "blob.addition" => "Hand in a picture",
        "batch.culture.counting" => "Count cells",
        "batch.culture.passage" => "Passage",
        "batch.culture.label_check" => "Scan new labels back",
        "batch.culture.vessel_move" => "Move a vessel",
        "batch.culture.vessel_discard" => "Discard vessels",
        "batch.culture.pooling" => "Pool vessels of another batch in",
        "batch.filling.harvest" => "Harvest",
        "batch.filling.fill" => "Fill containers",
        "batch.filling.freezing" => "Freeze containers",
        "batch.filling.storage" => "Store containers",
        "batch.filling.thaw" => "Thaw containers",
        "batch.filling.label_reconciliation" => "Reconcile labels",
        "batch.testing.sampling" => "Take a test sample",
        "batch.testing.sending" => "Send a test sample out",
        "batch.testing.result" => "Enter a result",
        "batch.testing.verification" => "Verify a result",
        "batch.testing.interpretation" => "Interpret a result",
        "batch.testing.investigation" => "Conclude an investigation (OOS)",
        "batch.disposition.part_confirmation" => "Confirm one's own part",
        "batch.disposition.correction" => "Correct an entry",
        "batch.disposition.holding" => "Hold",
        "batch.disposition.lifting" => "Lift a hold",
        "batch.disposition.manufacturing_confirmation" => "Confirm the record for manufacturing",
        "batch.disposition.quality_confirmation" => "Confirm the record for quality",
        "batch.disposition.deciding" => "Decide the disposition",
        "batch.distribution.allocation" => "Allocate containers",
        "batch.distribution.packing" => "Pack containers",
        "batch.distribution.shipping_check" => "Check before shipping",
        "batch.distribution.shipment" => "Report a shipment",
        "batch.distribution.receiving_check" => "Check before receipt",
        "batch.distribution.receipt" => "Report what arrived",
        "batch.distribution.administration_decision" => "Decide on the administration",
        "batch.distribution.bedside_check" => "Check at the bedside",
        "batch.distribution.infusion" => "Report an infusion",
        "batch.distribution.outcome" => "Report an outcome",
        "batch.distribution.return_report" => "Report a return",
        "batch.distribution.destruction" => "Report a destruction",
        "batch.distribution.withdrawal" => "Withdraw containers",
        "batch.distribution.stop_acknowledgement" => "Acknowledge a stop message",
        "batch.distribution.discontinuation" => "Discontinue the batch",
        "batch.distribution.closing" => "Close the batch",
        "quality_event.report" => "Report a quality event",
        "quality_event.linking" => "Link batches to a quality event",
        "quality_event.assessment" => "Assess the impact on a batch",
        "quality_event.closing" => "Close a quality event",
        "session.passkey" => "Sign in by a passkey",
        "read.self" => "See oneself",
        "read.batch" => "See batches",
        "read.order" => "See orders",
        "read.planner" => "See the planner",
        "read.trends" => "See trends",
        "read.patient_name" => "See patients' names",
        "read.disclosures" => "See who saw a patient's name",
        "read.access" => "See who has access, and whom they saw",
        "read.standard" => "See product standards",
        "read.quality_event" => "See quality events",
        "read.people" => "See people",
        "read.clinics" => "See clinics",
        "read.incubators" => "See incubators",
        "read.journal" => "See the journal",
        "records.export" => "Export the whole record",
        "records.verification" => "Verify the whole record",
        "records.rebuild" => "Rebuild the lists",
        "read.attempts" => "See refused attempts",
        "account.change" => "Change one's own account",
        "account.ending" => "End somebody's sessions, tokens and links",
        "account.tablets" => "Register bench tablets",
        _ => return None,
    })
}

/// The name of a form's field, by its JSON pointer.
fn field(pointer: &str) -> &str {
    match pointer {
        "/performed/at" => "The time of the step",
        "/collected_at" => "The time of collection",
        "/read_at" => "The time of reading",
        "/inoculated_at" => "The time of inoculation",
        "/ended_at" => "The end of the infusion",
        "/signed_at" => "The time of the consent",
        "/withdrawn_at" => "The time of the withdrawal",
        "/sampled_at" => "The time of the blood sample",
        "/least_temperature" => "Temperature on the way",
        other => other,
    }
}

fn any(items: impl IntoIterator<Item = String>) -> String {
    joined(items, "or")
}

fn all(items: impl IntoIterator<Item = String>) -> String {
    joined(items, "and")
}

/// "a", "a or b", "a, b or c".
fn joined(items: impl IntoIterator<Item = String>, with: &str) -> String {
    let mut items: Vec<String> = items.into_iter().collect();
    match items.pop() {
        Some(last) if !items.is_empty() => format!("{} {with} {last}", items.join(", ")),
        Some(only) => only,
        None => String::new(),
    }
}

/// "1 vessel", "2 vessels".
fn many(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// "vessel 1", "vessels 1, 2".
fn numbered<T: ToString>(thing: &str, numbers: impl IntoIterator<Item = T>) -> String {
    let numbers: Vec<T> = numbers.into_iter().collect();
    let plural = match (numbers.len(), thing.ends_with("ch")) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{thing}{plural} {}", listed(numbers))
}

fn days(number: impl ToString) -> String {
    let number = number.to_string();
    let plural = if number == "1" { "" } else { "s" };
    format!("{number} day{plural}")
}

/// A name as it stands within a sentence.
fn within(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

pub(super) fn unusual(unusual: Unusual) -> &'static str {
    match unusual {
        Unusual::Facility => "Recorded as given. A facility number is usually FA, FB or FC and seven digits.",
        Unusual::Clinic => "Recorded as given. A clinic's number is usually letters, digits and hyphens.",
        Unusual::Plan => {
            "Recorded as given. A plan's number is usually PA, PB or PC by its class and seven digits, or jRCT with \
             a, b or c and nine."
        }
    }
}
