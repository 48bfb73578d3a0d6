//! What a reviewer must look at in a batch's record: everything in it that did not go as its standard and its forms
//! have it. Whatever is not listed here went as planned and needs one line in a review.

use super::disposition;
use super::gate::{Blocker, CheckState, Requirement, gate};
use super::performed::{self, LATE_AFTER_MINUTES};
use super::results::Verdict;
use super::testing::{Oos, TestResult};
use super::{Batch, Duty, Event, Stamp};
use crate::ids::{ContainerNo, EntryId, HoldNo, PersonId, QualityEventId, ResultNo, SampleNo};
use crate::quality_event::Impact;
use crate::standard::{BenchRecord, Code, Step};
use crate::text::{Note, Short};
use crate::time::Time;
use std::collections::BTreeMap;

/// Something out of the ordinary, with what a reviewer asks of it first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exception {
    /// A result fails; until it was investigated, or because the investigation confirmed it.
    ResultFails {
        /// Which.
        result: ResultNo,
        /// Whether its investigation is concluded.
        concluded: bool,
    },
    /// A failing result was set aside for a laboratory cause.
    ResultSetAside {
        /// Which.
        result: ResultNo,
        /// The retests fixed for it.
        retests: u8,
    },
    /// A result from which nothing follows: undecidable, or its controls failed.
    ResultUndecided {
        /// Which.
        result: ResultNo,
        /// What it comes to.
        verdict: Verdict,
    },
    /// A result that had to be interpreted in words.
    ResultInterpreted {
        /// Which.
        result: ResultNo,
        /// How it was interpreted, if it was.
        passes: Option<bool>,
    },
    /// A test was done more than once on a test sample.
    Retested {
        /// The test.
        test: Code,
        /// The test sample.
        sample: SampleNo,
        /// All its results, the first one first.
        results: Vec<ResultNo>,
    },
    /// Something of the gate failed that no action clears, e.g. a dose outside the standard.
    OutOfLimits {
        /// The containers it concerns; none where it is the whole batch.
        containers: Vec<ContainerNo>,
        /// What failed.
        blocker: Blocker,
    },
    /// A quality event touches the batch.
    QualityEvent {
        /// Which.
        event: QualityEventId,
        /// Its impact on the batch, once assessed.
        impact: Option<Impact>,
    },
    /// A hold was set.
    Hold {
        /// Which.
        hold: HoldNo,
        /// The entry that lifted it.
        lifted: Option<EntryId>,
    },
    /// Two identifiers that should be the same differed.
    Mismatch {
        /// Its entry.
        entry: EntryId,
        /// Whether a second person cleared it.
        cleared: bool,
    },
    /// A decision or confirmation was voided by a correction.
    DecisionVoided {
        /// The container.
        container: ContainerNo,
        /// The entry that voided it.
        by: EntryId,
    },
    /// A step that must have a second person was recorded without one.
    CheckMissing {
        /// The entry.
        entry: EntryId,
        /// The step.
        step: Step,
    },
    /// An open step lacks what the standard asks to be recorded beside it.
    BenchRecordMissing {
        /// The entry.
        entry: EntryId,
        /// What is missing.
        record: BenchRecord,
    },
    /// A person named in an entry has not confirmed his part.
    PartUnconfirmed {
        /// The entry.
        entry: EntryId,
        /// Who.
        person: PersonId,
        /// As what.
        duty: Duty,
    },
    /// An entry was corrected.
    Corrected {
        /// The original entry.
        entry: EntryId,
        /// The correction.
        by: EntryId,
    },
    /// An entry was recorded later than it should have been.
    Late {
        /// The entry.
        entry: EntryId,
        /// When it was done.
        done: Time,
        /// Why it is late.
        reason: Option<Note>,
    },
    /// An entry was copied from a paper form.
    FromPaper {
        /// The entry.
        entry: EntryId,
        /// The form's number.
        form: Short,
    },
}

impl Exception {
    /// Whether somebody still has to act on it.
    pub fn is_open(&self) -> bool {
        match self {
            Exception::ResultFails { concluded, .. } => !concluded,
            Exception::ResultUndecided { .. }
            | Exception::CheckMissing { .. }
            | Exception::BenchRecordMissing { .. }
            | Exception::PartUnconfirmed { .. } => true,
            Exception::ResultInterpreted { passes, .. } => passes.is_none(),
            Exception::QualityEvent { impact, .. } => impact.is_none(),
            Exception::Hold { lifted, .. } => lifted.is_none(),
            Exception::Mismatch { cleared, .. } => !cleared,
            Exception::ResultSetAside { .. }
            | Exception::Retested { .. }
            | Exception::OutOfLimits { .. }
            | Exception::DecisionVoided { .. }
            | Exception::Corrected { .. }
            | Exception::Late { .. }
            | Exception::FromPaper { .. } => false,
        }
    }

    /// Whether it keeps cells from being released for good.
    pub fn is_failure(&self) -> bool {
        match self {
            Exception::ResultFails { .. } | Exception::OutOfLimits { .. } => true,
            Exception::ResultInterpreted { passes, .. } => *passes == Some(false),
            Exception::QualityEvent { impact, .. } => *impact == Some(Impact::Unacceptable),
            _ => false,
        }
    }
}

/// Every exception in a batch's record as it stands: what is open first, then what fails for good, then the rest, each
/// in the order of the list above.
pub fn exceptions(batch: &Batch, now: Time) -> Vec<Exception> {
    let mut found = Vec::new();
    found.extend(batch.results.values().filter_map(of_result));
    found.extend(retested(batch));
    found.extend(out_of_limits(batch, now));
    found.extend(
        batch
            .quality_events
            .iter()
            .map(|(event, impact)| Exception::QualityEvent { event: *event, impact: *impact }),
    );
    found.extend(batch.holds.iter().map(|(hold, set)| Exception::Hold { hold: *hold, lifted: set.lifted }));
    found.extend(
        batch
            .mismatches
            .iter()
            .map(|found| Exception::Mismatch { entry: found.entry, cleared: found.cleared }),
    );
    found.extend(batch.containers.values().filter_map(|container| {
        let by = container.decided.as_ref()?.voided_by?;
        Some(Exception::DecisionVoided { container: container.no, by })
    }));
    found.extend(
        batch.unchecked.iter().map(|(entry, step)| Exception::CheckMissing { entry: *entry, step: *step }),
    );
    let unrecorded = batch.unrecorded.iter();
    found.extend(
        unrecorded.map(|(entry, record)| Exception::BenchRecordMissing { entry: *entry, record: *record }),
    );
    found.extend(
        batch.unconfirmed_parts().into_iter().map(|(entry, person, duty)| Exception::PartUnconfirmed {
            entry,
            person,
            duty,
        }),
    );
    found.extend(batch.log.iter().flat_map(|logged| {
        let entry = logged.stamp.entry;
        logged.corrected_by.iter().map(move |by| Exception::Corrected { entry, by: *by })
    }));
    found.extend(batch.log.iter().flat_map(|logged| of_entry(&logged.stamp, &logged.event)));
    found.sort_by_key(|exception| match (exception.is_open(), exception.is_failure()) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
    });
    found
}

/// What is out of the ordinary about one result.
fn of_result(result: &TestResult) -> Option<Exception> {
    let no = result.no;
    match &result.oos {
        Some(Oos::SetAside { retests, .. }) => {
            return Some(Exception::ResultSetAside { result: no, retests: *retests });
        }
        Some(Oos::Confirmed) => return Some(Exception::ResultFails { result: no, concluded: true }),
        Some(Oos::Open) => return Some(Exception::ResultFails { result: no, concluded: false }),
        None => {}
    }
    match result.judgement.verdict {
        Verdict::Pass | Verdict::Incubating => None,
        Verdict::Fail => Some(Exception::ResultFails { result: no, concluded: false }),
        Verdict::AwaitsInterpretation => {
            Some(Exception::ResultInterpreted { result: no, passes: result.interpreted })
        }
        verdict @ (Verdict::Undecidable | Verdict::ControlsFailed) => {
            Some(Exception::ResultUndecided { result: no, verdict })
        }
    }
}

/// Tests that were done more than once on a test sample. "No growth so far" is no result, and so no repetition.
fn retested(batch: &Batch) -> impl Iterator<Item = Exception> {
    let mut by_test: BTreeMap<(SampleNo, &Code), Vec<ResultNo>> = BTreeMap::new();
    for result in batch.results.values().filter(|result| result.effective() != Verdict::Incubating) {
        by_test.entry((result.form.sample, &result.form.test)).or_default().push(result.no);
    }
    let repeated = by_test.into_iter().filter(|(_, results)| results.len() > 1);
    repeated.map(|((sample, test), results)| Exception::Retested { test: test.clone(), sample, results })
}

/// What the gate says can no longer come right, where no other exception tells it already.
fn out_of_limits(batch: &Batch, now: Time) -> Vec<Exception> {
    let told = |requirement: &Requirement| {
        matches!(
            requirement,
            Requirement::Test(_)
                | Requirement::Failures
                | Requirement::Holds
                | Requirement::QualityEvents
                | Requirement::Container
        )
    };
    let answer = gate(batch, now);
    let mut found: Vec<(Blocker, Vec<ContainerNo>)> = Vec::new();
    let whole = answer.batch.iter().map(|check| (None, check));
    let each =
        answer.containers.iter().flat_map(|(no, checks)| checks.iter().map(|check| (Some(*no), check)));
    for (container, check) in whole.chain(each) {
        if told(&check.requirement) || check.state() != CheckState::Failed {
            continue;
        }
        // What was given or is elsewhere does not expire here.
        let gone = |no| !batch.containers.get(&no).is_some_and(|container| container.is_here());
        if check.requirement == Requirement::InDate && container.is_some_and(gone) {
            continue;
        }
        for (blocker, _) in check.blockers.iter().filter(|(blocker, _)| blocker.is_failure()) {
            match found.iter_mut().find(|(known, _)| known == blocker) {
                Some((_, containers)) => containers.extend(container),
                None => found.push((blocker.clone(), container.into_iter().collect())),
            }
        }
    }
    let exception = |(blocker, containers)| Exception::OutOfLimits { containers, blocker };
    found.into_iter().map(exception).collect()
}

/// What is out of the ordinary about how an entry was made.
fn of_entry(stamp: &Stamp, event: &Event) -> Vec<Exception> {
    let event = match event {
        // Late by its nature; it is listed as a correction.
        Event::Disposition(disposition::Event::Corrected(_)) => return Vec::new(),
        event => event,
    };
    let Some(performed) = performed::of(event) else { return Vec::new() };
    let mut found = Vec::new();
    let done = performed.at(stamp);
    let entry = stamp.entry;
    if performed.late_reason.is_some() || stamp.recorded_at.since(done).num_minutes() > LATE_AFTER_MINUTES {
        found.push(Exception::Late { entry, done, reason: performed.late_reason.clone() });
    }
    found.extend(performed.paper_form.clone().map(|form| Exception::FromPaper { entry, form }));
    found
}
