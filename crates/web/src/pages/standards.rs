//! Product standards: the list of versions, one version with its limits and tests as the gate asks for them, and the one
//! that a batch has pinned.

use super::frame::Frame;
use super::reader::{Reader, or_dash};
use super::status_chip::{Look, chip};
use super::{Answer, may, recording, records};
use crate::api::problem::{Kind, Problem};
use crate::api::reading::{one_batch, read};
use crate::jobs;
use crate::server::State;
use crate::session;
use crate::words::{self, Inspection, Records, Ui};
use actix_web::{HttpRequest, web};
use baiyo_domain::ids::StandardId;
use baiyo_domain::journal::{StreamId, StreamKind};
use baiyo_domain::standard::{ExpectedGrowth, Standard, Standing};
use baiyo_persistence::reading::{self, StandardRow};
use maud::{Markup, html};
use uuid::Uuid;

/// Shows all versions.
pub async fn list(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.standard").await?;
    let rows = read(&state, &caller, |conn| Ok(reading::standards(conn)?)).await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let reader = Reader::new(caller.language, state.zone);
    let content = html! {
        div.title {
            h1 { (reader.say(Ui::Standards)) }
            @if may(&caller, "standard.draft") {
                a.button.quiet href={ (records::RECORDS) "#" (jobs::Kind::StandardImport.name()) } { (reader.say(Records::StandardImport)) }
                a.button href={ (recording::RECORD) "/standards" } { (words::action(reader.language, "standard.draft")) }
            }
        }
        @if rows.is_empty() { p.empty { (reader.say(Ui::NothingFound)) } } @else { (table(&reader, &rows)) }
    };
    Ok(frame.ok(reader.say(Ui::Standards), content))
}

/// Shows one version.
pub async fn show(request: HttpRequest, id: web::Path<String>, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.standard").await?;
    let missing = || Problem::new(Kind::NotFound, caller.language);
    let id = StandardId(Uuid::try_parse(&id).map_err(|_| missing())?);
    let found = read(&state, &caller, move |conn| {
        let world = reading::stream(conn, StreamId { kind: StreamKind::Standard, id: id.0 })?;
        Ok(world.and_then(|mut world| world.standards.remove(&id)))
    });
    let filed = found.await?.ok_or_else(missing)?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let reader = Reader::new(caller.language, state.zone);
    let standard = &filed.standard;
    let title = format!("{} v{}", standard.code, standard.version);
    let content = html! {
        div.title { h1 { (title) } (standing(&reader, filed.standing)) }
        p { (words::title(reader.language, &standard.title)) }
        (limits(&reader, standard))
        (tests(&reader, standard))
        (recording::menu(&reader, &state, &caller, "standards", id))
    };
    Ok(frame.ok(&title, content))
}

/// Shows the standard that a batch is made to: what was pinned when it was opened, whatever was filed or retired since.
pub async fn pinned(request: HttpRequest, id: web::Path<String>, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.standard").await?;
    let batch = one_batch(&state, &caller, &id).await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let reader = Reader::new(caller.language, state.zone);
    let standard = batch.standard();
    let title = format!("{} v{}", standard.code, standard.version);
    let content = html! {
        p.links {
            a href={ "/batches/" (batch.id) } { (reader.say(Inspection::BackToBatch)) }
            a href={ "/standards/" (batch.opened.standard_id) } { (reader.say(Inspection::StandardAsFiled)) }
        }
        div.title { h1 { (title) } }
        p { (words::title(reader.language, &standard.title)) }
        p { strong { (reader.say(Inspection::PinnedStandard)) ": " (batch.opened.label) } " – " (reader.say(Inspection::PinnedHint)) }
        (limits(&reader, standard))
        (tests(&reader, standard))
    };
    Ok(frame.ok(&format!("{title} · {}", batch.opened.label), content))
}

fn limits(reader: &Reader, standard: &Standard) -> Markup {
    let field = |name: &'static str| words::field(reader.language, name);
    let process = &standard.process;
    let steps = process.checked_steps.iter().map(|step| words::step(reader.language, *step));
    let steps: Vec<&str> = steps.collect();
    let records = process.bench_records.iter().map(|record| words::bench_record(reader.language, *record));
    let records: Vec<&str> = records.collect();
    let fact = |name: &str, value: String| html! { div { dt { (name) } dd { (value) } } };
    html! {
        dl.facts {
            (fact(field("donor"), words::donor_kind(reader.language, standard.donor).into()))
            @if let Some(days) = process.culture_days {
                (fact(field("culture_days"), format!("{} – {}", days.least, days.most)))
            }
            (fact(field("max_passage"), format!("P{}", process.max_passage)))
            (fact(field("max_doublings"), baiyo_domain::quantity::Number::from(process.max_doublings).to_string()))
            (fact(field("medium_interval"), process.medium_interval.to_string()))
            (fact(field("seeding_density"), format!("{} – {}",
                baiyo_domain::quantity::Number::from(process.seeding_density.least), process.seeding_density.most)))
            (fact(field("dose"), format!("{} – {}",
                words::cells(standard.dose.least_cells.into()), words::cells(standard.dose.most_cells.into()))))
            @if let Some(growth) = &standard.growth { (grown(reader, growth)) }
            @if !steps.is_empty() { (fact(field("checked_steps"), steps.join(" · "))) }
            @if !records.is_empty() { (fact(field("bench_records"), records.join(" · "))) }
        }
    }
}

/// How cells are expected to grow, and where that is from.
fn grown(reader: &Reader, growth: &ExpectedGrowth) -> Markup {
    let medium = growth.medium.as_ref().map(|medium| format!(", {medium}")).unwrap_or_default();
    html! {
        div {
            dt { (words::field(reader.language, "growth")) }
            dd {
                (growth.tissue) (medium) ": " (words::field(reader.language, "doubling_time")) " "
                (growth.doubling_time) " ± " (growth.spread)
                @if let Some(lost) = growth.primary_loss {
                    " · " (words::field(reader.language, "primary_loss")) " " (baiyo_domain::quantity::Number::from(lost))
                }
                p.hint { (growth.citation) }
            }
        }
    }
}

fn tests(reader: &Reader, standard: &Standard) -> Markup {
    html! {
        section #tests {
            h2 { (reader.say(Ui::Tests)) }
            div.scroll role="region" aria-label=(reader.say(Ui::Tests)) tabindex="0" {
                table {
                    thead {
                        tr {
                            @for column in [Ui::Test, Ui::Purpose, Ui::Stage, Ui::Method, Ui::Criterion] {
                                th scope="col" { (reader.say(column)) }
                            }
                        }
                    }
                    tbody {
                        @for test in &standard.tests {
                            @let unit = test.unit.as_ref().map(|unit| unit.as_str());
                            tr {
                                th scope="row" { (words::title(reader.language, &test.title)) small { (test.code) } }
                                td { (words::purpose(reader.language, &test.purpose)) }
                                td { (words::stage(reader.language, &test.stage)) }
                                td { (test.method) }
                                td { (or_dash(Some(words::criterion(reader.language, &test.criterion, unit)))) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn table(reader: &Reader, rows: &[StandardRow]) -> Markup {
    html! {
        div.scroll role="region" aria-label=(reader.say(Ui::Standards)) tabindex="0" {
            table {
                thead {
                    tr {
                        @for column in [Ui::Standard, Ui::Product, Ui::Status] { th scope="col" { (reader.say(column)) } }
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            th.wide scope="row" { a href={ "/standards/" (row.id.0) } { (row.code) " v" (row.edition) } }
                            td { (match reader.language { words::Language::En => &row.title_en, words::Language::Ja => &row.title_ja }) }
                            td { (named(reader, &row.status)) }
                        }
                    }
                }
            }
        }
    }
}

fn named(reader: &Reader, status: &str) -> Markup {
    let known = serde_json::from_value::<Standing>(serde_json::Value::from(status)).ok();
    known.map_or_else(|| html! { (status) }, |known| standing(reader, known))
}

fn standing(reader: &Reader, standing: Standing) -> Markup {
    let look = match standing {
        Standing::Draft => Look::Waiting,
        Standing::Approved => Look::Good,
        Standing::Retired => Look::Plain,
    };
    chip(look, words::standing(reader.language, standing))
}
