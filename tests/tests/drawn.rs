//! What is drawn on the server is drawn of the records, for those who may read them.

use serde_json::Value;
use stories::{Asking, Centre, Course, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

/// A page, in the language of whoever reads it.
fn page(reader: Asking, path: &str) -> String {
    let answer = reader.call("GET", &format!("/{path}")).send();
    assert_eq!(answer.status, 200, "{path}");
    assert!(!answer.text.contains("NaN") && !answer.text.contains(" style="), "{path}");
    answer.text
}

fn count(page: &str, of: &str) -> usize {
    page.matches(of).count()
}

#[test]
fn a_batchs_page_draws_its_growth_its_gate_and_its_lineage_and_lights_the_path_of_a_dose() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Filled);
    let path = format!("/batches/{}", course.batch);
    let batch: Value = centre.inspector().get(&path).ok().clone();
    let vessels = batch["vessels"].as_array().map_or(0, Vec::len);
    for language in ["en", "ja"] {
        let shown = page(centre.inspector().in_language(language), &path);
        for id in ["growth-curve", "lineage-picture"] {
            assert_eq!(count(&shown, &format!("<figure class=\"picture\" id=\"{id}\">")), 1, "{id}");
        }
        assert_eq!(count(&shown, "<nav class=\"gate-strip\""), 1);
        assert!(!shown.contains("class=\"edge lit\""));
        assert!(vessels == 0 || (1..=vessels).all(|no| shown.contains(&format!(">V{no}</text>"))));
    }
    let lit = page(centre.inspector(), &format!("{path}?dose=1"));
    assert!(lit.contains("class=\"edge lit\"") && lit.contains("aria-current=\"true\">D1</a>"));
    // The clinic whose patient it is sees the same batch; its own gate and path are its to see.
    assert!(page(centre.coordinator(), &path).contains("id=\"lineage-picture\""));
}

#[test]
fn plan_and_trends_are_the_centres_own() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Passaged);
    let link = format!("href=\"/batches/{}\"", course.batch);
    assert!(
        page(centre.lead(), "/").contains("<figure class=\"picture\" id=\"plan\">"),
        "the lead begins there"
    );
    for reader in [centre.lead(), centre.technician(), centre.inspector()] {
        assert!(page(reader, "/planner").contains(&link));
        assert!(page(reader, "/trends").contains("At least two harvested batches are needed."));
    }
    for clinic in [centre.coordinator(), centre.physician()] {
        for path in ["//planner", "//trends"] {
            assert_eq!(clinic.call("GET", path).send().status, 403, "{path}");
        }
    }
}
