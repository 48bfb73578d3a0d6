//! A list that nobody changed is not read again: whoever has its tag is told so. Beside PostgreSQL other servers write
//! too, and no answer has a tag.

use baiyo_domain::time::Time;
use chrono::TimeDelta;
use serde_json::{Value, json};
use stories::{Answer, Asking, Centre, Course, Recipe, Step, engine};
use uuid::Uuid;

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

/// Asks again for what was answered with a tag; on PostgreSQL there is none, and all is read.
fn again(who: Asking, path: &str, tag: &str) -> Answer {
    who.call("GET", path).header("if-none-match", tag).send()
}

fn tag_of(answer: &Answer) -> String {
    answer.header("etag").unwrap_or_else(|| panic!("no tag: {answer:?}")).to_string()
}

fn is_unchanged(answer: &Answer, tag: &str) {
    assert_eq!((answer.status, answer.text.as_str()), (304, ""));
    assert_eq!(answer.header("etag"), Some(tag));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

fn board(centre: &Centre) -> Course<'_> {
    Course::run(centre, Recipe::of(centre.standard(FRESH)), Step::Opened)
}

#[test]
fn beside_other_servers_no_answer_has_a_tag_and_alone_every_list_has_one() {
    let centre = Centre::open();
    let course = board(&centre);
    let history = format!("/batches/{}/history", course.batch);
    for path in ["/batches", "/orders", "/people", "/standards", "/stops", "/clinics", history.as_str()] {
        let first = centre.inspector().get(path);
        assert_eq!(first.header("etag").is_some(), !engine::is_postgres(), "{path}");
        assert_eq!(first.header("cache-control"), Some("no-store"));
        if let Some(tag) = first.header("etag") {
            is_unchanged(&again(centre.inspector(), path, tag), tag);
            let opaque = tag.strip_prefix("W/").expect("it promises no bytes");
            is_unchanged(&again(centre.inspector(), path, &format!("\"other\", {opaque}")), tag);
        }
    }
}

#[test]
fn whatever_anybody_records_changes_the_tag() {
    let centre = Centre::open();
    let mut course = board(&centre);
    if engine::is_postgres() {
        return assert_eq!(centre.inspector().get("/batches").header("etag"), None);
    }
    let instruct = |course: &mut Course| {
        course.to(Step::Instructed);
    };
    let refused = |_: &mut Course| {
        centre.technician().get("/attempts").refused(403);
    };
    let signed_in = |_: &mut Course| {
        let technician = centre.technician().account();
        let form = json!({ "sign_in": technician.sign_in, "password": technician.password });
        centre.stranger().post("/session", form).ok();
    };
    let writes: [&dyn Fn(&mut Course); 3] = [&instruct, &refused, &signed_in];
    for write in writes {
        let tag = tag_of(&centre.inspector().get("/batches"));
        is_unchanged(&again(centre.inspector(), "/batches", &tag), &tag);
        write(&mut course);
        let new = again(centre.inspector(), "/batches", &tag);
        assert_eq!(new.status, 200);
        assert_ne!(tag_of(&new), tag);
    }
    let items = centre.inspector().get("/batches").ok()["items"].clone();
    assert_eq!(items[0]["status"], "instructed");
}

#[test]
fn a_tag_serves_one_person_at_one_address_until_the_server_is_started_again() {
    let mut centre = Centre::open();
    board(&centre);
    if engine::is_postgres() {
        return assert_eq!(centre.inspector().get("/batches").header("etag"), None);
    }
    let tag = tag_of(&centre.inspector().get("/batches"));
    let elsewhere = [
        (centre.releaser(), "/batches"),
        (centre.coordinator(), "/batches"),
        (centre.of_clinic(baiyo_domain::authority::Role::Coordinator, 1), "/batches"),
        (centre.inspector(), "/batches?status=opened"),
        (centre.inspector(), "/orders"),
        (centre.inspector().in_language("ja"), "/batches"),
    ];
    for (who, path) in elsewhere {
        let answer = again(who, path, &tag);
        assert_eq!(answer.status, 200, "{path}");
        assert_ne!(tag_of(&answer), tag);
    }
    for wrong in ["*", "\"\"", "\"-\"", "\"1\"", &tag.replace('-', "-9999999999999999"), &tag[3..], ""] {
        assert_eq!(again(centre.inspector(), "/batches", wrong).status, 200, "{wrong}");
    }
    is_unchanged(&again(centre.inspector(), "/batches", &tag), &tag);
    centre.stop();
    centre.start();
    assert_eq!(again(centre.inspector(), "/batches", &tag).status, 200, "whatever happened meanwhile");
}

#[test]
fn a_session_in_use_changes_no_tag_and_one_that_ended_gets_no_answer_whatever_tag_it_has() {
    let centre = Centre::open();
    board(&centre);
    let releaser = centre.releaser().account();
    let form = json!({ "sign_in": releaser.sign_in, "password": releaser.password });
    let signed_in = centre.stranger().post("/session", form);
    let cookie = signed_in.header("set-cookie").unwrap().split(';').next().unwrap().to_string();
    let own = |method, path| {
        centre.stranger().call(method, path).header("cookie", &cookie).header("sec-fetch-site", "same-origin")
    };
    let first = own("GET", "/batches").send();
    let tag = first.header("etag").unwrap_or("\"none\"").to_string();
    let expected = if engine::is_postgres() { 200 } else { 304 };
    for _ in 0..3 {
        // Long enough that its use is noted.
        centre.minutes(2);
        assert_eq!(own("GET", "/batches").header("if-none-match", &tag).send().status, expected);
    }
    own("DELETE", "/session").send().ok();
    own("GET", "/batches").header("if-none-match", &tag).send().refused(401);
    centre.minutes(13 * 60);
    own("GET", "/batches").header("if-none-match", &tag).send().refused(401);
}

#[test]
fn what_expires_by_the_clock_alone_is_told_at_that_microsecond() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Confirmed);
    let expires: Vec<Time> = course.containers().into_iter().map(|no| expiry_of(&course, no)).collect();
    let expires = expires.into_iter().min().unwrap();
    centre.set_clock(expires.plus(TimeDelta::microseconds(-1)));
    let row = |answer: &Answer| -> Value { answer.body["items"][0].clone() };
    let before = centre.inspector().get("/batches");
    assert_eq!(row(&before)["id"], course.batch.to_string());
    assert_eq!(
        (&row(&before)["status"], &row(&before)["blockers"]),
        (&json!("ready_for_decision"), &json!(0))
    );
    let tag = before.header("etag").map(String::from);
    if let Some(tag) = &tag {
        is_unchanged(&again(centre.inspector(), "/batches", tag), tag);
    }
    centre.set_clock(expires);
    let after = again(centre.inspector(), "/batches", tag.as_deref().unwrap_or("\"none\""));
    assert_eq!(after.status, 200);
    assert_ne!(after.header("etag").map(String::from).unwrap_or_default(), tag.unwrap_or("none".into()));
    assert_eq!(row(&after)["status"], "awaiting_confirmation");
    assert_ne!(row(&after)["blockers"], 0);
    // Of itself nothing more happens to it: what was told now stands.
    centre.days(400);
    if let Some(tag) = after.header("etag") {
        let next = again(centre.inspector(), "/batches", tag);
        assert!(next.status == 200 || tag.ends_with("-\""), "{next:?}");
    }
}

fn expiry_of(course: &Course, container: u64) -> Time {
    serde_json::from_value(course.container(container)["expires_at"].clone()).unwrap()
}

#[test]
fn a_single_record_keeps_its_version_as_its_tag() {
    let centre = Centre::open();
    let course = board(&centre);
    let path = format!("/batches/{}", course.batch);
    let version = course.view()["version"].clone();
    let answer = again(centre.inspector(), &path, &format!("\"{version}\""));
    assert_eq!((answer.status, answer.header("etag")), (200, Some(&*format!("\"{version}\""))));
    let _: Uuid = answer.ok()["id"].as_str().unwrap().parse().unwrap();
}
