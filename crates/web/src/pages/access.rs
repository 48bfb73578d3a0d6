//! Reviewing access: who may do what now, what stands out, whose names people saw in a period, and when access was
//! reviewed last. As a page, and as tables for a spreadsheet.

use super::disclosures::days;
use super::frame::Frame;
use super::reader::{Names, Reader};
use super::status_chip::{Look, chip};
use super::{Answer, Query, encoded, may, recording};
use crate::api::access::view;
use crate::api::disclosures::{period, pseudonyms};
use crate::api::items::{AccessItem, AccessView, KeyState};
use crate::api::problem::{Kind, Problem};
use crate::api::reading::read;
use crate::server::State;
use crate::session::{self, Caller};
use crate::words::{self, Privacy, Thing, Ui};
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use baiyo_domain::ids::PersonId;
use baiyo_domain::time::Time;
use baiyo_exchange::csv::Csv;
use baiyo_persistence::disclosure::{Of, disclosures};
use baiyo_persistence::reading::{self, After};
use futures_util::{StreamExt, stream};
use maud::{Markup, html};
use std::collections::VecDeque;

/// Where the page is.
pub const ACCESS: &str = "/access";

/// Shows everybody's access.
pub async fn show(request: HttpRequest, query: Query, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.access").await?;
    let (now, _) = state.store.now();
    let found = read(&state, &caller, move |conn| Ok((view(conn, now)?, Names::of_centre(conn)?)));
    let (access, names) = found.await?;
    // A period that cannot be read is said, and not passed over.
    period(&query, &caller, &state)?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let reader = Reader::new(caller.language, state.zone);
    let of_period: Vec<String> = ["from", "to"]
        .iter()
        .filter_map(|name| Some(format!("{name}={}", encoded(query.get(*name)?))))
        .collect();
    let of_period = of_period.join("&");
    let content = html! {
        div.title {
            h1 { (reader.say(Privacy::Access)) }
            @if may(&caller, "site.access_review") {
                a.button href={ (recording::RECORD) "/site/access_review?to=" (ACCESS) } {
                    (words::action(reader.language, "site.access_review"))
                }
            }
        }
        (reviewed(&reader, &access))
        (table(&reader, &access.items, &names, &of_period))
        p.actions { a.button href="/access/people.csv" download { (reader.say(Privacy::PeopleFile)) } }
        section #seen {
            h2 { (reader.say(Privacy::SeenInPeriod)) }
            p.hint { (reader.say(Privacy::SeenInPeriodMeans)) }
            (days(&reader, &query))
            p.actions {
                a.button href={ "/access/disclosures.csv?" (of_period) } download { (reader.say(Privacy::SeenFile)) }
            }
        }
    };
    Ok(frame.ok(reader.say(Privacy::Access), content))
}

/// Gives a table away: everybody's access, or whose names each person saw in a period.
pub async fn take_away(
    request: HttpRequest,
    name: web::Path<String>,
    query: Query,
    state: web::Data<State>,
) -> Answer {
    let caller = session::admit(&request, &state, "read.access").await?;
    let (now, _) = state.store.now();
    let period = period(&query, &caller, &state)?;
    let mut answer = HttpResponse::Ok();
    answer
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"baiyo-{name}\"")))
        .insert_header((header::CACHE_CONTROL, "no-store"));
    match name.as_str() {
        "people.csv" => {
            let table = read(&state, &caller, move |conn| Ok(of_people(&view(conn, now)?))).await?;
            Ok(answer.body(table))
        }
        "disclosures.csv" => {
            let people = read(&state, &caller, |conn| Ok(reading::names(conn)?)).await?;
            let seen = Seen { state, caller, period, people: people.into_iter().collect(), after: None };
            let columns = ["person", "person_name", "patient", "pseudonym", "route", "shown_at"];
            let head = stream::iter([Ok::<_, std::io::Error>(Bytes::from(Csv::new(&columns).into_text()))]);
            let rows = stream::try_unfold(seen, |mut seen| async move {
                let part = seen.next().await.map_err(|problem| std::io::Error::other(problem.title))?;
                Ok(part.map(|part| (part, seen)))
            });
            // What breaks off has no end, so that nobody takes it for the whole.
            Ok(answer.streaming(head.chain(rows)))
        }
        _ => Err(Problem::new(Kind::NotFound, caller.language)),
    }
}

/// Disclosures read at a time, and held in memory.
const ROWS_READ: i64 = 500;

/// Whose names each person saw in a period, read part by part as it is taken away.
struct Seen {
    state: web::Data<State>,
    caller: Caller,
    period: (Option<Time>, Option<Time>),
    /// Those who are left, with their names.
    people: VecDeque<(PersonId, String)>,
    /// The last row of the first of them that was given away.
    after: Option<After>,
}

impl Seen {
    /// The next rows; nothing once there are no more.
    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        while let Some((person, name)) = self.people.front().cloned() {
            let (period, after) = (self.period, self.after);
            let found = read(&self.state, &self.caller, move |conn| {
                let rows = disclosures(conn, Of::Person(person), period, after, ROWS_READ)?;
                Ok((pseudonyms(conn, &rows)?, rows))
            });
            let (called, rows) = found.await?;
            let full = i64::try_from(rows.len()).is_ok_and(|rows| rows >= ROWS_READ);
            self.after = rows.last().filter(|_| full).map(|last| After { at: last.shown_at, id: last.id.0 });
            if self.after.is_none() {
                self.people.pop_front();
            }
            if rows.is_empty() {
                continue;
            }
            let mut csv = Csv::going_on();
            for row in rows {
                csv.row(&[
                    person.to_string(),
                    name.clone(),
                    row.patient.0.to_string(),
                    called.get(&row.patient.0).cloned().unwrap_or_default(),
                    row.route,
                    super::reader::moment(row.shown_at).to_string(),
                ]);
            }
            return Ok(Some(csv.into_text().into()));
        }
        Ok(None)
    }
}

fn of_people(access: &AccessView) -> String {
    let mut csv = Csv::new(&[
        "person",
        "name",
        "sign_in",
        "clinic",
        "left_at",
        "roles",
        "deputyships",
        "key",
        "signed_in_last",
        "unused",
        "tokens",
    ]);
    for item in &access.items {
        let roles = item.roles.iter().map(|held| {
            format!("{} ({}, {})", words::role(words::Language::En, held.role), held.since, held.granted_by)
        });
        let deputyships = item.deputyships.iter().map(|held| {
            let role = words::role(words::Language::En, held.role);
            format!("{role} ({} – {}, {})", held.from, held.until, held.named_by)
        });
        let tokens = item.tokens.iter().map(|token| match &token.device {
            Some(device) => format!("{}, {device} ({})", token.name, token.until),
            None => format!("{} ({})", token.name, token.until),
        });
        csv.row(&[
            item.person.to_string(),
            item.name.clone(),
            item.sign_in.clone(),
            item.clinic.map(|clinic| clinic.to_string()).unwrap_or_default(),
            item.left_at.map(|at| at.to_string()).unwrap_or_default(),
            roles.collect::<Vec<_>>().join("; "),
            deputyships.collect::<Vec<_>>().join("; "),
            item.key.name().into(),
            item.signed_in_last.map(|at| at.to_string()).unwrap_or_default(),
            if item.unused { "yes" } else { "no" }.into(),
            tokens.collect::<Vec<_>>().join("; "),
        ]);
    }
    csv.into_text()
}

fn reviewed(reader: &Reader, access: &AccessView) -> Markup {
    html! {
        p.hint { (reader.say(Privacy::AccessMeans)) }
        @match &access.last_review {
            Some(review) => {
                @if access.review_due { p { (chip(Look::Bad, reader.say(Privacy::ReviewDue))) } }
                dl.facts {
                    div {
                        dt { (reader.say(Privacy::LastReview)) }
                        dd { (reader.time(review.recorded_at)) " · " (review.reviewed_by) }
                    }
                    div {
                        dt { (reader.say(Privacy::ReviewedPeriod)) }
                        dd { (reader.time(review.from)) " – " (reader.time(review.until)) }
                    }
                    div { dt { (reader.say(Privacy::Findings)) } dd { (review.findings) } }
                }
            }
            None => { p { (chip(Look::Bad, reader.say(Privacy::NeverReviewed))) } }
        }
    }
}

fn table(reader: &Reader, items: &[AccessItem], names: &Names, of_period: &str) -> Markup {
    html! {
        div.scroll role="region" aria-label=(reader.say(Privacy::Access)) tabindex="0" {
            table {
                thead {
                    tr {
                        @for column in [Ui::Name, Ui::Roles, Ui::Key] {
                            th scope="col" { (reader.say(column)) }
                        }
                        @for column in [Privacy::SignedInLast, Privacy::TokensInForce, Privacy::SeenBy] {
                            th scope="col" { (reader.say(column)) }
                        }
                    }
                }
                tbody {
                    @for item in items {
                        tr {
                            th.wide scope="row" {
                                a href={ "/people/" (item.person) } { (item.name) } br; span.muted { (item.sign_in) }
                                @if let Some(clinic) = item.clinic.and_then(|clinic| names.call(Thing::Clinic(clinic))) {
                                    br; span.muted { (clinic) }
                                }
                                @if let Some(at) = item.left_at {
                                    br; (chip(Look::Plain, reader.say(Ui::Left))) " " (reader.time(at))
                                }
                            }
                            td {
                                @for held in &item.roles {
                                    p { (words::role(reader.language, held.role)) br;
                                        span.muted { (reader.time(held.since)) " · " (held.granted_by) } }
                                }
                                @for held in &item.deputyships {
                                    p { (reader.say(Ui::Deputy)) ": " (words::role(reader.language, held.role)) br;
                                        span.muted { (reader.time(held.from)) " – " (reader.time(held.until)) " · " (held.named_by) } }
                                }
                                @if item.roles.is_empty() && item.deputyships.is_empty() { (super::reader::dash()) }
                            }
                            td { (key(reader, item.key)) }
                            td {
                                @match item.signed_in_last {
                                    Some(at) => { (reader.time(at)) }
                                    None => { (reader.say(Privacy::NeverSignedIn)) }
                                }
                                @if item.unused { br; (chip(Look::Waiting, reader.say(Privacy::Unused))) }
                            }
                            td {
                                @for token in &item.tokens {
                                    p { (token.name) @if let Some(device) = &token.device { " · " (device) } br; span.muted { (reader.say(Ui::ValidUntil)) " " (reader.time(token.until)) } }
                                }
                                @if item.tokens.is_empty() { (super::reader::dash()) }
                            }
                            td {
                                a href={ "/people/" (PersonId(item.person.0)) "/disclosures?" (of_period) } { (reader.say(Privacy::SeenLink)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn key(reader: &Reader, state: KeyState) -> Markup {
    match state {
        KeyState::None => html! { (reader.say(Ui::None)) },
        KeyState::Waiting => chip(Look::Waiting, reader.say(Ui::KeyWaits)),
        KeyState::Registered => chip(Look::Good, reader.say(Ui::InForce)),
    }
}
