//! Healthy batches of fresh cells: closed ones, one in every stage of a life, and the ones in culture today.

use super::course::{Course, D, H, Plan, Ware};
use super::{Seeding, dice, making, standards};
use baiyo_domain::batch::distribution::Custody;
use baiyo_domain::order::Purpose;
use baiyo_domain::time::Time;
use rust_decimal::Decimal;

/// Flasks for the first seeding.
pub const FLASKS: Ware = Ware { name: "T225", area: 225, number: 4, density: 20_000 };
/// Stacks of two layers for the passages.
pub const STACKS: Ware = Ware { name: "CellSTACK-2", area: 1272, number: 2, density: 5_000 };

/// The shift after a fill: minutes after the harvest at which each test is read.
pub const SHIFT: [(&str, i64); 8] = [
    ("APPEARANCE", 3 * H),
    ("COUNT", 3 * H + 5),
    ("VIABILITY", 3 * H + 10),
    ("GRAM-STAIN", 4 * H),
    ("ENDOTOXIN", 4 * H + 10),
    ("IDENTITY-POSITIVE", 6 * H),
    ("IDENTITY-NEGATIVE", 6 * H + 5),
    ("STERILITY-RAPID", 22 * H + 40),
];
/// When manufacturing confirms the record; quality does so twenty minutes later.
pub const CONFIRMED: i64 = 24 * H + 30;
/// When quality decides.
pub const RELEASED: i64 = 25 * H + 30;
/// When containers are allocated; they leave within the hour.
pub const SHIPPED: i64 = 26 * H + 30;
/// When the clinic has them.
pub const ARRIVED: i64 = 30 * H;
/// When the physician decides.
pub const GIVEN: i64 = 31 * H + 30;

/// Fresh autologous cells in so many containers.
pub fn plan(containers: usize) -> Plan {
    let wide = Ware { number: 2 + 2 * containers.div_ceil(2), ..STACKS };
    Plan {
        standard: standards::FRESH,
        days: 24,
        first: FLASKS,
        passages: vec![(9, STACKS), (16, wide)],
        primary: dice::P0_GROWTH,
        doublings: dice::ADIPOSE_DOUBLINGS,
        containers,
        ware: "50 mL バッグ bag",
        vial: None,
        quick: &SHIFT,
    }
}

/// A healthy course up to the tests of the fill.
pub fn until_tested<'a>(
    seeding: &'a mut Seeding,
    story: &'static str,
    plan: Plan,
    harvest: Time,
) -> Course<'a> {
    let mut course = Course::new(seeding, story, plan, harvest);
    course.ordered(Purpose::Therapy).opened().received().cultured().harvested().tested();
    course
}

/// A whole healthy life.
pub fn whole(seeding: &mut Seeding, story: &'static str, containers: usize, harvest: Time) {
    let mut course = until_tested(seeding, story, plan(containers), harvest);
    course.confirmed(CONFIRMED).released(RELEASED).shipped(SHIPPED).arrived(ARRIVED).given(GIVEN);
    course.closed("STERILITY-14D");
    // For information, on some batches only: no second person verifies it.
    if course.case.number.is_multiple_of(3) {
        course.by_chance(5 * H, |b, dice| b.pass("DOUBLING-TIME", dice));
    }
}

/// Plans the healthy batches.
pub fn plan_all(seeding: &mut Seeding) {
    // Harvested so many days ago (ahead where negative).
    const DONE: [i64; 6] = [84, 71, 63, 54, 38, 21];
    const GIVEN_LATELY: [i64; 3] = [12, 9, 5];
    const IN_CULTURE: [i64; 8] = [-2, -4, -6, -9, -12, -16, -19, -22];
    for (index, days) in DONE.into_iter().enumerate() {
        let harvest = seeding.calendar.days_ago(days);
        whole(seeding, "healthy, closed", 1 + index % 2, harvest);
    }
    for days in GIVEN_LATELY {
        let harvest = seeding.calendar.days_ago(days);
        whole(seeding, "healthy, given lately", 1, harvest);
    }
    for days in IN_CULTURE {
        let harvest = seeding.calendar.days_ago(days);
        whole(seeding, "healthy, in culture", 2, harvest);
    }
    // Minutes since the harvest: one batch in each stage of its last two days, and before its first.
    let stages = [
        ("just harvested", 90),
        ("filled, under test", 7 * H + 30),
        ("the rapid culture still runs", 18 * H),
        ("tested, not confirmed yet", 24 * H + 40),
        ("ready for decision", 25 * H + 45),
        ("released", 26 * H + 50),
        ("packed", 27 * H + 40),
        ("on its way", 28 * H + 30),
        ("at the clinic", 31 * H + 10),
        ("the physician has decided", 32 * H + 30),
        ("tissue received", -24 * D - 45),
        ("instructed", -25 * D),
        ("opened", -26 * D - 12 * H),
    ];
    for (story, minutes) in stages {
        let harvest = seeding.calendar.minutes_ago(minutes);
        whole(seeding, story, 1, harvest);
    }
    partly_released(seeding);
}

/// Five containers, of which the last two were filled short: three are released.
fn partly_released(seeding: &mut Seeding) {
    let harvest = seeding.calendar.minutes_ago(29 * H);
    let mut course = Course::new(seeding, "three of five released", plan(5), harvest);
    course.ordered(Purpose::Therapy).opened().received().cultured();
    let growth = course.plan.doublings;
    course.by_chance(0, move |b, dice| making::harvest(b, dice.within(growth), dice));
    course.at(20, making::sample_harvest).at(2 * H, |b| {
        let (full, short) = (Decimal::from(64_000_000), Decimal::from(41_000_000));
        let volumes = [full, full, full, short, short].map(|cells| (cells, Decimal::from(16)));
        making::fill_with(b, &volumes, "50 mL バッグ bag")
    });
    course.at(2 * H + 20, making::sample_fill).at(3 * H, making::reconcile);
    course.tested_but(&["COUNT"]);
    course.at(3 * H + 5, |b| b.enter(b.case.analyst, "COUNT", &["64100000", "63700000"]));
    course.at(3 * H + 50, |b| b.verify(b.case.second, "COUNT"));
    course.confirmed(CONFIRMED).at(RELEASED, |b| {
        let all: Vec<_> = b.containers(Custody::InHouse)?.into_iter().map(|(no, _)| no).collect();
        b.release_refused(all.clone())?;
        b.release(all.into_iter().take(3).collect())
    });
}
