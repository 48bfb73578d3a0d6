//! The course of a batch: steps with their times, counted from its harvest. A course describes a whole life; what lies
//! in the future has not happened yet, so where a batch stands today follows from when it is harvested.

use super::bench::{Bench, Centre, Done};
use super::dice::{self, Dice};
use super::laboratory::of;
use super::making::{
    confirm_manufacturing, confirm_quality, feed, fill, grown, harvest, instruct, isolate, observe, passage,
    reconcile, sample_fill, sample_harvest, tissue,
};
use super::people::short;
use super::{Seeding, orders};
use baiyo_domain::batch::Subject;
use baiyo_domain::batch::distribution::Custody;
use baiyo_domain::batch::intake::Opening;
use baiyo_domain::batch::testing::Sending;
use baiyo_domain::ids::{BatchId, OrderId, PatientId};
use baiyo_domain::order::Purpose;
use baiyo_domain::standard::Stage;
use baiyo_domain::time::Time;
use chrono::TimeDelta;
use uuid::Uuid;

/// Minutes of an hour.
pub const H: i64 = 60;
/// Minutes of a day.
pub const D: i64 = 24 * H;
/// When the tissue is received, counted from the first seeding.
pub const RECEIVED: i64 = -100;

/// A batch that is to be, with the people who work on it.
#[derive(Clone, Copy)]
pub struct Case {
    /// Its number in the demonstration; chance follows from it.
    pub number: u16,
    /// The order.
    pub order: OrderId,
    /// The batch.
    pub batch: BatchId,
    /// The patient.
    pub patient: PatientId,
    /// Which of the clinics.
    pub clinic: usize,
    /// Who makes it.
    pub maker: &'static str,
    /// Who checks the making.
    pub checker: &'static str,
    /// Who samples and enters results.
    pub analyst: &'static str,
    /// Who verifies them.
    pub second: &'static str,
    /// The clinic's coordinator.
    pub coordinator: &'static str,
    /// The clinic's physician.
    pub physician: &'static str,
}

impl Case {
    /// The case with this number: shifts and clinics take turns.
    pub fn numbered(number: u16) -> Self {
        let shifts = [("yamada", "sasaki"), ("sasaki", "shimizu"), ("shimizu", "yamada")];
        let (maker, checker) = shifts[usize::from(number % 3)];
        let (analyst, second) =
            if number.is_multiple_of(2) { ("ito", "watanabe") } else { ("watanabe", "ito") };
        let clinic = usize::from(number % 5 >= 3);
        let (coordinator, physician) = [("kato", "yoshida"), ("matsumoto", "inoue")][clinic];
        Self {
            number,
            order: OrderId(Uuid::now_v7()),
            batch: BatchId(Uuid::now_v7()),
            patient: PatientId(Uuid::now_v7()),
            clinic,
            maker,
            checker,
            analyst,
            second,
            coordinator,
            physician,
        }
    }
}

/// Vessels that cells are seeded into.
#[derive(Clone, Copy)]
pub struct Ware {
    /// What they are.
    pub name: &'static str,
    /// The growth area of each in cm².
    pub area: i64,
    /// How many.
    pub number: usize,
    /// Cells per cm².
    pub density: i64,
}

/// How a product is grown and filled.
#[derive(Clone)]
pub struct Plan {
    /// The standard.
    pub standard: &'static str,
    /// Days from the first seeding to the harvest.
    pub days: i64,
    /// The first vessels.
    pub first: Ware,
    /// Days of each passage after the first seeding, and its vessels.
    pub passages: Vec<(i64, Ware)>,
    /// Growth of the primary culture; doublings where it is counted like a passage.
    pub primary: dice::Range,
    /// Doublings of each passage.
    pub doublings: dice::Range,
    /// Containers.
    pub containers: usize,
    /// What they are, and cells and volume in each where that is fixed.
    pub ware: &'static str,
    /// Viable cells in each, and the volume in mL; otherwise what the harvest gives.
    pub vial: Option<(i64, i64)>,
    /// Tests of harvest and fill that report within the shift: minutes after the harvest.
    pub quick: &'static [(&'static str, i64)],
}

/// One step of a course.
pub struct Step {
    /// When.
    pub at: Time,
    /// Of which story, for whoever must find out why a step was refused.
    pub story: &'static str,
    /// What is done.
    pub does: Box<dyn FnOnce(&Centre) -> Done>,
}

/// A course in the making.
pub struct Course<'a> {
    /// The batch and its people.
    pub case: Case,
    /// How it is grown.
    pub plan: Plan,
    /// Chance.
    pub dice: Dice,
    story: &'static str,
    harvest: Time,
    seeding: &'a mut Seeding,
}

impl<'a> Course<'a> {
    /// A course that is harvested at that time.
    pub fn new(seeding: &'a mut Seeding, story: &'static str, plan: Plan, harvest: Time) -> Self {
        let case = seeding.next_case();
        Self { case, plan, dice: Dice::seeded(case.number), story, harvest, seeding }
    }

    /// A course of another batch, of the same patient and order.
    pub fn beside(&mut self) -> Course<'_> {
        let Case { order, patient, .. } = self.case;
        let case = Case { batch: BatchId(Uuid::now_v7()), order, patient, ..self.case };
        let dice = Dice::seeded(case.number + 500);
        Course {
            case,
            plan: self.plan.clone(),
            dice,
            story: self.story,
            harvest: self.harvest,
            seeding: self.seeding,
        }
    }

    /// Adds a step, so many minutes after the harvest.
    pub fn at(&mut self, minutes: i64, does: impl FnOnce(&Bench) -> Done + 'static) -> &mut Self {
        let case = self.case;
        let at = self.harvest.plus(TimeDelta::minutes(minutes));
        self.seeding.plan(at, self.story, move |centre| does(&centre.bench(case)));
        self
    }

    /// Adds a step that falls by chance.
    pub fn by_chance(
        &mut self,
        minutes: i64,
        does: impl FnOnce(&Bench, &mut Dice) -> Done + 'static,
    ) -> &mut Self {
        let mut dice = self.dice.others();
        self.at(minutes, move |bench| does(bench, &mut dice))
    }

    /// Minutes from the harvest back to the first seeding.
    pub fn begun(&self) -> i64 {
        -self.plan.days * D
    }

    /// The order, with consent and screening, ten days before the cells are seeded.
    pub fn ordered(&mut self, purpose: Purpose) -> &mut Self {
        let begun = self.begun();
        self.at(begun - 10 * D, move |b| orders::place(b, purpose))
            .at(begun - 9 * D, orders::consent)
            .at(begun - 5 * D, orders::screened)
    }

    /// Opened and instructed.
    pub fn opened(&mut self) -> &mut Self {
        let (begun, standard) = (self.begun(), self.plan.standard);
        self.at(begun - 3 * D, move |b| {
            let standard = b.centre.standard(standard)?;
            b.record("takahashi", Opening { order: b.case.order, standard, bank: None })
        })
        .at(begun - 2 * D, instruct)
    }

    /// The tissue received and sampled, on the morning on which the cells are seeded.
    pub fn received(&mut self) -> &mut Self {
        let begun = self.begun();
        self.by_chance(begun + RECEIVED, |b, dice| b.make(tissue(b, dice)?)).tissue_sampled()
    }

    /// The tissue's sterility sample, which an outside laboratory reports after fourteen days.
    pub fn tissue_sampled(&mut self) -> &mut Self {
        let begun = self.begun();
        self.at(begun + RECEIVED + 20, |b| {
            b.sample(of(Stage::Receipt), vec![Subject::Tissue])?;
            let (_, sample, _) = b.sampled("STERILITY-RECEIPT")?;
            let laboratory = short("見本検査センター Sample Laboratory")?;
            let form = Sending {
                performed: Default::default(),
                sample,
                laboratory,
                carrier: None,
                not_applicable: Default::default(),
            };
            b.record(b.case.analyst, form)
        });
        self.result("STERILITY-RECEIPT", begun + 14 * D + 2 * H)
    }

    /// The whole culture up to the harvest, with the samples before it.
    pub fn cultured(&mut self) -> &mut Self {
        let begun = self.begun();
        let (first, plan) = (self.plan.first, self.plan.clone());
        self.by_chance(begun, move |b, dice| isolate(b, first, dice));
        self.kept(plan, 0)
    }

    /// What follows a day of the culture up to the day of the harvest.
    pub fn kept(&mut self, plan: Plan, from: i64) -> &mut Self {
        let begun = self.begun();
        let mut last = from;
        for (day, ware) in plan.passages.iter().copied().filter(|(day, _)| *day > from) {
            self.fed(begun + last * D, day - last);
            let growth = if last == 0 { plan.primary } else { plan.doublings };
            let primary = last == 0 && plan.primary != plan.doublings;
            self.by_chance(begun + day * D, move |b, dice| {
                passage(b, ware, grown(growth, primary, dice), dice)
            });
            last = day;
        }
        self.fed(begun + last * D, plan.days - last);
        let in_process = |b: &Bench, code: &'static str| {
            let vessels = b.vessels()?.into_iter().map(|(no, _)| Subject::Vessel(no)).collect();
            b.sample(move |test| test.code.as_str() == code, vessels)
        };
        if plan.standard != super::standards::BANK {
            self.at(-7 * D - 4 * H, move |b| in_process(b, "STERILITY-PREHARVEST"));
            self.result("STERILITY-PREHARVEST", -3 * H);
        }
        let mycoplasma =
            if plan.standard == super::standards::PRODUCT { "MYCOPLASMA-PREHARVEST" } else { "MYCOPLASMA" };
        self.at(-2 * D - 2 * H, move |b| in_process(b, mycoplasma));
        self.result(mycoplasma, -D - 2 * H)
    }

    /// Vessels looked at and fed every third day.
    pub fn fed(&mut self, from: i64, days: i64) -> &mut Self {
        for day in (3..days).step_by(3) {
            let confluence = 20 + 60 * day / days;
            self.at(from + day * D - 20, move |b| observe(b, confluence)).at(from + day * D, feed);
        }
        self
    }

    /// Harvested, washed, filled, labels reconciled, samples taken.
    pub fn harvested(&mut self) -> &mut Self {
        let growth = self.plan.doublings;
        let (containers, ware, vial) = (self.plan.containers, self.plan.ware, self.plan.vial);
        self.by_chance(0, move |b, dice| harvest(b, dice.within(growth), dice))
            .at(20, sample_harvest)
            .at(2 * H, move |b| fill(b, containers, ware, vial))
            .at(2 * H + 20, sample_fill)
            .at(3 * H, reconcile)
    }

    /// A result that passes, verified forty minutes later.
    pub fn result(&mut self, code: &'static str, at: i64) -> &mut Self {
        self.by_chance(at, move |b, dice| b.pass(code, dice))
            .at(at + 40, move |b| b.verify(b.case.second, code))
    }

    /// The results of harvest and fill that are there within a day, apart from some.
    pub fn tested_but(&mut self, not: &[&str]) -> &mut Self {
        for (code, at) in self.plan.quick.iter().filter(|(code, _)| !not.contains(code)) {
            self.result(code, *at);
        }
        self
    }

    /// All of them.
    pub fn tested(&mut self) -> &mut Self {
        self.tested_but(&[])
    }

    /// Both confirmations of the record.
    pub fn confirmed(&mut self, at: i64) -> &mut Self {
        self.at(at, confirm_manufacturing).at(at + 20, confirm_quality)
    }

    /// Released as a whole.
    pub fn released(&mut self, at: i64) -> &mut Self {
        self.at(at, |b| b.release(b.containers(Custody::InHouse)?.into_iter().map(|(no, _)| no).collect()))
    }
}
