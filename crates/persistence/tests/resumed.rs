//! `baiyo verify --since`: a check that goes on from a checkpoint reads what is new and the streams it belongs to, says
//! what it left out, finds whatever was forged in what it reads, and is never sound with a checkpoint that is not one of
//! these records.

mod centre;

use baiyo_domain::ids::EntryId;
use baiyo_domain::journal::StreamKind;
use baiyo_domain::journal::checkpoint::Checkpoint;
use baiyo_persistence::progress::{telling, unwatched};
use baiyo_persistence::verify::{Fault, Finding, Note, Report, Resumed, Source};
use centre::dialect::{bytes, id, no_hash};
use centre::forger::{Forger, ORIGIN, notes_in, replaced};
use centre::forgeries::{FORGERIES, Forgery};
use centre::place::Place;
use centre::{Centre, engine, story};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// The story's newest checkpoint covers so many entries, and the early one so many: after the last person came.
const END: u64 = 69;
const EARLY: u64 = 34;
/// Entries of the people and of the centre, which are always read.
const ALWAYS: u64 = 34;

fn size_of(note: &str) -> u64 {
    note.lines().nth(1).unwrap().parse().unwrap()
}

fn resumed(report: &Report) -> Resumed {
    let resumed = report.resumed.unwrap_or_else(|| panic!("everything was read: {:?}", report.notes));
    assert!(report.notes.contains(&Note::Resumed(resumed)) && !report.notes.contains(&Note::NotResumed));
    resumed
}

/// The finished records, and after their newest checkpoint somebody recorded something of the batch and of its order.
fn touched() -> &'static Place {
    static TOUCHED: OnceLock<Place> = OnceLock::new();
    TOUCHED.get_or_init(|| {
        let place = story().copy();
        let centre = story().goes_on(&place);
        touch(&centre);
        drop(centre);
        place
    })
}

fn touch(centre: &Centre) {
    let holding = json!({"disposition": {"holding": {"reason": "a label is missing"}}});
    centre.batch("maker", story().batch, holding);
    let order = centre.state(story().batch).opened.order;
    let consent = json!({"consent": {"version": "4", "signed_at": centre.store.now().0}});
    let consent = serde_json::from_value(consent).unwrap();
    centre.does("coordinator", baiyo_domain::decision::Command::Order(order, consent));
}

#[test]
fn an_honest_journal_is_sound_from_every_checkpoint_on_and_what_was_left_out_is_said() {
    let told = centre::tell(true);
    let place = told.copy();
    let kept = notes_in(place.folder());
    let sizes: BTreeSet<u64> = kept.iter().map(|note| size_of(note)).collect();
    assert!(sizes.len() > 50 && sizes.contains(&END), "{sizes:?}");
    // On a server all of them would take long.
    let each = if engine::is_postgres() { 7 } else { 1 };
    for note in kept.iter().step_by(each) {
        let mut steps = Vec::new();
        let report = place.resume(note, &kept, &mut telling(|done, total| steps.push((done, total))));
        assert_eq!(report.findings, []);
        let Resumed { size, entries } = resumed(&report);
        assert_eq!(size, size_of(note));
        assert_eq!(report.entries + entries, END, "{size}");
        assert!(report.entries >= ALWAYS + (END - size.max(EARLY)), "{size}: {report:?}");
        // In the database, in the folder and given, the newest twice in the folder; and the one to resume from.
        assert_eq!(report.checkpoints, 3 * sizes.len() as u64 + 3, "{size}");
        // Of what it reads, as well as of the leaves that are new and of all files.
        let all = report.entries + END - size + report.blobs;
        assert!(steps.is_sorted() && steps.last() == Some(&(all, all)));
    }
    // Nothing is new: only what always is read.
    let report = place.resume(&place.latest(), &[], &mut unwatched);
    assert_eq!((report.entries, resumed(&report).entries), (ALWAYS, END - ALWAYS));
    assert!(!report.notes.contains(&Note::NoOutsideCheckpoint));
    // The first one leaves nothing out.
    let first = kept.iter().min_by_key(|note| size_of(note)).unwrap();
    let report = place.resume(first, &[], &mut unwatched);
    assert_eq!((report.entries, resumed(&report).entries), (END, 0));
    assert_eq!(report.signatures, place.verify(&[]).signatures);
}

#[test]
fn a_stream_in_which_something_new_stands_is_read_from_its_beginning() {
    let story = story();
    let place = touched().copy();
    let report = place.resume(&story.outside[1], &story.outside, &mut unwatched);
    assert_eq!((report.findings, report.unsealed), (vec![], 0));
    // All but the standard's draft and approval.
    assert_eq!(report.resumed.map(|resumed| (resumed.size, resumed.entries)), Some((END, 2)));
    assert_eq!(report.entries, place.verify(&[]).entries - 2);

    // What waits for its leaf is new as well.
    let store = place.open();
    let who = baiyo_domain::ids::PersonId(uuid::Uuid::now_v7());
    store.record_attempt(who, None, "person.role_grant".into(), String::new(), vec![]).unwrap();
    let report = place.resume(&place.latest(), &[], &mut unwatched);
    assert_eq!((report.findings, report.unsealed), (vec![], 1));
    assert_eq!(report.entries, ALWAYS + 1);
}

/// What a check finds that goes on from a checkpoint, on a copy that somebody forged, with the early checkpoint and the
/// newest as the outsider has them.
fn forged(
    from: &Place,
    (name, forge, expected): &Forgery,
    since: &str,
) -> (Place, Report, Result<(), String>) {
    let outside = [story().outside[0].clone(), from.latest()];
    let place = from.copy();
    let mut forger = Forger::at(&place);
    let entry: Option<EntryId> = forge(&mut forger);
    forger.leave();
    let report = place.resume(since, &outside, &mut unwatched);
    let lines: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    let lines = lines.join("\n  ");
    let right = |finding: &&Finding| expected(&finding.what) && (entry.is_none() || finding.entry == entry);
    let first = report.findings.iter().find_map(|finding| finding.entry);
    let found = if report.findings.iter().find(right).is_none() {
        Err(format!("{name}: not found\n  {lines}"))
    } else if entry.is_some() && first != entry {
        Err(format!("{name}: {first:?} is named first, not {entry:?}\n  {lines}"))
    } else {
        Ok(())
    };
    (place, report, found)
}

#[test]
fn every_forgery_after_the_checkpoint_or_in_a_stream_that_goes_on_is_found() {
    let story = story();
    let finished = story.copy();
    let mut missed = Vec::new();
    for forgery in FORGERIES {
        // Everything of the batch came after the early one; or all of it before the last one, and then something more.
        for (from, since) in [(&finished, &story.outside[0]), (touched(), &story.outside[1])] {
            let (_, _, found) = forged(from, forgery, since);
            missed.extend(found.err().map(|error| format!("since {}: {error}", size_of(since))));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// What a check cannot find that goes on from a checkpoint over everything: each changes old entries of the batch, the
/// tree over them, or evidence that rests on them, and nothing new stands in its stream. Every other forgery it finds.
const UNSEEN: [&str; 20] = [
    "a payload is edited",
    "a payload is edited and the chain made to fit",
    "two entries change places",
    "a verification is signed by another key in the verifier's name",
    "a signature is taken off",
    "an unsigned fact gets a signature",
    "a signing is ascribed to another",
    "evidence is invented",
    "evidence is changed",
    "facts of the gate change places",
    "a duty is deleted",
    "a disposition rests on an entry that decides nothing",
    "a kind is changed",
    "an instant is changed",
    "the instant of a signing is changed",
    "a payload is written with other white space",
    "a link of the chain is cut",
    "leaves of the batch change places",
    "a stored subtree over the batch is changed",
    "a photograph is deleted",
];

/// So is this where a single value can have another type than its column; elsewhere the schema tells it.
const UNSEEN_EMBEDDED: &str = "a column gets another type";

#[test]
fn what_a_resumed_check_cannot_see_is_listed_and_found_by_a_check_of_everything() {
    let story = story();
    let finished = story.copy();
    let mut wrong = Vec::new();
    for forgery in FORGERIES {
        let (place, report, found) = forged(&finished, forgery, &story.outside[1]);
        let unseen = UNSEEN.contains(&forgery.0) || forgery.0 == UNSEEN_EMBEDDED && !engine::is_postgres();
        match unseen {
            true if report.is_sound() && resumed(&report).entries > 0 => {
                assert!(!place.verify(&story.outside).is_sound(), "{}", forgery.0);
            }
            true => wrong.push(format!("{} is listed and was found", forgery.0)),
            false => wrong.extend(found.err()),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let known = |name: &&str| FORGERIES.iter().any(|forgery| forgery.0 == *name);
    assert!(UNSEEN.iter().all(known) && known(&UNSEEN_EMBEDDED));
}

#[test]
fn an_old_entry_that_was_taken_out_of_a_stream_with_nothing_new_is_missed() {
    let story = story();
    for leaf_too in [false, true] {
        let place = story.copy();
        let mut forger = Forger::at(&place);
        let entry = forger.last("order.donor_screened");
        forger.delete(&entry);
        if leaf_too {
            forger.sql(&format!("DELETE FROM tree_leaf WHERE entry = {}", id(entry.id.0)));
        }
        forger.leave();
        let report = place.resume(&story.outside[1], &[], &mut unwatched);
        assert!(resumed(&report).entries > 0);
        let [finding] = &report.findings[..] else { panic!("{:?}", report.findings) };
        match leaf_too {
            true => assert!(matches!(finding.what, Fault::TreeGap { .. }), "{finding}"),
            false => {
                assert_eq!(finding.entry, Some(entry.id));
                assert!(matches!(finding.what, Fault::Deleted { .. }), "{finding}");
            }
        }
    }
}

#[test]
fn an_entry_put_into_a_stream_with_nothing_new_makes_it_be_read() {
    let story = story();
    let place = story.copy();
    let mut forger = Forger::at(&place);
    let model = forger.last("order.donor_screened");
    let mut entry = forger.next(model.stream, &model);
    entry.payload = replaced(&entry.payload, "SRL", "BML");
    entry.hash = entry.leaf_hash();
    forger.insert(None, &entry);
    forger.sql("DELETE FROM unsealed");
    // And what it is to hide.
    let consent = forger.first("order.consent_given");
    forger.edit(&consent, |e| e.payload = replaced(&e.payload, r#""version":"3""#, r#""version":"4""#));
    forger.leave();
    let report = place.resume(&story.outside[1], &[], &mut unwatched);
    resumed(&report);
    let found = |entry, is: fn(&Fault) -> bool| {
        report.findings.iter().any(|finding| finding.entry == Some(entry) && is(&finding.what))
    };
    assert!(found(entry.id, |fault| matches!(fault, Fault::PassedOver)), "{:?}", report.findings);
    assert!(found(consent.id, |fault| matches!(fault, Fault::Leaf { .. })), "{:?}", report.findings);
}

#[test]
fn what_is_moved_into_a_stream_with_nothing_new_is_seen_by_a_check_of_everything_alone() {
    let story = story();
    for invented in [false, true] {
        let place = story.copy();
        let mut forger = Forger::at(&place);
        // The last entry of a person's stream, which is always read, is said to be one of a stream that is not; or it is
        // deleted, and a row that never was has its leaf.
        let granted = forger.last("person.role_granted");
        let (of, nowhere) = (id(granted.id.0), id(uuid::Uuid::now_v7()));
        let moved = format!("stream_kind = 'attempts', stream_id = {nowhere}");
        let row = match invented {
            false => moved,
            true => format!("{moved}, id = {nowhere}, payload = {}", bytes("00")),
        };
        forger.sql(&format!("UPDATE journal SET {row} WHERE id = {of}"));
        if invented {
            forger.sql(&format!("UPDATE tree_leaf SET entry = {nowhere} WHERE entry = {of}"));
        }
        forger.leave();
        let report = place.resume(&story.outside[1], &[], &mut unwatched);
        assert_eq!(report.findings, []);
        assert_eq!((report.entries, resumed(&report).entries), (ALWAYS - 1, END - ALWAYS + 1));
        let found = place.verify(&[]).findings;
        let version = Some(i64::from(granted.version));
        let altered = |finding: &Finding| finding.version == version && finding.what == Fault::Hash;
        assert!(found.iter().any(altered), "{found:?}");
    }
}

#[test]
fn what_is_forged_and_sealed_after_a_check_is_found_from_the_checkpoint_that_was_copied_before_it() {
    let place = touched().copy();
    let kept = &story().outside[1];
    // First the newest checkpoint is copied, then it is checked.
    let new = place.latest();
    let report = place.resume(kept, std::slice::from_ref(&new), &mut unwatched);
    assert_eq!(report.findings, []);
    assert!(report.notes.contains(&Note::Agreed { size: size_of(&new) }), "{:?}", report.notes);
    // While nobody looks, something is forged, and the server seals it.
    let released = "a rejected container is released in the releaser's name";
    let (_, forge, expected) = FORGERIES.iter().find(|forgery| forgery.0 == released).unwrap();
    let mut forger = Forger::at(&place);
    let entry = forge(&mut forger);
    forger.leave();
    place.open().seal().unwrap();
    // Only now is it copied by somebody who checked first.
    let late = place.latest();
    assert_eq!(size_of(&late), size_of(&new) + 1);

    let found = |since: &str| {
        let report = place.resume(since, &[place.latest()], &mut unwatched);
        resumed(&report);
        report.findings.iter().any(|finding| finding.entry == entry && expected(&finding.what))
    };
    assert!(found(&new));
    assert!(!found(&late) && place.resume(&late, &[], &mut unwatched).is_sound());
}

/// Not to be gone on from: what is wrong with it is found, and everything is read.
fn refused(place: &Place, since: &str, is: fn(&Fault) -> bool) {
    let report = place.resume(since, &[], &mut unwatched);
    assert!(report.findings.iter().any(|finding| is(&finding.what)), "{since}\n{:?}", report.findings);
    assert_eq!(report.resumed, None);
    assert!(report.notes.contains(&Note::NotResumed));
    let whole = place.verify(&[]);
    assert_eq!((report.entries, report.streams), (whole.entries, whole.streams));
}

#[test]
fn a_checkpoint_of_another_log_altered_or_too_large_is_never_gone_on_from() {
    let story = story();
    let place = story.copy();
    let mut forger = Forger::at(&place);
    let (key, root) = (forger.log_key(), forger.root(END));
    let early = forger.root(EARLY);
    forger.leave();
    let signed = |origin: &str, size, root| Checkpoint { origin: origin.into(), size, root }.sign(&key);
    let own = |size, root| Checkpoint { origin: ORIGIN.into(), size, root }.sign(&Forger::own_key());
    // As the log's key signs it, it is gone on from: what follows is refused for what is wrong with it.
    assert!(place.resume(&signed(ORIGIN, END, root), &[], &mut unwatched).resumed.is_some());
    let checkpoint: fn(&Fault) -> bool =
        |fault| matches!(fault, Fault::Checkpoint { source_name: Source::Since, .. });
    for note in [String::new(), "nothing\n".into(), story.outside[1].replacen('\n', " \n", 1)] {
        refused(&place, &note, checkpoint);
    }
    refused(&place, &signed("baiyo.example/kyoto", END, root), checkpoint);
    refused(&place, &own(END, root), checkpoint);
    refused(&place, &story.outside[1].replacen("69", "67", 1), checkpoint);
    for size in [END + 1, 2 * END, u64::MAX] {
        refused(&place, &signed(ORIGIN, size, root), |fault| {
            matches!(fault, Fault::RolledBack { source_name: Source::Since, .. })
        });
    }
    for (size, root) in [(END, early), (EARLY, root), (END - 1, root), (0, root)] {
        refused(&place, &signed(ORIGIN, size, root), |fault| {
            matches!(fault, Fault::Root { source_name: Source::Since, .. })
        });
    }
    // Without the log's key whose it is cannot be told, and its root must be the stored tree's all the same.
    std::fs::remove_dir_all(place.folder().join("keys")).unwrap();
    assert!(place.resume(&own(END, root), &[], &mut unwatched).resumed.is_some());
    refused(&place, &own(END, early), |fault| matches!(fault, Fault::Edge { size: END }));
}

#[test]
fn an_older_checkpoint_is_compared_as_well_wherever_it_was_kept() {
    let place = touched().copy();
    let since = &story().outside[1];
    let mut forger = Forger::at(&place);
    let key = forger.log_key();
    let (early, other) = (forger.root(EARLY), forger.root(EARLY - 1));
    let signed = |size, root| Checkpoint { origin: ORIGIN.into(), size, root }.sign(&key);
    let honest: Vec<String> = (0..=END).map(|size| signed(size, forger.root(size))).collect();
    forger.leave();
    // One at each size is a proof for each shape of the older tree.
    let report = place.resume(since, &honest, &mut unwatched);
    assert_eq!(report.findings, []);
    assert_eq!(resumed(&report).size, END);
    assert_eq!(report.checkpoints, place.resume(since, &[], &mut unwatched).checkpoints + END + 1);

    let given = [signed(EARLY, early), signed(EARLY, other)];
    let report = place.resume(since, &given, &mut unwatched);
    resumed(&report);
    let root = Fault::Root { source_name: Source::Outside(2), size: EARLY, since: 1 };
    assert!(matches!(&report.findings[..], [finding] if finding.what == root), "{:?}", report.findings);
    assert_eq!(report.findings, place.verify(&given).findings);
    // And is so in the folder.
    std::fs::write(place.folder().join(format!("checkpoints/{EARLY:012}.txt")), signed(EARLY, other))
        .unwrap();
    let report = place.resume(since, &[], &mut unwatched);
    let root = |fault: &Fault| matches!(fault, Fault::Root { source_name: Source::File(_), size: EARLY, .. });
    assert!(matches!(&report.findings[..], [finding] if root(&finding.what)), "{:?}", report.findings);

    // A stored subtree over entries that are not read, and a checkpoint that it makes: they agree with each other.
    let place = story().copy();
    let mut forger = Forger::at(&place);
    let size = 50;
    forger.sql(&format!("UPDATE tree_node SET hash = {} WHERE level = 1 AND idx = 24", no_hash()));
    let given = [signed(size, forger.root(size))];
    forger.leave();
    assert!(place.resume(since, &[], &mut unwatched).is_sound());
    let report = place.resume(since, &given, &mut unwatched);
    let node = |fault: &Fault| matches!(fault, Fault::Node { level: 2, index: 12 });
    assert!(matches!(&report.findings[..], [finding] if node(&finding.what)), "{:?}", report.findings);
}

#[test]
fn a_rewritten_history_is_never_gone_on_from_whatever_was_made_to_fit() {
    let story = story();
    let edit = |forger: &mut Forger| {
        let entry = forger.first("batch.intake.tissue_received");
        forger.edit(&entry, |e| e.payload = replaced(&e.payload, "yellow", "orange"));
    };
    // Below the checkpoint, in a stream that goes on. The chain fits; the tree was left as it was.
    let place = touched().copy();
    let mut forger = Forger::at(&place);
    edit(&mut forger);
    forger.leave();
    let report = place.resume(&story.outside[1], &[], &mut unwatched);
    resumed(&report);
    assert!(report.findings.iter().any(|finding| matches!(finding.what, Fault::Leaf { .. })));
    // The leaf as well, and nothing above it.
    let mut forger = Forger::at(&place);
    let entry = forger.first("batch.intake.tissue_received");
    let index = format!("SELECT tree_index AS number FROM tree_leaf WHERE entry = {}", id(entry.id.0));
    let index = forger.number(&index);
    let hash = centre::dialect::hash(entry.hash);
    forger.sql(&format!("UPDATE tree_node SET hash = {hash} WHERE level = 0 AND idx = {index}"));
    forger.leave();
    let report = place.resume(&story.outside[1], &[], &mut unwatched);
    resumed(&report);
    let above = |fault: &Fault| matches!(fault, Fault::Node { level: 1, index: i } if *i == index / 2);
    assert!(report.findings.iter().any(|finding| above(&finding.what)), "{:?}", report.findings);
    // Everything, with the log's key: only who kept a checkpoint can tell, and it is not gone on from.
    let mut forger = Forger::at(&place);
    forger.settle();
    forger.leave();
    for since in &story.outside[1..] {
        refused(&place, since, |fault| matches!(fault, Fault::Root { source_name: Source::Since, .. }));
    }
    // The stored tree alone is damaged where the checkpoint ends.
    let place = story.copy();
    let mut forger = Forger::at(&place);
    forger.sql("DELETE FROM tree_node WHERE level = 6 AND idx = 0");
    forger.leave();
    refused(&place, &story.outside[1], |fault| matches!(fault, Fault::Node { level: 6, index: 0 }));
}

#[test]
fn streams_that_are_always_read_are_those_of_people_and_of_the_centre() {
    let place = story().copy();
    let mut forger = Forger::at(&place);
    let always = |kind| matches!(kind, StreamKind::Person | StreamKind::Site);
    let entries = forger.entries().iter().filter(|entry| always(entry.stream.kind)).count();
    forger.leave();
    assert_eq!(entries as u64, ALWAYS);
}
