//! The application's own connection turns against the records: whatever SQL it is made to say, the database refuses to
//! change or take back an entry, its evidence or its tree, and to dispose of a container past the gate. On PostgreSQL
//! the owner is refused as well, as long as the guards stand. Dropping a guard or writing the schema is the owner's
//! alone, and left to `baiyo verify`.

#[path = "attacks/attempts.rs"]
mod attempts;
mod centre;
#[path = "attacks/four_people.rs"]
mod four_people;

use attempts::{Attack, When, attacks, release};
use baiyo_persistence::Conn;
use baiyo_persistence::engine::postgres::Address;
use baiyo_persistence::engine::prelude::*;
use baiyo_persistence::reading::ClinicScope;
use baiyo_persistence::store::{Location, database_in};
use centre::place::{Place, lines};
use centre::{dialect, engine, story};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Who turns against the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// The application.
    Application,
    /// Who owns the tables.
    Owner,
}

/// Both; on the embedded engine they are the same.
fn everybody() -> &'static [Who] {
    if engine::is_postgres() { &[Who::Application, Who::Owner] } else { &[Who::Application] }
}

fn place(when: When) -> Place {
    match when {
        When::Before => story().copy_before(),
        When::After => story().copy(),
    }
}

/// A connection that knows the batch of the story, its people, and what the forged decision is called, for all attacks
/// to speak of.
fn attacker(place: &Place, who: Who) -> Conn {
    let mut conn = match who {
        Who::Application => application(place.location()),
        Who::Owner => place.owner(),
    };
    let entry = dialect::id(Uuid::from_u128(0x0123_4567_89AB_CDEF_0123_4567_89AB_CDEF));
    conn.batch_execute(&format!(
        "CREATE TEMP TABLE the AS SELECT
             b.id AS batch, c.no AS container, c.expires_at AS expiry,
             (SELECT max(no) FROM container_row) AS rejected,
             (SELECT id FROM person_row WHERE sign_in = 'releaser') AS releaser,
             (SELECT id FROM person_row WHERE sign_in = 'maker') AS maker,
             (SELECT id FROM person_row WHERE sign_in = 'lead') AS checker,
             (SELECT id FROM person_row WHERE sign_in = 'analyst') AS enterer,
             {entry} AS entry
         FROM batch_row AS b JOIN container_row AS c ON c.batch = b.id ORDER BY c.no LIMIT 1"
    ))
    .unwrap();
    conn
}

/// A connection as the application's: on PostgreSQL of a user who is nothing but a member of its role, so that there is
/// nobody to go back to.
fn application(location: &Location) -> Conn {
    let Some(url) = engine::url(location) else { return location.connect().unwrap() };
    const SERVES: &str = "baiyo_test_serves";
    let made = format!(
        "DO $$ BEGIN CREATE ROLE {SERVES} LOGIN IN ROLE baiyo_app;
         EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    );
    engine::as_owner(location).batch_execute(&made).unwrap();
    let (_, host) = url.rsplit_once('@').unwrap();
    let mut conn = Address::read(&format!("postgres://{SERVES}@{host}"), None).unwrap().connect().unwrap();
    // As the application does before it writes; anybody who acts for it can.
    conn.enter(ClinicScope::Centre).unwrap();
    conn
}

/// Every setting of a connection that could let something slip past a guard.
fn settings() -> &'static str {
    if engine::is_postgres() {
        return "SET search_path = pg_temp, public; SET transform_null_equals = on; SET row_security = off; \
                SET default_transaction_isolation = 'serializable'; SET enable_indexscan = off; \
                SET standard_conforming_strings = off; SET check_function_bodies = off";
    }
    "PRAGMA recursive_triggers = OFF; PRAGMA ignore_check_constraints = ON; \
     PRAGMA foreign_keys = OFF; PRAGMA defer_foreign_keys = ON; PRAGMA trusted_schema = ON"
}

/// Takes away the references and the rules of columns, so that none of them stands in for a guard.
fn loosen(conn: &mut Conn) {
    let loosened = match engine::is_postgres() {
        true => {
            "DO $$ DECLARE c record; BEGIN
                 FOR c IN SELECT conrelid::regclass AS t, conname FROM pg_constraint
                          WHERE connamespace = 'public'::regnamespace AND contype IN ('f', 'c') LOOP
                     EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.conname);
                 END LOOP;
             END $$"
        }
        false => settings(),
    };
    conn.batch_execute(loosened).unwrap();
}

/// Whatever refuses a row, by name, with the statement that takes it away: triggers, and on PostgreSQL the keys of what
/// is append-only, for there they keep what exists from being inserted again.
fn guards(conn: &mut Conn) -> BTreeMap<String, String> {
    let sql = match engine::is_postgres() {
        true => {
            "SELECT tgname || ' ' || format('DROP TRIGGER %I ON %s;', tgname, tgrelid::regclass) AS line
             FROM pg_trigger WHERE NOT tgisinternal AND tgtype & 2 <> 0
             UNION ALL
             SELECT k.conname || ' ' || format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE;', k.conrelid::regclass, k.conname)
             FROM pg_constraint AS k WHERE k.contype IN ('p', 'u')
               AND EXISTS (SELECT 1 FROM pg_trigger AS t WHERE t.tgrelid = k.conrelid AND NOT t.tgisinternal)"
        }
        false => {
            "SELECT name || ' DROP TRIGGER ' || name || ';' AS line FROM main.sqlite_master
             WHERE type = 'trigger' AND sql NOT LIKE '% AFTER INSERT %'"
        }
    };
    let named = |line: String| line.split_once(' ').map(|(name, drop)| (name.to_string(), drop.to_string()));
    lines(conn, sql).into_iter().filter_map(named).collect()
}

/// Whether the database takes a statement, and where it is one that counts rows, for at least one of them.
fn takes(conn: &mut Conn, sql: &str) -> bool {
    let counts = !sql.starts_with("TRUNCATE");
    diesel::sql_query(sql).execute(conn).is_ok_and(|rows| rows > 0 || !counts)
}

/// Makes an attack as one transaction, which is undone; whether the database would have taken it.
fn taken(conn: &mut Conn, attack: &Attack, before: &str) -> bool {
    let Attack { name, given, sql, .. } = attack;
    conn.batch_execute(if engine::is_postgres() { "BEGIN" } else { "BEGIN IMMEDIATE" }).unwrap();
    for preparation in [before, given] {
        conn.batch_execute(preparation).unwrap_or_else(|error| panic!("{name}, what is given: {error}"));
    }
    let taken = takes(conn, sql);
    conn.batch_execute("ROLLBACK").unwrap();
    taken
}

/// All attacks on a copy of the story, on a connection with these settings; afterwards nothing has changed.
fn all_refused(who: Who, settings: &str) -> usize {
    let attacks = attacks();
    for when in [When::Before, When::After] {
        let place = place(when);
        let mut conn = attacker(&place, who);
        conn.batch_execute(settings).unwrap();
        let untouched = place.contents();
        let mut accepted = Vec::new();
        for attack in attacks.iter().filter(|attack| attack.when == when) {
            if taken(&mut conn, attack, "") {
                accepted.push(&attack.name);
            }
            if attack.given.is_empty() {
                // By itself as well, where each statement is its own transaction.
                assert!(!takes(&mut conn, &attack.sql), "accepted: {}", attack.name);
            }
        }
        assert_eq!(accepted, [""; 0], "accepted from {who:?}");
        assert!(place.contents() == untouched, "changed by {who:?}");
        drop(conn);
        assert_eq!(place.verify(&story().outside[..1]).findings, []);
    }
    attacks.len()
}

#[test]
fn no_attack_by_the_applications_connection_is_accepted() {
    let count = all_refused(Who::Application, "");
    let names: BTreeSet<String> = attacks().into_iter().map(|attack| attack.name).collect();
    assert_eq!(names.len(), count, "each attack has a name of its own");
    // 161 in the words of both engines, and those that one alone has.
    let own = if engine::is_postgres() { 43 } else { 32 };
    assert!(count >= 161 + own, "{count} attacks");
}

#[test]
fn no_attack_by_the_owner_is_accepted_as_long_as_the_guards_stand() {
    all_refused(Who::Owner, "");
}

#[test]
fn no_setting_of_a_connection_opens_a_way() {
    all_refused(Who::Application, settings());
}

#[test]
fn each_attack_would_succeed_without_the_guards_that_stand_against_it() {
    for when in [When::Before, When::After] {
        let place = place(when);
        let mut conn = attacker(&place, Who::Owner);
        loosen(&mut conn);
        let guards = guards(&mut conn);
        let untouched = place.contents();
        let mut refused = Vec::new();
        for attack in attacks().into_iter().filter(|attack| attack.when == when) {
            let dropped: String = attack.guards.iter().map(|guard| guards[*guard].as_str()).collect();
            if !taken(&mut conn, &attack, &dropped) {
                refused.push(attack.name);
            }
        }
        assert_eq!(refused, [""; 0], "refused without their guards");
        assert!(place.contents() == untouched);
    }
}

#[test]
fn every_guard_stands_against_an_attack() {
    let place = place(When::After);
    let guards: Vec<String> = guards(&mut place.owner()).into_keys().collect();
    let tried: BTreeSet<&str> = attacks().iter().flat_map(|attack| attack.guards.iter().copied()).collect();
    assert_eq!(guards, tried.into_iter().collect::<Vec<_>>());
}

/// The guards refuse what lacks something, not everything: with a decision on record and nothing lacking, the same
/// statement is taken. (That the decision is not signed by the releaser is for `verify` and the next hand-over.)
#[test]
fn a_release_with_nothing_lacking_is_taken() {
    let place = place(When::Before);
    for who in everybody() {
        let mut conn = attacker(&place, *who);
        assert!(taken(&mut conn, &release("nothing is lacking"), ""), "{who:?}");
    }
}

/// The same file attached once more, or a view of a table.
#[test]
fn a_second_way_to_the_same_tables_meets_the_same_guards() {
    let place = place(When::After);
    for who in everybody() {
        let mut conn = attacker(&place, *who);
        let untouched = place.contents();
        let tables = ["journal", "gate_fact", "duty", "disposition", "tree_leaf", "tree_node", "checkpoint"];
        if !engine::is_postgres() {
            let file = database_in(place.folder());
            conn.batch_execute(&format!("ATTACH '{}' AS other", file.display())).unwrap();
        }
        for table in tables {
            let other = match engine::is_postgres() {
                true => {
                    let view = format!("CREATE TEMP VIEW other_{table} AS SELECT * FROM public.{table}");
                    conn.batch_execute(&view).unwrap();
                    format!("other_{table}")
                }
                false => format!("other.{table}"),
            };
            let sql = format!("DELETE FROM {other}");
            assert!(diesel::sql_query(sql).execute(&mut conn).is_err(), "{table} by {who:?}");
        }
        assert!(place.contents() == untouched);
    }
}
