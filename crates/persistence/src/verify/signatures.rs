//! A signature taken from an entry, the text it was made over, and whether it verifies.

use super::rows;
use baiyo_domain::ids::PersonId;
use baiyo_domain::journal::signature::{self, Signature};
use baiyo_domain::journal::{Entry, Hash, StreamId};
use baiyo_domain::time::Time;
use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::VerifyingKey;
use sha2::{Digest, Sha256};
use std::path::Path;

/// A signature with everything that its text names.
pub struct Signing {
    stream: StreamId,
    version: u32,
    previous_hash: Hash,
    unsigned_payload: Hash,
    /// When the entry was recorded.
    pub recorded_at: Time,
    /// Who did what the entry records.
    pub performer: PersonId,
    /// The signature as it stands in the entry.
    pub signature: Signature,
}

impl Signing {
    /// The signature of an entry that has one in its only form.
    pub fn of(entry: &Entry) -> Option<Self> {
        let (payload, signature) = signature::unsigned(&entry.payload).ok()?;
        Some(Self::over(entry, &payload, signature?))
    }

    /// The signature that stands in an entry, beside the payload that it is over.
    pub fn over(entry: &Entry, unsigned_payload: &[u8], signature: Signature) -> Self {
        Self {
            stream: entry.stream,
            version: entry.version,
            previous_hash: entry.previous_hash,
            recorded_at: entry.recorded_at,
            performer: entry.performer,
            unsigned_payload: Hash(Sha256::digest(unsigned_payload).into()),
            signature,
        }
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

    /// Whether it was made over this entry at this place with the private half of `key`.
    pub fn verifies(&self, origin: &str, key: &VerifyingKey) -> bool {
        let value = ed25519_dalek::Signature::from_bytes(&self.signature.value);
        key.verify_strict(&self.manifest(origin), &value).is_ok()
    }
}

/// The 32 bytes in a file of the key store, if it can be read: as they are, or in base64.
pub fn key_in(file: &Path) -> Option<[u8; 32]> {
    let content = std::fs::read(file).ok()?;
    let decoded = || STANDARD.decode(content.trim_ascii()).ok()?.try_into().ok();
    content.as_slice().try_into().ok().or_else(decoded)
}
