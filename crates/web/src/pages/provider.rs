//! Signing in at the site's own provider, on pages: the way there, the way back, and whose account there is whose here.
//!
//! A session begins by a tap on a page of ours and never by coming back alone: so nobody is signed in by a link that
//! somebody else made, and each sees first as whom he goes on.

use super::account::{ACCOUNT, code_field, current_password, given};
use super::form::{Fault, Field, faults_of, summary};
use super::frame::Frame;
use super::reader::Reader;
use super::{Admits, Answer, Page, Query, get, post, see_other, sign_in};
use crate::api::accounts::{carried, code_problem, write};
use crate::api::own_account::changed;
use crate::api::problem::{Kind, Problem};
use crate::api::reading::read;
use crate::openid::{BACK, CameBack, Identified, Provider, Refused};
use crate::security_log::{self, Happened};
use crate::server::State;
use crate::session::{self, CEREMONY_COOKIE, Caller, PROVIDER_COOKIE};
use crate::words::{Account, Ui, Ways};
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use baiyo_domain::ids::PersonId;
use baiyo_domain::journal::{StreamId, StreamKind};
use baiyo_persistence::StoreError;
use baiyo_persistence::accounts::{self, Ceremony, Named, PasswordRefused, ProviderLink};
use baiyo_persistence::reading;
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;
use uuid::Uuid;

const OWN: &str = "/me/provider";
/// Who may name another's account: whoever lets him set up anew how he signs in.
const NAMES: &str = "person.setup_link";
/// The longest that a provider may call somebody, in characters (OpenID Connect Core, 2).
const LONGEST_SUBJECT: u16 = 255;

/// The pages of the provider.
pub fn pages() -> Vec<Page> {
    vec![
        post(BACK, Admits::Anybody, web::to(go)),
        get(BACK, Admits::Anybody, web::to(come_back)),
        post("/sign-in/provider/enter", Admits::Anybody, web::to(enter)),
        get(OWN, Admits::To(&[session::OWN]), web::to(ask)),
        post(OWN, Admits::To(&[session::OWN]), web::to(accept)),
        post("/me/provider/end", Admits::To(&[session::OWN]), web::to(end_own)),
        post("/people/{id}/provider", Admits::To(&[NAMES]), web::to(name)),
        post("/people/{id}/provider/end", Admits::To(&[NAMES]), web::to(end_anothers)),
    ]
}

/// What is typed on the way.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    to: String,
    code: String,
    password: String,
    subject: String,
}

type Form = Result<web::Form<Typed>, actix_web::Error>;

fn typed(form: Form) -> Typed {
    form.map(web::Form::into_inner).unwrap_or_default()
}

/// Sends the browser to the provider. The page goes on by itself: a form that led elsewhere would be against the content
/// policy.
async fn go(request: HttpRequest, form: Form, state: web::Data<State>) -> Answer {
    let (typed, language) = (typed(form), session::language(&request));
    issuer(&state, &request)?;
    let ((now, _), to) = (state.store.now(), typed.to.clone());
    let begun = write(&state, language, move |conn| {
        Ok(accounts::begin_ceremony(conn, Ceremony::ProviderAsked, None, &to, now)?)
    });
    let token = begun.await?.as_str().to_string();
    let (settings, own) = (state.settings.clone(), token.clone());
    let sent = web::block(move || provider(&settings)?.sends_to(&own)).await;
    let address = match sent.map_err(|_| Problem::new(Kind::Unavailable, language))? {
        Ok(address) => address,
        Err(why) => return Ok(not_entered(&request, &state, &typed.to, &why)),
    };
    let frame = Frame::new(&request, &state, None);
    let title = frame.say(Ways::WithProvider);
    let content = html! {
        div.title { h1 { (title) } }
        p { a.button href=(address) rel="noreferrer" { (frame.say(Ways::GoOn)) } }
    };
    let mut answer = frame.ok(title, content);
    if let Ok(onwards) = header::HeaderValue::from_str(&format!("0; url={address}")) {
        answer.headers_mut().insert(header::REFRESH, onwards);
    }
    with_cookie(answer, &returning(&request, &token), &request)
}

/// The cookie that is told again when the provider sends the browser back: a navigation from another site, for which
/// browsers keep back what is strictly ours. It opens nothing, is used once and goes after some minutes.
fn returning(request: &HttpRequest, token: &str) -> Cookie<'static> {
    let mut cookie = PROVIDER_COOKIE.with(request, token);
    cookie.set_same_site(SameSite::Lax);
    cookie
}

/// Asks the provider whom it named, and shows whoever came back as whom he would go on.
async fn come_back(request: HttpRequest, query: Query, state: web::Data<State>) -> Answer {
    let language = session::language(&request);
    let issuer = issuer(&state, &request)?;
    let gone = PROVIDER_COOKIE.gone(&request);
    let refused =
        |to: &str, why: &Refused| with_cookie(not_entered(&request, &state, to, why), &gone, &request);
    let Some(token) = PROVIDER_COOKIE.of(&request) else {
        return refused("", &Refused::Wrong("this browser was not sent there".into()));
    };
    let ((now, _), own) = (state.store.now(), token.clone());
    let taken = write(&state, language, move |conn| {
        Ok(accounts::take_ceremony(conn, Ceremony::ProviderAsked, &own, now)?)
    });
    let Some((_, to)) = taken.await? else {
        return refused("", &Refused::Wrong("this sign-in was completed or given up".into()));
    };
    let [code, came_state, named_issuer] = ["code", "state", "iss"].map(|name| query.get(name).cloned());
    let came = CameBack { code, state: came_state, issuer: named_issuer };
    let settings = state.settings.clone();
    let identified = web::block(move || provider(&settings)?.identified(&token, came, now)).await;
    let identified: Identified = match identified.map_err(|_| Problem::new(Kind::Unavailable, language))? {
        Ok(identified) => identified,
        Err(why) => return refused(&to, &why),
    };
    let Identified { subject, factor_shown } = identified;
    let destination = to.clone();
    let named = write(&state, language, move |conn| {
        let Some(person) = accounts::person_at_provider(conn, &issuer, &subject)? else { return Ok(None) };
        let named = Named { person, subject, factor_shown, to };
        Ok(Some((accounts::was_named(conn, &named, now)?, named)))
    });
    let Some((token, named)) = named.await? else {
        security_log::note(Happened::SignInRefused, None);
        return with_cookie(
            sign_in::refused(&request, &state, &destination, Ways::NotLinked),
            &gone,
            &request,
        );
    };
    let page = confirmation(&request, &state, &named, &[]).await?;
    let page = with_cookie(page, &CEREMONY_COOKIE.with(&request, token.as_str()), &request)?;
    with_cookie(page, &gone, &request)
}

/// Opens the session of whoever was named in this browser.
async fn enter(request: HttpRequest, form: Form, state: web::Data<State>) -> Answer {
    let (typed, language) = (typed(form), session::language(&request));
    let issuer = issuer(&state, &request)?;
    let over =
        || not_entered(&request, &state, "", &Refused::Wrong("nobody was named in this browser".into()));
    let Some(token) = CEREMONY_COOKIE.of(&request) else { return Ok(over()) };
    let Some(named) = named(&state, &request, token.clone()).await? else { return Ok(over()) };
    let code = Some(typed.code.trim()).filter(|code| !code.is_empty()).map(String::from);
    let (store, browser) = (Arc::clone(&state.store), carried(&request));
    let settled = web::block(move || store.enter_by_provider(token, issuer, code, browser)).await;
    let settled = settled.map_err(|_| Problem::new(Kind::Unavailable, language))?;
    match settled.map_err(|error| Problem::of_store(&error, language))? {
        Ok(Some(signed_in)) => {
            security_log::note(Happened::SignedIn, Some(signed_in.person));
            let answer = sign_in::gone_in(&request, &state, &named.to, &signed_in).await?;
            with_cookie(answer, &CEREMONY_COOKIE.gone(&request), &request)
        }
        Ok(None) => Ok(over()),
        Err(PasswordRefused::CodeNeeded) => confirmation(&request, &state, &named, &[]).await,
        Err(why) => {
            let faults = faults_of(&code_problem(why, language));
            confirmation(&request, &state, &named, &faults).await
        }
    }
}

async fn named(
    state: &web::Data<State>,
    request: &HttpRequest,
    token: String,
) -> Result<Option<Named>, Problem> {
    let language = session::language(request);
    let ((now, _), store) = (state.store.now(), Arc::clone(&state.store));
    let found =
        web::block(move || store.read(|conn| Ok::<_, StoreError>(accounts::named(conn, &token, now)?)));
    let found = found.await.map_err(|_| Problem::new(Kind::Unavailable, language))?;
    found.map_err(|error| Problem::of_store(&error, language))
}

/// The page on which somebody goes on as the person whom the provider named.
async fn confirmation(
    request: &HttpRequest,
    state: &web::Data<State>,
    named: &Named,
    faults: &[Fault],
) -> Answer {
    let frame = Frame::new(request, state, None);
    let (store, person) = (Arc::clone(&state.store), named.person);
    let found = web::block(move || {
        store.read(|conn| {
            let world = reading::stream(conn, StreamId { kind: StreamKind::Person, id: person.0 })?;
            let known = world.and_then(|mut world| world.people.remove(&person));
            Ok::<_, StoreError>((known, accounts::factor_since(conn, person)?.is_some()))
        })
    });
    let found = found.await.map_err(|_| Problem::new(Kind::Unavailable, frame.language))?;
    let (known, has_factor) = found.map_err(|error| Problem::of_store(&error, frame.language))?;
    let known = known.ok_or_else(|| Problem::new(Kind::NotFound, frame.language))?;
    let title = frame.say(Ways::NamedByProvider);
    let content = html! {
        (summary(frame.language, faults))
        div.title { h1 { (title) } }
        p { (frame.say(Ways::NamedByProviderHelp)) }
        form.sheet method="post" action="/sign-in/provider/enter" {
            @if has_factor && !named.factor_shown {
                (code_field("code", frame.say(Account::Code), Some(frame.say(Account::CodeHint))).show(faults))
            }
            button type="submit" { (frame.say(Ways::EnterAs)) " " (known.name) }
        }
        p { a href="/sign-in" { (frame.say(Ui::Cancel)) } }
    };
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
    Ok(frame.answer(status, title, content))
}

/// Why nobody was signed in, on the page on which the password does as ever.
fn not_entered(request: &HttpRequest, state: &State, to: &str, why: &Refused) -> HttpResponse {
    security_log::note(Happened::ProviderRefused, None);
    // Quoted, as it may carry what others wrote.
    tracing::warn!(why = ?why.to_string(), "nobody is signed in by the provider");
    sign_in::refused(
        request,
        state,
        to,
        match why {
            Refused::Down(_) => Ways::ProviderDown,
            Refused::Wrong(_) => Ways::ProviderRefused,
        },
    )
}

/// Shows the account that was named as one's own, and asks for the password to accept it.
async fn ask(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, session::OWN).await?;
    let Some(link) = link(&state, &request, &caller, caller.person).await? else {
        return Ok(see_other(ACCOUNT));
    };
    let frame = Frame::new(&request, &state, Some(&caller));
    Ok(frame.ok(frame.say(Ways::AcceptAccount), accepting(&frame, &caller, &link.subject, &[])))
}

/// Accepts the account that was named as one's own.
async fn accept(request: HttpRequest, form: Form, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, session::OWN).await?;
    let (typed, issuer) = (typed(form), issuer(&state, &request)?);
    let (subject, code) = (typed.subject.clone(), typed.code.clone());
    let accepted =
        changed(&request, &state, &caller, typed.password, given(&code), |store, checked, renewal| {
            store.accept_provider(checked, renewal, issuer, subject)
        });
    match accepted.await {
        Ok(accepted) => {
            if accepted {
                security_log::note(Happened::AccountChanged, Some(caller.person));
            }
            Ok(see_other(ACCOUNT))
        }
        Err(problem) => {
            let frame = Frame::new(&request, &state, Some(&caller));
            let content = accepting(&frame, &caller, &typed.subject, &faults_of(&problem));
            Ok(frame.answer(problem.status_code(), frame.say(Ways::AcceptAccount), content))
        }
    }
}

/// Names somebody's account at the provider.
async fn name(request: HttpRequest, id: web::Path<String>, form: Form, state: web::Data<State>) -> Answer {
    let (caller, person) = another(&request, &state, &id).await?;
    let (typed, issuer) = (typed(form), issuer(&state, &request)?);
    let subject = typed.subject.trim().to_string();
    let frame = Frame::new(&request, &state, Some(&caller));
    let written_well = !subject.is_empty()
        && subject.chars().count() <= usize::from(LONGEST_SUBJECT)
        && subject.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    let ((now, _), by, own) = (state.store.now(), caller.person, subject.clone());
    let fault = match written_well {
        false => Some(frame.say(Ui::FieldInvalid)),
        true => {
            let linked = write(&state, caller.language, move |conn| {
                Ok(accounts::link_provider(conn, &issuer, &own, person, by, now)?)
            });
            if linked.await? { None } else { Some(frame.say(Ways::SubjectTaken)) }
        }
    };
    let Some(fault) = fault else {
        security_log::note_about(Happened::AccountChanged, Some(caller.person), Some(person.0));
        return Ok(see_other(&format!("/people/{person}")));
    };
    let link = link(&state, &request, &caller, person).await?;
    let (reader, faults) = (Reader::new(caller.language, state.zone), [Fault::of("subject", fault)]);
    let content = html! {
        (summary(frame.language, &faults))
        (of_person(&frame, &reader, person, link.as_ref(), &subject, &faults))
    };
    Ok(frame.answer(StatusCode::UNPROCESSABLE_ENTITY, frame.say(Ways::ProviderAccount), content))
}

/// Ends one's own account at the provider.
async fn end_own(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, session::OWN).await?;
    end(&request, &state, &caller, caller.person).await?;
    Ok(see_other(ACCOUNT))
}

/// Ends somebody else's account at the provider.
async fn end_anothers(request: HttpRequest, id: web::Path<String>, state: web::Data<State>) -> Answer {
    let (caller, person) = another(&request, &state, &id).await?;
    end(&request, &state, &caller, person).await?;
    Ok(see_other(&format!("/people/{person}")))
}

async fn end(
    request: &HttpRequest,
    state: &web::Data<State>,
    caller: &Caller,
    person: PersonId,
) -> Result<(), Problem> {
    let ((now, _), issuer) = (state.store.now(), issuer(state, request)?);
    let ended =
        write(state, caller.language, move |conn| Ok(accounts::unlink_provider(conn, &issuer, person, now)?));
    if !ended.await? {
        return Err(Problem::new(Kind::NotFound, caller.language));
    }
    security_log::note_about(Happened::AccountChanged, Some(caller.person), Some(person.0));
    Ok(())
}

/// Who asks, and somebody else who works here.
async fn another(
    request: &HttpRequest,
    state: &web::Data<State>,
    id: &str,
) -> Result<(Caller, PersonId), Problem> {
    let caller = session::admit(request, state, NAMES).await?;
    let missing = || Problem::new(Kind::NotFound, caller.language);
    let person = PersonId(Uuid::try_parse(id).map_err(|_| missing())?);
    if person == caller.person {
        return Err(Problem::new(Kind::Forbidden, caller.language));
    }
    let known = read(state, &caller, move |conn| {
        let world = reading::stream(conn, StreamId { kind: StreamKind::Person, id: person.0 })?;
        Ok(world.and_then(|mut world| world.people.remove(&person)))
    });
    known.await?.filter(|known| !known.left).ok_or_else(missing)?;
    Ok((caller, person))
}

async fn link(
    state: &web::Data<State>,
    request: &HttpRequest,
    caller: &Caller,
    person: PersonId,
) -> Result<Option<ProviderLink>, Problem> {
    let issuer = issuer(state, request)?;
    read(state, caller, move |conn| Ok(accounts::provider_link(conn, &issuer, person)?)).await
}

fn issuer(state: &State, request: &HttpRequest) -> Result<String, Problem> {
    let issuer = state.settings.openid_issuer.clone();
    issuer.ok_or_else(|| Problem::new(Kind::NotFound, session::language(request)))
}

/// Read anew each time, so that a new secret counts at once.
fn provider(settings: &crate::settings::Settings) -> Result<Provider, Refused> {
    let read = Provider::of(settings).map_err(|error| Refused::Down(error.to_string()))?;
    read.ok_or_else(|| Refused::Down("there is none".into()))
}

fn with_cookie(mut answer: HttpResponse, cookie: &Cookie, request: &HttpRequest) -> Answer {
    let added = answer.add_cookie(cookie);
    added.map_err(|_| Problem::new(Kind::Unavailable, session::language(request)))?;
    Ok(answer)
}

/// The button on the page for signing in.
pub fn at_sign_in(frame: &Frame, to: &str) -> Markup {
    html! {
        form.sheet method="post" action=(BACK) {
            @if !to.is_empty() { input type="hidden" name="to" value=(to); }
            button.quiet type="submit" { (frame.say(Ways::WithProvider)) }
        }
    }
}

/// One's own account at the provider; nothing where none was named.
pub fn of_account(reader: &Reader, link: Option<&ProviderLink>) -> Markup {
    html! {
        @if let Some(link) = link {
            section #provider {
                h2 { (reader.say(Ways::ProviderAccount)) }
                (linked(reader, link))
                @if link.accepted_at.is_none() { p { a.button href=(OWN) { (reader.say(Ways::AcceptAccount)) } } }
                (ending(reader, "/me"))
            }
        }
    }
}

/// Somebody else's account at the provider, to be named or ended.
pub fn of_person(
    frame: &Frame,
    reader: &Reader,
    person: PersonId,
    link: Option<&ProviderLink>,
    subject: &str,
    faults: &[Fault],
) -> Markup {
    let field = Field {
        name: "subject",
        label: frame.say(Ways::Subject),
        hint: Some(frame.say(Ways::SubjectHint)),
        value: subject,
        autocomplete: "off",
        optional: false,
        most: LONGEST_SUBJECT,
    };
    let place = format!("/people/{person}");
    html! {
        section #provider {
            h2 { (frame.say(Ways::ProviderAccount)) }
            @match link {
                Some(link) => { (linked(reader, link)) (ending(reader, &place)) }
                None => {
                    p { (frame.say(Ways::ProviderAccountHelp)) }
                    form.sheet method="post" action={ (place) "/provider" } {
                        (field.show(faults))
                        button type="submit" { (frame.say(Ways::NameAccount)) }
                    }
                }
            }
        }
    }
}

fn linked(reader: &Reader, link: &ProviderLink) -> Markup {
    html! {
        p {
            code translate="no" { (link.subject) } " · "
            @match link.accepted_at {
                Some(at) => { (reader.say(Ways::AcceptedSince)) " " (reader.time(at)) }
                None => { (reader.say(Ways::NotAccepted)) }
            }
        }
    }
}

fn ending(reader: &Reader, place: &str) -> Markup {
    html! {
        form method="post" action={ (place) "/provider/end" } {
            button.quiet type="submit" { (reader.say(Ways::EndAccount)) }
        }
    }
}

fn accepting(frame: &Frame, caller: &Caller, subject: &str, faults: &[Fault]) -> Markup {
    html! {
        (summary(frame.language, faults))
        div.title { h1 { (frame.say(Ways::AcceptAccount)) } }
        p { code translate="no" { (subject) } }
        p { (frame.say(Ways::AcceptAccountHelp)) }
        form.sheet method="post" action=(OWN) {
            input type="hidden" name="username" autocomplete="username" value=(caller.sign_in);
            input type="hidden" name="subject" value=(subject);
            (current_password(frame).show(faults))
            @if caller.factor_since.is_some() {
                (code_field("code", frame.say(Account::Code), Some(frame.say(Account::CodeHint))).show(faults))
            }
            button type="submit" { (frame.say(Ways::AcceptAccount)) }
        }
    }
}
