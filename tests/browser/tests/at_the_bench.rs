//! A technician at the bench with a scanner: each task with its interactions counted, in both languages; wrong scans; a
//! connection that is lost, and a server that goes away and comes back.

use baiyo::words::{self, Bench, Sheet};
use browser_stories::{Browser, Device, Language, Person, Theme, Ui};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use stories::{Centre, Course, Recipe, Step, count};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";
const LOT: &str = "M-0912";

/// A batch in culture whose labels were scanned back and whose medium was changed once.
fn in_culture(centre: &Centre) -> Course<'_> {
    in_culture_by(centre, centre.standard(FRESH))
}

fn in_culture_by(centre: &Centre, standard: uuid::Uuid) -> Course<'_> {
    let course = Course::run(centre, Recipe::of(standard), Step::Seeded);
    course.bench("label_check", "", json!({ "vessels": course.vessel_labels() }));
    course.change_medium();
    course
}

fn label(course: &Course) -> String {
    course.in_culture()[0].1.as_str().unwrap().to_string()
}

fn technician<'b>(browser: &'b Browser, centre: &Centre, language: Language) -> Person<'b> {
    browser.person(centre, centre.technician().account(), Device::Tablet, language, Theme::Light)
}

fn action(language: Language, form: &str) -> String {
    words::action(language, &format!("batch.culture.{form}"))
}

fn optional(person: &Person, language: Language, field: &str) -> String {
    format!("{} ({})", words::field(language, field), person.say(Sheet::Optional))
}

/// What the page says once a form was recorded.
fn told(person: &Person, language: Language, form: &str) -> String {
    format!("{}: {}", person.say(Sheet::Recorded), action(language, form))
}

/// What a person is called.
fn name_of(centre: &Centre, id: impl ToString) -> String {
    let id = id.to_string();
    let people = centre.inspector().get("/people").ok();
    let found = people["items"].as_array().unwrap().iter().find(|person| person["id"] == id);
    found.expect("a known person")["name"].as_str().unwrap().to_string()
}

/// The newest entry of a kind.
fn newest(course: &Course, kind: &str) -> Value {
    let history = course.coordinator().get(&format!("/batches/{}/history", course.batch)).ok();
    let entries = history["items"].as_array().unwrap();
    entries.iter().rev().find(|entry| entry["kind"] == kind).unwrap_or(&Value::Null).clone()
}

fn recorded(course: &Course, kind: &str) -> usize {
    let history = course.coordinator().get(&format!("/batches/{}/history", course.batch)).ok();
    history["items"].as_array().unwrap().iter().filter(|entry| entry["kind"] == kind).count()
}

#[test]
fn a_medium_change_takes_two_interactions_after_the_scan_and_a_scan_for_each_further_vessel() {
    let browser = Browser::start();
    for language in [Language::En, Language::Ja] {
        let centre = Centre::open();
        let course = in_culture(&centre);
        let labels: Vec<String> =
            course.in_culture().iter().map(|(_, label)| label.as_str().unwrap().to_string()).collect();
        let person = technician(&browser, &centre, language);
        person.see(person.say(Bench::Today));
        person.enter(person.say(Bench::KitMedium), LOT).tap(person.say(Bench::KeepKit)).see(LOT);
        person.scan(&labels[0]).arrives_at(&format!("/bench/vessels/{}", labels[0]));
        person.begins("medium change").tap(&action(language, "medium_change")).tap(person.say(Ui::Record));
        person.see(&told(&person, language, "medium_change")).took_at_most(2);
        let entry = newest(&course, "batch.culture.medium_changed");
        assert!(entry.to_string().contains(LOT) && entry.to_string().contains(&labels[0]), "{entry}");
        assert!(!entry.to_string().contains(&labels[1]), "{entry}");

        person
            .begins("of two vessels")
            .tap(&action(language, "medium_change"))
            .see(person.say(Bench::MediumLot));
        person.scan_through_ime(&labels[1]).tap(person.say(Ui::Record));
        person.see(&told(&person, language, "medium_change"));
        person.took_at_most(3);
        let entry = newest(&course, "batch.culture.medium_changed").to_string();
        assert!(entry.contains(&labels[0]) && entry.contains(&labels[1]), "{entry}");
    }
}

#[test]
fn a_count_takes_four_interactions_and_a_passage_into_four_vessels_four_and_four_scans() {
    let browser = Browser::start();
    for language in [Language::En, Language::Ja] {
        let centre = Centre::open();
        let course = in_culture(&centre);
        let label = label(&course);
        let person = technician(&browser, &centre, language);
        person.scan(&label).arrives_at(&format!("/bench/vessels/{label}"));
        person.begins("count").tap(&action(language, "counting"));
        person
            .enter(words::field(language, "live"), "２４０")
            .enter(&optional(&person, language, "dead"), "12");
        person.tap(person.say(Ui::Record)).see(&told(&person, language, "counting")).took_at_most(4);
        let counted = newest(&course, "batch.culture.counted").to_string();
        assert!(counted.contains("240"), "full-width digits are read: {counted}");

        let before = course.in_culture().len();
        let checker = name_of(&centre, centre.checker().id());
        person
            .begins("passage")
            .tap(&action(language, "passage"))
            .tap("4")
            .see(person.say(Bench::CountedBefore));
        person.enter(&optional(&person, language, "checked_by"), &checker).tap(person.say(Ui::Record));
        person.see(person.say(Bench::ScanBackHint)).took_at_most(4);
        let new: Vec<String> =
            course.in_culture().iter().map(|(_, label)| label.as_str().unwrap().into()).collect();
        let new = &new[before - 1..];
        assert_eq!(new.len(), 4);
        for label in new {
            person.see(label).scan(label);
        }
        person.see(&told(&person, language, "label_check")).took_at_most(8);
        assert_eq!(recorded(&course, "batch.culture.labels_checked"), 2);
        course.confirm_parts();
    }
}

#[test]
fn a_strangers_vessel_is_a_full_stop_that_the_server_records() {
    let browser = Browser::start();
    for language in [Language::En, Language::Ja] {
        let centre = Centre::open();
        let standard = centre.standard(FRESH);
        let (mine, other) = (in_culture_by(&centre, standard), in_culture_by(&centre, standard));
        let person = technician(&browser, &centre, language);
        person.scan(&label(&mine)).tap(&action(language, "passage")).see(person.say(Bench::SplitInto));
        person.scan(&label(&other)).see(person.say(Sheet::StopWrongBatch)).see(&label(&other));
        person.see(person.say(Sheet::StopRecorded)).breaks_no_rule();
        for course in [&mine, &other] {
            assert_eq!(course.view()["mismatches"].as_array().unwrap().len(), 1);
            assert_eq!(course.holds().len(), 1);
        }
    }
}

#[test]
fn an_orders_label_belongs_where_tissue_is_received() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Instructed);
    let browser = Browser::start();
    let person = technician(&browser, &centre, Language::En);
    let order = course.order_label().as_str().unwrap().to_string();
    let field = words::field(Language::En, "order_label");
    person.open(&format!("/record/batches/{}/tissue_receipt", course.batch)).see(field).scan(&order);
    assert_eq!(person.value(field), order);
    assert_eq!(course.view()["mismatches"].as_array().unwrap().len(), 0);
}

#[test]
fn a_scanned_lot_keeps_every_character_and_a_password_is_no_scan() {
    let centre = Centre::open();
    let course = in_culture(&centre);
    let browser = Browser::start();
    let person = technician(&browser, &centre, Language::En);
    person
        .scan(&label(&course))
        .tap(&action(Language::En, "medium_change"))
        .see(person.say(Bench::MediumLot));
    person.tap_at("[id='/performed/lots/0/lot']").scan("24/B.17_a");
    assert_eq!(
        person.value(&format!("{} ({})", person.say(Bench::MediumLot), person.say(Sheet::Optional))),
        "24/B.17_a"
    );
    person
        .tap_at("details.menu > summary")
        .tap(person.say(Ui::SignOut))
        .arrives_at("/sign-in")
        .tap_at("#password")
        .scan("CORRECT-HORSE-42");
    person.does_not_see("CORRECT");
    assert!(!person.url().contains("find") && !person.url().contains("CORRECT"), "{}", person.url());
}

#[test]
fn a_misread_label_is_told_at_once_and_leads_nowhere() {
    let centre = Centre::open();
    let course = in_culture(&centre);
    let browser = Browser::start();
    let person = technician(&browser, &centre, Language::Ja);
    let label = label(&course);
    let (body, check) = label.rsplit_once('-').unwrap();
    let other = if check == "A" { "B" } else { "A" };
    person.scan(&format!("{body}-{other}")).see(person.say(Bench::CheckCharacter)).arrives_at("/");
    assert_eq!(course.view()["mismatches"].as_array().unwrap().len(), 0);
}

#[test]
fn what_was_typed_outlives_a_server_that_goes_away_and_is_sent_once_when_it_is_back() {
    let mut centre = Centre::open();
    let standard = centre.standard(FRESH);
    let (batch, label, known) = {
        let course = Course::run(&centre, Recipe::of(standard), Step::Seeded);
        course.change_medium();
        (course.batch, label(&course), recorded(&course, "batch.culture.medium_changed"))
    };
    let address = centre.address().to_string();
    let browser = Browser::start();
    let person = technician(&browser, &centre, Language::En);
    person.scan(&label).tap(&action(Language::En, "medium_change"));
    person.enter(words::field(Language::En, "volume"), "33");
    centre.stop();
    person.tap(person.say(Ui::Record)).see(person.say(Bench::OfflineNow));
    assert_eq!(person.value(words::field(Language::En, "volume")), "33");
    centre.start_again_at(&address);
    person.see(&told(&person, Language::En, "medium_change")).open("/bench").forgives("/healthz");
    let history = centre.inspector().get(&format!("/batches/{batch}/history")).ok();
    let kept = |entry: &&Value| entry["kind"] == "batch.culture.medium_changed";
    let changes: Vec<&Value> = history["items"].as_array().unwrap().iter().filter(kept).collect();
    assert_eq!(changes.len(), known + 1, "once");
    assert!(changes.last().unwrap().to_string().contains("\"33\""));
}

#[test]
fn an_entry_is_corrected_in_its_own_form_and_the_old_value_stays_readable() {
    let browser = Browser::start();
    for language in [Language::En, Language::Ja] {
        let centre = Centre::open();
        let course = in_culture(&centre);
        let version = newest(&course, "batch.culture.medium_changed")["version"].to_string();
        let person = technician(&browser, &centre, language);
        person.open(&format!("/batches/{}", course.batch));
        person.tap(&format!("{} {version}", person.say(Sheet::Correct))).see(person.say(Sheet::StandsNow));
        person.breaks_no_rule();
        person
            .enter(words::field(language, "reason"), "misread")
            .enter(words::field(language, "volume"), "180");
        person.tap(person.say(Ui::Record)).see(person.say(Sheet::Recorded)).see("180 mL");
        let entry = newest(&course, "batch.culture.medium_changed");
        assert!(entry.to_string().contains("\"200\""), "the old value stays: {entry}");
        assert_eq!(entry["corrected_by"].as_array().unwrap().len(), 1);
        assert_eq!(person.count("del"), 1);
    }
}

#[test]
fn a_draft_is_there_again_after_the_page_was_left_and_gone_after_signing_out() {
    let centre = Centre::open();
    let course = in_culture(&centre);
    let browser = Browser::start();
    let person = technician(&browser, &centre, Language::En);
    let (label, volume) = (label(&course), words::field(Language::En, "volume"));
    person.scan(&label).tap(&action(Language::En, "medium_change")).enter(volume, "17");
    person.open("/bench").scan(&label).tap(&action(Language::En, "medium_change"));
    person.see(person.say(Bench::DraftKept));
    assert_eq!(person.value(volume), "17");
    person.tap_at("details.menu > summary").tap(person.say(Ui::SignOut)).arrives_at("/sign-in");
    let kept = person.run("Object.keys(localStorage).length");
    assert_eq!(kept, json!(0), "a shared tablet keeps nothing");
    let member = centre.technician().account();
    person.signs_in(&member.sign_in, &member.password);
    person
        .scan(&label)
        .tap(&action(Language::En, "medium_change"))
        .does_not_see(person.say(Bench::DraftKept));
}

#[test]
fn a_reason_why_something_does_not_apply_is_found_again_in_sight() {
    let centre = Centre::open();
    let course = in_culture(&centre);
    let browser = Browser::start();
    let person = technician(&browser, &centre, Language::En);
    let (label, form) = (label(&course), action(Language::En, "medium_change"));
    person.scan(&label).tap(&form).see(words::field(Language::En, "volume"));
    let room = "document.getElementById('/performed/not_applicable/room')";
    let folded =
        format!("[...document.querySelectorAll('details:not([open])')].some((one) => one.contains({room}))");
    assert_eq!(person.run(&folded), json!(true));
    let typed = format!(
        "{room}.value = 'the same room'; {room}.dispatchEvent(new Event('input', {{ bubbles: true }})); \
         new Promise((done) => setTimeout(() => done(0), 300))"
    );
    person.run(&typed);
    person.open("/bench").scan(&label).tap(&form).see(person.say(Bench::DraftKept));
    assert_eq!(person.run(&format!("{room}.value")), json!("the same room"));
    assert_eq!(person.run(&folded), json!(false), "nothing is recorded that is not seen");
}

#[test]
fn a_shared_tablet_left_alone_asks_for_the_next_badge() {
    let centre = Centre::open();
    let browser = Browser::start();
    let administrator = centre.administrator().account();
    let person = browser.person(&centre, administrator, Device::Tablet, Language::En, Theme::Light);
    let registers = "(async () => { await fetch('/tablets', { method: 'POST', body: new URLSearchParams({ name: 'Hood 1' }) }); \
                     await fetch('/sign-out', { method: 'POST' }); return 0; })()";
    person.run(registers);
    let member = centre.technician().account();
    person.signs_in(&member.sign_in, &member.password).open("/bench").see(person.say(Bench::Today));
    centre.minutes(31);
    person.arrives_at("/switch?to=%2Fbench");
}

/// Everything that the browser keeps for the centre's pages, on one line.
fn kept(person: &Person) -> String {
    let all = "(async () => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, \
               history.state, await indexedDB.databases(), await caches.keys()]))()";
    person.run(all).as_str().unwrap().to_string()
}

#[test]
fn what_was_typed_is_read_by_nobody_once_the_session_is_over_and_found_again_by_its_person() {
    let centre = Centre::open();
    let course = in_culture(&centre);
    let browser = Browser::start();
    let person = technician(&browser, &centre, Language::En);
    let (label, volume) = (label(&course), words::field(Language::En, "volume"));
    let form = action(Language::En, "medium_change");
    person.scan(&label).tap(&form).enter(volume, "31415926");
    let page = person.url();
    person.open("/bench").scan(&label).tap(&form).see(person.say(Bench::DraftKept));
    assert_eq!(person.value(volume), "31415926");
    let before = kept(&person);
    assert!(before.contains("baiyo-draft:") && !before.contains("31415926"), "{before}");
    let keys = "document.documentElement.outerHTML.match(/[0-9a-f]{64}/g)";
    assert_eq!(person.run(keys), json!(null), "nor does its key stay in the page");

    // The session ends by itself: nothing that can be read is left, neither on the screen nor behind it.
    centre.minutes(31);
    person.see(person.say(Ui::SignInName));
    assert!(!person.text().contains("31415926"));
    let after = kept(&person);
    assert!(after.contains("baiyo-draft:") && !after.contains("31415926"), "{after}");

    // Somebody else at the same browser finds nothing, and takes nothing away.
    let other = centre.lead().account();
    person.signs_in(&other.sign_in, &other.password).open(page.split(centre.address()).nth(1).unwrap());
    person.see(volume).does_not_see(person.say(Bench::DraftKept));
    assert_ne!(person.value(volume), "31415926");
    let own = centre.technician().id();
    let place = format!("Object.keys(localStorage).filter((key) => key.includes('{own}')).length");
    assert_eq!(person.run(&place), json!(1));
    // Nor can he with his own keys: he puts it where his own would be.
    let as_his = format!(
        "for (const key of Object.keys(localStorage)) localStorage.setItem(key.replace('{own}', '{}'), \
         localStorage.getItem(key)); location.reload(); 0",
        other.id
    );
    person.run(&as_his);
    person.see(volume).does_not_see(person.say(Bench::DraftKept));
    assert_ne!(person.value(volume), "31415926");

    // The person himself, at the same form.
    centre.minutes(31);
    person.see(person.say(Ui::SignInName));
    let member = centre.technician().account();
    person
        .enter(person.say(Ui::SignInName), &member.sign_in)
        .enter(person.say(Ui::Password), &member.password);
    person.tap(person.say(Ui::SignIn)).see(person.say(Bench::DraftKept));
    assert_eq!(person.value(volume), "31415926");
}

#[test]
fn nothing_typed_is_lost_when_the_page_is_read_anew_in_the_same_moment() {
    let centre = Centre::open();
    let course = in_culture(&centre);
    let browser = Browser::start();
    let person = technician(&browser, &centre, Language::En);
    person.scan(&label(&course)).tap(&action(Language::En, "medium_change"));
    let volume = words::field(Language::En, "volume");
    person.see(volume);
    let rounds = 20;
    let page = person.url().replace(centre.address(), "");
    for round in 1..=rounds {
        let (typed, again) = (format!("{}", 1000 + round), format!("{page}&round={round}"));
        // The last key and the way to the page anew in one breath.
        let script = format!(
            "const field = document.getElementById('/volume'); for (const part of ['{}', '{typed}']) \
             {{ field.value = part; field.dispatchEvent(new Event('input', {{ bubbles: true }})); }} \
             location.assign('{again}'); 0",
            &typed[..3]
        );
        person.run(&script);
        person.arrives_at(&again).see(person.say(Bench::DraftKept));
        assert_eq!(person.value(volume), typed, "round {round}");
    }
    println!("{rounds} of {rounds} found again");
}

#[test]
fn of_two_pages_with_the_same_form_the_last_that_was_typed_in_is_found() {
    let centre = Centre::open();
    let course = in_culture(&centre);
    let browser = Browser::start();
    let person = technician(&browser, &centre, Language::En);
    person.scan(&label(&course)).tap(&action(Language::En, "medium_change"));
    let volume = words::field(Language::En, "volume");
    person.enter(volume, "41");
    // A second page of the same form, in a frame of its own origin that stands for another tab.
    let path = person.url();
    person.run(&format!("window.other = window.open('{path}'); 0"));
    let typed = "(async () => { const other = window.other; const field = () => other.document.getElementById('/volume'); \
                 while (field()?.value !== '41') await new Promise((done) => setTimeout(done, 20)); \
                 field().value = '42'; field().dispatchEvent(new other.Event('input', { bubbles: true })); \
                 await new Promise((done) => setTimeout(done, 200)); other.close(); return 0; })()";
    person.run(typed);
    person.open("/bench").scan(&label(&course)).tap(&action(Language::En, "medium_change"));
    person.see(person.say(Bench::DraftKept));
    assert_eq!(person.value(volume), "42");
}

#[test]
fn a_page_whose_place_newer_ones_took_says_so_and_takes_nobodys() {
    let centre = Centre::open();
    let browser = Browser::start();
    let person = technician(&browser, &centre, Language::En);
    person.open("/bench").see(person.say(Bench::Today));
    let address = centre.address().trim_start_matches("http://");
    let token = &centre.technician().account().token;
    let mut others: Vec<TcpStream> = (0..24)
        .map(|_| {
            let mut page = TcpStream::connect(address).unwrap();
            let ask =
                format!("GET /live HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n");
            page.write_all(ask.as_bytes()).unwrap();
            page
        })
        .collect();
    person.see(person.say(Bench::NotFollowed));
    // For longer than a browser waits before it comes back, and again when the page is looked at anew.
    std::thread::sleep(Duration::from_secs(5));
    person.run("document.dispatchEvent(new Event('visibilitychange')); 0");
    std::thread::sleep(Duration::from_secs(2));
    let told = others.iter_mut().map(|page| {
        page.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let mut told = Vec::new();
        _ = page.read_to_end(&mut told);
        String::from_utf8_lossy(&told).into_owned()
    });
    let replaced: Vec<String> = told.filter(|told| told.contains("replaced")).collect();
    assert_eq!(replaced, [""; 0]);
    person.see(person.say(Bench::NotFollowed)).breaks_no_rule();
    // It is told nothing more, and asks: once its session is over it is left like any other.
    centre.minutes(31);
    person.run("document.dispatchEvent(new Event('visibilitychange')); 0");
    person.see(person.say(Ui::SignInName));
}

#[test]
fn whoever_has_a_page_open_is_told_of_changes_and_nothing_moves() {
    let centre = Centre::open();
    let course = in_culture(&centre);
    let browser = Browser::start();
    let person = technician(&browser, &centre, Language::En);
    person.scan(&label(&course)).see(&action(Language::En, "passage"));
    let place = "JSON.stringify(document.querySelector('.steps').getBoundingClientRect())";
    let before = person.run(place);
    course.bench("counting", "", json!({ "vessels": [label(&course)], "count": count("12") }));
    person.see(person.say(Bench::ChangesSeen));
    assert_eq!(person.run(place), before);
}

#[test]
fn buttons_at_the_bench_are_large_enough_for_gloves() {
    let centre = Centre::open();
    let course = in_culture(&centre);
    let browser = Browser::start();
    let person = technician(&browser, &centre, Language::Ja);
    person.scan(&label(&course)).see(&action(Language::Ja, "passage"));
    person.can_tap(".steps:not(.more)", 96.0, 16.0).can_tap(".steps.more", 64.0, 16.0);
    person.tap(&action(Language::Ja, "medium_change")).see(person.say(Bench::MediumLot));
    person.can_tap(".actions", 96.0, 16.0);
}
