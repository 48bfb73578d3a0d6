//! Known devices: browsers from which a person has signed in, told by a cookie of 256 random bits that the database knows
//! only by its hash. A device opens nothing; wrong passwords from it are counted apart from those of strangers.
//!
//! The cookie is made anew at each sign-in, for everybody who is known by it. Whoever took a value from a browser that several
//! share, and signs in with it first, is known by theirs from then on: he gains a count of guesses of his own, and no more.

use super::session::{Token, digest_of};
use super::tablet;
use super::throttle::Origin;
use crate::engine::prelude::*;
use crate::schema::known_device;
use crate::sql_types::Id;
use baiyo_domain::ids::PersonId;
use baiyo_domain::time::Time;
use chrono::TimeDelta;
use uuid::Uuid;

/// A device unused for so long is forgotten.
pub const DEVICE_KEPT: TimeDelta = TimeDelta::days(180);
/// Devices known of one person; the ones used last.
pub const MOST_DEVICES: i64 = 10;

/// Where a request with this cookie comes from, for this person (or for what stands for a name that is no account).
pub(super) fn origin(conn: &mut Conn, subject: Uuid, cookie: Option<&str>, now: Time) -> QueryResult<Origin> {
    // A device is looked for in any case, so that its absence takes as long.
    let hash = digest_of(cookie.unwrap_or_default());
    let known = known_since(conn, subject, &hash, now)?;
    Ok(if known.is_some() { Origin::Device(hash) } else { Origin::Strangers })
}

/// The person has signed in, fully or not: from now on his browser is known by the token that this answers with, and by no
/// other; and since when it had been, before. Others who share it stay known there.
pub(super) fn remember(
    conn: &mut Conn,
    person: PersonId,
    cookie: Option<&str>,
    fully: bool,
    now: Time,
) -> QueryResult<(Token, Option<i64>)> {
    let since = match cookie {
        Some(cookie) => known_since(conn, person.0, &digest_of(cookie), now)?,
        None => None,
    };
    let (token, hash) = tablet::renewed(conn, cookie)?;
    let this = known_device::table.find((&hash, Id(person.0)));
    let full_at = fully.then_some(now.micros());
    let used = (known_device::used_at.eq(now.micros()), known_device::full_at.eq(full_at));
    if diesel::update(this).set(used).execute(conn)? == 0 {
        let row = (
            known_device::token_hash.eq(&hash),
            known_device::person.eq(Id(person.0)),
            known_device::made_at.eq(now.micros()),
            used,
        );
        diesel::insert_into(known_device::table).values(row).execute(conn)?;
    }
    let others = known_device::person.eq(Id(person.0)).and(known_device::token_hash.ne(&hash));
    let surplus: Vec<Vec<u8>> = known_device::table
        .filter(others)
        .order(known_device::used_at.desc())
        .offset(MOST_DEVICES - 1)
        .limit(MOST_DEVICES)
        .select(known_device::token_hash)
        .load(conn)?;
    for hash in surplus {
        diesel::delete(known_device::table.find((hash, Id(person.0)))).execute(conn)?;
    }
    Ok((token, since))
}

/// Nothing that a person gave in a browser before counts as a full sign-in any more.
pub(super) fn no_longer_full(conn: &mut Conn, person: PersonId) -> QueryResult<()> {
    let his = known_device::person.eq(Id(person.0)).and(known_device::full_at.is_not_null());
    diesel::update(known_device::table.filter(his))
        .set(known_device::full_at.eq(None::<i64>))
        .execute(conn)?;
    Ok(())
}

/// Forgets all devices of a person.
pub(super) fn forget(conn: &mut Conn, person: PersonId) -> QueryResult<()> {
    diesel::delete(known_device::table.filter(known_device::person.eq(Id(person.0)))).execute(conn)?;
    Ok(())
}

/// Whether a person has signed in from a browser with a cookie of this hash.
pub(super) fn is_known(conn: &mut Conn, person: PersonId, hash: &[u8; 32], now: Time) -> QueryResult<bool> {
    Ok(known_since(conn, person.0, hash, now)?.is_some())
}

fn known_since(conn: &mut Conn, subject: Uuid, hash: &[u8; 32], now: Time) -> QueryResult<Option<i64>> {
    known_device::table
        .find((&hash[..], Id(subject)))
        .filter(known_device::used_at.gt(now.plus(-DEVICE_KEPT).micros()))
        .select(known_device::made_at)
        .first(conn)
        .optional()
}
