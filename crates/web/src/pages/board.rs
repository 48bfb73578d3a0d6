//! The board: every batch this person may see, newest change first, and above them the stop messages nobody has
//! acknowledged.

use super::frame::Frame;
use super::reader::{Names, Reader, dash, moment, part_label};
use super::status_chip::{self, BATCH_STATUSES};
use super::{Answer, Query, ROWS, after_of, may, next_of};
use crate::api::reading::read;
use crate::server::State;
use crate::session;
use crate::words::{self, Context, Thing, Ui};
use actix_web::{HttpRequest, web};
use baiyo_domain::batch::Batch;
use baiyo_domain::ids::{BatchId, LabelKind};
use baiyo_persistence::reading::{self, BatchRow, StopRow};
use maud::{Markup, html};
use std::sync::Arc;

/// What the board shows.
pub struct Board {
    rows: Vec<BatchRow>,
    stops: Vec<(StopRow, Option<Arc<Batch>>)>,
    names: Names,
}

/// Shows the board.
pub async fn show(request: HttpRequest, query: Query, state: web::Data<State>) -> Answer {
    let caller = session::who(&request, &state).await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let title = frame.say(Ui::Board);
    if !may(&caller, "read.batch") {
        return Ok(frame
            .ok(title, html! { div.title { h1 { (title) } } p { (frame.say(Ui::RolesWithoutBatches)) } }));
    }
    let (scope, after) = (caller.scope(), after_of(&query));
    let status = query.get("status").cloned().filter(|status| !status.is_empty());
    let wanted = status.clone();
    let (now, _) = state.store.now();
    let board = read(&state, &caller, move |conn| {
        let rows = reading::batches(conn, scope, wanted.as_deref(), after, ROWS, now)?.rows;
        let mut stops = Vec::new();
        for stop in reading::open_stops(conn, scope)? {
            let batch = reading::batch(conn, scope, BatchId(stop.batch.0))?;
            stops.push((stop, batch));
        }
        Ok(Board { rows, stops, names: Names::of_centre(conn)? })
    });
    let board = board.await?;
    let reader = Reader::new(caller.language, state.zone);
    Ok(frame.ok(title, board.content(&reader, status.as_deref())))
}

impl Board {
    fn content(&self, reader: &Reader, status: Option<&str>) -> Markup {
        let next = next_of(self.rows.len(), self.rows.last().map(|row| (row.changed_at, row.id.0)));
        html! {
            (self.stop_notice(reader))
            div.title { h1 { (reader.say(Ui::Board)) } }
            (filter(reader, status))
            @if self.rows.is_empty() {
                p.empty { (reader.say(if status.is_some() { Ui::NothingFound } else { Ui::NoBatchesYet })) }
            } @else {
                (table(reader, &self.rows))
            }
            @if let Some(next) = next {
                @let kept = status.map(|status| format!("status={status}&")).unwrap_or_default();
                p.pager { a.button href={ "/batches?" (kept) "after=" (next) } rel="next" { (reader.say(Ui::NextPage)) } }
            }
        }
    }

    fn stop_notice(&self, reader: &Reader) -> Markup {
        let name = |thing: Thing| self.names.call(thing);
        html! {
            @if !self.stops.is_empty() {
                section.notice.bad aria-labelledby="stops" {
                    h2 #stops { (status_chip::Look::Warning.icon()) (reader.say(Ui::StopMessages)) }
                    p { strong { (reader.say(Ui::StopExplained)) } }
                    ul {
                        @for (stop, batch) in &self.stops { (stop_line(reader, stop, batch.as_deref(), &name)) }
                    }
                }
            }
        }
    }
}

fn stop_line(
    reader: &Reader,
    stop: &StopRow,
    batch: Option<&Batch>,
    name: &dyn Fn(Thing) -> Option<String>,
) -> Markup {
    let no = u16::try_from(stop.container).unwrap_or_default();
    let found = batch.and_then(|batch| {
        let stops = batch.containers.values().flat_map(|container| &container.stops);
        stops.into_iter().find(|message| message.entry.0 == stop.entry.0).map(|message| (batch, message))
    });
    html! {
        li {
            a href={ "/batches/" (stop.batch.0) "#containers" } {
                @match batch {
                    Some(batch) => { (part_label(batch, LabelKind::Dose, no)) }
                    None => { (reader.say(Ui::Container)) " " (no) }
                }
            }
            @if let Some((batch, message)) = found {
                @let context = Context::of(batch.standard(), reader.zone).naming(name);
                ": " (words::stop_cause(reader.language, &message.cause, &context))
            }
            " (" (reader.time(moment(stop.issued_at))) ") "
            (reader.say(Ui::NotAcknowledged))
        }
    }
}

fn filter(reader: &Reader, chosen: Option<&str>) -> Markup {
    html! {
        nav.filter aria-label=(reader.say(Ui::FilterByStatus)) {
            a href="/batches" aria-current=[chosen.is_none().then_some("true")] { (reader.say(Ui::All)) }
            @for status in BATCH_STATUSES {
                a href={ "/batches?status=" (status.name()) } aria-current=[(chosen == Some(status.name())).then_some("true")] {
                    (words::batch_status(reader.language, status.name()))
                }
            }
        }
    }
}

pub(super) fn table(reader: &Reader, rows: &[BatchRow]) -> Markup {
    html! {
        div.scroll role="region" aria-label=(reader.say(Ui::Batches)) tabindex="0" {
            table {
                thead {
                    tr {
                        @for column in [Ui::BatchNumber, Ui::Status, Ui::Patient, Ui::Standard] {
                            th scope="col" { (reader.say(column)) }
                        }
                        @for column in [Ui::Blockers, Ui::ReleasedOfAll] {
                            th.number scope="col" { (reader.say(column)) }
                        }
                        th scope="col" { (reader.say(Ui::Updated)) }
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            th.wide scope="row" { a href={ "/batches/" (row.id.0) } { (row.label) } }
                            td { (status_chip::batch_named(reader.language, &row.status)) }
                            td { (row.pseudonym) }
                            td.wide { (row.standard) }
                            td.number { @if row.blockers == 0 { (dash()) } @else { (row.blockers) } }
                            td.number { (row.released) " / " (row.containers) }
                            td { (reader.time(moment(row.changed_at))) }
                        }
                    }
                }
            }
        }
    }
}
