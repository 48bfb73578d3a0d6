//! Signing in and out.

use super::account::code_sheet;
use super::bench::kit;
use super::form::{Fault, Field, faults_of, summary};
use super::frame::Frame;
use super::{Answer, Query, encoded, other_ways, see_other};
use crate::api::accounts;
use crate::api::problem::{Kind, Problem};
use crate::server::State;
use crate::session::{self, CEREMONY_COOKIE, COOKIE, Means, PENDING_COOKIE};
use crate::words::Ui;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use baiyo_persistence::accounts::{Completed, Entered, SignedIn, end_ceremony};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// What is typed to sign in.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    sign_in: String,
    password: String,
    to: String,
}

/// Asks for name and password; whoever is signed in goes on.
pub async fn ask(request: HttpRequest, query: Query, state: web::Data<State>) -> Answer {
    let to = query.get("to").cloned().unwrap_or_default();
    match session::who(&request, &state).await {
        // By badge and PIN somebody may want more; and at a shared tablet somebody else may come.
        Ok(caller) if caller.means != Means::Pin && !query.contains_key("anew") => Ok(see_other(&to)),
        Err(problem) if problem.status != StatusCode::UNAUTHORIZED && !query.contains_key("anew") => {
            Err(problem)
        }
        _ => {
            let typed = Typed { to, ..Typed::default() };
            let mut answer = sheet(&Frame::new(&request, &state, None), &state, StatusCode::OK, &typed, &[]);
            // Nobody else goes on with what somebody began here another way and left.
            forget_ceremony(&request, &state, &mut answer).await?;
            Ok(answer)
        }
    }
}

/// Takes name and password.
pub async fn take(
    request: HttpRequest,
    typed: Result<web::Form<Typed>, actix_web::Error>,
    state: web::Data<State>,
) -> Answer {
    let language = session::language(&request);
    let typed = typed.map(web::Form::into_inner).unwrap_or_default();
    let (sign_in, password) = (typed.sign_in.clone(), typed.password.clone());
    match accounts::check_password(&request, &state, sign_in, password, None).await {
        Ok(Entered::In(signed_in)) => gone_in(&request, &state, &typed.to, &signed_in).await,
        Ok(Entered::CodeAwaited(pending)) => {
            let mut answer = see_other(&match typed.to.as_str() {
                "" => CODE.to_string(),
                to => format!("{CODE}?to={}", encoded(to)),
            });
            let cookie = PENDING_COOKIE.with(&request, pending.as_str());
            answer.add_cookie(&cookie).map_err(|_| Problem::new(Kind::Unavailable, language))?;
            Ok(answer)
        }
        Err(problem) => {
            let frame = Frame::new(&request, &state, None);
            let wrong = problem.status == StatusCode::UNAUTHORIZED;
            let faults = match wrong {
                true => vec![Fault::of("sign_in", frame.say(Ui::WrongNameOrPassword))],
                false => faults_of(&problem),
            };
            let mut answer = sheet(&frame, &state, problem.status_code(), &typed, &faults);
            for name in [header::RETRY_AFTER, header::WWW_AUTHENTICATE] {
                if let Some(value) = problem.error_response().headers().get(&name) {
                    answer.headers_mut().insert(name, value.clone());
                }
            }
            Ok(answer)
        }
    }
}

/// Where the code is asked for.
const CODE: &str = "/sign-in/code";

/// What is typed after the password, where there is a second factor.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct TypedCode {
    code: String,
    to: String,
}

/// Asks for the code; whoever has not given his password goes back to where it is asked for.
pub async fn ask_code(request: HttpRequest, query: Query, state: web::Data<State>) -> Answer {
    if PENDING_COOKIE.of(&request).is_none() {
        return Ok(see_other("/sign-in"));
    }
    let to = query.get("to").cloned().unwrap_or_default();
    Ok(code_sheet(&Frame::new(&request, &state, None), &to, &[]))
}

/// Takes the code.
pub async fn take_code(
    request: HttpRequest,
    typed: Result<web::Form<TypedCode>, actix_web::Error>,
    state: web::Data<State>,
) -> Answer {
    let typed = typed.map(web::Form::into_inner).unwrap_or_default();
    match accounts::check_code(&request, &state, typed.code.trim().to_string()).await {
        Ok(Completed::In(signed_in)) => gone_in(&request, &state, &typed.to, &signed_in).await,
        // Sent twice by a double click: what the first brought is in the browser, or it asks anew.
        Ok(Completed::Already) => Ok(see_other(&typed.to)),
        // From the beginning.
        Ok(Completed::NotAwaited) => Ok(see_other("/sign-in")),
        Err(problem) if problem.status == StatusCode::UNAUTHORIZED => {
            Ok(code_sheet(&Frame::new(&request, &state, None), &typed.to, &faults_of(&problem)))
        }
        Err(problem) => Err(problem),
    }
}

/// Goes on in the session that somebody has from now on.
pub async fn gone_in(
    request: &HttpRequest,
    state: &web::Data<State>,
    to: &str,
    signed_in: &SignedIn,
) -> Answer {
    let mut answer = see_other(to);
    let [own, device] = accounts::cookies(request, signed_in);
    for cookie in [own, device, PENDING_COOKIE.gone(request)] {
        let added = answer.add_cookie(&cookie);
        added.map_err(|_| Problem::new(Kind::Unavailable, session::language(request)))?;
    }
    forget_ceremony(request, state, &mut answer).await?;
    kit::forget_medium(request, &mut answer, session::language(request))?;
    Ok(answer)
}

/// Takes from a browser what it was given for a sign-in by another way, if it has any, and ends that: whoever had copied
/// it goes on with it no further.
pub async fn forget_ceremony(
    request: &HttpRequest,
    state: &web::Data<State>,
    answer: &mut HttpResponse,
) -> Result<(), Problem> {
    let Some(token) = CEREMONY_COOKIE.of(request) else { return Ok(()) };
    let unavailable = || Problem::new(Kind::Unavailable, session::language(request));
    let store = Arc::clone(&state.store);
    let ended = web::block(move || store.note_later(move |conn| end_ceremony(conn, &token)));
    if let Err(error) = ended.await.map_err(|_| unavailable())? {
        tracing::warn!(%error, "a sign-in that was left could not be ended; it ends by itself");
    }
    answer.add_cookie(&CEREMONY_COOKIE.gone(request)).map_err(|_| unavailable())
}

/// Ends the session.
pub async fn leave(request: HttpRequest, state: web::Data<State>) -> Answer {
    accounts::end_session(&request, &state).await;
    let mut answer = see_other("/sign-in");
    let gone = answer.add_cookie(&COOKIE.gone(&request));
    gone.map_err(|_| Problem::new(Kind::Unavailable, session::language(&request)))?;
    forget_ceremony(&request, &state, &mut answer).await?;
    Ok(answer)
}

/// Why nobody was signed in otherwise than by password, above the form for it.
#[cfg(any(feature = "passkeys", feature = "openid"))]
pub fn refused(request: &HttpRequest, state: &State, to: &str, why: crate::words::Ways) -> HttpResponse {
    let frame = Frame::new(request, state, None);
    let faults = [Fault { field: None, sentence: frame.say(why).into() }];
    let typed = Typed { to: to.into(), ..Typed::default() };
    sheet(&frame, state, StatusCode::UNAUTHORIZED, &typed, &faults)
}

fn sheet(frame: &Frame, state: &State, status: StatusCode, typed: &Typed, faults: &[Fault]) -> HttpResponse {
    let title = frame.say(Ui::SignIn);
    frame.answer(status, title, content(frame, state, typed, faults))
}

fn content(frame: &Frame, state: &State, typed: &Typed, faults: &[Fault]) -> Markup {
    let name = Field {
        name: "sign_in",
        label: frame.say(Ui::SignInName),
        hint: None,
        value: &typed.sign_in,
        autocomplete: "username",
        optional: false,
        most: 40,
    };
    let password = Field {
        name: "password",
        label: frame.say(Ui::Password),
        value: "",
        autocomplete: "current-password",
        most: 256,
        ..name
    };
    html! {
        (summary(frame.language, faults))
        div.title { h1 { (frame.say(Ui::SignIn)) } }
        form.sheet method="post" action="/sign-in" {
            (name.show(faults))
            (password.show(faults))
            @if !typed.to.is_empty() { input type="hidden" name="to" value=(typed.to); }
            button type="submit" { (frame.say(Ui::SignIn)) }
        }
        (other_ways::to_sign_in(frame, state, &typed.to))
    }
}
