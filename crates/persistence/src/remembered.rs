//! Streams that were read and folded, remembered by their newest entry. Whoever reads one again asks the database only
//! whether that entry still stands there, and for what followed it: a hash is of everything before it, so what is
//! remembered by it is what folding all of it again would make. An older row that somebody changes in the file without
//! its hash is not seen from here (`verify` sees it); so what rests on signatures is read whole.

use crate::engine::prelude::*;
use crate::journal;
use baiyo_domain::journal::{StreamId, StreamKind};
use baiyo_domain::refusal::Impossible;
use baiyo_domain::world::World;
use diesel::result::Error as DieselError;
use lru::LruCache;
use std::sync::{Arc, Mutex, MutexGuard};

/// Entries that are remembered at most; about 5 kB each, with what they fold into.
const MOST: usize = 12_000;

/// Why a stream could not be loaded.
pub enum Unread {
    /// The database.
    Database(DieselError),
    /// A history that cannot have happened.
    Impossible(Impossible),
}

impl From<DieselError> for Unread {
    fn from(error: DieselError) -> Self {
        Self::Database(error)
    }
}

/// Takes a stream into `world` as the database has it, from memory as far as that agrees with it.
///
/// # Errors
/// The database, or a history that cannot have happened.
pub fn load(conn: &mut Conn, stream: StreamId, world: &mut World) -> Result<(), Unread> {
    let remembered = Arc::clone(&conn.remembered);
    if let Some(known) = remembered.of(stream) {
        let mut since = journal::entries_since(conn, stream, known.version(stream))?.into_iter();
        if since.next().is_some_and(|newest| newest.hash == known.head(stream)) {
            if since.len() == 0 {
                world.share(&known, stream);
            } else {
                world.follow(&known, stream, since).map_err(in_stream(stream))?;
                remembered.keep(world, stream);
            }
            return Ok(());
        }
    }
    load_whole(conn, stream, world)?;
    remembered.keep(world, stream);
    Ok(())
}

/// Takes a stream into `world` from the database alone.
///
/// # Errors
/// The database, or a history that cannot have happened.
pub fn load_whole(conn: &mut Conn, stream: StreamId, world: &mut World) -> Result<(), Unread> {
    world.load(stream, journal::entries_of(conn, stream)?).map_err(in_stream(stream))
}

fn in_stream(stream: StreamId) -> impl Fn(Impossible) -> Unread {
    move |why| Unread::Impossible(Impossible::because(format!("{stream}: {why}")))
}

/// What is remembered of one database.
#[derive(Default)]
pub struct Remembered(Mutex<Streams>);

struct Streams {
    /// Each in a world of its own, the one used last first.
    worlds: LruCache<StreamId, Arc<World>>,
    /// How many entries they have.
    entries: usize,
}

impl Default for Streams {
    fn default() -> Self {
        Self { worlds: LruCache::unbounded(), entries: 0 }
    }
}

impl Remembered {
    /// Remembers a stream as a world has it. It need not be committed: it is found only as long as its newest entry is.
    pub fn keep(&self, world: &World, stream: StreamId) {
        let entries = world.entries(stream).len();
        // Of attempts a world may have the newest alone.
        if entries == 0 || stream.kind == StreamKind::Attempts {
            return;
        }
        let mut own = World::default();
        own.share(world, stream);
        let mut streams = self.streams();
        let before = streams.worlds.put(stream, Arc::new(own));
        streams.entries += entries;
        streams.entries -= before.map_or(0, |before| before.entries(stream).len());
        while streams.entries > MOST
            && let Some((oldest, forgotten)) = streams.worlds.pop_lru()
        {
            streams.entries -= forgotten.entries(oldest).len();
        }
    }

    fn of(&self, stream: StreamId) -> Option<Arc<World>> {
        self.streams().worlds.get(&stream).cloned()
    }

    fn streams(&self) -> MutexGuard<'_, Streams> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
