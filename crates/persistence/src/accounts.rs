//! Accounts: who may sign in, the throttle on passwords, and the one place where a password unlocks a
//! signing key.
//!
//! What needs Argon2 goes in three steps, so that no slow work holds the database: load (a connection that
//! may only read; where too many passwords were wrong it ends here), check (no connection, about 40 ms and 19 MiB),
//! settle (the writer). Only settling turns a checked password into a session or a proof, and it counts the failures; so
//! nobody can forget to count, and guesses made side by side gain nothing over guesses made one after another. A refusal
//! is a value inside `Ok`: the transaction that counted it has to be committed.

mod badge;
mod breached;
mod ceremony;
mod device;
mod factor;
mod passkey;
mod password;
mod provider;
mod proving;
mod session;
mod signing_key;
mod tablet;
#[cfg(test)]
pub(crate) mod tests;
mod throttle;
mod token;

pub use badge::{
    BADGE_PREFIX, LONGEST_PIN, MOST_WRONG_PINS, NotSwitched, Pin, PinProblem, SHORTEST_PIN, Turn,
    WORKING_DAY, badge_and_pin, end_badge, turn,
};
pub use breached::{BreachedListFault, BreachedPasswords};
pub use ceremony::{CEREMONY_LONGEST, Ceremony, begin_ceremony, ceremony, end_ceremony, take_ceremony};
pub use device::{DEVICE_KEPT, MOST_DEVICES};
pub use factor::{DIGITS, FactorSecret, PROPOSED_FOR, STEP, any_factor, factor_since};
pub use passkey::{
    MOST_PASSKEYS, NewPasskey, NotKept, OwnPasskey, UsedPasskey, end_passkey, enter_by_passkey, keep_passkey,
    passkey, passkeys_of, public_passkeys_of,
};
pub use password::{
    CheckedPassword, LONGEST_PASSWORD, Owner, Password, PasswordProblem, SHORTEST_PASSWORD, StoredSecret,
};
pub use provider::{
    Named, ProviderLink, link_provider, named, person_at_provider, provider_link, unlink_provider, was_named,
};
pub use proving::{
    Carried, Completed, Entered, RECORDED_A_DAY, Renewal, Shown, SignedIn, Through, complete_sign_in, holds,
    may_try, own_secret, reauthenticate, recognise, sign_in, stored_secret,
};
pub use session::{
    Entrance, OwnSession, PENDING_LONGEST, PIN_IDLE, SESSION_IDLE, SESSION_LONGEST, Session, Token, end_all,
    end_own_session, end_session, id_of, session, sessions_of, touch_session,
};
pub use signing_key::{ChangedPassword, LockedKey, NewCredentials, UnlockedKey};
pub use tablet::{Tablet, end_tablet, register_tablet, tablet_named, tablet_of, tablets};
pub use throttle::{MANY_WRONG, MOST_WRONG, Origin, PERIOD, PasswordRefused, guessed_at};
pub use token::{
    API_PREFIX, NewToken, OwnToken, Program, api_token, end_own_token, make_api_token, tokens_of,
};

use crate::engine::prelude::*;
use crate::schema::{account, setup_link, signing_key as stored_key};
use crate::sql_types::Id;
use baiyo_domain::ids::PersonId;
use baiyo_domain::people::SignIn;
use baiyo_domain::time::Time;
use diesel::dsl::exists;
use diesel::result::Error as DieselError;

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

/// Closes the account of a person who left: no password, signing key, link, known device, second factor, passkey, account
/// at a provider, badge, PIN, session or API token stays.
/// The name stays taken.
///
/// # Errors
/// The database.
pub fn close_account(conn: &mut Conn, person: PersonId, now: Time) -> QueryResult<()> {
    conn.transaction(|conn| {
        throttle::lock(conn, person.0)?;
        diesel::update(account::table.find(Id(person.0)))
            .set(account::password_hash.eq(None::<String>))
            .execute(conn)?;
        diesel::delete(stored_key::table.filter(stored_key::person.eq(Id(person.0)))).execute(conn)?;
        end_links(conn, person)?;
        device::forget(conn, person)?;
        factor::forget(conn, person)?;
        passkey::forget(conn, person)?;
        provider::forget(conn, person)?;
        badge::forget(conn, person)?;
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
/// under the old password end with it, and his devices, his second factor, his passkeys, his accounts at providers, his badge
/// and his PIN are forgotten; what it signed stays valid, because the public key stands in the journal. Answers with what the
/// browser in which he did so is known by from now on.
///
/// # Errors
/// The database; inside, that the link has ended or is somebody else's, and nothing was changed.
pub fn store_credentials(
    conn: &mut Conn,
    credentials: &NewCredentials,
    token: &str,
    device: Option<&str>,
    now: Time,
) -> QueryResult<Result<Token, LinkEnded>> {
    let person = credentials.person();
    conn.transaction(|conn| {
        throttle::lock(conn, person.0)?;
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
        device::forget(conn, person)?;
        // A lost device is mended so; that the person is who he says two others confirm before his key counts.
        factor::forget(conn, person)?;
        passkey::forget(conn, person)?;
        provider::forget(conn, person)?;
        badge::forget(conn, person)?;
        throttle::forget(conn, person)?;
        credentials.store(conn, now)?;
        let (known, _) = device::remember(conn, person, device, false, now)?;
        Ok(Ok(known))
    })
}

/// A person's signing key, locked; nothing where he has not set a password.
///
/// # Errors
/// The database, also where the stored key is damaged.
pub fn locked_key(conn: &mut Conn, person: PersonId) -> QueryResult<Option<LockedKey>> {
    LockedKey::load(conn, person)
}

/// Stored data that this code cannot have written.
pub(crate) fn damaged(what: impl ToString) -> DieselError {
    DieselError::DeserializationError(what.to_string().into())
}

/// Ends a person's links that were not used; how many there were.
///
/// # Errors
/// The database.
pub fn end_links(conn: &mut Conn, person: PersonId) -> QueryResult<usize> {
    let unused =
        setup_link::table.filter(setup_link::person.eq(Id(person.0)).and(setup_link::used_at.is_null()));
    diesel::delete(unused).execute(conn)
}
