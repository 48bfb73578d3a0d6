//! The API, readable: the OpenAPI document as a page, with every operation, its form's fields with type, unit,
//! range and description, and its problems.

use super::Answer;
use super::frame::Frame;
use super::reader::{dash, or_dash};
use crate::api::BASE;
use crate::server::State;
use crate::session;
use crate::words::Ui;
use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// How deep references are followed.
const DEPTH: u8 = 8;

/// Shows the document.
pub async fn show(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = session::who(&request, &state).await.ok();
    let frame = Frame::new(&request, &state, caller.as_ref());
    let document = state.schemas.document();
    let mut page = Page { frame: &frame, document, forms: BTreeMap::new(), shown: BTreeSet::new() };
    page.forms = page.forms();
    let mut shown = BTreeSet::new();
    page.named(&document["paths"], &mut shown);
    page.shown = shown;
    Ok(frame.ok(frame.say(Ui::ApiDocumentation), page.content()))
}

struct Page<'a> {
    frame: &'a Frame<'a>,
    document: &'a Value,
    /// The forms that operations take, each with the first that does: there it is shown, and nowhere else.
    forms: BTreeMap<&'a str, String>,
    /// The schemas that are shown. What was recorded has a shape for each kind of fact, most of them a form's over again:
    /// those that only a history holds are in the document for machines.
    shown: BTreeSet<&'a str>,
}

/// The schema of an entry, whose fact is not followed.
const ENTRY: &str = "EntryView";

/// One operation, with its method and path.
struct Operation<'a> {
    method: &'a str,
    path: &'a str,
    value: &'a Value,
}

impl Operation<'_> {
    fn anchor(&self) -> String {
        format!("operation-{}", text(self.value, "operationId"))
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

impl<'a> Page<'a> {
    fn content(&self) -> Markup {
        let tags = self.tags();
        html! {
            div.title { h1 { (self.frame.say(Ui::ApiDocumentation)) } }
            p lang="en" { (text(&self.document["info"], "description")) }
            p { (self.frame.say(Ui::MachineReadable)) ": " a href={ (BASE) "/openapi.json" } { (BASE) "/openapi.json" } }
            div lang="en" {
                nav aria-label=(self.frame.say(Ui::ApiDocumentation)) {
                    ul.contents {
                        @for operation in tags.values().flatten() {
                            li {
                                a href={ "#" (operation.anchor()) } {
                                    span.method { (operation.method) } " " (operation.path)
                                }
                            }
                        }
                        li { a href="#problems" { (self.frame.say(Ui::Problems)) } }
                        li { a href="#schemas" { (self.frame.say(Ui::Schemas)) } }
                    }
                }
                @for (tag, operations) in &tags {
                    section id={ "tag-" (tag) } {
                        h2 { (tag) }
                        @for operation in operations { (self.operation(operation)) }
                    }
                }
                section #problems {
                    h2 { (self.frame.say(Ui::Problems)) }
                    dl.facts {
                        @for (status, said) in self.problems() {
                            div { dt { (status) } @for one in said { dd { (one) } } }
                        }
                    }
                }
                section #schemas {
                    h2 { (self.frame.say(Ui::Schemas)) }
                    @for (name, schema) in self.schemas().filter(|(name, _)| !self.forms.contains_key(name.as_str())) {
                        (self.schema(name, schema))
                    }
                }
            }
        }
    }

    fn tags(&self) -> BTreeMap<&'a str, Vec<Operation<'a>>> {
        let mut tags: BTreeMap<&str, Vec<Operation>> = BTreeMap::new();
        let paths = self.document["paths"].as_object().into_iter().flatten();
        for (path, item) in paths {
            for (method, value) in item.as_object().into_iter().flatten() {
                let tag = list(value, "tags").first().and_then(Value::as_str).unwrap_or_default();
                tags.entry(tag).or_default().push(Operation { method, path, value });
            }
        }
        tags
    }

    /// Forms of plain fields, and where each is shown.
    fn forms(&self) -> BTreeMap<&'a str, String> {
        let mut forms = BTreeMap::new();
        for operation in self.tags().into_values().flatten() {
            let body = &operation.value["requestBody"]["content"]["application/json"]["schema"];
            let target = self.target(body);
            if let Some(name) =
                name_of(body).filter(|_| target.get("properties").is_some() && target.get("oneOf").is_none())
            {
                forms.entry(name).or_insert_with(|| operation.anchor());
            }
        }
        forms
    }

    /// What each status says of a request that did not succeed, whichever it was: told once for all operations.
    fn problems(&self) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
        let mut problems: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for operation in self.tags().into_values().flatten() {
            let responses = operation.value["responses"].as_object().into_iter().flatten();
            for (status, response) in responses.filter(|(status, _)| !status.starts_with('2')) {
                problems.entry(status).or_default().insert(text(response, "description"));
            }
        }
        problems
    }

    fn schemas(&self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        let all = self.document["components"]["schemas"].as_object().into_iter().flatten();
        all.filter(|(name, _)| self.shown.contains(name.as_str()))
    }

    /// The schemas that something names, and what they name.
    fn named(&self, value: &'a Value, found: &mut BTreeSet<&'a str>) {
        if let Some(name) = name_of(value)
            && found.insert(name)
            && let Some(schema) = self.definitions().and_then(|all| all.get(name))
        {
            let own = schema["properties"].as_object().filter(|_| name == ENTRY);
            match own {
                Some(fields) => {
                    fields
                        .iter()
                        .filter(|(field, _)| *field != "event")
                        .for_each(|(_, field)| self.named(field, found));
                }
                None => self.named(schema, found),
            }
        }
        match value {
            Value::Object(fields) => fields.values().for_each(|field| self.named(field, found)),
            Value::Array(items) => items.iter().for_each(|item| self.named(item, found)),
            _ => {}
        }
    }

    fn operation(&self, operation: &Operation) -> Markup {
        let value = operation.value;
        let body = &value["requestBody"]["content"]["application/json"]["schema"];
        let parameters = list(value, "parameters");
        html! {
            div.operation id=(operation.anchor()) {
                h3 { span.method { (operation.method) } code { (BASE) (operation.path) } }
                p { (text(value, "summary")) " " (text(value, "description")) }
                @if !parameters.is_empty() {
                    h4 { (self.frame.say(Ui::Parameters)) }
                    ul {
                        @for parameter in parameters {
                            li {
                                code { (text(parameter, "name")) } " (" (text(parameter, "in")) ") "
                                (text(parameter, "description"))
                            }
                        }
                    }
                }
                @if !body.is_null() {
                    @let own = name_of(body).filter(|name| self.forms.get(name) == Some(&operation.anchor()));
                    h4 id=[own.map(|name| format!("schema-{name}"))] { (self.frame.say(Ui::Form)) " " (self.kind(body)) }
                    @if own.is_some() || name_of(body).is_none_or(|name| !self.forms.contains_key(name)) {
                        (self.fields(self.target(body)))
                    }
                }
                (self.responses(&value["responses"]))
            }
        }
    }

    fn responses(&self, responses: &Value) -> Markup {
        let all = responses.as_object().into_iter().flatten();
        let (good, bad): (Vec<_>, Vec<_>) = all.partition(|(status, _)| status.starts_with('2'));
        html! {
            @for (status, response) in good {
                h4 { (self.frame.say(Ui::Answer)) }
                p {
                    (status) " – " (text(response, "description")) " "
                    @let schema = &response["content"]["application/json"]["schema"];
                    @if !schema.is_null() { (self.kind(schema)) }
                }
            }
            @if !bad.is_empty() {
                h4 { a href="#problems" { (self.frame.say(Ui::Problems)) } }
                p { (bad.iter().map(|(status, _)| status.as_str()).collect::<Vec<_>>().join(" · ")) }
            }
        }
    }

    fn schema(&self, name: &str, schema: &Value) -> Markup {
        html! {
            div.operation id={ "schema-" (name) } {
                h3 { (name) }
                p { (text(schema, "description")) }
                (self.fields(schema))
                (self.variants(schema))
                @if schema.get("properties").is_none() && schema.get("oneOf").is_none() {
                    p { (self.kind(schema)) " " (or_dash(range(schema))) }
                }
            }
        }
    }

    fn variants(&self, schema: &Value) -> Markup {
        let variants = list(schema, "oneOf");
        html! {
            @if !variants.is_empty() {
                ul {
                    @for variant in variants {
                        li { (self.kind(variant)) " " (text(variant, "description")) (self.fields(variant)) }
                    }
                }
            }
        }
    }

    /// The fields of an object, with type, unit, range and description.
    fn fields(&self, schema: &Value) -> Markup {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return html! {} };
        let required: Vec<&str> = list(schema, "required").iter().filter_map(Value::as_str).collect();
        html! {
            div.scroll role="region" aria-label=(self.frame.say(Ui::Field)) tabindex="0" {
                table {
                    thead {
                        tr {
                            @for column in [Ui::Field, Ui::Type, Ui::Unit, Ui::Range, Ui::Description] {
                                th scope="col" { (self.frame.say(column)) }
                            }
                        }
                    }
                    tbody { @for (name, field) in properties { (self.field(name, field, required.contains(&name.as_str()))) } }
                }
            }
        }
    }

    fn field(&self, name: &str, field: &Value, required: bool) -> Markup {
        let target = self.target(field);
        let own = text(field, "description");
        let description = if own.is_empty() { text(target, "description") } else { own };
        html! {
            tr {
                th.wide scope="row" {
                    code { (name) }
                    @if required { " " span.muted { (self.frame.say(Ui::Required)) } }
                }
                td { (self.kind(field)) }
                td { (unit(target).unwrap_or_default()) }
                td { (range(field).or_else(|| range(target)).unwrap_or_default()) }
                td.sentence { (description) @if name_of(field).is_none() { (self.fields(field)) } }
            }
        }
    }

    /// What a schema refers to in the end; of a choice with nothing, the something.
    fn target(&self, schema: &'a Value) -> &'a Value {
        let mut found = schema;
        for _ in 0..DEPTH {
            let choices = list(found, "anyOf");
            let something = choices.iter().find(|choice| text(choice, "type") != "null");
            if let Some(something) = something {
                found = something;
            } else if let Some(next) = self.definitions().and_then(|all| all.get(name_of(found)?)) {
                found = next;
            } else {
                break;
            }
        }
        found
    }

    fn definitions(&self) -> Option<&'a Map<String, Value>> {
        self.document["components"]["schemas"].as_object()
    }

    /// A schema's type in words, with links.
    fn kind(&self, schema: &Value) -> Markup {
        if let Some(name) = name_of(schema) {
            return match self.shown.contains(name) {
                true => html! { a href={ "#schema-" (name) } { (name) } },
                false => html! { a href={ (BASE) "/openapi.json" } { (name) } },
            };
        }
        if let Some(value) = schema.get("const") {
            return html! { code { (value) } };
        }
        let choices = list(schema, "anyOf").iter().chain(list(schema, "oneOf")).chain(list(schema, "allOf"));
        let choices: Vec<&Value> = choices.collect();
        let values = list(schema, "enum");
        match schema.get("type") {
            _ if !values.is_empty() => joined(values.iter().map(|value| html! { code { (value) } })),
            _ if !choices.is_empty() => joined(choices.into_iter().map(|choice| self.kind(choice))),
            Some(Value::String(kind)) if kind == "array" => {
                html! { "array of " (self.kind(&schema["items"])) }
            }
            Some(Value::String(kind)) => html! { (kind) },
            Some(Value::Array(kinds)) => {
                joined(kinds.iter().filter_map(Value::as_str).map(|kind| html! { (kind) }))
            }
            _ => dash(),
        }
    }
}

fn name_of(schema: &Value) -> Option<&str> {
    schema.get("$ref").and_then(Value::as_str)?.rsplit('/').next()
}

fn joined(parts: impl Iterator<Item = Markup>) -> Markup {
    html! { @for (index, part) in parts.enumerate() { @if index > 0 { " | " } (part) } }
}

/// The unit, without the marks of the code it is written in.
fn unit(schema: &Value) -> Option<String> {
    let unit = schema.get("x-unit")?.as_str()?;
    Some(unit.trim_matches(['{', '}']).replace("cm2", "cm²"))
}

/// The range, length, form and number of items allowed.
fn range(schema: &Value) -> Option<String> {
    let between = |least: &str, most: &str, of: &str| {
        let number = |key: &str| schema.get(key).map(ToString::to_string);
        match (number(least), number(most)) {
            (None, None) => None,
            (Some(least), Some(most)) => Some(format!("{least}–{most}{of}")),
            (Some(least), None) => Some(format!("≥ {least}{of}")),
            (None, Some(most)) => Some(format!("≤ {most}{of}")),
        }
    };
    if let Some(range) = between("x-least", "x-most", "") {
        return Some(range);
    }
    let parts = [
        between("minimum", "maximum", ""),
        between("minLength", "maxLength", " characters"),
        between("minItems", "maxItems", " items"),
        schema.get("format").and_then(Value::as_str).map(String::from),
        schema.get("pattern").and_then(Value::as_str).map(String::from),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
