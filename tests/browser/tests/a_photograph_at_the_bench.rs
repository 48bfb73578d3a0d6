//! A technician photographs a culture: in both languages, with what went wrong before, without a connection, and without
//! scripts.

use baiyo::words::{self, Bench, Sheet};
use browser_stories::{Browser, Device, Language, Person, Scripts, Theme, Ui};
use stories::tour::PICTURE;
use stories::{Centre, Course, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

fn action(language: Language) -> String {
    words::action(language, "batch.culture.photograph")
}

fn photographs(course: &Course) -> usize {
    course.view()["photographs"].as_array().unwrap().len()
}

/// Whether the browser shows the picture of the page's first photograph.
fn is_drawn(person: &Person) -> bool {
    person.run("const i = document.querySelector('.photos img'); i.decode().then(() => i.naturalWidth === 1)")
        == serde_json::json!(true)
}

#[test]
fn a_photograph_takes_three_interactions_after_the_scan_and_is_shown() {
    let browser = Browser::start();
    for language in [Language::En, Language::Ja] {
        let centre = Centre::open();
        let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
        let label = course.vessel_labels()[0].as_str().unwrap().to_string();
        let technician = centre.technician();
        let person = browser.person(&centre, technician.account(), Device::Tablet, language, Theme::Light);
        person.scan(&label).arrives_at(&format!("/bench/vessels/{label}"));
        person.begins("photograph").tap(&action(language));
        person.choose_file(words::field(language, "picture"), "day7.png", PICTURE);
        person.tap(person.say(Ui::Record));
        person.see(&format!("{}: {}", person.say(Sheet::Recorded), action(language))).took_at_most(3);
        person.see(person.say(Bench::Photos));
        assert!(is_drawn(&person), "the picture is shown");
        assert_eq!(photographs(&course), 1);
        person.breaks_no_rule();
    }
}

#[test]
fn what_is_no_picture_is_refused_and_one_that_was_chosen_is_not_chosen_again() {
    let browser = Browser::start();
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let label = course.vessel_labels()[0].as_str().unwrap().to_string();
    let technician = centre.technician();
    let person = browser.person(&centre, technician.account(), Device::Phone, Language::En, Theme::Dark);
    person.open(&format!("/record/batches/{}/photograph?/vessels={label}", course.batch));
    let note = format!("{} ({})", words::field(Language::En, "note"), person.say(Sheet::Optional));
    person.enter(&note, "rounded cells at the rim");
    person.choose_file("Picture", "holiday.png", b"no picture at all").tap(person.say(Ui::Record));
    person.see("This is no picture in JPEG, PNG or WebP.");
    assert_eq!(person.value(&note), "rounded cells at the rim");
    // The vessel is taken out: the picture is right by now, and stays.
    person.run("document.querySelector('textarea[name=\"/vessels\"]').value = ''; 0");
    person.choose_file("Picture", "day7.png", PICTURE).tap(person.say(Ui::Record));
    person.see(person.say(Sheet::PictureReplace));
    assert_eq!(person.count("img.chosen"), 1);
    person.breaks_no_rule();
    assert_eq!(person.overflow(), 0.0);
    person.scan(&label).tap(person.say(Ui::Record)).see(person.say(Sheet::Recorded));
    assert_eq!(photographs(&course), 1);
}

#[test]
fn a_picture_stays_on_the_page_while_there_is_no_connection() {
    let browser = Browser::start();
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let label = course.vessel_labels()[0].as_str().unwrap().to_string();
    let technician = centre.technician();
    let person = browser.person(&centre, technician.account(), Device::Tablet, Language::En, Theme::Light);
    person.open(&format!("/record/batches/{}/photograph?/vessels={label}", course.batch));
    person.choose_file("Picture", "day7.png", PICTURE);
    person.loses_network();
    person.tap(person.say(Ui::Record)).see(person.say(Bench::PictureOffline));
    person.finds_network();
    assert_eq!(person.run("document.querySelector('input[type=file]').files.length"), serde_json::json!(1));
    assert_eq!(photographs(&course), 0, "it was not kept waiting");
    person.tap(person.say(Ui::Record)).see(person.say(Sheet::Recorded));
    assert_eq!(photographs(&course), 1);
}

#[test]
fn a_photograph_is_taken_without_scripts() {
    let browser = Browser::start();
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let label = course.vessel_labels()[0].as_str().unwrap().to_string();
    let account = centre.technician().account().clone();
    let person = browser.visitor(centre.address(), Device::Tablet, Language::En, Theme::Light, Scripts::Off);
    person.signs_in(&account.sign_in, &account.password);
    person.open(&format!("/record/batches/{}/photograph?/vessels={label}", course.batch));
    person.choose_file("Picture", "day7.png", PICTURE).tap(person.say(Ui::Record));
    person.see(person.say(Sheet::Recorded));
    assert_eq!(photographs(&course), 1);
}
