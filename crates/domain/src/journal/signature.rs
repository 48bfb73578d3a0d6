//! How a person's signature stands in an entry: as the last member of the payload, Ed25519 over a text (the
//! manifest) that names the person, the meaning, the time, the entries covered and the entry's own place in
//! its stream, so that it holds there and nowhere else.
//!
//! An unsigned payload is compact JSON, `{"event":…}` or `{"event":…,"source":{…}}`; a signed one has `,"signature":{…}`
//! before its last brace, and without that is the unsigned payload again. The exact bytes count: a
//! payload that is not what writing it again would give is refused.

use super::source::Source;
use super::{Entry, Hash, StreamId};
use crate::authority::Meaning;
use crate::ids::{KeyId, PersonId};
use crate::time::Time;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt;

/// A person's signature as it stands in a payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Who signed.
    pub person: PersonId,
    /// With which of the person's keys.
    pub key: KeyId,
    /// What the signature says, e.g. `disposition`.
    pub meaning: Word,
    /// When; in JSON microseconds since 1970-01-01T00:00:00Z.
    #[serde(with = "micros")]
    pub at: Time,
    /// The hashes of the entries that the signature covers besides its own.
    pub covers: Vec<Hash>,
    /// The Ed25519 signature over the [`manifest`]; in JSON base64.
    #[serde(with = "base64_bytes")]
    pub value: [u8; 64],
}

/// What a signature says: 1–64 characters a–z, 0–9 and `_`, beginning with a letter. Not the enum
/// [`Meaning`], so that a signature still verifies when its meaning is no longer in use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Word(String);

impl Word {
    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Word {
    type Error = String;
    fn try_from(word: String) -> Result<Self, String> {
        let letter = |b: u8| b.is_ascii_lowercase();
        let ok = word.bytes().all(|b| letter(b) || b.is_ascii_digit() || b == b'_')
            && word.bytes().next().is_some_and(letter)
            && word.len() <= 64;
        if ok { Ok(Self(word)) } else { Err("a signature's meaning is a word of a–z, 0–9 and _".into()) }
    }
}

impl From<Word> for String {
    fn from(word: Word) -> String {
        word.0
    }
}

impl From<Meaning> for Word {
    fn from(meaning: Meaning) -> Self {
        Self(meaning.word().into())
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The place in the journal for which a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The log's origin, one line, as in its checkpoints.
    pub origin: &'a str,
    /// The entry's stream.
    pub stream: StreamId,
    /// The entry's version in it.
    pub version: u32,
    /// The hash of the stream's entry before it, or [`Hash::ZERO`].
    pub previous_hash: Hash,
}

/// A person who signs, with the key unlocked.
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    /// Who.
    pub person: PersonId,
    /// The key's identifier.
    pub key: KeyId,
    /// Its private half.
    pub secret: &'a SigningKey,
}

/// Why a payload's signature does not stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The payload is not of the form described above, to the byte.
    #[error("the payload is not of the form of an event with or without a signature")]
    Malformed,
    /// A signature is called for and there is none.
    #[error("the entry is not signed")]
    Unsigned,
    /// The signature was made by another key, or for another content or place.
    #[error("the signature does not verify")]
    Refused,
}

/// The message that a signature is made over: `signature` without its value, at `place`, over
/// `unsigned_payload`. A text of lines, each ended by a line feed; `docs/developer/journal-format.md` lists
/// them.
pub fn manifest(place: &Place, unsigned_payload: &[u8], signature: &Signature) -> Vec<u8> {
    let Place { origin, stream, version, previous_hash } = place;
    let Signature { person, key, meaning, at, covers, value: _ } = signature;
    let payload = Hash::of(unsigned_payload);
    let (at, count) = (at.micros(), covers.len());
    let mut text = format!(
        "baiyo signature v1\n{origin}\n{stream}\n{version}\n{previous_hash}\n{payload}\n\
         {person}\n{key}\n{meaning}\n{at}\n{count}\n"
    );
    for cover in covers {
        text += &format!("{cover}\n");
    }
    text.into_bytes()
}

/// Signs `unsigned_payload` for its place: the signed payload.
///
/// # Errors
/// [`SignatureError::Malformed`] where it is not an unsigned payload.
pub fn seal(
    place: &Place,
    unsigned_payload: &[u8],
    signer: &Signer,
    meaning: Word,
    at: Time,
    covers: Vec<Hash>,
) -> Result<Vec<u8>, SignatureError> {
    let (_, None) = unsigned(unsigned_payload)? else { return Err(SignatureError::Malformed) };
    let Signer { person, key, secret } = *signer;
    let mut signature = Signature { person, key, meaning, at, covers, value: [0; 64] };
    signature.value = secret.sign(&manifest(place, unsigned_payload, &signature)).to_bytes();
    signed(unsigned_payload, &signature)
}

/// Parts a payload into what it was before signing and the signature, if it has one. Says nothing of whether
/// the signature verifies.
///
/// # Errors
/// [`SignatureError::Malformed`] where any byte is not as writing the parts again would give it.
pub fn unsigned(payload: &[u8]) -> Result<(Vec<u8>, Option<Signature>), SignatureError> {
    let parts: Parts = serde_json::from_slice(payload).map_err(|_| SignatureError::Malformed)?;
    let mut unsigned = [br#"{"event":"#, parts.event.get().as_bytes()].concat();
    if let Some(raw) = parts.source {
        let source: Source = serde_json::from_str(raw.get()).map_err(|_| SignatureError::Malformed)?;
        let source = serde_json::to_vec(&source).map_err(|_| SignatureError::Malformed)?;
        unsigned.extend_from_slice(&[br#","source":"#, &source[..]].concat());
    }
    unsigned.push(b'}');
    let signature = parts.signature.map(|raw| serde_json::from_str(raw.get())).transpose();
    let signature = signature.map_err(|_| SignatureError::Malformed)?;
    let again = match &signature {
        Some(signature) => signed(&unsigned, signature)?,
        None => unsigned.clone(),
    };
    if again == payload { Ok((unsigned, signature)) } else { Err(SignatureError::Malformed) }
}

/// Verifies the signature in an entry with the public key that it names; the caller has found that key by
/// the id (see [`unsigned`]) and checks that it belongs to the person.
///
/// # Errors
/// [`SignatureError`]: malformed, absent, or not made with this key for this entry of this log.
pub fn verify(origin: &str, entry: &Entry, key: &VerifyingKey) -> Result<Signature, SignatureError> {
    let (payload, signature) = unsigned(&entry.payload)?;
    let signature = signature.ok_or(SignatureError::Unsigned)?;
    let (stream, version, previous_hash) = (entry.stream, entry.version, entry.previous_hash);
    let manifest = manifest(&Place { origin, stream, version, previous_hash }, &payload, &signature);
    let value = ed25519_dalek::Signature::from_bytes(&signature.value);
    key.verify_strict(&manifest, &value).map_err(|_| SignatureError::Refused)?;
    Ok(signature)
}

/// A payload's members, each as the text that stands there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts<'a> {
    #[serde(borrow)]
    event: &'a RawValue,
    #[serde(borrow, default)]
    source: Option<&'a RawValue>,
    #[serde(borrow, default)]
    signature: Option<&'a RawValue>,
}

fn signed(unsigned_payload: &[u8], signature: &Signature) -> Result<Vec<u8>, SignatureError> {
    let event = unsigned_payload.strip_suffix(b"}").ok_or(SignatureError::Malformed)?;
    let signature = serde_json::to_vec(signature).map_err(|_| SignatureError::Malformed)?;
    Ok([event, br#","signature":"#, &signature, b"}"].concat())
}

mod micros {
    use crate::time::Time;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(at: &Time, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(at.micros())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        let micros = i64::deserialize(deserializer)?;
        Time::from_micros(micros).ok_or_else(|| D::Error::custom("a time beyond the calendar"))
    }
}

mod base64_bytes {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8; 64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 64], D::Error> {
        let bytes = STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)?;
        bytes.try_into().map_err(|_| D::Error::custom("an Ed25519 signature has 64 bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{CommandId, EntryId};
    use crate::journal::StreamKind;
    use uuid::Uuid;

    const ORIGIN: &str = "baiyo.example/tkyo";
    const EVENT: &str = r#"{"event":{"disposition":{"decided":{"containers":[1,2],"note":"出荷可, ok"}}}}"#;

    fn secret() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    fn public() -> VerifyingKey {
        secret().verifying_key()
    }

    fn meaning(word: &str) -> Word {
        word.to_string().try_into().unwrap()
    }

    fn at() -> Time {
        Time::from_micros(1_763_877_900_000_001).unwrap()
    }

    fn covers() -> Vec<Hash> {
        vec![Hash::of(b"manufacturing confirmed"), Hash::of(b"quality confirmed")]
    }

    fn entry() -> Entry {
        let id = Uuid::from_u128;
        let stream = StreamId { kind: StreamKind::Batch, id: id(2) };
        let (version, previous_hash) = (41, Hash::of(b"before"));
        let place = Place { origin: ORIGIN, stream, version, previous_hash };
        let signer = Signer { person: PersonId(id(3)), key: KeyId(id(4)), secret: &secret() };
        let payload =
            seal(&place, EVENT.as_bytes(), &signer, meaning("disposition"), at(), covers()).unwrap();
        let mut entry = Entry {
            id: EntryId(id(1)),
            stream,
            version,
            occurred_at: at(),
            recorded_at: at(),
            performer: PersonId(id(3)),
            recorder: PersonId(id(3)),
            command: CommandId(id(5)),
            kind: "disposition.decided".into(),
            schema_version: 1,
            payload,
            previous_hash,
            hash: Hash::ZERO,
        };
        entry.hash = entry.leaf_hash();
        entry
    }

    /// The entry with its signature changed and the payload written anew around it.
    fn changed(change: impl Fn(&mut Signature)) -> Entry {
        let mut entry = entry();
        let (payload, signature) = unsigned(&entry.payload).unwrap();
        let mut signature = signature.unwrap();
        change(&mut signature);
        entry.payload = signed(&payload, &signature).unwrap();
        entry
    }

    #[test]
    fn a_signature_stands_where_it_was_made() {
        let signature = verify(ORIGIN, &entry(), &public()).unwrap();
        assert_eq!(
            (signature.meaning.as_str(), signature.at, signature.covers),
            ("disposition", at(), covers())
        );
        let (payload, signature) = unsigned(&entry().payload).unwrap();
        assert_eq!(payload, EVENT.as_bytes());
        assert_eq!(signature.map(|signature| signature.person), Some(PersonId(Uuid::from_u128(3))));
        assert_eq!(changed(|_| ()), entry());
    }

    #[test]
    fn the_form_never_changes() {
        let entry = entry();
        let expected = [
            r#"{"event":{"disposition":{"decided":{"containers":[1,2],"note":"出荷可, ok"}}},"signature":{"#,
            r#""person":"00000000-0000-0000-0000-000000000003","#,
            r#""key":"00000000-0000-0000-0000-000000000004","#,
            r#""meaning":"disposition","at":1763877900000001,"covers":["#,
            r#""e3c90a789d757fc47ce7ff8e84946fc60aa660fc8557c2aa2ca6d49f1e34f7d3","#,
            r#""d12bf38a83ba28c55b78139e7942f34aecda4524687fb3674b23aec911d91a08"],"#,
            r#""value":"hUNAehCJ95XGvbMRHSiTKTPdsCBouZ0AtQ"#,
            r#"ytgAsaBCd/ksOlWss7f+Ql4vDWMTELmvc/VFiZ6Jo5sFs1pfnTCA=="}}"#,
        ];
        assert_eq!(String::from_utf8(entry.payload.clone()).unwrap(), expected.concat());
        let (payload, signature) = unsigned(&entry.payload).unwrap();
        let (stream, version, previous_hash) = (entry.stream, entry.version, entry.previous_hash);
        let place = Place { origin: ORIGIN, stream, version, previous_hash };
        let expected = [
            "baiyo signature v1",
            "baiyo.example/tkyo",
            "batch/00000000-0000-0000-0000-000000000002",
            "41",
            "6db7d803e74f1ffa7d8f5adc0bf95b3e15bf4c8373fffadf546227cc6c6742cb",
            "71d2807c3418a0a9eaace65ff74d6af8fffc084376c13752152d065f1b60e487",
            "00000000-0000-0000-0000-000000000003",
            "00000000-0000-0000-0000-000000000004",
            "disposition",
            "1763877900000001",
            "2",
            "e3c90a789d757fc47ce7ff8e84946fc60aa660fc8557c2aa2ca6d49f1e34f7d3",
            "d12bf38a83ba28c55b78139e7942f34aecda4524687fb3674b23aec911d91a08",
            "",
        ];
        let manifest = manifest(&place, &payload, &signature.unwrap());
        assert_eq!(String::from_utf8(manifest).unwrap(), expected.join("\n"));
    }

    #[test]
    fn every_part_of_the_manifest_is_signed() {
        let changes: [fn(&mut Signature); 9] = [
            |s| s.person = PersonId(Uuid::from_u128(9)),
            |s| s.key = KeyId(Uuid::from_u128(9)),
            |s| s.meaning = meaning("dispositions"),
            |s| s.at = Time::from_micros(s.at.micros() + 1).unwrap(),
            |s| s.covers[0] = Hash::ZERO,
            |s| s.covers.swap(0, 1),
            |s| s.covers.truncate(1),
            |s| s.covers.push(Hash::ZERO),
            |s| s.value[63] ^= 1,
        ];
        for (index, change) in changes.into_iter().enumerate() {
            let result = verify(ORIGIN, &changed(change), &public());
            assert_eq!(result, Err(SignatureError::Refused), "change {index}");
        }
        for from in ["containers", "[1,2]", "出荷可", "decided"] {
            let mut entry = entry();
            let payload = String::from_utf8(entry.payload).unwrap();
            entry.payload = payload.replacen(from, if from == "[1,2]" { "[1,3]" } else { "x" }, 1).into();
            assert_eq!(verify(ORIGIN, &entry, &public()), Err(SignatureError::Refused), "{from}");
        }
    }

    #[test]
    fn a_signature_holds_for_no_other_place_log_or_key() {
        let moves: [fn(&mut Entry); 6] = [
            |e| e.stream.id = Uuid::from_u128(9),
            |e| e.stream.kind = StreamKind::Order,
            |e| e.version = 42,
            |e| e.version = 4,
            |e| e.previous_hash = Hash::ZERO,
            |e| e.previous_hash = e.hash,
        ];
        for (index, transplant) in moves.into_iter().enumerate() {
            let mut entry = entry();
            transplant(&mut entry);
            assert_eq!(verify(ORIGIN, &entry, &public()), Err(SignatureError::Refused), "move {index}");
        }
        let elsewhere = verify("baiyo.example/osaka", &entry(), &public());
        assert_eq!(elsewhere, Err(SignatureError::Refused));
        let other = SigningKey::from_bytes(&[8; 32]).verifying_key();
        assert_eq!(verify(ORIGIN, &entry(), &other), Err(SignatureError::Refused));
        let weak = VerifyingKey::from_bytes(&[0; 32]).unwrap();
        assert_eq!(verify(ORIGIN, &entry(), &weak), Err(SignatureError::Refused));
    }

    #[test]
    fn a_signature_holds_for_no_other_event() {
        let (_, signature) = unsigned(&entry().payload).unwrap();
        let mut other = entry();
        other.payload = signed(br#"{"event":{"disposition":{"decided":{}}}}"#, &signature.unwrap()).unwrap();
        assert_eq!(verify(ORIGIN, &other, &public()), Err(SignatureError::Refused));
        other.payload = EVENT.into();
        assert_eq!(verify(ORIGIN, &other, &public()), Err(SignatureError::Unsigned));
    }

    #[test]
    fn no_bit_of_a_signed_payload_can_be_flipped() {
        let entry = entry();
        for bit in 0..entry.payload.len() * 8 {
            let mut flipped = entry.clone();
            flipped.payload[bit / 8] ^= 1 << (bit % 8);
            assert!(verify(ORIGIN, &flipped, &public()).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn only_the_exact_form_is_a_payload() {
        let good = String::from_utf8(entry().payload).unwrap();
        let value = good.rsplit_once(r#""value":""#).unwrap().1.trim_end_matches("\"}}");
        let signature = good.rsplit_once(r#","signature":"#).unwrap().1.strip_suffix('}').unwrap();
        for bad in [
            String::new(),
            "{}".into(),
            "null".into(),
            "[]".into(),
            "{".repeat(100_000),
            r#"{"event":{}"#.into(),
            r#"{"event":{}}}"#.into(),
            r#" {"event":{}}"#.into(),
            "{\"event\":{}}\n".into(),
            r#"{"event": {}}"#.into(),
            r#"{"event":{} }"#.into(),
            r#"{"event":{},}"#.into(),
            r#"{"event":{},"event":{}}"#.into(),
            r#"{"event":{},"other":{}}"#.into(),
            r#"{"\u0065vent":{}}"#.into(),
            r#"{"event":{},"signature":null}"#.into(),
            r#"{"event":{},"signature":{}}"#.into(),
            format!(r#"{{"signature":{signature},"event":{{}}}}"#),
            format!(r#"{{"event":{{}},"signature":{signature},"signature":{signature}}}"#),
            format!("{good} "),
            good.replace(",\"signature\"", ", \"signature\""),
            good.replace("\"person\":", "\"person\": "),
            good.replace(r#""at":1763877900000001"#, r#""at":1763877900000001.0"#),
            good.replace(r#""at":1763877900000001"#, r#""at":"1763877900000001""#),
            good.replace(r#""at":1763877900000001"#, r#""at":9223372036854775807"#),
            good.replace(r#""at":1763877900000001"#, r#""at":-0"#),
            good.replace(r#""meaning":"disposition""#, r#""meaning":"Disposition""#),
            good.replace(r#""meaning":"disposition""#, r#""meaning":"""#),
            good.replace(r#""meaning":"disposition""#, r#""meaning":"_""#),
            good.replace(r#""meaning":"disposition""#, r#""meaning":"a\n""#),
            good.replace(r#""meaning":"disposition""#, r#""meaning":"\u0064isposition""#),
            good.replace("-000000000003", "-00000000000A"),
            good.replace("00000000-0000-0000-0000-000000000003", "00000000000000000000000000000003"),
            good.replace(r#""covers":["#, r#""covers":["00","#),
            good.replace(r#""value":"#, r#""more":1,"value":"#),
            good.replace(value, &value[4..]),
            good.replace(value, value.trim_end_matches('=')),
            good.replace(value, ""),
        ] {
            assert_ne!(bad, good);
            let shown: String = bad.chars().take(200).collect();
            assert_eq!(unsigned(bad.as_bytes()), Err(SignatureError::Malformed), "{shown}");
        }
        assert_eq!(unsigned(b"{\"event\":\"\xff\"}"), Err(SignatureError::Malformed));
    }

    #[test]
    fn an_event_with_a_signature_of_its_own_is_not_mistaken_for_a_signed_one() {
        let event = r#"{"event":{"received":{"by":"x","signature":{"image":"y"}}}}"#;
        assert_eq!(unsigned(event.as_bytes()), Ok((event.into(), None)));
        let (_, signature) = unsigned(&entry().payload).unwrap();
        let payload = signed(event.as_bytes(), signature.as_ref().unwrap()).unwrap();
        assert_eq!(unsigned(&payload), Ok((event.into(), signature)));
    }

    #[test]
    fn a_source_stands_before_the_signature_and_is_signed_with_the_event() {
        let device = r#"{"id":"00000000-0000-0000-0000-000000000007","name":"Isolator 2"}"#;
        let event = EVENT.strip_suffix('}').unwrap();
        let of = |source: &str| format!(r#"{event},"source":{source}}}"#);
        let handed_in = of(&format!(r#"{{"means":"session","device":{device}}}"#));
        assert_eq!(unsigned(handed_in.as_bytes()), Ok((handed_in.clone().into(), None)));
        let mut entry = entry();
        let (stream, version, previous_hash) = (entry.stream, entry.version, entry.previous_hash);
        let place = Place { origin: ORIGIN, stream, version, previous_hash };
        let signer = Signer { person: entry.performer, key: KeyId(Uuid::from_u128(4)), secret: &secret() };
        let bytes = handed_in.as_bytes();
        let sealed = seal(&place, bytes, &signer, meaning("disposition"), at(), covers()).unwrap();
        entry.payload = sealed.clone();
        assert!(verify(ORIGIN, &entry, &public()).is_ok());
        assert_eq!(unsigned(&sealed).unwrap().0, bytes);
        // Another device, another means, none at all: the signature is over what was there.
        let payload = String::from_utf8(sealed).unwrap();
        let source = format!(r#","source":{{"means":"session","device":{device}}}"#);
        for (from, to) in
            [("Isolator 2", "Isolator 3"), ("\"session\"", "\"program\""), (source.as_str(), "")]
        {
            entry.payload = payload.replacen(from, to, 1).into();
            assert_ne!(entry.payload, payload.as_bytes());
            assert_eq!(verify(ORIGIN, &entry, &public()), Err(SignatureError::Refused), "{from}");
        }
        for bad in [
            of("null"),
            of("{}"),
            of(r#"{"means": "session"}"#),
            of(r#"{"means":"session","device":null}"#),
            of(r#"{"means":"badge"}"#),
            of(&format!(r#"{{"device":{device},"means":"badge"}}"#)),
            handed_in.replace("\"name\":\"Isolator", "\"name\":\"\\u0049solator"),
            format!(r#"{{"source":{{"means":"session"}},{}"#, &EVENT[1..]),
        ] {
            assert_eq!(unsigned(bad.as_bytes()), Err(SignatureError::Malformed), "{bad}");
        }
    }

    #[test]
    fn every_meaning_in_use_is_a_word() {
        for meaning in Meaning::ALL {
            assert_eq!(Word::try_from(meaning.word().to_string()), Ok(meaning.into()));
        }
    }

    #[test]
    fn only_an_unsigned_payload_is_sealed() {
        let entry = entry();
        let (stream, version, previous_hash) = (entry.stream, entry.version, entry.previous_hash);
        let place = Place { origin: ORIGIN, stream, version, previous_hash };
        let signer = Signer { person: entry.performer, key: KeyId(Uuid::from_u128(4)), secret: &secret() };
        for payload in [entry.payload.as_slice(), b"", b"{}", b"{\"event\":1} "] {
            let sealed = seal(&place, payload, &signer, meaning("disposition"), at(), vec![]);
            assert_eq!(sealed, Err(SignatureError::Malformed));
        }
    }
}
