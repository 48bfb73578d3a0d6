//! Orders: the list, and one order with its consent, its donor's screening and its batches.

use super::clinic::board::told;
use super::clinic::cases;
use super::clinic::layouts::birth_date;
use super::frame::Frame;
use super::reader::{Names, Reader, moment};
use super::status_chip::{self, Look, chip};
use super::{Answer, Query, ROWS, after_of, history, may, next_of, recording};
use crate::api::disclosures::viewer;
use crate::api::histories::entries_of_order;
use crate::api::problem::{Kind, Problem};
use crate::api::reading::read;
use crate::server::State;
use crate::session;
use crate::words::{self, Context, Privacy, Thing, Ui};
use actix_web::{HttpRequest, web};
use baiyo_domain::batch::Batch;
use baiyo_domain::ids::{ClinicId, OrderId};
use baiyo_domain::numbers::{self, Unusual};
use baiyo_domain::order::{ConsentStanding, Erasure, Finding, Order, Purpose};
use baiyo_domain::time::Time;
use baiyo_persistence::disclosure::Told;
use baiyo_persistence::reading::{self, OrderRow};
use maud::{Markup, html};
use std::sync::Arc;
use uuid::Uuid;

/// Shows the list.
pub async fn list(request: HttpRequest, query: Query, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.order").await?;
    let (scope, after) = (caller.scope(), after_of(&query));
    let (rows, names) = read(&state, &caller, move |conn| {
        Ok((reading::orders(conn, scope, after, ROWS)?, Names::of_centre(conn)?))
    })
    .await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let reader = Reader::new(caller.language, state.zone);
    let title = frame.say(Ui::Orders);
    let next = next_of(rows.len(), rows.last().map(|row| (row.placed_at, row.id.0)));
    let content = html! {
        div.title {
            h1 { (title) }
            @if may(&caller, "order.placement") {
                a.button href={ (recording::RECORD) "/orders" } { (words::action(reader.language, "order.placement")) }
            }
        }
        @if rows.is_empty() { p.empty { (reader.say(Ui::NothingFound)) } } @else { (table(&reader, &rows, &names)) }
        @if let Some(next) = next {
            p.pager { a.button href={ "/orders?after=" (next) } rel="next" { (reader.say(Ui::NextPage)) } }
        }
    };
    Ok(frame.ok(title, content))
}

/// Shows one order.
pub async fn show(request: HttpRequest, id: web::Path<String>, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.order").await?;
    let missing = || Problem::new(Kind::NotFound, caller.language);
    let id = OrderId(Uuid::try_parse(&id).map_err(|_| missing())?);
    let scope = caller.scope();
    let (store, viewer) = (Arc::clone(&state.store), viewer(&request, &caller));
    let found = read(&state, &caller, move |conn| {
        let Some((order, _)) = reading::order(conn, scope, id)? else { return Ok(None) };
        let patient = order.placed.placement.patient;
        let told = match cases::patient(conn, &store, viewer.as_ref(), patient)? {
            // Whoever is told no names is told that there is none any more.
            Told::Nothing if order.erasure == Some(Erasure::Done) => {
                if store.was_erased(conn, patient, &[order.id])? { Told::Erased } else { Told::Nothing }
            }
            told => told,
        };
        let mut batches = Vec::new();
        for batch in &order.batches {
            batches.extend(reading::batch(conn, scope, *batch)?);
        }
        let mut names = Names::of_centre(conn)?;
        for batch in &order.batches {
            names.learn_batch(conn, *batch, scope)?;
        }
        Ok(Some((order, batches, told, names)))
    });
    let (order, batches, patient, names) = found.await?.ok_or_else(missing)?;
    let entries = entries_of_order(&state, &caller, order.id).await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let call = |thing: Thing| names.call(thing);
    let reader = Reader::new(caller.language, state.zone);
    let reader = reader.of(Context::bare(state.zone).naming(&call));
    let (now, _) = state.store.now();
    let content = html! {
        (content(&reader, &order, &batches, (&patient, may(&caller, "read.disclosures")), &names, now))
        @if may(&caller, "batch.intake.opening") && order.standing.active {
            p.actions {
                a.button href={ (recording::RECORD) "/batches?/order=" (order.id) } {
                    (words::action(reader.language, "batch.intake.opening"))
                }
            }
        }
        (history::section(&reader, &entries, None))
        (recording::menu(&reader, &state, &caller, "orders", order.id))
    };
    Ok(frame.ok(&order.placed.label.to_string(), content))
}

fn table(reader: &Reader, rows: &[OrderRow], names: &Names) -> Markup {
    html! {
        div.scroll role="region" aria-label=(reader.say(Ui::Orders)) tabindex="0" {
            table {
                thead {
                    tr {
                        @for column in [Ui::Order, Ui::Status, Ui::Patient, Ui::Purpose, Ui::Clinic, Ui::Opened] {
                            th scope="col" { (reader.say(column)) }
                        }
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            th.wide scope="row" { a href={ "/orders/" (row.id.0) } { (row.label) } }
                            td { (standing(reader, row.status == "active")) }
                            td { (row.pseudonym) }
                            td { (reader.say(if row.purpose == "banking" { Ui::Banking } else { Ui::Therapy })) }
                            td { (names.call(Thing::Clinic(ClinicId(row.clinic.0))).unwrap_or_default()) }
                            td { (reader.time(moment(row.placed_at))) }
                        }
                    }
                }
            }
        }
    }
}

/// What an order is for.
pub fn purpose(reader: &Reader, purpose: Purpose) -> &'static str {
    reader.say(match purpose {
        Purpose::Therapy => Ui::Therapy,
        Purpose::Banking => Ui::Banking,
    })
}

fn standing(reader: &Reader, active: bool) -> Markup {
    match active {
        true => chip(Look::Good, reader.say(Ui::Active)),
        false => chip(Look::Plain, reader.say(Ui::Inactive)),
    }
}

fn content(
    reader: &Reader,
    order: &Order,
    batches: &[Arc<Batch>],
    (patient, sees_viewers): (&Told, bool),
    names: &Names,
    now: Time,
) -> Markup {
    let placement = &order.placed.placement;
    let clinic = names.call(Thing::Clinic(order.placed.clinic)).unwrap_or_default();
    html! {
        div.title { h1 { (order.placed.label) } (standing(reader, order.standing.active)) }
        dl.facts {
            div {
                dt { (reader.say(Ui::Patient)) }
                dd {
                    (told(reader, patient)) " "
                    @if let Some(patient) = patient.name() {
                        " · " (birth_date(reader.language, patient.birth_date.date())) br;
                    }
                    (placement.pseudonym)
                    @if let Some(Erasure::Proposed { .. }) = order.erasure {
                        " " (chip(Look::Waiting, reader.say(Privacy::ErasureProposed)))
                    }
                    @if sees_viewers {
                        br; a href={ "/patients/" (placement.patient) } { (reader.say(Privacy::WhoSawPatient)) }
                    }
                }
            }
            div { dt { (reader.say(Ui::Purpose)) } dd { (purpose(reader, placement.purpose)) } }
            div { dt { (reader.say(Ui::Clinic)) } dd { (clinic) } }
            div {
                dt { (reader.say(Ui::Plan)) }
                dd {
                    (order.plan.number) " (" (words::plan_class(reader.language, order.plan.class)) ") "
                    (standing(reader, order.standing.plan_active))
                    @if !numbers::is_usual_plan(&order.plan) {
                        p.hint { (words::unusual(reader.language, Unusual::Plan)) }
                    }
                }
            }
            div { dt { (reader.say(Ui::Consent)) } dd { (consent(reader, &order.standing.consent)) } }
            @if let Some(window) = order.standing.window {
                div {
                    dt { (reader.say(Ui::ReadyWindow)) }
                    dd { (reader.time(window.from)) " – " (reader.time(window.until)) }
                }
            }
        }
        section #screening { h2 { (reader.say(Ui::DonorScreening)) } (screening(reader, order)) }
        section #batches { h2 { (reader.say(Ui::Batches)) } (batch_table(reader, batches, now)) }
    }
}

fn consent(reader: &Reader, standing: &ConsentStanding) -> Markup {
    match standing {
        ConsentStanding::Missing => chip(Look::Planned, reader.say(Ui::NotRecorded)),
        ConsentStanding::InForce { version } => html! {
            (chip(Look::Good, reader.say(Ui::ConsentInForce))) " " (reader.say(Ui::Version)) " " (version)
        },
        ConsentStanding::Withdrawn { at } => html! {
            (chip(Look::Bad, reader.say(Ui::ConsentWithdrawn))) " " (reader.time(*at))
        },
    }
}

fn screening(reader: &Reader, order: &Order) -> Markup {
    let Some(screening) = &order.standing.screening else {
        return html! { p.empty { (reader.say(Ui::NotRecorded)) } };
    };
    html! {
        p { (reader.say(Ui::SampledAt)) " " (reader.time(screening.sampled_at)) " · " (screening.laboratory) }
        div.scroll role="region" aria-label=(reader.say(Ui::DonorScreening)) tabindex="0" {
            table {
                thead { tr { th scope="col" { (reader.say(Ui::Test)) } th scope="col" { (reader.say(Ui::Result)) } } }
                tbody {
                    @for result in &screening.results {
                        tr {
                            th scope="row" { (words::analyte(reader.language, result.analyte)) }
                            td {
                                @let look = if result.finding == Finding::Negative { Look::Good } else { Look::Bad };
                                (chip(look, words::finding(reader.language, result.finding)))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn batch_table(reader: &Reader, batches: &[Arc<Batch>], now: Time) -> Markup {
    html! {
        @if batches.is_empty() { p.empty { (reader.say(Ui::NoBatchesYet)) } } @else {
            div.scroll role="region" aria-label=(reader.say(Ui::Batches)) tabindex="0" {
                table {
                    thead {
                        tr {
                            @for column in [Ui::BatchNumber, Ui::Status, Ui::Product, Ui::Opened] {
                                th scope="col" { (reader.say(column)) }
                            }
                        }
                    }
                    tbody {
                        @for batch in batches {
                            tr {
                                th.wide scope="row" { a href={ "/batches/" (batch.id) } { (batch.opened.label) } }
                                td { (status_chip::batch(reader.language, batch.status(now))) }
                                td { (words::title(reader.language, &batch.standard().title)) }
                                td { @if let Some(first) = batch.log.first() { (reader.time(first.stamp.recorded_at)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
