//! Who may do what: roles and their departments, the one table of actions, and the proof that a person has
//! just given his password, without which nothing can be signed.

mod scope;
mod table;

use crate::ids::{ClinicId, KeyId, PersonId};
use ed25519_dalek::SigningKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use scope::{Scope, by_pin, covers, is_of_the_bench, scope_of};
pub use table::{Reach, Rule, ShutOut, TABLE, When, may, roles_for, rule, shuts_out};

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
    /// I propose that this patient's name be erased.
    ErasureProposal,
    /// I confirm, as the second person, that this patient's name is erased.
    ErasureConfirmation,
}

impl Meaning {
    /// All meanings.
    pub const ALL: [Meaning; 18] = [
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
        Meaning::ErasureProposal,
        Meaning::ErasureConfirmation,
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
            Meaning::ErasureProposal => "erasure_proposal",
            Meaning::ErasureConfirmation => "erasure_confirmation",
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
    sealing: Vec<u8>,
}

impl Reauthenticated {
    /// The proof; for the place that has checked the password and nobody else.
    pub fn proven(person: PersonId, key: KeyId, signing: SigningKey, meaning: Meaning) -> Self {
        Self { person, key, signing, meaning, sealing: Vec::new() }
    }

    /// The same, which says under which sealing the key was unlocked: whoever appends looks whether that is the one still.
    #[must_use]
    pub fn under(self, sealing: Vec<u8>) -> Self {
        Self { sealing, ..self }
    }

    /// Under which sealing the key was unlocked; another one once the password was changed.
    pub fn sealing(&self) -> &[u8] {
        &self.sealing
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

/// The actions that are signings, with what their signature means.
pub const SIGNINGS: &[(&str, Meaning)] = &[
    ("person.identity_confirmation", Meaning::IdentityCheck),
    ("person.key_registration", Meaning::KeyRegistration),
    ("person.role_grant", Meaning::RoleGrant),
    ("person.deputyship", Meaning::Deputyship),
    ("standard.approval", Meaning::StandardApproval),
    ("order.erasure_proposal", Meaning::ErasureProposal),
    ("order.erasure_confirmation", Meaning::ErasureConfirmation),
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

#[cfg(test)]
mod tests {
    use super::Role::*;
    use super::*;
    use crate::batch::Duty;

    #[test]
    fn an_administrator_and_an_inspector_have_no_power_over_cells() {
        for Rule { action, roles, .. } in TABLE {
            let cells = ["batch.", "order.", "standard.", "quality_event.", "site.incubator_"]
                .iter()
                .any(|s| action.starts_with(s));
            if cells {
                assert!(!roles.contains(&Administrator) && !roles.contains(&Inspector), "{action}");
            }
        }
        assert_eq!(roles_for("batch.disposition.unlisted"), &[] as &[Role]);
        assert!(!may(&Role::ALL, "batch.disposition.unlisted"));
        assert!(Duty::ALL.into_iter().all(|duty| shuts_out("batch.disposition.unlisted", duty)));
    }

    #[test]
    fn each_action_stands_once_and_none_of_the_whole_centre_is_a_clinics() {
        for (index, rule) in TABLE.iter().enumerate() {
            assert!(!TABLE[..index].iter().any(|other| other.action == rule.action), "{} twice", rule.action);
            let at_a_clinic = rule.roles.iter().any(|role| role.department() == Department::Clinic);
            assert!(!at_a_clinic || rule.reach == Reach::OwnClinic, "{}", rule.action);
            assert_eq!(rule.roles.is_empty(), rule.reach == Reach::Oneself, "{}", rule.action);
        }
    }

    /// What a stage decides in detail is tied to its column: a form with a head has a performer who may check himself
    /// nowhere, and each stream has states of its own.
    #[test]
    fn what_a_row_says_fits_the_form_it_stands_for() {
        let mut generator = schemars::SchemaGenerator::default();
        for (action, schema) in forms() {
            let rule = rule(&action).unwrap_or_else(|| panic!("nobody may {action}"));
            let _ = schema(&mut generator);
            let name = schema(&mut generator).get("$ref").and_then(|to| to.as_str()).map(String::from);
            let name = name.unwrap_or_default().rsplit('/').next().unwrap_or_default().to_string();
            let fields = generator.definitions().get(&name).cloned().unwrap_or_default();
            let has = |field: &str| fields.pointer(&format!("/properties/{field}")).is_some();
            assert_eq!(rule.shut_out.contains(&ShutOut::OwnChecker), has("performed"), "{action}");
            let states: &[When] = match action.split('.').next().unwrap_or_default() {
                "site" => &[When::New, When::There],
                "person" => &[When::New, When::Employed],
                "standard" => &[When::New, When::Draft, When::InForce],
                "order" => &[When::New, When::There, When::Active],
                "batch" => &[When::New, When::There, When::Unended, When::UnendedToRelease],
                _ => &[When::New, When::Open],
            };
            assert!(states.contains(&rule.when), "{action}");
        }
        let (forms, read): (Vec<&Rule>, Vec<&Rule>) =
            TABLE.iter().partition(|rule| forms().iter().any(|(action, _)| action == rule.action));
        assert_eq!(forms.len(), self::forms().len(), "each form has its row");
        let others = ["read.", "records.", "blob.", "account."];
        assert!(read.iter().all(|rule| others.iter().any(|stream| rule.action.starts_with(stream))));
    }

    type Schema = fn(&mut schemars::SchemaGenerator) -> schemars::Schema;

    /// Every form of the domain, with its schema.
    fn forms() -> Vec<(String, Schema)> {
        use crate::{batch, order, people, quality_event, site, standard};
        let mut forms: Vec<(String, Schema)> = Vec::new();
        macro_rules! add {
            ($($stream:literal: $($path:ident)::+,)*) => {$(
                forms.extend($($path)::+::Command::FORMS.iter().map(|f| (format!("{}.{}", $stream, f.name), f.schema)));
            )*};
        }
        add! {
            "site": site, "person": people, "standard": standard, "order": order, "quality_event": quality_event,
            "batch.intake": batch::intake, "batch.culture": batch::culture, "batch.filling": batch::filling,
            "batch.testing": batch::testing, "batch.disposition": batch::disposition,
            "batch.distribution": batch::distribution,
        }
        forms
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
