//! A releaser at the quality desk: a release counted, in both languages; what is refused keeps everything typed but the
//! password; and nothing is signed without a connection.

use baiyo::words::{self, Bench, Quality, Sheet};
use browser_stories::{Browser, Device, Language, Person, Theme, Ui};
use serde_json::json;
use stories::{Centre, Course, Member, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

#[test]
fn a_release_without_exceptions_takes_four_interactions_from_the_queue() {
    let browser = Browser::start();
    for language in [Language::En, Language::Ja] {
        let centre = Centre::open();
        let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Confirmed);
        let label = course.view()["label"].as_str().unwrap().to_string();
        let releaser = centre.releaser().account();
        let person = browser.person(&centre, releaser, Device::Desktop, language, Theme::Light);
        person.see(person.say(Quality::Queue)).begins("release").tap(&label);
        person.see(person.say(Quality::InOrder)).tap(&words::choice(language, Some("Decision"), "release"));
        person.enter(person.say(Sheet::PasswordAgain), &releaser.password).tap(person.say(Sheet::SignOnce));
        let done = words::action(language, "batch.disposition.deciding");
        person.see(&format!("{}: {done}", person.say(Sheet::Recorded))).took_at_most(4).breaks_no_rule();
        assert_eq!(course.status(), "released");
    }
}

#[test]
fn a_wrong_password_signs_nothing_and_keeps_the_decision_but_not_the_password() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Confirmed);
    let browser = Browser::start();
    let releaser = centre.releaser().account();
    let person = browser.person(&centre, releaser, Device::Desktop, Language::En, Theme::Dark);
    let (password, sign) = (person.say(Sheet::PasswordAgain), person.say(Sheet::SignOnce));
    person.open(&format!("/batches/{}/review", course.batch));
    person.tap("May be shipped").enter(password, "a guess").tap(sign);
    person.see("This is not your password. Nothing was signed.").breaks_no_rule();
    assert_eq!(person.value(password), "");
    assert_eq!(course.status(), "ready_for_decision");
    person.enter(password, &releaser.password).tap(sign).see(person.say(Sheet::Recorded));
    assert_eq!(course.status(), "released");
}

#[test]
fn nothing_is_signed_or_kept_to_be_signed_while_there_is_no_connection() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Confirmed);
    let browser = Browser::start();
    let releaser = centre.releaser().account();
    let person = browser.person(&centre, releaser, Device::Desktop, Language::En, Theme::Light);
    person.open(&format!("/batches/{}/review", course.batch)).tap("May be shipped");
    person.enter(person.say(Sheet::PasswordAgain), &releaser.password).loses_network();
    person.tap(person.say(Sheet::SignOnce)).see(person.say(Bench::OfflineNow));
    let kept = person.run("JSON.stringify(localStorage)").to_string();
    assert!(!kept.contains(&releaser.password), "no password is kept");
    person.finds_network();
    // Nothing is sent by itself: whoever signs does it himself, seeing what he signs.
    person.open(&format!("/batches/{}/review", course.batch)).see(person.say(Quality::InOrder));
    assert_eq!(course.status(), "ready_for_decision");
}

/// Signs in as in another window of the same browser, and comes back to this one.
fn signs_in_beside(person: &Person, member: &Member) {
    let form = json!({ "sign_in": member.sign_in, "password": member.password });
    let script = format!(
        "(async () => {{ await fetch('/sign-in', {{ method: 'POST', body: new URLSearchParams({form}) }}); \
         window.dispatchEvent(new Event('focus')); return 0; }})()"
    );
    person.run(&script);
}

/// Everything of a page and of what the browser keeps for it.
fn all_of(person: &Person) -> String {
    let all = "(async () => JSON.stringify([document.documentElement.outerHTML, document.title, { ...localStorage }, \
               { ...sessionStorage }, [...document.querySelectorAll('*')].map((one) => one.value), history.state, \
               await indexedDB.databases(), await caches.keys()]))()";
    person.run(all).as_str().unwrap().to_string()
}

#[test]
fn what_was_typed_at_a_desk_is_covered_once_the_session_is_over_and_shown_to_its_person_alone() {
    const REASON: &str = "the alarm of incubator 3 at 02:14";
    let browser = Browser::start();
    for language in [Language::En, Language::Ja] {
        let centre = Centre::open();
        let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Filled);
        let releaser = centre.releaser().account();
        let person = browser.person(&centre, releaser, Device::Desktop, language, Theme::Light);
        let reason = words::field(language, "reason");
        person.open(&format!("/record/batches/{}/holding", course.batch)).enter(reason, REASON);
        let title = person.run("document.title");
        assert!(all_of(&person).contains(REASON));

        // The session ends by itself: nothing is to be read, and nothing was kept anywhere.
        centre.minutes(31);
        person.see(person.say(Bench::KeptCovered)).breaks_no_rule();
        assert!(!all_of(&person).contains(REASON));
        person.scan("C1-V-KAMO-26-000001-01-9");
        person.run("window.dispatchEvent(new Event('focus')); 0");
        person.see(person.say(Bench::KeptCovered));

        // Signed in again in another window, everything is there again, and goes on.
        signs_in_beside(&person, releaser);
        person.see(reason).does_not_see(person.say(Bench::KeptCovered));
        assert_eq!((person.value(reason), person.run("document.title")), (REASON.to_string(), title));

        // A session that another one of the same person follows at once is no end.
        let again = json!({ "sign_in": releaser.sign_in, "password": releaser.password });
        let script = format!(
            "(async () => {{ await fetch('/sign-out', {{ method: 'POST' }}); \
             await fetch('/sign-in', {{ method: 'POST', body: new URLSearchParams({again}) }}); return 0; }})()"
        );
        person.run(&script);
        std::thread::sleep(std::time::Duration::from_secs(4));
        assert_eq!(person.value(reason), REASON);

        // Somebody else drops it.
        centre.minutes(31);
        person.see(person.say(Bench::KeptCovered));
        signs_in_beside(&person, centre.lead().account());
        person.arrives_at("/");
        assert!(!all_of(&person).contains(REASON));
    }
}

#[test]
fn a_page_is_left_once_another_is_signed_in_in_the_same_browser() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Filled);
    let browser = Browser::start();
    let releaser = centre.releaser().account();
    let person = browser.person(&centre, releaser, Device::Desktop, Language::En, Theme::Light);
    person.open(&format!("/record/batches/{}/holding", course.batch));
    person.enter(words::field(Language::En, "reason"), "for A's eyes");
    let out = "(async () => { await fetch('/sign-out', { method: 'POST' }); return 0; })()";
    person.run(out);
    signs_in_beside(&person, centre.lead().account());
    person.run("document.dispatchEvent(new Event('visibilitychange')); 0");
    person.arrives_at("/");
    assert!(!all_of(&person).contains("for A's eyes"));
}

#[test]
fn a_form_tried_about_one_result_says_nothing_about_another() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Filled);
    let (first, second) = (course.enter("VIABILITY", json!({})), course.enter("ENDOTOXIN", json!({})));
    let browser = Browser::start();
    let releaser = centre.releaser().account();
    let person = browser.person(&centre, releaser, Device::Desktop, Language::En, Theme::Light);
    let about = |result: u64| format!("/record/batches/{}/verification?/result={result}", course.batch);
    let (password, sign) = (person.say(Sheet::PasswordAgain), person.say(Sheet::SignOnce));
    person.open(&about(first)).enter(password, "a guess").tap(sign).see("This is not your password");
    person
        .open(&about(second))
        .enter(password, &releaser.password)
        .tap(sign)
        .see(person.say(Sheet::Recorded));
    let verified = |result: u64| {
        let view = course.view();
        let found = view["results"].as_array().unwrap().iter().find(|found| found["no"] == result).cloned();
        found.expect("the result")["verified_by"].is_string()
    };
    assert!(verified(second) && !verified(first), "what was shown was signed, and nothing else");
    let kept = person.run("Object.keys(localStorage).length");
    assert_eq!(kept, json!(0), "nothing of a form that signs is kept");
}

#[test]
fn whoever_signs_after_a_fault_is_shown_what_was_recorded_meanwhile() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Tested);
    centre
        .lead()
        .sign(&course.path("manufacturing_confirmation"), json!({}), "manufacturing_confirmation")
        .ok();
    let browser = Browser::start();
    let releaser = centre.releaser().account();
    let person = browser.person(&centre, releaser, Device::Desktop, Language::En, Theme::Light);
    let (password, sign) = (person.say(Sheet::PasswordAgain), person.say(Sheet::SignOnce));
    person.open(&format!("/record/batches/{}/quality_confirmation", course.batch));
    person.enter(password, "a guess").tap(sign).see("This is not your password");
    let form = json!({ "reason": "the refrigerator stood open" });
    centre.technician().post(&course.path("holding"), form).ok();
    person.enter(password, &releaser.password).tap(sign).see(person.say(Sheet::Meanwhile));
    person.see("the refrigerator stood open").breaks_no_rule();
    let kinds = || {
        let history = centre.releaser().get(&course.path("history")).ok();
        let items = history["items"].as_array().expect("entries").clone();
        items.iter().map(|entry| entry["kind"].as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    let confirmed =
        |kinds: Vec<String>| kinds.iter().any(|kind| kind == "batch.disposition.quality_confirmed");
    assert!(!confirmed(kinds()), "what he had not seen is not signed");
    // Seen, it is signed.
    let done = words::action(Language::En, "batch.disposition.quality_confirmation");
    person.enter(password, &releaser.password).tap(sign);
    person.see(&format!("{}: {done}", person.say(Sheet::Recorded)));
    assert!(confirmed(kinds()));
}

#[test]
fn an_analyst_enters_a_result_and_finds_a_failure_with_those_before_it() {
    let browser = Browser::start();
    for language in [Language::En, Language::Ja] {
        let centre = Centre::open();
        let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Filled);
        centre.hours(2);
        let test = course.test("VIABILITY")["title"][language.tag()].as_str().unwrap().to_string();
        let label = course.view()["label"].as_str().unwrap().to_string();
        let analyst = centre.analyst().account();
        let person = browser.person(&centre, analyst, Device::Desktop, language, Theme::Light);
        let sample = course.result_form("VIABILITY")["sample"].clone();
        let told =
            format!("{}: {}", person.say(Sheet::Recorded), words::action(language, "batch.testing.result"));
        let enter_is = match language {
            Language::En => format!("Enter result: {test} (test sample {sample})"),
            Language::Ja => format!("試験結果を入力する：{test}（検体 {sample}）"),
        };
        let enter = |value: &str| {
            person.begins("entering a result").open("/").tap(&enter_is).see(person.say(Quality::Earlier));
            person
                .enter(person.say(Quality::Value), value)
                .tap(person.say(Ui::Record))
                .see(&told)
                .took_at_most(3);
        };
        enter("61.4");
        // It failed: from the list of failures the result is found with its value and where it stands.
        person.open("/quality").see(person.say(Quality::Failures));
        course.enter("VIABILITY", json!({ "values": ["59.8"] }));
        person.begins("finding a failure with those before it").open("/quality").tap(&label);
        person.see("61.4 %").see("59.8 %").see(person.say(Ui::FailureOpen)).took_at_most(1).breaks_no_rule();
        person.open(&format!("/record/batches/{}/result?/sample={sample}&/test=VIABILITY", course.batch));
        person.see(person.say(Quality::Earlier)).see("61.4 %").see("59.8 %").breaks_no_rule();
    }
}
