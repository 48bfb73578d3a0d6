//! Blank, *not applicable* with a reason and 0: handed in as JSON and on pages, and told apart wherever they are read.

use serde_json::{Value, json};
use stories::{Answer, Browser, Centre, Course, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";
const TEST: &str = "MYCOPLASMA";

/// What a page says of one entry.
fn part(page: &str, version: &Value) -> String {
    let whole = page.split(&format!("id=\"entry-{version}\"")).nth(1).expect("the entry");
    whole.split("id=\"entry-").next().unwrap_or_default().to_string()
}

fn item(centre: &Centre, course: &Course, entry: &str) -> Value {
    let history = centre.inspector().get(&format!("/batches/{}/history", course.batch)).ok();
    let items = history["items"].as_array().expect("entries");
    items.iter().find(|item| item["entry"] == entry).expect("the entry").clone()
}

#[test]
fn blank_not_applicable_and_nought_are_told_apart_on_pages_as_json_and_in_the_table() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let change = |bench: Value| {
        let form =
            json!({ "vessels": course.vessel_labels(), "volume": "12", "performed": { "bench": bench } });
        centre.technician().post(&course.path("medium_change"), form).entry("batch.culture.medium_changed")
    };
    let reason = json!({ "not_applicable": { "minutes_outside": "fed where it stands" } });
    let entries = [json!({}), reason.clone(), json!({ "minutes_outside": "0" })].map(change);
    let items = entries.each_ref().map(|entry| item(&centre, &course, entry));
    let bench =
        |item: &Value| item["event"]["batch"]["culture"]["medium_changed"]["performed"]["bench"].clone();
    assert_eq!(items.each_ref().map(bench), [json!({}), reason, json!({ "minutes_outside": "0" })]);

    let table = centre.inspector().get(&format!("//batches/{}/history.csv", course.batch)).text;
    let rows = entries.each_ref().map(|entry| table.lines().find(|line| line.contains(entry)).unwrap());
    for (language, said, nought) in [
        (
            "en",
            "Minutes outside the incubator – not applicable: fed where it stands",
            "Minutes outside the incubator: 0",
        ),
        ("ja", "インキュベーター外の時間 – 該当なし：fed where it stands", "インキュベーター外の時間: 0"),
    ] {
        let inspector = centre.inspector().in_language(language);
        let [history, record] =
            ["", "/record"].map(|page| inspector.get(&format!("//batches/{}{page}", course.batch)).text);
        let found = items.each_ref().map(|item| {
            let [history, record] = [&history, &record].map(|page| part(page, &item["version"]));
            (history.contains(said), record.contains(said), record.contains(nought))
        });
        assert_eq!(found, [(false, false, false), (true, true, false), (false, false, true)]);
    }
    let said = "Minutes outside the incubator – not applicable: fed where it stands";
    let in_rows = rows.map(|row| (row.contains(said), row.contains("\"\"minutes_outside\"\":\"\"0\"\"")));
    assert_eq!(in_rows, [(false, false), (true, false), (false, true)]);
}

#[test]
fn a_reason_stands_in_sight_on_a_page_that_folds_it_away() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let technician = centre.technician().account().clone();
    let browser = Browser::new(&centre);
    browser.sign_in(&technician.sign_in, &technician.password).ok();
    let folds = ["When, by whom, with what", "Not applicable: When, by whom, with what"];
    let label = course.vessel_labels()[0].clone();
    let page = format!("//record{}?/vessels={}", course.path("medium_change"), label.as_str().unwrap());
    let open = |typed: &str| {
        let page = browser.get(&format!("{page}{typed}")).text;
        folds.map(|fold| {
            let summary = page.find(&format!("<summary>{fold}")).expect("the fold");
            page[..summary].ends_with(" open>")
        })
    };
    assert_eq!(open(""), [false, false]);
    assert_eq!(open("&/performed/not_applicable/room=the+same+room"), [true, true]);
}

/// A result as the analyst fills it in on its page.
fn fill_in(page: &Browser, centre: &Centre, course: &Course, sample: u64, more: &[(&str, &str)]) -> Answer {
    let method = course.result_form(TEST)["method"].as_str().expect("a method").to_string();
    let (sample, analyst) = (sample.to_string(), centre.analyst().id().to_string());
    let fields = [
        ("/sample", sample.as_str()),
        ("/test", TEST),
        ("/method", &method),
        ("reading-0", "negative"),
        ("/controls/positive", "as_expected"),
        ("/controls/negative", "as_expected"),
        ("shown_to", &analyst),
    ];
    page.fill_in(&format!("//record{}", course.path("result")), &[&fields[..], more].concat())
}

#[test]
fn a_field_of_a_result_that_does_not_apply_is_said_so_on_its_page_and_never_with_a_value() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let subjects = json!([{ "vessel": course.in_culture()[0].0 }]);
    let sample = course.sample_for(subjects, &[json!(TEST)]);
    let analyst = centre.analyst().account().clone();
    let browser = Browser::new(&centre);
    browser.sign_in(&analyst.sign_in, &analyst.password).ok();
    let shown = browser.get(&format!("//record{}?/sample={sample}&/test={TEST}", course.path("result"))).text;
    // Folded away, a field for each, without a script.
    let folded = shown
        .split("<details class=\"entry-head\"><summary>Not applicable: Enter a result</summary>")
        .nth(1)
        .unwrap();
    for field in ["instrument", "kit_lot", "controls", "inoculated_at", "report"] {
        assert!(folded.contains(&format!("name=\"/not_applicable/{field}\"")), "{field}");
    }
    assert!(folded.contains("Not applicable: Kit lot"), "each is called by its own name");
    // Both at once: both fields are named, nothing is recorded, and what was typed stays, unfolded.
    let version = centre.inspector().version_of(&course.path("result"));
    let both = [("/kit_lot", "KIT-7"), ("/not_applicable/kit_lot", "read by eye")];
    let refused = fill_in(&browser, &centre, &course, sample, &both);
    assert_eq!(refused.status, 422, "{}", refused.text);
    for field in ["/kit_lot", "/not_applicable/kit_lot"] {
        assert!(refused.text.contains(&format!("href=\"#{field}\"")), "{field}");
        assert!(refused.text.contains(&format!("id=\"{field}-fault\"")), "{field}");
    }
    assert!(refused.text.contains("<details class=\"entry-head\" open"));
    let mut form = course.result_form(TEST);
    form["not_applicable"] = json!({ "kit_lot": "read by eye" });
    let refused = centre.analyst().in_language("ja").post(&course.path("result"), form).refused(422);
    let named: Vec<&Value> = refused.reasons.iter().map(|reason| &reason["pointer"]).collect();
    assert_eq!(named, [&json!("/kit_lot"), &json!("/not_applicable/kit_lot")]);
    assert!(refused.reasons[0]["sentence"].as_str().unwrap().contains("該当なし"));
    assert_eq!(centre.inspector().version_of(&course.path("result")), version);

    // The reason alone; instrument and report are left blank.
    let done = fill_in(&browser, &centre, &course, sample, &[("/not_applicable/kit_lot", "read by eye")]);
    assert_eq!(done.status, 303, "{}", done.text);
    let result = course.view()["results"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(result["form"]["not_applicable"], json!({ "kit_lot": "read by eye" }));
    assert!(result["form"].get("kit_lot").is_none() && result["form"].get("instrument").is_none());
    let no = &result["no"];
    let judged = |language: &str| {
        let releaser = centre.releaser().in_language(language);
        releaser.get(&format!("//record{}?/result={no}", course.path("verification"))).text
    };
    let (en, ja) = (judged("en"), judged("ja"));
    assert!(en.contains("<dt>Kit lot</dt><dd>not applicable: read by eye</dd>"), "{en}");
    assert!(en.contains("<dt>Instrument</dt><dd><span class=\"muted\">–</span></dd>"), "{en}");
    assert!(ja.contains("該当なし：read by eye"), "{ja}");

    // Corrected to a value: what was said stays readable beside it.
    let mut right = result["form"].clone();
    right["kit_lot"] = json!("KIT-8");
    let correction = |replacement: &Value| {
        let replacement = json!({ "testing": { "result": replacement } });
        json!({ "entry": result["entry"], "reason": "a kit was used", "replacement": replacement })
    };
    let path = course.path("correction");
    let refused = centre.analyst().post_seen(&path, correction(&right)).refused(422);
    refused.only(&["given_and_not_applicable"]);
    assert_eq!(refused.reasons[1]["pointer"], "/replacement/testing/result/not_applicable/kit_lot");
    right.as_object_mut().unwrap().remove("not_applicable");
    centre.analyst().post_seen(&path, correction(&right)).ok();
    let entry = item(&centre, &course, result["entry"].as_str().unwrap());
    let history = centre.inspector().get(&format!("//batches/{}", course.batch)).text;
    assert!(part(&history, &entry["version"]).contains("Kit lot – not applicable: read by eye"));
    assert!(judged("en").contains("<dt>Kit lot</dt><dd>KIT-8</dd>"));
}
