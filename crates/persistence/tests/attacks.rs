//! The application's own connection turns against the records: whatever SQL it is made to say, the database refuses to
//! change or take back an entry, its evidence or its tree, and to dispose of a container past the gate. What only the
//! owner of the file can do (dropping a guard, writing the schema) is left to `baiyo verify`.

#[path = "attacks/attempts.rs"]
mod attempts;
mod centre;

use attempts::{Attack, When, attacks, release};
use baiyo_persistence::Conn;
use baiyo_persistence::engine::prelude::*;
use baiyo_persistence::engine::sqlite::connect;
use baiyo_persistence::store::Location;
use baiyo_persistence::store::database_in;
use baiyo_persistence::verify::verify;
use centre::story;
use diesel::sql_types::Text;
use std::collections::BTreeSet;
use std::path::Path;
use tempfile::TempDir;

/// The batch of the story, its people, and what the forged decision is called, for all attacks to speak of.
const THE: &str = "CREATE TEMP TABLE the AS SELECT
    b.id AS batch, c.no AS container, c.expires_at AS expiry,
    (SELECT max(no) FROM container_row) AS rejected,
    (SELECT id FROM person_row WHERE sign_in = 'releaser') AS releaser,
    (SELECT id FROM person_row WHERE sign_in = 'maker') AS maker,
    (SELECT id FROM person_row WHERE sign_in = 'lead') AS checker,
    (SELECT id FROM person_row WHERE sign_in = 'analyst') AS enterer,
    X'0123456789ABCDEF0123456789ABCDEF' AS entry
    FROM batch_row AS b JOIN container_row AS c ON c.batch = b.id ORDER BY c.no LIMIT 1";

/// Every setting of a connection that could let something slip past a guard.
const LOOSENED: &str = "PRAGMA recursive_triggers = OFF; PRAGMA ignore_check_constraints = ON; \
                        PRAGMA foreign_keys = OFF; PRAGMA defer_foreign_keys = ON; PRAGMA trusted_schema = ON";

fn folder(when: When) -> TempDir {
    match when {
        When::Before => story().copy_before(),
        When::After => story().copy(),
    }
}

fn attacker(folder: &Path) -> Conn {
    let mut conn = connect(&database_in(folder)).unwrap();
    conn.batch_execute(THE).unwrap();
    conn
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(conn: &mut Conn, sql: &str) -> Vec<String> {
    let lines: Vec<Line> = diesel::sql_query(sql).load(conn).unwrap();
    lines.into_iter().map(|line| line.line).collect()
}

/// Everything in the database: its schema and every row of every table.
fn contents(conn: &mut Conn) -> Vec<String> {
    let mut all =
        lines(conn, "SELECT type || name || coalesce(sql, '') AS line FROM main.sqlite_master ORDER BY line");
    let tables = lines(
        conn,
        "SELECT 'SELECT ' || group_concat('quote(\"' || c.name || '\")', ' || '','' || ') || ' AS line FROM main.'
             || t.name || ' ORDER BY line' AS line
         FROM main.sqlite_master AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table' GROUP BY t.name",
    );
    assert!(tables.len() > 15);
    for table in tables {
        all.push(table.clone());
        all.extend(lines(conn, &table));
    }
    all
}

/// Makes an attack as one transaction, which is undone; whether the database would have taken it.
fn taken(conn: &mut Conn, attack: &Attack, before: &str) -> bool {
    let Attack { name, given, sql, .. } = attack;
    conn.batch_execute("BEGIN IMMEDIATE").unwrap();
    for preparation in [before, given] {
        conn.batch_execute(preparation).unwrap_or_else(|error| panic!("{name}, what is given: {error}"));
    }
    let taken = diesel::sql_query(sql).execute(conn).is_ok_and(|rows| rows > 0);
    conn.batch_execute("ROLLBACK").unwrap();
    taken
}

/// All attacks on a copy of the story, on a connection with these settings; afterwards nothing has changed.
fn all_refused(settings: &str) -> usize {
    let attacks = attacks();
    for when in [When::Before, When::After] {
        let folder = folder(when);
        let mut conn = attacker(folder.path());
        conn.batch_execute(settings).unwrap();
        let untouched = contents(&mut conn);
        let mut accepted = Vec::new();
        for attack in attacks.iter().filter(|attack| attack.when == when) {
            if taken(&mut conn, attack, "") {
                accepted.push(&attack.name);
            }
            if attack.given.is_empty() {
                // By itself as well, where each statement is its own transaction.
                assert!(
                    diesel::sql_query(&attack.sql).execute(&mut conn).is_err(),
                    "accepted: {}",
                    attack.name
                );
            }
            assert!(contents(&mut conn) == untouched, "changed: {}", attack.name);
        }
        assert_eq!(accepted, [""; 0], "accepted");
        drop(conn);
        let report =
            verify(&Location::embedded(folder.path()), &story().outside[..1], &mut |_, _| ()).unwrap();
        assert_eq!(report.findings, []);
    }
    attacks.len()
}

#[test]
fn no_attack_by_the_applications_connection_is_accepted() {
    let count = all_refused("");
    let names: BTreeSet<String> = attacks().into_iter().map(|attack| attack.name).collect();
    assert_eq!(names.len(), count, "each attack has a name of its own");
    assert!(count >= 30, "{count} attacks");
}

#[test]
fn no_setting_of_a_connection_opens_a_way() {
    all_refused(LOOSENED);
}

#[test]
fn each_attack_would_succeed_without_the_guards_that_stand_against_it() {
    for when in [When::Before, When::After] {
        let folder = folder(when);
        let mut conn = attacker(folder.path());
        // So that no constraint stands in for a guard.
        conn.batch_execute(LOOSENED).unwrap();
        let untouched = contents(&mut conn);
        let mut refused = Vec::new();
        for attack in attacks().into_iter().filter(|attack| attack.when == when) {
            let dropped: String =
                attack.guards.iter().map(|guard| format!("DROP TRIGGER {guard};")).collect();
            if !taken(&mut conn, &attack, &dropped) {
                refused.push(attack.name);
            }
        }
        assert_eq!(refused, [""; 0], "refused without their guards");
        assert!(contents(&mut conn) == untouched);
    }
}

#[test]
fn every_guard_stands_against_an_attack() {
    let folder = folder(When::After);
    let mut conn = attacker(folder.path());
    // Those before something is written refuse; those after it carry the entry to its leaf.
    let guards = lines(
        &mut conn,
        "SELECT name AS line FROM main.sqlite_master WHERE type = 'trigger' AND sql NOT LIKE '% AFTER INSERT %'
         ORDER BY name",
    );
    let tried: BTreeSet<&str> = attacks().iter().flat_map(|attack| attack.guards.iter().copied()).collect();
    assert_eq!(guards, tried.into_iter().collect::<Vec<_>>());
}

/// The guards refuse what lacks something, not everything: with a decision on record and nothing lacking, the same
/// statement is taken. (That the decision is not signed by the releaser is for `verify` and the next hand-over.)
#[test]
fn a_release_with_nothing_lacking_is_taken() {
    let folder = folder(When::Before);
    let mut conn = attacker(folder.path());
    assert!(taken(&mut conn, &release("nothing is lacking"), ""));
}

#[test]
fn a_second_way_to_the_same_file_meets_the_same_guards() {
    let folder = folder(When::After);
    let mut conn = attacker(folder.path());
    let untouched = contents(&mut conn);
    conn.batch_execute(&format!("ATTACH '{}' AS other", database_in(folder.path()).display())).unwrap();
    for table in ["journal", "gate_fact", "duty", "disposition", "tree_leaf", "tree_node", "checkpoint"] {
        let sql = format!("DELETE FROM other.{table}");
        assert!(diesel::sql_query(sql).execute(&mut conn).is_err(), "{table}");
    }
    assert!(contents(&mut conn) == untouched);
}
