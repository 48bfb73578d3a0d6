//! Extracts, checked by the verifier that shares no code with Baiyo: honest ones are sound, forged ones are not.

mod centre;

use baiyo_domain::event::Event;
use baiyo_domain::ids::BatchId;
use baiyo_domain::journal::StreamKind;
use baiyo_domain::journal::tree::verify_inclusion;
use baiyo_persistence::extract::{Extracted, Head, everything, head, of_batch};
use baiyo_persistence::{Store, StoreError};
use base64::{Engine, engine::general_purpose::STANDARD};
use centre::forger::Forger;
use centre::forgeries::{FORGERIES, Forgery};
use centre::place::Place;
use centre::story;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::thread;
use uuid::Uuid;

fn all(store: &Store, head: &Head) -> Result<Vec<Extracted>, StoreError> {
    let mut entries = Vec::new();
    everything(store, head, &mut |extracted| {
        entries.push(extracted);
        Ok::<_, StoreError>(())
    })?;
    Ok(entries)
}

/// The export, written here once more from its description, so that this crate need not know the outside world.
fn export(head: &Head, complete: bool, entries: &[Extracted]) -> Value {
    let entries: Vec<Value> = entries
        .iter()
        .map(|Extracted { entry, tree_index, proof }| {
            json!({
                "id": entry.id, "stream": entry.stream.to_string(), "version": entry.version,
                "occurred_at": entry.occurred_at.micros(), "recorded_at": entry.recorded_at.micros(),
                "performer": entry.performer, "recorder": entry.recorder, "command": entry.command,
                "kind": entry.kind, "schema_version": entry.schema_version,
                "payload": STANDARD.encode(&entry.payload), "previous_hash": entry.previous_hash,
                "hash": entry.hash, "tree_index": tree_index, "proof": proof,
            })
        })
        .collect();
    json!({
        "format": "baiyo-export/2", "origin": head.origin, "vkey": head.vkey, "checkpoint": head.note,
        "complete": complete, "signed_kinds": Event::SIGNED_KINDS, "entries": entries,
    })
}

/// What the twin says of an export, given what an outsider kept: its status and its words.
fn twin(export: &Value, vkey: &str, outside: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let (file, note) = (folder.path().join("export.json"), folder.path().join("note"));
    std::fs::write(&file, export.to_string()).unwrap();
    std::fs::write(&note, outside).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/twin/verify.py");
    let mut python = Command::new("python3");
    let output =
        python.arg(script).arg(file).args(["--vkey", vkey, "--checkpoint"]).arg(note).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn the_twin_finds_the_whole_journal_sound() {
    let story = story();
    let place = story.copy();
    let store = place.open();
    let head = head(&store).unwrap().unwrap();
    let entries = all(&store, &head).unwrap();
    for outside in &story.outside {
        let (status, words) = twin(&export(&head, true, &entries), &head.vkey, outside);
        assert_eq!(status, Some(0), "{words}");
        assert!(words.starts_with(&format!("SOUND: {} entries", entries.len())), "{words}");
    }
}

#[test]
fn one_batch_is_extracted_with_everything_its_record_rests_on() {
    let story = story();
    let place = story.copy();
    let store = place.open();
    let head = head(&store).unwrap().unwrap();
    let entries = of_batch(&store, &head, story.batch).unwrap().unwrap();
    let streams: BTreeSet<_> = entries.iter().map(|extracted| extracted.entry.stream).collect();
    let of = |kind| streams.iter().filter(|stream| stream.kind == kind).count();
    let kinds =
        [StreamKind::Site, StreamKind::Order, StreamKind::Standard, StreamKind::Batch, StreamKind::Person];
    // Administrator, lead, maker, analyst, releaser, and the coordinator who placed the order.
    assert_eq!(kinds.map(of), [1, 1, 1, 1, 6]);
    for Extracted { entry, tree_index, proof } in &entries {
        let (index, proof) = (tree_index.unwrap(), proof.as_ref().unwrap());
        let root = STANDARD.decode(head.note.lines().nth(2).unwrap()).unwrap();
        let root = baiyo_domain::journal::Hash(root.try_into().unwrap());
        assert!(verify_inclusion(entry.hash, index, head.size, proof, root));
    }
    let (status, words) = twin(&export(&head, false, &entries), &head.vkey, &story.outside[1]);
    assert_eq!(status, Some(0), "{words}");
    assert!(words.contains("a part of the journal"), "{words}");
    assert_eq!(of_batch(&store, &head, BatchId(Uuid::now_v7())).unwrap(), None);
}

#[test]
fn before_the_first_sealing_there_is_nothing_to_show() {
    let place = Place::fresh();
    assert_eq!(head(&place.open()).unwrap(), None);
}

/// What only Baiyo itself can find: its evidence and its tables are no part of an export, and whether a history is
/// possible and who may do what is not for a verifier of signatures and hashes to say.
const UNSEEN: [&str; 21] = [
    "what is sealed is made to wait again",
    "evidence is invented",
    "evidence is changed",
    "facts of the gate change places",
    "a duty is deleted",
    "a disposition rests on no entry",
    "a disposition rests on an entry that decides nothing",
    "a stored subtree is changed",
    "a stored subtree over the batch is changed",
    "a checkpoint's root is changed",
    "a checkpoint's note is changed",
    "a checkpoint outside is changed",
    "a batch is opened a second time",
    "the centre is founded a second time",
    "an analyst makes himself releaser",
    "an analyst makes his friend releaser",
    "a technician decides",
    // Files stand beside an export; which they are, a story compares.
    "a photograph is altered",
    "a photograph is said to be something else",
    "a photograph is deleted",
    "a photograph that no entry names is altered",
];

/// What came of some forgeries: what the twin did not say as it should, and what could not be exported at all.
fn shown(forgeries: &[Forgery], vkey: &str) -> (Vec<String>, Vec<&'static str>) {
    let story = story();
    let (mut wrong, mut unread) = (Vec::new(), Vec::new());
    for (name, forge, _) in forgeries {
        let place = story.copy();
        let mut forger = Forger::at(&place);
        forge(&mut forger);
        forger.leave();
        let store = place.open();
        let read = head(&store).and_then(|head| match head {
            Some(head) => Ok(Some((all(&store, &head)?, head))),
            None => Ok(None),
        });
        let Ok(Some((entries, head))) = read else {
            unread.push(*name);
            continue;
        };
        let (status, words) = twin(&export(&head, true, &entries), vkey, &story.outside[1]);
        let due = if UNSEEN.contains(name) { 0 } else { 1 };
        if status != Some(due) {
            wrong.push(format!("{name}: {status:?}, not {due}\n{words}"));
        }
    }
    (wrong, unread)
}

#[test]
fn the_twin_finds_every_forgery_that_an_export_can_show() {
    let place = story().copy();
    let vkey = head(&place.open()).unwrap().unwrap().vkey;
    let (one, other) = FORGERIES.split_at(FORGERIES.len() / 2);
    let [one, other] = thread::scope(|scope| {
        let other = scope.spawn(|| shown(other, &vkey));
        [shown(one, &vkey), other.join().unwrap()]
    });
    let wrong = [one.0, other.0].concat();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // A checkpoint that is not the log's, and a row that is no entry: nothing is exported at all.
    assert_eq!([one.1, other.1].concat(), ["the origin is another", "a column gets another type"]);
}
