//! Growth in the fourteen-day culture of a fresh fill, found when the cells have left or are already in the patient.

use serde_json::{Value, json};
use stories::{Centre, Course, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

fn stops(of: stories::Asking) -> Vec<Value> {
    of.get("/stops").ok()["items"].as_array().unwrap().clone()
}

/// Situation 4.
#[test]
fn growth_after_an_infusion_stops_the_sibling_and_opens_a_quality_event_at_once() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Infused);
    let [given, waiting] = course.containers()[..] else { panic!("two containers") };
    centre.days(2);
    // Three days in, long before the culture is over, and before anybody has verified it.
    let result = course.enter("STERILITY-14D", json!({ "values": ["growth"] }));
    let view = course.view();
    assert_eq!(view["results"].as_array().unwrap().last().unwrap()["verdict"], "fail");
    assert!(view["holds"].as_array().unwrap().iter().any(|hold| hold["cause"]["oos"]["result"] == result));

    let [(event, impact)] = &course.quality_events()[..] else { panic!("one event") };
    assert_eq!(impact, &Value::Null);
    let opened = centre.releaser().get(&format!("/quality_events/{event}")).ok();
    assert_eq!(opened["opening"]["departure"]["kind"], "failed_after_administration");
    assert_eq!(opened["opening"]["departure"]["found"], given.to_string());

    let told = stops(course.physician());
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["container"], waiting);
    course.administration(waiting, true).refused(409).names("stopped").names("blocked/test_failed");
    // It stays what it is: nobody closes the batch over it.
    let closing = centre.releaser().post(&course.path("closing"), json!({})).refused(409);
    closing.names("quality_event_still_open").names("containers_unaccounted").names("surveillance_open");

    let conclusion = json!({ "confirmed": { "cause": "Staphylococcus epidermidis, twice" } });
    let investigation = json!({ "result": result, "conclusion": conclusion });
    centre.releaser().sign(&course.path("investigation"), investigation, "investigation_closure").ok();
    let hold = course.holds()[0];
    assert_eq!(course.lift(hold).status, 409, "a confirmed failure stands");
    course.assess(event, "unacceptable").ok();
    let path = format!("/quality_events/{event}/closing");
    centre.releaser().sign(&path, json!({ "conclusion": "reported (O107)" }), "quality_event_closure").ok();
    course.destroy_at_clinic(&[waiting]);
    centre.releaser().post(&course.path("closing"), json!({})).ok();
}

/// Situation 5.
#[test]
fn growth_after_shipping_sends_a_stop_that_the_clinic_must_acknowledge() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Shipped);
    course.enter("STERILITY-14D", json!({ "values": ["growth"] }));

    let told = stops(course.coordinator());
    assert_eq!(told.len(), 2);
    assert_eq!(stops(centre.inspector()).len(), 2);
    assert_eq!(stops(centre.of_clinic(baiyo_domain::authority::Role::Coordinator, 1)), [] as [Value; 0]);
    let first = &course.view()["containers"][0];
    assert_eq!((&first["status"], &first["stops"][0]["acknowledged"]), (&json!("stopped"), &Value::Null));

    course.receiving_check().refused(409).names("stopped").names("blocked/test_failed");
    // What arrives all the same is a fact, and may not be given.
    course.coordinator().post(&course.path("receipt"), course.arrival()).ok();
    course.administration(course.containers()[0], true).refused(409).names("stopped");

    for stop in &told {
        let form = json!({ "stop": stop["entry"] });
        course.coordinator().post(&course.path("stop_acknowledgement"), form.clone()).ok();
        course
            .physician()
            .post(&course.path("stop_acknowledgement"), form)
            .refused(409)
            .only(&["already_done"]);
    }
    assert_eq!(stops(course.coordinator()), [] as [Value; 0]);
    let acknowledged = course.view()["containers"][0]["stops"][0]["acknowledged"].clone();
    assert_eq!(acknowledged[1], course.coordinator().id().to_string());
    assert_eq!(
        course.container(course.containers()[0])["status"],
        "stopped",
        "acknowledged is not taken back"
    );
}
