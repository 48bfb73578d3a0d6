//! Histories: every entry of a batch, an order or a person, oldest first, to those who may see it.

use super::items::{EntryView, Page, SignatureView};
use super::problem::{Kind, Problem};
use super::reading::{Answer, identifier, one_batch, one_order, read};
use super::unchanged::unless_unchanged;
use crate::server::State;
use crate::session::Caller;
use actix_web::{HttpRequest, HttpResponse, web};
use baiyo_domain::batch::Batch;
use baiyo_domain::event::{Event, Payload};
use baiyo_domain::ids::{OrderId, PersonId};
use baiyo_domain::journal::signature::Signature;
use baiyo_domain::journal::{Entry, StreamId, StreamKind};
use baiyo_persistence::{Conn, StoreError, journal, reading};

/// A batch's.
pub async fn batch(request: HttpRequest, path: web::Path<String>, state: web::Data<State>) -> Answer {
    unless_unchanged(&request, &state, "read.batch", async |caller| {
        let found = one_batch(&state, &caller, &path).await?;
        let items = entries_of_batch(&state, &caller, &found).await?;
        Ok(HttpResponse::Ok().json(Page { items, next: None }).into())
    })
    .await
}

/// A batch's entries as this reader may see them, each with what corrected it.
///
/// # Errors
/// The records cannot be read.
pub async fn entries_of_batch(
    state: &web::Data<State>,
    caller: &Caller,
    batch: &Batch,
) -> Result<Vec<EntryView>, Problem> {
    let mut items = history(state, caller, StreamId { kind: StreamKind::Batch, id: batch.id.0 }).await?;
    for item in &mut items {
        if let Some(logged) = batch.log.iter().find(|logged| logged.stamp.entry.0 == item.entry) {
            item.event = Event::Batch((*logged.event).clone());
            item.corrected_by = logged.corrected_by.iter().map(|entry| entry.0).collect();
            if let Some(signature) = &mut item.signature {
                signature.voided_by = logged.voided_by.map(|entry| entry.0);
            }
        }
    }
    Ok(items)
}

/// An order's.
pub async fn order(request: HttpRequest, path: web::Path<String>, state: web::Data<State>) -> Answer {
    unless_unchanged(&request, &state, "read.order", async |caller| {
        let (order, _) = one_order(&state, &caller, &path).await?;
        let items = entries_of_order(&state, &caller, order.id).await?;
        Ok(HttpResponse::Ok().json(Page { items, next: None }).into())
    })
    .await
}

/// The entries of an order that this caller may see.
///
/// # Errors
/// The records cannot be read.
pub async fn entries_of_order(
    state: &web::Data<State>,
    caller: &Caller,
    order: OrderId,
) -> Result<Vec<EntryView>, Problem> {
    history(state, caller, StreamId { kind: StreamKind::Order, id: order.0 }).await
}

/// A person's.
pub async fn person(request: HttpRequest, path: web::Path<String>, state: web::Data<State>) -> Answer {
    unless_unchanged(&request, &state, "read.people", async |caller| {
        let person = PersonId(identifier(&path, &caller)?);
        let items = entries_of_person(&state, &caller, person).await?;
        if items.is_empty() {
            return Err(Problem::new(Kind::NotFound, caller.language));
        }
        Ok(HttpResponse::Ok().json(Page { items, next: None }).into())
    })
    .await
}

/// The entries about a person.
///
/// # Errors
/// The records cannot be read.
pub async fn entries_of_person(
    state: &web::Data<State>,
    caller: &Caller,
    person: PersonId,
) -> Result<Vec<EntryView>, Problem> {
    history(state, caller, StreamId { kind: StreamKind::Person, id: person.0 }).await
}

async fn history(
    state: &web::Data<State>,
    caller: &Caller,
    stream: StreamId,
) -> Result<Vec<EntryView>, Problem> {
    read(state, caller, move |conn| {
        let entries = journal::entries_of(conn, stream)?;
        shown(conn, entries)
    })
    .await
}

/// Entries as they are shown, with the names of people.
///
/// # Errors
/// The records cannot be read.
pub(super) fn shown(conn: &mut Conn, entries: Vec<Entry>) -> Result<Vec<EntryView>, StoreError> {
    let names = reading::names(conn)?;
    let name = |person: PersonId| names.get(&person).cloned().unwrap_or_default();
    let views = entries.into_iter().map(|entry| {
        let Payload { event, source, signature } = Payload::read(&entry)?;
        Ok(EntryView {
            entry: entry.id.0,
            version: entry.version,
            kind: entry.kind,
            occurred_at: entry.occurred_at,
            recorded_at: entry.recorded_at,
            performer: entry.performer,
            performer_name: name(entry.performer),
            recorder: entry.recorder,
            recorder_name: name(entry.recorder),
            hash: entry.hash,
            source,
            event,
            signature: signature.map(|signature: Signature| SignatureView {
                person: signature.person,
                name: name(signature.person),
                key: signature.key.0,
                meaning: signature.meaning.as_str().to_string(),
                at: signature.at,
                covers: signature.covers.len(),
                voided_by: None,
            }),
            corrected_by: Vec::new(),
        })
    });
    views.collect()
}
