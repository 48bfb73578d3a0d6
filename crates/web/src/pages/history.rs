//! The history: every entry, newest last. A corrected entry stays readable, struck through, with its corrections
//! and their reasons below it.

use super::Answer;
use super::reader::Reader;
use super::recording;
use super::status_chip::{Look, chip};
use crate::api::histories::entries_of_batch;
use crate::api::items::{EntryView, SignatureView};
use crate::api::problem::{Kind, Problem};
use crate::api::reading as api;
use crate::server::State;
use crate::session::{self, Means};
use crate::words::{self, Language, Sheet, Ui};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use baiyo_domain::authority::Meaning;
use baiyo_domain::batch::correction::form_of;
use baiyo_domain::batch::not_applicable::{self, NotApplicable};
use baiyo_domain::batch::{self, disposition};
use baiyo_domain::event::Event;
use baiyo_domain::ids::BatchId;
use baiyo_domain::journal::source::Source;
use baiyo_exchange::csv::Csv;
use maud::{Markup, html};

/// Minutes after which an entry was recorded late enough to show both times.
const SAME_MOMENT: i64 = 1;

/// A batch's history as a table for a spreadsheet: each entry with its signature, and since when that no longer counts.
pub async fn take_away(request: HttpRequest, id: web::Path<String>, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.batch").await?;
    // By badge and PIN one reads what is needed at the bench, and takes nothing away.
    if let (Means::Pin, Some((code, sentence))) =
        (&caller.means, caller.means.refusal("read.batch", caller.language))
    {
        return Err(Problem::because(Kind::Forbidden, caller.language, code, None, sentence));
    }
    let batch = api::one_batch(&state, &caller, &id).await?;
    let entries = entries_of_batch(&state, &caller, &batch).await?;
    let file = format!("attachment; filename=\"{}-history.csv\"", batch.opened.label);
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, file))
        .body(table(caller.language, &entries)))
}

const COLUMNS: [&str; 20] = [
    "version",
    "entry",
    "kind",
    "occurred_at",
    "recorded_at",
    "performer",
    "recorder",
    "source",
    "device",
    "device_id",
    "signed_by",
    "signed_at",
    "meaning",
    "key",
    "covers",
    "signature_voided_by_version",
    "corrected_by_versions",
    "hash",
    "not_applicable",
    "event",
];

fn table(language: Language, entries: &[EntryView]) -> String {
    let mut csv = Csv::new(&COLUMNS);
    let version = |entry: &uuid::Uuid| entries.iter().find(|other| other.entry == *entry).map(|e| e.version);
    for entry in entries {
        let (source, signature) = (entry.source.as_ref(), entry.signature.as_ref());
        let device = source.and_then(Source::device);
        let signed = |part: fn(&SignatureView) -> String| signature.map(part).unwrap_or_default();
        let voided = signature.and_then(|signature| signature.voided_by.as_ref()).and_then(version);
        let corrections = entry.corrected_by.iter().filter_map(version).map(|version| version.to_string());
        csv.row(&[
            entry.version.to_string(),
            entry.entry.to_string(),
            entry.kind.clone(),
            entry.occurred_at.to_string(),
            entry.recorded_at.to_string(),
            entry.performer_name.clone(),
            entry.recorder_name.clone(),
            source.map(|source| source.means().to_string()).unwrap_or_default(),
            device.map(|device| device.name.to_string()).unwrap_or_default(),
            device.map(|device| device.id.to_string()).unwrap_or_default(),
            signed(|signature| signature.name.clone()),
            signed(|signature| signature.at.to_string()),
            signed(|signature| signature.meaning.clone()),
            signed(|signature| signature.key.to_string()),
            signed(|signature| signature.covers.to_string()),
            voided.map(|version| version.to_string()).unwrap_or_default(),
            corrections.collect::<Vec<_>>().join(" "),
            entry.hash.to_string(),
            said_not_to_apply(language, &entry.event).join("; "),
            serde_json::to_string(&entry.event).unwrap_or_default(),
        ]);
    }
    csv.into_text()
}

/// Every entry; with the batch whose entries this reader may correct, each leads to its correction.
pub fn section(reader: &Reader, entries: &[EntryView], correcting: Option<BatchId>) -> Markup {
    html! {
        section #history {
            h2 { (reader.say(Ui::History)) }
            ol.history { @for entry in entries { (line(reader, entry, entries, correcting)) } }
        }
    }
}

fn line(reader: &Reader, entry: &EntryView, all: &[EntryView], correcting: Option<BatchId>) -> Markup {
    let sentence = words::event(reader.language, &entry.event, &reader.context);
    let corrections = entry.corrected_by.iter().filter_map(|id| all.iter().find(|other| other.entry == *id));
    html! {
        li id={ "entry-" (entry.version) } {
            a.place href={ "#entry-" (entry.version) } { (entry.version) }
            div {
                p.fact {
                    @if entry.corrected_by.is_empty() { (sentence) } @else { del { (sentence) } }
                }
                (left_empty(reader, &entry.event))
                (meta(reader, entry))
                @if let Some(batch) = correcting.filter(|_| is_correctable(&entry.event)) {
                    p.meta {
                        a href={ (recording::address("batches", batch, "correction")) "?/entry=" (entry.entry) }
                            aria-label={ (reader.say(Sheet::Correct)) " " (entry.version) } { (reader.say(Sheet::Correct)) }
                    }
                }
                @if let Some(signature) = &entry.signature { (signed(reader, signature, all)) }
                @for correction in corrections { (corrected(reader, correction)) }
            }
        }
    }
}

/// What was said not to apply, field by field.
fn left_empty(reader: &Reader, event: &Event) -> Markup {
    html! { @for one in said_not_to_apply(reader.language, event) { p.meta { (one) } } }
}

/// The fields that an entry says do not apply, each with its reason.
pub fn said_not_to_apply(language: Language, event: &Event) -> Vec<String> {
    let Event::Batch(fact) = event else { return Vec::new() };
    let said = |one: NotApplicable| {
        let said = words::not_applicable(language, &one.reason);
        format!("{} – {said}", words::field(language, one.name()))
    };
    not_applicable::of(fact).into_iter().map(said).collect()
}

fn is_correctable(event: &Event) -> bool {
    match event {
        Event::Batch(fact) => form_of(fact).is_some(),
        _ => false,
    }
}

fn meta(reader: &Reader, entry: &EntryView) -> Markup {
    let apart = entry.recorded_at.since(entry.occurred_at).num_minutes() >= SAME_MOMENT;
    html! {
        p.meta {
            span { (reader.say(if apart { Ui::Occurred } else { Ui::Recorded })) " " (reader.time(entry.occurred_at)) }
            @if apart { span { (reader.say(Ui::Recorded)) " " (reader.time(entry.recorded_at)) } }
            span { (reader.say(Ui::Performer)) " " (entry.performer_name) }
            @if entry.recorder != entry.performer {
                span { (reader.say(Ui::Recorder)) " " (entry.recorder_name) }
            }
            @if let Some(source) = &entry.source { span { (words::source(reader.language, source)) } }
        }
    }
}

fn signed(reader: &Reader, signature: &SignatureView, all: &[EntryView]) -> Markup {
    let meaning = Meaning::ALL.into_iter().find(|meaning| meaning.word() == signature.meaning);
    let meaning =
        meaning.map_or(signature.meaning.as_str(), |meaning| words::meaning(reader.language, meaning));
    html! {
        p.signature {
            svg width="20" height="16" viewBox="0 0 20 16" aria-hidden="true" {
                path d="M1 12c4-10 7-12 8-10s-5 11-3 11 4-6 6-6-1 5 1 5 3-2 6-2" fill="none" stroke="currentColor"
                    stroke-width="1.8" stroke-linecap="round" {}
            }
            strong { (signature.name) }
            (reader.time(signature.at))
            span { (reader.say(Ui::Meaning)) ": " (meaning) }
            @if let Some(by) = voiding(signature, all) {
                (chip(Look::Warning, reader.say(Ui::SignatureVoided)))
                a href={ "#entry-" (by.version) } { (by.version) }
            }
        }
    }
}

/// The entry since which a signature no longer counts, among all.
pub fn voiding<'a>(signature: &SignatureView, all: &'a [EntryView]) -> Option<&'a EntryView> {
    all.iter().find(|entry| signature.voided_by == Some(entry.entry))
}

fn corrected(reader: &Reader, correction: &EntryView) -> Markup {
    let Event::Batch(batch::Event::Disposition(disposition::Event::Corrected(fact))) = &correction.event
    else {
        return html! {};
    };
    let replacement = Event::Batch(fact.replacement.clone());
    html! {
        div.correction {
            p.fact {
                strong { (reader.say(Ui::NewValue)) ": " }
                ins { (words::event(reader.language, &replacement, &reader.context)) }
            }
            (left_empty(reader, &replacement))
            p.fact { strong { (reader.say(Ui::Reason)) ": " } (fact.reason) }
            p.meta {
                span {
                    (reader.say(Ui::CorrectedIn)) " "
                    a href={ "#entry-" (correction.version) } { (correction.version) }
                }
                span { (reader.time(correction.recorded_at)) }
                span { (correction.recorder_name) }
            }
        }
    }
}
