//! The forgeries that `baiyo verify` must find, each with the first wrong entry.

use super::dialect::{bytes, id, no_hash};
use super::engine;
use super::forged::{
    SECOND_KEY, confirmation, forged_registration, rejected, release_of_the_rejected, second_key,
};
use super::forger::{Forger, person, replaced};
use baiyo_domain::authority::Meaning;
use baiyo_domain::ids::{EntryId, KeyId, PersonId};
use baiyo_domain::journal::signature::unsigned;
use baiyo_domain::journal::{Entry, Hash, StreamId};
use baiyo_domain::people::PublicKey;
use baiyo_persistence::verify::{Fault, Source};
use uuid::Uuid;

/// What was done; how, giving the first wrong entry where one can be named; and as what it is found.
pub type Forgery = (&'static str, fn(&mut Forger) -> Option<EntryId>, fn(&Fault) -> bool);

macro_rules! found {
    ($($fault:tt)+) => { |fault: &Fault| matches!(fault, $($fault)+) };
}

const EARLY: &str = "(SELECT min(size) FROM checkpoint)";

/// What the owner of the database may try.
pub const FORGERIES: &[Forgery] = &[
    (
        "a payload is edited",
        |f| {
            let mut entry = f.first("batch.intake.tissue_received");
            entry.payload = replaced(&entry.payload, "yellow", "orange");
            f.overwrite(&entry);
            Some(entry.id)
        },
        found!(Fault::Hash),
    ),
    (
        "a payload is edited and the chain made to fit",
        |f| {
            let entry = f.first("batch.intake.tissue_received");
            f.edit(&entry, |e| e.payload = replaced(&e.payload, "yellow", "orange"));
            Some(entry.id)
        },
        found!(Fault::Leaf { .. }),
    ),
    (
        "a payload is edited, chain and tree made to fit",
        |f| {
            let entry = f.first("batch.intake.tissue_received");
            f.edit(&entry, |e| e.payload = replaced(&e.payload, "yellow", "orange"));
            f.reseal();
            None
        },
        found!(Fault::Root { source_name: Source::Database(_), .. }),
    ),
    (
        "a result is edited, everything made to fit and the log's key stolen",
        |f| {
            let entry = f.first("batch.testing.result_entered");
            f.edit(&entry, |e| e.payload = replaced(&e.payload, "negative", "positive"));
            f.reseal();
            f.checkpoint();
            None
        },
        found!(Fault::Covers),
    ),
    (
        "the same, seen by the outsider",
        |f| {
            let entry = f.first("batch.testing.result_entered");
            f.edit(&entry, |e| e.payload = replaced(&e.payload, "negative", "positive"));
            f.reseal();
            f.checkpoint();
            None
        },
        found!(Fault::Root { source_name: Source::Outside(2), since, .. } if *since > 1),
    ),
    (
        "the newest entry is deleted",
        |f| {
            let entry = f.entries().pop().unwrap();
            f.delete(&entry);
            f.sql(&format!("DELETE FROM disposition WHERE entry = {}", id(entry.id.0)));
            Some(entry.id)
        },
        found!(Fault::Deleted { .. }),
    ),
    (
        "the newest entry is deleted with every trace in the folder",
        |f| {
            let size = f.number("SELECT count(*) - 1 AS number FROM tree_leaf");
            f.truncate(size);
            None
        },
        found!(Fault::RolledBack { source_name: Source::Outside(2), .. }),
    ),
    (
        "an entry in the middle is deleted and the rest renumbered",
        |f| {
            let entry = f.first("batch.intake.instructed");
            f.delete(&entry);
            f.rechain(entry.stream);
            Some(entry.id)
        },
        found!(Fault::Deleted { .. }),
    ),
    (
        "an entry in the middle is deleted",
        |f| {
            let entry = f.first("batch.intake.instructed");
            f.delete(&entry);
            Some(entry.id)
        },
        found!(Fault::Deleted { .. }),
    ),
    (
        "two entries change places",
        |f| {
            let first = f.first("batch.intake.tissue_received");
            let second = f.first("batch.culture.isolated");
            f.overwrite(&Entry { version: 999, ..first.clone() });
            f.overwrite(&Entry { version: first.version, ..second.clone() });
            f.overwrite(&Entry { version: second.version, ..first.clone() });
            Some(first.id)
        },
        found!(Fault::Version { .. }),
    ),
    (
        "an entry is inserted in the middle",
        |f| {
            let model = f.first("batch.culture.isolated");
            let seq = f.number(&format!("SELECT seq AS number FROM journal WHERE id = {}", id(model.id.0)));
            f.make_room(seq);
            f.sql("UPDATE journal SET version = version + 100 WHERE stream_kind = 'batch' AND version >= 4");
            let mut entry = f.next(model.stream, &model);
            (entry.version, entry.recorded_at) = (4, model.recorded_at);
            entry.hash = entry.leaf_hash();
            f.insert(Some(seq), &entry);
            f.rechain(model.stream);
            Some(entry.id)
        },
        found!(Fault::PassedOver),
    ),
    (
        "a verification is signed by another key in the verifier's name",
        |f| {
            let entry = f.first("batch.testing.result_verified");
            let signature = unsigned(&entry.payload).unwrap().1.unwrap();
            f.edit(&entry, |e| {
                Forger::sign(e, signature.person, signature.key, signature.covers, "verification")
            });
            Some(entry.id)
        },
        found!(Fault::Signature),
    ),
    (
        "a rejected container is released in the releaser's name",
        |f| {
            let model = f.first("batch.disposition.decided");
            let rejected = rejected(f);
            let signature = unsigned(&model.payload).unwrap().1.unwrap();
            let mut entry = release_of_the_rejected(f);
            Forger::sign(&mut entry, signature.person, signature.key, vec![], "disposition");
            f.insert(None, &entry);
            f.sql(&format!(
                "INSERT INTO disposition SELECT {}, batch, container, 'release', decided_by, expires_at \
             FROM disposition WHERE container = {rejected}",
                id(entry.id.0)
            ));
            Some(entry.id)
        },
        found!(Fault::DispositionUnsigned),
    ),
    (
        "a key is registered in the administrator's name",
        |f| {
            let model = f.last("person.key_registered");
            let signature = unsigned(&model.payload).unwrap().1.unwrap();
            let mut entry = f.next(model.stream, &model);
            entry.payload = forged_registration(KeyId(Uuid::from_u128(7)));
            Forger::sign(&mut entry, signature.person, signature.key, vec![], "key_registration");
            f.insert(None, &entry);
            Some(entry.id)
        },
        found!(Fault::Signature),
    ),
    (
        "a key is registered by its own person",
        |f| {
            let model = f.last("person.key_registered");
            let mut entry = f.next(model.stream, &model);
            let owner = PersonId(model.stream.id);
            let key = KeyId(Uuid::from_u128(7));
            entry.payload = forged_registration(key);
            (entry.performer, entry.recorder) = (owner, owner);
            Forger::sign(&mut entry, owner, key, vec![], "key_registration");
            f.insert(None, &entry);
            Some(entry.id)
        },
        found!(Fault::KeyByItself),
    ),
    (
        "an administrator registers another key of the releaser, and asks nobody",
        |f| {
            let entry = second_key(f, None);
            f.insert(None, &entry);
            Some(entry.id)
        },
        found!(Fault::KeyUnconfirmed),
    ),
    (
        "an administrator registers another key of the releaser, and names a second person who never signed",
        |f| {
            let lead = f.first("batch.intake.instructed").performer;
            let entry = second_key(f, Some(lead));
            f.insert(None, &entry);
            Some(entry.id)
        },
        found!(Fault::KeyUnconfirmed),
    ),
    (
        "an administrator registers another key of the releaser, and is the second person as well",
        |f| {
            let administrator = f.first("person.key_registered").performer;
            let confirmed = confirmation(f, administrator);
            f.insert(None, &confirmed);
            let entry = second_key(f, Some(administrator));
            f.insert(None, &entry);
            Some(entry.id)
        },
        found!(Fault::KeyUnconfirmed),
    ),
    (
        "an administrator takes on somebody who does not exist, and asks nobody",
        |f| {
            let administrator = f.first("person.key_registered").performer;
            let model = f.last("person.invited");
            let stream = person(PersonId(Uuid::from_u128(77)));
            let mut invited = f.next(stream, &model);
            invited.payload = replaced(&invited.payload, "\"sign_in\":\"", "\"sign_in\":\"x");
            invited.hash = invited.leaf_hash();
            f.insert(None, &invited);
            let model = f.last("person.key_registered");
            let mut entry = f.next(stream, &model);
            entry.payload = forged_registration(SECOND_KEY);
            f.sign_as(&mut entry, administrator, Meaning::KeyRegistration);
            f.insert(None, &entry);
            Some(entry.id)
        },
        found!(Fault::KeyUnconfirmed),
    ),
    (
        "the first administrator's registration is repeated",
        |f| {
            let model = f.first("person.key_registered");
            let mut entry = f.next(model.stream, &model);
            entry.payload = model.payload.clone();
            entry.hash = entry.leaf_hash();
            f.insert(None, &entry);
            Some(entry.id)
        },
        found!(Fault::KeyTwice),
    ),
    (
        "the administrator registers his own key as another's",
        |f| {
            let (first, model) = (f.first("person.key_registered"), f.last("person.key_registered"));
            let mut entry = f.next(model.stream, &model);
            let (event, _) = unsigned(&first.payload).unwrap();
            entry.payload = event;
            Forger::sign(&mut entry, first.performer, KeyId(first.stream.id), vec![], "key_registration");
            f.insert(None, &entry);
            Some(entry.id)
        },
        found!(Fault::KeyTwice),
    ),
    (
        "an analyst makes himself releaser",
        |f| {
            let model = f.last("person.role_granted");
            let analyst = f.first("batch.testing.result_entered").performer;
            let mut entry = f.next(person(analyst), &model);
            entry.payload = unsigned(&model.payload).unwrap().0;
            f.sign_as(&mut entry, analyst, Meaning::RoleGrant);
            f.insert(None, &entry);
            Some(entry.id)
        },
        found!(Fault::RoleByItself),
    ),
    (
        "an analyst makes his friend releaser",
        |f| {
            let model = f.last("person.role_granted");
            let analyst = f.first("batch.testing.result_entered").performer;
            let friend = f.first("batch.culture.isolated").performer;
            let mut entry = f.next(person(friend), &model);
            entry.payload = unsigned(&model.payload).unwrap().0;
            f.sign_as(&mut entry, analyst, Meaning::RoleGrant);
            f.insert(None, &entry);
            Some(entry.id)
        },
        found!(Fault::NoRole),
    ),
    (
        "a technician decides",
        |f| {
            let technician = f.first("batch.culture.isolated").performer;
            let mut entry = release_of_the_rejected(f);
            f.sign_as(&mut entry, technician, Meaning::Disposition);
            f.insert(None, &entry);
            Some(entry.id)
        },
        found!(Fault::NoRole),
    ),
    (
        "the releaser himself goes around the gate",
        |f| {
            // Only what was recorded of the batch until it was filled is left.
            let size = f.first("batch.filling.labels_reconciled");
            let model = f.first("batch.disposition.decided");
            let size = format!("SELECT tree_index AS number FROM tree_leaf WHERE entry = {}", id(size.id.0));
            let size = f.number(&size);
            f.truncate(size);
            let mut entry = f.next(model.stream, &model);
            entry.payload = unsigned(&model.payload).unwrap().0;
            f.sign_as(&mut entry, model.performer, Meaning::Disposition);
            f.insert(None, &entry);
            Some(entry.id)
        },
        found!(Fault::ReleasedAgainstGate { reason, .. } if reason == "labels"),
    ),
    (
        "a public key is replaced",
        |f| {
            let entry = f.last("person.key_registered");
            let text = String::from_utf8(entry.payload.clone()).unwrap();
            let old = text.split("\"public_key\":\"").nth(1).unwrap().split('"').next().unwrap().to_string();
            let own = String::from(PublicKey(Forger::own_key().verifying_key().to_bytes()));
            f.edit(&entry, |e| e.payload = replaced(&e.payload, &old, &own));
            Some(entry.id)
        },
        found!(Fault::Signature),
    ),
    (
        "the first administrator's key is replaced and signs for itself",
        |f| {
            let entry = f.first("person.key_registered");
            let key = unsigned(&entry.payload).unwrap().1.unwrap().key;
            f.edit(&entry, |e| {
                e.payload = forged_registration(key);
                Forger::sign(e, e.performer, key, vec![], "key_registration");
            });
            Some(entry.id)
        },
        found!(Fault::KeyByItself),
    ),
    (
        "a signature is taken off",
        |f| {
            let entry = f.first("batch.disposition.quality_confirmed");
            f.edit(&entry, |e| e.payload = unsigned(&e.payload).unwrap().0);
            Some(entry.id)
        },
        found!(Fault::Unsigned),
    ),
    (
        "an unsigned fact gets a signature",
        |f| {
            let entry = f.first("batch.culture.isolated");
            f.edit(&entry, |e| Forger::sign(e, e.performer, KeyId(Uuid::nil()), vec![], "instruction"));
            Some(entry.id)
        },
        found!(Fault::NoSigning),
    ),
    (
        "a signing is ascribed to another",
        |f| {
            let entry = f.first("batch.testing.result_verified");
            let other = f.first("batch.testing.result_entered").performer;
            f.edit(&entry, |e| e.performer = other);
            Some(entry.id)
        },
        found!(Fault::Signer),
    ),
    (
        "evidence is invented",
        |f| {
            let entry = f.first("batch.intake.opened");
            f.sql(&format!(
            "INSERT INTO gate_fact (batch, container, requirement, state, entry) VALUES ({}, 0, 'holds', 'met', {})",
            id(entry.stream.id), id(entry.id.0)));
            Some(entry.id)
        },
        found!(Fault::EvidenceInvented { table: "gate_fact", .. }),
    ),
    (
        "evidence is changed",
        |f| {
            f.sql("UPDATE gate_fact SET state = 'met' WHERE serial = (SELECT min(serial) FROM gate_fact WHERE state = 'open')");
            let entry = f.first("batch.intake.opened");
            Some(entry.id)
        },
        found!(Fault::EvidenceMissing { table: "gate_fact", .. }),
    ),
    (
        "facts of the gate change places",
        |f| {
            f.sql(
                "UPDATE gate_fact SET serial = 100000 WHERE requirement = 'instruction' AND state = 'open'",
            );
            let entry = f.first("batch.intake.opened");
            Some(entry.id)
        },
        found!(Fault::EvidenceOrder),
    ),
    (
        "a duty is deleted",
        |f| {
            f.sql("DELETE FROM duty WHERE duty = 'enterer'");
            let entry = f.first("batch.testing.result_entered");
            Some(entry.id)
        },
        found!(Fault::EvidenceMissing { table: "duty", .. }),
    ),
    (
        "a disposition rests on no entry",
        |f| {
            let entry = EntryId(Uuid::now_v7());
            f.sql(&format!(
                "INSERT INTO disposition SELECT {}, batch, container, 'release', decided_by, expires_at \
             FROM disposition WHERE decision = 'reject'",
                id(entry.0)
            ));
            Some(entry)
        },
        found!(Fault::EvidenceUnfounded { table: "disposition" }),
    ),
    (
        "a disposition rests on an entry that decides nothing",
        |f| {
            let entry = f.first("batch.disposition.quality_confirmed");
            f.sql(&format!(
                "INSERT INTO disposition SELECT {}, batch, container, 'release', decided_by, expires_at \
             FROM disposition WHERE decision = 'reject'",
                id(entry.id.0)
            ));
            Some(entry.id)
        },
        found!(Fault::EvidenceInvented { table: "disposition", .. }),
    ),
    (
        "leaves of the tree change places",
        |f| {
            f.sql(
                "UPDATE tree_leaf SET tree_index = -1 WHERE tree_index = 10; \
               UPDATE tree_leaf SET tree_index = 10 WHERE tree_index = 11; \
               UPDATE tree_leaf SET tree_index = 11 WHERE tree_index = -1",
            );
            let entries = f.entries();
            Some(entries[10].id)
        },
        found!(Fault::Leaf { .. }),
    ),
    (
        "leaves of the batch change places",
        |f| {
            let [first, second] =
                ["batch.intake.tissue_received", "batch.culture.isolated"].map(|kind| f.first(kind).id);
            let [one, other] = [first, second].map(|entry| index(f, entry));
            let leave =
                |from, to| format!("UPDATE tree_leaf SET tree_index = {to} WHERE tree_index = {from};");
            f.sql(&[leave(one, -1), leave(other, one), leave(-1, other)].concat());
            Some(first)
        },
        found!(Fault::Leaf { .. }),
    ),
    (
        "a leaf is taken out",
        |f| {
            f.sql("DELETE FROM tree_leaf WHERE tree_index = 10");
            let entries = f.entries();
            Some(entries[10].id)
        },
        found!(Fault::PassedOver),
    ),
    (
        "a leaf is put before the first, under an entry that was inserted",
        |f| {
            let model = f.last("batch.disposition.decided");
            let entry = f.next(model.stream, &model);
            f.insert(None, &entry);
            f.sql(&format!("DELETE FROM unsealed; INSERT INTO tree_leaf VALUES (-1, {})", id(entry.id.0)));
            Some(entry.id)
        },
        found!(Fault::PassedOver),
    ),
    (
        "what is sealed is made to wait again",
        |f| {
            f.sql("INSERT INTO unsealed SELECT min(seq) FROM journal");
            None
        },
        found!(Fault::WaitsInVain { rows: 1 }),
    ),
    (
        "a stored subtree is changed",
        |f| {
            f.sql(&format!("UPDATE tree_node SET hash = {} WHERE level = 2 AND idx = 1", no_hash()));
            None
        },
        found!(Fault::Node { level: 2, index: 1 }),
    ),
    (
        "a stored subtree over the batch is changed",
        |f| {
            let entry = f.first("batch.culture.isolated").id;
            let above = index(f, entry) / 2;
            f.sql(&format!("UPDATE tree_node SET hash = {} WHERE level = 1 AND idx = {above}", no_hash()));
            None
        },
        found!(Fault::Node { level: 1, .. }),
    ),
    (
        "a checkpoint's root is changed",
        |f| {
            f.sql(&format!("UPDATE checkpoint SET root = {} WHERE size = {EARLY}", no_hash()));
            None
        },
        found!(Fault::CheckpointRow { source_name: Source::Database(_) }),
    ),
    (
        "a checkpoint's note is changed",
        |f| {
            f.sql(&format!(
                "UPDATE checkpoint SET note = replace(note, 'kamo', 'kam0') WHERE size = {EARLY}"
            ));
            None
        },
        found!(Fault::Checkpoint { source_name: Source::Database(_), .. }),
    ),
    (
        "a checkpoint outside is changed",
        |f| {
            std::fs::write(f.folder.join("checkpoints/latest.txt"), "nothing\n").unwrap();
            None
        },
        found!(Fault::Checkpoint { source_name: Source::File(_), .. }),
    ),
    (
        "an older copy is put back",
        |f| {
            let size = f.number(&format!("SELECT {EARLY} AS number"));
            f.truncate(size);
            None
        },
        found!(Fault::RolledBack { source_name: Source::Outside(2), .. }),
    ),
    (
        "the journal is cut before a checkpoint and grows anew, with the log's key stolen",
        |f| {
            let size = f.number(&format!("SELECT {EARLY} - 2 AS number"));
            let model = f.first("site.clinic_registered");
            f.truncate(size);
            for number in 0..60 {
                let mut entry = f.next(model.stream, &model);
                entry.payload = replaced(&entry.payload, "Shijo", &format!("Gojo {number}"));
                let clinic = String::from_utf8(model.payload.clone()).unwrap();
                let clinic = clinic.split("\"clinic\":\"").nth(1).unwrap()[..36].to_string();
                entry.payload = replaced(&entry.payload, &clinic, &Uuid::now_v7().to_string());
                entry.hash = entry.leaf_hash();
                f.insert(None, &entry);
            }
            f.seal_rest();
            f.checkpoint();
            None
        },
        found!(Fault::Root { source_name: Source::Outside(1), since: 1, .. }),
    ),
    (
        "the origin is another",
        |f| {
            let entry = f.first("site.founded");
            f.edit(&entry, |e| e.payload = replaced(&e.payload, "baiyo.example/kamo", "baiyo.example/kyot"));
            Some(entry.id)
        },
        found!(Fault::Leaf { index: 0 }),
    ),
    (
        "a kind is changed",
        |f| {
            let entry = f.first("batch.culture.isolated");
            f.edit(&entry, |e| e.kind = "batch.culture.observed".into());
            Some(entry.id)
        },
        found!(Fault::Payload(_)),
    ),
    (
        "an instant is changed",
        |f| {
            let entry = f.first("batch.culture.isolated");
            f.edit(&entry, |e| e.recorded_at = e.recorded_at.plus_hours(-1));
            Some(entry.id)
        },
        found!(Fault::RecordedEarlier),
    ),
    (
        "the instant of a signing is changed",
        |f| {
            let entry = f.last("batch.disposition.decided");
            f.edit(&entry, |e| e.recorded_at = e.recorded_at.plus_hours(1));
            Some(entry.id)
        },
        found!(Fault::SignedAt),
    ),
    (
        "a payload is written with other white space",
        |f| {
            let entry = f.first("batch.culture.isolated");
            f.edit(&entry, |e| e.payload.insert(1, b' '));
            Some(entry.id)
        },
        found!(Fault::Form),
    ),
    (
        "a link of the chain is cut",
        |f| {
            let mut entry = f.first("batch.culture.isolated");
            entry.previous_hash.0[0] ^= 1;
            entry.hash = entry.leaf_hash();
            f.overwrite(&entry);
            Some(entry.id)
        },
        found!(Fault::Chain),
    ),
    (
        "a column gets another type",
        |f| {
            if engine::is_postgres() {
                // There a value has its column's type: only the whole column can get another.
                f.sql("ALTER TABLE journal ALTER COLUMN performer TYPE text USING 'somebody'");
                return None;
            }
            let entry = f.first("batch.culture.isolated");
            f.sql(&format!("UPDATE journal SET performer = 'somebody' WHERE id = {}", id(entry.id.0)));
            Some(entry.id)
        },
        found!(Fault::Malformed | Fault::SchemaAltered { .. }),
    ),
    (
        "a photograph is altered",
        |f| {
            let other = bytes("89504E470D0A1A0A20666C6174");
            f.sql(&format!("UPDATE blob SET bytes = {other}, size = length({other})"));
            None
        },
        found!(Fault::BlobAltered { .. }),
    ),
    (
        "a photograph is said to be something else",
        |f| {
            f.sql("UPDATE blob SET media_type = 'image/webp'");
            None
        },
        found!(Fault::BlobAltered { .. }),
    ),
    (
        "a photograph is deleted",
        |f| {
            let entry = f.first("batch.culture.photographed");
            f.sql("DELETE FROM blob");
            Some(entry.id)
        },
        found!(Fault::BlobMissing { .. }),
    ),
    (
        "a photograph that no entry names is altered",
        |f| {
            let (named, other) = (no_hash(), bytes("89504E470D0A1A0A"));
            let columns = "sha256, media_type, size, added_at, added_by, bytes";
            f.sql(&format!("INSERT INTO blob ({columns}) SELECT {named}, media_type, 8, added_at, added_by, {other} FROM blob"));
            None
        },
        found!(Fault::BlobAltered { .. }),
    ),
    (
        "a batch is opened a second time",
        |f| {
            let model = f.first("batch.intake.opened");
            let entry = f.next(model.stream, &model);
            f.insert(None, &entry);
            Some(entry.id)
        },
        found!(Fault::Impossible(_)),
    ),
    (
        "the centre is founded a second time",
        |f| {
            let model = f.first("site.founded");
            let mut entry = f.next(person(model.performer), &model);
            entry.stream = StreamId { id: Uuid::now_v7(), ..model.stream };
            (entry.version, entry.previous_hash) = (1, Hash::ZERO);
            entry.hash = entry.leaf_hash();
            f.insert(None, &entry);
            Some(entry.id)
        },
        found!(Fault::FoundedAgain),
    ),
];

fn index(f: &mut Forger, entry: EntryId) -> i64 {
    f.number(&format!("SELECT tree_index AS number FROM tree_leaf WHERE entry = {}", id(entry.0)))
}
