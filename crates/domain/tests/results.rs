//! Failing results: they act at once, stay visible, and are set aside only by an investigation and its retests.

mod centre;

use baiyo_domain::batch::distribution::StopCause;
use baiyo_domain::batch::filling::Thaw;
use baiyo_domain::batch::gate::Blocker;
use baiyo_domain::batch::intake::BankDraw;
use baiyo_domain::batch::testing::{Oos, Sampling};
use baiyo_domain::batch::{Performed, Subject};
use baiyo_domain::ids::*;
use baiyo_domain::standard::{Stage, Step};
use centre::{Centre, Course, Until, blocked_by, code, codes, of};

fn fails(blockers: &[Blocker], test: &str) -> bool {
    blockers.iter().any(|b| matches!(b, Blocker::TestFailed { test: failed, .. } if failed.as_str() == test))
}

fn pending(blockers: &[Blocker]) -> Option<u8> {
    blockers
        .iter()
        .find_map(|b| if let Blocker::RetestPending { missing, .. } = b { Some(*missing) } else { None })
}

fn releasable() -> (Centre, BatchId, ContainerNo) {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default());
    let container = centre.first(batch);
    assert_eq!(centre.blockers(batch, container), []);
    (centre, batch, container)
}

#[test]
fn a_failing_entry_holds_before_anybody_has_verified_it() {
    let (mut centre, batch, container) = releasable();
    centre.result(batch, "ENDOTOXIN", &["0.5"]);
    let blockers = centre.blockers(batch, container);
    assert!(fails(&blockers, "ENDOTOXIN"));
    assert!(blockers.iter().any(|blocker| matches!(blocker, Blocker::Held { .. })));
    assert!(centre.release(batch).is_err());
}

#[test]
fn a_failure_stays_through_a_correction_to_a_passing_value_until_it_is_investigated() {
    let (mut centre, batch, container) = releasable();
    let result = centre.result(batch, "ENDOTOXIN", &["5.0"]);
    let state = centre.state(batch);
    let form = centre.result_form(
        batch,
        state.results[&result].form.sample,
        &centre.test(batch, "ENDOTOXIN"),
        &["0.05"],
    );
    let entry = state.results[&result].entry;
    centre.correct(centre.staff.second_analyst, batch, entry, form).unwrap();
    centre.verify(centre.staff.releaser, batch, result).unwrap();
    centre.confirm(&Course::default(), batch);
    assert!(fails(&centre.blockers(batch, container), "ENDOTOXIN"));
    assert_eq!(codes(&centre.lift(batch, HoldNo(1)).unwrap_err()), ["not_investigated"]);
    // The entry itself was wrong: corrected and verified, it is its own retest.
    centre.investigate(batch, result, Some(0)).unwrap();
    centre.lift(batch, HoldNo(1)).unwrap();
    assert_eq!(centre.blockers(batch, container), []);
    assert!(matches!(centre.state(batch).results[&result].oos, Some(Oos::SetAside { retests: 0, .. })));
}

#[test]
fn retests_are_fixed_before_count_only_by_a_second_analyst_and_must_all_pass() {
    let (mut centre, batch, container) = releasable();
    let first = centre.result(batch, "MYCOPLASMA", &["positive"]);
    // Not before the investigation: a passing repetition changes nothing.
    let early = centre.result(batch, "MYCOPLASMA", &["negative"]);
    centre.verify(centre.staff.releaser, batch, early).unwrap();
    assert!(fails(&centre.blockers(batch, container), "MYCOPLASMA"));
    assert_eq!(codes(&centre.investigate(batch, first, Some(0)).unwrap_err()), ["retest_number"]);
    assert_eq!(codes(&centre.investigate(batch, first, Some(3)).unwrap_err()), ["retest_number"]);
    centre.investigate(batch, first, Some(2)).unwrap();
    centre.lift(batch, HoldNo(1)).unwrap();
    assert_eq!(pending(&centre.blockers(batch, container)), Some(2));
    // By the same analyst: does not count.
    let own = centre.result(batch, "MYCOPLASMA", &["negative"]);
    centre.verify(centre.staff.releaser, batch, own).unwrap();
    assert_eq!(pending(&centre.blockers(batch, container)), Some(2));
    let test = centre.test(batch, "MYCOPLASMA");
    let sample = centre.last_sample(batch, &test.code).unwrap();
    for missing in [1, 0] {
        let other = centre.enter(centre.staff.second_analyst, batch, sample, &test, &["negative"]).unwrap();
        assert_ne!(centre.blockers(batch, container), [], "not verified yet");
        centre.verify(centre.staff.releaser, batch, other).unwrap();
        assert_eq!(pending(&centre.blockers(batch, container)).unwrap_or(0), missing);
    }
    assert_eq!(centre.blockers(batch, container), []);
    assert!(matches!(centre.state(batch).results[&first].oos, Some(Oos::SetAside { retests: 2, .. })));
    // A retest that fails is a failure of its own.
    centre.enter(centre.staff.second_analyst, batch, sample, &test, &["positive"]).unwrap();
    assert!(fails(&centre.blockers(batch, container), "MYCOPLASMA"));
}

#[test]
fn another_sample_that_passes_does_not_stand_in_for_a_failure_or_for_the_retests_it_owes() {
    let (mut centre, batch, container) = releasable();
    let first = centre.result(batch, "ENDOTOXIN", &["5"]);
    let fill = Subject::Fill(FillNo(1));
    let sample = centre.sample_for(batch, &[fill], &[code("ENDOTOXIN")]).unwrap();
    let test = centre.test(batch, "ENDOTOXIN");
    let again = centre.report(batch, sample, &test);
    centre.verify(centre.staff.releaser, batch, again).unwrap();
    assert!(fails(&centre.blockers(batch, container), "ENDOTOXIN"));
    centre.investigate(batch, first, Some(1)).unwrap();
    centre.lift(batch, HoldNo(1)).unwrap();
    assert_eq!(pending(&centre.blockers(batch, container)), Some(1));
}

#[test]
fn a_confirmed_failure_stands_and_its_hold_cannot_be_lifted() {
    let (mut centre, batch, container) = releasable();
    let result = centre.result(batch, "VIABILITY", &["84"]);
    // Living cells cannot be retested: the standard allows none, so only the confirmation is left.
    assert_eq!(codes(&centre.investigate(batch, result, Some(1)).unwrap_err()), ["retest_number"]);
    centre.investigate(batch, result, None).unwrap();
    assert_eq!(codes(&centre.lift(batch, HoldNo(1)).unwrap_err()), ["failure_stands"]);
    assert!(fails(&centre.blockers(batch, container), "VIABILITY"));
}

#[test]
fn a_late_failure_stops_what_is_on_its_way_and_opens_a_quality_event_for_what_was_given() {
    let (mut centre, batch, first) = releasable();
    centre.release(batch).unwrap();
    let all = centre.containers(batch);
    centre.send(batch, &all);
    centre.arrive(batch, &[first]);
    centre.give(batch, first);
    let result = centre.result(batch, "STERILITY-14D", &["growth"]);
    let state = centre.state(batch);
    assert_eq!(state.quality_events.len(), 1, "the infused one");
    let other = &state.containers[&all[1]];
    assert!(
        other
            .stops
            .iter()
            .any(|stop| stop.cause == StopCause::Oos { result } && stop.clinic == centre.clinic)
    );
    let named = codes(&centre.receiving_check(batch, &[all[1]]).unwrap_err());
    assert!(named.contains(&"stopped".to_string()), "{named:?}");
    let stop = other.stops[0].entry;
    let form = baiyo_domain::batch::distribution::StopAcknowledgement { stop };
    centre.batch(centre.staff.coordinator, batch, form).unwrap();
    assert!(centre.state(batch).containers[&all[1]].stops[0].acknowledged.is_some());
    assert!(centre.close(batch).is_err());
}

#[test]
fn a_failure_in_the_bank_holds_and_stops_the_products_grown_from_it() {
    let mut centre = Centre::open();
    let bank = centre.make(&Course::of("umbilical-cord-msc-bank").until(Until::Released));
    let containers = centre.containers(bank);
    let course = |container| Course {
        bank: Some(BankDraw { batch: bank, container }),
        passages: 1,
        ..Course::of("umbilical-cord-msc-product")
    };
    let one = centre.make(&course(containers[0]));
    centre.release(one).unwrap();
    let sent = centre.containers(one);
    centre.send(one, &sent);
    let two = centre.make(&course(containers[1]).until(Until::Isolated));
    centre.result(bank, "MYCOPLASMA", &["positive"]);
    assert!(
        centre
            .state(one)
            .containers
            .values()
            .all(|c| { c.stops.iter().any(|stop| stop.cause == StopCause::Parent { batch: bank }) })
    );
    assert!(centre.receiving_check(one, &sent).is_err());
    assert!(centre.state(two).parents[&bank].held);
    assert_eq!(centre.state(two).parents[&bank].failed, [code("MYCOPLASMA")]);
    let order = centre.place_order(&Course::default(), baiyo_domain::order::Purpose::Therapy);
    let standard = centre.standard("umbilical-cord-msc-product");
    let draw = BankDraw { batch: bank, container: containers[1] };
    let opening = baiyo_domain::batch::intake::Opening { order, standard, bank: Some(draw) };
    let third = BatchId(centre.id());
    assert_eq!(codes(&centre.batch(centre.staff.lead, third, opening).unwrap_err()), ["bank_not_released"]);
}

#[test]
fn a_failing_vial_speaks_for_its_whole_fill_even_after_it_was_thawed() {
    let mut centre = Centre::open();
    let course = Course::of("adipose-msc-autologous-frozen");
    let batch = centre.make(&course.clone().until(Until::Filled));
    let [first, second] = centre.containers(batch)[..] else { panic!("two containers") };
    let sample = centre.sample_for(batch, &[Subject::Container(first)], &[code("STERILITY-14D")]).unwrap();
    centre.test_rest(&course, batch);
    let test = centre.test(batch, "STERILITY-14D");
    centre.enter(centre.staff.analyst, batch, sample, &test, &["growth"]).unwrap();
    let containers = vec![centre.dose(batch, first)];
    let performed = centre.head(&course, Step::Thaw);
    centre.bench(&course, batch, Thaw { performed, containers });
    assert!(fails(&centre.blockers(batch, second), "STERILITY-14D"));
}

#[test]
fn a_result_counts_only_for_what_descends_from_its_sample_at_the_stage_the_standard_names() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course { unsampled: vec!["ENDOTOXIN"], ..Course::default() });
    let container = centre.first(batch);
    // A sample of the harvest is no sample of the fill.
    let refused = centre.sample_for(batch, &[Subject::Harvest(HarvestNo(1))], &[code("ENDOTOXIN")]);
    assert_eq!(codes(&refused.unwrap_err()), ["not_sampled_there"]);
    assert!(matches!(&centre.blockers(batch, container)[..], [Blocker::TestAbsent { .. }]));
    let empty = centre.sample_for(batch, &[], &[code("ENDOTOXIN")]);
    assert!(empty.is_err(), "a sample of nothing");
}

#[test]
fn a_sample_is_not_older_than_what_it_was_taken_from() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course { unsampled: vec!["IDENTITY-POSITIVE"], ..Course::default() });
    let (harvest, test) = (HarvestNo(1), code("IDENTITY-POSITIVE"));
    let harvested_at = centre.state(batch).harvests[&harvest].at;
    let mut sample_at = |at| {
        let performed =
            Performed { at: Some(at), late_reason: Some(of("paper form")), ..Performed::default() };
        let (subjects, tests) = (vec![Subject::Harvest(harvest)], vec![test.clone()]);
        let not_applicable = Default::default();
        let form = Sampling { performed, subjects, tests, quantity: None, not_applicable };
        centre.batch(centre.staff.analyst, batch, form)
    };
    assert_eq!(codes(&sample_at(harvested_at.plus_hours(-1)).unwrap_err()), ["before_its_cause"]);
    let entry = sample_at(harvested_at).unwrap()[0];
    // Nor after a correction.
    let performed = Performed {
        at: Some(harvested_at.plus_hours(-1)),
        late_reason: Some(of("paper form")),
        ..Performed::default()
    };
    let (subjects, tests) = (vec![Subject::Harvest(harvest)], vec![test]);
    let not_applicable = Default::default();
    let form = Sampling { performed, subjects, tests, quantity: None, not_applicable };
    let refused = centre.correct(centre.staff.analyst, batch, entry, form);
    assert_eq!(codes(&refused.unwrap_err()), ["before_its_cause"]);
}

#[test]
fn a_culture_that_is_still_incubating_is_no_result_and_cannot_be_verified() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course { unreported: vec!["STERILITY-RECEIPT"], ..Course::default() });
    let test = centre.test(batch, "STERILITY-RECEIPT");
    let sample = centre.last_sample(batch, &test.code).unwrap();
    let mut form = centre.result_form(batch, sample, &test, &["no growth"]);
    form.inoculated_at = Some(centre.now.plus_hours(-335));
    centre.batch(centre.staff.analyst, batch, form).unwrap();
    let result = centre.last_result(batch, "STERILITY-RECEIPT");
    assert_eq!(
        codes(&centre.verify(centre.staff.releaser, batch, result).unwrap_err()),
        ["still_incubating"]
    );
    assert!(matches!(&centre.blockers(batch, centre.first(batch))[..], [Blocker::TestPending { .. }]));
}

#[test]
fn a_reading_of_a_culture_that_is_still_incubating_takes_the_place_of_no_result() {
    let (mut centre, batch, container) = releasable();
    let test = centre.test(batch, "STERILITY-RECEIPT");
    let sample = centre.last_sample(batch, &test.code).unwrap();
    let mut form = centre.result_form(batch, sample, &test, &["no growth"]);
    form.inoculated_at = Some(centre.now.plus_hours(-335));
    centre.batch(centre.staff.analyst, batch, form).unwrap();
    assert_eq!(centre.blockers(batch, container), []);
}

#[test]
fn an_unknown_karyotype_needs_a_signed_interpretation_and_a_verification() {
    let mut centre = Centre::open();
    let course = Course { unreported: vec!["KARYOTYPE"], ..Course::of("umbilical-cord-msc-bank") };
    let bank = centre.make(&course);
    let container = centre.first(bank);
    let result = centre.result(bank, "KARYOTYPE", &["46,XY,16qh+"]);
    centre.verify(centre.staff.releaser, bank, result).unwrap();
    assert!(matches!(&centre.blockers(bank, container)[..], [Blocker::TestUninterpreted { .. }]));
    centre.interpret(bank, result, true).unwrap();
    assert_eq!(centre.blockers(bank, container), []);
}

#[test]
fn an_interpretation_that_it_fails_holds_like_any_failure() {
    let (mut centre, batch, container) = releasable();
    let result = centre.result(batch, "APPEARANCE", &["flakes"]);
    centre.interpret(batch, result, false).unwrap();
    let blockers = centre.blockers(batch, container);
    assert!(fails(&blockers, "APPEARANCE") && blockers.iter().any(|b| matches!(b, Blocker::Held { .. })));
}

#[test]
fn a_test_for_information_blocks_nothing_in_its_batch_or_in_what_grows_from_it() {
    let (mut centre, batch, container) = releasable();
    centre.result(batch, "DOUBLING-TIME", &["900"]);
    assert_eq!(centre.blockers(batch, container), []);
    assert_eq!(centre.state(batch).standing_for_child(Some(container), centre.now).failed, []);
}

#[test]
fn results_are_accepted_after_the_batch_ended() {
    let (mut centre, batch, container) = releasable();
    let form = baiyo_domain::batch::distribution::Discontinuation { reason: of("no longer wanted") };
    centre.batch(centre.staff.lead, batch, form).unwrap();
    centre.result(batch, "STERILITY-14D", &["growth"]);
    assert!(fails(&centre.blockers(batch, container), "STERILITY-14D"));
    let refusal = centre.release(batch).unwrap_err();
    assert_eq!(codes(&refusal), ["batch_ended"]);
    assert_eq!(blocked_by(&refusal), []);
}

#[test]
fn each_thawed_container_is_tested_for_itself_and_its_stage_is_not_skipped() {
    let mut centre = Centre::open();
    let course = Course::of("adipose-msc-autologous-frozen");
    let batch = centre.make(&course.clone().until(Until::Released));
    let [first, second] = centre.containers(batch)[..] else { panic!("two containers") };
    centre.allocate(batch, &[first]).unwrap();
    centre.pack(batch, &[first]).unwrap();
    let refusal = centre.shipping_check(batch, &[first]).unwrap_err();
    assert!(blocked_by(&refusal).iter().all(|b| matches!(b, Blocker::TestAbsent { .. })), "{refusal:?}");
    let containers = [first, second].map(|no| centre.dose(batch, no)).to_vec();
    let performed = centre.head(&course, Step::Thaw);
    centre.bench(&course, batch, Thaw { performed, containers });
    centre.sample(&course, batch, Stage::Thaw, &[Subject::Container(first)]);
    let result = centre.result(batch, "VIABILITY-THAW", &["60"]);
    assert!(fails(&centre.blockers(batch, first), "VIABILITY-THAW"));
    assert!(!fails(&centre.blockers(batch, second), "VIABILITY-THAW"));
    let absent =
        |b: &Blocker| matches!(b, Blocker::TestAbsent { test, .. } if test.as_str() == "VIABILITY-THAW");
    assert!(centre.blockers(batch, second).iter().any(absent));
    assert!(centre.state(batch).results[&result].fails());
}
