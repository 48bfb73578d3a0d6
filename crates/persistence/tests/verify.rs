//! `baiyo verify`: an honest journal is sound, and whatever the owner of the database forges is found, the first wrong
//! entry by name.

mod centre;

use baiyo_domain::event::Payload;
use baiyo_domain::ids::{CommandId, EntryId, PersonId};
use baiyo_domain::journal::checkpoint::Checkpoint;
use baiyo_domain::journal::source::{Device, Source as CameFrom};
use baiyo_domain::journal::{Entry, Hash, StreamId, StreamKind};
use baiyo_domain::time::Time;
use baiyo_persistence::journal;
use baiyo_persistence::progress::{telling, unwatched};
use baiyo_persistence::verify::{CannotCheck, Fault, Finding, Note, Source, verify};
use centre::forger::{Forger, ORIGIN, replaced};
use centre::forgeries::FORGERIES;
use centre::place::Place;
use centre::{engine, story};
use std::ops::ControlFlow;
use uuid::Uuid;

#[test]
fn an_honest_journal_is_sound() {
    let story = story();
    let place = story.copy();
    let mut steps = Vec::new();
    let report =
        verify(place.location(), &story.outside, &mut telling(|done, total| steps.push((done, total))))
            .unwrap();
    assert_eq!(report.findings, []);
    assert!(report.is_sound());
    assert_eq!((report.streams, report.unsealed), (10, 0));
    assert!(report.entries > 50 && report.signatures > 20, "{report:?}");
    // Three in the database, three files and the latest, two outside.
    assert_eq!(report.checkpoints, 9);
    let sealed = report.entries;
    assert!(matches!(&report.notes[..],
        [Note::FirstKey { anchored: true, .. }, Note::LogKey(_), Note::Agreed { size }] if *size == sealed));
    assert!(steps.is_sorted() && steps.last().is_some_and(|(done, total)| done == total && *total > 0));
}

/// The story's entries are from before sources were recorded: they have none, and are sound beside those that do.
#[test]
fn from_where_an_entry_came_is_hashed_with_it_and_a_changed_source_is_found() {
    let story = story();
    let who = PersonId(Uuid::now_v7());
    let device = Device { id: Uuid::now_v7(), name: "Isolator 2".to_string().try_into().unwrap() };
    let sources = [
        Some(CameFrom::Session { device: None }),
        Some(CameFrom::Badge { device: device.clone() }),
        None,
        Some(CameFrom::Instrument { device }),
    ];
    let place = story.copy();
    let store = place.open();
    for source in &sources {
        store.record_attempt(who, source.clone(), "person.role_grant".into(), String::new(), vec![]).unwrap();
    }
    store.seal().unwrap();
    drop(store);
    let stream = StreamId { kind: StreamKind::Attempts, id: who.0 };
    let entries = journal::entries_of(&mut place.owner(), stream).unwrap();
    let recorded = entries.iter().map(|entry| Payload::read(entry).unwrap().source);
    assert_eq!(recorded.collect::<Vec<_>>(), sources);
    assert_eq!(place.verify(&story.outside).findings, []);
    let forgeries: [(&str, &str); 4] = [
        ("Isolator 2", "Isolator 3"),
        ("\"badge\"", "\"program\""),
        (r#","source":{"means":"session"}"#, ""),
        (r#""reasons":[]}}}}"#, r#""reasons":[]}}},"source":{"means":"session"}}"#),
    ];
    for (from, to) in forgeries {
        let has = |entry: &&Entry| String::from_utf8_lossy(&entry.payload).contains(from);
        let entry = entries.iter().find(has).unwrap();
        let payload = replaced(&entry.payload, from, to);
        let found = |chained: bool| {
            let forged = place.copy();
            let mut forger = Forger::at(&forged);
            match chained {
                true => forger.edit(entry, |entry| entry.payload = payload.clone()),
                false => forger.overwrite(&Entry { payload: payload.clone(), ..entry.clone() }),
            }
            forger.leave();
            forged.verify(&story.outside).findings
        };
        let of_it = |found: &Finding| found.entry == Some(entry.id);
        let (alone, chained) = (found(false), found(true));
        assert!(alone.iter().any(|found| of_it(found) && found.what == Fault::Hash), "{from}: {alone:?}");
        let is_moved = |found: &Finding| of_it(found) && matches!(found.what, Fault::Leaf { .. });
        assert!(chained.iter().any(is_moved), "{from}: {chained:?}");
    }
}

#[test]
fn nothing_is_made_or_changed_by_checking() {
    let story = story();
    let place = story.copy();
    let files = || {
        let mut files: Vec<_> =
            std::fs::read_dir(place.folder()).unwrap().map(|file| file.unwrap().file_name()).collect();
        files.sort();
        files
    };
    if engine::is_postgres() {
        let before = (files(), place.contents());
        assert!(place.verify(&[]).is_sound());
        assert!((files(), place.contents()) == before);
        let mut elsewhere = place.location().clone();
        elsewhere.postgres = elsewhere.postgres.map(|address| address.database("absent"));
        assert!(matches!(verify(&elsewhere, &[], &mut unwatched), Err(CannotCheck::Unreadable(_))));
        return;
    }
    let before = (files(), std::fs::read(place.folder().join("baiyo.sqlite")).unwrap());
    assert!(place.verify(&[]).is_sound());
    assert_eq!((files(), std::fs::read(place.folder().join("baiyo.sqlite")).unwrap()), before);

    let empty = Place::fresh();
    assert!(matches!(empty.try_to_verify(&[]), Err(CannotCheck::Missing(_))));
    assert_eq!(std::fs::read_dir(empty.folder()).unwrap().count(), 0);
    std::fs::write(empty.folder().join("baiyo.sqlite"), "no database at all, only some text in a file")
        .unwrap();
    assert!(matches!(empty.try_to_verify(&[]), Err(CannotCheck::Unreadable(_))));
}

#[test]
fn a_folder_that_a_server_has_can_be_checked() {
    let story = story();
    let place = story.copy();
    let store = place.open();
    let aimed = "batch.disposition.deciding".to_string();
    let who = baiyo_domain::ids::PersonId(Uuid::now_v7());
    store.record_attempt(who, None, aimed.clone(), String::new(), vec![]).unwrap();
    let report = place.verify(&story.outside);
    assert_eq!(report.findings, []);
    assert_eq!((report.unsealed, report.streams), (1, 11));
    store.record_attempt(who, None, aimed, String::new(), vec![]).unwrap();
    store.seal().unwrap();
    let report = place.verify(&story.outside);
    assert_eq!((report.findings, report.unsealed), (vec![], 0));
}

#[test]
fn without_the_key_store_what_cannot_be_checked_is_said() {
    let story = story();
    let place = story.copy();
    std::fs::remove_dir_all(place.folder().join("keys")).unwrap();
    let report = place.verify(&[]);
    assert_eq!(report.findings, []);
    assert!(report.notes.contains(&Note::NoLogKey) && report.notes.contains(&Note::NoOutsideCheckpoint));
    assert!(report.notes.iter().any(|note| matches!(note, Note::FirstKey { anchored: false, .. })));
}

#[test]
fn every_forgery_is_found_and_the_first_wrong_entry_named() {
    let story = story();
    let mut missed = Vec::new();
    for (name, forge, expected) in FORGERIES {
        let place = story.copy();
        let mut forger = Forger::at(&place);
        let entry = forge(&mut forger);
        forger.leave();
        let report = place.verify(&story.outside);
        for threads in [1, 5] {
            assert_eq!(place.verify_on(threads, &story.outside), report, "{name}, on {threads} threads");
        }
        let lines: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
        let lines = lines.join("\n  ");
        let right =
            |finding: &&Finding| expected(&finding.what) && (entry.is_none() || finding.entry == entry);
        if report.findings.iter().find(right).is_none() {
            missed.push(format!("{name}: not found\n  {lines}"));
        }
        let first = report.findings.iter().find_map(|finding| finding.entry);
        if entry.is_some() && first != entry {
            missed.push(format!("{name}: {first:?} is named first, not {entry:?}\n  {lines}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert!(FORGERIES.len() >= 40);
}

fn missing(kind: &str, name: &str) -> Fault {
    Fault::SchemaMissing { kind: kind.into(), name: name.into() }
}

fn altered(kind: &str, name: &str) -> Fault {
    Fault::SchemaAltered { kind: kind.into(), name: name.into() }
}

fn foreign(kind: &str, name: &str) -> Fault {
    Fault::SchemaForeign { kind: kind.into(), name: name.into() }
}

/// What the owner does to the schema of the embedded engine.
fn schemas_embedded() -> Vec<(&'static str, Fault)> {
    vec![
        ("DROP TRIGGER journal_no_update", missing("trigger", "journal_no_update")),
        (
            "DROP TRIGGER disposition_gate; CREATE TRIGGER disposition_gate BEFORE INSERT ON disposition WHEN 0 \
             BEGIN SELECT RAISE(ABORT, 'disposition: a requirement is not met'); END",
            altered("trigger", "disposition_gate"),
        ),
        (
            "CREATE TRIGGER helpful AFTER INSERT ON gate_fact BEGIN DELETE FROM duty; END",
            foreign("trigger", "helpful"),
        ),
        ("DROP INDEX gate_fact_newest", missing("index", "gate_fact_newest")),
        (
            "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'CHECK (version >= 1)', '') \
             WHERE name = 'journal'; PRAGMA writable_schema = RESET",
            altered("table", "journal"),
        ),
        ("DROP TABLE duty", missing("table", "duty")),
    ]
}

/// And to that of PostgreSQL, where more can stand between a row and its guard.
fn schemas_postgres() -> Vec<(&'static str, Fault)> {
    vec![
        ("DROP TRIGGER journal_no_update ON journal", missing("trigger", "journal_no_update")),
        ("ALTER TABLE journal DISABLE TRIGGER journal_no_delete", altered("trigger", "journal_no_delete")),
        ("ALTER TABLE duty DISABLE TRIGGER ALL", altered("trigger", "duty_no_update")),
        (
            "ALTER TABLE disposition ENABLE REPLICA TRIGGER disposition_gate",
            altered("trigger", "disposition_gate"),
        ),
        (
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            altered("function", "refuse"),
        ),
        ("ALTER FUNCTION disposition_stands() RESET search_path", altered("function", "disposition_stands")),
        (
            "CREATE FUNCTION refuse(text) RETURNS text LANGUAGE sql AS 'SELECT $1'",
            altered("function", "refuse"),
        ),
        ("ALTER FUNCTION refuse() OWNER TO baiyo_app", altered("function", "refuse")),
        (
            "CREATE FUNCTION skipped() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
             CREATE TRIGGER a_first BEFORE INSERT ON gate_fact FOR EACH ROW EXECUTE FUNCTION skipped()",
            foreign("trigger", "a_first"),
        ),
        (
            "CREATE FUNCTION skipped() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
             CREATE TRIGGER journal_chain BEFORE INSERT ON gate_fact FOR EACH ROW EXECUTE FUNCTION skipped()",
            altered("trigger", "journal_chain"),
        ),
        ("CREATE RULE quiet AS ON INSERT TO gate_fact DO INSTEAD NOTHING", foreign("rule", "quiet")),
        ("CREATE VIEW seen AS SELECT * FROM journal", foreign("view", "seen")),
        ("DROP INDEX gate_fact_newest", missing("index", "gate_fact_newest")),
        (
            "ALTER TABLE journal DROP CONSTRAINT journal_version_check",
            missing("constraint", "journal_version_check"),
        ),
        ("DROP TABLE duty", missing("table", "duty")),
        ("ALTER TABLE gate_fact ALTER entry DROP NOT NULL", altered("table", "gate_fact")),
        ("ALTER TABLE checkpoint SET UNLOGGED", altered("table", "checkpoint")),
        ("GRANT DELETE ON duty TO baiyo_app", altered("table", "duty")),
        (
            "GRANT EXECUTE ON FUNCTION journal_entry_waits() TO PUBLIC",
            altered("function", "journal_entry_waits"),
        ),
        ("GRANT UPDATE (state) ON gate_fact TO baiyo_app", altered("table", "gate_fact")),
        ("GRANT TRUNCATE ON journal TO PUBLIC", altered("table", "journal")),
        ("ALTER TABLE journal OWNER TO baiyo_app", altered("table", "journal")),
        ("ALTER TABLE gate_fact ENABLE ROW LEVEL SECURITY", altered("table", "gate_fact")),
        ("CREATE POLICY chosen ON duty USING (false)", foreign("policy", "chosen")),
        // Its rows are read as if they stood in the journal, and no guard of the journal's is on them.
        (
            "CREATE SCHEMA aside; CREATE TABLE aside.more () INHERITS (journal)",
            foreign("child", "aside.more"),
        ),
        (
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET session_replication_role = replica', \
             current_database()); END $$",
            foreign("setting", "session_replication_role=replica"),
        ),
    ]
}

#[test]
fn a_guard_that_is_missing_altered_or_added_is_found() {
    let story = story();
    let forgeries = if engine::is_postgres() { schemas_postgres() } else { schemas_embedded() };
    let mut missed = Vec::new();
    for (sql, fault) in forgeries {
        let place = story.copy();
        place.owner().batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        let report = place.verify(&[]);
        if !report.findings.iter().any(|finding| finding.what == fault) {
            missed.push(format!("{sql}: {:?}", report.findings));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    let place = story.copy();
    place.owner().batch_execute("CREATE INDEX mine ON journal (kind); ANALYZE").unwrap();
    let report = place.verify(&[]);
    assert_eq!(report.findings, []);
    assert!(report.notes.contains(&Note::Foreign { kind: "index".into(), name: "mine".into() }));
}

#[test]
fn a_checkpoint_of_another_log_or_altered_is_no_proof() {
    let story = story();
    let place = story.copy();
    let altered = story.outside[1].replacen('\n', " \n", 1);
    for note in [altered, String::new(), "nothing\n".into()] {
        let report = place.verify(&[story.outside[0].clone(), note]);
        assert!(
            matches!(report.findings[..], [ref finding] if matches!(finding.what,
                Fault::Checkpoint { source_name: Source::Outside(2), .. })),
            "{:?}",
            report.findings
        );
    }
}

/// So many refused attempts of one person are read in three pages, and the first of the second page is number 501.
const ATTEMPTS: u32 = 1_300;

/// The story, and after it one person's refused attempts, all of them sealed; and a checkpoint before the last ten.
fn with_many_attempts() -> (Place, StreamId, String) {
    let place = story().copy();
    let who = PersonId(Uuid::now_v7());
    place.open().record_attempt(who, None, "person.role_grant".into(), String::new(), vec![]).unwrap();
    let stream = StreamId { kind: StreamKind::Attempts, id: who.0 };
    let mut forger = Forger::at(&place);
    let mut last = forger.stream(stream).pop().unwrap();
    forger.sql("BEGIN");
    for version in 2..=ATTEMPTS {
        let (id, command) = (EntryId(Uuid::now_v7()), CommandId(Uuid::now_v7()));
        last = Entry { id, command, version, previous_hash: last.hash, ..last };
        last.hash = last.leaf_hash();
        forger.insert(None, &last);
    }
    forger.seal_rest();
    forger.sql("COMMIT");
    let size = forger.size() - 10;
    let checkpoint = Checkpoint { origin: ORIGIN.into(), size, root: forger.root(size) };
    let kept = checkpoint.sign(&forger.log_key());
    forger.leave();
    (place, stream, kept)
}

/// What is done to an entry, and which entry is found with what.
type Change = (u32, fn(&mut Forger, Entry), u32, fn(&Fault) -> bool);

const CHANGES: [Change; 7] = [
    (501, |f, e| f.overwrite(&Entry { payload: b"{}".to_vec(), ..e }), 501, |found| *found == Fault::Hash),
    (501, |f, e| alone(f, Entry { previous_hash: Hash::ZERO, ..e }), 501, |found| *found == Fault::Chain),
    (
        500,
        |f, e| alone(f, Entry { performer: PersonId(Uuid::nil()), ..e }),
        501,
        |found| *found == Fault::Chain,
    ),
    (500, |f, e| f.delete(&e), 501, |found| *found == Fault::Version { due: 500 }),
    (
        500,
        |f, e| {
            f.sql(&format!(
                "DELETE FROM journal WHERE stream_kind = 'attempts' AND version BETWEEN 2 AND {}",
                e.version
            ))
        },
        501,
        |found| *found == Fault::Version { due: 2 },
    ),
    (
        501,
        |f, e| {
            let recorded_at = Time::from_micros(e.recorded_at.micros() - 1).unwrap();
            alone(f, Entry { recorded_at, ..e });
        },
        501,
        |found| *found == Fault::RecordedEarlier,
    ),
    // And the chain made to fit.
    (
        750,
        |f, e| f.edit(&e, |e| e.payload = replaced(&e.payload, "role", "rôle")),
        750,
        |found| matches!(found, Fault::Leaf { .. }),
    ),
];

/// Changes an entry with its own hash, and nothing after it.
fn alone(forger: &mut Forger, mut entry: Entry) {
    entry.hash = entry.leaf_hash();
    forger.overwrite(&entry);
}

#[test]
fn stopped_at_any_step_it_says_so_and_finds_nothing() {
    let story = story();
    let place = story.copy();
    let mut all = 0;
    verify(place.location(), &story.outside, &mut telling(|_, total| all = total)).unwrap();
    for last in 1..all {
        let stopped = verify(place.location(), &story.outside, &mut |done, _| match done {
            done if done < last => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        });
        assert_eq!(stopped, Err(CannotCheck::Stopped), "after {last} of {all}");
    }
}

#[test]
fn refused_attempts_are_checked_across_the_borders_of_the_pages_in_which_they_are_read() {
    let (place, stream, kept) = with_many_attempts();
    let honest = place.verify(&story().outside);
    assert_eq!(honest.findings, []);
    let before = story().copy().verify(&[]).entries;
    assert_eq!(honest.entries, before + u64::from(ATTEMPTS));
    let resumed = place.resume(&kept, &[], &mut unwatched);
    assert_eq!((&resumed.findings[..], resumed.resumed.is_some()), (&[][..], true));
    assert!(resumed.entries >= u64::from(ATTEMPTS));
    for threads in [1, 5] {
        assert_eq!(place.verify_on(threads, &story().outside), honest);
    }

    for (number, (version, change, found_at, is)) in CHANGES.iter().enumerate() {
        let place = place.copy();
        let mut forger = Forger::at(&place);
        let entries = forger.stream(stream);
        let of = |version: &u32| entries[*version as usize - 1].clone();
        forger.sql("BEGIN");
        change(&mut forger, of(version));
        forger.sql("COMMIT");
        forger.leave();
        let right = |finding: &Finding| finding.entry == Some(of(found_at).id) && is(&finding.what);
        let whole = place.verify(&[]);
        assert!(whole.findings.iter().any(right), "{number}: {:?}", whole.findings.first());
        for threads in [1, 5] {
            assert_eq!(place.verify_on(threads, &[]), whole, "{number}, on {threads} threads");
        }
        let resumed = place.resume(&kept, &[], &mut unwatched);
        assert!(resumed.findings.iter().any(right), "{number}: {:?}", resumed.findings.first());
    }
}
