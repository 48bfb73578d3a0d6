//! The gate: everything the pinned standard and the law require of a batch and of each of its containers,
//! answered from the batch's own history alone. Absence of a result is a blocker, never a pass. Release, the
//! screens, the API, the command line and the evidence in the database all read this one function.

mod blocker;
mod mandated;

pub use blocker::Blocker;
pub(super) use mandated::receipt_tests;

use mandated::test_check;

use super::disposition::HoldScope;
use super::distribution::{Container, Custody};
use super::filling::concentration;
use super::lineage::MetTest;
use super::results::Verdict;
use super::testing::{Oos, TestResult, TestSample};
use super::{Batch, Subject};
use crate::ids::{BatchId, ContainerNo, HarvestNo, SampleNo};
use crate::order::{Analyte, ConsentStanding, DonorScreening, Finding};
use crate::quality_event::Impact;
use crate::quantity::Number;
use crate::standard::{Anchor, Code, DonorKind, Form, Purpose, Source, Stage, Test, Validity};
use crate::time::Time;
use chrono::TimeDelta;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use schemars::JsonSchema;
use serde::Serialize;
use std::cell::Cell;
use std::collections::BTreeMap;

/// One thing the gate requires.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// A signed manufacturing instruction before processing.
    Instruction,
    /// An eligible donor.
    Donor,
    /// Consent in force.
    Consent,
    /// An active order and plan.
    Order,
    /// An unbroken chain of identity.
    Identity,
    /// Every named part confirmed, every step checked that must be.
    Record,
    /// Manufacturing's confirmation of the record.
    Manufacturing,
    /// Quality's confirmation of the record.
    Quality,
    /// No hold.
    Holds,
    /// Every quality event assessed, none unacceptable.
    QualityEvents,
    /// A mandated test.
    Test(Code),
    /// No failure that still counts, in whatever test.
    Failures,
    /// Culture days, passage and doublings within the standard.
    Process,
    /// The dose within the standard.
    Dose,
    /// Labels reconciled.
    Labels,
    /// The container is here, in its final form.
    Container,
    /// The container is in date.
    InDate,
}

impl Requirement {
    /// Its key in the evidence.
    pub fn key(&self) -> String {
        match self {
            Requirement::Instruction => "instruction".into(),
            Requirement::Donor => "donor".into(),
            Requirement::Consent => "consent".into(),
            Requirement::Order => "order".into(),
            Requirement::Identity => "identity".into(),
            Requirement::Record => "record".into(),
            Requirement::Manufacturing => "manufacturing".into(),
            Requirement::Quality => "quality".into(),
            Requirement::Holds => "holds".into(),
            Requirement::QualityEvents => "quality_events".into(),
            Requirement::Test(code) => format!("test:{code}"),
            Requirement::Failures => "failures".into(),
            Requirement::Process => "process".into(),
            Requirement::Dose => "dose".into(),
            Requirement::Labels => "labels".into(),
            Requirement::Container => "container".into(),
            Requirement::InDate => "in_date".into(),
        }
    }
}

/// One requirement, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What is required.
    pub requirement: Requirement,
    /// What blocks it; met where nothing does.
    pub blockers: Vec<(Blocker, Option<Time>)>,
    /// Until when it stays met, where that is limited.
    pub valid_until: Option<Time>,
}

/// Where a requirement stands, as the evidence says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// Something is missing.
    Open,
    /// Nothing blocks.
    Met,
    /// Something blocks that cannot come right.
    Failed,
}

impl CheckState {
    /// Its name in the evidence.
    pub fn name(self) -> &'static str {
        match self {
            CheckState::Open => "open",
            CheckState::Met => "met",
            CheckState::Failed => "failed",
        }
    }
}

impl Check {
    fn new(requirement: Requirement) -> Self {
        Self { requirement, blockers: Vec::new(), valid_until: None }
    }

    fn block(mut self, blocker: Blocker) -> Self {
        self.blockers.push((blocker, None));
        self
    }

    /// Where it stands.
    pub fn state(&self) -> CheckState {
        if self.blockers.is_empty() {
            CheckState::Met
        } else if self.blockers.iter().any(|(blocker, _)| blocker.is_failure()) {
            CheckState::Failed
        } else {
            CheckState::Open
        }
    }
}

/// The gate's answer: for the batch as a whole, and for each container beside that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// What concerns every container.
    pub batch: Vec<Check>,
    /// What concerns each container alone.
    pub containers: BTreeMap<ContainerNo, Vec<Check>>,
    /// Until when it stays so while nothing is recorded; for ever where there is none.
    pub until: Option<Time>,
}

/// The instant the gate is asked about. It alone compares with it, and so knows how long the answer stays.
struct Asked {
    now: Time,
    until: Cell<Option<Time>>,
}

impl Asked {
    fn at(now: Time) -> Self {
        Self { now, until: Cell::new(None) }
    }

    /// Whether something that lasts until an instant is over.
    fn is_over(&self, until: Time) -> bool {
        let over = until <= self.now;
        if !over {
            self.until.set(earlier(self.until.get(), Some(until)));
        }
        over
    }
}

impl Gate {
    /// Everything that blocks one container, the batch's blockers included. A container that does not exist
    /// is not asked for.
    pub fn blockers(&self, container: ContainerNo) -> Vec<&(Blocker, Option<Time>)> {
        let own = self.containers.get(&container).into_iter().flatten();
        self.batch.iter().chain(own).flat_map(|check| &check.blockers).collect()
    }
}

/// Asks the gate about a batch at an instant.
pub fn gate(batch: &Batch, now: Time) -> Gate {
    let asked = &Asked::at(now);
    let whole = vec![
        instruction(batch),
        donor(batch, asked),
        consent(batch),
        order(batch),
        identity(batch),
        record(batch),
        manufacturing(batch),
        quality(batch),
        holds(batch, None),
        quality_events(batch),
    ];
    let containers = batch.containers.values().map(|container| {
        let mut checks: Vec<Check> = batch
            .standard()
            .mandated()
            .filter(|test| test.stage != Stage::Donor)
            .map(|test| test_check(batch, test, container, asked))
            .collect();
        checks.extend([
            failures(batch, container),
            holds(batch, Some(container)),
            process(batch, container),
            dose(batch, container),
            labels(batch, container),
            here(batch, container),
            in_date(container, asked),
        ]);
        (container.no, checks)
    });
    let containers = containers.collect();
    Gate { batch: whole, containers, until: asked.until.get() }
}

fn instruction(batch: &Batch) -> Check {
    let check = Check::new(Requirement::Instruction);
    match (batch.instruction, batch.processed_at) {
        (None, _) => check.block(Blocker::InstructionMissing),
        (Some((_, signed)), Some(processed)) if signed > processed => check.block(Blocker::InstructionLate),
        (Some(_), _) => check,
    }
}

fn donor(batch: &Batch, asked: &Asked) -> Check {
    let mut check = Check::new(Requirement::Donor);
    let standard = batch.standard();
    let validity = standard.mandated().find(|test| test.stage == Stage::Donor).and_then(|test| test.validity);
    let mut screenings: Vec<Option<&DonorScreening>> =
        batch.parents.values().map(|parent| parent.screening.as_ref()).collect();
    if standard.source == Source::Tissue {
        screenings.push(batch.order.screening.as_ref());
    }
    if screenings.is_empty() {
        screenings.push(None);
    }
    let required = Analyte::required(match batch.opened.purpose {
        crate::order::Purpose::Banking => DonorKind::Allogeneic,
        crate::order::Purpose::Therapy => standard.donor,
    });
    for screening in screenings {
        let found = |analyte: &Analyte, finding| {
            screening.is_some_and(|s| s.results.iter().any(|r| r.analyte == *analyte && r.finding == finding))
        };
        let positive: Vec<Analyte> =
            required.iter().copied().filter(|analyte| found(analyte, Finding::Positive)).collect();
        let missing: Vec<Analyte> = required
            .iter()
            .copied()
            .filter(|analyte| !found(analyte, Finding::Negative) && !found(analyte, Finding::Positive))
            .collect();
        if !positive.is_empty() {
            check = check.block(Blocker::DonorPositive { analytes: positive });
        }
        if !missing.is_empty() {
            check = check.block(Blocker::DonorPanelMissing { analytes: missing });
        }
        if let (Some(screening), Some(validity)) = (screening, validity) {
            let until = plus_days(screening.sampled_at, validity.lasts.value());
            if asked.is_over(until) {
                check = check.block(Blocker::DonorPanelExpired { since: until });
            }
            check.valid_until = earlier(check.valid_until, Some(until));
        }
    }
    check
}

fn consent(batch: &Batch) -> Check {
    let check = Check::new(Requirement::Consent);
    match &batch.order.consent {
        ConsentStanding::Missing => check.block(Blocker::ConsentMissing),
        ConsentStanding::Withdrawn { at } => check.block(Blocker::ConsentWithdrawn { at: *at }),
        ConsentStanding::InForce { .. } => check,
    }
}

fn order(batch: &Batch) -> Check {
    let mut check = Check::new(Requirement::Order);
    if !batch.order.active {
        check = check.block(Blocker::OrderInactive);
    }
    if !batch.order.plan_active {
        check = check.block(Blocker::PlanInactive);
    }
    check
}

fn identity(batch: &Batch) -> Check {
    let open = batch.mismatches.iter().filter(|mismatch| !mismatch.cleared);
    open.fold(Check::new(Requirement::Identity), |check, m| {
        check.block(Blocker::MismatchOpen { entry: m.entry })
    })
}

fn record(batch: &Batch) -> Check {
    let check = batch
        .parts
        .iter()
        .filter(|part| !part.confirmed)
        .fold(Check::new(Requirement::Record), |check, part| {
            check.block(Blocker::PartUnconfirmed { entry: part.entry, person: part.person })
        });
    let check = batch.unchecked.iter().fold(check, |check, (entry, step)| {
        check.block(Blocker::CheckMissing { entry: *entry, step: *step })
    });
    batch.unrecorded.iter().fold(check, |check, (entry, record)| {
        check.block(Blocker::BenchRecordMissing { entry: *entry, record: *record })
    })
}

fn manufacturing(batch: &Batch) -> Check {
    let check = Check::new(Requirement::Manufacturing);
    match &batch.manufacturing {
        Some(confirmed) if confirmed.version > batch.last_bench_version => check,
        _ => check.block(Blocker::ManufacturingUnconfirmed),
    }
}

fn quality(batch: &Batch) -> Check {
    let check = Check::new(Requirement::Quality);
    let manufacturing = batch.manufacturing.as_ref().map(|confirmed| confirmed.version);
    match (&batch.quality, manufacturing) {
        (Some(confirmed), Some(made)) if confirmed.version > made && made > batch.last_bench_version => check,
        _ => check.block(Blocker::QualityUnconfirmed),
    }
}

fn holds(batch: &Batch, container: Option<&Container>) -> Check {
    let concerns = |scope: &HoldScope| match (scope, container) {
        (HoldScope::Batch, None) => true,
        (HoldScope::From { subjects }, Some(container)) => {
            batch.descends(Subject::Container(container.no), subjects)
        }
        _ => false,
    };
    let held = batch.holds.iter().filter(|(_, hold)| hold.lifted.is_none() && concerns(&hold.scope));
    let check = held.fold(Check::new(Requirement::Holds), |check, (no, hold)| {
        check.block(Blocker::Held { hold: *no, cause: hold.cause.clone() })
    });
    let parents = batch.parents.iter().filter(|(_, parent)| container.is_none() && parent.held);
    parents.fold(check, |check, (id, _)| check.block(Blocker::ParentHeld { batch: *id }))
}

fn quality_events(batch: &Batch) -> Check {
    batch.quality_events.iter().fold(Check::new(Requirement::QualityEvents), |check, (event, impact)| {
        match impact {
            None => check.block(Blocker::QualityEventOpen { event: *event }),
            Some(Impact::Unacceptable) => check.block(Blocker::QualityEventUnacceptable { event: *event }),
            Some(Impact::None | Impact::Acceptable) => check,
        }
    })
}

/// Every failure on the way to this container that is not set aside, whatever test and sample it came from.
fn failures(batch: &Batch, container: &Container) -> Check {
    let subject = Subject::Container(container.no);
    let failing = batch.results.values().filter(|result| {
        let counts =
            batch.standard().test(&result.form.test).is_some_and(|t| t.purpose != Purpose::Information);
        let from = batch.samples.get(&result.form.sample).map(|sample| batch.origin(sample));
        counts && result.fails() && from.is_some_and(|from| batch.descends(subject, &from))
    });
    let check = failing.fold(Check::new(Requirement::Failures), |check, result| {
        check.block(Blocker::TestFailed { test: result.form.test.clone(), result: result.no })
    });
    batch.parents.iter().fold(check, |check, (id, parent)| {
        parent.failed.iter().fold(check, |check, test| {
            check.block(Blocker::ParentTestFailed { test: test.clone(), batch: *id })
        })
    })
}

fn process(batch: &Batch, container: &Container) -> Check {
    let mut check = Check::new(Requirement::Process);
    let limits = &batch.standard().process;
    let harvests = batch.fills.get(&container.fill).map(|fill| fill.harvests.as_slice()).unwrap_or_default();
    for harvest in harvests.iter().filter_map(|no| batch.harvests.get(no)) {
        if let (Some(range), Some(began)) = (limits.culture_days, batch.processed_at) {
            let days = Decimal::from(harvest.at.since(began).num_minutes()) / Decimal::from(24 * 60);
            let days = days.round_dp(1);
            if days < range.least.value() || days > range.most.value() {
                check = check.block(Blocker::CultureDays {
                    days: Number(days),
                    least: range.least.into(),
                    most: range.most.into(),
                });
            }
        }
        if harvest.passage > limits.max_passage {
            let most = limits.max_passage;
            check = check.block(Blocker::PassageExceeded { passage: harvest.passage, most });
        }
        match harvest.doublings {
            None => check = check.block(Blocker::DoublingsUnknown),
            Some(doublings) if doublings > limits.max_doublings.value() => {
                let most = limits.max_doublings.into();
                check = check.block(Blocker::DoublingsExceeded { doublings: Number(doublings), most });
            }
            Some(_) => {}
        }
    }
    check
}

fn dose(batch: &Batch, container: &Container) -> Check {
    let mut check = Check::new(Requirement::Dose);
    let dose = batch.standard().dose;
    let cells = container.new.viable_cells;
    if cells.value() < dose.least_cells.value() || cells.value() > dose.most_cells.value() {
        check = check.block(Blocker::DoseOutside {
            cells: cells.into(),
            least: dose.least_cells.into(),
            most: dose.most_cells.into(),
        });
    }
    match concentration(&container.new) {
        Some(found) if found.0 <= dose.most_concentration.value() => check,
        found => check.block(Blocker::ConcentrationExceeded {
            concentration: found.unwrap_or(cells.into()),
            most: dose.most_concentration.into(),
        }),
    }
}

fn labels(batch: &Batch, container: &Container) -> Check {
    let check = Check::new(Requirement::Labels);
    match batch.fills.get(&container.fill).and_then(|fill| fill.labels_reconciled) {
        Some(true) => check,
        Some(false) => check.block(Blocker::LabelsDiffer),
        None => check.block(Blocker::LabelsOpen),
    }
}

fn here(batch: &Batch, container: &Container) -> Check {
    let mut check = Check::new(Requirement::Container);
    if !matches!(container.custody, Custody::InHouse | Custody::Packed) {
        check = check.block(Blocker::NotHere);
    }
    if matches!(batch.standard().keeping.form, Form::Frozen { .. }) && container.frozen_at.is_none() {
        check = check.block(Blocker::NotFrozen);
    }
    if container.rejected() {
        check = check.block(Blocker::Rejected);
    }
    check
}

fn in_date(container: &Container, asked: &Asked) -> Check {
    let mut check = Check::new(Requirement::InDate);
    check.valid_until = Some(container.expires_at);
    if asked.is_over(container.expires_at) {
        check = check.block(Blocker::Expired { since: container.expires_at });
    }
    check
}

fn earlier(a: Option<Time>, b: Option<Time>) -> Option<Time> {
    a.into_iter().chain(b).min()
}

fn plus_days(from: Time, days: Decimal) -> Time {
    let minutes = (days * Decimal::from(24 * 60)).to_i64().unwrap_or(0);
    from.plus(TimeDelta::try_minutes(minutes).unwrap_or(TimeDelta::zero()))
}
