//! The last wall before a release, for every way in which four people can share the work: it takes exactly the releases
//! by somebody who has no duty on the batch, and so no other than the policy that the decision is held against.
//!
//! Of 4^7 ways to share seven tasks it sees who made, checked, entered and releases: 256 patterns, all tried. What
//! nobody's task leaves behind is tried as well: every set of duties of a releaser beside every set of another's.

#[path = "../../../domain/tests/four_people/policy.rs"]
mod policy;

use super::attempts::{NEWEST, When, about_result, confirmation, following, met_by_it, released_by};
use super::centre::dialect::{any_hash, any_id, no_hash, object};
use super::{attacker, everybody, place, takes};
use crate::centre::engine;
use baiyo_persistence::Conn;
use policy::Task::{Check, ConfirmForManufacturing, ConfirmForQuality, Enter, Make, Release, Verify};
use policy::{APART, Assignment, Task, assignments};
use std::collections::BTreeSet;

/// The duties that the database knows, and the tasks they come from.
const DUTIES: [(Task, &str); 3] = [(Make, "maker"), (Check, "checker"), (Enter, "enterer")];

/// Four people whom the story does not know.
fn four(conn: &mut Conn) {
    for person in 0..4 {
        let column = if engine::is_postgres() { "uuid" } else { "BLOB" };
        let added = format!(
            "ALTER TABLE the ADD COLUMN person_{person} {column}; UPDATE the SET person_{person} = {}",
            any_id()
        );
        conn.batch_execute(&added).unwrap();
    }
}

/// A duty of one of the four on the batch.
fn duty((person, duty): (usize, &str)) -> String {
    format!("INSERT INTO duty SELECT batch, person_{person}, '{duty}', {NEWEST} FROM the;")
}

/// The same on every other batch, of which only its first entry is known.
fn duty_elsewhere((person, duty): (usize, &str)) -> String {
    format!(
        "INSERT INTO duty SELECT j.stream_id, person_{person}, '{duty}', j.id FROM the, journal AS j
         WHERE j.stream_kind = 'batch' AND j.version = 1 AND j.stream_id <> the.batch;"
    )
}

/// Whether the database takes a release of the first container by one of the four, given these duties. It is undone.
fn released(conn: &mut Conn, duties: &str, releaser: usize) -> bool {
    let given = released_by(&format!("person_{releaser}")) + duties;
    conn.batch_execute(if engine::is_postgres() { "BEGIN" } else { "BEGIN IMMEDIATE" }).unwrap();
    conn.batch_execute(&given).unwrap_or_else(|error| panic!("{duties}: {error}"));
    let release = format!(
        "INSERT INTO disposition SELECT entry, batch, container, 'release', person_{releaser}, expiry FROM the"
    );
    let taken = takes(conn, &release);
    conn.batch_execute("ROLLBACK").unwrap();
    taken
}

/// Whether the policy lets the releaser release, of whatever the four did before.
fn may(assignment: &Assignment) -> bool {
    let who = |task: Task| assignment[task as usize];
    APART.iter().all(|(one, later, _)| *later != Release || who(*one) != who(Release))
}

#[test]
fn exactly_the_releases_without_a_duty_are_taken_for_every_way_four_people_share_the_work() {
    let place = place(When::Before);
    for who in everybody() {
        let mut conn = attacker(&place, *who);
        four(&mut conn);
        let mut tried = BTreeSet::new();
        let mut taken = 0;
        for assignment in assignments() {
            let seen = [Make, Check, Enter, Release].map(|task| assignment[task as usize]);
            if !tried.insert(seen) {
                continue;
            }
            let duties = DUTIES.map(|(task, name)| duty((assignment[task as usize], name)));
            let released = released(&mut conn, &duties.concat(), seen[3]);
            assert_eq!(released, may(&assignment), "{seen:?} by {who:?}");
            taken += usize::from(released);
        }
        // Whoever releases, each of three duties is one of the three others'.
        assert_eq!((tried.len(), taken), (256, 4 * 3 * 3 * 3));
    }
}

#[test]
fn a_single_duty_of_the_releaser_is_enough_whatever_others_have_and_on_that_batch_alone() {
    let place = place(When::Before);
    let mut conn = attacker(&place, everybody()[0]);
    four(&mut conn);
    let sets = |person: usize| {
        (0..8).map(move |set| {
            let of_set = DUTIES.into_iter().enumerate().filter(move |(bit, _)| set >> bit & 1 == 1);
            of_set.map(|(_, (_, name))| duty((person, name))).collect::<String>()
        })
    };
    for own in sets(0) {
        for others in sets(1) {
            assert_eq!(released(&mut conn, &(own.clone() + &others), 0), own.is_empty(), "{own} {others}");
        }
    }
    // Another batch, of which nothing is known but that it is there.
    let another = format!(
        "INSERT INTO journal (id, stream_kind, stream_id, version, occurred_at, recorded_at, performer,
             recorder, command, kind, schema_version, payload, previous_hash, hash)
         SELECT {0}, stream_kind, {0}, 1, recorded_at, recorded_at, performer, recorder, command, kind,
             1, payload, {1}, {2}
         FROM journal, the WHERE stream_id = the.batch AND version = 1",
        any_id(),
        no_hash(),
        any_hash()
    );
    conn.batch_execute(&another).unwrap();
    let elsewhere = DUTIES.map(|(_, name)| duty_elsewhere((0, name))).concat();
    assert!(released(&mut conn, &elsewhere, 0));
}

/// Whether the policy lets a task be done by whoever did the others before.
fn apart(assignment: &Assignment, task: Task) -> bool {
    let who = |task: Task| assignment[task as usize];
    APART.iter().all(|(one, later, _)| *later != task || who(*one) != who(task))
}

/// Whether the database takes the evidence of a signing. It is undone.
fn signed(conn: &mut Conn, given: &str, requirement: &str) -> bool {
    conn.batch_execute(if engine::is_postgres() { "BEGIN" } else { "BEGIN IMMEDIATE" }).unwrap();
    conn.batch_execute(given).unwrap_or_else(|error| panic!("{given}: {error}"));
    let taken = takes(conn, &met_by_it(requirement));
    conn.batch_execute("ROLLBACK").unwrap();
    taken
}

#[test]
fn exactly_the_confirmations_and_verifications_of_the_policy_are_taken() {
    let place = place(When::Before);
    let mut conn = attacker(&place, everybody()[0]);
    four(&mut conn);
    let mut tried = BTreeSet::new();
    for assignment in assignments() {
        let who = |task: Task| format!("person_{}", assignment[task as usize]);
        let duties = DUTIES.map(|(task, name)| duty((assignment[task as usize], name))).concat();
        for (task, name) in
            [(ConfirmForManufacturing, "manufacturing_confirmed"), (ConfirmForQuality, "quality_confirmed")]
        {
            let seen = [Make, Check, Enter, task].map(|task| assignment[task as usize]);
            if tried.insert((name, seen.to_vec())) {
                let by = who(task);
                let kind = format!("batch.disposition.{name}");
                let given = duties.clone() + &following("the.entry", &by, &by, &kind, &confirmation(name));
                let taken = signed(&mut conn, &given, "record");
                assert_eq!(taken, apart(&assignment, task), "{name} {seen:?}");
            }
        }
        let seen = [Make, Check, Enter, Verify].map(|task| assignment[task as usize]);
        if tried.insert(("verified", seen.to_vec())) {
            // Results are per result: who entered another one may verify this.
            let entered = |by: &str, number: &str| {
                let result = object(&[("result", number), ("form", &object(&[]))]);
                let payload = ["result_entered", "testing", "batch", "event"]
                    .iter()
                    .fold(result, |inner, name| object(&[(name, &inner)]));
                following(any_id(), by, by, "batch.testing.result_entered", &payload)
            };
            let (enterer, verifier) = (who(Enter), who(Verify));
            let given = [
                duties,
                entered(&enterer, "901"),
                entered(&verifier, "902"),
                following(
                    "the.entry",
                    &verifier,
                    &verifier,
                    "batch.testing.result_verified",
                    &about_result("result_verified", "901"),
                ),
            ];
            let taken = signed(&mut conn, &given.concat(), "test:ENDOTOXIN");
            assert_eq!(taken, apart(&assignment, Verify), "verified {seen:?}");
        }
    }
    assert_eq!(tried.len(), 3 * 256);
}
