//! The cells go back to the right person: wrong flasks, two people of one name, a consent withdrawn, a donor who turns
//! out positive.

use serde_json::{Value, json};
use stories::{Centre, Course, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

/// Situation 1.
#[test]
fn another_donors_flask_blocks_the_step_and_holds_both_batches_until_a_second_person_has_looked() {
    let centre = Centre::open();
    let standard = centre.standard(FRESH);
    let course = Course::run(&centre, Recipe::of(standard), Step::Seeded);
    let other = Course::run(&centre, Recipe { pseudonym: "P-002", ..Recipe::of(standard) }, Step::Seeded);

    let feeding = json!({ "vessels": [other.in_culture()[0].1], "volume": "200" });
    centre.technician().post(&course.path("medium_change"), feeding).refused(409).only(&["wrong_batch"]);
    for batch in [&course, &other] {
        let view = batch.view();
        assert_eq!(view["status"], "on_hold");
        assert_eq!(view["holds"][0]["cause"], "mismatch");
        let blockers = batch.gate()["blockers"].to_string();
        assert!(blockers.contains("mismatch_open") && blockers.contains("held"), "{blockers}");
        batch.lift(batch.holds()[0]).refused(409).only(&["mismatch_open"]);

        let mismatch =
            json!({ "mismatch": view["mismatches"][0]["entry"], "check": "scanned afresh: its own flask" });
        let clear = batch.path("mismatch_clearance");
        centre.technician().post(&clear, mismatch.clone()).refused(409).only(&["second_person_needed"]);
        centre.checker().post(&clear, mismatch).ok();
        batch.lift(batch.holds()[0]).ok();
        assert_eq!(batch.status(), "in_culture");
    }
    let attempts = centre.inspector().get("/attempts").ok();
    let wrong_batch = |item: &&Value| item["event"].to_string().contains("wrong_batch");
    let recorded: Vec<&Value> = attempts["items"].as_array().unwrap().iter().filter(wrong_batch).collect();
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0]["performer"], centre.technician().id().to_string());
    course.change_medium();
}

/// Situation 3.
#[test]
fn two_patients_of_one_name_and_birth_date_are_told_apart_by_what_is_scanned() {
    let centre = Centre::open();
    let standard = centre.standard(FRESH);
    let mut course = Course::run(&centre, Recipe::of(standard), Step::Instructed);
    // The same name, birth date, clinic, and even what staff call them.
    let namesake = Course::run(&centre, Recipe::of(standard), Step::Ordered);
    let person = |course: &Course| {
        let path = format!("/orders/{}/recipient", course.order);
        course.coordinator().get(&path).ok()
    };
    let (one, two) = (person(&course), person(&namesake));
    assert_eq!((&one["name"], &one["birth_date"]), (&two["name"], &two["birth_date"]));
    assert_ne!(one["patient"], two["patient"]);
    assert_ne!(course.order_label(), namesake.order_label());

    let mut tissue = course.tissue();
    tissue["order_label"] = namesake.order_label();
    centre
        .technician()
        .post(&course.path("tissue_receipt"), tissue)
        .refused(409)
        .only(&["identifiers_differ"]);
    let clear = |course: &Course, who: stories::Asking| {
        let view = course.view();
        let open =
            view["mismatches"].as_array().unwrap().iter().find(|m| m["cleared"] == false).unwrap().clone();
        let form = json!({ "mismatch": open["entry"], "check": "compared afresh" });
        who.post(&course.path("mismatch_clearance"), form).ok();
    };
    clear(&course, centre.checker());

    course.to(Step::Decided);
    let first = course.containers()[0];
    let bedside = |wristband: Value| {
        let form = json!({
            "container": course.dose(first), "wristband": wristband, "spoken_identity_fits": true,
            "second_person": course.physician().id(),
        });
        course.coordinator().post(&course.path("bedside_check"), form)
    };
    // Name and birth date, spoken, fit them both: only the wristband tells.
    bedside(namesake.order_label()).refused(409).only(&["identifiers_differ"]);
    bedside(course.order_label()).refused(409).only(&["blocked/mismatch_open"]);
    clear(&course, centre.lead());
    bedside(course.order_label()).ok();
    course.confirm_parts();
    assert_eq!(course.report_infusion(first)["entries"].as_array().map(Vec::len), Some(1), "no departure");
}

#[test]
fn the_check_at_the_bedside_counts_once_the_second_person_has_signed_in_and_said_so() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Decided);
    let [first, second] = course.containers()[..2] else { panic!("two containers") };
    let check = course.bedside_check(first).entry("batch.distribution.bedside_cleared");
    let confirm = course.path("part_confirmation");
    course.coordinator().post(&confirm, json!({ "entry": check })).refused(404);
    let kinds = |done: Value| -> Vec<String> {
        let entries = done["entries"].as_array().unwrap().clone();
        entries.iter().map(|entry| entry["kind"].as_str().unwrap().to_string()).collect()
    };
    // Named, but not asked: what happened is recorded, and is a departure. Confirming afterwards makes no difference.
    let alone = kinds(course.report_infusion(first));
    assert!(alone.contains(&"quality_event.opened_by_fact".to_string()), "{alone:?}");
    assert_eq!(second, course.containers()[1]);
}

#[test]
fn a_clinic_holds_no_other_clinics_culture_with_a_guessed_label_but_a_wrong_bag_wherever_it_should_be() {
    let centre = Centre::open();
    let standard = centre.standard(FRESH);
    let course = Course::run(&centre, Recipe::of(standard), Step::Shipped);
    let theirs =
        Course::run(&centre, Recipe { clinic: 1, pseudonym: "P-9", ..Recipe::of(standard) }, Step::Filled);
    let scan = |label: &Value| {
        course.coordinator().post(&course.path("receiving_check"), json!({ "containers": [label] }))
    };
    let vessel = theirs.view()["vessels"][0]["label"].clone();
    for _ in 0..3 {
        scan(&vessel).refused(409).only(&["wrong_batch"]);
    }
    let open = |course: &Course| course.view()["mismatches"].as_array().unwrap().len();
    assert_eq!((course.holds().len(), open(&course)), (1, 1), "the same scan once more says nothing new");
    assert_eq!((theirs.holds().len(), open(&theirs)), (0, 0), "vessels never travel");

    // A bag that should be at the centre lies in the clinic's box: both are held, and neither clinic reads the
    // other's label.
    let other = theirs.dose(theirs.containers()[0]);
    scan(&other).refused(409).only(&["wrong_batch"]);
    assert_eq!((theirs.holds().len(), open(&theirs)), (1, 1));
    let own = course.view()["label"].as_str().unwrap().to_string();
    for path in ["", "/history", "/gate"] {
        let seen = theirs.coordinator().get(&format!("/batches/{}{path}", theirs.batch)).ok().to_string();
        assert!(!seen.contains(&own), "{path} names another clinic's batch: {seen}");
        let seen = course.coordinator().get(&format!("/batches/{}{path}", course.batch)).ok().to_string();
        assert!(!seen.contains(other.as_str().unwrap()), "{path} names another clinic's container: {seen}");
    }
    assert!(
        centre.releaser().get(&theirs.path("history")).ok().to_string().contains(&own),
        "quality reads both"
    );
}

/// Situation 22, consent.
#[test]
fn a_consent_withdrawn_before_processing_stops_the_batch() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Received);
    let withdrawal = json!({ "withdrawn_at": centre.now(), "remark": "by telephone" });
    course.coordinator().post(&format!("/orders/{}/consent_withdrawal", course.order), withdrawal).ok();
    assert_eq!(course.status(), "on_hold");
    let view = course.view();
    assert_eq!(view["holds"][0]["cause"], "consent_withdrawn");
    assert!(course.gate()["blockers"].to_string().contains("consent_withdrawn"));
    course.lift(course.holds()[0]).refused(409).only(&["no_consent_in_force"]);

    // Given anew, it is in force, and quality may lift the hold.
    course.consent();
    course.lift(course.holds()[0]).ok();
    assert_eq!(course.status(), "tissue_received");
}

/// Situation 22, donor.
#[test]
fn a_donor_who_turns_positive_stops_what_is_already_on_its_way() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Shipped);
    course.screen(&[("hbv", "negative"), ("hcv", "negative"), ("hiv", "positive")]);
    let hold = course.holds()[0];
    assert_eq!(course.view()["holds"][0]["cause"], "donor_positive");
    course.lift(hold).refused(409).only(&["donor_still_positive"]);
    let stops = course.physician().get("/stops").ok();
    assert_eq!(stops["items"].as_array().map(Vec::len), Some(2), "one for each container");
    let refused = course.receiving_check().refused(409);
    refused.names("stopped").names("blocked/donor_positive").names("blocked/held");
}
