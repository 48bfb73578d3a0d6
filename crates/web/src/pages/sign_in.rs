//! Signing in and out.

use super::form::{Fault, Field, faults_of, summary};
use super::frame::Frame;
use super::{Answer, Query, see_other};
use crate::api::accounts;
use crate::api::problem::{Kind, Problem};
use crate::server::State;
use crate::session;
use crate::words::Ui;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use maud::{Markup, html};
use serde::Deserialize;

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
        Ok(_) => Ok(see_other(&to)),
        Err(problem) if problem.status == StatusCode::UNAUTHORIZED => {
            let typed = Typed { to, ..Typed::default() };
            Ok(sheet(&Frame::new(&request, &state, None), StatusCode::OK, &typed, &[]))
        }
        Err(problem) => Err(problem),
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
    match accounts::check_password(&request, &state, typed.sign_in.clone(), typed.password.clone()).await {
        Ok(signed_in) => {
            let mut answer = see_other(&typed.to);
            for cookie in accounts::cookies(&request, &signed_in) {
                answer.add_cookie(&cookie).map_err(|_| Problem::new(Kind::Unavailable, language))?;
            }
            Ok(answer)
        }
        Err(problem) => {
            let frame = Frame::new(&request, &state, None);
            let wrong = problem.status == StatusCode::UNAUTHORIZED;
            let faults = match wrong {
                true => vec![Fault::of("sign_in", frame.say(Ui::WrongNameOrPassword))],
                false => faults_of(&problem),
            };
            let mut answer = sheet(&frame, problem.status_code(), &typed, &faults);
            for name in [header::RETRY_AFTER, header::WWW_AUTHENTICATE] {
                if let Some(value) = problem.error_response().headers().get(&name) {
                    answer.headers_mut().insert(name, value.clone());
                }
            }
            Ok(answer)
        }
    }
}

/// Ends the session.
pub async fn leave(request: HttpRequest, state: web::Data<State>) -> Answer {
    accounts::end_session(&request, &state).await;
    let mut ended = accounts::session_cookie(&request, "");
    ended.make_removal();
    let mut answer = see_other("/sign-in");
    answer.add_cookie(&ended).map_err(|_| Problem::new(Kind::Unavailable, session::language(&request)))?;
    Ok(answer)
}

fn sheet(frame: &Frame, status: StatusCode, typed: &Typed, faults: &[Fault]) -> HttpResponse {
    let title = frame.say(Ui::SignIn);
    frame.answer(status, title, content(frame, typed, faults))
}

fn content(frame: &Frame, typed: &Typed, faults: &[Fault]) -> Markup {
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
    }
}
