//! Ceremonies: what a browser was asked for when somebody signs in by a passkey or at a provider, until it is answered. A
//! ceremony is told by a token in a cookie of that browser, so that nobody answers for another; it is taken once, and
//! ends after some minutes.

use super::session::{Token, hash_of};
use crate::engine::prelude::*;
use crate::schema::ceremony;
use crate::sql_types::Id;
use baiyo_domain::ids::PersonId;
use baiyo_domain::time::Time;
use chrono::TimeDelta;

/// A ceremony that was not answered for so long has ended.
pub const CEREMONY_LONGEST: TimeDelta = TimeDelta::minutes(5);

/// What is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ceremony {
    /// A new passkey of somebody who has just given his password.
    PasskeyMade,
    /// A signature by a passkey, whosesoever.
    PasskeyShown,
    /// A browser's return from the provider.
    ProviderAsked,
    /// The tap of somebody whom the provider named.
    ProviderAnswered,
}

impl Ceremony {
    fn name(self) -> &'static str {
        match self {
            Self::PasskeyMade => "passkey_made",
            Self::PasskeyShown => "passkey_shown",
            Self::ProviderAsked => "provider_asked",
            Self::ProviderAnswered => "provider_answered",
        }
    }
}

/// Begins a ceremony, and forgets those that have ended.
///
/// # Errors
/// The database, or no random bytes.
pub fn begin_ceremony(
    conn: &mut Conn,
    kind: Ceremony,
    person: Option<PersonId>,
    state: &str,
    now: Time,
) -> QueryResult<Token> {
    let token = Token::random("")?;
    let ended = now.plus(-CEREMONY_LONGEST).micros();
    diesel::delete(ceremony::table.filter(ceremony::made_at.le(ended))).execute(conn)?;
    diesel::insert_into(ceremony::table)
        .values((
            ceremony::token_hash.eq(hash_of(token.as_str())),
            ceremony::kind.eq(kind.name()),
            ceremony::person.eq(person.map(|person| Id(person.0))),
            ceremony::state.eq(state),
            ceremony::made_at.eq(now.micros()),
        ))
        .execute(conn)?;
    Ok(token)
}

/// A ceremony that is under way: for whom, and what was kept of it.
///
/// # Errors
/// The database.
pub fn ceremony(
    conn: &mut Conn,
    kind: Ceremony,
    token: &str,
    now: Time,
) -> QueryResult<Option<(Option<PersonId>, String)>> {
    let found = ceremony::table
        .find(hash_of(token))
        .filter(ceremony::kind.eq(kind.name()))
        .filter(ceremony::made_at.gt(now.plus(-CEREMONY_LONGEST).micros()))
        .select((ceremony::person, ceremony::state))
        .first::<(Option<Id>, String)>(conn)
        .optional()?;
    Ok(found.map(|(person, state)| (person.map(|id| PersonId(id.0)), state)))
}

/// Takes a ceremony that is under way: from then on it is no more, whatever comes of it. Of two who take it at once, one
/// has it.
///
/// # Errors
/// The database.
pub fn take_ceremony(
    conn: &mut Conn,
    kind: Ceremony,
    token: &str,
    now: Time,
) -> QueryResult<Option<(Option<PersonId>, String)>> {
    let Some(found) = ceremony(conn, kind, token, now)? else { return Ok(None) };
    let taken = diesel::delete(ceremony::table.find(hash_of(token))).execute(conn)?;
    Ok((taken == 1).then_some(found))
}

/// Ends a ceremony that its browser has left; one that ended or never was changes nothing.
///
/// # Errors
/// The database.
pub fn end_ceremony(conn: &mut Conn, token: &str) -> QueryResult<()> {
    diesel::delete(ceremony::table.find(hash_of(token))).execute(conn)?;
    Ok(())
}

/// Ends all ceremonies of a person.
pub(super) fn end_ceremonies(conn: &mut Conn, person: PersonId) -> QueryResult<()> {
    diesel::delete(ceremony::table.filter(ceremony::person.eq(Id(person.0)))).execute(conn)?;
    Ok(())
}
