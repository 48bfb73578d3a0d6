//! What blocks a container, and what to do, in English.

use super::{all, analyte, bench_record, days, hold_cause, many, step, subject};
use crate::words::{Context, Language, Thing, cells, time};
use baiyo_domain::batch::gate::Blocker;
use baiyo_domain::order::Analyte;
use baiyo_domain::standard::BenchRecord;

pub(in crate::words) fn blocker(blocker: &Blocker, context: &Context) -> String {
    let at = |instant| time(Language::En, instant, context.zone);
    let title = |code| context.title(Language::En, code);
    match blocker {
        Blocker::InstructionMissing => "The manufacturing instruction is not signed. The manufacturing lead \
            must sign it before cells are processed."
            .into(),
        Blocker::InstructionLate => "The manufacturing instruction was signed after cells had been \
            processed. The batch cannot be released."
            .into(),
        Blocker::DonorPanelMissing { analytes } => {
            format!("The donor's panel lacks {}. Record the results.", names(analytes))
        }
        Blocker::DonorPositive { analytes } => {
            format!("The donor is positive for {}. The batch cannot be released.", names(analytes))
        }
        Blocker::DonorPanelExpired { since } => {
            format!("The donor's panel has been out of date since {}. Screen the donor again.", at(*since))
        }
        Blocker::ConsentMissing => "No consent is recorded. Record it on the order.".into(),
        Blocker::ConsentWithdrawn { at: when } => {
            format!("Consent was withdrawn on {}. The batch cannot be released.", at(*when))
        }
        Blocker::OrderInactive => "The order was cancelled. Ask the clinic.".into(),
        Blocker::PlanInactive => {
            "The provision plan is not active. The clinic must record an active plan.".into()
        }
        Blocker::MismatchOpen { entry } => format!(
            "The mismatch of identifiers in entry {} is not cleared. A second person must compare afresh and \
             clear it.",
            context.call(Thing::Entry(*entry))
        ),
        Blocker::PartUnconfirmed { entry, person } => format!(
            "{} has not confirmed the part recorded in entry {}. This person must sign in and confirm it.",
            context.call(Thing::Person(*person)),
            context.call(Thing::Entry(*entry))
        ),
        Blocker::CheckMissing { entry, step: missing } => format!(
            "The step “{}” (entry {}) lacks the check by a second person. Correct the entry and name who \
             checked.",
            step(*missing),
            context.call(Thing::Entry(*entry))
        ),
        Blocker::BenchRecordMissing { entry, record: BenchRecord::Photograph } => format!(
            "Entry {} lacks the photographs of its vessels that the standard asks for, from the day before to the day \
             after. Record each, or why there is none.",
            context.call(Thing::Entry(*entry))
        ),
        Blocker::BenchRecordMissing { entry, record } => format!(
            "Entry {} lacks what the standard asks for beside it: {}. Correct the entry and add it.",
            context.call(Thing::Entry(*entry)),
            bench_record(*record)
        ),
        Blocker::ManufacturingUnconfirmed => "Manufacturing has not confirmed the record as it stands. The \
            manufacturing lead must confirm it."
            .into(),
        Blocker::QualityUnconfirmed => "Quality has not confirmed the record as it stands. Quality must \
            confirm it after manufacturing."
            .into(),
        Blocker::Held { hold, cause } => format!(
            "Hold {hold} is in force ({}). Quality must settle its cause and lift it.",
            hold_cause(cause, context)
        ),
        Blocker::ParentHeld { batch } => format!(
            "Batch {}, which the cells come from, is held. Quality must settle it there.",
            context.call(Thing::Batch(*batch))
        ),
        Blocker::QualityEventOpen { event } => format!(
            "Quality event {} is not assessed for this batch. Quality must assess its impact.",
            context.call(Thing::QualityEvent(*event))
        ),
        Blocker::QualityEventUnacceptable { event } => format!(
            "The impact of quality event {} on this batch is not acceptable. The batch cannot be released.",
            context.call(Thing::QualityEvent(*event))
        ),
        Blocker::TestAbsent { test, subject: missing } => format!(
            "{}: no test sample was taken from {}. Take one and have it tested.",
            title(test),
            subject(missing, context)
        ),
        Blocker::TestPending { test, sample } => {
            format!(
                "{}: the result of test sample {sample} is awaited. Enter it once it is reported.",
                title(test)
            )
        }
        Blocker::TestUnverified { test, result } => {
            format!(
                "{}: result {result} passes but is not verified. A second person must verify it.",
                title(test)
            )
        }
        Blocker::TestFailed { test, result } => {
            format!("{}: result {result} fails (OOS). Quality must investigate it.", title(test))
        }
        Blocker::ParentTestFailed { test, batch } => format!(
            "{}: it failed in batch {}, which the cells come from. The batch cannot be released.",
            title(test),
            context.call(Thing::Batch(*batch))
        ),
        Blocker::TestUndecidable { test, result } => format!(
            "{}: result {result} does not tell whether the criterion is met. Enter a result that does.",
            title(test)
        ),
        Blocker::TestUninterpreted { test, result } => {
            format!(
                "{}: result {result} awaits its interpretation. Quality must interpret it and sign.",
                title(test)
            )
        }
        Blocker::TestControlsFailed { test, result } => format!(
            "{}: a control of result {result} failed or is missing, so its pass does not count. Test again \
             with \
             valid controls.",
            title(test)
        ),
        Blocker::RetestPending { test, result, missing } => format!(
            "{}: result {result} was set aside, and {} by a second analyst must still pass.",
            title(test),
            many(usize::from(*missing), "retest")
        ),
        Blocker::TestExpired { test, since } => {
            format!(
                "{}: the passing result has been out of date since {}. Test again.",
                title(test),
                at(*since)
            )
        }
        Blocker::CultureDays { days: found, least, most } => format!(
            "Cells were harvested after {}, and the standard allows {least} to {most}. They cannot be \
             released.",
            days(found)
        ),
        Blocker::PassageExceeded { passage, most } => format!(
            "The cells are in passage P{passage}, and the standard allows P{most} at most. They cannot be \
             released."
        ),
        Blocker::DoublingsExceeded { doublings, most } => format!(
            "The cells have doubled {doublings} times, and the standard allows {most} at most. They cannot \
             be \
             released."
        ),
        Blocker::DoublingsUnknown => "The cumulative doublings cannot be computed. Check the counts at \
            seeding, passage and harvest, and correct them."
            .into(),
        Blocker::DoseOutside { cells: found, least, most } => format!(
            "The container holds {} viable cells, and the standard allows {} to {}. It cannot be released.",
            cells(*found),
            cells(*least),
            cells(*most)
        ),
        Blocker::ConcentrationExceeded { concentration, most } => format!(
            "The concentration is {} cells/mL, and the standard allows {} at most. It cannot be released.",
            cells(*concentration),
            cells(*most)
        ),
        Blocker::LabelsOpen => {
            "The labels of the fill are not reconciled. Count them and scan them back.".into()
        }
        Blocker::LabelsDiffer => "The labels of the fill do not reconcile. Find the difference and correct \
            the reconciliation."
            .into(),
        Blocker::NotHere => "The container has left the centre or was used. It cannot be released.".into(),
        Blocker::NotFrozen => "The product is a frozen one, and the container is not frozen. Record its \
            freezing."
            .into(),
        Blocker::Expired { since } => {
            format!("The container expired on {}. It cannot be released.", at(*since))
        }
        Blocker::Rejected => "The container was rejected, and that is final. Record its destruction.".into(),
    }
}

fn names(analytes: &[Analyte]) -> String {
    all(analytes.iter().map(|missing| analyte(*missing).to_string()))
}
