//! Texts planted wherever a form takes free text: each story goes on as it would, and what people typed in it is something
//! else. The same text always becomes the same other one, so that what is compared later still agrees.

use crate::asking::{api, template_of};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// What is planted, and where that was so far.
pub struct Planting {
    texts: Vec<String>,
    became: Mutex<BTreeMap<String, String>>,
    planted: Mutex<BTreeSet<String>>,
}

/// One text in a body: where it stands, and which field that is, whatever form it is part of there.
#[derive(Clone, Debug, Default)]
struct Place {
    pointer: String,
    field: String,
}

impl Planting {
    /// Plants these texts in turn.
    pub fn of(texts: impl IntoIterator<Item = String>) -> Self {
        Self { texts: texts.into_iter().collect(), became: Mutex::default(), planted: Mutex::default() }
    }

    /// The fields where texts were planted and taken.
    pub fn planted(&self) -> BTreeSet<String> {
        self.planted.lock().expect("the list").clone()
    }

    /// How many different texts were planted.
    pub fn many(&self) -> usize {
        self.became.lock().expect("the list").len()
    }

    /// A body with something planted wherever that is possible, and in which fields; nothing where it is nowhere. `filled`
    /// also fills in what may be left out.
    pub(crate) fn plant(&self, path: &str, body: &Value, filled: bool) -> Option<(Value, Vec<String>)> {
        let template = template_of(path);
        let schema = body_schema(&template)?;
        let mut planted = body.clone();
        if filled {
            fill(schema, &mut planted);
        }
        let mut places = Vec::new();
        walk(schema, &planted, &Place { pointer: String::new(), field: template }, &mut places);
        let mut fields = Vec::new();
        for (place, most) in places {
            let Some(Value::String(text)) = planted.pointer_mut(&place.pointer) else { continue };
            if let Some(other) = self.other(text, most) {
                *text = other;
                fields.push(place.field);
            }
        }
        (!fields.is_empty()).then_some((planted, fields))
    }

    /// What was planted in these fields was taken.
    pub(crate) fn took(&self, fields: Vec<String>) {
        self.planted.lock().expect("the list").extend(fields);
    }

    fn other(&self, text: &str, most: u64) -> Option<String> {
        let mut became = self.became.lock().expect("the list");
        if became.values().any(|other| other == text) {
            return Some(text.to_string());
        }
        // A figure is no text, whatever it is written as, nor is the word for a verdict.
        let figure = text.trim_start_matches(['<', '>', '=', ' ']).parse::<f64>().is_ok();
        if figure || ["growth", "no growth", "negative", "positive"].contains(&text) {
            return None;
        }
        if let Some(other) = became.get(text) {
            return (other.chars().count() as u64 <= most).then(|| other.clone());
        }
        // Each is another text, whatever it is planted instead of.
        let number = became.len();
        let other = format!("{}{number}", self.texts[number % self.texts.len()]);
        if other.chars().count() as u64 > most {
            return None;
        }
        became.insert(text.to_string(), other.clone());
        Some(other)
    }
}

/// Every field of every form that takes free text, each once in whatever forms it is.
pub fn free_texts() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for template in api()["paths"].as_object().expect("paths").keys() {
        if let Some(schema) = body_schema(template) {
            list(schema, template, &mut Vec::new(), &mut found);
        }
    }
    found
}

fn body_schema(template: &str) -> Option<&'static Value> {
    let body = &api()["paths"].get(template)?["post"]["requestBody"]["content"]["application/json"]["schema"];
    (!body.is_null()).then_some(body)
}

fn is_free(schema: &Value) -> bool {
    schema["x-visible"] == true
}

/// What a schema refers to, itself where it refers to nothing; and the field's name from there on.
fn resolved(schema: &'static Value, field: &str) -> (&'static Value, String) {
    let Some(target) = schema["$ref"].as_str() else { return (schema, field.to_string()) };
    let found = api().pointer(target.trim_start_matches('#')).unwrap_or(schema);
    let name = target.rsplit('/').next().unwrap_or_default();
    (found, if is_free(found) { field.to_string() } else { name.to_string() })
}

/// The alternatives that a schema gives.
fn alternatives(schema: &'static Value) -> impl Iterator<Item = &'static Value> {
    ["oneOf", "anyOf", "allOf"].into_iter().filter_map(|word| schema[word].as_array()).flatten()
}

fn walk(schema: &'static Value, value: &Value, at: &Place, found: &mut Vec<(Place, u64)>) {
    let (schema, field) = resolved(schema, &at.field);
    let at = Place { pointer: at.pointer.clone(), field };
    for one in alternatives(schema) {
        walk(one, value, &at, found);
    }
    let below = |part: &str, field: &str| Place {
        pointer: format!("{}/{part}", at.pointer),
        field: format!("{}/{field}", at.field),
    };
    match value {
        Value::String(_) if is_free(schema) => {
            let most = schema["maxLength"].as_u64().unwrap_or(u64::MAX);
            if found.iter().all(|(known, _)| known.pointer != at.pointer) {
                found.push((at, most));
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                walk(&schema["items"], item, &below(&number.to_string(), "*"), found);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                walk(&schema["properties"][name], value, &below(name, name), found);
            }
        }
        _ => {}
    }
}

/// Fills in every free text that may be left out of what is there.
fn fill(schema: &'static Value, value: &mut Value) {
    let (schema, _) = resolved(schema, "");
    for one in alternatives(schema) {
        fill(one, value);
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| fill(&schema["items"], item)),
        Value::Object(fields) => {
            for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
                let free = |schema: &'static Value| is_free(resolved(schema, "").0);
                if free(schema) || alternatives(schema).any(free) {
                    fields.entry(name.clone()).or_insert_with(|| Value::from(format!("a {name}")));
                } else if let Some(value) = fields.get_mut(name) {
                    fill(schema, value);
                }
            }
        }
        _ => {}
    }
}

fn list(schema: &'static Value, field: &str, above: &mut Vec<*const Value>, found: &mut BTreeSet<String>) {
    let (schema, field) = resolved(schema, field);
    if above.contains(&std::ptr::from_ref(schema)) {
        return;
    }
    above.push(schema);
    if is_free(schema) {
        found.insert(field.clone());
    }
    for one in alternatives(schema) {
        list(one, &field, above, found);
    }
    if !schema["items"].is_null() {
        list(&schema["items"], &format!("{field}/*"), above, found);
    }
    // What a correction puts in another form's place is that form.
    let own = |(name, _): &(&String, &Value)| *name != "replacement";
    for (name, schema) in schema["properties"].as_object().into_iter().flatten().filter(own) {
        list(schema, &format!("{field}/{name}"), above, found);
    }
    above.pop();
}
