//! An export as it is written here, read by the verifier that shares no code with Baiyo.

use baiyo_domain::event::Event;
use baiyo_domain::ids::{CommandId, EntryId, KeyId, PersonId};
use baiyo_domain::journal::checkpoint::{Checkpoint, Verifier};
use baiyo_domain::journal::signature::{Place, Signer, seal};
use baiyo_domain::journal::tree::{self, TreeError};
use baiyo_domain::journal::{Entry, Hash, StreamId, StreamKind};
use baiyo_domain::people::{self, KeyRegistered, PublicKey};
use baiyo_domain::time::Time;
use baiyo_exchange::export::{Export, ExportedEntry, Head};
use ed25519_dalek::SigningKey;
use serde::Serialize;
use serde_json::json;
use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use uuid::Uuid;

const ORIGIN: &str = "baiyo.example/kamo";

/// The first administrator's registration of his own key, and two entries more.
fn entries() -> Vec<Entry> {
    let secret = SigningKey::from_bytes(&[1; 32]);
    let (person, key) = (PersonId(Uuid::from_u128(2)), KeyId(Uuid::from_u128(3)));
    let at = Time::from_micros(1_763_877_900_000_000).unwrap();
    let registered = KeyRegistered {
        key,
        public_key: PublicKey(secret.verifying_key().to_bytes()),
        identity_check: "passport seen".to_string().try_into().unwrap(),
        second_checker: None,
    };
    let registered = Event::from(people::Event::from(registered));
    let mut entries: Vec<Entry> = Vec::new();
    for number in 0..3 {
        let stream = StreamId { kind: StreamKind::Person, id: person.0 };
        let (version, previous_hash) = entries.last().map_or((1, Hash::ZERO), |e| (e.version + 1, e.hash));
        let place = Place { origin: ORIGIN, stream, version, previous_hash };
        let signer = Signer { person, key, secret: &secret };
        let meaning = registered.meaning().unwrap().into();
        let (kind, payload) = match number {
            0 => (
                registered.kind(),
                seal(&place, &registered.payload(None), &signer, meaning, at, vec![]).unwrap(),
            ),
            _ => ("person.left".into(), br#"{"event":{"person":{"left":{"reason":"moved"}}}}"#.to_vec()),
        };
        let mut entry = Entry {
            id: EntryId(Uuid::from_u128(100 + number)),
            stream,
            version,
            occurred_at: at,
            recorded_at: at,
            performer: person,
            recorder: person,
            command: CommandId(Uuid::from_u128(4)),
            kind,
            schema_version: 1,
            payload,
            previous_hash,
            hash: Hash::ZERO,
        };
        entry.hash = entry.leaf_hash();
        entries.push(entry);
    }
    entries
}

/// The export of these entries, of which the last is not under the checkpoint.
fn export(entries: &[Entry]) -> Export {
    let mut nodes: HashMap<(u8, u64), Hash> = HashMap::new();
    for (size, entry) in entries[..2].iter().enumerate() {
        let made: Result<_, TreeError<()>> =
            tree::append(size as u64, entry.hash, |level, index| Ok(nodes.get(&(level, index)).copied()));
        nodes.extend(made.unwrap().into_iter().map(|(level, index, hash)| ((level, index), hash)));
    }
    let node = |level, index| Ok::<_, ()>(nodes.get(&(level, index)).copied());
    let log = SigningKey::from_bytes(&[9; 32]);
    let checkpoint = Checkpoint { origin: ORIGIN.into(), size: 2, root: tree::root(2, node).unwrap() };
    let vkey = Verifier::new(ORIGIN, log.verifying_key()).unwrap().to_string();
    let head = Head::new(ORIGIN.into(), vkey, checkpoint.sign(&log), false);
    let entries = entries.iter().zip(0..).map(|(entry, index)| match index {
        0 | 1 => {
            let proof = tree::inclusion_proof(index, 2, node).unwrap();
            ExportedEntry::new(entry, Some(index), Some(proof))
        }
        _ => ExportedEntry::new(entry, None, None),
    });
    Export { head, entries: entries.collect(), files: vec![] }
}

fn twin(export: &impl Serialize) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export.json");
    std::fs::write(&file, serde_json::to_vec(export).unwrap()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/twin/verify.py");
    let output = Command::new("python3").arg(script).arg(file).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn an_export_is_read_and_found_sound() {
    let (status, words) = twin(&export(&entries()));
    assert_eq!(status, Some(0), "{words}");
    assert!(words.starts_with("SOUND: 3 entries, 1 signed, 2 under the checkpoint of size 2"), "{words}");
    assert!(words.contains("batch.disposition.decided"), "the kinds that must be signed are named: {words}");
}

#[test]
fn where_an_entry_came_from_is_read_in_the_second_form_and_there_alone() {
    let mut entries = entries();
    entries[2].payload =
        br#"{"event":{"person":{"left":{"reason":"moved"}}},"source":{"means":"session"}}"#.to_vec();
    entries[2].hash = entries[2].leaf_hash();
    let with_source = export(&entries);
    let in_form = |export: &Export, form: &str| {
        let mut export = serde_json::to_value(export).unwrap();
        assert_eq!(export["format"], "baiyo-export/2");
        export["format"] = json!(form);
        twin(&export)
    };
    assert_eq!(twin(&with_source).0, Some(0));
    let (status, words) = in_form(&with_source, "baiyo-export/1");
    assert_eq!(status, Some(1), "{words}");
    assert!(words.contains("its payload cannot be read"), "{words}");
    // An older export is sound still, and one of a later form cannot be checked.
    assert_eq!(in_form(&export(&self::entries()), "baiyo-export/1").0, Some(0));
    let (status, words) = in_form(&with_source, "baiyo-export/3");
    assert_eq!(status, Some(2), "{words}");
}

#[test]
fn an_export_of_altered_entries_is_not() {
    let mut altered = entries();
    altered[1].occurred_at = altered[1].occurred_at.plus_hours(1);
    let (status, words) = twin(&export(&altered));
    assert_eq!(status, Some(1), "{words}");
    assert!(words.starts_with(&format!("entry {}", altered[1].id)), "{words}");
}
