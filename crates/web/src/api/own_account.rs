//! One's own account: its password, its second factor, and the sessions and tokens that are in force.

use super::accounts::{
    code_problem, cookies, names_around, password_problems, password_replaced, read, write,
};
use super::json::Body;
use super::openapi::Described;
use super::problem::{Kind, Problem};
use crate::security_log::{self, Happened};
use crate::server::State;
use crate::session::{self, Caller, DEVICE_COOKIE};
use crate::words::Language;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, Route, web};
use baiyo_domain::authority::Scope;
use baiyo_domain::people::SignIn;
use baiyo_domain::refusal::Reason;
use baiyo_domain::text::Short;
use baiyo_domain::time::Time;
use baiyo_persistence::accounts::{
    self, CheckedPassword, Entrance, FactorSecret, NewToken, OwnSession, OwnToken, Owner, Password,
    PasswordProblem, PasswordRefused, Pin, Renewal, SignedIn, Token,
};
use baiyo_persistence::{Store, StoreError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

/// Change your own password: the same signing key is kept under the new one.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordForm {
    /// The password so far.
    #[schemars(length(min = 1, max = 256))]
    pub password: String,
    /// The new password, 12–128 characters.
    #[schemars(length(min = 1, max = 256))]
    pub new_password: String,
    /// The code that your device shows now, where you have a second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 12))]
    pub code: Option<String>,
}

/// A token by which a program acts for you. It is shown once.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenForm {
    /// What it is for.
    pub name: Short,
    /// What it may do of what your roles include. None of them changes accounts, and nothing is signed without your
    /// password.
    #[schemars(length(min = 1, max = 10))]
    pub scopes: Vec<Scope>,
    /// Days it lasts; 90 where nothing is said.
    #[serde(default = "usual_days")]
    #[schemars(range(min = 1, max = 365))]
    pub days: u16,
    /// The instrument it is given to: it then signs nothing, even with the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Short>,
    /// Your password.
    #[schemars(length(min = 1, max = 256))]
    pub password: String,
    /// The code that your device shows now, where you have a second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 12))]
    pub code: Option<String>,
}

/// Days an API token lasts where nothing is said.
const TOKEN_DAYS: u16 = 90;

fn usual_days() -> u16 {
    TOKEN_DAYS
}

/// A secret, shown once.
#[derive(Serialize, JsonSchema)]
pub struct SecretView {
    /// The token.
    pub token: String,
}

/// A session of yours.
#[derive(Serialize, JsonSchema)]
pub struct SessionView {
    /// By what it is ended.
    pub id: Uuid,
    /// When it began.
    pub made_at: Time,
    /// When it was last used, to a minute.
    pub used_at: Time,
    /// Since when you had signed in from its browser; missing where it was new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_since: Option<Time>,
    /// Whether it began by badge and PIN.
    pub by_pin: bool,
}

/// An API token of yours.
#[derive(Serialize, JsonSchema)]
pub struct TokenView {
    /// By what it is ended.
    pub id: Uuid,
    /// What you called it.
    pub name: String,
    /// What it may do of what your roles include.
    pub scopes: Vec<Scope>,
    /// The instrument it was given to, where it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// When it was made.
    pub made_at: Time,
    /// Until when it lasts.
    pub expires_at: Time,
}

/// Your sessions, the one used last first.
#[derive(Serialize, JsonSchema)]
pub struct SessionsView {
    /// All of them.
    pub items: Vec<SessionView>,
}

/// Your API tokens, the newest first.
#[derive(Serialize, JsonSchema)]
pub struct TokensView {
    /// All of them.
    pub items: Vec<TokenView>,
}

const fn described_as(
    method: &'static str,
    path: &'static str,
    route: fn() -> Route,
    summary: &'static str,
) -> Described {
    Described {
        method,
        path,
        action: Some(session::OWN),
        route,
        summary,
        body: None,
        answer: None,
        query: &[],
        problems: &[],
        unchanged: false,
        pictures: false,
    }
}

/// What the document says of these routes.
pub fn described() -> &'static [Described] {
    static ALL: &[Described] = &[
        Described {
            body: Some(|g| g.subschema_for::<PasswordForm>()),
            problems: &[Kind::NotJson, Kind::MediaType, Kind::TooLarge, Kind::Form, Kind::TooManyTries],
            ..described_as(
                "post",
                "/me/password",
                || web::post().to(change_password),
                "Change your password: the same key is kept under it; all other sessions and tokens end.",
            )
        },
        Described {
            answer: Some(|g| g.subschema_for::<SessionsView>()),
            ..described_as(
                "get",
                "/me/sessions",
                || web::get().to(sessions),
                "Your sessions that are in force.",
            )
        },
        Described {
            problems: &[Kind::NotFound],
            ..described_as(
                "delete",
                "/me/sessions/{id}",
                || web::delete().to(end_session),
                "End one of your sessions.",
            )
        },
        Described {
            body: Some(|g| g.subschema_for::<TokenForm>()),
            answer: Some(|g| g.subschema_for::<SecretView>()),
            problems: &[Kind::NotJson, Kind::MediaType, Kind::TooLarge, Kind::Form, Kind::TooManyTries],
            ..described_as(
                "post",
                "/me/tokens",
                || web::post().to(make_token),
                "Make an API token for a program or an instrument of yours, with your password; it is shown once.",
            )
        },
        Described {
            answer: Some(|g| g.subschema_for::<TokensView>()),
            ..described_as(
                "get",
                "/me/tokens",
                || web::get().to(tokens),
                "Your API tokens that are in force.",
            )
        },
        Described {
            problems: &[Kind::NotFound],
            ..described_as(
                "delete",
                "/me/tokens/{id}",
                || web::delete().to(end_token),
                "End one of your API tokens.",
            )
        },
    ];
    ALL
}

/// The sessions and tokens of a person that are in force.
///
/// # Errors
/// The records cannot be read.
pub async fn in_force(
    state: &web::Data<State>,
    caller: &Caller,
) -> Result<(Vec<OwnSession>, Vec<OwnToken>), Problem> {
    let ((now, _), person) = (state.store.now(), caller.person);
    super::reading::read(state, caller, move |conn| {
        Ok((accounts::sessions_of(conn, person, now)?, accounts::tokens_of(conn, person, now)?))
    })
    .await
}

async fn sessions(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let caller = session::admit(&request, &state, session::OWN).await?;
    let (sessions, _) = in_force(&state, &caller).await?;
    let shown = |own: OwnSession| SessionView {
        id: own.id,
        made_at: own.made_at,
        used_at: own.used_at,
        known_since: own.known_since,
        by_pin: own.entrance == Entrance::Pin,
    };
    Ok(HttpResponse::Ok().json(SessionsView { items: sessions.into_iter().map(shown).collect() }))
}

async fn tokens(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let caller = session::admit(&request, &state, session::OWN).await?;
    let (_, tokens) = in_force(&state, &caller).await?;
    let shown = |own: OwnToken| TokenView {
        id: own.id,
        name: own.name,
        scopes: own.scopes,
        device: own.device,
        made_at: own.made_at,
        expires_at: own.expires_at,
    };
    Ok(HttpResponse::Ok().json(TokensView { items: tokens.into_iter().map(shown).collect() }))
}

/// What of one's own may be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A session.
    Session,
    /// An API token.
    Token,
}

async fn end_session(
    request: HttpRequest,
    id: web::Path<Uuid>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let caller = session::admit(&request, &state, session::OWN).await?;
    end(&state, &caller, Ended::Session, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn end_token(
    request: HttpRequest,
    id: web::Path<Uuid>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let caller = session::admit(&request, &state, session::OWN).await?;
    end(&state, &caller, Ended::Token, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ends a session or a token of one's own.
///
/// # Errors
/// There is none, or it is somebody else's.
pub async fn end(state: &web::Data<State>, caller: &Caller, what: Ended, id: Uuid) -> Result<(), Problem> {
    let ((now, _), person) = (state.store.now(), caller.person);
    let ended = write(state, caller.language, move |conn| {
        Ok(match what {
            Ended::Session => accounts::end_own_session(conn, person, id, now)?,
            Ended::Token => accounts::end_own_token(conn, person, id, now)?,
        })
    });
    if ended.await? { Ok(()) } else { Err(Problem::new(Kind::NotFound, caller.language)) }
}

async fn make_token(
    request: HttpRequest,
    body: Body,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let caller = session::admit(&request, &state, session::OWN).await?;
    let form: TokenForm = read(&request, body, "post /me/tokens", &state)?;
    let token = token_made(&request, &state, &caller, form).await?;
    let view = SecretView { token: token.as_str().to_string() };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(view))
}

/// Makes a token for a program or an instrument.
///
/// # Errors
/// The password or the code is wrong, or too many were; the session ended meanwhile; a new key waits.
pub async fn token_made(
    request: &HttpRequest,
    state: &web::Data<State>,
    caller: &Caller,
    form: TokenForm,
) -> Result<Token, Problem> {
    key_counts(state, caller)?;
    let new = NewToken {
        name: form.name.to_string(),
        scopes: form.scopes,
        days: form.days,
        device: form.device.map(|device| device.to_string()),
    };
    let (password, code) = (form.password, form.code);
    changed(request, state, caller, password, code, move |store, checked, renewal| {
        store.make_token(checked, renewal, new)
    })
    .await
}

/// Makes a badge for bench tablets; what is printed on it is told this once.
///
/// # Errors
/// As [`token_made`].
pub async fn badge_made(
    request: &HttpRequest,
    state: &web::Data<State>,
    caller: &Caller,
    password: String,
    code: Option<String>,
) -> Result<Token, Problem> {
    key_counts(state, caller)?;
    changed(request, state, caller, password, code, |store, checked, renewal| {
        store.make_badge(checked, renewal)
    })
    .await
}

/// Sets a PIN for bench tablets.
///
/// # Errors
/// As [`token_made`].
pub async fn pin_set(
    request: &HttpRequest,
    state: &web::Data<State>,
    caller: &Caller,
    password: String,
    code: Option<String>,
    pin: Pin,
) -> Result<(), Problem> {
    key_counts(state, caller)?;
    changed(request, state, caller, password, code, move |store, checked, renewal| {
        store.set_pin(checked, renewal, &pin)
    })
    .await
}

/// Nothing is lent before two people have checked who somebody is.
fn key_counts(state: &State, caller: &Caller) -> Result<(), Problem> {
    match caller.key_waits {
        true => Err(Problem::refused(&[Reason::KeyNotRegistered], caller.language, state.zone)),
        false => Ok(()),
    }
}

/// Changes something of one's own account, with the password, and with a code where one has a second factor.
///
/// # Errors
/// As [`token_made`].
pub async fn changed<T: Send + 'static>(
    request: &HttpRequest,
    state: &web::Data<State>,
    caller: &Caller,
    password: String,
    code: Option<String>,
    change: impl FnOnce(&Store, CheckedPassword, Renewal) -> Changed<T> + Send + 'static,
) -> Result<T, Problem> {
    let language = caller.language;
    let unavailable = || Problem::new(Kind::Unavailable, language);
    let renewal = renewal_of(request, caller, code);
    let (now, _) = state.store.now();
    let _turn = state.checks.acquire().await.map_err(|_| unavailable())?;
    let (store, person, origin) = (Arc::clone(&state.store), caller.person, caller.origin);
    let outcome = web::block(move || {
        let secret =
            store.read(|conn| Ok::<_, StoreError>(accounts::own_secret(conn, person, origin, now)?))?;
        match secret {
            Ok(secret) => change(&store, secret.check(&password), renewal),
            Err(refused) => Ok(Err(refused)),
        }
    });
    let outcome = outcome.await.map_err(|_| unavailable())?;
    let settled = outcome.map_err(|error| Problem::of_store(&error, language))?;
    let made = settled.map_err(|refused| unchanged(refused, state, caller))?;
    let made = made.ok_or_else(|| Problem::new(Kind::NotSignedIn, language))?;
    security_log::note(Happened::AccountChanged, Some(caller.person));
    Ok(made)
}

/// What became of a change; nothing where the session ended before it.
pub type Changed<T> = Result<Result<Option<T>, PasswordRefused>, StoreError>;

async fn change_password(
    request: HttpRequest,
    body: Body,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let caller = session::admit(&request, &state, session::OWN).await?;
    let form: PasswordForm = read(&request, body, "post /me/password", &state)?;
    let signed_in = password_changed(&request, &state, &caller, form).await?;
    let [session, device] = cookies(&request, &signed_in);
    Ok(HttpResponse::Ok().cookie(session).cookie(device).json(serde_json::json!({})))
}

/// Changes one's password; what goes on is the session that this answers with.
///
/// # Errors
/// The password or the code is wrong, or too many were; the new one is too weak.
pub async fn password_changed(
    request: &HttpRequest,
    state: &web::Data<State>,
    caller: &Caller,
    form: PasswordForm,
) -> Result<SignedIn, Problem> {
    let language = caller.language;
    let unavailable = || Problem::new(Kind::Unavailable, language);
    let renewal = renewal_of(request, caller, form.code);
    let (now, _) = state.store.now();
    let _turn = state.checks.acquire().await.map_err(|_| unavailable())?;
    let (store, person, origin) = (Arc::clone(&state.store), caller.person, caller.origin);
    let breached = state.breached.clone();
    let sign_in = caller.sign_in.clone();
    let outcome = web::block(move || {
        let blocked =
            store.read(|conn| Ok::<_, StoreError>(accounts::may_try(conn, person, origin, now)?))?;
        if let Err(refused) = blocked {
            return Ok(Err(Unchanged::Refused(refused)));
        }
        let (name, centre) = names_around(&store, person, None)?;
        let sign_in = SignIn::try_from(sign_in).map_err(|error| StoreError::Database(error.to_string()))?;
        let owner = Owner { sign_in: &sign_in, name: &name, centre: &centre };
        let new = match Password::new(&form.new_password, &owner, breached.as_deref()) {
            Ok(new) => new,
            Err(problems) => return Ok(Err(Unchanged::Weak(problems))),
        };
        let locked = store.read(|conn| Ok::<_, StoreError>(accounts::locked_key(conn, person)?))?;
        let changed = locked.map(|locked| locked.sealed_anew(&form.password, &new)).transpose();
        let changed = changed.map_err(|error| StoreError::Database(error.to_string()))?.flatten();
        Ok::<_, StoreError>(store.change_password(changed, renewal)?.map_err(Unchanged::Refused))
    });
    let outcome = outcome.await.map_err(|_| unavailable())?;
    match outcome.map_err(|error| Problem::of_store(&error, language))? {
        Ok(Some(signed_in)) => {
            security_log::note(Happened::AccountChanged, Some(caller.person));
            Ok(signed_in)
        }
        Ok(None) => Err(Problem::new(Kind::NotSignedIn, language)),
        Err(Unchanged::Weak(problems)) => Err(password_problems(&problems, "/new_password", language)),
        Err(Unchanged::Refused(refused)) => Err(unchanged(refused, state, caller)),
    }
}

/// What somebody gives to set up a second factor.
pub struct FactorForm {
    /// His password.
    pub password: String,
    /// A code of the device he has used so far, where he has one.
    pub code: Option<String>,
    /// The first code of the new one.
    pub first: String,
    /// The secret that was shown.
    pub secret: FactorSecret,
}

/// Sets up a second factor; what goes on is the session that this answers with.
///
/// # Errors
/// The password or a code is wrong, or too many were.
pub async fn factor_set(
    request: &HttpRequest,
    state: &web::Data<State>,
    caller: &Caller,
    form: FactorForm,
) -> Result<SignedIn, Problem> {
    let FactorForm { password, code, first, secret } = form;
    changed(request, state, caller, password, code, move |store, checked, renewal| {
        store.set_factor(checked, renewal, secret, first)
    })
    .await
}

enum Unchanged {
    Refused(PasswordRefused),
    Weak(Vec<PasswordProblem>),
}

fn renewal_of(request: &HttpRequest, caller: &Caller, code: Option<String>) -> Renewal {
    let device = DEVICE_COOKIE.of(request);
    Renewal { person: caller.person, origin: caller.origin, code, device }
}

/// Why an account was left as it was.
pub fn unchanged(refused: PasswordRefused, state: &State, caller: &Caller) -> Problem {
    security_log::note(Happened::AccountUnchanged, Some(caller.person));
    let language = caller.language;
    match refused {
        PasswordRefused::Wrong => {
            let sentence = match language {
                Language::En => "This is not your password. Nothing was changed.",
                Language::Ja => "パスワードが違います。変更されていません。",
            };
            Problem::because(
                Kind::NotSignedIn,
                language,
                "wrong_password",
                Some("/password"),
                sentence.into(),
            )
        }
        PasswordRefused::Replaced => password_replaced(language, Some("/password")),
        PasswordRefused::PasskeyFirst => {
            let sentence = match language {
                Language::En => {
                    "You have a passkey: sign in by it first. Is it lost, ask an administrator for a set-up link."
                }
                Language::Ja => {
                    "パスキーが登録されています。先にパスキーでサインインしてください。紛失したときは、システム管理者に設定用リンクの発行を依頼してください。"
                }
            };
            Problem::because(Kind::Forbidden, language, "passkey_first", None, sentence.into())
        }
        PasswordRefused::FirstCodeWrong => {
            let sentence = match language {
                Language::En => {
                    "The new device shows another code: scan the picture again, and look at the device's clock."
                }
                Language::Ja => {
                    "新しい端末の確認コードが一致しません。もう一度読み取り、端末の時計を確認してください。"
                }
            };
            Problem::because(Kind::Form, language, "wrong_code", Some("/first"), sentence.into())
        }
        PasswordRefused::CodeNeeded | PasswordRefused::CodeWrong => code_problem(refused, language),
        PasswordRefused::Blocked { until } | PasswordRefused::CodeBlocked { until } => {
            let (now, _) = state.store.now();
            Problem::wait(language, u64::try_from(until.since(now).num_seconds()).unwrap_or(0) + 1)
        }
    }
}
