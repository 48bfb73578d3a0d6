//! PostgreSQL by itself: databases with the made records, and the transactions that the product ran, each client's in
//! their order, on as many connections, by the barest client there is.

use crate::generate::Made;
use crate::statements::{Caught, Statement, Value};
use baiyo_persistence::engine::postgres::Address;
use baiyo_persistence::store::{Location, database_in, migrate};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Barrier;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Config, NoTls};

/// The server to measure on.
pub struct Server {
    url: String,
}

/// A connection by the barest client, with a runtime of its own as the product's has.
pub struct Raw {
    runtime: Runtime,
    client: Client,
}

impl Server {
    /// The one that the environment names.
    pub fn named() -> Option<Self> {
        std::env::var(stories::engine::SERVER).ok().map(|url| Self { url })
    }

    fn address(&self, database: &str) -> Address {
        Address::read(&self.url, None).expect("an address").database(database)
    }

    /// Where a centre is whose folder and database these are.
    pub fn location(&self, folder: &Path, database: &str) -> Location {
        Location { folder: folder.to_path_buf(), postgres: Some(self.address(database)) }
    }

    /// Connects.
    pub fn connect(&self, database: &str) -> Raw {
        let mut config: Config = self.url.parse().expect("an address");
        config.dbname(database);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = runtime.block_on(async {
            let (client, connection) = config.connect(NoTls).await.expect("a connection");
            tokio::spawn(connection);
            client
        });
        Raw { runtime, client }
    }

    /// Runs statements on the server's own database.
    pub fn run(&self, sql: &str) {
        self.connect("postgres").run(sql);
    }

    /// Makes a database like another one, to which nobody is connected.
    pub fn copy(&self, from: &str, to: &str) {
        self.run(&format!("DROP DATABASE IF EXISTS {to} WITH (FORCE)"));
        self.run(&format!("CREATE DATABASE {to} TEMPLATE {from}"));
    }

    /// Makes a database with the records of an embedded one; what it is called.
    pub fn load(&self, made: &Made) -> String {
        let name = format!("made_{}", made.batches);
        self.copy("template1", &name);
        migrate(&self.location(&made.folder, &name)).expect("the newest form");
        let from = Connection::open(database_in(&made.folder)).expect("the database");
        let to = self.connect(&name);
        // The rows have passed these guards where they were made.
        to.run("SET session_replication_role = replica");
        for (table, columns) in to.tables(&from) {
            to.fill(&from, &table, &columns);
        }
        for (table, column) in [("journal", "seq"), ("gate_fact", "serial")] {
            to.run(&format!(
                "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), (SELECT max({column}) FROM {table}))"
            ));
        }
        to.run("VACUUM ANALYZE");
        to.run("CHECKPOINT");
        name
    }

    /// The bytes that a database takes.
    pub fn size(&self, database: &str) -> u64 {
        let rows = self.connect("postgres").rows(&format!("SELECT pg_database_size('{database}')"));
        rows[0].trim_matches(['(', ')']).parse().expect("a number")
    }
}

impl Raw {
    /// Runs statements that give nothing back.
    pub fn run(&self, sql: &str) {
        let ran = self.runtime.block_on(self.client.batch_execute(sql));
        ran.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// Runs a statement as it was caught, and reads every row.
    pub fn read_whole(
        &self,
        prepared: &mut HashMap<usize, tokio_postgres::Statement>,
        texts: &[String],
        statement: &Statement,
    ) {
        let text = &texts[statement.text];
        if is_bare(text) {
            return self.run(text);
        }
        let prepared = prepared.entry(statement.text).or_insert_with(|| self.prepare(text));
        let values: Vec<&(dyn ToSql + Sync)> = statement.values.iter().map(|v| v as _).collect();
        let rows = self.runtime.block_on(self.client.query(prepared, &values)).expect("rows");
        std::hint::black_box(rows);
    }

    /// Rows as text, for comparing.
    pub fn rows(&self, sql: &str) -> Vec<String> {
        let sql = format!("SELECT CAST(r AS TEXT) FROM ({sql}) AS r");
        let rows = self.runtime.block_on(self.client.query(&sql, &[])).expect("rows");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Each table that both engines have, with its columns.
    fn tables(&self, other: &Connection) -> Vec<(String, Vec<String>)> {
        let sql = "SELECT table_name::text, column_name::text FROM information_schema.columns \
                   WHERE table_schema = 'public' ORDER BY table_name, ordinal_position";
        let rows = self.runtime.block_on(self.client.query(sql, &[])).expect("columns");
        let mut tables: Vec<(String, Vec<String>)> = Vec::new();
        for row in rows {
            let (table, column): (String, String) = (row.get(0), row.get(1));
            let there = "SELECT count(*) FROM pragma_table_info(?) WHERE name = ?";
            let there: i64 = other.query_row(there, [&table, &column], |row| row.get(0)).expect("a number");
            if there == 0 || table.starts_with("__") {
                continue;
            }
            match tables.last_mut().filter(|(last, _)| *last == table) {
                Some((_, columns)) => columns.push(column),
                None => tables.push((table, vec![column])),
            }
        }
        tables
    }

    fn fill(&self, from: &Connection, table: &str, columns: &[String]) {
        let names = columns.join(", ");
        let mut rows = from.prepare(&format!("SELECT {names} FROM {table} ORDER BY rowid")).expect("a query");
        let mut rows = rows.query([]).expect("rows");
        let like = self.prepare(&format!("SELECT {names} FROM {table}"));
        let kinds: Vec<Type> = like.columns().iter().map(|column| column.type_().clone()).collect();
        self.runtime.block_on(async {
            let copy = format!("COPY {table} ({names}) FROM STDIN BINARY");
            let sink = self.client.copy_in(&copy).await.expect("a copy");
            let mut sink = std::pin::pin!(BinaryCopyInWriter::new(sink, &kinds));
            while let Some(row) = rows.next().expect("a row") {
                let values = kinds.iter().enumerate().map(|(at, kind)| value_of(row.get_ref(at), kind));
                sink.as_mut().write_raw(values).await.unwrap_or_else(|error| panic!("{table}: {error:?}"));
            }
            sink.finish().await.unwrap_or_else(|error| panic!("{table}: {error:?}"));
        });
    }

    fn prepare(&self, sql: &str) -> tokio_postgres::Statement {
        let prepared = self.runtime.block_on(self.client.prepare(sql));
        prepared.unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }
}

fn value_of(value: rusqlite::Result<ValueRef<'_>>, kind: &Type) -> Value {
    match value.expect("a value") {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Number(number),
        ValueRef::Real(number) => panic!("no column holds {number}"),
        ValueRef::Text(text) => Value::Text(String::from_utf8(text.to_vec()).expect("text")),
        ValueRef::Blob(bytes) if *kind == Type::UUID => {
            Value::Id(uuid::Uuid::from_slice(bytes).expect("an identifier"))
        }
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => return Ok(IsNull::Yes),
            Value::Bool(truth) => return truth.to_sql(kind, out),
            Value::Number(number) if *kind == Type::INT8 => return number.to_sql(kind, out),
            Value::Number(number) => return i32::try_from(*number)?.to_sql(kind, out),
            Value::Text(text) => return text.to_sql(kind, out),
            Value::Bytes(bytes) => return bytes.to_sql(kind, out),
            Value::Id(id) => out.extend_from_slice(id.as_bytes()),
        }
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        [Type::BOOL, Type::INT4, Type::INT8, Type::TEXT, Type::BYTEA, Type::UUID].contains(kind)
    }

    to_sql_checked!();
}

/// What one command made the product run: reading who asks, and the transaction that records.
type Share<'a> = Vec<&'a Statement>;

/// Runs what was caught on a database that stands where the product's stood; how long that took. `clients` say which
/// batches are whose.
pub fn replay(server: &Server, database: &str, caught: &Caught, clients: &[Vec<String>]) -> Duration {
    let each = shares(caught, clients);
    let start = Barrier::new(each.len());
    let took = std::thread::scope(|threads| {
        let runs: Vec<_> = each
            .iter()
            .map(|shares| {
                threads.spawn(|| on_one_connection(server, database, &caught.texts, shares, &start))
            })
            .collect();
        runs.into_iter().map(|run| run.join().expect("a replay")).max()
    });
    took.expect("something was caught")
}

/// The transactions, as the product's connections shared them: no more connections than it wrote on, each with the
/// commands of its clients in their order.
fn shares<'a>(caught: &'a Caught, clients: &[Vec<String>]) -> Vec<Share<'a>> {
    let mut open: HashMap<usize, Share<'a>> = HashMap::new();
    let (mut reads, mut writes) = (Vec::new(), Vec::new());
    let mut writers = std::collections::BTreeSet::new();
    for statement in &caught.statements {
        let text = caught.texts[statement.text].as_str();
        if text.starts_with("BEGIN") {
            open.insert(statement.connection, Share::new());
        }
        // What is said outside of transactions opens a connection, which is done before anything is timed.
        let Some(transaction) = open.get_mut(&statement.connection) else { continue };
        transaction.push(statement);
        match text {
            "ROLLBACK" => reads.extend(open.remove(&statement.connection)),
            "COMMIT" => {
                writers.insert(statement.connection);
                writes.extend(open.remove(&statement.connection));
            }
            _ => {}
        }
    }
    // What has no client is the sealer's, who may be in the midst of it.
    let client_of = |write: &Share<'_>| {
        write.iter().flat_map(|statement| &statement.values).find_map(|value| match value {
            Value::Text(text) => clients.iter().position(|keys| keys.iter().any(|key| text.starts_with(key))),
            _ => None,
        })
    };
    let writes: Vec<(usize, Share<'a>)> =
        writes.into_iter().filter_map(|write| Some((client_of(&write)?, write))).collect();
    let (each_reads, mut reads) = (reads.len() / writes.len(), reads.into_iter());
    assert!(each_reads >= 1, "each command reads who asks");
    let connections = writers.len().min(clients.len());
    let mut shares = vec![Share::new(); connections];
    for (client, write) in writes {
        let share = &mut shares[client % connections];
        share.extend(reads.by_ref().take(each_reads).flatten());
        share.extend(write);
    }
    shares
}

fn on_one_connection(
    server: &Server,
    database: &str,
    texts: &[String],
    statements: &[&Statement],
    start: &Barrier,
) -> Duration {
    let conn = server.connect(database);
    // As the product says on each connection (`engine/postgres.rs`).
    conn.run("SET ROLE baiyo_app; SET synchronous_commit = on");
    let mut prepared: Vec<Option<tokio_postgres::Statement>> = vec![None; texts.len()];
    for statement in statements.iter().filter(|statement| !is_bare(&texts[statement.text])) {
        prepared[statement.text].get_or_insert_with(|| conn.prepare(&texts[statement.text]));
    }
    start.wait();
    let begun = Instant::now();
    conn.runtime.block_on(async {
        for Statement { text, values, .. } in statements {
            let ran = match &prepared[*text] {
                None => conn.client.batch_execute(&texts[*text]).await,
                Some(statement) => {
                    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|v| v as _).collect();
                    conn.client.query(statement, &values).await.map(|rows| drop(std::hint::black_box(rows)))
                }
            };
            ran.unwrap_or_else(|error| panic!("{}: {error:?}", texts[*text]));
        }
    });
    begun.elapsed()
}

/// What goes to the server as it stands.
fn is_bare(text: &str) -> bool {
    ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET"].iter().any(|word| text.starts_with(word))
}
