//! Whatever is done in whatever order: nothing panics, nothing is released past an unmet gate, and a history is
//! either folded or called impossible.

mod centre;

use baiyo_domain::batch::disposition::{Deciding, Decision, Holding};
use baiyo_domain::batch::distribution::{Custody, Discontinuation, ReturnReport};
use baiyo_domain::batch::filling::Thaw;
use baiyo_domain::batch::gate::gate;
use baiyo_domain::batch::testing::ResultForm;
use baiyo_domain::batch::{Batch, Event, Performed, Subject};
use baiyo_domain::ids::*;
use baiyo_domain::journal::{Hash, StreamId, StreamKind};
use baiyo_domain::order::{Consent, ConsentWithdrawal};
use baiyo_domain::quality_event::Impact;
use baiyo_domain::quantity::{Count, Replicate, variation};
use baiyo_domain::standard::Stage;
use centre::{Centre, Course, Until, of, q};
use proptest::prelude::*;

/// One attempt; most are refused at most times.
fn attempt(centre: &mut Centre, batch: BatchId, course: &Course, kind: u8, pick: u8) {
    let staff = centre.staff;
    let state = centre.state(batch);
    let quality = [staff.analyst, staff.second_analyst, staff.releaser];
    let anybody =
        [staff.technician, staff.lead, staff.analyst, staff.second_analyst, staff.releaser, staff.manager];
    let who = anybody[usize::from(pick) % anybody.len()];
    let enterer = quality[usize::from(pick) % quality.len()];
    let containers = centre.containers(batch);
    let some: Vec<ContainerNo> = containers.iter().copied().skip(usize::from(pick) % 2).take(1).collect();
    let container = some.first().copied().unwrap_or(ContainerNo(1));
    let labels: Vec<Label> = some.iter().map(|no| centre.dose(batch, *no)).collect();
    let result = ResultNo(u16::from(pick) % 20 + 1);
    let order = state.opened.order;
    let head = Performed::default();
    let _ = match kind {
        0 => centre.verify(enterer, batch, result),
        1 => enter_some(centre, batch, enterer, pick),
        2 => centre.investigate(batch, result, (!pick.is_multiple_of(3)).then_some(pick % 3)),
        3 => centre.interpret(batch, result, pick.is_multiple_of(2)),
        4 => {
            centre.batch(who, batch, Deciding { containers: containers.clone(), decision: Decision::Release })
        }
        5 => centre.release_these(batch, &some),
        6 => centre.allocate(batch, &some),
        7 => centre.pack(batch, &some),
        8 => centre.shipping_check(batch, &some),
        9 => centre.ship(batch, &some),
        10 => centre.receiving_check(batch, &some),
        11 => centre.receive(batch, &some),
        12 => centre.may_administer(batch, container),
        13 => centre.bedside(batch, container),
        14 => centre.infuse(batch, container),
        15 => centre.batch(who, batch, Holding { containers: some, reason: of("a doubt") }),
        16 => centre.lift(batch, HoldNo(u16::from(pick) % 6 + 1)),
        17 => {
            for event in state.quality_events.keys().copied() {
                let impact = if pick == 0 { Impact::Unacceptable } else { Impact::Acceptable };
                let _ = centre.assess(batch, event, impact);
            }
            Ok(vec![])
        }
        18 => correct_some(centre, batch, who, pick),
        19 => centre.batch(who, batch, Thaw { performed: head, containers: labels }),
        20 => {
            let form = ReturnReport { performed: head, containers: labels, reason: of("late") };
            centre.batch(staff.coordinator, batch, form)
        }
        21 => centre.order(
            staff.coordinator,
            order,
            ConsentWithdrawal { withdrawn_at: centre.now, remark: None },
        ),
        22 => {
            let consent = Consent { version: of("2.2"), signed_at: centre.now };
            centre.order(staff.coordinator, order, consent)
        }
        23 => {
            centre.hours(i64::from(pick) % 30);
            Ok(vec![])
        }
        24 => {
            let form = baiyo_domain::batch::disposition::ManufacturingConfirmation { remark: None };
            centre.batch(staff.lead, batch, form)
        }
        25 => {
            let form = baiyo_domain::batch::disposition::QualityConfirmation { remark: None };
            centre.batch(staff.releaser, batch, form)
        }
        26 if pick == 7 => centre.batch(staff.lead, batch, Discontinuation { reason: of("stopped") }),
        27 => {
            centre.sample(course, batch, Stage::Thaw, &[Subject::Container(container)]);
            Ok(vec![])
        }
        _ => centre.close(batch),
    };
}

fn enter_some(
    centre: &mut Centre,
    batch: BatchId,
    who: PersonId,
    pick: u8,
) -> Result<Vec<EntryId>, baiyo_domain::refusal::Refusal> {
    let state = centre.state(batch);
    let tests = &state.standard().tests;
    let test = &tests[usize::from(pick) % tests.len()];
    let Some(sample) = centre.last_sample(batch, &test.code) else { return Ok(vec![]) };
    let words = ["no growth", "growth", "negative", "positive", "99", "1", ">85", "<0.05", "flakes"];
    let value = match pick % 4 {
        0 => words[usize::from(pick) % words.len()].to_string(),
        _ => centre::passing(test),
    };
    let values = vec![value.as_str(); usize::from(test.replicates.number)];
    let form: ResultForm = centre.result_form(batch, sample, test, &values);
    centre.batch(who, batch, form)
}

fn correct_some(
    centre: &mut Centre,
    batch: BatchId,
    who: PersonId,
    pick: u8,
) -> Result<Vec<EntryId>, baiyo_domain::refusal::Refusal> {
    use baiyo_domain::batch::{culture, filling, testing};
    let state = centre.state(batch);
    let logged = &state.log[usize::from(pick) % state.log.len()];
    let entry = logged.stamp.entry;
    match &*logged.event {
        Event::Testing(testing::Event::ResultEntered(entered)) => {
            let mut form = entered.form.clone();
            form.values
                .iter_mut()
                .for_each(|value| *value = of(["99", "1", "negative", "growth"][usize::from(pick) % 4]));
            centre.correct(who, batch, entry, form)
        }
        Event::Filling(filling::Event::HarvestDone(done)) => {
            let mut form = done.form.clone();
            form.count = centre::count(if pick.is_multiple_of(2) { "240000" } else { "239" });
            centre.correct(who, batch, entry, form)
        }
        Event::Culture(culture::Event::Passaged(done)) => {
            let mut form = done.form.clone();
            form.enzyme = q("6");
            centre.correct(who, batch, entry, form)
        }
        Event::Testing(testing::Event::Sampled(done)) => {
            let mut form = done.form.clone();
            form.subjects = vec![Subject::Fill(FillNo(1))];
            centre.correct(who, batch, entry, form)
        }
        _ => Ok(vec![]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_commands_releases_ships_or_gives_past_an_unmet_gate(
        frozen in any::<bool>(),
        attempts in prop::collection::vec((0u8..29, any::<u8>()), 1..60),
    ) {
        let course = if frozen { Course::of("adipose-msc-autologous-frozen") } else { Course::default() };
        let mut centre = Centre::open();
        let batch = centre.make(&course);
        for (kind, pick) in attempts {
            let before = centre.state(batch);
            attempt(&mut centre, batch, &course, kind, pick);
            let after = centre.state(batch);
            for (no, container) in &after.containers {
                let was = before.containers.get(no);
                if container.released() && !was.is_some_and(|was| was.released()) {
                    let answer = gate(&before, centre.now);
                    prop_assert!(answer.blockers(*no).is_empty(), "released past {:?}", answer.blockers(*no));
                    let by = container.decided.as_ref().unwrap().by;
                    prop_assert!(!before.duties.iter().any(|(person, _)| *person == by));
                }
                // What left or was given without everything in order is held, and its quality event is there.
                let moved = was.is_some_and(|was| was.custody != container.custody);
                let gone = matches!(container.custody, Custody::Shipped | Custody::Infused);
                if moved && gone && !was.unwrap().released() {
                    prop_assert!(!after.quality_events.is_empty());
                    prop_assert!(after.quality_events.len() > before.quality_events.len());
                }
                if was.is_some_and(|was| was.rejected() || was.custody == Custody::Returned) {
                    prop_assert!(!container.released());
                }
            }
        }
    }

    #[test]
    fn a_history_shuffled_cut_or_doubled_folds_or_is_impossible_and_never_panics(
        cut in 0usize..80,
        swaps in prop::collection::vec((0usize..80, 0usize..80), 0..6),
        doubled in prop::option::of(0usize..80),
    ) {
        let mut history = rich_history();
        let len = history.len();
        for (a, b) in swaps {
            history.swap(a % len, b % len);
        }
        if let Some(doubled) = doubled {
            history.push(history[doubled % len].clone());
        }
        history.drain(..cut % 3);
        history.truncate(len.saturating_sub(cut / 4));
        let batch = BatchId(uuid::Uuid::from_u128(1));
        if let Ok(batch) = Batch::fold(batch, &history) {
            let _ = gate(&batch, "2026-03-01T00:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap().into());
        }
    }

    #[test]
    fn no_count_panics_or_shows_a_scatter_that_is_not_there(
        live in prop::collection::vec(0u64..=1_000_000_000_000_000, 1..6),
        factor in 0u64..=1_000_000_000_000,
    ) {
        let reading = |live: &u64| Replicate { live: q(&live.to_string()), dead: Some(q("1")) };
        let count = Count {
            method: of("a method"),
            replicates: live.iter().map(reading).collect(),
            factor: q(&factor.to_string()),
        };
        let _ = (count.viable(), count.viability());
        if live.windows(2).all(|two| two[0] == two[1]) {
            prop_assert!(count.variation().is_none_or(|found| found.is_zero()));
        }
    }
}

/// The history of a batch with a correction, a release, an infusion and a late failure.
fn rich_history() -> Vec<(baiyo_domain::batch::Stamp, Event)> {
    static HISTORY: std::sync::OnceLock<Vec<(baiyo_domain::batch::Stamp, Event)>> =
        std::sync::OnceLock::new();
    let make = || {
        let mut centre = Centre::open();
        let batch = centre.make(&Course::default());
        let technician = centre.staff.technician;
        let state = centre.state(batch);
        for pick in 0..u8::try_from(state.log.len()).unwrap() {
            let _ = correct_some(&mut centre, batch, technician, pick);
        }
        centre.confirm_parts(batch);
        centre.clear_holds(batch);
        centre.confirm(&Course::default(), batch);
        let container = centre.first(batch);
        let _ = centre.release(batch);
        let _ = centre.ship(batch, &[container]);
        let _ = centre.receive(batch, &[container]);
        let _ = centre.infuse(batch, container);
        centre.result(batch, "STERILITY-14D", &["growth"]);
        centre.state(batch).history().collect()
    };
    HISTORY.get_or_init(make).clone()
}

#[test]
fn what_is_stored_folds_to_what_was_decided() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default().until(Until::Released));
    let state = centre.state(batch);
    let fresh: Vec<_> = state.history().collect();
    assert_eq!(Batch::fold(batch, &fresh).unwrap(), state);
    // Every link of the chain holds.
    let stream = StreamId { kind: StreamKind::Batch, id: batch.0 };
    let mut previous = Hash::ZERO;
    for entry in centre.entries(stream) {
        assert_eq!((entry.previous_hash, entry.hash), (previous, entry.leaf_hash()));
        previous = entry.hash;
    }
}

#[test]
fn readings_far_apart_are_refused_their_scatter_not_the_program_its_life() {
    let far = ["0", "400000000000000"].map(|digits| of::<baiyo_domain::quantity::Number>(digits).0);
    assert_eq!(variation(&far), None);
}
