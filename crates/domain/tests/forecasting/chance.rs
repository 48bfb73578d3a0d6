//! Cultures by chance, from published means and spreads: the true doubling time of a site, a batch and a passage, what
//! a primary culture loses, and counts that err by 10 %. Everything counted is seeded anew until the dose is there.

use super::{Bench, after, day_zero};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::intake::BankDraw;
use baiyo_domain::forecast::published::{ADIPOSE_FBS, ADIPOSE_HPL, ADIPOSE_PLASTINI, CORD, Expectation};
use baiyo_domain::forecast::{Experience, Lesson, forecast};
use baiyo_domain::ids::{BatchId, ContainerNo};
use baiyo_domain::quantity::Number;
use baiyo_domain::standard::{Code, Standard};
use baiyo_domain::time::Time;
use std::f64::consts::{LN_2, PI};
use uuid::Uuid;

/// The days on which a forecast is made.
pub const DAYS: [u16; 4] = [0, 7, 14, 21];

/// A published culture.
#[derive(Clone, Copy)]
pub struct DataSet {
    pub name: &'static str,
    /// How its cells truly grow.
    pub expectation: Expectation,
    /// The example standard that names how they do.
    pub standard: &'static str,
    /// What a standard would name instead: medium, doubling time, doublings lost.
    pub named: Option<(&'static str, &'static str, &'static str)>,
    /// Viable cells seeded, and those of all doses wanted.
    pub seeded: i64,
    pub doses: u16,
    pub dose: i64,
    /// Days of a passage.
    pub passage: f64,
    /// Days after each seeding on which cells are counted that stay in culture.
    pub counted: Option<f64>,
    pub bank: bool,
}

/// The published cultures, each with as many cells wanted as take it two to four weeks.
pub const DATA_SETS: [DataSet; 4] = [
    DataSet {
        name: "D1 adipose, hPL",
        expectation: ADIPOSE_HPL,
        standard: "adipose-msc-autologous-fresh",
        named: None,
        seeded: 10_000_000,
        doses: 50,
        dose: 200_000_000,
        passage: 7.0,
        counted: None,
        bank: false,
    },
    DataSet {
        name: "D1 adipose, FBS",
        expectation: ADIPOSE_FBS,
        standard: "adipose-msc-autologous-fresh",
        named: Some(("Fetal bovine serum (FBS)", "253.5", "1.38")),
        seeded: 95_000_000,
        doses: 2,
        dose: 100_000_000,
        passage: 7.0,
        counted: None,
        bank: false,
    },
    DataSet {
        name: "D3 Wharton's jelly",
        expectation: CORD,
        standard: "umbilical-cord-msc-product",
        named: None,
        seeded: 1_000_000,
        doses: 500,
        dose: 100_000_000,
        passage: 3.5,
        counted: None,
        bank: true,
    },
    DataSet {
        name: "D5 adipose",
        expectation: ADIPOSE_PLASTINI,
        standard: "adipose-msc-autologous-frozen",
        named: None,
        seeded: 8_000_000,
        doses: 1,
        dose: 50_000_000,
        passage: 7.0,
        counted: None,
        bank: false,
    },
];

impl DataSet {
    /// A standard for it, which names how its cells grow: that of the product without a least time of culture, which would
    /// hide the band.
    pub fn standard(&self) -> Standard {
        let mut standard = super::standard(self.standard);
        if let (Some(growth), Some((medium, hours, lost))) = (&mut standard.growth, self.named) {
            growth.medium = Some(super::of(medium));
            growth.doubling_time = super::of::<Number>(hours).try_into().unwrap();
            growth.primary_loss = Some(super::of::<Number>(lost).try_into().unwrap());
        }
        standard.code = Code::try_from("SIMULATED".to_string()).unwrap();
        standard.process.culture_days = None;
        standard.dose.least_cells = super::q(self.dose);
        standard.tests.truncate(1);
        standard
    }
}

/// Chance that falls the same way each time (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    #[allow(clippy::cast_precision_loss, reason = "53 bits are what a float holds")]
    fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Normal (Box and Muller).
    pub fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        mean + deviation * radius * (2.0 * PI * self.uniform()).cos()
    }
}

/// A site's own means.
#[derive(Clone, Copy)]
pub struct Site {
    doubling: f64,
    loss: f64,
}

impl Site {
    /// A site by chance.
    pub fn by_chance(expectation: &Expectation, dice: &mut Dice) -> Self {
        Self {
            doubling: dice.normal(expectation.doubling.mean, expectation.doubling.sites),
            loss: dice.normal(expectation.loss.mean, expectation.loss.sites),
        }
    }
}

/// A culture as it went, with what was truly so.
pub struct Culture {
    /// Each day on which cells were counted, and the batch from then on; first the seeding.
    stages: Vec<(f64, Bench)>,
    /// The day on which the cells truly sufficed.
    pub dose_day: f64,
}

impl Culture {
    /// The batch on a day.
    pub fn on(&self, day: f64) -> Batch {
        self.stages.iter().rev().find(|(begun, _)| *begun <= day + 1e-9).unwrap().1.batch()
    }
}

const COUNT_ERROR: f64 = 0.1;
/// Cultures of each kind.
const CULTURES: u64 = 2_000;
/// A culture that takes longer is given up.
const GIVEN_UP: f64 = 364.0;

#[allow(clippy::cast_possible_truncation, reason = "cells are counted in whole")]
fn whole(cells: f64) -> i64 {
    cells.round() as i64
}

/// A culture by chance at a site; `apart` times as far from the site's other batches as was published.
pub fn culture(set: &DataSet, standard: &Standard, site: Site, apart: f64, dice: &mut Dice) -> Culture {
    let expectation = &set.expectation;
    let batch = dice.normal(site.doubling, apart * expectation.doubling.batches);
    let start = day_zero();
    let bank = BatchId(Uuid::from_u128(99));
    let draw = set.bank.then_some(BankDraw { batch: bank, container: ContainerNo(1) });
    let mut bench = Bench::open(standard, start, draw);
    let mut vessels = match set.bank {
        true => bench.thaw(start, bank, &[set.seeded]),
        false => bench.isolate(start, &[set.seeded]),
    };
    #[allow(clippy::cast_precision_loss, reason = "cells are far fewer")]
    let (seeded, needed) = (set.seeded as f64, (set.dose * i64::from(set.doses)) as f64);
    // What is seeded was counted, with an error.
    let mut cells = seeded.ln() - dice.normal(0.0, COUNT_ERROR);
    if !set.bank {
        cells -= LN_2 * dice.normal(site.loss, expectation.loss.batches);
    }
    let mut day = 0.0;
    let mut stages = vec![(0.0, bench.clone())];
    loop {
        let pace = 24.0 * LN_2 / dice.normal(batch, expectation.passages).exp();
        let left = (needed.ln() - cells) / pace;
        if left <= set.passage || day >= GIVEN_UP {
            let dose_day = day + left.max(0.0);
            let at = after(start, dose_day.min(GIVEN_UP));
            bench.harvest(at, &vessels, whole(needed * dice.normal(0.0, COUNT_ERROR).exp()));
            stages.push((dose_day, bench));
            return Culture { stages, dose_day };
        }
        if let Some(after_seeding) = set.counted {
            let counted = whole((cells + pace * after_seeding + dice.normal(0.0, COUNT_ERROR)).exp()).max(1);
            bench.count(after(start, day + after_seeding), &vessels, counted);
            stages.push((day + after_seeding, bench.clone()));
        }
        day += set.passage;
        cells += pace * set.passage;
        let counted = whole((cells + dice.normal(0.0, COUNT_ERROR)).exp()).max(1);
        vessels = bench.passage(after(start, day), &vessels, counted, &[counted]);
        stages.push((day, bench.clone()));
    }
}

/// How forecasts held on one day.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// Cultures still without their dose.
    pub cultures: usize,
    /// Those whose dose came within the band.
    pub covered: usize,
    /// Widths of the bands in days.
    pub widths: Vec<f64>,
}

impl Held {
    /// The covered part in %.
    #[allow(clippy::cast_precision_loss, reason = "thousands")]
    pub fn coverage(&self) -> f64 {
        100.0 * self.covered as f64 / self.cultures.max(1) as f64
    }

    /// The width in the middle, in days.
    pub fn width(&self) -> f64 {
        let mut widths = self.widths.clone();
        widths.sort_by(f64::total_cmp);
        widths.get(widths.len() / 2).copied().unwrap_or(0.0)
    }
}

/// Makes cultures, each at a site of its own with so many earlier batches that lie `apart` times as far apart as was
/// published, forecasts each on each day while it lacks its dose, and looks what came. The forecast begins with what the
/// standard names.
pub fn measure(set: &DataSet, standard: &Standard, earlier: usize, apart: f64) -> [Held; 4] {
    let mut held: [Held; 4] = Default::default();
    for number in 0..CULTURES {
        let mut dice = Dice(number.wrapping_mul(0x5851_F42D_4C95_7F2D));
        let site = Site::by_chance(&set.expectation, &mut dice);
        let mut experience = Experience::of(standard, []);
        for _ in 0..earlier {
            let before = culture(set, standard, site, apart, &mut dice);
            experience.learn(&Lesson::of(&before.on(before.dose_day)).unwrap());
        }
        let one = culture(set, standard, site, apart, &mut dice);
        for (held, day) in held.iter_mut().zip(DAYS.map(f64::from)) {
            if one.dose_day <= day {
                continue;
            }
            let told = forecast(&one.on(day), &experience, set.doses, after(day_zero(), day));
            let truth = after(day_zero(), one.dose_day);
            held.cultures += 1;
            // What is beyond the horizon is not foretold, and counts as missed.
            if let Some(dose) = told.dose {
                held.covered += usize::from(dose.from <= truth && truth <= dose.until);
                held.widths.push(days_between(dose.from, dose.until));
            }
        }
    }
    held
}

/// Days from one instant to another.
pub fn days_between(from: Time, until: Time) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "few seconds")]
    let seconds = until.since(from).num_seconds() as f64;
    seconds / 86_400.0
}
