//! Twelve ways to rewrite the record, each by somebody who owns the database, the folder and the log's key, and makes
//! everything inside fit again: chains, tree, and every checkpoint that Baiyo itself keeps. Only who kept a checkpoint
//! outside can tell; and to whoever was honest nothing is said, however many checkpoints were kept.

mod centre;

use baiyo_domain::authority::{Meaning, Role};
use baiyo_domain::decision::Command;
use baiyo_domain::ids::{ContainerNo, PersonId};
use baiyo_domain::journal::checkpoint::Checkpoint;
use baiyo_domain::journal::signature::unsigned;
use baiyo_domain::journal::{Entry, Hash};
use baiyo_persistence::progress::unwatched;
use baiyo_persistence::verify::{Fault, Source};
use base64::{Engine, engine::general_purpose::STANDARD};
use centre::dialect::id;
use centre::forger::{Forger, ORIGIN, notes_in, replaced};
use centre::place::Place;
use centre::{Centre, story};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ops::Range;
use uuid::Uuid;

/// Whether a fault is the one expected.
type Is = fn(&Fault) -> bool;

macro_rules! is {
    ($($fault:tt)+) => { |fault: &Fault| matches!(fault, $($fault)+) };
}

/// One way to rewrite the record.
struct Rewritten {
    kind: &'static str,
    /// Does it on a copy of the story; and the checkpoints that the forger would have an outsider believe he kept.
    forge: fn() -> (Place, Vec<String>),
    /// What is found without any checkpoint from outside; nothing where the forger left no trace inside.
    alone: Option<Is>,
    /// What is found with the checkpoints that the outsider kept, at size 34 and at the end, 69.
    kept: Is,
    /// Whether the early one tells it too.
    early: bool,
    /// What is found with each of the forger's own.
    handed: &'static [Is],
}

/// The story's newest checkpoint covers so many entries, and the early one so many.
const END: u64 = 69;
const EARLY: u64 = 34;

const ROOT: Is = is!(Fault::Root { source_name: Source::Outside(2), size: END, since: 35 });
const ROLLED_BACK: Is = is!(Fault::RolledBack { source_name: Source::Outside(2), size: END, .. });

const KINDS: [Rewritten; 12] = [
    Rewritten { kind: "edit", forge: || forged(edit), alone: None, kept: ROOT, early: false, handed: &[] },
    Rewritten {
        kind: "delete",
        forge: || {
            forged(|f| {
                let entry = f.first("order.donor_screened");
                f.delete(&entry);
                f.rechain(entry.stream);
            })
        },
        alone: None,
        kept: ROLLED_BACK,
        early: false,
        handed: &[],
    },
    Rewritten {
        kind: "swap",
        forge: || {
            forged(|f| {
                let (one, other) = (f.first("order.consent_given"), f.first("order.donor_screened"));
                let content = |of: &Entry, from: &Entry| Entry {
                    kind: from.kind.clone(),
                    payload: from.payload.clone(),
                    ..of.clone()
                };
                f.overwrite(&content(&one, &other));
                f.overwrite(&content(&other, &one));
                f.rechain(one.stream);
            })
        },
        alone: None,
        kept: ROOT,
        early: false,
        handed: &[],
    },
    Rewritten {
        kind: "insert",
        forge: || {
            forged(|f| {
                let model = f.first("site.clinic_registered");
                let mut entry = f.next(model.stream, &model);
                entry.payload = another_clinic(&model, "Gojo");
                (entry.occurred_at, entry.recorded_at) = (model.occurred_at, model.recorded_at);
                entry.hash = entry.leaf_hash();
                let place = |column: &str, table: &str, key: &str| {
                    format!("SELECT {column} AS number FROM {table} WHERE {key} = {}", id(model.id.0))
                };
                let (seq, index) = (
                    f.number(&place("seq", "journal", "id")),
                    f.number(&place("tree_index", "tree_leaf", "entry")),
                );
                f.make_room(seq + 1);
                f.insert(Some(seq + 1), &entry);
                f.sql(&format!(
                    "UPDATE tree_leaf SET tree_index = -tree_index - 1 WHERE tree_index > {index}"
                ));
                f.sql("UPDATE tree_leaf SET tree_index = -tree_index WHERE tree_index < 0");
                f.sql(&format!("INSERT INTO tree_leaf VALUES ({}, {})", index + 1, id(entry.id.0)));
            })
        },
        alone: None,
        kept: is!(Fault::Root { source_name: Source::Outside(1), size: EARLY, since: 1 }
            | Fault::Root { source_name: Source::Outside(2), size: END, since: 1 }),
        early: true,
        handed: &[],
    },
    Rewritten {
        kind: "truncate",
        forge: || forged(|f| f.truncate(END as i64 - 1)),
        alone: None,
        kept: ROLLED_BACK,
        early: false,
        handed: &[],
    },
    Rewritten {
        // By the signer himself, who is in league: his signature is good.
        kind: "re-sign",
        forge: || {
            forged(|f| {
                let mut entry = f.last("batch.disposition.decided");
                let (event, _) = unsigned(&entry.payload).unwrap();
                entry.payload = replaced(&event, "leaking bag", "label torn");
                let releaser: PersonId = entry.performer;
                f.sign_as(&mut entry, releaser, Meaning::Disposition);
                f.overwrite(&entry);
            })
        },
        alone: None,
        kept: ROOT,
        early: false,
        handed: &[],
    },
    Rewritten {
        kind: "fork",
        forge: || {
            forged(|f| {
                let model = f.first("site.clinic_registered");
                f.truncate(EARLY as i64);
                for number in EARLY..END + 10 {
                    let mut entry = f.next(model.stream, &model);
                    entry.payload = another_clinic(&model, &format!("Gojo {number}"));
                    entry.hash = entry.leaf_hash();
                    f.insert(None, &entry);
                }
                f.seal_rest();
            })
        },
        alone: None,
        kept: ROOT,
        early: false,
        handed: &[],
    },
    Rewritten {
        // Nothing in it was ever false.
        kind: "rollback to an older copy",
        forge: || (story().copy_before(), vec![]),
        alone: None,
        kept: ROLLED_BACK,
        early: false,
        handed: &[],
    },
    Rewritten {
        // The last two of 34 entries make way for one that says it has the hash of the node above them: the root over
        // 33 is then the one that was over 34. No content has such a hash, and the size tells it too.
        kind: "leaf/node confusion",
        forge: || {
            let mut roots = [Hash::ZERO; 2];
            let (place, _) = forged(|f| {
                f.truncate(EARLY as i64);
                roots[0] = f.root(EARLY);
                let node = baiyo_persistence::sealing::node(&mut f.conn, 1, EARLY / 2 - 1).unwrap().unwrap();
                f.truncate(EARLY as i64 - 2);
                let model = f.first("site.clinic_registered");
                let mut entry = f.next(model.stream, &model);
                entry.payload = another_clinic(&model, "Gojo");
                entry.hash = node;
                f.insert(None, &entry);
                f.seal_rest();
                roots[1] = f.root(EARLY - 1);
            });
            assert_eq!(roots[0], roots[1], "the confusion is well made");
            let lie = note(&place, EARLY - 1, |_| roots[0]);
            (place, vec![lie])
        },
        alone: Some(is!(Fault::Hash)),
        kept: is!(Fault::RolledBack { source_name: Source::Outside(1), size: EARLY, present: 33 }
            | Fault::RolledBack { source_name: Source::Outside(2), size: END, present: 33 }),
        early: true,
        // It agrees with what is there: the entry alone tells.
        handed: &[],
    },
    Rewritten {
        kind: "origin swap",
        forge: || {
            let (place, _) = forged(edit);
            let other = {
                let mut f = Forger::at(&place);
                let (root, key) = (f.root(END), f.log_key());
                f.leave();
                Checkpoint { origin: "baiyo.example/kyoto".into(), size: END, root }.sign(&key)
            };
            (place, vec![other])
        },
        alone: None,
        kept: ROOT,
        early: false,
        handed: &[is!(Fault::Checkpoint { source_name: Source::Outside(1), reason: "it names another log" })],
    },
    Rewritten {
        kind: "size lie",
        forge: || {
            let (place, _) = forged(|f| f.truncate(END as i64 - 1));
            // The tree that is there said to be as great as the one that was, and the one that was as small.
            let great = note(&place, END, |f| f.root(END - 1));
            let small = note(&place, END - 1, |_| root_of(&story().outside[1]));
            (place, vec![great, small])
        },
        alone: None,
        kept: ROLLED_BACK,
        early: false,
        handed: &[
            is!(Fault::RolledBack { source_name: Source::Outside(1), size: END, present: 68 }),
            is!(Fault::Root { source_name: Source::Outside(1), size: 68, .. }),
        ],
    },
    Rewritten {
        // A key of his own that begins its signatures with the identifier of the log's; and one that does not.
        kind: "key id clash",
        forge: || {
            let (place, _) = forged(edit);
            let mut f = Forger::at(&place);
            let root = f.root(END);
            f.leave();
            let own = Checkpoint { origin: ORIGIN.into(), size: END, root }.sign(&Forger::own_key());
            let clashing = with_key_id_of(&own, &place.latest());
            (place, vec![clashing, own])
        },
        alone: None,
        kept: ROOT,
        early: false,
        handed: &[
            is!(Fault::Checkpoint {
                source_name: Source::Outside(1),
                reason: "its signature does not verify"
            }),
            is!(Fault::Checkpoint {
                source_name: Source::Outside(1),
                reason: "it is signed with another key"
            }),
        ],
    },
];

/// A copy of the story on which somebody was at work, and then left no trace.
fn forged(forge: impl FnOnce(&mut Forger)) -> (Place, Vec<String>) {
    let place = story().copy();
    let mut forger = Forger::at(&place);
    forge(&mut forger);
    forger.settle();
    forger.leave();
    (place, vec![])
}

fn edit(f: &mut Forger) {
    let consent = f.first("order.consent_given");
    f.edit(&consent, |e| e.payload = replaced(&e.payload, r#""version":"3""#, r#""version":"4""#));
}

fn another_clinic(model: &Entry, name: &str) -> Vec<u8> {
    let text = String::from_utf8(model.payload.clone()).unwrap();
    let clinic = &text.split("\"clinic\":\"").nth(1).unwrap()[..36];
    let payload = replaced(&model.payload, clinic, &Uuid::now_v7().to_string());
    replaced(&payload, "Shijo", name)
}

/// A checkpoint that the forger signs with the log's key, whatever it says.
fn note(place: &Place, size: u64, root: impl FnOnce(&mut Forger) -> Hash) -> String {
    let mut forger = Forger::at(place);
    let (root, key) = (root(&mut forger), forger.log_key());
    forger.leave();
    Checkpoint { origin: ORIGIN.into(), size, root }.sign(&key)
}

fn root_of(note: &str) -> Hash {
    Hash(STANDARD.decode(note.lines().nth(2).unwrap()).unwrap().try_into().unwrap())
}

/// A note whose signature names the key of another note.
fn with_key_id_of(note: &str, other: &str) -> String {
    let signature = |note: &str| STANDARD.decode(note.trim_end().rsplit(' ').next().unwrap()).unwrap();
    let mut forged = signature(note);
    forged[..4].copy_from_slice(&signature(other)[..4]);
    let (text, _) = note.trim_end().rsplit_once(' ').unwrap();
    format!("{text} {}\n", STANDARD.encode(forged))
}

#[test]
fn twelve_ways_to_rewrite_the_record_leave_no_trace_inside_and_are_found_by_a_checkpoint_kept_outside() {
    let story = story();
    let mut wrong = Vec::new();
    for Rewritten { kind, forge, alone, kept, early, handed } in KINDS {
        let (place, notes) = forge();
        let check = |outside: &[String]| -> Vec<Fault> {
            place.verify(outside).findings.into_iter().map(|finding| finding.what).collect()
        };
        let mut expect = |what: &str, right: bool, found: &[Fault]| {
            if !right {
                wrong.push(format!("{kind}, {what}: {found:?}"));
            }
        };
        let inside = check(&[]);
        let untold = |fault: &Fault| !alone.is_some_and(|alone| alone(fault));
        expect("alone", inside.is_empty() != alone.is_some() && !inside.iter().any(untold), &inside);
        // Nothing else is said beside what is expected.
        let outside = check(&story.outside);
        let told: Vec<_> = outside.iter().filter(|fault| untold(fault)).collect();
        expect("with what was kept", !told.is_empty() && told.iter().all(|fault| kept(fault)), &outside);
        let first = check(&story.outside[..1]);
        expect("with the early one", (first.len() > inside.len()) == early, &first);
        // Who goes on from what was kept is told no less than who reads everything.
        for (since, told) in story.outside.iter().zip([early || alone.is_some(), true]) {
            let found = place.resume(since, &[], &mut unwatched).findings;
            let found: Vec<Fault> = found.into_iter().map(|finding| finding.what).collect();
            expect("gone on from one that was kept", found.is_empty() != told, &found);
        }
        // A checkpoint that the forger signs as it is agrees with what he left: only the lie is refused.
        if kind != "rollback to an older copy" {
            let own = check(&[place.latest()]);
            expect("with his own", own == inside, &own);
        }
        assert!(handed.is_empty() || handed.len() == notes.len());
        for (note, is) in notes.into_iter().zip(handed) {
            let found = check(&[note]);
            expect("with what he hands over", matches!(&found[..], [fault] if is(fault)), &found);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let kinds: BTreeSet<&str> = KINDS.iter().map(|rewritten| rewritten.kind).collect();
    assert_eq!(kinds.len(), 12);
}

/// What people do from there on.
type Course = fn(&mut Centre);

/// Different honest days, each from a copy of the records before the decision or after it.
const COURSES: [(&str, bool, Course); 3] = [
    ("everything is released at once", true, |centre| decide(centre, 0..3, json!("release"))),
    ("everything is rejected, one after the other", true, |centre| {
        for container in 0..3 {
            decide(centre, container..container + 1, json!({"reject": {"reason": "leaking bag"}}));
        }
    }),
    ("others come, order and are refused", false, |centre| {
        for name in ["Gojo Clinic", "Sanjo Clinic"] {
            let registration = json!({"clinic_registration": {"name": name}});
            centre.does("admin", Command::Site(serde_json::from_value(registration).unwrap()));
        }
        centre.employ("second_analyst", Role::QcAnalyst, None);
        centre.employ("inspector", Role::Inspector, None);
        for attempt in ["batch.disposition.deciding", "person.role_grant"] {
            let who = centre.people["analyst"];
            centre
                .store
                .record_attempt(who, None, attempt.into(), String::new(), vec!["not_allowed".into()])
                .unwrap();
            centre.store.seal().unwrap();
        }
    }),
];

fn decide(centre: &Centre, which: Range<usize>, decision: Value) {
    let containers: Vec<ContainerNo> = centre.state(story().batch).containers.into_keys().collect();
    let containers = &containers[which];
    let deciding = json!({"disposition": {"deciding": {"containers": containers, "decision": decision}}});
    centre.sign_batch("releaser", story().batch, deciding, Meaning::Disposition);
}

/// The sizes of checkpoints.
fn sizes(notes: &[String]) -> BTreeSet<u64> {
    notes.iter().map(|note| note.lines().nth(1).unwrap().parse().unwrap()).collect()
}

#[test]
fn honest_days_raise_no_alarm_with_every_checkpoint_that_was_ever_kept() {
    // From the founding on, sealed after each command.
    let told = centre::tell(true);
    let place = told.copy();
    let notes = notes_in(place.folder());
    let report = place.verify(&notes);
    assert_eq!(report.findings, []);
    assert_eq!((report.entries, report.unsealed), (END, 0));
    assert!(sizes(&notes).len() > 50, "{}", sizes(&notes).len());

    let story = story();
    for (name, before, course) in COURSES {
        let place = if before { story.copy_before() } else { story.copy() };
        let mut centre = story.goes_on(&place);
        let kept = sizes(&notes_in(place.folder())).len();
        course(&mut centre);
        drop(centre);
        let notes = notes_in(place.folder());
        assert!(sizes(&notes).len() > kept, "{name}");
        let outside: Vec<String> = story.outside[..1].iter().chain(&notes).cloned().collect();
        let report = place.verify(&outside);
        assert_eq!((report.findings, report.unsealed), (vec![], 0), "{name}");
    }
}
