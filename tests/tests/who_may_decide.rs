//! Who made does not release, a standard changes only for what begins after, and nobody's wish opens the gate.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use stories::{Centre, Course, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

/// Situation 20.
#[test]
fn who_entered_a_result_does_not_release_and_nobody_is_in_both_departments() {
    let centre = Centre::open();
    let recipe = Recipe { unreported: vec!["APPEARANCE"], ..Recipe::of(centre.standard(FRESH)) };
    let mut course = Course::run(&centre, recipe, Step::Tested);
    let technician = format!("/people/{}/role_grant", centre.technician().id());
    let grant = centre.administrator().sign(&technician, json!({ "role": "releaser" }), "role_grant");
    grant.refused(409).only(&["both_departments"]);

    // The releaser helps out and enters a result herself: somebody else verifies it.
    centre.releaser().post(&course.path("result"), course.result_form("APPEARANCE")).ok();
    let result = course.view()["results"].as_array().unwrap().last().unwrap()["no"].as_u64().unwrap();
    course.verify(result).refused(409).only(&["enterer_is_verifier"]);
    let verification = json!({ "result": result });
    centre.second_analyst().sign(&course.path("verification"), verification, "verification").ok();
    course.to(Step::Confirmed);
    assert_eq!(
        course.blockers(course.containers()[0]),
        [] as [&str; 0],
        "nothing is missing but another person"
    );
    course.release(&course.containers()).refused(403).only(&["releaser_has_duty"]);
    let attempts = centre.inspector().get("/attempts").ok();
    assert!(
        attempts["items"][0]["event"].to_string().contains("releaser_has_duty"),
        "{}",
        attempts["items"][0]
    );

    // A deputy, named and signed for by the facility manager, decides in her place.
    let now = centre.now();
    let deputyship = json!({ "role": "releaser", "from": now, "until": now.plus_hours(48), "reason": "the releaser has a duty" });
    let deputy = centre.second_analyst();
    let path = format!("/people/{}/deputyship", deputy.id());
    centre.manager().sign(&path, deputyship, "deputyship").ok();
    let release = json!({ "containers": course.containers(), "decision": "release" });
    deputy.sign(&course.path("deciding"), release, "disposition").ok();
    assert_eq!(course.status(), "released");
    assert_eq!(course.container(course.containers()[0])["decision"]["by"], deputy.id().to_string());
}

/// Situation 21.
#[test]
fn a_standard_revised_in_mid_culture_leaves_the_batch_the_version_it_began_with() {
    let centre = Centre::open();
    let first = centre.standard(FRESH);
    let mut course = Course::run(&centre, Recipe::of(first), Step::Passaged);
    let second = centre.standard_changed(FRESH, |standard| {
        standard["version"] = json!(2);
        let tests = standard["tests"].as_array_mut().unwrap();
        let viability = tests.iter_mut().find(|test| test["code"] == "VIABILITY").unwrap();
        viability["criterion"] = json!({ "at_least": "95" });
    });
    centre.releaser().post(&format!("/standards/{first}/retirement"), json!({ "reason": "version 2" })).ok();

    // 85 % passes under the version pinned, as it did when the batch was begun.
    course.to(Step::Released);
    let view = course.view();
    assert_eq!((&view["standard"]["version"], &view["standard"]["id"]), (&json!(1), &json!(first)));
    let again = centre.standard_read(first);
    assert_eq!((&again["standing"], &again["standard"]["version"]), (&json!("retired"), &json!(1)));

    let mut next = Course::run(&centre, Recipe { pseudonym: "P-002", ..Recipe::of(first) }, Step::Ordered);
    centre.lead().post("/batches", next.opening()).refused(409).only(&["standard_not_approved"]);
    next.recipe.standard = second;
    let batch = centre.lead().post("/batches", next.opening()).made();
    let view = centre.lead().get(&format!("/batches/{batch}")).ok();
    assert_eq!(view["standard"]["version"], 2);
}

/// Situation 23.
#[test]
fn a_physician_who_wants_blocked_cells_is_refused_and_the_request_is_recorded() {
    let centre = Centre::open();
    let mut recipe = Recipe::of(centre.standard(FRESH));
    recipe.results.insert("VIABILITY".into(), json!({ "values": ["61"] }));
    let course = Course::run(&centre, recipe, Step::Confirmed);
    let before = course.blockers(course.containers()[0]);
    assert_eq!(before, ["held", "test_failed"]);

    let request = json!({ "batch": course.batch, "reason": "there is nothing else left for this patient" });
    let path = format!("/orders/{}/urgent_request", course.order);
    let answered = course.physician().post(&path, request).entry("order.urgent_request_answered");
    assert_eq!(course.blockers(course.containers()[0]), before, "a wish changes nothing");
    course.release(&course.containers()).refused(409).names("blocked/test_failed");
    course.physician().post(&course.path("deciding"), json!({})).refused(403);

    // Request and answer stand in the record that an inspector takes away.
    let export = centre.inspector().get(&course.path("export")).ok();
    let entry = export["entries"].as_array().unwrap().iter().find(|entry| entry["id"] == answered).unwrap();
    let payload = STANDARD.decode(entry["payload"].as_str().unwrap()).unwrap();
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    let answer = &payload["event"]["order"]["urgent_request_answered"];
    assert_eq!(answer["blocked_by"], json!(["held", "test_failed"]));
    assert_eq!(answer["reason"], "there is nothing else left for this patient");
}

/// Situation 24, excursion.
#[test]
fn cells_that_travelled_too_warm_are_received_in_doubt_and_not_given() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Shipped);
    course.receiving_check().ok();
    let mut arrival = course.arrival();
    arrival["most_temperature"] = json!("15.5");
    course.coordinator().post(&course.path("receipt"), arrival).ok();
    let first = course.containers()[0];
    assert_eq!(course.container(first)["custody"], json!({ "received": { "good": false } }));
    let [(event, _)] = &course.quality_events()[..] else { panic!("one event") };
    let opened = centre.releaser().get(&format!("/quality_events/{event}")).ok();
    assert_eq!(opened["opening"]["departure"]["kind"], "product_transport");
    course.administration(first, true).refused(409).names("not_received_intact").names("stopped");
    // Declining is always possible.
    course.administration(first, false).ok();
}

/// Situation 24, delay and return.
#[test]
fn cells_delayed_past_their_expiry_go_back_and_are_never_stock_again() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Shipped);
    let bags = course.containers();
    centre.hours(30);
    course.receiving_check().refused(409).only(&["blocked/expired"]);
    let returned = json!({ "containers": course.doses(&bags), "reason": "the flight was cancelled" });
    centre.technician().post(&course.path("return_report"), returned).ok();
    assert_eq!(course.container(bags[0])["custody"], "returned");
    assert!(course.container(bags[0])["decision"]["voided_by"].is_string());
    course.release(&bags).refused(409).names("blocked/not_here").names("blocked/expired");
    let allocation = json!({ "containers": bags, "order": course.order });
    centre.lead().post(&course.path("allocation"), allocation).refused(409).only(&["container_gone"]);
    course.destroy_here(&bags);
    course.surveil();
    centre.releaser().post(&course.path("closing"), json!({})).ok();
}
