//! Making a token for a program or an instrument: what it may do, for how long, shown once.

use super::account::{code_field, current_password, given};
use super::form::{Fault, Field, faults_of, summary};
use super::frame::Frame;
use super::reader::Reader;
use super::{Answer, form_problem};
use crate::api::own_account::{self, TokenForm};
use crate::server::State;
use crate::session::{self, Caller};
use crate::words::{self, Account, Ui};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, ResponseError, web};
use baiyo_domain::authority::{Scope, TABLE, scope_of};
use baiyo_domain::text::Short;
use maud::{Markup, html};

/// Where one is made.
pub const TOKENS: &str = "/me/tokens";

/// Days that are proposed.
const DAYS: &str = "90";

/// What is typed.
#[derive(Default)]
struct Typed {
    name: String,
    device: String,
    days: String,
    scopes: Vec<Scope>,
    password: String,
    code: String,
}

impl Typed {
    /// A choice of several comes as many fields of one name.
    fn of(pairs: Vec<(String, String)>) -> Self {
        let mut typed = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "name" => typed.name = value,
                "device" => typed.device = value,
                "days" => typed.days = value,
                "scope" => typed.scopes.extend(Scope::named(&value)),
                "password" => typed.password = value,
                "code" => typed.code = value,
                _ => {}
            }
        }
        typed.scopes.sort();
        typed.scopes.dedup();
        typed
    }
}

/// Asks what it may do.
pub async fn ask(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, session::OWN).await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let typed = Typed { days: DAYS.into(), scopes: vec![Scope::Read], ..Typed::default() };
    Ok(frame.ok(frame.say(Account::MakeToken), sheet(&frame, &caller, &typed, &[])))
}

/// Makes it, and shows it.
pub async fn take(
    request: HttpRequest,
    typed: Result<web::Form<Vec<(String, String)>>, actix_web::Error>,
    state: web::Data<State>,
) -> Answer {
    let caller = session::admit(&request, &state, session::OWN).await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let typed = Typed::of(typed.map_err(|error| form_problem(&error, caller.language))?.into_inner());
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let faults = match form_of(&frame, &typed) {
        Ok(form) => match own_account::token_made(&request, &state, &caller, form).await {
            Ok(token) => {
                let title = frame.say(Account::TokenShown);
                let content = html! {
                    div.title { h1 { (title) } }
                    p { strong { (frame.say(Account::TokenShownHelp)) } }
                    p { code.secret translate="no" { (token.as_str()) } }
                    p { a.button href=(super::account::ACCOUNT) { (frame.say(Account::Title)) } }
                };
                return Ok(frame.ok(title, content));
            }
            Err(problem) => {
                status = problem.status_code();
                faults_of(&problem)
            }
        },
        Err(faults) => faults,
    };
    let content = sheet(&frame, &caller, &typed, &faults);
    Ok(frame.answer(status, frame.say(Account::MakeToken), content))
}

/// The scopes of a token, in words.
pub fn lent(reader: &Reader, scopes: &[Scope]) -> Markup {
    html! {
        @for (number, scope) in scopes.iter().enumerate() {
            @if number > 0 { br; }
            (words::scope(reader.language, *scope))
        }
    }
}

fn form_of(frame: &Frame, typed: &Typed) -> Result<TokenForm, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut short = |field: &str, text: &str| {
        let parsed = Short::try_from(text.trim().to_string());
        if parsed.is_err() {
            let why = if text.trim().is_empty() { Ui::FieldMissing } else { Ui::FieldInvalid };
            faults.push(Fault::of(field, frame.say(why)));
        }
        parsed.ok()
    };
    let name = short("name", &typed.name);
    let device = if typed.device.trim().is_empty() { None } else { short("device", &typed.device) };
    let days = typed.days.trim().parse().ok().filter(|days| (1..=365).contains(days));
    if days.is_none() {
        faults.push(Fault::of("days", frame.say(Account::TokenDaysWrong)));
    }
    if typed.scopes.is_empty() {
        faults.push(Fault::of("scope", frame.say(Account::TokenNeedsScope)));
    }
    match (name, days) {
        (Some(name), Some(days)) if faults.is_empty() => Ok(TokenForm {
            name,
            scopes: typed.scopes.clone(),
            days,
            device,
            password: typed.password.clone(),
            code: given(&typed.code),
        }),
        _ => Err(faults),
    }
}

/// The scopes of which his roles include something.
fn offered(caller: &Caller) -> impl Iterator<Item = Scope> {
    Scope::ALL.into_iter().filter(|scope| {
        TABLE.iter().any(|rule| scope_of(rule.action) == Some(*scope) && caller.may(rule.action))
    })
}

fn sheet(frame: &Frame, caller: &Caller, typed: &Typed, faults: &[Fault]) -> Markup {
    let name = Field {
        name: "name",
        label: frame.say(Account::TokenName),
        hint: None,
        value: &typed.name,
        autocomplete: "off",
        optional: false,
        most: 120,
    };
    let device = Field {
        name: "device",
        label: frame.say(Account::TokenDevice),
        hint: Some(frame.say(Account::TokenDeviceHint)),
        value: &typed.device,
        optional: true,
        ..name
    };
    let days = Field {
        name: "days",
        label: frame.say(Account::TokenDays),
        hint: Some(frame.say(Account::TokenDaysHint)),
        value: &typed.days,
        most: 3,
        ..name
    };
    let wrong = faults.iter().find(|fault| fault.field.as_deref() == Some("scope"));
    html! {
        (summary(frame.language, faults))
        div.title { h1 { (frame.say(Account::MakeToken)) } }
        p { (frame.say(Account::TokenHelp)) }
        form.sheet method="post" action=(TOKENS) {
            input type="hidden" name="username" autocomplete="username" value=(caller.sign_in);
            (name.show(faults))
            fieldset #scope.wrong[wrong.is_some()] {
                legend { (frame.say(Account::TokenScopes)) }
                @if let Some(fault) = wrong { p.fault { (fault.sentence) } }
                @for scope in offered(caller) {
                    label.tick {
                        input type="checkbox" name="scope" value=(scope.word()) checked[typed.scopes.contains(&scope)];
                        span { (words::scope(frame.language, scope)) }
                    }
                }
            }
            (device.show(faults))
            (days.show(faults))
            (current_password(frame).show(faults))
            @if caller.factor_since.is_some() {
                (code_field("code", frame.say(Account::Code), Some(frame.say(Account::CodeHint))).show(faults))
            }
            button type="submit" { (frame.say(Account::MakeToken)) }
        }
    }
}
