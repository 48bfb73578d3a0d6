//! Badge and PIN for bench tablets, as their owner makes, prints, sets and ends them.

use super::account::{ACCOUNT, code_field, current_password, given};
use super::form::{Fault, faults_of, summary};
use super::frame::Frame;
use super::labels;
use super::reader::Reader;
use super::{Answer, see_other};
use crate::api::accounts::write;
use crate::api::own_account;
use crate::security_log::{self, Happened};
use crate::server::State;
use crate::session::{self, Caller};
use crate::words::Account;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, ResponseError, web};
use baiyo_domain::authority::is_of_the_bench;
use baiyo_domain::time::Time;
use baiyo_persistence::accounts::{self, LONGEST_PIN, Pin, PinProblem};
use maud::{Markup, html};
use serde::Deserialize;

const BADGE: &str = "/me/badge";
const PIN: &str = "/me/pin";

/// Whether somebody works at the bench, where badge and PIN do.
pub fn is_for(caller: &Caller) -> bool {
    caller.roles.iter().any(|role| is_of_the_bench(*role))
}

/// What stands of them on the page of one's account.
pub fn section(reader: &Reader, badge: Option<Time>, pin: Option<Time>) -> Markup {
    let stands = |since: Option<Time>| {
        html! {
            @match since {
                Some(since) => { (reader.say(Account::Since)) " " (reader.time(since)) }
                None => { (reader.say(Account::NoneYet)) }
            }
        }
    };
    html! {
        section #badge {
            h2 { (reader.say(Account::Badge)) }
            dl.facts {
                div { dt { (reader.say(Account::Badge)) } dd { (stands(badge)) } }
                div { dt { (reader.say(Account::Pin)) } dd { (stands(pin)) } }
            }
            p.actions {
                a.button href=(BADGE) { (reader.say(Account::MakeBadge)) }
                a.button href=(PIN) { (reader.say(Account::SetPin)) }
            }
            @if badge.is_some() {
                form method="post" action={ (BADGE) "/end" } {
                    button.quiet type="submit" { (reader.say(Account::EndBadge)) }
                }
            }
        }
    }
}

/// What is typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    password: String,
    code: String,
    pin: String,
    repeated: String,
}

/// Asks for the password, to make a badge.
pub async fn ask_badge(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, session::OWN).await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    Ok(frame.ok(frame.say(Account::MakeBadge), badge_sheet(&frame, &caller, &[])))
}

/// Makes a badge, and shows it for printing.
pub async fn take_badge(
    request: HttpRequest,
    typed: Result<web::Form<Typed>, actix_web::Error>,
    state: web::Data<State>,
) -> Answer {
    let caller = session::admit(&request, &state, session::OWN).await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let typed = typed.map(web::Form::into_inner).unwrap_or_default();
    match own_account::badge_made(&request, &state, &caller, typed.password, given(&typed.code)).await {
        Ok(badge) => {
            let title = frame.say(Account::BadgeShown);
            let lines = in_lines(&caller.name);
            let content = html! {
                div.title { h1 { (title) } }
                p { strong { (frame.say(Account::BadgeShownHelp)) } }
                div.labels { (labels::of_badge(badge.as_str(), frame.say(Account::Badge), &lines).unwrap_or_default()) }
                p.actions { a.button href=(PIN) { (frame.say(Account::SetPin)) } a.button href=(ACCOUNT) { (frame.say(Account::Title)) } }
            };
            Ok(frame.ok(title, content))
        }
        Err(problem) => {
            let content = badge_sheet(&frame, &caller, &faults_of(&problem));
            Ok(frame.answer(problem.status_code(), frame.say(Account::MakeBadge), content))
        }
    }
}

/// A name in lines that fit on a label beside its symbol.
fn in_lines(name: &str) -> Vec<String> {
    const WIDEST: usize = 16;
    let width = |text: &str| text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>();
    let mut lines: Vec<String> = Vec::new();
    for word in name.split_whitespace() {
        match lines.last_mut().filter(|line| width(line) + 1 + width(word) <= WIDEST) {
            Some(line) => *line += &format!(" {word}"),
            None => lines.push(word.into()),
        }
    }
    lines
}

/// Ends one's badge, as where it is lost.
pub async fn end(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, session::OWN).await?;
    let ((now, _), person) = (state.store.now(), caller.person);
    write(&state, caller.language, move |conn| Ok(accounts::end_badge(conn, person, now)?)).await?;
    security_log::note(Happened::AccountChanged, Some(person));
    Ok(see_other(ACCOUNT))
}

/// Asks for a new PIN.
pub async fn ask_pin(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, session::OWN).await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    Ok(frame.ok(frame.say(Account::SetPin), pin_sheet(&frame, &caller, &[])))
}

/// Takes a new PIN.
pub async fn take_pin(
    request: HttpRequest,
    typed: Result<web::Form<Typed>, actix_web::Error>,
    state: web::Data<State>,
) -> Answer {
    let caller = session::admit(&request, &state, session::OWN).await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let typed = typed.map(web::Form::into_inner).unwrap_or_default();
    let (mut faults, mut status) = (Vec::new(), StatusCode::UNPROCESSABLE_ENTITY);
    match Pin::new(&typed.pin) {
        Err(PinProblem::Form) => faults.push(Fault::of("pin", frame.say(Account::PinForm))),
        Err(PinProblem::Easy) => faults.push(Fault::of("pin", frame.say(Account::PinEasy))),
        Ok(_) if typed.pin != typed.repeated => {
            faults.push(Fault::of("repeated", frame.say(Account::PinsDiffer)));
        }
        Ok(pin) => {
            let code = given(&typed.code);
            match own_account::pin_set(&request, &state, &caller, typed.password, code, pin).await {
                Ok(()) => return Ok(see_other(ACCOUNT)),
                Err(problem) => {
                    status = problem.status_code();
                    faults = faults_of(&problem);
                }
            }
        }
    }
    let content = pin_sheet(&frame, &caller, &faults);
    Ok(frame.answer(status, frame.say(Account::SetPin), content))
}

/// A field for a PIN: a tablet shows its digits to type with.
pub fn pin_field(name: &str, label: &str, hint: Option<&str>, faults: &[Fault], first: bool) -> Markup {
    let own: Vec<&Fault> = faults.iter().filter(|fault| fault.field.as_deref() == Some(name)).collect();
    let hint_id = hint.map(|_| format!("{name}-hint"));
    let fault_id = (!own.is_empty()).then(|| format!("{name}-fault"));
    let described: Vec<String> = hint_id.iter().chain(&fault_id).cloned().collect();
    html! {
        div.field.wrong[!own.is_empty()] {
            label for=(name) { (label) }
            @if let (Some(hint), Some(id)) = (hint, &hint_id) { p.hint id=(id) { (hint) } }
            @if let Some(id) = &fault_id { p.fault id=(id) { @for fault in own { (fault.sentence) " " } } }
            input type="password" inputmode="numeric" id=(name) name=(name) autocomplete="off" required
                maxlength=(LONGEST_PIN) autofocus[first] aria-invalid=[fault_id.is_some().then_some("true")]
                aria-describedby=[(!described.is_empty()).then(|| described.join(" "))];
        }
    }
}

fn secrets(frame: &Frame, caller: &Caller, faults: &[Fault]) -> Markup {
    html! {
        input type="hidden" name="username" autocomplete="username" value=(caller.sign_in);
        (current_password(frame).show(faults))
        @if caller.factor_since.is_some() {
            (code_field("code", frame.say(Account::Code), Some(frame.say(Account::CodeHint))).show(faults))
        }
    }
}

fn badge_sheet(frame: &Frame, caller: &Caller, faults: &[Fault]) -> Markup {
    html! {
        (summary(frame.language, faults))
        div.title { h1 { (frame.say(Account::MakeBadge)) } }
        p { (frame.say(Account::BadgeHelp)) }
        form.sheet method="post" action=(BADGE) {
            (secrets(frame, caller, faults))
            button type="submit" { (frame.say(Account::MakeBadge)) }
        }
    }
}

fn pin_sheet(frame: &Frame, caller: &Caller, faults: &[Fault]) -> Markup {
    html! {
        (summary(frame.language, faults))
        div.title { h1 { (frame.say(Account::SetPin)) } }
        p { (frame.say(Account::PinHelp)) }
        form.sheet method="post" action=(PIN) {
            (secrets(frame, caller, faults))
            (pin_field("pin", frame.say(Account::NewPin), Some(frame.say(Account::PinHint)), faults, false))
            (pin_field("repeated", frame.say(Account::RepeatPin), None, faults, false))
            button type="submit" { (frame.say(Account::SetPin)) }
        }
    }
}
