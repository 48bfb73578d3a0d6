//! Every form on a page, filled in with whatever hands, scanners and strangers put there: the answer is always a page with
//! everything that was typed and nothing of it at work, and what is refused writes nothing. And every page, opened by every
//! role: it is answered where the table of authority says so, and nowhere else.

use baiyo::api::{FormRoute, form_routes};
use baiyo::pages::{self, Admits};
use baiyo_domain::authority::{Role, may, roles_for};
use baiyo_persistence::engine::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use stories::doors::{due, somebody};
use stories::{Answer, Asking, Centre, Course, Recipe, Step};
use uuid::Uuid;

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";
const FROZEN: &str = "config/standards/adipose-msc-autologous-frozen.toml";
const FORM: &str = "application/x-www-form-urlencoded";

/// What is typed where something else belongs. None of it may come back as anything but text.
const TYPED: [&str; 24] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'; DROP TABLE journal; --",
    "-1",
    "1e999",
    "NaN",
    "１２３．４",
    "0x1F",
    "99999999999999999999999999",
    "0.0000000000000000000000000001",
    "2026-02-30T25:61",
    "99999-12-31T00:00",
    "2026-01-05T09:00",
    "\u{0}",
    "\u{202e}gnp.exe",
    "C1-V-BC-26-000001-001-X",
    "00000000-0000-0000-0000-000000000000",
    "true",
    "[]",
    "{\"a\": 1}",
    "null",
    "\r\nSet-Cookie: x=y",
    "培養　１日目",
    "%00%ff%zz",
];

/// Names that no form of ours sends.
const NAMES: [&str; 8] = [
    "/no_such_field",
    "/into/4294967295/ware",
    "/into/-1/ware",
    "/count/replicates/99999999999999999999/live",
    "",
    "/",
    "/__proto__/a",
    "/signature/meaning",
];

/// The things that forms are about.
struct Things(BTreeMap<&'static str, Uuid>);

impl Things {
    fn of(centre: &Centre) -> Self {
        let course = Course::run(centre, Recipe::of(centre.standard(FRESH)), Step::Filled);
        let report = json!({
            "title": "Spill", "batches": [course.batch],
            "description": "A bottle broke.",
        });
        let event = centre.technician().post("/quality_events", report).made();
        Self(BTreeMap::from([
            ("batches", course.batch),
            ("orders", course.order),
            ("patients", course.patient()),
            ("standards", centre.standard(FROZEN)),
            ("people", centre.checker().id()),
            ("quality_events", event),
        ]))
    }

    /// Where a form is shown and handed in.
    fn address(&self, route: &FormRoute) -> String {
        let collection = route.path.split('/').nth(1).unwrap_or_default();
        let id = self.0.get(collection).copied().unwrap_or_default();
        format!("//record{}", route.path.replace("{id}", &id.to_string()))
    }
}

/// The fields of a page's form, each with what there is to choose in it.
fn fields(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let form = page.split_once("<form class=\"sheet").map_or(page, |(_, rest)| rest);
    let form = form.split("</form>").next().unwrap_or_default();
    let mut fields: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut last = String::new();
    for tag in form.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap_or_default();
        let said = |name: &str| {
            let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
            rest.split('"').next().map(String::from)
        };
        if let Some(name) = said("name") {
            last = name;
            fields.entry(last.clone()).or_default();
        }
        let chosen =
            tag.starts_with("option") || tag.contains("type=\"radio\"") || tag.contains("type=\"hidden\"");
        if let (true, Some(value)) = (chosen, said("value")) {
            fields.entry(last.clone()).or_default().insert(value);
        }
    }
    fields
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn hand_in(who: Asking, address: &str, pairs: &[(String, String)]) -> Answer {
    let body: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    who.call("POST", address).body(body.join("&").into_bytes(), FORM).send()
}

/// How many entries there are, refused attempts apart.
fn written(centre: &Centre) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        entries: i64,
    }
    let count = "SELECT count(*) AS entries FROM journal WHERE stream_kind <> 'attempts'";
    diesel::sql_query(count).get_result::<Count>(&mut centre.database()).expect("a count").entries
}

/// What is wrong with the answer; nothing where it is as it must be.
fn fault(answer: &Answer, typed: &[(String, String)], changed: bool) -> Option<String> {
    let markup = ["<script>alert", "<img src=x", "\"><img"];
    let known = [200, 303, 400, 401, 404, 409, 412, 413, 422, 428, 429];
    let said = |what: &str| {
        Some(format!("{what}: {} {}", answer.status, answer.text.chars().take(300).collect::<String>()))
    };
    if !known.contains(&answer.status) {
        return said("status");
    }
    if answer.status == 303 {
        return (!changed).then(|| "it was recorded and nothing was written".into());
    }
    // A one-time link is shown once, by the answer itself.
    if changed && !(answer.status == 200 && answer.text.contains("/setup#")) {
        return said("refused, and something was written");
    }
    if answer.header("set-cookie").is_some() {
        return said("a header of the sender's making");
    }
    if !answer.text.starts_with("<!DOCTYPE html>") || markup.iter().any(|markup| answer.text.contains(markup))
    {
        return said("no page, or markup of the sender's making");
    }
    // A field that was typed into is there with what was typed, whatever else is wrong.
    let kept = |(name, value): &&(String, String)| {
        name == "/remark" && !value.trim().is_empty() && !answer.text.contains(&escaped(value))
    };
    match typed.iter().find(kept) {
        Some((_, value)) if answer.status == 422 => said(&format!("{value:?} is lost")),
        _ => None,
    }
}

fn escaped(text: &str) -> String {
    text.trim().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[test]
fn whatever_is_typed_into_any_form_is_answered_by_a_page_and_loses_nothing() {
    let centre = Centre::open();
    let things = Things::of(&centre);
    let mut wrong = Vec::new();
    let mut sent = 0;
    let mut refused = 0;
    for (number, route) in form_routes().iter().enumerate() {
        let who = somebody(&centre, *roles_for(&route.action).first().expect("somebody may"));
        let address = things.address(route);
        let shown = who.get(&address);
        if shown.status != 200 {
            wrong.push(format!("{}: shown with {} {}", route.action, shown.status, shown.text));
            continue;
        }
        let fields = fields(&shown.text);
        // Twenty-four times: each field holds each of what is typed once, or something there is to choose.
        for round in 0..TYPED.len() {
            let language = if round % 2 == 0 { "en" } else { "ja" };
            let mut pairs = Vec::new();
            for (place, (name, choices)) in fields.iter().enumerate() {
                let turn = round + place * 7 + number;
                let value = match (name.as_str(), choices.iter().nth(turn % choices.len().max(1))) {
                    // For whom it was drawn: in anybody else's name nothing of it is taken (`switching`).
                    ("shown_to", Some(person)) => person.clone(),
                    // The key is the page's own; without a password nothing is signed.
                    ("once", Some(key)) => key.clone(),
                    ("/signature/password", _) => "not a password of anybody".into(),
                    (_, Some(choice)) if turn % 3 != 0 => choice.clone(),
                    _ => TYPED[turn % TYPED.len()].to_string(),
                };
                pairs.push((name.clone(), value));
            }
            let strange = NAMES[(round + number) % NAMES.len()];
            pairs.push((strange.into(), TYPED[round].into()));
            let before = written(&centre);
            let answer = hand_in(who.in_language(language), &address, &pairs);
            sent += 1;
            refused += usize::from(answer.status == 422);
            if let Some(fault) = fault(&answer, &pairs, written(&centre) != before) {
                wrong.push(format!("{} {round} {pairs:?}: {fault}", route.action));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {sent}:\n{}", wrong.len(), wrong[..wrong.len().min(10)].join("\n"));
    assert!(sent >= 1500 && refused * 2 > sent, "{sent} sent, {refused} refused for what was typed");
}

#[test]
fn what_is_no_form_at_all_is_answered_by_a_page() {
    let centre = Centre::open();
    let things = Things::of(&centre);
    let technician = centre.technician();
    let route =
        form_routes().into_iter().find(|route| route.action == "batch.culture.medium_change").unwrap();
    let address = things.address(&route);
    let long = format!("/remark={}", "x".repeat(2 << 20));
    // Two thousand characters of Japanese are no large form.
    let japanese = format!("/remark={}", encoded(&"培".repeat(2000)));
    let many = "/vessels=x&".repeat(10_000);
    let bodies: [(&[u8], &str, u16); 8] = [
        (b"", FORM, 422),
        (b"\xff\xfe=\x00", FORM, 422),
        (b"%=%&&&===", FORM, 422),
        (b"{}", "application/json", 422),
        (b"--x--", "multipart/form-data; boundary=x", 422),
        (long.as_bytes(), FORM, 413),
        (many.as_bytes(), FORM, 413),
        (japanese.as_bytes(), FORM, 422),
    ];
    let before = written(&centre);
    for (number, (body, media, status)) in bodies.into_iter().enumerate() {
        let answer = technician.call("POST", &address).body(body.to_vec(), media).send();
        assert!(answer.text.starts_with("<!DOCTYPE html>"), "{number}: {}", answer.text);
        assert_eq!(answer.status, status, "{number}: {}", answer.text);
    }
    for path in
        ["//record", "//record/", "//record/batches/x/y", "//record/batches/%00/medium_change", "//record/x"]
    {
        for method in ["GET", "POST"] {
            assert_eq!(
                technician.call(method, path).body(Vec::new(), FORM).send().status,
                404,
                "{method} {path}"
            );
        }
    }
    assert_eq!(written(&centre), before);
}

#[test]
fn what_waited_for_the_connection_and_has_a_fault_is_shown_again_in_the_sites_own_time() {
    let centre = Centre::open();
    let things = Things::of(&centre);
    let address = format!("//record/batches/{}/medium_change", things.0["batches"]);
    let pairs =
        [("waited", "600"), ("/volume", "a lot")].map(|(name, value)| (name.to_string(), value.to_string()));
    let answer = hand_in(centre.technician(), &address, &pairs);
    assert_eq!(answer.status, 422);
    let handed_in = centre.now().plus(chrono::TimeDelta::seconds(-600)).utc();
    let there = handed_in.with_timezone(&chrono_tz::Asia::Tokyo).format("%Y-%m-%dT%H:%M").to_string();
    let field = answer.text.split("name=\"/performed/at\"").nth(1).unwrap_or_default();
    let value = field.split("value=\"").nth(1).unwrap_or_default().split('"').next().unwrap_or_default();
    assert!(value.starts_with(&there), "{value} instead of {there}");
}

/// Where a page leads without showing anything, or what is asked of it is not whether a role may look.
const OTHER: [&str; 19] = [
    "/sign-in/code",
    "/clinic/scan",
    "/healthz",
    "/readyz",
    "/favicon.ico",
    "/assets/{name}",
    "/sign-in",
    "/switch",
    "/setup",
    "/live",
    "/find",
    "/record/{collection}",
    "/record/{collection}/{form}",
    "/record/{collection}/{id}/{form}",
    "/records/{id}",
    "/records/{id}/file",
    "/access/{name}",
    "/language/{tag}",
    "/theme/{name}",
];

/// The pages that show something.
fn shown() -> impl Iterator<Item = (&'static str, Admits)> {
    let pages = pages::all().into_iter().filter(|page| page.method == "GET" && !OTHER.contains(&page.path));
    pages.map(|page| (page.path, page.admits))
}

#[test]
fn every_role_opens_the_pages_that_the_table_of_authority_gives_it_and_no_other() {
    let centre = Centre::open();
    let things = Things::of(&centre);
    let vessel = centre.technician().get(&format!("/batches/{}", things.0["batches"])).ok();
    let vessel = vessel["vessels"][0]["label"].as_str().expect("a label").to_string();
    let filled = |path: &str| {
        let collection = path.split('/').nth(1).unwrap_or_default();
        let id = things.0.get(collection).copied().unwrap_or_default().to_string();
        format!("/{}", path.replace("{id}", &id).replace("{label}", &vessel))
    };
    let forms = form_routes();
    let pages = shown().map(|(path, admits)| {
        (path, filled(path), Box::new(move |role| due(admits, role)) as Box<dyn Fn(Role) -> u16>)
    });
    let forms_too = forms.iter().map(|form| {
        let allowed = move |role: Role| if may(&[role], &form.action) { 200u16 } else { 403 };
        ("", things.address(form), Box::new(allowed) as Box<dyn Fn(Role) -> u16>)
    });
    let mut wrong = Vec::new();
    let mut cases = 0;
    for (path, address, due) in pages.chain(forms_too) {
        // At most sixty attempts of one person are recorded within a minute.
        centre.minutes(1);
        for role in Role::ALL {
            let (status, due) = (somebody(&centre, role).get(&address).status, due(role));
            cases += 1;
            if status != due {
                wrong.push(format!("{address} as {role:?}: {status} instead of {due}"));
            }
        }
        let asked = centre.stranger().get(&address).status;
        if asked != if path == "/documentation" { 200 } else { 303 } {
            wrong.push(format!("{address} as nobody: {asked}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {cases}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases >= 800, "{cases}");

    // What belongs to another clinic is not there, in whatever page or form.
    let own = ["batches", "orders", "patients"].map(|kind| things.0[kind].to_string());
    for role in [Role::Coordinator, Role::Physician] {
        let other = centre.of_clinic(role, 1);
        let pages = shown().map(|(path, _)| filled(path));
        let forms = forms.iter().filter(|form| roles_for(&form.action).contains(&role));
        for address in pages.chain(forms.map(|form| things.address(form))) {
            if own.iter().any(|id| address.contains(id)) {
                let answer = other.get(&address);
                assert!([403, 404].contains(&answer.status), "{address} as {role:?}: {}", answer.status);
                assert!(!answer.text.contains("P-001"), "{address}");
            }
        }
    }
}
