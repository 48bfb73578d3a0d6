//! Sessions of browsers: 256 random bits that the database knows only by their SHA-256; so whoever reads the database can
//! use none of them. A session that began by badge and PIN ends sooner, and says so.

use super::throttle::{self, Origin};
use super::{device, token};
use crate::engine::prelude::*;
use crate::keystore::random;
use crate::schema::{pending_sign_in, session};
use crate::sql_types::Id;
use baiyo_domain::ids::PersonId;
use baiyo_domain::time::Time;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use diesel::result::Error as DieselError;
use sha2::{Digest, Sha256};
use std::fmt;
use uuid::Uuid;
use zeroize::Zeroizing;

/// A session unused for this long has ended.
pub const SESSION_IDLE: TimeDelta = TimeDelta::minutes(30);
/// A session this old has ended.
pub const SESSION_LONGEST: TimeDelta = TimeDelta::hours(12);
/// A session by badge and PIN unused for this long has ended: a step at the hood takes up to ten minutes between two
/// touches, and whoever comes next scans his own badge anyway.
pub const PIN_IDLE: TimeDelta = TimeDelta::minutes(10);
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(1);

/// A secret given out once: 32 random bytes in base64url; wiped from memory when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// The text to give out.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn of(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    pub(super) fn random(prefix: &str) -> QueryResult<Self> {
        // A token that cannot be made fails the write like any other trouble of the machine.
        let bytes = random::<32>().map_err(|error| DieselError::SerializationError(error.into()))?;
        let mut text = Zeroizing::new(String::with_capacity(64));
        text.push_str(prefix);
        URL_SAFE_NO_PAD.encode_string(*bytes, &mut text);
        Ok(Self(text))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// By what a session began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Entrance {
    /// The password, and a code where the person has a second factor.
    #[default]
    Password,
    /// A passkey whose device verified its user.
    Passkey,
    /// A provider, and a code where the person has a second factor here.
    Provider,
    /// A provider that saw a second factor.
    ProviderAndFactor,
    /// Badge and PIN, at a shared tablet.
    Pin,
}

impl Entrance {
    /// Whether somebody gave all that he signs in with, so that his badge and PIN do for the day. A provider that saw no
    /// second factor vouches for less.
    pub(super) fn is_full(self) -> bool {
        matches!(self, Self::Password | Self::Passkey | Self::ProviderAndFactor)
    }

    /// Whether a second factor was seen there that is not Baiyo's own.
    pub fn shows_a_factor(self) -> bool {
        matches!(self, Self::Passkey | Self::ProviderAndFactor)
    }

    fn name(self) -> Option<&'static str> {
        match self {
            Self::Password => None,
            Self::Passkey => Some("passkey"),
            Self::Provider => Some("provider"),
            Self::ProviderAndFactor => Some("provider_factor"),
            Self::Pin => Some("pin"),
        }
    }

    /// What a row says. A name that is not known is lent the least.
    fn named(name: Option<&str>) -> Self {
        let all = [Self::Password, Self::Passkey, Self::Provider, Self::ProviderAndFactor];
        all.into_iter().find(|one| one.name() == name).unwrap_or(Self::Pin)
    }
}

/// A session in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who is signed in.
    pub person: PersonId,
    /// Whether its use was last noted a minute ago or more, so that [`touch_session`] should note it.
    pub touch_due: bool,
    /// Until when it need not be asked again, unless it is ended.
    pub until: Time,
    /// By what it began.
    pub entrance: Entrance,
    /// The shared tablet at which it began by badge and PIN.
    pub tablet: Option<Uuid>,
}

pub(super) fn open(
    conn: &mut Conn,
    person: PersonId,
    known_since: Option<i64>,
    entrance: Entrance,
    now: Time,
) -> QueryResult<Token> {
    let token = Token::random("")?;
    diesel::insert_into(session::table)
        .values((
            session::token_hash.eq(hash_of(token.as_str())),
            session::person.eq(Id(person.0)),
            session::made_at.eq(now.micros()),
            session::used_at.eq(now.micros()),
            session::known_since.eq(known_since),
            session::entered_by.eq(entrance.name()),
        ))
        .execute(conn)?;
    Ok(token)
}

/// Opens a session by badge and PIN.
pub(super) fn open_at_tablet(
    conn: &mut Conn,
    person: PersonId,
    tablet: Uuid,
    ends_at: Time,
    now: Time,
) -> QueryResult<Token> {
    let token = open(conn, person, Some(now.micros()), Entrance::Pin, now)?;
    diesel::update(session::table.find(hash_of(token.as_str())))
        .set((session::tablet.eq(Id(tablet)), session::ends_at.eq(ends_at.micros())))
        .execute(conn)?;
    Ok(token)
}

/// The session of a token; nothing where it ended, was idle for 30 minutes or is 12 hours old; of one by badge and PIN,
/// where it was idle for 10 minutes, or 12 hours have passed since the password. Writes nothing.
///
/// # Errors
/// The database.
pub fn session(conn: &mut Conn, token: &str, now: Time) -> QueryResult<Option<Session>> {
    let found = session::table
        .find(hash_of(token))
        .filter(in_force(now))
        .select((
            session::person,
            session::made_at,
            session::used_at,
            session::entered_by,
            session::ends_at,
            session::tablet,
        ))
        .first::<(Id, i64, i64, Option<String>, Option<i64>, Option<Id>)>(conn)
        .optional()?;
    Ok(found.map(|(person, made_at, used_at, entered_by, ends_at, tablet)| {
        let touch_due = used_at <= before(now, TOUCH_EVERY);
        let own_end = ends_at.and_then(Time::from_micros);
        let ends = [after(made_at, SESSION_LONGEST), after(used_at, TOUCH_EVERY), own_end];
        let until = ends.into_iter().flatten().min().unwrap_or(now);
        let entrance = Entrance::named(entered_by.as_deref());
        Session { person: PersonId(person.0), touch_due, until, entrance, tablet: tablet.map(|id| id.0) }
    }))
}

/// Notes that a session was used; one that has ended stays ended.
///
/// # Errors
/// The database.
pub fn touch_session(conn: &mut Conn, token: &str, now: Time) -> QueryResult<()> {
    diesel::update(session::table.find(hash_of(token)).filter(in_force(now)))
        .set(session::used_at.eq(now.micros()))
        .execute(conn)?;
    Ok(())
}

/// Ends a session; one that ended or never was is left as it is.
///
/// # Errors
/// The database.
pub fn end_session(conn: &mut Conn, token: &str, now: Time) -> QueryResult<()> {
    diesel::update(session::table.find(hash_of(token)).filter(session::ended_at.is_null()))
        .set(session::ended_at.eq(now.micros()))
        .execute(conn)?;
    Ok(())
}

/// Ends all sessions and API tokens of a person, sign-ins that wait for his code, and what his badge rests on at tablets. What would open another one waits
/// for the account's lock, and finds that it was ended.
///
/// # Errors
/// The database.
pub fn end_all(conn: &mut Conn, person: PersonId, now: Time) -> QueryResult<()> {
    conn.transaction(|conn| {
        throttle::lock(conn, person.0)?;
        end_sessions(conn, person, now)?;
        device::no_longer_full(conn, person)?;
        token::end_tokens(conn, person, now)
    })
}

/// Ends all sessions of a person, and sign-ins that wait for his code.
pub(super) fn end_sessions(conn: &mut Conn, person: PersonId, now: Time) -> QueryResult<()> {
    let his = session::person.eq(Id(person.0)).and(session::ended_at.is_null());
    diesel::update(session::table.filter(his)).set(session::ended_at.eq(now.micros())).execute(conn)?;
    diesel::delete(pending_sign_in::table.filter(pending_sign_in::person.eq(Id(person.0)))).execute(conn)?;
    super::ceremony::end_ceremonies(conn, person)
}

/// By what the session began from which somebody asks; as by a password where it is none.
pub(super) fn entrance(conn: &mut Conn, origin: Origin) -> QueryResult<Entrance> {
    let Some(hash) = origin.session() else { return Ok(Entrance::Password) };
    let began = session::table.find(&hash[..]).select(session::entered_by);
    let name = began.first::<Option<String>>(conn).optional()?.flatten();
    Ok(Entrance::named(name.as_deref()))
}

/// Ends the sessions of a person that began so, but this one.
pub(super) fn end_entered(
    conn: &mut Conn,
    person: PersonId,
    entrance: Entrance,
    but: Option<Uuid>,
    now: Time,
) -> QueryResult<()> {
    let his = session::person.eq(Id(person.0)).and(session::ended_at.is_null());
    let began = session::table.filter(his).filter(session::entered_by.eq(entrance.name()));
    let hashes: Vec<Vec<u8>> = began.select(session::token_hash).load(conn)?;
    for hash in hashes.into_iter().filter(|hash| Some(id_of(hash)) != but) {
        diesel::update(session::table.find(hash)).set(session::ended_at.eq(now.micros())).execute(conn)?;
    }
    Ok(())
}

/// Ends the sessions of a person that began by badge and PIN.
pub(super) fn end_at_tablets(conn: &mut Conn, person: PersonId, now: Time) -> QueryResult<()> {
    let his = session::person.eq(Id(person.0)).and(session::ended_at.is_null());
    diesel::update(session::table.filter(his).filter(session::tablet.is_not_null()))
        .set(session::ended_at.eq(now.micros()))
        .execute(conn)?;
    Ok(())
}

/// Whether the session that a request came in is in force still, and did not begin by badge and PIN.
pub(super) fn is_in_force(
    conn: &mut Conn,
    hash: &[u8; 32],
    person: PersonId,
    now: Time,
) -> QueryResult<bool> {
    let this = session::table.find(&hash[..]).filter(in_force(now)).filter(session::tablet.is_null());
    diesel::select(diesel::dsl::exists(this.filter(session::person.eq(Id(person.0))))).get_result(conn)
}

/// A sign-in that waits for a code has ended after so long.
pub const PENDING_LONGEST: TimeDelta = TimeDelta::minutes(5);

/// A sign-in whose password was right waits for its code. What it answers with opens no session.
pub(super) fn await_code(conn: &mut Conn, person: PersonId, now: Time) -> QueryResult<Token> {
    let token = Token::random("")?;
    let his = pending_sign_in::table.filter(pending_sign_in::person.eq(Id(person.0)));
    let over = his.filter(pending_sign_in::made_at.le(before(now, PENDING_LONGEST)));
    diesel::delete(over).execute(conn)?;
    diesel::insert_into(pending_sign_in::table)
        .values((
            pending_sign_in::token_hash.eq(hash_of(token.as_str())),
            pending_sign_in::person.eq(Id(person.0)),
            pending_sign_in::made_at.eq(now.micros()),
        ))
        .execute(conn)?;
    Ok(token)
}

/// Whose sign-in waits for its code, and whether that has come already.
pub(super) fn pending(conn: &mut Conn, token: &str, now: Time) -> QueryResult<Option<(PersonId, bool)>> {
    let found = pending_sign_in::table
        .find(hash_of(token))
        .filter(pending_sign_in::made_at.gt(before(now, PENDING_LONGEST)))
        .select((pending_sign_in::person, pending_sign_in::entered_at.is_not_null()))
        .first::<(Id, bool)>(conn)
        .optional()?;
    Ok(found.map(|(id, entered)| (PersonId(id.0), entered)))
}

/// Its code has come: it waits no more, and is known for the rest of its time where the same form comes again.
pub(super) fn no_longer_awaited(conn: &mut Conn, token: &str, now: Time) -> QueryResult<()> {
    diesel::update(pending_sign_in::table.find(hash_of(token)))
        .set(pending_sign_in::entered_at.eq(now.micros()))
        .execute(conn)?;
    Ok(())
}

/// A session in force as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnSession {
    /// By what it is ended; it tells nothing of the secret.
    pub id: Uuid,
    /// When it began.
    pub made_at: Time,
    /// When it was last used, to a minute.
    pub used_at: Time,
    /// Since when its browser had been known then; nothing where it was new.
    pub known_since: Option<Time>,
    /// By what it began.
    pub entrance: Entrance,
}

/// The sessions of a person that are in force, the one used last first.
///
/// # Errors
/// The database.
pub fn sessions_of(conn: &mut Conn, person: PersonId, now: Time) -> QueryResult<Vec<OwnSession>> {
    let rows = session::table
        .filter(session::person.eq(Id(person.0)))
        .filter(in_force(now))
        .order(session::used_at.desc())
        .select((
            session::token_hash,
            session::made_at,
            session::used_at,
            session::known_since,
            session::entered_by,
        ))
        .load::<(Vec<u8>, i64, i64, Option<i64>, Option<String>)>(conn)?;
    let own = rows.into_iter().map(|(hash, made_at, used_at, known_since, entered_by)| OwnSession {
        id: id_of(&hash),
        made_at: Time::from_micros(made_at).unwrap_or(now),
        used_at: Time::from_micros(used_at).unwrap_or(now),
        known_since: known_since.and_then(Time::from_micros),
        entrance: Entrance::named(entered_by.as_deref()),
    });
    Ok(own.collect())
}

/// Ends one session of a person; whether there was one.
///
/// # Errors
/// The database.
pub fn end_own_session(conn: &mut Conn, person: PersonId, id: Uuid, now: Time) -> QueryResult<bool> {
    let his = session::person.eq(Id(person.0)).and(session::ended_at.is_null());
    let hashes: Vec<Vec<u8>> = session::table.filter(his).select(session::token_hash).load(conn)?;
    let Some(hash) = hashes.into_iter().find(|hash| id_of(hash) == id) else { return Ok(false) };
    let ended = diesel::update(session::table.find(hash)).set(session::ended_at.eq(now.micros()));
    Ok(ended.execute(conn)? == 1)
}

/// What stands for a session or a token where its owner sees it: half of its hash, of which nobody finds the secret.
pub fn id_of(hash: &[u8]) -> Uuid {
    hash.get(..16).and_then(|half| Uuid::from_slice(half).ok()).unwrap_or_default()
}

/// By what a token is looked up. It needs no salt, as a token cannot be guessed, and no comparison in constant
/// time, as its hash tells nothing of it.
pub(super) fn hash_of(token: &str) -> Vec<u8> {
    digest_of(token).to_vec()
}

pub(super) fn digest_of(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[diesel::dsl::auto_type]
fn in_force(now: Time) -> _ {
    let used: i64 = before(now, SESSION_IDLE);
    let made: i64 = before(now, SESSION_LONGEST);
    let used_at_tablet: i64 = before(now, PIN_IDLE);
    let at: i64 = now.micros();
    let at_tablet = session::ends_at.gt(at).and(session::used_at.gt(used_at_tablet));
    let lasts = session::ends_at.is_null().or(at_tablet);
    session::ended_at.is_null().and(session::used_at.gt(used)).and(session::made_at.gt(made)).and(lasts)
}

fn after(micros: i64, span: TimeDelta) -> Option<Time> {
    Time::from_micros(micros).map(|time| time.plus(span))
}

fn before(now: Time, span: TimeDelta) -> i64 {
    now.plus(-span).micros()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_token_is_256_bits_of_the_systems_generator_and_none_comes_twice() {
        let tokens: Vec<Token> = (0..2000).map(|_| Token::random("").unwrap()).collect();
        let bytes: Vec<Vec<u8>> =
            tokens.iter().map(|token| URL_SAFE_NO_PAD.decode(token.as_str()).unwrap()).collect();
        assert!(bytes.iter().all(|bytes| bytes.len() == 32));
        assert_eq!(bytes.iter().collect::<BTreeSet<_>>().len(), 2000);
        // Of each of the 256 bits about half are set: six standard deviations to either side.
        for bit in 0..256 {
            let set = bytes.iter().filter(|bytes| bytes[bit / 8] >> (bit % 8) & 1 == 1).count();
            assert!((866..=1134).contains(&set), "bit {bit} is set in {set} of 2000");
        }
    }
}
