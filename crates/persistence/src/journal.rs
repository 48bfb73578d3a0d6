//! The journal's rows: reading streams, appending entries.

use crate::engine::prelude::*;
use crate::keyset::{After, further};
use crate::on_engine;
use crate::schema::{journal, tree_leaf, unsealed};
use crate::sql_types::Id;
use baiyo_domain::ids::{CommandId, EntryId, PersonId};
use baiyo_domain::journal::{Entry, Hash, StreamId, StreamKind};
use baiyo_domain::time::Time;
use diesel::dsl::{exists, not};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = journal)]
// Else the statement, and every trigger that it fires, is prepared anew for each entry.
#[diesel(treat_none_as_default_value = false)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite, diesel::pg::Pg))]
struct Row {
    id: Id,
    stream_kind: String,
    stream_id: Id,
    version: i32,
    occurred_at: i64,
    recorded_at: i64,
    performer: Id,
    recorder: Id,
    command: Id,
    kind: String,
    schema_version: i32,
    payload: Vec<u8>,
    previous_hash: Vec<u8>,
    hash: Vec<u8>,
}

impl Row {
    fn of(entry: &Entry) -> Self {
        Self {
            id: Id(entry.id.0),
            stream_kind: entry.stream.kind.name().into(),
            stream_id: Id(entry.stream.id),
            version: i32::try_from(entry.version).unwrap_or(i32::MAX),
            occurred_at: entry.occurred_at.micros(),
            recorded_at: entry.recorded_at.micros(),
            performer: Id(entry.performer.0),
            recorder: Id(entry.recorder.0),
            command: Id(entry.command.0),
            kind: entry.kind.clone(),
            schema_version: i32::from(entry.schema_version),
            payload: entry.payload.clone(),
            previous_hash: entry.previous_hash.0.to_vec(),
            hash: entry.hash.0.to_vec(),
        }
    }

    fn entry(self) -> QueryResult<Entry> {
        let broken =
            |what: &str| diesel::result::Error::DeserializationError(format!("journal: {what}").into());
        let kind = StreamKind::ALL.into_iter().find(|kind| kind.name() == self.stream_kind);
        let hash = |bytes: Vec<u8>| bytes.try_into().map(Hash).map_err(|_| broken("a hash has 32 bytes"));
        let time = |micros| Time::from_micros(micros).ok_or_else(|| broken("a time outside the calendar"));
        Ok(Entry {
            id: EntryId(self.id.0),
            stream: StreamId {
                kind: kind.ok_or_else(|| broken("an unknown kind of stream"))?,
                id: self.stream_id.0,
            },
            version: u32::try_from(self.version).map_err(|_| broken("a version below 1"))?,
            occurred_at: time(self.occurred_at)?,
            recorded_at: time(self.recorded_at)?,
            performer: PersonId(self.performer.0),
            recorder: PersonId(self.recorder.0),
            command: CommandId(self.command.0),
            kind: self.kind,
            schema_version: u16::try_from(self.schema_version)
                .map_err(|_| broken("a schema version below 0"))?,
            payload: self.payload,
            previous_hash: hash(self.previous_hash)?,
            hash: hash(self.hash)?,
        })
    }
}

/// A stream's entries, oldest first.
///
/// # Errors
/// The database, or rows that are no entries.
pub fn entries_of(conn: &mut Conn, stream: StreamId) -> QueryResult<Vec<Entry>> {
    let rows: Vec<Row> = on_engine!(conn => diesel::RunQueryDsl::load(journal::table
        .filter(journal::stream_kind.eq(stream.kind.name()).and(journal::stream_id.eq(Id(stream.id))))
        .order(journal::version)
        .select(Row::as_select()), conn))?;
    rows.into_iter().map(Row::entry).collect()
}

/// A stream's entries from one version on, oldest first.
pub(crate) fn entries_since(conn: &mut Conn, stream: StreamId, version: u32) -> QueryResult<Vec<Entry>> {
    let rows: Vec<Row> = on_engine!(conn => diesel::RunQueryDsl::load(journal::table
        .filter(journal::stream_kind.eq(stream.kind.name()).and(journal::stream_id.eq(Id(stream.id))))
        .filter(journal::version.ge(i32::try_from(version).unwrap_or(i32::MAX)))
        .order(journal::version)
        .select(Row::as_select()), conn))?;
    rows.into_iter().map(Row::entry).collect()
}

/// A stream's newest entry.
///
/// # Errors
/// The database, or a row that is no entry.
pub fn newest_of(conn: &mut Conn, stream: StreamId) -> QueryResult<Option<Entry>> {
    let row: Option<Row> = on_engine!(conn => diesel::RunQueryDsl::first(journal::table
        .filter(journal::stream_kind.eq(stream.kind.name()).and(journal::stream_id.eq(Id(stream.id))))
        .order(journal::version.desc())
        .select(Row::as_select()), conn))
    .optional()?;
    row.map(Row::entry).transpose()
}

/// When one version of a stream was recorded.
pub(crate) fn recorded_at(conn: &mut Conn, stream: StreamId, version: u32) -> QueryResult<Option<Time>> {
    let micros: Option<i64> = journal::table
        .filter(journal::stream_kind.eq(stream.kind.name()).and(journal::stream_id.eq(Id(stream.id))))
        .filter(journal::version.eq(i32::try_from(version).unwrap_or(i32::MAX)))
        .select(journal::recorded_at)
        .first(conn)
        .optional()?;
    Ok(micros.and_then(Time::from_micros))
}

/// One page of refused attempts, newest first: those before the entry with this time and identifier.
///
/// # Errors
/// The database, or rows that are no entries.
pub fn attempts_before(conn: &mut Conn, before: Option<After>, limit: i64) -> QueryResult<Vec<Entry>> {
    // A literal, so that the index over attempts alone serves.
    let attempts = diesel::dsl::sql::<diesel::sql_types::Bool>("stream_kind = 'attempts'");
    let rows: Vec<Row> = on_engine!(conn => diesel::RunQueryDsl::load(journal::table
        .filter(attempts)
        .filter(further(journal::recorded_at, journal::id, before))
        .order((journal::recorded_at.desc(), journal::id.desc()))
        .limit(limit)
        .select(Row::as_select()), conn))?;
    rows.into_iter().map(Row::entry).collect()
}

/// The newest refused commands, newest first: wrong passwords, of which strangers add some, are not among them.
///
/// # Errors
/// The database, or rows that are no entries.
pub fn newest_refused(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Entry>> {
    // A literal, so that the index over these alone serves.
    let refused = diesel::dsl::sql::<diesel::sql_types::Bool>("kind = 'attempts.refused'");
    let rows: Vec<Row> = on_engine!(conn => diesel::RunQueryDsl::load(journal::table
        .filter(refused)
        .order((journal::recorded_at.desc(), journal::id.desc()))
        .limit(limit)
        .select(Row::as_select()), conn))?;
    rows.into_iter().map(Row::entry).collect()
}

/// When the wrong password or code of a person was recorded that so many newer ones followed; nothing where there are not
/// as many.
pub(crate) fn wrong_secret_before(
    conn: &mut Conn,
    person: PersonId,
    newer: i64,
) -> QueryResult<Option<Time>> {
    let wrong = diesel::dsl::sql::<diesel::sql_types::Bool>("kind = 'attempts.wrong_secret'");
    let micros: Option<i64> = journal::table
        .filter(wrong)
        .filter(journal::performer.eq(Id(person.0)))
        .order(journal::recorded_at.desc())
        .offset(newer)
        .select(journal::recorded_at)
        .first(conn)
        .optional()?;
    Ok(micros.and_then(Time::from_micros))
}

// A literal, so that the index over first entries alone serves.
diesel::postfix_operator!(IsFirst, " = 1", diesel::sql_types::Bool);

/// All streams of a kind, in the order of their first entries.
///
/// # Errors
/// The database.
pub fn streams_of(conn: &mut Conn, kind: StreamKind) -> QueryResult<Vec<StreamId>> {
    let ids: Vec<Id> = journal::table
        .filter(journal::stream_kind.eq(kind.name()).and(IsFirst::new(journal::version)))
        .order(journal::seq)
        .select(journal::stream_id)
        .load(conn)?;
    Ok(ids.into_iter().map(|id| StreamId { kind, id: id.0 }).collect())
}

/// The centre's stream, once it is founded.
///
/// # Errors
/// The database.
pub fn site_stream(conn: &mut Conn) -> QueryResult<Option<StreamId>> {
    Ok(streams_of(conn, StreamKind::Site)?.into_iter().next())
}

/// One page of all entries in insertion order: those after `seq`, each with its own `seq`.
///
/// # Errors
/// The database, or rows that are no entries.
pub fn page_after(conn: &mut Conn, seq: i64, limit: i64) -> QueryResult<Vec<(i64, Entry)>> {
    let rows: Vec<(i64, Row)> = on_engine!(conn => diesel::RunQueryDsl::load(journal::table
        .filter(journal::seq.gt(seq))
        .order(journal::seq)
        .limit(limit)
        .select((journal::seq, Row::as_select())), conn))?;
    rows.into_iter().map(|(seq, row)| Ok((seq, row.entry()?))).collect()
}

/// The next entries without a leaf in the tree, in insertion order. One that is committed late comes then.
pub(crate) fn unsealed(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Entry>> {
    let rows: Vec<Row> = on_engine!(conn => diesel::RunQueryDsl::load(unsealed::table
        .inner_join(journal::table.on(journal::seq.eq(unsealed::seq)))
        // Whoever owns the database could let one wait twice, and nothing would be sealed any more.
        .filter(not(exists(tree_leaf::table.filter(tree_leaf::entry.eq(journal::id)))))
        .order(unsealed::seq)
        .limit(limit)
        .select(Row::as_select()), conn))?;
    rows.into_iter().map(Row::entry).collect()
}

/// Whether any entry waits to be sealed.
pub(crate) fn is_any_unsealed(conn: &mut Conn) -> QueryResult<bool> {
    let first: Option<i64> = unsealed::table.select(unsealed::seq).first(conn).optional()?;
    Ok(first.is_some())
}

pub(crate) fn insert_entries(conn: &mut Conn, entries: &[Entry]) -> QueryResult<()> {
    for entry in entries {
        diesel::insert_into(journal::table).values(Row::of(entry)).execute(conn)?;
    }
    Ok(())
}
