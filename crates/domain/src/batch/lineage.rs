//! Lineage: which cells descend from which. Batches split and pool, so it is a graph; a result counts for a
//! container only along it.

use super::Batch;
use super::distribution::{Custody, StopCause};
use super::gate::{CheckState, Requirement, gate, receipt_tests};
use super::results::Verdict;
use crate::decision::{Appends, Context};
use crate::ids::{BatchId, ContainerNo, FillNo, HarvestNo, VesselNo};
use crate::order::DonorScreening;
use crate::quantity::{Doublings, Number};
use crate::refusal::Reason;
use crate::standard::{Code, Purpose};
use crate::time::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Something in a batch that cells pass through and that can be sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The tissue as received (採取組織).
    Tissue,
    /// A container of another batch that cells were drawn from.
    Parent {
        /// The other batch.
        batch: BatchId,
    },
    /// A culture vessel.
    Vessel(VesselNo),
    /// A harvest.
    Harvest(HarvestNo),
    /// A fill.
    Fill(FillNo),
    /// A container.
    Container(ContainerNo),
}

/// What a batch knows of another one its cells come from; noted again whenever it changes there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParentStanding {
    /// The container drawn, for a bank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<ContainerNo>,
    /// The passage of its cells.
    pub passage: u8,
    /// Their cumulative doublings, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doublings: Option<Doublings>,
    /// Its donor's newest screening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screening: Option<DonorScreening>,
    /// Its tests that are met, with the instant their results were reported.
    pub met: Vec<MetTest>,
    /// Its tests that failed.
    pub failed: Vec<Code>,
    /// Whether anything holds those cells there.
    pub held: bool,
}

/// A test that is met in a parent batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetTest {
    /// The test.
    pub code: Code,
    /// When it was sampled.
    pub sampled_at: Time,
    /// When it was reported.
    pub reported_at: Time,
}

impl Batch {
    /// What a subject's cells came from directly.
    pub fn parents_of(&self, subject: Subject) -> Vec<Subject> {
        match subject {
            Subject::Tissue | Subject::Parent { .. } => Vec::new(),
            Subject::Vessel(no) => self.vessels.get(&no).map(|v| v.parents.clone()).unwrap_or_default(),
            Subject::Harvest(no) => {
                let vessels = self.harvests.get(&no).map(|h| h.vessels.as_slice()).unwrap_or_default();
                vessels.iter().copied().map(Subject::Vessel).collect()
            }
            Subject::Fill(no) => {
                let harvests = self.fills.get(&no).map(|f| f.harvests.as_slice()).unwrap_or_default();
                harvests.iter().copied().map(Subject::Harvest).collect()
            }
            Subject::Container(no) => {
                self.containers.get(&no).map(|c| Subject::Fill(c.fill)).into_iter().collect()
            }
        }
    }

    /// A subject and everything its cells came from.
    pub fn ancestry(&self, subject: Subject) -> BTreeSet<Subject> {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![subject];
        while let Some(next) = waiting.pop() {
            if seen.insert(next) {
                waiting.extend(self.parents_of(next));
            }
        }
        seen
    }

    /// Whether a subject's cells came from one of these (or it is one of them).
    pub fn descends(&self, subject: Subject, from: &[Subject]) -> bool {
        let ancestry = self.ancestry(subject);
        from.iter().any(|ancestor| ancestry.contains(ancestor))
    }

    /// Whether the subject exists.
    pub fn has(&self, subject: Subject) -> bool {
        match subject {
            Subject::Tissue => self.tissue.is_some(),
            Subject::Parent { batch } => self.parents.contains_key(&batch),
            Subject::Vessel(no) => self.vessels.contains_key(&no),
            Subject::Harvest(no) => self.harvests.contains_key(&no),
            Subject::Fill(no) => self.fills.contains_key(&no),
            Subject::Container(no) => self.containers.contains_key(&no),
        }
    }
}

impl Batch {
    /// What a batch that draws from this one must know of it.
    pub fn standing_for_child(&self, container: Option<ContainerNo>, now: Time) -> ParentStanding {
        let drawn = container.and_then(|no| self.containers.get(&no));
        let harvests = drawn
            .and_then(|c| self.fills.get(&c.fill))
            .map(|fill| fill.harvests.as_slice())
            .unwrap_or_default();
        let harvests: Vec<_> = harvests.iter().filter_map(|no| self.harvests.get(no)).collect();
        let doublings = harvests.iter().map(|harvest| harvest.doublings).collect::<Option<Vec<_>>>();
        let doublings = doublings.and_then(|all| all.into_iter().max());
        let answer = gate(self, now);
        let own = container.and_then(|no| answer.containers.get(&no)).map(Vec::as_slice).unwrap_or_default();
        let met = own.iter().filter(|check| check.state() == CheckState::Met);
        let met = met.filter_map(|check| match &check.requirement {
            Requirement::Test(code) => self.newest_pass(code),
            _ => None,
        });
        // Vessels given to a pool have no container: what is known of them is their tissue.
        let of_tissue = if container.is_none() { receipt_tests(self, now) } else { Vec::new() };
        let met = met.chain(of_tissue.iter().filter_map(|code| self.newest_pass(code)));
        let counts =
            |code: &Code| self.standard().test(code).is_some_and(|test| test.purpose != Purpose::Information);
        let mut failed: Vec<Code> = self
            .results
            .values()
            .filter(|result| result.fails() && counts(&result.form.test))
            .map(|result| result.form.test.clone())
            .collect();
        failed.sort();
        failed.dedup();
        let holds = answer.batch.iter().chain(own);
        let doubtful = |check: &&super::gate::Check| {
            matches!(
                check.requirement,
                Requirement::Holds
                    | Requirement::Identity
                    | Requirement::Consent
                    | Requirement::QualityEvents
            )
        };
        ParentStanding {
            container,
            passage: harvests.iter().map(|harvest| harvest.passage).max().unwrap_or(0),
            doublings: doublings.and_then(|value| Number(value).try_into().ok()),
            screening: self.order.screening.clone(),
            met: met.collect(),
            failed,
            held: holds.filter(doubtful).any(|check| check.state() != CheckState::Met),
        }
    }

    fn newest_pass(&self, code: &Code) -> Option<MetTest> {
        let passing = |result: &&super::testing::TestResult| {
            result.form.test == *code && result.effective() == Verdict::Pass && result.verified_by.is_some()
        };
        let newest = self.results.values().rev().find(passing)?;
        let sampled_at = self.samples.get(&newest.form.sample)?.at;
        Some(MetTest { code: code.clone(), sampled_at, reported_at: newest.reported_at })
    }

    /// Why a bank container cannot be drawn.
    pub fn drawing_faults(&self, container: ContainerNo, now: Time) -> Vec<Reason> {
        let usable = self.containers.get(&container).is_some_and(|container| {
            container.released() && container.custody == Custody::InHouse && container.expires_at > now
        });
        let held = self.standing_for_child(Some(container), now).held;
        if usable && !held && self.end.is_none() { Vec::new() } else { vec![Reason::BankNotReleased] }
    }

    /// Tells clinics to stop whatever came from these and has left.
    pub fn stop_all(&self, from: &[Subject], cause: StopCause, appends: &mut Appends, ctx: &Context) {
        self.stop_descendants(from, cause, appends, ctx);
    }
}
