//! The attacks: what is prepared and accepted, the one statement that must be refused, and the guards against it.

use baiyo_persistence::engine::prelude::*;
use baiyo_persistence::engine::sqlite::connect;
use diesel::sql_types::{Integer, Text};

/// Where the batch stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Everything is confirmed, nothing decided.
    Before,
    /// Two containers are released, the last is rejected.
    After,
}

/// One attack.
pub struct Attack {
    /// What is attempted.
    pub name: String,
    /// On which copy of the story.
    pub when: When,
    /// What the database takes beforehand.
    pub given: String,
    /// The statement that it must not take.
    pub sql: String,
    /// The triggers that refuse it; without them it is taken.
    pub guards: Vec<&'static str>,
}

const NEWEST: &str =
    "(SELECT id FROM journal WHERE stream_id = (SELECT batch FROM the) ORDER BY version DESC LIMIT 1)";

/// A decision of the batch that follows its history, but was made without its signer.
fn decision(by: &str, recorded_by: &str, kind: &str, payload: &str) -> String {
    format!(
        "INSERT INTO journal (id, stream_kind, stream_id, version, occurred_at, recorded_at, performer, recorder,
             command, kind, schema_version, payload, previous_hash, hash)
         SELECT the.entry, stream_kind, stream_id, version + 1, recorded_at, recorded_at, the.{by}, the.{recorded_by},
             randomblob(16), '{kind}', 1, CAST({payload} AS BLOB), hash, randomblob(32)
         FROM journal, the WHERE stream_id = the.batch ORDER BY version DESC LIMIT 1;"
    )
}

/// What a decision says, of one container.
fn payload(decision: &str, container: &str) -> String {
    let decided =
        format!("json_object('containers', json_array(the.{container}), 'decision', json('{decision}'))");
    format!(
        "json_object('event', json_object('batch', json_object('disposition', json_object('decided', {decided}))))"
    )
}

const DECIDED: &str = "batch.disposition.decided";

fn released_by(person: &str) -> String {
    decision(person, person, DECIDED, &payload("\"release\"", "container"))
}

fn fact(container: &str, requirement: &str, state: &str, until: &str) -> String {
    format!(
        "INSERT INTO gate_fact (batch, container, requirement, state, valid_until, entry)
         SELECT batch, {container}, '{requirement}', '{state}', {until}, {NEWEST} FROM the;"
    )
}

const RELEASE: &str =
    "INSERT INTO disposition SELECT entry, batch, container, 'release', releaser, expiry FROM the";

/// The release of the first container, just before it is due, by a forged decision.
pub fn release(name: &str) -> Attack {
    Attack {
        name: name.into(),
        when: When::Before,
        given: released_by("releaser"),
        sql: RELEASE.into(),
        guards: Vec::new(),
    }
}

/// All attacks.
pub fn attacks() -> Vec<Attack> {
    let mut all = rewriting();
    all.extend(histories());
    all.extend(evidence());
    all.extend(requirements());
    all.extend(dispositions());
    all
}

/// Changing, deleting and replacing what is there.
fn rewriting() -> Vec<Attack> {
    struct Table {
        name: &'static str,
        column: &'static str,
        keys: &'static str,
        replaced: &'static str,
        guards: [&'static str; 3],
    }
    let tables = [
        Table {
            name: "journal",
            column: "payload",
            keys: "id",
            replaced: "seq, id, stream_kind, stream_id, version, occurred_at, recorded_at, performer, recorder, command, \
                       kind, schema_version, X'7B7D', previous_hash, hash",
            guards: ["journal_no_update", "journal_no_delete", "journal_no_replace"],
        },
        Table {
            name: "gate_fact",
            column: "state",
            keys: "serial",
            replaced: "serial, batch, container, requirement, 'met', NULL, entry",
            guards: ["gate_fact_no_update", "gate_fact_no_delete", "gate_fact_no_replace"],
        },
        Table {
            name: "duty",
            column: "duty",
            keys: "batch, person, duty",
            replaced: "batch, person, duty, (SELECT id FROM journal WHERE stream_id = batch LIMIT 1)",
            guards: ["duty_no_update", "duty_no_delete", "duty_no_replace"],
        },
        Table {
            name: "disposition",
            column: "decision",
            keys: "entry, container",
            replaced: "entry, batch, container, decision, decided_by, expires_at + 1",
            guards: ["disposition_no_update", "disposition_no_delete", "disposition_no_replace"],
        },
        Table {
            name: "tree_leaf",
            column: "entry",
            keys: "tree_index",
            replaced: "tree_index, entry",
            guards: ["tree_leaf_no_update", "tree_leaf_no_delete", "tree_leaf_next"],
        },
        Table {
            name: "tree_node",
            column: "hash",
            keys: "level, idx",
            replaced: "level, idx, zeroblob(32)",
            guards: ["tree_node_no_update", "tree_node_no_delete", "tree_node_no_replace"],
        },
        Table {
            name: "checkpoint",
            column: "note",
            keys: "size",
            replaced: "size, root, 'forged', sealed_at",
            guards: ["checkpoint_no_update", "checkpoint_no_delete", "checkpoint_no_replace"],
        },
    ];
    let mut all = Vec::new();
    for Table { name, column, keys, replaced, guards: [update, delete, replace] } in tables {
        let mut add = |what: &str, sql: String, mut guards: Vec<&'static str>| {
            // Facts of the past rest on an entry that is no longer the newest.
            if name == "gate_fact" && guards.contains(&replace) {
                guards.push("gate_fact_of_batch");
            }
            // What was sealed would wait for its leaf once more.
            if name == "journal" && guards.contains(&replace) {
                guards.push("unsealed_is_new");
            }
            // And the gate of the past is asked anew.
            if name == "disposition" && guards.contains(&replace) {
                guards.push("disposition_gate");
            }
            let name = format!("{name}: {what}");
            all.push(Attack { name, when: When::After, given: String::new(), sql, guards });
        };
        let last = format!("SELECT {replaced} FROM {name} WHERE rowid = (SELECT max(rowid) FROM {name})");
        add("every row is changed", format!("UPDATE {name} SET {column} = {column}"), vec![update]);
        add(
            "a row is changed where that is possible",
            format!("UPDATE OR IGNORE {name} SET {column} = {column}"),
            vec![update],
        );
        add(
            "a row is changed by a join",
            format!("UPDATE {name} SET {column} = {name}.{column} FROM the"),
            vec![update],
        );
        add(
            "a row takes another's place",
            format!("UPDATE OR REPLACE {name} SET rowid = rowid + 1"),
            vec![update, delete, replace],
        );
        add("every row is deleted", format!("DELETE FROM {name}"), vec![delete]);
        add(
            "the newest row is deleted",
            format!("DELETE FROM {name} WHERE rowid = (SELECT max(rowid) FROM {name})"),
            vec![delete],
        );
        add("a row is replaced", format!("REPLACE INTO {name} {last}"), vec![delete, replace]);
        add(
            "a row is inserted or replaced",
            format!("INSERT OR REPLACE INTO {name} {last}"),
            vec![delete, replace],
        );
        add(
            "a row is inserted and changed on conflict",
            format!("INSERT INTO {name} {last} ON CONFLICT ({keys}) DO UPDATE SET {column} = {column}"),
            vec![update, replace],
        );
    }
    all
}

/// Entries that do not follow their stream, leaves that do not follow the tree.
fn histories() -> Vec<Attack> {
    let entry = |name: &str, version: &str, previous: &str| {
        Attack {
        name: format!("journal: {name}"),
        when: When::Before,
        given: String::new(),
        sql: format!(
            "INSERT INTO journal (id, stream_kind, stream_id, version, occurred_at, recorded_at, performer, recorder,
                 command, kind, schema_version, payload, previous_hash, hash)
             SELECT the.entry, stream_kind, stream_id, {version}, recorded_at, recorded_at, performer, recorder,
                 command, kind, 1, payload, {previous}, randomblob(32)
             FROM journal, the WHERE stream_id = the.batch ORDER BY version DESC LIMIT 1"
        ),
        guards: vec!["journal_chain"],
    }
    };
    let mut all = vec![
        entry("it follows no entry", "version + 1", "randomblob(32)"),
        entry("it follows the last entry but one", "version + 1", "previous_hash"),
        entry("it begins a stream that has begun", "version + 1", "zeroblob(32)"),
        entry("a version is left out", "version + 2", "hash"),
        entry("half a version", "version + 0.5", "hash"),
        entry("a hash as a text", "version + 1", "hex(substr(hash, 1, 16))"),
    ];
    for (name, version, previous) in [
        ("the same version twice, after the same entry", "version", "previous_hash"),
        ("the same version twice, after itself", "version", "hash"),
        ("a second beginning", "1", "zeroblob(32)"),
        ("version 0", "0", "zeroblob(32)"),
        ("a version below 0", "-1", "hash"),
    ] {
        let mut attack = entry(name, version, previous);
        attack.sql = attack.sql.replace("INSERT", "INSERT OR REPLACE");
        attack.guards.push("journal_no_replace");
        all.push(attack);
    }
    let leaf = |name: &str, sql: &str| Attack {
        name: format!("tree_leaf: {name}"),
        when: When::After,
        given: released_by("releaser"),
        sql: sql.into(),
        guards: vec!["tree_leaf_next"],
    };
    all.push(leaf(
        "a leaf past the tree's end",
        "INSERT INTO tree_leaf SELECT max(tree_index) + 2, (SELECT entry FROM the) FROM tree_leaf",
    ));
    all.push(leaf("a leaf before its beginning", "INSERT INTO tree_leaf SELECT -1, entry FROM the"));
    let waiting = |name: &str, sql: &str, guard| Attack {
        name: format!("unsealed: {name}"),
        when: When::After,
        given: released_by("releaser"),
        sql: sql.into(),
        guards: vec![guard],
    };
    let again = "INSERT INTO unsealed SELECT min(seq) FROM journal";
    all.push(waiting("an entry is never sealed", "DELETE FROM unsealed", "unsealed_until_sealed"));
    all.push(waiting(
        "another waits in its place",
        "UPDATE unsealed SET seq = seq - 1",
        "unsealed_no_update",
    ));
    all.push(waiting("what is sealed waits again", again, "unsealed_is_new"));
    all.push(waiting("what is not there waits", "INSERT INTO unsealed VALUES (-1)", "unsealed_is_new"));
    all
}

/// Facts and duties that rest on nothing.
fn evidence() -> Vec<Attack> {
    let other = "INSERT INTO journal (id, stream_kind, stream_id, version, occurred_at, recorded_at, performer,
             recorder, command, kind, schema_version, payload, previous_hash, hash)
         SELECT the.entry, stream_kind, randomblob(16), 1, recorded_at, recorded_at, performer, recorder, command, kind,
             1, payload, zeroblob(32), randomblob(32)
         FROM journal, the WHERE stream_id = the.batch ORDER BY version DESC LIMIT 1;";
    let attack = |name: &str, given: &str, sql: &str, guard| Attack {
        name: name.into(),
        when: When::Before,
        given: given.into(),
        sql: sql.into(),
        guards: vec![guard],
    };
    let (fact, duty) = ("gate_fact_of_batch", "duty_of_batch");
    vec![
        attack(
            "gate_fact: it rests on another batch's entry",
            other,
            "INSERT INTO gate_fact SELECT NULL, batch, 0, 'holds', 'met', NULL, entry FROM the",
            fact,
        ),
        attack(
            "gate_fact: it rests on an entry that is no longer the newest",
            "",
            "INSERT INTO gate_fact SELECT NULL, batch, 0, 'holds', 'met', NULL,
                 (SELECT id FROM journal WHERE stream_id = batch AND version = 1) FROM the",
            fact,
        ),
        attack(
            "gate_fact: a failure is covered by a fact of the past",
            &self::fact("0", "holds", "failed", "NULL"),
            "INSERT INTO gate_fact SELECT NULL, batch, container, requirement, 'met', NULL,
                 (SELECT id FROM journal WHERE stream_id = batch AND version = 2)
             FROM gate_fact WHERE serial = (SELECT max(serial) FROM gate_fact)",
            fact,
        ),
        attack(
            "gate_fact: it rests on a person's entry",
            "",
            "INSERT INTO gate_fact SELECT NULL, batch, 0, 'holds', 'met', NULL,
                 (SELECT id FROM journal WHERE stream_kind = 'person' LIMIT 1) FROM the",
            fact,
        ),
        attack(
            "duty: it rests on another batch's entry",
            other,
            "INSERT INTO duty SELECT batch, releaser, 'maker', entry FROM the",
            duty,
        ),
        attack(
            "duty: it rests on a person's entry",
            "",
            "INSERT INTO duty SELECT batch, releaser, 'maker',
                 (SELECT id FROM journal WHERE stream_kind = 'person' LIMIT 1) FROM the",
            duty,
        ),
    ]
}

#[derive(QueryableByName)]
struct Required {
    #[diesel(sql_type = Integer)]
    container: i32,
    #[diesel(sql_type = Text)]
    requirement: String,
}

/// A release with each single requirement not met.
fn requirements() -> Vec<Attack> {
    let folder = super::folder(When::Before);
    let mut conn = connect(&baiyo_persistence::store::database_in(folder.path())).unwrap();
    let required: Vec<Required> = diesel::sql_query(
        "SELECT DISTINCT container, requirement FROM gate_fact
         WHERE container IN (0, (SELECT min(no) FROM container_row)) ORDER BY container, requirement",
    )
    .load(&mut conn)
    .unwrap();
    assert!(required.len() > 20 && required.iter().any(|required| required.container > 0));
    let mut all = Vec::new();
    for Required { container, requirement } in required {
        let of = if container == 0 { "the batch" } else { "the container" };
        let recorded_at = format!("(SELECT recorded_at FROM journal WHERE id = {NEWEST})");
        for (how, state, until) in [
            ("is open", "open", "NULL"),
            ("has failed", "failed", "NULL"),
            ("ends just then", "met", &*recorded_at),
        ] {
            let mut attack = release(&format!("disposition: {requirement} of {of} {how}"));
            attack.given += &fact(&container.to_string(), &requirement, state, until);
            attack.guards.push("disposition_gate");
            all.push(attack);
        }
    }
    all
}

/// Dispositions that rest on nothing, on somebody or something else, or come too late.
fn dispositions() -> Vec<Attack> {
    let before = |name: &str, given: String, sql: &str, guards: &[&'static str]| Attack {
        name: format!("disposition: {name}"),
        when: When::Before,
        given,
        sql: sql.into(),
        guards: guards.to_vec(),
    };
    let after = |name: &str, sql: &str, guards: &[&'static str]| Attack {
        name: format!("disposition: {name}"),
        when: When::After,
        given: String::new(),
        sql: sql.into(),
        guards: guards.to_vec(),
    };
    let ours = || released_by("releaser");
    let (gate, entry, decided, duty) =
        ("disposition_gate", "disposition_entry", "disposition_decided", "disposition_duty");
    let said = |decision: &str, container: &str| {
        self::decision("releaser", "releaser", DECIDED, &payload(decision, container))
    };
    let hide = |table: &str| format!("{}CREATE TEMP TABLE {table} AS SELECT * FROM main.{table};", ours());
    let by = |person: &str| {
        format!(
            "INSERT INTO disposition SELECT entry, batch, container, 'release', {person}, expiry FROM the"
        )
    };
    vec![
        before(
            "a batch of which nothing is known",
            "INSERT INTO journal (id, stream_kind, stream_id, version, occurred_at, recorded_at, performer, recorder,
                 command, kind, schema_version, payload, previous_hash, hash)
             SELECT the.entry, stream_kind, X'FF', 1, recorded_at, recorded_at, the.releaser, the.releaser, command,
                 'batch.disposition.decided', 1, "
                .to_string()
                + &format!("CAST({} AS BLOB)", payload("\"release\"", "container"))
                + ", zeroblob(32), randomblob(32)
             FROM journal, the WHERE stream_id = the.batch ORDER BY version DESC LIMIT 1;",
            "INSERT INTO disposition SELECT entry, X'FF', container, 'release', releaser, expiry FROM the",
            &[gate],
        ),
        before(
            "a container of which nothing is known",
            said("\"release\"", "expiry"),
            "INSERT INTO disposition SELECT entry, batch, expiry, 'release', releaser, expiry FROM the",
            &[gate],
        ),
        before(
            "the whole batch at once, as container 0",
            format!("UPDATE temp.the SET container = 0; {}", ours()),
            RELEASE,
            &[gate],
        ),
        before(
            "the container is out of date",
            ours(),
            "INSERT INTO disposition SELECT entry, batch, container, 'release', releaser, 0 FROM the",
            &["disposition_in_date"],
        ),
        before(
            "the container goes out of date at that instant",
            ours(),
            "INSERT INTO disposition SELECT the.entry, batch, container, 'release', releaser, recorded_at
             FROM the JOIN journal ON id = the.entry",
            &["disposition_in_date"],
        ),
        before("without an entry", String::new(), RELEASE, &[entry, decided]),
        before(
            "the entry is no decision",
            String::new(),
            &RELEASE.replace("SELECT entry", &format!("SELECT {NEWEST}")),
            &[entry, decided],
        ),
        before(
            "the entry says the same under another name",
            self::decision("releaser", "releaser", "batch.disposition.lifted", &payload("\"release\"", "container")),
            RELEASE,
            &[entry],
        ),
        before(
            "the entry has the right name and says something else",
            self::decision("releaser", "releaser", DECIDED, "'{\"event\":{\"batch\":{}}}'"),
            RELEASE,
            &[decided],
        ),
        before(
            "the entry says nothing that can be read",
            self::decision("releaser", "releaser", DECIDED, "'release'"),
            RELEASE,
            &[decided],
        ),
        before(
            "the entry decides on another batch",
            ours(),
            "INSERT INTO disposition SELECT entry, randomblob(16), container, 'release', releaser, expiry FROM the",
            &[entry, gate],
        ),
        before("a rejection passed off as a release", said(r#"{"reject":{"reason":"leaking"}}"#, "container"), RELEASE, &[
            decided,
        ]),
        before(
            "a release passed off as a rejection",
            ours(),
            "INSERT INTO disposition SELECT entry, batch, container, 'reject', releaser, expiry FROM the",
            &[decided],
        ),
        before("the entry releases another container", said("\"release\"", "rejected"), RELEASE, &[decided]),
        before("by another person than the entry's performer", ours(), &by("enterer"), &[entry, duty]),
        before("by nobody known", ours(), &by("randomblob(16)"), &[entry]),
        before(
            "recorded by another person than its performer",
            self::decision("releaser", "enterer", DECIDED, &payload("\"release\"", "container")),
            RELEASE,
            &[entry],
        ),
        before("by the maker", released_by("maker"), &by("maker"), &[duty]),
        before(
            "by the checker",
            released_by("checker") + &format!("INSERT INTO duty SELECT batch, checker, 'checker', {NEWEST} FROM the;"),
            &by("checker"),
            &[duty],
        ),
        before("by the enterer of results", released_by("enterer"), &by("enterer"), &[duty]),
        before(
            "by a releaser who made the batch as well",
            ours() + &format!("INSERT INTO duty SELECT batch, releaser, 'maker', {NEWEST} FROM the;"),
            RELEASE,
            &[duty],
        ),
        before("no such decision", ours(), &RELEASE.replace("'release'", "'RELEASE'"), &[decided]),
        before(
            "only where that is possible, past an open requirement",
            ours() + &fact("0", "holds", "open", "NULL"),
            &RELEASE.replace("INSERT", "INSERT OR IGNORE"),
            &[gate],
        ),
        before(
            "past a table of facts that stands before the real one",
            hide("gate_fact") + &fact("0", "holds", "open", "NULL").replace("INTO gate_fact", "INTO main.gate_fact"),
            RELEASE,
            &[gate],
        ),
        before(
            "past a table of duties that stands before the real one",
            released_by("maker") + "CREATE TEMP TABLE duty (batch, person, duty, entry);",
            &by("maker"),
            &[duty],
        ),
        before(
            "past a journal that stands before the real one",
            format!(
                "CREATE TEMP TABLE journal AS SELECT * FROM main.journal; {}",
                ours().replace("INSERT INTO journal", "INSERT INTO temp.journal")
            ),
            RELEASE,
            &[entry, decided],
        ),
        after(
            "twice",
            "INSERT OR REPLACE INTO disposition SELECT * FROM disposition WHERE decision = 'release' LIMIT 1",
            &["disposition_no_replace", gate],
        ),
        after(
            "the rejected container, by the release of the others",
            "INSERT INTO disposition SELECT d.entry, d.batch, the.rejected, 'release', d.decided_by, d.expires_at
             FROM disposition AS d, the WHERE d.decision = 'release' LIMIT 1",
            &[decided, gate],
        ),
        after(
            "the rejected container, by its rejection",
            "INSERT INTO disposition SELECT d.entry, d.batch, 1, 'release', d.decided_by, d.expires_at
             FROM disposition AS d WHERE d.decision = 'reject' LIMIT 1",
            &[decided, gate],
        ),
    ]
}
