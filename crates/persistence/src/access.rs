//! What the accounts know of a person's access, for reviewing it: when he signed in last, which tokens let programs
//! act in his name, and whether a one-time link still lets somebody set his password.

use crate::engine::prelude::*;
use crate::schema::{api_token, session, setup_link};
use crate::sql_types::Id;
use baiyo_domain::ids::PersonId;
use baiyo_domain::time::Time;

/// A token for programs that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenInForce {
    /// What its owner called it.
    pub name: String,
    /// The instrument it was given to, where it is one's.
    pub device: Option<String>,
    /// Until when it holds (not included), microseconds since 1970.
    pub until: i64,
}

/// When a person signed in last, microseconds since 1970; nothing where he never did.
///
/// # Errors
/// The database.
pub fn signed_in_last(conn: &mut Conn, person: PersonId) -> QueryResult<Option<i64>> {
    let newest = session::table.order(session::made_at.desc()).select(session::made_at);
    let of_person = newest.filter(session::person.eq(Id(person.0)));
    // Asked in two, since each index knows sessions of one kind.
    let open: Option<i64> = of_person.filter(session::ended_at.is_null()).first(conn).optional()?;
    let ended: Option<i64> = of_person.filter(session::ended_at.is_not_null()).first(conn).optional()?;
    Ok(open.max(ended))
}

/// Until when a one-time link for a person can be used, microseconds since 1970; nothing where there is none.
///
/// # Errors
/// The database.
pub fn open_link(conn: &mut Conn, person: PersonId, now: Time) -> QueryResult<Option<i64>> {
    let unused = setup_link::table
        .filter(setup_link::person.eq(Id(person.0)).and(setup_link::used_at.is_null()))
        .select(setup_link::expires_at);
    let until: Vec<i64> = unused.load(conn)?;
    Ok(until.into_iter().filter(|until| *until > now.micros()).max())
}

/// A person's tokens in force, by the instant they end.
///
/// # Errors
/// The database.
pub fn tokens_in_force(conn: &mut Conn, person: PersonId, now: Time) -> QueryResult<Vec<TokenInForce>> {
    let of_person = api_token::table
        .filter(api_token::person.eq(Id(person.0)).and(api_token::ended_at.is_null()))
        .select((api_token::name, api_token::device, api_token::expires_at));
    let mut tokens: Vec<(String, Option<String>, i64)> = of_person.load(conn)?;
    tokens.retain(|(_, _, until)| *until > now.micros());
    tokens.sort_by_key(|(_, _, until)| *until);
    Ok(tokens.into_iter().map(|(name, device, until)| TokenInForce { name, device, until }).collect())
}
