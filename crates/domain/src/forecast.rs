//! Says when a batch will have its dose and when its last mandated test reports: a point and an 80 % band, from the
//! batch's own counts and the site's earlier batches of the same standard. A forecast is reckoned when it is read and
//! never recorded; it decides nothing. `docs/developer/forecast.md` has the model, its sources and how well it holds.

mod growth;
pub mod published;
mod reports;

pub use growth::{Experience, Lesson};

use crate::batch::Batch;
use crate::ids::VesselNo;
use crate::standard::{Code, Source, Standard};
use crate::time::Time;
use chrono::TimeDelta;
use growth::{Culture, Growth, Moments, NOTHING, Pace, SHORTEST, float, growths, in_culture};
use reports::{LastReport, last_report, last_report_planned};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Nothing is foretold beyond so many days after the last seeding.
pub const HORIZON_DAYS: u16 = 365;

const HORIZON_HOURS: f64 = 24.0 * HORIZON_DAYS as f64;

/// Steps of the drawn curve.
const CURVE_STEPS: u8 = 12;

/// An instant as far as it can be foretold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Estimate {
    /// As likely earlier as later.
    pub at: Time,
    /// Not before this with a probability of 90 %.
    pub from: Time,
    /// Not after this with a probability of 90 %; where `open`, the end of what is foretold.
    pub until: Time,
    /// Whether it may well be later than anything that is foretold (more than [`HORIZON_DAYS`] after the last seeding).
    pub open: bool,
}

/// What a forecast of the dose rests on. Web puts it into one sentence.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// Published doubling times: the site has none of its own yet.
    PublishedMeans {
        /// The doubling time in hours.
        hours: f64,
    },
    /// The doubling time that the standard names: the site has none of its own yet.
    StandardNames {
        /// The doubling time in hours.
        hours: f64,
    },
    /// The site's earlier batches.
    EarlierBatches {
        /// How many.
        batches: u32,
        /// The doubling time in hours.
        hours: f64,
    },
    /// This batch's own counts, beside what was expected before.
    OwnCounts {
        /// How many counts.
        counts: u32,
        /// The doubling time in hours.
        hours: f64,
        /// How many earlier batches.
        batches: u32,
    },
    /// Cells will suffice earlier, but the standard forbids harvest before.
    MinimumDays {
        /// Days from the first seeding.
        days: f64,
        /// The doubling time in hours.
        hours: f64,
    },
    /// The newest count found no more cells than were seeded.
    NotGrowing {
        /// Its doublings by the viable cells seeded: 0 or less.
        doublings: f64,
    },
    /// The dose takes longer than can be foretold.
    BeyondHorizon {
        /// Days that are looked ahead.
        days: u16,
        /// The doubling time in hours.
        hours: f64,
    },
    /// The dose is harvested.
    Harvested {
        /// Viable cells.
        cells: f64,
    },
    /// It was harvested, fell short, and nothing is left in culture.
    TooFewCells {
        /// Viable cells harvested.
        cells: f64,
        /// Viable cells needed.
        needed: f64,
    },
    /// Nothing is left in culture and nothing was harvested.
    NothingInCulture,
    /// The tissue was refused.
    TissueRefused,
    /// The batch ended before it had its dose.
    Ended,
}

/// A count or a seeding, for the growth curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Observed {
    /// When.
    pub at: Time,
    /// Viable cells seeded or counted together.
    pub cells: f64,
    /// Whether they were counted; else they were seeded.
    pub counted: bool,
}

/// A point of the drawn forecast. The lines are straight on a logarithmic scale.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CurvePoint {
    /// When.
    pub at: Time,
    /// Viable cells on the line that reaches the dose at its point.
    pub cells: f64,
    /// On the line that reaches it at the band's end.
    pub least: f64,
    /// On the line that reaches it at the band's beginning.
    pub most: f64,
}

/// A forecast.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Forecast {
    /// When the cells for the doses wanted can be harvested: never before now, nor before the standard's least days.
    /// When they were, once they were. Nothing where it cannot be foretold; `because` says why.
    pub dose: Option<Estimate>,
    /// When the last mandated test reports, if cells are harvested and filled then. Nothing where one failed.
    pub reports: Option<Estimate>,
    /// The later of both. The signatures of a release come on top.
    pub ready: Option<Estimate>,
    /// What the dose rests on.
    pub because: Because,
    /// The mandated test that reports last, if that is still to come.
    pub waits_for: Option<Code>,
    /// A mandated test that failed and is not set aside.
    pub failed: Option<Code>,
    /// Whether a hold is in force: the forecast is for when it is lifted in time.
    pub held: bool,
    /// The latest harvest that the standard allows, once a culture is begun.
    pub harvest_until: Option<Time>,
    /// The doubling time in hours, in the middle of what is likely.
    pub doubling_hours: f64,
    /// Viable cells needed.
    pub needed: f64,
    /// What was seeded and counted, oldest first.
    pub observed: Vec<Observed>,
    /// What is to come from the last seeding on, or from the expected one; empty where no dose is to come. In a primary
    /// culture it begins with the cells that are expected to attach.
    pub curve: Vec<CurvePoint>,
}

/// Forecasts a batch at an instant, for a number of doses of its standard (none counts as one).
///
/// Before cells are seeded it reckons that they are seeded now, or when the tissue was received if that is later.
/// `experience` holds the site's earlier batches of the same standard.
pub fn forecast(batch: &Batch, experience: &Experience, doses: u16, now: Time) -> Forecast {
    let growths = growths(batch);
    let pace = experience.pace(&growths);
    let hours = pace.hours();
    let needed = needed(batch.standard(), doses);
    let begun = batch.processed_at;
    let days = batch.standard().process.culture_days;
    let day = |from: Time, days: Decimal| later(from, float(days) * 24.0);
    let mut forecast = Forecast {
        dose: None,
        reports: None,
        ready: None,
        because: Because::NothingInCulture,
        waits_for: None,
        failed: None,
        held: batch.holds.values().any(|hold| hold.lifted.is_none()),
        harvest_until: begun.zip(days).map(|(begun, days)| day(begun, days.most.value())),
        doubling_hours: hours,
        needed,
        observed: observed(batch, &growths),
        curve: Vec::new(),
    };
    let gathered = gathered(batch);
    if let Some((at, cells)) = gathered.filter(|(_, cells)| *cells >= needed) {
        forecast.because = Because::Harvested { cells };
        forecast.dose = Some(Estimate { at, from: at, until: at, open: false });
        foretell_reports(&mut forecast, batch, now);
        return forecast;
    }
    let harvested = gathered.map_or(0.0, |(_, cells)| cells);
    let culture = if batch.vessels.is_empty() {
        let Moments { mean, variance } = experience.seeded();
        let loss = match batch.opened.bank {
            Some(_) => NOTHING,
            None => experience.loss(),
        };
        let cells = Moments { mean: mean - loss.mean, variance: variance + loss.variance };
        Some(Culture { at: batch.tissue.as_ref().map_or(now, |tissue| tissue.at.max(now)), cells })
    } else {
        in_culture(batch, hours, experience.loss())
    };
    let refused = batch.tissue.as_ref().is_some_and(|tissue| !tissue.accepted());
    let culture = match culture {
        _ if batch.end.is_some() => return Forecast { because: Because::Ended, ..forecast },
        _ if refused => return Forecast { because: Because::TissueRefused, ..forecast },
        None if harvested > 0.0 => {
            let because = Because::TooFewCells { cells: harvested, needed };
            return Forecast { because, ..forecast };
        }
        None => return forecast,
        Some(culture) => culture,
    };
    let least = days.map(|days| (days.least.value(), day(begun.unwrap_or(culture.at), days.least.value())));
    let told = Told::of(&culture, needed - harvested, &pace);
    forecast.because = because(growths.last(), &pace, experience, batch.standard());
    let growing = !matches!(forecast.because, Because::NotGrowing { .. });
    match told.at {
        None if growing => forecast.because = Because::BeyondHorizon { days: HORIZON_DAYS, hours },
        None => {}
        Some(at) => {
            let earliest = least.map_or(now, |(_, earliest)| earliest.max(now));
            if let Some((days, _)) = least
                && growing
                && earliest > later(culture.at, at).max(now)
            {
                forecast.because = Because::MinimumDays { days: float(days), hours };
            }
            forecast.dose = Some(told.dose(&culture, at, earliest));
        }
    }
    forecast.curve = told.curve(&culture, harvested);
    foretell_reports(&mut forecast, batch, now);
    forecast
}

/// What to expect of an order: cells that are begun at `start`, as the site's earlier batches went or as was published.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Expected {
    /// When the cells for the doses wanted can be harvested; nothing where that takes longer than can be foretold.
    pub dose: Option<Estimate>,
    /// When its last mandated test has reported as well.
    pub ready: Option<Estimate>,
    /// What it rests on.
    pub because: Because,
    /// The mandated test that reports last.
    pub waits_for: Option<Code>,
}

/// Forecasts an order whose tissue is received (or bank thawed) at `start`, for a calendar of slots: for a number of
/// doses of the standard (none counts as one). Donor and bank are taken to be tested by then.
pub fn expected_from(standard: &Standard, experience: &Experience, doses: u16, start: Time) -> Expected {
    let pace = experience.pace(&[]);
    let hours = pace.hours();
    let Moments { mean, variance } = experience.seeded();
    let loss = match standard.source {
        Source::Bank => NOTHING,
        Source::Tissue => experience.loss(),
    };
    let cells = Moments { mean: mean - loss.mean, variance: variance + loss.variance };
    let culture = Culture { at: start, cells };
    let told = Told::of(&culture, needed(standard, doses), &pace);
    let least = standard.process.culture_days.map(|days| days.least.value());
    let earliest = later(start, least.map_or(0.0, float) * 24.0);
    let Some(at) = told.at else {
        let because = Because::BeyondHorizon { days: HORIZON_DAYS, hours };
        return Expected { dose: None, ready: None, because, waits_for: None };
    };
    let because = match least {
        Some(days) if later(start, at) < earliest => Because::MinimumDays { days: float(days), hours },
        _ => because(None, &pace, experience, standard),
    };
    let dose = told.dose(&culture, at, earliest);
    let last = |harvest| last_report_planned(standard, start, harvest);
    let ready = |harvest: Time| last(harvest).map_or(harvest, |(at, _)| at.max(harvest));
    Expected {
        dose: Some(dose),
        ready: Some(Estimate {
            at: ready(dose.at),
            from: ready(dose.from),
            until: ready(dose.until),
            ..dose
        }),
        because,
        waits_for: last(dose.at).map(|(_, code)| code),
    }
}

/// Hours from the last seeding until the dose is there: at the band's ends and in its middle.
struct Told {
    missing: Moments,
    doubling: f64,
    from: Option<f64>,
    at: Option<f64>,
    until: Option<f64>,
}

impl Told {
    fn of(culture: &Culture, needed: f64, pace: &Pace) -> Self {
        let missing = Moments { mean: needed.log2() - culture.cells.mean, variance: culture.cells.variance };
        let hours = |probability| pace.hours_until(missing, probability, HORIZON_HOURS);
        Self { missing, doubling: pace.hours(), from: hours(0.1), at: hours(0.5), until: hours(0.9) }
    }

    /// The dose, held back to where it can be harvested at all.
    fn dose(&self, culture: &Culture, at: f64, earliest: Time) -> Estimate {
        let instant = |hours: f64| later(culture.at, hours).max(earliest);
        Estimate {
            at: instant(at),
            from: instant(self.from.unwrap_or(at).min(at)),
            until: instant(self.until.unwrap_or(HORIZON_HOURS).max(at)),
            open: self.until.is_none(),
        }
    }

    /// Lines from what is in culture through the dose at the band's ends and its middle.
    fn curve(&self, culture: &Culture, harvested: f64) -> Vec<CurvePoint> {
        let end = self.until.unwrap_or(HORIZON_HOURS).max(24.0);
        // Doublings per hour of a line that makes up for what is missing in so many hours; where nothing is missing, or
        // hardly, of growth as it is likely, or at its fastest.
        let slope = |hours: Option<f64>| match hours {
            _ if self.missing.mean <= 0.0 => self.doubling.recip(),
            Some(hours) => (self.missing.mean / hours).min(SHORTEST.recip()),
            None => self.missing.mean / HORIZON_HOURS,
        };
        let (middle, slow, fast) = (slope(self.at), slope(self.until), slope(self.from));
        let point = |step: u8| {
            let hours = end * f64::from(step) / f64::from(CURVE_STEPS);
            // No line leaves the picture: a dose is 10¹⁵ cells at most.
            let cells = |slope: f64| harvested + (culture.cells.mean + slope * hours).min(60.0).exp2();
            CurvePoint {
                at: later(culture.at, hours),
                cells: cells(middle),
                least: cells(slow),
                most: cells(fast),
            }
        };
        (0..=CURVE_STEPS).map(point).collect()
    }
}

/// What the pace rests on.
fn because(newest: Option<&Growth>, pace: &Pace, experience: &Experience, standard: &Standard) -> Because {
    let (hours, batches) = (pace.hours(), experience.batches());
    match newest {
        // Cells of a primary culture that did not attach say nothing of those that did.
        Some(newest) if newest.doublings <= 0.0 && !newest.primary => {
            Because::NotGrowing { doublings: newest.doublings }
        }
        Some(_) => {
            let counts = u32::try_from(pace.counts).unwrap_or(u32::MAX);
            Because::OwnCounts { counts, hours, batches }
        }
        None if batches > 0 => Because::EarlierBatches { batches, hours },
        None if standard.growth.is_some() => Because::StandardNames { hours },
        None => Because::PublishedMeans { hours },
    }
}

/// Reports and readiness from the dose. Once everything reported they are instants of the past.
fn foretell_reports(forecast: &mut Forecast, batch: &Batch, now: Time) {
    let Some(dose) = forecast.dose else { return };
    let instant = |harvest: Time| match last_report(batch, harvest, now) {
        LastReport::At { at, .. } => Some(at),
        LastReport::None => Some(harvest),
        LastReport::Failed(_) => None,
    };
    match last_report(batch, dose.at, now) {
        LastReport::Failed(code) => forecast.failed = Some(code),
        LastReport::At { code, pending: true, .. } => forecast.waits_for = Some(code),
        LastReport::At { .. } | LastReport::None => {}
    }
    // A sample too early for a late harvest is taken again, so that reports need not come in the order of harvests.
    let band = instant(dose.at).zip(instant(dose.from)).zip(instant(dose.until));
    forecast.reports = band.map(|((at, from), until)| Estimate {
        at,
        from: from.min(at),
        until: until.max(at),
        open: dose.open,
    });
    forecast.ready = forecast.reports.map(|reports| Estimate {
        at: reports.at.max(dose.at),
        from: reports.from.max(dose.from),
        until: reports.until.max(dose.until),
        open: dose.open,
    });
}

/// Viable cells that so many doses need; one cell at least, as nothing has no logarithm.
fn needed(standard: &Standard, doses: u16) -> f64 {
    (float(standard.dose.least_cells.value()) * f64::from(doses.max(1))).max(1.0)
}

/// Viable cells harvested so far and when the last of them were; what was filled counts where it is more.
fn gathered(batch: &Batch) -> Option<(Time, f64)> {
    let at = batch.harvests.values().map(|harvest| harvest.at).max()?;
    let harvested: f64 = batch.harvests.values().filter_map(|harvest| harvest.viable).map(float).sum();
    let filled: f64 = batch.containers.values().map(|one| float(one.new.viable_cells.value())).sum();
    Some((at, harvested.max(filled)))
}

fn observed(batch: &Batch, growths: &[Growth]) -> Vec<Observed> {
    let mut seeded: BTreeMap<Time, BTreeMap<VesselNo, f64>> = BTreeMap::new();
    for vessel in batch.vessels.values() {
        let cells = float(vessel.seeded.viable_cells.value());
        seeded.entry(vessel.seeded_at).or_default().insert(vessel.no, cells);
    }
    let seeded = seeded.into_iter().map(|(at, vessels)| Observed {
        at,
        cells: vessels.values().sum(),
        counted: false,
    });
    let counted = growths.iter().map(|growth| Observed { at: growth.at, cells: growth.cells, counted: true });
    let mut observed: Vec<Observed> = counted.chain(seeded).collect();
    observed.sort_by_key(|point| point.at);
    observed
}

/// An instant some hours later, to the second; held at the calendar's end.
fn later(from: Time, hours: f64) -> Time {
    let seconds = (hours * 3600.0).round().to_i64().unwrap_or(i64::MAX);
    from.plus(TimeDelta::try_seconds(seconds).unwrap_or(TimeDelta::MAX))
}
