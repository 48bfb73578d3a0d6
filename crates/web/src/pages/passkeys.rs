//! Passkeys on pages: made on one's own page, shown at the sign-in page, ended by their owner or an administrator.

use super::account::{ACCOUNT, code_field, current_password, given, gone_on};
use super::form::{Fault, Field, faults_of, summary};
use super::frame::Frame;
use super::reader::{Reader, dash};
use super::{Admits, Answer, Page, assets, get, post, see_other, sign_in};
use crate::api::accounts::{carried, write};
use crate::api::own_account::{changed, unchanged};
use crate::api::problem::{Kind, Problem};
use crate::passkeys::{LONGEST_ANSWER, RelyingParty, Wrong};
use crate::security_log::{self, Happened};
use crate::server::State;
use crate::session::{self, CEREMONY_COOKIE, Caller};
use crate::words::{Account, Ui, Ways};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use baiyo_domain::ids::PersonId;
use baiyo_domain::refusal::Reason;
use baiyo_domain::text::Short;
use baiyo_persistence::StoreError;
use baiyo_persistence::accounts::{self, Ceremony, NotKept, Origin, OwnPasskey, UsedPasskey};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;
use uuid::Uuid;

const OWN: &str = "/me/passkeys";
const AT_SIGN_IN: &str = "/sign-in/passkey";
/// Who may end another's passkeys: whoever lets him set up anew how he signs in.
const ENDS_ANOTHERS: &str = "person.setup_link";

/// The pages of passkeys.
pub fn pages() -> Vec<Page> {
    vec![
        post("/sign-in/passkey/challenge", Admits::Anybody, web::to(challenge)),
        post(AT_SIGN_IN, Admits::Anybody, web::to(enter)),
        get(OWN, Admits::To(&[session::OWN]), web::to(ask)),
        post(OWN, Admits::To(&[session::OWN]), web::to(begin)),
        post("/me/passkeys/made", Admits::To(&[session::OWN]), web::to(keep)),
        post("/me/passkeys/{id}/end", Admits::To(&[session::OWN]), web::to(end_own)),
        post("/people/{id}/passkeys/{passkey}/end", Admits::To(&[ENDS_ANOTHERS]), web::to(end_anothers)),
    ]
}

/// What a browser answered.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Answered {
    answer: String,
    to: String,
}

/// Asks the browser for a signature by any passkey.
async fn challenge(request: HttpRequest, state: web::Data<State>) -> Answer {
    let language = session::language(&request);
    let asked = party(&state, &request)?.ask().ok_or_else(|| Problem::new(Kind::Unavailable, language))?;
    let ((now, _), kept) = (state.store.now(), asked.state);
    let token = write(&state, language, move |conn| {
        Ok(accounts::begin_ceremony(conn, Ceremony::PasskeyShown, None, &kept, now)?)
    });
    let cookie = CEREMONY_COOKIE.with(&request, token.await?.as_str());
    Ok(HttpResponse::Ok().content_type("application/json").cookie(cookie).body(asked.options))
}

/// Signs in whoever has signed what was asked for.
async fn enter(
    request: HttpRequest,
    typed: Result<web::Form<Answered>, actix_web::Error>,
    state: web::Data<State>,
) -> Answer {
    let language = session::language(&request);
    let typed = typed.map(web::Form::into_inner).unwrap_or_default();
    let party = party(&state, &request)?;
    let Some(used) = used_by(&request, &state, &party, typed.answer).await? else {
        security_log::note(Happened::SignInRefused, None);
        return Ok(sign_in::refused(&request, &state, &typed.to, Ways::PasskeyRefused));
    };
    let ((now, _), browser) = (state.store.now(), carried(&request));
    let entered =
        write(&state, language, move |conn| Ok(accounts::enter_by_passkey(conn, &used, &browser, now)?));
    match entered.await? {
        Some(signed_in) => {
            security_log::note(Happened::SignedIn, Some(signed_in.person));
            let mut answer = sign_in::gone_in(&request, &state, &typed.to, &signed_in).await?;
            let gone = answer.add_cookie(&CEREMONY_COOKIE.gone(&request));
            gone.map_err(|_| Problem::new(Kind::Unavailable, language))?;
            Ok(answer)
        }
        None => {
            security_log::note(Happened::SignInRefused, None);
            Ok(sign_in::refused(&request, &state, &typed.to, Ways::PasskeyRefused))
        }
    }
}

/// The passkey by which a browser has answered what it was asked for; nothing where the answer is not right. What was asked
/// for is asked no longer, whatever the answer.
async fn used_by(
    request: &HttpRequest,
    state: &web::Data<State>,
    party: &RelyingParty,
    answer: String,
) -> Result<Option<UsedPasskey>, Problem> {
    let language = session::language(request);
    let (Some(token), true) = (CEREMONY_COOKIE.of(request), answer.len() <= LONGEST_ANSWER) else {
        return Ok(None);
    };
    let (now, _) = state.store.now();
    let taken = write(state, language, move |conn| {
        Ok(accounts::take_ceremony(conn, Ceremony::PasskeyShown, &token, now)?)
    });
    let (Some((_, asked)), Some((credential, claimed))) = (taken.await?, party.claimed(&answer)) else {
        return Ok(None);
    };
    let (store, named) = (Arc::clone(&state.store), credential.clone());
    let found = web::block(move || store.read(|conn| Ok::<_, StoreError>(accounts::passkey(conn, &named)?)));
    let found = found.await.map_err(|_| Problem::new(Kind::Unavailable, language))?;
    let found = found.map_err(|error| Problem::of_store(&error, language))?;
    let Some((person, before)) = found.filter(|(person, _)| person.0 == claimed) else { return Ok(None) };
    match party.check(&answer, &asked, &before) {
        Ok(after) => Ok(Some(UsedPasskey { credential, person, before, after })),
        Err(Wrong::Answer) => Ok(None),
        Err(Wrong::Counter) => {
            security_log::note(Happened::PasskeyCopied, Some(person));
            let store = Arc::clone(&state.store);
            let recorded = web::block(move || {
                let codes = vec!["passkey_copied".to_string()];
                store.record_attempt(person, None, "session.passkey".into(), AT_SIGN_IN.into(), codes)
            });
            if let Ok(Err(error)) = recorded.await {
                tracing::error!(%error, "a copied passkey could not be recorded");
            }
            Ok(None)
        }
    }
}

/// Asks for the password and a name before a passkey is made.
async fn ask(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = session::admit_to_own(&request, &state).await?;
    party(&state, &request)?;
    let frame = Frame::new(&request, &state, Some(&caller));
    Ok(frame.ok(frame.say(Ways::AddPasskey), sheet(&frame, &caller, "", &[])))
}

/// What is typed to make a passkey.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    name: String,
    password: String,
    code: String,
}

/// Takes the password, and asks the browser for a passkey.
async fn begin(
    request: HttpRequest,
    typed: Result<web::Form<Typed>, actix_web::Error>,
    state: web::Data<State>,
) -> Answer {
    let caller = session::admit_to_own(&request, &state).await?;
    let party = party(&state, &request)?;
    let typed = typed.map(web::Form::into_inner).unwrap_or_default();
    let frame = Frame::new(&request, &state, Some(&caller));
    let title = frame.say(Ways::AddPasskey);
    let Ok(name) = Short::try_from(typed.name.trim().to_string()) else {
        let faults = [Fault::of("name", frame.say(Ui::FieldInvalid))];
        return Ok(frame.answer(
            StatusCode::UNPROCESSABLE_ENTITY,
            title,
            sheet(&frame, &caller, &typed.name, &faults),
        ));
    };
    let unavailable = || Problem::new(Kind::Unavailable, caller.language);
    let (store, person) = (Arc::clone(&state.store), caller.person);
    let known = web::block(move || {
        store.read(|conn| Ok::<_, StoreError>(accounts::public_passkeys_of(conn, person)?))
    });
    let known = known.await.map_err(|_| unavailable())?;
    let known = known.map_err(|error| Problem::of_store(&error, caller.language))?;
    let asked = party.ask_for_new(person.0, &caller.sign_in, &caller.name, &known).ok_or_else(unavailable)?;
    let kept = serde_json::json!([name, asked.state]).to_string();
    let begun =
        changed(&request, &state, &caller, typed.password, given(&typed.code), |store, checked, renewal| {
            store.begin_passkey(checked, renewal, kept)
        });
    match begun.await {
        Ok(token) => {
            let mut answer = frame.ok(title, making(&frame, &asked.options));
            let added = answer.add_cookie(&CEREMONY_COOKIE.with(&request, token.as_str()));
            added.map_err(|_| unavailable())?;
            Ok(answer)
        }
        Err(problem) => {
            let content = sheet(&frame, &caller, &typed.name, &faults_of(&problem));
            Ok(frame.answer(problem.status_code(), title, content))
        }
    }
}

/// Keeps the passkey that a browser has made.
async fn keep(
    request: HttpRequest,
    typed: Result<web::Form<Answered>, actix_web::Error>,
    state: web::Data<State>,
) -> Answer {
    let caller = session::admit_to_own(&request, &state).await?;
    let (party, language) = (party(&state, &request)?, caller.language);
    let typed = typed.map(web::Form::into_inner).unwrap_or_default();
    let frame = Frame::new(&request, &state, Some(&caller));
    let refused = |word: Ways| {
        let faults = [Fault { field: None, sentence: frame.say(word).into() }];
        let content = sheet(&frame, &caller, "", &faults);
        frame.answer(StatusCode::UNPROCESSABLE_ENTITY, frame.say(Ways::AddPasskey), content)
    };
    let ((now, _), person) = (state.store.now(), caller.person);
    let token = CEREMONY_COOKIE.of(&request).filter(|_| typed.answer.len() <= LONGEST_ANSWER);
    let Some(token) = token else { return Ok(refused(Ways::PasskeyNotMade)) };
    let taken = write(&state, language, move |conn| {
        Ok(accounts::take_ceremony(conn, Ceremony::PasskeyMade, &token, now)?)
    });
    let asked = taken.await?.filter(|(whose, _)| *whose == Some(person));
    let asked = asked.and_then(|(_, state)| serde_json::from_str::<(String, String)>(&state).ok());
    let made = asked.and_then(|(name, state)| party.made(&typed.answer, &state, name));
    let Some(new) = made else {
        security_log::note(Happened::AccountUnchanged, Some(person));
        return Ok(refused(Ways::PasskeyNotMade));
    };
    let browser = carried(&request);
    let origin = caller.origin;
    let kept = write(&state, language, move |conn| {
        Ok(accounts::keep_passkey(conn, person, origin, &new, &browser, now)?)
    });
    match kept.await? {
        Ok(signed_in) => {
            security_log::note(Happened::AccountChanged, Some(person));
            gone_on(&request, &caller, &signed_in)
        }
        Err(NotKept::Ended) => Ok(refused(Ways::PasskeyNotMade)),
        Err(NotKept::Known) => Ok(refused(Ways::PasskeyKnown)),
        Err(NotKept::TooMany) => Ok(refused(Ways::TooManyPasskeys)),
    }
}

/// Ends one of one's own passkeys.
async fn end_own(request: HttpRequest, id: web::Path<String>, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, session::OWN).await?;
    end(&state, &caller, caller.person, &id, Some(caller.origin)).await?;
    Ok(see_other(ACCOUNT))
}

/// Ends a passkey of somebody else.
async fn end_anothers(
    request: HttpRequest,
    ids: web::Path<(String, String)>,
    state: web::Data<State>,
) -> Answer {
    let caller = session::admit(&request, &state, ENDS_ANOTHERS).await?;
    let (person, passkey) = ids.into_inner();
    let person = Uuid::try_parse(&person).map_err(|_| Problem::new(Kind::NotFound, caller.language))?;
    if person == caller.person.0 {
        return Err(Problem::refused(&[Reason::NotForOneself], caller.language, state.zone));
    }
    end(&state, &caller, PersonId(person), &passkey, None).await?;
    Ok(see_other(&format!("/people/{person}")))
}

async fn end(
    state: &web::Data<State>,
    caller: &Caller,
    person: PersonId,
    id: &str,
    himself: Option<Origin>,
) -> Result<(), Problem> {
    let missing = || Problem::new(Kind::NotFound, caller.language);
    let id = Uuid::try_parse(id).map_err(|_| missing())?;
    let (now, _) = state.store.now();
    let ended =
        write(state, caller.language, move |conn| Ok(accounts::end_passkey(conn, person, id, himself, now)?));
    if !ended.await?.map_err(|refused| unchanged(refused, state, caller))? {
        return Err(missing());
    }
    security_log::note_about(Happened::AccountChanged, Some(caller.person), Some(person.0));
    Ok(())
}

fn party(state: &State, request: &HttpRequest) -> Result<RelyingParty, Problem> {
    RelyingParty::of(&state.settings).ok_or_else(|| Problem::new(Kind::NotFound, session::language(request)))
}

/// The button on the page for signing in. It is hidden from browsers that know no passkeys.
pub fn at_sign_in(frame: &Frame, to: &str) -> Markup {
    html! {
        form.sheet method="post" action=(AT_SIGN_IN) data-passkey="show" data-challenge="/sign-in/passkey/challenge" hidden {
            p.fault data-told role="alert" hidden { (frame.say(Ways::NoPasskeyShown)) }
            input type="hidden" name="answer";
            @if !to.is_empty() { input type="hidden" name="to" value=(to); }
            button.quiet type="submit" { (frame.say(Ways::WithPasskey)) }
        }
        script type="module" src=(assets::passkeys_address()) {}
    }
}

/// Beside the page on which codes are set up.
pub fn instead_of_codes(frame: &Frame) -> Markup {
    html! {
        p { (frame.say(Ways::InsteadOfCodes)) " " a href=(OWN) { (frame.say(Ways::AddPasskey)) } }
    }
}

/// A person's passkeys, on his own page or his page for administrators.
pub fn table(reader: &Reader, own: &[OwnPasskey], person: Option<PersonId>) -> Markup {
    html! {
        section #passkeys {
            div.title {
                h2 { (reader.say(Ways::Passkeys)) }
                @if person.is_none() { a.button href=(OWN) { (reader.say(Ways::AddPasskey)) } }
            }
            @if own.is_empty() {
                p.empty { (reader.say(Ui::None)) }
            } @else {
                div.scroll role="region" aria-label=(reader.say(Ways::Passkeys)) tabindex="0" {
                    table {
                        thead {
                            tr {
                                @for column in [Account::TokenName, Account::Made, Account::LastUsed, Account::Ending] {
                                    th scope="col" { (reader.say(column)) }
                                }
                            }
                        }
                        tbody {
                            @for passkey in own {
                                tr {
                                    th.wide scope="row" { (passkey.name) }
                                    td { (reader.time(passkey.made_at)) }
                                    td { (used(reader, passkey)) }
                                    td { (ending(reader, passkey, person)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn used(reader: &Reader, passkey: &OwnPasskey) -> Markup {
    passkey.used_at.map_or_else(dash, |at| reader.time(at))
}

fn ending(reader: &Reader, passkey: &OwnPasskey, person: Option<PersonId>) -> Markup {
    let place = person.map_or(OWN.to_string(), |person| format!("/people/{person}/passkeys"));
    html! {
        form method="post" action={ (place) "/" (passkey.id) "/end" } {
            button.quiet type="submit" { (reader.say(Ways::EndPasskey)) }
        }
    }
}

fn sheet(frame: &Frame, caller: &Caller, name: &str, faults: &[Fault]) -> Markup {
    let named = Field {
        name: "name",
        label: frame.say(Ways::PasskeyName),
        hint: Some(frame.say(Ways::PasskeyNameHint)),
        value: name,
        autocomplete: "off",
        optional: false,
        most: 80,
    };
    html! {
        (summary(frame.language, faults))
        div.title { h1 { (frame.say(Ways::AddPasskey)) } }
        p { (frame.say(Ways::PasskeysHelp)) }
        form.sheet method="post" action=(OWN) {
            input type="hidden" name="username" autocomplete="username" value=(caller.sign_in);
            (named.show(faults))
            (current_password(frame).show(faults))
            @if caller.factor_since.is_some() {
                (code_field("code", frame.say(Account::Code), Some(frame.say(Account::CodeHint))).show(faults))
            }
            button type="submit" { (frame.say(Ways::GoOn)) }
        }
    }
}

fn making(frame: &Frame, options: &str) -> Markup {
    html! {
        div.title { h1 { (frame.say(Ways::AddPasskey)) } }
        p { (frame.say(Ways::MakePasskeyHelp)) }
        form.sheet method="post" action="/me/passkeys/made" data-passkey="make" data-options=(options) hidden {
            p.fault data-told role="alert" hidden { (frame.say(Ways::NoPasskeyMade)) }
            input type="hidden" name="answer";
            button type="submit" { (frame.say(Ways::MakePasskey)) }
        }
        script type="module" src=(assets::passkeys_address()) {}
    }
}
