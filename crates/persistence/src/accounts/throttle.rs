//! The throttle on passwords and codes: in each count [`MOST_WRONG`] wrong ones are told from right ones within any
//! [`PERIOD`], and no more. Counts are kept by whom a secret was given for and by where it was tried from; so a stranger
//! who guesses keeps strangers out, and not the person from his own browser or his session.
//!
//! The window slides and is exact: a count holds when each wrong secret of the last quarter of an hour was given, in ten
//! slots. While all are taken nothing is told, of a right one neither; the first slot is free again a quarter of an hour
//! after it was taken. A right secret takes no slot and frees none.

use crate::engine::postgres::{self, Held};
use crate::engine::prelude::*;
use crate::schema::{account, wrong_secret};
use crate::sql_types::Id;
use baiyo_domain::ids::PersonId;
use baiyo_domain::time::Time;
use chrono::TimeDelta;
use diesel::dsl::count_star;
use uuid::Uuid;

/// Wrong passwords or codes that are told from right ones in each count within [`PERIOD`].
pub const MOST_WRONG: i32 = 10;
/// How long a wrong one counts.
pub const PERIOD: TimeDelta = TimeDelta::minutes(15);
/// As many wrong ones within [`PERIOD`] on one account, wherever from, are shown to administrators.
pub const MANY_WRONG: i64 = 5;

/// Why a password, or a code after it, opened nothing. Who is not signed in must not be told the first two apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefused {
    /// It is wrong, or there is no such account.
    #[error("the password is wrong")]
    Wrong,
    /// It was right, and another took its place before it was settled: a new password, or the same one hashed anew. No wrong
    /// one: it takes no slot and is not recorded.
    #[error("the password was replaced or hashed anew meanwhile; it may be given again")]
    Replaced,
    /// Too many were wrong: until then none is looked at, not even the right one.
    #[error("too many wrong passwords; none is looked at until {until}")]
    Blocked {
        /// When the next one is looked at.
        until: Time,
    },
    /// The password is right, and a code of the second factor is needed as well.
    #[error("a code of the second factor is needed")]
    CodeNeeded,
    /// The code is wrong, of another time, or was used before.
    #[error("the code is wrong, of another time, or was used before")]
    CodeWrong,
    /// The first code of a device that is being set up is wrong: it has another secret, or another time.
    #[error("the first code of the new device is wrong")]
    FirstCodeWrong,
    /// He has a passkey and no codes, and this session did not begin by it: a password alone gives him no other factor.
    #[error("sign in by the passkey first")]
    PasskeyFirst,
    /// Too many codes were wrong: until then none is looked at.
    #[error("too many wrong codes; none is looked at until {until}")]
    CodeBlocked {
        /// When the next one is looked at.
        until: Time,
    },
}

impl PasswordRefused {
    /// The same of a code.
    pub(super) fn of_a_code(self) -> Self {
        match self {
            Self::Wrong => Self::CodeWrong,
            Self::Blocked { until } => Self::CodeBlocked { until },
            other => other,
        }
    }
}

/// Where a password or a code is tried from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A browser or a program from which this person has not signed in: all of them together.
    Strangers,
    /// A browser from which he has, by its cookie's hash.
    Device([u8; 32]),
    /// Within a session that began with the password, by its token's hash.
    Session([u8; 32]),
    /// Within one that began otherwise, by its token's hash. They are counted all together: whoever can begin one without
    /// the password can begin more, and would have as many guesses in each.
    OtherSession([u8; 32]),
    /// Programs that act for him by a token: all together, since he who has one can make more.
    Programs,
    /// The command line, by whoever can read the records anyway.
    Machine,
}

impl Origin {
    /// By what the session is ended that it is, as its owner sees it.
    pub fn session_id(self) -> Option<Uuid> {
        self.session().map(|hash| super::session::id_of(&hash))
    }

    /// The hash of the session's token that it is.
    pub(super) fn session(self) -> Option<[u8; 32]> {
        match self {
            Self::Session(hash) | Self::OtherSession(hash) => Some(hash),
            Self::Strangers | Self::Device(_) | Self::Programs | Self::Machine => None,
        }
    }
}

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secret {
    /// A password.
    Password,
    /// A code of the second factor.
    Code,
    /// A PIN, with a badge at a shared tablet.
    Pin,
}

/// One count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    /// A person, or what stands for a name that is no account.
    pub(super) subject: Uuid,
    pub(super) secret: Secret,
    pub(super) origin: Origin,
}

impl Count {
    fn key(self) -> Vec<u8> {
        let (name, of): (&[u8], &[u8]) = match &self.origin {
            Origin::Strangers => (b"strangers", &[]),
            Origin::Device(hash) => (b"device ", hash),
            Origin::Session(hash) => (b"session ", hash),
            Origin::OtherSession(_) => (b"other sessions", &[]),
            Origin::Programs => (b"programs", &[]),
            Origin::Machine => (b"machine", &[]),
        };
        let secret: &[u8] = match self.secret {
            Secret::Password => b"",
            Secret::Code => b"code ",
            Secret::Pin => b"pin ",
        };
        [secret, name, of].concat()
    }
}

/// What was tried from a browser goes on to count once its cookie has been made anew.
pub(super) fn follow(conn: &mut Conn, before: [u8; 32], after: [u8; 32]) -> QueryResult<()> {
    for secret in [Secret::Password, Secret::Code, Secret::Pin] {
        let [before, after] = [before, after]
            .map(|hash| Count { subject: Uuid::nil(), secret, origin: Origin::Device(hash) }.key());
        diesel::update(wrong_secret::table.filter(wrong_secret::origin.eq(before)))
            .set(wrong_secret::origin.eq(after))
            .execute(conn)?;
    }
    Ok(())
}

/// Until when nothing is looked at in a count; nothing where the next one is.
pub(super) fn blocked(conn: &mut Conn, count: Count, now: Time) -> QueryResult<Option<PasswordRefused>> {
    let taken = taken(conn, count, now)?;
    Ok((taken.len() >= MOST_WRONG as usize).then(|| refused(&taken, now)))
}

/// Settles a secret that was looked at: while every slot is taken a right one is refused like a wrong one, so that guesses
/// sent side by side tell no more than guesses sent one after another. The caller holds the subject's lock.
pub(super) fn settle(
    conn: &mut Conn,
    count: Count,
    right: bool,
    now: Time,
) -> QueryResult<Result<(), PasswordRefused>> {
    let taken = taken(conn, count, now)?;
    let free = (0..MOST_WRONG).find(|slot| !taken.iter().any(|(other, _)| other == slot));
    let Some(free) = free else { return Ok(Err(refused(&taken, now))) };
    if right {
        return Ok(Ok(()));
    }
    // Whatever has run out goes, this slot's last one among it.
    diesel::delete(wrong_secret::table.filter(wrong_secret::given_at.le(begin(now)))).execute(conn)?;
    diesel::insert_into(wrong_secret::table)
        .values((
            wrong_secret::subject.eq(Id(count.subject)),
            wrong_secret::origin.eq(count.key()),
            wrong_secret::slot.eq(free),
            wrong_secret::given_at.eq(now.micros()),
        ))
        .execute(conn)?;
    Ok(Err(PasswordRefused::Wrong))
}

/// A new password: what was wrong before no longer counts.
pub(super) fn forget(conn: &mut Conn, person: PersonId) -> QueryResult<()> {
    diesel::delete(wrong_secret::table.filter(wrong_secret::subject.eq(Id(person.0)))).execute(conn)?;
    Ok(())
}

/// What is settled for a subject stays so until the transaction ends, also where another node would settle it.
pub(super) fn lock(conn: &mut Conn, subject: Uuid) -> QueryResult<()> {
    postgres::lock(conn, &format!("account {subject}"), Held::Alone)
}

/// Accounts for which [`MANY_WRONG`] passwords or codes or more were wrong within [`PERIOD`], with how many.
///
/// # Errors
/// The database.
pub fn guessed_at(conn: &mut Conn, now: Time) -> QueryResult<Vec<(PersonId, i64)>> {
    let counted = wrong_secret::table
        .inner_join(account::table.on(account::person.eq(wrong_secret::subject)))
        .filter(wrong_secret::given_at.gt(begin(now)))
        .group_by(account::person)
        .select((account::person, count_star()))
        .order(account::person)
        .load::<(Id, i64)>(conn)?;
    let many = counted.into_iter().filter(|(_, wrong)| *wrong >= MANY_WRONG);
    Ok(many.map(|(person, wrong)| (PersonId(person.0), wrong)).collect())
}

/// The slots of a count that are taken, each with when it was.
fn taken(conn: &mut Conn, count: Count, now: Time) -> QueryResult<Vec<(i32, i64)>> {
    wrong_secret::table
        .filter(wrong_secret::subject.eq(Id(count.subject)).and(wrong_secret::origin.eq(count.key())))
        .filter(wrong_secret::given_at.gt(begin(now)))
        .select((wrong_secret::slot, wrong_secret::given_at))
        .load(conn)
}

fn refused(taken: &[(i32, i64)], now: Time) -> PasswordRefused {
    let first = taken.iter().filter_map(|(_, at)| Time::from_micros(*at)).min().unwrap_or(now);
    PasswordRefused::Blocked { until: first.plus(PERIOD) }
}

/// What was given then or before no longer counts.
fn begin(now: Time) -> i64 {
    now.plus(-PERIOD).micros()
}
