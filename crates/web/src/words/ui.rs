//! The names of the words that the pages themselves use; the words stand in each language's own file.

/// Declares the names of one workplace's words, the list of them all, and where they stand in each language.
macro_rules! catalogue {
    ($(#[$doc:meta])* $catalogue:ident in $file:ident { $($name:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $catalogue {
            $(#[doc = concat!("The words for `", stringify!($name), "`.")] $name,)*
        }

        impl $catalogue {
            /// All of them.
            pub const ALL: &[$catalogue] = &[$($catalogue::$name),*];
        }

        impl $crate::words::Word for $catalogue {
            fn said(self, lang: $crate::words::Language) -> &'static str {
                match lang {
                    $crate::words::Language::En => $crate::words::en::$file::text(self),
                    $crate::words::Language::Ja => $crate::words::ja::$file::text(self),
                }
            }
        }
    };
}

pub(super) use catalogue;

catalogue! {
    /// A word or sentence of the pages.
    Ui in ui {
    // The frame of every page.
    Baiyo, Tagline, DemonstrationBanner, SkipToContent, Language, Menu, Home, Back, Search, NextPage,
    PreviousPage, Download, Print, ShowAsTable, ApiDocumentation, VerifyRecord, Help, Updated,
    ChangedMeanwhile, Reload, Yes, No, None, Unknown, NotApplicable, NotRecorded, Save, Record, Confirm,
    Cancel, Sign,
    // When something goes wrong.
    ErrorSummary, Refused, NotFound, NotFoundHelp, Forbidden, ServerError, ServerErrorHelp, Busy,
    TooLarge, FieldMissing, FieldInvalid,
    // Signing in and setting up.
    SignIn, SignOut, SignedOut, SignedInAs, SignInName, Name, Password, WrongNameOrPassword,
    TooManyAttempts, SessionExpired, SetPassword, SetPasswordHelp, NewPassword, RepeatPassword,
    PasswordsDiffer, PasswordTooShort, PasswordTooLong, PasswordTooCommon, PasswordSet, KeyWaits,
    LinkCode, LinkCodeHint, LinkGo, LinkExpired, SignAgainHelp,
    // The board and lists.
    Board, Today, Batch, Batches, BatchNumber, Order, Orders, Patient, Donor, Recipient, Clinic, Clinics,
    Plan, Product, Standard, Standards, Purpose, Status, Stage, Ready, ReadyWindow, Expected, Due,
    Overdue, NextStep, OpenSince, NoBatchesYet, NoEntriesYet, NothingFound, All, Number, Total,
    // The gate.
    Gate, Requirement, CheckState, ValidUntil, Blockers, NothingBlocks, WhoCanClear, NobodyCanClear,
    Decision, Disposition, Release, Reject, AdministrationDecision, MayBeAdministered,
    MustNotBeAdministered, Holds, HoldLifted, Mismatches, Cleared, QualityEvent, QualityEvents, Impact,
    StopMessages, StopExplained, Acknowledge, Acknowledged, NotAcknowledged,
    // A batch and what is in it.
    Instruction, PlannedHarvest, Tissue, CollectedAt, CollectionSite, Mass, Appearance, Seal, Intact,
    Broken, Transport, Temperature, Consent, DonorScreening, Vessel, Vessels, Ware, Area, Incubator,
    Position, Confluence, Seeded, SeedingDensity, LastMedium, Passage, Growth, Doublings,
    CumulativeDoublings, DoublingTime, Formula, Viability, ViableCells, Variation, Harvest, Harvests,
    Fill, Fills, Container, Containers, Volume, Concentration, Expiry, Place, Custody, AllocatedTo,
    Labels, Lineage, ComesFrom, LeadsTo, MaterialLots, Equipment, Room, Cabinet,
    // Tests and results.
    Test, Tests, TestSample, TestSamples, SampledAt, SampledFrom, Laboratory, Result, Results, Values,
    Unit, Method, Instrument, KitLot, Controls, PositiveControl, NegativeControl, AsExpected,
    ControlFailed, Criterion, Verdict, Analyst, EnteredBy, VerifiedBy, NotVerified, ReportedAt,
    Investigation, NoTestSamplesYet, NoResultsYet,
    // Entries, corrections and signatures.
    History, BatchRecord, Entry, Kind, Details, Occurred, Recorded, RecordedLate, PaperForm, Performer,
    Recorder, Checker, Reason, Remark, Correction, Corrected, CorrectedBy, CorrectedIn, OldValue,
    NewValue, Version, Signed, SignedBy, SignedAt, Meaning, SignatureValid, SignatureInvalid,
    SignatureVoided, Key, Hash, PreviousHash, Checkpoint, InclusionProof, RecordIntact, RecordNotIntact,
    // People.
    Person, People, Role, Roles, Department, Deputyships, Deputy, Left, Facility, FacilityNumber,
    // Pages of lists and forms.
    Active, Inactive, InForce, Therapy, Banking, ReleasedOfAll, FilterByStatus, RolesWithoutBatches,
    TheCentre, YourName, CentreName, CentreCode, CentreCodeHint, PasswordHint,
    // A batch's page.
    Opened, WholeBatch, Blocked, SeeAbove, Frozen, Thawed, ConsentInForce, ConsentWithdrawn, FailureOpen,
    FailureSetAside, FailureConfirmed, Mean, NotAssessed, NotCleared,
    // The API's documentation.
    MachineReadable, Parameters, Form, Answer, Problems, Field, Type, Range, Description, Required,
    Schemas,
}
}
