//! One batch on one page: where it stands, its gate, containers, lineage, vessels, results, what holds it, and
//! its whole history.

use super::frame::Frame;
use super::pictures::{gate_strip, growth, spans};
use super::reader::{Names, Reader, or_dash, part_label};
use super::results::entry_link;
use super::status_chip::{self, Look, chip};
use super::{Answer, Query, dossier, gate, history, lineage, may, orders, recording, results};
use crate::api::histories::entries_of_batch;
use crate::api::items::EntryView;
use crate::api::reading as api;
use crate::server::State;
use crate::session::{self, Caller};
use crate::words::{self, Clinic, Context, Inspection, Quality, Sheet, Thing, Ui};
use actix_web::{HttpRequest, web};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::culture::Vessel;
use baiyo_domain::batch::disposition::HoldScope;
use baiyo_domain::batch::distribution::Container;
use baiyo_domain::batch::gate::{Gate, gate as ask_gate};
use baiyo_domain::forecast::{self, Forecast};
use baiyo_domain::ids::{ContainerNo, LabelKind};
use baiyo_domain::quality_event::Impact;
use baiyo_domain::quantity::Number;
use baiyo_domain::time::Time;
use baiyo_persistence::experience;
use baiyo_persistence::reading::ClinicScope;
use maud::{Markup, html};

/// Shows one batch.
pub async fn show(
    request: HttpRequest,
    id: web::Path<String>,
    query: Query,
    state: web::Data<State>,
) -> Answer {
    let caller = session::admit(&request, &state, "read.batch").await?;
    let batch = api::one_batch(&state, &caller, &id).await?;
    let entries = entries_of_batch(&state, &caller, &batch).await?;
    let scope = caller.scope();
    let quality_events = may(&caller, "read.quality_event").then_some(caller.language);
    let (batch, names, experience) = api::read(&state, &caller, move |conn| {
        let names = Names::of_batch(conn, &batch, scope, quality_events)?;
        let experience = experience::of(conn, batch.standard())?;
        Ok((batch, names, experience))
    })
    .await?;
    let (now, _) = state.store.now();
    let forecast = forecast::forecast(&batch, &experience, 1, now);
    let frame = Frame::new(&request, &state, Some(&caller));
    let reader = Reader::new(caller.language, state.zone);
    let forms = recording::menu(&reader, &state, &caller, "batches", batch.id);
    let dose = query.get("dose").and_then(|no| no.parse().ok()).map(ContainerNo);
    let content = html! {
        p.links {
            @if may(&caller, "read.quality_event") {
                a href={ "/batches/" (batch.id) "/review" } { (reader.say(Quality::Review)) }
            }
            a href={ "/batches/" (batch.id) "/record" } { (reader.say(Quality::Print)) }
            @if batch.instruction.is_none() && batch.end.is_none() && may(&caller, "batch.intake.instruction") {
                a href=(recording::address("batches", batch.id, "instruction")) {
                    (words::action(reader.language, "batch.intake.instruction"))
                }
            }
        }
        (content(reader, &batch, &names, &forecast, dose, now, scope == ClinicScope::Centre))
        (history(&reader, &caller, &batch, &names, &entries))
        p.actions {
            a.button href={ "/batches/" (batch.id) "/history.csv" } download { (reader.say(Sheet::HistoryFile)) }
        }
        (forms)
    };
    Ok(frame.ok(&batch.opened.label.to_string(), content))
}

/// Its history; whoever may correct entries finds the way to it there.
fn history(reader: &Reader, caller: &Caller, batch: &Batch, names: &Names, entries: &[EntryView]) -> Markup {
    let call = |thing: Thing| names.call(thing);
    let reader = reader.of(Context::of(batch.standard(), reader.zone).naming(&call));
    let correcting = may(caller, "batch.disposition.correction").then_some(batch.id);
    history::section(&reader, entries, correcting)
}

pub(super) fn content(
    reader: Reader,
    batch: &Batch,
    names: &Names,
    forecast: &Forecast,
    dose: Option<ContainerNo>,
    now: Time,
    dossier: bool,
) -> Markup {
    let call = |thing: Thing| names.call(thing);
    let reader = reader.of(Context::of(batch.standard(), reader.zone).naming(&call));
    let gate = ask_gate(batch, now);
    html! {
        (heading(&reader, batch, names, now, dossier))
        (stops(&reader, batch, names))
        @if dossier { (dossier::section(&reader, batch, names)) }
        (gate_strip::strip(&reader, batch, &gate))
        (growth_curve(&reader, batch, forecast, now))
        (gate::section(&reader, batch, &gate))
        (containers(&reader, batch, names, &gate))
        (lineage::section(&reader, batch, names, dose))
        (vessels(&reader, batch))
        (results::section(&reader, batch, names))
        (holds(&reader, batch, names))
    }
}

fn heading(reader: &Reader, batch: &Batch, names: &Names, now: Time, dossier: bool) -> Markup {
    let standard = batch.standard();
    let clinic = names.call(Thing::Clinic(batch.opened.clinic)).unwrap_or_default();
    let order = names.call(Thing::Order(batch.opened.order)).unwrap_or_default();
    let fact = |word: Ui, shown: Markup| html! { div { dt { (reader.say(word)) } dd { (shown) } } };
    html! {
        div.title { h1 { (batch.opened.label) } (status_chip::batch(reader.language, batch.status(now))) }
        dl.facts {
            (fact(Ui::Patient, html! { (batch.opened.pseudonym) }))
            (fact(Ui::Product, html! {
                (words::title(reader.language, &standard.title)) " "
                span.muted { "(" (standard.code) " v" (standard.version) ")" }
            }))
            (fact(Ui::Order, html! { a href={ "/orders/" (batch.opened.order) } { (order) } }))
            (fact(Ui::Purpose, html! { (orders::purpose(reader, batch.opened.purpose)) }))
            (fact(Ui::Clinic, html! { (clinic) }))
            @if let Some(first) = batch.log.first() { (fact(Ui::Opened, reader.time(first.stamp.recorded_at))) }
            @if let Some(last) = batch.log.last() { (fact(Ui::Updated, reader.time(last.stamp.recorded_at))) }
            @if let Some(window) = batch.order.window {
                (fact(Ui::ReadyWindow, html! { (reader.time(window.from)) " – " (reader.time(window.until)) }))
            }
        }
        nav.sections aria-label=(reader.say(Ui::Details)) {
            @if dossier { a href="#dossier" { (reader.say(Inspection::Glance)) } }
            @for (anchor, word) in [
                ("growth", Ui::Growth), ("gate", Ui::Gate), ("containers", Ui::Containers), ("lineage", Ui::Lineage), ("vessels", Ui::Vessels),
                ("results", Ui::Results), ("holds", Ui::Holds), ("history", Ui::History),
            ] {
                a href={ "#" (anchor) } { (reader.say(word)) }
            }
            a href={ "/batches/" (batch.id) "/documents" } { (reader.say(Clinic::Documents)) }
        }
    }
}

fn growth_curve(reader: &Reader, batch: &Batch, forecast: &Forecast, now: Time) -> Markup {
    let spans = spans::spans(batch);
    let curve = growth::Curve {
        spans: &spans,
        needed: batch.standard().dose.least_cells.into(),
        ahead: &growth::ahead(reader, forecast),
        now,
    };
    html! {
        section #growth {
            h2 { (reader.say(Ui::Growth)) }
            (curve.show(reader))
        }
    }
}

fn stops(reader: &Reader, batch: &Batch, names: &Names) -> Markup {
    let all = batch
        .containers
        .values()
        .flat_map(|container| container.stops.iter().map(move |stop| (container, stop)));
    let all: Vec<_> = all.collect();
    html! {
        @if !all.is_empty() {
            section.notice.bad #stops {
                h2 { (Look::Warning.icon()) (reader.say(Ui::StopMessages)) }
                p { strong { (reader.say(Ui::StopExplained)) } }
                ul {
                    @for (container, stop) in all {
                        li {
                            (part_label(batch, LabelKind::Dose, container.no.0)) ": "
                            (words::stop_cause(reader.language, &stop.cause, &reader.context)) " – "
                            @match stop.acknowledged {
                                Some((at, person)) => {
                                    (reader.say(Ui::Acknowledged)) ": " (names.person(person)) ", " (reader.time(at))
                                }
                                None => { strong { (reader.say(Ui::NotAcknowledged)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn containers(reader: &Reader, batch: &Batch, names: &Names, gate: &Gate) -> Markup {
    html! {
        section #containers {
            h2 { (reader.say(Ui::Containers)) }
            @if batch.containers.is_empty() { p.empty { (reader.say(Ui::NoEntriesYet)) } } @else {
                div.scroll role="region" aria-label=(reader.say(Ui::Containers)) tabindex="0" {
                    table {
                        thead {
                            tr {
                                @for column in [Ui::Container, Ui::Status, Ui::Gate, Ui::Expiry, Ui::Ware] {
                                    th scope="col" { (reader.say(column)) }
                                }
                                th.number scope="col" { (reader.say(Ui::Volume)) span.unit { "mL" } }
                                th.number scope="col" { (reader.say(Ui::ViableCells)) }
                                @for column in [Ui::Place, Ui::AllocatedTo] { th scope="col" { (reader.say(column)) } }
                            }
                        }
                        tbody {
                            @for container in batch.containers.values() {
                                (container_row(reader, batch, names, gate, container))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn container_row(
    reader: &Reader,
    batch: &Batch,
    names: &Names,
    gate: &Gate,
    container: &Container,
) -> Markup {
    let decided = container.decided.as_ref();
    html! {
        tr id={ "container-" (container.no) } {
            th.wide scope="row" { (part_label(batch, LabelKind::Dose, container.no.0)) }
            td {
                (status_chip::container(reader.language, container.status()))
                @if let Some(decided) = decided {
                    small {
                        (reader.say(Ui::Decision)) " " (entry_link(batch, decided.entry)) " " (names.person(decided.by))
                        @if let Some(by) = decided.voided_by { " – " (reader.say(Ui::SignatureVoided)) " " (entry_link(batch, by)) }
                    }
                }
                @if container.may_be_administered() { small { (reader.say(Ui::MayBeAdministered)) } }
            }
            td { (gate::releasable(reader, gate, container.no)) }
            td { (reader.time(container.expires_at)) }
            td {
                (container.new.ware)
                @if let Some(at) = container.frozen_at { small { (reader.say(Ui::Frozen)) " " (reader.time(at)) } }
                @if let Some(at) = container.thawed_at { small { (reader.say(Ui::Thawed)) " " (reader.time(at)) } }
            }
            td.number { (Number::from(container.new.volume)) }
            td.number { (words::cells(container.new.viable_cells.into())) }
            td { (or_dash(container.place.as_ref())) }
            td { (or_dash(container.allocated.and_then(|(order, _, _)| names.call(Thing::Order(order))))) }
        }
    }
}

fn vessels(reader: &Reader, batch: &Batch) -> Markup {
    let numbers = [
        (Ui::ViableCells, ""),
        (Ui::Doublings, ""),
        (Ui::DoublingTime, "h"),
        (Ui::Viability, "%"),
        (Ui::CumulativeDoublings, ""),
        (Ui::Area, "cm²"),
    ];
    html! {
        section #vessels {
            h2 { (reader.say(Ui::Vessels)) }
            @if batch.vessels.is_empty() { p.empty { (reader.say(Ui::NoEntriesYet)) } } @else {
                div.scroll role="region" aria-label=(reader.say(Ui::Vessels)) tabindex="0" {
                    table.dense {
                        thead {
                            tr {
                                @for column in [Ui::Vessel, Ui::Status, Ui::Seeded] {
                                    th scope="col" { (reader.say(column)) }
                                }
                                @for (column, unit) in numbers {
                                    th.number scope="col" {
                                        (reader.say(column))
                                        @if !unit.is_empty() { span.unit { (unit) } }
                                    }
                                }
                                @for column in [Ui::Ware, Ui::Position, Ui::LastMedium] {
                                    th scope="col" { (reader.say(column)) }
                                }
                            }
                        }
                        tbody { @for vessel in batch.vessels.values() { (vessel_row(reader, batch, vessel)) } }
                    }
                }
            }
        }
    }
}

fn vessel_row(reader: &Reader, batch: &Batch, vessel: &Vessel) -> Markup {
    let growth = vessel.growth.as_ref();
    html! {
        tr id={ "vessel-" (vessel.no) } {
            th.wide scope="row" { (part_label(batch, LabelKind::Vessel, vessel.no.0)) " · P" (vessel.passage) }
            td { (status_chip::vessel(reader.language, vessel.state)) }
            td { (reader.time(vessel.seeded_at)) }
            td.number { (words::cells(vessel.seeded.viable_cells.into())) }
            td.number {
                (or_dash(growth.and_then(|growth| growth.doublings)))
                @if let Some(growth) = growth {
                    small {
                        span.wide { "log₂ " (words::cells(growth.harvested)) } " "
                        span.wide { "÷ " (words::cells(growth.viable_seeded)) }
                    }
                    @if let Some((doublings, other)) = &growth.other {
                        small { (doublings) " (" (other.basis) ": " (words::cells(other.cells.into())) ")" }
                    }
                }
            }
            td.number { (or_dash(growth.and_then(|growth| growth.doubling_time))) }
            td.number { (or_dash(growth.and_then(|growth| growth.viability))) }
            td.number { (or_dash(vessel.doublings.map(|doublings| doublings.round_dp(2)))) }
            td.number { (Number::from(vessel.seeded.area)) }
            td { (vessel.seeded.ware) }
            td.wide { (vessel.seeded.incubator) " · " (vessel.seeded.position) }
            td { (reader.time(vessel.medium_at)) }
        }
    }
}

fn holds(reader: &Reader, batch: &Batch, names: &Names) -> Markup {
    let empty = batch.holds.is_empty() && batch.quality_events.is_empty() && batch.mismatches.is_empty();
    html! {
        section #holds {
            h2 { (reader.say(Ui::Holds)) }
            @if empty { p.empty { (reader.say(Ui::None)) } }
            @if !batch.holds.is_empty() { (hold_list(reader, batch)) }
            @if !batch.quality_events.is_empty() {
                h3 { (reader.say(Ui::QualityEvents)) }
                ul.gate-list {
                    @for (event, impact) in &batch.quality_events {
                        li { div.head { (impact_chip(reader, *impact)) (or_dash(names.call(Thing::QualityEvent(*event)))) } }
                    }
                }
            }
            @if !batch.mismatches.is_empty() {
                h3 { (reader.say(Ui::Mismatches)) }
                ul.gate-list {
                    @for found in &batch.mismatches {
                        li {
                            div.head {
                                @if found.cleared { (chip(Look::Good, reader.say(Ui::Cleared))) }
                                @else { (chip(Look::Bad, reader.say(Ui::NotCleared))) }
                                span { (found.mismatch.expected) " ≠ " (found.mismatch.found) }
                                (entry_link(batch, found.entry))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn hold_list(reader: &Reader, batch: &Batch) -> Markup {
    html! {
        ul.gate-list {
            @for (no, hold) in &batch.holds {
                li {
                    div.head {
                        @match hold.lifted {
                            Some(entry) => { (chip(Look::Plain, reader.say(Ui::HoldLifted))) (entry_link(batch, entry)) }
                            None => { (chip(Look::Held, reader.say(Ui::InForce))) }
                        }
                        strong { (no) ". " (words::hold_cause(reader.language, &hold.cause, &reader.context)) }
                        span.muted {
                            @match &hold.scope {
                                HoldScope::Batch => { (reader.say(Ui::WholeBatch)) }
                                HoldScope::From { subjects } => {
                                    @let names = subjects.iter().map(|s| words::subject(reader.language, s, &reader.context));
                                    (names.collect::<Vec<_>>().join(", "))
                                }
                            }
                        }
                        (entry_link(batch, hold.entry))
                    }
                }
            }
        }
    }
}

fn impact_chip(reader: &Reader, impact: Option<Impact>) -> Markup {
    match impact {
        None => chip(Look::Waiting, reader.say(Ui::NotAssessed)),
        Some(impact) => {
            let look = if impact == Impact::Unacceptable { Look::Bad } else { Look::Good };
            chip(look, words::impact(reader.language, impact))
        }
    }
}
