//! A signature shows who signed, when, as what and over which version, wherever the record is read: on the page, in print,
//! as JSON and as a table for a spreadsheet. Where a correction voids it, each of them says so.

use serde_json::{Value, json};
use stories::{Answer, Centre, Course, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

/// The fields of a table's row; none of those that are read here holds a comma or a quotation mark.
fn rows(table: &str) -> Vec<Vec<String>> {
    let lines = table.trim_start_matches('\u{feff}').split("\r\n").filter(|line| !line.is_empty());
    lines.map(|line| line.split(',').map(String::from).collect()).collect()
}

/// What stands between the beginning of an entry on a page and the beginning of the next.
fn entry_on(page: &Answer, version: u64) -> &str {
    let from = page.text.split(&format!("id=\"entry-{version}\"")).nth(1).expect("the entry is on the page");
    from.split("id=\"entry-").next().unwrap_or_default()
}

#[test]
fn a_signature_is_shown_whole_everywhere_and_as_void_once_a_correction_voids_it() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Released);
    let inspector = centre.inspector();
    let signed = || {
        let history = inspector.get(&course.path("history")).ok();
        let items = history["items"].as_array().unwrap().clone();
        items.into_iter().filter(|entry| !entry["signature"].is_null()).collect::<Vec<Value>>()
    };
    let before = signed();
    assert!(before.len() >= 10, "instruction, verifications, confirmations, release: {}", before.len());
    let page = |path: &str| inspector.get(&format!("//batches/{}{path}", course.batch));
    let columns =
        |table: &[Vec<String>], name: &str| table[0].iter().position(|column| column == name).unwrap();
    let compare = |entries: &[Value]| {
        let (screen, print, table) = (page(""), page("/record"), page("/history.csv"));
        assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
        assert!(table.header("content-disposition").unwrap().starts_with("attachment"));
        let table = rows(&table.text);
        let in_print = print.text.split("id=\"signatures\"").nth(1).expect("the signed entries");
        for entry in entries {
            let signature = &entry["signature"];
            let (name, meaning) =
                (signature["name"].as_str().unwrap(), signature["meaning"].as_str().unwrap());
            let version = entry["version"].as_u64().unwrap();
            let shown = entry_on(&screen, version);
            assert!(shown.contains(name) && shown.contains("Meaning"), "{version}: {shown}");
            let at = signature["at"].as_str().unwrap();
            let second = at.trim_end_matches('Z');
            assert!(shown.contains(&format!("datetime=\"{second}")), "{version} at {at}: {shown}");
            assert!(
                in_print.contains(&format!("<td class=\"number\">{version}</td><td>{name}</td>")),
                "{version}"
            );
            assert!(in_print.contains(&format!("datetime=\"{second}")), "{version} at {at}");
            let row = table.iter().find(|row| row[0] == version.to_string()).unwrap();
            let cell = |name: &str| row[columns(&table, name)].as_str();
            assert_eq!((cell("signed_by"), cell("meaning")), (name, meaning));
            assert!(cell("signed_at").starts_with(second), "{} and {at}", cell("signed_at"));
            assert_eq!(cell("hash"), entry["hash"].as_str().unwrap(), "the version that was signed");
            let void = !signature["voided_by"].is_null();
            assert_eq!(shown.contains("No longer in force"), void, "{version} on the page: {shown}");
            assert_eq!(!cell("signature_voided_by_version").is_empty(), void, "{version} in the table");
            let printed = entry_on(&print, version);
            assert_eq!(printed.contains("No longer in force"), void, "{version} in print: {printed}");
        }
    };
    assert!(before.iter().all(|entry| entry["signature"]["voided_by"].is_null()));
    compare(&before);

    let view = course.view();
    let viability = view["results"]
        .as_array()
        .unwrap()
        .iter()
        .find(|result| result["form"]["test"] == "VIABILITY")
        .unwrap();
    let mut right = viability["form"].clone();
    right["values"] = json!(["91.5"]);
    let replacement = json!({ "testing": { "result": right } });
    let correction = json!({ "entry": viability["entry"], "reason": "the digits were exchanged", "replacement": replacement });
    let by = centre
        .analyst()
        .post_seen(&course.path("correction"), correction)
        .entry("batch.disposition.corrected");
    let after = signed();
    compare(&after);
    let voided: Vec<&Value> =
        after.iter().filter(|entry| entry["signature"]["voided_by"] == json!(by)).collect();
    let kinds: Vec<&str> = voided.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "batch.testing.result_verified",
            "batch.disposition.manufacturing_confirmed",
            "batch.disposition.quality_confirmed",
            "batch.disposition.decided"
        ],
        "what covers the value that was corrected, and nothing else"
    );
}
