//! Checkpoints: what the log's key signs so that anyone who keeps one can prove later that nothing before it
//! changed. The text is that of <https://c2sp.org/tlog-checkpoint>, a note as in
//! <https://c2sp.org/signed-note>, without extension lines and with the log's own Ed25519 signature alone:
//!
//! ```text
//! baiyo.example/tkyo
//! 1842
//! <base64 of the root>
//!
//! — baiyo.example/tkyo <base64 of the key id and the signature>
//! ```

use super::Hash;
use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// The byte by which signed notes and their keys name Ed25519.
const ED25519: u8 = 1;

/// The state of the log at one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: also the name of its key, and therefore of the form that [`Verifier::new`] demands.
    pub origin: String,
    /// How many entries the tree holds.
    pub size: u64,
    /// The tree's root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The signed note. It opens where `origin` is a key name as [`Verifier::new`] demands.
    pub fn sign(&self, key: &SigningKey) -> String {
        let text = self.text();
        let mut signature = key_id(&self.origin, &key.verifying_key()).to_vec();
        signature.extend(key.sign(text.as_bytes()).to_bytes());
        format!("{text}\n— {} {}\n", self.origin, STANDARD.encode(signature))
    }

    /// Reads a note that must be, to the byte, what [`Checkpoint::sign`] makes under the verifier's key.
    ///
    /// # Errors
    /// [`CheckpointError`]: the first thing that is wrong with it.
    pub fn open(note: &str, verifier: &Verifier) -> Result<Self, CheckpointError> {
        let (text, signature) = note.split_once("\n\n").ok_or(CheckpointError::Form)?;
        let [origin, size, root] = text.split('\n').collect::<Vec<_>>()[..] else {
            return Err(CheckpointError::Form);
        };
        let signature = signature.strip_prefix("— ").and_then(|line| line.strip_suffix('\n'));
        let (name, signature) =
            signature.and_then(|line| line.split_once(' ')).ok_or(CheckpointError::Form)?;
        let signature = STANDARD.decode(signature).map_err(|_| CheckpointError::Form)?;
        let (id, signature) = signature.split_first_chunk::<4>().ok_or(CheckpointError::Form)?;
        let signature = Signature::from_slice(signature).map_err(|_| CheckpointError::Form)?;

        if origin != verifier.name {
            return Err(CheckpointError::Origin);
        }
        if name != verifier.name || *id != key_id(&verifier.name, &verifier.key) {
            return Err(CheckpointError::Key);
        }
        let size = size.parse::<u64>().ok().filter(|read| read.to_string() == size);
        let root = STANDARD.decode(root).ok().and_then(|root| root.try_into().ok());
        let checkpoint = Self {
            origin: origin.into(),
            size: size.ok_or(CheckpointError::Size)?,
            root: Hash(root.ok_or(CheckpointError::Root)?),
        };
        let verified = verifier.key.verify_strict(checkpoint.text().as_bytes(), &signature);
        verified.map(|()| checkpoint).map_err(|_| CheckpointError::Signature)
    }

    fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.0))
    }
}

/// Why a note is not a checkpoint of this log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not three lines, an empty one and one signature line, each ended by a line feed.
    #[error("not a checkpoint: three lines, an empty line and one signature line are expected")]
    Form,
    /// Another log's checkpoint.
    #[error("the checkpoint is of another log")]
    Origin,
    /// Signed by another key.
    #[error("the checkpoint is signed by another key")]
    Key,
    /// The size is not a number in plain decimal digits.
    #[error("the checkpoint's size is not a number")]
    Size,
    /// The root is not 32 bytes in base64.
    #[error("the checkpoint's root is not 32 bytes in base64")]
    Root,
    /// The signature does not verify.
    #[error("the checkpoint's signature does not verify: it was altered or forged")]
    Signature,
}

/// The public half of the log's key and its name. In text the "vkey" of signed notes,
/// `name+<key id in hexadecimal>+<base64 of 0x01 and the key>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    key: VerifyingKey,
}

impl Verifier {
    /// The verifier of checkpoints whose origin is `name`, by recommendation a URL without its scheme
    /// (`baiyo.example/tkyo`).
    ///
    /// # Errors
    /// [`VerifierError::Name`] where the name is empty or holds a space, a plus sign or a control character.
    pub fn new(name: &str, key: VerifyingKey) -> Result<Self, VerifierError> {
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+') {
            return Err(VerifierError::Name);
        }
        Ok(Self { name: name.into(), key })
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = u32::from_be_bytes(key_id(&self.name, &self.key));
        let key = [&[ED25519], self.key.as_bytes().as_slice()].concat();
        write!(f, "{}+{id:08x}+{}", self.name, STANDARD.encode(key))
    }
}

impl FromStr for Verifier {
    type Err = VerifierError;

    fn from_str(text: &str) -> Result<Self, VerifierError> {
        let (name, rest) = text.split_once('+').ok_or(VerifierError::Form)?;
        let (_, key) = rest.split_once('+').ok_or(VerifierError::Form)?;
        let key = STANDARD.decode(key).map_err(|_| VerifierError::Form)?;
        let [ED25519, key @ ..] = key.as_slice() else { return Err(VerifierError::Form) };
        let key = VerifyingKey::try_from(key).map_err(|_| VerifierError::Form)?;
        let verifier = Self::new(name, key)?;
        if verifier.to_string() == text { Ok(verifier) } else { Err(VerifierError::Id) }
    }
}

/// Why a text is not a verifier's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifierError {
    /// Not `name+id+key` with an Ed25519 key.
    #[error("a verifier is written name+id+key, with an Ed25519 key")]
    Form,
    /// The name is empty or holds a space, a plus sign or a control character.
    #[error("a log's name has no spaces, plus signs or control characters")]
    Name,
    /// The key id is not that of this name and key.
    #[error("the verifier's key id does not belong to its name and key: it was mistyped or altered")]
    Id,
}

/// The id of an Ed25519 key (<https://c2sp.org/signed-note>, "Ed25519 signatures").
fn key_id(name: &str, key: &VerifyingKey) -> [u8; 4] {
    let hash = Sha256::new().chain_update(name).chain_update([b'\n', ED25519]).chain_update(key).finalize();
    [hash[0], hash[1], hash[2], hash[3]]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "baiyo.example/tkyo";

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    fn verifier() -> Verifier {
        Verifier::new(ORIGIN, key().verifying_key()).unwrap()
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint { origin: ORIGIN.into(), size: 1842, root: Hash::of(b"root") }
    }

    /// A note over any text, signed as a note should be.
    fn signed(text: &str) -> String {
        let mut signature = key_id(ORIGIN, &key().verifying_key()).to_vec();
        signature.extend(key().sign(text.as_bytes()).to_bytes());
        format!("{text}\n— {ORIGIN} {}\n", STANDARD.encode(signature))
    }

    /// The same bytes in base64 with a bit set that decoding drops.
    fn loosened(base64: &str) -> String {
        const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let (head, last) = base64.trim_end_matches('=').split_at(base64.len() - 2);
        let next = DIGITS.split_once(last).unwrap().1;
        format!("{head}{}=", &next[..1])
    }

    #[test]
    fn what_is_signed_opens_again() {
        for size in [0, 1, 1842, u64::MAX] {
            let checkpoint = Checkpoint { size, ..checkpoint() };
            assert_eq!(Checkpoint::open(&checkpoint.sign(&key()), &verifier()), Ok(checkpoint));
        }
    }

    #[test]
    fn the_form_never_changes() {
        let expected = "\
            baiyo.example/tkyo\n1842\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n\n\
            — baiyo.example/tkyo \
            lu5vK9YCJ5KvzOy+8VneC9AYTWBsfzEWATSgxSq3K8atbqFc5xsDljKXMwR87zPWjBgvlQOaYa1O6zSvLAlkkgxEMww=\n";
        assert_eq!(checkpoint().sign(&key()), expected);
        assert_eq!(
            verifier().to_string(),
            "baiyo.example/tkyo+96ee6f2b+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs"
        );
    }

    #[test]
    fn a_malformed_text_is_refused_though_its_signature_verifies() {
        use CheckpointError::{Form, Origin, Root, Size};
        let root = STANDARD.encode(checkpoint().root.0);
        let unpadded = root.trim_end_matches('=');
        let loose = loosened(&root);
        let short = STANDARD.encode([0; 31]);
        let hex = checkpoint().root;
        for (text, error) in [
            (String::new(), Form),
            (format!("{ORIGIN}\n1842\n"), Form),
            (format!("{ORIGIN}\n1842\n{root}"), Form),
            (format!("{ORIGIN}\n1842\n{root}\nextension\n"), Form),
            (format!("{ORIGIN}\n1842\n{root}\n\n"), Form),
            (format!("\n{ORIGIN}\n1842\n{root}\n"), Form),
            (format!("{ORIGIN}\n\n{root}\n"), Form),
            (format!("baiyo.example/osaka\n1842\n{root}\n"), Origin),
            (format!("{ORIGIN} \n1842\n{root}\n"), Origin),
            (format!("{ORIGIN}\r\n1842\n{root}\n"), Origin),
            (format!("\u{feff}{ORIGIN}\n1842\n{root}\n"), Origin),
            (format!("{ORIGIN}\n01842\n{root}\n"), Size),
            (format!("{ORIGIN}\n00\n{root}\n"), Size),
            (format!("{ORIGIN}\n+1842\n{root}\n"), Size),
            (format!("{ORIGIN}\n-1\n{root}\n"), Size),
            (format!("{ORIGIN}\n 1842\n{root}\n"), Size),
            (format!("{ORIGIN}\n1842 \n{root}\n"), Size),
            (format!("{ORIGIN}\n1842\r\n{root}\n"), Size),
            (format!("{ORIGIN}\n0x732\n{root}\n"), Size),
            (format!("{ORIGIN}\n１８４２\n{root}\n"), Size),
            (format!("{ORIGIN}\n18446744073709551616\n{root}\n"), Size),
            (format!("{ORIGIN}\n1842\n{root}\r\n"), Root),
            (format!("{ORIGIN}\n1842\n{root}{root}\n"), Root),
            (format!("{ORIGIN}\n1842\n{unpadded}\n"), Root),
            (format!("{ORIGIN}\n1842\n{loose}\n"), Root),
            (format!("{ORIGIN}\n1842\n{short}\n"), Root),
            (format!("{ORIGIN}\n1842\n{hex}\n"), Root),
        ] {
            assert_eq!(Checkpoint::open(&signed(&text), &verifier()), Err(error), "{text:?}");
        }
    }

    #[test]
    fn a_malformed_signature_line_is_refused() {
        use CheckpointError::{Form, Key, Signature};
        let text = checkpoint().text();
        let note = checkpoint().sign(&key());
        let line = &note[text.len() + 1..];
        let encoded = line.trim_end().rsplit_once(' ').unwrap().1;
        let bytes = STANDARD.decode(encoded).unwrap();
        let short = STANDARD.encode(&bytes[..67]);
        let long = STANDARD.encode([&bytes[..], &[0]].concat());
        let other_id = STANDARD.encode([&[0; 4], &bytes[4..]].concat());
        let loose = loosened(encoded);
        let other = SigningKey::from_bytes(&[8; 32]);
        for (note, error) in [
            (text.clone(), Form),
            (format!("{text}\n"), Form),
            (format!("{text}{line}"), Form),
            (format!("{text}\n{}", line.trim_end()), Form),
            (format!("{text}\n{line}\n"), Form),
            (format!("{text}\n{line}x"), Form),
            (format!("{text}\n{line}{line}"), Form),
            (format!("{text}\n\n{line}"), Form),
            (format!("{text}\n{}", line.replace('\n', "\r\n")), Form),
            (note.replace('\n', "\r\n"), Form),
            (format!("{text}\n{}", line.replace('—', "-")), Form),
            (format!("{text}\n{}", line.replace('—', "–")), Form),
            (format!("{text}\n{}", line.replace("— ", "—")), Form),
            (format!("{text}\n— {encoded}\n"), Form),
            (format!("{text}\n— {ORIGIN}  {encoded}\n"), Form),
            (format!("{text}\n— {ORIGIN} {encoded} \n"), Form),
            (format!("{text}\n— {ORIGIN} {loose}\n"), Form),
            (format!("{text}\n— {ORIGIN} {}\n", encoded.trim_end_matches('=')), Form),
            (format!("{text}\n— {ORIGIN} {}\n", encoded.replace('+', "-")), Form),
            (format!("{text}\n— {ORIGIN} {short}\n"), Form),
            (format!("{text}\n— {ORIGIN} {long}\n"), Form),
            (format!("{text}\n— {ORIGIN} \n"), Form),
            (format!("{text}\n— baiyo.example/osaka {encoded}\n"), Key),
            (format!("{text}\n— {ORIGIN} {other_id}\n"), Key),
            (checkpoint().sign(&other), Key),
            (note.replace("1842", "1843"), Signature),
        ] {
            assert_eq!(Checkpoint::open(&note, &verifier()), Err(error), "{note:?}");
        }
    }

    #[test]
    fn no_bit_of_a_note_can_be_flipped() {
        let note = checkpoint().sign(&key());
        for bit in 0..note.len() * 8 {
            let mut bytes = note.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            if let Ok(flipped) = String::from_utf8(bytes) {
                assert!(Checkpoint::open(&flipped, &verifier()).is_err(), "{flipped:?}");
            }
        }
    }

    #[test]
    fn a_verifier_reads_back_and_matches_keys_published_elsewhere() {
        assert_eq!(verifier().to_string().parse(), Ok(verifier()));
        for published in [
            "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        ] {
            assert_eq!(published.parse::<Verifier>().map(|read| read.to_string()), Ok(published.into()));
        }
    }

    #[test]
    fn a_malformed_verifier_is_refused() {
        use VerifierError::{Form, Id, Name};
        let vkey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
        for (text, error) in [
            (String::new(), Form),
            ("sum.golang.org".into(), Form),
            ("sum.golang.org+033de0ae".into(), Form),
            ("sum.golang.org+033de0ae+".into(), Form),
            (format!("{vkey}A"), Form),
            (format!("{vkey}\n"), Form),
            (vkey.replace("+Ac", "+Bc"), Form),
            (vkey.replace("+Ac4z", "+AQ=="), Form),
            (vkey.replace("sum", ""), Id),
            (vkey.replace("sum.golang.org", ""), Name),
            (vkey.replace("sum", "s m"), Name),
            (vkey.replace("sum", "s\u{3000}m"), Name),
            (vkey.replace("sum", "s\0m"), Name),
            (vkey.replace("033de0ae", "033DE0AE"), Id),
            (vkey.replace("033de0ae", "33de0ae"), Id),
            (vkey.replace("033de0ae", "+033de0ae"), Form),
            (vkey.replace("033de0ae", "033de0af"), Id),
        ] {
            assert_eq!(text.parse::<Verifier>(), Err(error), "{text:?}");
        }
        assert_eq!(Verifier::new("a+b", key().verifying_key()), Err(Name));
    }
}
