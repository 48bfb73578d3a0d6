//! Several people at once: at one server, and on PostgreSQL at two that share a database. Whatever comes first, nothing
//! is lost and nothing happens twice. What two do against each other is in `races.rs`.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use stories::racing::{at_once, history, on_every_server};
use stories::{Answer, Asking, Course, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

fn hold(who: Asking, course: &Course, reason: &str, key: &str) -> Answer {
    let call = who.call("POST", &course.path("holding")).header("idempotency-key", key);
    call.json(&json!({ "reason": reason })).send()
}

#[test]
fn what_many_record_at_once_is_kept_whole_in_one_order_that_every_server_reads() {
    let (centre, last) = on_every_server();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let before = history(&course, 0).len();
    let mut versions = BTreeSet::new();
    for round in 0..5 {
        let asked = (0..8).map(|number: usize| {
            let who = if number % 4 < 2 { centre.technician() } else { centre.checker() };
            let (who, course) = (who.at(number % 2 * last), &course);
            let reason = format!("doubt-{round}-{number}");
            Box::new(move || hold(who, course, &reason, &reason)) as Box<dyn FnOnce() -> Answer + Send>
        });
        for answer in at_once(asked.collect()) {
            let version = answer.ok()["version"].as_u64().expect("a version");
            assert!(versions.insert(version), "version {version} was given twice");
        }
    }
    let read = history(&course, 0);
    assert_eq!(read.len(), before + 40);
    assert_eq!(read, history(&course, last));
    let reasons: BTreeSet<String> = read.iter().map(ToString::to_string).collect();
    for number in 0..40 {
        let reason = format!("doubt-{}-{}", number / 8, number % 8);
        assert_eq!(reasons.iter().filter(|entry| entry.contains(&reason)).count(), 1, "{reason}");
    }
}

#[test]
fn a_request_sent_to_every_server_at_once_happens_once_and_is_answered_alike() {
    let (centre, last) = on_every_server();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let before = history(&course, 0).len();
    for round in 0..10 {
        let key = format!("doubt-{round:08}");
        let asked = (0..4).map(|number: usize| {
            let (who, course, key) = (centre.technician().at(number % 2 * last), &course, key.clone());
            Box::new(move || hold(who, course, "doubt", &key)) as Box<dyn FnOnce() -> Answer + Send>
        });
        let answers: Vec<Value> = at_once(asked.collect()).into_iter().map(Answer::ok).collect();
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    }
    assert_eq!(history(&course, last).len(), before + 10);
}

#[test]
fn a_release_signed_once_and_sent_to_every_server_at_once_is_one_release_answered_alike() {
    let (centre, last) = on_every_server();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Confirmed);
    for container in course.containers() {
        let releaser = centre.releaser();
        let form = json!({ "containers": [container], "decision": "release" });
        let form = releaser.signed(form, "disposition");
        let version = releaser.version_of(&course.path("deciding"));
        let before = history(&course, 0).len();
        let asked = (0..4).map(|number: usize| {
            let who = releaser.at(number % 2 * last);
            let call = who.call("POST", &course.path("deciding")).header("if-match", &version);
            let call = call.header("idempotency-key", &format!("release-{container:08}")).json(&form);
            Box::new(move || call.send()) as Box<dyn FnOnce() -> Answer + Send>
        });
        let answers: Vec<Value> = at_once(asked.collect()).into_iter().map(Answer::ok).collect();
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
        assert_eq!(history(&course, last).len(), before + 1);
    }
}

#[test]
fn attempts_refused_by_servers_whose_clocks_differ_stay_in_one_order() {
    let (centre, last) = on_every_server();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    for number in 0..10 {
        let form = json!({ "containers": [1], "decision": "release" });
        let who = centre.technician().at(number % 2 * last);
        who.sign(&course.path("deciding"), form, "disposition").refused(403);
    }
    let attempts = centre.inspector().at(last).get("/attempts").ok();
    assert!(attempts["items"].as_array().is_some_and(|items| items.len() >= 10), "{attempts}");
}
