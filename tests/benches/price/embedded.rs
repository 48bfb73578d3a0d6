//! The embedded engine by itself: the statements that the product ran, on as many connections, with the same
//! durability, read whole, by the barest client there is.

use crate::statements::{Caught, Statement, Value};
use baiyo_persistence::store::database_in;
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, ToSql};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Barrier;
use std::time::{Duration, Instant};

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        use rusqlite::types::{Value as Owned, ValueRef};
        Ok(match self {
            Value::Null => ToSqlOutput::Owned(Owned::Null),
            Value::Bool(truth) => ToSqlOutput::Owned(Owned::Integer(i64::from(*truth))),
            Value::Number(number) => ToSqlOutput::Owned(Owned::Integer(*number)),
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Value::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Value::Id(id) => ToSqlOutput::Borrowed(ValueRef::Blob(id.as_bytes())),
        })
    }
}

/// Opens a database as the product's writer does (`engine/sqlite.rs`).
pub fn connect(folder: &Path) -> Connection {
    let conn = Connection::open(database_in(folder)).expect("the database");
    conn.execute_batch(
        "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
         PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON; PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON; \
         PRAGMA temp_store = MEMORY;",
    )
    .expect("settings");
    conn
}

/// Runs what was caught on a database that stands where the product's stood; how long that took. Each of the product's
/// connections goes its own way, or `in_order`: then everything is asked for by one client.
pub fn replay(folder: &Path, caught: &Caught, in_order: bool) -> Duration {
    let mut shares: BTreeMap<usize, Vec<&Statement>> = BTreeMap::new();
    // Several at once are how a connection is opened, which is done before anything is timed.
    let run = caught.statements.iter().filter(|statement| !caught.texts[statement.text].contains(';'));
    for statement in run {
        shares.entry(if in_order { 0 } else { statement.connection }).or_default().push(statement);
    }
    let start = Barrier::new(shares.len());
    let took = std::thread::scope(|threads| {
        let runs: Vec<_> = shares
            .values()
            .map(|share| threads.spawn(|| on_one_thread(folder, &caught.texts, share, &start)))
            .collect();
        runs.into_iter().map(|run| run.join().expect("a replay")).max()
    });
    took.expect("something was caught")
}

fn on_one_thread(folder: &Path, texts: &[String], statements: &[&Statement], start: &Barrier) -> Duration {
    let names: BTreeSet<usize> = statements.iter().map(|statement| statement.connection).collect();
    let connections: BTreeMap<usize, Connection> =
        names.into_iter().map(|name| (name, connect(folder))).collect();
    let mut prepared = HashMap::new();
    for Statement { connection, text, .. } in statements {
        let prepare = || connections[connection].prepare(&texts[*text]).expect("a statement");
        prepared.entry((*connection, *text)).or_insert_with(prepare);
    }
    start.wait();
    let begun = Instant::now();
    for Statement { connection, text, values } in statements {
        let statement = prepared.get_mut(&(*connection, *text)).expect("it was prepared");
        read_whole(statement, values).unwrap_or_else(|error| panic!("{}: {error}", texts[*text]));
    }
    begun.elapsed()
}

/// Runs a statement and looks at every value of every row; how many rows there were.
pub fn read_whole(statement: &mut rusqlite::Statement<'_>, values: &[Value]) -> rusqlite::Result<usize> {
    let columns = statement.column_count();
    let mut rows = statement.query(rusqlite::params_from_iter(values))?;
    let mut read = 0;
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            std::hint::black_box(row.get_ref(column)?);
        }
        read += 1;
    }
    Ok(read)
}
