//! The database opened for reading only, its raw rows, and how an entry is hashed: written from
//! `docs/developer/journal-format.md`.

use super::CannotCheck;
use super::dialect::Dialect;
use crate::engine::prelude::*;
use crate::engine::{refuse_newer, sqlite};
use crate::error::StoreError;
use crate::reading::ClinicScope;
use crate::store::Location;
use baiyo_domain::ids::{CommandId, EntryId, PersonId};
use baiyo_domain::journal::{Entry, Hash, MAX_PAYLOAD, StreamId, StreamKind};
use baiyo_domain::time::Time;
use diesel::sql_types::{BigInt, Binary, Bool, Text};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// How many rows are read at a time.
pub const PAGE: i64 = 500;

/// A connection that cannot write and makes no file.
pub struct Database {
    conn: Conn,
    /// Where a writer's log would appear, if there was none when the database was opened.
    quiet: Option<PathBuf>,
}

impl Database {
    /// Opens the database for reading only. The embedded one: beside the server's own connections where there are any,
    /// else as a file that nobody changes. PostgreSQL's: as it stands at one instant.
    pub fn open(location: &Location) -> Result<Self, CannotCheck> {
        let mut database = match &location.postgres {
            Some(address) => {
                let unreadable = |error: &dyn std::fmt::Display| CannotCheck::Unreadable(error.to_string());
                let mut conn = address.connect().map_err(|error| unreadable(&error))?;
                // Whose orders and names there are, of every clinic.
                conn.enter(ClinicScope::Centre).map_err(|error| unreadable(&error))?;
                conn.batch_execute(
                    "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; \
                     BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                )
                .map_err(|error| unreadable(&error))?;
                Self { conn, quiet: None }
            }
            None => Self::embedded(&location.folder)?,
        };
        match refuse_newer(&mut database.conn) {
            Err(error @ StoreError::Newer { .. }) => Err(CannotCheck::Newer(error.to_string())),
            // Whatever else is wrong with it is found as it is read.
            _ => Ok(database),
        }
    }

    fn embedded(folder: &Path) -> Result<Self, CannotCheck> {
        let unreadable = |error: &dyn std::fmt::Display| CannotCheck::Unreadable(error.to_string());
        let file = crate::store::database_in(folder);
        if !file.is_file() {
            return Err(CannotCheck::Missing(folder.display().to_string()));
        }
        let path = std::path::absolute(&file).map_err(|error| unreadable(&error))?;
        let log = PathBuf::from(format!("{}-wal", path.display()));
        let quiet = (!log.exists()).then_some(log);
        let mode = if quiet.is_some() { "mode=ro&immutable=1" } else { "mode=ro" };
        let address = format!("file:{}?{mode}", escaped(&path.to_string_lossy()));
        let mut conn = sqlite::open(&address).map_err(|error| unreadable(&error))?;
        conn.batch_execute(
            "PRAGMA busy_timeout = 10000; PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; \
             SELECT count(*) FROM sqlite_master;",
        )
        .map_err(|error| unreadable(&error))?;
        Ok(Self { conn, quiet })
    }

    /// The connection.
    pub fn conn(&mut self) -> &mut Conn {
        &mut self.conn
    }

    /// Whether somebody began to write to a database that was taken for quiet.
    pub fn was_disturbed(&self) -> bool {
        self.quiet.as_ref().is_some_and(|log| log.exists())
    }
}

/// A path as a URI has it (RFC 3986 section 2.1).
fn escaped(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    path.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// What was there when the check began.
pub struct Bounds {
    /// The smallest `seq`.
    pub first: i64,
    /// The greatest `seq`.
    pub last: i64,
    /// How many entries there are.
    pub entries: u64,
    /// The greatest tree index, plus one.
    pub leaves: u64,
    /// The newest checkpoint's place in its table.
    pub checkpoints: i64,
}

#[derive(QueryableByName)]
struct RawBounds {
    #[diesel(sql_type = BigInt)]
    first: i64,
    #[diesel(sql_type = BigInt)]
    last: i64,
    #[diesel(sql_type = BigInt)]
    entries: i64,
    #[diesel(sql_type = BigInt)]
    leaves: i64,
    #[diesel(sql_type = BigInt)]
    checkpoints: i64,
}

/// Takes the bounds.
pub fn bounds(conn: &mut Conn) -> QueryResult<Bounds> {
    let sql = Dialect::of(conn);
    let raw: RawBounds = diesel::sql_query(format!(
        "SELECT coalesce((SELECT min(seq) FROM journal), 0) AS first, coalesce((SELECT max(seq) FROM journal), 0) AS last, (SELECT count(*) FROM journal) AS entries, \
         coalesce((SELECT max(tree_index) + 1 FROM tree_leaf WHERE {}), 0) AS leaves, {} AS checkpoints",
        sql.is_of("tree_index", "integer"),
        sql.checkpoint_rows()
    ))
    .get_result(conn)?;
    Ok(Bounds {
        first: raw.first,
        last: raw.last,
        entries: raw.entries.unsigned_abs(),
        leaves: raw.leaves.max(0).unsigned_abs(),
        checkpoints: raw.checkpoints,
    })
}

/// An entry's row as it lies in the table, whatever it holds.
#[derive(QueryableByName)]
pub struct Row {
    /// Its place in the table.
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    #[diesel(sql_type = Bool)]
    formed: bool,
    #[diesel(sql_type = Binary)]
    id: Vec<u8>,
    #[diesel(sql_type = Binary)]
    stream_kind: Vec<u8>,
    #[diesel(sql_type = Binary)]
    stream_id: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = BigInt)]
    occurred_at: i64,
    #[diesel(sql_type = BigInt)]
    recorded_at: i64,
    #[diesel(sql_type = Binary)]
    performer: Vec<u8>,
    #[diesel(sql_type = Binary)]
    recorder: Vec<u8>,
    #[diesel(sql_type = Binary)]
    command: Vec<u8>,
    #[diesel(sql_type = Binary)]
    kind: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    schema_version: i64,
    #[diesel(sql_type = Binary)]
    payload: Vec<u8>,
    #[diesel(sql_type = Binary)]
    previous_hash: Vec<u8>,
    #[diesel(sql_type = Binary)]
    hash: Vec<u8>,
}

/// Reads every column as the bytes or the number it holds, and says whether each had its type.
fn row(sql: Dialect) -> String {
    const COLUMNS: [(&str, &str); 14] = [
        ("id", "uuid"),
        ("stream_kind", "text"),
        ("stream_id", "uuid"),
        ("version", "integer"),
        ("occurred_at", "integer"),
        ("recorded_at", "integer"),
        ("performer", "uuid"),
        ("recorder", "uuid"),
        ("command", "uuid"),
        ("kind", "text"),
        ("schema_version", "integer"),
        ("payload", "blob"),
        ("previous_hash", "blob"),
        ("hash", "blob"),
    ];
    let formed = COLUMNS.map(|(column, kind)| sql.is_of(column, if kind == "uuid" { "blob" } else { kind }));
    let columns = COLUMNS.map(|(column, kind)| {
        let value = match kind {
            "uuid" => sql.uuid(column),
            "text" => sql.text(column),
            "integer" => sql.integer(column),
            _ => sql.blob(column),
        };
        format!("{value} AS {column}")
    });
    format!("SELECT seq, {} AS formed, {} FROM journal", formed.join(" AND "), columns.join(", "))
}

/// The first row of the table.
pub fn first(conn: &mut Conn, bounds: &Bounds) -> QueryResult<Option<Row>> {
    let row = row(Dialect::of(conn));
    diesel::sql_query(format!("{row} WHERE seq = $1"))
        .bind::<BigInt, _>(bounds.first)
        .get_result(conn)
        .optional()
}

/// One page of the rows that name no stream, in the order of the table: those after `seq`, up to the bound.
pub fn astray(conn: &mut Conn, seq: i64, bounds: &Bounds) -> QueryResult<Vec<Row>> {
    let sql = Dialect::of(conn);
    // Their places are found in an index of names.
    let places = format!("SELECT seq FROM journal WHERE NOT {}", sql.names_stream("journal"));
    diesel::sql_query(format!(
        "{} WHERE seq IN ({places}) AND seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3",
        row(sql)
    ))
    .bind::<BigInt, _>(seq)
    .bind::<BigInt, _>(bounds.last)
    .bind::<BigInt, _>(PAGE)
    .load(conn)
}

/// The rows of some streams of one kind, each stream's in the order of the table, up to the bound.
pub fn of_streams(
    conn: &mut Conn,
    kind: StreamKind,
    ids: &[Uuid],
    bounds: &Bounds,
) -> QueryResult<HashMap<Uuid, Vec<Row>>> {
    let sql = Dialect::of(conn);
    let all: Vec<Row> = diesel::sql_query(format!(
        "{} WHERE stream_kind = $1 AND stream_id IN ({}) AND seq <= $2",
        row(sql),
        sql.listed(ids.iter().copied())
    ))
    .bind::<Text, _>(kind.name())
    .bind::<BigInt, _>(bounds.last)
    .load(conn)?;
    let mut streams: HashMap<Uuid, Vec<Row>> = HashMap::new();
    for row in all {
        streams.entry(uuid(&row.stream_id).unwrap_or_default()).or_default().push(row);
    }
    streams.values_mut().for_each(|rows| rows.sort_by_key(|row| row.seq));
    Ok(streams)
}

/// The places of a stream's rows, in order: so many of those after `seq`, up to the bound.
pub fn places_of(
    conn: &mut Conn,
    stream: StreamId,
    seq: i64,
    most: i64,
    bounds: &Bounds,
) -> QueryResult<Vec<i64>> {
    let places: Vec<Place> = diesel::sql_query(format!(
        "SELECT seq FROM journal WHERE stream_kind = $1 AND stream_id IN ({}) AND seq > $2 AND seq <= $3 \
         ORDER BY seq LIMIT $4",
        Dialect::of(conn).listed(std::iter::once(stream.id))
    ))
    .bind::<Text, _>(stream.kind.name())
    .bind::<BigInt, _>(seq)
    .bind::<BigInt, _>(bounds.last)
    .bind::<BigInt, _>(most)
    .load(conn)?;
    Ok(places.into_iter().map(|place| place.seq).collect())
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

/// The rows at these places, in order.
pub fn at(conn: &mut Conn, places: &[i64]) -> QueryResult<Vec<Row>> {
    let places: Vec<String> = places.iter().map(i64::to_string).collect();
    let row = row(Dialect::of(conn));
    diesel::sql_query(format!("{row} WHERE seq IN ({}) ORDER BY seq", places.join(", "))).load(conn)
}

/// How a finding names an entry.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    /// Its place in the table.
    pub seq: i64,
    /// Its identifier.
    pub id: EntryId,
    /// Its stream, where that is one.
    pub stream: Option<StreamId>,
    /// Its version.
    pub version: i64,
}

impl Row {
    /// How a finding names it, as far as its columns allow.
    pub fn name(&self) -> Name {
        let id = EntryId(uuid(&self.id).unwrap_or(Uuid::nil()));
        Name { seq: self.seq, id, stream: self.stream(), version: self.version }
    }

    fn stream(&self) -> Option<StreamId> {
        stream(&self.stream_kind, &self.stream_id)
    }

    /// The entry, where every column has its type, length and range.
    pub fn entry(&self) -> Option<Entry> {
        if !self.formed || self.payload.len() > MAX_PAYLOAD {
            return None;
        }
        Some(Entry {
            id: EntryId(uuid(&self.id)?),
            stream: self.stream()?,
            version: u32::try_from(self.version).ok()?,
            occurred_at: Time::from_micros(self.occurred_at)?,
            recorded_at: Time::from_micros(self.recorded_at)?,
            performer: PersonId(uuid(&self.performer)?),
            recorder: PersonId(uuid(&self.recorder)?),
            command: CommandId(uuid(&self.command)?),
            kind: String::from_utf8(self.kind.clone()).ok()?,
            schema_version: u16::try_from(self.schema_version).ok()?,
            payload: self.payload.clone(),
            previous_hash: hash(&self.previous_hash)?,
            hash: hash(&self.hash)?,
        })
    }

    /// The hash that stands in it.
    pub fn stated_hash(&self) -> Option<Hash> {
        hash(&self.hash)
    }

    /// SHA-256(0x00 ‖ each field's length and bytes): what `hash` must be.
    pub fn computed_hash(&self) -> Hash {
        let number = |number: i64| number.to_string().into_bytes();
        let uuid = |id: &[u8]| hyphenated(id).into_bytes();
        let before = [
            uuid(&self.id),
            [&self.stream_kind[..], b"/", &uuid(&self.stream_id)].concat(),
            number(self.version),
            number(self.occurred_at),
            number(self.recorded_at),
            uuid(&self.performer),
            uuid(&self.recorder),
            uuid(&self.command),
            self.kind.clone(),
            number(self.schema_version),
        ];
        let raw = [&self.payload, &self.previous_hash];
        let mut sha = Sha256::new_with_prefix([0]);
        for field in before.iter().chain(raw) {
            sha.update((field.len() as u32).to_be_bytes());
            sha.update(field);
        }
        Hash(sha.finalize().into())
    }
}

/// The stream that two columns name.
pub fn stream(kind: &[u8], id: &[u8]) -> Option<StreamId> {
    let kind = StreamKind::ALL.into_iter().find(|known| known.name().as_bytes() == kind)?;
    Some(StreamId { kind, id: uuid(id)? })
}

/// An identifier's 16 bytes.
pub fn uuid(bytes: &[u8]) -> Option<Uuid> {
    Some(Uuid::from_bytes(bytes.try_into().ok()?))
}

/// A hash's 32 bytes.
pub fn hash(bytes: &[u8]) -> Option<Hash> {
    Some(Hash(bytes.try_into().ok()?))
}

/// A number as the engines have it.
pub fn as_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |four: u8| char::from(if four < 10 { b'0' + four } else { b'a' + four - 10 });
    let mut text = String::with_capacity(2 * bytes.len() + 4);
    bytes.iter().for_each(|byte| text.extend([digit(byte >> 4), digit(byte & 15)]));
    text
}

/// A UUID's text: 8, 4, 4, 4 and 12 hexadecimal digits.
pub fn hyphenated(bytes: &[u8]) -> String {
    let mut text = hex(bytes);
    for place in [20, 16, 12, 8] {
        if text.len() > place {
            text.insert(place, '-');
        }
    }
    text
}
