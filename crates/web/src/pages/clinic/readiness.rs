//! When a patient's cells are ready, and why that is said: the one place where the clinic's pages ask.

use crate::words::Clinic;
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::distribution::{Container, Custody};
use baiyo_domain::forecast::{Because as Foretold, Expected, Experience, expected_from, forecast};
use baiyo_domain::standard::{Stage, Standard, Test};
use baiyo_domain::time::Time;
use baiyo_persistence::{Conn, StoreError, experience};
use chrono::TimeDelta;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Where the cells of a batch are on their way to being ready.
#[derive(Clone, Debug, PartialEq)]
pub struct Readiness {
    /// When they are ready to leave; nothing where that cannot be said, or where they never will be.
    pub ready: Option<Estimate>,
    /// When the culture ends, or ended.
    pub harvest: Option<Time>,
    /// What it rests on.
    pub because: Because,
}

/// The likeliest instant and the span around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// As likely earlier as later.
    pub at: Time,
    /// Hardly before.
    pub from: Time,
    /// Hardly after; nothing where no end can be said.
    pub until: Option<Time>,
}

/// What a date rests on.
#[derive(Clone, Debug, PartialEq)]
pub enum Because {
    /// They are released.
    Released,
    /// They were rejected, or a mandated test failed.
    NotForUse,
    /// The forecast's own reason.
    Foretold(Foretold),
}

impl Readiness {
    /// Whether they are released.
    pub fn is_released(&self) -> bool {
        self.because == Because::Released
    }
}

/// What this centre's earlier batches of a product teach.
///
/// # Errors
/// The records cannot be read.
pub fn learned(conn: &mut Conn, standard: &Standard) -> Result<Experience, StoreError> {
    experience::of(conn, standard)
}

/// When the cells of a batch are ready.
pub fn readiness(batch: &Batch, experience: &Experience, now: Time) -> Readiness {
    let point = |at: Time| Some(Estimate { at, from: at, until: Some(at) });
    let harvested = batch.harvests.values().map(|harvest| harvest.at).max();
    let decided = batch.containers.values().filter(|c| c.released());
    if let Some(released) = decided.filter_map(|container| decided_at(batch, container)).min() {
        return Readiness { ready: point(released), harvest: harvested, because: Because::Released };
    }
    let rejected = !batch.containers.is_empty() && batch.containers.values().all(Container::rejected);
    let told = forecast(batch, experience, 1, now);
    if rejected || told.failed.is_some() {
        return Readiness { ready: None, harvest: harvested, because: Because::NotForUse };
    }
    let estimate = told.ready.map(|ready| Estimate {
        // What is late is not foretold for the past.
        at: ready.at.max(now),
        from: ready.from.max(now),
        until: (!ready.open).then_some(ready.until.max(now)),
    });
    Readiness {
        ready: estimate,
        harvest: harvested.or(told.dose.map(|dose| dose.at)),
        because: Because::Foretold(told.because),
    }
}

/// When the cells of an order are ready whose tissue comes now.
pub fn expected(standard: &Standard, experience: &Experience, now: Time) -> Option<Estimate> {
    let Expected { ready, .. } = expected_from(standard, experience, 1, now);
    ready.map(|ready| Estimate {
        at: ready.at,
        from: ready.from,
        until: (!ready.open).then_some(ready.until),
    })
}

/// What a date rests on, in plain words.
pub fn because(because: &Because) -> Clinic {
    match because {
        Because::Released => Clinic::BecauseReleased,
        Because::NotForUse => Clinic::BecauseNotForUse,
        Because::Foretold(foretold) => match foretold {
            Foretold::PublishedMeans { .. } => Clinic::BecausePublished,
            Foretold::StandardNames { .. } => Clinic::BecauseStandard,
            Foretold::EarlierBatches { .. } => Clinic::BecauseEarlier,
            Foretold::OwnCounts { .. } => Clinic::BecauseCounts,
            Foretold::MinimumDays { .. } => Clinic::BecauseLeastDays,
            Foretold::NotGrowing { .. } => Clinic::BecauseNotGrowing,
            Foretold::BeyondHorizon { .. } => Clinic::BecauseSlow,
            Foretold::Harvested { .. } => Clinic::BecauseTesting,
            Foretold::TooFewCells { .. } => Clinic::BecauseTooFew,
            Foretold::NothingInCulture => Clinic::BecauseNothing,
            Foretold::TissueRefused => Clinic::TissueRefused,
            Foretold::Ended => Clinic::BecauseEnded,
        },
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
