//! Corrections add and void: what was signed over the old value is void, what has left is stopped only where the
//! gate would block it now, and signings are never corrected.

mod centre;

use baiyo_domain::batch::culture;
use baiyo_domain::batch::distribution::{Custody, StopCause};
use baiyo_domain::batch::filling;
use baiyo_domain::batch::gate::Blocker;
use baiyo_domain::batch::intake;
use baiyo_domain::batch::testing;
use baiyo_domain::batch::{Duty, Event};
use baiyo_domain::ids::*;
use baiyo_domain::quality_event::DepartureKind;
use centre::{Centre, Course, Until, code, codes, of, q};

/// The entry of the first fact that fits, with the form it was made of.
macro_rules! fact {
    ($centre:expr, $batch:expr, $pattern:pat $(if $guard:expr)? => $form:expr) => {{
        let state = $centre.state($batch);
        let found = state.log.iter().rev().find_map(|logged| match &*logged.event {
            $pattern $(if $guard)? => Some((logged.stamp.entry, $form)),
            _ => None,
        });
        found.expect("such a fact")
    }};
}

fn harvest(centre: &Centre, batch: BatchId) -> (EntryId, filling::Harvest) {
    fact!(centre, batch, Event::Filling(filling::Event::HarvestDone(done)) => done.form.clone())
}

fn observation(centre: &mut Centre, batch: BatchId) -> (EntryId, culture::Observation) {
    let form = culture::Observation {
        performed: Default::default(),
        vessels: centre.in_culture(batch),
        confluence: q("70"),
        morphology: of("spindle-shaped"),
        turbid: false,
    };
    (centre.batch(centre.staff.technician, batch, form.clone()).unwrap()[0], form)
}

#[test]
fn a_corrected_value_is_unverified_again_and_voids_confirmations_and_release() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default().until(Until::Released));
    let container = centre.first(batch);
    let (entry, mut form) = fact!(centre, batch, Event::Testing(testing::Event::ResultEntered(e)) if e.form.test == code("VIABILITY") => e.form.clone());
    form.values = vec![of("91")];
    centre.correct(centre.staff.second_analyst, batch, entry, form).unwrap();
    let state = centre.state(batch);
    assert!(!state.containers[&container].released());
    let blockers = centre.blockers(batch, container);
    assert!(
        matches!(
            &blockers[..],
            [Blocker::ManufacturingUnconfirmed, Blocker::QualityUnconfirmed, Blocker::TestUnverified { .. }]
        ),
        "{blockers:?}"
    );
    centre.allocate(batch, &[container]).unwrap();
    centre.pack(batch, &[container]).unwrap();
    assert!(
        codes(&centre.shipping_check(batch, &[container]).unwrap_err()).contains(&"release_voided".into())
    );
    // The old value stays readable.
    let logged = state.logged(entry).unwrap();
    assert_eq!(logged.corrected_by.len(), 1);
    assert!(
        matches!(&*logged.event, Event::Testing(testing::Event::ResultEntered(e)) if e.form.values[0].as_str() == "85")
    );
    // Neither of those who entered it may verify it.
    let result = centre.last_result(batch, "VIABILITY");
    for enterer in [centre.staff.analyst, centre.staff.second_analyst] {
        assert_eq!(codes(&centre.verify(enterer, batch, result).unwrap_err()), ["enterer_is_verifier"]);
    }
    centre.verify(centre.staff.releaser, batch, result).unwrap();
    centre.confirm(&Course::default(), batch);
    centre.release(batch).unwrap();
}

#[test]
fn a_correction_without_weight_leaves_what_was_shipped_on_its_way() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default().until(Until::Passaged));
    let (entry, mut form) = observation(&mut centre, batch);
    centre.finish(&Course::default(), batch);
    centre.release(batch).unwrap();
    let containers = centre.containers(batch);
    centre.send(batch, &containers[..1]);
    form.morphology = of("spindle-shaped, few round cells");
    centre.correct(centre.staff.technician, batch, entry, form).unwrap();
    let state = centre.state(batch);
    assert!(state.containers[&containers[0]].stops.is_empty());
    assert!(!state.containers[&containers[1]].released(), "the one still here is decided on again");
    centre.arrive(batch, &containers[..1]);
    centre.give(batch, containers[0]);
    assert!(centre.state(batch).quality_events.is_empty());
}

#[test]
fn a_correction_that_the_gate_would_have_blocked_stops_what_was_shipped_and_reviews_what_was_given() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default().until(Until::Released));
    let [first, second] = centre.containers(batch)[..] else { panic!("two containers") };
    centre.send(batch, &[first, second]);
    centre.arrive(batch, &[first]);
    centre.give(batch, first);
    let (entry, mut form) = harvest(&centre, batch);
    // 15 million cells became 240 thousand million in one passage: more doublings than allowed.
    form.count = centre::count("240000");
    centre.correct(centre.staff.technician, batch, entry, form).unwrap();
    let state = centre.state(batch);
    assert!(state.containers[&second].stops.iter().any(|s| s.cause == StopCause::Correction { entry }));
    let event = *state.quality_events.keys().next().unwrap();
    let opening = centre.quality_event(event).opening;
    assert!(matches!(opening, baiyo_domain::quality_event::Opening::Departure(d)
        if d.kind == DepartureKind::CorrectedAfterAdministration));
    assert!(centre.receiving_check(batch, &[second]).is_err());
}

#[test]
fn a_second_correction_of_weight_stops_too() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default().until(Until::Released));
    let container = centre.first(batch);
    centre.send(batch, &[container]);
    let (entry, mut form) = harvest(&centre, batch);
    form.washes = 4;
    centre.correct(centre.staff.technician, batch, entry, form.clone()).unwrap();
    assert!(centre.state(batch).containers[&container].stops.is_empty());
    form.count = centre::count("240000");
    centre.correct(centre.staff.technician, batch, entry, form).unwrap();
    assert_eq!(centre.state(batch).containers[&container].stops.len(), 1);
}

#[test]
fn a_harvest_corrected_to_an_earlier_time_takes_the_expiry_along_and_stops_what_left() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default().until(Until::Released));
    let container = centre.first(batch);
    centre.send(batch, &[container]);
    let before = centre.state(batch).containers[&container].expires_at;
    let (entry, mut form) = harvest(&centre, batch);
    let at = centre.state(batch).harvests[&HarvestNo(1)].at;
    form.performed.at = Some(at.plus_hours(-6));
    form.performed.late_reason = Some(of("the clock of the paper form"));
    centre.correct(centre.staff.technician, batch, entry, form).unwrap();
    let container = &centre.state(batch).containers[&container];
    assert!(container.expires_at <= before.plus_hours(-5));
    assert!(!container.stops.is_empty());
}

#[test]
fn only_facts_are_corrected_by_the_same_form_of_the_same_thing() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default().until(Until::Released));
    let (instruction, _) = fact!(centre, batch, Event::Intake(intake::Event::Instruction(_)) => ());
    let refused = centre.correct(centre.staff.lead, batch, instruction, centre::instruction());
    assert_eq!(codes(&refused.unwrap_err()), ["not_correctable"]);
    let state = centre.state(batch);
    for logged in state.log.iter().filter(|logged| matches!(*logged.event, Event::Disposition(_))) {
        let form = harvest(&centre, batch).1;
        let refused = centre.correct(centre.staff.lead, batch, logged.stamp.entry, form);
        assert_eq!(codes(&refused.unwrap_err()), ["not_correctable"], "{}", logged.event.name());
    }
    let (entry, form) = harvest(&centre, batch);
    let same = centre.correct(centre.staff.technician, batch, entry, form);
    assert_eq!(codes(&same.unwrap_err()), ["nothing_changed"]);
    let (_, result) =
        fact!(centre, batch, Event::Testing(testing::Event::ResultEntered(e)) => e.form.clone());
    let other = centre.correct(centre.staff.analyst, batch, entry, result);
    assert_eq!(codes(&other.unwrap_err()), ["correction_changes_subject"]);
    let (receipt, mut tissue) =
        fact!(centre, batch, Event::Intake(intake::Event::TissueReceipt(form)) => (**form).clone());
    tissue.pseudonym = of("somebody else");
    let other = centre.correct(centre.staff.technician, batch, receipt, tissue);
    assert_eq!(codes(&other.unwrap_err()), ["correction_changes_subject"]);
}

#[test]
fn a_correction_that_contradicts_what_followed_is_refused() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default());
    let (entry, mut form) = harvest(&centre, batch);
    form.vessels.clear();
    let empty = centre.correct(centre.staff.technician, batch, entry, form.clone());
    assert_eq!(codes(&empty.unwrap_err()), ["correction_contradicts"]);
    let state = centre.state(batch);
    form.vessels = vec![state.opened.label.part(LabelKind::Vessel, 1).unwrap()];
    let passaged = centre.correct(centre.staff.technician, batch, entry, form.clone());
    assert_eq!(codes(&passaged.unwrap_err()), ["correction_contradicts"]);
    let stranger = centre.make(&Course::default().until(Until::Isolated));
    form.vessels = centre.in_culture(stranger);
    let foreign = centre.correct(centre.staff.technician, batch, entry, form);
    assert!(codes(&foreign.unwrap_err()).contains(&"unknown_label".into()));
}

#[test]
fn duties_count_the_people_before_and_after_a_correction() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default());
    let technician = centre.staff.technician;
    let other = centre.hire("second.technician", baiyo_domain::authority::Role::Technician);
    let (entry, mut form) = harvest(&centre, batch);
    form.performed.by = Some(other);
    centre.correct(technician, batch, entry, form).unwrap();
    let state = centre.state(batch);
    assert!(
        state.duties.contains(&(technician, Duty::Maker)) && state.duties.contains(&(other, Duty::Maker))
    );
    // The new person's part is his own to confirm.
    let named = centre.blockers(batch, centre.first(batch));
    assert!(named.iter().any(|b| matches!(b, Blocker::PartUnconfirmed { person, .. } if *person == other)));
    centre.confirm_parts(batch);
    centre.confirm(&Course::default(), batch);
    assert_eq!(centre.blockers(batch, centre.first(batch)), []);
}

#[test]
fn a_sample_corrected_to_something_else_leaves_its_results_unverified() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default());
    let (entry, mut form) = fact!(centre, batch, Event::Testing(testing::Event::Sampled(s))
        if s.form.tests.contains(&code("VIABILITY")) => s.form.clone());
    form.quantity = Some(of("3 mL"));
    centre.correct(centre.staff.analyst, batch, entry, form).unwrap();
    let unverified =
        |b: &Blocker| matches!(b, Blocker::TestUnverified { test, .. } if *test == code("VIABILITY"));
    assert!(centre.blockers(batch, centre.first(batch)).iter().any(unverified));
}

#[test]
fn a_fact_corrected_past_a_limit_opens_the_quality_event_it_would_have_opened() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default());
    let (entry, mut form) =
        fact!(centre, batch, Event::Intake(intake::Event::TissueReceipt(form)) => (**form).clone());
    form.most_temperature = q("31");
    centre.correct(centre.staff.technician, batch, entry, form.clone()).unwrap();
    assert_eq!(centre.state(batch).quality_events.len(), 1);
    form.mass = q("121");
    centre.correct(centre.staff.technician, batch, entry, form).unwrap();
    assert_eq!(centre.state(batch).quality_events.len(), 1, "not again for the same departure");
}

#[test]
fn a_correction_of_the_record_voids_the_physicians_decision() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default().until(Until::Released));
    let container = centre.first(batch);
    centre.send(batch, &[container]);
    centre.arrive(batch, &[container]);
    centre.may_administer(batch, container).unwrap();
    let (entry, mut form) = harvest(&centre, batch);
    form.washes = 2;
    centre.correct(centre.staff.technician, batch, entry, form).unwrap();
    let named = codes(&centre.bedside(batch, container).unwrap_err());
    assert!(named.contains(&"no_administration_decision".into()), "{named:?}");
    assert_eq!(centre.state(batch).containers[&container].custody, Custody::Received { good: true });
}

/// The kinds of departure that opened a batch's quality events.
fn departures(centre: &Centre, batch: BatchId) -> Vec<DepartureKind> {
    let events = centre.state(batch).quality_events;
    let opened = events.keys().filter_map(|event| match centre.quality_event(*event).opening {
        baiyo_domain::quality_event::Opening::Departure(departure) => Some(departure.kind),
        baiyo_domain::quality_event::Opening::Report(_) => None,
    });
    opened.collect()
}

#[test]
fn times_and_temperatures_corrected_past_a_limit_open_the_quality_event_of_the_step_itself() {
    let mut centre = Centre::open();
    let technician = centre.staff.technician;
    let batch = centre.make(&Course::default().until(Until::Passaged));
    let (entry, mut form) =
        fact!(centre, batch, Event::Culture(culture::Event::MediumChange(form)) => (**form).clone());
    let given = centre.state(batch).logged(entry).unwrap().stamp.occurred_at;
    let mut late = |centre: &mut Centre, hours| {
        form.performed.at = Some(given.plus_hours(hours));
        form.performed.late_reason = Some(of("read off the paper form"));
        centre.correct(technician, batch, entry, form.clone()).unwrap();
    };
    // The standard allows four days between changes, counted from what was known before this one.
    late(&mut centre, -1);
    assert_eq!(departures(&centre, batch), []);
    late(&mut centre, 30);
    assert_eq!(departures(&centre, batch), [DepartureKind::MediumInterval]);

    let batch = centre.make(&Course::default().until(Until::Released));
    let container = centre.first(batch);
    let stored = filling::Storage {
        performed: Default::default(),
        containers: vec![centre.dose(batch, container)],
        place: of("shelf 1"),
        temperature: q("4"),
    };
    let entry = centre.batch(technician, batch, stored.clone()).unwrap()[0];
    let warm = filling::Storage { temperature: q("31"), ..stored };
    centre.correct(technician, batch, entry, warm).unwrap();
    assert_eq!(departures(&centre, batch), [DepartureKind::StorageTemperature]);

    let batch = centre.make(&Course::default().until(Until::Released));
    let container = centre.first(batch);
    centre.send(batch, &[container]);
    centre.arrive(batch, &[container]);
    let (entry, mut form) = fact!(centre, batch, Event::Distribution(baiyo_domain::batch::distribution::Event::Receipt(form)) => (**form).clone());
    form.most_temperature = q("37");
    form.seal_intact = false;
    centre.correct(centre.staff.coordinator, batch, entry, form).unwrap();
    assert_eq!(departures(&centre, batch), [DepartureKind::ProductTransport, DepartureKind::ArrivedDamaged]);
}

#[test]
fn what_is_corrected_in_a_bank_counts_for_the_products_grown_from_it() {
    let mut centre = Centre::open();
    let bank = centre.make(&Course::of("umbilical-cord-msc-bank").until(Until::Released));
    let draw = intake::BankDraw { batch: bank, container: centre.first(bank) };
    let course = Course { bank: Some(draw), passages: 1, ..Course::of("umbilical-cord-msc-product") };
    let product = centre.make(&course);
    let container = centre.first(product);
    let doublings = |centre: &Centre| centre.state(product).harvests[&HarvestNo(1)].doublings.unwrap();
    assert_eq!(centre.blockers(product, container), []);
    let before = doublings(&centre);
    centre.release(product).unwrap();
    centre.send(product, &[container]);

    let (entry, mut form) = harvest(&centre, bank);
    form.count = centre::count("240000000");
    centre.correct(centre.staff.technician, bank, entry, form).unwrap();
    assert!(doublings(&centre) > before, "{before} and {}", doublings(&centre));
    let exceeded = |b: &Blocker| matches!(b, Blocker::DoublingsExceeded { .. });
    assert!(
        centre.blockers(product, container).iter().any(exceeded),
        "{:?}",
        centre.blockers(product, container)
    );
    let stops = &centre.state(product).containers[&container].stops;
    assert!(stops.iter().any(|stop| stop.cause == StopCause::Parent { batch: bank }), "{stops:?}");
}

#[test]
fn a_pool_is_corrected_like_any_step_but_never_made_of_other_cells() {
    let mut centre = Centre::open();
    let mut allowing = Centre::read_standard("adipose-msc-autologous-fresh");
    allowing.pooling = baiyo_domain::standard::Pooling::SameDonor;
    centre.approve("same-donor", allowing);
    let patient = Some(PatientId(centre.id()));
    let course = Course { standard: "same-donor", patient, passages: 1, ..Course::default() };
    let mine = centre.make(&course.clone().until(Until::Isolated));
    let same = centre.make(&course.clone().until(Until::Isolated));
    centre.days(6);
    let form = culture::PoolingIn {
        performed: Default::default(),
        other: same,
        theirs: centre.in_culture(same),
        ours: centre.in_culture(mine),
        count: centre::count("60"),
        into: centre::vessels(2),
    };
    let technician = centre.staff.technician;
    let done = centre.batch(technician, mine, form.clone()).unwrap();
    let pooled = fact!(centre, mine, Event::Culture(culture::Event::Pooled(_)) => ()).0;
    assert!(done.contains(&pooled));

    let mut counted = form.clone();
    counted.count = centre::count("61");
    counted.into.truncate(1);
    centre.correct(technician, mine, pooled, counted).unwrap();
    assert_eq!(centre.in_culture(mine).len(), 1, "one vessel too many was written down");
    let mut other = form;
    other.theirs.truncate(1);
    let refused = centre.correct(technician, mine, pooled, other).unwrap_err();
    assert_eq!(codes(&refused), ["correction_changes_subject"]);
    let given = fact!(centre, same, Event::Culture(culture::Event::GivenToPool(_)) => ()).0;
    let (_, looked) = observation(&mut centre, mine);
    let refused = centre.correct(technician, same, given, looked).unwrap_err();
    assert_eq!(codes(&refused), ["not_correctable"]);
}

#[test]
fn a_bank_container_that_expired_before_it_was_seeded_is_recorded_and_opens_a_quality_event() {
    let mut centre = Centre::open();
    let mut short = Centre::read_standard("umbilical-cord-msc-bank");
    if let baiyo_domain::standard::Form::Frozen { shelf_life, .. } = &mut short.keeping.form {
        *shelf_life = q("40");
    }
    centre.approve("short-bank", short);
    let bank = centre.make(
        &Course { standard: "short-bank", ..Course::of("umbilical-cord-msc-bank") }.until(Until::Released),
    );
    let draw = intake::BankDraw { batch: bank, container: centre.first(bank) };
    let course = Course { bank: Some(draw), passages: 1, ..Course::of("umbilical-cord-msc-product") };
    let product = centre.make(&course.clone().until(Until::Received));
    let expires_at = centre.state(bank).containers[&draw.container].expires_at;
    centre.now = expires_at.plus_hours(1);
    let seeding = culture::BankSeeding {
        performed: Default::default(),
        container: centre.dose(bank, draw.container),
        count: centre::count("20"),
        into: centre::vessels(2),
    };
    centre.batch(centre.staff.technician, product, seeding).unwrap();
    assert!(departures(&centre, product).contains(&DepartureKind::BankExpired));
}

#[test]
fn a_failure_that_came_by_correction_after_an_investigation_is_investigated_anew() {
    let mut centre = Centre::open();
    let batch =
        centre.make(&Course { unreported: vec!["ENDOTOXIN"], ..Course::default() }.until(Until::Tested));
    let failing = centre.result(batch, "ENDOTOXIN", &["0.9"]);
    let (entry, form) = fact!(centre, batch, Event::Testing(testing::Event::ResultEntered(e)) if e.result == failing => e.form.clone());
    let correct = |centre: &mut Centre, value| {
        let form = testing::ResultForm { values: vec![of(value)], ..form.clone() };
        centre.correct(centre.staff.analyst, batch, entry, form).unwrap();
    };
    // Written wrongly, and so set aside without a retest.
    correct(&mut centre, "0.1");
    centre.investigate(batch, failing, Some(0)).unwrap();
    // It was over the limit after all. Nobody has looked into that one yet, and no further correction settles it.
    correct(&mut centre, "0.7");
    correct(&mut centre, "0.2");
    assert_eq!(centre.state(batch).results[&failing].oos, Some(testing::Oos::Open));
    centre.verify(centre.staff.releaser, batch, failing).unwrap();
    centre.confirm(&Course::default(), batch);
    centre.lift_all(batch);
    let container = centre.first(batch);
    let failed =
        |blocker: &Blocker| matches!(blocker, Blocker::TestFailed { result, .. } if *result == failing);
    assert!(centre.blockers(batch, container).iter().any(failed));
    assert!(centre.release(batch).is_err());
}
