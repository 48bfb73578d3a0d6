//! Which streams a check reads: all, or since a checkpoint those to which something new belongs and those on which every
//! signature rests.

use super::dialect::Dialect;
use super::rows::{self, Bounds};
use crate::engine::prelude::*;
use baiyo_domain::journal::{StreamId, StreamKind};
use diesel::sql_types::{BigInt, Binary};
use uuid::Uuid;

/// The streams to be read.
pub struct Scope {
    /// Each with the number of its entries, those of a kind together.
    streams: Vec<(StreamId, u64)>,
}

impl Scope {
    /// How many entries they have.
    pub fn entries(&self) -> u64 {
        self.streams.iter().map(|(_, entries)| entries).sum()
    }

    /// How many streams there are.
    pub fn count(&self) -> u64 {
        self.streams.len() as u64
    }

    /// The streams in groups of one kind, each small enough to be read at once.
    pub fn groups(&self) -> impl Iterator<Item = Group> {
        let mut left = self.streams.iter().peekable();
        std::iter::from_fn(move || {
            let (first, mut entries) = *left.next()?;
            let mut group = Group { kind: first.kind, ids: vec![first.id] };
            let fits =
                |next: &(StreamId, u64), entries| next.0.kind == first.kind && entries + next.1 <= TOGETHER;
            while let Some((next, more)) = left.next_if(|next| fits(next, entries)) {
                entries += more;
                group.ids.push(next.id);
            }
            Some(group)
        })
    }
}

/// How many entries are read together, unless a stream has more.
const TOGETHER: u64 = 500;

/// Streams that are read together: one alone, or several with few entries.
pub struct Group {
    /// Their kind.
    pub kind: StreamKind,
    /// Their identifiers.
    pub ids: Vec<Uuid>,
}

#[derive(QueryableByName)]
struct Listed {
    #[diesel(sql_type = Binary)]
    stream_kind: Vec<u8>,
    #[diesel(sql_type = Binary)]
    stream_id: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    entries: i64,
}

/// All streams.
pub fn everything(conn: &mut Conn, bounds: &Bounds) -> QueryResult<Scope> {
    let named = Dialect::of(conn).names_stream("j");
    of(conn, &named, bounds)
}

/// The streams of people.
pub fn people(conn: &mut Conn, bounds: &Bounds) -> QueryResult<Scope> {
    of(conn, &format!("j.stream_kind = '{}'", StreamKind::Person.name()), bounds)
}

fn of(conn: &mut Conn, which: &str, bounds: &Bounds) -> QueryResult<Scope> {
    let listed = format!(
        "{} FROM journal AS j WHERE {which} AND j.seq <= $1 GROUP BY j.stream_kind, j.stream_id",
        columns(Dialect::of(conn))
    );
    Ok(scope(diesel::sql_query(listed).bind::<BigInt, _>(bounds.last).load(conn)?))
}

/// The streams with an entry that has no leaf among the first `size`, those of people and of the centre, and that of
/// the first entry. No row but theirs is looked at: which entries have a leaf is answered by indexes alone.
pub fn since(conn: &mut Conn, size: u64, bounds: &Bounds) -> QueryResult<Scope> {
    let sql = Dialect::of(conn);
    let listed = format!(
        "WITH new AS (\
         SELECT stream_kind, stream_id FROM journal WHERE stream_kind IN ('site', 'person') OR seq = $1 \
         UNION SELECT k.stream_kind, k.stream_id FROM tree_leaf AS l JOIN journal AS k ON k.id = l.entry WHERE NOT {} \
         UNION SELECT k.stream_kind, k.stream_id FROM journal AS k WHERE k.seq IN ({})) \
         {} FROM new JOIN journal AS j ON j.stream_kind = new.stream_kind AND j.stream_id = new.stream_id \
         WHERE {} AND j.seq <= $3 GROUP BY j.stream_kind, j.stream_id",
        sql.is_among("l", "$2"),
        LEAFLESS,
        columns(sql),
        sql.names_stream("j")
    );
    let query = diesel::sql_query(listed)
        .bind::<BigInt, _>(bounds.first)
        .bind::<BigInt, _>(rows::as_i64(size))
        .bind::<BigInt, _>(bounds.last);
    Ok(scope(query.load(conn)?))
}

/// The places in the table of entries that have no leaf.
pub const LEAFLESS: &str =
    "SELECT e.seq FROM journal AS e WHERE NOT EXISTS (SELECT 1 FROM tree_leaf AS of WHERE of.entry = e.id)";

fn columns(sql: Dialect) -> String {
    let (kind, id) = (sql.text("j.stream_kind"), sql.uuid("j.stream_id"));
    format!("SELECT {kind} AS stream_kind, {id} AS stream_id, count(*) AS entries")
}

fn scope(listed: Vec<Listed>) -> Scope {
    let stream =
        |row: &Listed| Some((rows::stream(&row.stream_kind, &row.stream_id)?, row.entries.unsigned_abs()));
    let mut streams: Vec<_> = listed.iter().filter_map(stream).collect();
    streams.sort_unstable();
    Scope { streams }
}
