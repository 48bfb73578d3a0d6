//! Setting a password by a one-time link; the first administrator also says who the centre is.

use super::Answer;
use super::form::{Fault, Field, faults_of, summary};
use super::frame::Frame;
use crate::api::accounts::{self, CentreForm, SetupForm};
use crate::api::problem::{Kind, Problem};
use crate::server::State;
use crate::submission::Warning;
use crate::words::{Language, Ui};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use baiyo_domain::ids::SiteCode;
use baiyo_domain::text::Short;
use baiyo_persistence::StoreError;
use baiyo_persistence::accounts::{Invited, setup_link};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// What is typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    password: String,
    repeated: String,
    your_name: String,
    name: String,
    code: String,
    facility_number: String,
}

/// Asks for a password.
pub async fn ask(request: HttpRequest, token: web::Path<String>, state: web::Data<State>) -> Answer {
    let frame = Frame::new(&request, &state, None);
    Ok(match invited(&state, &token, frame.language).await? {
        Some((invited, founded)) => {
            frame.ok(frame.say(Ui::SetPassword), sheet(&frame, &invited, founded, &Typed::default(), &[]))
        }
        None => ended(&frame),
    })
}

/// Takes a password.
pub async fn take(
    request: HttpRequest,
    token: web::Path<String>,
    typed: Result<web::Form<Typed>, actix_web::Error>,
    state: web::Data<State>,
) -> Answer {
    let frame = Frame::new(&request, &state, None);
    let Some((invited, founded)) = invited(&state, &token, frame.language).await? else {
        return Ok(ended(&frame));
    };
    let typed = typed.map(web::Form::into_inner).unwrap_or_default();
    let mut faults = Vec::new();
    if typed.password != typed.repeated {
        faults.push(Fault::of("repeated", frame.say(Ui::PasswordsDiffer)));
    }
    let centre = if founded { None } else { centre_of(&typed, &frame, &mut faults) };
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if faults.is_empty() {
        let form = SetupForm { token: token.into_inner(), password: typed.password.clone(), centre };
        match accounts::set_password(&request, &state, form).await {
            Ok((warnings, device)) => {
                let mut answer = done(&frame, founded, &warnings);
                let added = answer.add_cookie(&device);
                added.map_err(|_| Problem::new(Kind::Unavailable, frame.language))?;
                return Ok(answer);
            }
            Err(problem) => {
                status = problem.status_code();
                faults = faults_of(&problem);
            }
        }
    }
    let content = sheet(&frame, &invited, founded, &typed, &faults);
    Ok(frame.answer(status, frame.say(Ui::SetPassword), content))
}

/// Whom a link is for, and whether the centre is founded; nothing where the link has ended.
async fn invited(
    state: &web::Data<State>,
    token: &str,
    language: Language,
) -> Result<Option<(Invited, bool)>, Problem> {
    let store = Arc::clone(&state.store);
    let token = token.to_string();
    let (now, _) = state.store.now();
    let found = web::block(move || {
        let invited = store.read(|conn| Ok::<_, StoreError>(setup_link(conn, &token, now)?))?;
        invited.map(|invited| store.is_founded().map(|founded| (invited, founded))).transpose()
    });
    found
        .await
        .map_err(|_| Problem::new(Kind::Unavailable, language))?
        .map_err(|error| Problem::of_store(&error, language))
}

fn centre_of(typed: &Typed, frame: &Frame, faults: &mut Vec<Fault>) -> Option<CentreForm> {
    let mut short = |field: &str, text: &str| {
        let parsed = Short::try_from(text.to_string());
        if parsed.is_err() {
            let why = if text.trim().is_empty() { Ui::FieldMissing } else { Ui::FieldInvalid };
            faults.push(Fault::of(field, frame.say(why)));
        }
        parsed.ok()
    };
    let your_name = short("your_name", &typed.your_name);
    let name = short("name", &typed.name);
    let facility_number = match typed.facility_number.trim() {
        "" => None,
        number => short("facility_number", number),
    };
    let code = SiteCode::try_from(typed.code.trim().to_ascii_uppercase());
    if code.is_err() {
        let why = if typed.code.trim().is_empty() { Ui::FieldMissing } else { Ui::FieldInvalid };
        faults.push(Fault::of("code", frame.say(why)));
    }
    Some(CentreForm { your_name: your_name?, name: name?, code: code.ok()?, facility_number })
}

fn ended(frame: &Frame) -> HttpResponse {
    let title = frame.say(Ui::LinkExpired);
    frame.answer(
        StatusCode::NOT_FOUND,
        title,
        html! { div.title { h1 { (title) } } p { a href="/sign-in" { (frame.say(Ui::SignIn)) } } },
    )
}

fn done(frame: &Frame, founded: bool, warnings: &[Warning]) -> HttpResponse {
    let title = frame.say(Ui::PasswordSet);
    let content = html! {
        div.title { h1 { (title) } }
        @if founded { p { (frame.say(Ui::KeyWaits)) } }
        @for warning in warnings { p { (frame.say(Ui::FacilityNumber)) ": " (warning.sentence) } }
        p { a.button href="/sign-in" { (frame.say(Ui::SignIn)) } }
    };
    frame.ok(title, content)
}

fn sheet(frame: &Frame, invited: &Invited, founded: bool, typed: &Typed, faults: &[Fault]) -> Markup {
    let password = Field {
        name: "password",
        label: frame.say(Ui::NewPassword),
        hint: Some(frame.say(Ui::PasswordHint)),
        value: "",
        autocomplete: "new-password",
        optional: false,
        most: 256,
    };
    let repeated = Field { name: "repeated", label: frame.say(Ui::RepeatPassword), hint: None, ..password };
    html! {
        (summary(frame.language, faults))
        div.title { h1 { (frame.say(Ui::SetPassword)) } }
        p { (frame.say(Ui::SetPasswordHelp)) }
        form.sheet method="post" {
            p { (frame.say(Ui::SignInName)) ": " strong { (invited.sign_in.as_str()) } }
            input type="hidden" name="username" autocomplete="username" value=(invited.sign_in.as_str());
            (password.show(faults))
            (repeated.show(faults))
            @if !founded { (centre_fields(frame, typed, faults)) }
            button type="submit" { (frame.say(Ui::SetPassword)) }
        }
    }
}

fn centre_fields(frame: &Frame, typed: &Typed, faults: &[Fault]) -> Markup {
    let name = Field {
        name: "name",
        label: frame.say(Ui::CentreName),
        hint: None,
        value: &typed.name,
        autocomplete: "organization",
        optional: false,
        most: 120,
    };
    let code = Field {
        name: "code",
        label: frame.say(Ui::CentreCode),
        hint: Some(frame.say(Ui::CentreCodeHint)),
        value: &typed.code,
        autocomplete: "off",
        most: 6,
        ..name
    };
    let number = Field {
        name: "facility_number",
        label: frame.say(Ui::FacilityNumber),
        value: &typed.facility_number,
        autocomplete: "off",
        optional: true,
        ..name
    };
    let yours = Field {
        name: "your_name",
        label: frame.say(Ui::YourName),
        value: &typed.your_name,
        autocomplete: "name",
        ..name
    };
    html! {
        fieldset {
            legend { (frame.say(Ui::TheCentre)) }
            (yours.show(faults))
            (name.show(faults))
            (code.show(faults))
            (number.show(faults))
        }
    }
}
