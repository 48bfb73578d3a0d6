//! `baiyo copy`: a centre's records brought to another place, on the same engine or the other one. Rows are read as
//! SQL writes them and inserted in the order in which they came about, past every guard of the new database; then both
//! places are verified, and must agree.

use crate::blobs;
use crate::clock::SystemClock;
use crate::engine::prelude::*;
use crate::error::StoreError;
use crate::progress::unwatched;
use crate::rebuild::{self, Rebuilt};
use crate::sealing;
use crate::store::{Location, Store, database_in};
use crate::verify::{CannotCheck, Report, verify};
use crate::writer::{JobError, WriteError};
use diesel::sql_types::{BigInt, Text};
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a centre was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The records as they are cannot be trusted.
    #[error("{place} is not sound: `baiyo verify` finds {count} faults, the first: {first}")]
    NotSound {
        /// Where.
        place: &'static str,
        /// How many findings.
        count: usize,
        /// The first.
        first: String,
    },
    /// The read models or the evidence disagree.
    #[error(
        "the read models or the evidence of {0} are not what its journal makes: run `baiyo rebuild` there"
    )]
    Disagrees(&'static str),
    /// The copy says something else.
    #[error("the copy does not hold what was copied: {was} entries became {is}")]
    Differs {
        /// Entries there were.
        was: u64,
        /// Entries there are.
        is: u64,
    },
    /// The new place is in use.
    #[error("the new place is not empty: {0} is there already")]
    NotEmpty(String),
    /// A table has another number of rows.
    #[error("the table {table} had {was} rows and has {is} in the new place")]
    Rows {
        /// The table.
        table: &'static str,
        /// Rows there were.
        was: i64,
        /// Rows there are.
        is: i64,
    },
    /// A server has the records open.
    #[error(
        "{0} connections of servers or commands work on the records that are to be copied; stop them first"
    )]
    Served(i64),
    /// The old place was written to meanwhile.
    #[error(
        "{copied} entries were copied, and the old place has {is} by now: empty the new place and copy again"
    )]
    WentOn {
        /// Entries copied.
        copied: u64,
        /// Entries there are now.
        is: u64,
    },
    /// A place cannot be checked.
    #[error("{0}")]
    Check(#[from] CannotCheck),
    /// A place cannot be opened or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<diesel::result::Error> for CopyError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

const OLD: &str = "the old place";
const NEW: &str = "the new place";

/// Copies everything from one place to an empty one: database, keys and checkpoints. The old place is brought to the
/// newest form and sealed, and otherwise left as it is; from then on only one of the two may be served. `progress` is
/// told how many entries of how many are copied.
///
/// Returns what verifying the new place found.
///
/// # Errors
/// [`CopyError`]; then what was made in the new place is gone again, unless it was the checking of it that failed, or
/// nobody knows whether its rows were kept.
pub fn copy(from: &Location, to: &Location, progress: &mut dyn FnMut(u64, u64)) -> Result<Report, CopyError> {
    refuse_taken(to)?;
    refuse_served(from)?;
    // Held until the end, so that nothing is recorded in the embedded database meanwhile.
    let old = Store::open_at(from, Arc::new(SystemClock))?;
    old.seal()?;
    let newest = old.read(|conn| Ok::<_, StoreError>(sealing::newest_note(conn)?))?;
    let outside: Vec<String> = newest.into_iter().collect();
    let before = sound(OLD, from, &outside)?;
    agreeing(OLD, old.read(rebuild::check)?)?;

    let mut made = Made::default();
    if let Err(error) = fill(from, to, before.entries, &mut made, progress) {
        // Rows that may be there keep their keys.
        if !matches!(error, CopyError::Store(StoreError::Unknown(_))) {
            made.undo();
        }
        return Err(error);
    }

    let after = sound(NEW, to, &outside)?;
    agreeing(NEW, rebuild::check(&mut to.connect()?)?)?;
    let told =
        |report: &Report| (report.entries, report.streams, report.signatures, report.blobs, report.unsealed);
    if told(&before) != told(&after) {
        return Err(CopyError::Differs { was: before.entries, is: after.entries });
    }
    // A server that nobody saw may have gone on in the old place.
    let is = number(&mut from.connect()?, "SELECT count(*) AS number FROM journal")?.unsigned_abs();
    drop((old, made));
    if is == after.entries { Ok(after) } else { Err(CopyError::WentOn { copied: after.entries, is }) }
}

/// The folders that come along, and whether only their owner may enter them.
const FOLDERS: [(&str, bool); 2] = [("keys", true), ("checkpoints", false)];

/// What a copy has made so far, so that what was there before is never taken away.
#[derive(Default)]
struct Made {
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
    /// Open until everything is taken away, so that nobody begins on what goes.
    store: Option<Store>,
}

impl Made {
    fn undo(self) {
        self.files.iter().for_each(|file| _ = fs::remove_file(file));
        // Innermost first; one that holds something else stays.
        self.folders.iter().rev().for_each(|folder| _ = fs::remove_dir(folder));
    }

    /// Copies a folder's files, durably; their permissions come along.
    fn copy_folder(&mut self, from: &Path, to: &Path, private: bool) -> io::Result<()> {
        match DirBuilder::new().mode(if private { 0o700 } else { 0o755 }).create(to) {
            Ok(()) => self.folders.push(to.to_path_buf()),
            // A folder for checkpoints may be there, and keys may have a file system of their own.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && to.is_dir() => {}
            Err(error) => return Err(error),
        }
        for file in fs::read_dir(from)? {
            let file = file?;
            let copied = to.join(file.file_name());
            if file.file_type()?.is_dir() {
                self.copy_folder(&file.path(), &copied, private)?;
                continue;
            }
            // Never over what somebody else has just put there.
            let mut written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&copied)?;
            self.files.push(copied.clone());
            io::copy(&mut File::open(file.path())?, &mut written)?;
            written.set_permissions(file.metadata()?.permissions())?;
            written.sync_all()?;
        }
        File::open(to)?.sync_all()
    }
}

fn fill(
    from: &Location,
    to: &Location,
    entries: u64,
    made: &mut Made,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), CopyError> {
    let trouble = |error: io::Error| StoreError::Folder {
        folder: to.folder.display().to_string(),
        reason: error.to_string(),
    };
    fs::create_dir_all(&to.folder).map_err(trouble)?;
    for (name, private) in FOLDERS {
        made.copy_folder(&from.folder.join(name), &to.folder.join(name), private).map_err(trouble)?;
    }
    let opened = Store::open_at(to, Arc::new(SystemClock));
    if to.postgres.is_none() && !matches!(opened, Err(StoreError::InUse(_))) {
        // There was none, and the folder's lock was ours.
        let database = database_in(&to.folder).display().to_string();
        made.files.extend(["", "-wal", "-shm"].map(|part| PathBuf::from(format!("{database}{part}"))));
    }
    copy_rows(from, made.store.insert(opened?), entries, progress)
}

fn refuse_taken(to: &Location) -> Result<(), CopyError> {
    let holds_files = |folder: &Path| fs::read_dir(folder).is_ok_and(|mut listed| listed.next().is_some());
    let database = database_in(&to.folder);
    let taken = FOLDERS.iter().map(|(name, _)| to.folder.join(name)).find(|folder| holds_files(folder));
    if let Some(path) = taken.or_else(|| database.exists().then_some(database)) {
        return Err(CopyError::NotEmpty(path.display().to_string()));
    }
    let Some(address) = &to.postgres else { return Ok(()) };
    // Migrated, it may be: who serves need not be its owner.
    let made = "SELECT count(to_regclass('public.journal')) AS number";
    if number(&mut address.connect_as_owner()?, made)? == 0 {
        return Ok(());
    }
    let rows = "SELECT (SELECT count(*) FROM journal) + (SELECT count(*) FROM account) AS number";
    match number(&mut address.connect()?, rows)? {
        0 => Ok(()),
        _ => Err(CopyError::NotEmpty(format!("a centre in the database {}", address.name()))),
    }
}

/// The embedded database is locked by whoever serves it; in PostgreSQL servers are seen by their connections.
fn refuse_served(from: &Location) -> Result<(), CopyError> {
    let Some(address) = &from.postgres else { return Ok(()) };
    let others = "SELECT count(*) AS number FROM pg_stat_activity \
                  WHERE datname = current_database() AND application_name = 'baiyo' AND pid <> pg_backend_pid()";
    match number(&mut address.connect_as_owner()?, others)? {
        0 => Ok(()),
        connections => Err(CopyError::Served(connections)),
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn number(conn: &mut Conn, sql: &str) -> QueryResult<i64> {
    Ok(diesel::sql_query(sql).get_result::<Number>(conn)?.number)
}

fn sound(place: &'static str, location: &Location, outside: &[String]) -> Result<Report, CopyError> {
    let report = verify(location, outside, &mut unwatched)?;
    match report.findings.first() {
        None => Ok(report),
        Some(first) => {
            Err(CopyError::NotSound { place, count: report.findings.len(), first: first.to_string() })
        }
    }
}

fn agreeing(place: &'static str, rebuilt: Rebuilt) -> Result<(), CopyError> {
    if rebuilt.agrees() { Ok(()) } else { Err(CopyError::Disagrees(place)) }
}

/// A table with its key, by which it is read page by page.
struct Table {
    name: &'static str,
    key: &'static str,
    /// A column that each database numbers for itself, in the order of insertion.
    numbered: Option<&'static str>,
}

const fn table(name: &'static str, key: &'static str) -> Table {
    Table { name, key, numbered: None }
}

const JOURNAL: Table = Table { name: "journal", key: "seq", numbered: Some("seq") };

/// What an entry left behind, in the order in which it was written with the entry.
const EVIDENCE: [Table; 3] = [
    Table { name: "gate_fact", key: "serial", numbered: Some("serial") },
    table("duty", "batch, person, duty"),
    table("disposition", "entry, container"),
];

/// Everything else, each after what it refers to. Which entries wait for a leaf, and which key store belongs to it, a new
/// database finds by itself.
const OTHERS: [Table; 32] = [
    table("tree_leaf", "tree_index"),
    table("tree_node", "level, idx"),
    table("checkpoint", "size"),
    table("batch_row", "id"),
    table("clinic_board_row", "batch, clinic"),
    table("happening_row", "batch, clinic, kind, happened_at"),
    table("container_row", "batch, no"),
    table("stop_row", "entry"),
    table("order_row", "id"),
    table("person_row", "id"),
    table("standard_row", "id"),
    table("quality_event_row", "id"),
    table("account", "person"),
    table("signing_key", "id"),
    table("wrong_secret", "subject, origin, slot"),
    table("known_device", "token_hash, person"),
    table("second_factor", "person"),
    table("pending_sign_in", "token_hash"),
    table("passkey", "credential"),
    table("provider_link", "issuer, subject"),
    table("ceremony", "token_hash"),
    table("setup_link", "token_hash"),
    table("session", "token_hash"),
    table("api_token", "token_hash"),
    table("badge", "code_hash"),
    table("pin", "person"),
    table("bench_tablet", "id"),
    table("personal_data", "patient"),
    table("personal_index", "digest, patient"),
    table("disclosure", "id"),
    table("idempotency", "person, key"),
    table("serial", "kind, year"),
];

/// Files are copied one by one, since no engine takes a statement that holds one.
const BLOBS: Table = table("blob", "sha256");

/// Rows read at a time.
const PAGE: usize = 500;
/// A statement's length, in bytes, from which on no row is added: below the least that an engine takes (SQLite: 1,000,000).
const LONG: usize = 400_000;

fn copy_rows(
    from: &Location,
    new: &Store,
    entries: u64,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), CopyError> {
    let mut old = from.connect()?;
    if old.is_postgres() {
        old.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
    }
    let (steps, told) = std::sync::mpsc::channel();
    std::thread::scope(|threads| {
        let job = threads.spawn(move || {
            new.write(move |new| {
                let mut copying = Copying::new(&mut old, new)?;
                copying.journal(&mut |copied| _ = steps.send(copied))?;
                for table in &OTHERS {
                    copying.table(table)?;
                }
                copying.blobs()?;
                copying.counted()
            })
        });
        told.iter().for_each(|copied| progress(copied, entries));
        match job.join() {
            Ok(Ok(())) => Ok(()),
            Ok(Err(WriteError::Job(error))) => Err(error),
            Ok(Err(WriteError::Unavailable(reason))) => Err(StoreError::Database(reason).into()),
            Ok(Err(WriteError::Unknown(reason))) => Err(StoreError::Unknown(reason).into()),
            Err(_) => Err(StoreError::Database("the copying ended abnormally".into()).into()),
        }
    })
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Bytes,
    Identifier,
}

struct Copying<'a> {
    old: &'a mut Conn,
    new: &'a mut Conn,
    columns: BTreeMap<String, Vec<(String, Kind)>>,
}

/// A row as the new database reads it, and its key as the old one does.
#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
    #[diesel(sql_type = Text)]
    key: String,
    /// The entry it is or rests on, as the old database writes it.
    #[diesel(sql_type = Text)]
    entry: String,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    owner: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

impl<'a> Copying<'a> {
    fn new(old: &'a mut Conn, new: &'a mut Conn) -> QueryResult<Self> {
        let mut columns: BTreeMap<String, Vec<(String, Kind)>> = BTreeMap::new();
        // PostgreSQL tells identifiers from other bytes; the embedded engine keeps both alike.
        let knowing = if old.is_postgres() { &mut *old } else { &mut *new };
        let sql = match knowing.is_postgres() {
            true => {
                "SELECT table_name::text AS owner, column_name::text AS name, data_type::text AS kind \
                 FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position"
            }
            false => {
                "SELECT m.name AS owner, c.name AS name, lower(c.type) AS kind FROM sqlite_master AS m \
                 JOIN pragma_table_info(m.name) AS c WHERE m.type = 'table' ORDER BY m.name, c.cid"
            }
        };
        let found: Vec<Column> = diesel::sql_query(sql).load(knowing)?;
        for Column { owner, name, kind } in found {
            let kind = match kind.as_str() {
                "uuid" => Kind::Identifier,
                "blob" | "bytea" => Kind::Bytes,
                "text" => Kind::Text,
                _ => Kind::Number,
            };
            columns.entry(owner).or_default().push((name, kind));
        }
        Ok(Self { old, new, columns })
    }

    /// Entry by entry with what it left behind, so that each guard sees what it saw then.
    fn journal(&mut self, copied: &mut dyn FnMut(u64)) -> QueryResult<()> {
        let (mut after, mut done) = (None, 0);
        loop {
            let page = self.page(&JOURNAL, after.as_deref(), "id")?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.key.clone());
            let entries: Vec<&str> = page.iter().map(|line| line.entry.as_str()).collect();
            let rests = format!("entry IN ({})", entries.join(", "));
            let mut left: [BTreeMap<String, Vec<String>>; 3] = Default::default();
            for (table, left) in EVIDENCE.iter().zip(&mut left) {
                for line in self.lines(table, &rests, "entry", usize::MAX)? {
                    left.entry(line.entry).or_default().push(line.line);
                }
            }
            let mut waiting = Vec::new();
            done += page.len() as u64;
            for line in page {
                waiting.push(line.line);
                if left.iter().all(|left| !left.contains_key(&line.entry)) {
                    continue;
                }
                self.insert(&JOURNAL, std::mem::take(&mut waiting))?;
                for (table, left) in EVIDENCE.iter().zip(&mut left) {
                    self.insert(table, left.remove(&line.entry).unwrap_or_default())?;
                }
            }
            self.insert(&JOURNAL, waiting)?;
            copied(done);
        }
    }

    fn table(&mut self, table: &Table) -> QueryResult<()> {
        let mut after = None;
        loop {
            let page = self.page(table, after.as_deref(), "''")?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.key.clone());
            self.insert(table, page.into_iter().map(|line| line.line).collect())?;
        }
    }

    fn blobs(&mut self) -> QueryResult<()> {
        let mut last = None;
        loop {
            let page = blobs::after(self.old, last, PAGE as i64)?;
            let Some((newest, _)) = page.last() else { return Ok(()) };
            last = Some(*newest);
            for (hash, _) in page {
                if let Some(kept) = blobs::read(self.old, hash)? {
                    blobs::add(self.new, &kept)?;
                }
            }
        }
    }

    /// Compares how many rows each table has on both sides.
    fn counted(&mut self) -> Result<(), JobError<CopyError>> {
        for Table { name, .. } in [&JOURNAL, &BLOBS].into_iter().chain(&EVIDENCE).chain(&OTHERS) {
            let sql = format!("SELECT count(*) AS number FROM {name}");
            let (was, is) = (number(self.old, &sql)?, number(self.new, &sql)?);
            if was != is {
                return Err(JobError::Own(CopyError::Rows { table: name, was, is }));
            }
        }
        Ok(())
    }

    fn page(&mut self, table: &Table, after: Option<&str>, entry: &str) -> QueryResult<Vec<Line>> {
        let after = after.map_or("1 = 1".into(), |after| format!("({}) > ({after})", table.key));
        self.lines(table, &after, entry, PAGE)
    }

    /// Rows in the order of the table's key, each as the new database reads it.
    fn lines(&mut self, table: &Table, which: &str, entry: &str, most: usize) -> QueryResult<Vec<Line>> {
        let (from, to) = (Writing::of(self.old), Writing::of(self.new));
        let columns = self.columns.get(table.name).map(Vec::as_slice).unwrap_or_default();
        let kind = |name: &str| columns.iter().find(|(known, _)| known == name).map(|(_, kind)| *kind);
        let values = columns.iter().filter(|(name, _)| Some(name.as_str()) != table.numbered);
        let values: Vec<String> = values.map(|(name, kind)| from.written(name, *kind, to)).collect();
        let as_it_is =
            |name: &str| kind(name).map_or(name.to_string(), |kind| from.written(name, kind, from));
        let key: Vec<String> = table.key.split(", ").map(as_it_is).collect();
        diesel::sql_query(format!(
            "SELECT '(' || {} || ')' AS line, {} AS key, {} AS entry FROM {} WHERE {which} ORDER BY {} LIMIT {}",
            values.join(" || ', ' || "),
            key.join(" || ', ' || "),
            as_it_is(entry),
            table.name,
            table.key,
            most.min(i32::MAX as usize),
        ))
        .load(self.old)
    }

    fn insert(&mut self, table: &Table, lines: Vec<String>) -> QueryResult<()> {
        let columns = self.columns.get(table.name).map(Vec::as_slice).unwrap_or_default();
        let names =
            columns.iter().map(|(name, _)| name.as_str()).filter(|name| Some(*name) != table.numbered);
        let head = format!("INSERT INTO {} ({}) VALUES ", table.name, names.collect::<Vec<_>>().join(", "));
        let mut statement = String::new();
        for line in lines {
            if statement.len() > LONG {
                self.new.batch_execute(&std::mem::take(&mut statement))?;
            }
            statement.push_str(if statement.is_empty() { &head } else { ", " });
            statement.push_str(&line);
        }
        match statement.is_empty() {
            true => Ok(()),
            false => self.new.batch_execute(&statement),
        }
    }
}

/// How an engine writes values.
#[derive(Clone, Copy)]
struct Writing {
    postgres: bool,
}

impl Writing {
    fn of(conn: &Conn) -> Self {
        Self { postgres: conn.is_postgres() }
    }

    /// An expression of this engine that writes a column's value as the other one reads it.
    fn written(self, column: &str, kind: Kind, to: Self) -> String {
        let value = match (kind, self.postgres) {
            (Kind::Number, _) => format!("CAST({column} AS TEXT)"),
            (Kind::Text, _) => format!("'''' || replace({column}, '''', '''''') || ''''"),
            (Kind::Bytes, true) => format!("encode({column}, 'hex')"),
            (Kind::Identifier, true) => format!("encode(uuid_send({column}), 'hex')"),
            (Kind::Bytes | Kind::Identifier, false) => format!("hex({column})"),
        };
        let open = match (kind, to.postgres) {
            (Kind::Number | Kind::Text, _) => return format!("coalesce({value}, 'NULL')"),
            (Kind::Bytes, true) => "''\\x",
            (Kind::Identifier, true) => "''",
            (Kind::Bytes | Kind::Identifier, false) => "X''",
        };
        format!("CASE WHEN {column} IS NULL THEN 'NULL' ELSE '{open}' || {value} || '''' END")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::sqlite::in_memory;

    #[test]
    fn no_table_is_forgotten() {
        let mut conn = in_memory().unwrap();
        let sql = "SELECT name AS owner, name, '' AS kind FROM sqlite_master WHERE type = 'table' \
                   AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_\\_%' ESCAPE '\\' AND name NOT IN ('unsealed', 'key_store')";
        let there: Vec<Column> = diesel::sql_query(sql).load(&mut conn).unwrap();
        let mut there: Vec<String> = there.into_iter().map(|table| table.name).collect();
        let tables = [&JOURNAL, &BLOBS].into_iter().chain(&EVIDENCE).chain(&OTHERS);
        let mut copied: Vec<String> = tables.map(|table| table.name.to_string()).collect();
        there.sort();
        copied.sort();
        assert_eq!(copied, there);
    }
}
