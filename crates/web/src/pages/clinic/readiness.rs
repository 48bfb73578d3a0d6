//! When a patient's cells are ready, and why that is said: the one place where the clinic's pages ask.

use baiyo_domain::batch::distribution::{Container, Custody};
use baiyo_domain::batch::gate::{CheckState, Requirement, gate};
use baiyo_domain::batch::results::Verdict;
use baiyo_domain::batch::{Batch, Event, intake};
use baiyo_domain::standard::{Stage, Standard, Test};
use baiyo_domain::time::Time;
use chrono::TimeDelta;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// When cells are ready: the likeliest instant and the span around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// As likely earlier as later.
    pub at: Time,
    /// Hardly before.
    pub from: Time,
    /// Hardly after.
    pub until: Time,
    /// What it rests on.
    pub because: Because,
}

/// What a date rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// They are released.
    Released,
    /// They are harvested; what is left are tests and signatures.
    Testing,
    /// The instruction plans the harvest.
    Planned,
    /// The standard's days of culture.
    CultureDays,
}

/// When the cells of a batch are ready; nothing where that cannot be said, or where they never will be.
pub fn readiness(batch: &Batch, now: Time) -> Option<Readiness> {
    let standard = batch.standard();
    if let Some(released) =
        batch.containers.values().filter(|c| c.released()).find_map(|c| decided_at(batch, c))
    {
        return Some(Readiness { at: released, from: released, until: released, because: Because::Released });
    }
    let rejected = !batch.containers.is_empty() && batch.containers.values().all(Container::rejected);
    if batch.end.is_some() || rejected || has_failed(batch, now) {
        return None;
    }
    if let Some(fill) = batch.fills.values().map(|fill| fill.at).max() {
        let at = last_report(batch, fill).max(now);
        return Some(Readiness { at, from: at, until: at, because: Because::Testing });
    }
    if let Some(harvested) = batch.harvests.values().map(|harvest| harvest.at).max() {
        let at = harvested.plus(after_harvest(standard)).max(now);
        return Some(Readiness { at, from: at, until: at, because: Because::Testing });
    }
    let tests = after_harvest(standard);
    let (at, from, until, because) = harvest(batch)?;
    Some(Readiness {
        at: at.plus(tests).max(now),
        from: from.plus(tests).max(now),
        until: until.plus(tests).max(now),
        because,
    })
}

/// When the culture is likely to end.
pub fn culture_ends(batch: &Batch, _now: Time) -> Option<Time> {
    harvest(batch).map(|(at, ..)| at)
}

fn harvest(batch: &Batch) -> Option<(Time, Time, Time, Because)> {
    let days = batch.standard().process.culture_days;
    let span = batch.processed_at.zip(days).map(|(begun, days)| {
        (begun.plus(days_of(days.least.value())), begun.plus(days_of(days.most.value())))
    });
    match (planned_harvest(batch), span) {
        (Some(at), Some((from, until))) => Some((at, from.min(at), until.max(at), Because::Planned)),
        (Some(at), None) => Some((at, at, at, Because::Planned)),
        (None, Some((from, until))) => {
            Some((from.plus(until.since(from) / 2), from, until, Because::CultureDays))
        }
        (None, None) => None,
    }
}

/// A span of so many days.
pub fn days_of(days: Decimal) -> TimeDelta {
    hours_of(days * Decimal::from(24))
}

/// A span of so many hours.
pub fn hours_of(hours: Decimal) -> TimeDelta {
    TimeDelta::minutes((hours * Decimal::from(60)).to_i64().unwrap_or_default())
}

/// The longest mandated test of what is harvested and filled.
pub fn after_harvest(standard: &Standard) -> TimeDelta {
    let late = |test: &&Test| matches!(test.stage, Stage::Harvest | Stage::Fill);
    let hours = standard.mandated().filter(late).map(|test| test.turnaround.value()).max();
    hours.map(hours_of).unwrap_or_default()
}

/// The harvest that the signed instruction plans.
pub fn planned_harvest(batch: &Batch) -> Option<Time> {
    batch.log.iter().rev().find_map(|logged| match &*logged.event {
        Event::Intake(intake::Event::Instruction(form)) => form.planned_harvest,
        _ => None,
    })
}

/// When a container was decided on.
pub fn decided_at(batch: &Batch, container: &Container) -> Option<Time> {
    let entry = container.decided.as_ref()?.entry;
    batch.logged(entry).map(|logged| logged.stamp.recorded_at)
}

/// Whether a container is still on its way to the patient.
pub fn is_under_way(container: &Container) -> bool {
    matches!(
        container.custody,
        Custody::InHouse | Custody::Packed | Custody::Shipped | Custody::Received { .. }
    )
}

fn has_failed(batch: &Batch, now: Time) -> bool {
    let answer = gate(batch, now);
    let failures = answer
        .batch
        .iter()
        .chain(answer.containers.values().flatten())
        .filter(|c| matches!(c.requirement, Requirement::Failures | Requirement::Test(_)));
    failures.into_iter().any(|check| check.state() == CheckState::Failed)
}

/// When the last mandated test reports that has not passed yet.
fn last_report(batch: &Batch, filled: Time) -> Time {
    let passed = |test: &Test| {
        batch.results.values().any(|result| {
            result.form.test == test.code
                && result.effective() == Verdict::Pass
                && result.verified_by.is_some()
        })
    };
    let reports =
        batch.standard().mandated().filter(|test| test.stage != Stage::Donor && !passed(test)).map(|test| {
            let samples = batch.samples.values().filter(|sample| sample.form.tests.contains(&test.code));
            let sampled = samples.map(|sample| sample.at).max().unwrap_or(filled);
            sampled.plus(hours_of(test.turnaround.value()))
        });
    reports.max().unwrap_or(filled)
}
