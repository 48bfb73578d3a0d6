//! Batches split and pool, are released in part, and give doses months apart.

use serde_json::{Value, json};
use stories::{Centre, Course, Recipe, Step, count};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";
const FROZEN: &str = "config/standards/adipose-msc-autologous-frozen.toml";

/// Situation 12.
#[test]
fn each_flask_and_bag_has_its_own_lineage_and_status() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Passaged);
    let vessels = course.in_culture();
    assert_eq!(vessels.len(), 2);
    // One vessel of the two is positive; each is harvested and filled for itself.
    for (index, (no, label)) in vessels.iter().enumerate() {
        course.sample_for(json!([{ "vessel": no }]), &[json!("MYCOPLASMA")]);
        let values = [["negative"], ["positive"]][index];
        course.enter("MYCOPLASMA", json!({ "values": values }));
        let harvest =
            json!({ "vessels": [label], "enzyme": "5", "count": count("120"), "washes": 3, "volume": "50" });
        course.bench("harvest", "harvest", harvest);
        let bag = json!({ "ware": "bag", "volume": "40", "viable_cells": "100000000" });
        course.bench("fill", "fill", json!({ "harvests": [index + 1], "containers": [bag, bag] }));
    }
    let view = course.view();
    let parents: Vec<&Value> =
        view["vessels"].as_array().unwrap().iter().map(|vessel| &vessel["parents"]).collect();
    assert_eq!(parents[0], &json!(["tissue"]));
    assert_eq!(parents[2], &json!([{ "vessel": 1 }, { "vessel": 2 }]), "detached together");
    let failed = |no| course.blockers(no).contains(&"test_failed".to_string());
    let held = |no| course.blockers(no).contains(&"held".to_string());
    let containers = course.containers();
    assert_eq!(containers.iter().map(|no| failed(*no)).collect::<Vec<_>>(), [false, false, true, true]);
    assert_eq!(containers.iter().map(|no| held(*no)).collect::<Vec<_>>(), [false, false, true, true]);
    course.destroy_here(&containers[2..3]);
    let status = |no: u64| course.container(no)["status"].clone();
    assert_eq!(status(containers[2]), "destroyed");
    assert_eq!(status(containers[3]), "in_house");
}

/// Situation 13.
#[test]
fn donors_are_pooled_only_where_the_standard_allows_and_then_kept_for_thirty_years() {
    let centre = Centre::open();
    let pooling = |code: &str, rule: &str, years: u64| {
        let (code, rule) = (json!(code), json!(rule));
        centre.standard_changed(FRESH, |standard| {
            standard["code"] = code;
            standard["pooling"] = rule;
            standard["retention_years"] = json!(years);
        })
    };
    let pool = |into: &Course, from: &Course| {
        let form = json!({
            "other": from.batch, "theirs": from.vessel_labels(), "ours": into.vessel_labels(), "count": count("60"),
            "into": into.vessels(2), "performed": { "checked_by": centre.checker().id() },
        });
        centre.technician().post(&into.path("pooling"), form)
    };
    let seeded = |standard, pseudonym, patient| {
        Course::run(&centre, Recipe { pseudonym, patient, ..Recipe::of(standard) }, Step::Seeded)
    };

    let same = pooling("POOL-SAME", "same_donor", 10);
    let one = seeded(same, "P-1", None);
    let stranger = seeded(same, "P-2", None);
    let again = seeded(same, "P-1", Some(one.patient()));
    pool(&one, &stranger).refused(409).only(&["pooling_not_allowed"]);
    pool(&one, &again).ok();
    assert_eq!(again.view()["vessels"][0]["state"], "given_away");

    let within = seeded(centre.standard(FRESH), "P-3", Some(one.patient()));
    pool(&within, &one).refused(409).only(&["pooling_not_allowed"]);

    let several = pooling("POOL-SEVERAL", "several_donors", 30);
    let (left, right) = (seeded(several, "P-4", None), seeded(several, "P-5", None));
    pool(&left, &right).ok();
    left.confirm_parts();
    let view = left.view();
    assert_eq!(view["parents"][0]["batch"], right.batch.to_string());
    let pooled = &view["vessels"][2];
    let both = json!([{ "vessel": 1 }, { "vessel": 2 }, { "parent": { "batch": right.batch } }]);
    assert_eq!((&pooled["parents"], &pooled["passage"]), (&both, &json!(1)));
    // What is in doubt there is in doubt here.
    centre.technician().post(&right.path("holding"), json!({ "reason": "doubt about the donor" })).ok();
    assert!(left.gate()["blockers"].to_string().contains("parent_held"));

    let mut short = centre.releaser().get(&format!("/standards/{several}")).ok()["standard"].clone();
    short["retention_years"] = json!(10);
    short["version"] = json!(2);
    let short = centre.analyst().post("/standards", json!({ "standard": short })).made();
    let approval =
        centre.releaser().sign(&format!("/standards/{short}/approval"), json!({}), "standard_approval");
    approval.refused(409).only(&["standard_fault"]);
}

/// Situation 14.
#[test]
fn three_of_five_bags_are_released_and_the_others_decided_on_for_themselves() {
    let centre = Centre::open();
    let recipe = Recipe { containers: 5, dose: ("80000000", "40"), ..Recipe::of(centre.standard(FRESH)) };
    let course = Course::run(&centre, recipe, Step::Confirmed);
    let bags = course.containers();
    centre
        .technician()
        .post(&course.path("holding"), json!({ "containers": [bags[4]], "reason": "a weak seam" }))
        .ok();
    course.release(&bags).refused(409).only(&["blocked/held"]);
    course.release(&bags[..3]).ok();
    assert_eq!(course.status(), "on_hold", "one bag still is");
    course.release(&bags[..1]).refused(409).only(&["already_done"]);
    course.reject(&bags[4..], "the seam leaks").ok();
    course.release(&bags[4..]).refused(409).names("rejected_is_final");
    course.lift(course.holds()[0]).ok();
    assert_eq!(course.status(), "partly_released");
    course.release(&bags[3..4]).ok();
    let decided: Vec<Value> = bags.iter().map(|no| course.container(*no)["status"].clone()).collect();
    assert_eq!(decided, ["released", "released", "released", "released", "rejected"]);
    assert_eq!(course.travelling(), bags[..4]);
}

/// Situation 15.
#[test]
fn a_second_dose_from_frozen_stock_needs_its_own_consent_tests_and_expiry() {
    let centre = Centre::open();
    let recipe = Recipe { containers: 3, ..Recipe::of(centre.standard(FROZEN)) };
    let mut course = Course::run(&centre, recipe, Step::Released);
    let [_, second, third] = course.containers()[..] else { panic!("three containers") };

    centre.days(180);
    course.sent = vec![second];
    let plan = json!({ "number": "PB3190001", "class": "two" });
    let order =
        json!({ "purpose": "therapy", "patient": course.patient(), "pseudonym": "P-001", "plan": plan });
    let made_for = course.order;
    course.order = course.coordinator().post("/orders", order).made();
    course.allocate();
    course.thaw(&[second]);
    course.confirm();
    course.release(&[second]).ok();
    course.pack();
    course.shipping_check().refused(409).only(&["blocked/consent_missing"]);
    course.consent();
    course.shipping_check().ok();
    let read = centre.releaser().get(&format!("/orders/{}", course.order)).ok();
    assert_eq!(read["batches"], json!([course.batch]));
    assert_ne!(course.order, made_for);

    // Two years after it was filled the stock is out of date, whatever it was.
    centre.days(560);
    course.sent = vec![third];
    course.allocate();
    assert!(course.blockers(third).contains(&"expired".to_string()));
    course.pack();
    course.shipping_check().refused(409).names("blocked/expired");
}
