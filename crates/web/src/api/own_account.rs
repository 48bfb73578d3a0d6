//! One's own account: its password, its second factor, and the sessions and tokens that are in force.

use super::accounts::{code_problem, cookies, names_around, password_problems, read, write};
use super::json::Body;
use super::openapi::Described;
use super::problem::{Kind, Problem};
use crate::security_log::{self, Happened};
use crate::server::State;
use crate::session::{self, Caller, DEVICE_COOKIE};
use crate::words::Language;
use actix_web::{HttpRequest, HttpResponse, Route, web};
use baiyo_domain::people::SignIn;
use baiyo_domain::time::Time;
use baiyo_persistence::StoreError;
use baiyo_persistence::accounts::{
    self, FactorSecret, OwnSession, OwnToken, Owner, Password, PasswordProblem, PasswordRefused, Renewal,
    SignedIn,
};
#[cfg(any(feature = "passkeys", feature = "openid"))]
use baiyo_persistence::{Store, accounts::CheckedPassword};
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
}

/// An API token of yours.
#[derive(Serialize, JsonSchema)]
pub struct TokenView {
    /// By what it is ended.
    pub id: Uuid,
    /// What you called it.
    pub name: String,
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
        action: Some("read.self"),
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
    let caller = session::admit(&request, &state, "read.self").await?;
    let (sessions, _) = in_force(&state, &caller).await?;
    let shown = |own: OwnSession| SessionView {
        id: own.id,
        made_at: own.made_at,
        used_at: own.used_at,
        known_since: own.known_since,
    };
    Ok(HttpResponse::Ok().json(SessionsView { items: sessions.into_iter().map(shown).collect() }))
}

async fn tokens(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let caller = session::admit(&request, &state, "read.self").await?;
    let (_, tokens) = in_force(&state, &caller).await?;
    let shown = |own: OwnToken| TokenView {
        id: own.id,
        name: own.name,
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
    let caller = session::admit(&request, &state, "read.self").await?;
    end(&state, &caller, Ended::Session, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn end_token(
    request: HttpRequest,
    id: web::Path<Uuid>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let caller = session::admit(&request, &state, "read.self").await?;
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

async fn change_password(
    request: HttpRequest,
    body: Body,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let caller = session::admit(&request, &state, "read.self").await?;
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
        let new = match Password::new(&form.new_password, &owner) {
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
        Ok(signed_in) => {
            security_log::note(Happened::AccountChanged, Some(caller.person));
            Ok(signed_in)
        }
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
    let language = caller.language;
    let unavailable = || Problem::new(Kind::Unavailable, language);
    let renewal = renewal_of(request, caller, form.code);
    let (now, _) = state.store.now();
    let _turn = state.checks.acquire().await.map_err(|_| unavailable())?;
    let (store, person, origin) = (Arc::clone(&state.store), caller.person, caller.origin);
    let outcome = web::block(move || {
        let secret =
            store.read(|conn| Ok::<_, StoreError>(accounts::own_secret(conn, person, origin, now)?))?;
        match secret {
            Ok(secret) => store.set_factor(secret.check(&form.password), renewal, form.secret, form.first),
            Err(refused) => Ok(Err(refused)),
        }
    });
    let outcome = outcome.await.map_err(|_| unavailable())?;
    let settled = outcome.map_err(|error| Problem::of_store(&error, language))?;
    let signed_in = settled.map_err(|refused| unchanged(refused, state, caller))?;
    security_log::note(Happened::AccountChanged, Some(caller.person));
    Ok(signed_in)
}

/// Does what asks for one's password first, and for a code where one has a second factor.
///
/// # Errors
/// The password or the code is wrong, or too many were.
#[cfg(any(feature = "passkeys", feature = "openid"))]
pub async fn with_password<T: Send + 'static>(
    request: &HttpRequest,
    state: &web::Data<State>,
    caller: &Caller,
    password: String,
    code: &str,
    settle: impl FnOnce(&Store, CheckedPassword, Renewal) -> Result<Result<T, PasswordRefused>, StoreError>
    + Send
    + 'static,
) -> Result<T, Problem> {
    let language = caller.language;
    let unavailable = || Problem::new(Kind::Unavailable, language);
    let code = Some(code.trim()).filter(|code| !code.is_empty()).map(String::from);
    let renewal = renewal_of(request, caller, code);
    let (now, _) = state.store.now();
    let _turn = state.checks.acquire().await.map_err(|_| unavailable())?;
    let (store, person, origin) = (Arc::clone(&state.store), caller.person, caller.origin);
    let outcome = web::block(move || {
        let secret =
            store.read(|conn| Ok::<_, StoreError>(accounts::own_secret(conn, person, origin, now)?))?;
        match secret {
            Ok(secret) => settle(&store, secret.check(&password), renewal),
            Err(refused) => Ok(Err(refused)),
        }
    });
    let outcome = outcome.await.map_err(|_| unavailable())?;
    let settled = outcome.map_err(|error| Problem::of_store(&error, language))?;
    settled.map_err(|refused| unchanged(refused, state, caller))
}

enum Unchanged {
    Refused(PasswordRefused),
    Weak(Vec<PasswordProblem>),
}

fn renewal_of(request: &HttpRequest, caller: &Caller, code: Option<String>) -> Renewal {
    let bearer = session::bearer(request);
    let device = DEVICE_COOKIE.of(request);
    Renewal { person: caller.person, origin: caller.origin, code, device, token: bearer }
}

/// Why an account was left as it was.
fn unchanged(refused: PasswordRefused, state: &State, caller: &Caller) -> Problem {
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
