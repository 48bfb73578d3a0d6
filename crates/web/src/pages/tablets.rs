//! Bench tablets, as administrators register and end them: each while sitting at it.

use super::form::{Fault, Field, summary};
use super::frame::{Frame, TABLET_COOKIE};
use super::reader::{Names, Reader};
use super::{Answer, see_other};
use crate::api::accounts::write;
use crate::api::problem::{Kind, Problem};
use crate::api::reading::read;
use crate::security_log::{self, Happened};
use crate::server::State;
use crate::session::{self, Caller, DEVICE_COOKIE};
use crate::words::{Account, Ui};
use actix_web::cookie::time::Duration;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use baiyo_domain::text::Short;
use baiyo_persistence::accounts::{self, DEVICE_KEPT, Tablet};
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;

/// Where they are.
pub const TABLETS: &str = "/tablets";
const ACTION: &str = "account.tablets";

/// What is typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    name: String,
}

/// Shows them.
pub async fn show(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, ACTION).await?;
    let content = content(&request, &state, &caller, &[]).await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    Ok(frame.ok(frame.say(Account::Tablets), content))
}

/// Registers the browser that asks.
pub async fn register(
    request: HttpRequest,
    typed: Result<web::Form<Typed>, actix_web::Error>,
    state: web::Data<State>,
) -> Answer {
    let caller = session::admit(&request, &state, ACTION).await?;
    let language = caller.language;
    let typed = typed.map(web::Form::into_inner).unwrap_or_default();
    let Ok(name) = Short::try_from(typed.name.trim().to_string()) else {
        let frame = Frame::new(&request, &state, Some(&caller));
        let why = if typed.name.trim().is_empty() { Ui::FieldMissing } else { Ui::FieldInvalid };
        let faults = [Fault::of("name", frame.say(why))];
        let content = content(&request, &state, &caller, &faults).await?;
        return Ok(frame.answer(StatusCode::UNPROCESSABLE_ENTITY, frame.say(Account::Tablets), content));
    };
    let cookie = DEVICE_COOKIE.of(&request).unwrap_or_default();
    let ((now, _), person) = (state.store.now(), caller.person);
    let registered = write(&state, language, move |conn| {
        Ok(accounts::register_tablet(conn, person, &cookie, name.as_str(), now)?)
    });
    if !registered.await? {
        return Err(Problem::new(Kind::Refused, language));
    }
    security_log::note(Happened::TabletChanged, Some(person));
    let mut answer = see_other(TABLETS);
    let mut mark = TABLET_COOKIE.with(&request, "1");
    mark.set_max_age(Duration::days(2 * DEVICE_KEPT.num_days()));
    answer.add_cookie(&mark).map_err(|_| Problem::new(Kind::Unavailable, language))?;
    Ok(answer)
}

/// Ends one.
pub async fn end(request: HttpRequest, id: web::Path<String>, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, ACTION).await?;
    let missing = || Problem::new(Kind::NotFound, caller.language);
    let id = Uuid::try_parse(&id).map_err(|_| missing())?;
    let (now, _) = state.store.now();
    let ended = write(&state, caller.language, move |conn| Ok(accounts::end_tablet(conn, id, now)?));
    if !ended.await? {
        return Err(missing());
    }
    security_log::note_about(Happened::TabletChanged, Some(caller.person), Some(id));
    Ok(see_other(TABLETS))
}

async fn content(
    request: &HttpRequest,
    state: &web::Data<State>,
    caller: &Caller,
    faults: &[Fault],
) -> Result<Markup, Problem> {
    let cookie = DEVICE_COOKIE.of(request);
    let found = read(state, caller, move |conn| {
        let here = cookie.map(|cookie| accounts::tablet_named(conn, &cookie)).transpose()?.flatten();
        Ok((accounts::tablets(conn)?, here, Names::of_centre(conn)?))
    });
    let (tablets, here, names) = found.await?;
    let reader = Reader::new(caller.language, state.zone);
    let name = Field {
        name: "name",
        label: reader.say(Account::TabletName),
        hint: None,
        value: "",
        autocomplete: "off",
        optional: false,
        most: 120,
    };
    Ok(html! {
        (summary(caller.language, faults))
        div.title { h1 { (reader.say(Account::Tablets)) } }
        p { (reader.say(Account::TabletsHelp)) }
        @match here {
            Some(name) => p { strong { (reader.say(Account::ThisTablet)) ": " (name) } },
            None => form.sheet method="post" action=(TABLETS) {
                (name.show(faults))
                button type="submit" { (reader.say(Account::RegisterTablet)) }
            },
        }
        @if tablets.is_empty() { p.empty { (reader.say(Ui::None)) } } @else { (table(&reader, &tablets, &names)) }
    })
}

fn table(reader: &Reader, tablets: &[Tablet], names: &Names) -> Markup {
    html! {
        div.scroll role="region" aria-label=(reader.say(Account::Tablets)) tabindex="0" {
            table {
                thead {
                    tr {
                        @for column in [Account::TokenName, Account::TabletBy, Account::Began, Account::Ending] {
                            th scope="col" { (reader.say(column)) }
                        }
                    }
                }
                tbody {
                    @for tablet in tablets {
                        tr {
                            th.wide scope="row" { (tablet.name) }
                            td { (names.person(tablet.made_by)) }
                            td { (reader.time(tablet.made_at)) }
                            td {
                                form method="post" action={ (TABLETS) "/" (tablet.id) "/end" } {
                                    button.quiet type="submit" { (reader.say(Account::EndTablet)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
