//! `docs/inspector/refusals.md`: every rule that can refuse, in the words that people read. The samples have one of each,
//! so that a rule without a line does not compile; `BAIYO_WRITE_REFUSALS=1` writes the page anew.

use super::name;
use super::samples::{blockers, faults, reasons, standard};
use crate::words::{Context, Language, blocker, reason_in, standard_fault};
use chrono_tz::Tz::Asia__Tokyo;
use serde::Serialize;
use serde_json::Value;
use std::path::Path;

const HEAD: &str = "# Why something is refused

Written from the code, never by hand. Each line is one rule: the code that the API answers (`reasons[].code`), and what people
read. Names, numbers and times stand for those of the case. A refusal names every rule that is not met, not the first one;
a value that is no value of its field is refused before, by a sentence that names the field.

";

#[test]
fn the_page_of_refusals_says_what_the_product_says() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/inspector/refusals.md");
    let page = page();
    if std::env::var_os("BAIYO_WRITE_REFUSALS").is_some() {
        std::fs::write(&kept, &page).unwrap();
    }
    assert_eq!(page, std::fs::read_to_string(kept).unwrap(), "write it anew with BAIYO_WRITE_REFUSALS=1");
}

fn page() -> String {
    let standard = standard();
    let context = Context::of(&standard, Asia__Tokyo).naming(&name);
    let mut page = String::from(HEAD);
    section(&mut page, "Of anything that is handed in", &reasons(), |lang, one| {
        reason_in(lang, one, &context)
    });
    section(&mut page, "Of a release, and of whatever rests on one: the gate", &blockers(), |lang, one| {
        blocker(lang, one, &context)
    });
    section(&mut page, "Of a product standard", &faults(), |lang, one| standard_fault(lang, *one).into());
    page
}

fn section<T: Serialize>(
    page: &mut String,
    heading: &str,
    rules: &[T],
    say: impl Fn(Language, &T) -> String,
) {
    *page += &format!("## {heading}\n\n| code | English | 日本語 |\n| --- | --- | --- |\n");
    for rule in rules {
        let [english, japanese] = Language::ALL.map(|lang| say(lang, rule).replace('|', "\\|"));
        *page += &format!("| `{}` | {english} | {japanese} |\n", code(rule));
    }
    page.push('\n');
}

fn code(rule: &impl Serialize) -> String {
    let value = serde_json::to_value(rule).unwrap();
    let code = if value.is_string() { Some(&value) } else { value.get("code") };
    code.and_then(Value::as_str).unwrap().to_string()
}
