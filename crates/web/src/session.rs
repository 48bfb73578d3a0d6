//! Who is asking: the session cookie or API token, the person's roles in force now, the language; and the proof
//! that a signer has just given his password.

mod callers;
mod means;
mod standing;

use crate::api::accounts::password_replaced;
use crate::api::problem::{Kind, Problem};
use crate::connection::Connection;
use crate::request_log;
use crate::security_log::{self, Happened};
use crate::server::State;
use crate::words::Language;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header;
use actix_web::{HttpRequest, web};
use baiyo_domain::authority::{self, Meaning, Reauthenticated, Role};
use baiyo_domain::ids::{ClinicId, PersonId};
use baiyo_domain::journal::source::Source;
use baiyo_domain::journal::{StreamId, StreamKind};
use baiyo_domain::people::Person;
use baiyo_domain::refusal::Reason;
use baiyo_domain::time::Time;
use baiyo_persistence::accounts::{self, Entrance, Origin, PasswordRefused, Session};
use baiyo_persistence::engine::prelude::*;
use baiyo_persistence::{StoreError, reading};
use std::sync::Arc;
use uuid::Uuid;

pub use callers::Callers;
use callers::Shown;
pub use means::{Means, PASSWORD_NEEDED};
pub use standing::{Standing, Standings};

/// The cookie that carries a session.
pub const COOKIE: OwnCookie = OwnCookie { plain: "baiyo_session", secure: "__Host-baiyo_session" };
/// The cookie by which a browser is known from which somebody has signed in.
pub const DEVICE_COOKIE: OwnCookie = OwnCookie { plain: "baiyo_device", secure: "__Host-baiyo_device" };
/// The cookie that carries a sign-in whose code is awaited.
pub const PENDING_COOKIE: OwnCookie = OwnCookie { plain: "baiyo_pending", secure: "__Host-baiyo_pending" };
/// The cookie that carries what a browser was asked for by which a passkey, or the provider's word, is awaited.
pub const CEREMONY_COOKIE: OwnCookie = OwnCookie { plain: "baiyo_ceremony", secure: "__Host-baiyo_ceremony" };
/// The cookie that is told again when the provider sends a browser back.
pub const PROVIDER_COOKIE: OwnCookie = OwnCookie { plain: "baiyo_provider", secure: "__Host-baiyo_provider" };
/// The cookie that carries the language chosen on a page.
pub const LANGUAGE_COOKIE: OwnCookie = OwnCookie { plain: "baiyo_language", secure: "__Host-baiyo_language" };

/// A cookie for our own pages alone. Behind TLS it has a name that browsers let no other host, path or plain connection set.
#[derive(Clone, Copy, Debug)]
pub struct OwnCookie {
    /// Its name where the connection is plain.
    pub plain: &'static str,
    /// Its name behind TLS, where one of the plain name is not looked at.
    pub secure: &'static str,
}

impl OwnCookie {
    /// What a request carries in it.
    pub fn of(self, request: &HttpRequest) -> Option<String> {
        request.cookie(self.name(request)).map(|cookie| cookie.value().to_string())
    }

    /// The cookie to answer a request with; it goes with the browser's window.
    pub fn with(self, request: &HttpRequest, value: &str) -> Cookie<'static> {
        Cookie::build(self.name(request), value.to_string())
            .path("/")
            .http_only(true)
            .same_site(SameSite::Strict)
            .secure(is_secure(request))
            .finish()
    }

    /// The cookie that takes it away.
    pub fn gone(self, request: &HttpRequest) -> Cookie<'static> {
        let mut gone = self.with(request, "");
        gone.make_removal();
        gone
    }

    fn name(self, request: &HttpRequest) -> &'static str {
        if is_secure(request) { self.secure } else { self.plain }
    }
}

/// Whether the browser asks over TLS.
fn is_secure(request: &HttpRequest) -> bool {
    Connection::of(request).encrypted
}

/// Who is asking.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The person.
    pub person: PersonId,
    /// The printed name.
    pub name: String,
    /// The sign-in name.
    pub sign_in: String,
    /// The roles in force now; none while a new key waits for its registration.
    pub roles: Vec<Role>,
    /// Whether he must set up a second factor first: until then nothing is done in this session.
    pub lacks_factor: bool,
    /// Since when he has a second factor.
    pub factor_since: Option<Time>,
    /// Whether a new key of his waits for its registration: until then nothing is done in his name.
    pub key_waits: bool,
    /// The clinic, for clinic staff.
    pub clinic: Option<ClinicId>,
    /// Whether a registered key lets this person sign.
    pub can_sign: bool,
    /// How he shows who he is: wrong passwords are counted apart for each.
    pub origin: Origin,
    /// What of his roles is lent to whatever he shows.
    pub means: Means,
    /// From where he asks, as entries say it.
    pub source: Source,
    /// The language of the answer.
    pub language: Language,
}

impl Caller {
    /// Whether one of his roles includes an action, and whatever he shows is lent it.
    pub fn may(&self, action: &str) -> bool {
        authority::may(&self.roles, action) && self.means.covers(action)
    }
}

/// The language a request asks for: `?lang=`, then the cookie, then `Accept-Language`.
pub fn language(request: &HttpRequest) -> Language {
    let query = request.query_string().split('&').find_map(|pair| pair.strip_prefix("lang="));
    let cookie = LANGUAGE_COOKIE.of(request);
    let chosen = query.or(cookie.as_deref()).and_then(Language::from_tag);
    let accepted = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    chosen.unwrap_or_else(|| Language::from_accept_language(accepted.unwrap_or_default()))
}

/// Admits a request to an action: somebody is signed in, the action is listed for one of his roles, and by whatever he
/// shows it is lent. An attempt that is not his to make is recorded.
///
/// # Errors
/// Nobody is signed in, or it is an action of other roles, or of those who give their password.
pub async fn admit(request: &HttpRequest, state: &web::Data<State>, action: &str) -> Result<Caller, Problem> {
    admitted(request, state, who(request, state).await?, action).await
}

/// Admits a person to his own account, also where he must set up a second factor before anything else: he signed in with
/// his password, and is no program.
///
/// # Errors
/// Nobody is signed in, or not so.
pub async fn admit_to_own(request: &HttpRequest, state: &web::Data<State>) -> Result<Caller, Problem> {
    admitted(request, state, who_so_far(request, state).await?, OWN).await
}

/// The action of changing one's own account.
pub const OWN: &str = "account.change";

async fn admitted(
    request: &HttpRequest,
    state: &web::Data<State>,
    caller: Caller,
    action: &str,
) -> Result<Caller, Problem> {
    if caller.may(action) {
        return Ok(caller);
    }
    let too_little = match authority::may(&caller.roles, action) {
        true => caller.means.refusal(action, caller.language),
        false => None,
    };
    let reason = match caller.key_waits {
        true => Reason::KeyNotRegistered,
        false => Reason::NotAllowed { action: action.to_string() },
    };
    security_log::note(Happened::Denied, Some(caller.person));
    let store = Arc::clone(&state.store);
    let (person, source, action, aimed_at) =
        (caller.person, Some(caller.source), action.to_string(), aimed_at(request));
    let code = too_little.as_ref().map_or(reason.code(), |(code, _)| (*code).to_string());
    let recorded =
        web::block(move || store.record_attempt(person, source, action, aimed_at, vec![code])).await;
    recorded
        .map_err(|_| Problem::new(Kind::Unavailable, caller.language))?
        .map_err(|error| Problem::of_execute(error, caller.language, state.zone))?;
    Err(match (too_little, caller.key_waits) {
        (Some((code, sentence)), _) => {
            Problem::because(Kind::Forbidden, caller.language, code, None, sentence)
        }
        (None, true) => Problem::refused(&[reason], caller.language, state.zone),
        (None, false) => Problem::new(Kind::Forbidden, caller.language),
    })
}

/// What a request is aimed at: the route as it is documented, with the identifier it names. Never the path itself,
/// into which anybody can write anything.
fn aimed_at(request: &HttpRequest) -> String {
    let route = request.match_pattern().unwrap_or_default();
    let id = request.match_info().get("id").and_then(|id| Uuid::try_parse(id).ok());
    id.map_or_else(|| route.clone(), |id| route.replace("{id}", &id.to_string()))
}

/// Who is signed in, whatever he may do.
///
/// # Errors
/// Nobody is signed in, or he must set up a second factor first.
pub async fn who(request: &HttpRequest, state: &web::Data<State>) -> Result<Caller, Problem> {
    whole(who_so_far(request, state).await?)
}

/// The same, asked by a page and not by its person: it is no use of his session, which ends as if nobody sat there.
///
/// # Errors
/// As [`who`].
pub async fn whose_page(request: &HttpRequest, state: &web::Data<State>) -> Result<Caller, Problem> {
    whole(looked_up(request, state, Looks::Server).await?)
}

/// Somebody who need not set up a second factor first.
fn whole(caller: Caller) -> Result<Caller, Problem> {
    if caller.lacks_factor {
        let sentence = match caller.language {
            Language::En => {
                "Set up your second factor first, on the page /me/factor; nothing else is open until then."
            }
            Language::Ja => {
                "先に /me/factor のページで二要素認証を設定してください。設定が済むまで、ほかの操作はできません。"
            }
        };
        return Err(Problem::because(Kind::Forbidden, caller.language, FACTOR_NEEDED, None, sentence.into()));
    }
    Ok(caller)
}

/// The reason's name where somebody must set up a second factor first.
pub const FACTOR_NEEDED: &str = "second_factor_needed";

/// Who has given his password, also where he must set up a second factor before anything else: for the pages of his own
/// account and for signing out alone.
///
/// # Errors
/// Nobody is signed in.
pub async fn who_so_far(request: &HttpRequest, state: &web::Data<State>) -> Result<Caller, Problem> {
    looked_up(request, state, Looks::of(request)).await
}

async fn looked_up(request: &HttpRequest, state: &web::Data<State>, looks: Looks) -> Result<Caller, Problem> {
    let language = language(request);
    let refused = || Problem::new(Kind::NotSignedIn, language);
    let claim = Claim::of(request).ok_or_else(refused)?;
    let (now, _) = state.store.now();
    let known = known_by(state, &claim, looks).await.map_err(|error| match error {
        Some(error) => Problem::of_store(&error, language),
        None => Problem::new(Kind::Unavailable, language),
    })?;
    let known = known.filter(|known| !known.person.left).ok_or_else(refused)?;
    let person = &known.person;
    request_log::asked_by(request, person.id, known.means.program());
    let (key_waits, mut roles) = (person.waiting_key().is_some(), person.roles_at(now));
    let lacks_factor = known.lacks_factor(state, &roles);
    // By a PIN nobody has more than the roles of the bench.
    if known.means == Means::Pin {
        roles.retain(|role| authority::is_of_the_bench(*role));
    }
    Ok(Caller {
        person: person.id,
        roles: if key_waits || lacks_factor { Vec::new() } else { roles },
        lacks_factor,
        factor_since: known.factor_since,
        key_waits,
        can_sign: !person.keys.is_empty() && !key_waits && !lacks_factor,
        name: person.name.to_string(),
        sign_in: person.sign_in.as_str().to_string(),
        clinic: person.clinic,
        origin: claim.shown().origin(known.entrance),
        means: known.means.clone(),
        source: known.source.clone(),
        language,
    })
}

/// By what somebody says who he is: the secret of his session, or of a token for programs.
#[derive(Clone)]
pub struct Claim {
    secret: String,
    by_cookie: bool,
    /// The cookie by which his browser is known.
    device: Option<String>,
}

impl Claim {
    /// That of a request; nothing where it carries none.
    pub fn of(request: &HttpRequest) -> Option<Self> {
        let token = bearer(request);
        let by_cookie = token.is_none();
        let secret = token.or_else(|| COOKIE.of(request))?;
        Some(Self { secret, by_cookie, device: DEVICE_COOKIE.of(request) })
    }

    /// Whether it would still be taken: it has not ended, and its person has not left nor must do something first; nothing
    /// where that cannot be asked. Asking is no use of it, so that nobody stays signed in because a page of his asks.
    async fn stands(&self, state: &web::Data<State>) -> Option<bool> {
        let (now, _) = state.store.now();
        let known = known_by(state, self, Looks::Server).await.ok()?;
        Some(known.is_some_and(|known| {
            !known.person.left && !known.lacks_factor(state, &known.person.roles_at(now))
        }))
    }

    fn shown(&self) -> Shown {
        Shown::new(&self.secret, self.by_cookie, self.device.as_deref())
    }
}

/// On whose behalf it is looked up who somebody is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Looks {
    /// His own: he uses his session.
    Himself,
    /// The server's, or a page's that is open: nobody stays signed in by it.
    Server,
}

impl Looks {
    /// A page that reads itself anew says so.
    fn of(request: &HttpRequest) -> Self {
        match request.headers().contains_key("baiyo-by-itself") {
            true => Looks::Server,
            false => Looks::Himself,
        }
    }
}

/// Whose a claim is; the error, where there is one, is the records'.
async fn known_by(
    state: &web::Data<State>,
    claim: &Claim,
    looks: Looks,
) -> Result<Option<Arc<Known>>, Option<StoreError>> {
    // Asked first: whatever is read after it is at least as new.
    let revision = state.store.revision();
    let (now, _) = state.store.now();
    let known = revision.and_then(|revision| state.callers.known(claim.shown(), revision, now));
    if known.is_some() {
        return Ok(known);
    }
    let (asked, claim) = (Arc::clone(state), claim.clone());
    let found = web::block(move || look_up(&asked, &claim, looks, revision, now)).await;
    found.map_err(|_| None)?.map_err(Some)
}

/// The API token that a request carries.
pub fn bearer(request: &HttpRequest) -> Option<String> {
    let carried = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    carried.and_then(|value| value.strip_prefix("Bearer ")).map(String::from)
}

/// Somebody, as a session or a token tells of him.
#[derive(Debug)]
pub struct Known {
    person: Arc<Person>,
    /// Since when he has a second factor.
    factor_since: Option<Time>,
    means: Means,
    /// By what the session began.
    entrance: Entrance,
    source: Source,
}

impl Known {
    /// Whether somebody in these roles must set up a second factor first. Who comes by a program's token too: it may have
    /// been made before its owner had a role that asks for one.
    fn lacks_factor(&self, state: &State, roles: &[Role]) -> bool {
        must_set_up_a_factor(state, roles, self.factor_since) && !self.entrance.shows_a_factor()
    }
}

/// Whether somebody in these roles must have a second factor and has no codes.
pub fn must_set_up_a_factor(state: &State, roles: &[Role], factor_since: Option<Time>) -> bool {
    let asked = !state.is_demonstration() && state.settings.second_factor.is_asked_of(roles);
    asked && factor_since.is_none()
}

/// Whose a session or a token is.
fn look_up(
    state: &State,
    claim: &Claim,
    looks: Looks,
    revision: Option<u64>,
    now: Time,
) -> Result<Option<Arc<Known>>, StoreError> {
    let found = state.store.read(|conn| {
        let shown = match claim.by_cookie {
            true => by_session(conn, claim, now)?,
            false => by_token(conn, &claim.secret, now)?,
        };
        let Some(Found { person, until, touch_due, means, entrance, source }) = shown else {
            return Ok(None);
        };
        let factor_since = accounts::factor_since(conn, person)?;
        let stream = StreamId { kind: StreamKind::Person, id: person.0 };
        let person = reading::stream(conn, stream)?.and_then(|mut world| world.people.remove(&person));
        let known = person.map(|person| Arc::new(Known { person, factor_since, means, entrance, source }));
        Ok::<_, StoreError>(known.map(|known| (known, until, touch_due)))
    })?;
    let Some((known, until, touch_due)) = found else { return Ok(None) };
    if touch_due && looks == Looks::Himself {
        let used = claim.secret.clone();
        // Whoever looks does not wait behind what is written.
        let touched = state.store.note_later(move |conn| accounts::touch_session(conn, &used, now));
        if let Err(error) = touched {
            tracing::warn!(%error, "a session's use could not be noted");
        }
    } else if let Some(revision) = revision.filter(|_| !touch_due) {
        state.callers.remember(claim.shown(), revision, &known, until);
    }
    Ok(Some(known))
}

/// What a session or a token says of whoever shows it.
struct Found {
    person: PersonId,
    until: Time,
    touch_due: bool,
    means: Means,
    entrance: Entrance,
    source: Source,
}

fn by_session(conn: &mut Conn, claim: &Claim, now: Time) -> QueryResult<Option<Found>> {
    let Some(session) = accounts::session(conn, &claim.secret, now)? else { return Ok(None) };
    let device = accounts::tablet_of(conn, &session, claim.device.as_deref())?;
    let Session { person, until, touch_due, entrance, tablet: _ } = session;
    let (means, source) = match (entrance, device) {
        (Entrance::Pin, Some(device)) => (Means::Pin, Source::Badge { device }),
        // A tablet that was withdrawn has taken its sessions with it.
        (Entrance::Pin, None) => return Ok(None),
        (_, device) => (Means::Password, Source::Session { device }),
    };
    Ok(Some(Found { person, until, touch_due, means, entrance, source }))
}

fn by_token(conn: &mut Conn, token: &str, now: Time) -> QueryResult<Option<Found>> {
    let program = accounts::api_token(conn, token, now)?;
    Ok(program.map(|program| Found {
        person: program.person,
        until: program.until,
        touch_due: false,
        source: program.source.clone(),
        means: Means::Program(Arc::new(program)),
        entrance: Entrance::Password,
    }))
}

/// Proves that the caller has just given his password, for one signing.
///
/// # Errors
/// The password is wrong, too many were, or the caller has no key yet.
pub async fn reauthenticate(
    state: &web::Data<State>,
    caller: &Caller,
    password: String,
    meaning: Meaning,
) -> Result<Reauthenticated, Problem> {
    let language = caller.language;
    let unavailable = || Problem::new(Kind::Unavailable, language);
    let (now, _) = state.store.now();
    let (person, origin) = (caller.person, caller.origin);
    let store = Arc::clone(&state.store);
    let loaded = web::block(move || {
        store.read(|conn| {
            Ok::<_, StoreError>(match accounts::may_try(conn, person, origin, now)? {
                Ok(()) => accounts::locked_key(conn, person)?.ok_or(PasswordRefused::Wrong),
                Err(refused) => Err(refused),
            })
        })
    });
    let loaded = loaded.await.map_err(|_| unavailable())?;
    let refused = |refused| {
        security_log::note(Happened::SigningRefused, Some(person));
        password_problem(refused, language, Some("/signature/password"), state)
    };
    let locked = loaded.map_err(|error| Problem::of_store(&error, language))?.map_err(refused)?;
    let _turn = state.checks.acquire().await.map_err(|_| unavailable())?;
    let store = Arc::clone(&state.store);
    let outcome = web::block(move || store.reauthenticate(locked.unlock(&password, meaning), origin));
    outcome
        .await
        .map_err(|_| unavailable())?
        .map_err(|error| Problem::of_store(&error, language))?
        .map_err(refused)
}

/// A wrong password, or too many of them, as a problem.
pub fn password_problem(
    refused: PasswordRefused,
    language: Language,
    pointer: Option<&str>,
    state: &State,
) -> Problem {
    match refused {
        PasswordRefused::Wrong
        | PasswordRefused::CodeNeeded
        | PasswordRefused::CodeWrong
        | PasswordRefused::PasskeyFirst
        | PasswordRefused::FirstCodeWrong => {
            let sentence = match (pointer, language) {
                (None, _) => Kind::NotSignedIn.title(language),
                (Some(_), Language::En) => "This is not your password. Nothing was signed.",
                (Some(_), Language::Ja) => "パスワードが違います。署名されていません。",
            };
            let sentence = sentence.to_string();
            Problem::because(Kind::NotSignedIn, language, "wrong_password", pointer, sentence)
        }
        PasswordRefused::Replaced => password_replaced(language, pointer),
        PasswordRefused::Blocked { until } | PasswordRefused::CodeBlocked { until } => {
            let (now, _) = state.store.now();
            Problem::wait(language, u64::try_from(until.since(now).num_seconds()).unwrap_or(0) + 1)
        }
    }
}
