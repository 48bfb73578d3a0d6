//! Accounts: who may sign in, the throttle on passwords, and the one place where a password unlocks a
//! signing key.
//!
//! What needs Argon2 goes in three steps, so that no slow work holds the database: load (a connection that
//! may only read), check (no connection, about 40 ms and 19 MiB), settle (the writer). Only settling turns a
//! checked password into a session or a proof, and it counts the failures; so nobody can forget to count, and
//! guesses made side by side gain nothing over guesses made one after another. A refusal is a value inside
//! `Ok`: the transaction that counted it has to be committed.

mod password;
mod session;
mod signing_key;
#[cfg(test)]
pub(crate) mod tests;

pub use password::{
    CheckedPassword, LONGEST_PASSWORD, Password, PasswordProblem, SHORTEST_PASSWORD, StoredSecret,
};
pub use session::{
    API_PREFIX, SESSION_IDLE, SESSION_LONGEST, Session, Token, api_token, end_all, end_session,
    make_api_token, session, touch_session,
};
pub use signing_key::{LockedKey, NewCredentials, UnlockedKey};

use crate::engine::postgres::{self, Held};
use crate::engine::prelude::*;
use crate::schema::{account, setup_link, signing_key as stored_key};
use crate::sql_types::Id;
use baiyo_domain::authority::Reauthenticated;
use baiyo_domain::ids::PersonId;
use baiyo_domain::people::SignIn;
use baiyo_domain::time::Time;
use chrono::TimeDelta;
use diesel::dsl::exists;
use diesel::result::Error as DieselError;

/// Why a password opened nothing. Who is not signed in must not be told the two apart: only an account that
/// exists can be blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefused {
    /// The password is wrong, or was replaced meanwhile; or there is no such account.
    #[error("the password is wrong")]
    Wrong,
    /// Too many failures: until then no password is accepted, not even the right one.
    #[error("too many wrong passwords; none is accepted until {until}")]
    Blocked {
        /// When the next one is looked at.
        until: Time,
    },
}

/// A one-time link that does not exist, was used or replaced, or is too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this link was used or replaced, or is too old")]
pub struct LinkEnded;

/// Hours a one-time link lasts.
pub const LINK_HOURS: u16 = 72;

/// Whose link it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// The person.
    pub person: PersonId,
    /// The name he will sign in with.
    pub sign_in: SignIn,
}

/// Whether nobody has an account yet.
///
/// # Errors
/// The database.
pub fn is_empty(conn: &mut Conn) -> QueryResult<bool> {
    let any = diesel::select(exists(account::table.select(account::person))).get_result::<bool>(conn)?;
    Ok(!any)
}

/// Whose sign-in name this is or was.
///
/// # Errors
/// The database.
pub fn person_named(conn: &mut Conn, sign_in: &SignIn) -> QueryResult<Option<PersonId>> {
    let named = account::table.filter(account::sign_in.eq(sign_in.as_str()));
    let person = named.select(account::person).first::<Id>(conn).optional()?;
    Ok(person.map(|id| PersonId(id.0)))
}

/// Whether a person has an account, open or closed.
///
/// # Errors
/// The database.
pub fn has_account(conn: &mut Conn, person: PersonId) -> QueryResult<bool> {
    diesel::select(exists(account::table.find(Id(person.0)))).get_result(conn)
}

/// Opens an account without a password, which its owner sets through a link.
///
/// # Errors
/// The database, also where the person has an account or the name was ever given to anybody.
pub fn open_account(conn: &mut Conn, person: PersonId, sign_in: &SignIn) -> QueryResult<()> {
    diesel::insert_into(account::table)
        .values((account::person.eq(Id(person.0)), account::sign_in.eq(sign_in.as_str())))
        .execute(conn)?;
    Ok(())
}

/// Closes the account of a person who left: no password, signing key, link, session or API token stays. The
/// name stays taken.
///
/// # Errors
/// The database.
pub fn close_account(conn: &mut Conn, person: PersonId, now: Time) -> QueryResult<()> {
    conn.transaction(|conn| {
        lock(conn, person)?;
        diesel::update(account::table.find(Id(person.0)))
            .set(account::password_hash.eq(None::<String>))
            .execute(conn)?;
        diesel::delete(stored_key::table.filter(stored_key::person.eq(Id(person.0)))).execute(conn)?;
        end_links(conn, person)?;
        end_all(conn, person, now)
    })
}

/// Makes the link by which a person sets his password within so many hours; his older links end.
///
/// # Errors
/// The database, or no random bytes.
pub fn make_setup_link(conn: &mut Conn, person: PersonId, now: Time, hours: u16) -> QueryResult<Token> {
    let token = Token::random("")?;
    conn.transaction(|conn| {
        end_links(conn, person)?;
        diesel::insert_into(setup_link::table)
            .values((
                setup_link::token_hash.eq(session::hash_of(token.as_str())),
                setup_link::person.eq(Id(person.0)),
                setup_link::made_at.eq(now.micros()),
                setup_link::expires_at.eq(now.plus_hours(hours.into()).micros()),
            ))
            .execute(conn)
    })?;
    Ok(token)
}

/// Whose link this is; nothing where it has ended.
///
/// # Errors
/// The database.
pub fn setup_link(conn: &mut Conn, token: &str, now: Time) -> QueryResult<Option<Invited>> {
    let found = setup_link::table
        .find(session::hash_of(token))
        .inner_join(account::table.on(account::person.eq(setup_link::person)))
        .filter(setup_link::used_at.is_null().and(setup_link::expires_at.gt(now.micros())))
        .select((account::person, account::sign_in))
        .first::<(Id, String)>(conn)
        .optional()?;
    found
        .map(|(person, sign_in)| {
            Ok(Invited { person: PersonId(person.0), sign_in: sign_in.try_into().map_err(damaged)? })
        })
        .transpose()
}

/// Gives a person the credentials he made and uses up his link. Sessions, API tokens and the signing key
/// under the old password end with it; what it signed stays valid, because the public key stands in the
/// journal.
///
/// # Errors
/// The database; inside, that the link has ended or is somebody else's, and nothing was changed.
pub fn store_credentials(
    conn: &mut Conn,
    credentials: &NewCredentials,
    token: &str,
    now: Time,
) -> QueryResult<Result<(), LinkEnded>> {
    let person = credentials.person();
    conn.transaction(|conn| {
        lock(conn, person)?;
        let link = setup_link::table.find(session::hash_of(token)).filter(
            setup_link::person
                .eq(Id(person.0))
                .and(setup_link::used_at.is_null())
                .and(setup_link::expires_at.gt(now.micros())),
        );
        if diesel::update(link).set(setup_link::used_at.eq(now.micros())).execute(conn)? != 1 {
            return Ok(Err(LinkEnded));
        }
        end_all(conn, person, now)?;
        credentials.store(conn, now)?;
        Ok(Ok(()))
    })
}

/// What a password is checked against; for an unknown name something that takes as long and never fits.
///
/// # Errors
/// The database.
pub fn stored_secret(conn: &mut Conn, sign_in: &str) -> QueryResult<StoredSecret> {
    let found = account::table
        .filter(account::sign_in.eq(sign_in))
        .select((account::person, account::password_hash))
        .first::<(Id, Option<String>)>(conn)
        .optional()?;
    Ok(match found {
        Some((person, hash)) => StoredSecret::of(PersonId(person.0), hash),
        None => StoredSecret::of_nobody(),
    })
}

/// Settles a sign-in: opens a session, or counts the failure.
///
/// # Errors
/// The database, or no random bytes; inside, why the password opened nothing.
pub fn sign_in(
    conn: &mut Conn,
    checked: CheckedPassword,
    now: Time,
) -> QueryResult<Result<(PersonId, Token), PasswordRefused>> {
    let Some(person) = checked.person() else { return Ok(Err(PasswordRefused::Wrong)) };
    conn.transaction(|conn| {
        lock(conn, person)?;
        let current = account::table.find(Id(person.0)).select(account::password_hash).first(conn)?;
        let right = checked.is_right() && checked.is_against(current);
        Ok(match settle(conn, person, right, now)? {
            Ok(()) => Ok((person, session::open(conn, person, now)?)),
            Err(refused) => Err(refused),
        })
    })
}

/// A person's signing key, locked; nothing where he has not set a password.
///
/// # Errors
/// The database, also where the stored key is damaged.
pub fn locked_key(conn: &mut Conn, person: PersonId) -> QueryResult<Option<LockedKey>> {
    LockedKey::load(conn, person)
}

/// Settles a re-authentication: gives the proof that one signing wants, or counts the failure.
///
/// # Errors
/// The database; inside, why the password opened nothing.
pub fn reauthenticate(
    conn: &mut Conn,
    unlocked: UnlockedKey,
    now: Time,
) -> QueryResult<Result<Reauthenticated, PasswordRefused>> {
    let UnlockedKey { person, key, meaning, signing } = unlocked;
    conn.transaction(|conn| {
        lock(conn, person)?;
        let still_his = stored_key::table.find(Id(key.0)).filter(stored_key::person.eq(Id(person.0)));
        let current = diesel::select(exists(still_his)).get_result(conn)?;
        let signing = signing.filter(|_| current);
        let settled = settle(conn, person, signing.is_some(), now)?;
        Ok(settled.and_then(|()| {
            let signing = signing.ok_or(PasswordRefused::Wrong)?;
            Ok(Reauthenticated::proven(person, key, signing, meaning))
        }))
    })
}

/// Stored data that this code cannot have written.
pub(crate) fn damaged(what: impl ToString) -> DieselError {
    DieselError::DeserializationError(what.to_string().into())
}

/// Failures in a row after which passwords have to wait.
const FREE_FAILURES: i32 = 5;
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(30);
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(15);

/// How long the next password has to wait after so many failures in a row.
fn wait_after(failures: i32) -> Option<TimeDelta> {
    let doublings = u32::try_from(failures - FREE_FAILURES).ok()?;
    Some((FIRST_WAIT * 2_i32.pow(doublings.min(5))).min(LONGEST_WAIT))
}

/// Counts a password that was checked. While passwords have to wait, a right one is refused like a wrong one
/// and neither is counted, so that guesses sent all at once tell no more than the first five.
fn settle(
    conn: &mut Conn,
    person: PersonId,
    right: bool,
    now: Time,
) -> QueryResult<Result<(), PasswordRefused>> {
    let whole = account::table.find(Id(person.0));
    let open = whole.filter(account::blocked_until.is_null().or(account::blocked_until.le(now.micros())));
    let failures = if right {
        diesel::update(open)
            .set((account::failures.eq(0), account::blocked_until.eq(None::<i64>)))
            .returning(account::failures)
            .get_result::<i32>(conn)
            .optional()?
    } else {
        diesel::update(open)
            .set(account::failures.eq(account::failures + 1))
            .returning(account::failures)
            .get_result::<i32>(conn)
            .optional()?
    };
    match failures {
        Some(_) if right => Ok(Ok(())),
        Some(failures) => {
            if let Some(wait) = wait_after(failures) {
                let until = now.plus(wait).micros();
                diesel::update(whole).set(account::blocked_until.eq(until)).execute(conn)?;
            }
            Ok(Err(PasswordRefused::Wrong))
        }
        None => {
            let until = whole.select(account::blocked_until).first::<Option<i64>>(conn).optional()?.flatten();
            let until = until.and_then(Time::from_micros);
            Ok(Err(until.map_or(PasswordRefused::Wrong, |until| PasswordRefused::Blocked { until })))
        }
    }
}

/// What is checked of an account stays so until the transaction ends, also where another node would change it.
fn lock(conn: &mut Conn, person: PersonId) -> QueryResult<()> {
    postgres::lock(conn, &format!("account {person}"), Held::Alone)
}

fn end_links(conn: &mut Conn, person: PersonId) -> QueryResult<usize> {
    let unused =
        setup_link::table.filter(setup_link::person.eq(Id(person.0)).and(setup_link::used_at.is_null()));
    diesel::delete(unused).execute(conn)
}
