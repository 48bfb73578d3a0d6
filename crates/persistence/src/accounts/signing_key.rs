//! A person's signing key: made when he sets his password, kept only encrypted under it (Argon2id, then
//! XChaCha20-Poly1305), unlocked for one signing at a time.

use super::damaged;
use super::password::{Password, cost, cost_of, derive, hash};
use crate::engine::prelude::*;
use crate::keystore::{Binding, CryptoFailure, nonce_of_form_1, random, seal, unseal};
use crate::schema::{account, signing_key};
use crate::sql_types::Id;
use argon2::Params;
use baiyo_domain::authority::Meaning;
use baiyo_domain::ids::{KeyId, PersonId};
use baiyo_domain::people::PublicKey;
use baiyo_domain::time::Time;
use ed25519_dalek::SigningKey;
use uuid::Builder;
use zeroize::Zeroizing;

/// A password's hash and a fresh key sealed under it, ready to be stored.
pub struct NewCredentials {
    password_hash: String,
    key: LockedKey,
}

impl NewCredentials {
    /// Hashes a password and makes a key under it. Slow: two runs of Argon2id, about 80 ms.
    ///
    /// # Errors
    /// No random bytes.
    pub fn make(person: PersonId, password: &Password, now: Time) -> Result<Self, CryptoFailure> {
        let password_hash = hash(password.as_str(), &*random()?, cost())?;
        let millis = u64::try_from(now.utc().timestamp_millis()).unwrap_or_default();
        let key = KeyId(Builder::from_unix_timestamp_millis(millis, &*random()?).into_uuid());
        let seed = random::<32>()?;
        let public_key = PublicKey(SigningKey::from_bytes(&seed).verifying_key().to_bytes());
        let salt = random::<16>()?.to_vec();
        let sealing = derive(password.as_str(), &salt, cost())?;
        let (nonce, sealed) = seal(&sealing, &*seed, &binding(person, key))?;
        let cost = cost();
        Ok(Self { password_hash, key: LockedKey { person, key, public_key, salt, nonce, sealed, cost } })
    }

    /// Whose they are.
    pub fn person(&self) -> PersonId {
        self.key.person
    }

    /// The new key, which waits for its registration.
    pub fn key(&self) -> KeyId {
        self.key.key
    }

    /// Its public half.
    pub fn public_key(&self) -> PublicKey {
        self.key.public_key
    }

    /// Replaces the password and the keys under the old one.
    pub(super) fn store(&self, conn: &mut Conn, now: Time) -> QueryResult<()> {
        let LockedKey { person, key, public_key, salt, nonce, sealed, .. } = &self.key;
        diesel::update(account::table.find(Id(person.0)))
            .set(account::password_hash.eq(&self.password_hash))
            .execute(conn)?;
        diesel::delete(signing_key::table.filter(signing_key::person.eq(Id(person.0)))).execute(conn)?;
        diesel::insert_into(signing_key::table)
            .values((
                signing_key::id.eq(Id(key.0)),
                signing_key::person.eq(Id(person.0)),
                signing_key::public_key.eq(&public_key.0[..]),
                signing_key::salt.eq(salt),
                signing_key::nonce.eq(&nonce[..]),
                signing_key::sealed.eq(sealed),
                signing_key::made_at.eq(now.micros()),
            ))
            .execute(conn)?;
        Ok(())
    }
}

/// A signing key as it is stored.
pub struct LockedKey {
    person: PersonId,
    key: KeyId,
    public_key: PublicKey,
    salt: Vec<u8>,
    nonce: [u8; 24],
    sealed: Vec<u8>,
    /// What Argon2id costs for it. It is stored in the password's hash: both are always made together.
    cost: Params,
}

impl LockedKey {
    pub(super) fn load(conn: &mut Conn, person: PersonId) -> QueryResult<Option<Self>> {
        let row = signing_key::table
            .inner_join(account::table.on(account::person.eq(signing_key::person)))
            .filter(signing_key::person.eq(Id(person.0)))
            .order((signing_key::made_at.desc(), signing_key::id.desc()))
            .select((
                signing_key::id,
                signing_key::public_key,
                signing_key::salt,
                signing_key::nonce,
                signing_key::sealed,
                account::password_hash,
            ))
            .first::<(Id, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, Option<String>)>(conn)
            .optional()?;
        row.map(|(key, public_key, salt, nonce, sealed, hash)| {
            Ok(Self {
                person,
                key: KeyId(key.0),
                public_key: PublicKey(
                    public_key.try_into().map_err(|_| damaged("a public key has 32 bytes"))?,
                ),
                salt,
                nonce: nonce_of_form_1(&nonce).map_err(damaged)?,
                sealed,
                cost: hash.as_deref().and_then(cost_of).unwrap_or_else(cost),
            })
        })
        .transpose()
    }

    /// Which key it is.
    pub fn key(&self) -> KeyId {
        self.key
    }

    /// Its public half.
    pub fn public_key(&self) -> PublicKey {
        self.public_key
    }

    /// Tries a password on the key, for a signing with this meaning. Slow: one run of Argon2id, about 40 ms.
    pub fn unlock(&self, password: &str, meaning: Meaning) -> UnlockedKey {
        let (signing, sealing) = (self.signing(password), self.salt.clone());
        UnlockedKey { person: self.person, key: self.key, meaning, signing, sealing }
    }

    /// Seals the same key under a new password; nothing where the old one does not open it. Slow: three runs of Argon2id.
    ///
    /// # Errors
    /// No random bytes.
    pub fn sealed_anew(&self, old: &str, new: &Password) -> Result<Option<ChangedPassword>, CryptoFailure> {
        self.sealed_at(old, new.as_str(), cost())
    }

    /// As [`Self::sealed_anew`], at this cost; the new password may be the old one.
    pub(super) fn sealed_at(
        &self,
        old: &str,
        new: &str,
        cost: Params,
    ) -> Result<Option<ChangedPassword>, CryptoFailure> {
        let Some(signing) = self.signing(old) else { return Ok(None) };
        let salt = random::<16>()?.to_vec();
        let sealing = derive(new, &salt, cost.clone())?;
        let seed = Zeroizing::new(signing.to_bytes());
        let (nonce, sealed) = seal(&sealing, &*seed, &binding(self.person, self.key))?;
        let LockedKey { person, key, public_key, .. } = *self;
        let password_hash = hash(new, &*random()?, cost.clone())?;
        let key = LockedKey { person, key, public_key, salt, nonce, sealed, cost };
        Ok(Some(ChangedPassword { password_hash, key, before: self.salt.clone() }))
    }

    /// The cipher's tag tells whether the password is right.
    fn signing(&self, password: &str) -> Option<SigningKey> {
        let sealing = derive(password, &self.salt, self.cost.clone()).ok()?;
        let seed = unseal(&sealing, &self.nonce, &self.sealed, &binding(self.person, self.key))?;
        let seed = Zeroizing::new(<[u8; 32]>::try_from(seed.as_slice()).ok()?);
        let signing = SigningKey::from_bytes(&seed);
        let his = signing.verifying_key().to_bytes() == self.public_key.0;
        if !his {
            tracing::error!(key = %self.key, "the stored public key is not that of the sealed key");
        }
        his.then_some(signing)
    }
}

/// A signing key sealed under a new password, by whoever knows the old one.
pub struct ChangedPassword {
    password_hash: String,
    key: LockedKey,
    /// Of the sealing that it takes the place of.
    before: Vec<u8>,
}

impl ChangedPassword {
    /// Whether what it takes the place of is still there; only then it does.
    pub(super) fn store(&self, conn: &mut Conn) -> QueryResult<bool> {
        let LockedKey { person, key, salt, nonce, sealed, .. } = &self.key;
        let this = signing_key::table.find(Id(key.0)).filter(signing_key::person.eq(Id(person.0)));
        let new =
            (signing_key::salt.eq(salt), signing_key::nonce.eq(&nonce[..]), signing_key::sealed.eq(sealed));
        if diesel::update(this.filter(signing_key::salt.eq(&self.before))).set(new).execute(conn)? != 1 {
            return Ok(false);
        }
        diesel::update(account::table.find(Id(person.0)))
            .set(account::password_hash.eq(&self.password_hash))
            .execute(conn)?;
        Ok(true)
    }
}

/// A key on which a password was tried, right or wrong, and not yet counted: [`super::reauthenticate`] takes
/// it.
pub struct UnlockedKey {
    pub(super) person: PersonId,
    pub(super) key: KeyId,
    pub(super) meaning: Meaning,
    pub(super) signing: Option<SigningKey>,
    /// The salt of the sealing that it was tried on: another one once the password was changed.
    pub(super) sealing: Vec<u8>,
}

fn binding(person: PersonId, key: KeyId) -> Binding {
    Binding { purpose: "baiyo signing key 1", owners: [person.0, key.0] }
}
