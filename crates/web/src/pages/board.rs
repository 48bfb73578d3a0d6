//! The board: every batch this person may see, newest change first, or those of a period, and above them the stop messages
//! nobody has acknowledged.

use super::frame::Frame;
use super::reader::{Names, Reader, dash, moment, part_label};
use super::status_chip::{self, BATCH_STATUSES};
use super::{Answer, Query, ROWS, after_of, encoded, may, next_of};
use crate::api::board::Asked;
use crate::api::reading::read;
use crate::pages::pictures::scale::day_of;
use crate::server::State;
use crate::session::{self, Caller};
use crate::words::{self, Context, Inspection, Thing, Ui};
use actix_web::{HttpRequest, web};
use baiyo_domain::authority::Role;
use baiyo_domain::batch::Batch;
use baiyo_domain::ids::{BatchId, LabelKind};
use baiyo_domain::time::Time;
use baiyo_persistence::happenings::{self, Happening};
use baiyo_persistence::reading::{self, BatchRow, StopRow};
use chrono::NaiveDate;
use maud::{Markup, html};
use std::sync::Arc;

/// What the board shows.
pub struct Board {
    /// Each with when it happened, where the batches of a period are shown.
    rows: Vec<(Option<Time>, BatchRow)>,
    stops: Vec<(StopRow, Option<Arc<Batch>>)>,
    names: Names,
}

/// Which batches of all are looked for.
#[derive(Clone)]
struct Wanted {
    status: Option<String>,
    period: Option<Asked>,
    /// The field of the period that says nothing.
    fault: Option<&'static str>,
    /// Whether looking for a period is what this person is here for.
    by_period: bool,
}

/// How far an inspector's first look goes back, in days.
const FIRST_LOOK: u64 = 365;

/// Shows the board.
pub async fn show(request: HttpRequest, query: Query, state: web::Data<State>) -> Answer {
    let caller = session::who(&request, &state).await?;
    answer(&request, &query, &state, &caller, Asked::of(&query)).await
}

/// Shows the board where an inspector begins: what was opened in the last year.
pub async fn begin(request: HttpRequest, query: Query, state: web::Data<State>) -> Answer {
    let caller = session::who(&request, &state).await?;
    let today = day_of(state.store.now().0, state.zone);
    let first = today.checked_sub_days(chrono::Days::new(FIRST_LOOK));
    let asked = Asked { what: Happening::Opened, from: first, to: Some(today) };
    answer(&request, &query, &state, &caller, Ok(Some(asked))).await
}

async fn answer(
    request: &HttpRequest,
    query: &Query,
    state: &web::Data<State>,
    caller: &Caller,
    asked: Result<Option<Asked>, &'static str>,
) -> Answer {
    let frame = Frame::new(request, state, Some(caller));
    let title = frame.say(Ui::Board);
    if !may(caller, "read.batch") {
        return Ok(frame
            .ok(title, html! { div.title { h1 { (title) } } p { (frame.say(Ui::RolesWithoutBatches)) } }));
    }
    let (scope, after, zone) = (caller.scope(), after_of(query), state.zone);
    let wanted = Wanted {
        status: query.get("status").cloned().filter(|status| !status.is_empty()),
        period: asked.ok().flatten(),
        fault: asked.err(),
        by_period: caller.roles.contains(&Role::Inspector),
    };
    let asking = wanted.clone();
    let (now, _) = state.store.now();
    let board = read(state, caller, move |conn| {
        let rows = match (asking.fault, asking.period) {
            (Some(_), _) => Vec::new(),
            (None, Some(asked)) => {
                let page = happenings::batches(conn, scope, asked.period(zone), after, ROWS, now)?;
                page.rows.into_iter().map(|(at, row)| (Some(at), row)).collect()
            }
            (None, None) => {
                let page = reading::batches(conn, scope, asking.status.as_deref(), after, ROWS, now)?;
                page.rows.into_iter().map(|row| (None, row)).collect()
            }
        };
        let mut stops = Vec::new();
        for stop in reading::open_stops(conn, scope)? {
            let batch = reading::batch(conn, scope, BatchId(stop.batch.0))?;
            stops.push((stop, batch));
        }
        Ok(Board { rows, stops, names: Names::of_centre(conn)? })
    });
    let board = board.await?;
    let reader = Reader::new(caller.language, state.zone);
    Ok(frame.ok(title, board.content(&reader, &wanted, query)))
}

impl Board {
    fn content(&self, reader: &Reader, wanted: &Wanted, query: &Query) -> Markup {
        let last = self.rows.last().map(|(at, row)| (at.map_or(row.changed_at, Time::micros), row.id.0));
        let kept = match (wanted.period, &wanted.status) {
            (Some(asked), _) => format!("{}&", asked.query()),
            (None, Some(status)) => format!("status={}&", encoded(status)),
            (None, None) => String::new(),
        };
        let narrowed = wanted.status.is_some() || wanted.period.is_some();
        html! {
            (self.stop_notice(reader))
            div.title { h1 { (reader.say(Ui::Board)) } }
            (by_period(reader, wanted, query))
            (filter(reader, wanted))
            @if wanted.fault.is_some() {
                // What is wrong stands at its field.
            } @else if self.rows.is_empty() {
                p.empty { (reader.say(if narrowed { Ui::NothingFound } else { Ui::NoBatchesYet })) }
            } @else {
                (table(reader, &self.rows, wanted.period.map(|asked| asked.what)))
            }
            @if let Some(next) = next_of(self.rows.len(), last) {
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

/// Looking for the batches of a period: at hand for whoever looks for one, folded away for the others.
fn by_period(reader: &Reader, wanted: &Wanted, query: &Query) -> Markup {
    let form = html! {
        form.period method="get" action="/batches" aria-label=(reader.say(Inspection::ByPeriod)) {
            div.field {
                label for="by" { (reader.say(Inspection::What)) }
                select #by name="by" {
                    @for what in Happening::ALL {
                        @let chosen = wanted.period.map_or(Happening::Opened, |asked| asked.what) == what;
                        option value=(what.name()) selected[chosen] { (said(reader, what)) }
                    }
                }
            }
            @for (name, word) in [("from", Inspection::FirstDay), ("to", Inspection::LastDay)] {
                (day(reader, wanted, query, name, word))
            }
            button type="submit" { (reader.say(Inspection::Show)) }
        }
    };
    html! {
        @if wanted.by_period { (form) } @else {
            details.period open[wanted.period.is_some() || wanted.fault.is_some()] {
                summary { (reader.say(Inspection::ByPeriod)) }
                (form)
            }
        }
    }
}

fn day(reader: &Reader, wanted: &Wanted, query: &Query, name: &'static str, word: Inspection) -> Markup {
    let asked = wanted.period.and_then(|asked| if name == "from" { asked.from } else { asked.to });
    let typed = query.get(name).cloned().or_else(|| asked.map(|day| day.to_string())).unwrap_or_default();
    let wrong = wanted.fault == Some(name);
    let fault =
        if typed.parse::<NaiveDate>().is_ok() { Inspection::NoSuchPeriod } else { Inspection::NotADay };
    html! {
        div.field.wrong[wrong] {
            label for=(name) { (reader.say(word)) }
            @if wrong { p.fault id={ (name) "-fault" } { (reader.say(fault)) } }
            input id=(name) name=(name) type="date" value=(typed) aria-invalid=[wrong.then_some("true")]
                aria-describedby=[wrong.then(|| format!("{name}-fault"))];
        }
    }
}

fn said(reader: &Reader, what: Happening) -> &'static str {
    reader.say(match what {
        Happening::Opened => Inspection::Opened,
        Happening::Decided => Inspection::Decided,
        Happening::Shipped => Inspection::Shipped,
        Happening::Infused => Inspection::Infused,
    })
}

fn filter(reader: &Reader, wanted: &Wanted) -> Markup {
    let chosen = wanted.status.as_deref().filter(|_| wanted.period.is_none());
    let all = chosen.is_none() && wanted.period.is_none() && wanted.fault.is_none();
    html! {
        nav.filter aria-label=(reader.say(Ui::FilterByStatus)) {
            a href="/batches" aria-current=[all.then_some("true")] { (reader.say(Ui::All)) }
            @for status in BATCH_STATUSES {
                a href={ "/batches?status=" (status.name()) } aria-current=[(chosen == Some(status.name())).then_some("true")] {
                    (words::batch_status(reader.language, status.name()))
                }
            }
        }
    }
}

/// The batches; those of a period with when it happened, the others with their newest change. On a telephone each row is a
/// card, whose style would take a table's meaning away: so it is said.
pub(super) fn table(reader: &Reader, rows: &[(Option<Time>, BatchRow)], what: Option<Happening>) -> Markup {
    let changed = what.map_or_else(|| reader.say(Ui::Updated), |what| said(reader, what));
    let cell = |word: &'static str, shown: Markup| html! { td role="cell" data-label=(word) { (shown) } };
    let number =
        |word: &'static str, shown: Markup| html! { td.number role="cell" data-label=(word) { (shown) } };
    html! {
        div.scroll.carded role="region" aria-label=(reader.say(Ui::Batches)) tabindex="0" {
            table.cards role="table" {
                thead role="rowgroup" {
                    tr role="row" {
                        @for column in [Ui::BatchNumber, Ui::Status, Ui::Patient, Ui::Standard] {
                            th scope="col" role="columnheader" { (reader.say(column)) }
                        }
                        @for column in [Ui::Blockers, Ui::ReleasedOfAll] {
                            th.number scope="col" role="columnheader" { (reader.say(column)) }
                        }
                        th scope="col" role="columnheader" { (changed) }
                    }
                }
                tbody role="rowgroup" {
                    @for (at, row) in rows {
                        tr role="row" {
                            th.wide scope="row" role="rowheader" { a href={ "/batches/" (row.id.0) } { (row.label) } }
                            (cell(reader.say(Ui::Status), status_chip::batch_named(reader.language, &row.status)))
                            (cell(reader.say(Ui::Patient), html! { (row.pseudonym) }))
                            (cell(reader.say(Ui::Standard), html! { span.wide { (row.standard) } }))
                            (number(reader.say(Ui::Blockers), if row.blockers == 0 { dash() } else { html! { (row.blockers) } }))
                            (number(reader.say(Ui::ReleasedOfAll), html! { (row.released) " / " (row.containers) }))
                            (cell(changed, reader.time(at.unwrap_or_else(|| moment(row.changed_at)))))
                        }
                    }
                }
            }
        }
    }
}
