//! Every fact the journal can hold, how it is written into a payload, and which facts are signatures.

use crate::authority::Meaning;
use crate::batch::{self, Stamp, disposition, distribution, intake, testing};
use crate::journal::signature::Signature;
use crate::journal::source::Source;
use crate::journal::{Entry, StreamKind};
use crate::refusal::Impossible;
use crate::{attempts, order, people, quality_event, site, standard};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of all payload forms so far. Older ones are upcast when read.
pub const SCHEMA_VERSION: u16 = 1;

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Of the centre.
    Site(site::Event),
    /// Of a person.
    Person(people::Event),
    /// Of a standard's version.
    Standard(standard::Event),
    /// Of an order.
    Order(order::Event),
    /// Of a batch.
    Batch(batch::Event),
    /// Of a quality event.
    QualityEvent(quality_event::Event),
    /// Of refused attempts.
    Attempts(attempts::Event),
}

#[derive(Serialize)]
struct Unsigned<'a> {
    event: &'a Event,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a Source>,
}

/// What an entry's payload says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    /// The fact.
    pub event: Event,
    /// From where it was handed in.
    #[serde(default)]
    pub source: Option<Source>,
    /// The signature, where it is a signing.
    #[serde(default)]
    pub signature: Option<Signature>,
}

impl Payload {
    /// Reads an entry's payload.
    ///
    /// # Errors
    /// One that is no fact, of an unknown version, or of another kind or stream than the entry says.
    pub fn read(entry: &Entry) -> Result<Self, Impossible> {
        if entry.schema_version != SCHEMA_VERSION {
            return Err(Impossible::because(format!("unknown schema version {}", entry.schema_version)));
        }
        let payload: Payload = serde_json::from_slice(&entry.payload)
            .map_err(|error| Impossible::because(format!("the payload is no fact: {error}")))?;
        if payload.event.kind() != entry.kind || payload.event.stream_kind() != entry.stream.kind {
            return Err(Impossible::new("the payload is of another kind than its entry"));
        }
        Ok(payload)
    }
}

impl Event {
    /// The kind of stream it belongs to.
    pub fn stream_kind(&self) -> StreamKind {
        match self {
            Event::Site(_) => StreamKind::Site,
            Event::Person(_) => StreamKind::Person,
            Event::Standard(_) => StreamKind::Standard,
            Event::Order(_) => StreamKind::Order,
            Event::Batch(_) => StreamKind::Batch,
            Event::QualityEvent(_) => StreamKind::QualityEvent,
            Event::Attempts(_) => StreamKind::Attempts,
        }
    }

    /// Its kind as in the journal, e.g. `batch.culture.passaged`.
    pub fn kind(&self) -> String {
        let name = match self {
            Event::Site(fact) => fact.name().to_string(),
            Event::Person(fact) => fact.name().to_string(),
            Event::Standard(fact) => fact.name().to_string(),
            Event::Order(fact) => fact.name().to_string(),
            Event::Batch(fact) => fact.name(),
            Event::QualityEvent(fact) => fact.name().to_string(),
            Event::Attempts(fact) => fact.name().to_string(),
        };
        format!("{}.{name}", self.stream_kind().name())
    }

    /// What a signature on this fact means; nothing where the fact is not a signing. This is the one list of
    /// what must be signed.
    pub fn meaning(&self) -> Option<Meaning> {
        match self {
            Event::Site(_) | Event::Attempts(_) => None,
            Event::Order(fact) => match fact {
                order::Event::ErasureProposed(_) => Some(Meaning::ErasureProposal),
                order::Event::PersonalDataErased(_) => Some(Meaning::ErasureConfirmation),
                order::Event::Placed(_)
                | order::Event::Consent(_)
                | order::Event::ConsentWithdrawal(_)
                | order::Event::DonorScreening(_)
                | order::Event::PlanChange(_)
                | order::Event::WindowChange(_)
                | order::Event::ForecastAcknowledgement(_)
                | order::Event::UrgentAnswer(_)
                | order::Event::Cancellation(_)
                | order::Event::ErasureWithdrawal(_)
                | order::Event::BatchOpened(_) => None,
            },
            Event::Person(fact) => match fact {
                people::Event::IdentityConfirmed(_) => Some(Meaning::IdentityCheck),
                people::Event::KeyRegistered(_) => Some(Meaning::KeyRegistration),
                people::Event::RoleGrant(_) => Some(Meaning::RoleGrant),
                people::Event::Deputyship(_) => Some(Meaning::Deputyship),
                people::Event::Invited(_)
                | people::Event::SetupLink(_)
                | people::Event::KeyMade(_)
                | people::Event::RoleEnd(_)
                | people::Event::DeputyshipEnded(_)
                | people::Event::Departure(_) => None,
            },
            Event::Standard(fact) => match fact {
                standard::Event::Approval(_) => Some(Meaning::StandardApproval),
                standard::Event::Draft(_) | standard::Event::Retirement(_) => None,
            },
            Event::QualityEvent(fact) => match fact {
                quality_event::Event::Assessment(_) => Some(Meaning::ImpactAssessment),
                quality_event::Event::Closing(_) => Some(Meaning::QualityEventClosure),
                quality_event::Event::Report(_)
                | quality_event::Event::Departure(_)
                | quality_event::Event::Linking(_) => None,
            },
            Event::Batch(fact) => match fact {
                batch::Event::Intake(intake::Event::Instruction(_)) => Some(Meaning::Instruction),
                batch::Event::Testing(testing::Event::Verification(_)) => Some(Meaning::Verification),
                batch::Event::Testing(testing::Event::Interpretation(_)) => Some(Meaning::Interpretation),
                batch::Event::Testing(testing::Event::Investigation(_)) => {
                    Some(Meaning::InvestigationClosure)
                }
                batch::Event::Disposition(fact) => match fact {
                    disposition::Event::Lifting(_) => Some(Meaning::HoldLift),
                    disposition::Event::ManufacturingConfirmation(_) => {
                        Some(Meaning::ManufacturingConfirmation)
                    }
                    disposition::Event::QualityConfirmation(_) => Some(Meaning::QualityConfirmation),
                    disposition::Event::Deciding(_) => Some(Meaning::Disposition),
                    disposition::Event::QualityEventAssessed(_) => Some(Meaning::ImpactAssessment),
                    disposition::Event::PartConfirmation(_)
                    | disposition::Event::Corrected(_)
                    | disposition::Event::Held(_)
                    | disposition::Event::QualityEventLinked(_) => None,
                },
                batch::Event::Distribution(distribution::Event::AdministrationDecision(_)) => {
                    Some(Meaning::AdministrationDecision)
                }
                batch::Event::Intake(_)
                | batch::Event::Culture(_)
                | batch::Event::Filling(_)
                | batch::Event::Testing(_)
                | batch::Event::Distribution(_) => None,
            },
        }
    }

    /// The kinds that must be signed, by their names in the journal.
    pub const SIGNED_KINDS: [&'static str; 19] = [
        "person.identity_confirmed",
        "person.key_registered",
        "person.role_granted",
        "person.deputy_named",
        "standard.approved",
        "order.erasure_proposed",
        "order.personal_data_erased",
        "quality_event.assessed",
        "quality_event.closed",
        "batch.intake.instructed",
        "batch.testing.result_verified",
        "batch.testing.result_interpreted",
        "batch.testing.investigation_concluded",
        "batch.disposition.hold_lifted",
        "batch.disposition.manufacturing_confirmed",
        "batch.disposition.quality_confirmed",
        "batch.disposition.decided",
        "batch.disposition.quality_event_assessed",
        "batch.distribution.administration_decided",
    ];

    /// The payload without a signature: compact JSON, in the order of the form's fields.
    pub fn payload(&self, source: Option<&Source>) -> Vec<u8> {
        // A form of texts, numbers and lists always has a JSON form.
        serde_json::to_vec(&Unsigned { event: self, source }).unwrap_or_default()
    }

    /// Reads an entry's fact and signature.
    ///
    /// # Errors
    /// A payload that is no fact, of an unknown version, or of another kind or stream than the entry says.
    pub fn read(entry: &Entry) -> Result<(Event, Option<Signature>), Impossible> {
        let Payload { event, signature, source: _ } = Payload::read(entry)?;
        Ok((event, signature))
    }
}

impl Stamp {
    /// The stamp of a stored entry.
    pub fn of(entry: &Entry) -> Self {
        Self {
            entry: entry.id,
            version: entry.version,
            hash: entry.hash,
            occurred_at: entry.occurred_at,
            recorded_at: entry.recorded_at,
            performer: entry.performer,
            recorder: entry.recorder,
        }
    }
}

macro_rules! into_event {
    ($($module:ident => $variant:ident),*) => {$(
        impl From<$module::Event> for Event {
            fn from(fact: $module::Event) -> Self {
                Self::$variant(fact)
            }
        }
    )*};
}

into_event!(
    site => Site, people => Person, standard => Standard, order => Order, batch => Batch,
    quality_event => QualityEvent, attempts => Attempts
);
