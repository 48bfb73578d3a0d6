//! The words of the quality desk in English.

use super::{bench_record, blocker, impact, step, verdict};
use crate::words::{Context, Language, Quality, Thing, listed, time};
use baiyo_domain::batch::awaited::Awaited;
use baiyo_domain::batch::exceptions::Exception;

/// So many of these, e.g. "1 exception", "3 exceptions".
fn many(number: usize, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

pub(in crate::words) fn exception_count(exceptions: usize, entries: usize) -> String {
    let entries = many(entries, "entry", "entries");
    match exceptions {
        0 => format!("No exceptions in {entries}"),
        number => format!("{} in {entries}", many(number, "exception", "exceptions")),
    }
}

pub(in crate::words) fn met_count(met: usize, all: usize) -> String {
    format!("{met} of {all} requirements met")
}

pub(in crate::words) fn exception(exception: &Exception, context: &Context) -> String {
    let entry = |id| context.call(Thing::Entry(id));
    match exception {
        Exception::ResultFails { result, concluded: false } => {
            format!("Result {result} fails and is not investigated yet")
        }
        Exception::ResultFails { result, concluded: true } => {
            format!("Result {result} fails; the investigation confirmed it")
        }
        Exception::ResultSetAside { result, retests } => {
            format!(
                "Result {result} failed and was set aside for a laboratory cause; retests fixed: {retests}"
            )
        }
        Exception::ResultUndecided { result, verdict: found } => {
            format!("Result {result} settles nothing: {}", verdict(*found))
        }
        Exception::ResultInterpreted { result, passes } => match passes {
            None => format!("Result {result} awaits its interpretation"),
            Some(true) => format!("Result {result} was interpreted as passing"),
            Some(false) => format!("Result {result} was interpreted as failing"),
        },
        Exception::Retested { test, sample, results } => format!(
            "{}: tested {} on test sample {sample} (results {})",
            context.title(Language::En, test),
            many(results.len(), "time", "times"),
            listed(results)
        ),
        Exception::OutOfLimits { blocker: found, .. } => blocker(found, context),
        Exception::QualityEvent { event, impact: found } => {
            let event = context.call(Thing::QualityEvent(*event));
            match found {
                None => format!("Quality event not assessed yet: {event}"),
                Some(found) => format!("Quality event: {event}. Impact: {}", impact(*found)),
            }
        }
        Exception::Hold { hold, lifted: None } => format!("Hold {hold} is in force"),
        Exception::Hold { hold, lifted: Some(by) } => {
            format!("Hold {hold} was lifted in entry {}", entry(*by))
        }
        Exception::Mismatch { cleared: false, .. } => "Identifiers differed; not cleared yet".into(),
        Exception::Mismatch { cleared: true, .. } => {
            "Identifiers differed; cleared by a second person".into()
        }
        Exception::DecisionVoided { container, by } => {
            format!("The decision on container {container} was voided by entry {}", entry(*by))
        }
        Exception::CheckMissing { entry: of, step: missing } => {
            format!("{} without its second person (entry {})", step(*missing), entry(*of))
        }
        Exception::BenchRecordMissing { entry: of, record } => {
            format!("Not recorded in entry {}: {}", entry(*of), bench_record(*record))
        }
        Exception::PartUnconfirmed { entry: of, person, .. } => {
            format!(
                "{} has yet to confirm a part in entry {}",
                context.call(Thing::Person(*person)),
                entry(*of)
            )
        }
        Exception::Corrected { entry: of, by } => {
            format!("Entry {} was corrected in entry {}", entry(*of), entry(*by))
        }
        Exception::Late { entry: of, done, .. } => {
            format!(
                "Entry {} was recorded late; done {}",
                entry(*of),
                time(Language::En, *done, context.zone)
            )
        }
        Exception::FromPaper { entry: of, form } => {
            format!("Entry {} was copied from paper form {form}", entry(*of))
        }
    }
}

pub(in crate::words) fn awaited(one: &Awaited, context: &Context) -> String {
    match one {
        Awaited::Decision { containers } => {
            format!("Decide on {}", many(containers.len(), "container", "containers"))
        }
        Awaited::QualityConfirmation => "Confirm the record for quality".into(),
        Awaited::ManufacturingConfirmation => "Confirm the record for manufacturing".into(),
        Awaited::Investigation { result } => format!("Conclude the investigation of result {result}"),
        Awaited::MismatchClearance { .. } => "Check the mismatch as a second person".into(),
        Awaited::Assessment { event } => {
            format!("Assess quality event: {}", context.call(Thing::QualityEvent(*event)))
        }
        Awaited::Lifting { hold } => format!("Lift hold {hold}"),
        Awaited::Interpretation { result } => format!("Interpret result {result}"),
        Awaited::Verification { result } => format!("Verify result {result}"),
        Awaited::PartConfirmation { entry } => {
            format!("Confirm your part in entry {}", context.call(Thing::Entry(*entry)))
        }
        Awaited::Result { sample, test } => {
            format!("Enter result: {} (test sample {sample})", context.title(Language::En, test))
        }
    }
}

pub(in crate::words) fn text(word: Quality) -> &'static str {
    match word {
        Quality::Desk => "Quality",
        Quality::Queue => "Batches that need quality",
        Quality::Nothing => "No batch needs quality now.",
        Quality::MoreOnBoard => "Not every batch is listed here. All of them are on the board",
        Quality::Exceptions => "Exceptions",
        Quality::NoneOpen => "none open",
        Quality::NothingForYou => "Nothing for you now",
        Quality::ReadyFrom => "Wanted from",
        Quality::Expires => "Expires",
        Quality::HarvestPlanned => "Harvest planned",
        Quality::NoDate => "No date",
        Quality::Next => "Next",
        Quality::Work => "Lists of work",
        Quality::ToVerify => "Results awaiting verification",
        Quality::Failures => "Failing results (OOS), not investigated",
        Quality::ToAssess => "Quality events to assess",
        Quality::ToClose => "Quality events open",
        Quality::HoldsInForce => "Holds in force",
        Quality::ToEnter => "Results due",
        Quality::NoneHere => "None",
        Quality::Review => "Review",
        Quality::WhyNotReady => "Why is this not ready?",
        Quality::Then => "Afterwards",
        Quality::Now => "Now",
        Quality::WholeRecord => "Whole batch",
        Quality::Details => "Batch page",
        Quality::InOrder => "In order",
        Quality::NotInOrder => "See above",
        Quality::AllEntries => "All entries",
        Quality::Identity => "Identity",
        Quality::DonorAndOrder => "Donor, consent, order",
        Quality::People => "Performers and checkers",
        Quality::Materials => "Materials and equipment",
        Quality::Times => "Times",
        Quality::Limits => "Limits of the standard",
        Quality::Tests => "Mandated tests",
        Quality::Labels => "Labels",
        Quality::Signatures => "Confirmations",
        Quality::Open => "Open",
        Quality::OutOfLimits => "Out of limits",
        Quality::Settled => "Settled",
        Quality::Retested => "Tested again",
        Quality::NotYet => "Not complete yet",
        Quality::HoldNumber => "Hold",
        Quality::Because => "Reason",
        Quality::Print => "Batch record for printing",
        Quality::RefusedAttempts => "Refused attempts on this batch",
        Quality::RefusedAttemptsExplained => "Among the newest attempts at the centre.",
        Quality::ForYou => "For you to do",
        Quality::Covers => "This decision covers",
        Quality::ChooseOthers => "Choose other containers",
        Quality::YouHadAPart => {
            "You had a part in this batch, so somebody else of the quality department decides on it."
        }
        Quality::AwaitsOthers => "Awaited from others",
        Quality::RejectContainers => "Reject containers",
        Quality::NothingToSign => "There is nothing for you to sign now.",
        Quality::ChooseSample => "Which result do you enter?",
        Quality::WithoutResult => "Without a result",
        Quality::AgainResult => "With a result already",
        Quality::Earlier => "Other results of this test, failures first",
        Quality::NoEarlier => "No other result of this test.",
        Quality::Value => "Value",
        Quality::Criterion => "Criterion",
        Quality::MethodAndUnit => "Method",
        Quality::NoGrowth => "No growth",
        Quality::Growth => "Growth",
        Quality::Negative => "Negative",
        Quality::Positive => "Positive",
        Quality::OtherText => "Other, as reported",
        Quality::ChooseResult => "Which result?",
        Quality::NoneToChoose => "No result waits for this.",
        Quality::MostRetests => "Most retests under the standard",
        Quality::Record => "Batch record",
        Quality::RecordOf => "Record of batch",
        Quality::Printed => "Printed",
        Quality::PrintHint => "Print it with your browser: every page carries the batch number.",
        Quality::Entries => "Entries",
        Quality::SignedEntries => "Signatures",
        Quality::Corrected => "Corrected",
        Quality::CheckpointNote => "Newest signed checkpoint of the journal",
        Quality::NoCheckpoint => "The journal has no checkpoint yet.",
        Quality::Result => "Result",
        Quality::WhoAndWhen => "Who and when",
        Quality::Requirement => "Requirement",
    }
}
