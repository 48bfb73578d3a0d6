//! D1, Haack-Sørensen 2018 (Scand J Clin Lab Invest 78:293–300, means): stromal cells cultured in human platelet
//! lysate for 15 days or in fetal bovine serum for 38, replayed day by day.
//!
//! The paper gives 95, 546 and 605 (111 and 119) million cells, and 30 million reloaded. Its doublings, 4.65 and 2.45,
//! follow from about 24.1 and 21.8 million instead: that denominator is stored beside the one actually seeded. Lots,
//! vessels, places and what was seen are fixtures.

use serde_json::{Value, json};
use stories::{Centre, Course, Recipe, Step};

const STANDARD: &str = "crates/domain/tests/fixtures/standards/d1-published-culture.toml";
const FIXTURE: &str = "fixture: not in the paper";

struct Published {
    medium: &'static str,
    /// Millions of cells and days: P0, then P1.
    p0: (&'static str, i64),
    p1: (&'static str, i64),
    /// Millions of cells that the published doublings follow from.
    behind_published: &'static str,
    by_viable_seeded: &'static str,
    published: &'static str,
}

const HPL: Published = Published {
    medium: "human platelet lysate",
    p0: ("546", 9),
    p1: ("605", 6),
    behind_published: "24100000",
    by_viable_seeded: "4.33",
    published: "4.65",
};

const FBS: Published = Published {
    medium: "fetal bovine serum",
    p0: ("111", 17),
    p1: ("119", 21),
    behind_published: "21800000",
    by_viable_seeded: "1.99",
    published: "2.45",
};

/// A published count: one reading of the whole, dead cells not given.
fn counted(millions: &str) -> Value {
    json!({ "method": "not in the paper", "replicates": [{ "live": millions }], "factor": "1000000" })
}

fn vessel(cells: &str) -> Value {
    json!([{ "ware": FIXTURE, "area": "6000", "viable_cells": cells, "incubator": "INC-1", "position": "A" }])
}

/// Days pass one by one: looked at each day, fed each third.
fn grow(course: &Course, days: i64, medium: &str) {
    for day in 1..=days {
        course.centre.days(1);
        let confluence = (95 * day / days).to_string();
        let seen = json!({
            "vessels": course.vessel_labels(), "confluence": confluence, "morphology": FIXTURE, "turbid": false,
        });
        course.bench("observation", "", seen);
        if day % 3 == 0 && day < days {
            let lots = json!([{ "material": medium, "lot": "LOT-1" }]);
            let fed = json!({
                "performed": { "lots": lots }, "vessels": course.vessel_labels(), "volume": "300",
            });
            course.bench("medium_change", "", fed);
        }
    }
}

fn replay(published: &Published) {
    let centre = Centre::open();
    let mut course = Course::run(&centre, Recipe::of(centre.standard(STANDARD)), Step::Received);
    let isolation = json!({
        "method": FIXTURE, "digestion": "45", "count": counted("95"), "into": vessel("95000000"),
    });
    let began = centre.now();
    course.bench("isolation", "isolation", isolation);

    grow(&course, published.p0.1, published.medium);
    let discarded = published.p0.0.parse::<i64>().unwrap() - 30;
    let passage = json!({
        "from": course.vessel_labels(), "enzyme": "5", "count": counted(published.p0.0),
        "into": vessel("30000000"), "discarded_cells": format!("{discarded}000000"),
    });
    course.bench("passage", "passage", passage);

    grow(&course, published.p1.1, published.medium);
    let basis = "back-calculated from the published PD";
    let harvest = json!({
        "vessels": course.vessel_labels(), "enzyme": "5", "count": counted(published.p1.0), "washes": 3,
        "volume": "100", "other_denominator": { "cells": published.behind_published, "basis": basis },
    });
    course.bench("harvest", "harvest", harvest);
    course.took(Step::Harvested);
    let days = centre.now().since(began).num_days();
    assert_eq!(days, published.p0.1 + published.p1.1);

    let view = course.view();
    let growth = &view["vessels"][1]["growth"];
    assert_eq!(growth["formula"], "pd/1, pdt/1");
    assert_eq!(growth["viable_seeded"], "30000000");
    assert_eq!(growth["doublings"], published.by_viable_seeded);
    assert_eq!(growth["other"][0], published.published);
    assert_eq!(growth["other"][1], json!({ "cells": published.behind_published, "basis": basis }));
    assert_eq!(growth["hours"], format!("{}", published.p1.1 * 24));
    assert!(growth["doubling_time"].is_string() && growth["viability"].is_null(), "{growth}");
    assert_eq!(view["harvests"][0]["passage"], 1);
    assert_eq!(view["harvests"][0]["doublings"], published.by_viable_seeded, "P0 does not count here");
    assert_eq!(view["status"], "harvested");
    assert_eq!(view["quality_events"], json!([]), "nothing of the paper departs from its own standard");

    let history = centre.inspector().get(&course.path("history")).ok();
    let of_kind =
        |kind: &str| history["items"].as_array().unwrap().iter().filter(|e| e["kind"] == kind).count();
    assert_eq!(of_kind("batch.culture.observed") as i64, days);
}

#[test]
fn doublings_in_platelet_lysate_follow_from_the_denominator_that_is_stored() {
    replay(&HPL);
}

#[test]
fn doublings_in_bovine_serum_follow_from_the_denominator_that_is_stored() {
    replay(&FBS);
}
