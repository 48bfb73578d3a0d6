//! Passkeys: public keys of a person's own devices, by which he signs in. What a device signed is checked by whoever asked
//! for it; here stands whose a key is, what its last use told, and that it counts no longer.
//!
//! A passkey opens a session and no signing key: whoever signed in by one gives his password for each signing.

use super::ceremony::{Ceremony, begin_ceremony};
use super::factor;
use super::password::CheckedPassword;
use super::proving::{Carried, Renewal, SignedIn, enter_anew};
use super::session::{self, Entrance, Token, id_of};
use super::throttle::{self, Origin, PasswordRefused};
use crate::engine::prelude::*;
use crate::error::StoreError;
use crate::schema::{account, passkey};
use crate::sql_types::Id;
use crate::store::Store;
use baiyo_domain::ids::PersonId;
use baiyo_domain::time::Time;
use diesel::dsl::{count_star, exists};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Passkeys that one person may have.
pub const MOST_PASSKEYS: i64 = 20;

/// A passkey as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnPasskey {
    /// By what it is ended; it tells nothing by which it could be used.
    pub id: Uuid,
    /// What its owner called it.
    pub name: String,
    /// When it was made.
    pub made_at: Time,
    /// When somebody last signed in by it.
    pub used_at: Option<Time>,
}

/// A passkey that a device has just made.
#[derive(Clone, Debug)]
pub struct NewPasskey {
    /// The identifier by which a browser names it.
    pub credential: Vec<u8>,
    /// What its owner calls it.
    pub name: String,
    /// The public key, as the library writes it.
    pub public: String,
}

/// A passkey by which somebody has signed, as it was read and as it is from now on.
#[derive(Clone, Debug)]
pub struct UsedPasskey {
    /// The identifier by which a browser names it.
    pub credential: Vec<u8>,
    /// Whose it is.
    pub person: PersonId,
    /// As it was when the signature was checked.
    pub before: String,
    /// With the counter of this use.
    pub after: String,
}

/// Why a new passkey was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// It is known already.
    Known,
    /// The person has as many as he may.
    TooMany,
    /// The session in which he made it has ended meanwhile.
    Ended,
}

/// The passkeys of a person, the newest first.
///
/// # Errors
/// The database.
pub fn passkeys_of(conn: &mut Conn, person: PersonId) -> QueryResult<Vec<OwnPasskey>> {
    let rows = passkey::table
        .filter(passkey::person.eq(Id(person.0)))
        .order(passkey::made_at.desc())
        .select((passkey::credential, passkey::name, passkey::made_at, passkey::used_at))
        .load::<(Vec<u8>, String, i64, Option<i64>)>(conn)?;
    let own = rows.into_iter().filter_map(|(credential, name, made_at, used_at)| {
        Some(OwnPasskey {
            id: id_of(&credential),
            name,
            made_at: Time::from_micros(made_at)?,
            used_at: used_at.and_then(Time::from_micros),
        })
    });
    Ok(own.collect())
}

/// The public keys of a person's passkeys, as the library wrote them.
///
/// # Errors
/// The database.
pub fn public_passkeys_of(conn: &mut Conn, person: PersonId) -> QueryResult<Vec<String>> {
    passkey::table.filter(passkey::person.eq(Id(person.0))).select(passkey::public).load(conn)
}

/// Whose passkey this is, and its public key; nothing where it is nobody's, has ended, or its owner's account is closed.
///
/// # Errors
/// The database.
pub fn passkey(conn: &mut Conn, credential: &[u8]) -> QueryResult<Option<(PersonId, String)>> {
    let found = passkey::table
        .find(digest(credential))
        .inner_join(account::table.on(account::person.eq(passkey::person)))
        .filter(account::password_hash.is_not_null())
        .select((passkey::person, passkey::public))
        .first::<(Id, String)>(conn)
        .optional()?;
    Ok(found.map(|(person, public)| (PersonId(person.0), public)))
}

/// Ends a passkey of a person, and the sessions that began by a passkey of his, but the one in which he ends it himself;
/// whether there was one.
///
/// # Errors
/// The database; inside, that he must show a passkey first: who has his password alone does not rid himself of them.
pub fn end_passkey(
    conn: &mut Conn,
    person: PersonId,
    id: Uuid,
    himself: Option<Origin>,
    now: Time,
) -> QueryResult<Result<bool, PasswordRefused>> {
    conn.transaction(|conn| {
        throttle::lock(conn, person.0)?;
        if let Some(origin) = himself
            && !has_shown_all(conn, person, origin)?
        {
            return Ok(Err(PasswordRefused::PasskeyFirst));
        }
        end(conn, person, id, himself.and_then(Origin::session_id), now).map(Ok)
    })
}

fn end(conn: &mut Conn, person: PersonId, id: Uuid, but: Option<Uuid>, now: Time) -> QueryResult<bool> {
    let his = passkey::table.filter(passkey::person.eq(Id(person.0)));
    let all: Vec<Vec<u8>> = his.select(passkey::credential).load(conn)?;
    let Some(credential) = all.into_iter().find(|credential| id_of(credential) == id) else {
        return Ok(false);
    };
    let ended = diesel::delete(passkey::table.find(credential)).execute(conn)?;
    session::end_entered(conn, person, Entrance::Passkey, but, now)?;
    Ok(ended == 1)
}

/// Whether a person has shown, where he is, whatever he has of a second factor. The caller has settled a code, where he has
/// any: so only a passkey is left to ask for, without which whoever knows his password would give himself one.
pub(super) fn has_shown_all(conn: &mut Conn, person: PersonId, origin: Origin) -> QueryResult<bool> {
    let his = passkey::table.filter(passkey::person.eq(Id(person.0)));
    if factor::factor_since(conn, person)?.is_some() || !diesel::select(exists(his)).get_result(conn)? {
        return Ok(true);
    }
    Ok(session::entrance(conn, origin)?.shows_a_factor())
}

/// Takes all passkeys of a person away.
pub(super) fn forget(conn: &mut Conn, person: PersonId) -> QueryResult<()> {
    diesel::delete(passkey::table.filter(passkey::person.eq(Id(person.0)))).execute(conn)?;
    Ok(())
}

impl Store {
    /// Begins to give a person a passkey, if his password is right and so is a code where he has a second factor: a passkey
    /// stands for both from then on. `state` is what its answer will be checked against.
    ///
    /// # Errors
    /// The database, or no random bytes; inside, what was wrong.
    pub fn begin_passkey(
        &self,
        checked: CheckedPassword,
        renewal: Renewal,
        state: String,
    ) -> Result<Result<Option<Token>, PasswordRefused>, StoreError> {
        self.by_its_owner(checked, renewal, move |conn, person, now| {
            begin_ceremony(conn, Ceremony::PasskeyMade, Some(person), &state, now)
        })
    }
}

/// Keeps a new passkey. The session goes on anew, as one that began by it.
///
/// # Errors
/// The database, or no random bytes; inside, why it was not kept.
pub fn keep_passkey(
    conn: &mut Conn,
    person: PersonId,
    origin: Origin,
    new: &NewPasskey,
    browser: &Carried,
    now: Time,
) -> QueryResult<Result<SignedIn, NotKept>> {
    conn.transaction(|conn| {
        throttle::lock(conn, person.0)?;
        let lasts = match origin.session() {
            Some(hash) => session::is_in_force(conn, &hash, person, now)?,
            None => false,
        };
        if !lasts {
            return Ok(Err(NotKept::Ended));
        }
        let his = passkey::table.filter(passkey::person.eq(Id(person.0)));
        if his.select(count_star()).get_result::<i64>(conn)? >= MOST_PASSKEYS {
            return Ok(Err(NotKept::TooMany));
        }
        let credential = digest(&new.credential);
        if diesel::select(exists(passkey::table.find(&credential))).get_result(conn)? {
            return Ok(Err(NotKept::Known));
        }
        diesel::insert_into(passkey::table)
            .values((
                passkey::credential.eq(credential),
                passkey::person.eq(Id(person.0)),
                passkey::name.eq(&new.name),
                passkey::public.eq(&new.public),
                passkey::made_at.eq(now.micros()),
            ))
            .execute(conn)?;
        Ok(Ok(enter_anew(conn, person, browser.shown(None), Entrance::Passkey, now)?))
    })
}

/// Opens a session for whoever has just signed by his passkey; nothing where it has ended, was used or changed meanwhile, or
/// its owner's account was closed.
///
/// # Errors
/// The database, or no random bytes.
pub fn enter_by_passkey(
    conn: &mut Conn,
    used: &UsedPasskey,
    browser: &Carried,
    now: Time,
) -> QueryResult<Option<SignedIn>> {
    conn.transaction(|conn| {
        throttle::lock(conn, used.person.0)?;
        let open = account::table.find(Id(used.person.0)).filter(account::password_hash.is_not_null());
        if !diesel::select(exists(open)).get_result::<bool>(conn)? {
            return Ok(None);
        }
        let as_checked = passkey::table
            .find(digest(&used.credential))
            .filter(passkey::person.eq(Id(used.person.0)).and(passkey::public.eq(&used.before)));
        let noted = (passkey::public.eq(&used.after), passkey::used_at.eq(now.micros()));
        if diesel::update(as_checked).set(noted).execute(conn)? != 1 {
            return Ok(None);
        }
        Ok(Some(enter_anew(conn, used.person, browser.shown(None), Entrance::Passkey, now)?))
    })
}

fn digest(credential: &[u8]) -> Vec<u8> {
    Sha256::digest(credential).to_vec()
}
