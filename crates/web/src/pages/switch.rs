//! Taking over a shared tablet at the bench: first the badge is scanned, then the PIN typed. A scanner ends with Enter, so
//! each has a page of its own. Both fields hide what is in them; so no input method gets between scanner and field.

use super::badge::pin_field;
use super::bench::kit;
use super::form::{Fault, summary};
use super::frame::{Frame, TABLET_COOKIE};
use super::{Answer, Query, encoded, see_other, sign_in};
use crate::api::accounts::{carried, cookies};
use crate::api::problem::{Kind, Problem};
use crate::security_log::{self, Happened};
use crate::server::State;
use crate::session::{self, DEVICE_COOKIE};
use crate::words::{Account, Language};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use baiyo_domain::authority::is_of_the_bench;
use baiyo_domain::ids::PersonId;
use baiyo_domain::journal::{StreamId, StreamKind};
use baiyo_persistence::accounts::{self, NotSwitched, SignedIn, Turn};
use baiyo_persistence::{StoreError, reading};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// Where it is.
pub const SWITCH: &str = "/switch";

/// What is scanned and typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    badge: String,
    pin: String,
    to: String,
}

/// Asks for the badge.
pub async fn ask(request: HttpRequest, query: Query, state: web::Data<State>) -> Answer {
    let to = query.get("to").cloned().unwrap_or_default();
    let caller = session::who(&request, &state).await.ok();
    let frame = Frame::new(&request, &state, caller.as_ref());
    if is_tablet(&request, &state, frame.language).await? {
        return Ok(frame.ok(frame.say(Account::Switch), badge_sheet(&frame, &to, None)));
    }
    let mut answer = frame.ok(frame.say(Account::Switch), refusal(&frame, Account::NoTablet));
    let gone = answer.add_cookie(&TABLET_COOKIE.gone(&request));
    gone.map_err(|_| Problem::new(Kind::Unavailable, frame.language))?;
    Ok(answer)
}

/// Takes the badge, and with it the PIN.
pub async fn take(
    request: HttpRequest,
    typed: Result<web::Form<Typed>, actix_web::Error>,
    state: web::Data<State>,
) -> Answer {
    let typed = typed.map(web::Form::into_inner).unwrap_or_default();
    let caller = session::who(&request, &state).await.ok();
    let frame = Frame::new(&request, &state, caller.as_ref());
    let why = match whose_turn(&request, &state, &typed.badge, frame.language).await? {
        Ok(_) if typed.pin.is_empty() => {
            return Ok(frame.ok(frame.say(Account::Switch), pin_sheet(&frame, &typed, None)));
        }
        Ok(turn) => match taken(&request, &state, turn, &typed, frame.language).await? {
            Ok(signed_in) => {
                security_log::note(Happened::Switched, Some(signed_in.person));
                return come_in(&request, &state, &typed.to, &signed_in, frame.language).await;
            }
            Err(why) => why,
        },
        Err(why) => why,
    };
    security_log::note(Happened::SwitchRefused, None);
    Ok(refused(&frame, &typed, why))
}

/// Why nobody's turn came.
enum Why {
    Refused(NotSwitched),
    NotOfTheBench,
}

/// Whose turn a badge makes it; of somebody who works at the bench.
async fn whose_turn(
    request: &HttpRequest,
    state: &web::Data<State>,
    badge: &str,
    language: Language,
) -> Result<Result<Turn, Why>, Problem> {
    let (device, badge, (now, _)) = (DEVICE_COOKIE.of(request), badge.to_string(), state.store.now());
    let (store, asked) = (Arc::clone(&state.store), web::Data::clone(state));
    let found = web::block(move || {
        store.read(|conn| {
            let turn = match accounts::turn(conn, &badge, device.as_deref(), now)? {
                Ok(turn) => turn,
                Err(refused) => return Ok(Err(Why::Refused(refused))),
            };
            let stream = StreamId { kind: StreamKind::Person, id: turn.person().0 };
            let person = reading::stream(conn, stream)?
                .and_then(|mut world| world.people.remove(&PersonId(stream.id)))
                .filter(|person| !person.left && person.waiting_key().is_none());
            let roles = person.map(|person| person.roles_at(now)).unwrap_or_default();
            // By a PIN no second factor is shown: whoever must have one and has no codes would be let nowhere.
            if session::must_set_up_a_factor(&asked, &roles, accounts::factor_since(conn, turn.person())?) {
                return Ok(Err(Why::Refused(NotSwitched::NotToday)));
            }
            let at_the_bench = roles.into_iter().any(is_of_the_bench);
            Ok::<_, StoreError>(if at_the_bench { Ok(turn) } else { Err(Why::NotOfTheBench) })
        })
    });
    found
        .await
        .map_err(|_| Problem::new(Kind::Unavailable, language))?
        .map_err(|error| Problem::of_store(&error, language))
}

/// Checks the PIN, and settles it.
async fn taken(
    request: &HttpRequest,
    state: &web::Data<State>,
    turn: Turn,
    typed: &Typed,
    language: Language,
) -> Result<Result<SignedIn, Why>, Problem> {
    let unavailable = || Problem::new(Kind::Unavailable, language);
    let (badge, pin, browser) = (typed.badge.clone(), typed.pin.clone(), carried(request));
    let _turn = state.checks.acquire().await.map_err(|_| unavailable())?;
    let store = Arc::clone(&state.store);
    let settled = web::block(move || store.switch(turn.check(&pin), badge, browser)).await;
    let settled = settled.map_err(|_| unavailable())?;
    Ok(settled.map_err(|error| Problem::of_store(&error, language))?.map_err(Why::Refused))
}

async fn is_tablet(
    request: &HttpRequest,
    state: &web::Data<State>,
    language: Language,
) -> Result<bool, Problem> {
    let Some(cookie) = DEVICE_COOKIE.of(request) else { return Ok(false) };
    let store = Arc::clone(&state.store);
    let found = web::block(move || {
        store.read(|conn| Ok::<_, StoreError>(accounts::tablet_named(conn, &cookie)?.is_some()))
    });
    found
        .await
        .map_err(|_| Problem::new(Kind::Unavailable, language))?
        .map_err(|error| Problem::of_store(&error, language))
}

async fn come_in(
    request: &HttpRequest,
    state: &web::Data<State>,
    to: &str,
    signed_in: &SignedIn,
    language: Language,
) -> Answer {
    let mut answer = see_other(if to.is_empty() { "/" } else { to });
    for cookie in cookies(request, signed_in) {
        answer.add_cookie(&cookie).map_err(|_| Problem::new(Kind::Unavailable, language))?;
    }
    sign_in::forget_ceremony(request, state, &mut answer).await?;
    // The lot of whoever was here before is not suggested to whoever comes: it may not be his.
    kit::forget_medium(request, &mut answer, language)?;
    Ok(answer)
}

fn refused(frame: &Frame, typed: &Typed, why: Why) -> HttpResponse {
    let title = frame.say(Account::Switch);
    let word = match why {
        Why::NotOfTheBench => Account::NotOfTheBench,
        Why::Refused(NotSwitched::NoTablet) => Account::NoTablet,
        Why::Refused(NotSwitched::NoBadge) => Account::NoBadge,
        Why::Refused(NotSwitched::NoPin) => Account::NoPin,
        Why::Refused(NotSwitched::NotToday) => Account::NotToday,
        Why::Refused(NotSwitched::PinEnded) => Account::PinEnded,
        Why::Refused(NotSwitched::Wrong) => Account::PinWrong,
        Why::Refused(NotSwitched::Blocked { .. }) => Account::PinBlocked,
    };
    let content = match why {
        Why::Refused(NotSwitched::Wrong) => pin_sheet(frame, typed, Some(word)),
        Why::Refused(NotSwitched::NoBadge) => badge_sheet(frame, &typed.to, Some(word)),
        _ => refusal(frame, word),
    };
    let status = match why {
        Why::Refused(NotSwitched::Wrong | NotSwitched::NoBadge) => StatusCode::UNAUTHORIZED,
        Why::Refused(NotSwitched::Blocked { .. }) => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::FORBIDDEN,
    };
    frame.answer(status, title, content)
}

fn refusal(frame: &Frame, word: Account) -> Markup {
    html! {
        div.title { h1 { (frame.say(Account::Switch)) } }
        p { strong { (frame.say(word)) } }
        (other_ways(frame, "", true))
    }
}

fn other_ways(frame: &Frame, to: &str, another: bool) -> Markup {
    let to = if to.is_empty() { String::new() } else { format!("&to={}", encoded(to)) };
    html! {
        p.actions {
            @if another { a.button.quiet href={ (SWITCH) "?again=1" (to) } { (frame.say(Account::SwitchAgain)) } }
            a.button.quiet href={ "/sign-in?anew=1" (to) } { (frame.say(Account::SwitchSignIn)) }
        }
    }
}

fn badge_sheet(frame: &Frame, to: &str, wrong: Option<Account>) -> Markup {
    let faults: Vec<Fault> = wrong.into_iter().map(|word| Fault::of("badge", frame.say(word))).collect();
    html! {
        (summary(frame.language, &faults))
        div.title { h1 { (frame.say(Account::Switch)) } }
        form.sheet method="post" action=(SWITCH) {
            div.field.wrong[wrong.is_some()] {
                label for="badge" { (frame.say(Account::SwitchScan)) }
                input type="password" id="badge" name="badge" autocomplete="off" maxlength="64" required autofocus;
            }
            @if !to.is_empty() { input type="hidden" name="to" value=(to); }
            button.primary type="submit" { (frame.say(Account::SwitchNext)) }
        }
        (other_ways(frame, to, false))
    }
}

fn pin_sheet(frame: &Frame, typed: &Typed, wrong: Option<Account>) -> Markup {
    let faults: Vec<Fault> = wrong.into_iter().map(|word| Fault::of("pin", frame.say(word))).collect();
    html! {
        (summary(frame.language, &faults))
        div.title { h1 { (frame.say(Account::Switch)) } }
        form.sheet method="post" action=(SWITCH) {
            p { strong { (frame.say(Account::SwitchScanned)) } }
            input type="hidden" name="badge" value=(typed.badge);
            (pin_field("pin", frame.say(Account::SwitchPin), None, &faults, true))
            @if !typed.to.is_empty() { input type="hidden" name="to" value=(typed.to); }
            button.primary type="submit" { (frame.say(Account::SwitchGo)) }
        }
        (other_ways(frame, &typed.to, true))
    }
}
