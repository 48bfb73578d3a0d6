//! Shared tablets at the bench: browsers in which people take turns by badge and PIN, because an administrator said so
//! while he sat there. A tablet is known by its device cookie, which is made anew whenever somebody comes in.

use super::session::{Session, Token, digest_of, hash_of};
use super::{damaged, device, throttle};
use crate::engine::prelude::*;
use crate::schema::{bench_tablet, known_device, session};
use crate::sql_types::Id;
use baiyo_domain::ids::PersonId;
use baiyo_domain::journal::source::Device;
use baiyo_domain::text::Short;
use baiyo_domain::time::Time;
use uuid::Uuid;

/// A tablet as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tablet {
    /// Its identifier.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// Who registered it.
    pub made_by: PersonId,
    /// When.
    pub made_at: Time,
}

/// The tablet that shows a cookie, and by which hash its people are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Here {
    pub(super) id: Uuid,
    pub(super) hash: Vec<u8>,
}

/// The tablets that are registered, by name.
///
/// # Errors
/// The database.
pub fn tablets(conn: &mut Conn) -> QueryResult<Vec<Tablet>> {
    let rows = bench_tablet::table
        .order((bench_tablet::name, bench_tablet::made_at))
        .select((bench_tablet::id, bench_tablet::name, bench_tablet::made_by, bench_tablet::made_at))
        .load::<(Id, String, Id, i64)>(conn)?;
    let tablets = rows.into_iter().filter_map(|(id, name, by, at)| {
        Some(Tablet { id: id.0, name, made_by: PersonId(by.0), made_at: Time::from_micros(at)? })
    });
    Ok(tablets.collect())
}

/// Whether the browser with this device cookie is a shared tablet, and how it is called.
///
/// # Errors
/// The database.
pub fn tablet_named(conn: &mut Conn, cookie: &str) -> QueryResult<Option<String>> {
    let Some(here) = here(conn, Some(cookie))? else { return Ok(None) };
    bench_tablet::table.find(Id(here.id)).select(bench_tablet::name).first(conn).optional()
}

/// The shared tablet at which a session is used: that at which its badge was shown, or else the one that shows this cookie.
///
/// # Errors
/// The database.
pub fn tablet_of(conn: &mut Conn, session: &Session, cookie: Option<&str>) -> QueryResult<Option<Device>> {
    let id = match session.tablet {
        Some(id) => Some(id),
        None => here(conn, cookie)?.map(|here| here.id),
    };
    let Some(id) = id else { return Ok(None) };
    let name =
        bench_tablet::table.find(Id(id)).select(bench_tablet::name).first::<String>(conn).optional()?;
    name.map(|name| Ok(Device { id, name: Short::try_from(name).map_err(damaged)? })).transpose()
}

/// Registers the browser in which somebody signed in; whether it was known by its cookie, and was no tablet yet.
///
/// # Errors
/// The database.
pub fn register_tablet(
    conn: &mut Conn,
    by: PersonId,
    cookie: &str,
    name: &str,
    now: Time,
) -> QueryResult<bool> {
    let hash = digest_of(cookie);
    conn.transaction(|conn| {
        if !device::is_known(conn, by, &hash, now)? || here(conn, Some(cookie))?.is_some() {
            return Ok(false);
        }
        diesel::insert_into(bench_tablet::table)
            .values((
                bench_tablet::id.eq(Id(Uuid::now_v7())),
                bench_tablet::name.eq(name),
                bench_tablet::token_hash.eq(&hash[..]),
                bench_tablet::made_by.eq(Id(by.0)),
                bench_tablet::made_at.eq(now.micros()),
            ))
            .execute(conn)?;
        Ok(true)
    })
}

/// Ends a tablet's registration: whoever came in there by badge is out, and nobody is known there any more. Whether there
/// was one.
///
/// # Errors
/// The database.
pub fn end_tablet(conn: &mut Conn, id: Uuid, now: Time) -> QueryResult<bool> {
    conn.transaction(|conn| {
        lock(conn, id)?;
        let row = bench_tablet::table.find(Id(id));
        let Some(hash) = row.select(bench_tablet::token_hash).first::<Vec<u8>>(conn).optional()? else {
            return Ok(false);
        };
        let there = session::tablet.eq(Id(id)).and(session::ended_at.is_null());
        diesel::update(session::table.filter(there)).set(session::ended_at.eq(now.micros())).execute(conn)?;
        diesel::delete(known_device::table.filter(known_device::token_hash.eq(&hash))).execute(conn)?;
        Ok(diesel::delete(row).execute(conn)? == 1)
    })
}

/// The tablet that shows this cookie.
pub(super) fn here(conn: &mut Conn, cookie: Option<&str>) -> QueryResult<Option<Here>> {
    let Some(cookie) = cookie else { return Ok(None) };
    let hash = hash_of(cookie);
    let shown = bench_tablet::token_hash.eq(&hash).or(bench_tablet::previous_hash.eq(&hash));
    let found = bench_tablet::table
        .filter(shown)
        .select((bench_tablet::id, bench_tablet::token_hash))
        .first::<(Id, Vec<u8>)>(conn)
        .optional()?;
    Ok(found.map(|(id, hash)| Here { id: id.0, hash }))
}

/// Makes a browser's cookie anew: everybody who is known by it, and the tablet that it may be, are known by the new one.
/// A tablet is known by the one it showed as well, until the next, because an answer may be lost; nobody else is.
pub(super) fn renewed(conn: &mut Conn, cookie: Option<&str>) -> QueryResult<(Token, Vec<u8>)> {
    let token = Token::random("")?;
    let hash = hash_of(token.as_str());
    if let Some(cookie) = cookie {
        let shown = hash_of(cookie);
        let tablet = here(conn, Some(cookie))?;
        if let Some(tablet) = &tablet {
            diesel::update(bench_tablet::table.find(Id(tablet.id)))
                .set((bench_tablet::token_hash.eq(&hash), bench_tablet::previous_hash.eq(&shown)))
                .execute(conn)?;
        }
        let before = tablet.map_or(shown, |tablet| tablet.hash);
        if let (Ok(before), Ok(after)) = (before[..].try_into(), hash[..].try_into()) {
            throttle::follow(conn, before, after)?;
        }
        diesel::update(known_device::table.filter(known_device::token_hash.eq(before)))
            .set(known_device::token_hash.eq(&hash))
            .execute(conn)?;
    }
    Ok((token, hash))
}

/// What is read of a tablet stays so until the transaction ends, also where another server would change it.
pub(super) fn lock(conn: &mut Conn, id: Uuid) -> QueryResult<()> {
    crate::engine::postgres::lock(conn, &format!("tablet {id}"), crate::engine::postgres::Held::Alone)
}
