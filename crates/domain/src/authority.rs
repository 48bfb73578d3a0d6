//! Who may do what: roles and their departments, the one table of actions, and the proof that a person has
//! just given his password, without which nothing can be signed.

use crate::ids::{ClinicId, KeyId, PersonId};
use ed25519_dalek::SigningKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A role. Its department follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Lab technician: receives, cultures, fills, packs.
    Technician,
    /// Manufacturing lead: signs instructions, confirms records for manufacturing.
    ManufacturingLead,
    /// QC analyst: takes test samples, enters results.
    QcAnalyst,
    /// Releaser: verifies, investigates, confirms for quality, decides the disposition.
    Releaser,
    /// Facility manager (施設管理者): names deputies.
    FacilityManager,
    /// Clinic coordinator: orders, receives.
    Coordinator,
    /// Physician: decides the administration, infuses, reports the outcome.
    Physician,
    /// Administrator: people and clinics; no power over cells.
    Administrator,
    /// Inspector: reads everything, changes nothing.
    Inspector,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 9] = [
        Role::Technician,
        Role::ManufacturingLead,
        Role::QcAnalyst,
        Role::Releaser,
        Role::FacilityManager,
        Role::Coordinator,
        Role::Physician,
        Role::Administrator,
        Role::Inspector,
    ];

    /// The department the role belongs to.
    pub fn department(self) -> Department {
        match self {
            Role::Technician | Role::ManufacturingLead => Department::Manufacturing,
            Role::QcAnalyst | Role::Releaser => Department::Quality,
            Role::FacilityManager => Department::Management,
            Role::Coordinator | Role::Physician => Department::Clinic,
            Role::Administrator => Department::Administration,
            Role::Inspector => Department::Inspection,
        }
    }
}

/// A department; manufacturing and quality are independent of each other (O93-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Department {
    /// 製造部門.
    Manufacturing,
    /// 品質部門.
    Quality,
    /// The facility manager's office.
    Management,
    /// A clinic's staff.
    Clinic,
    /// Accounts and settings.
    Administration,
    /// Outside inspection.
    Inspection,
}

/// What a signature means; printed with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// I instruct manufacturing (製造指図).
    Instruction,
    /// I verified this result.
    Verification,
    /// I interpreted this result.
    Interpretation,
    /// I assessed the impact on this batch.
    ImpactAssessment,
    /// I close this investigation.
    InvestigationClosure,
    /// I confirm the record for manufacturing (O99-1-8).
    ManufacturingConfirmation,
    /// I confirm the record for quality (O100-3).
    QualityConfirmation,
    /// I decide what becomes of these containers (O101).
    Disposition,
    /// I lift this hold.
    HoldLift,
    /// I approve this standard (O96).
    StandardApproval,
    /// I decide on the administration (投与可否, O10-3).
    AdministrationDecision,
    /// I give this role.
    RoleGrant,
    /// I name this deputy.
    Deputyship,
    /// I checked, as the second person, who it is that made this key.
    IdentityCheck,
    /// I checked this person's identity and register his key.
    KeyRegistration,
    /// I close this quality event.
    QualityEventClosure,
}

impl Meaning {
    /// All meanings.
    pub const ALL: [Meaning; 16] = [
        Meaning::Instruction,
        Meaning::Verification,
        Meaning::Interpretation,
        Meaning::ImpactAssessment,
        Meaning::InvestigationClosure,
        Meaning::ManufacturingConfirmation,
        Meaning::QualityConfirmation,
        Meaning::Disposition,
        Meaning::HoldLift,
        Meaning::StandardApproval,
        Meaning::AdministrationDecision,
        Meaning::RoleGrant,
        Meaning::Deputyship,
        Meaning::IdentityCheck,
        Meaning::KeyRegistration,
        Meaning::QualityEventClosure,
    ];

    /// The word that stands in the signed text.
    pub fn word(self) -> &'static str {
        match self {
            Meaning::Instruction => "instruction",
            Meaning::Verification => "verification",
            Meaning::Interpretation => "interpretation",
            Meaning::ImpactAssessment => "impact_assessment",
            Meaning::InvestigationClosure => "investigation_closure",
            Meaning::ManufacturingConfirmation => "manufacturing_confirmation",
            Meaning::QualityConfirmation => "quality_confirmation",
            Meaning::Disposition => "disposition",
            Meaning::HoldLift => "hold_lift",
            Meaning::StandardApproval => "standard_approval",
            Meaning::AdministrationDecision => "administration_decision",
            Meaning::RoleGrant => "role_grant",
            Meaning::Deputyship => "deputyship",
            Meaning::IdentityCheck => "identity_check",
            Meaning::KeyRegistration => "key_registration",
            Meaning::QualityEventClosure => "quality_event_closure",
        }
    }
}

/// Who acts: the person signed in, with the roles in force now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The person.
    pub person: PersonId,
    /// His roles now, deputyships included.
    pub roles: Vec<Role>,
    /// His clinic, for clinic staff.
    pub clinic: Option<ClinicId>,
}

impl Actor {
    /// Whether one of his roles is among these.
    pub fn has_any(&self, roles: &[Role]) -> bool {
        self.roles.iter().any(|role| roles.contains(role))
    }
}

/// Proof that a person has just given his password for this one request: it holds his unlocked signing
/// key. Only the accounts of the persistence crate make it (a test guards that); nothing can be signed
/// without it, and it cannot be copied.
pub struct Reauthenticated {
    person: PersonId,
    key: KeyId,
    signing: SigningKey,
    meaning: Meaning,
}

impl Reauthenticated {
    /// The proof; for the place that has checked the password and nobody else.
    pub fn proven(person: PersonId, key: KeyId, signing: SigningKey, meaning: Meaning) -> Self {
        Self { person, key, signing, meaning }
    }

    /// Who gave the password.
    pub fn person(&self) -> PersonId {
        self.person
    }

    /// Which of his keys was unlocked.
    pub fn key(&self) -> KeyId {
        self.key
    }

    /// The unlocked key.
    pub fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// What he said his signature means.
    pub fn meaning(&self) -> Meaning {
        self.meaning
    }
}

use Role::*;

/// Every action and the roles that may do it; what is not listed, nobody may. An action is named
/// `stream.stage.form` as in the API. Reading has rows of its own, and so has work on the whole record, which
/// changes nothing in it.
pub const TABLE: &[(&str, &[Role])] = &[
    ("site.clinic_registration", &[Administrator]),
    ("site.clinic_change", &[Administrator]),
    ("site.incubator_registration", &[ManufacturingLead, FacilityManager]),
    ("site.incubator_change", &[ManufacturingLead, FacilityManager]),
    ("site.access_review", &[FacilityManager, Releaser]),
    ("person.invitation", &[Administrator]),
    ("person.identity_confirmation", &[ManufacturingLead, Releaser, FacilityManager, Administrator]),
    ("person.key_registration", &[Administrator]),
    ("person.setup_link", &[Administrator]),
    ("person.role_grant", &[Administrator]),
    ("person.role_end", &[Administrator]),
    ("person.deputyship", &[FacilityManager]),
    ("person.deputyship_end", &[FacilityManager]),
    ("person.departure", &[Administrator]),
    ("standard.draft", &[QcAnalyst, Releaser, ManufacturingLead]),
    ("standard.approval", &[Releaser]),
    ("standard.retirement", &[Releaser]),
    ("order.placement", &[Coordinator, Physician]),
    ("order.consent", &[Coordinator, Physician]),
    ("order.consent_withdrawal", &[Coordinator, Physician]),
    ("order.donor_screening", &[Coordinator, Physician, QcAnalyst]),
    ("order.plan_change", &[Coordinator, Physician]),
    ("order.window_change", &[Coordinator, Physician]),
    ("order.forecast_acknowledgement", &[Coordinator, Physician]),
    ("order.urgent_request", &[Coordinator, Physician]),
    ("order.cancellation", &[Coordinator, Physician]),
    ("order.erasure_proposal", &[FacilityManager]),
    ("order.erasure_confirmation", &[Releaser]),
    ("batch.intake.opening", &[ManufacturingLead]),
    ("batch.intake.instruction", &[ManufacturingLead]),
    ("batch.intake.tissue_receipt", &[Technician, ManufacturingLead]),
    ("batch.intake.mismatch_clearance", &[Technician, ManufacturingLead, QcAnalyst, Releaser]),
    ("batch.culture.isolation", &[Technician, ManufacturingLead]),
    ("batch.culture.bank_seeding", &[Technician, ManufacturingLead]),
    ("batch.culture.medium_change", &[Technician, ManufacturingLead]),
    ("batch.culture.observation", &[Technician, ManufacturingLead]),
    ("batch.culture.photograph", &[Technician, ManufacturingLead]),
    ("batch.culture.counting", &[Technician, ManufacturingLead]),
    ("batch.culture.passage", &[Technician, ManufacturingLead]),
    ("batch.culture.label_check", &[Technician, ManufacturingLead]),
    ("batch.culture.vessel_move", &[Technician, ManufacturingLead]),
    ("batch.culture.vessel_discard", &[Technician, ManufacturingLead]),
    ("batch.culture.pooling", &[Technician, ManufacturingLead]),
    ("batch.filling.harvest", &[Technician, ManufacturingLead]),
    ("batch.filling.fill", &[Technician, ManufacturingLead]),
    ("batch.filling.freezing", &[Technician, ManufacturingLead]),
    ("batch.filling.storage", &[Technician, ManufacturingLead]),
    ("batch.filling.thaw", &[Technician, ManufacturingLead]),
    ("batch.filling.label_reconciliation", &[Technician, ManufacturingLead]),
    ("batch.testing.sampling", &[Technician, ManufacturingLead, QcAnalyst]),
    ("batch.testing.sending", &[QcAnalyst, Releaser]),
    ("batch.testing.result", &[QcAnalyst, Releaser]),
    ("batch.testing.verification", &[QcAnalyst, Releaser]),
    ("batch.testing.interpretation", &[Releaser]),
    ("batch.testing.investigation", &[Releaser]),
    (
        "batch.disposition.part_confirmation",
        &[Technician, ManufacturingLead, QcAnalyst, Releaser, Coordinator, Physician],
    ),
    (
        "batch.disposition.correction",
        &[Technician, ManufacturingLead, QcAnalyst, Releaser, Coordinator, Physician],
    ),
    ("batch.disposition.holding", &[Technician, ManufacturingLead, QcAnalyst, Releaser, FacilityManager]),
    ("batch.disposition.lifting", &[Releaser]),
    ("batch.disposition.manufacturing_confirmation", &[ManufacturingLead]),
    ("batch.disposition.quality_confirmation", &[Releaser]),
    ("batch.disposition.deciding", &[Releaser]),
    ("batch.distribution.allocation", &[ManufacturingLead, Releaser]),
    ("batch.distribution.packing", &[Technician, ManufacturingLead]),
    ("batch.distribution.shipping_check", &[Technician, ManufacturingLead]),
    ("batch.distribution.shipment", &[Technician, ManufacturingLead]),
    ("batch.distribution.receiving_check", &[Coordinator, Physician]),
    ("batch.distribution.receipt", &[Coordinator, Physician]),
    ("batch.distribution.administration_decision", &[Physician]),
    ("batch.distribution.bedside_check", &[Coordinator, Physician]),
    ("batch.distribution.infusion", &[Coordinator, Physician]),
    ("batch.distribution.outcome", &[Physician]),
    ("batch.distribution.return_report", &[Technician, ManufacturingLead, Coordinator, Physician]),
    ("batch.distribution.destruction", &[Technician, ManufacturingLead, Coordinator, Physician]),
    ("batch.distribution.withdrawal", &[Releaser, FacilityManager]),
    ("batch.distribution.stop_acknowledgement", &[Coordinator, Physician]),
    ("batch.distribution.discontinuation", &[ManufacturingLead, Releaser]),
    ("batch.distribution.closing", &[Releaser]),
    ("quality_event.report", &[Technician, ManufacturingLead, QcAnalyst, Releaser, FacilityManager]),
    ("quality_event.linking", &[QcAnalyst, Releaser]),
    ("quality_event.assessment", &[Releaser]),
    ("quality_event.closing", &[Releaser]),
    ("blob.addition", &[Technician, ManufacturingLead]),
    (
        "read.batch",
        &[
            Technician,
            ManufacturingLead,
            QcAnalyst,
            Releaser,
            FacilityManager,
            Coordinator,
            Physician,
            Inspector,
        ],
    ),
    (
        "read.order",
        &[
            Technician,
            ManufacturingLead,
            QcAnalyst,
            Releaser,
            FacilityManager,
            Coordinator,
            Physician,
            Inspector,
        ],
    ),
    ("read.patient_name", &[Coordinator, Physician]),
    ("read.disclosures", &[FacilityManager, Coordinator, Physician, Inspector]),
    ("read.access", &[FacilityManager, Administrator, Inspector]),
    ("read.standard", &[Technician, ManufacturingLead, QcAnalyst, Releaser, FacilityManager, Inspector]),
    ("read.quality_event", &[Technician, ManufacturingLead, QcAnalyst, Releaser, FacilityManager, Inspector]),
    ("read.people", &[ManufacturingLead, Releaser, FacilityManager, Administrator, Inspector]),
    (
        "read.clinics",
        &[Technician, ManufacturingLead, QcAnalyst, Releaser, FacilityManager, Administrator, Inspector],
    ),
    ("read.incubators", &[Technician, ManufacturingLead, QcAnalyst, Releaser, FacilityManager, Inspector]),
    ("read.journal", &[QcAnalyst, Releaser, FacilityManager, Inspector]),
    ("read.attempts", &[Releaser, FacilityManager, Administrator, Inspector]),
    ("records.export", &[QcAnalyst, Releaser, FacilityManager, Inspector]),
    ("records.verification", &[QcAnalyst, Releaser, FacilityManager, Administrator, Inspector]),
    ("records.rebuild", &[Administrator]),
];

/// The actions that are signings, with what their signature means.
pub const SIGNINGS: &[(&str, Meaning)] = &[
    ("person.identity_confirmation", Meaning::IdentityCheck),
    ("person.key_registration", Meaning::KeyRegistration),
    ("person.role_grant", Meaning::RoleGrant),
    ("person.deputyship", Meaning::Deputyship),
    ("standard.approval", Meaning::StandardApproval),
    ("quality_event.assessment", Meaning::ImpactAssessment),
    ("quality_event.closing", Meaning::QualityEventClosure),
    ("batch.intake.instruction", Meaning::Instruction),
    ("batch.testing.verification", Meaning::Verification),
    ("batch.testing.interpretation", Meaning::Interpretation),
    ("batch.testing.investigation", Meaning::InvestigationClosure),
    ("batch.disposition.lifting", Meaning::HoldLift),
    ("batch.disposition.manufacturing_confirmation", Meaning::ManufacturingConfirmation),
    ("batch.disposition.quality_confirmation", Meaning::QualityConfirmation),
    ("batch.disposition.deciding", Meaning::Disposition),
    ("batch.distribution.administration_decision", Meaning::AdministrationDecision),
];

/// What a signature on an action means; nothing where the action is not a signing.
pub fn meaning_of(action: &str) -> Option<Meaning> {
    SIGNINGS.iter().find(|(name, _)| *name == action).map(|(_, meaning)| *meaning)
}

/// The roles that may do an action; none where it is not listed.
pub fn roles_for(action: &str) -> &'static [Role] {
    TABLE.iter().find(|(name, _)| *name == action).map(|(_, roles)| *roles).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_administrator_and_an_inspector_have_no_power_over_cells() {
        for (action, roles) in TABLE {
            let cells = ["batch.", "order.", "standard.", "quality_event.", "site.incubator_"]
                .iter()
                .any(|s| action.starts_with(s));
            if cells {
                assert!(!roles.contains(&Administrator) && !roles.contains(&Inspector), "{action}");
            }
        }
        assert_eq!(roles_for("batch.disposition.unlisted"), &[] as &[Role]);
    }

    #[test]
    fn only_quality_decides_lifts_and_verifies() {
        for action in [
            "batch.disposition.deciding",
            "batch.disposition.lifting",
            "batch.disposition.quality_confirmation",
            "batch.testing.verification",
            "batch.testing.investigation",
            "standard.approval",
        ] {
            assert!(roles_for(action).iter().all(|r| r.department() == Department::Quality), "{action}");
        }
    }
}
