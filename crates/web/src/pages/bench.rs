//! The bench: what is due today, a vessel after its scan, and the steps that are recorded all day, with gloves on.

pub mod kit;
pub mod map;
pub mod passage;
pub mod photo;
pub mod steps;
pub mod today;
pub mod vessel;

use super::frame::Frame;
use super::reader::Reader;
use super::{Answer, Query, encoded, may, see_other};
use crate::api::reading::read;
use crate::server::State;
use crate::session::{self, Caller};
use crate::words::{Bench, Word};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::due::Work;
use baiyo_domain::batch::status::BatchStatus;
use baiyo_domain::ids::{BatchId, Label, LabelError, LabelKind};
use baiyo_domain::time::Time;
use baiyo_persistence::reading;
use maud::{Markup, html};
use std::sync::Arc;

/// The batches that the bench works on now.
async fn at_work(
    state: &web::Data<State>,
    caller: &Caller,
    now: Time,
) -> Result<Vec<Arc<Batch>>, crate::api::problem::Problem> {
    let scope = caller.scope();
    read(state, caller, move |conn| reading::batches_in(conn, scope, &BatchStatus::UNDER_WAY, now)).await
}

/// Goes on to whatever a scanned or typed label stands for.
pub async fn find(request: HttpRequest, query: Query, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.batch").await?;
    let typed = query.get("code").map(|code| code.trim().to_string()).unwrap_or_default();
    let label: Label = match typed.parse() {
        Ok(label) => label,
        Err(error) => {
            let word = match error {
                LabelError::Form => Bench::NotALabel,
                LabelError::Check => Bench::CheckCharacter,
            };
            return Ok(not_found(&request, &state, &caller, &typed, word));
        }
    };
    let (scope, wanted) = (caller.scope(), label.clone());
    let found = read(&state, &caller, move |conn| {
        let order = match wanted.kind() {
            LabelKind::Order => reading::order_labelled(conn, scope, &wanted)?,
            _ => None,
        };
        let batch = match reading::batch_labelled(conn, &wanted)? {
            Some(id) => reading::batch(conn, scope, id)?,
            None => None,
        };
        Ok((order, batch))
    });
    let (order, batch) = found.await?;
    match (order, batch, label.kind()) {
        (Some(order), _, _) => Ok(see_other(&format!("/orders/{order}"))),
        (None, Some(_), LabelKind::Vessel) => Ok(see_other(&vessel::address(&label))),
        // At a clinic a container leads to the step that is due for it.
        (None, Some(_), LabelKind::Dose) if may(&caller, "read.patient_name") => {
            Ok(see_other(&format!("/clinic/scan?label={}", encoded(&label.to_string()))))
        }
        (None, Some(batch), LabelKind::Dose) => {
            let no = label.sub().unwrap_or_default();
            Ok(see_other(&format!("/batches/{}?dose={no}#container-{no}", batch.id)))
        }
        (None, Some(batch), LabelKind::Sample) => {
            Ok(see_other(&format!("/batches/{}#sample-{}", batch.id, label.sub().unwrap_or_default())))
        }
        (None, Some(batch), _) => Ok(see_other(&format!("/batches/{}", batch.id))),
        (None, None, _) => Ok(not_found(&request, &state, &caller, &typed, Bench::NotKnown)),
    }
}

fn not_found(
    request: &HttpRequest,
    state: &State,
    caller: &Caller,
    typed: &str,
    why: Bench,
) -> actix_web::HttpResponse {
    let frame = Frame::new(request, state, Some(caller));
    let reader = Reader::new(caller.language, state.zone);
    let content = html! {
        div.title { h1 { (reader.say(Bench::ScanHere)) } }
        div.notice.warning role="alert" tabindex="-1" {
            @if !typed.is_empty() { p { strong { (typed) } } }
            p { (reader.say(why)) }
        }
        (scan_field(&reader, typed))
    };
    frame.answer(StatusCode::NOT_FOUND, reader.say(Bench::ScanHere), content)
}

/// Where a label is scanned or typed; a scan anywhere on the page lands here too.
pub fn scan_field(reader: &Reader, typed: &str) -> Markup {
    html! {
        form.scan method="get" action="/find" role="search" {
            label for="code" { (reader.say(Bench::ScanHere)) }
            div {
                input type="text" id="code" name="code" value=[(!typed.is_empty()).then_some(typed)] autocomplete="off"
                    autocapitalize="characters" spellcheck="false" maxlength="60" aria-describedby="code-hint";
                button type="submit" { (reader.say(Bench::Find)) }
            }
            p.hint #code-hint { (reader.say(Bench::ScanHint)) }
        }
    }
}

/// What is to be done, in a word or two.
pub fn work(work: &Work) -> impl Word {
    match work {
        Work::Tissue => Bench::Tissue,
        Work::Isolation => Bench::Isolation,
        Work::BankSeeding => Bench::BankSeeding,
        Work::LabelCheck(_) => Bench::LabelCheck,
        Work::Medium(_) => Bench::Medium,
        Work::Sampling(_) => Bench::Sampling,
        Work::Harvest => Bench::Harvest,
        Work::Fill(_) => Bench::Fill,
        Work::FillSampling(_) => Bench::FillSampling,
        Work::Labels(_) => Bench::Labels,
        Work::Freezing(_) => Bench::Freezing,
        Work::Packing(_) => Bench::Packing,
        Work::Shipment(_) => Bench::Shipment,
    }
}

/// How far away a moment is: `20 min left`, `3 h`, `35 min late`.
pub fn distance(reader: &Reader, by: Time, now: Time) -> String {
    let minutes = by.since(now).num_minutes();
    let spaced = |number: i64, word: Bench| match reader.language {
        crate::words::Language::En => format!("{number} {}", reader.say(word)),
        crate::words::Language::Ja => format!("{number}{}", reader.say(word)),
    };
    match minutes {
        ..0 if minutes > -120 => spaced(-minutes, Bench::MinutesLate),
        ..0 => format!("−{}", far(&spaced, -minutes)),
        0..120 => spaced(minutes, Bench::InMinutes),
        _ => far(&spaced, minutes),
    }
}

fn far(spaced: &dyn Fn(i64, Bench) -> String, minutes: i64) -> String {
    match minutes {
        ..2880 => spaced(minutes / 60, Bench::Hours),
        _ => spaced(minutes / 1440, Bench::Days),
    }
}

/// The form of a batch, filled in with fields of the query, coming back to a page.
pub fn form(batch: BatchId, form: &str, fields: &[(&str, &str)], to: &str) -> String {
    let mut address = format!("{}?to={}", super::recording::address("batches", batch, form), encoded(to));
    for (name, value) in fields {
        address.push_str(&format!("&{}={}", encoded(name), encoded(value)));
    }
    address
}
