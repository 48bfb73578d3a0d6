//! Tokens by which programs act for a person: made by himself with his password, of a scope that he chooses, for a time;
//! shown once, and known to the database by their SHA-256 alone.

use super::damaged;
use super::session::{Token, hash_of, id_of};
use crate::engine::prelude::*;
use crate::schema::api_token;
use crate::sql_types::Id;
use baiyo_domain::authority::{self, Scope, meaning_of};
use baiyo_domain::ids::PersonId;
use baiyo_domain::journal::source::{Device, Source};
use baiyo_domain::text::Short;
use baiyo_domain::time::Time;
use chrono::TimeDelta;
use uuid::Uuid;

/// What an API token begins with.
pub const API_PREFIX: &str = "baiyo_";

/// A token to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// What its owner calls it.
    pub name: String,
    /// What it may do of what he may.
    pub scopes: Vec<Scope>,
    /// Days it lasts.
    pub days: u16,
    /// The instrument it is given to, where it is one's.
    pub device: Option<String>,
}

/// A token in force, as it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// By what it is ended and told of in the log; it tells nothing of the secret.
    pub id: Uuid,
    /// For whom it acts.
    pub person: PersonId,
    /// Until when.
    pub until: Time,
    /// What it may do of what he may.
    pub scopes: Vec<Scope>,
    /// What is said of the entries that it hands in.
    pub source: Source,
}

impl Program {
    /// Whether it is lent an action. An instrument signs nothing, whatever it knows.
    pub fn covers(&self, action: &str) -> bool {
        let of_instrument = matches!(self.source, Source::Instrument { .. });
        authority::covers(&self.scopes, action) && !(of_instrument && meaning_of(action).is_some())
    }
}

/// An API token in force as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnToken {
    /// By what it is ended; it tells nothing of the secret.
    pub id: Uuid,
    /// What its owner called it.
    pub name: String,
    /// What it may do of what he may.
    pub scopes: Vec<Scope>,
    /// The instrument it was given to, where it is one's.
    pub device: Option<String>,
    /// When it was made.
    pub made_at: Time,
    /// Until when it lasts.
    pub expires_at: Time,
}

/// Makes a token. The caller has proven who he is, and holds the account's lock: what ends all tokens of a person ends
/// this one too, or comes first.
pub(super) fn make(conn: &mut Conn, person: PersonId, new: &NewToken, now: Time) -> QueryResult<Token> {
    let token = Token::random(API_PREFIX)?;
    let words: Vec<&str> = new.scopes.iter().map(|scope| scope.word()).collect();
    diesel::insert_into(api_token::table)
        .values((
            api_token::token_hash.eq(hash_of(token.as_str())),
            api_token::person.eq(Id(person.0)),
            api_token::name.eq(&new.name),
            api_token::made_at.eq(now.micros()),
            api_token::expires_at.eq(now.plus(TimeDelta::days(new.days.into())).micros()),
            api_token::scopes.eq(words.join(" ")),
            api_token::device.eq(&new.device),
        ))
        .execute(conn)?;
    Ok(token)
}

/// Makes a token of every scope without being asked for a password: for a demonstration, and for stories.
///
/// # Errors
/// The database, or no random bytes.
pub fn make_api_token(
    conn: &mut Conn,
    person: PersonId,
    name: &str,
    now: Time,
    days: u16,
) -> QueryResult<Token> {
    make(conn, person, &NewToken { name: name.into(), scopes: Scope::ALL.into(), days, device: None }, now)
}

/// The program that shows this token; nothing where it ended or expired.
///
/// # Errors
/// The database.
pub fn api_token(conn: &mut Conn, token: &str, now: Time) -> QueryResult<Option<Program>> {
    if !token.starts_with(API_PREFIX) {
        return Ok(None);
    }
    let hash = hash_of(token);
    let found = api_token::table
        .find(&hash)
        .filter(api_token::ended_at.is_null().and(api_token::expires_at.gt(now.micros())))
        .select((
            api_token::person,
            api_token::expires_at,
            api_token::scopes,
            api_token::device,
            api_token::name,
        ))
        .first::<(Id, i64, String, Option<String>, String)>(conn)
        .optional()?;
    let Some((person, until, scopes, instrument, name)) = found else { return Ok(None) };
    let id = id_of(&hash);
    let device = |name| Short::try_from(name).map(|name| Device { id, name }).map_err(damaged);
    let source = match instrument {
        Some(name) => Source::Instrument { device: device(name)? },
        None => Source::Program { device: device(name)? },
    };
    let until = Time::from_micros(until).unwrap_or(now);
    Ok(Some(Program { id, person: PersonId(person.0), until, scopes: scopes_of(&scopes), source }))
}

/// The API tokens of a person that are in force, the newest first.
///
/// # Errors
/// The database.
pub fn tokens_of(conn: &mut Conn, person: PersonId, now: Time) -> QueryResult<Vec<OwnToken>> {
    let rows = api_token::table
        .filter(api_token::person.eq(Id(person.0)).and(api_token::ended_at.is_null()))
        .filter(api_token::expires_at.gt(now.micros()))
        .order(api_token::made_at.desc())
        .select((
            api_token::token_hash,
            api_token::name,
            api_token::scopes,
            api_token::device,
            api_token::made_at,
            api_token::expires_at,
        ))
        .load::<(Vec<u8>, String, String, Option<String>, i64, i64)>(conn)?;
    let own = rows.into_iter().map(|(hash, name, scopes, device, made_at, expires_at)| OwnToken {
        id: id_of(&hash),
        name,
        scopes: scopes_of(&scopes),
        device,
        made_at: Time::from_micros(made_at).unwrap_or(now),
        expires_at: Time::from_micros(expires_at).unwrap_or(now),
    });
    Ok(own.collect())
}

/// Ends one API token of a person; whether there was one.
///
/// # Errors
/// The database.
pub fn end_own_token(conn: &mut Conn, person: PersonId, id: Uuid, now: Time) -> QueryResult<bool> {
    let his = api_token::person.eq(Id(person.0)).and(api_token::ended_at.is_null());
    let hashes: Vec<Vec<u8>> = api_token::table.filter(his).select(api_token::token_hash).load(conn)?;
    let Some(hash) = hashes.into_iter().find(|hash| id_of(hash) == id) else { return Ok(false) };
    let ended = diesel::update(api_token::table.find(hash)).set(api_token::ended_at.eq(now.micros()));
    Ok(ended.execute(conn)? == 1)
}

/// Ends all API tokens of a person.
pub(super) fn end_tokens(conn: &mut Conn, person: PersonId, now: Time) -> QueryResult<()> {
    let his = api_token::person.eq(Id(person.0)).and(api_token::ended_at.is_null());
    diesel::update(api_token::table.filter(his)).set(api_token::ended_at.eq(now.micros())).execute(conn)?;
    Ok(())
}

/// Scopes as they are stored; one that this program does not know lends nothing.
fn scopes_of(words: &str) -> Vec<Scope> {
    words.split(' ').filter_map(Scope::named).collect()
}
