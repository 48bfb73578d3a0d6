//! How cells grow, as far as counts tell: one formula says how many doublings some hours give, for what was counted
//! and for what is to come.
//!
//! Doublings in h hours are normal, with the mean h ÷ T − loss and the variance of the passages' luck, the counts and the
//! loss. T is log-normal between batches and is weighed on a grid, so that cells that died rather than grew need no case
//! of their own.

use super::published::{Expectation, Spread};
use crate::batch::culture::{Counted, Vessel, VesselState};
use crate::batch::{Batch, Subject};
use crate::ids::VesselNo;
use crate::time::Time;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::collections::BTreeMap;
use std::f64::consts::{LN_2, PI};

/// The shortest and longest doubling times considered, in hours: nothing that is cultured doubles faster, and what
/// takes a year does not grow.
pub(super) const SHORTEST: f64 = 6.0;
const LONGEST: f64 = 8760.0;
/// Steps of 4.7 % between them.
const STEPS: u32 = 160;
/// A count's standard deviation in doublings: 10 % of the cells, a house value; the example standards bear 20 % between
/// replicates.
const COUNT: f64 = 0.1 / LN_2;
/// A count this soon after the seeding says nothing of the pace: cells take about a day to attach. A house value.
const ATTACHING: f64 = 24.0;
/// Hours of a passage until a batch had one: cells are passaged about weekly.
const PASSAGE: f64 = 168.0;
/// A count less likely than this is taken at its word: the cells have changed, and what was expected of them is void.
const CHANGED: f64 = 0.001;
/// A count that found next to nothing left says no more than that.
const FEWEST_DOUBLINGS: f64 = -3.0;
/// How many batches the published spread of batches weighs.
const SPREAD_WEIGHT: f64 = 4.0;

/// One count of cells detached together, or counted together while they stay in culture: vessels of one passage are one
/// observation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Growth {
    /// When they were counted.
    pub at: Time,
    /// Viable cells.
    pub cells: f64,
    /// Hours since they were seeded.
    pub hours: f64,
    /// Doublings by the viable cells seeded.
    pub doublings: f64,
    /// Whether it was the primary culture.
    pub primary: bool,
    /// Whether these cells stay in culture.
    pub stays: bool,
}

/// What a batch's counts show, oldest first. Cells that are detached tell of their whole passage at its end, and what was
/// counted of them before is part of that. Left out are cells that another batch's were counted with, and times that
/// contradict each other.
pub(super) fn growths(batch: &Batch) -> Vec<Growth> {
    let mut detached: BTreeMap<Vec<VesselNo>, Time> = BTreeMap::new();
    for vessel in batch.vessels.values() {
        let from: Option<Vec<VesselNo>> = vessel
            .parents
            .iter()
            .map(|parent| match parent {
                Subject::Vessel(no) => Some(*no),
                _ => None,
            })
            .collect();
        if let Some(from) = from {
            detached.insert(from, vessel.seeded_at);
        }
    }
    detached.extend(batch.harvests.values().map(|harvest| (harvest.vessels.clone(), harvest.at)));
    let growth = |(from, at): (&Vec<VesselNo>, &Time)| {
        let vessel = batch.vessels.get(from.first()?)?;
        let growth = vessel.growth.as_ref()?;
        let (cells, seeded) = (float(growth.harvested.0), float(growth.viable_seeded.0));
        let hours = float(growth.hours.0);
        let doublings = (cells.max(1.0) / seeded).log2().max(FEWEST_DOUBLINGS);
        (hours > 0.0 && doublings.is_finite()).then_some(Growth {
            at: *at,
            cells,
            hours,
            doublings,
            primary: vessel.passage == 0,
            stays: false,
        })
    };
    let mut growths: Vec<Growth> = detached.iter().filter_map(growth).collect();
    growths.extend(counted_in_culture(batch));
    growths.sort_by_key(|growth| growth.at);
    growths
}

/// What was counted of cells that stay in culture: the newest count of each vessel, vessels counted together once. Where
/// one of them is detached by now, that tells of them all.
fn counted_in_culture(batch: &Batch) -> Vec<Growth> {
    let mut counts: BTreeMap<&[VesselNo], &Counted> = BTreeMap::new();
    let staying = |vessel: &&Vessel| vessel.state == VesselState::InCulture;
    for vessel in batch.vessels.values().filter(staying) {
        counts.extend(counted(batch, vessel).map(|counted| (counted.vessels.as_slice(), counted)));
    }
    let growth = |counted: &Counted| {
        let vessels: Option<Vec<&Vessel>> = counted.vessels.iter().map(|no| batch.vessels.get(no)).collect();
        let vessels = vessels.filter(|vessels| vessels.iter().all(|vessel| vessel.growth.is_none()))?;
        let cells = float(counted.count.viable()?);
        let seeded: f64 = vessels.iter().map(|vessel| float(vessel.seeded.viable_cells.value())).sum();
        let begun = vessels.iter().map(|vessel| vessel.seeded_at).min()?;
        let doublings = (cells.max(1.0) / seeded).log2().max(FEWEST_DOUBLINGS);
        doublings.is_finite().then_some(Growth {
            at: counted.at,
            cells,
            hours: hours_between(begun, counted.at),
            doublings,
            primary: vessels.iter().all(|vessel| vessel.passage == 0),
            stays: true,
        })
    };
    counts.into_values().filter_map(growth).collect()
}

/// The newest count of a vessel in culture, once its cells have attached.
fn counted<'b>(batch: &'b Batch, vessel: &'b Vessel) -> Option<&'b Counted> {
    let counted = vessel.counted.as_ref()?;
    let attached = |no: &VesselNo| {
        let vessel = batch.vessels.get(no);
        vessel.is_some_and(|vessel| hours_between(vessel.seeded_at, counted.at) >= ATTACHING)
    };
    (counted.count.viable().is_some() && counted.vessels.iter().all(attached)).then_some(counted)
}

/// A decimal for reckoning; nothing recorded is larger than a float holds.
pub(super) fn float(value: Decimal) -> f64 {
    value.to_f64().unwrap_or(0.0)
}

/// Mean and variance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moments {
    pub mean: f64,
    pub variance: f64,
}

/// Exactly nothing.
pub(super) const NOTHING: Moments = Moments { mean: 0.0, variance: 0.0 };
/// A doubling time's logarithm of which nothing is known.
const ANYTHING: Moments = Moments { mean: 5.0, variance: 1e6 };

/// What one finished batch teaches, each as mean and variance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lesson {
    doubling: Option<Moments>,
    loss: Option<Moments>,
    seeded: Moments,
}

impl Lesson {
    /// What a batch teaches; nothing until its last vessel is harvested, so that no forecast rests on its own batch
    /// twice. A discontinued batch counts: leaving out those that failed would promise too much.
    pub fn of(batch: &Batch) -> Option<Lesson> {
        let in_culture = batch.vessels.values().any(|vessel| vessel.state == VesselState::InCulture);
        if batch.end.is_none() && (in_culture || batch.harvests.is_empty()) {
            return None;
        }
        let begun = batch.vessels.values().map(|vessel| vessel.seeded_at).min()?;
        let first = batch.vessels.values().filter(|vessel| vessel.seeded_at == begun);
        let seeded: f64 = first.map(|vessel| float(vessel.seeded.viable_cells.value())).sum();
        let expectation = Expectation::of(batch.standard());
        let growths = growths(batch);
        let (primary, later): (Vec<Growth>, Vec<Growth>) =
            growths.into_iter().partition(|growth| growth.primary);
        let pace = || Pace::new(ANYTHING, expectation.passages, NOTHING, &later).logarithm();
        let doubling = (!later.is_empty()).then(pace);
        let loss = doubling.zip(primary.first()).map(|(doubling, growth)| {
            let grown = growth.hours / doubling.mean.exp();
            let unsure = doubling.variance + expectation.passages.powi(2);
            Moments { mean: grown - growth.doublings, variance: grown.powi(2) * unsure + 2.0 * COUNT * COUNT }
        });
        let seeded = Moments { mean: seeded.max(1.0).ln(), variance: 0.0 };
        Some(Lesson { doubling, loss, seeded })
    }
}

/// What a site has seen of one quantity: sums over its batches, each weighed by how well it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Level {
    batches: u32,
    weight: f64,
    weighted: f64,
    squares: f64,
}

impl Level {
    fn add(&mut self, seen: Moments, spread: &Spread) {
        let weight = (spread.batches.max(1e-3).powi(2) + seen.variance).recip();
        self.batches = self.batches.saturating_add(1);
        self.weight += weight;
        self.weighted += weight * seen.mean;
        self.squares += weight * seen.mean.powi(2);
    }

    /// What to expect of the site's next batch. If its batches lie further apart than was published, that counts the more,
    /// the more of them there are; that some lie closer hardly narrows a band.
    fn next(&self, spread: &Spread) -> Moments {
        let published = spread.sites.max(1e-3).powi(2).recip();
        let known = published + self.weight;
        let mean = (published * spread.mean + self.weighted) / known;
        let published_variance = spread.batches.powi(2);
        let seen = match self.batches {
            0 | 1 => published_variance,
            batches => {
                let others = f64::from(batches) - 1.0;
                let apart = (self.squares - self.weighted.powi(2) / self.weight).max(0.0) / others;
                let trust = others / (others + SPREAD_WEIGHT);
                let beyond = (apart - 1.0) * f64::from(batches) / self.weight;
                published_variance + (trust * beyond).max(-0.25 * published_variance)
            }
        };
        Moments { mean, variance: seen + known.recip() }
    }
}

/// What is expected of a standard's next batch at this site: published means, outweighed by its own earlier batches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Experience {
    expectation: Expectation,
    doubling: Level,
    loss: Level,
    seeded: Level,
}

impl Experience {
    /// No batches yet.
    pub fn expecting(expectation: Expectation) -> Self {
        let none = Level::default();
        Self { expectation, doubling: none, loss: none, seeded: none }
    }

    /// From a site's batches; those of other standards and those still in culture are passed over.
    pub fn of<'a>(
        standard: &crate::standard::Standard,
        batches: impl IntoIterator<Item = &'a Batch>,
    ) -> Self {
        let mut experience = Self::expecting(Expectation::of(standard));
        let same = batches.into_iter().filter(|batch| batch.standard().code == standard.code);
        same.filter_map(Lesson::of).for_each(|lesson| experience.learn(&lesson));
        experience
    }

    /// Takes in what one more batch taught.
    pub fn learn(&mut self, lesson: &Lesson) {
        if let Some(doubling) = lesson.doubling {
            self.doubling.add(doubling, &self.expectation.doubling);
        }
        if let Some(loss) = lesson.loss {
            self.loss.add(loss, &self.expectation.loss);
        }
        self.seeded.add(lesson.seeded, &self.expectation.seeded);
    }

    /// Earlier batches whose doubling time is known.
    pub fn batches(&self) -> u32 {
        self.doubling.batches
    }

    /// Doublings that the next primary culture loses.
    pub(super) fn loss(&self) -> Moments {
        self.loss.next(&self.expectation.loss)
    }

    /// Binary logarithm of the cells that the next batch begins with.
    pub(super) fn seeded(&self) -> Moments {
        let Moments { mean, variance } = self.seeded.next(&self.expectation.seeded);
        Moments { mean: mean / LN_2, variance: variance / (LN_2 * LN_2) }
    }

    /// The pace of a batch with these counts, oldest first. Cells that suddenly grow far less than expected, or die, are
    /// foretold from that count alone.
    pub(super) fn pace(&self, growths: &[Growth]) -> Pace {
        let next = self.doubling.next(&self.expectation.doubling);
        let passages = self.expectation.passages;
        let pace = |prior, growths: &[Growth]| Pace::new(prior, passages, self.loss(), growths);
        match growths.split_last() {
            Some((newest, earlier)) if !newest.primary && pace(next, earlier).chance(newest) < CHANGED => {
                // Bad luck, which might hide any pace, is not thought of.
                let alone = Pace::new(ANYTHING, 0.0, NOTHING, std::slice::from_ref(newest));
                Pace { passages, on_the_way: None, ..alone }
            }
            _ => pace(next, growths),
        }
    }
}

/// Doubling times of one batch in hours, each with its weight; the weights sum to 1, but for what is left out.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    weighed: Vec<(f64, f64)>,
    passages: f64,
    /// Hours of a passage.
    passage: f64,
    /// What was counted of the passage that is in culture, and what its primary culture lost: its luck goes on to its end.
    on_the_way: Option<(Growth, Moments)>,
    /// How many counts it rests on.
    pub counts: usize,
}

impl Pace {
    fn new(prior: Moments, passages: f64, loss: Moments, growths: &[Growth]) -> Self {
        let step = (LONGEST / SHORTEST).ln() / f64::from(STEPS);
        let likely = |index: u32| {
            let logarithm = SHORTEST.ln() + step * f64::from(index);
            let hours = logarithm.exp();
            let before = -0.5 * (logarithm - prior.mean).powi(2) / prior.variance;
            let seen = growths.iter().map(|seen| {
                let lost = if seen.primary { loss } else { NOTHING };
                let expected = doublings(seen.hours / hours, passages, lost, 2.0);
                let distance = seen.doublings - expected.mean;
                -0.5 * (distance.powi(2) / expected.variance + expected.variance.ln())
            });
            (hours, before + seen.sum::<f64>())
        };
        let likely: Vec<(f64, f64)> = (0..=STEPS).map(likely).collect();
        let most = likely.iter().map(|(_, log)| *log).fold(f64::NEG_INFINITY, f64::max);
        let weighed: Vec<(f64, f64)> =
            likely.into_iter().map(|(hours, log)| (hours, (log - most).exp())).collect();
        let sum: f64 = weighed.iter().map(|(_, weight)| weight).sum();
        let weighed = weighed.into_iter().map(|(hours, weight)| (hours, weight / sum));
        // What is less likely than one in a million moves no band.
        let weighed = weighed.filter(|(_, weight)| *weight > 1e-6).collect();
        let whole = growths.iter().rev().find(|seen| !seen.stays).map_or(PASSAGE, |newest| newest.hours);
        let passage = growths.iter().filter(|seen| seen.stays).fold(whole, |most, seen| most.max(seen.hours));
        // Several counts of parts that stay in culture have several lucks, and none is that of the whole.
        let staying: Vec<&Growth> = growths.iter().filter(|seen| seen.stays).collect();
        let on_the_way = match (staying.as_slice(), growths.last()) {
            ([one], Some(newest)) if *one == newest => {
                Some((**one, if one.primary { loss } else { NOTHING }))
            }
            _ => None,
        };
        Self { weighed, passages, passage, on_the_way, counts: growths.len() }
    }

    /// Mean and variance of the doubling time's natural logarithm.
    fn logarithm(&self) -> Moments {
        let mean: f64 = self.weighed.iter().map(|(hours, weight)| weight * hours.ln()).sum();
        let square = self.weighed.iter().map(|(hours, weight)| weight * (hours.ln() - mean).powi(2));
        Moments { mean, variance: square.sum() }
    }

    /// The doubling time in hours, in the middle of its logarithms.
    pub fn hours(&self) -> f64 {
        self.logarithm().mean.exp()
    }

    /// How much faster or slower than at this doubling time the passage grows that is in culture.
    fn luck(&self, time: f64) -> Moments {
        let any = self.passages.powi(2);
        let Some((seen, lost)) = self.on_the_way.filter(|_| any > 0.0) else {
            return Moments { mean: 0.0, variance: any };
        };
        let expected = seen.hours / time;
        let unsure = 2.0 * COUNT * COUNT + lost.variance;
        let variance = (any.recip() + expected.powi(2) / unsure).recip();
        let beyond = seen.doublings + lost.mean - expected;
        // No luck turns growth round.
        Moments { mean: (variance * expected * beyond / unsure).max(-0.9), variance }
    }

    /// How likely a passage grows as little as this one or less.
    fn chance(&self, seen: &Growth) -> f64 {
        let chance = |(time, weight): &(f64, f64)| {
            let expected = doublings(seen.hours / time, self.passages, NOTHING, 2.0);
            weight * normal((seen.doublings - expected.mean) / expected.variance.sqrt())
        };
        self.weighed.iter().map(chance).sum()
    }

    /// After how many hours, at most `longest`, so many doublings are reached with this probability; nothing where it
    /// takes longer.
    pub fn hours_until(&self, missing: Moments, probability: f64, longest: f64) -> Option<f64> {
        let lucks: Vec<Moments> = self.weighed.iter().map(|(time, _)| self.luck(*time)).collect();
        // Until then the passage that is in culture goes on as it began.
        let same = self.on_the_way.map_or(0.0, |(seen, _)| (self.passage - seen.hours).max(0.0));
        let reached = |hours: f64| -> f64 {
            let (now, later) = (hours.min(same), (hours - same).max(0.0));
            let passages = self.passages * evened_out(later, self.passage);
            let chance = |((time, weight), luck): (&(f64, f64), &Moments)| {
                let begun = now / time;
                let going_on = Moments {
                    mean: -begun * (1.0 + luck.mean),
                    variance: missing.variance + begun.powi(2) * luck.variance,
                };
                let grown = doublings(later / time, passages, going_on, 1.0);
                weight * normal((grown.mean - missing.mean) / grown.variance.sqrt())
            };
            self.weighed.iter().zip(&lucks).map(chance).sum()
        };
        if reached(longest) < probability {
            return None;
        }
        let (mut early, mut late) = (0.0, longest);
        // Thirty halvings of a year are less than a second.
        for _ in 0..30 {
            let middle = 0.5 * (early + late);
            if reached(middle) < probability { early = middle } else { late = middle }
        }
        Some(late)
    }
}

/// The doublings that come of so many at the middle pace: with this much luck of passages, this loss, so many counts.
fn doublings(grown: f64, passages: f64, loss: Moments, counts: f64) -> Moments {
    let variance = (passages * grown).powi(2) + counts * COUNT * COUNT + loss.variance;
    Moments { mean: grown - loss.mean, variance }
}

/// How much of the spread between passages is left over some hours: each passage has its own luck, and over several it
/// evens out.
fn evened_out(hours: f64, passage: f64) -> f64 {
    let (whole, rest) = ((hours / passage).floor(), (hours / passage).fract());
    if hours > 0.0 { (whole + rest * rest).sqrt() / (whole + rest) } else { 1.0 }
}

/// The standard normal distribution function, to seven decimals (Abramowitz and Stegun 26.2.17).
fn normal(z: f64) -> f64 {
    let t = (1.0 + 0.231_641_9 * z.abs()).recip();
    let series = [1.330_274_429, -1.821_255_978, 1.781_477_937, -0.356_563_782, 0.319_381_530];
    let tail = (-0.5 * z * z).exp() / (2.0 * PI).sqrt()
        * series.iter().fold(0.0, |sum, coefficient| (sum + coefficient) * t);
    if z > 0.0 { 1.0 - tail } else { tail }
}

/// Cells in culture, reckoned at the last seeding or count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Culture {
    /// The last seeding or count.
    pub at: Time,
    /// Binary logarithm of the cells that count, with its uncertainty beyond a count's.
    pub cells: Moments,
}

/// What is in culture: vessels that were seeded or counted earlier are reckoned on to the last seeding or count, and
/// primary cultures that nobody counted count less what does not attach. Of vessels counted together each has its part by
/// what was seeded. Nothing where nothing is in culture.
pub(super) fn in_culture(batch: &Batch, hours: f64, loss: Moments) -> Option<Culture> {
    let vessels = batch.vessels.values().filter(|vessel| vessel.state == VesselState::InCulture);
    let vessels: Vec<(&Vessel, Option<(Time, f64)>)> =
        vessels.map(|vessel| (vessel, counted_part(batch, vessel))).collect();
    let known =
        |(vessel, counted): &(&Vessel, Option<(Time, f64)>)| counted.map_or(vessel.seeded_at, |(at, _)| at);
    let at = vessels.iter().map(known).max()?;
    let (mut all, mut primary) = (0.0, 0.0);
    for (vessel, counted) in &vessels {
        let unsure = vessel.passage == 0 && counted.is_none();
        let (since, cells) = counted.unwrap_or((vessel.seeded_at, float(vessel.seeded.viable_cells.value())));
        let ahead = hours_between(since, at) / hours;
        let lost = if unsure { loss.mean } else { 0.0 };
        // Nothing doubles more than a hundred times in a vessel.
        let cells = cells * (ahead - lost).clamp(-100.0, 100.0).exp2();
        all += cells;
        if unsure {
            primary += cells;
        }
    }
    let variance = loss.variance * (primary / all).powi(2);
    (all > 0.0).then(|| Culture { at, cells: Moments { mean: all.log2(), variance } })
}

/// A vessel's part of the newest count of its cells, and when that was.
fn counted_part(batch: &Batch, vessel: &Vessel) -> Option<(Time, f64)> {
    let counted = counted(batch, vessel)?;
    let seeded = |vessel: &Vessel| float(vessel.seeded.viable_cells.value());
    let together: f64 = counted.vessels.iter().filter_map(|no| batch.vessels.get(no)).map(seeded).sum();
    let part = float(counted.count.viable()?).max(1.0) * seeded(vessel) / together;
    part.is_finite().then_some((counted.at, part))
}

/// Hours from one instant to another; negative where the other is earlier.
pub(super) fn hours_between(from: Time, to: Time) -> f64 {
    // A float keeps the seconds of any calendar.
    #[allow(clippy::cast_precision_loss, reason = "seconds of a calendar are below 2^53")]
    let seconds = to.since(from).num_seconds() as f64;
    seconds / 3600.0
}
