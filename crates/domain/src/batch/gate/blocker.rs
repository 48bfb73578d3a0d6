//! What can block a container, with its arguments, who can clear it, and whether it can come right at all.

use crate::authority::Role;
use crate::batch::Subject;
use crate::batch::disposition::HoldCause;
use crate::ids::{BatchId, EntryId, HoldNo, PersonId, QualityEventId, ResultNo, SampleNo};
use crate::order::Analyte;
use crate::quantity::Number;
use crate::standard::{BenchRecord, Code, Step};
use crate::time::Time;
use schemars::JsonSchema;
use serde::Serialize;

/// Something that blocks, with its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Blocker {
    /// No instruction was signed.
    InstructionMissing,
    /// It was signed after cells were touched.
    InstructionLate,
    /// Part of the donor's panel is missing.
    DonorPanelMissing {
        /// What is missing.
        analytes: Vec<Analyte>,
    },
    /// The donor is positive.
    DonorPositive {
        /// For what.
        analytes: Vec<Analyte>,
    },
    /// The donor's panel is out of date.
    DonorPanelExpired {
        /// Since when.
        since: Time,
    },
    /// No consent is recorded.
    ConsentMissing,
    /// Consent was withdrawn.
    ConsentWithdrawn {
        /// When.
        at: Time,
    },
    /// The order was cancelled.
    OrderInactive,
    /// The provision plan is not active.
    PlanInactive,
    /// A mismatch of identifiers is not cleared.
    MismatchOpen {
        /// Its entry.
        entry: EntryId,
    },
    /// A person named in an entry has not confirmed it.
    PartUnconfirmed {
        /// The entry.
        entry: EntryId,
        /// The person.
        person: PersonId,
    },
    /// A step lacks its second person.
    CheckMissing {
        /// The entry.
        entry: EntryId,
        /// The step.
        step: Step,
    },
    /// An open step lacks what its standard asks to be recorded beside it.
    BenchRecordMissing {
        /// The entry.
        entry: EntryId,
        /// What is missing.
        record: BenchRecord,
    },
    /// Manufacturing has not confirmed the record as it stands.
    ManufacturingUnconfirmed,
    /// Quality has not confirmed the record as it stands.
    QualityUnconfirmed,
    /// A hold.
    Held {
        /// Its number.
        hold: HoldNo,
        /// Why.
        cause: HoldCause,
    },
    /// Cells it comes from are held in their own batch.
    ParentHeld {
        /// That batch.
        batch: BatchId,
    },
    /// A quality event is not assessed for this batch.
    QualityEventOpen {
        /// Which.
        event: QualityEventId,
    },
    /// A quality event's impact on this batch is not acceptable.
    QualityEventUnacceptable {
        /// Which.
        event: QualityEventId,
    },
    /// No sample was taken for a test.
    TestAbsent {
        /// The test.
        test: Code,
        /// What should have been sampled.
        subject: Subject,
    },
    /// A sample was taken, its result is awaited.
    TestPending {
        /// The test.
        test: Code,
        /// The sample.
        sample: SampleNo,
    },
    /// A result passes, nobody has verified it.
    TestUnverified {
        /// The test.
        test: Code,
        /// The result.
        result: ResultNo,
    },
    /// A result fails.
    TestFailed {
        /// The test.
        test: Code,
        /// The result.
        result: ResultNo,
    },
    /// A test failed in the batch these cells come from.
    ParentTestFailed {
        /// The test.
        test: Code,
        /// That batch.
        batch: BatchId,
    },
    /// A result does not tell.
    TestUndecidable {
        /// The test.
        test: Code,
        /// The result.
        result: ResultNo,
    },
    /// A result awaits its interpretation.
    TestUninterpreted {
        /// The test.
        test: Code,
        /// The result.
        result: ResultNo,
    },
    /// A control failed or is missing.
    TestControlsFailed {
        /// The test.
        test: Code,
        /// The result.
        result: ResultNo,
    },
    /// A result was set aside; retests are missing.
    RetestPending {
        /// The test.
        test: Code,
        /// The result set aside.
        result: ResultNo,
        /// Retests still missing.
        missing: u8,
    },
    /// A passing result is out of date.
    TestExpired {
        /// The test.
        test: Code,
        /// Since when.
        since: Time,
    },
    /// Cells were harvested before or after the days the standard allows.
    CultureDays {
        /// Days from first seeding to harvest.
        days: Number,
        /// The fewest allowed.
        least: Number,
        /// The most allowed.
        most: Number,
    },
    /// The passage is too high.
    PassageExceeded {
        /// The passage.
        passage: u8,
        /// The highest allowed.
        most: u8,
    },
    /// The cumulative doublings are too high.
    DoublingsExceeded {
        /// The doublings.
        doublings: Number,
        /// The most allowed.
        most: Number,
    },
    /// The cumulative doublings cannot be computed.
    DoublingsUnknown,
    /// The container holds too few or too many viable cells.
    DoseOutside {
        /// Viable cells in it.
        cells: Number,
        /// The fewest allowed.
        least: Number,
        /// The most allowed.
        most: Number,
    },
    /// The cells are too concentrated.
    ConcentrationExceeded {
        /// Cells per mL.
        concentration: Number,
        /// The most allowed.
        most: Number,
    },
    /// Labels are not reconciled yet.
    LabelsOpen,
    /// Labels do not reconcile.
    LabelsDiffer,
    /// The container is not here any more.
    NotHere,
    /// A frozen product that is not frozen.
    NotFrozen,
    /// The container's expiry has passed.
    Expired {
        /// When.
        since: Time,
    },
    /// The container was rejected; that is final.
    Rejected,
}

impl Blocker {
    /// Whether this can no longer come right by itself or by doing what is missing.
    pub fn is_failure(&self) -> bool {
        use Blocker::*;
        match self {
            InstructionLate
            | DonorPositive { .. }
            | ConsentWithdrawn { .. }
            | QualityEventUnacceptable { .. }
            | TestFailed { .. }
            | ParentTestFailed { .. }
            | CultureDays { .. }
            | PassageExceeded { .. }
            | DoublingsExceeded { .. }
            | DoseOutside { .. }
            | ConcentrationExceeded { .. }
            | NotHere
            | Expired { .. }
            | Rejected => true,
            InstructionMissing
            | DonorPanelMissing { .. }
            | DonorPanelExpired { .. }
            | ConsentMissing
            | OrderInactive
            | PlanInactive
            | MismatchOpen { .. }
            | PartUnconfirmed { .. }
            | CheckMissing { .. }
            | BenchRecordMissing { .. }
            | ManufacturingUnconfirmed
            | QualityUnconfirmed
            | Held { .. }
            | ParentHeld { .. }
            | QualityEventOpen { .. }
            | TestAbsent { .. }
            | TestPending { .. }
            | TestUnverified { .. }
            | TestUndecidable { .. }
            | TestUninterpreted { .. }
            | TestControlsFailed { .. }
            | RetestPending { .. }
            | TestExpired { .. }
            | DoublingsUnknown
            | LabelsOpen
            | LabelsDiffer
            | NotFrozen => false,
        }
    }

    /// The roles that can clear it; none where nobody can.
    pub fn cleared_by(&self) -> &'static [Role] {
        use Blocker::*;
        match self {
            InstructionMissing | ManufacturingUnconfirmed => &[Role::ManufacturingLead],
            DonorPanelMissing { .. }
            | DonorPanelExpired { .. }
            | ConsentMissing
            | OrderInactive
            | PlanInactive => &[Role::Coordinator, Role::Physician],
            MismatchOpen { .. } | PartUnconfirmed { .. } => {
                &[Role::Technician, Role::ManufacturingLead, Role::QcAnalyst, Role::Releaser]
            }
            CheckMissing { .. }
            | BenchRecordMissing { .. }
            | LabelsOpen
            | LabelsDiffer
            | NotFrozen
            | DoublingsUnknown => &[Role::Technician, Role::ManufacturingLead],
            QualityUnconfirmed
            | Held { .. }
            | ParentHeld { .. }
            | QualityEventOpen { .. }
            | TestUnverified { .. }
            | TestUninterpreted { .. }
            | TestFailed { .. } => &[Role::Releaser],
            TestAbsent { .. }
            | TestPending { .. }
            | TestUndecidable { .. }
            | TestControlsFailed { .. }
            | RetestPending { .. }
            | TestExpired { .. } => &[Role::QcAnalyst, Role::Releaser],
            InstructionLate
            | DonorPositive { .. }
            | ConsentWithdrawn { .. }
            | QualityEventUnacceptable { .. }
            | ParentTestFailed { .. }
            | CultureDays { .. }
            | PassageExceeded { .. }
            | DoublingsExceeded { .. }
            | DoseOutside { .. }
            | ConcentrationExceeded { .. }
            | NotHere
            | Expired { .. }
            | Rejected => &[],
        }
    }
}
