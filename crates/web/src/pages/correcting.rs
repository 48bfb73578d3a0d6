//! Corrections: the entry's own form with what stands in it now, to be changed where it is wrong, and why.

use super::recording::About;
use super::sheet::Sheet;
use crate::words::{self, Sheet as Word};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::correction::{form_of, in_force};
use baiyo_domain::event::Event;
use baiyo_domain::ids::EntryId;
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
    let at = format!("{REPLACEMENT}/{stage}/{name}");
    let line = words::event(sheet.reader.language, &Event::Batch(fact), &sheet.reader.context);
    html! {
        p.old { (sheet.reader.say(Word::StandsNow)) ": " strong { (line) } }
        (sheet.hidden("/entry"))
        input type="hidden" name=(REPLACEMENT) value=(stage);
        input type="hidden" name={ (REPLACEMENT) "/" (stage) } value=(name);
        (sheet.field("/reason"))
        (sheet.field(&at))
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
