//! The limits of a standard hold to the last digit: what lies on a limit is within it, and what lies one step beyond
//! is blocked, with the number that was found and the limits it was held against.

mod centre;

use baiyo_domain::batch::culture::{Isolation, VesselState};
use baiyo_domain::batch::filling::{Fill, Harvest, NewContainer};
use baiyo_domain::batch::gate::{Blocker, gate};
use baiyo_domain::batch::{Performed, Subject};
use baiyo_domain::ids::*;
use baiyo_domain::quantity::Number;
use baiyo_domain::standard::{DayRange, Standard, Step};
use centre::{Centre, Course, Until, count, instruction, of, q, vessels};
use chrono::TimeDelta;

const FRESH: &str = "adipose-msc-autologous-fresh";

/// A batch of 21 days in culture, passage 2, with 100,000,000 cells in 40 mL, on a standard that was changed.
fn batch_on(change: impl FnOnce(&mut Standard)) -> (Centre, BatchId) {
    let mut centre = Centre::open();
    let mut standard = Centre::read_standard(FRESH);
    change(&mut standard);
    centre.approve(FRESH, standard);
    let batch = centre.make(&Course::default());
    // One more passage than is allowed is a departure, with a hold of its own.
    centre.clear_holds(batch);
    (centre, batch)
}

fn blocked_on(change: impl FnOnce(&mut Standard)) -> Vec<Blocker> {
    let (centre, batch) = batch_on(change);
    centre.blockers(batch, centre.first(batch))
}

#[test]
fn days_in_culture_are_allowed_from_the_least_to_the_most_both_included() {
    let within = |least: &'static str, most: &'static str| {
        blocked_on(|s| s.process.culture_days = Some(DayRange { least: q(least), most: q(most) }))
    };
    assert_eq!(within("21", "21"), []);
    for (least, most) in [("21.1", "30"), ("10", "20.9")] {
        let (days, least_days, most_days) = (of("21.0"), of(least), of(most));
        assert_eq!(
            within(least, most),
            [Blocker::CultureDays { days, least: least_days, most: most_days }],
            "{least} to {most}"
        );
    }
}

#[test]
fn the_passage_and_the_doublings_may_reach_their_limits() {
    assert_eq!(blocked_on(|s| s.process.max_passage = 2), []);
    let exceeded = Blocker::PassageExceeded { passage: 2, most: 1 };
    assert_eq!(blocked_on(|s| s.process.max_passage = 1), [exceeded]);
    let (centre, batch) = batch_on(|_| ());
    let doublings = centre.state(batch).harvests[&HarvestNo(1)].doublings.unwrap();
    assert_eq!(blocked_on(|s| s.process.max_doublings = q(&doublings.to_string())), []);
    let one_less = doublings - rust_decimal::Decimal::new(1, doublings.scale());
    assert_eq!(
        blocked_on(|s| s.process.max_doublings = q(&one_less.to_string())),
        [Blocker::DoublingsExceeded { doublings: Number(doublings), most: Number(one_less) }]
    );
}

#[test]
fn a_dose_may_lie_on_either_limit_and_the_concentration_on_its_own() {
    let held_to = |least: &'static str, most: &'static str, most_concentration: &'static str| {
        blocked_on(|s| {
            s.dose.least_cells = q(least);
            s.dose.most_cells = q(most);
            s.dose.most_concentration = q(most_concentration);
        })
    };
    assert_eq!(held_to("100000000", "100000000", "2500000"), []);
    for (least, most) in [("100000001", "200000000"), ("50000000", "99999999")] {
        let (cells, least_cells, most_cells) = (of("100000000"), of(least), of(most));
        assert_eq!(
            held_to(least, most, "2500000"),
            [Blocker::DoseOutside { cells, least: least_cells, most: most_cells }]
        );
    }
    assert_eq!(
        held_to("50000000", "200000000", "2499999"),
        [Blocker::ConcentrationExceeded { concentration: of("2500000"), most: of("2499999") }]
    );
}

/// Whether an instruction is late that was signed so many microseconds after the first step.
fn late(after_the_step: i64) -> bool {
    let mut centre = Centre::open();
    let course = Course { instruction: false, ..Course::default().until(Until::Received) };
    let batch = centre.make(&course);
    centre.batch(centre.staff.lead, batch, instruction()).unwrap();
    let (_, signed) = centre.state(batch).instruction.unwrap();
    let at = Some(signed.plus(TimeDelta::microseconds(-after_the_step)));
    let form = Isolation {
        performed: Performed { at, checked_by: Some(centre.staff.lead), ..Performed::default() },
        method: of("collagenase 0.1 %, 37 °C"),
        digestion: q("45"),
        count: count("20"),
        into: vessels(2),
    };
    centre.batch(centre.staff.technician, batch, form).unwrap();
    let state = centre.state(batch);
    assert_eq!(state.processed_at, at);
    let mut blockers = gate(&state, centre.now).batch.into_iter().flat_map(|check| check.blockers);
    blockers.any(|(blocker, _)| matches!(blocker, Blocker::InstructionLate))
}

#[test]
fn an_instruction_may_be_signed_at_the_instant_of_the_first_step_and_no_later() {
    assert_eq!([late(-1), late(0), late(1)], [false, false, true]);
}

/// Whether a sample of the culture counts where the harvest began so long after it.
fn counts_at(harvest_after: TimeDelta) -> bool {
    let mut centre = Centre::open();
    let course = Course::default();
    let batch = centre.make(&course.clone().until(Until::Passaged));
    let code = of("STERILITY-PREHARVEST");
    let state = centre.state(batch);
    let in_culture = state.vessels.values().filter(|vessel| vessel.state == VesselState::InCulture);
    let subjects: Vec<Subject> = in_culture.map(|vessel| Subject::Vessel(vessel.no)).collect();
    let sample = centre.sample_for(batch, &subjects, std::slice::from_ref(&code)).unwrap();
    let at = Some(centre.state(batch).samples[&sample].at.plus(harvest_after));
    centre.days(9);
    let head = centre.head(&course, Step::Harvest);
    let harvest = Harvest {
        performed: Performed { at, late_reason: Some(of("the network was down")), ..head },
        vessels: centre.in_culture(batch),
        enzyme: q("5"),
        count: count("240"),
        other_denominator: None,
        washes: 3,
        volume: q("100"),
    };
    centre.bench(&course, batch, harvest);
    let container = NewContainer { ware: of("50 mL bag"), volume: q("40"), viable_cells: q("100000000") };
    let performed = centre.head(&course, Step::Fill);
    let harvests = vec![HarvestNo(1)];
    centre.bench(&course, batch, Fill { performed, harvests, containers: vec![container], expires_at: None });
    let blockers = centre.blockers(batch, ContainerNo(1));
    let lacks = |blocker: &Blocker| matches!(blocker, Blocker::TestAbsent { test, .. } if *test == code);
    !blockers.iter().any(lacks)
}

#[test]
fn a_sample_of_the_culture_counts_from_the_first_of_its_days_until_the_harvest_begins() {
    let (instant, days) = (TimeDelta::microseconds(1), TimeDelta::days(8));
    assert_eq!([counts_at(days), counts_at(days + instant)], [true, false]);
    assert_eq!([counts_at(TimeDelta::zero()), counts_at(-instant)], [true, false]);
}
