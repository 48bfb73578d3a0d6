//! What a clinic is answered depends on nothing that another clinic's records say. Two centres that are the same to the
//! byte go on differently for one clinic; then the other one's people ask both of them everything they can, the other
//! clinic's identifiers included, and every answer must be the same to the byte.
//!
//! What is shared on purpose, and so could tell something of the other clinic, stands in [`CHANNELS`] and in
//! `docs/inspector/tenancy.md`; it is left out of what is compared, and nothing else is.

use baiyo::api::form_routes;
use baiyo_domain::authority::{Role, may};
use baiyo_domain::ids::{Label, LabelKind};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use stories::{Answer, Asking, Centre, Course, Recipe, Step};
use uuid::Uuid;

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

/// The channels, and how each is kept out of what is compared.
const CHANNELS: [(&str, &str); 4] = [
    ("serial numbers", "both centres take as many orders after they part"),
    ("the tree", "`/checkpoint` is not asked, and checkpoints are cut out of records and certificates"),
    ("the calendar", "clinics do not see the planner, and are refused it in both"),
    ("experience", "the two clinics order different products"),
];

/// One clinic's things, as they are named in both centres.
#[derive(Clone, Default)]
struct Names {
    batches: Vec<Uuid>,
    orders: Vec<Uuid>,
    patients: Vec<Uuid>,
    people: Vec<Uuid>,
    entries: Vec<String>,
    events: Vec<String>,
    labels: Vec<String>,
}

impl Names {
    fn note(&mut self, course: &Course) {
        self.orders.push(course.order);
        self.patients.push(course.patient());
        self.labels.push(course.order_label().as_str().unwrap().to_string());
        if course.batch.is_nil() {
            return;
        }
        self.batches.push(course.batch);
        let history = course.centre.inspector().get(&course.path("history")).ok();
        let entries = history["items"].as_array().unwrap().iter();
        self.entries.extend(entries.filter_map(|entry| entry["entry"].as_str()).step_by(7).map(String::from));
        let view = course.view();
        self.events.extend(course.quality_events().into_iter().map(|(event, _)| event));
        self.labels.push(view["label"].as_str().unwrap().to_string());
        for list in ["vessels", "containers"] {
            let labels = view[list].as_array().unwrap().iter().filter_map(|part| part["label"].as_str());
            self.labels.extend(labels.take(1).map(String::from));
        }
    }

    /// Names that nobody ever gave.
    fn invented() -> Self {
        let site = "DEMO".to_string().try_into().unwrap();
        let label = |kind, sub: Option<u16>| {
            let label = (777..999).find_map(|serial| Label::new(kind, &site, 26, serial)).unwrap();
            sub.map_or(label.clone(), |no| label.part(kind, no).unwrap()).to_string()
        };
        let id = Uuid::now_v7;
        Self {
            batches: vec![id()],
            orders: vec![id()],
            patients: vec![id()],
            people: vec![id()],
            entries: vec![id().to_string()],
            events: vec![id().to_string()],
            labels: vec![label(LabelKind::Order, None), label(LabelKind::Batch, None)],
        }
    }
}

/// A request, as it is sent to both.
#[derive(Clone)]
struct Ask {
    method: &'static str,
    path: String,
    body: Option<(Vec<u8>, &'static str)>,
    version: Option<String>,
}

fn get(path: impl Into<String>) -> Ask {
    Ask { method: "GET", path: path.into(), body: None, version: None }
}

fn post(path: impl Into<String>, form: &Value) -> Ask {
    let body = Some((form.to_string().into_bytes(), "application/json"));
    Ask { method: "POST", path: path.into(), body, version: None }
}

fn typed(path: impl Into<String>, pairs: &[(&str, &str)]) -> Ask {
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    let body = Some((pairs.join("&").into_bytes(), "application/x-www-form-urlencoded"));
    Ask { method: "POST", path: path.into(), body, version: None }
}

fn send(who: Asking, ask: &Ask, seen: Option<&str>) -> Answer {
    let mut call = who.call(ask.method, &ask.path);
    if let Some((body, media)) = &ask.body {
        call = call.body(body.clone(), media);
    }
    if let Some(version) = &ask.version {
        call = call.header("if-match", version);
    }
    if let Some(tag) = seen {
        call = call.header("if-none-match", tag);
    }
    call.send()
}

/// An answer without what no two answers share: when it was given, identifiers made since an instant (each is told by its
/// own first digits), and the checkpoint that a record and its certificate are printed with.
fn plain(ask: &Ask, answer: &Answer, since: u64) -> String {
    let printed = ["/record", "/documents"].iter().any(|page| ask.path.ends_with(page));
    let unlike =
        |name: &str| name == "date" || name == "x-request-id" || (printed && name == "content-length");
    let headers = answer.headers().iter().filter(|(name, _)| !unlike(name));
    let mut headers: Vec<String> = headers.map(|(name, value)| format!("{name}: {value}\n")).collect();
    headers.sort();
    let mut text = answer.text.clone();
    if printed {
        text = without(without(text, "<pre>", "</pre>"), "<svg class=\"qr\"", "</svg>");
    }
    let mut fresh: BTreeMap<Uuid, usize> = BTreeMap::new();
    let (mut plain, mut at) = (String::new(), 0);
    while at < text.len() {
        let id = text
            .get(at..at + 36)
            .filter(|part| part.as_bytes()[8] == b'-')
            .and_then(|part| part.parse::<Uuid>().ok());
        let made = id.filter(|id| id.get_version_num() == 7 && (id.as_u128() >> 80) as u64 >= since);
        let next = text[at..].chars().next().map_or(1, char::len_utf8);
        match made {
            Some(id) => {
                let number = fresh.len();
                plain += &format!("new {}", fresh.entry(id).or_insert(number));
                at += 36;
            }
            None => {
                plain += &text[at..at + next];
                at += next;
            }
        }
    }
    format!("{}\n{}{plain}", answer.status, headers.concat())
}

/// A text without what stands from here to there, each time.
fn without(text: String, from: &str, to: &str) -> String {
    let mut parts = text.split(from);
    let first = parts.next().unwrap_or_default().to_string();
    parts.fold(first, |kept, part| kept + part.split_once(to).map_or(part, |(_, rest)| rest))
}

fn milliseconds() -> u64 {
    (Uuid::now_v7().as_u128() >> 80) as u64
}

fn lists(own: &Names) -> Vec<Ask> {
    let mut asks: Vec<Ask> =
        ["/me", "/batches", "/orders", "/stops", "/openapi.json", "/people", "/standards"]
            .into_iter()
            .chain(["/quality_events", "/clinics", "/incubators", "/attempts", "/nowhere"])
            .map(get)
            .collect();
    let statuses = [
        "opened",
        "instructed",
        "in_culture",
        "on_hold",
        "harvested",
        "filled",
        "under_test",
        "awaiting_decision",
        "released",
        "shipped",
        "received",
        "infused",
        "discontinued",
        "closed",
        "no_such_status",
    ];
    for status in statuses {
        asks.push(get(format!("/batches?status={status}")));
        asks.push(get(format!("//batches?status={status}")));
    }
    for by in ["opened", "decided", "shipped", "infused"] {
        for period in ["", "&from=2026-01-01", "&from=2026-01-01&to=2026-12-31", "&to=2026-01-01"] {
            asks.push(get(format!("/batches?by={by}{period}")));
            asks.push(get(format!("//batches?by={by}{period}")));
        }
    }
    for id in &own.batches {
        asks.push(get(format!("/batches?after=99999999999999999_{id}")));
        asks.push(get(format!("//clinic?after=99999999999999999_{id}")));
        asks.push(get(format!("/orders?after=99999999999999999_{id}")));
    }
    let pages = [
        "//",
        "//clinic",
        "//batches",
        "//orders",
        "//bench",
        "//bench/map",
        "//planner",
        "//trends",
        "//quality",
        "//people",
        "//standards",
        "//records",
        "//documentation",
        "//clinic/scan",
        "//find",
        "//record/orders",
        "//nowhere",
    ];
    asks.extend(pages.map(get));
    asks
}

/// Everything that names something.
fn named(names: &Names) -> Vec<Ask> {
    let mut asks = Vec::new();
    for id in &names.batches {
        for rest in ["", "/gate", "/history", "/export"] {
            asks.push(get(format!("/batches/{id}{rest}")));
        }
        for rest in ["", "/documents", "/labels", "/record", "/review", "/standard"] {
            asks.push(get(format!("//batches/{id}{rest}")));
        }
        asks.push(get(format!("/blobs/{}?batch={id}", "0".repeat(64))));
    }
    for id in &names.orders {
        for rest in ["", "/history", "/recipient"] {
            asks.push(get(format!("/orders/{id}{rest}")));
        }
        asks.push(get(format!("//orders/{id}")));
    }
    for id in &names.people {
        asks.push(get(format!("/people/{id}/history")));
        asks.push(get(format!("//people/{id}")));
    }
    for id in names.events.iter().take(3) {
        asks.push(get(format!("/quality_events/{id}")));
    }
    for label in &names.labels {
        asks.push(get(format!("/labels/{label}")));
        asks.push(get(format!("//find?code={label}")));
        asks.push(get(format!("//clinic/scan?label={label}")));
        asks.push(get(format!("//bench/vessels/{label}")));
    }
    asks
}

/// Forms aimed at something, as this role may: shown and handed in.
fn aimed(names: &Names, role: Role) -> Vec<Ask> {
    let mut asks = Vec::new();
    for route in
        form_routes().iter().filter(|route| may(&[role], &route.action) && route.path.contains("{id}"))
    {
        let of = if route.path.starts_with("/orders") { &names.orders } else { &names.batches };
        for id in of.iter().take(2) {
            let path = route.path.replace("{id}", &id.to_string());
            asks.push(get(format!("//record{path}")));
            asks.push(typed(format!("//record{path}"), &[("/reason", "asked")]));
            asks.push(post(path, &json!({ "reason": "asked" })));
        }
    }
    asks
}

/// Forms about one's own that name what these names are of.
fn naming(own: &Course, names: &Names) -> Vec<Ask> {
    let mut asks = Vec::new();
    let order = |form: &str| format!("/orders/{}/{form}", own.order);
    let now = own.centre.now();
    let mine = own.dose(own.containers()[0]);
    for batch in &names.batches {
        asks.push(post(order("urgent_request"), &json!({ "batch": batch, "reason": "asked" })));
        let booked = json!({ "from": now.plus_hours(24), "until": now.plus_hours(48) });
        let foretold = json!({ "at": now.plus_hours(24), "from": now.plus_hours(23) });
        for version in [1, 3, 90] {
            let seen = json!({ "batch": batch, "version": version, "booked": booked, "foretold": foretold });
            asks.push(post(order("forecast_acknowledgement"), &seen));
        }
    }
    for patient in &names.patients {
        let placement = json!({
            "purpose": "therapy", "pseudonym": "P-7", "plan": { "number": "PB3190001", "class": "two" },
            "patient": patient,
        });
        asks.push(post("/orders", &placement));
    }
    for entry in names.entries.iter().take(4) {
        asks.push(post(own.path("part_confirmation"), &json!({ "entry": entry })));
        asks.push(post(own.path("stop_acknowledgement"), &json!({ "stop": entry })));
        let replacement =
            json!({ "distribution": { "return_report": { "containers": [mine], "reason": "no" } } });
        let correction = json!({ "entry": entry, "reason": "misread", "replacement": replacement });
        asks.push(Ask { version: Some("\"1\"".into()), ..post(own.path("correction"), &correction) });
    }
    for person in &names.people {
        let destruction = json!({
            "performed": { "checked_by": person }, "containers": [mine], "method": "autoclave",
            "quantity": "40", "reason": "no use",
        });
        asks.push(post(own.path("destruction"), &destruction));
        let by = json!({ "performed": { "by": person }, "containers": [mine], "reason": "no" });
        asks.push(post(own.path("return_report"), &by));
        let bedside = json!({
            "container": mine, "wristband": own.order_label(), "spoken_identity_fits": true, "second_person": person,
        });
        asks.push(post(own.path("bedside_check"), &bedside));
    }
    // Each wrong scan of a label that was not scanned before is kept, and makes the batch's record longer.
    for label in names.labels.iter().take(4) {
        let bedside = json!({
            "container": label, "wristband": label, "spoken_identity_fits": true, "second_person": Uuid::nil(),
        });
        let form = json!({ "containers": [label], "order_label": label });
        asks.push(post(own.path("receiving_check"), &form));
        asks.push(post(own.path("bedside_check"), &bedside));
        asks.push(get(format!("//record{}?/containers={label}", own.path("receiving_check"))));
        asks.push(typed(
            format!("//record{}", own.path("return_report")),
            &[("/containers", label), ("/reason", "no")],
        ));
    }
    asks
}

/// What a clinic does that the other one must not notice.
fn goes_well(course: &mut Course, second: &mut Course, names: &mut Names) {
    course.to(Step::Shipped);
    second.to(Step::Opened);
    let event = json!({ "title": "Incubator door", "description": "found open", "batches": [course.batch] });
    course.centre.technician().post("/quality_events", event).ok();
    let more = Recipe { pseudonym: "Q-1", person: ("鈴木 一郎", "1950-02-03"), ..course.recipe.clone() };
    let more = Course::run(course.centre, more, Step::Seeded);
    [&*course, second, &more].into_iter().for_each(|course| names.note(course));
}

/// The same clinic in the other centre.
fn goes_badly(course: &mut Course, second: &mut Course, names: &mut Names) {
    let cancel = json!({ "reason": "changed his mind" });
    course.centre.lead().post(&course.path("discontinuation"), json!({ "reason": "contaminated" })).ok();
    second.coordinator().post(&format!("/orders/{}/cancellation", second.order), cancel).ok();
    let more =
        Recipe { pseudonym: "W-22", person: ("高橋 みなみ", "1999-12-31"), ..course.recipe.clone() };
    let more = Course::run(course.centre, more, Step::Ordered);
    [&*course, second, &more].into_iter().for_each(|course| names.note(course));
}

#[test]
fn what_a_clinic_is_answered_does_not_depend_on_what_another_clinics_records_say() {
    let mut one = Centre::open();
    let mine = one.standard(FRESH);
    let theirs = one.standard_changed(FRESH, |standard| standard["code"] = json!("ADSC-OTHER"));
    let recipe = Recipe { clinic: 1, pseudonym: "X-1", ..Recipe::of(theirs) };
    let mut own = Names::default();
    let shipped = {
        let shipped = Course::run(&one, Recipe::of(mine), Step::Arrived);
        let under_way = Course::run(&one, Recipe { pseudonym: "P-002", ..Recipe::of(mine) }, Step::Seeded);
        let ordered = Course::run(&one, Recipe { pseudonym: "P-003", ..Recipe::of(mine) }, Step::Ordered);
        [&shipped, &under_way, &ordered].into_iter().for_each(|course| own.note(course));
        Moved::of(shipped)
    };
    own.people = [Role::Coordinator, Role::Physician].map(|role| one.of_clinic(role, 0).id()).to_vec();
    let first = Moved::of(Course::run(&one, recipe.clone(), Step::Seeded));
    let second = Moved::of(Course::run(&one, Recipe { pseudonym: "X-2", ..recipe }, Step::Ordered));
    let two = one.twin();
    let (one, two) = (&one, &two);

    // Here they part, for the second clinic alone.
    let mut foreign = Names::default();
    goes_well(&mut first.at(one), &mut second.at(one), &mut foreign);
    goes_badly(&mut first.at(two), &mut second.at(two), &mut foreign);
    foreign.people = [Role::Coordinator, Role::Physician].map(|role| one.of_clinic(role, 1).id()).to_vec();
    foreign.people.extend([one.technician().id()]);
    let at = one.now().max(two.now()).plus_hours(1);
    for centre in [one, two] {
        centre.set_clock(at);
    }

    let invented = Names::invented();
    let arrived = shipped.at(one);
    let mut asks = Vec::new();
    for role in [Role::Coordinator, Role::Physician] {
        asks.extend(lists(&own).into_iter().map(|ask| (role, ask)));
        asks.extend([&own, &foreign, &invented].into_iter().flat_map(named).map(|ask| (role, ask)));
        for names in [&foreign, &invented] {
            asks.extend(aimed(names, role).into_iter().chain(naming(&arrived, names)).map(|ask| (role, ask)));
        }
    }
    // What is handed in comes last: some of it leaves its trace in one's own record.
    asks.sort_by_key(|(_, ask)| ask.method == "POST");
    let (mut differing, mut sent, mut since) = (Vec::new(), 0, None);
    for (number, (role, ask)) in asks.iter().enumerate() {
        if number % 20 == 0 {
            // At most sixty attempts of one person are recorded within a minute.
            one.minutes(1);
            two.minutes(1);
        }
        let language = if number % 2 == 0 { "en" } else { "ja" };
        if ask.method == "POST" {
            since = since.or(Some(milliseconds()));
        }
        let made_since = since.unwrap_or_else(milliseconds);
        let ask_both = |seen: Option<&str>| {
            [one, two].map(|centre| send(centre.of_clinic(*role, 0).in_language(language), ask, seen))
        };
        let answers = ask_both(None);
        sent += 1;
        compare(ask, *role, &answers, made_since, &mut differing);
        if let (Some(tag), "GET") = (answers[0].header("etag"), ask.method) {
            // The second clinic goes on meanwhile, in one of the two.
            if number % 10 == 0 {
                first.at(two).screen(&[("hbv", "negative")]);
            }
            sent += 1;
            compare(ask, *role, &ask_both(Some(tag)), made_since, &mut differing);
        }
    }
    println!("{sent} requests, {} answered differently; not compared: {CHANNELS:?}", differing.len());
    assert!(
        differing.is_empty(),
        "{} of {sent}:\n{}",
        differing.len(),
        differing[..differing.len().min(25)].join("\n")
    );
    assert!(sent >= 500, "{sent}");
}

fn compare(ask: &Ask, role: Role, answers: &[Answer; 2], since: u64, differing: &mut Vec<String>) {
    let [a, b] = answers.each_ref().map(|answer| plain(ask, answer, since));
    for answer in answers {
        assert!(answer.status < 500 && answer.status != 429, "{} {}: {}", ask.method, ask.path, answer.text);
    }
    if a != b {
        let at = a.bytes().zip(b.bytes()).position(|(a, b)| a != b).unwrap_or(a.len().min(b.len()));
        let near = |text: &str| {
            String::from_utf8_lossy(&text.as_bytes()[at.saturating_sub(80)..(at + 120).min(text.len())])
                .into_owned()
        };
        let body =
            ask.body.as_ref().map(|(body, _)| String::from_utf8_lossy(body).into_owned()).unwrap_or_default();
        differing.push(format!(
            "{} {} {body} as {role:?}:\n  {:?}\n  {:?}",
            ask.method,
            ask.path,
            near(&a),
            near(&b)
        ));
    }
}

/// A course that is in both centres.
struct Moved {
    recipe: Recipe,
    standard: Value,
    order: Uuid,
    batch: Uuid,
    sent: Vec<u64>,
    taken: Option<Step>,
}

impl Moved {
    fn of(course: Course) -> Self {
        let Course { recipe, standard, order, batch, sent, taken, .. } = course;
        Self { recipe, standard, order, batch, sent, taken }
    }

    fn at<'a>(&self, centre: &'a Centre) -> Course<'a> {
        let (recipe, standard, sent) = (self.recipe.clone(), self.standard.clone(), self.sent.clone());
        Course { centre, recipe, standard, order: self.order, batch: self.batch, sent, taken: self.taken }
    }
}
