//! Signing in and out, and setting a password by a one-time link: what is no form of the domain.

use super::json::{self, Body};
use super::openapi::Described;
use super::problem::{Kind, Problem};
use super::schema_check;
use crate::security_log::{self, Happened};
use crate::server::State;
use crate::session::{self, COOKIE, DEVICE_COOKIE, PENDING_COOKIE};
use crate::submission::Warning;
use crate::words::Language;
use actix_web::cookie::{Cookie, time};
use actix_web::{HttpRequest, HttpResponse, web};
use baiyo_domain::ids::{KeyId, PersonId, SiteCode};
use baiyo_domain::journal::{StreamId, StreamKind};
use baiyo_domain::numbers::{self, Unusual};
use baiyo_domain::people::Person;
use baiyo_domain::site::Founding;
use baiyo_domain::text::Short;
use baiyo_persistence::accounts::{
    self, Carried, Completed, Entered, Invited, NewCredentials, Owner, Password, PasswordProblem,
    PasswordRefused, SignedIn, Through, Token,
};
use baiyo_persistence::founding::FoundingError;
use baiyo_persistence::writer::JobError;
use baiyo_persistence::{Conn, ExecuteError, Store, StoreError, reading};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

/// Sign in with a password.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInForm {
    /// The sign-in name.
    #[schemars(length(min = 1, max = 40))]
    pub sign_in: String,
    /// The password.
    #[schemars(length(min = 1, max = 256))]
    pub password: String,
    /// The code that the person's device shows now, where he has a second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 12))]
    pub code: Option<String>,
}

/// Set a password by a one-time link. The first administrator also says who the centre is.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupForm {
    /// The link's code: what stands behind its `#`.
    #[schemars(length(min = 1, max = 200))]
    pub token: String,
    /// The new password, 12–128 characters.
    #[schemars(length(min = 1, max = 256))]
    pub password: String,
    /// Who the centre is: for the first administrator only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub centre: Option<CentreForm>,
}

/// Who the centre is.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CentreForm {
    /// The administrator's own name.
    pub your_name: Short,
    /// The centre's name.
    pub name: Short,
    /// Its code on labels, set once: 2–6 characters A–Z and 0–9.
    pub code: SiteCode,
    /// Its facility number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility_number: Option<Short>,
}

/// A password was set, and the centre founded where it was the first administrator's.
#[derive(Serialize, JsonSchema)]
pub struct SetUpView {
    /// Numbers that are not of the usual form; they are recorded as given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// The key a person made, waiting for its registration.
#[derive(Serialize, JsonSchema)]
pub struct WaitingKey {
    /// Its identifier, as its registration names it.
    pub key: KeyId,
}

/// Keys that wait.
#[derive(Serialize, JsonSchema)]
pub struct WaitingKeysView {
    /// All of them.
    pub items: Vec<WaitingKey>,
}

/// These routes, with their actions and what the document says of them.
pub fn described() -> &'static [Described] {
    static ALL: &[Described] = &[
        Described {
            method: "post",
            path: "/session",
            action: None,
            route: || web::post().to(sign_in),
            summary: "Sign in: answers with a session cookie.",
            body: Some(|g| g.subschema_for::<SignInForm>()),
            answer: None,
            query: &[],
            problems: &[Kind::NotJson, Kind::NotSignedIn, Kind::MediaType, Kind::TooLarge, Kind::Form],
            unchanged: false,
            pictures: false,
        },
        Described {
            method: "delete",
            path: "/session",
            action: Some("read.self"),
            route: || web::delete().to(sign_out),
            summary: "Sign out.",
            body: None,
            answer: None,
            query: &[],
            problems: &[],
            unchanged: false,
            pictures: false,
        },
        Described {
            method: "post",
            path: "/setup",
            action: None,
            route: || web::post().to(set_up),
            summary: "Set your password by a one-time link. Your key then waits for its registration.",
            body: Some(|g| g.subschema_for::<SetupForm>()),
            answer: Some(|g| g.subschema_for::<SetUpView>()),
            query: &[],
            problems: &[Kind::NotJson, Kind::NotFound, Kind::MediaType, Kind::TooLarge, Kind::Form],
            unchanged: false,
            pictures: false,
        },
        Described {
            method: "get",
            path: "/people/{id}/waiting_keys",
            action: Some("person.identity_confirmation"),
            route: || web::get().to(waiting_keys),
            summary: "The keys a person made that are not registered.",
            body: None,
            answer: Some(|g| g.subschema_for::<WaitingKeysView>()),
            query: &[],
            problems: &[Kind::NotFound],
            unchanged: false,
            pictures: false,
        },
    ];
    ALL
}

async fn sign_in(request: HttpRequest, body: Body, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let language = session::language(&request);
    let form: SignInForm = read(&request, body, "post /session", &state)?;
    match check_password(&request, &state, form.sign_in, form.password, form.code).await? {
        Entered::In(signed_in) => {
            let [session, device] = cookies(&request, &signed_in);
            Ok(HttpResponse::Ok().cookie(session).cookie(device).json(serde_json::json!({})))
        }
        // A program has all it needs in one request.
        Entered::CodeAwaited(_) => Err(code_problem(PasswordRefused::CodeNeeded, language)),
    }
}

/// Checks a password, and a code where one is given: opens a session, or awaits the code.
///
/// # Errors
/// The name, the password or the code is wrong, or too many were.
pub async fn check_password(
    request: &HttpRequest,
    state: &web::Data<State>,
    sign_in: String,
    password: String,
    code: Option<String>,
) -> Result<Entered, Problem> {
    let language = session::language(request);
    let unavailable = || Problem::new(Kind::Unavailable, language);
    let (now, _) = state.store.now();
    let browser = carried(request);
    let (store, asking) = (Arc::clone(&state.store), browser.device.clone());
    let loaded = web::block(move || {
        store.read(|conn| {
            let through = Through::Browser(asking.as_deref());
            Ok::<_, StoreError>(accounts::stored_secret(conn, store.keys(), &sign_in, through, now)?)
        })
    });
    let loaded = loaded.await.map_err(|_| unavailable())?;
    let secret = loaded.map_err(|error| Problem::of_store(&error, language))?;
    let secret = secret.map_err(|refused| not_recognised(refused, language))?;
    let _turn = state.checks.acquire().await.map_err(|_| unavailable())?;
    let store = Arc::clone(&state.store);
    let settled = web::block(move || store.sign_in(secret.check(&password), code, browser));
    let settled =
        settled.await.map_err(|_| unavailable())?.map_err(|error| Problem::of_store(&error, language))?;
    let entered = settled.map_err(|refused| not_recognised(refused, language))?;
    if let Entered::In(signed_in) = &entered {
        security_log::note(Happened::SignedIn, Some(signed_in.person));
    }
    Ok(entered)
}

/// The cookies of a browser in which somebody comes in.
pub fn carried(request: &HttpRequest) -> Carried {
    Carried { device: DEVICE_COOKIE.of(request), session: COOKIE.of(request) }
}

/// Completes a sign-in whose code was awaited.
///
/// # Errors
/// The code is wrong, or too many were.
pub async fn check_code(
    request: &HttpRequest,
    state: &web::Data<State>,
    code: String,
) -> Result<Completed, Problem> {
    let language = session::language(request);
    let Some(pending) = PENDING_COOKIE.of(request) else { return Ok(Completed::NotAwaited) };
    let (store, browser) = (Arc::clone(&state.store), carried(request));
    let settled = web::block(move || store.complete_sign_in(pending, code, browser)).await;
    let settled = settled.map_err(|_| Problem::new(Kind::Unavailable, language))?;
    match settled.map_err(|error| Problem::of_store(&error, language))? {
        Ok(completed) => {
            if let Completed::In(signed_in) = &completed {
                security_log::note(Happened::SignedIn, Some(signed_in.person));
            }
            Ok(completed)
        }
        Err(refused) => Err(code_problem(refused, language)),
    }
}

/// Why somebody was not signed in: of the password one sentence for all, so that a stranger is not told whether the name
/// exists.
fn not_recognised(refused: PasswordRefused, language: Language) -> Problem {
    if refused == PasswordRefused::Replaced {
        return password_replaced(language, Some("/password"));
    }
    if !matches!(refused, PasswordRefused::Wrong | PasswordRefused::Blocked { .. }) {
        return code_problem(refused, language);
    }
    security_log::note(Happened::SignInRefused, None);
    let sentence = match language {
        Language::En => "The name or the password is wrong, or it was wrong too often: then wait a little.",
        Language::Ja => {
            "サインイン名かパスワードが違うか、誤りが続いたため一時的に止めています。少し待ってください。"
        }
    };
    Problem::because(Kind::NotSignedIn, language, "wrong_password", Some("/password"), sentence.into())
}

/// A right password did nothing, since another took its place, or the same one was hashed anew, before its turn came.
pub fn password_replaced(language: Language, pointer: Option<&str>) -> Problem {
    let sentence = match language {
        Language::En => "The password was renewed at this very moment, so nothing was done. Give it again.",
        Language::Ja => {
            "ちょうど今、パスワードが更新されたため、処理は行われていません。もう一度入力してください。"
        }
    };
    Problem::because(Kind::NotSignedIn, language, "password_replaced", pointer, sentence.into())
}

/// Why a code opened nothing: it is missing, or it is wrong.
pub fn code_problem(refused: PasswordRefused, language: Language) -> Problem {
    if !matches!(refused, PasswordRefused::CodeNeeded) {
        security_log::note(Happened::SignInRefused, None);
    }
    let (code, sentence) = match (refused, language) {
        (PasswordRefused::CodeNeeded, Language::En) => {
            ("code_needed", "Give the code that your device shows.")
        }
        (PasswordRefused::CodeNeeded, Language::Ja) => {
            ("code_needed", "認証アプリに表示されている確認コードを入力してください。")
        }
        (_, Language::En) => (
            "wrong_code",
            "The code is wrong, was used before or is of another time, or it was wrong too often: wait for the next one.",
        ),
        (_, Language::Ja) => (
            "wrong_code",
            "確認コードが違うか、使用済みか、期限が過ぎています。誤りが続いたときは一時的に止めています。次のコードを待ってください。",
        ),
    };
    Problem::because(Kind::NotSignedIn, language, code, Some("/code"), sentence.into())
}

/// The cookies of somebody who has just signed in: of his session, and of his browser.
pub fn cookies(request: &HttpRequest, signed_in: &SignedIn) -> [Cookie<'static>; 2] {
    [COOKIE.with(request, signed_in.session.as_str()), device_cookie(request, &signed_in.device)]
}

/// The cookie by which a browser is known, for as long as it is.
fn device_cookie(request: &HttpRequest, token: &Token) -> Cookie<'static> {
    let mut device = DEVICE_COOKIE.with(request, token.as_str());
    device.set_max_age(time::Duration::days(accounts::DEVICE_KEPT.num_days()));
    device
}

async fn sign_out(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    session::who_so_far(&request, &state).await?;
    end_session(&request, &state).await;
    Ok(HttpResponse::NoContent().cookie(COOKIE.gone(&request)).finish())
}

/// Ends the session of a request's cookie.
pub async fn end_session(request: &HttpRequest, state: &web::Data<State>) {
    let Some(token) = COOKIE.of(request) else { return };
    let whose = session::who_so_far(request, state).await.ok().map(|caller| caller.person);
    security_log::note(Happened::SignedOut, whose);
    let (now, _) = state.store.now();
    let store = Arc::clone(&state.store);
    let ended = web::block(move || {
        store.write(move |conn| {
            accounts::end_session(conn, &token, now).map_err(JobError::<StoreError>::Database)
        })
    });
    if let Ok(Err(error)) = ended.await {
        tracing::error!(%error, "a session could not be ended");
    }
}

async fn set_up(request: HttpRequest, body: Body, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let form: SetupForm = read(&request, body, "post /setup", &state)?;
    let (warnings, device) = set_password(&request, &state, form).await?;
    Ok(HttpResponse::Ok().cookie(device).json(SetUpView { warnings }))
}

/// Sets a password by a link; founds the centre where the link is the first administrator's. Answers with what is
/// unusual about its number, and with the cookie by which this browser is known from now on: strangers who guess keep
/// nobody from signing in where he has just set his password.
///
/// # Errors
/// The link has ended; the password is too weak; the centre's own fields are missing.
pub async fn set_password(
    request: &HttpRequest,
    state: &web::Data<State>,
    form: SetupForm,
) -> Result<(Vec<Warning>, Cookie<'static>), Problem> {
    let language = session::language(request);
    let browser = DEVICE_COOKIE.of(request);
    let unavailable = || Problem::new(Kind::Unavailable, language);
    let (now, _) = state.store.now();
    let _turn = state.checks.acquire().await.map_err(|_| unavailable())?;
    let (store, breached) = (Arc::clone(&state.store), state.breached.clone());
    let zone = state.zone.name().to_string();
    let facility = form.centre.as_ref().and_then(|centre| centre.facility_number.clone());
    let outcome = web::block(move || {
        let token = form.token.clone();
        let invited = store.read(|conn| Ok::<_, StoreError>(accounts::setup_link(conn, &token, now)?));
        let invited: Invited =
            invited.map_err(FoundingError::from)?.ok_or(FoundingError::Link(accounts::LinkEnded))?;
        let founded = store.is_founded()?;
        let (name, centre) = names_around(&store, invited.person, form.centre.as_ref())?;
        let owner = Owner { sign_in: &invited.sign_in, name: &name, centre: &centre };
        let password = match Password::new(&form.password, &owner, breached.as_deref()) {
            Ok(password) => password,
            Err(problems) => return Ok(Err(problems)),
        };
        if !founded && form.centre.is_none() {
            return Err(FoundingError::Text("/centre".into()));
        }
        let credentials = NewCredentials::make(invited.person, &password, now)?;
        let known = store.set_password(credentials, form.token, browser)?;
        if let (false, Some(centre)) = (founded, form.centre) {
            let founding = founding_of(&centre, zone)?;
            store.found(founding, &invited, centre.your_name, &form.password).map_err(|error| {
                // The password is set and the link used up by now.
                FoundingError::from(StoreError::Unknown(error.to_string()))
            })?;
        }
        Ok::<_, FoundingError>(Ok(known))
    });
    match outcome.await.map_err(|_| unavailable())? {
        Ok(Ok(known)) => {
            let unusual = facility.filter(|number| !numbers::is_usual_facility(number.as_str()));
            let warning =
                unusual.map(|_| Warning::of("/centre/facility_number", Unusual::Facility, language));
            Ok((warning.into_iter().collect(), device_cookie(request, &known)))
        }
        Ok(Err(problems)) => Err(password_problems(&problems, "/password", language)),
        Err(FoundingError::Link(_)) => Err(Problem::new(Kind::NotFound, language)),
        Err(FoundingError::Text(pointer)) if pointer == "/centre" => Err(Problem::faults(
            vec![schema_check::Fault { pointer, kind: schema_check::FaultKind::Missing }],
            language,
        )),
        Err(error) => {
            tracing::error!(%error, "an account cannot be set up");
            Err(match error {
                FoundingError::Store(StoreError::Unknown(_))
                | FoundingError::Execute(ExecuteError::Unknown(_)) => Problem::new(Kind::Unknown, language),
                _ => unavailable(),
            })
        }
    }
}

/// A person's name and the centre's; as the first administrator gives them where there is no centre yet.
pub(super) fn names_around(
    store: &Store,
    person: PersonId,
    beginning: Option<&CentreForm>,
) -> Result<(String, String), StoreError> {
    if let Some(founding) = store.founding()? {
        let known = store.read(|conn| person_of(conn, person))?;
        return Ok((
            known.map(|known| known.name.to_string()).unwrap_or_default(),
            founding.name.to_string(),
        ));
    }
    let named = beginning.map(|form| (form.your_name.to_string(), form.name.to_string()));
    Ok(named.unwrap_or_default())
}

fn person_of(conn: &mut Conn, person: PersonId) -> Result<Option<Arc<Person>>, StoreError> {
    let world = reading::stream(conn, StreamId { kind: StreamKind::Person, id: person.0 })?;
    Ok(world.and_then(|mut world| world.people.remove(&person)))
}

fn founding_of(centre: &CentreForm, zone: String) -> Result<Founding, FoundingError> {
    let short = |text: String| Short::try_from(text).map_err(|error| FoundingError::Text(error.to_string()));
    Ok(Founding {
        name: centre.name.clone(),
        code: centre.code.clone(),
        facility_number: centre.facility_number.clone(),
        zone: short(zone)?,
        // Two centres never share an origin, whatever they are called.
        origin: short(format!("baiyo.local/{}-{}", centre.code.as_str(), Uuid::now_v7().simple()))?,
        demonstration: false,
    })
}

async fn waiting_keys(
    request: HttpRequest,
    path: web::Path<Uuid>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let caller = session::admit(&request, &state, "person.identity_confirmation").await?;
    let person = PersonId(*path);
    let known = super::reading::read(&state, &caller, move |conn| person_of(conn, person));
    let known = known.await?.ok_or_else(|| Problem::new(Kind::NotFound, caller.language))?;
    let items = known.waiting_key().map(|(key, _)| WaitingKey { key }).into_iter().collect();
    Ok(HttpResponse::Ok().json(WaitingKeysView { items }))
}

/// Writes something of accounts.
///
/// # Errors
/// The records cannot be written.
pub async fn write<T: Send + 'static>(
    state: &web::Data<State>,
    language: Language,
    job: impl FnOnce(&mut Conn) -> Result<T, JobError<StoreError>> + Send + 'static,
) -> Result<T, Problem> {
    let store = Arc::clone(&state.store);
    let outcome = web::block(move || store.write(job).map_err(StoreError::from)).await;
    outcome
        .map_err(|_| Problem::new(Kind::Unavailable, language))?
        .map_err(|error| Problem::of_store(&error, language))
}

pub(super) fn read<F: DeserializeOwned + JsonSchema>(
    request: &HttpRequest,
    body: Body,
    operation: &str,
    state: &State,
) -> Result<F, Problem> {
    let language = session::language(request);
    let value = json::read(request, body, language)?;
    let (schema, definitions) = state.schemas.of(operation);
    let faults = schema_check::check(&value, schema, definitions);
    if !faults.is_empty() {
        return Err(Problem::faults(faults, language));
    }
    baiyo_domain::variants::read_form(value).map_err(|error| Problem::form(error, language))
}

/// Everything that is wrong with a new password.
pub(super) fn password_problems(problems: &[PasswordProblem], pointer: &str, language: Language) -> Problem {
    let mut problem = Problem::new(Kind::Form, language);
    let reasons = problems.iter().map(|reason| super::problem::ProblemReason {
        code: "password".into(),
        pointer: Some(pointer.into()),
        sentence: password_sentence(language, *reason).into(),
        arguments: None,
    });
    problem.reasons = reasons.collect();
    problem
}

/// What is wrong with a new password, in words.
pub fn password_sentence(language: Language, problem: PasswordProblem) -> &'static str {
    match (language, problem) {
        (Language::En, PasswordProblem::Short) => "The password has fewer than 12 characters.",
        (Language::Ja, PasswordProblem::Short) => "パスワードは12文字以上にしてください。",
        (Language::En, PasswordProblem::Long) => "The password has more than 128 characters.",
        (Language::Ja, PasswordProblem::Long) => "パスワードは128文字以内にしてください。",
        (Language::En, PasswordProblem::ContainsSignIn) => "The password contains the sign-in name.",
        (Language::Ja, PasswordProblem::ContainsSignIn) => "パスワードにサインイン名が含まれています。",
        (Language::En, PasswordProblem::ContainsName) => "The password contains a part of your name.",
        (Language::Ja, PasswordProblem::ContainsName) => "パスワードに氏名の一部が含まれています。",
        (Language::En, PasswordProblem::ContainsCentre) => "The password contains the centre's name.",
        (Language::Ja, PasswordProblem::ContainsCentre) => "パスワードに施設の名称が含まれています。",
        (Language::En, PasswordProblem::Common) => "This password is among those that are guessed first.",
        (Language::Ja, PasswordProblem::Common) => "このパスワードは推測されやすいものです。",
        (Language::En, PasswordProblem::Breached) => {
            "This password was published by thieves elsewhere: it is in the list of breached passwords. Choose another."
        }
        (Language::Ja, PasswordProblem::Breached) => {
            "このパスワードは、他所で漏えいしたパスワードの一覧に含まれています。別のパスワードにしてください。"
        }
        (Language::En, PasswordProblem::Unchecked) => {
            "The list of breached passwords cannot be read now, so that no password is set. Tell whoever runs the server."
        }
        (Language::Ja, PasswordProblem::Unchecked) => {
            "漏えいしたパスワードの一覧を現在読み取れないため、パスワードを設定できません。サーバーの管理担当者に連絡してください。"
        }
    }
}
