//! Whoever guesses passwords learns of ten in a quarter of an hour, however he goes about it, and keeps nobody out: the
//! rightful person signs in from his own browser meanwhile, and signs. Administrators see it.

use baiyo_domain::time::Time;
use baiyo_persistence::StoreError;
use baiyo_persistence::accounts::{
    Carried, MOST_WRONG, PERIOD, PasswordRefused, RECORDED_A_DAY, Through, stored_secret,
};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use stories::{Browser, Centre, Course, Member, Recipe, Step, engine};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";
const GUESS: &str = "correct horse or so";

/// When wrong passwords of an account were recorded, newest first.
fn recorded(centre: &Centre, member: &Member) -> Vec<Time> {
    let (mut times, mut path) = (Vec::new(), "/attempts".to_string());
    loop {
        let page = centre.administrator().get(&path).ok();
        let wrong = page["items"].as_array().unwrap().iter().filter(|item| {
            item["kind"] == "attempts.wrong_secret" && item["recorder"] == member.id.to_string()
        });
        times.extend(wrong.map(|item| serde_json::from_value::<Time>(item["recorded_at"].clone()).unwrap()));
        let Some(next) = page["next"].as_str() else { return times };
        path = format!("/attempts?after={next}");
    }
}

fn most_within_a_period(mut times: Vec<Time>) -> usize {
    times.sort();
    let within =
        |first: usize| times[first..].iter().take_while(|at| at.since(times[first]) < PERIOD).count();
    (0..times.len()).map(within).max().unwrap_or_default()
}

/// Signs something in a session: approves a standard that waits for it.
fn sign(centre: &Centre, browser: &Browser, member: &Member, standard: Value) {
    let id = centre.analyst().post("/standards", json!({ "standard": standard })).made();
    let path = format!("/standards/{id}/approval");
    let form = json!({ "signature": { "password": member.password, "meaning": "standard_approval" } });
    let signed = browser.call("POST", &path).json(&form).header("if-match", "\"1\"");
    browser.send(signed).ok();
}

/// A standard like one that is there, under another number of its version.
fn standard(centre: &Centre, version: u32) -> Value {
    let mut read = centre.standard_read(centre.standard_changed(FRESH, |standard| {
        standard["version"] = json!(version);
    }));
    let mut standard = read["standard"].take();
    standard["version"] = json!(version + 1000);
    standard
}

#[test]
fn of_a_hundred_thousand_guesses_ten_are_checked_in_any_quarter_of_an_hour() {
    // Another server is asked for each; what it counts is the same.
    let guesses: i64 = if engine::is_postgres() { 20_000 } else { 100_000 };
    let apart = 4 * 3_600_000 / guesses;
    let centre = Centre::open();
    let (releaser, begun) = (centre.releaser().account().clone(), centre.now());
    let his = Browser::new(&centre);
    his.sign_in(&releaser.sign_in, &releaser.password).ok();
    let store = centre.store();
    let guess = || {
        let (now, _) = store.now();
        let secret = store.read(|conn| {
            let through = Through::Browser(Some("invented"));
            Ok::<_, StoreError>(stored_secret(conn, store.keys(), &releaser.sign_in, through, now)?)
        });
        let settled = secret.unwrap().and_then(|secret| {
            let browser = Carried { device: Some("invented".into()), session: None };
            store.sign_in(secret.check(GUESS), None, browser).unwrap().map(drop)
        });
        settled.unwrap_err()
    };
    let mut checked: Vec<Time> = Vec::new();
    let mut hours = 0;
    // Four hours in all.
    for number in 0..guesses {
        centre.set_clock(begun.plus(TimeDelta::milliseconds(number * apart)));
        match guess() {
            PasswordRefused::Wrong => checked.push(centre.now()),
            PasswordRefused::Blocked { until } => assert!(until > centre.now()),
            other => panic!("{other}"),
        }
        if number * apart / 3_600_000 >= hours {
            hours += 1;
            his.sign_in(&releaser.sign_in, &releaser.password).ok();
            sign(&centre, &his, &releaser, standard(&centre, u32::try_from(hours).unwrap() + 10));
        }
    }
    assert_eq!(hours, 4, "the rightful person signed in and signed every hour");
    assert_eq!(checked.len(), 16 * 10);
    assert_eq!(most_within_a_period(checked.clone()), 10);
    // A stranger makes the journal no longer than that, however long he goes on.
    assert_eq!(recorded(&centre, &releaser).len(), usize::try_from(RECORDED_A_DAY).unwrap());
}

#[test]
fn thousands_of_guesses_over_http_keep_the_rightful_person_from_nothing() {
    let centre = Centre::open();
    let releaser = centre.releaser().account().clone();
    let his = Browser::new(&centre);
    his.sign_in(&releaser.sign_in, &releaser.password).ok();
    let mut seen = BTreeSet::new();
    for round in 0..40_u32 {
        for _ in 0..75 {
            let answer = Browser::new(&centre).sign_in(&releaser.sign_in, GUESS);
            seen.insert((answer.status, answer.text.clone()));
        }
        his.sign_in(&releaser.sign_in, &releaser.password).ok();
        // From elsewhere the right one is not told from a wrong one; nor is it from his browser's under another name.
        Browser::new(&centre).sign_in(&releaser.sign_in, &releaser.password).refused(401);
        if round % 10 == 0 {
            sign(&centre, &his, &releaser, standard(&centre, 10 + round));
        }
        centre.minutes(1);
    }
    assert_eq!(seen.len(), 1, "a guesser always reads the same: {seen:?}");
    assert!(most_within_a_period(recorded(&centre, &releaser)) <= 10);
    centre.minutes(15);
    Browser::new(&centre).sign_in(&releaser.sign_in, &releaser.password).ok();
}

#[test]
fn guesses_sent_side_by_side_tell_no_more_than_ten() {
    let centre = Centre::open();
    let (releaser, lead) = (centre.releaser().account(), centre.lead().account());
    // He has the cookie of somebody else's browser, and the names of many that nobody has.
    let others = Browser::new(&centre);
    others.sign_in(&lead.sign_in, &lead.password).ok();
    let stolen = others.cookie("baiyo_device").unwrap();
    std::thread::scope(|threads| {
        for number in 0..6 {
            let (centre, stolen) = (&centre, &stolen);
            threads.spawn(move || {
                for _ in 0..10 {
                    let browser = Browser::new(centre);
                    match number % 3 {
                        0 => browser.put("baiyo_device", stolen),
                        1 => browser.put("baiyo_device", "invented"),
                        _ => {}
                    }
                    browser.sign_in(&releaser.sign_in, GUESS).refused(401).only(&["wrong_password"]);
                }
            });
        }
    });
    assert_eq!(recorded(&centre, releaser).len(), 10);
    let with_it = Browser::new(&centre);
    with_it.put("baiyo_device", &stolen);
    with_it.sign_in(&releaser.sign_in, &releaser.password).refused(401);
    // Its owner has lost nothing, and the thief has nothing once its owner signs in again.
    others.sign_in(&lead.sign_in, &lead.password).ok();
    assert_ne!(others.cookie("baiyo_device").unwrap(), stolen);
}

#[test]
fn a_stranger_reads_and_waits_alike_whether_a_name_exists() {
    let centre = Centre::open();
    let known = &centre.releaser().account().sign_in;
    let mut took = [Vec::new(), Vec::new()];
    for round in 0..30 {
        let mut answers = Vec::new();
        for (times, name) in took.iter_mut().zip([known.as_str(), "nobody.here"]) {
            let begun = Instant::now();
            let answer = Browser::new(&centre).sign_in(name, GUESS);
            times.push((round, begun.elapsed()));
            assert!(answer.headers_named("set-cookie").next().is_none());
            answers.push((
                answer.status,
                answer.text.clone(),
                answer.header("retry-after").map(String::from),
            ));
        }
        assert_eq!(answers[0], answers[1], "round {round}");
    }
    let median = |times: &[(i32, Duration)], looked_at: bool| {
        let mut times: Vec<Duration> =
            times.iter().filter(|(round, _)| (*round < 10) == looked_at).map(|(_, took)| *took).collect();
        times.sort();
        times[times.len() / 2]
    };
    for (looked_at, what) in [(true, "looked at"), (false, "not looked at")] {
        let [known, unknown] = [&took[0], &took[1]].map(|times| median(times, looked_at));
        println!("{what}: a known name {known:?}, an unknown one {unknown:?}");
    }
}

#[test]
fn administrators_see_on_whose_account_somebody_guesses_until_it_is_over() {
    let centre = Centre::open();
    let (releaser, administrator) = (centre.releaser().account().clone(), centre.administrator());
    let page = |path: &str| administrator.call("GET", path).send().text;
    let told = "Wrong passwords in the last 15 minutes";
    let wrong = |name: &str, times: usize| {
        (0..times).for_each(|_| drop(Browser::new(&centre).sign_in(name, GUESS).refused(401)));
    };
    wrong("typed.by.mistake", 8);
    wrong(&releaser.sign_in, 3);
    // One that is wrong to sign counts as well, wherever it is.
    let id = centre.analyst().post("/standards", json!({ "standard": standard(&centre, 20) })).made();
    let signing = |password: &str| {
        let form = json!({ "signature": { "password": password, "meaning": "standard_approval" } });
        centre.releaser().call("POST", &format!("/standards/{id}/approval")).json(&form)
    };
    signing(GUESS).header("if-match", "\"1\"").send().refused(401);
    assert!(!page("//").contains(told), "four are no sign yet");
    wrong(&releaser.sign_in, 1);
    for path in ["//", "//people"] {
        let shown = page(path);
        assert!(
            shown.contains(told) && shown.contains(&format!("/people/{}", releaser.id)),
            "{path}: {shown}"
        );
    }
    assert!(!centre.releaser().call("GET", "//").send().text.contains(told), "administrators alone");
    let attempts = administrator.get("/attempts").text;
    assert_eq!(recorded(&centre, &releaser).len(), 5);
    for secret in [GUESS, "typed.by.mistake", releaser.password.as_str()] {
        assert!(!attempts.contains(secret) && !page("//").contains(secret));
    }
    centre.minutes(15);
    assert!(!page("//").contains(told));
    signing(&releaser.password).header("if-match", "\"1\"").send().ok();
}

#[test]
fn a_strangers_flood_of_wrong_passwords_leaves_a_refused_attempt_in_sight_and_the_journal_short() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Received);
    let form = json!({ "containers": [1], "decision": "release" });
    centre.technician().sign(&course.path("deciding"), form, "disposition").refused(403);
    let review = || centre.releaser().get(&format!("//batches/{}/review", course.batch)).text;
    let told = "Refused attempts on this batch";
    assert!(review().contains(told));
    centre.hold_tokens();
    let (days, people) = (3, centre.people());
    for _ in 0..days {
        for _ in 0..2 {
            for member in people {
                let guess = || Browser::new(&centre).sign_in(&member.sign_in, GUESS).refused(401);
                (0..MOST_WRONG).for_each(|_| drop(guess()));
            }
            centre.minutes(16);
        }
        centre.days(1);
    }
    let a_day = usize::try_from(RECORDED_A_DAY).unwrap();
    for member in people {
        assert_eq!(recorded(&centre, member).len(), days * a_day, "{}", member.sign_in);
    }
    // More than a review looks through, all of them newer.
    assert!(days * a_day * people.len() > 200);
    assert!(review().contains(told));
}
