//! What the quality desk shows of a batch: its exceptions, and what it waits for from whom.

mod centre;

use baiyo_domain::authority::{Actor, Role};
use baiyo_domain::batch::awaited::{Awaited, decidable, everything, is_for};
use baiyo_domain::batch::disposition::{Holding, QualityConfirmation};
use baiyo_domain::batch::exceptions::{Exception, exceptions};
use baiyo_domain::batch::results::Verdict;
use baiyo_domain::batch::testing;
use baiyo_domain::batch::{Duty, Event, Performed, culture};
use baiyo_domain::ids::*;
use baiyo_domain::quality_event::{Impact, Report};
use baiyo_domain::standard::Step;
use centre::{Centre, Course, Until, code, of, q};

fn found(centre: &Centre, batch: BatchId) -> Vec<Exception> {
    exceptions(&centre.state(batch), centre.now)
}

/// What a batch waits for from a person in a role, beside late results of surveillance.
fn waits_for(centre: &Centre, batch: BatchId, person: PersonId, role: Role) -> Vec<Awaited> {
    let state = centre.state(batch);
    let actor = Actor { person, roles: vec![role], clinic: None };
    let found = everything(&state, centre.now);
    let late = |one: &Awaited| matches!(one, Awaited::Result { test, .. } if *test == code("STERILITY-14D"));
    found.into_iter().filter(|one| is_for(&state, &actor, one) && !late(one)).collect()
}

fn tested(course: Course) -> (Centre, BatchId) {
    let mut centre = Centre::open();
    let batch = centre.make(&course);
    (centre, batch)
}

#[test]
fn a_batch_that_went_as_planned_has_no_exceptions() {
    let (centre, batch) = tested(Course::default());
    assert_eq!(found(&centre, batch), []);
}

#[test]
fn a_failing_result_is_open_until_it_is_investigated_and_stays_listed_afterwards() {
    let (mut centre, batch) = tested(Course::default());
    let result = centre.result(batch, "MYCOPLASMA", &["positive"]);
    let sample = centre.last_sample(batch, &code("MYCOPLASMA")).unwrap();
    let first = centre.state(batch).results.values().find(|r| r.form.test == code("MYCOPLASMA")).unwrap().no;
    let retested = Exception::Retested { test: code("MYCOPLASMA"), sample, results: vec![first, result] };
    let hold = Exception::Hold { hold: HoldNo(1), lifted: None };
    let open = Exception::ResultFails { result, concluded: false };
    assert_eq!(found(&centre, batch), [open.clone(), hold.clone(), retested.clone()]);
    assert!(open.is_open() && open.is_failure() && !retested.is_open());
    centre.investigate(batch, result, Some(2)).unwrap();
    let aside = Exception::ResultSetAside { result, retests: 2 };
    assert_eq!(found(&centre, batch), [hold, aside, retested]);
}

#[test]
fn a_confirmed_failure_is_concluded_and_still_a_failure() {
    let (mut centre, batch) = tested(Course::default());
    let result = centre.result(batch, "ENDOTOXIN", &["5.0"]);
    centre.investigate(batch, result, None).unwrap();
    let confirmed = Exception::ResultFails { result, concluded: true };
    assert!(found(&centre, batch).contains(&confirmed));
    assert!(!confirmed.is_open() && confirmed.is_failure());
}

#[test]
fn what_does_not_tell_and_what_was_put_in_words_is_listed() {
    let (mut centre, batch) = tested(Course::default());
    let result = centre.result(batch, "VIABILITY", &[">60"]);
    assert!(
        found(&centre, batch).contains(&Exception::ResultUndecided { result, verdict: Verdict::Undecidable })
    );
}

#[test]
fn a_quality_event_and_its_hold_are_open_until_they_are_settled() {
    let (mut centre, batch) = tested(Course::default());
    let report = Report { title: of("Door left open"), description: of("20 min"), batches: vec![batch] };
    let event = QualityEventId(centre.id());
    centre.event(centre.staff.technician, event, report).unwrap();
    let hold = |lifted| Exception::Hold { hold: HoldNo(1), lifted };
    assert_eq!(found(&centre, batch), [Exception::QualityEvent { event, impact: None }, hold(None)]);
    let releaser = centre.staff.releaser;
    let asked = waits_for(&centre, batch, releaser, Role::Releaser);
    assert_eq!(asked, [Awaited::Assessment { event }]);
    centre.assess(batch, event, Impact::Acceptable).unwrap();
    assert_eq!(
        waits_for(&centre, batch, releaser, Role::Releaser),
        [Awaited::Lifting { hold: HoldNo(1) }],
        "a hold is offered for lifting once its cause is settled"
    );
    let lifted = centre.lift(batch, HoldNo(1)).unwrap()[0];
    let settled = found(&centre, batch);
    assert_eq!(
        settled,
        [Exception::QualityEvent { event, impact: Some(Impact::Acceptable) }, hold(Some(lifted))]
    );
    assert!(settled.iter().all(|exception| !exception.is_open() && !exception.is_failure()));
    centre.assess(batch, event, Impact::Unacceptable).unwrap();
    assert!(found(&centre, batch).iter().any(Exception::is_failure));
}

#[test]
fn late_entries_corrections_and_what_came_from_paper_are_listed_with_both_entries() {
    let (mut centre, batch) = tested(Course::default().until(Until::Passaged));
    let before = found(&centre, batch);
    assert_eq!(before, []);
    let done = centre.now;
    centre.hours(3);
    let mut form = culture::Observation {
        performed: Performed {
            at: Some(done),
            late_reason: Some(of("network down")),
            paper_form: Some(of("PF-7")),
            ..Performed::default()
        },
        vessels: centre.in_culture(batch),
        confluence: q("70"),
        morphology: of("spindle-shaped"),
        turbid: false,
    };
    let entry = centre.batch(centre.staff.technician, batch, form.clone()).unwrap()[0];
    let late = Exception::Late { entry, done, reason: Some(of("network down")) };
    let paper = Exception::FromPaper { entry, form: of("PF-7") };
    assert_eq!(found(&centre, batch), [late.clone(), paper.clone()]);
    form.confluence = q("80");
    let by = centre.correct(centre.staff.technician, batch, entry, form).unwrap()[0];
    assert_eq!(found(&centre, batch), [Exception::Corrected { entry, by }, late, paper]);
}

#[test]
fn a_step_without_its_second_person_and_an_unconfirmed_part_are_open() {
    let course = Course { unchecked: vec![Step::Harvest], parts_confirmed: false, ..Course::default() };
    let (centre, batch) = tested(Course { quality: false, manufacturing: false, ..course });
    let found = found(&centre, batch);
    assert!(
        found.iter().any(|e| matches!(e, Exception::CheckMissing { step: Step::Harvest, .. }) && e.is_open())
    );
    let unconfirmed = |e: &&Exception| matches!(e, Exception::PartUnconfirmed { duty: Duty::Checker, .. });
    assert!(found.iter().any(|e| unconfirmed(&e)));
    let Some(Exception::PartUnconfirmed { entry, person, .. }) = found.iter().find(unconfirmed) else {
        panic!("no part")
    };
    let his = waits_for(&centre, batch, *person, Role::ManufacturingLead);
    assert!(his.contains(&Awaited::PartConfirmation { entry: *entry }));
    let others = waits_for(&centre, batch, centre.staff.analyst, Role::QcAnalyst);
    assert!(!others.iter().any(|one| matches!(one, Awaited::PartConfirmation { .. })));
}

#[test]
fn a_dose_outside_the_standard_is_told_once_for_all_its_containers() {
    let (centre, batch) = tested(Course { live: "60", harvest_live: "20", ..Course::default() });
    let outside: Vec<_> = found(&centre, batch)
        .into_iter()
        .filter(|exception| matches!(exception, Exception::OutOfLimits { .. }))
        .collect();
    let containers = centre.containers(batch);
    assert!(
        outside
            .iter()
            .all(|e| matches!(e, Exception::OutOfLimits { containers: of, .. } if *of == containers)),
        "{outside:?}"
    );
}

#[test]
fn a_batch_waits_for_each_in_turn_until_it_is_released() {
    let course = Course { quality: false, manufacturing: false, ..Course::default() };
    let (mut centre, batch) = tested(course.clone());
    let staff = centre.staff;
    let lead = |centre: &Centre| waits_for(centre, batch, staff.lead, Role::ManufacturingLead);
    let releaser = |centre: &Centre| waits_for(centre, batch, staff.releaser, Role::Releaser);
    assert_eq!(lead(&centre), [Awaited::ManufacturingConfirmation]);
    assert_eq!(releaser(&centre), []);
    let maker = waits_for(&centre, batch, staff.technician, Role::ManufacturingLead);
    assert_eq!(maker, [], "who made it does not confirm it");
    centre.confirm(&Course { quality: false, ..Course::default() }, batch);
    assert_eq!((lead(&centre), releaser(&centre)), (vec![], vec![Awaited::QualityConfirmation]));
    centre.batch(staff.releaser, batch, QualityConfirmation { remark: None }).unwrap();
    let containers = centre.containers(batch);
    assert_eq!(centre.blockers(batch, containers[0]), []);
    assert_eq!(decidable(&centre.state(batch), centre.now), containers);
    assert_eq!(releaser(&centre), [Awaited::Decision { containers }]);
    let analyst = waits_for(&centre, batch, staff.analyst, Role::Releaser);
    assert_eq!(analyst, [], "who entered results does not decide");
    centre.release(batch).unwrap();
    assert_eq!(releaser(&centre), []);
}

#[test]
fn a_result_is_verified_by_another_than_who_entered_it() {
    let course = Course { unverified: vec!["VIABILITY"], ..Course::default() };
    let (centre, batch) = tested(course);
    let result = centre.last_result(batch, "VIABILITY");
    let due = |person| waits_for(&centre, batch, person, Role::QcAnalyst);
    assert!(!due(centre.staff.analyst).contains(&Awaited::Verification { result }));
    assert!(due(centre.staff.second_analyst).contains(&Awaited::Verification { result }));
}

#[test]
fn a_test_sample_waits_for_its_result() {
    let (centre, batch) = tested(Course { unreported: vec!["MYCOPLASMA"], ..Course::default() });
    let test = code("MYCOPLASMA");
    let sample = centre.last_sample(batch, &test).unwrap();
    let due = waits_for(&centre, batch, centre.staff.analyst, Role::QcAnalyst);
    let result = Awaited::Result { sample, test };
    assert!(due.contains(&result));
    let releaser = waits_for(&centre, batch, centre.staff.releaser, Role::Releaser);
    assert!(!releaser.contains(&result), "who enters a result could not decide any more");
}

#[test]
fn what_is_held_at_request_may_be_lifted_by_quality_that_had_no_part_in_it() {
    let (mut centre, batch) = tested(Course::default());
    let form = Holding { containers: Vec::new(), reason: of("look again") };
    centre.batch(centre.staff.technician, batch, form).unwrap();
    let lifting = [Awaited::Lifting { hold: HoldNo(1) }];
    assert_eq!(waits_for(&centre, batch, centre.staff.releaser, Role::Releaser), lifting);
    assert_eq!(waits_for(&centre, batch, centre.staff.analyst, Role::Releaser), []);
}

#[test]
fn a_voided_release_is_listed() {
    let (mut centre, batch) = tested(Course::default().until(Until::Released));
    let state = centre.state(batch);
    let (entry, mut form) = state
        .log
        .iter()
        .find_map(|logged| match &*logged.event {
            Event::Testing(testing::Event::ResultEntered(e)) if e.form.test == code("VIABILITY") => {
                Some((logged.stamp.entry, e.form.clone()))
            }
            _ => None,
        })
        .unwrap();
    form.values = vec![of("91")];
    let by = centre.correct(centre.staff.second_analyst, batch, entry, form).unwrap()[0];
    let container = centre.first(batch);
    assert!(found(&centre, batch).contains(&Exception::DecisionVoided { container, by }));
}
