//! Refusals: every reason at once, as values with arguments. The web puts them into words; the domain knows no
//! language.

use crate::batch::Duty;
use crate::batch::gate::Blocker;
use crate::decision::Appends;
use crate::ids::{BatchId, ContainerNo, EntryId, PersonId, QualityEventId, ResultNo, VesselNo};
use crate::journal::Hash;
use crate::standard::{Attribute, Code, Criterion, StandardFault};
use crate::time::Time;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// One reason why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Reason {
    /// It does not exist, or not for this person.
    NotFound,
    /// It was done already.
    AlreadyDone,
    /// None of the person's roles may do this.
    NotAllowed {
        /// The action.
        action: String,
    },
    /// It must be signed: password and meaning are missing.
    SignatureNeeded {
        /// The meaning it needs.
        meaning: crate::authority::Meaning,
    },
    /// It was signed with another meaning.
    WrongMeaning {
        /// The meaning it needs.
        meaning: crate::authority::Meaning,
    },
    /// The person's key is not registered yet.
    KeyNotRegistered,
    /// The server's clock is behind what is already recorded; nothing can be signed.
    ClockBehind,
    /// The version acted on must be named (`If-Match`).
    VersionNeeded {
        /// The version now.
        actual: u32,
    },
    /// It changed meanwhile.
    VersionConflict {
        /// The version acted on.
        expected: u32,
        /// The version now.
        actual: u32,
    },
    /// A named person does not exist.
    NoSuchPerson {
        /// Who.
        person: PersonId,
    },
    /// The person left.
    PersonLeft {
        /// Who.
        person: PersonId,
    },
    /// The sign-in name was given to somebody already; names are never reused.
    SignInTaken,
    /// That version of the standard was filed already.
    StandardVersionTaken,
    /// No key of that identifier waits for registration.
    KeyNotOffered,
    /// Nobody has proposed that the name be erased.
    ErasureNotProposed,
    /// A record of the patient's cells must be kept still.
    RecordKept {
        /// Until when; nothing where that lies beyond the calendar.
        until: Option<Time>,
    },
    /// A batch for the patient, or one that drew cells from it, is under way.
    BatchUnderWay {
        /// Which.
        batch: BatchId,
    },
    /// The patient's name was erased: nothing more is made for him.
    NameErased,
    /// Nobody does this for himself.
    NotForOneself,
    /// A second person is needed.
    SecondPersonNeeded,
    /// A clinic role needs a clinic, any other role none; or the clinic is another one.
    ClinicMismatch,
    /// Nobody is in manufacturing and in quality (O93-2).
    BothDepartments,
    /// Administrators and inspectors have no other role.
    RoleStandsAlone,
    /// A span ends before it begins.
    SpanEndsBeforeItBegins,
    /// An instant in the future.
    InTheFuture {
        /// The field.
        field: &'static str,
    },
    /// Recorded more than an hour after it was done, without a reason.
    LateWithoutReason,
    /// It would have happened before what it follows from.
    BeforeItsCause,
    /// The least is above the most.
    LeastAboveMost {
        /// The field.
        field: &'static str,
    },
    /// A field has a value, and is said not to apply.
    GivenAndNotApplicable {
        /// The field, or the reason why it does not apply.
        field: String,
    },
    /// A required attribute has no mandated test.
    AttributeNotMandated {
        /// Which.
        attribute: Attribute,
    },
    /// The standard's content has a fault.
    StandardFault {
        /// What.
        fault: StandardFault,
        /// In which test.
        test: Option<Code>,
    },
    /// The standard's version is not approved.
    StandardNotApproved,
    /// The order is not active.
    OrderInactive,
    /// No consent is in force.
    NoConsentInForce,
    /// Nothing blocks the batch asked for.
    NothingBlocks,
    /// The infusion is booked for another time by now than was seen.
    BookedOtherwise,
    /// The standard starts from a bank, or from tissue: the form does not fit.
    BankNeeded,
    /// The bank container is not released and in store.
    BankNotReleased,
    /// A mismatch is not cleared.
    MismatchOpen,
    /// Identifiers differ: recorded, and blocked until a second person has cleared it.
    IdentifiersDiffer {
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A label of another batch was scanned: recorded, and both batches are held.
    WrongBatch {
        /// What should have been scanned.
        expected: String,
        /// What was scanned.
        found: String,
    },
    /// Nothing here has that label.
    UnknownLabel {
        /// The label.
        label: String,
    },
    /// The same thing twice in one form.
    Twice {
        /// Which place.
        index: usize,
    },
    /// The batch was discontinued or closed.
    BatchEnded,
    /// No tissue was received.
    NoTissue,
    /// The vessel is not in culture.
    NotInCulture {
        /// Which.
        vessel: VesselNo,
    },
    /// More viable cells were seeded and discarded than counted.
    MoreSeededThanCounted,
    /// Maker and checker are one person.
    MakerIsChecker,
    /// Enterer and verifier are one person.
    EntererIsVerifier,
    /// A destruction or discard needs a witness.
    WitnessNeeded,
    /// The standards do not allow to pool these.
    PoolingNotAllowed {
        /// Whether they are of the same donor.
        same_donor: bool,
    },
    /// The expiry lies beyond the standard's shelf life, or in the past.
    ExpiryBeyondStandard {
        /// The latest allowed.
        latest: Time,
    },
    /// A thawed container is never frozen again.
    NoRefreezing {
        /// Which.
        container: ContainerNo,
    },
    /// The standard is of a fresh product.
    NotAFrozenProduct,
    /// What should be sampled does not exist.
    NoSuchSubject {
        /// Which place.
        index: usize,
    },
    /// The standard has no such test.
    NoSuchTest {
        /// Which place.
        index: usize,
    },
    /// The test is not made on what was sampled.
    NotSampledThere {
        /// Which.
        test: Code,
    },
    /// No such sample, or it was not taken for that test.
    NoSuchSampleOrTest,
    /// The unit is not the standard's.
    WrongUnit {
        /// The standard's.
        expected: Option<String>,
    },
    /// The method is not the standard's.
    WrongMethod {
        /// The standard's.
        expected: String,
    },
    /// A value is not of the form the criterion reads.
    ValueForm {
        /// Which place.
        index: usize,
        /// The criterion.
        criterion: Criterion,
    },
    /// Replicates are missing, or too many.
    ReplicatesMissing {
        /// How many the standard asks for.
        wanted: u8,
        /// How many were given.
        given: usize,
    },
    /// The culture is still incubating: there is no result to verify.
    StillIncubating,
    /// The result needs no interpretation, or has one.
    NothingToInterpret,
    /// The result did not fail, or was investigated.
    NothingToInvestigate,
    /// The number of retests is not allowed here.
    RetestNumber {
        /// The fewest.
        least: u8,
        /// The most.
        most: u8,
    },
    /// The failure is not investigated yet.
    NotInvestigated {
        /// The result.
        result: ResultNo,
    },
    /// The failure was confirmed: it stands.
    FailureStands {
        /// The result.
        result: ResultNo,
    },
    /// The quality event's impact is not acceptable.
    ImpactUnacceptable,
    /// The donor is still positive.
    DonorStillPositive,
    /// The quality event is closed.
    QualityEventClosed,
    /// Batches lack their assessment.
    NotAssessed {
        /// Which.
        batches: Vec<BatchId>,
    },
    /// The person made, checked or entered something of this batch.
    HasDuty,
    /// The releaser made, checked or entered something of this batch.
    ReleaserHasDuty {
        /// What.
        duty: Duty,
    },
    /// Nothing was filled yet.
    NothingFilled,
    /// Manufacturing has not confirmed the record as it stands.
    ManufacturingUnconfirmed,
    /// No such container.
    NoSuchContainer {
        /// Which.
        container: ContainerNo,
    },
    /// The container was rejected; that is final.
    RejectedIsFinal {
        /// Which.
        container: ContainerNo,
    },
    /// The container is not here any more.
    ContainerGone {
        /// Which.
        container: ContainerNo,
    },
    /// The gate blocks.
    Blocked {
        /// The container; the whole batch where left out.
        container: Option<ContainerNo>,
        /// What blocks.
        blocker: Blocker,
    },
    /// A signature that this rests on does not verify.
    SignatureInvalid {
        /// The entry.
        entry: EntryId,
    },
    /// Signings, decisions, holds and lifts cannot be corrected.
    NotCorrectable,
    /// The correction is of another form or another thing than the entry.
    CorrectionChangesSubject,
    /// The correction contradicts what followed.
    CorrectionContradicts {
        /// How.
        why: String,
    },
    /// The correction changes nothing.
    NothingChanged,
    /// The container is for somebody else.
    WrongRecipient,
    /// The container is not released.
    NotReleased {
        /// Which.
        container: ContainerNo,
    },
    /// The container's release was voided by a correction or a thaw.
    ReleaseVoided {
        /// Which.
        container: ContainerNo,
    },
    /// The container is stopped.
    Stopped {
        /// Which.
        container: ContainerNo,
    },
    /// The container is not packed.
    NotPacked {
        /// Which.
        container: ContainerNo,
    },
    /// The container is not on its way.
    NotShipped {
        /// Which.
        container: ContainerNo,
    },
    /// The container was not received in good condition.
    NotReceivedIntact {
        /// Which.
        container: ContainerNo,
    },
    /// No physician has decided that it may be administered.
    NoAdministrationDecision {
        /// Which.
        container: ContainerNo,
    },
    /// The spoken name and birth date do not fit.
    IdentityNotSpoken,
    /// Containers are not accounted for.
    ContainersUnaccounted {
        /// Which.
        containers: Vec<ContainerNo>,
    },
    /// A surveillance test is not final.
    SurveillanceOpen {
        /// Which.
        test: Code,
    },
    /// A quality event is still open.
    QualityEventStillOpen {
        /// Which.
        event: QualityEventId,
    },
    /// Vessels are still in culture.
    VesselsInCulture,
    /// No file with that SHA-256 was handed in.
    NoSuchBlob {
        /// Which.
        blob: Hash,
    },
    /// The entry would be larger than the journal takes.
    EntryTooLarge,
}

impl Reason {
    /// The stable name of the reason.
    pub fn code(&self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(mut fields)) => match fields.remove("code") {
                Some(serde_json::Value::String(code)) => code,
                _ => String::new(),
            },
            _ => String::new(),
        }
    }

    /// Whether an attempt refused for this is recorded: attempts against identity, authority or the gate.
    pub fn is_recorded(&self) -> bool {
        matches!(
            self,
            Reason::NotAllowed { .. }
                | Reason::NotForOneself
                | Reason::KeyNotRegistered
                | Reason::SecondPersonNeeded
                | Reason::BothDepartments
                | Reason::RoleStandsAlone
                | Reason::IdentifiersDiffer { .. }
                | Reason::WrongBatch { .. }
                | Reason::WrongRecipient
                | Reason::IdentityNotSpoken
                | Reason::MakerIsChecker
                | Reason::EntererIsVerifier
                | Reason::HasDuty
                | Reason::ReleaserHasDuty { .. }
                | Reason::Blocked { .. }
                | Reason::SignatureInvalid { .. }
                | Reason::WrongMeaning { .. }
        )
    }

    /// The field of the form it concerns, as a JSON pointer.
    pub fn pointer(&self) -> Option<String> {
        match self {
            Reason::InTheFuture { field } | Reason::LeastAboveMost { field } => Some((*field).into()),
            Reason::GivenAndNotApplicable { field } => Some(field.clone()),
            Reason::SignInTaken => Some("/sign_in".into()),
            Reason::StandardVersionTaken => Some("/standard/version".into()),
            Reason::LateWithoutReason => Some("/performed/late_reason".into()),
            Reason::MakerIsChecker => Some("/performed/checked_by".into()),
            Reason::WitnessNeeded => Some("/performed/checked_by".into()),
            Reason::WrongUnit { .. } => Some("/unit".into()),
            Reason::WrongMethod { .. } => Some("/method".into()),
            Reason::ValueForm { index, .. } => Some(format!("/values/{index}")),
            Reason::ReplicatesMissing { .. } => Some("/values".into()),
            Reason::NoSuchSubject { index } => Some(format!("/subjects/{index}")),
            Reason::NoSuchTest { index } => Some(format!("/tests/{index}")),
            Reason::MoreSeededThanCounted => Some("/into".into()),
            Reason::ExpiryBeyondStandard { .. } => Some("/expires_at".into()),
            Reason::RetestNumber { .. } => Some("/conclusion".into()),
            Reason::NoSuchBlob { .. } => Some("/picture/taken/blob".into()),
            _ => None,
        }
    }
}

/// Why a command is refused, and what is recorded all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Every reason.
    pub reasons: Vec<Reason>,
    /// What the attempt itself leaves behind: a mismatch with its holds, an attempt against the gate.
    pub record: Appends,
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        vec![reason].into()
    }
}

impl From<Vec<Reason>> for Refusal {
    fn from(mut reasons: Vec<Reason>) -> Self {
        reasons.dedup();
        Self { reasons, record: Appends::new() }
    }
}

/// A history that cannot have happened: a finding about the stored data, never a user's mistake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Impossible(std::borrow::Cow<'static, str>);

impl Impossible {
    /// The rule that the history breaks.
    pub const fn new(rule: &'static str) -> Self {
        Self(std::borrow::Cow::Borrowed(rule))
    }

    /// The rule that the history breaks, with details.
    pub fn because(rule: String) -> Self {
        Self(std::borrow::Cow::Owned(rule))
    }
}

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
