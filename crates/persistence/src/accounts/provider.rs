//! Accounts at a provider of the site's own, by which a person signs in. Such an account is known by the provider and by the
//! subject that it never gives to anybody else; never by a name or an address of mail.
//!
//! An administrator names the account, and it counts once its person has accepted it with his password: so no administrator
//! gives himself a way into another's account.

use super::ceremony::{Ceremony, ceremony, take_ceremony};
use super::factor;
use super::password::CheckedPassword;
use super::proving::{Carried, Renewal, SignedIn, enter_anew};
use super::session::{self, Entrance};
use super::throttle::{self, PasswordRefused};
use super::{damaged, device};
use crate::engine::prelude::*;
use crate::error::StoreError;
use crate::schema::{account, provider_link};
use crate::sql_types::Id;
use crate::store::Store;
use baiyo_domain::ids::PersonId;
use baiyo_domain::time::Time;
use diesel::dsl::exists;

/// A person's account at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderLink {
    /// What the provider calls him.
    pub subject: String,
    /// When an administrator named it.
    pub made_at: Time,
    /// Since when it counts: when its person accepted it.
    pub accepted_at: Option<Time>,
}

/// Whom a provider named, and what it saw of him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The person.
    pub person: PersonId,
    /// The account by which he is known there.
    pub subject: String,
    /// Whether the provider saw a second factor.
    pub factor_shown: bool,
    /// Where he wanted to go.
    pub to: String,
}

/// A person's account at a provider, accepted or not.
///
/// # Errors
/// The database.
pub fn provider_link(conn: &mut Conn, issuer: &str, person: PersonId) -> QueryResult<Option<ProviderLink>> {
    let found = provider_link::table
        .filter(provider_link::person.eq(Id(person.0)).and(provider_link::issuer.eq(issuer)))
        .select((provider_link::subject, provider_link::made_at, provider_link::accepted_at))
        .first::<(String, i64, Option<i64>)>(conn)
        .optional()?;
    found
        .map(|(subject, made_at, accepted_at)| {
            let made_at = Time::from_micros(made_at).ok_or_else(|| damaged("a time out of range"))?;
            Ok(ProviderLink { subject, made_at, accepted_at: accepted_at.and_then(Time::from_micros) })
        })
        .transpose()
}

/// Names a person's account at a provider, in place of another he may have; whether it is nobody else's. Sessions that began
/// by the other one end.
///
/// # Errors
/// The database.
pub fn link_provider(
    conn: &mut Conn,
    issuer: &str,
    subject: &str,
    person: PersonId,
    by: PersonId,
    now: Time,
) -> QueryResult<bool> {
    conn.transaction(|conn| {
        throttle::lock(conn, person.0)?;
        let anothers =
            provider_link::table.find((issuer, subject)).filter(provider_link::person.ne(Id(person.0)));
        if diesel::select(exists(anothers)).get_result(conn)? {
            return Ok(false);
        }
        unlink_provider(conn, issuer, person, now)?;
        diesel::insert_into(provider_link::table)
            .values((
                provider_link::issuer.eq(issuer),
                provider_link::subject.eq(subject),
                provider_link::person.eq(Id(person.0)),
                provider_link::made_by.eq(Id(by.0)),
                provider_link::made_at.eq(now.micros()),
            ))
            .execute(conn)?;
        Ok(true)
    })
}

/// Ends a person's account at a provider and the sessions that began by it; whether there was one.
///
/// # Errors
/// The database.
pub fn unlink_provider(conn: &mut Conn, issuer: &str, person: PersonId, now: Time) -> QueryResult<bool> {
    conn.transaction(|conn| {
        throttle::lock(conn, person.0)?;
        let his = provider_link::person.eq(Id(person.0)).and(provider_link::issuer.eq(issuer));
        let ended = diesel::delete(provider_link::table.filter(his)).execute(conn)?;
        for entrance in [Entrance::Provider, Entrance::ProviderAndFactor] {
            session::end_entered(conn, person, entrance, None, now)?;
        }
        Ok(ended > 0)
    })
}

/// Whose account this is; nobody's where it was not accepted, or where the person's account here is closed.
///
/// # Errors
/// The database.
pub fn person_at_provider(conn: &mut Conn, issuer: &str, subject: &str) -> QueryResult<Option<PersonId>> {
    let found = provider_link::table
        .find((issuer, subject))
        .inner_join(account::table.on(account::person.eq(provider_link::person)))
        .filter(account::password_hash.is_not_null().and(provider_link::accepted_at.is_not_null()))
        .select(provider_link::person)
        .first::<Id>(conn)
        .optional()?;
    Ok(found.map(|id| PersonId(id.0)))
}

/// Takes all accounts at providers away from a person.
pub(super) fn forget(conn: &mut Conn, person: PersonId) -> QueryResult<()> {
    diesel::delete(provider_link::table.filter(provider_link::person.eq(Id(person.0)))).execute(conn)?;
    Ok(())
}

impl Store {
    /// A person accepts the account that was named as his, if his password is right and so is a code where he has a second
    /// factor; whether it is still the one he saw.
    ///
    /// # Errors
    /// The database; inside, what was wrong.
    pub fn accept_provider(
        &self,
        checked: CheckedPassword,
        renewal: Renewal,
        issuer: String,
        subject: String,
    ) -> Result<Result<Option<bool>, PasswordRefused>, StoreError> {
        self.by_its_owner(checked, renewal, move |conn, person, now| {
            let shown = provider_link::table
                .find((&issuer, &subject))
                .filter(provider_link::person.eq(Id(person.0)).and(provider_link::accepted_at.is_null()));
            let accepted = diesel::update(shown).set(provider_link::accepted_at.eq(now.micros()));
            Ok(accepted.execute(conn)? == 1)
        })
    }

    /// Opens a session for somebody whom the provider named and who has tapped to go on. Where the provider saw no second
    /// factor and he has one here, his code must be right. Nothing where he was named too long ago, has gone on already, or
    /// is linked no longer.
    ///
    /// # Errors
    /// The database, or no random bytes; inside, what was wrong with the code.
    pub fn enter_by_provider(
        &self,
        answered: String,
        issuer: String,
        code: Option<String>,
        browser: Carried,
    ) -> Result<Result<Option<SignedIn>, PasswordRefused>, StoreError> {
        let factors = self.factor_key()?;
        let (now, _) = self.now();
        let asked = self.read(|conn| {
            let Some(named) = named(conn, &answered, now)? else { return Ok(None) };
            let origin = device::origin(conn, named.person.0, browser.device.as_deref(), now)?;
            Ok::<_, StoreError>(Some((named.person, origin)))
        })?;
        let Some((person, origin)) = asked else { return Ok(Ok(None)) };
        self.settle(Some(person), origin, move |conn, now| {
            throttle::lock(conn, person.0)?;
            // Asked again, as he may have gone on while the lock was waited for.
            let Some(named) = named(conn, &answered, now)? else { return Ok(Ok(None)) };
            if person_at_provider(conn, &issuer, &named.subject)? != Some(named.person) {
                return Ok(Ok(None));
            }
            let entrance = match named.factor_shown {
                true => Entrance::ProviderAndFactor,
                false => Entrance::Provider,
            };
            if entrance == Entrance::Provider {
                let code = code.as_deref();
                if let Err(refused) = factor::settle(conn, factors.as_ref(), person, code, origin, now)? {
                    return Ok(Err(refused));
                }
            }
            if take_ceremony(conn, Ceremony::ProviderAnswered, &answered, now)?.is_none() {
                return Ok(Ok(None));
            }
            Ok(Ok(Some(enter_anew(conn, person, browser.shown(None), entrance, now)?)))
        })
    }
}

/// Whom a provider named lately in this browser; nobody once he has gone on.
///
/// # Errors
/// The database, also where what was kept of it is damaged.
pub fn named(conn: &mut Conn, answered: &str, now: Time) -> QueryResult<Option<Named>> {
    let Some((Some(person), state)) = ceremony(conn, Ceremony::ProviderAnswered, answered, now)? else {
        return Ok(None);
    };
    let (factor_shown, subject, to) = serde_json::from_str(&state).map_err(damaged)?;
    Ok(Some(Named { person, subject, factor_shown, to }))
}

/// A provider has named somebody: from then on it is known which browser may go on as him.
///
/// # Errors
/// The database, or no random bytes.
pub fn was_named(conn: &mut Conn, named: &Named, now: Time) -> QueryResult<session::Token> {
    let state = serde_json::json!([named.factor_shown, named.subject, named.to]).to_string();
    super::ceremony::begin_ceremony(conn, Ceremony::ProviderAnswered, Some(named.person), &state, now)
}
