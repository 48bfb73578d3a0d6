//! When the last mandated test of a batch reports, if its cells are harvested at a given time: each test from the
//! sampling that its stage asks for and its turn-around, or from the sample already taken.

use crate::batch::culture::VesselState;
use crate::batch::results::Verdict;
use crate::batch::testing::{TestResult, TestSample};
use crate::batch::{Batch, Subject};
use crate::ids::VesselNo;
use crate::standard::{Code, Source, Stage, Standard, Test};
use crate::time::Time;
use chrono::TimeDelta;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// The last report of all mandated tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LastReport {
    /// When, and of which test; whether it is still to come.
    At { at: Time, code: Code, pending: bool },
    /// It cannot come, as this test failed.
    Failed(Code),
    /// Nothing is mandated that a batch could wait for.
    None,
}

/// One thing that must be sampled for a test: when it is, if it was not yet, and the samples that count for it.
struct Unit<'a> {
    sampling: Time,
    samples: Vec<&'a TestSample>,
}

/// The last report, if cells are harvested and filled at `harvest`, and nothing that was not sampled until now was
/// sampled before now.
pub(super) fn last_report(batch: &Batch, harvest: Time, now: Time) -> LastReport {
    let mut last = LastReport::None;
    for test in batch.standard().mandated() {
        for unit in units(batch, test, harvest, now) {
            match report(batch, test, &unit, now) {
                None => return LastReport::Failed(test.code.clone()),
                Some((at, pending)) => {
                    let later = match &last {
                        LastReport::At { at: before, .. } => *before < at,
                        _ => true,
                    };
                    if later {
                        last = LastReport::At { at, code: test.code.clone(), pending };
                    }
                }
            }
        }
    }
    last
}

/// The last report of a batch that is not begun, whose tissue comes at `start`.
pub(super) fn last_report_planned(standard: &Standard, start: Time, harvest: Time) -> Option<(Time, Code)> {
    let planned = standard.mandated().filter_map(|test| {
        let sampling = match test.stage {
            // Donor and bank are tested before a batch begins.
            Stage::Donor | Stage::Bank | Stage::Thaw => return None,
            Stage::Receipt if standard.source == Source::Bank => return None,
            Stage::Receipt => start,
            Stage::InProcess { within } => plus_days(harvest, -within.value()).max(start),
            Stage::Harvest | Stage::Fill => harvest,
        };
        Some((plus_hours(sampling, test.turnaround.value()), test.code.clone()))
    });
    planned.max_by_key(|(at, _)| *at)
}

fn units<'a>(batch: &'a Batch, test: &Test, harvest: Time, now: Time) -> Vec<Unit<'a>> {
    let sampled = |fits: &dyn Fn(&TestSample) -> bool| -> Vec<&'a TestSample> {
        batch
            .samples
            .values()
            .filter(|sample| sample.form.tests.contains(&test.code) && fits(sample))
            .collect()
    };
    let nothing = |sampling: Time| vec![Unit { sampling, samples: Vec::new() }];
    // Where one harvest falls short, another is to come with samples of its own.
    let to_come = batch.harvests.values().all(|done| done.at < harvest).then_some(harvest.max(now));
    match test.stage {
        Stage::Donor if batch.order.screening.is_some() => Vec::new(),
        Stage::Donor => nothing(now),
        Stage::Bank
            if batch.parents.values().all(|bank| bank.met.iter().any(|met| met.code == test.code)) =>
        {
            Vec::new()
        }
        Stage::Bank => nothing(now),
        // Cells pooled in come with their own tissue's tests.
        Stage::Receipt if batch.standard().source == Source::Bank => Vec::new(),
        Stage::Receipt => vec![Unit {
            sampling: now,
            samples: sampled(&|sample| sample.form.subjects.contains(&Subject::Tissue)),
        }],
        Stage::InProcess { within } => {
            let vessels = vessels(batch, harvest);
            if vessels.is_empty() {
                return nothing(plus_days(harvest, -within.value()).max(now));
            }
            let unit = |(vessel, harvest): (VesselNo, Time)| {
                let earliest = plus_days(harvest, -within.value());
                let ancestry = batch.ancestry(Subject::Vessel(vessel));
                let fits = |sample: &TestSample| {
                    sample.at >= earliest
                        && sample.at <= harvest
                        && sample.form.subjects.iter().any(|subject| ancestry.contains(subject))
                };
                Unit { sampling: earliest.max(now), samples: sampled(&fits) }
            };
            vessels.into_iter().map(unit).collect()
        }
        Stage::Harvest => {
            let unit = |no| Unit {
                sampling: now,
                samples: sampled(&|sample| sample.form.subjects.contains(&Subject::Harvest(no))),
            };
            let done = batch.harvests.keys().copied().map(unit);
            done.chain(to_come.into_iter().flat_map(nothing)).collect()
        }
        Stage::Fill => {
            let unit = |fill| {
                let of_fill = |subject: &Subject| match subject {
                    Subject::Fill(no) => *no == fill,
                    Subject::Container(no) => batch.containers.get(no).is_some_and(|one| one.fill == fill),
                    _ => false,
                };
                let samples = sampled(&|sample| sample.form.subjects.iter().any(of_fill));
                Unit { sampling: now, samples }
            };
            let done = batch.fills.keys().copied().map(unit);
            let unfilled = batch.fills.is_empty().then_some(harvest.max(now));
            done.chain(to_come.or(unfilled).into_iter().flat_map(nothing)).collect()
        }
        Stage::Thaw => {
            let thawed = batch.containers.values().filter_map(|one| one.thawed_at.map(|at| (one.no, at)));
            let unit = |(no, at)| {
                let fits = |sample: &TestSample| {
                    sample.at >= at && sample.form.subjects.contains(&Subject::Container(no))
                };
                Unit { sampling: now, samples: sampled(&fits) }
            };
            thawed.map(unit).collect()
        }
    }
}

/// The vessels that in-process samples must speak for, with their harvest: those harvested, and those in culture.
fn vessels(batch: &Batch, harvest: Time) -> Vec<(VesselNo, Time)> {
    let harvested =
        batch.harvests.values().flat_map(|done| done.vessels.iter().map(move |vessel| (*vessel, done.at)));
    // Once the dose is harvested, nobody waits for what is left in culture.
    let to_come = batch.harvests.values().all(|done| done.at < harvest);
    let left = batch.vessels.values().filter(|vessel| to_come && vessel.state == VesselState::InCulture);
    harvested.chain(left.map(|vessel| (vessel.no, harvest))).collect()
}

/// When a unit reports and whether that is to come; nothing where it failed.
fn report(batch: &Batch, test: &Test, unit: &Unit, now: Time) -> Option<(Time, bool)> {
    let results = || {
        let of_unit = |result: &&TestResult| {
            let sample = batch.samples.get(&result.form.sample);
            result.form.test == test.code
                && sample.is_some_and(|sample| unit.samples.iter().any(|own| own.entry == sample.entry))
        };
        batch.results.values().filter(of_unit)
    };
    if results().any(TestResult::fails) {
        return None;
    }
    let passed = results().rev().find(|r| r.effective() == Verdict::Pass && r.verified_by.is_some());
    if let Some(passed) = passed {
        return Some((passed.reported_at, false));
    }
    // A result that nobody has verified yet is as good as due now.
    let sampled = unit.samples.iter().map(|sample| sample.at).max().unwrap_or(unit.sampling);
    Some((plus_hours(sampled, test.turnaround.value()).max(now), true))
}

fn plus_days(from: Time, days: Decimal) -> Time {
    plus_hours(from, days * Decimal::from(24))
}

fn plus_hours(from: Time, hours: Decimal) -> Time {
    let minutes = (hours * Decimal::from(60)).to_i64().unwrap_or(0);
    from.plus(TimeDelta::try_minutes(minutes).unwrap_or(TimeDelta::MAX))
}
