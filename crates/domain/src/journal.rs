//! The journal's pure part: what an entry is, how it is hashed into its stream's chain, how a signature
//! stands in it, from where it came (`source`), and (in `tree` and `checkpoint`) how all entries become one verifiable log.

pub mod checkpoint;
pub mod signature;
pub mod source;
pub mod tree;

use crate::ids::{CommandId, EntryId, PersonId};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use uuid::Uuid;

/// The most bytes one entry's payload may have.
pub const MAX_PAYLOAD: usize = 64 * 1024;

/// A SHA-256 value; in JSON 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The previous hash of a stream's first entry.
    pub const ZERO: Hash = Hash([0; 32]);

    /// SHA-256 of the bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads 64 hexadecimal digits.
    pub fn from_hex(hex: &str) -> Option<Self> {
        if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase()) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Hash {
    type Error = String;
    fn try_from(hex: String) -> Result<Self, String> {
        Self::from_hex(&hex).ok_or_else(|| "a SHA-256 value has 64 lower-case hexadecimal digits".into())
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> String {
        hash.to_string()
    }
}

impl schemars::JsonSchema for Hash {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Hash".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256"})
    }
}

/// The kinds of stream; each entry belongs to exactly one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamKind {
    /// The centre: who it is, its clinics.
    Site,
    /// A person: roles, keys.
    Person,
    /// One version of a product standard.
    Standard,
    /// An order.
    Order,
    /// A batch with everything inside it.
    Batch,
    /// A quality event.
    QualityEvent,
    /// Refused attempts against identity, authority or the gate.
    Attempts,
}

impl StreamKind {
    /// All kinds.
    pub const ALL: [StreamKind; 7] = [
        StreamKind::Site,
        StreamKind::Person,
        StreamKind::Standard,
        StreamKind::Order,
        StreamKind::Batch,
        StreamKind::QualityEvent,
        StreamKind::Attempts,
    ];

    /// The kind's name in the journal.
    pub fn name(self) -> &'static str {
        match self {
            StreamKind::Site => "site",
            StreamKind::Person => "person",
            StreamKind::Standard => "standard",
            StreamKind::Order => "order",
            StreamKind::Batch => "batch",
            StreamKind::QualityEvent => "quality_event",
            StreamKind::Attempts => "attempts",
        }
    }
}

/// One stream: `kind/uuid` in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// What it is a stream of.
    pub kind: StreamKind,
    /// Which one.
    pub id: Uuid,
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.name(), self.id.hyphenated())
    }
}

impl std::str::FromStr for StreamId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, id) = text.split_once('/').ok_or("a stream is written kind/uuid")?;
        let kind = StreamKind::ALL.into_iter().find(|k| k.name() == kind).ok_or("unknown kind of stream")?;
        let id = Uuid::try_parse(id).map_err(|_| "a stream's id is a UUID")?;
        Ok(Self { kind, id })
    }
}

/// One journal entry, exactly as it is stored and hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its own identifier.
    pub id: EntryId,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Its place in the stream, from 1 without gaps.
    pub version: u32,
    /// When the act happened.
    pub occurred_at: Time,
    /// When the server recorded it.
    pub recorded_at: Time,
    /// Who did it.
    pub performer: PersonId,
    /// Who was signed in and recorded it.
    pub recorder: PersonId,
    /// The command that appended it.
    pub command: CommandId,
    /// What happened, e.g. `culture.passage`.
    pub kind: String,
    /// The version of the payload's form.
    pub schema_version: u16,
    /// The exact bytes recorded; never re-serialised.
    pub payload: Vec<u8>,
    /// The hash of the stream's entry before it, or [`Hash::ZERO`].
    pub previous_hash: Hash,
    /// [`Entry::leaf_hash`] of all of the above: chain link and Merkle leaf at once.
    pub hash: Hash,
}

impl Entry {
    /// The bytes that are hashed: every field as a 4-byte big-endian length and its text (UUIDs
    /// hyphenated, times in microseconds, numbers in decimal), hashes and payload as raw bytes.
    pub fn encoding(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.payload.len() + 400);
        let mut put = |bytes: &[u8]| {
            out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
            out.extend_from_slice(bytes);
        };
        put(self.id.to_string().as_bytes());
        put(self.stream.to_string().as_bytes());
        put(self.version.to_string().as_bytes());
        put(self.occurred_at.micros().to_string().as_bytes());
        put(self.recorded_at.micros().to_string().as_bytes());
        put(self.performer.to_string().as_bytes());
        put(self.recorder.to_string().as_bytes());
        put(self.command.to_string().as_bytes());
        put(self.kind.as_bytes());
        put(self.schema_version.to_string().as_bytes());
        put(&self.payload);
        put(&self.previous_hash.0);
        out
    }

    /// SHA-256(0x00 ‖ [`Entry::encoding`]): the leaf hash of RFC 6962 section 2.1.
    pub fn leaf_hash(&self) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update([0]);
        hasher.update(self.encoding());
        Hash(hasher.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        let id = |n| Uuid::from_u128(n);
        let mut entry = Entry {
            id: EntryId(id(1)),
            stream: StreamId { kind: StreamKind::Batch, id: id(2) },
            version: 1,
            occurred_at: Time::from_micros(1_763_877_900_000_000).unwrap(),
            recorded_at: Time::from_micros(1_763_877_900_000_001).unwrap(),
            performer: PersonId(id(3)),
            recorder: PersonId(id(4)),
            command: CommandId(id(5)),
            kind: "intake.tissue_received".into(),
            schema_version: 1,
            payload: br#"{"event":{}}"#.to_vec(),
            previous_hash: Hash::ZERO,
            hash: Hash::ZERO,
        };
        entry.hash = entry.leaf_hash();
        entry
    }

    #[test]
    fn every_field_is_part_of_the_hash() {
        let changes: [fn(&mut Entry); 12] = [
            |e| e.id = EntryId(Uuid::from_u128(9)),
            |e| e.stream.id = Uuid::from_u128(9),
            |e| e.version = 2,
            |e| e.occurred_at = e.occurred_at.plus_hours(1),
            |e| e.recorded_at = e.recorded_at.plus_hours(1),
            |e| e.performer = PersonId(Uuid::from_u128(9)),
            |e| e.recorder = PersonId(Uuid::from_u128(9)),
            |e| e.command = CommandId(Uuid::from_u128(9)),
            |e| e.kind.push('x'),
            |e| e.schema_version = 2,
            |e| e.payload[0] = b'[',
            |e| e.previous_hash = Hash([1; 32]),
        ];
        for (index, change) in changes.into_iter().enumerate() {
            let mut changed = entry();
            change(&mut changed);
            assert_ne!(changed.leaf_hash(), entry().hash, "change {index} left the hash alone");
        }
    }

    #[test]
    fn a_hash_is_written_in_one_way_and_read_from_no_other() {
        let hash = Hash::of(b"");
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!([hash.to_string(), format!("{hash:?}"), hash.into()], [hex; 3]);
        assert_eq!(Hash::from_hex(hex), Some(hash));
        for wrong in [
            &hex[1..],
            &hex[2..],
            &format!("{hex}00"),
            &hex.to_uppercase(),
            &hex.replace("e3", "g3"),
            &hex.replace("e3", "+3"),
        ] {
            assert_eq!(Hash::from_hex(wrong), None, "{wrong}");
        }
        let schema = schemars::schema_for!(Hash).to_value();
        assert_eq!(
            (&schema["title"], &schema["type"], &schema["pattern"]),
            (&"Hash".into(), &"string".into(), &"^[0-9a-f]{64}$".into())
        );
    }

    #[test]
    fn a_stream_is_written_as_its_kind_and_uuid_and_read_back() {
        let id = Uuid::from_u128(7);
        for kind in StreamKind::ALL {
            let stream = StreamId { kind, id };
            let name = serde_json::to_value(kind).unwrap();
            assert_eq!(stream.to_string(), format!("{}/{id}", name.as_str().unwrap()));
            assert_eq!(stream.to_string().parse(), Ok(stream));
        }
        for wrong in ["", "batch", "batch/", "lot/00000000-0000-0000-0000-000000000007", "batch/7"] {
            assert!(wrong.parse::<StreamId>().is_err(), "{wrong}");
        }
    }
}
