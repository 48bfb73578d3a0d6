//! What a batch waits for, and from whom: the signings and entries of quality, and what others must confirm first.
//! Nobody is offered what `decide` would refuse for who he is or for how the batch stands.

use super::Batch;
use super::disposition::is_shut_out;
use super::distribution::Container;
use super::gate::gate;
use super::results::Verdict;
use super::testing::{Oos, TestResult};
use crate::authority::{Actor, roles_for};
use crate::ids::{ContainerNo, EntryId, HoldNo, QualityEventId, ResultNo, SampleNo};
use crate::standard::{Code, Purpose};
use crate::time::Time;
use std::collections::BTreeSet;

/// One thing a batch waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// The decision on containers that nothing blocks.
    Decision {
        /// Which.
        containers: Vec<ContainerNo>,
    },
    /// Quality's confirmation of the record.
    QualityConfirmation,
    /// Manufacturing's confirmation of the record.
    ManufacturingConfirmation,
    /// The investigation of a failing result.
    Investigation {
        /// Which.
        result: ResultNo,
    },
    /// A second person's check of a mismatch.
    MismatchClearance {
        /// Its entry.
        entry: EntryId,
    },
    /// The assessment of a quality event.
    Assessment {
        /// Which.
        event: QualityEventId,
    },
    /// The lifting of a hold whose cause is settled.
    Lifting {
        /// Which.
        hold: HoldNo,
    },
    /// The interpretation of a result in words.
    Interpretation {
        /// Which.
        result: ResultNo,
    },
    /// The verification of a result.
    Verification {
        /// Which.
        result: ResultNo,
    },
    /// The confirmation of his own part in an entry.
    PartConfirmation {
        /// The entry.
        entry: EntryId,
    },
    /// A result of a test sample.
    Result {
        /// The test sample.
        sample: SampleNo,
        /// The test.
        test: Code,
    },
}

impl Awaited {
    /// What is done, as in the table of authority.
    pub fn action(&self) -> &'static str {
        match self {
            Awaited::Decision { .. } => "batch.disposition.deciding",
            Awaited::QualityConfirmation => "batch.disposition.quality_confirmation",
            Awaited::ManufacturingConfirmation => "batch.disposition.manufacturing_confirmation",
            Awaited::Investigation { .. } => "batch.testing.investigation",
            Awaited::MismatchClearance { .. } => "batch.intake.mismatch_clearance",
            Awaited::Assessment { .. } => "quality_event.assessment",
            Awaited::Lifting { .. } => "batch.disposition.lifting",
            Awaited::Interpretation { .. } => "batch.testing.interpretation",
            Awaited::Verification { .. } => "batch.testing.verification",
            Awaited::PartConfirmation { .. } => "batch.disposition.part_confirmation",
            Awaited::Result { .. } => "batch.testing.result",
        }
    }
}

/// Whether this person may do what a batch waits for: by his roles, and by what he did for the batch himself.
pub fn is_for(batch: &Batch, actor: &Actor, one: &Awaited) -> bool {
    actor.has_any(roles_for(one.action())) && may_by_his_part(batch, actor, one)
}

/// What a batch waits for from anybody, in the order it is best done.
pub fn everything(batch: &Batch, now: Time) -> Vec<Awaited> {
    let mut found = Vec::new();
    let ready = decidable(batch, now);
    if !ready.is_empty() {
        found.push(Awaited::Decision { containers: ready });
    }
    let undecided = batch.containers.values().any(Container::is_undecided);
    if undecided && batch.end.is_none() {
        let made = batch.manufacturing.filter(|confirmed| confirmed.version > batch.last_bench_version);
        match made {
            None => found.push(Awaited::ManufacturingConfirmation),
            Some(made) if batch.quality.is_none_or(|confirmed| confirmed.version < made.version) => {
                found.push(Awaited::QualityConfirmation);
            }
            Some(_) => {}
        }
    }
    let results = || batch.results.values();
    let failing = results().filter(|result| result.oos == Some(Oos::Open));
    found.extend(failing.map(|result| Awaited::Investigation { result: result.no }));
    let mismatches = batch.mismatches.iter().filter(|mismatch| !mismatch.cleared);
    found.extend(mismatches.map(|mismatch| Awaited::MismatchClearance { entry: mismatch.entry }));
    let events = batch.quality_events.iter().filter(|(_, impact)| impact.is_none());
    found.extend(events.map(|(event, _)| Awaited::Assessment { event: *event }));
    let holds = batch.holds.iter().filter(|(_, hold)| hold.lifted.is_none() && batch.is_settled(&hold.cause));
    found.extend(holds.map(|(hold, _)| Awaited::Lifting { hold: *hold }));
    let wordy = |result: &&TestResult| {
        result.judgement.verdict == Verdict::AwaitsInterpretation && result.interpreted.is_none()
    };
    found.extend(results().filter(wordy).map(|result| Awaited::Interpretation { result: result.no }));
    let unverified = results()
        .filter(|result| result.verified_by.is_none() && result.judgement.verdict != Verdict::Incubating);
    found.extend(unverified.map(|result| Awaited::Verification { result: result.no }));
    let entries: BTreeSet<EntryId> = batch.unconfirmed_parts().into_iter().map(|(entry, ..)| entry).collect();
    found.extend(entries.into_iter().map(|entry| Awaited::PartConfirmation { entry }));
    found.extend(without_result(batch));
    found
}

/// Containers that are here, not decided on, and blocked by nothing.
pub fn decidable(batch: &Batch, now: Time) -> Vec<ContainerNo> {
    if batch.end.is_some() {
        return Vec::new();
    }
    let answer = gate(batch, now);
    let open = batch.containers.values().filter(|container| container.is_undecided());
    open.filter(|container| answer.blockers(container.no).is_empty()).map(|container| container.no).collect()
}

/// Test samples and their tests that have no result yet; for information alone nobody waits.
fn without_result(batch: &Batch) -> impl Iterator<Item = Awaited> {
    batch.samples.iter().flat_map(|(no, sample)| {
        let open = sample.form.tests.iter().filter(|test| {
            let final_one = |result: &TestResult| {
                result.form.sample == *no
                    && result.form.test == **test
                    && result.effective() != Verdict::Incubating
            };
            let wanted = batch.standard().test(test).is_some_and(|test| test.purpose != Purpose::Information);
            wanted && !batch.results.values().any(final_one)
        });
        open.map(|test| Awaited::Result { sample: *no, test: test.clone() })
    })
}

/// Whether what a person did for the batch leaves him free to do this.
fn may_by_his_part(batch: &Batch, actor: &Actor, one: &Awaited) -> bool {
    let entered =
        |no: &ResultNo| batch.results.get(no).is_some_and(|result| result.enterers.contains(&actor.person));
    match one {
        Awaited::Decision { .. }
        | Awaited::Lifting { .. }
        | Awaited::QualityConfirmation
        | Awaited::ManufacturingConfirmation => !is_shut_out(batch, one.action(), actor.person),
        Awaited::Investigation { result }
        | Awaited::Interpretation { result }
        | Awaited::Verification { result } => !entered(result),
        Awaited::MismatchClearance { entry } => {
            batch.mismatches.iter().any(|found| found.entry == *entry && found.recorder != actor.person)
        }
        Awaited::PartConfirmation { entry } => batch
            .unconfirmed_parts()
            .into_iter()
            .any(|(of, person, _)| of == *entry && person == actor.person),
        Awaited::Assessment { .. } => true,
        // Who enters a result does not decide any more: whoever could is not asked to.
        Awaited::Result { .. } => {
            let decides = actor.has_any(roles_for("batch.disposition.deciding"));
            !decides
                || !(batch.containers.is_empty() || batch.containers.values().any(Container::is_undecided))
        }
    }
}
