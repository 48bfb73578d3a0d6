//! Setting a password by a one-time link; the first administrator also says who the centre is. What makes the link his
//! stands behind its `#`: browsers send that to nobody, so it is in no address that a server, a proxy or a log sees. The
//! page's script hands it in and takes it out of the address; without scripts it is typed.

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

/// Where it is.
pub const SETUP: &str = "/setup";

/// The link that a code makes, within this server.
pub fn link(code: &str) -> String {
    format!("{SETUP}#{code}")
}

/// What is typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    link: String,
    /// Nothing where only the link's code was handed in so far.
    password: Option<String>,
    repeated: String,
    your_name: String,
    name: String,
    code: String,
    facility_number: String,
}

impl Typed {
    /// What makes the link his, also where the whole link was typed.
    fn token(&self) -> &str {
        self.link.rsplit('#').next().unwrap_or_default().trim()
    }
}

/// Asks for the link's code.
pub async fn ask(request: HttpRequest, state: web::Data<State>) -> Answer {
    let frame = Frame::new(&request, &state, None);
    Ok(frame.ok(frame.say(Ui::SetPassword), code_sheet(&frame, &[])))
}

/// Takes the link's code, and with it a password.
pub async fn take(
    request: HttpRequest,
    typed: Result<web::Form<Typed>, actix_web::Error>,
    state: web::Data<State>,
) -> Answer {
    let frame = Frame::new(&request, &state, None);
    let title = frame.say(Ui::SetPassword);
    let typed = typed.map(web::Form::into_inner).unwrap_or_default();
    if typed.token().is_empty() {
        let fault = Fault::of("link", frame.say(Ui::FieldMissing));
        return Ok(frame.answer(StatusCode::UNPROCESSABLE_ENTITY, title, code_sheet(&frame, &[fault])));
    }
    let Some((invited, founded)) = invited(&state, typed.token(), frame.language).await? else {
        return Ok(ended(&frame));
    };
    let Some(password) = &typed.password else {
        return Ok(frame.ok(title, sheet(&frame, &invited, founded, &typed, &[])));
    };
    let mut faults = Vec::new();
    if *password != typed.repeated {
        faults.push(Fault::of("repeated", frame.say(Ui::PasswordsDiffer)));
    }
    let centre = if founded { None } else { centre_of(&typed, &frame, &mut faults) };
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if faults.is_empty() {
        let form = SetupForm { token: typed.token().into(), password: password.clone(), centre };
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
    Ok(frame.answer(status, title, sheet(&frame, &invited, founded, &typed, &faults)))
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

fn code_sheet(frame: &Frame, faults: &[Fault]) -> Markup {
    let code = Field {
        name: "link",
        label: frame.say(Ui::LinkCode),
        hint: Some(frame.say(Ui::LinkCodeHint)),
        value: "",
        autocomplete: "off",
        optional: false,
        most: 400,
    };
    html! {
        (summary(frame.language, faults))
        div.title { h1 { (frame.say(Ui::SetPassword)) } }
        form.sheet method="post" action=(SETUP) {
            (code.show(faults))
            button type="submit" { (frame.say(Ui::LinkGo)) }
        }
    }
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
        form.sheet method="post" action=(SETUP) {
            input type="hidden" name="link" value=(typed.token());
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
