//! `baiyo verify`: an honest journal is sound, and whatever the owner of the database forges is found, the first wrong
//! entry by name.

mod centre;

use baiyo_persistence::store::Location;
use baiyo_persistence::verify::{CannotCheck, Fault, Finding, Note, Report, Source, verify};
use centre::forger::Forger;
use centre::forgeries::FORGERIES;
use centre::story;
use std::path::Path;
use uuid::Uuid;

fn check(folder: &Path, outside: &[String]) -> Report {
    verify(&Location::embedded(folder), outside, &mut |_, _| ()).unwrap()
}

#[test]
fn an_honest_journal_is_sound() {
    let story = story();
    let folder = story.copy();
    let mut steps = Vec::new();
    let report = verify(&Location::embedded(folder.path()), &story.outside, &mut |done, total| {
        steps.push((done, total))
    })
    .unwrap();
    assert_eq!(report.findings, []);
    assert!(report.is_sound());
    assert_eq!((report.streams, report.unsealed), (10, 0));
    assert!(report.entries > 50 && report.signatures > 20, "{report:?}");
    // Three in the database, three files and the latest, two outside.
    assert_eq!(report.checkpoints, 9);
    assert!(matches!(&report.notes[..], [Note::FirstKey { anchored: true, .. }, Note::LogKey(_)]));
    assert!(steps.is_sorted() && steps.last().is_some_and(|(done, total)| done == total && *total > 0));
}

#[test]
fn nothing_is_made_or_changed_by_checking() {
    let story = story();
    let folder = story.copy();
    let files = || {
        let mut files: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        files.sort();
        files
    };
    let before = (files(), std::fs::read(folder.path().join("baiyo.sqlite")).unwrap());
    assert!(check(folder.path(), &[]).is_sound());
    assert_eq!((files(), std::fs::read(folder.path().join("baiyo.sqlite")).unwrap()), before);

    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(
        verify(&Location::embedded(empty.path()), &[], &mut |_, _| ()),
        Err(CannotCheck::Missing(_))
    ));
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0);
    std::fs::write(empty.path().join("baiyo.sqlite"), "no database at all, only some text in a file")
        .unwrap();
    assert!(matches!(
        verify(&Location::embedded(empty.path()), &[], &mut |_, _| ()),
        Err(CannotCheck::Unreadable(_))
    ));
}

#[test]
fn a_folder_that_a_server_has_can_be_checked() {
    let story = story();
    let folder = story.copy();
    let clock = std::sync::Arc::new(baiyo_persistence::clock::SystemClock);
    let store = baiyo_persistence::Store::open(folder.path(), clock).unwrap();
    let aimed = "batch.disposition.deciding".to_string();
    let who = baiyo_domain::ids::PersonId(Uuid::now_v7());
    store.record_attempt(who, aimed.clone(), String::new(), vec![]).unwrap();
    let report = check(folder.path(), &story.outside);
    assert_eq!(report.findings, []);
    assert_eq!((report.unsealed, report.streams), (1, 11));
    store.record_attempt(who, aimed, String::new(), vec![]).unwrap();
    store.seal().unwrap();
    let report = check(folder.path(), &story.outside);
    assert_eq!((report.findings, report.unsealed), (vec![], 0));
}

#[test]
fn without_the_key_store_what_cannot_be_checked_is_said() {
    let story = story();
    let folder = story.copy();
    std::fs::remove_dir_all(folder.path().join("keys")).unwrap();
    let report = check(folder.path(), &[]);
    assert_eq!(report.findings, []);
    assert!(report.notes.contains(&Note::NoLogKey) && report.notes.contains(&Note::NoOutsideCheckpoint));
    assert!(report.notes.iter().any(|note| matches!(note, Note::FirstKey { anchored: false, .. })));
}

#[test]
fn every_forgery_is_found_and_the_first_wrong_entry_named() {
    let story = story();
    let mut missed = Vec::new();
    for (name, forge, expected) in FORGERIES {
        let folder = story.copy();
        let mut forger = Forger::at(folder.path());
        let entry = forge(&mut forger);
        forger.leave();
        let report = check(folder.path(), &story.outside);
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

#[test]
fn a_guard_that_is_missing_altered_or_added_is_found() {
    let story = story();
    let forgeries: [(&str, Fault); 6] = [
        (
            "DROP TRIGGER journal_no_update",
            Fault::SchemaMissing { kind: "trigger".into(), name: "journal_no_update".into() },
        ),
        (
            "DROP TRIGGER disposition_gate; CREATE TRIGGER disposition_gate BEFORE INSERT ON disposition WHEN 0 \
             BEGIN SELECT RAISE(ABORT, 'disposition: a requirement is not met'); END",
            Fault::SchemaAltered { kind: "trigger".into(), name: "disposition_gate".into() },
        ),
        (
            "CREATE TRIGGER helpful AFTER INSERT ON gate_fact BEGIN DELETE FROM duty; END",
            Fault::SchemaForeign { kind: "trigger".into(), name: "helpful".into() },
        ),
        (
            "DROP INDEX gate_fact_newest",
            Fault::SchemaMissing { kind: "index".into(), name: "gate_fact_newest".into() },
        ),
        (
            "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'CHECK (version >= 1)', '') \
             WHERE name = 'journal'; PRAGMA writable_schema = RESET",
            Fault::SchemaAltered { kind: "table".into(), name: "journal".into() },
        ),
        ("DROP TABLE duty", Fault::SchemaMissing { kind: "table".into(), name: "duty".into() }),
    ];
    for (sql, fault) in forgeries {
        let folder = story.copy();
        let mut conn =
            baiyo_persistence::engine::sqlite::connect(&baiyo_persistence::store::database_in(folder.path()))
                .unwrap();
        conn.batch_execute(sql).unwrap();
        drop(conn);
        let report = check(folder.path(), &[]);
        assert!(report.findings.iter().any(|finding| finding.what == fault), "{sql}: {:?}", report.findings);
    }
    let folder = story.copy();
    let mut conn =
        baiyo_persistence::engine::sqlite::connect(&baiyo_persistence::store::database_in(folder.path()))
            .unwrap();
    let harmless = "CREATE INDEX mine ON journal (kind); ANALYZE";
    conn.batch_execute(harmless).unwrap();
    drop(conn);
    let report = check(folder.path(), &[]);
    assert_eq!(report.findings, []);
    assert!(report.notes.contains(&Note::Foreign { kind: "index".into(), name: "mine".into() }));
}

#[test]
fn a_checkpoint_of_another_log_or_altered_is_no_proof() {
    let story = story();
    let folder = story.copy();
    let altered = story.outside[1].replacen('\n', " \n", 1);
    for note in [altered, String::new(), "nothing\n".into()] {
        let report = check(folder.path(), &[story.outside[0].clone(), note]);
        assert!(
            matches!(report.findings[..], [ref finding] if matches!(finding.what,
                Fault::Checkpoint { source_name: Source::Outside(2), .. })),
            "{:?}",
            report.findings
        );
    }
}
