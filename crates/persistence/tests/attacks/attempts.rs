//! The attacks: what is prepared and accepted, the one statement that must be refused, and the guards against it.
//! Where only one engine has the words for an attack, the list says so.

mod rewriting;

use crate::centre::dialect::{any_hash, any_id, array, bytes, id, json, no_hash, object, own, real, row};
use crate::centre::{dialect, engine};
use baiyo_persistence::engine::prelude::*;
use diesel::sql_types::{Integer, Text};
use rewriting::{rewriting, rewriting_embedded, rewriting_on_postgres};
use uuid::Uuid;

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
    /// The guards that refuse it; without them it is taken.
    pub guards: Vec<&'static str>,
}

impl Attack {
    /// The same with its guards as PostgreSQL calls them: one trigger for the five of dispositions, none against
    /// REPLACE.
    fn on_postgres(mut self) -> Self {
        self.guards.retain(|guard| !guard.ends_with("_no_replace"));
        for guard in self.guards.iter_mut().filter(|guard| OF_DISPOSITION.contains(guard)) {
            *guard = "disposition_gate";
        }
        self.guards.dedup();
        self
    }
}

const OF_DISPOSITION: [&str; 4] =
    ["disposition_entry", "disposition_decided", "disposition_in_date", "disposition_duty"];

/// The batch's newest entry.
pub const NEWEST: &str =
    "(SELECT id FROM journal WHERE stream_id = (SELECT batch FROM the) ORDER BY version DESC LIMIT 1)";

/// A decision of the batch that follows its history, but was made without its signer.
fn decision(by: &str, recorded_by: &str, kind: &str, payload: &str) -> String {
    following("the.entry", by, recorded_by, kind, payload)
}

/// An entry of the batch that follows its history, in the name of a person whose column of `the` is given.
pub fn following(id: &str, by: &str, recorded_by: &str, kind: &str, payload: &str) -> String {
    format!(
        "INSERT INTO journal (id, stream_kind, stream_id, version, occurred_at, recorded_at, performer, recorder,
             command, kind, schema_version, payload, previous_hash, hash)
         SELECT {id}, stream_kind, stream_id, version + 1, recorded_at, recorded_at, the.{by}, the.{recorded_by},
             {}, '{kind}', 1, {}, hash, {}
         FROM journal, the WHERE stream_id = the.batch ORDER BY version DESC LIMIT 1;",
        any_id(),
        dialect::payload(payload),
        any_hash()
    )
}

/// What a decision says, of one container.
fn payload(decision: &str, container: &str) -> String {
    let containers = array(&format!("the.{container}"));
    let decided = object(&[("containers", &containers), ("decision", &json(decision))]);
    ["decided", "disposition", "batch", "event"].iter().fold(decided, |inner, name| object(&[(name, &inner)]))
}

const DECIDED: &str = "batch.disposition.decided";

/// A release of the first container on record, by a person whose column of `the` is given.
pub fn released_by(person: &str) -> String {
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
    all.extend(duties());
    all.extend(requirements());
    all.extend(dispositions());
    if engine::is_postgres() {
        all.extend(rewriting_on_postgres());
        return all.into_iter().map(Attack::on_postgres).collect();
    }
    all.extend(rewriting_embedded());
    all.extend(loose_types());
    all
}

/// An entry of the batch with this version after this hash.
fn entry(name: &str, version: &str, previous: &str) -> Attack {
    Attack {
        name: format!("journal: {name}"),
        when: When::Before,
        given: String::new(),
        sql: format!(
            "INSERT INTO journal (id, stream_kind, stream_id, version, occurred_at, recorded_at, performer, recorder,
                 command, kind, schema_version, payload, previous_hash, hash)
             SELECT the.entry, stream_kind, stream_id, {version}, recorded_at, recorded_at, performer, recorder,
                 command, kind, 1, payload, {previous}, {}
             FROM journal, the WHERE stream_id = the.batch ORDER BY version DESC LIMIT 1",
            any_hash()
        ),
        guards: vec!["journal_chain"],
    }
}

/// Entries that do not follow their stream, leaves that do not follow the tree.
fn histories() -> Vec<Attack> {
    let mut all = vec![
        entry("it follows no entry", "version + 1", any_hash()),
        entry("it follows the last entry but one", "version + 1", "previous_hash"),
        entry("it begins a stream that has begun", "version + 1", no_hash()),
        entry("a version is left out", "version + 2", "hash"),
    ];
    for (name, version, previous) in [
        ("the same version twice, after the same entry", "version", "previous_hash"),
        ("the same version twice, after itself", "version", "hash"),
        ("a second beginning", "1", no_hash()),
        ("version 0", "0", no_hash()),
        ("a version below 0", "-1", "hash"),
    ] {
        let mut attack = entry(name, version, previous);
        if engine::is_postgres() {
            attack.guards.push("journal_stream_kind_stream_id_version_key");
        } else {
            attack.sql = attack.sql.replace("INSERT", "INSERT OR REPLACE");
            attack.guards.push("journal_no_replace");
        }
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
    all.extend([
        waiting("an entry is never sealed", "DELETE FROM unsealed", "unsealed_until_sealed"),
        waiting("another waits in its place", "UPDATE unsealed SET seq = seq - 1", "unsealed_no_update"),
        waiting(
            "what is sealed waits again",
            "INSERT INTO unsealed SELECT min(seq) FROM journal",
            "unsealed_is_new",
        ),
        waiting("what is not there waits", "INSERT INTO unsealed VALUES (-1)", "unsealed_is_new"),
    ]);
    all
}

/// An attack on which entries wait for their leaf, while one does.
fn waiting(name: &str, sql: &str, guard: &'static str) -> Attack {
    Attack {
        name: format!("unsealed: {name}"),
        when: When::After,
        given: released_by("releaser"),
        sql: sql.into(),
        guards: vec![guard],
    }
}

/// Only the embedded engine takes a value of another type than its column's.
fn loose_types() -> Vec<Attack> {
    vec![
        entry("half a version", "version + 0.5", "hash"),
        entry("a hash as a text", "version + 1", "hex(substr(hash, 1, 16))"),
    ]
}

/// Facts and duties that rest on nothing.
fn evidence() -> Vec<Attack> {
    let other = &format!(
        "INSERT INTO journal (id, stream_kind, stream_id, version, occurred_at, recorded_at, performer,
             recorder, command, kind, schema_version, payload, previous_hash, hash)
         SELECT the.entry, stream_kind, {}, 1, recorded_at, recorded_at, performer, recorder, command, kind,
             1, payload, {}, {}
         FROM journal, the WHERE stream_id = the.batch ORDER BY version DESC LIMIT 1;",
        any_id(),
        no_hash(),
        any_hash()
    );
    let met = |of: &str, entry: &str, from: &str| {
        format!(
            "INSERT INTO gate_fact (batch, container, requirement, state, entry) SELECT {of}, 'met', {entry} FROM {from}"
        )
    };
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
            &met("batch, 0, 'holds'", "entry", "the"),
            fact,
        ),
        attack(
            "gate_fact: it rests on an entry that is no longer the newest",
            "",
            &met(
                "batch, 0, 'holds'",
                "(SELECT id FROM journal WHERE stream_id = batch AND version = 1)",
                "the",
            ),
            fact,
        ),
        attack(
            "gate_fact: a failure is covered by a fact of the past",
            &self::fact("0", "holds", "failed", "NULL"),
            &met(
                "batch, container, requirement",
                "(SELECT id FROM journal WHERE stream_id = batch AND version = 2)",
                "gate_fact WHERE serial = (SELECT max(serial) FROM gate_fact)",
            ),
            fact,
        ),
        attack(
            "gate_fact: it rests on a person's entry",
            "",
            &met("batch, 0, 'holds'", "(SELECT id FROM journal WHERE stream_kind = 'person' LIMIT 1)", "the"),
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

/// What a signing on a result says: whose number it is.
pub fn about_result(name: &str, number: &str) -> String {
    let about = object(&[("result", number)]);
    [name, "testing", "batch", "event"].iter().fold(about, |inner, name| object(&[(name, &inner)]))
}

/// What only the performer's duties are asked of.
pub fn confirmation(name: &str) -> String {
    let empty = json("{}");
    [name, "disposition", "batch", "event"].iter().fold(empty, |inner, name| object(&[(name, &inner)]))
}

/// A requirement is met by the forged entry.
pub fn met_by_it(requirement: &str) -> String {
    format!(
        "INSERT INTO gate_fact (batch, container, requirement, state, entry)
         SELECT batch, 0, '{requirement}', 'met', entry FROM the"
    )
}

/// One person in two parts that must be two people's.
fn duties() -> Vec<Attack> {
    let attack = |name: String, given: String, sql: String, guard| Attack {
        name,
        when: When::Before,
        given,
        sql,
        guards: vec![guard],
    };
    let mut all = vec![attack(
        "duty: who did a step is its checker".into(),
        String::new(),
        "INSERT INTO duty SELECT batch, maker, 'checker',
             (SELECT id FROM journal WHERE stream_id = batch AND performer = maker AND kind LIKE 'batch.culture.%'
              ORDER BY version LIMIT 1) FROM the"
            .into(),
        "duty_checker_apart",
    )];
    for name in ["result_verified", "result_interpreted", "investigation_concluded"] {
        all.push(attack(
            format!("gate_fact: who entered a result signs for it, {name}"),
            decision("enterer", "enterer", &format!("batch.testing.{name}"), &about_result(name, "1")),
            met_by_it("test:ENDOTOXIN"),
            "gate_fact_verifier_apart",
        ));
    }
    for (by, name) in [
        ("maker", "manufacturing_confirmed"),
        ("maker", "quality_confirmed"),
        ("checker", "quality_confirmed"),
        ("maker", "hold_lifted"),
        ("checker", "hold_lifted"),
        ("enterer", "hold_lifted"),
    ] {
        // Nobody checked a step in the story.
        let given = match by {
            "checker" => format!("INSERT INTO duty SELECT batch, checker, 'checker', {NEWEST} FROM the;"),
            _ => String::new(),
        };
        all.push(attack(
            format!("gate_fact: {name} by the {by}"),
            given + &decision(by, by, &format!("batch.disposition.{name}"), &confirmation(name)),
            met_by_it("record"),
            "gate_fact_confirmer_apart",
        ));
    }
    all
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
    let place = super::place(When::Before);
    let mut conn = place.owner();
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
    let hide =
        |table: &str| format!("{}CREATE TEMP TABLE {table} AS SELECT * FROM {}.{table};", ours(), real());
    let unknown = id(Uuid::from_u128(0xFF));
    let by = |person: &str| {
        format!(
            "INSERT INTO disposition SELECT entry, batch, container, 'release', {person}, expiry FROM the"
        )
    };
    vec![
        before(
            "a batch of which nothing is known",
            format!(
                "INSERT INTO journal (id, stream_kind, stream_id, version, occurred_at, recorded_at, performer, recorder,
                     command, kind, schema_version, payload, previous_hash, hash)
                 SELECT the.entry, stream_kind, {unknown}, 1, recorded_at, recorded_at, the.releaser, the.releaser,
                     command, 'batch.disposition.decided', 1, {}, {}, {}
                 FROM journal, the WHERE stream_id = the.batch ORDER BY version DESC LIMIT 1;",
                dialect::payload(&payload("\"release\"", "container")),
                no_hash(),
                any_hash()
            ),
            &format!("INSERT INTO disposition SELECT entry, {unknown}, container, 'release', releaser, expiry FROM the"),
            &[gate],
        ),
        before(
            "a container of which nothing is known",
            said("\"release\"", "container + 100"),
            "INSERT INTO disposition SELECT entry, batch, container + 100, 'release', releaser, expiry FROM the",
            &[gate],
        ),
        before(
            "the whole batch at once, as container 0",
            format!("UPDATE {}.the SET container = 0; {}", own(), ours()),
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
            &format!(
                "INSERT INTO disposition SELECT entry, {}, container, 'release', releaser, expiry FROM the",
                any_id()
            ),
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
        before("by nobody known", ours(), &by(any_id()), &[entry]),
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
            "past a table of facts that stands before the real one",
            hide("gate_fact") + &fact("0", "holds", "open", "NULL").replace("INTO gate_fact", &format!("INTO {}.gate_fact", real())),
            RELEASE,
            &[gate],
        ),
        before(
            "past a table of duties that stands before the real one",
            released_by("maker") + &format!("CREATE TEMP TABLE duty AS SELECT * FROM {}.duty WHERE false;", real()),
            &by("maker"),
            &[duty],
        ),
        before(
            "past a journal that stands before the real one",
            format!(
                "CREATE TEMP TABLE journal AS SELECT * FROM {}.journal; {}",
                real(),
                ours().replace("INSERT INTO journal", &format!("INSERT INTO {}.journal", own()))
            ),
            RELEASE,
            &[entry, decided],
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
