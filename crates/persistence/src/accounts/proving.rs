//! Who somebody is, by his password: signing in, and the proof that one signing wants. What was wrong is counted, and
//! recorded among the attempts on that account for those who look into them.

use super::device;
use super::password::{CheckedPassword, StoredSecret};
use super::session::{self, Token};
use super::signing_key::UnlockedKey;
use super::throttle::{self, Count, Origin, PasswordRefused, Secret};
use crate::engine::prelude::*;
use crate::error::StoreError;
use crate::execute::{append_unasked, wait_after_attempts};
use crate::journal;
use crate::keystore::KeyStore;
use crate::schema::{account, signing_key as stored_key};
use crate::sql_types::Id;
use crate::store::Store;
use crate::writer::JobError;
use crate::{ExecuteError, writer::WriteError};
use baiyo_domain::attempts::{self, TriedFrom, WrongSecret};
use baiyo_domain::authority::Reauthenticated;
use baiyo_domain::decision::Appends;
use baiyo_domain::ids::PersonId;
use baiyo_domain::journal::StreamKind;
use baiyo_domain::time::Time;
use baiyo_domain::world::World;
use diesel::dsl::exists;

/// What somebody signs in through.
#[derive(Clone, Copy, Debug)]
pub enum Through<'a> {
    /// A browser or a program, with the cookie by which it may be known.
    Browser(Option<&'a str>),
    /// The command line.
    Machine,
}

/// Somebody signed in.
pub struct SignedIn {
    /// Who.
    pub person: PersonId,
    /// His session.
    pub session: Token,
    /// What his browser is known by from now on.
    pub device: Token,
}

/// What a password is checked against; for an unknown name something that takes as long and never fits. Where too many
/// were wrong, that instead: for an unknown name as for a known one.
///
/// # Errors
/// The database.
pub fn stored_secret(
    conn: &mut Conn,
    keys: &KeyStore,
    sign_in: &str,
    through: Through,
    now: Time,
) -> QueryResult<Result<StoredSecret, PasswordRefused>> {
    let found = account::table
        .filter(account::sign_in.eq(sign_in))
        .select((account::person, account::password_hash))
        .first::<(Id, Option<String>)>(conn)
        .optional()?;
    let stand_in = keys.stand_in(sign_in);
    let (person, hash) = found.map_or((None, None), |(person, hash)| (Some(PersonId(person.0)), hash));
    let subject = person.map_or(stand_in, |person| person.0);
    let origin = match through {
        Through::Browser(cookie) => device::origin(conn, subject, cookie, now)?,
        Through::Machine => Origin::Machine,
    };
    let count = Count { subject, secret: Secret::Password, origin };
    let blocked = throttle::blocked(conn, count, now)?;
    Ok(blocked.map_or(Ok(StoredSecret { count, person, hash }), Err))
}

/// Settles a password: says whose it is, or counts the failure.
///
/// # Errors
/// The database; inside, why the password opened nothing.
pub fn recognise(
    conn: &mut Conn,
    checked: &CheckedPassword,
    now: Time,
) -> QueryResult<Result<PersonId, PasswordRefused>> {
    conn.transaction(|conn| {
        throttle::lock(conn, checked.count.subject)?;
        let whole = account::table.find(Id(checked.count.subject)).select(account::password_hash);
        let current = whole.first::<Option<String>>(conn).optional()?.flatten();
        let right = checked.is_right() && checked.is_against(&current);
        let settled = throttle::settle(conn, checked.count, right, now)?;
        Ok(settled.and_then(|()| checked.person.ok_or(PasswordRefused::Wrong)))
    })
}

/// Settles a sign-in: opens a session, from which on the browser is known, or counts the failure.
///
/// # Errors
/// The database, or no random bytes; inside, why the password opened nothing.
pub fn sign_in(
    conn: &mut Conn,
    checked: &CheckedPassword,
    device: Option<&str>,
    now: Time,
) -> QueryResult<Result<SignedIn, PasswordRefused>> {
    conn.transaction(|conn| match recognise(conn, checked, now)? {
        Ok(person) => {
            let (device, known_since) = device::remember(conn, person, device, now)?;
            let session = session::open(conn, person, known_since, now)?;
            Ok(Ok(SignedIn { person, session, device }))
        }
        Err(refused) => Ok(Err(refused)),
    })
}

/// Whether a password of a person is looked at that is tried from there.
///
/// # Errors
/// The database; inside, until when it is not.
pub fn may_try(
    conn: &mut Conn,
    person: PersonId,
    origin: Origin,
    now: Time,
) -> QueryResult<Result<(), PasswordRefused>> {
    let count = Count { subject: person.0, secret: Secret::Password, origin };
    Ok(throttle::blocked(conn, count, now)?.map_or(Ok(()), Err))
}

/// Settles a re-authentication: gives the proof that one signing wants, or counts the failure.
///
/// # Errors
/// The database; inside, why the password opened nothing.
pub fn reauthenticate(
    conn: &mut Conn,
    unlocked: &UnlockedKey,
    origin: Origin,
    now: Time,
) -> QueryResult<Result<Reauthenticated, PasswordRefused>> {
    let UnlockedKey { person, key, meaning, signing } = unlocked;
    conn.transaction(|conn| {
        throttle::lock(conn, person.0)?;
        let still_his = stored_key::table.find(Id(key.0)).filter(stored_key::person.eq(Id(person.0)));
        let current = diesel::select(exists(still_his)).get_result(conn)?;
        let signing = signing.clone().filter(|_| current);
        let count = Count { subject: person.0, secret: Secret::Password, origin };
        let settled = throttle::settle(conn, count, signing.is_some(), now)?;
        Ok(settled.and_then(|()| {
            let signing = signing.ok_or(PasswordRefused::Wrong)?;
            Ok(Reauthenticated::proven(*person, *key, signing, *meaning))
        }))
    })
}

impl Store {
    /// As [`recognise`]; what was wrong is recorded.
    ///
    /// # Errors
    /// The database.
    pub fn recognise(
        &self,
        checked: CheckedPassword,
    ) -> Result<Result<PersonId, PasswordRefused>, StoreError> {
        let (whose, origin) = (checked.person, checked.count.origin);
        self.settle(whose, origin, move |conn, now| recognise(conn, &checked, now))
    }

    /// As [`sign_in`]; what was wrong is recorded.
    ///
    /// # Errors
    /// The database, or no random bytes.
    pub fn sign_in(
        &self,
        checked: CheckedPassword,
        device: Option<String>,
    ) -> Result<Result<SignedIn, PasswordRefused>, StoreError> {
        let (whose, origin) = (checked.person, checked.count.origin);
        self.settle(whose, origin, move |conn, now| sign_in(conn, &checked, device.as_deref(), now))
    }

    /// As [`reauthenticate`]; what was wrong is recorded.
    ///
    /// # Errors
    /// The database.
    pub fn reauthenticate(
        &self,
        unlocked: UnlockedKey,
        origin: Origin,
    ) -> Result<Result<Reauthenticated, PasswordRefused>, StoreError> {
        let whose = Some(unlocked.person);
        self.settle(whose, origin, move |conn, now| reauthenticate(conn, &unlocked, origin, now))
    }

    /// Settles what was tried, and records in the same transaction that it was wrong: as many of an account as the
    /// throttle looks at.
    fn settle<T: Send + 'static>(
        &self,
        whose: Option<PersonId>,
        origin: Origin,
        settling: impl Fn(&mut Conn, Time) -> QueryResult<Result<T, PasswordRefused>> + Send + 'static,
    ) -> Result<Result<T, PasswordRefused>, StoreError> {
        let time = self.time.clone();
        let outcome = self.write_again(move |conn| {
            let (now, _) = time.now();
            let settled = settling(conn, now)?;
            if let (Some(person), Err(PasswordRefused::Wrong)) = (whose, &settled)
                && record(conn, person, origin, now)?
            {
                time.recorded(now);
            }
            Ok(settled)
        });
        outcome.map_err(|error| match error {
            WriteError::Job(ExecuteError::Impossible(why)) => StoreError::Impossible(why),
            WriteError::Job(other) => StoreError::Database(other.to_string()),
            WriteError::Unavailable(reason) => StoreError::Database(reason),
            WriteError::Unknown(reason) => StoreError::Unknown(reason),
        })
    }
}

/// Records a wrong password; not where the centre is not founded, the account is closed or so many attempts were recorded
/// within a minute that no further one is. Whether it was.
fn record(
    conn: &mut Conn,
    person: PersonId,
    origin: Origin,
    now: Time,
) -> Result<bool, JobError<ExecuteError>> {
    let open = account::table.find(Id(person.0)).filter(account::password_hash.is_not_null());
    if !diesel::select(exists(open)).get_result::<bool>(conn)?
        || journal::site_stream(conn)?.is_none()
        || wait_after_attempts(conn, person, now)?.is_some()
    {
        return Ok(false);
    }
    let from = match origin {
        Origin::Strangers => TriedFrom::UnknownBrowser,
        Origin::Device(_) => TriedFrom::KnownBrowser,
        Origin::Session(_) => TriedFrom::Session,
        Origin::Programs => TriedFrom::Program,
        Origin::Machine => TriedFrom::CommandLine,
    };
    let mut appends = Appends::new();
    appends.push(StreamKind::Attempts, person.0, attempts::Event::from(WrongSecret { from }));
    append_unasked(conn, &World::default(), appends, person, now, None)?;
    Ok(true)
}
