//! The clinic: when the cells are ready without a click; receipt, the physician's decision, the check at the bedside by two
//! people in two browsers, and the infusion, each counted, in both languages; another patient's wristband.

use baiyo::words::{self, Clinic, Sheet};
use browser_stories::{Browser, Device, Language, Person, Theme, Ui};
use chrono::TimeDelta;
use stories::{Centre, Course, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

fn told(person: &Person, language: Language, form: &str) -> String {
    let done = words::action(language, &format!("batch.distribution.{form}"));
    format!("{}: {done}", person.say(Sheet::Recorded))
}

fn scanned(label: serde_json::Value) -> String {
    label.as_str().expect("a label").to_string()
}

#[test]
fn a_name_typed_into_an_order_stays_nowhere_in_the_browser() {
    const NAME: &str = "翠玉 葛葉";
    const FIELD: &str = "document.querySelector(\"[name='/personal/name']\")";
    let centre = Centre::open();
    let browser = Browser::start();
    let coordinator = centre.coordinator().account();
    let person = browser.person(&centre, coordinator, Device::Desktop, Language::En, Theme::Light);
    let kept = || {
        let told = person.run(
            "(async () => { \
                const all = [localStorage, sessionStorage].flatMap((store) => Object.entries(store)); \
                const bases = await indexedDB.databases(); \
                const caches = (await window.caches?.keys()) ?? []; \
                return JSON.stringify({ all, bases, caches, cookie: document.cookie }); })()",
        );
        told.as_str().expect("what is kept").to_string()
    };
    let types = || {
        person.run(&format!(
            "{FIELD}.focus(); {FIELD}.value = '{NAME}'; \
             for (const kind of ['input', 'change', 'blur']) {FIELD}.dispatchEvent(new Event(kind, {{ bubbles: true }}))"
        ));
        assert_eq!(person.run(&format!("{FIELD}.value")), NAME);
        std::thread::sleep(std::time::Duration::from_millis(1_500));
    };
    person.open("/record/orders");
    types();
    let typed = kept();
    person.open("/clinic");
    let left = kept();
    person.open("/record/orders");
    types();
    // Handed in with nothing else filled in: it comes back with what is missing.
    person.run("document.querySelector('form.sheet').noValidate = true");
    person.run("document.querySelector('form.sheet').requestSubmit()");
    std::thread::sleep(std::time::Duration::from_secs(2));
    let handed_in = kept();
    for (when, found) in [("typed", typed), ("left", left), ("handed in", handed_in)] {
        assert!(
            !found.contains("翠玉") && found.contains("\"bases\":[]") && found.contains("\"caches\":[]"),
            "{when}: {found}"
        );
    }
    // What is kept there would have been seen.
    person.run(&format!("sessionStorage.setItem('control', '{NAME}')"));
    assert!(kept().contains(NAME));
}

#[test]
fn the_board_says_when_cells_are_ready_without_a_click() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Passaged);
    let browser = Browser::start();
    let coordinator = course.coordinator().account();
    for (language, growing) in [(Language::En, "The cells are growing"), (Language::Ja, "培養")] {
        let person = browser.person(&centre, coordinator, Device::Phone, language, Theme::Light);
        person.see(growing).see(person.say(Clinic::ReadyAbout)).see("P-001");
        assert_eq!(person.interactions(), 0);
    }
}

#[test]
fn from_the_courier_to_the_vein_in_few_touches_and_nothing_ticked_before() {
    let browser = Browser::start();
    for language in [Language::En, Language::Ja] {
        let centre = Centre::open();
        let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Shipped);
        centre.hours(2);
        let (bag, wristband) = (scanned(course.dose(1)), scanned(course.order_label()));
        let (coordinator, physician) = (centre.coordinator().account(), centre.physician().account());
        let nurse = browser.person(&centre, coordinator, Device::Tablet, language, Theme::Light);
        let doctor = browser.person(&centre, physician, Device::Tablet, language, Theme::Dark);

        // Three interactions, and one for each of three checks.
        nurse.see(nurse.say(Clinic::HereNow)).begins("receipt").scan(&bag);
        nurse.enter(nurse.say(Clinic::TemperatureOnArrival), "５．２");
        nurse
            .tap(nurse.say(Clinic::SealIntact))
            .tap(nurse.say(Clinic::LooksRight))
            .tap(nurse.say(Clinic::Accept));
        nurse.tap(nurse.say(Ui::Record)).see(&told(&nurse, language, "receipt")).took_at_most(3 + 3);

        doctor.open(&format!("/record/batches/{}/administration_decision", course.batch));
        doctor.see(doctor.say(Clinic::ResultsRestOn)).begins("decision").scan(&bag).scan(&wristband);
        doctor.tap(doctor.say(Clinic::MayBeGiven));
        doctor.enter(doctor.say(Sheet::PasswordAgain), &physician.password).tap(doctor.say(Sheet::SignOnce));
        doctor.see(&told(&doctor, language, "administration_decision")).took_at_most(5);

        // Two scans, the spoken identity, the second person, Record; he confirms with one tap of his own.
        nurse.open(&format!("/record/batches/{}/bedside_check?to=/clinic", course.batch));
        nurse.begins("bedside check").scan(&wristband).scan(&bag).tap(nurse.say(Clinic::Fits));
        let second = doctor_name(&centre, &physician.id.to_string());
        nurse.tap(&second).tap(nurse.say(Ui::Record));
        nurse.see(&told(&nurse, language, "bedside_check")).took_at_most(5);
        doctor.open("/clinic").begins("confirming").tap(doctor.say(Clinic::DoConfirmCheck));
        doctor.see(doctor.say(Sheet::Recorded)).took_at_most(1);

        centre.minutes(20);
        nurse.open(&format!("/record/batches/{}/infusion?to=/clinic", course.batch));
        let began = centre.now().plus_hours(9).plus(TimeDelta::minutes(-10));
        let began = began.utc().format("%Y-%m-%dT%H:%M").to_string();
        nurse.begins("infusion").enter(words::field(language, "started_at"), &began);
        nurse
            .enter(words::field(language, "volume"), "40")
            .tap(nurse.say(Clinic::NoReactions))
            .tap(nurse.say(Ui::Record));
        nurse.see(&told(&nurse, language, "infusion")).took_at_most(4);
        assert_eq!(course.container(1)["status"], "infused");
        assert_eq!(course.view()["quality_events"].as_array().map(Vec::len), Some(0));
    }
}

fn doctor_name(centre: &Centre, id: &str) -> String {
    let people = centre.inspector().get("/people").ok();
    let found = people["items"].as_array().unwrap().iter().find(|person| person["id"] == *id);
    found.expect("a known person")["name"].as_str().unwrap().to_string()
}

#[test]
fn another_patients_wristband_is_a_full_stop_that_the_server_records() {
    let centre = Centre::open();
    let standard = centre.standard(FRESH);
    let course = Course::run(&centre, Recipe::of(standard), Step::Decided);
    let stranger = Course::run(&centre, Recipe { pseudonym: "P-002", ..Recipe::of(standard) }, Step::Ordered);
    let browser = Browser::start();
    for language in [Language::En, Language::Ja] {
        let coordinator = centre.coordinator().account();
        let nurse = browser.person(&centre, coordinator, Device::Tablet, language, Theme::Light);
        nurse.open(&format!("/record/batches/{}/bedside_check", course.batch));
        nurse
            .scan(&scanned(stranger.order_label()))
            .scan(&scanned(course.dose(1)))
            .tap(nurse.say(Clinic::Fits));
        nurse.tap(&doctor_name(&centre, &centre.physician().id().to_string())).tap(nurse.say(Ui::Record));
        nurse.see(nurse.say(Sheet::StopWrongBatch)).breaks_no_rule();
        assert!(!course.view()["mismatches"].as_array().unwrap().is_empty());
    }
}
