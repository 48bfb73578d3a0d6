//! Duties and roles: nobody verifies, confirms or releases his own work, nobody stands in both departments, and
//! nobody promotes himself.

mod centre;

use baiyo_domain::authority::{Meaning, Role};
use baiyo_domain::batch::Performed;
use baiyo_domain::batch::culture::MediumChange;
use baiyo_domain::batch::disposition::{
    Deciding, Decision, ManufacturingConfirmation, PartConfirmation, QualityConfirmation,
};
use baiyo_domain::decision::Command;
use baiyo_domain::ids::*;
use baiyo_domain::journal::StreamKind;
use baiyo_domain::people::{
    Deputyship, DeputyshipEnd, IdentityConfirmation, KeyRegistration, RoleEnd, SetupLink,
};
use baiyo_domain::refusal::Refusal;
use baiyo_domain::standard::Step;
use baiyo_domain::time::Time;
use centre::{Centre, Course, Signing, Until, codes, of, q};

fn release(centre: &mut Centre, who: PersonId, batch: BatchId) -> Result<Vec<EntryId>, Refusal> {
    let form = Deciding { containers: centre.containers(batch), decision: Decision::Release };
    centre.batch(who, batch, form)
}

type Seen = fn(u32) -> Option<u32>;

fn unseen(_: u32) -> Option<u32> {
    None
}

fn outdated(newest: u32) -> Option<u32> {
    Some(newest - 1)
}

fn deputy(
    centre: &mut Centre,
    person: PersonId,
    role: Role,
    from: Time,
    until: Time,
) -> Result<Vec<EntryId>, Refusal> {
    centre.person(centre.staff.manager, person, Deputyship { role, from, until, reason: of("holiday") })
}

#[test]
fn nobody_verifies_what_he_entered_or_produced() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course { unreported: vec!["VIABILITY"], ..Course::default() });
    let test = centre.test(batch, "VIABILITY");
    let sample = centre.last_sample(batch, &test.code).unwrap();
    let mut form = centre.result_form(batch, sample, &test, &["95"]);
    form.analyst = Some(centre.staff.second_analyst);
    centre.batch(centre.staff.analyst, batch, form).unwrap();
    let result = centre.last_result(batch, "VIABILITY");
    for person in [centre.staff.analyst, centre.staff.second_analyst] {
        assert_eq!(codes(&centre.verify(person, batch, result).unwrap_err()), ["enterer_is_verifier"]);
    }
    centre.verify(centre.staff.releaser, batch, result).unwrap();
}

#[test]
fn a_maker_does_not_check_his_own_step_nor_confirm_for_manufacturing() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course { manufacturing: false, ..Course::default() });
    let lead = centre.staff.lead;
    let form = baiyo_domain::batch::filling::Storage {
        performed: Performed { checked_by: Some(lead), ..Performed::default() },
        containers: centre.doses(batch),
        place: of("fridge 1"),
        temperature: centre::q("4"),
    };
    assert_eq!(codes(&centre.batch(lead, batch, form.clone()).unwrap_err()), ["maker_is_checker"]);
    let form = baiyo_domain::batch::filling::Storage { performed: Performed::default(), ..form };
    centre.batch(lead, batch, form).unwrap();
    let confirmation = ManufacturingConfirmation { remark: None };
    assert_eq!(codes(&centre.batch(lead, batch, confirmation).unwrap_err()), ["maker_is_checker"]);
}

#[test]
fn a_releaser_who_entered_made_or_checked_does_not_release() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course { unreported: vec!["VIABILITY"], ..Course::default() });
    let other = centre.hire("other.releaser", Role::Releaser);
    let test = centre.test(batch, "VIABILITY");
    let sample = centre.last_sample(batch, &test.code).unwrap();
    let result = centre.enter(centre.staff.releaser, batch, sample, &test, &["95"]).unwrap();
    centre.verify(other, batch, result).unwrap();
    let first = centre.staff.releaser;
    assert_eq!(codes(&release(&mut centre, first, batch).unwrap_err()), ["releaser_has_duty"]);
    release(&mut centre, other, batch).unwrap();
}

#[test]
fn a_checker_from_quality_loses_the_confirmation_and_the_release() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course { quality: false, manufacturing: false, ..Course::default() });
    let releaser = centre.staff.releaser;
    let form = baiyo_domain::batch::filling::Storage {
        performed: Performed { checked_by: Some(releaser), ..Performed::default() },
        containers: centre.doses(batch),
        place: of("fridge 1"),
        temperature: centre::q("4"),
    };
    let entry = centre.batch(centre.staff.technician, batch, form).unwrap()[0];
    // One confirms only a part that is one's own.
    let form = PartConfirmation { entry };
    assert_eq!(codes(&centre.batch(centre.staff.lead, batch, form.clone()).unwrap_err()), ["not_found"]);
    centre.batch(releaser, batch, form).unwrap();
    centre.batch(centre.staff.lead, batch, ManufacturingConfirmation { remark: None }).unwrap();
    let confirmation = QualityConfirmation { remark: None };
    assert_eq!(codes(&centre.batch(releaser, batch, confirmation).unwrap_err()), ["has_duty"]);
    assert!(codes(&release(&mut centre, releaser, batch).unwrap_err()).contains(&"releaser_has_duty".into()));
}

#[test]
fn a_step_done_by_somebody_without_the_role_is_recorded_and_opens_a_quality_event() {
    let mut centre = Centre::open();
    let course = Course::default().until(Until::Isolated);
    let batch = centre.make(&course);
    let stranger = centre.invite("guest", false);
    let form = baiyo_domain::batch::culture::MediumChange {
        performed: Performed { by: Some(stranger), ..Performed::default() },
        vessels: centre.in_culture(batch),
        volume: centre::q("100"),
    };
    centre.batch(centre.staff.technician, batch, form).unwrap();
    let state = centre.state(batch);
    assert_eq!(state.quality_events.len(), 1);
    assert!(state.parts.iter().any(|part| part.person == stranger && !part.confirmed));
}

#[test]
fn nobody_is_in_manufacturing_and_quality_at_any_instant() {
    let mut centre = Centre::open();
    let (technician, analyst) = (centre.staff.technician, centre.staff.analyst);
    assert_eq!(codes(&centre.grant(technician, Role::Releaser).unwrap_err()), ["both_departments"]);
    let (now, later) = (centre.now.plus_hours(1), centre.now.plus_hours(100));
    let refused = deputy(&mut centre, analyst, Role::Technician, now, later);
    assert_eq!(codes(&refused.unwrap_err()), ["both_departments"]);
    // Not by way of a deputyship that only begins later either.
    let free = centre.invite("newcomer", false);
    deputy(&mut centre, free, Role::Releaser, later, later.plus_hours(10)).unwrap();
    assert_eq!(codes(&centre.grant(free, Role::Technician).unwrap_err()), ["both_departments"]);
    let across = deputy(&mut centre, free, Role::Technician, now, later.plus_hours(1));
    assert_eq!(codes(&across.unwrap_err()), ["both_departments"]);
    deputy(&mut centre, free, Role::Technician, now, later).unwrap();
}

#[test]
fn nobody_promotes_himself_and_only_clinic_people_have_clinic_roles() {
    let mut centre = Centre::open();
    let administrator = centre.staff.administrator;
    assert!(
        codes(&centre.grant(administrator, Role::Releaser).unwrap_err()).contains(&"not_for_oneself".into())
    );
    assert!(
        codes(&centre.grant(administrator, Role::Inspector).unwrap_err()).contains(&"not_for_oneself".into())
    );
    let guest = centre.invite("guest", false);
    assert_eq!(codes(&centre.grant(guest, Role::Physician).unwrap_err()), ["clinic_mismatch"]);
    let coordinator = centre.staff.coordinator;
    assert!(
        codes(&centre.grant(coordinator, Role::Technician).unwrap_err()).contains(&"clinic_mismatch".into())
    );
    let (from, until) = (centre.now, centre.now.plus_hours(9));
    let manager = centre.staff.manager;
    assert_eq!(
        codes(&deputy(&mut centre, manager, Role::Releaser, from, until).unwrap_err()),
        ["not_for_oneself"]
    );
}

#[test]
fn a_deputy_releases_only_within_his_days() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default());
    let deputy_person = centre.invite("deputy", false);
    let (from, until) = (centre.now.plus_hours(2), centre.now.plus_hours(4));
    deputy(&mut centre, deputy_person, Role::Releaser, from, until).unwrap();
    assert_eq!(codes(&release(&mut centre, deputy_person, batch).unwrap_err()), ["not_allowed"]);
    let mut late = centre.clone();
    late.hours(5);
    assert_eq!(codes(&release(&mut late, deputy_person, batch).unwrap_err()), ["not_allowed"]);
    centre.hours(3);
    release(&mut centre, deputy_person, batch).unwrap();
}

#[test]
fn a_deputyship_ends_before_its_time_and_a_role_and_a_deputyship_for_it_end_each_by_itself() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default());
    let (administrator, manager) = (centre.staff.administrator, centre.staff.manager);
    let both = centre.hire("releaser.two", Role::Releaser);
    let (from, until) = (centre.now.plus_hours(1), centre.now.plus_hours(9));
    deputy(&mut centre, both, Role::Releaser, from, until).unwrap();
    centre.hours(2);

    // The role ends, the deputyship goes on: the signature stands as the decision does.
    let mut role_ended = centre.clone();
    let end = RoleEnd { role: Role::Releaser, reason: of("moved") };
    role_ended.person(administrator, both, end.clone()).unwrap();
    role_ended.hours(1);
    release(&mut role_ended, both, batch).unwrap();
    let container = role_ended.first(batch);
    role_ended.allocate(batch, &[container]).unwrap();
    role_ended.pack(batch, &[container]).unwrap();
    role_ended.shipping_check(batch, &[container]).unwrap();

    // The deputyship ends, the role goes on.
    let ending = DeputyshipEnd { role: Role::Releaser, reason: of("back from holiday") };
    assert_eq!(codes(&centre.person(administrator, both, ending.clone()).unwrap_err()), ["not_allowed"]);
    centre.person(manager, both, ending.clone()).unwrap();
    assert_eq!(codes(&centre.person(manager, both, ending.clone()).unwrap_err()), ["not_found"]);
    let mut deputyship_ended = centre.clone();
    deputyship_ended.hours(1);
    release(&mut deputyship_ended, both, batch).unwrap();

    // Both end: nothing is left. One that is still to come ends as well.
    let (from, until) = (centre.now.plus_hours(3), centre.now.plus_hours(9));
    deputy(&mut centre, both, Role::Releaser, from, until).unwrap();
    centre.person(manager, both, ending).unwrap();
    centre.person(administrator, both, end).unwrap();
    centre.hours(4);
    assert_eq!(codes(&release(&mut centre, both, batch).unwrap_err()), ["not_allowed"]);
}

#[test]
fn whoever_set_a_new_password_does_nothing_before_two_people_signed_for_the_key() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default());
    let staff = centre.staff;
    let link = SetupLink { reason: of("says that he forgot it") };
    assert_eq!(
        codes(&centre.person(staff.manager, staff.releaser, link.clone()).unwrap_err()),
        ["not_allowed"]
    );
    let own = centre.person(staff.administrator, staff.administrator, link.clone()).unwrap_err();
    assert_eq!(codes(&own), ["not_for_oneself"]);
    centre.person(staff.administrator, staff.releaser, link).unwrap();
    let before = centre.key_of(staff.releaser);
    let key = centre.set_password(staff.releaser);
    assert_eq!(codes(&release(&mut centre, staff.releaser, batch).unwrap_err()), ["key_not_registered"]);

    let register = |second| KeyRegistration { key, identity_check: of("face"), second_checker: second };
    let confirm = || IdentityConfirmation { key, identity_check: of("passport") };
    let other = IdentityConfirmation { key: before.0, identity_check: of("passport") };
    let administrator = staff.administrator;
    for second in [None, Some(administrator), Some(staff.manager)] {
        let alone = centre.person(administrator, staff.releaser, register(second)).unwrap_err();
        assert_eq!(codes(&alone), ["second_person_needed"]);
    }
    assert_eq!(codes(&centre.person(staff.manager, staff.releaser, other).unwrap_err()), ["key_not_offered"]);
    let unsigned = Command::Person(staff.releaser, confirm().into());
    let unsigned = centre.run_signed(staff.manager, unsigned, Signing::Never).unwrap_err();
    assert_eq!(codes(&unsigned), ["signature_needed"]);
    centre.person(staff.manager, staff.releaser, confirm()).unwrap();
    centre.person(administrator, staff.releaser, register(Some(staff.manager))).unwrap();
    release(&mut centre, staff.releaser, batch).unwrap();
}

#[test]
fn a_role_that_ended_decides_nothing_more() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default());
    let (administrator, releaser) = (centre.staff.administrator, centre.staff.releaser);
    let end = RoleEnd { role: Role::Releaser, reason: of("moved") };
    centre.person(administrator, releaser, end).unwrap();
    assert_eq!(codes(&release(&mut centre, releaser, batch).unwrap_err()), ["not_allowed"]);
}

#[test]
fn only_the_roles_of_the_table_decide_and_the_attempt_is_recorded() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default());
    let staff = centre.staff;
    let version = centre.state(batch).log.len();
    for person in [
        staff.administrator,
        staff.manager,
        staff.technician,
        staff.lead,
        staff.analyst,
        staff.coordinator,
        staff.physician,
    ] {
        assert_eq!(codes(&release(&mut centre, person, batch).unwrap_err()), ["not_allowed"]);
        let attempts = baiyo_domain::journal::StreamId { kind: StreamKind::Attempts, id: person.0 };
        assert_eq!(centre.entries(attempts).len(), 1);
    }
    assert_eq!(centre.state(batch).log.len(), version, "a stranger's attempt does not move the batch");
}

#[test]
fn a_signing_needs_the_password_the_meaning_the_version_and_a_clock_that_is_right() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default());
    let releaser = centre.staff.releaser;
    let form = Deciding { containers: centre.containers(batch), decision: Decision::Release };
    let command = || Command::Batch(batch, form.clone().into());
    assert_eq!(
        codes(&centre.run_signed(releaser, command(), Signing::Never).unwrap_err()),
        ["signature_needed"]
    );
    let wrong = centre.run_signed(releaser, command(), Signing::As(Meaning::Verification));
    assert_eq!(codes(&wrong.unwrap_err()), ["wrong_meaning"]);
    centre.clock_behind = true;
    let behind = centre.run_signed(releaser, command(), Signing::As(Meaning::Disposition));
    assert_eq!(codes(&behind.unwrap_err()), ["clock_behind"]);
    centre.clock_behind = false;
    for (seen, reason) in [(unseen as Seen, "version_needed"), (outdated, "version_conflict")] {
        centre.seen = seen;
        let refused = centre.run_signed(releaser, command(), Signing::As(Meaning::Disposition));
        assert_eq!(codes(&refused.unwrap_err()), [reason]);
    }
    centre.seen = Some;
    assert_eq!(centre.state(batch).containers.values().filter(|c| c.released()).count(), 0);
    centre.run_signed(releaser, command(), Signing::As(Meaning::Disposition)).unwrap();
}

#[test]
fn a_step_at_the_bench_needs_no_version_and_a_correction_the_newest() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default().until(Until::Isolated));
    let vessels = centre.in_culture(batch);
    centre.seen = unseen;
    let change = MediumChange { performed: Performed::default(), vessels, volume: q("100") };
    let entry = centre.batch(centre.staff.technician, batch, change.clone()).unwrap()[0];
    let form = MediumChange { volume: q("90"), ..change };
    for (seen, reason) in [(unseen as Seen, "version_needed"), (outdated, "version_conflict")] {
        centre.seen = seen;
        let refused = centre.correct(centre.staff.technician, batch, entry, form.clone()).unwrap_err();
        assert_eq!(codes(&refused), [reason]);
    }
    centre.seen = Some;
    centre.correct(centre.staff.technician, batch, entry, form).unwrap();
}

#[test]
fn a_step_recorded_for_somebody_waits_for_his_own_sign_in() {
    let mut centre = Centre::open();
    let course = Course { parts_confirmed: false, ..Course::default() };
    let batch = centre.make(&course);
    let releaser = centre.staff.releaser;
    assert!(release(&mut centre, releaser, batch).is_err());
    centre.confirm_parts(batch);
    release(&mut centre, releaser, batch).unwrap();
    assert!(
        course.unchecked.is_empty()
            && centre.state(batch).standard().process.checked_steps.contains(&Step::Fill)
    );
}
