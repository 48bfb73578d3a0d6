//! One's own account: what is in force, the second factor, the password.

use super::clinic::documents::qr;
use super::form::{Fault, Field, faults_of, summary};
use super::frame::Frame;
use super::reader::Reader;
use super::{Answer, badge, encoded, other_ways, see_other};
use crate::api::accounts::cookies;
use crate::api::own_account::{self, Ended, FactorForm, PasswordForm};
use crate::api::problem::{Kind, Problem};
use crate::api::reading::read;
use crate::server::State;
use crate::session::{self, Caller};
use crate::words::{Account, Ui};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use baiyo_persistence::StoreError;
use baiyo_persistence::accounts::{Entrance, FactorSecret, OwnSession, OwnToken, SignedIn, badge_and_pin};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;
use uuid::Uuid;

/// Where it is.
pub const ACCOUNT: &str = "/me";
/// Where a second factor is set up.
pub const FACTOR: &str = "/me/factor";

/// Shows what is in force. Who must set up a second factor first is led there.
pub async fn show(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = session::admit_to_own(&request, &state).await?;
    if caller.lacks_factor {
        return Ok(see_other(FACTOR));
    }
    let (sessions, tokens) = own_account::in_force(&state, &caller).await?;
    let ways = other_ways::of_account(&state, &caller).await?;
    let person = caller.person;
    let (badge, pin) = read(&state, &caller, move |conn| Ok(badge_and_pin(conn, person)?)).await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let reader = Reader::new(caller.language, state.zone);
    let title = frame.say(Account::Title);
    let content = html! {
        div.title { h1 { (title) } }
        dl.facts {
            div { dt { (reader.say(Ui::Name)) } dd { (caller.name) } }
            div { dt { (reader.say(Ui::SignInName)) } dd { (caller.sign_in) } }
            div {
                dt { (reader.say(Account::Factor)) }
                dd {
                    @match caller.factor_since {
                        Some(since) => { (reader.say(Account::FactorSince)) " " (reader.time(since)) }
                        None => { (reader.say(Account::NoFactor)) }
                    }
                }
            }
        }
        p.actions {
            a.button href={ (ACCOUNT) "/password" } { (reader.say(Account::ChangePassword)) }
            a.button href=(FACTOR) {
                (reader.say(if caller.factor_since.is_some() { Account::ReplaceFactor } else { Account::SetUpFactor }))
            }
        }
        (ways)
        (sessions_table(&reader, &caller, &sessions))
        (tokens_table(&reader, &tokens))
        @if badge.is_some() || pin.is_some() || badge::is_for(&caller) { (badge::section(&reader, badge, pin)) }
    };
    Ok(frame.ok(title, content))
}

/// Ends one of one's own sessions.
pub async fn end_session(request: HttpRequest, id: web::Path<String>, state: web::Data<State>) -> Answer {
    end(&request, &state, Ended::Session, &id).await
}

/// Ends one of one's own API tokens.
pub async fn end_token(request: HttpRequest, id: web::Path<String>, state: web::Data<State>) -> Answer {
    end(&request, &state, Ended::Token, &id).await
}

async fn end(request: &HttpRequest, state: &web::Data<State>, what: Ended, id: &str) -> Answer {
    let caller = session::admit(request, state, session::OWN).await?;
    let id = Uuid::try_parse(id).map_err(|_| Problem::new(Kind::NotFound, caller.language))?;
    own_account::end(state, &caller, what, id).await?;
    Ok(see_other(ACCOUNT))
}

/// What is typed to change a password.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct TypedPassword {
    password: String,
    new_password: String,
    repeated: String,
    code: String,
}

/// Asks for a new password.
pub async fn ask_password(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, session::OWN).await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    Ok(frame.ok(frame.say(Account::ChangePassword), password_sheet(&frame, &caller, &[])))
}

/// Takes a new password.
pub async fn take_password(
    request: HttpRequest,
    typed: Result<web::Form<TypedPassword>, actix_web::Error>,
    state: web::Data<State>,
) -> Answer {
    let caller = session::admit(&request, &state, session::OWN).await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let typed = typed.map(web::Form::into_inner).unwrap_or_default();
    let (mut faults, mut status) = (Vec::new(), StatusCode::UNPROCESSABLE_ENTITY);
    if typed.new_password != typed.repeated {
        faults.push(Fault::of("repeated", frame.say(Ui::PasswordsDiffer)));
    } else {
        let code = given(&typed.code);
        let form = PasswordForm { password: typed.password, new_password: typed.new_password, code };
        match own_account::password_changed(&request, &state, &caller, form).await {
            Ok(signed_in) => return gone_on(&request, &caller, &signed_in),
            Err(problem) => {
                status = problem.status_code();
                faults = faults_of(&problem);
            }
        }
    }
    let content = password_sheet(&frame, &caller, &faults);
    Ok(frame.answer(status, frame.say(Account::ChangePassword), content))
}

/// What is typed to set up a second factor.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct TypedFactor {
    password: String,
    code: String,
    first: String,
    proposal: String,
}

/// Shows a new secret and asks for its first code.
pub async fn ask_factor(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = session::admit_to_own(&request, &state).await?;
    let shown = shown_secret(&state, &caller, String::new()).await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let content = factor_sheet(&frame, &state, &caller, &shown, &[]);
    Ok(frame.ok(frame.say(Account::SetUpFactor), content))
}

/// Takes the first code of a new secret.
pub async fn take_factor(
    request: HttpRequest,
    typed: Result<web::Form<TypedFactor>, actix_web::Error>,
    state: web::Data<State>,
) -> Answer {
    let caller = session::admit_to_own(&request, &state).await?;
    let typed = typed.map(web::Form::into_inner).unwrap_or_default();
    let mut shown = shown_secret(&state, &caller, typed.proposal).await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let (mut status, mut faults) = (StatusCode::UNPROCESSABLE_ENTITY, Vec::new());
    if shown.is_new {
        faults.push(Fault::of("first", frame.say(Account::ProposalOver)));
    } else {
        let proposal = shown.proposal.clone();
        let form = FactorForm {
            password: typed.password,
            code: given(&typed.code),
            first: typed.first.trim().to_string(),
            secret: shown.secret,
        };
        match own_account::factor_set(&request, &state, &caller, form).await {
            Ok(signed_in) => return gone_on(&request, &caller, &signed_in),
            Err(problem) => {
                status = problem.status_code();
                faults = faults_of(&problem);
            }
        }
        shown = shown_secret(&state, &caller, proposal).await?;
    }
    let content = factor_sheet(&frame, &state, &caller, &shown, &faults);
    Ok(frame.answer(status, frame.say(Account::SetUpFactor), content))
}

/// A secret as a page shows it.
struct ShownSecret {
    secret: FactorSecret,
    /// As the page carries it.
    proposal: String,
    /// Whether it is another than the page had.
    is_new: bool,
}

/// The secret that a page carried; a new one where it carried none or was too old.
async fn shown_secret(
    state: &web::Data<State>,
    caller: &Caller,
    proposal: String,
) -> Result<ShownSecret, Problem> {
    let (store, person, (now, _)) = (Arc::clone(&state.store), caller.person, state.store.now());
    let shown = web::block(move || {
        let key = store.factor_key_made()?;
        if let Some(secret) = FactorSecret::proposed(&proposal, &key, person, now) {
            return Ok(ShownSecret { secret, proposal, is_new: false });
        }
        let sealed = FactorSecret::random()
            .and_then(|secret| secret.propose(&key, person, now).map(|proposal| (secret, proposal)));
        let (secret, proposal) = sealed.map_err(|error| StoreError::Database(error.to_string()))?;
        Ok::<_, StoreError>(ShownSecret { secret, proposal, is_new: true })
    });
    shown
        .await
        .map_err(|_| Problem::new(Kind::Unavailable, caller.language))?
        .map_err(|error| Problem::of_store(&error, caller.language))
}

/// Goes back to one's account in the session that one has from now on.
pub fn gone_on(request: &HttpRequest, caller: &Caller, signed_in: &SignedIn) -> Answer {
    let mut answer = see_other(ACCOUNT);
    for cookie in cookies(request, signed_in) {
        answer.add_cookie(&cookie).map_err(|_| Problem::new(Kind::Unavailable, caller.language))?;
    }
    Ok(answer)
}

/// A code, where one was given.
pub fn given(code: &str) -> Option<String> {
    Some(code.trim()).filter(|code| !code.is_empty()).map(String::from)
}

/// A field for a code, as a device shows it.
pub fn code_field<'a>(name: &'a str, label: &'a str, hint: Option<&'a str>) -> Field<'a> {
    Field { name, label, hint, value: "", autocomplete: "one-time-code", optional: false, most: 6 }
}

/// The field for the password that somebody has, to change what he signs in with.
pub fn current_password<'a>(frame: &Frame) -> Field<'a> {
    Field {
        name: "password",
        label: frame.say(Account::PasswordSoFar),
        hint: None,
        value: "",
        autocomplete: "current-password",
        optional: false,
        most: 256,
    }
}

fn password_sheet(frame: &Frame, caller: &Caller, faults: &[Fault]) -> Markup {
    let new = Field {
        name: "new_password",
        label: frame.say(Ui::NewPassword),
        hint: Some(frame.say(Ui::PasswordHint)),
        autocomplete: "new-password",
        ..current_password(frame)
    };
    let repeated = Field { name: "repeated", label: frame.say(Ui::RepeatPassword), hint: None, ..new };
    html! {
        (summary(frame.language, faults))
        div.title { h1 { (frame.say(Account::ChangePassword)) } }
        p { (frame.say(Account::ChangePasswordHelp)) }
        form.sheet method="post" {
            input type="hidden" name="username" autocomplete="username" value=(caller.sign_in);
            (current_password(frame).show(faults))
            @if caller.factor_since.is_some() {
                (code_field("code", frame.say(Account::Code), Some(frame.say(Account::CodeHint))).show(faults))
            }
            (new.show(faults))
            (repeated.show(faults))
            button type="submit" { (frame.say(Account::ChangePassword)) }
        }
    }
}

fn factor_sheet(
    frame: &Frame,
    state: &State,
    caller: &Caller,
    shown: &ShownSecret,
    faults: &[Fault],
) -> Markup {
    let text = shown.secret.text();
    // What is left out is as devices take it: SHA-1, six digits, 30 seconds.
    let issuer =
        encoded(if state.centre().is_empty() { "Baiyo" } else { state.centre() }).replace('/', "%2F");
    let address =
        format!("otpauth://totp/{}?secret={}&issuer={issuer}", encoded(&caller.sign_in), text.as_str());
    // In fours, as people read it aloud.
    let fours: Vec<&str> = (0..text.len()).step_by(4).filter_map(|at| text.get(at..at + 4)).collect();
    html! {
        (summary(frame.language, faults))
        div.title { h1 { (frame.say(Account::SetUpFactor)) } }
        @if caller.lacks_factor { p { strong { (frame.say(Account::FactorNeeded)) } } }
        @if caller.lacks_factor { (other_ways::instead_of_a_factor(frame, state)) }
        p { (frame.say(Account::FactorHelp)) }
        (qr(frame.say(Account::FactorPicture), &address))
        p { (frame.say(Account::FactorText)) ": " code translate="no" { (fours.join(" ")) } }
        form.sheet method="post" action=(FACTOR) {
            input type="hidden" name="username" autocomplete="username" value=(caller.sign_in);
            input type="hidden" name="proposal" value=(shown.proposal);
            (current_password(frame).show(faults))
            @if caller.factor_since.is_some() {
                (code_field("code", frame.say(Account::CodeSoFar), None).show(faults))
            }
            (code_field("first", frame.say(Account::FirstCode), Some(frame.say(Account::CodeHint))).show(faults))
            button type="submit" { (frame.say(Account::SetUpFactor)) }
        }
    }
}

fn sessions_table(reader: &Reader, caller: &Caller, sessions: &[OwnSession]) -> Markup {
    let this = caller.origin.session_id();
    html! {
        section #sessions {
            h2 { (reader.say(Account::Sessions)) }
            p { (reader.say(Account::SessionsEndHelp)) }
            div.scroll role="region" aria-label=(reader.say(Account::Sessions)) tabindex="0" {
                table {
                    thead {
                        tr {
                            @for column in [Account::Began, Account::LastUsed, Account::From, Account::Ending] {
                                th scope="col" { (reader.say(column)) }
                            }
                        }
                    }
                    tbody {
                        @for own in sessions {
                            tr {
                                td { (reader.time(own.made_at)) @if Some(own.id) == this { " " strong { (reader.say(Account::ThisOne)) } } }
                                td { (reader.time(own.used_at)) }
                                td {
                                    @match own.known_since {
                                        _ if own.entrance == Entrance::Pin => { (reader.say(Account::ByPin)) }
                                        Some(since) => { (reader.say(Account::KnownSince)) " " (reader.time(since)) }
                                        None => { (reader.say(Account::NewBrowser)) }
                                    }
                                    @if let Some(word) = other_ways::entered_by(own.entrance) { " · " (reader.say(word)) }
                                }
                                td { (ending(reader, "sessions", own.id, Account::EndSession)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn tokens_table(reader: &Reader, tokens: &[OwnToken]) -> Markup {
    html! {
        section #tokens {
            h2 { (reader.say(Account::Tokens)) }
            p { a.button href=(super::tokens::TOKENS) { (reader.say(Account::MakeToken)) } }
            @if tokens.is_empty() {
                p.empty { (reader.say(Ui::None)) }
            } @else {
                div.scroll role="region" aria-label=(reader.say(Account::Tokens)) tabindex="0" {
                    table {
                        thead {
                            tr {
                                @for column in [Account::TokenName, Account::TokenScopes, Account::Made, Account::Until, Account::Ending] {
                                    th scope="col" { (reader.say(column)) }
                                }
                            }
                        }
                        tbody {
                            @for own in tokens {
                                tr {
                                    th.wide scope="row" { (own.name) @if let Some(device) = &own.device { br; span.muted { (device) } } }
                                    td { (super::tokens::lent(reader, &own.scopes)) }
                                    td { (reader.time(own.made_at)) }
                                    td { (reader.time(own.expires_at)) }
                                    td { (ending(reader, "tokens", own.id, Account::EndToken)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn ending(reader: &Reader, what: &str, id: Uuid, word: Account) -> Markup {
    html! {
        form method="post" action={ (ACCOUNT) "/" (what) "/" (id) "/end" } {
            button.quiet type="submit" { (reader.say(word)) }
        }
    }
}

/// The page that asks for the code of a sign-in.
pub fn code_sheet(frame: &Frame, to: &str, faults: &[Fault]) -> HttpResponse {
    let title = frame.say(Account::GiveCode);
    let content = html! {
        (summary(frame.language, faults))
        div.title { h1 { (title) } }
        form.sheet method="post" action="/sign-in/code" {
            (code_field("code", frame.say(Account::Code), Some(frame.say(Account::CodeHint))).show(faults))
            @if !to.is_empty() { input type="hidden" name="to" value=(to); }
            button type="submit" { (frame.say(Ui::SignIn)) }
        }
        p { (frame.say(Account::LostDevice)) }
    };
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
    frame.answer(status, title, content)
}
