//! Corrections: the entry's own form with what stands in it now, to be changed where it is wrong, and why.

use super::recording::About;
use super::sheet::Sheet;
use super::typed::{Typed, local};
use crate::words::{self, Sheet as Word};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::correction::{form_of, in_force};
use baiyo_domain::event::Event;
use baiyo_domain::ids::EntryId;
use chrono_tz::Tz;
use maud::{Markup, html};
use serde_json::Value;

/// The field that says which stage, and below it which form, is corrected.
const REPLACEMENT: &str = "/replacement";

/// Lays a correction out: first which entry, then its form.
pub fn lay_out(sheet: &mut Sheet, about: &About) -> Markup {
    let batch = about.batch.as_deref();
    let entry = sheet.typed.get("/entry").and_then(|id| id.parse().ok()).map(EntryId);
    let fact = batch.zip(entry).and_then(|(batch, entry)| in_force(batch, entry)).cloned();
    let Some((fact, form)) = fact.and_then(|fact| {
        let form = form_of(&fact)?;
        Some((fact, form))
    }) else {
        return choose(sheet, batch);
    };
    let form = serde_json::to_value(form).unwrap_or_default();
    let Some((stage, name)) = named(&form) else { return choose(sheet, batch) };
    if !sheet.typed.any(REPLACEMENT) {
        let (zone, reader) = (sheet.reader.zone, sheet.shape);
        let whole = serde_json::json!({ "replacement": form });
        sheet.typed.fill(reader, "", &whole, zone);
    }
    let mut exact = Vec::new();
    exact_moments(&form, REPLACEMENT, &mut exact);
    let at = format!("{REPLACEMENT}/{stage}/{name}");
    let line = words::event(sheet.reader.language, &Event::Batch(fact), &sheet.reader.context);
    html! {
        p.old { (sheet.reader.say(Word::StandsNow)) ": " strong { (line) } }
        (sheet.hidden("/entry"))
        @for moment in exact { input type="hidden" name=(EXACT) value=(moment); }
        input type="hidden" name=(REPLACEMENT) value=(stage);
        input type="hidden" name={ (REPLACEMENT) "/" (stage) } value=(name);
        (sheet.field("/reason"))
        (sheet.field(&at))
    }
}

/// The field that says to the microsecond what a field of the form shows to the second.
const EXACT: &str = "exact";

/// A moment that was left as it stood is the one that was recorded, to the microsecond.
pub fn keep_exact(typed: &mut Typed, zone: Tz) {
    let exact: Vec<String> = typed.all(EXACT).into_iter().map(String::from).collect();
    for line in exact {
        let Some((field, instant)) = line.split_once(' ') else { continue };
        if typed.get(field).is_some_and(|shown| shown == local(instant, zone)) {
            typed.set(field, instant);
        }
    }
    typed.clear(EXACT);
}

/// The moments in a form that have fractions of seconds, each with its field.
fn exact_moments(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| exact_moments(value, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(row, value)| exact_moments(value, &format!("{at}/{row}"), found));
        }
        Value::String(text) => {
            let instant = chrono::DateTime::parse_from_rfc3339(text);
            if instant.is_ok_and(|instant| instant.timestamp_subsec_micros() > 0) {
                found.push(format!("{at} {text}"));
            }
        }
        _ => {}
    }
}

/// What may be corrected, newest first, each leading to its form.
fn choose(sheet: &mut Sheet, batch: Option<&Batch>) -> Markup {
    sheet.choosing = true;
    let reader = sheet.reader;
    let entries = batch.into_iter().flat_map(|batch| batch.log.iter().rev());
    let correctable = entries.filter(|logged| form_of(&logged.event).is_some());
    html! {
        ul.corrections {
            @for logged in correctable {
                @let line = words::event(reader.language, &Event::Batch((*logged.event).clone()), &reader.context);
                li { a href={ (sheet.address) "?/entry=" (logged.stamp.entry) } { "#" (logged.stamp.version) " · " (line) } }
            }
        }
    }
}

fn named(form: &Value) -> Option<(&str, &str)> {
    let (stage, inner) = form.as_object()?.iter().next()?;
    let (name, _) = inner.as_object()?.iter().next()?;
    Some((stage, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_moment_left_as_it_stood_keeps_its_microseconds_and_a_changed_one_is_the_new_one() {
        let zone = chrono_tz::Asia::Tokyo;
        let at = "2026-01-05T00:10:20.123456Z";
        let form = json!({ "culture": { "passage": { "performed": { "at": at }, "into": [{ "since": at }, { "since": "2026-01-05T00:10:20Z" }] } } });
        let mut exact = Vec::new();
        exact_moments(&form, REPLACEMENT, &mut exact);
        let field = |name: &str| format!("/replacement/culture/passage/{name}");
        assert_eq!(
            exact,
            [format!("{} {at}", field("into/0/since")), format!("{} {at}", field("performed/at"))]
        );
        let shown =
            [(field("performed/at"), "2026-01-05T09:10:20"), (field("into/0/since"), "2026-01-05T09:11")];
        let shown = shown.map(|(name, value)| (name, value.to_string()));
        let mut typed = Typed::of(exact.into_iter().map(|line| (EXACT.to_string(), line)).chain(shown));
        keep_exact(&mut typed, zone);
        assert_eq!(typed.get(&field("performed/at")), Some(at));
        assert_eq!(typed.get(&field("into/0/since")), Some("2026-01-05T09:11"));
        assert!(!typed.any(EXACT));
    }
}
