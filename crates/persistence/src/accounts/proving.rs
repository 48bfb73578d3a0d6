//! Who somebody is, by his password: signing in, and the proof that one signing wants. What was wrong is counted, and
//! recorded among the attempts on that account for those who look into them.

use super::badge::{self, CheckedTurn, NotSwitched, Pin};
use super::device;
use super::factor::{self, FactorSecret};
use super::passkey::has_shown_all;
use super::password::{CheckedPassword, StoredSecret, cost};
use super::session::{self, Entrance, Token};
use super::signing_key::{ChangedPassword, UnlockedKey};
use super::throttle::{self, Count, Origin, PasswordRefused, Secret};
use super::token::{self, NewToken};
use crate::engine::prelude::*;
use crate::error::StoreError;
use crate::execute::{append_unasked, wait_after_attempts};
use crate::journal;
use crate::keystore::{Key, KeyStore};
use crate::schema::{account, signing_key as stored_key};
use crate::sql_types::Id;
use crate::store::Store;
use crate::writer::JobError;
use crate::{ExecuteError, writer::WriteError};
use baiyo_domain::attempts::{self, TriedFrom, WrongSecret};
use baiyo_domain::authority::Reauthenticated;
use baiyo_domain::decision::Appends;
use baiyo_domain::ids::{KeyId, PersonId};
use baiyo_domain::journal::StreamKind;
use baiyo_domain::people::SignIn;
use baiyo_domain::time::Time;
use baiyo_domain::world::World;
use chrono::TimeDelta;
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
    // What cannot be a name is nobody's; not every engine takes any text.
    let name = SignIn::try_from(sign_in.to_string()).ok();
    let named = account::table.filter(account::sign_in.eq(name.as_ref().map_or("", SignIn::as_str)));
    let found = named
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
        let settled = throttle::settle(conn, checked.count, checked.is_right(), now)?;
        Ok(settled.and_then(|()| match checked.is_against(&current) {
            true => checked.person.ok_or(PasswordRefused::Wrong),
            false => Err(PasswordRefused::Replaced),
        }))
    })
}

/// What became of a right password.
pub enum Entered {
    /// He is signed in.
    In(SignedIn),
    /// His code is awaited: this opens nothing, and is shown again with the code.
    CodeAwaited(Token),
}

/// Settles a sign-in: opens a session, from which on the browser is known, or counts the failure. Where the person has a
/// second factor and no code is given, it is awaited.
///
/// # Errors
/// The database, or no random bytes; inside, why the password or the code opened nothing.
pub fn sign_in(
    conn: &mut Conn,
    checked: &CheckedPassword,
    code: Option<&str>,
    shown: Shown,
    now: Time,
) -> QueryResult<Result<Entered, PasswordRefused>> {
    conn.transaction(|conn| {
        let person = match recognise(conn, checked, now)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        Ok(match factor::settle(conn, shown.factors, person, code, checked.count.origin, now)? {
            Ok(()) => Ok(Entered::In(enter_anew(conn, person, shown, Entrance::Password, now)?)),
            Err(PasswordRefused::CodeNeeded) => {
                Ok(Entered::CodeAwaited(session::await_code(conn, person, now)?))
            }
            Err(refused) => Err(refused),
        })
    })
}

/// What became of a code after a right password.
pub enum Completed {
    /// He is signed in.
    In(SignedIn),
    /// The same form came before, with this very code: that one signed him in, this one does nothing.
    Already,
    /// No code is awaited, or not any more.
    NotAwaited,
}

/// Settles a code that was awaited.
///
/// # Errors
/// The database, or no random bytes; inside, why the code opened nothing.
pub fn complete_sign_in(
    conn: &mut Conn,
    pending: &str,
    code: &str,
    shown: Shown,
    now: Time,
) -> QueryResult<Result<Completed, PasswordRefused>> {
    conn.transaction(|conn| {
        let Some((person, _)) = session::pending(conn, pending, now)? else {
            return Ok(Ok(Completed::NotAwaited));
        };
        throttle::lock(conn, person.0)?;
        // Asked again, as it may have been used while the lock was waited for.
        match session::pending(conn, pending, now)? {
            Some((_, false)) => {}
            Some((_, true)) if factor::is_spent(conn, shown.factors, person, code)? => {
                return Ok(Ok(Completed::Already));
            }
            Some((_, true)) | None => return Ok(Ok(Completed::NotAwaited)),
        }
        let origin = device::origin(conn, person.0, shown.device, now)?;
        if let Err(refused) = factor::settle(conn, shown.factors, person, Some(code), origin, now)? {
            return Ok(Err(refused));
        }
        session::no_longer_awaited(conn, pending, now)?;
        Ok(Ok(Completed::In(enter_anew(conn, person, shown, Entrance::Password, now)?)))
    })
}

/// What a browser shows beside a password, and what opens second factors.
#[derive(Clone, Copy, Default)]
pub struct Shown<'a> {
    /// The cookie by which it may be known.
    pub device: Option<&'a str>,
    /// The session it had, whosesoever: the new one takes its place.
    pub session: Option<&'a str>,
    /// The key of second factors' secrets.
    pub factors: Option<&'a Key>,
}

/// The cookies of a browser in which somebody signs in. None is ever printed.
#[derive(Clone, Default)]
pub struct Carried {
    /// The one by which it may be known.
    pub device: Option<String>,
    /// The one of the session it had.
    pub session: Option<String>,
}

impl Carried {
    pub(super) fn shown<'a>(&'a self, factors: Option<&'a Key>) -> Shown<'a> {
        Shown { device: self.device.as_deref(), session: self.session.as_deref(), factors }
    }
}

/// Opens a session in place of the one that the browser had, whosesoever.
pub(super) fn enter_anew(
    conn: &mut Conn,
    person: PersonId,
    shown: Shown,
    entrance: Entrance,
    now: Time,
) -> QueryResult<SignedIn> {
    if let Some(before) = shown.session {
        session::end_session(conn, before, now)?;
    }
    enter(conn, person, shown.device, entrance, now)
}

fn enter(
    conn: &mut Conn,
    person: PersonId,
    device: Option<&str>,
    entrance: Entrance,
    now: Time,
) -> QueryResult<SignedIn> {
    let (device, known_since) = device::remember(conn, person, device, entrance.is_full(), now)?;
    let session = session::open(conn, person, known_since, entrance, now)?;
    if entrance.is_full() {
        badge::allow_pin(conn, person)?;
    }
    Ok(SignedIn { person, session, device })
}

/// What the password of somebody who is signed in is checked against, to change what his account rests on.
///
/// # Errors
/// The database; inside, until when none is looked at.
pub fn own_secret(
    conn: &mut Conn,
    person: PersonId,
    origin: Origin,
    now: Time,
) -> QueryResult<Result<StoredSecret, PasswordRefused>> {
    let count = Count { subject: person.0, secret: Secret::Password, origin };
    let hash = account::table.find(Id(person.0)).select(account::password_hash).first(conn)?;
    let blocked = throttle::blocked(conn, count, now)?;
    Ok(blocked.map_or(Ok(StoredSecret { count, person: Some(person), hash }), Err))
}

/// Somebody who is signed in changes what his account rests on: where he is, and the code of his device. Never printed.
#[derive(Clone)]
pub struct Renewal {
    /// Who.
    pub person: PersonId,
    /// Where from.
    pub origin: Origin,
    /// A code, where he has a second factor.
    pub code: Option<String>,
    /// The cookie by which his browser may be known.
    pub device: Option<String>,
}

impl Renewal {
    /// Whether the session in which he asks is in force still. The caller holds the account's lock: what ended it meanwhile
    /// came first.
    fn lasts(&self, conn: &mut Conn, now: Time) -> QueryResult<bool> {
        match self.origin.session() {
            Some(hash) => session::is_in_force(conn, &hash, self.person, now),
            None => Ok(false),
        }
    }
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
    let UnlockedKey { person, key, meaning, signing, sealing } = unlocked;
    conn.transaction(|conn| {
        throttle::lock(conn, person.0)?;
        let current = is_sealed_so(conn, *person, *key, sealing)?;
        let count = Count { subject: person.0, secret: Secret::Password, origin };
        let settled = throttle::settle(conn, count, signing.is_some(), now)?;
        Ok(settled.and_then(|()| {
            let signing = signing.clone().ok_or(PasswordRefused::Wrong)?;
            if !current {
                return Err(PasswordRefused::Replaced);
            }
            Ok(Reauthenticated::proven(*person, *key, signing, *meaning).under(sealing.clone()))
        }))
    })
}

/// Whether a person's key is sealed still as it was when his password opened it.
fn is_sealed_so(conn: &mut Conn, person: PersonId, key: KeyId, sealing: &[u8]) -> QueryResult<bool> {
    let so = stored_key::table
        .find(Id(key.0))
        .filter(stored_key::person.eq(Id(person.0)).and(stored_key::salt.eq(sealing)));
    diesel::select(exists(so)).get_result(conn)
}

/// Whether the password that a proof rests on is the signer's still; it stays so until the transaction ends.
///
/// # Errors
/// The database.
pub fn holds(conn: &mut Conn, proof: &Reauthenticated) -> QueryResult<bool> {
    throttle::lock(conn, proof.person().0)?;
    is_sealed_so(conn, proof.person(), proof.key(), proof.sealing())
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
        mut checked: CheckedPassword,
        code: Option<String>,
        browser: Carried,
    ) -> Result<Result<Entered, PasswordRefused>, StoreError> {
        let (whose, origin) = (checked.person, checked.count.origin);
        let (factors, outdated) = (self.factor_key()?, checked.take_outdated());
        let entered = self.settle(whose, origin, move |conn, now| {
            sign_in(conn, &checked, code.as_deref(), browser.shown(factors.as_ref()), now)
        })?;
        if let (Ok(_), Some((person, password))) = (&entered, outdated)
            && let Err(error) = self.bring_to_todays_cost(person, &password)
        {
            // He is signed in all the same, and it is tried again the next time.
            tracing::error!(%error, "a password could not be hashed anew at today's cost");
        }
        Ok(entered)
    }

    /// Hashes a right password anew at today's cost, and seals the key under it; both or neither, and neither where it was
    /// changed meanwhile.
    fn bring_to_todays_cost(&self, person: PersonId, password: &str) -> Result<(), StoreError> {
        let locked = self.read(|conn| Ok::<_, StoreError>(super::locked_key(conn, person)?))?;
        let changed = locked.map(|locked| locked.sealed_at(password, password, cost())).transpose();
        let changed = changed.map_err(|error| StoreError::Database(error.to_string()))?.flatten();
        let Some(changed) = changed else { return Ok(()) };
        let stored = self.write(move |conn| {
            throttle::lock(conn, person.0).map_err(JobError::<StoreError>::from)?;
            changed.store(conn).map_err(JobError::<StoreError>::from)
        });
        Ok(stored.map(|_| ())?)
    }

    /// As [`complete_sign_in`]; what was wrong is recorded.
    ///
    /// # Errors
    /// The database, or no random bytes.
    pub fn complete_sign_in(
        &self,
        pending: String,
        code: String,
        browser: Carried,
    ) -> Result<Result<Completed, PasswordRefused>, StoreError> {
        let factors = self.factor_key()?;
        let (now, _) = self.now();
        let asked = self.read(|conn| {
            let Some((person, _)) = session::pending(conn, &pending, now)? else { return Ok(None) };
            Ok::<_, StoreError>(Some((
                person,
                device::origin(conn, person.0, browser.device.as_deref(), now)?,
            )))
        })?;
        let Some((person, origin)) = asked else { return Ok(Ok(Completed::NotAwaited)) };
        self.settle(Some(person), origin, move |conn, now| {
            complete_sign_in(conn, &pending, &code, browser.shown(factors.as_ref()), now)
        })
    }

    /// Gives a person who is signed in a second factor, in place of one he may have, if his password is right and so are a
    /// code of the old one and a code of the new one. All his sessions and tokens end; this session is the one that goes on.
    /// Nothing where it ended meanwhile.
    ///
    /// # Errors
    /// The database, or no random bytes; inside, what was wrong.
    pub fn set_factor(
        &self,
        checked: CheckedPassword,
        renewal: Renewal,
        secret: FactorSecret,
        first: String,
    ) -> Result<Result<Option<SignedIn>, PasswordRefused>, StoreError> {
        let factors = self.factor_key_made()?;
        self.settle(Some(renewal.person), renewal.origin, move |conn, now| {
            let Renewal { person, origin, code, device } = &renewal;
            throttle::lock(conn, person.0)?;
            if !renewal.lasts(conn, now)? {
                return Ok(Ok(None));
            }
            if let Err(refused) = recognise(conn, &checked, now)? {
                return Ok(Err(refused));
            }
            let Some(step) = secret.accepts(&first, now, 0) else {
                return Ok(Err(PasswordRefused::FirstCodeWrong));
            };
            if let Err(refused) =
                factor::settle(conn, Some(&factors), *person, code.as_deref(), *origin, now)?
            {
                return Ok(Err(refused));
            }
            if !has_shown_all(conn, *person, *origin)? {
                return Ok(Err(PasswordRefused::PasskeyFirst));
            }
            factor::store(conn, &factors, *person, &secret, step, now)?;
            session::end_all(conn, *person, now)?;
            Ok(Ok(Some(enter(conn, *person, device.as_deref(), Entrance::Password, now)?)))
        })
    }

    /// Puts a person's signing key under a new password, if the old one opened it and the code is right. All his sessions
    /// and tokens end and his browsers are forgotten; what goes on is this session. Nothing where it ended meanwhile.
    ///
    /// # Errors
    /// The database, or no random bytes; inside, what was wrong.
    pub fn change_password(
        &self,
        changed: Option<ChangedPassword>,
        renewal: Renewal,
    ) -> Result<Result<Option<SignedIn>, PasswordRefused>, StoreError> {
        let factors = self.factor_key()?;
        self.settle(Some(renewal.person), renewal.origin, move |conn, now| {
            let Renewal { person, origin, code, device } = &renewal;
            throttle::lock(conn, person.0)?;
            if !renewal.lasts(conn, now)? {
                return Ok(Ok(None));
            }
            let count = Count { subject: person.0, secret: Secret::Password, origin: *origin };
            if let Err(refused) = throttle::settle(conn, count, changed.is_some(), now)? {
                return Ok(Err(refused));
            }
            if let Err(refused) =
                factor::settle(conn, factors.as_ref(), *person, code.as_deref(), *origin, now)?
            {
                return Ok(Err(refused));
            }
            if !has_shown_all(conn, *person, *origin)? {
                return Ok(Err(PasswordRefused::PasskeyFirst));
            }
            // Changed by somebody else meanwhile, the old password is no longer the old one.
            let stored = changed.as_ref().map(|changed| changed.store(conn)).transpose()?;
            if stored != Some(true) {
                return Ok(Err(PasswordRefused::Replaced));
            }
            let entrance = session::entrance(conn, *origin)?;
            session::end_all(conn, *person, now)?;
            device::forget(conn, *person)?;
            // Others stay known in this browser. What was shown besides the password stays shown.
            Ok(Ok(Some(enter(conn, *person, device.as_deref(), entrance, now)?)))
        })
    }

    /// Makes a token for a program of somebody who is signed in; nothing where his session ended meanwhile.
    ///
    /// # Errors
    /// The database, or no random bytes; inside, what was wrong.
    pub fn make_token(
        &self,
        checked: CheckedPassword,
        renewal: Renewal,
        new: NewToken,
    ) -> Result<Result<Option<Token>, PasswordRefused>, StoreError> {
        self.by_its_owner(checked, renewal, move |conn, person, now| token::make(conn, person, &new, now))
    }

    /// Makes a badge for somebody who is signed in, in place of one he may have; nothing where his session ended meanwhile.
    ///
    /// # Errors
    /// The database, or no random bytes; inside, what was wrong.
    pub fn make_badge(
        &self,
        checked: CheckedPassword,
        renewal: Renewal,
    ) -> Result<Result<Option<Token>, PasswordRefused>, StoreError> {
        self.by_its_owner(checked, renewal, badge::make_badge)
    }

    /// Sets the PIN of somebody who is signed in; nothing where his session ended meanwhile. Slow: it hashes the PIN.
    ///
    /// # Errors
    /// The database, or no random bytes; inside, what was wrong.
    pub fn set_pin(
        &self,
        checked: CheckedPassword,
        renewal: Renewal,
        pin: &Pin,
    ) -> Result<Result<Option<()>, PasswordRefused>, StoreError> {
        let hash = badge::hash(pin).map_err(|error| StoreError::Database(error.to_string()))?;
        self.by_its_owner(checked, renewal, move |conn, person, now| badge::set_pin(conn, person, &hash, now))
    }

    /// Settles a PIN at a shared tablet; what was wrong is recorded.
    ///
    /// # Errors
    /// The database, or no random bytes; inside, why nobody's turn came.
    pub fn switch(
        &self,
        checked: CheckedTurn,
        code: String,
        browser: Carried,
    ) -> Result<Result<SignedIn, NotSwitched>, StoreError> {
        let (whose, origin) = (checked.turn.person(), checked.turn.origin);
        self.settle(Some(whose), origin, move |conn, now| {
            badge::switch(conn, &checked, browser.shown(None), &code, now)
        })
    }

    /// What somebody does with his account, with his password and a code where he has a second factor: in one transaction
    /// with the look whether his session is in force still, so that nothing is made in the instant in which all ends.
    pub(super) fn by_its_owner<T: Send + 'static>(
        &self,
        checked: CheckedPassword,
        renewal: Renewal,
        act: impl Fn(&mut Conn, PersonId, Time) -> QueryResult<T> + Send + 'static,
    ) -> Result<Result<Option<T>, PasswordRefused>, StoreError> {
        let factors = self.factor_key()?;
        self.settle(Some(renewal.person), renewal.origin, move |conn, now| {
            let Renewal { person, origin, code, .. } = &renewal;
            throttle::lock(conn, person.0)?;
            if !renewal.lasts(conn, now)? {
                return Ok(Ok(None));
            }
            if let Err(refused) = recognise(conn, &checked, now)? {
                return Ok(Err(refused));
            }
            let code = code.as_deref();
            if let Err(refused) = factor::settle(conn, factors.as_ref(), *person, code, *origin, now)? {
                return Ok(Err(refused));
            }
            if !has_shown_all(conn, *person, *origin)? {
                return Ok(Err(PasswordRefused::PasskeyFirst));
            }
            act(conn, *person, now).map(Some).map(Ok)
        })
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
    pub(super) fn settle<T: Send + 'static, E: Tried + Send + 'static>(
        &self,
        whose: Option<PersonId>,
        origin: Origin,
        settling: impl Fn(&mut Conn, Time) -> QueryResult<Result<T, E>> + Send + 'static,
    ) -> Result<Result<T, E>, StoreError> {
        let time = self.time.clone();
        let outcome = self.write_again(move |conn| {
            let (now, _) = time.now();
            let settled = settling(conn, now)?;
            let wrong = settled.as_ref().err().and_then(Tried::wrong);
            if let (Some(person), Some(wrong)) = (whose, wrong)
                && record(conn, person, origin, wrong, now)?
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

/// Why a secret opened nothing, as it is recorded.
pub(super) trait Tried {
    /// Which secret was wrong; nothing where none was looked at.
    fn wrong(&self) -> Option<Secret>;
}

impl Tried for PasswordRefused {
    fn wrong(&self) -> Option<Secret> {
        match self {
            PasswordRefused::Wrong => Some(Secret::Password),
            PasswordRefused::CodeWrong => Some(Secret::Code),
            _ => None,
        }
    }
}

impl Tried for NotSwitched {
    fn wrong(&self) -> Option<Secret> {
        matches!(self, NotSwitched::Wrong).then_some(Secret::Pin)
    }
}

/// Wrong passwords and codes of one person that are recorded within a day before those of strangers no longer are: twice as
/// many as administrators are told of. What comes after is counted, locks and alerts all the same.
pub const RECORDED_A_DAY: i64 = 2 * throttle::MANY_WRONG;

/// Whether strangers' wrong passwords say nothing more that would be worth an entry: whoever goes on guessing would only
/// make the journal long.
fn has_recorded_enough(conn: &mut Conn, person: PersonId, now: Time) -> QueryResult<bool> {
    let before = journal::wrong_secret_before(conn, person, RECORDED_A_DAY - 1)?;
    Ok(before.is_some_and(|at| now.since(at) < TimeDelta::days(1)))
}

/// Records a wrong password, code or PIN; not where the centre is not founded, the account is closed, so many attempts were recorded
/// within a minute that no further one is, or a stranger's day is full. Whether it was.
fn record(
    conn: &mut Conn,
    person: PersonId,
    origin: Origin,
    wrong: Secret,
    now: Time,
) -> Result<bool, JobError<ExecuteError>> {
    let open = account::table.find(Id(person.0)).filter(account::password_hash.is_not_null());
    if !diesel::select(exists(open)).get_result::<bool>(conn)?
        || journal::site_stream(conn)?.is_none()
        || wait_after_attempts(conn, person, now)?.is_some()
        || origin == Origin::Strangers && has_recorded_enough(conn, person, now)?
    {
        return Ok(false);
    }
    let from = match origin {
        Origin::Strangers => TriedFrom::UnknownBrowser,
        Origin::Device(_) => TriedFrom::KnownBrowser,
        Origin::Session(_) | Origin::OtherSession(_) => TriedFrom::Session,
        Origin::Programs => TriedFrom::Program,
        Origin::Machine => TriedFrom::CommandLine,
    };
    let (code, pin) = (wrong == Secret::Code, wrong == Secret::Pin);
    let mut appends = Appends::new();
    appends.push(StreamKind::Attempts, person.0, attempts::Event::from(WrongSecret { from, code, pin }));
    append_unasked(conn, &World::default(), appends, person, now, None)?;
    Ok(true)
}
