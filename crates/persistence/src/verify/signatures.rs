//! Signatures, and the keys they rest on: each key's registration is signed with another's key, back to the first
//! administrator's, which a file outside the database pins.

use super::entries::Learned;
use super::rows::{self, Name};
use super::{Check, END, Fault, Note};
use baiyo_domain::authority::Meaning;
use baiyo_domain::ids::{KeyId, PersonId};
use baiyo_domain::journal::signature::{self, Signature};
use baiyo_domain::journal::{Entry, Hash, StreamId};
use baiyo_domain::time::Time;
use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::VerifyingKey;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// A signature with everything that its text names.
pub struct Signing {
    stream: StreamId,
    version: u32,
    previous_hash: Hash,
    recorded_at: Time,
    performer: PersonId,
    unsigned_payload: Hash,
    signature: Signature,
}

/// The registration of a person's key.
pub struct Registration {
    /// The registering entry.
    pub name: Name,
    /// The key's identifier.
    pub key: KeyId,
    /// The public key.
    pub public_key: [u8; 32],
    /// The signature on the registration.
    pub signing: Option<Signing>,
}

/// The keys by which a signature may stand.
pub struct Trusted {
    origin: String,
    known: HashSet<KeyId>,
    keys: HashMap<KeyId, Key>,
}

struct Key {
    person: PersonId,
    public_key: VerifyingKey,
    registered_at: Time,
}

impl Signing {
    /// The signature of an entry that has one in its only form.
    pub fn of(entry: &Entry) -> Option<Self> {
        let (payload, signature) = signature::unsigned(&entry.payload).ok()?;
        Some(Self {
            stream: entry.stream,
            version: entry.version,
            previous_hash: entry.previous_hash,
            recorded_at: entry.recorded_at,
            performer: entry.performer,
            unsigned_payload: Hash(Sha256::digest(&payload).into()),
            signature: signature?,
        })
    }

    /// The text that was signed (`docs/developer/journal-format.md`, "Payloads and signatures").
    fn manifest(&self, origin: &str) -> Vec<u8> {
        let Signature { person, key, meaning, at, covers, .. } = &self.signature;
        let uuid = |id: &uuid::Uuid| rows::hyphenated(id.as_bytes());
        let mut lines = vec![
            "baiyo signature v1".to_string(),
            origin.to_string(),
            format!("{}/{}", self.stream.kind.name(), uuid(&self.stream.id)),
            self.version.to_string(),
            rows::hex(&self.previous_hash.0),
            rows::hex(&self.unsigned_payload.0),
            uuid(&person.0),
            uuid(&key.0),
            meaning.as_str().to_string(),
            at.micros().to_string(),
            covers.len().to_string(),
        ];
        lines.extend(covers.iter().map(|cover| rows::hex(&cover.0)));
        lines.push(String::new());
        lines.join("\n").into_bytes()
    }

    fn verifies(&self, origin: &str, key: &VerifyingKey) -> bool {
        let value = ed25519_dalek::Signature::from_bytes(&self.signature.value);
        key.verify_strict(&self.manifest(origin), &value).is_ok()
    }
}

/// Finds the keys that chain to the first administrator's, and reports registrations that break the rules.
pub fn trust(check: &mut Check, folder: &Path, learned: &Learned) -> Trusted {
    let mut trusted = Trusted { origin: learned.origin.clone(), known: HashSet::new(), keys: HashMap::new() };
    let mut public_keys = HashSet::new();
    let mut candidates: Vec<&Registration> = Vec::new();
    for registration in &learned.registrations {
        let known = !trusted.known.insert(registration.key);
        if known | !public_keys.insert(registration.public_key) {
            check.found_in(&registration.name, Fault::KeyTwice);
        } else {
            candidates.push(registration);
        }
    }
    let anchor = key_in(&folder.join("keys").join("anchor.pub"));
    let (own, mut others): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|one| one.is_by_itself());
    let root = own.iter().find(|one| anchor.is_none_or(|anchor| anchor == one.public_key));
    for registration in &own {
        if root.is_none_or(|root| root.key != registration.key) {
            check.found_in(&registration.name, Fault::KeyByItself);
        }
    }
    match root {
        Some(root) => {
            let public_key = STANDARD.encode(root.public_key);
            check.report.notes.push(Note::FirstKey { public_key, anchored: anchor.is_some() });
            trusted.keys.extend(root.key_if(|_, key| Some(*key), &trusted.origin).map(|key| (root.key, key)));
        }
        None if check.report.entries > 0 => check.found(END, Fault::NoAnchor),
        None => {}
    }
    loop {
        let before = others.len();
        others.retain(|registration| {
            let key = registration.key_if(|signing, _| trusted.key_for(signing).ok(), &trusted.origin);
            let untrusted = key.is_none();
            trusted.keys.extend(key.map(|key| (registration.key, key)));
            untrusted
        });
        if others.len() == before {
            return trusted;
        }
    }
}

impl Registration {
    fn owner(&self) -> Option<PersonId> {
        self.name.stream.map(|stream| PersonId(stream.id))
    }

    /// Whether it is signed by the person whose key it registers.
    fn is_by_itself(&self) -> bool {
        self.signing.as_ref().is_some_and(|signing| Some(signing.signature.person) == self.owner())
    }

    /// The key that it registers, if its own signature verifies with the key that `signer` finds for it.
    fn key_if(
        &self,
        signer: impl Fn(&Signing, &VerifyingKey) -> Option<VerifyingKey>,
        origin: &str,
    ) -> Option<Key> {
        let signing = self.signing.as_ref()?;
        let public_key = VerifyingKey::from_bytes(&self.public_key).ok()?;
        let means = signing.signature.meaning.as_str() == Meaning::KeyRegistration.word();
        let signed = means && signing.verifies(origin, &signer(signing, &public_key)?);
        let key = Key { person: self.owner()?, public_key, registered_at: signing.recorded_at };
        signed.then_some(key)
    }
}

impl Trusted {
    /// The key that a signature names, if it is the signer's, registered before and trusted.
    fn key_for(&self, signing: &Signing) -> Result<VerifyingKey, Fault> {
        let Some(key) = self.keys.get(&signing.signature.key) else {
            let known = self.known.contains(&signing.signature.key);
            return Err(if known { Fault::KeyUntrusted } else { Fault::KeyUnknown });
        };
        if key.person != signing.signature.person {
            return Err(Fault::KeyOfAnother);
        }
        if key.registered_at > signing.recorded_at {
            return Err(Fault::KeyLater);
        }
        Ok(key.public_key)
    }

    /// Everything wrong with a signature that must mean `due`, where `before` are the hashes of the entries that
    /// stand before it in its stream.
    pub fn faults(&self, signing: &Signing, due: Meaning, before: &HashSet<Hash>) -> Vec<Fault> {
        let Signature { person, meaning, at, covers, .. } = &signing.signature;
        let mut faults = Vec::new();
        if meaning.as_str() != due.word() {
            faults.push(Fault::Meaning { due: due.word(), found: meaning.to_string() });
        }
        if *person != signing.performer {
            faults.push(Fault::Signer);
        }
        if *at != signing.recorded_at {
            faults.push(Fault::SignedAt);
        }
        if !covers.iter().all(|cover| before.contains(cover)) {
            faults.push(Fault::Covers);
        }
        match self.key_for(signing) {
            Err(fault) => faults.push(fault),
            Ok(key) if !signing.verifies(&self.origin, &key) => faults.push(Fault::Signature),
            Ok(_) => {}
        }
        faults
    }
}

/// The 32 bytes in a file of the key store, if it can be read: as they are, or in base64.
pub fn key_in(file: &Path) -> Option<[u8; 32]> {
    let content = std::fs::read(file).ok()?;
    let decoded = || STANDARD.decode(content.trim_ascii()).ok()?.try_into().ok();
    content.as_slice().try_into().ok().or_else(decoded)
}
