//! The database opened for reading only, its raw rows, and how an entry is hashed: written from
//! `docs/developer/journal-format.md`.

use super::CannotCheck;
use crate::Conn;
use baiyo_domain::ids::{CommandId, EntryId, PersonId};
use baiyo_domain::journal::{Entry, Hash, MAX_PAYLOAD, StreamId, StreamKind};
use baiyo_domain::time::Time;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Text};
use sha2::{Digest, Sha256};
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
    /// Opens a folder's database: beside the server's own connections where there are any, else as a file that
    /// nobody changes.
    pub fn open(folder: &Path) -> Result<Self, CannotCheck> {
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
        let mut conn = Conn::establish(&address).map_err(|error| unreadable(&error))?;
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
    let raw: RawBounds = diesel::sql_query(
        "SELECT coalesce((SELECT max(seq) FROM journal), 0) AS last, (SELECT count(*) FROM journal) AS entries, \
         coalesce((SELECT max(tree_index) + 1 FROM tree_leaf WHERE typeof(tree_index) = 'integer'), 0) AS leaves, \
         coalesce((SELECT max(rowid) FROM checkpoint), 0) AS checkpoints",
    )
    .get_result(conn)?;
    Ok(Bounds {
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
const ROW: &str = "SELECT seq, \
     typeof(id) = 'blob' AND typeof(stream_kind) = 'text' AND typeof(stream_id) = 'blob' \
     AND typeof(version) = 'integer' AND typeof(occurred_at) = 'integer' AND typeof(recorded_at) = 'integer' \
     AND typeof(performer) = 'blob' AND typeof(recorder) = 'blob' AND typeof(command) = 'blob' \
     AND typeof(kind) = 'text' AND typeof(schema_version) = 'integer' AND typeof(payload) = 'blob' \
     AND typeof(previous_hash) = 'blob' AND typeof(hash) = 'blob' AS formed, \
     coalesce(CAST(id AS BLOB), x'') AS id, coalesce(CAST(stream_kind AS BLOB), x'') AS stream_kind, \
     coalesce(CAST(stream_id AS BLOB), x'') AS stream_id, coalesce(CAST(version AS INTEGER), 0) AS version, \
     coalesce(CAST(occurred_at AS INTEGER), 0) AS occurred_at, \
     coalesce(CAST(recorded_at AS INTEGER), 0) AS recorded_at, \
     coalesce(CAST(performer AS BLOB), x'') AS performer, coalesce(CAST(recorder AS BLOB), x'') AS recorder, \
     coalesce(CAST(command AS BLOB), x'') AS command, coalesce(CAST(kind AS BLOB), x'') AS kind, \
     coalesce(CAST(schema_version AS INTEGER), 0) AS schema_version, \
     coalesce(CAST(payload AS BLOB), x'') AS payload, \
     coalesce(CAST(previous_hash AS BLOB), x'') AS previous_hash, coalesce(CAST(hash AS BLOB), x'') AS hash \
     FROM journal ";

/// One page of rows in the order of the table: those after `seq`, up to the bound.
pub fn page(conn: &mut Conn, seq: i64, bounds: &Bounds) -> QueryResult<Vec<Row>> {
    diesel::sql_query(format!("{ROW} WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"))
        .bind::<BigInt, _>(seq)
        .bind::<BigInt, _>(bounds.last)
        .bind::<BigInt, _>(PAGE)
        .load(conn)
}

/// A stream's rows in the order of the table, up to the bound.
pub fn of_stream(conn: &mut Conn, stream: StreamId, bounds: &Bounds) -> QueryResult<Vec<Row>> {
    diesel::sql_query(format!("{ROW} WHERE stream_kind = ? AND stream_id = ? AND seq <= ? ORDER BY seq"))
        .bind::<Text, _>(stream.kind.name())
        .bind::<Binary, _>(stream.id.as_bytes().to_vec())
        .bind::<BigInt, _>(bounds.last)
        .load(conn)
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

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
