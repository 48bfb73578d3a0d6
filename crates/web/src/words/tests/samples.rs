//! A sample of every reason, blocker and fact. A variant without a sample does not compile.

use baiyo_domain::authority::Meaning;
use baiyo_domain::batch::disposition::HoldCause;
use baiyo_domain::batch::distribution::StopCause;
use baiyo_domain::batch::gate::Blocker;
use baiyo_domain::batch::{
    self, Duty, Subject, culture, disposition, distribution, filling, intake, testing,
};
use baiyo_domain::event::Event;
use baiyo_domain::ids::{
    ContainerNo, FillNo, HoldNo, Label, LabelKind, ResultNo, SampleNo, SiteCode, VesselNo,
};
use baiyo_domain::journal::Hash;
use baiyo_domain::order::Analyte;
use baiyo_domain::refusal::Reason;
use baiyo_domain::standard::{Attribute, BenchRecord, Criterion, Standard, StandardFault, Step};
use baiyo_domain::{attempts, order, people, quality_event, site, standard};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Every identifier in the samples: the one thing that names must take the place of.
pub const ID: &str = "01900000-0000-7000-8000-000000000001";
pub const AT: &str = "2026-11-23T05:05:00Z";

pub fn read<T: DeserializeOwned>(value: Value) -> T {
    let shown = value.to_string();
    serde_json::from_value(value).unwrap_or_else(|error| panic!("{error}: {shown}"))
}

fn id<T: DeserializeOwned>() -> T {
    read(json!(ID))
}

fn at<T: DeserializeOwned>() -> T {
    read(json!(AT))
}

fn text<T: DeserializeOwned>(text: &str) -> T {
    read(json!(text))
}

/// Declares a list of samples, one beside each variant's pattern.
macro_rules! samples {
    ($(#[$doc:meta])* $name:ident: $kind:ty { $($pattern:pat => $sample:expr,)* }) => {
        $(#[$doc])*
        pub fn $name() -> Vec<$kind> {
            let is_sampled = |value: &$kind| match value { $($pattern => true,)* };
            let samples: Vec<$kind> = vec![$($sample),*];
            assert!(samples.iter().all(is_sampled));
            samples
        }
    };
}

samples! { reasons: Reason {
    Reason::NotFound => Reason::NotFound,
    Reason::AlreadyDone => Reason::AlreadyDone,
    Reason::NotAllowed { .. } => Reason::NotAllowed { action: "batch.culture.passage".into() },
    Reason::SignatureNeeded { .. } => Reason::SignatureNeeded { meaning: Meaning::Disposition },
    Reason::WrongMeaning { .. } => Reason::WrongMeaning { meaning: Meaning::Instruction },
    Reason::KeyNotRegistered => Reason::KeyNotRegistered,
    Reason::ClockBehind => Reason::ClockBehind,
    Reason::VersionNeeded { .. } => Reason::VersionNeeded { actual: 3 },
    Reason::VersionConflict { .. } => Reason::VersionConflict { expected: 2, actual: 3 },
    Reason::NoSuchPerson { .. } => Reason::NoSuchPerson { person: id() },
    Reason::PersonLeft { .. } => Reason::PersonLeft { person: id() },
    Reason::SignInTaken => Reason::SignInTaken,
    Reason::StandardVersionTaken => Reason::StandardVersionTaken,
    Reason::KeyNotOffered => Reason::KeyNotOffered,
    Reason::ErasureNotProposed => Reason::ErasureNotProposed,
    Reason::RecordKept { .. } => Reason::RecordKept { until: Some(read(json!(AT))) },
    Reason::BatchUnderWay { .. } => Reason::BatchUnderWay { batch: read(json!(ID)) },
    Reason::NameErased => Reason::NameErased,
    Reason::NotForOneself => Reason::NotForOneself,
    Reason::SecondPersonNeeded => Reason::SecondPersonNeeded,
    Reason::ClinicMismatch => Reason::ClinicMismatch,
    Reason::BothDepartments => Reason::BothDepartments,
    Reason::RoleStandsAlone => Reason::RoleStandsAlone,
    Reason::SpanEndsBeforeItBegins => Reason::SpanEndsBeforeItBegins,
    Reason::InTheFuture { .. } => Reason::InTheFuture { field: "/performed/at" },
    Reason::LateWithoutReason => Reason::LateWithoutReason,
    Reason::BeforeItsCause => Reason::BeforeItsCause,
    Reason::GivenAndNotApplicable { .. } => Reason::GivenAndNotApplicable { field: "/kit_lot".into() },
    Reason::LeastAboveMost { .. } => Reason::LeastAboveMost { field: "/least_temperature" },
    Reason::AttributeNotMandated { .. } => Reason::AttributeNotMandated { attribute: Attribute::Sterility },
    Reason::StandardFault { .. } => {
        Reason::StandardFault { fault: StandardFault::ReportsTooLate, test: Some(text("VIABILITY")) }
    },
    Reason::StandardNotApproved => Reason::StandardNotApproved,
    Reason::OrderInactive => Reason::OrderInactive,
    Reason::NoConsentInForce => Reason::NoConsentInForce,
    Reason::NothingBlocks => Reason::NothingBlocks,
    Reason::BookedOtherwise => Reason::BookedOtherwise,
    Reason::BankNeeded => Reason::BankNeeded,
    Reason::BankNotReleased => Reason::BankNotReleased,
    Reason::MismatchOpen => Reason::MismatchOpen,
    Reason::IdentifiersDiffer { .. } => {
        Reason::IdentifiersDiffer { expected: String::new(), found: "C1-O-1 / P-17".into() }
    },
    Reason::WrongBatch { .. } => Reason::WrongBatch { expected: "C1-B-1".into(), found: "C1-B-2".into() },
    Reason::UnknownLabel { .. } => Reason::UnknownLabel { label: "C1-V-9".into() },
    Reason::Twice { .. } => Reason::Twice { index: 0 },
    Reason::BatchEnded => Reason::BatchEnded,
    Reason::NoTissue => Reason::NoTissue,
    Reason::NotInCulture { .. } => Reason::NotInCulture { vessel: VesselNo(3) },
    Reason::MoreSeededThanCounted => Reason::MoreSeededThanCounted,
    Reason::MakerIsChecker => Reason::MakerIsChecker,
    Reason::EntererIsVerifier => Reason::EntererIsVerifier,
    Reason::WitnessNeeded => Reason::WitnessNeeded,
    Reason::PoolingNotAllowed { same_donor: true } => Reason::PoolingNotAllowed { same_donor: true },
    Reason::PoolingNotAllowed { same_donor: false } => Reason::PoolingNotAllowed { same_donor: false },
    Reason::ExpiryBeyondStandard { .. } => Reason::ExpiryBeyondStandard { latest: at() },
    Reason::NoRefreezing { .. } => Reason::NoRefreezing { container: ContainerNo(2) },
    Reason::NotAFrozenProduct => Reason::NotAFrozenProduct,
    Reason::NoSuchSubject { .. } => Reason::NoSuchSubject { index: 1 },
    Reason::NoSuchTest { .. } => Reason::NoSuchTest { index: 1 },
    Reason::NotSampledThere { .. } => Reason::NotSampledThere { test: text("VIABILITY") },
    Reason::NoSuchSampleOrTest => Reason::NoSuchSampleOrTest,
    Reason::WrongUnit { expected: Some(_) } => Reason::WrongUnit { expected: Some("%".into()) },
    Reason::WrongUnit { expected: None } => Reason::WrongUnit { expected: None },
    Reason::WrongMethod { .. } => Reason::WrongMethod { expected: "trypan blue".into() },
    Reason::ValueForm { .. } => Reason::ValueForm { index: 0, criterion: Criterion::Negative },
    Reason::ReplicatesMissing { .. } => Reason::ReplicatesMissing { wanted: 2, given: 1 },
    Reason::StillIncubating => Reason::StillIncubating,
    Reason::NothingToInterpret => Reason::NothingToInterpret,
    Reason::NothingToInvestigate => Reason::NothingToInvestigate,
    Reason::RetestNumber { most: 0, .. } => Reason::RetestNumber { least: 1, most: 0 },
    Reason::RetestNumber { .. } => Reason::RetestNumber { least: 1, most: 3 },
    Reason::NotInvestigated { .. } => Reason::NotInvestigated { result: ResultNo(4) },
    Reason::FailureStands { .. } => Reason::FailureStands { result: ResultNo(4) },
    Reason::ImpactUnacceptable => Reason::ImpactUnacceptable,
    Reason::DonorStillPositive => Reason::DonorStillPositive,
    Reason::QualityEventClosed => Reason::QualityEventClosed,
    Reason::NotAssessed { .. } => Reason::NotAssessed { batches: vec![id(), id()] },
    Reason::HasDuty => Reason::HasDuty,
    Reason::ReleaserHasDuty { .. } => Reason::ReleaserHasDuty { duty: Duty::Maker },
    Reason::NothingFilled => Reason::NothingFilled,
    Reason::ManufacturingUnconfirmed => Reason::ManufacturingUnconfirmed,
    Reason::NoSuchContainer { .. } => Reason::NoSuchContainer { container: ContainerNo(2) },
    Reason::RejectedIsFinal { .. } => Reason::RejectedIsFinal { container: ContainerNo(2) },
    Reason::ContainerGone { .. } => Reason::ContainerGone { container: ContainerNo(2) },
    Reason::Blocked { .. } => {
        Reason::Blocked { container: Some(ContainerNo(2)), blocker: Blocker::ConsentMissing }
    },
    Reason::SignatureInvalid { .. } => Reason::SignatureInvalid { entry: id() },
    Reason::NotCorrectable => Reason::NotCorrectable,
    Reason::CorrectionChangesSubject => Reason::CorrectionChangesSubject,
    Reason::CorrectionContradicts { .. } => {
        Reason::CorrectionContradicts { why: "a vessel is seeded once".into() }
    },
    Reason::NothingChanged => Reason::NothingChanged,
    Reason::WrongRecipient => Reason::WrongRecipient,
    Reason::NotReleased { .. } => Reason::NotReleased { container: ContainerNo(2) },
    Reason::ReleaseVoided { .. } => Reason::ReleaseVoided { container: ContainerNo(2) },
    Reason::Stopped { .. } => Reason::Stopped { container: ContainerNo(2) },
    Reason::NotPacked { .. } => Reason::NotPacked { container: ContainerNo(2) },
    Reason::NotShipped { .. } => Reason::NotShipped { container: ContainerNo(2) },
    Reason::NotReceivedIntact { .. } => Reason::NotReceivedIntact { container: ContainerNo(2) },
    Reason::NoAdministrationDecision { .. } => Reason::NoAdministrationDecision { container: ContainerNo(2) },
    Reason::IdentityNotSpoken => Reason::IdentityNotSpoken,
    Reason::ContainersUnaccounted { .. } => {
        Reason::ContainersUnaccounted { containers: vec![ContainerNo(1), ContainerNo(2)] }
    },
    Reason::SurveillanceOpen { .. } => Reason::SurveillanceOpen { test: text("VIABILITY") },
    Reason::QualityEventStillOpen { .. } => Reason::QualityEventStillOpen { event: id() },
    Reason::VesselsInCulture => Reason::VesselsInCulture,
    Reason::NoSuchBlob { .. } => Reason::NoSuchBlob { blob: Hash::ZERO },
    Reason::EntryTooLarge => Reason::EntryTooLarge,
} }

samples! { blockers: Blocker {
    Blocker::InstructionMissing => Blocker::InstructionMissing,
    Blocker::InstructionLate => Blocker::InstructionLate,
    Blocker::DonorPanelMissing { .. } => {
        Blocker::DonorPanelMissing { analytes: vec![Analyte::Hbv, Analyte::Hiv, Analyte::Syphilis] }
    },
    Blocker::DonorPositive { .. } => Blocker::DonorPositive { analytes: vec![Analyte::Htlv1] },
    Blocker::DonorPanelExpired { .. } => Blocker::DonorPanelExpired { since: at() },
    Blocker::ConsentMissing => Blocker::ConsentMissing,
    Blocker::ConsentWithdrawn { .. } => Blocker::ConsentWithdrawn { at: at() },
    Blocker::OrderInactive => Blocker::OrderInactive,
    Blocker::PlanInactive => Blocker::PlanInactive,
    Blocker::MismatchOpen { .. } => Blocker::MismatchOpen { entry: id() },
    Blocker::PartUnconfirmed { .. } => Blocker::PartUnconfirmed { entry: id(), person: id() },
    Blocker::BenchRecordMissing { .. } =>
        Blocker::BenchRecordMissing { entry: id(), record: BenchRecord::LineClearance },
    Blocker::CheckMissing { .. } => Blocker::CheckMissing { entry: id(), step: Step::Fill },
    Blocker::ManufacturingUnconfirmed => Blocker::ManufacturingUnconfirmed,
    Blocker::QualityUnconfirmed => Blocker::QualityUnconfirmed,
    Blocker::Held { .. } => Blocker::Held { hold: HoldNo(1), cause: HoldCause::Mismatch },
    Blocker::ParentHeld { .. } => Blocker::ParentHeld { batch: id() },
    Blocker::QualityEventOpen { .. } => Blocker::QualityEventOpen { event: id() },
    Blocker::QualityEventUnacceptable { .. } => Blocker::QualityEventUnacceptable { event: id() },
    Blocker::TestAbsent { .. } => {
        Blocker::TestAbsent { test: text("VIABILITY"), subject: Subject::Fill(FillNo(1)) }
    },
    Blocker::TestPending { .. } => Blocker::TestPending { test: text("VIABILITY"), sample: SampleNo(3) },
    Blocker::TestUnverified { .. } => {
        Blocker::TestUnverified { test: text("VIABILITY"), result: ResultNo(4) }
    },
    Blocker::TestFailed { .. } => Blocker::TestFailed { test: text("VIABILITY"), result: ResultNo(4) },
    Blocker::ParentTestFailed { .. } => Blocker::ParentTestFailed { test: text("VIABILITY"), batch: id() },
    Blocker::TestUndecidable { .. } => {
        Blocker::TestUndecidable { test: text("VIABILITY"), result: ResultNo(4) }
    },
    Blocker::TestUninterpreted { .. } => {
        Blocker::TestUninterpreted { test: text("VIABILITY"), result: ResultNo(4) }
    },
    Blocker::TestControlsFailed { .. } => {
        Blocker::TestControlsFailed { test: text("VIABILITY"), result: ResultNo(4) }
    },
    Blocker::RetestPending { .. } => {
        Blocker::RetestPending { test: text("VIABILITY"), result: ResultNo(4), missing: 2 }
    },
    Blocker::TestExpired { .. } => Blocker::TestExpired { test: text("VIABILITY"), since: at() },
    Blocker::CultureDays { .. } => {
        Blocker::CultureDays { days: text("12.5"), least: text("14"), most: text("28") }
    },
    Blocker::PassageExceeded { .. } => Blocker::PassageExceeded { passage: 6, most: 5 },
    Blocker::DoublingsExceeded { .. } => {
        Blocker::DoublingsExceeded { doublings: text("10.42"), most: text("10") }
    },
    Blocker::DoublingsUnknown => Blocker::DoublingsUnknown,
    Blocker::DoseOutside { .. } => {
        Blocker::DoseOutside { cells: text("9900000"), least: text("10000000"), most: text("100000000") }
    },
    Blocker::ConcentrationExceeded { .. } => {
        Blocker::ConcentrationExceeded { concentration: text("6000000"), most: text("5000000") }
    },
    Blocker::LabelsOpen => Blocker::LabelsOpen,
    Blocker::LabelsDiffer => Blocker::LabelsDiffer,
    Blocker::NotHere => Blocker::NotHere,
    Blocker::NotFrozen => Blocker::NotFrozen,
    Blocker::Expired { .. } => Blocker::Expired { since: at() },
    Blocker::Rejected => Blocker::Rejected,
} }

samples! { faults: StandardFault {
    StandardFault::NoSterilityOnFill => StandardFault::NoSterilityOnFill,
    StandardFault::CodeTwice => StandardFault::CodeTwice,
    StandardFault::SurveillanceAlone => StandardFault::SurveillanceAlone,
    StandardFault::ReportsTooLate => StandardFault::ReportsTooLate,
    StandardFault::NoBank => StandardFault::NoBank,
    StandardFault::DonorStage => StandardFault::DonorStage,
    StandardFault::LimitsUpsideDown => StandardFault::LimitsUpsideDown,
    StandardFault::IncubationBeyondTurnaround => StandardFault::IncubationBeyondTurnaround,
    StandardFault::NoReplicate => StandardFault::NoReplicate,
    StandardFault::NoViabilityAfterThaw => StandardFault::NoViabilityAfterThaw,
    StandardFault::NoTissueTransport => StandardFault::NoTissueTransport,
    StandardFault::GrowthImpossible => StandardFault::GrowthImpossible,
    StandardFault::Retention => StandardFault::Retention,
} }

samples! { hold_causes: HoldCause {
    HoldCause::Request { .. } => HoldCause::Request { reason: text("a loud noise") },
    HoldCause::Mismatch => HoldCause::Mismatch,
    HoldCause::Oos { .. } => HoldCause::Oos { result: ResultNo(4) },
    HoldCause::QualityEvent { .. } => HoldCause::QualityEvent { event: id() },
    HoldCause::ConsentWithdrawn => HoldCause::ConsentWithdrawn,
    HoldCause::DonorPositive => HoldCause::DonorPositive,
} }

samples! { stop_causes: StopCause {
    StopCause::Oos { .. } => StopCause::Oos { result: ResultNo(4) },
    StopCause::Correction { .. } => StopCause::Correction { entry: id() },
    StopCause::Withdrawal { .. } => StopCause::Withdrawal { reason: text("late growth") },
    StopCause::Held => StopCause::Held,
    StopCause::Parent { .. } => StopCause::Parent { batch: id() },
} }

/// Facts, each read from its form in the journal.
macro_rules! facts {
    ($($name:ident: $kind:ty { $($pattern:pat => $tag:literal: $form:expr,)* })*) => {$(
        samples! { $name: $kind { $($pattern => read::<$kind>(json!({$tag: $form})),)* } }
    )*};
}

facts! {
    of_site: site::Event {
        site::Event::Founding(_) => "founded": json!({
            "name": "Centre", "code": "TKYO", "zone": "Asia/Tokyo", "origin": "example.org/log",
            "demonstration": true
        }),
        site::Event::ClinicRegistered(_) => "clinic_registered": json!({"clinic": ID, "name": "Clinic"}),
        site::Event::ClinicChange(_) => "clinic_changed":
            json!({"clinic": ID, "name": "Clinic", "closed": true, "reason": "retired"}),
        site::Event::IncubatorRegistration(_) => "incubator_registered":
            json!({"name": "INC-1", "shelves": 4, "vessels_per_shelf": 12}),
        site::Event::IncubatorChange(_) => "incubator_changed": json!({
            "incubator": "INC-1", "shelves": 3, "vessels_per_shelf": 12, "retired": false, "reason": "one fewer"
        }),
        site::Event::AccessReview(_) => "access_reviewed":
            json!({"from": AT, "until": AT, "findings": "nobody has too much"}),
    }
    of_person: people::Event {
        people::Event::Invited(_) => "invited":
            json!({"invitation": {"name": "Yamada", "sign_in": "yamada"}}),
        people::Event::SetupLink(_) => "link_issued": json!({"reason": "forgot the old one"}),
        people::Event::KeyMade(_) => "key_made":
            json!({"key": ID, "public_key": format!("{}=", "A".repeat(43))}),
        people::Event::IdentityConfirmed(_) => "identity_confirmed":
            json!({
                "key": ID, "public_key": format!("{}=", "A".repeat(43)), "identity_check": "passport", "by": ID
            }),
        people::Event::KeyRegistered(_) => "key_registered":
            json!({"key": ID, "public_key": format!("{}=", "A".repeat(43)), "identity_check": "passport"}),
        people::Event::RoleGrant(_) => "role_granted": json!({"role": "releaser"}),
        people::Event::RoleEnd(_) => "role_ended": json!({"role": "releaser", "reason": "moved"}),
        people::Event::Deputyship(_) => "deputy_named":
            json!({"role": "releaser", "from": AT, "until": AT, "reason": "holiday"}),
        people::Event::DeputyshipEnded(_) => "deputy_ended":
            json!({"role": "releaser", "at": AT, "reason": "back from holiday"}),
        people::Event::Departure(_) => "left": json!({"reason": "retired"}),
    }
    of_standard: standard::Event {
        standard::Event::Draft(_) => "drafted": json!({"standard": standard_json()}),
        standard::Event::Approval(_) => "approved": json!({}),
        standard::Event::Retirement(_) => "retired": json!({"reason": "replaced"}),
    }
    of_order: order::Event {
        order::Event::Placed(_) => "placed": json!({
            "label": label(LabelKind::Order), "clinic": ID,
            "placement": {
                "purpose": "therapy", "patient": ID, "personal_data": "0".repeat(64), "pseudonym": "P-17",
                "plan": plan(), "window": {"from": AT, "until": AT}
            }
        }),
        order::Event::Consent(_) => "consent_given": json!({"version": "3", "signed_at": AT}),
        order::Event::ConsentWithdrawal(_) => "consent_withdrawn": json!({"withdrawn_at": AT}),
        order::Event::DonorScreening(_) => "donor_screened": json!({
            "sampled_at": AT, "laboratory": "Lab",
            "results": [{"analyte": "hbv", "finding": "negative"}, {"analyte": "hcv", "finding": "positive"}]
        }),
        order::Event::PlanChange(_) => "plan_changed":
            json!({"plan": plan(), "active": false, "reason": "ended"}),
        order::Event::WindowChange(_) => "window_changed":
            json!({"window": {"from": AT, "until": AT}, "reason": "travel"}),
        order::Event::ForecastAcknowledgement(_) => "forecast_acknowledged": json!({
            "batch": ID, "version": 12, "booked": {"from": AT, "until": AT}, "before": {"at": AT, "from": AT},
            "foretold": {"at": AT, "from": AT, "until": AT}, "remark": "the patient can wait"
        }),
        order::Event::UrgentAnswer(_) => "urgent_request_answered":
            json!({"batch": ID, "reason": "worse", "blocked_by": ["held", "test_failed"]}),
        order::Event::Cancellation(_) => "cancelled": json!({"reason": "recovered"}),
        order::Event::ErasureProposed(_) => "erasure_proposed":
            json!({"by": ID, "reason": "kept for ten years"}),
        order::Event::ErasureWithdrawal(_) => "erasure_withdrawn": json!({"reason": "another course begins"}),
        order::Event::PersonalDataErased(_) => "personal_data_erased":
            json!({"patient": ID, "proposed_by": ID, "remark": "dates compared"}),
        order::Event::BatchOpened(_) => "batch_opened": json!({"batch": ID}),
    }
    of_quality_event: quality_event::Event {
        quality_event::Event::Report(_) => "reported":
            json!({"title": "Door open", "description": "All night"}),
        quality_event::Event::Departure(_) => "opened_by_fact":
            json!({"kind": "shipped_uncleared", "found": "2", "batch": ID}),
        quality_event::Event::Linking(_) => "linked": json!({"batches": [ID, ID], "reason": "same room"}),
        quality_event::Event::Assessment(_) => "assessed":
            json!({"batch": ID, "impact": "acceptable", "reasoning": "closed vessels"}),
        quality_event::Event::Closing(_) => "closed": json!({"conclusion": "door repaired"}),
    }
    of_attempts: attempts::Event {
        attempts::Event::RefusedAttempt(_) => "refused":
            json!({"action": "batch.disposition.deciding", "stream": "batch/1", "reasons": ["blocked"]}),
        attempts::Event::WrongSecret(_) => "wrong_secret": json!({"from": "unknown_browser"}),
    }
    of_intake: intake::Event {
        intake::Event::Opened(_) => "opened": json!({
            "label": label(LabelKind::Batch), "order": ID, "purpose": "therapy", "clinic": ID, "patient": ID,
            "pseudonym": "P-17", "standard_id": ID, "standard": standard_json(), "order_standing": standing()
        }),
        intake::Event::OrderNoted(_) => "order_noted": json!({"standing": standing()}),
        intake::Event::ParentNoted(_) => "parent_noted":
            json!({"batch": ID, "standing": {"passage": 2, "met": [], "failed": [], "held": true}}),
        intake::Event::ChildNoted(_) => "child_noted": json!({"batch": ID, "container": 2}),
        intake::Event::Instruction(_) => "instructed":
            json!({"instructions": "Culture\nto P3", "planned_harvest": AT}),
        intake::Event::TissueReceipt(_) => "tissue_received": json!({
            "order_label": label(LabelKind::Order), "pseudonym": "P-17", "collected_at": AT,
            "site": "abdomen",
            "seal_intact": true, "least_temperature": "2.1", "most_temperature": "7.9", "transport": "5",
            "mass": "52", "appearance": "yellow", "decision": "accepted"
        }),
        intake::Event::Mismatch(_) => "mismatch": json!({"form": "passage", "expected": "A", "found": "B"}),
        intake::Event::MismatchClearance(_) => "mismatch_cleared":
            json!({"mismatch": ID, "check": "compared afresh"}),
    }
    of_culture: culture::Event {
        culture::Event::Isolated(_) => "isolated": json!({
            "form": {"method": "collagenase", "digestion": "45", "count": count(), "into": [vessel()]},
            "vessels": [1]
        }),
        culture::Event::BankSeeded(_) => "bank_seeded": json!({
            "form": {"container": part(LabelKind::Dose, 2), "count": count(), "into": [vessel()]},
            "bank": ID, "vessels": [1]
        }),
        culture::Event::MediumChange(_) => "medium_changed":
            json!({"vessels": [part(LabelKind::Vessel, 1)], "volume": "20"}),
        culture::Event::Observation(_) => "observed": json!({
            "vessels": [part(LabelKind::Vessel, 1)], "confluence": "80", "morphology": "spindle",
            "turbid": true
        }),
        culture::Event::Photographed(_) => "photographed": json!({
            "form": {
                "vessels": [part(LabelKind::Vessel, 1)], "magnification": "10×", "note": "spindle-shaped",
                "picture": {"taken": {"blob": Hash::ZERO}}
            },
            "file": {"media_type": "image/png", "size": 1024}
        }),
        culture::Event::Counting(_) => "counted":
            json!({"vessels": [part(LabelKind::Vessel, 1)], "count": count()}),
        culture::Event::LabelCheck(_) => "labels_checked": json!({"vessels": [part(LabelKind::Vessel, 4)]}),
        culture::Event::Passaged(_) => "passaged": json!({
            "form": {
                "from": ([1, 2, 3].map(|no| part(LabelKind::Vessel, no))), "enzyme": "5", "count": count(),
                "into": [vessel(), vessel(), vessel(), vessel()]
            },
            "vessels": [4, 5, 6, 7]
        }),
        culture::Event::VesselMove(_) => "vessel_moved":
            json!({"vessel": part(LabelKind::Vessel, 1), "incubator": "Inc 3", "position": "B2"}),
        culture::Event::VesselDiscard(_) => "vessels_discarded":
            json!({"vessels": [part(LabelKind::Vessel, 1)], "reason": "few cells"}),
        culture::Event::Pooled(_) => "pooled_in": json!({
            "form": {
                "other": ID, "theirs": [part(LabelKind::Vessel, 1)], "ours": [part(LabelKind::Vessel, 2)],
                "count": count(), "into": [vessel()]
            },
            "their_passage": 2, "vessels": [3]
        }),
        culture::Event::GivenToPool(_) => "given_to_pool":
            json!({"to": ID, "vessels": [part(LabelKind::Vessel, 1)]}),
    }
    of_filling: filling::Event {
        filling::Event::HarvestDone(_) => "harvested": json!({
            "form": {
                "vessels": [part(LabelKind::Vessel, 1)], "enzyme": "5", "count": count(), "washes": 3,
                "volume": "20"
            },
            "harvest": 1
        }),
        filling::Event::FillDone(_) => "filled": json!({
            "form": {
                "harvests": [1],
                "containers": [{"ware": "bag", "volume": "50", "viable_cells": "50000000"}]
            },
            "fill": 1, "containers": [1, 2], "expires_at": AT
        }),
        filling::Event::Freezing(_) => "frozen": json!({
            "containers": [part(LabelKind::Dose, 1)], "protectant": "10 % DMSO", "programme": "1 °C/min"
        }),
        filling::Event::Storage(_) => "stored":
            json!({"containers": [part(LabelKind::Dose, 1)], "place": "Tank 1", "temperature": "-160"}),
        filling::Event::Thaw(_) => "thawed": json!({"containers": [part(LabelKind::Dose, 1)]}),
        filling::Event::LabelReconciliation(_) => "labels_reconciled":
            json!({"fill": 1, "printed": 5, "applied": [part(LabelKind::Dose, 1)], "destroyed": 4}),
    }
    of_testing: testing::Event {
        testing::Event::Sampled(_) => "sampled":
            json!({"form": {"subjects": [{"fill": 1}, "tissue"], "tests": ["VIABILITY"]}, "sample": 3}),
        testing::Event::Sending(_) => "sent": json!({"sample": 3, "laboratory": "Lab"}),
        testing::Event::ResultEntered(_) => "result_entered": json!({
            "form": {
                "sample": 3, "test": "VIABILITY", "values": ["97"], "unit": "%", "method": "trypan blue"
            },
            "result": 4, "judgement": {"verdict": "pass", "formula": "verdict/1"}
        }),
        testing::Event::Verification(_) => "result_verified": json!({"result": 4}),
        testing::Event::Interpretation(_) => "result_interpreted":
            json!({"result": 4, "passes": true, "reasoning": "a known variant"}),
        testing::Event::Investigation(_) => "investigation_concluded":
            json!({"result": 4, "conclusion": {"laboratory_cause": {"cause": "dilution", "retests": 2}}}),
    }
    of_disposition: disposition::Event {
        disposition::Event::PartConfirmation(_) => "part_confirmed": json!({"entry": ID}),
        disposition::Event::Corrected(_) => "corrected": json!({
            "entry": ID, "reason": "misread", "replaced_a_failure": false,
            "replacement": {"filling": {"thawed": {"containers": [part(LabelKind::Dose, 1)]}}}
        }),
        disposition::Event::Held(_) => "held": json!({
            "hold": 1, "scope": {"from": {"subjects": [{"fill": 1}]}},
            "cause": {"quality_event": {"event": ID}}
        }),
        disposition::Event::Lifting(_) => "hold_lifted": json!({"hold": 1, "reason": "settled"}),
        disposition::Event::QualityEventLinked(_) => "quality_event_linked": json!({"event": ID}),
        disposition::Event::QualityEventAssessed(_) => "quality_event_assessed":
            json!({"event": ID, "impact": "none", "reasoning": "closed vessels"}),
        disposition::Event::ManufacturingConfirmation(_) => "manufacturing_confirmed": json!({}),
        disposition::Event::QualityConfirmation(_) => "quality_confirmed": json!({}),
        disposition::Event::Deciding(_) => "decided": json!({"containers": [1, 2], "decision": "release"}),
    }
    of_distribution: distribution::Event {
        distribution::Event::Allocation(_) => "allocated": json!({"containers": [1], "order": ID}),
        distribution::Event::Packing(_) => "packed":
            json!({"containers": [part(LabelKind::Dose, 1)], "package": "Box 7"}),
        distribution::Event::ShippingCheck(_) => "shipping_cleared":
            json!({"containers": [part(LabelKind::Dose, 1)], "clinic": ID}),
        distribution::Event::Shipment(_) => "shipped":
            json!({"containers": [part(LabelKind::Dose, 1)], "carrier": "Courier 12"}),
        distribution::Event::ReceivingCheck(_) => "receiving_cleared":
            json!({"containers": [part(LabelKind::Dose, 1)]}),
        distribution::Event::Receipt(_) => "received": json!({
            "containers": [part(LabelKind::Dose, 1)], "seal_intact": false, "least_temperature": "2",
            "most_temperature": "6", "transport": "5", "appearance": "clear", "accepted": true
        }),
        distribution::Event::AdministrationDecision(_) => "administration_decided": json!({
            "container": part(LabelKind::Dose, 1), "order_label": label(LabelKind::Order), "may": true
        }),
        distribution::Event::BedsideCheck(_) => "bedside_cleared": json!({
            "container": part(LabelKind::Dose, 1), "wristband": label(LabelKind::Order),
            "spoken_identity_fits": true, "second_person": ID
        }),
        distribution::Event::Infusion(_) => "infused": json!({
            "container": part(LabelKind::Dose, 1), "started_at": AT, "ended_at": AT, "volume": "50",
            "reactions": "none"
        }),
        distribution::Event::Outcome(_) => "outcome_reported":
            json!({"container": part(LabelKind::Dose, 1), "report": "fever", "adverse": true}),
        distribution::Event::ReturnReport(_) => "returned":
            json!({"containers": [part(LabelKind::Dose, 1)], "reason": "postponed"}),
        distribution::Event::Destruction(_) => "destroyed": json!({
            "containers": [part(LabelKind::Dose, 1)], "method": "autoclave", "quantity": "50",
            "reason": "expired"
        }),
        distribution::Event::Withdrawal(_) => "withdrawn":
            json!({"containers": [1], "reason": "late growth"}),
        distribution::Event::StopIssued(_) => "stop_issued":
            json!({"container": 1, "clinic": ID, "cause": {"oos": {"result": 4}}}),
        distribution::Event::StopAcknowledgement(_) => "stop_acknowledged": json!({"stop": ID}),
        distribution::Event::Discontinuation(_) => "discontinued": json!({"reason": "no growth"}),
        distribution::Event::Closing(_) => "closed": json!({}),
    }
}

/// Every fact.
pub fn facts() -> Vec<Event> {
    fn wrapped<T>(facts: Vec<T>, wrap: fn(T) -> Event) -> impl Iterator<Item = Event> {
        facts.into_iter().map(wrap)
    }
    let all = wrapped(of_site(), Event::Site)
        .chain(wrapped(of_person(), Event::Person))
        .chain(wrapped(of_standard(), Event::Standard))
        .chain(wrapped(of_order(), Event::Order))
        .chain(wrapped(of_quality_event(), Event::QualityEvent))
        .chain(wrapped(of_attempts(), Event::Attempts))
        .chain(wrapped(of_intake(), |fact| Event::Batch(batch::Event::Intake(fact))))
        .chain(wrapped(of_culture(), |fact| Event::Batch(batch::Event::Culture(fact))))
        .chain(wrapped(of_filling(), |fact| Event::Batch(batch::Event::Filling(fact))))
        .chain(wrapped(of_testing(), |fact| Event::Batch(batch::Event::Testing(fact))))
        .chain(wrapped(of_disposition(), |fact| Event::Batch(batch::Event::Disposition(fact))))
        .chain(wrapped(of_distribution(), |fact| Event::Batch(batch::Event::Distribution(fact))));
    all.collect()
}

/// The standard in the samples; it has one test.
pub fn standard() -> Standard {
    read(standard_json())
}

fn standard_json() -> Value {
    let range = |least: &str, most: &str| json!({"least": least, "most": most});
    json!({
        "code": "ADMSC", "version": 2, "title": {"en": "Adipose MSC", "ja": "脂肪由来間葉系幹細胞"},
        "source": "tissue", "donor": "autologous", "retention_years": 30, "pooling": "within_batch",
        "process": {
            "max_passage": 5, "max_doublings": "10", "p0_doublings": "zero", "medium_interval": "4",
            "seeding_density": range("3000", "40000")
        },
        "dose": {"least_cells": "10000000", "most_cells": "100000000", "most_concentration": "5000000"},
        "keeping": {
            "form": {"fresh": {"shelf_life": "48"}}, "storage": range("2", "8"), "preparation": "60",
            "transport": {"temperature": range("2", "8"), "most_hours": "12"}
        },
        "tests": [{
            "code": "VIABILITY", "title": {"en": "Viability", "ja": "生細胞率"}, "attribute": "viability",
            "purpose": "mandated", "stage": "fill", "method": "trypan blue", "unit": "%",
            "criterion": {"at_least": "90"}, "turnaround": "1"
        }]
    })
}

fn standing() -> Value {
    json!({"active": true, "plan_active": false, "consent": {"in_force": {"version": "3"}}})
}

fn plan() -> Value {
    json!({"number": "PB0000001", "class": "two"})
}

fn count() -> Value {
    json!({"method": "trypan blue", "replicates": [{"live": "241", "dead": "9"}], "factor": "100000"})
}

fn vessel() -> Value {
    json!({
        "ware": "T225", "area": "225", "viable_cells": "1000000", "incubator": "Inc 3", "position": "B2"
    })
}

fn label(kind: LabelKind) -> Value {
    json!(whole(kind))
}

fn part(kind: LabelKind, sub: u16) -> Value {
    json!(whole(LabelKind::Batch).part(kind, sub).expect("a typeable label"))
}

fn whole(kind: LabelKind) -> Label {
    let site = SiteCode::try_from("TKYO".to_string()).expect("a site's code");
    (123..).find_map(|serial| Label::new(kind, &site, 26, serial)).expect("a typeable label")
}
