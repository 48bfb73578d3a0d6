//! `baiyo rebuild`: the read models written anew from the journal, and the evidence compared with what the histories
//! make. Both must come out as they were; what did not is listed.

use crate::engine::prelude::*;
use crate::engine::sqlite::in_memory;
use crate::error::StoreError;
use crate::progress::{Watch, unwatched};
use crate::reading::Contents;
use crate::sql_types::Id;
use crate::store::Store;
use crate::writer::JobError;
use crate::{evidence, journal, reading};
use baiyo_domain::ids::BatchId;
use baiyo_domain::journal::{StreamId, StreamKind};
use baiyo_domain::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::mpsc::sync_channel;

/// What a rebuild made and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many rows the read models have now.
    pub rows: u64,
    /// Rows that were different before, absent or too many: a fault in the code or a change from outside.
    pub differing: Vec<Difference>,
    /// Batches whose evidence is not what their history makes.
    pub disagreeing: Vec<BatchId>,
}

impl Rebuilt {
    /// Whether everything came out as it was.
    pub fn agrees(&self) -> bool {
        self.differing.is_empty() && self.disagreeing.is_empty()
    }
}

/// A row of a read model that was not what the histories make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The read model.
    pub table: &'static str,
    /// The row as it was, its columns as SQL writes them; nothing where it was absent.
    pub was: Option<String>,
    /// The row as it must be; nothing where there must be none.
    pub due: Option<String>,
}

/// Writes all read models anew in one transaction, and compares the evidence. `watch` is told how many streams of how
/// many are done. Whoever records meanwhile waits until it is.
///
/// # Errors
/// The database, a history that cannot have happened, or that it was stopped; then everything stays as it was.
pub fn rebuild(store: &Store, watch: &mut Watch) -> Result<Rebuilt, StoreError> {
    // No step is taken before whoever watches was told of the one before it, so that he stops it where he says.
    let (steps, told) = sync_channel(0);
    std::thread::scope(|threads| {
        let job = threads.spawn(move || {
            store.write(move |conn| {
                if conn.is_postgres() {
                    // Who records meanwhile waits with his rows, and writes them after these.
                    conn.batch_execute(
                        "LOCK TABLE batch_row, clinic_board_row, happening_row, container_row, stop_row, order_row, \
                                        person_row, standard_row, quality_event_row IN EXCLUSIVE MODE",
                    )?;
                }
                let before = reading::contents(conn)?;
                reading::clear(conn)?;
                let disagreeing =
                    // Nobody listens any more: it was stopped.
                    replay(conn, None, &mut |done, total| match steps.send((done, total)) {
                        Ok(()) => ControlFlow::Continue(()),
                        Err(_) => ControlFlow::Break(()),
                    })
                    .map_err(own)?;
                let after = reading::contents(conn)?;
                Ok(compared(&before, &after, disagreeing))
            })
        });
        _ = told.into_iter().try_for_each(|(done, total)| watch(done, total));
        match job.join() {
            Ok(rebuilt) => rebuilt.map_err(StoreError::from),
            Err(_) => Err(StoreError::Database("the rebuild ended abnormally".into())),
        }
    })
}

/// What a rebuild would find, without writing: the read models are made in memory.
///
/// # Errors
/// As [`rebuild`].
pub fn check(conn: &mut Conn) -> Result<Rebuilt, StoreError> {
    let mut fresh = in_memory()?;
    let disagreeing = replay(conn, Some(&mut fresh), &mut unwatched)?;
    Ok(compared(&reading::contents(conn)?, &reading::contents(&mut fresh)?, disagreeing))
}

fn own(error: StoreError) -> JobError<StoreError> {
    JobError::Own(error)
}

/// Folds every stream, writes its rows (to `fresh`, or where it was read), and compares the evidence of batches.
fn replay(
    conn: &mut Conn,
    mut fresh: Option<&mut Conn>,
    watch: &mut Watch,
) -> Result<Vec<BatchId>, StoreError> {
    let mut streams = Vec::new();
    for kind in StreamKind::ALL.into_iter().filter(|kind| *kind != StreamKind::Attempts) {
        streams.extend(journal::streams_of(conn, kind)?);
    }
    let total = streams.len() as u64;
    let mut disagreeing = Vec::new();
    for (done, stream) in streams.into_iter().enumerate() {
        let mut world = World::default();
        world.load(stream, journal::entries_of(conn, stream)?)?;
        reading::refresh(fresh.as_deref_mut().unwrap_or(conn), &world)?;
        if stream.kind == StreamKind::Batch && !evidence_agrees(conn, stream, &world)? {
            disagreeing.push(BatchId(stream.id));
        }
        if watch(done as u64 + 1, total).is_break() {
            return Err(StoreError::Stopped);
        }
    }
    disagreeing.extend(strangers(conn)?);
    Ok(disagreeing)
}

fn evidence_agrees(conn: &mut Conn, stream: StreamId, world: &World) -> Result<bool, StoreError> {
    let id = BatchId(stream.id);
    let commands: Vec<_> = world.entries(stream).map(|entry| entry.command).collect();
    let facts: Vec<_> = world.batches.get(&id).into_iter().flat_map(|batch| batch.history()).collect();
    let history = evidence::of_history(id, &commands, &facts)?;
    Ok(evidence::stored(conn, id)?.agrees(&history))
}

/// Batches that have evidence and no history.
fn strangers(conn: &mut Conn) -> QueryResult<BTreeSet<BatchId>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = crate::sql_types::DbUuid)]
        batch: Id,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT batch FROM (SELECT batch FROM gate_fact UNION SELECT batch FROM duty \
         UNION SELECT batch FROM disposition) AS evidence \
         WHERE batch NOT IN (SELECT stream_id FROM journal WHERE stream_kind = 'batch')",
    )
    .load(conn)?;
    Ok(rows.into_iter().map(|row| BatchId(row.batch.0)).collect())
}

fn compared(was: &Contents, due: &Contents, disagreeing: Vec<BatchId>) -> Rebuilt {
    let none = BTreeMap::new();
    let mut rebuilt = Rebuilt { disagreeing, ..Rebuilt::default() };
    for table in due.keys().copied() {
        let (was, due) = (was.get(table).unwrap_or(&none), due.get(table).unwrap_or(&none));
        rebuilt.rows += due.len() as u64;
        for key in was.keys().chain(due.keys().filter(|key| !was.contains_key(*key))) {
            let (was, due) = (was.get(key).cloned(), due.get(key).cloned());
            if was != due {
                rebuilt.differing.push(Difference { table, was, due });
            }
        }
    }
    rebuilt
}
