//! People, clinics and incubators: who works here, in which role, and whose new key waits for two people who know him;
//! what the centre has registered beside them.

use super::access;
use super::frame::Frame;
use super::incubators::{self, Registered};
use super::reader::{Names, Reader, moment};
use super::status_chip::{Look, chip};
use super::{Answer, guessing, history, may, other_ways, recording, see_other, tablets};
use crate::api::accounts::write;
use crate::api::centre::site;
use crate::api::histories::entries_of_person;
use crate::api::problem::{Kind, Problem};
use crate::api::reading::read;
use crate::security_log::{self, Happened};
use crate::server::State;
use crate::session;
use crate::words::{self, Account, Context, Privacy, Thing, Ui};
use actix_web::{HttpRequest, web};
use baiyo_domain::authority::Role;
use baiyo_domain::ids::{ClinicId, PersonId};
use baiyo_domain::journal::{StreamId, StreamKind};
use baiyo_domain::people::Person;
use baiyo_domain::time::Time;
use baiyo_persistence::access::open_link;
use baiyo_persistence::engine::prelude::QueryResult;
use baiyo_persistence::reading::{self, PersonRow};
use baiyo_persistence::{Conn, accounts};
use maud::{Markup, html};
use uuid::Uuid;

/// Shows everybody.
pub async fn list(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.people").await?;
    guessing::tell(&request, &state, &caller).await?;
    let found =
        read(&state, &caller, |conn| Ok((reading::people(conn)?, Names::of_centre(conn)?, site(conn)?)));
    let (rows, names, site) = found.await?;
    let clinics = site.iter().flat_map(|site| site.clinics.values());
    let incubators = site.iter().flat_map(|site| site.incubators.clone());
    let incubators: Registered = incubators.map(|(name, incubator)| (name.to_string(), incubator)).collect();
    let frame = Frame::new(&request, &state, Some(&caller));
    let reader = Reader::new(caller.language, state.zone);
    let form = |action: &str, path: &str| {
        html! {
            @if may(&caller, action) {
                a.button href={ (recording::RECORD) (path) } { (words::action(reader.language, action)) }
            }
        }
    };
    let content = html! {
        div.title {
            h1 { (reader.say(Ui::People)) }
            (form("person.invitation", "/people"))
            @if may(&caller, "account.tablets") { a.button href=(tablets::TABLETS) { (reader.say(Account::Tablets)) } }
            @if may(&caller, "read.access") { a.button href=(access::ACCESS) { (reader.say(Privacy::Access)) } }
        }
        (table(&reader, &rows, &names))
        section #clinics {
            div.title { h2 { (reader.say(Ui::Clinics)) } (form("site.clinic_registration", "/site/clinic_registration")) }
            ul { @for clinic in clinics { li { (clinic.name) } } }
            @if may(&caller, "site.clinic_change") {
                p { a href={ (recording::RECORD) "/site/clinic_change" } { (words::action(reader.language, "site.clinic_change")) } }
            }
        }
        @if may(&caller, "read.incubators") { (incubators::list(&reader, &caller, &incubators)) }
    };
    Ok(frame.ok(reader.say(Ui::People), content))
}

/// Shows one person.
pub async fn show(request: HttpRequest, id: web::Path<String>, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.people").await?;
    let missing = || Problem::new(Kind::NotFound, caller.language);
    let id = PersonId(Uuid::try_parse(&id).map_err(|_| missing())?);
    let (now, _) = state.store.now();
    let found = read(&state, &caller, move |conn| {
        let world = reading::stream(conn, StreamId { kind: StreamKind::Person, id: id.0 })?;
        let person = world.and_then(|mut world| world.people.remove(&id));
        Ok((person, Names::of_centre(conn)?, open_link(conn, id, now)?))
    });
    let (person, names, link) = found.await?;
    let person = person.ok_or_else(missing)?;
    let entries = entries_of_person(&state, &caller, id).await?;
    let ways = other_ways::of_person(&request, &state, &caller, &person).await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let call = |thing: Thing| names.call(thing);
    let reader = Reader::new(caller.language, state.zone).of(Context::bare(state.zone).naming(&call));
    let content = html! {
        div.title { h1 { (person.name) } (standing(&reader, person.left)) }
        (facts(&reader, &person, &names, now))
        @if let Some(until) = link {
            p { (chip(Look::Waiting, reader.say(Privacy::LinkOpen))) " " (reader.time(moment(until))) }
            @if may(&caller, ENDING) { (ending(&reader, id, "links", Account::EndLink)) }
        }
        @if may(&caller, "read.access") {
            p { a href={ "/people/" (id) "/disclosures" } { (reader.say(Privacy::SeenBy)) } }
        }
        (ways)
        @if may(&caller, ENDING) { (ending(&reader, id, "access", Account::EndAccess)) }
        (history::section(&reader, &entries, None))
        (recording::menu(&reader, &state, &caller, "people", id))
    };
    Ok(frame.ok(person.name.as_str(), content))
}

/// Ends all sessions and tokens of a person.
pub async fn end_access(request: HttpRequest, id: web::Path<String>, state: web::Data<State>) -> Answer {
    end(&request, &id, &state, accounts::end_all).await
}

/// Ends the links by which a person could set his password.
pub async fn end_links(request: HttpRequest, id: web::Path<String>, state: web::Data<State>) -> Answer {
    end(&request, &id, &state, |conn, person, _| accounts::end_links(conn, person).map(drop)).await
}

const ENDING: &str = "account.ending";

async fn end(
    request: &HttpRequest,
    id: &str,
    state: &web::Data<State>,
    what: fn(&mut Conn, PersonId, Time) -> QueryResult<()>,
) -> Answer {
    let caller = session::admit(request, state, ENDING).await?;
    let missing = || Problem::new(Kind::NotFound, caller.language);
    let person = PersonId(Uuid::try_parse(id).map_err(|_| missing())?);
    let (now, _) = state.store.now();
    let ended = write(state, caller.language, move |conn| {
        let known = accounts::has_account(conn, person)?;
        if known {
            what(conn, person, now)?;
        }
        Ok(known)
    });
    if !ended.await? {
        return Err(missing());
    }
    security_log::note_about(Happened::AccessEnded, Some(caller.person), Some(person.0));
    Ok(see_other(&format!("/people/{person}")))
}

fn ending(reader: &Reader, person: PersonId, what: &str, word: Account) -> Markup {
    html! {
        form method="post" action={ "/people/" (person) "/" (what) "/end" } {
            button.quiet type="submit" { (reader.say(word)) }
        }
    }
}

fn facts(reader: &Reader, person: &Person, names: &Names, now: Time) -> Markup {
    let roles = person.roles_at(now).into_iter().map(|role| words::role(reader.language, role));
    let roles: Vec<&str> = roles.collect();
    html! {
        dl.facts {
            div { dt { (reader.say(Ui::SignInName)) } dd { (person.sign_in.as_str()) } }
            div { dt { (reader.say(Ui::Roles)) } dd { (roles.join(" · ")) @if roles.is_empty() { (reader.say(Ui::None)) } } }
            @if let Some(clinic) = person.clinic {
                div { dt { (reader.say(Ui::Clinic)) } dd { (names.call(Thing::Clinic(clinic)).unwrap_or_default()) } }
            }
            div {
                dt { (reader.say(Ui::Key)) }
                dd {
                    @if person.waiting_key().is_some() {
                        (chip(Look::Waiting, reader.say(Ui::KeyWaits)))
                    } @else if person.keys.is_empty() {
                        (reader.say(Ui::None))
                    } @else {
                        (chip(Look::Good, reader.say(Ui::InForce)))
                    }
                }
            }
        }
        @if !person.deputyships.is_empty() {
            h2 { (reader.say(Ui::Deputyships)) }
            ul {
                @for deputyship in &person.deputyships {
                    li {
                        (words::role(reader.language, deputyship.role)) ": "
                        (reader.time(deputyship.from)) " – " (reader.time(deputyship.until))
                    }
                }
            }
        }
    }
}

fn table(reader: &Reader, rows: &[PersonRow], names: &Names) -> Markup {
    html! {
        div.scroll role="region" aria-label=(reader.say(Ui::People)) tabindex="0" {
            table {
                thead {
                    tr {
                        @for column in [Ui::Name, Ui::SignInName, Ui::Roles, Ui::Clinic, Ui::Status] {
                            th scope="col" { (reader.say(column)) }
                        }
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            th.wide scope="row" { a href={ "/people/" (row.id.0) } { (row.name) } }
                            td { (row.sign_in) }
                            td { (roles(reader, &row.roles)) }
                            td { (super::reader::or_dash(row.clinic.and_then(|id| names.call(Thing::Clinic(ClinicId(id.0)))))) }
                            td { (standing(reader, row.status == "left")) }
                        }
                    }
                }
            }
        }
    }
}

fn roles(reader: &Reader, names: &str) -> String {
    let role = |name: &str| serde_json::from_value::<Role>(serde_json::Value::from(name)).ok();
    let roles = names.split(',').filter_map(role).map(|role| words::role(reader.language, role));
    roles.collect::<Vec<_>>().join(" · ")
}

fn standing(reader: &Reader, left: bool) -> Markup {
    match left {
        true => chip(Look::Plain, reader.say(Ui::Left)),
        false => chip(Look::Good, reader.say(Ui::Active)),
    }
}
