//! Bad input, as hands, scanners, programs and strangers send it: each is refused with the documented status, the field
//! is named in the reader's language, and nothing is written.

#[path = "bad_input/bodies.rs"]
mod bodies;
#[path = "bad_input/forms.rs"]
mod forms;
#[path = "bad_input/values.rs"]
mod values;

use baiyo_persistence::engine::prelude::*;
use diesel::sql_types::Text;
use forms::{Forms, set};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use stories::{Answer, Asking, Call, Centre, Course, Recipe, Step, api, template_of};

/// One bad input.
pub struct Bad {
    /// What is wrong with it.
    pub name: String,
    /// The form it is sent as.
    pub form: &'static str,
    /// How it differs from the form filled in rightly.
    pub wrong: Wrong,
    /// The documented status.
    pub status: u16,
    /// The field that is named, as a JSON pointer; none where it is no field.
    pub pointer: Option<String>,
}

/// How a request differs from the right one.
pub enum Wrong {
    /// This field holds this value instead.
    Value(String, Value),
    /// This field is missing.
    Missing(String),
    /// The body is another.
    Body(Vec<u8>),
    /// The body is of another type.
    MediaType(&'static str),
    /// It has this header.
    Header(&'static str, String),
    /// It is sent here, as this method.
    Sent(&'static str, &'static str),
}

/// Everything that may not change by a refused request: how many rows the records have.
fn written(centre: &Centre) -> String {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        line: String,
    }
    let counts = "SELECT (SELECT count(*) FROM journal WHERE stream_kind <> 'attempts') || ' ' ||
        (SELECT count(*) FROM idempotency) || ' ' || (SELECT count(*) FROM personal_data) || ' ' ||
        (SELECT count(*) FROM account) || ' ' || (SELECT count(*) FROM session) || ' ' ||
        (SELECT count(*) FROM api_token) || ' ' || (SELECT count(*) FROM batch_row) || ' ' ||
        (SELECT count(*) FROM order_row) AS line";
    diesel::sql_query(counts).get_result::<Line>(&mut centre.database()).expect("the counts").line
}

/// Whether the API's document says that this operation answers with this status.
fn documented(forms: &Forms, bad: &Bad) -> bool {
    let (method, path) = match bad.wrong {
        Wrong::Sent(method, path) => (method, path),
        _ => ("POST", forms.get(bad.form).path.as_str()),
    };
    let operation = &api()["paths"][template_of(path)][method.to_lowercase()];
    operation.is_null() || !operation["responses"][bad.status.to_string()].is_null()
}

fn send(forms: &Forms, bad: &Bad, language: &'static str) -> Answer {
    let form = forms.get(bad.form);
    let asking: Asking = form.asking.in_language(language);
    let whole = form.body.clone();
    let call: Call = asking.call("POST", &form.path);
    match &bad.wrong {
        Wrong::Value(pointer, value) => {
            let mut body = whole;
            set(&mut body, pointer, value.clone());
            call.json(&body).send()
        }
        Wrong::Missing(pointer) => {
            let mut body = whole;
            let (parent, field) = pointer.rsplit_once('/').expect("a field");
            let parent = body.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
            parent.remove(field).expect("a field that is there");
            call.json(&body).send()
        }
        Wrong::Body(bytes) => call.body(bytes.clone(), "application/json").send(),
        Wrong::MediaType(media_type) => call.body(whole.to_string().into_bytes(), media_type).send(),
        Wrong::Header(name, value) => call.json(&whole).header(name, value).send(),
        Wrong::Sent("GET", path) => asking.get(path),
        Wrong::Sent(method, path) => asking.call(method, path).json(&whole).send(),
    }
}

/// What people read of a problem.
fn sentences(problem: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().expect("a sentence").to_string();
    let reasons =
        problem["reasons"].as_array().expect("reasons").iter().map(|reason| text(&reason["sentence"]));
    reasons.chain([text(&problem["title"])]).collect()
}

fn is_japanese(text: &str) -> bool {
    text.chars()
        .any(|c| ('ぁ'..='ん').contains(&c) || ('ァ'..='ヶ').contains(&c) || ('一'..='龠').contains(&c))
}

/// Words by which a parser speaks of itself.
const LEAKS: [&str; 9] = [
    "struct ",
    "enum ",
    "invalid type",
    "invalid value",
    "invalid length",
    "expected ",
    "::",
    "serde",
    "panicked",
];

/// What is wrong with the answers to a bad input; nothing where they are as they must be.
fn faults(bad: &Bad, english: &Answer, japanese: &Answer) -> Vec<String> {
    let mut faults = Vec::new();
    for answer in [english, japanese] {
        if answer.status != bad.status {
            faults.push(format!("status {} instead of {}: {}", answer.status, bad.status, answer.text));
            return faults;
        }
        if answer.header("content-type") != Some("application/problem+json") {
            faults.push(format!("no problem, but {:?}: {}", answer.header("content-type"), answer.text));
            return faults;
        }
        if answer.header("x-released").is_some() || answer.header("set-cookie").is_some() {
            faults.push("a header of the sender's making".into());
        }
        let reasons = answer.body["reasons"].as_array().expect("reasons");
        let named: Vec<&str> = reasons.iter().filter_map(|reason| reason["pointer"].as_str()).collect();
        match &bad.pointer {
            Some(pointer) if named.contains(&pointer.as_str()) => {}
            None if named.is_empty() => {}
            due => faults.push(format!("names {named:?} instead of {due:?}: {}", answer.text)),
        }
    }
    for sentence in sentences(&english.body) {
        if sentence.trim().is_empty()
            || is_japanese(&sentence)
            || LEAKS.iter().any(|leak| sentence.contains(leak))
        {
            faults.push(format!("in English: {sentence:?}"));
        }
    }
    for sentence in sentences(&japanese.body) {
        if !is_japanese(&sentence) || LEAKS.iter().any(|leak| sentence.contains(leak)) {
            faults.push(format!("in Japanese: {sentence:?}"));
        }
    }
    faults
}

#[test]
fn two_hundred_bad_inputs_are_refused_with_the_field_and_nothing_is_written() {
    let centre = Centre::open();
    let forms = Forms::of(&centre);
    let inputs: Vec<Bad> = values::all().into_iter().chain(bodies::all()).collect();
    let names: BTreeSet<&str> = inputs.iter().map(|bad| bad.name.as_str()).collect();
    assert_eq!(names.len(), inputs.len(), "each has a name of its own");
    assert!(inputs.len() >= 200, "{}", inputs.len());
    let mut wrong = Vec::new();
    // For what is his own he signs in first.
    centre.technician().get("/me/sessions").ok();
    for bad in &inputs {
        let before = written(&centre);
        let (english, japanese) = (send(&forms, bad, "en"), send(&forms, bad, "ja"));
        let mut faults = faults(bad, &english, &japanese);
        if !documented(&forms, bad) {
            faults.push(format!("{} is not documented", bad.status));
        }
        if written(&centre) != before {
            faults.push("something was written".into());
        }
        wrong.extend(faults.into_iter().map(|fault| format!("{}: {fault}", bad.name)));
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), inputs.len(), wrong.join("\n"));
    // Without its one fault each form is in order, so that the fault is what was refused.
    for (name, form) in forms.all() {
        let answer = form.asking.post(&form.path, form.body.clone());
        assert!(![400, 413, 415, 422].contains(&answer.status), "{name}: {}", answer.text);
    }
}

/// The form by which the first administrator founds a centre, before there is anybody to sign in.
#[test]
fn a_centre_is_founded_by_a_form_in_order_only() {
    let (centre, token) = Centre::empty();
    let right = json!({
        "token": token, "password": "three quiet herons",
        "centre": { "your_name": "Mori Aki", "name": "Kamogawa Centre", "code": "KAMO" },
    });
    let bad: [(&str, Value, u16, &str); 12] = [
        ("/token", json!("not the link"), 404, ""),
        ("/token", json!(""), 422, "/token"),
        ("/password", json!("short"), 422, "/password"),
        ("/password", json!("admin admin admin"), 422, "/password"),
        ("/password", json!("x".repeat(129)), 422, "/password"),
        ("/password", json!(123_456_789_012_u64), 422, "/password"),
        ("/centre", json!("Kamogawa"), 422, "/centre"),
        ("/centre/code", json!("kamo"), 422, "/centre/code"),
        ("/centre/code", json!("ＫＡＭＯ"), 422, "/centre/code"),
        ("/centre/name", json!(" \u{3000} "), 422, "/centre/name"),
        ("/centre/your_name", json!("Mori\u{202e}Aki"), 422, "/centre/your_name"),
        ("/centre/zone", json!("Asia/Tokyo"), 422, "/centre/zone"),
    ];
    let before = written(&centre);
    for (field, value, status, pointer) in bad {
        let mut form = right.clone();
        set(&mut form, field, value);
        for language in ["en", "ja"] {
            let refused =
                centre.stranger().in_language(language).post("/setup", form.clone()).refused(status);
            let named = refused.reasons.iter().any(|reason| reason["pointer"] == pointer);
            assert!(pointer.is_empty() || named, "{field}: {:?}", refused.reasons);
        }
        assert_eq!(written(&centre), before, "{field}");
    }
    let mut without_centre = right.clone();
    without_centre.as_object_mut().expect("a form").remove("centre");
    let refused = centre.stranger().post("/setup", without_centre).refused(422);
    assert_eq!(refused.reasons[0]["pointer"], "/centre");
    assert_eq!(written(&centre), before);
    centre.stranger().post("/setup", right).ok();
}

#[test]
fn a_status_that_is_none_narrows_the_board_to_nothing_and_is_no_part_of_a_statement() {
    let centre = Centre::open();
    Course::run(
        &centre,
        Recipe::of(centre.standard("config/standards/adipose-msc-autologous-fresh.toml")),
        Step::Received,
    );
    let found = |status: &str| {
        let board = centre.inspector().get(&format!("/batches?status={status}")).ok();
        board["items"].as_array().expect("a page").len()
    };
    assert_eq!(found("tissue_received"), 1);
    for status in ["", "no_such_status", "x'%20OR%20'1'='1", "x'%3B%20DROP%20TABLE%20batch_row%3B--"] {
        assert_eq!(found(status), 0, "{status}");
    }
}
