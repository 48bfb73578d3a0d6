//! Badge and PIN: how somebody takes over a shared tablet at the bench with gloves on. The badge is a printed code of 128
//! random bits, which the database knows by its hash; the PIN its owner sets himself, with his password. The two open a
//! session for the bench alone, where he signed in with his password on that tablet within the working day; neither signs
//! anything.

use super::password;
use super::session::{self, Token, hash_of};
use super::tablet::{self, Here};
use super::throttle::{self, Count, Origin, PasswordRefused, Secret};
use super::{Shown, SignedIn};
use crate::engine::prelude::*;
use crate::keystore::random;
use crate::schema::{account, badge, known_device, pin};
use crate::sql_types::Id;
use baiyo_domain::ids::PersonId;
use baiyo_domain::time::Time;
use chrono::TimeDelta;
use diesel::dsl::exists;
use diesel::result::Error as DieselError;
use std::fmt;
use uuid::Uuid;
use zeroize::Zeroizing;

/// The fewest digits of a PIN.
pub const SHORTEST_PIN: usize = 6;
/// The most digits of a PIN.
pub const LONGEST_PIN: usize = 12;
/// Wrong PINs after which it opens nothing until its owner signs in with his password.
pub const MOST_WRONG_PINS: i32 = 5;
/// How long after a sign-in with the password, and the second factor where there is one, badge and PIN do at that tablet:
/// a working day, as long as a session lasts at most.
pub const WORKING_DAY: TimeDelta = TimeDelta::hours(12);
/// What the code of a badge begins with, so that it is no label of anything.
pub const BADGE_PREFIX: &str = "B1-";

/// A PIN good enough to be set; wiped from memory when it is dropped.
pub struct Pin(Zeroizing<String>);

impl Pin {
    /// Takes a PIN as its owner typed it; digits of full width count as digits.
    ///
    /// # Errors
    /// Why it is not good enough.
    pub fn new(text: &str) -> Result<Self, PinProblem> {
        let digits = digits(text).ok_or(PinProblem::Form)?;
        if easy(&digits) { Err(PinProblem::Easy) } else { Ok(Self(digits)) }
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(…)")
    }
}

/// Why a PIN is not good enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinProblem {
    /// Not [`SHORTEST_PIN`] to [`LONGEST_PIN`] digits.
    #[error("a PIN has {SHORTEST_PIN} to {LONGEST_PIN} digits")]
    Form,
    /// It runs on, repeats itself, is a date or is used by many.
    #[error("this PIN is among those that are guessed first")]
    Easy,
}

/// Hashes a PIN. Slow: one run of Argon2id, about 40 ms.
///
/// # Errors
/// No random bytes.
pub(super) fn hash(pin: &Pin) -> Result<String, crate::keystore::CryptoFailure> {
    password::hash(&pin.0, &*random()?, password::cost())
}

/// Why badge and PIN opened nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSwitched {
    /// The browser is no shared tablet, or is none any more.
    #[error("this browser is no shared tablet")]
    NoTablet,
    /// The badge is nobody's, or was replaced, or its owner has left.
    #[error("the badge is not known")]
    NoBadge,
    /// Its owner has set no PIN.
    #[error("no PIN is set")]
    NoPin,
    /// Its owner has not signed in with his password on this tablet within the working day.
    #[error("sign in with the password on this tablet first")]
    NotToday,
    /// Too many wrong PINs were given since.
    #[error("the PIN was wrong too often; sign in with the password")]
    PinEnded,
    /// The PIN is wrong.
    #[error("the PIN is wrong")]
    Wrong,
    /// Too many were, on whatever tablet: none is looked at until then.
    #[error("too many wrong PINs; none is looked at until {until}")]
    Blocked {
        /// When the next one is looked at.
        until: Time,
    },
}

/// What a PIN is checked against.
#[derive(Clone)]
pub struct Turn {
    person: PersonId,
    tablet: Uuid,
    code_hash: Vec<u8>,
    pin_hash: String,
    ends_at: Time,
    pub(super) origin: Origin,
}

impl Turn {
    /// Whose badge it is.
    pub fn person(&self) -> PersonId {
        self.person
    }

    /// Checks a PIN. Slow: one run of Argon2id.
    pub fn check(self, pin: &str) -> CheckedTurn {
        let right = digits(pin).is_some_and(|digits| password::verify(&digits, &self.pin_hash));
        CheckedTurn { turn: self, right }
    }
}

/// A PIN that was checked and not yet counted: [`switch`] takes it.
#[derive(Clone)]
pub struct CheckedTurn {
    pub(super) turn: Turn,
    right: bool,
}

/// Whose turn a badge makes it at a tablet, before the PIN is looked at.
///
/// # Errors
/// The database; inside, why it is nobody's.
pub fn turn(
    conn: &mut Conn,
    code: &str,
    device: Option<&str>,
    now: Time,
) -> QueryResult<Result<Turn, NotSwitched>> {
    let Some(Here { id, hash }) = tablet::here(conn, device)? else { return Ok(Err(NotSwitched::NoTablet)) };
    let code_hash = hash_of(&read(code));
    let person: Option<Id> = badge::table.find(&code_hash).select(badge::person).first(conn).optional()?;
    let Some(person) = person.map(|id| PersonId(id.0)) else { return Ok(Err(NotSwitched::NoBadge)) };
    let open = account::table.find(Id(person.0)).filter(account::password_hash.is_not_null());
    if !diesel::select(exists(open)).get_result::<bool>(conn)? {
        return Ok(Err(NotSwitched::NoBadge));
    }
    let signed_in: Option<Option<i64>> = known_device::table
        .find((&hash, Id(person.0)))
        .select(known_device::full_at)
        .first(conn)
        .optional()?;
    let ends_at = signed_in.flatten().and_then(Time::from_micros).map(|at| at.plus(WORKING_DAY));
    let Some(ends_at) = ends_at.filter(|ends| *ends > now) else { return Ok(Err(NotSwitched::NotToday)) };
    let set: Option<(String, i32)> =
        pin::table.find(Id(person.0)).select((pin::hash, pin::wrong)).first(conn).optional()?;
    let Some((pin_hash, wrong)) = set else { return Ok(Err(NotSwitched::NoPin)) };
    if wrong >= MOST_WRONG_PINS {
        return Ok(Err(NotSwitched::PinEnded));
    }
    if let Some(PasswordRefused::Blocked { until }) = throttle::blocked(conn, count(person), now)? {
        return Ok(Err(NotSwitched::Blocked { until }));
    }
    let origin = Origin::Device(hash.try_into().map_err(|_| super::damaged("a hash has 32 bytes"))?);
    Ok(Ok(Turn { person, tablet: id, code_hash, pin_hash, ends_at, origin }))
}

/// Settles a PIN: the session that the tablet had ends, and its owner has one for the bench; or counts the failure.
///
/// # Errors
/// The database, or no random bytes; inside, why nobody's turn came.
pub(super) fn switch(
    conn: &mut Conn,
    checked: &CheckedTurn,
    shown: Shown,
    code: &str,
    now: Time,
) -> QueryResult<Result<SignedIn, NotSwitched>> {
    let CheckedTurn { turn: before, right } = checked;
    conn.transaction(|conn| {
        throttle::lock(conn, before.person.0)?;
        tablet::lock(conn, before.tablet)?;
        // Asked again under the locks: the badge, the PIN, the tablet and the account may have ended meanwhile.
        let now_his = match turn(conn, code, shown.device, now)? {
            Ok(turn) => turn,
            Err(refused) => return Ok(Err(refused)),
        };
        let same = now_his.person == before.person
            && now_his.tablet == before.tablet
            && now_his.code_hash == before.code_hash
            && now_his.pin_hash == before.pin_hash;
        match throttle::settle(conn, count(before.person), *right && same, now)? {
            Ok(()) => {}
            Err(PasswordRefused::Blocked { until }) => return Ok(Err(NotSwitched::Blocked { until })),
            Err(_) => {
                diesel::update(pin::table.find(Id(before.person.0)))
                    .set(pin::wrong.eq(pin::wrong + 1))
                    .execute(conn)?;
                return Ok(Err(NotSwitched::Wrong));
            }
        }
        if let Some(former) = shown.session {
            session::end_session(conn, former, now)?;
        }
        let (device, _) = tablet::renewed(conn, shown.device)?;
        let session = session::open_at_tablet(conn, before.person, before.tablet, now_his.ends_at, now)?;
        Ok(Ok(SignedIn { person: before.person, session, device }))
    })
}

/// Gives a person a badge in place of one he may have; what came in by the old one is out. What is printed is shown once.
pub(super) fn make_badge(conn: &mut Conn, person: PersonId, now: Time) -> QueryResult<Token> {
    let code = code()?;
    end_badge(conn, person, now)?;
    diesel::insert_into(badge::table)
        .values((
            badge::code_hash.eq(hash_of(code.as_str())),
            badge::person.eq(Id(person.0)),
            badge::made_at.eq(now.micros()),
        ))
        .execute(conn)?;
    Ok(code)
}

/// Ends a person's badge, and the sessions that began with it.
///
/// # Errors
/// The database.
pub fn end_badge(conn: &mut Conn, person: PersonId, now: Time) -> QueryResult<bool> {
    conn.transaction(|conn| {
        throttle::lock(conn, person.0)?;
        session::end_at_tablets(conn, person, now)?;
        Ok(diesel::delete(badge::table.filter(badge::person.eq(Id(person.0)))).execute(conn)? > 0)
    })
}

/// Sets a person's PIN; none of the wrong ones before counts.
pub(super) fn set_pin(conn: &mut Conn, person: PersonId, hash: &str, now: Time) -> QueryResult<()> {
    session::end_at_tablets(conn, person, now)?;
    diesel::delete(pin::table.find(Id(person.0))).execute(conn)?;
    diesel::insert_into(pin::table)
        .values((
            pin::person.eq(Id(person.0)),
            pin::hash.eq(hash),
            pin::wrong.eq(0),
            pin::made_at.eq(now.micros()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Since when a person has a badge and a PIN.
///
/// # Errors
/// The database.
pub fn badge_and_pin(conn: &mut Conn, person: PersonId) -> QueryResult<(Option<Time>, Option<Time>)> {
    let badge: Option<i64> =
        badge::table.filter(badge::person.eq(Id(person.0))).select(badge::made_at).first(conn).optional()?;
    let pin: Option<i64> = pin::table.find(Id(person.0)).select(pin::made_at).first(conn).optional()?;
    Ok((badge.and_then(Time::from_micros), pin.and_then(Time::from_micros)))
}

/// He has signed in with his password: wrong PINs before count no more.
pub(super) fn allow_pin(conn: &mut Conn, person: PersonId) -> QueryResult<()> {
    let wrong = pin::table.find(Id(person.0)).filter(pin::wrong.gt(0));
    diesel::update(wrong).set(pin::wrong.eq(0)).execute(conn)?;
    Ok(())
}

/// Takes badge and PIN away.
pub(super) fn forget(conn: &mut Conn, person: PersonId) -> QueryResult<()> {
    diesel::delete(badge::table.filter(badge::person.eq(Id(person.0)))).execute(conn)?;
    diesel::delete(pin::table.find(Id(person.0))).execute(conn)?;
    Ok(())
}

/// Wrong PINs of a person, on all tablets together.
fn count(person: PersonId) -> Count {
    Count { subject: person.0, secret: Secret::Pin, origin: Origin::Strangers }
}

/// A badge's code: 128 random bits in capitals and digits that every keyboard has.
fn code() -> QueryResult<Token> {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bytes = random::<16>().map_err(|error| DieselError::SerializationError(error.into()))?;
    let bits = u128::from_be_bytes(*bytes);
    let characters = (0..26).map(|place| ALPHABET[(bits >> (5 * place) & 31) as usize]).map(char::from);
    let mut text = Zeroizing::new(String::with_capacity(32));
    text.push_str(BADGE_PREFIX);
    text.extend(characters);
    Ok(Token::of(text))
}

/// What a scanner typed, whatever the keyboard made of it: in capitals, of ordinary width, with an ordinary hyphen.
fn read(code: &str) -> String {
    let ordinary = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        'ー' | '−' | '‐' => '-',
        other => other,
    };
    code.trim().chars().map(ordinary).map(|c| c.to_ascii_uppercase()).collect()
}

/// The digits of a PIN; nothing where it is none.
fn digits(text: &str) -> Option<Zeroizing<String>> {
    let mut digits = Zeroizing::new(String::with_capacity(LONGEST_PIN));
    for c in text.trim().chars().take(LONGEST_PIN + 1) {
        let value = match c {
            '0'..='9' => u32::from(c) - u32::from('0'),
            '０'..='９' => u32::from(c) - u32::from('０'),
            _ => return None,
        };
        digits.push(char::from_digit(value, 10)?);
    }
    (SHORTEST_PIN..=LONGEST_PIN).contains(&digits.len()).then_some(digits)
}

/// Whether whoever guesses tries it first: it runs on by equal steps, repeats a few digits, is a date, or many use it.
fn easy(pin: &str) -> bool {
    let values: Vec<u32> = pin.chars().filter_map(|c| c.to_digit(10)).collect();
    let steps: Vec<u32> = values.windows(2).map(|pair| (10 + pair[1] - pair[0]) % 10).collect();
    let runs = steps.windows(2).all(|pair| pair[0] == pair[1]);
    let mut kinds = values.clone();
    kinds.sort_unstable();
    kinds.dedup();
    runs || kinds.len() <= 2 || is_date(&values) || password::is_common(pin)
}

/// Whether digits read as a day, or as a month of a year: in any usual order, the year of two digits or four.
fn is_date(digits: &[u32]) -> bool {
    let day = |one: &[u32], two: &[u32]| {
        let number = |pair: &[u32]| pair.iter().fold(0, |number, digit| number * 10 + digit);
        let fits = |month: u32, day: u32| (1..=12).contains(&month) && (1..=31).contains(&day);
        fits(number(one), number(two)) || fits(number(two), number(one))
    };
    let year = |four: &[u32]| matches!(four, [1, 9, ..] | [2, 0, ..]);
    match digits.len() {
        6 => {
            day(&digits[2..4], &digits[4..])
                || day(&digits[..2], &digits[2..4])
                || year(&digits[..4]) && day(&digits[4..], &[0, 1])
        }
        8 => {
            year(&digits[..4]) && day(&digits[4..6], &digits[6..])
                || year(&digits[4..]) && day(&digits[..2], &digits[2..4])
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_has_six_to_twelve_digits_and_is_not_one_that_is_guessed_first() {
        for none in ["", "12345", "1234567890123", "12345a", "853 142", "-85314", "８５３１４"] {
            assert_eq!(Pin::new(none).err(), Some(PinProblem::Form), "{none}");
        }
        for easy in [
            "123456",
            "654321",
            "246802",
            "111111",
            "121212",
            "123123",
            "112233",
            "199001",
            "900412",
            "120490",
            "041290",
            "19900412",
            "12041990",
            "159753",
            "000001",
            "７７７７７７",
            "101010",
            "123412",
        ] {
            assert_eq!(Pin::new(easy).err(), Some(PinProblem::Easy), "{easy}");
        }
        for good in ["853942", "７０６９４８", "90471356", "849205716348"] {
            assert!(Pin::new(good).is_ok(), "{good}");
        }
        assert_eq!(format!("{:?}", Pin::new("853942").unwrap()), "Pin(…)");
    }

    #[test]
    fn of_all_pins_of_six_digits_nine_in_ten_remain() {
        let good = (0..1_000_000).filter(|n| !easy(&format!("{n:06}"))).count();
        assert!((850_000..999_000).contains(&good), "{good}");
    }

    #[test]
    fn a_badge_is_128_bits_that_any_keyboard_types() {
        let code = code().unwrap();
        assert!(code.as_str().starts_with(BADGE_PREFIX) && code.as_str().len() == 29);
        assert_ne!(code, super::code().unwrap());
        assert_eq!(read(code.as_str()), code.as_str());
        assert_eq!(read(&format!(" {} ", code.as_str().to_lowercase())), code.as_str());
        assert_eq!(read("ｂ１ーａ"), "B1-A");
    }
}
