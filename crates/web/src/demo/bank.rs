//! An umbilical-cord bank from one donor, and the products that several recipients get from it.

use super::bench::{Bench, Done, count, quantity};
use super::course::{Case, Course, D, H, Plan, Ware};
use super::making::instruct;
use super::people::{note, short};
use super::{DemoError, Seeding, dice, fresh, frozen, orders, standards};
use baiyo_domain::batch::culture::{BankSeeding, NewVessel};
use baiyo_domain::batch::distribution::Custody;
use baiyo_domain::batch::intake::{BankDraw, Opening};
use baiyo_domain::batch::testing::Interpretation;
use baiyo_domain::ids::LabelKind;
use baiyo_domain::order::Purpose;
use rust_decimal::Decimal;

/// Plans the bank and its products.
pub fn plan_all(seeding: &mut Seeding) {
    let bank = make_bank(seeding);
    // Harvested so many days ago; the last three have not come to it.
    for (story, days) in [
        ("from the bank, closed", 58),
        ("from the bank, closed", 31),
        ("from the bank, given lately", 7),
        ("from the bank, in culture", -3),
        ("from the bank, in culture", -8),
    ] {
        product(seeding, story, bank, days);
    }
}

fn make_bank(seeding: &mut Seeding) -> Case {
    let plan = Plan {
        standard: standards::BANK,
        days: 17,
        first: fresh::FLASKS,
        passages: vec![(9, fresh::STACKS)],
        primary: dice::P0_GROWTH,
        doublings: dice::CORD_DOUBLINGS,
        containers: 12,
        ware: "クライオバイアル cryovial 2 mL",
        vial: Some((5_000_000, 1)),
        quick: &frozen::READ,
    };
    let harvest = seeding.calendar.days_ago(92);
    let mut course = Course::new(seeding, "umbilical-cord bank", plan, harvest);
    let case = course.case;
    course
        .ordered(Purpose::Banking)
        .opened()
        .received()
        .cultured()
        .harvested()
        .at(3 * H + 20, frozen::freeze);
    // A normal variant, as in Nguyen 2020, table 2: no accepted text, so quality must interpret it.
    course.tested().at(19 * D, |b| b.enter(b.case.analyst, "KARYOTYPE", &["46,XY,16qh+"]));
    course.at(19 * D + 40, |b| b.verify(b.case.second, "KARYOTYPE")).at(19 * D + 2 * H, |b| {
        let result = b.newest("KARYOTYPE")?;
        let reasoning = note("正常変異(異染色質の長さ) / a normal variant in the length of heterochromatin")?;
        b.sign("nakamura", Interpretation { result, passes: true, reasoning })
    });
    course.confirmed(20 * D).released(20 * D + 3 * H);
    case
}

fn product(seeding: &mut Seeding, story: &'static str, bank: Case, days: i64) {
    let stacks = Ware { number: 4, ..fresh::STACKS };
    let plan = Plan {
        standard: standards::PRODUCT,
        days: 11,
        first: Ware { number: 2, ..fresh::FLASKS },
        passages: vec![(5, stacks)],
        primary: dice::CORD_DOUBLINGS,
        doublings: dice::CORD_DOUBLINGS,
        containers: 1,
        ware: "50 mL バッグ bag",
        vial: None,
        quick: &fresh::SHIFT,
    };
    let harvest = seeding.calendar.days_ago(days);
    let mut course = Course::new(seeding, story, plan.clone(), harvest);
    let begun = course.begun();
    course.at(begun - 8 * D, |b| orders::place(b, Purpose::Therapy)).at(begun - 7 * D, orders::consent);
    course.at(begun - 2 * D, move |b| {
        let (container, _) = first_in_stock(&b.of(bank))?;
        let draw = Some(BankDraw { batch: bank.batch, container });
        let standard = b.centre.standard(standards::PRODUCT)?;
        b.record("takahashi", Opening { order: b.case.order, standard, bank: draw })
    });
    course.at(begun - D, instruct);
    course.by_chance(begun, seed).kept(plan, 0).harvested().tested();
    course
        .confirmed(fresh::CONFIRMED)
        .released(fresh::RELEASED)
        .shipped(fresh::SHIPPED)
        .arrived(fresh::ARRIVED);
    course.given(fresh::GIVEN).closed("STERILITY-FILL-14D");
}

fn first_in_stock(
    bank: &Bench,
) -> Result<(baiyo_domain::ids::ContainerNo, baiyo_domain::ids::Label), DemoError> {
    let first = bank.containers(Custody::InHouse)?.into_iter().next();
    first.ok_or_else(|| DemoError::Seed("the bank is empty".into()))
}

/// The vial drawn is thawed and seeded: scanned, as everything is.
fn seed(b: &Bench, dice: &mut dice::Dice) -> Done {
    let state = b.state()?;
    let draw = state.opened.bank.ok_or_else(|| DemoError::Seed("nothing was drawn".into()))?;
    let bank = Case { batch: draw.batch, ..b.case };
    let label = b.of(bank).state()?.opened.label.part(LabelKind::Dose, draw.container.0);
    let container = label.ok_or_else(|| DemoError::Seed("the vial has no label".into()))?;
    let count = count(Decimal::from(4_300_000), dice)?;
    let vessel = |place: usize| {
        Ok(NewVessel {
            ware: short("T225")?,
            area: quantity(225)?,
            viable_cells: quantity(1_900_000)?,
            incubator: short("INC-5")?,
            position: short(&format!("{}-{place}", 1 + b.case.number % 6))?,
        })
    };
    let into = (1..=2).map(vessel).collect::<Result<Vec<_>, DemoError>>()?;
    b.make(BankSeeding { performed: b.checked()?, container, count, into })?;
    super::making::scan_back(b)
}
