//! The second factor: codes that a person's own device makes of a secret and the time (TOTP, RFC 6238: HMAC-SHA-1, steps of
//! 30 s, six digits). A code is taken in its own step and in the one before and after, and once only.
//!
//! The secret is stored encrypted under a key of the key store. A secret that is shown to be set up is kept nowhere: the
//! page carries it sealed, and it becomes the person's with a right code of it.

use super::throttle::{self, Count, Origin, PasswordRefused, Secret};
use crate::engine::prelude::*;
use crate::keystore::{Binding, CryptoFailure, Key, nonce_of_form_1, random, seal, unseal};
use crate::schema::second_factor;
use crate::sql_types::Id;
use baiyo_domain::ids::PersonId;
use baiyo_domain::time::Time;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use diesel::dsl::exists;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Seconds of a step.
pub const STEP: i64 = 30;
/// The digits of a code.
pub const DIGITS: usize = 6;
/// How long a secret that was shown may be set up.
pub const PROPOSED_FOR: TimeDelta = TimeDelta::minutes(15);

/// What a device makes codes of: 160 random bits, as RFC 4226 recommends.
pub struct FactorSecret(Zeroizing<[u8; 20]>);

impl FactorSecret {
    /// A fresh one.
    ///
    /// # Errors
    /// No random bytes.
    pub fn random() -> Result<Self, CryptoFailure> {
        Ok(Self(random()?))
    }

    /// In base 32 (RFC 4648), as devices read it.
    pub fn text(&self) -> Zeroizing<String> {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let mut text = Zeroizing::new(String::with_capacity(32));
        // Five bytes make eight characters: twenty leave nothing over.
        for five in self.0.chunks(5) {
            let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            let characters = (0..8).rev().map(|place| ALPHABET[(bits >> (5 * place) & 31) as usize]);
            text.extend(characters.map(char::from));
        }
        text
    }

    /// Seals it for the page that shows it to this person.
    ///
    /// # Errors
    /// The library refuses its input, which it does not.
    pub fn propose(&self, key: &Key, person: PersonId, now: Time) -> Result<String, CryptoFailure> {
        let text = Zeroizing::new([&self.0[..], &now.micros().to_be_bytes()].concat());
        let (nonce, sealed) = seal(key, &text, &proposal_of(person))?;
        Ok(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// The secret that was shown to this person a little while ago.
    pub fn proposed(text: &str, key: &Key, person: PersonId, now: Time) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(24)?;
        let open = unseal(key, nonce.try_into().ok()?, sealed, &proposal_of(person))?;
        let (secret, shown) = open.split_at_checked(20)?;
        let shown = Time::from_micros(i64::from_be_bytes(shown.try_into().ok()?))?;
        let mut own = Zeroizing::new([0; 20]);
        own.copy_from_slice(secret);
        (now.since(shown) < PROPOSED_FOR).then_some(Self(own))
    }

    /// The step of a code, where it is right now and newer than the newest that was accepted.
    pub(super) fn accepts(&self, code: &str, now: Time, newest: i64) -> Option<i64> {
        let current = step_at(now);
        let fits = |step: &i64| u64::try_from(*step).is_ok_and(|counter| self.code(counter) == code);
        (current - 1..=current + 1).filter(|step| *step > newest).find(fits)
    }

    /// RFC 4226, 5.3, over a counter.
    fn code(&self, counter: u64) -> String {
        // HMAC pads a key with zeros to the hash's block; so padded it cannot be of a wrong length.
        let mut block = Zeroizing::new([0; 64]);
        block[..20].copy_from_slice(&self.0[..]);
        let mac =
            Hmac::<Sha1>::new((&*block).into()).chain_update(counter.to_be_bytes()).finalize().into_bytes();
        let offset = usize::from(mac[19] & 15);
        let four = [mac[offset] & 127, mac[offset + 1], mac[offset + 2], mac[offset + 3]];
        format!("{:0DIGITS$}", u32::from_be_bytes(four) % 10_u32.pow(DIGITS as u32))
    }
}

/// Since when a person has a second factor.
///
/// # Errors
/// The database.
pub fn factor_since(conn: &mut Conn, person: PersonId) -> QueryResult<Option<Time>> {
    let since = second_factor::table.find(Id(person.0)).select(second_factor::made_at);
    Ok(since.first::<i64>(conn).optional()?.and_then(Time::from_micros))
}

/// Whether anybody has one.
///
/// # Errors
/// The database.
pub fn any_factor(conn: &mut Conn) -> QueryResult<bool> {
    diesel::select(exists(second_factor::table.select(second_factor::person))).get_result(conn)
}

/// Settles a code, where the person has a second factor. The caller holds the account's lock.
pub(super) fn settle(
    conn: &mut Conn,
    key: Option<&Key>,
    person: PersonId,
    code: Option<&str>,
    origin: Origin,
    now: Time,
) -> QueryResult<Result<(), PasswordRefused>> {
    let Some((secret, newest)) = opened(conn, key, person)? else { return Ok(Ok(())) };
    let Some(code) = code else { return Ok(Err(PasswordRefused::CodeNeeded)) };
    let secret = secret.ok_or_else(|| super::damaged("a second factor does not open under the key store"))?;
    let step = secret.accepts(code, now, newest);
    let count = Count { subject: person.0, secret: Secret::Code, origin };
    let settled = throttle::settle(conn, count, step.is_some(), now)?;
    if let (Ok(()), Some(step)) = (settled, step) {
        diesel::update(second_factor::table.find(Id(person.0)))
            .set(second_factor::step.eq(step))
            .execute(conn)?;
    }
    Ok(settled.map_err(PasswordRefused::of_a_code))
}

/// Whether a code is the newest that was accepted of a person: it is spent, and opens nothing.
pub(super) fn is_spent(
    conn: &mut Conn,
    key: Option<&Key>,
    person: PersonId,
    code: &str,
) -> QueryResult<bool> {
    let Some((Some(secret), newest)) = opened(conn, key, person)? else { return Ok(false) };
    Ok(u64::try_from(newest).is_ok_and(|counter| secret.code(counter) == code))
}

/// A person's secret, where it opens under the key, and the step of the newest code that was accepted.
fn opened(
    conn: &mut Conn,
    key: Option<&Key>,
    person: PersonId,
) -> QueryResult<Option<(Option<FactorSecret>, i64)>> {
    let row = second_factor::table
        .find(Id(person.0))
        .select((second_factor::nonce, second_factor::sealed, second_factor::step))
        .first::<(Vec<u8>, Vec<u8>, i64)>(conn)
        .optional()?;
    let Some((nonce, sealed, newest)) = row else { return Ok(None) };
    let nonce = nonce_of_form_1(&nonce).map_err(super::damaged)?;
    let secret = key.and_then(|key| {
        let open = unseal(key, &nonce, &sealed, &binding(person))?;
        Some(FactorSecret(Zeroizing::new(open.as_slice().try_into().ok()?)))
    });
    Ok(Some((secret, newest)))
}

/// Gives a person a secret, in place of one he may have; the code by which he showed that his device has it is spent.
pub(super) fn store(
    conn: &mut Conn,
    key: &Key,
    person: PersonId,
    secret: &FactorSecret,
    step: i64,
    now: Time,
) -> QueryResult<()> {
    let sealed = seal(key, &secret.0[..], &binding(person));
    let (nonce, sealed) = sealed.map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    forget(conn, person)?;
    diesel::insert_into(second_factor::table)
        .values((
            second_factor::person.eq(Id(person.0)),
            second_factor::nonce.eq(&nonce[..]),
            second_factor::sealed.eq(sealed),
            second_factor::step.eq(step),
            second_factor::made_at.eq(now.micros()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Takes a person's second factor away.
pub(super) fn forget(conn: &mut Conn, person: PersonId) -> QueryResult<()> {
    diesel::delete(second_factor::table.find(Id(person.0))).execute(conn)?;
    Ok(())
}

fn step_at(now: Time) -> i64 {
    now.micros().div_euclid(1_000_000 * STEP)
}

fn binding(person: PersonId) -> Binding {
    Binding { purpose: "baiyo second factor 1", owners: [person.0, Uuid::nil()] }
}

fn proposal_of(person: PersonId) -> Binding {
    Binding { purpose: "baiyo proposed factor 1", owners: [person.0, Uuid::nil()] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> FactorSecret {
        FactorSecret(Zeroizing::new(*b"12345678901234567890"))
    }

    #[test]
    fn secrets_are_160_bits_of_the_systems_generator_and_none_comes_twice() {
        let made: Vec<[u8; 20]> = (0..2000).map(|_| *FactorSecret::random().unwrap().0).collect();
        let mut different = made.clone();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), 2000);
        // Of each of the 160 bits about half are set: six standard deviations to either side.
        for bit in 0..160 {
            let set = made.iter().filter(|bytes| bytes[bit / 8] >> (bit % 8) & 1 == 1).count();
            assert!((866..=1134).contains(&set), "bit {bit} is set in {set} of 2000");
        }
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, of whose eight digits ours are the last six.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000_u64, "353130"),
        ] {
            assert_eq!(secret().code(seconds / 30), code);
        }
        assert_eq!(*secret().text(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_code_is_taken_in_its_step_and_beside_it_and_none_older_than_the_last() {
        let at = |seconds: i64| Time::from_micros(seconds * 1_000_000).unwrap();
        let own = secret().code(100);
        for (seconds, taken) in [(2969, false), (2970, true), (3000, true), (3059, true), (3060, false)] {
            assert_eq!(secret().accepts(&own, at(seconds), 0), taken.then_some(100), "{seconds}");
        }
        assert_eq!(secret().accepts(&own, at(3000), 99), Some(100));
        assert_eq!(secret().accepts(&own, at(3000), 100), None, "once only");
        assert_eq!(secret().accepts(&secret().code(99), at(3000), 100), None, "nor an older one after it");
        for wrong in ["", "000000", &own[1..], "２８７０８２"] {
            assert_eq!(secret().accepts(wrong, at(3000), 0), None);
        }
    }

    #[test]
    fn what_was_proposed_is_set_up_by_its_person_within_a_quarter_of_an_hour() {
        let at = |seconds: i64| Time::from_micros(seconds * 1_000_000).unwrap();
        let (key, person) = (Key::new([7; 32]), PersonId(Uuid::from_u128(1)));
        let text = secret().propose(&key, person, at(0)).unwrap();
        let proposed =
            |key: &Key, person, second| FactorSecret::proposed(&text, key, person, at(second)).is_some();
        assert!(proposed(&key, person, 899));
        assert!(!proposed(&key, person, 900));
        assert!(!proposed(&key, PersonId(Uuid::from_u128(2)), 0));
        assert!(!proposed(&Key::new([8; 32]), person, 0));
        assert!(FactorSecret::proposed("", &key, person, at(0)).is_none());
    }
}
