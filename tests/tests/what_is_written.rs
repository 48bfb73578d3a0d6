//! What is written stays: corrections add, late entries carry both times, and the clock never takes anything back.

use baiyo_domain::time::Time;
use serde_json::{Value, json};
use stories::{Centre, Course, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

fn history(course: &Course) -> Vec<Value> {
    course.centre.inspector().get(&course.path("history")).ok()["items"].as_array().unwrap().clone()
}

fn time(value: &Value) -> Time {
    serde_json::from_value(value.clone()).unwrap()
}

#[test]
fn numbers_of_an_unusual_form_are_recorded_with_a_warning_in_words() {
    let centre = Centre::open();
    let place = |number: &str, class: &str, who: stories::Asking| {
        let personal = json!({ "name": "ABE Jun", "birth_date": "1970-01-31" });
        let plan = json!({ "number": number, "class": class });
        let form = json!({ "purpose": "therapy", "pseudonym": "P-7", "plan": plan, "personal": personal });
        who.post("/orders", form)
    };
    let usual = place("PB1234567", "two", centre.coordinator()).ok();
    assert_eq!(usual.get("warnings"), None);
    for (number, class) in [("PB1234567", "three"), ("Ｐ Ｂ 1", "two"), ("計画の番号", "one")] {
        let placed = place(number, class, centre.coordinator()).ok();
        assert_eq!(
            (&placed["warnings"][0]["code"], &placed["warnings"][0]["pointer"]),
            (&json!("plan"), &json!("/plan/number"))
        );
        let order = centre.coordinator().get(&format!("/orders/{}", placed["id"].as_str().unwrap())).ok();
        assert_eq!(order["plan"]["number"], number, "as given");
    }
    let japanese = place("1", "two", centre.coordinator().in_language("ja")).ok();
    assert!(japanese["warnings"][0]["sentence"].as_str().unwrap().contains("計画番号"));
    let clinic = json!({ "name": "Other clinic", "number": "第12号" });
    let registered = centre.administrator().post("/site/clinic_registration", clinic).ok();
    assert_eq!(registered["warnings"][0]["code"], "clinic");
}

#[test]
fn an_address_says_which_methods_it_takes() {
    let centre = Centre::open();
    let releaser = centre.releaser();
    let wrong = releaser.call("DELETE", "/batches").send();
    assert_eq!(wrong.header("allow"), Some("GET, POST"));
    wrong.refused(405);
    releaser.call("PUT", &format!("/batches/{}", uuid::Uuid::now_v7())).send().refused(405);
    releaser.call("DELETE", "/batches/one/two/three").send().refused(404);
}

/// Situation 16.
#[test]
fn a_correction_after_signatures_keeps_the_old_value_and_has_everything_signed_anew() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Released);
    let bags = course.containers();
    let view = course.view();
    let results = view["results"].as_array().unwrap().iter();
    let viability = results.clone().find(|result| result["form"]["test"] == "VIABILITY").unwrap();
    let mut right = viability["form"].clone();
    right["values"] = json!(["91.5"]);
    let correction = |form: &Value| {
        let replacement = json!({ "testing": { "result": form } });
        json!({ "entry": viability["entry"], "reason": "the digits were exchanged", "replacement": replacement })
    };
    let path = course.path("correction");
    centre.analyst().post_seen(&path, correction(&viability["form"])).refused(409).only(&["nothing_changed"]);
    let corrected =
        centre.analyst().post_seen(&path, correction(&right)).entry("batch.disposition.corrected");

    // The old value stays readable, and says by what it was replaced.
    let entries = history(&course);
    let old = entries.iter().find(|entry| entry["entry"] == viability["entry"]).unwrap();
    assert!(old["event"].to_string().contains(r#""values":["85"]"#), "{old}");
    assert_eq!(old["corrected_by"], json!([corrected]));
    let now = course.view();
    let of_now =
        now["results"].as_array().unwrap().iter().find(|result| result["no"] == viability["no"]).unwrap();
    assert_eq!(of_now["form"]["values"], json!(["91.5"]));

    // Verification, both confirmations and the release are void, visibly.
    assert_eq!(of_now["verified_by"], Value::Null);
    assert_eq!(
        (&now["manufacturing_confirmed_by"], &now["quality_confirmed_by"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(now["containers"][0]["decision"]["voided_by"], corrected.as_str());
    assert_eq!(
        course.blockers(bags[0]),
        ["manufacturing_unconfirmed", "quality_unconfirmed", "test_unverified"]
    );
    course.release(&bags).refused(409);
    course.verify(viability["no"].as_u64().unwrap()).ok();
    let mut course = course;
    course.confirm();
    course.release(&bags).ok();
    assert_eq!(course.status(), "released");

    // Decisions themselves are not corrected.
    let decided =
        history(&course).into_iter().find(|entry| entry["kind"] == "batch.disposition.decided").unwrap();
    let mut of_a_decision = correction(&right);
    of_a_decision["entry"] = decided["entry"].clone();
    centre.analyst().post_seen(&path, of_a_decision).refused(409).only(&["not_correctable"]);
}

/// Situation 17.
#[test]
fn an_entry_copied_from_paper_carries_both_times_and_its_reason() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    centre.days(1);
    let done = centre.now().plus_hours(-5);
    let mut form = json!({
        "performed": { "at": done, "checked_by": centre.checker().id() }, "vessels": course.vessel_labels(),
        "volume": "200",
    });
    let path = course.path("medium_change");
    let refused = centre.technician().post(&path, form.clone()).refused(422);
    refused.only(&["late_without_reason"]);
    assert_eq!(refused.reasons[0]["pointer"], "/performed/late_reason");
    form["performed"]["late_reason"] = json!("the network was down from 9 to 15");
    form["performed"]["paper_form"] = json!("DT-0042");
    centre.technician().post(&path, form.clone()).ok();

    let entries = history(&course);
    let late = entries.last().unwrap();
    assert_eq!((time(&late["occurred_at"]), time(&late["recorded_at"])), (done, centre.now()));
    assert!(late["event"].to_string().contains("DT-0042") && late["event"].to_string().contains("network"));
    // Its transcription is checked by the second person's own sign-in.
    assert!(course.gate()["blockers"].to_string().contains("part_unconfirmed"));
    course.confirm_parts();
    assert!(!course.gate()["blockers"].to_string().contains("part_unconfirmed"));

    form["performed"]["at"] = json!(course.view()["vessels"][0]["seeded_at"]);
    form["performed"]["at"] = json!(time(&form["performed"]["at"]).plus_hours(-1));
    centre.technician().post(&path, form).refused(409).only(&["before_its_cause"]);
}

/// Situation 18.
#[test]
fn a_clock_that_jumps_back_orders_nothing_and_signs_nothing() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let newest = time(&history(&course).last().unwrap()["recorded_at"]);
    let right = centre.now();

    centre.set_clock(newest.plus_hours(-3));
    course.change_medium();
    let entries = history(&course);
    let versions: Vec<u64> = entries.iter().map(|entry| entry["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, (1..=entries.len() as u64).collect::<Vec<_>>(), "sequence is the order");
    let times: Vec<Time> = entries.iter().map(|entry| time(&entry["recorded_at"])).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(times.last(), Some(&newest), "never before what is recorded");
    centre.technician().post(&course.path("holding"), json!({ "reason": "the clock is wrong" })).ok();
    course.lift(1).refused(409).only(&["clock_behind"]);

    centre.set_clock(right);
    course.lift(1).ok();

    // A laptop's own zone and summer time say nothing: an instant is an instant.
    let at = serde_json::to_value(right).unwrap();
    let utc = at.as_str().unwrap().strip_suffix('Z').unwrap().split('.').next().unwrap().to_string() + "Z";
    let instant: Time = serde_json::from_value(json!(utc)).unwrap();
    let berlin = instant.utc().with_timezone(&chrono_tz::Europe::Berlin).to_rfc3339();
    assert!(berlin.ends_with("+01:00"));
    let seen = json!({
        "performed": { "at": berlin }, "vessels": course.vessel_labels(), "confluence": "30", "morphology": "round",
        "turbid": false,
    });
    course.bench("observation", "", seen.clone());
    assert_eq!(time(&history(&course).last().unwrap()["occurred_at"]), instant);
    let mut ahead = seen;
    ahead["performed"]["at"] = json!(right.plus_hours(1));
    centre.technician().post(&course.path("observation"), ahead).refused(422).only(&["in_the_future"]);
}

#[test]
fn clinic_staff_correct_what_they_themselves_reported() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Arrived);
    let entries = history(&course);
    let receipt = entries.iter().find(|entry| entry["kind"] == "batch.distribution.received").unwrap();
    let mut right = receipt["event"]["batch"]["distribution"]["received"].clone();
    right["appearance"] = json!("clear, a few clumps");
    let form = |replacement: Value| json!({ "entry": receipt["entry"], "reason": "the clumps were left out", "replacement": replacement });
    let path = course.path("correction");
    let own = form(json!({ "distribution": { "receipt": right } }));
    centre.technician().post_seen(&path, own.clone()).refused(403);
    centre.coordinator().post_seen(&path, own).entry("batch.disposition.corrected");
    assert_eq!(course.container(course.containers()[0])["status"], "received");
}

#[test]
fn the_board_counts_what_has_expired_since_the_last_entry() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Confirmed);
    let row = || {
        let board = centre.releaser().get("/batches").ok();
        let items = board["items"].as_array().unwrap().clone();
        items.into_iter().find(|item| item["id"] == course.batch.to_string()).unwrap()
    };
    assert_eq!((row()["status"].clone(), row()["blockers"].clone()), (json!("ready_for_decision"), json!(0)));
    centre.days(5);
    assert_ne!(row()["status"], "ready_for_decision");
    assert_ne!(row()["blockers"], 0);
}
