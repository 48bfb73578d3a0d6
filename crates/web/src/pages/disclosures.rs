//! To whom a patient's name was shown, for the patient's own clinic and for those who oversee; and whom one person saw.

use super::frame::Frame;
use super::reader::{Reader, moment};
use super::{Answer, Query, ROWS, after_of, may, next_of};
use crate::api::disclosures::{period, pseudonyms};
use crate::api::problem::{Kind, Problem};
use crate::api::reading::read;
use crate::server::State;
use crate::session;
use crate::words::{Inspection, Privacy, Ui, Word};
use actix_web::{HttpRequest, web};
use baiyo_domain::ids::{PatientId, PersonId};
use baiyo_persistence::disclosure::{Disclosure, Of, disclosures, pseudonym};
use baiyo_persistence::reading;
use maud::{Markup, html};
use uuid::Uuid;

/// Shows who saw a patient.
pub async fn of_patient(
    request: HttpRequest,
    id: web::Path<String>,
    query: Query,
    state: web::Data<State>,
) -> Answer {
    let caller = session::admit(&request, &state, "read.disclosures").await?;
    let missing = || Problem::new(Kind::NotFound, caller.language);
    let patient = PatientId(Uuid::try_parse(&id).map_err(|_| missing())?);
    let (after, scope) = (after_of(&query), caller.scope());
    let period = period(&query, &caller, &state)?;
    let found = read(&state, &caller, move |conn| {
        let Some(pseudonym) = pseudonym(conn, scope, patient)? else { return Ok(None) };
        let rows = disclosures(conn, Of::Patient(patient), period, after, ROWS)?;
        Ok(Some((pseudonym, rows, reading::names(conn)?)))
    });
    let (pseudonym, rows, names) = found.await?.ok_or_else(missing)?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let reader = Reader::new(caller.language, state.zone);
    let person = |row: &Disclosure| {
        let name = names.get(&PersonId(row.person.0)).cloned().unwrap_or_default();
        html! {
            @if may(&caller, "read.people") { a href={ "/people/" (row.person.0) } { (name) } } @else { (name) }
        }
    };
    let content = html! {
        div.title { h1 { (reader.say(Privacy::WhoSawPatient)) } span.pseudonym { (pseudonym) } }
        p.hint { (reader.say(Privacy::WhoSawMeans)) }
        (days(&reader, &query))
        (table(&reader, Ui::Person, &rows, person))
        (further(&reader, &format!("/patients/{id}"), &query, &rows))
    };
    Ok(frame.ok(reader.say(Privacy::WhoSawPatient), content))
}

/// Shows whom a person saw.
pub async fn of_person(
    request: HttpRequest,
    id: web::Path<String>,
    query: Query,
    state: web::Data<State>,
) -> Answer {
    let caller = session::admit(&request, &state, "read.access").await?;
    let missing = || Problem::new(Kind::NotFound, caller.language);
    let person = PersonId(Uuid::try_parse(&id).map_err(|_| missing())?);
    let after = after_of(&query);
    let period = period(&query, &caller, &state)?;
    let found = read(&state, &caller, move |conn| {
        let rows = disclosures(conn, Of::Person(person), period, after, ROWS)?;
        Ok((pseudonyms(conn, &rows)?, rows, reading::names(conn)?))
    });
    let (pseudonyms, rows, names) = found.await?;
    let name = names.get(&person).ok_or_else(missing)?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let reader = Reader::new(caller.language, state.zone);
    let patient = |row: &Disclosure| {
        let id = row.patient.0;
        let called = pseudonyms.get(&id).cloned().unwrap_or_else(|| id.to_string());
        html! {
            @if may(&caller, "read.disclosures") { a href={ "/patients/" (id) } { (called) } } @else { (called) }
        }
    };
    let content = html! {
        div.title { h1 { (reader.say(Privacy::SeenBy)) } a href={ "/people/" (id) } { (name) } }
        p.hint { (reader.say(Privacy::SeenMeans)) }
        (days(&reader, &query))
        (table(&reader, Ui::Patient, &rows, patient))
        (further(&reader, &format!("/people/{id}/disclosures"), &query, &rows))
    };
    Ok(frame.ok(reader.say(Privacy::SeenBy), content))
}

/// Asks for a period.
pub fn days(reader: &Reader, query: &Query) -> Markup {
    html! {
        form.filter method="get" {
            @for (name, word) in [("from", Inspection::FirstDay), ("to", Inspection::LastDay)] {
                label { (reader.say(word)) input type="date" name=(name) value=[query.get(name)]; }
            }
            button type="submit" { (reader.say(Inspection::Show)) }
        }
    }
}

fn table(
    reader: &Reader,
    subject: impl Word,
    rows: &[Disclosure],
    named: impl Fn(&Disclosure) -> Markup,
) -> Markup {
    let subject = reader.say(subject);
    html! {
        @if rows.is_empty() { p.empty { (reader.say(Privacy::NobodySaw)) } } @else {
            div.scroll role="region" aria-label=(subject) tabindex="0" {
                table {
                    thead {
                        tr {
                            th scope="col" { (subject) }
                            th scope="col" { (reader.say(Privacy::Where)) }
                            th scope="col" { (reader.say(Privacy::FirstOnDay)) }
                        }
                    }
                    tbody {
                        @for row in rows {
                            tr {
                                th.wide scope="row" { (named(row)) }
                                td { code { (row.route) } }
                                td { (reader.time(moment(row.shown_at))) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn further(reader: &Reader, path: &str, query: &Query, rows: &[Disclosure]) -> Markup {
    let next = next_of(rows.len(), rows.last().map(|row| (row.shown_at, row.id.0)));
    let days = ["from", "to"].iter().filter_map(|name| Some(format!("&{name}={}", query.get(*name)?)));
    let days: String = days.collect();
    html! {
        @if let Some(next) = next {
            p.pager { a.button href={ (path) "?after=" (next) (days) } rel="next" { (reader.say(Ui::NextPage)) } }
        }
    }
}
