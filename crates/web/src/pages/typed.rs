//! What a person typed into a form, and the JSON that it comes to under the form's schema. A field is named by its JSON
//! pointer, so that a fault found later leads back to it. What was left empty is left out.

use baiyo_domain::batch::not_applicable;
use baiyo_domain::quantity::NUMBER_PATTERN;
use chrono::{NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What was typed, by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed(BTreeMap<String, Vec<String>>);

/// A schema with the definitions it refers to.
#[derive(Clone, Copy)]
pub struct Shape<'a> {
    schema: &'a Value,
    definitions: &'a Map<String, Value>,
    /// What the definition is called that it stands in.
    pub name: Option<&'a str>,
}

/// What kind of field a schema asks for.
pub enum Kind<'a> {
    /// Fields of their own: name, shape, whether it must be there.
    Fields(Vec<(&'a str, Shape<'a>, bool)>),
    /// Any number of these.
    List(Shape<'a>),
    /// One of these: a bare word, or a word that leads to fields of its own.
    Choice(Vec<(&'a str, Option<Shape<'a>>)>),
    /// Yes or no.
    YesOrNo,
    /// Whole numbers.
    Whole,
    /// A decimal number.
    Number,
    /// An instant.
    Moment,
    /// Words.
    Text,
}

impl<'a> Shape<'a> {
    /// A body's shape.
    pub fn new(schema: &'a Value, definitions: &'a Map<String, Value>) -> Self {
        Self { schema, definitions, name: None }.resolved()
    }

    fn with(self, schema: &'a Value) -> Self {
        Self { schema, ..self }.resolved()
    }

    /// Follows references, and passes by `null` where something may be left out.
    fn resolved(self) -> Self {
        if let Some(target) = self.schema.get("$ref").and_then(Value::as_str) {
            let name = target.rsplit('/').next().unwrap_or_default();
            let schema = self.definitions.get(name).unwrap_or(&Value::Null);
            return Self { schema, definitions: self.definitions, name: Some(name) }.resolved();
        }
        let branches = self.schema.get("anyOf").and_then(Value::as_array);
        let is_null = |branch: &&Value| branch.get("type").and_then(Value::as_str) == Some("null");
        match branches.and_then(|branches| branches.iter().find(|branch| !is_null(branch))) {
            Some(schema) => self.with(schema),
            None => self,
        }
    }

    /// What a schema says of a number or text, e.g. `x-unit`.
    pub fn said(&self, key: &str) -> Option<&'a Value> {
        self.schema.get(key)
    }

    fn is(&self, wanted: &str) -> bool {
        match self.schema.get("type") {
            Some(Value::String(one)) => one == wanted,
            Some(Value::Array(several)) => several.iter().any(|one| one == wanted),
            _ => false,
        }
    }

    fn properties(self) -> Vec<(&'a str, Shape<'a>, bool)> {
        let required: Vec<&str> = self
            .schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let properties = self.schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let mut properties: Vec<_> = properties
            .map(|(name, schema)| (name.as_str(), self.with(schema), required.contains(&name.as_str())))
            .collect();
        // It is about the others, and comes after them.
        properties.sort_by_key(|(name, ..)| *name == not_applicable::MEMBER);
        properties
    }

    /// Whether a field, named by its pointer, has room for one value alone.
    fn is_single(self, pointer: &str) -> bool {
        let mut shape = self;
        for part in pointer.split('/').skip(1) {
            shape = match shape.kind() {
                Kind::Fields(fields) => match fields.into_iter().find(|(name, ..)| *name == part) {
                    Some((_, field, _)) => field,
                    None => return false,
                },
                Kind::List(item) => item,
                Kind::Choice(choices) => {
                    match choices.into_iter().find_map(|(word, fields)| fields.filter(|_| word == part)) {
                        Some(fields) => fields,
                        None => return false,
                    }
                }
                _ => return false,
            };
        }
        pointer.starts_with('/') && !matches!(shape.kind(), Kind::List(_))
    }

    /// What it asks for.
    pub fn kind(self) -> Kind<'a> {
        let branches =
            ["oneOf", "anyOf"].iter().find_map(|key| self.schema.get(*key)).and_then(Value::as_array);
        if let Some(branches) = branches {
            let mut choices = Vec::new();
            for branch in branches {
                if let Some(word) = branch.get("const").and_then(Value::as_str) {
                    choices.push((word, None));
                }
                let words = branch.get("enum").and_then(Value::as_array).into_iter().flatten();
                choices.extend(words.filter_map(Value::as_str).map(|word| (word, None)));
                let fields = branch.get("properties").and_then(Value::as_object).into_iter().flatten();
                choices.extend(fields.map(|(word, schema)| (word.as_str(), Some(self.with(schema)))));
            }
            return Kind::Choice(choices);
        }
        if let Some(words) = self.schema.get("enum").and_then(Value::as_array) {
            return Kind::Choice(words.iter().filter_map(Value::as_str).map(|word| (word, None)).collect());
        }
        if self.is("object") {
            return Kind::Fields(self.properties());
        }
        if self.is("array") {
            return Kind::List(self.schema.get("items").map_or(self, |items| self.with(items)));
        }
        match () {
            () if self.is("boolean") => Kind::YesOrNo,
            () if self.is("integer") => Kind::Whole,
            () if self.schema.get("format").and_then(Value::as_str) == Some("date-time") => Kind::Moment,
            () if self.schema.get("pattern").and_then(Value::as_str) == Some(NUMBER_PATTERN) => Kind::Number,
            () => Kind::Text,
        }
    }
}

impl Typed {
    /// From a form's pairs, in their order.
    pub fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut typed = Self::default();
        for (name, value) in pairs {
            typed.0.entry(name).or_default().push(value);
        }
        typed
    }

    /// What was typed into a field; nothing where it was left empty.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.0.get(field)?.iter().map(|value| value.trim()).find(|value| !value.is_empty())
    }

    /// All that was typed or chosen there, an item on each line.
    pub fn all(&self, field: &str) -> Vec<&str> {
        let values = self.0.get(field).into_iter().flatten();
        values.flat_map(|value| value.lines()).map(str::trim).filter(|line| !line.is_empty()).collect()
    }

    /// Fields in which more than one thing was typed though the form has room for one.
    pub fn given_twice(&self, shape: Shape) -> Vec<&str> {
        let several = self
            .0
            .iter()
            .filter(|(_, values)| values.iter().filter(|value| !value.trim().is_empty()).count() > 1);
        several.map(|(name, _)| name.as_str()).filter(|name| shape.is_single(name)).collect()
    }

    /// Types something into a field that is still empty.
    pub fn suggest(&mut self, field: &str, value: impl ToString) {
        if self.get(field).is_none() {
            self.set(field, value);
        }
    }

    /// Types something in place of whatever was there.
    pub fn set(&mut self, field: &str, value: impl ToString) {
        self.0.insert(field.into(), vec![value.to_string()]);
    }

    /// Takes out what was typed into a field.
    pub fn take(&mut self, field: &str) -> Option<String> {
        self.0.remove(field)?.into_iter().next()
    }

    /// Takes out whatever was typed into any field but these.
    pub fn keep(&mut self, fields: &[&str]) {
        self.0.retain(|name, _| fields.contains(&name.as_str()));
    }

    /// Takes out whatever was typed into a field and those below it.
    pub fn clear(&mut self, field: &str) {
        self.0.retain(|name, _| !is_within(name, field));
    }

    /// Whether anything was typed into a field or one below it.
    pub fn any(&self, field: &str) -> bool {
        let said = |values: &[String]| values.iter().any(|value| !value.trim().is_empty());
        self.0.iter().any(|(name, values)| is_within(name, field) && said(values))
    }

    /// How many rows of a list of rows something was typed into, once empty ones between them are closed up.
    pub fn close_up(&mut self, list: &str) -> usize {
        let prefix = format!("{list}/");
        let mut rows: BTreeMap<usize, Vec<(String, Vec<String>)>> = BTreeMap::new();
        let names: Vec<String> = self.0.keys().filter(|name| name.starts_with(&prefix)).cloned().collect();
        for name in names {
            let rest = name.strip_prefix(&prefix).unwrap_or_default();
            let Some((row, field)) = rest.split_once('/') else { continue };
            let (Ok(row), field) = (row.parse::<usize>(), field.to_string()) else { continue };
            let values = self.0.remove(&name).unwrap_or_default();
            if values.iter().any(|value| !value.trim().is_empty()) {
                rows.entry(row).or_default().push((field, values));
            }
        }
        let filled = rows.len();
        for (row, fields) in rows.into_values().enumerate() {
            for (field, values) in fields {
                self.0.insert(format!("{prefix}{row}/{field}"), values);
            }
        }
        filled
    }

    /// Types what a form's JSON says, so that it reads back as the same.
    pub fn fill(&mut self, shape: Shape, at: &str, value: &Value, zone: Tz) {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        match (shape.kind(), value) {
            (Kind::Fields(fields), Value::Object(given)) => {
                for (name, shape, _) in fields {
                    if let Some(value) = given.get(name) {
                        self.fill(shape, &format!("{at}/{name}"), value, zone);
                    }
                }
            }
            (Kind::List(item), Value::Array(items)) if matches!(item.kind(), Kind::Fields(_)) => {
                for (row, value) in items.iter().enumerate() {
                    self.fill(item, &format!("{at}/{row}"), value, zone);
                }
            }
            (Kind::List(_), Value::Array(items)) => {
                self.0.insert(at.into(), items.iter().map(text).collect());
            }
            (Kind::Choice(choices), Value::Object(given)) => {
                let chosen =
                    choices.into_iter().find_map(|(word, fields)| Some((word, fields?, given.get(word)?)));
                match chosen {
                    // What is chosen from what there is in a batch stands as it is.
                    Some(_) if shape.name == Some("Subject") => self.set(at, value),
                    Some((word, fields, value)) => {
                        self.set(at, word);
                        self.fill(fields, &format!("{at}/{word}"), value, zone);
                    }
                    None => {}
                }
            }
            (Kind::Moment, Value::String(given)) => self.set(at, local(given, zone)),
            (_, Value::Null) => {}
            (_, value) => self.set(at, text(value)),
        }
    }

    /// The JSON that it comes to; an empty object where nothing was typed.
    pub fn value(&mut self, shape: Shape, zone: Tz) -> Value {
        self.read(shape, "", zone).unwrap_or_else(|| Value::Object(Map::new()))
    }

    fn read(&mut self, shape: Shape, at: &str, zone: Tz) -> Option<Value> {
        match shape.kind() {
            Kind::Fields(fields) => {
                let mut object = Map::new();
                for (name, shape, _) in fields {
                    if let Some(value) = self.read(shape, &format!("{at}/{name}"), zone) {
                        object.insert(name.into(), value);
                    }
                }
                (!object.is_empty()).then_some(Value::Object(object))
            }
            Kind::List(item) if matches!(item.kind(), Kind::Fields(_)) => {
                let rows = self.close_up(at);
                let rows = (0..rows).filter_map(|row| self.read(item, &format!("{at}/{row}"), zone));
                let rows: Vec<Value> = rows.collect();
                (!rows.is_empty()).then_some(Value::Array(rows))
            }
            Kind::List(item) => {
                let items: Vec<Value> =
                    self.all(at).into_iter().map(|text| plain(item, text, zone)).collect();
                (!items.is_empty()).then_some(Value::Array(items))
            }
            Kind::Choice(choices) => {
                let chosen = self.get(at)?.to_string();
                let fields =
                    choices.into_iter().find(|(word, _)| *word == chosen).and_then(|(_, fields)| fields);
                match fields {
                    Some(fields) => {
                        let inner = self.read(fields, &format!("{at}/{chosen}"), zone);
                        let inner = inner.unwrap_or_else(|| Value::Object(Map::new()));
                        Some(Value::Object(Map::from_iter([(chosen, inner)])))
                    }
                    None => Some(plain(shape, &chosen, zone)),
                }
            }
            _ => self.get(at).map(|text| plain(shape, text, zone)),
        }
    }
}

/// Whether a field is another or one below it.
fn is_within(name: &str, field: &str) -> bool {
    name.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// One value. What does not fit is passed on as it was typed, for the schema to say so.
fn plain(shape: Shape, text: &str, zone: Tz) -> Value {
    let as_typed = || Value::String(text.to_string());
    match shape.kind() {
        Kind::YesOrNo => match text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => as_typed(),
        },
        Kind::Whole => half_width(text).parse::<i64>().map_or_else(|_| as_typed(), Value::from),
        Kind::Number => Value::String(half_width(text)),
        Kind::Moment => Value::String(moment(&half_width(text), zone)),
        // Something in a batch that was chosen from what there is.
        Kind::Choice(_) if text.starts_with('{') => serde_json::from_str(text).unwrap_or_else(|_| as_typed()),
        Kind::Choice(_) | Kind::Text | Kind::Fields(_) | Kind::List(_) => as_typed(),
    }
}

/// Digits, point and sign typed with a Japanese input method, as ASCII.
pub fn half_width(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '−' | 'ー' | '‐' => '-',
        '。' => '.',
        other => other,
    };
    text.trim().chars().map(plain).collect()
}

/// An instant as a browser's field has it, in the site's zone; seconds only where there are some.
pub fn local(instant: &str, zone: Tz) -> String {
    let Ok(at) = chrono::DateTime::parse_from_rfc3339(instant) else { return instant.to_string() };
    let there = at.with_timezone(&zone).format("%Y-%m-%dT%H:%M:%S").to_string();
    there.strip_suffix(":00").map_or(there.clone(), String::from)
}

/// A moment as a browser's field has it, in the site's zone. One that the zone has twice is passed on as it was typed.
fn moment(text: &str, zone: Tz) -> String {
    let formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"];
    let local = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let instant = local.and_then(|local| zone.from_local_datetime(&local).single());
    instant.map_or_else(|| text.to_string(), |instant| instant.to_rfc3339())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::openapi::Schemas;
    use serde_json::json;

    fn value(action: &str, pairs: &[(&str, &str)]) -> Value {
        let schemas = Schemas::new();
        let (schema, definitions) = schemas.of(action);
        let pairs = pairs.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        Typed::of(pairs).value(Shape::new(schema, definitions), Tz::Asia__Tokyo)
    }

    #[test]
    fn a_form_comes_to_its_json_and_what_is_empty_is_left_out() {
        let typed = [
            ("/vessels", "C1-V-TKYO-26-000123-01-1\r\n\r\n C1-V-TKYO-26-000123-02-2 "),
            ("/volume", "２０．５"),
            ("/performed/at", "2026-11-23T14:05"),
            ("/performed/late_reason", "  "),
            ("/performed/lots/0/material", ""),
            ("/performed/lots/2/material", "medium"),
            ("/performed/lots/2/lot", "M-0912"),
        ];
        let expected = json!({
            "vessels": ["C1-V-TKYO-26-000123-01-1", "C1-V-TKYO-26-000123-02-2"],
            "volume": "20.5",
            "performed": {"at": "2026-11-23T14:05:00+09:00", "lots": [{"material": "medium", "lot": "M-0912"}]},
        });
        assert_eq!(value("batch.culture.medium_change", &typed), expected);
        assert_eq!(value("batch.culture.medium_change", &[]), json!({}));
    }

    #[test]
    fn what_has_room_for_one_value_is_named_where_two_are_given() {
        let schemas = Schemas::new();
        let given_twice = |action: &str, names: &[&str]| {
            let (schema, definitions) = schemas.of(action);
            let pairs = names
                .iter()
                .flat_map(|name| [(name.to_string(), "1".into()), (name.to_string(), "2".into())]);
            let typed = Typed::of(pairs);
            typed
                .given_twice(Shape::new(schema, definitions))
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        let several = ["/vessels", "/performed/lots/0/lot", "/volume", "/performed/at", "/other", "exact"];
        let found = given_twice("batch.culture.medium_change", &several);
        assert_eq!(found, ["/performed/at", "/performed/lots/0/lot", "/volume"]);
        let found = given_twice(
            "batch.disposition.deciding",
            &["/containers", "/decision", "/decision/reject/reason"],
        );
        assert_eq!(found, ["/decision", "/decision/reject/reason"]);
        let typed =
            Typed::of([("/volume".to_string(), "1".to_string()), ("/volume".to_string(), " ".to_string())]);
        let (schema, definitions) = schemas.of("batch.culture.medium_change");
        assert!(
            typed.given_twice(Shape::new(schema, definitions)).is_empty(),
            "a field left empty beside it"
        );
    }

    #[test]
    fn what_is_filled_in_from_json_reads_back_as_the_same() {
        let schemas = Schemas::new();
        let (schema, definitions) = schemas.of("batch.disposition.correction");
        let shape = Shape::new(schema, definitions);
        let corrections = [
            json!({"culture": {"medium_change": {
                "performed": {"at": "2026-11-23T14:05:07+09:00", "lots": [{"material": "medium", "lot": "M-1"}]},
                "vessels": ["C1-V-TKYO-26-000123-01-1", "C1-V-TKYO-26-000123-02-2"], "volume": "20.50"
            }}}),
            json!({"testing": {"sampling": {"subjects": [{"vessel": 3}, "tissue"], "tests": ["MYCOPLASMA"]}}}),
            json!({"intake": {"tissue_receipt": {
                "order_label": "C1-O-TKYO-26-000001-1", "pseudonym": "P-1", "collected_at": "2026-11-23T09:00:00+09:00",
                "site": "abdomen", "seal_intact": false, "least_temperature": "2", "most_temperature": "8",
                "transport": "2", "mass": "100.0", "appearance": "clear", "decision": {"refused": {"reason": "warm"}}
            }}}),
        ];
        for replacement in corrections {
            let whole = json!({"entry": "01936d2e-0000-7000-8000-000000000000", "reason": "misread", "replacement": replacement});
            let mut typed = Typed::default();
            typed.fill(shape, "", &whole, Tz::Asia__Tokyo);
            assert_eq!(typed.value(shape, Tz::Asia__Tokyo), whole);
        }
    }

    #[test]
    fn a_choice_leads_to_its_own_fields_and_whole_numbers_and_yes_or_no_are_read() {
        let typed = [
            ("/decision", "reject"),
            ("/decision/reject/reason", "thin"),
            ("/containers", "1"),
            ("/containers", "２"),
        ];
        let expected = json!({"decision": {"reject": {"reason": "thin"}}, "containers": [1, 2]});
        assert_eq!(value("batch.disposition.deciding", &typed), expected);
        let released = value("batch.disposition.deciding", &[("/decision", "release")]);
        assert_eq!(released, json!({"decision": "release"}));
        let typed = [("/turbid", "false"), ("/confluence", "x"), ("/morphology", "spindle")];
        let expected = json!({"turbid": false, "confluence": "x", "morphology": "spindle"});
        assert_eq!(value("batch.culture.observation", &typed), expected);
        let typed = [("/subjects", r#"{"vessel":3}"#), ("/subjects", "tissue"), ("/tests", "MYCOPLASMA")];
        let expected = json!({"subjects": [{"vessel": 3}, "tissue"], "tests": ["MYCOPLASMA"]});
        assert_eq!(value("batch.testing.sampling", &typed), expected);
    }
}
