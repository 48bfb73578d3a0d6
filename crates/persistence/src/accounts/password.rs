//! Passwords: what is accepted as one, how it is hashed (Argon2id, 19 MiB, two passes: OWASP's recommendation)
//! and how one that was given is checked.

use super::throttle::Count;
use crate::keystore::{CryptoFailure, Key};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use baiyo_domain::ids::PersonId;
use baiyo_domain::people::SignIn;
use std::fmt;
use zeroize::Zeroizing;

/// The fewest characters of a password.
pub const SHORTEST_PASSWORD: usize = 12;
/// The most characters of a password.
pub const LONGEST_PASSWORD: usize = 128;

/// A password good enough to be set; wiped from memory when it is dropped.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes a password as its owner typed it.
    ///
    /// # Errors
    /// Every reason why it is not good enough.
    pub fn new(text: &str, sign_in: &SignIn) -> Result<Self, Vec<PasswordProblem>> {
        let characters = text.chars().count();
        let lower = Zeroizing::new(text.to_lowercase());
        let problems: Vec<_> = [
            (characters < SHORTEST_PASSWORD, PasswordProblem::Short),
            (characters > LONGEST_PASSWORD, PasswordProblem::Long),
            (lower.contains(sign_in.as_str()), PasswordProblem::ContainsSignIn),
            (is_common(&lower), PasswordProblem::Common),
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
    /// Many people use it, with or without digits and marks around it, or it repeats a few characters.
    #[error("is among the passwords that are guessed first")]
    Common,
}

/// What a given password is checked against.
pub struct StoredSecret {
    pub(super) count: Count,
    pub(super) person: Option<PersonId>,
    pub(super) hash: Option<String>,
}

impl StoredSecret {
    /// Checks a password; as slow for a wrong name as for a right one.
    pub fn check(self, password: &str) -> CheckedPassword {
        let fits = verify(password, self.hash.as_deref().unwrap_or(NOBODYS_HASH));
        let right = fits && self.hash.is_some();
        CheckedPassword { count: self.count, person: self.person, hash: self.hash, right }
    }
}

/// A password that was checked and not yet counted: [`super::recognise`] takes it.
pub struct CheckedPassword {
    pub(super) count: Count,
    pub(super) person: Option<PersonId>,
    hash: Option<String>,
    right: bool,
}

impl CheckedPassword {
    pub(super) fn is_right(&self) -> bool {
        self.right
    }

    /// Whether it was checked against this hash, and not against one replaced meanwhile.
    pub(super) fn is_against(&self, hash: &Option<String>) -> bool {
        self.hash == *hash
    }
}

/// The PHC text of a password.
pub(super) fn hash(password: &str, salt: &[u8; 16]) -> Result<String, CryptoFailure> {
    let hash = argon2()?.hash_password_with_salt(password.as_bytes(), salt).map_err(CryptoFailure::new)?;
    Ok(hash.to_string())
}

/// The key that a password unlocks another one with.
pub(super) fn derive(password: &str, salt: &[u8]) -> Result<Key, CryptoFailure> {
    let mut key = Key::new([0; 32]);
    argon2()?.hash_password_into(password.as_bytes(), salt, &mut *key).map_err(CryptoFailure::new)?;
    Ok(key)
}

/// Of no password that anybody knows.
const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$RLZ/u9PfXGIdEZMRT4cvPw$PLPABHhQQRIVHZrcF0Gii8KTVQ4u3JxBpLcvVrUAx5E";

const COMMON: &str = include_str!("common_passwords.txt");

/// Named here and not left to the library: stored keys can be unlocked with these only.
fn argon2() -> Result<Argon2<'static>, CryptoFailure> {
    let params = Params::new(19 * 1024, 2, 1, Some(32)).map_err(CryptoFailure::new)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn verify(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    argon2().is_ok_and(|argon2| argon2.verify_password(password.as_bytes(), &hash).is_ok())
}

/// Whether a password in small letters is in the list: as it is, without what surrounds its letters
/// (`!password2026`), or written several times over.
fn is_common(lower: &str) -> bool {
    let listed = |text: &str| COMMON.lines().any(|common| common == text);
    let letters = lower.trim_matches(|c: char| !c.is_alphabetic());
    let unit = repeated(lower);
    listed(lower) || listed(letters) || listed(unit) || unit.chars().count() <= 4
}

/// The shortest beginning of a text that makes the whole when repeated, with the last one perhaps cut short.
fn repeated(text: &str) -> &str {
    let ends = text.char_indices().skip(1).map(|(end, _)| end);
    ends.map(|end| text.split_at(end)).find(|(_, rest)| text.starts_with(rest)).map_or(text, |(unit, _)| unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<PasswordProblem> {
        Password::new(text, &"sato.hana".to_string().try_into().unwrap()).err().unwrap_or_default()
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
        assert_eq!(problems("Sato.Hana"), [PasswordProblem::Short, PasswordProblem::ContainsSignIn]);
        assert_eq!(problems("xSATO.HANAx-and-more"), [PasswordProblem::ContainsSignIn]);
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
        assert!((200..600).contains(&COMMON.lines().count()));
    }

    #[test]
    fn hashes_carry_the_recommended_cost_and_nobodys_is_as_slow() {
        let hash = hash("three quiet herons", &[7; 16]).unwrap();
        let cost = "$argon2id$v=19$m=19456,t=2,p=1$";
        assert!(hash.starts_with(cost) && NOBODYS_HASH.starts_with(cost));
        assert_eq!(hash.len(), NOBODYS_HASH.len());
        assert!(PasswordHash::new(NOBODYS_HASH).is_ok());
        assert!(verify("three quiet herons", &hash));
        assert!(!verify("three quiet heron", &hash));
        assert!(!verify("three quiet herons", "no hash"));
    }
}
