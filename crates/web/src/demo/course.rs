//! The course of a batch: steps with their times, counted from its harvest. A course describes a whole life; what lies
//! in the future has not happened yet, so where a batch stands today follows from when it is harvested.

use super::bench::{Bench, Centre, Done, count, of, quantity};
use super::dice::{self, Dice};
use super::people::{note, short};
use super::{DemoError, Seeding, orders};
use baiyo_domain::batch::culture::{Isolation, MediumChange, NewVessel, Observation, Passage};
use baiyo_domain::batch::disposition::{ManufacturingConfirmation, QualityConfirmation};
use baiyo_domain::batch::filling::{Fill, Harvest, LabelReconciliation, NewContainer};
use baiyo_domain::batch::intake::{Instruction, Opening, ReceiptDecision, TissueReceipt};
use baiyo_domain::batch::testing::Sending;
use baiyo_domain::batch::Subject;
use baiyo_domain::batch::distribution::Custody;
use baiyo_domain::ids::{BatchId, FillNo, HarvestNo, OrderId, PatientId};
use baiyo_domain::order::Purpose;
use baiyo_domain::standard::Stage;
use baiyo_domain::time::Time;
use chrono::TimeDelta;
use rust_decimal::{Decimal, MathematicalOps};
use uuid::Uuid;

/// Minutes of an hour.
pub const H: i64 = 60;
/// Minutes of a day.
pub const D: i64 = 24 * H;

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
        let (analyst, second) = if number.is_multiple_of(2) { ("ito", "watanabe") } else { ("watanabe", "ito") };
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
        Course { case, plan: self.plan.clone(), dice, story: self.story, harvest: self.harvest, seeding: self.seeding }
    }

    /// Adds a step, so many minutes after the harvest.
    pub fn at(&mut self, minutes: i64, does: impl FnOnce(&Bench) -> Done + 'static) -> &mut Self {
        let case = self.case;
        let at = self.harvest.plus(TimeDelta::minutes(minutes));
        self.seeding.plan(at, self.story, move |centre| does(&centre.bench(case)));
        self
    }

    /// Adds a step that falls by chance.
    pub fn by_chance(&mut self, minutes: i64, does: impl FnOnce(&Bench, &mut Dice) -> Done + 'static) -> &mut Self {
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

    /// The tissue received and sampled, four hours before the cells are seeded.
    pub fn received(&mut self) -> &mut Self {
        let begun = self.begun();
        self.by_chance(begun - 4 * H, |b, dice| b.make(tissue(b, dice)?)).tissue_sampled()
    }

    /// The tissue's sterility sample, which an outside laboratory reports after fourteen days.
    pub fn tissue_sampled(&mut self) -> &mut Self {
        let begun = self.begun();
        self.at(begun - 3 * H, |b| {
            b.sample(of(Stage::Receipt), vec![Subject::Tissue])?;
            let (_, sample, _) = b.sampled("STERILITY-RECEIPT")?;
            let laboratory = short("見本検査センター Sample Laboratory")?;
            let form = Sending { performed: Default::default(), sample, laboratory, carrier: None };
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
            self.by_chance(begun + day * D, move |b, dice| passage(b, ware, grown(growth, primary, dice), dice));
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
        let mycoplasma = if plan.standard == super::standards::PRODUCT { "MYCOPLASMA-PREHARVEST" } else { "MYCOPLASMA" };
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
        self.by_chance(at, move |b, dice| b.pass(code, dice)).at(at + 40, move |b| b.verify(b.case.second, code))
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

/// Manufacturing confirms the record.
pub fn confirm_manufacturing(b: &Bench) -> Done {
    b.sign("takahashi", ManufacturingConfirmation { remark: None })
}

/// Quality confirms it.
pub fn confirm_quality(b: &Bench) -> Done {
    b.sign("nakamura", QualityConfirmation { remark: None })
}

/// Signs the manufacturing instruction.
pub fn instruct(b: &Bench) -> Done {
    let instructions = note("標準書どおりに培養する / culture as the standard says")?;
    b.sign("takahashi", Instruction { instructions, cautions: None, planned_harvest: None })
}

/// A sound receipt of the right tissue.
///
/// # Errors
/// The order was not placed.
pub fn tissue(b: &Bench, dice: &mut Dice) -> Result<TissueReceipt, DemoError> {
    let pseudonym = b.state()?.opened.pseudonym;
    let now = b.centre.store.now().0;
    let hours = dice.whole(2, 5);
    let cord = pseudonym.as_str().starts_with('D');
    let mass = if cord { dice.within((3_000, 4_500)) } else { dice.within(dice::LIPOASPIRATE) };
    let (site, appearance) = if cord {
        ("臍帯 umbilical cord", "白色、出血なし / white, no bleeding")
    } else {
        ("腹部 abdomen", "黄色、澄明 / yellow, clear")
    };
    Ok(TissueReceipt {
        performed: b.checked()?,
        order_label: b.order_label()?,
        pseudonym,
        collected_at: now.plus_hours(-hours - 1),
        site: short(site)?,
        seal_intact: true,
        least_temperature: quantity(dice.within((250, 450)).round_dp(1))?,
        most_temperature: quantity(dice.within((550, 790)).round_dp(1))?,
        transport: quantity(hours)?,
        mass: quantity(mass.round_dp(1))?,
        appearance: note(appearance)?,
        decision: ReceiptDecision::Accepted,
    })
}

/// New vessels: seeded as densely as the cells allow.
pub fn vessels(b: &Bench, ware: Ware, available: Decimal) -> Result<Vec<NewVessel>, DemoError> {
    let wanted = Decimal::from(ware.area * ware.density);
    let share = available * Decimal::new(9, 1) / Decimal::from(ware.number);
    let cells = (wanted.min(share) / Decimal::from(1000)).round() * Decimal::from(1000);
    let vessel = |index: usize| {
        Ok(NewVessel {
            ware: short(ware.name)?,
            area: quantity(ware.area)?,
            viable_cells: quantity(cells)?,
            incubator: short(&format!("INC-{}", 1 + b.case.number % 4))?,
            position: short(&format!("{}-{}", 1 + b.case.number % 6, index + 1))?,
        })
    };
    (0..ware.number).map(vessel).collect()
}

/// Cells isolated from the tissue and seeded.
pub fn isolate(b: &Bench, ware: Ware, dice: &mut Dice) -> Done {
    // 95 × 10⁶ nucleated cells on average from a lipoaspirate (Haack-Sørensen 2018).
    let count = count(Decimal::from(dice.whole(40, 95) * 1_000_000), dice)?;
    let into = vessels(b, ware, count.viable().unwrap_or_default())?;
    let method = short("コラゲナーゼ 0.1 %, 37 °C")?;
    b.make(Isolation { performed: b.checked()?, method, digestion: quantity(dice.whole(30, 60))?, count, into })
}

/// Vessels looked at.
pub fn observe(b: &Bench, confluence: i64) -> Done {
    let form = Observation {
        performed: b.alone()?,
        vessels: b.flasks()?,
        confluence: quantity(confluence)?,
        morphology: note("紡錘形、剥離なし / spindle-shaped, attached")?,
        turbid: false,
    };
    b.make(form)
}

/// Fresh medium for all vessels.
pub fn feed(b: &Bench) -> Done {
    b.make(MediumChange { performed: b.alone()?, vessels: b.flasks()?, volume: quantity(60)? })
}

/// How many times more cells there are: by the factor of a primary culture, or by doublings.
pub fn grown(range: dice::Range, primary: bool, dice: &mut Dice) -> Decimal {
    let drawn = dice.within(range);
    if primary { drawn } else { fold(drawn) }
}

fn fold(doublings: Decimal) -> Decimal {
    Decimal::TWO.powd(doublings)
}

/// All vessels passaged into new ones.
pub fn passage(b: &Bench, ware: Ware, growth: Decimal, dice: &mut Dice) -> Done {
    let count = count(b.seeded()? * growth, dice)?;
    let into = vessels(b, ware, count.viable().unwrap_or_default())?;
    let form = Passage {
        performed: b.checked()?,
        from: b.flasks()?,
        enzyme: quantity(dice.whole(3, 6))?,
        count,
        other_denominator: None,
        into,
        discarded_cells: None,
    };
    b.make(form)
}

/// All vessels harvested.
pub fn harvest(b: &Bench, doublings: Decimal, dice: &mut Dice) -> Done {
    let count = count(b.seeded()? * fold(doublings), dice)?;
    let form = Harvest {
        performed: b.checked()?,
        vessels: b.flasks()?,
        enzyme: quantity(dice.whole(3, 6))?,
        count,
        other_denominator: None,
        washes: 3,
        volume: quantity(100)?,
    };
    b.make(form)
}

/// The harvest sampled for its tests.
pub fn sample_harvest(b: &Bench) -> Done {
    b.sample(of(Stage::Harvest), vec![Subject::Harvest(last_harvest(b)?)])
}

/// The fill sampled for its tests.
pub fn sample_fill(b: &Bench) -> Done {
    b.sample(of(Stage::Fill), vec![Subject::Fill(last_fill(b)?)])
}

fn last_harvest(b: &Bench) -> Result<HarvestNo, DemoError> {
    let last = b.state()?.harvests.keys().next_back().copied();
    last.ok_or_else(|| DemoError::Seed("nothing was harvested".into()))
}

/// The newest fill.
///
/// # Errors
/// There is none.
pub fn last_fill(b: &Bench) -> Result<FillNo, DemoError> {
    let last = b.state()?.fills.keys().next_back().copied();
    last.ok_or_else(|| DemoError::Seed("nothing was filled".into()))
}

/// Containers filled: with a fixed dose, or with nine tenths of the harvest in equal parts, at most a dose each.
pub fn fill(b: &Bench, number: usize, ware: &'static str, vial: Option<(i64, i64)>) -> Done {
    let (dose, harvest) = (b.state()?.standard().dose, last_harvest(b)?);
    let viable = b.state()?.harvests.get(&harvest).and_then(|harvest| harvest.viable).unwrap_or_default();
    let million = Decimal::from(1_000_000);
    let share = viable * Decimal::new(9, 1) / Decimal::from(number) / million;
    let most = dose.most_cells.value() * Decimal::new(7, 1) / million;
    let cells = share.min(most).round_dp(1) * million;
    let (cells, volume) = match vial {
        Some((cells, volume)) => (Decimal::from(cells), Decimal::from(volume)),
        None => (cells, (cells / dose.most_concentration.value() * Decimal::new(12, 1)).ceil()),
    };
    fill_with(b, &vec![(cells.normalize(), volume); number], ware)
}

/// Containers filled with these cells in these volumes.
pub fn fill_with(b: &Bench, containers: &[(Decimal, Decimal)], ware: &str) -> Done {
    let container = |(cells, volume): &(Decimal, Decimal)| {
        Ok(NewContainer { ware: short(ware)?, volume: quantity(volume)?, viable_cells: quantity(cells)? })
    };
    let containers = containers.iter().map(container).collect::<Result<Vec<_>, DemoError>>()?;
    b.make(Fill { performed: b.checked()?, harvests: vec![last_harvest(b)?], containers, expires_at: None })
}

/// Labels reconciled: one more was printed and destroyed.
pub fn reconcile(b: &Bench) -> Done {
    let applied: Vec<_> = b.containers(Custody::InHouse)?.into_iter().map(|(_, label)| label).collect();
    let printed = u16::try_from(applied.len()).unwrap_or(u16::MAX).saturating_add(1);
    let (performed, fill) = (b.checked()?, last_fill(b)?);
    b.make(LabelReconciliation { performed, fill, printed, applied, destroyed: 1, remark: None })
}
