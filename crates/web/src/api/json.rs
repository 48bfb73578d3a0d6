//! Reading a JSON body strictly: what follows the value, or a field given twice, is refused, and so is what is deeper or
//! has more parts than any form. A later value that
//! silently took the place of an earlier one would falsify a record.

use super::problem::{Kind, Problem};
use crate::words::Language;
use actix_web::http::header;
use actix_web::{HttpRequest, web};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Error, Map, Number, Value};
use std::fmt;

/// A body as it comes in: its bytes, or why they could not be taken.
pub type Body = Result<web::Bytes, actix_web::Error>;

/// How deep a body may be nested: the deepest form, a correction's, has 8 levels.
const DEEPEST: usize = 32;
/// The most values in a body, objects and lists counted: the largest, a standard, has some 400.
const MOST_VALUES: usize = 10_000;
const TOO_DEEP: &str = "it is nested too deep";
const TOO_MANY: &str = "it has too many values";

/// Reads a JSON body, by its declared type.
///
/// # Errors
/// Another media type, a body that is too large, or a text that is no JSON (nested too deep, or with a field given
/// twice, included).
pub fn read(request: &HttpRequest, body: Body, language: Language) -> Result<Value, Problem> {
    let media =
        request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if media.split(';').next().map(|name| name.trim().eq_ignore_ascii_case("application/json")) != Some(true)
    {
        return Err(Problem::new(Kind::MediaType, language));
    }
    let body = body.map_err(|error| match error.as_response_error().status_code().as_u16() {
        413 => Problem::new(Kind::TooLarge, language),
        _ => Problem::new(Kind::NotJson, language),
    })?;
    let (value, twice) = parse(&body).map_err(|error| {
        Problem::because(Kind::NotJson, language, "not_json", Some(""), unreadable(&error, language))
    })?;
    if twice.is_empty() { Ok(value) } else { Err(Problem::twice(Kind::NotJson, twice, language)) }
}

fn unreadable(error: &Error, language: Language) -> String {
    let (line, column) = (error.line(), error.column());
    let said = error.to_string();
    let deep = said.starts_with(TOO_DEEP);
    match (language, error.classify()) {
        (Language::En, _) if said.starts_with(TOO_MANY) => format!("It has more than {MOST_VALUES} values."),
        (Language::Ja, _) if said.starts_with(TOO_MANY) => format!("値の数が{MOST_VALUES}を超えています。"),
        (Language::En, _) if deep => format!("Line {line}, column {column}: it is nested too deep."),
        (Language::Ja, _) if deep => format!("{line}行{column}桁目：入れ子が深すぎます。"),
        (Language::En, Category::Eof) => "It ends before it is complete.".into(),
        (Language::Ja, Category::Eof) => "途中で終わっています。".into(),
        (Language::En, _) => format!("Line {line}, column {column} cannot be read as JSON."),
        (Language::Ja, _) => format!("{line}行{column}桁目はJSONとして読めません。"),
    }
}

/// The value, and pointers to fields that are given more than once.
fn parse(text: &[u8]) -> Result<(Value, Vec<String>), Error> {
    let mut reading = Reading::default();
    let mut source = serde_json::Deserializer::from_slice(text);
    let value = Part(&mut reading).deserialize(&mut source)?;
    source.end()?;
    Ok((value, reading.twice))
}

/// Fields named at most, of those given twice.
const NAMED: usize = 20;

#[derive(Default)]
struct Reading {
    path: Vec<String>,
    values: usize,
    twice: Vec<String>,
}

impl Reading {
    fn note_twice(&mut self) {
        let segment = |name: &String| format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        let pointer: String = self.path.iter().map(segment).collect();
        if self.twice.len() < NAMED && !self.twice.contains(&pointer) {
            self.twice.push(pointer);
        }
    }
}

/// The part that is read next.
struct Part<'a>(&'a mut Reading);

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        self.0.values += 1;
        if self.0.path.len() > DEEPEST {
            return Err(D::Error::custom(TOO_DEEP));
        }
        if self.0.values > MOST_VALUES {
            return Err(D::Error::custom(TOO_MANY));
        }
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        loop {
            self.0.path.push(all.len().to_string());
            let Some(item) = items.next_element_seed(Part(&mut *self.0))? else { break };
            self.0.path.pop();
            all.push(item);
        }
        self.0.path.pop();
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            self.0.path.push(name.clone());
            let value = fields.next_value_seed(Part(&mut *self.0))?;
            if all.insert(name, value).is_some() {
                self.0.note_twice();
            }
            self.0.path.pop();
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_any_reader_reads() {
        for text in [
            r#"{"a": [1, -2, 1.5, true, null, "x"], "b": {"a": 18446744073709551615}}"#,
            r#""text""#,
            "[]",
            "[[[]], {}]",
        ] {
            let (value, twice) = parse(text.as_bytes()).unwrap();
            assert_eq!((value, twice), (serde_json::from_str(text).unwrap(), vec![]), "{text}");
        }
        for text in ["", "{", "{} {}", "[1,]", "1e999", "\"\\ud800\"", "nul"] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        parse(nested(DEEPEST).as_bytes()).unwrap();
        for levels in [DEEPEST + 2, 127, 10_000] {
            let error = parse(nested(levels).as_bytes()).unwrap_err();
            assert!(error.to_string().starts_with(TOO_DEEP), "{levels}: {error}");
        }
        let long = |items: usize| format!("[{}1]", "1,".repeat(items - 1));
        parse(long(MOST_VALUES - 2).as_bytes()).unwrap();
        assert!(parse(long(MOST_VALUES).as_bytes()).unwrap_err().to_string().starts_with(TOO_MANY));
    }

    #[test]
    fn every_field_given_twice_is_named() {
        let text = r#"{"a": 1, "b": [{"c/d": 1}, {"c/d": 1, "c/d": 1, "c/d": 2}], "a": 2, "\u0061": 3, "e": {"a": 1}}"#;
        assert_eq!(parse(text.as_bytes()).unwrap().1, ["/b/1/c~1d", "/a"]);
    }
}
