//! The table of authority: for each action who may do it, of what, in which state that must be, and who is shut out
//! by what he did before. Deny by default: what stands in no row, nobody may. It is printed for inspectors as
//! `docs/inspector/authority.md`.

use super::Role::{self, *};
use crate::batch::Duty::{self, *};
use When::*;

/// What one action wants of whoever does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The action, `stream.stage.form` as in the API; reading has actions of its own, and so has work on the whole
    /// record, which changes nothing in it.
    pub action: &'static str,
    /// The roles that may do it.
    pub roles: &'static [Role],
    /// Of what.
    pub reach: Reach,
    /// In which state it must be.
    pub when: When,
    /// Who may not, whatever his roles.
    pub shut_out: &'static [ShutOut],
}

/// What an action reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The centre's own; to a clinic's people it is not there.
    WholeCentre,
    /// Orders and batches: to the centre's people all, to a clinic's people those of their own clinic alone.
    OwnClinic,
    /// Oneself: whoever is signed in, with a role or without.
    Oneself,
}

/// In which state something must be. What more a form wants of it, its stage decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// It is not there yet.
    New,
    /// In whatever state it is.
    There,
    /// A person who has not left.
    Employed,
    /// A standard that is not approved yet.
    Draft,
    /// A standard that is not retired.
    InForce,
    /// An order that is not cancelled.
    Active,
    /// A batch that was neither discontinued nor closed.
    Unended,
    /// The same where it would release something; to decide otherwise, whatever became of the batch.
    UnendedToRelease,
    /// A quality event that is not closed.
    Open,
}

/// Whom an action is closed to by what he did before, or by what he is to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShutOut {
    /// Whom it is about.
    Oneself,
    /// Who has this duty on the batch.
    Has(Duty),
    /// Who entered this very result, or is its analyst.
    ItsEnterer,
    /// Who recorded this very mismatch.
    ItsRecorder,
    /// Who proposed this very thing.
    ItsProposer,
    /// Everybody but whom the entry names.
    Unnamed,
    /// Who did the step, as its checker.
    OwnChecker,
    /// Who names no second person beside himself.
    Unseconded,
}

use Reach::{OwnClinic, WholeCentre};
use ShutOut::{Has, ItsEnterer, ItsProposer, ItsRecorder, OwnChecker, Unnamed, Unseconded};

const MAKERS: &[Role] = &[Technician, ManufacturingLead];
const CLINIC: &[Role] = &[Coordinator, Physician];
const WORKERS: &[Role] = &[Technician, ManufacturingLead, QcAnalyst, Releaser, Coordinator, Physician];
const CENTRE_READERS: &[Role] =
    &[Technician, ManufacturingLead, QcAnalyst, Releaser, FacilityManager, Inspector];
const READERS: &[Role] =
    &[Technician, ManufacturingLead, QcAnalyst, Releaser, FacilityManager, Coordinator, Physician, Inspector];
const NOBODY: &[ShutOut] = &[];
const ANY_DUTY: [ShutOut; 3] = [Has(Maker), Has(Checker), Has(Enterer)];

const fn row(
    action: &'static str,
    roles: &'static [Role],
    reach: Reach,
    when: When,
    shut_out: &'static [ShutOut],
) -> Rule {
    Rule { action, roles, reach, when, shut_out }
}

/// Every action.
#[rustfmt::skip] // One row is one line.
pub const TABLE: &[Rule] = &[
    row("site.clinic_registration", &[Administrator], WholeCentre, New, NOBODY),
    row("site.clinic_change", &[Administrator], WholeCentre, There, NOBODY),
    row("site.incubator_registration", &[ManufacturingLead, FacilityManager], WholeCentre, New, NOBODY),
    row("site.incubator_change", &[ManufacturingLead, FacilityManager], WholeCentre, There, NOBODY),
    row("site.access_review", &[FacilityManager, Releaser], WholeCentre, There, NOBODY),
    row("person.invitation", &[Administrator], WholeCentre, New, NOBODY),
    row("person.identity_confirmation", &[ManufacturingLead, Releaser, FacilityManager, Administrator], WholeCentre, Employed, &[ShutOut::Oneself]),
    row("person.key_registration", &[Administrator], WholeCentre, Employed, &[ShutOut::Oneself, Unseconded]),
    row("person.setup_link", &[Administrator], WholeCentre, Employed, &[ShutOut::Oneself]),
    row("person.role_grant", &[Administrator], WholeCentre, Employed, &[ShutOut::Oneself]),
    row("person.role_end", &[Administrator], WholeCentre, Employed, NOBODY),
    row("person.deputyship", &[FacilityManager], WholeCentre, Employed, &[ShutOut::Oneself]),
    row("person.deputyship_end", &[FacilityManager], WholeCentre, Employed, NOBODY),
    row("person.departure", &[Administrator], WholeCentre, Employed, &[ShutOut::Oneself]),
    row("standard.draft", &[QcAnalyst, Releaser, ManufacturingLead], WholeCentre, New, NOBODY),
    row("standard.approval", &[Releaser], WholeCentre, Draft, NOBODY),
    row("standard.retirement", &[Releaser], WholeCentre, InForce, NOBODY),
    row("order.placement", CLINIC, OwnClinic, New, NOBODY),
    row("order.consent", CLINIC, OwnClinic, There, NOBODY),
    row("order.consent_withdrawal", CLINIC, OwnClinic, There, NOBODY),
    row("order.donor_screening", &[Coordinator, Physician, QcAnalyst], OwnClinic, There, NOBODY),
    row("order.plan_change", CLINIC, OwnClinic, There, NOBODY),
    row("order.window_change", CLINIC, OwnClinic, There, NOBODY),
    row("order.forecast_acknowledgement", CLINIC, OwnClinic, Active, NOBODY),
    row("order.urgent_request", CLINIC, OwnClinic, There, NOBODY),
    row("order.cancellation", CLINIC, OwnClinic, Active, NOBODY),
    row("order.erasure_proposal", &[FacilityManager], WholeCentre, There, NOBODY),
    row("order.erasure_withdrawal", &[FacilityManager], WholeCentre, There, NOBODY),
    row("order.erasure_confirmation", &[Releaser], WholeCentre, There, &[ItsProposer]),
    row("batch.intake.opening", &[ManufacturingLead], OwnClinic, New, NOBODY),
    row("batch.intake.instruction", &[ManufacturingLead], OwnClinic, Unended, NOBODY),
    row("batch.intake.tissue_receipt", MAKERS, OwnClinic, Unended, &[OwnChecker]),
    row("batch.intake.mismatch_clearance", &[Technician, ManufacturingLead, QcAnalyst, Releaser], OwnClinic, There, &[ItsRecorder]),
    row("batch.culture.isolation", MAKERS, OwnClinic, Unended, &[OwnChecker]),
    row("batch.culture.bank_seeding", MAKERS, OwnClinic, Unended, &[OwnChecker]),
    row("batch.culture.medium_change", MAKERS, OwnClinic, Unended, &[OwnChecker]),
    row("batch.culture.observation", MAKERS, OwnClinic, Unended, &[OwnChecker]),
    row("batch.culture.photograph", MAKERS, OwnClinic, There, &[OwnChecker]),
    row("batch.culture.counting", MAKERS, OwnClinic, Unended, &[OwnChecker]),
    row("batch.culture.passage", MAKERS, OwnClinic, Unended, &[OwnChecker]),
    row("batch.culture.label_check", MAKERS, OwnClinic, Unended, &[OwnChecker]),
    row("batch.culture.vessel_move", MAKERS, OwnClinic, Unended, &[OwnChecker]),
    row("batch.culture.vessel_discard", MAKERS, OwnClinic, There, &[OwnChecker, Unseconded]),
    row("batch.culture.pooling", MAKERS, OwnClinic, Unended, &[OwnChecker]),
    row("batch.filling.harvest", MAKERS, OwnClinic, Unended, &[OwnChecker]),
    row("batch.filling.fill", MAKERS, OwnClinic, Unended, &[OwnChecker]),
    row("batch.filling.freezing", MAKERS, OwnClinic, Unended, &[OwnChecker]),
    row("batch.filling.storage", MAKERS, OwnClinic, Unended, &[OwnChecker]),
    row("batch.filling.thaw", MAKERS, OwnClinic, Unended, &[OwnChecker]),
    row("batch.filling.label_reconciliation", MAKERS, OwnClinic, Unended, &[OwnChecker]),
    row("batch.testing.sampling", &[Technician, ManufacturingLead, QcAnalyst], OwnClinic, There, &[OwnChecker]),
    row("batch.testing.sending", &[QcAnalyst, Releaser], OwnClinic, There, &[OwnChecker]),
    row("batch.testing.result", &[QcAnalyst, Releaser], OwnClinic, There, NOBODY),
    row("batch.testing.verification", &[QcAnalyst, Releaser], OwnClinic, There, &[ItsEnterer]),
    row("batch.testing.interpretation", &[Releaser], OwnClinic, There, &[ItsEnterer]),
    row("batch.testing.investigation", &[Releaser], OwnClinic, There, &[ItsEnterer]),
    row("batch.disposition.part_confirmation", WORKERS, OwnClinic, There, &[Unnamed]),
    row("batch.disposition.correction", WORKERS, OwnClinic, There, NOBODY),
    row("batch.disposition.holding", &[Technician, ManufacturingLead, QcAnalyst, Releaser, FacilityManager], OwnClinic, There, NOBODY),
    row("batch.disposition.lifting", &[Releaser], OwnClinic, There, &ANY_DUTY),
    row("batch.disposition.manufacturing_confirmation", &[ManufacturingLead], OwnClinic, There, &[Has(Maker)]),
    row("batch.disposition.quality_confirmation", &[Releaser], OwnClinic, There, &[Has(Maker), Has(Checker)]),
    row("batch.disposition.deciding", &[Releaser], OwnClinic, UnendedToRelease, &ANY_DUTY),
    row("batch.distribution.allocation", &[ManufacturingLead, Releaser], OwnClinic, Unended, NOBODY),
    row("batch.distribution.packing", MAKERS, OwnClinic, Unended, &[OwnChecker]),
    row("batch.distribution.shipping_check", MAKERS, OwnClinic, Unended, NOBODY),
    row("batch.distribution.shipment", MAKERS, OwnClinic, There, &[OwnChecker]),
    row("batch.distribution.receiving_check", CLINIC, OwnClinic, There, NOBODY),
    row("batch.distribution.receipt", CLINIC, OwnClinic, There, &[OwnChecker]),
    row("batch.distribution.administration_decision", &[Physician], OwnClinic, There, NOBODY),
    row("batch.distribution.bedside_check", CLINIC, OwnClinic, There, &[Unseconded]),
    row("batch.distribution.infusion", CLINIC, OwnClinic, There, &[OwnChecker]),
    row("batch.distribution.outcome", &[Physician], OwnClinic, There, &[OwnChecker]),
    row("batch.distribution.return_report", &[Technician, ManufacturingLead, Coordinator, Physician], OwnClinic, There, &[OwnChecker]),
    row("batch.distribution.destruction", &[Technician, ManufacturingLead, Coordinator, Physician], OwnClinic, There, &[OwnChecker, Unseconded]),
    row("batch.distribution.withdrawal", &[Releaser, FacilityManager], OwnClinic, There, NOBODY),
    row("batch.distribution.stop_acknowledgement", CLINIC, OwnClinic, There, NOBODY),
    row("batch.distribution.discontinuation", &[ManufacturingLead, Releaser], OwnClinic, Unended, NOBODY),
    row("batch.distribution.closing", &[Releaser], OwnClinic, Unended, NOBODY),
    row("quality_event.report", &[Technician, ManufacturingLead, QcAnalyst, Releaser, FacilityManager], WholeCentre, New, NOBODY),
    row("quality_event.linking", &[QcAnalyst, Releaser], WholeCentre, Open, NOBODY),
    row("quality_event.assessment", &[Releaser], WholeCentre, Open, NOBODY),
    row("quality_event.closing", &[Releaser], WholeCentre, Open, NOBODY),
    row("blob.addition", MAKERS, WholeCentre, There, NOBODY),
    row("read.self", &[], Reach::Oneself, There, NOBODY),
    row("read.batch", READERS, OwnClinic, There, NOBODY),
    row("read.order", READERS, OwnClinic, There, NOBODY),
    row("read.planner", CENTRE_READERS, WholeCentre, There, NOBODY),
    row("read.trends", CENTRE_READERS, WholeCentre, There, NOBODY),
    row("read.patient_name", CLINIC, OwnClinic, There, NOBODY),
    row("read.disclosures", &[FacilityManager, Coordinator, Physician, Inspector], OwnClinic, There, NOBODY),
    row("read.access", &[FacilityManager, Administrator, Inspector], WholeCentre, There, NOBODY),
    row("read.standard", CENTRE_READERS, WholeCentre, There, NOBODY),
    row("read.quality_event", CENTRE_READERS, WholeCentre, There, NOBODY),
    row("read.people", &[ManufacturingLead, Releaser, FacilityManager, Administrator, Inspector], WholeCentre, There, NOBODY),
    row("read.clinics", &[Technician, ManufacturingLead, QcAnalyst, Releaser, FacilityManager, Administrator, Inspector], WholeCentre, There, NOBODY),
    row("read.incubators", CENTRE_READERS, WholeCentre, There, NOBODY),
    row("read.journal", &[QcAnalyst, Releaser, FacilityManager, Inspector], WholeCentre, There, NOBODY),
    row("read.attempts", &[Releaser, FacilityManager, Administrator, Inspector], WholeCentre, There, NOBODY),
    row("records.export", &[QcAnalyst, Releaser, FacilityManager, Inspector], WholeCentre, There, NOBODY),
    row("records.verification", &[QcAnalyst, Releaser, FacilityManager, Administrator, Inspector], WholeCentre, There, NOBODY),
    row("records.rebuild", &[Administrator], WholeCentre, There, NOBODY),
    row("account.change", &[], Reach::Oneself, There, NOBODY),
    row("account.ending", &[Administrator], WholeCentre, There, NOBODY),
    row("account.tablets", &[Administrator], WholeCentre, There, NOBODY),
];

/// What an action wants; nothing where it is in no row.
pub fn rule(action: &str) -> Option<&'static Rule> {
    TABLE.iter().find(|rule| rule.action == action)
}

/// The roles that may do an action; none where it is not listed.
pub fn roles_for(action: &str) -> &'static [Role] {
    rule(action).map(|rule| rule.roles).unwrap_or_default()
}

/// Whether somebody with these roles may do an action, of whatever it reaches for him.
pub fn may(roles: &[Role], action: &str) -> bool {
    rule(action).is_some_and(|rule| {
        rule.reach == Reach::Oneself || roles.iter().any(|role| rule.roles.contains(role))
    })
}

/// Whether this duty on the batch shuts its holder out of an action.
pub fn shuts_out(action: &str, duty: Duty) -> bool {
    rule(action).is_none_or(|rule| rule.shut_out.contains(&Has(duty)))
}
