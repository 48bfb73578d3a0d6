//! Records to measure on: so many batches in all stages. Every entry is what the production `decide` made of a command
//! and passed the production fold, in memory; then the rows are written in bulk, past the one write path, with every
//! guard of the schema in force, and the read models are rebuilt from them.

use crate::centre::{Centre, Course, Until, of};
use crate::commands::Tokens;
use baiyo_domain::batch::disposition::{Deciding, Decision};
use baiyo_domain::ids::{BatchId, CommandId, PersonId};
use baiyo_domain::journal::{Entry, StreamId, StreamKind};
use baiyo_domain::people::SignIn;
use baiyo_domain::time::Time;
use baiyo_persistence::clock::{SetClock, SystemClock};
use baiyo_persistence::evidence::{self, Evidence};
use baiyo_persistence::progress::unwatched;
use baiyo_persistence::store::database_in;
use baiyo_persistence::writer::JobError;
use baiyo_persistence::{Store, accounts, rebuild};
use rusqlite::{Connection, params};
use serde_json::json;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;
use tempfile::TempDir;
use uuid::Uuid;

/// Batches that are made at one time, and whose rows are written in one transaction.
const GROUP: u32 = 500;
/// Between the beginnings of two groups: the courses of the first have ended then.
const DAYS_EACH: i64 = 50;
/// The newest batches are in all stages; those before them have come to their end.
const RUNNING: u32 = 1_000;
/// Who asks over HTTP, by the names of the centre in memory.
pub const TECHNICIAN: &str = "technician";
/// Who samples and enters results.
pub const ANALYST: &str = "analyst";
/// Who reads everything.
pub const READER: &str = "releaser";
/// Where the tokens are, beside the records.
pub const TOKENS: &str = "tokens.json";
/// Stands for how the records are made: whatever changes it makes others.
fn form() -> u64 {
    let mut files = Vec::new();
    for place in ["migrations/sqlite", "crates/domain", "tests/benches/price/generate.rs"] {
        collect(&stories::workspace().join(place), &mut files);
    }
    files.sort();
    let mut hasher = std::hash::DefaultHasher::new();
    for file in files {
        std::fs::read(file).expect("a file").hash(&mut hasher);
    }
    hasher.finish()
}

fn collect(place: &Path, files: &mut Vec<PathBuf>) {
    match std::fs::read_dir(place) {
        Ok(items) => items.for_each(|item| collect(&item.expect("an item").path(), files)),
        Err(_) => files.push(place.to_path_buf()),
    }
}

/// Identifiers of some rows, spread over all.
pub fn random_ids(folder: &Path, table: &str, number: usize) -> Vec<Uuid> {
    let conn = Connection::open(database_in(folder)).expect("the database");
    let sql = format!("SELECT id FROM {table} ORDER BY id");
    let mut rows = conn.prepare(&sql).expect("a query");
    let ids: Vec<[u8; 16]> =
        rows.query_map([], |row| row.get(0)).expect("rows").map(|id| id.expect("an identifier")).collect();
    // A step that shares no factor with their number reaches all of them, in no order of theirs.
    let step = (0..).map(|more| ids.len() * 3 / 5 + 1 + more).find(|step| coprime(*step, ids.len()));
    let step = step.expect("there is one");
    (1..=number).map(|n| Uuid::from_bytes(ids[n * step % ids.len()])).collect()
}

fn coprime(a: usize, b: usize) -> bool {
    if b == 0 { a == 1 } else { coprime(b, a % b) }
}

/// Records of so many batches: made once, and never changed.
pub struct Made {
    /// How many batches.
    pub batches: u32,
    /// Where they are.
    pub folder: PathBuf,
}

impl Made {
    /// A centre of so many batches.
    pub fn of(batches: u32) -> Self {
        let folder = stories::workspace().join(format!("target/bench-data/{batches}-{:016x}", form()));
        if !folder.join(TOKENS).exists() {
            let _ = std::fs::remove_dir_all(&folder);
            let begun = Instant::now();
            let entries = make(&folder, batches);
            println!("made {batches} batches, {entries} entries, in {:.0} s", begun.elapsed().as_secs_f64());
        }
        Self { batches, folder }
    }

    /// A copy to work on, in a folder of its own.
    pub fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir_in(self.folder.parent().expect("a place for copies")).expect("a folder");
        let copied = Command::new("cp").arg("-r").arg(self.folder.join(".")).arg(copy.path()).status();
        assert!(copied.expect("cp").success(), "{} is copied", self.folder.display());
        copy
    }

    /// A copy of all but the database, for records that are on a server.
    pub fn copy_without_database(&self) -> TempDir {
        let copy = tempfile::tempdir_in(self.folder.parent().expect("a place for copies")).expect("a folder");
        let keys = Command::new("cp").arg("-r").arg(self.folder.join("keys")).arg(copy.path()).status();
        assert!(keys.expect("cp").success(), "the keys are copied");
        copy
    }

    /// Tokens to ask with, by who they are of.
    pub fn tokens(&self) -> Tokens {
        serde_json::from_slice(&std::fs::read(self.folder.join(TOKENS)).expect("tokens")).expect("JSON")
    }

    /// One of them.
    pub fn token(&self, who: &str) -> String {
        self.tokens()[who].as_str().expect("a token").into()
    }

    fn database(&self) -> Connection {
        Connection::open(database_in(&self.folder)).expect("the database")
    }

    /// When the newest entry was recorded.
    pub fn newest(&self) -> Time {
        let sql = "SELECT recorded_at FROM journal ORDER BY seq DESC LIMIT 1";
        let newest = self.database().query_row(sql, [], |row| row.get(0));
        Time::from_micros(newest.expect("an entry")).expect("a time")
    }

    /// Batches in culture, all of one standard.
    pub fn in_culture(&self) -> Vec<Uuid> {
        let sql = "SELECT id FROM batch_row WHERE status = 'in_culture' AND standard LIKE ? ORDER BY id";
        let code = Centre::read_standard(STANDARDS[0]).code;
        let conn = self.database();
        let mut found = conn.prepare(sql).expect("a query");
        let ids = found.query_map([format!("{} %", code.as_str())], |row| row.get(0)).expect("rows");
        ids.map(|id| Uuid::from_bytes(id.expect("an identifier"))).collect()
    }
}

/// What one command appended, and the evidence it left on its batch.
struct Recorded {
    entries: Vec<Entry>,
    evidence: Option<(BatchId, Evidence)>,
}

impl Recorded {
    fn at(&self) -> Time {
        self.entries[0].recorded_at
    }
}

fn make(folder: &Path, batches: u32) -> u64 {
    drop(Store::open(folder, Arc::new(SystemClock)).expect("a new store"));
    let mut base = Centre::open();
    for standard in STANDARDS {
        base.standard(standard);
    }
    let founded = base.streams.keys().copied().collect::<Vec<_>>();
    let mut rows = Rows::of(folder);
    let mut entries = rows.write(recorded(&base, &founded));
    let start = base.now;
    let base = base.beside(0, start);
    let mut newest = start;
    let groups = batches.div_ceil(GROUP);
    let group = |number: u32| {
        let begun = start.plus_hours(24 * DAYS_EACH * i64::from(number));
        let base = base.clone();
        let numbers = number * GROUP..batches.min((number + 1) * GROUP);
        std::thread::spawn(move || made(&base, numbers, batches, begun))
    };
    let mut next = Some(group(0));
    for number in 1..=groups {
        let ready = next.take().map(|making| making.join().expect("a group is made")).unwrap_or_default();
        next = (number < groups).then(|| group(number));
        newest = ready.iter().map(Recorded::at).max().unwrap_or(newest);
        entries += rows.write(ready);
    }
    rows.close(batches);
    settle(folder, &base, newest);
    entries
}

const STANDARDS: [&str; 2] = ["adipose-msc-autologous-fresh", "adipose-msc-autologous-frozen"];

/// One group, made on every core, in the order in which it was recorded.
fn made(base: &Centre, numbers: std::ops::Range<u32>, of: u32, begun: Time) -> Vec<Recorded> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let numbers: Vec<u32> = numbers.collect();
    let mut all: Vec<Recorded> = std::thread::scope(|threads| {
        let shares = numbers.chunks(numbers.len().div_ceil(cores));
        let makers: Vec<_> = shares
            .map(|share| {
                let base = base.clone();
                threads.spawn(move || share.iter().flat_map(|no| one(&base, *no, of, begun)).collect())
            })
            .collect();
        let shares = makers.into_iter().map(|maker| maker.join().expect("a batch is made"));
        shares.flat_map(|share: Vec<Recorded>| share).collect()
    });
    all.sort_by_key(Recorded::at);
    all
}

/// One batch with its order.
fn one(base: &Centre, number: u32, of: u32, begun: Time) -> Vec<Recorded> {
    let mut centre = base.beside(number, begun.plus_hours(i64::from(number % GROUP) / 6));
    let known = base.streams.len();
    run(&mut centre, number, number + RUNNING >= of);
    let own: Vec<StreamId> =
        centre.streams.keys().filter(|stream| !base.streams.contains_key(stream)).copied().collect();
    assert_eq!(known + own.len(), centre.streams.len(), "what all share stays as it was");
    recorded(&centre, &own)
}

/// Takes a batch to the stage that its number falls on.
fn run(centre: &mut Centre, number: u32, running: bool) {
    let frozen = number % 5 == 4;
    let course = Course::of(STANDARDS[usize::from(frozen)]);
    let until = match number % 20 {
        1 if running => Until::Opened,
        3 if running => Until::Received,
        5 if running => Until::Isolated,
        0 | 2 | 6 | 8 | 10 | 11 if running => Until::Passaged,
        7 if running => Until::Harvested,
        13 if running => Until::Filled,
        15 => Until::Tested,
        16 => Until::Confirmed,
        _ => Until::Released,
    };
    let course = course.until(until);
    let batch = centre.make(&course);
    match number % 20 {
        16 => {
            let decision = Decision::Reject { reason: of("not wanted any more") };
            let containers = centre.containers(batch);
            centre.batch(centre.staff.releaser, batch, Deciding { containers, decision }).expect("rejected");
        }
        _ if until < Until::Released || frozen => {}
        17 => {}
        12 => centre.send(batch, &centre.containers(batch)),
        _ => {
            let all = centre.containers(batch);
            centre.send(batch, &all);
            centre.arrive(batch, &all);
            if number % 20 != 18 {
                centre.give(batch, all[0]);
            }
        }
    }
}

/// What was recorded in these streams, command by command.
fn recorded(centre: &Centre, streams: &[StreamId]) -> Vec<Recorded> {
    let mut commands: BTreeMap<CommandId, Recorded> = BTreeMap::new();
    for stream in streams {
        let entries = &centre.streams[stream];
        for entry in entries {
            let command = commands
                .entry(entry.command)
                .or_insert_with(|| Recorded { entries: Vec::new(), evidence: None });
            command.entries.push(entry.clone());
        }
        if stream.kind == StreamKind::Batch {
            let batch = BatchId(stream.id);
            let by: Vec<_> = entries.iter().map(|entry| entry.command).collect();
            let facts: Vec<_> = centre.state(batch).history().collect();
            for (command, evidence) in evidence::of_history(batch, &by, &facts).expect("a possible history") {
                commands.get_mut(&command).expect("a command of the batch").evidence =
                    Some((batch, evidence));
            }
        }
    }
    let mut commands: Vec<Recorded> = commands.into_values().collect();
    commands.sort_by_key(Recorded::at);
    commands
}

/// The file, as its owner writes to it.
struct Rows(Connection);

impl Rows {
    fn of(folder: &Path) -> Self {
        let conn = Connection::open(database_in(folder)).expect("the database");
        let settings = "PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON; \
                        PRAGMA cache_size = -400000";
        conn.execute_batch(settings).expect("settings");
        Self(conn)
    }

    /// Writes what was recorded, in one transaction; how many entries that were.
    fn write(&mut self, recorded: Vec<Recorded>) -> u64 {
        let transaction = self.0.transaction().expect("a transaction");
        let prepare = |sql| transaction.prepare(sql).expect("a statement");
        let mut journal = prepare(
            "INSERT INTO journal (id, stream_kind, stream_id, version, occurred_at, recorded_at, performer, recorder, \
             command, kind, schema_version, payload, previous_hash, hash) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        );
        let mut fact = prepare(
            "INSERT INTO gate_fact (batch, container, requirement, state, valid_until, entry) VALUES (?,?,?,?,?,?)",
        );
        let mut duty = prepare("INSERT INTO duty (batch, person, duty, entry) VALUES (?,?,?,?)");
        let mut disposition = prepare(
            "INSERT INTO disposition (entry, batch, container, decision, decided_by, expires_at) VALUES (?,?,?,?,?,?)",
        );
        let mut written = 0;
        for Recorded { entries, evidence } in recorded {
            for e in entries {
                written += 1;
                journal
                    .execute(params![
                        e.id.0.as_bytes(),
                        e.stream.kind.name(),
                        e.stream.id.as_bytes(),
                        e.version,
                        e.occurred_at.micros(),
                        e.recorded_at.micros(),
                        e.performer.0.as_bytes(),
                        e.recorder.0.as_bytes(),
                        e.command.0.as_bytes(),
                        e.kind,
                        e.schema_version,
                        e.payload,
                        e.previous_hash.0,
                        e.hash.0,
                    ])
                    .expect("an entry");
            }
            let Some((batch, evidence)) = evidence else { continue };
            let batch = batch.0.as_bytes();
            for f in evidence.facts {
                let until = f.valid_until.map(Time::micros);
                let row = params![batch, f.container, f.requirement, f.state, until, f.entry.0.as_bytes()];
                fact.execute(row).expect("a fact");
            }
            for (person, name, entry) in evidence.duties {
                duty.execute(params![batch, person.0.as_bytes(), name, entry.0.as_bytes()]).expect("a duty");
            }
            for d in evidence.dispositions {
                let (entry, by) = (d.entry.0.as_bytes(), d.by.0.as_bytes());
                disposition
                    .execute(params![entry, batch, d.container.0, d.decision, by, d.expires_at.micros()])
                    .expect("a disposition");
            }
        }
        drop((journal, fact, duty, disposition));
        transaction.commit().expect("a commit");
        written
    }

    /// Says which labels were given out.
    fn close(self, batches: u32) {
        for kind in ["order", "batch"] {
            let given = params![kind, (batches + 2) * 8];
            self.0
                .execute("INSERT INTO serial (kind, year, last) VALUES (?, 26, ?)", given)
                .expect("a serial");
        }
    }
}

/// What rows alone do not make: accounts with tokens, the pinned key, read models, the tree and its checkpoint.
fn settle(folder: &Path, base: &Centre, newest: Time) {
    let store = Store::open(folder, Arc::new(SetClock::at(newest.plus_hours(1)))).expect("the store");
    let people =
        [(base.staff.technician, TECHNICIAN), (base.staff.analyst, ANALYST), (base.staff.releaser, READER)];
    let tokens = people.map(|(person, name)| (name, token(&store, person, name)));
    let rebuilt = rebuild::rebuild(&store, &mut unwatched).expect("read models");
    assert!(rebuilt.disagreeing.is_empty(), "the evidence is what the histories make: {rebuilt:?}");
    store.seal().expect("a checkpoint");
    drop(store);
    let conn = Connection::open(database_in(folder)).expect("the database");
    let all = |_: &rusqlite::Row<'_>| Ok(());
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], all).expect("one file");
    // Last: a folder with this file is whole.
    let tokens = Tokens::from_iter(tokens.map(|(name, token)| (name.to_string(), json!(token))));
    std::fs::write(folder.join(TOKENS), serde_json::to_vec(&tokens).expect("tokens")).expect("a file");
}

fn token(store: &Store, person: PersonId, name: &'static str) -> String {
    let (now, _) = store.now();
    let token = store.write(move |conn| {
        let sign_in = SignIn::try_from(name.to_string()).map_err(JobError::Own)?;
        accounts::open_account(conn, person, &sign_in)?;
        Ok(accounts::make_api_token(conn, person, "bench", now, 3650)?)
    });
    token
        .map_err(|error: baiyo_persistence::writer::WriteError<String>| error)
        .expect("a token")
        .as_str()
        .into()
}
