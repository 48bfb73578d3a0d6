//! Checks a JSON body against the schema that the documentation shows, and lists every field that is wrong, not
//! only the first. It reads the part of JSON Schema 2020-12 that our own forms use.

use baiyo_domain::ids::{Label, LabelError};
use baiyo_domain::quantity::{NUMBER_PATTERN, Number, NumberError};
use baiyo_domain::text::{Note, TextError};
use baiyo_persistence::keystore::BirthDate;
use serde_json::{Map, Value};

/// A field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field, as a JSON pointer.
    pub pointer: String,
    /// What is wrong with it.
    pub kind: FaultKind,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It is required and missing.
    Missing,
    /// No such field.
    Unknown,
    /// Another type.
    Type {
        /// The type it should have.
        expected: String,
    },
    /// Not one of the allowed values.
    Choice {
        /// The allowed values.
        allowed: Vec<String>,
    },
    /// Too short, too long, too few, too many.
    Length {
        /// The least.
        least: Option<u64>,
        /// The most.
        most: Option<u64>,
    },
    /// Too small or too great.
    Range {
        /// The least.
        least: Option<i64>,
        /// The most.
        most: Option<i64>,
    },
    /// Not of the right form.
    Form {
        /// An example or the pattern's meaning.
        hint: String,
    },
    /// Not half-width digits with at most one point.
    Number,
    /// More digits than are kept.
    Digits,
    /// Nothing but white space.
    Blank,
    /// A character that a reader would not see as it is.
    Hidden {
        /// Its Unicode code point.
        code: u32,
    },
    /// A label whose check character does not fit.
    CheckCharacter,
}

impl From<LabelError> for FaultKind {
    fn from(error: LabelError) -> Self {
        match error {
            LabelError::Form => Self::Form { hint: "C1-B-TKYO-26-000123-X".into() },
            LabelError::Check => Self::CheckCharacter,
        }
    }
}

/// Faults of `value` under `schema`, whose definitions stand in `definitions`.
pub fn check(value: &Value, schema: &Value, definitions: &Map<String, Value>) -> Vec<Fault> {
    let mut faults = Vec::new();
    Checker { definitions }.visit(value, schema, "", &mut faults);
    faults
}

struct Checker<'a> {
    definitions: &'a Map<String, Value>,
}

impl Checker<'_> {
    fn visit(&self, value: &Value, schema: &Value, at: &str, faults: &mut Vec<Fault>) {
        let Some(schema) = schema.as_object() else { return };
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let name = target.rsplit('/').next().unwrap_or_default();
            if let Some(target) = self.definitions.get(name) {
                self.visit(value, target, at, faults);
            }
        }
        for (keyword, all) in [("allOf", true), ("anyOf", false), ("oneOf", false)] {
            let Some(branches) = schema.get(keyword).and_then(Value::as_array) else { continue };
            if all {
                branches.iter().for_each(|branch| self.visit(value, branch, at, faults));
            } else {
                faults.extend(self.best_branch(value, branches, at));
            }
        }
        let mut fault = |kind| faults.push(Fault { pointer: at.to_string(), kind });
        if let Some(constant) = schema.get("const")
            && constant != value
        {
            fault(FaultKind::Choice { allowed: vec![shown(constant)] });
        }
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
            && !allowed.contains(value)
        {
            fault(FaultKind::Choice { allowed: allowed.iter().map(shown).collect() });
        }
        if let Some(expected) = wrong_type(value, schema) {
            return fault(FaultKind::Type { expected });
        }
        match value {
            Value::String(text) => text_faults(text, schema).into_iter().for_each(fault),
            Value::Number(number) => {
                let bound = |key| schema.get(key).and_then(Value::as_i64);
                let (least, most) = (bound("minimum"), bound("maximum"));
                let inside = number
                    .as_i64()
                    .is_some_and(|n| least.is_none_or(|l| n >= l) && most.is_none_or(|m| n <= m));
                if (least.is_some() || most.is_some()) && !inside {
                    fault(FaultKind::Range { least, most });
                }
            }
            Value::Array(items) => {
                let bound = |key| schema.get(key).and_then(Value::as_u64);
                let (least, most) = (bound("minItems"), bound("maxItems"));
                let length = items.len() as u64;
                if least.is_some_and(|least| length < least) || most.is_some_and(|most| length > most) {
                    fault(FaultKind::Length { least, most });
                }
                if let Some(schema) = schema.get("items") {
                    for (index, item) in items.iter().enumerate() {
                        self.visit(item, schema, &format!("{at}/{index}"), faults);
                    }
                }
            }
            Value::Object(fields) => self.fields(fields, schema, at, faults),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn fields(
        &self,
        fields: &Map<String, Value>,
        schema: &Map<String, Value>,
        at: &str,
        faults: &mut Vec<Fault>,
    ) {
        let known = schema.get("properties").and_then(Value::as_object);
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            if let Some(name) = name.as_str().filter(|name| !fields.contains_key(*name)) {
                faults.push(Fault { pointer: pointer(at, name), kind: FaultKind::Missing });
            }
        }
        let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
        for (name, value) in fields {
            match known.and_then(|known| known.get(name)) {
                Some(schema) => self.visit(value, schema, &pointer(at, name), faults),
                None if closed => faults.push(Fault { pointer: pointer(at, name), kind: FaultKind::Unknown }),
                None => {}
            }
        }
    }

    /// The faults under the alternative that fits best: none if one fits, else those of the nearest one.
    fn best_branch(&self, value: &Value, branches: &[Value], at: &str) -> Vec<Fault> {
        let tried = branches.iter().map(|branch| {
            let mut faults = Vec::new();
            self.visit(value, branch, at, &mut faults);
            faults
        });
        let mut tried: Vec<Vec<Fault>> = tried.collect();
        let choices: Vec<String> = tried
            .iter()
            .filter_map(|faults| match faults.as_slice() {
                [Fault { pointer, kind: FaultKind::Choice { allowed } }] if pointer == at => {
                    Some(allowed.clone())
                }
                _ => None,
            })
            .flatten()
            .collect();
        if choices.len() > 1 && tried.iter().all(|faults| !faults.is_empty()) && value.is_string() {
            return vec![Fault { pointer: at.to_string(), kind: FaultKind::Choice { allowed: choices } }];
        }
        // Deeper faults mean that the alternative itself was meant; a fault at the value itself, that it was not.
        tried.sort_by_key(|faults| {
            let here = faults.iter().filter(|fault| {
                fault.pointer == at || matches!(fault.kind, FaultKind::Unknown | FaultKind::Missing)
            });
            (here.count(), faults.len())
        });
        tried.into_iter().next().unwrap_or_default()
    }
}

fn wrong_type(value: &Value, schema: &Map<String, Value>) -> Option<String> {
    let allowed: Vec<&str> = match schema.get("type")? {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let is = |name: &&str| match *name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    if allowed.iter().any(is) { None } else { Some(allowed.join(" / ")) }
}

fn text_faults(text: &str, schema: &Map<String, Value>) -> Option<FaultKind> {
    let bound = |key| schema.get(key).and_then(Value::as_u64);
    let (least, most) = (bound("minLength"), bound("maxLength"));
    let length = text.chars().count() as u64;
    if least.is_some_and(|least| length < least) || most.is_some_and(|most| length > most) {
        return Some(FaultKind::Length { least, most });
    }
    let hint = || {
        let example = schema.get("examples").and_then(|examples| examples.get(0)).map(shown);
        let described = schema.get("description").and_then(Value::as_str).map(String::from);
        example.or(described).or_else(|| schema.get("pattern").map(shown)).unwrap_or_default()
    };
    match schema.get("format").and_then(Value::as_str) {
        Some("uuid") if uuid::Uuid::try_parse(text).is_err() => {
            return Some(FaultKind::Form { hint: "0192d3a4-…".into() });
        }
        Some("date-time") if chrono::DateTime::parse_from_rfc3339(text).is_err() => {
            return Some(FaultKind::Form { hint: "2026-11-23T14:05:00+09:00".into() });
        }
        _ => {}
    }
    let asks = |mark: &str| schema.get(mark) == Some(&Value::Bool(true));
    if asks("x-visible") {
        return match Note::try_from(text.to_string()) {
            Err(TextError::Empty) => Some(FaultKind::Blank),
            Err(TextError::Hidden { code }) => Some(FaultKind::Hidden { code }),
            Ok(_) | Err(TextError::Long { .. }) => None,
        };
    }
    if asks("x-label") {
        return text.parse::<Label>().err().map(FaultKind::from);
    }
    match schema.get("pattern").and_then(Value::as_str)? {
        NUMBER_PATTERN => number_fault(text, schema),
        pattern if matches(pattern, text) => None,
        _ => Some(FaultKind::Form { hint: hint() }),
    }
}

fn number_fault(text: &str, schema: &Map<String, Value>) -> Option<FaultKind> {
    let number: Number = match text.parse() {
        Ok(number) => number,
        Err(NumberError::Digits) => return Some(FaultKind::Digits),
        Err(_) => return Some(FaultKind::Number),
    };
    let bound = |key| schema.get(key).and_then(Value::as_i64);
    let (least, most) = (bound("x-least"), bound("x-most"));
    let below =
        least.is_some_and(|least| number < Number::from(least) || (least >= 0 && text.starts_with('-')));
    let above = most.is_some_and(|most| number > Number::from(most));
    (below || above).then_some(FaultKind::Range { least, most })
}

/// The few patterns our schemas use, each read by hand; an unknown one is left to the form's own parser.
fn matches(pattern: &str, text: &str) -> bool {
    let only = |allowed: fn(u8) -> bool| text.bytes().all(allowed);
    match pattern {
        "^[A-Z0-9]{2,6}$" => {
            (2..=6).contains(&text.len()) && only(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        }
        "^[A-Z0-9-]+$" => only(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-'),
        "^[a-z0-9._-]+$" => only(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b)),
        "^[0-9a-f]{64}$" => text.len() == 64 && only(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)),
        "^(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}$" => BirthDate::try_from(text.to_string()).is_ok(),
        _ => true,
    }
}

fn pointer(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(value: Value, schema: Value) -> Vec<(String, FaultKind)> {
        check(&value, &schema, &Map::new()).into_iter().map(|fault| (fault.pointer, fault.kind)).collect()
    }

    #[test]
    fn every_wrong_field_is_named() {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["a", "b"],
            "properties": {
                "a": {"type": "string", "maxLength": 3},
                "b": {"type": "array", "items": {"type": "integer", "minimum": 1}},
                "c": {"type": ["string", "null"]}
            }
        });
        let found = faults(json!({"a": "four", "b": [1, 0, "x"], "c": 5, "d": 1}), schema.clone());
        let pointers: Vec<&str> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(pointers, ["/a", "/b/1", "/b/2", "/c", "/d"]);
        assert_eq!(faults(json!({}), schema.clone()).len(), 2);
        assert_eq!(faults(json!({"a": "abc", "b": [], "c": null}), schema), []);
    }

    #[test]
    fn alternatives_name_what_is_wrong_in_the_one_that_was_meant() {
        let schema = json!({"oneOf": [
            {"const": "release"},
            {"type": "object", "required": ["reject"], "additionalProperties": false, "properties": {
                "reject": {"type": "object", "required": ["reason"], "properties": {"reason": {"type": "string"}}}
            }}
        ]});
        assert_eq!(faults(json!("release"), schema.clone()), []);
        let found = faults(json!({"reject": {"reason": 5}}), schema);
        assert_eq!(found[0].0, "/reject/reason");
    }
}
