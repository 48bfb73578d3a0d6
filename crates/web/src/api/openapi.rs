//! OpenAPI 3.1, made from the table of operations and the forms' own schemas: what is documented is what is
//! registered, checked and executed.

use super::problem::{Kind, Problem};
use super::{BASE, FormRoute, described, form_routes};
use crate::pages::Admits;
use crate::submission;
use crate::words::Language;
use actix_web::Route;
use baiyo_domain::authority::roles_for;
use baiyo_domain::blob::MediaType;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The schemas of all forms, ready for checking bodies, and the whole document.
pub struct Schemas {
    bodies: BTreeMap<String, Value>,
    definitions: Map<String, Value>,
    document: Value,
}

/// One operation that is not a form of the domain.
pub struct Described {
    /// `get`, `post` or `delete`.
    pub method: &'static str,
    /// The path below [`BASE`].
    pub path: &'static str,
    /// The action in the table of authority; nothing where anybody may.
    pub action: Option<&'static str>,
    /// Makes the route that is registered.
    pub route: fn() -> Route,
    /// What it does.
    pub summary: &'static str,
    /// The body's schema.
    pub body: Option<fn(&mut SchemaGenerator) -> schemars::Schema>,
    /// The answer's schema.
    pub answer: Option<fn(&mut SchemaGenerator) -> schemars::Schema>,
    /// Query parameters: name, what it is for.
    pub query: &'static [(&'static str, &'static str)],
    /// Problems it answers with beside those of being signed in.
    pub problems: &'static [Kind],
    /// Whether it answers 304 where nothing changed since the answer the caller has.
    pub unchanged: bool,
    /// Whether it carries a picture: as its body where it is a `post`, else as its answer.
    pub pictures: bool,
}

impl Described {
    /// Whom it admits.
    pub fn admits(&'static self) -> Admits {
        match &self.action {
            Some(action) => Admits::To(std::slice::from_ref(action)),
            None => Admits::Anybody,
        }
    }
}

impl Schemas {
    /// Makes them.
    pub fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        let mut generator = settings.into_generator();
        let mut bodies = BTreeMap::new();
        let mut paths: Map<String, Value> = Map::new();
        for route in form_routes() {
            let schema = submission::body_schema(&route, &mut generator);
            bodies.insert(route.action.clone(), Value::from(schema.clone()));
            let operation = form_operation(&route, Value::from(schema), &mut generator);
            insert(&mut paths, &route.path, "post", operation);
        }
        for described in described() {
            if let Some(body) = described.body {
                bodies.insert(
                    format!("{} {}", described.method, described.path),
                    Value::from(body(&mut generator)),
                );
            }
            let operation = described_operation(described, &mut generator);
            insert(&mut paths, described.path, described.method, operation);
        }
        generator.subschema_for::<Problem>();
        let definitions = generator.take_definitions(true);
        let document = json!({
            "openapi": "3.1.0",
            "info": {
                "title": "Baiyo",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "Every batch of a cell processing centre, from tissue to infusion. Decimals are texts, \
                    so that digits stay as entered; times carry their offset; units stand in the descriptions. \
                    Signings carry the password again. `Idempotency-Key` makes a POST happen exactly once; \
                    `If-Match` names the version acted on and is required for signing, correcting and deciding."
            },
            "servers": [{"url": BASE}],
            "security": [{"session": []}, {"token": []}],
            "paths": paths,
            "components": {
                "schemas": definitions,
                "securitySchemes": {
                    "session": {"type": "apiKey", "in": "cookie", "name": crate::session::COOKIE.secure,
                        "description": "Its name without TLS: baiyo_session."},
                    "token": {"type": "http", "scheme": "bearer"}
                }
            }
        });
        Self { bodies, definitions, document }
    }

    /// The schema of a body, by its action (or `method path`), with all definitions.
    pub fn of(&self, action: &str) -> (&Value, &Map<String, Value>) {
        (self.bodies.get(action).unwrap_or(&Value::Null), &self.definitions)
    }

    /// The methods, in capitals, that an address below [`BASE`] takes.
    pub fn methods_at(&self, path: &str) -> Vec<String> {
        let fits = |template: &str| {
            let (parts, wanted) = (path.split('/'), template.split('/'));
            parts.clone().count() == wanted.clone().count()
                && parts.zip(wanted).all(|(part, wanted)| part == wanted || wanted.starts_with('{'))
        };
        let paths = self.document["paths"].as_object().into_iter().flatten();
        let items = paths.filter(|(template, _)| fits(template)).filter_map(|(_, item)| item.as_object());
        items.flat_map(|item| item.keys().map(|method| method.to_uppercase())).collect()
    }

    /// The document.
    pub fn document(&self) -> &Value {
        &self.document
    }
}

impl Default for Schemas {
    fn default() -> Self {
        Self::new()
    }
}

fn insert(paths: &mut Map<String, Value>, path: &str, method: &str, operation: Value) {
    if let Some(item) = paths.entry(path.to_string()).or_insert_with(|| json!({})).as_object_mut() {
        item.insert(method.into(), operation);
    }
}

/// Forms that nothing in the records can refuse once they are well-formed.
const NEVER_REFUSED: [&str; 14] = [
    "site.access_review",
    "site.clinic_change",
    "site.incubator_change",
    "person.role_end",
    "person.deputyship_end",
    "standard.draft",
    "order.placement",
    "order.consent",
    "order.donor_screening",
    "order.plan_change",
    "order.window_change",
    "batch.disposition.part_confirmation",
    "batch.disposition.holding",
    "quality_event.report",
];

/// Forms whose path names nothing, but whose body names what must exist.
const NAMING: [&str; 5] = [
    "site.clinic_change",
    "site.incubator_change",
    "order.placement",
    "batch.intake.opening",
    "quality_event.report",
];

fn form_operation(route: &FormRoute, schema: Value, generator: &mut SchemaGenerator) -> Value {
    let done = Value::from(generator.subschema_for::<submission::Done>());
    let mut problems = vec![
        Kind::NotJson,
        Kind::NotSignedIn,
        Kind::Forbidden,
        Kind::TooLarge,
        Kind::MediaType,
        Kind::Form,
        Kind::TooManyTries,
        Kind::Unavailable,
        Kind::Unknown,
    ];
    if !NEVER_REFUSED.contains(&route.action.as_str()) {
        problems.push(Kind::Refused);
    }
    if !route.creates || NAMING.contains(&route.action.as_str()) {
        problems.push(Kind::NotFound);
    }
    if route.meaning.is_some() || route.action == "batch.disposition.correction" {
        problems.extend([Kind::Changed, Kind::VersionMissing]);
    }
    let signing =
        route.meaning.map(|meaning| format!(" Signed as `{}`.", meaning.word())).unwrap_or_default();
    let (status, what) = if route.creates { ("201", "Recorded; what is new") } else { ("200", "Recorded") };
    let mut responses = problem_responses(&problems, generator);
    responses.insert(
        status.into(),
        json!({
            "description": what,
            "headers": {"ETag": {"schema": {"type": "string"}, "description": "The new version, in quotes."}},
            "content": {"application/json": {"schema": done}}
        }),
    );
    json!({
        "operationId": route.action,
        "summary": route.purpose,
        "description": format!("For {}.{signing}", role_names(&route.action)),
        "tags": [route.action.split('.').next().unwrap_or_default()],
        "parameters": parameters(&route.path, &[], true),
        "requestBody": {"required": true, "content": {"application/json": {"schema": schema}}},
        "responses": responses
    })
}

fn described_operation(described: &Described, generator: &mut SchemaGenerator) -> Value {
    let mut problems = described.problems.to_vec();
    // What is kept can be as uncertain as any record, and an attempt that is not the caller's to make is kept.
    if described.method != "get" || described.action.is_some_and(|action| action != "read.self") {
        problems.extend([Kind::Unavailable, Kind::Unknown]);
    } else if described.action.is_some() {
        problems.push(Kind::Unavailable);
    }
    if let Some(action) = described.action {
        problems.push(Kind::NotSignedIn);
        // Everybody may read of himself, but not before he has the second factor that he must have; changing something by a
        // cookie from elsewhere is forbidden to all.
        problems.push(Kind::Forbidden);
        if action != "read.self" {
            problems.push(Kind::TooManyTries);
        }
    }
    let mut responses = problem_responses(&problems, generator);
    let mut good = json!({"description": "As asked"});
    if let Some(answer) = described.answer {
        good["content"] = json!({"application/json": {"schema": Value::from(answer(generator))}});
    }
    if described.pictures && described.method == "get" {
        good["content"] = pictures();
    }
    let mut parameters = parameters(described.path, described.query, false);
    if described.unchanged {
        good["headers"] = json!({"ETag": {
            "schema": {"type": "string"},
            "description": "Of this answer, for `If-None-Match`. Where the database is embedded, and for clinic staff."
        }});
        responses
            .insert("304".into(), json!({"description": "Nothing changed since the answer with this ETag"}));
        parameters.push(json!({
            "name": "If-None-Match", "in": "header", "description": "The ETag of the answer at hand.",
            "schema": {"type": "string"}
        }));
    }
    responses.insert(if described.method == "delete" { "204" } else { "200" }.into(), good);
    let mut operation = json!({
        "operationId": format!("{}{}", described.method, described.path.replace(['/', '{', '}'], "_")),
        "summary": described.summary,
        "description": described.action.map_or("For anybody.".to_string(), |action| format!("For {}.", role_names(action))),
        "tags": [described.path.trim_start_matches('/').split('/').next().unwrap_or_default()],
        "parameters": parameters,
        "responses": responses
    });
    if let Some(body) = described.body {
        let schema = Value::from(body(generator));
        operation["requestBody"] =
            json!({"required": true, "content": {"application/json": {"schema": schema}}});
    }
    if described.pictures && described.method == "post" {
        operation["requestBody"] = json!({"required": true, "content": pictures()});
    }
    if described.action.is_none() {
        operation["security"] = json!([]);
    }
    operation
}

/// Bytes of each media type that is taken.
fn pictures() -> Value {
    MediaType::ALL
        .into_iter()
        .map(|media_type| (media_type.name().to_string(), json!({})))
        .collect::<Map<_, _>>()
        .into()
}

fn role_names(action: &str) -> String {
    let name =
        |role| serde_json::to_value(role).ok().and_then(|v| v.as_str().map(String::from)).unwrap_or_default();
    let names: Vec<String> = roles_for(action).iter().map(name).collect();
    if names.is_empty() { "everybody who is signed in".into() } else { names.join(", ") }
}

fn problem_responses(kinds: &[Kind], generator: &mut SchemaGenerator) -> Map<String, Value> {
    let schema = Value::from(generator.subschema_for::<Problem>());
    let mut titles: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for kind in kinds {
        titles.entry(kind.status().as_u16().to_string()).or_default().push(kind.title(Language::En));
    }
    let responses = titles.into_iter().map(|(status, titles)| {
        let response = json!({
            "description": titles.join(". Or: "),
            "content": {"application/problem+json": {"schema": schema}}
        });
        (status, response)
    });
    responses.collect()
}

fn parameters(path: &str, query: &[(&str, &str)], submits: bool) -> Vec<Value> {
    let mut all = Vec::new();
    if path.contains("{id}") {
        all.push(json!({"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}}));
    }
    if path.contains("{label}") {
        all.push(json!({"name": "label", "in": "path", "required": true, "schema": {"type": "string"}}));
    }
    if path.contains("{sha256}") {
        all.push(json!({"name": "sha256", "in": "path", "required": true, "schema": {"type": "string"}}));
    }
    for (name, purpose) in query {
        all.push(json!({"name": name, "in": "query", "description": purpose, "schema": {"type": "string"}}));
    }
    if submits {
        all.push(json!({
            "name": "Idempotency-Key", "in": "header", "description": "Makes it happen exactly once.",
            "schema": {"type": "string", "minLength": 8, "maxLength": 100}
        }));
        all.push(json!({
            "name": "If-Match", "in": "header", "description": "The version acted on, as in ETag.",
            "schema": {"type": "string"}
        }));
    }
    all
}
