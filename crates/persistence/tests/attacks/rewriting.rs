//! Attacks that change, delete or put in again what is there.

use super::*;

/// A table that is append-only.
struct Table {
    name: &'static str,
    column: &'static str,
    keys: &'static str,
    /// A row as it would be put in again.
    replaced: String,
    guards: [&'static str; 3],
    /// What keeps a row from being put in again on PostgreSQL.
    unique: &'static [&'static str],
}

fn tables() -> [Table; 9] {
    let empty = bytes("7B7D");
    [
        Table {
            name: "journal",
            column: "payload",
            keys: "id",
            replaced: format!(
                "seq, id, stream_kind, stream_id, version, occurred_at, recorded_at, performer, recorder, command, \
                 kind, schema_version, {empty}, previous_hash, hash"
            ),
            guards: ["journal_no_update", "journal_no_delete", "journal_no_replace"],
            unique: &[
                "journal_pkey",
                "journal_id_key",
                "journal_hash_key",
                "journal_stream_kind_stream_id_version_key",
                "unsealed_is_new",
            ],
        },
        Table {
            name: "gate_fact",
            column: "state",
            keys: "serial",
            replaced: "serial, batch, container, requirement, 'met', NULL, entry".into(),
            guards: ["gate_fact_no_update", "gate_fact_no_delete", "gate_fact_no_replace"],
            unique: &["gate_fact_pkey", "gate_fact_of_batch"],
        },
        Table {
            name: "duty",
            column: "duty",
            keys: "batch, person, duty",
            replaced: "batch, person, duty, (SELECT id FROM journal WHERE stream_id = batch LIMIT 1)".into(),
            guards: ["duty_no_update", "duty_no_delete", "duty_no_replace"],
            unique: &["duty_pkey"],
        },
        Table {
            name: "disposition",
            column: "decision",
            keys: "entry, container",
            replaced: "entry, batch, container, decision, decided_by, expires_at + 1".into(),
            guards: ["disposition_no_update", "disposition_no_delete", "disposition_no_replace"],
            unique: &["disposition_pkey", "disposition_gate"],
        },
        Table {
            name: "tree_leaf",
            column: "entry",
            keys: "tree_index",
            replaced: "tree_index, entry".into(),
            guards: ["tree_leaf_no_update", "tree_leaf_no_delete", "tree_leaf_next"],
            unique: &["tree_leaf_pkey", "tree_leaf_entry_key", "tree_leaf_next"],
        },
        Table {
            name: "tree_node",
            column: "hash",
            keys: "level, idx",
            replaced: format!("level, idx, {}", no_hash()),
            guards: ["tree_node_no_update", "tree_node_no_delete", "tree_node_no_replace"],
            unique: &["tree_node_pkey"],
        },
        Table {
            name: "checkpoint",
            column: "note",
            keys: "size",
            replaced: "size, root, 'forged', sealed_at".into(),
            guards: ["checkpoint_no_update", "checkpoint_no_delete", "checkpoint_no_replace"],
            unique: &["checkpoint_pkey"],
        },
        Table {
            name: "blob",
            column: "bytes",
            keys: "sha256",
            replaced: "sha256, media_type, size, added_at + 1, added_by, bytes".into(),
            guards: ["blob_no_update", "blob_no_delete", "blob_no_replace"],
            unique: &["blob_pkey"],
        },
        Table {
            name: "disclosure",
            column: "route",
            keys: "id",
            replaced: "id, patient, person, route, day, shown_at + 1".into(),
            guards: ["disclosure_no_update", "disclosure_no_delete", "disclosure_no_replace"],
            unique: &["disclosure_pkey", "disclosure_day_person_route_patient_key"],
        },
    ]
}

impl Table {
    /// An attack on what is there.
    fn attack(&self, what: &str, sql: String, mut guards: Vec<&'static str>) -> Attack {
        let Self { name, guards: [.., replace], .. } = self;
        // Facts of the past rest on an entry that is no longer the newest.
        if *name == "gate_fact" && guards.contains(replace) {
            guards.push("gate_fact_of_batch");
        }
        // What was sealed would wait for its leaf once more.
        if *name == "journal" && guards.contains(replace) {
            guards.push("unsealed_is_new");
        }
        // And the gate of the past is asked anew.
        if *name == "disposition" && guards.contains(replace) {
            guards.push("disposition_gate");
        }
        Attack { name: format!("{name}: {what}"), when: When::After, given: String::new(), sql, guards }
    }

    /// What tells its rows apart. In the embedded engine some have no number that another could take.
    fn row(&self) -> &'static str {
        if ["blob", "disclosure"].contains(&self.name) && !engine::is_postgres() { self.keys } else { row() }
    }

    /// The newest row, as it would be put in again.
    fn last(&self) -> String {
        let Self { name, replaced, .. } = self;
        format!(
            "SELECT {replaced} FROM {name} WHERE {row} = (SELECT max({row}) FROM {name})",
            row = self.row()
        )
    }
}

/// Changing and deleting what is there.
pub fn rewriting() -> Vec<Attack> {
    let of = |table: Table| {
        let Table { name, column, keys, guards: [update, delete, replace], .. } = table;
        let (last, row) = (table.last(), table.row());
        [
            table.attack(
                "every row is changed",
                format!("UPDATE {name} SET {column} = {column}"),
                vec![update],
            ),
            table.attack(
                "a row is changed by a join",
                format!("UPDATE {name} SET {column} = {name}.{column} FROM the"),
                vec![update],
            ),
            table.attack("every row is deleted", format!("DELETE FROM {name}"), vec![delete]),
            table.attack(
                "the newest row is deleted",
                format!("DELETE FROM {name} WHERE {row} = (SELECT max({row}) FROM {name})"),
                vec![delete],
            ),
            table.attack(
                "a row is inserted and changed on conflict",
                format!(
                    "INSERT INTO {name} {last} ON CONFLICT ({keys}) DO UPDATE SET {column} = {name}.{column}"
                ),
                vec![update, replace],
            ),
        ]
    };
    tables().into_iter().flat_map(of).collect()
}

/// Only the embedded engine has `OR IGNORE`, `OR REPLACE` and a number of each row that can be changed.
pub fn rewriting_embedded() -> Vec<Attack> {
    let of = |table: Table| {
        let Table { name, column, guards: [update, delete, replace], .. } = table;
        let last = table.last();
        let moved = match table.row() {
            "rowid" => "rowid = rowid + 1".to_string(),
            row => format!("{row} = {row}"),
        };
        [
            table.attack(
                "a row is changed where that is possible",
                format!("UPDATE OR IGNORE {name} SET {column} = {column}"),
                vec![update],
            ),
            table.attack(
                "a row takes another's place",
                format!("UPDATE OR REPLACE {name} SET {moved}"),
                vec![update, delete, replace],
            ),
            table.attack("a row is replaced", format!("REPLACE INTO {name} {last}"), vec![delete, replace]),
            table.attack(
                "a row is inserted or replaced",
                format!("INSERT OR REPLACE INTO {name} {last}"),
                vec![delete, replace],
            ),
        ]
    };
    let mut all: Vec<Attack> = tables().into_iter().flat_map(of).collect();
    // Under other keys, but with the number of a row that is there.
    for (table, columns, other) in [
        ("duty", "batch, person, duty, entry", "batch, randomblob(16), duty, entry"),
        ("tree_node", "level, idx, hash", "level + 40, idx, hash"),
        ("checkpoint", "size, root, note, sealed_at", "size + 1000, root, note, sealed_at"),
    ] {
        let guard = tables().into_iter().find(|one| one.name == table).map(|one| one.guards[2]);
        all.push(Attack {
            name: format!("{table}: a row takes another's number"),
            when: When::After,
            given: String::new(),
            sql: format!(
                "REPLACE INTO {table} (rowid, {columns}) SELECT rowid, {other} FROM {table} ORDER BY rowid LIMIT 1"
            ),
            guards: guard.into_iter().collect(),
        });
    }
    all.push(Attack {
        name: "disposition: twice".into(),
        when: When::After,
        given: String::new(),
        sql:
            "INSERT OR REPLACE INTO disposition SELECT * FROM disposition WHERE decision = 'release' LIMIT 1"
                .into(),
        guards: vec!["disposition_no_replace", "disposition_gate"],
    });
    let mut ignoring = release("disposition: only where that is possible, past an open requirement");
    ignoring.given += &fact("0", "holds", "open", "NULL");
    ignoring.sql = RELEASE.replace("INSERT", "INSERT OR IGNORE");
    ignoring.guards.push("disposition_gate");
    all.push(ignoring);
    all
}

/// Only PostgreSQL has TRUNCATE, MERGE, changes inside a query, and keys that can be taken away.
pub fn rewriting_on_postgres() -> Vec<Attack> {
    let of = |table: Table| {
        let Table { name, column, guards: [update, delete, _], unique, .. } = table;
        let truncate = format!("{name}_no_truncate").leak();
        let merged =
            |what: &str| format!("MERGE INTO {name} AS t USING the ON true WHEN MATCHED THEN {what}");
        [
            table.attack("all is emptied", format!("TRUNCATE {name}"), vec![truncate]),
            table.attack(
                "all is emptied with what hangs on it",
                format!("TRUNCATE {name} RESTART IDENTITY CASCADE"),
                vec![truncate],
            ),
            table.attack("rows are merged away", merged("DELETE"), vec![delete]),
            table.attack(
                "rows are changed by a merge",
                merged(&format!("UPDATE SET {column} = t.{column}")),
                vec![update],
            ),
            table.attack(
                "rows are deleted inside a query",
                format!("WITH gone AS (DELETE FROM {name} RETURNING 1) SELECT * FROM gone"),
                vec![delete],
            ),
            table.attack(
                "a row is put in once more",
                format!("INSERT INTO {name} {}", table.last()),
                unique.to_vec(),
            ),
        ]
    };
    let mut all: Vec<Attack> = tables().into_iter().flat_map(of).collect();
    all.push(waiting("nothing waits any more", "TRUNCATE unsealed", "unsealed_no_truncate"));
    let twice = "INSERT INTO unsealed SELECT max(seq) FROM journal";
    all.push(waiting("an entry waits twice", twice, "unsealed_pkey"));
    let mut ignoring = release("disposition: only where there is no conflict, past an open requirement");
    ignoring.given += &fact("0", "holds", "open", "NULL");
    ignoring.sql += " ON CONFLICT DO NOTHING";
    ignoring.guards.push("disposition_gate");
    all.push(ignoring);
    all
}
