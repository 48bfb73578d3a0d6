//! Sealing: every entry gets its place in one RFC 6962 tree, and the tree's root is signed as a C2SP checkpoint,
//! kept in the database and, so that an outsider can prove a later change, in files outside it.

use crate::engine::postgres::{self, Held};
use crate::engine::prelude::*;
use crate::error::StoreError;
use crate::journal as rows;
use crate::schema::{checkpoint, tree_leaf, tree_node, unsealed};
use crate::sql_types::Id;
use crate::store::Store;
use crate::writer::JobError;
use baiyo_domain::event::Event;
use baiyo_domain::journal::Hash;
use baiyo_domain::journal::checkpoint::{Checkpoint, Verifier};
use baiyo_domain::journal::tree::{self, TreeError};
use baiyo_domain::time::Time;
use ed25519_dalek::SigningKey;
use std::io::Write;
use std::path::Path;

/// Entries sealed in one transaction at most, so that a long backlog never keeps writers waiting.
const PAGE: i64 = 500;

/// Seals everything not yet in the tree; returns the tree's size.
pub(crate) fn seal(store: &Store) -> Result<u64, StoreError> {
    let origin = store.read(origin)?;
    let Some(origin) = origin else { return Ok(0) };
    loop {
        let sealed =
            store.write(|conn| Ok::<_, JobError<StoreError>>(seal_page(conn)?)).map_err(StoreError::from)?;
        if sealed < PAGE {
            break;
        }
    }
    // Together, so that a checkpoint is over a tree that stood still.
    let (key, time) = (store.keys.checkpoint_key().clone(), store.time.clone());
    let (size, note) =
        store.write(move |conn| sign(conn, origin, &key, time.now().0)).map_err(StoreError::from)?;
    let folder = store.folder().join("checkpoints");
    store.write(move |conn| publish(conn, &folder, size, &note)).map_err(StoreError::from)?;
    Ok(size)
}

fn sign(
    conn: &mut Conn,
    origin: String,
    key: &SigningKey,
    now: Time,
) -> Result<(u64, String), JobError<StoreError>> {
    postgres::lock(conn, SEALER, Held::Alone)?;
    let size = size(conn)?;
    let root =
        tree::root(size, |level, index| node(conn, level, index)).map_err(|e| JobError::Own(broken(e)))?;
    let note = Checkpoint { origin, size, root }.sign(key);
    let known: Option<String> =
        checkpoint::table.find(as_i64(size)).select(checkpoint::note).first(conn).optional()?;
    match known {
        Some(note) => Ok((size, note)),
        None => {
            diesel::insert_into(checkpoint::table)
                .values((
                    checkpoint::size.eq(as_i64(size)),
                    checkpoint::root.eq(root.0.as_slice()),
                    checkpoint::note.eq(&note),
                    checkpoint::sealed_at.eq(now.micros()),
                ))
                .execute(conn)?;
            Ok((size, note))
        }
    }
}

fn broken(error: TreeError<diesel::result::Error>) -> StoreError {
    StoreError::Database(format!("the tree: {error}"))
}

/// The origin of this centre's checkpoints, once it is founded.
///
/// # Errors
/// The database.
pub fn origin(conn: &mut Conn) -> Result<Option<String>, StoreError> {
    let Some(stream) = rows::site_stream(conn)? else { return Ok(None) };
    let first = rows::entries_of(conn, stream)?.into_iter().next();
    Ok(first.and_then(|entry| match Event::read(&entry) {
        Ok((Event::Site(baiyo_domain::site::Event::Founding(founding)), _)) => {
            Some(founding.origin.to_string())
        }
        _ => None,
    }))
}

/// The key that checkpoints are verified with, in its C2SP text form.
///
/// # Errors
/// The origin cannot name a key.
pub fn verifier(store: &Store) -> Result<Option<Verifier>, StoreError> {
    let Some(origin) = store.read(origin)? else { return Ok(None) };
    let key = store.keys.checkpoint_key().verifying_key();
    Verifier::new(&origin, key).map(Some).map_err(|error| StoreError::Database(error.to_string()))
}

/// By what the nodes on one database agree who seals: whoever holds the lock, until his transaction ends.
const SEALER: &str = "sealer";

fn seal_page(conn: &mut Conn) -> QueryResult<i64> {
    postgres::lock(conn, SEALER, Held::Alone)?;
    let size = size(conn)?;
    let page = rows::unsealed(conn, PAGE)?;
    for (size, entry) in (size..).zip(&page) {
        let nodes =
            tree::append(size, entry.hash, |level, index| node(conn, level, index)).map_err(|error| {
                diesel::result::Error::DeserializationError(format!("the tree: {error}").into())
            })?;
        diesel::insert_into(tree_leaf::table)
            .values((tree_leaf::tree_index.eq(as_i64(size)), tree_leaf::entry.eq(Id(entry.id.0))))
            .execute(conn)?;
        for (level, index, hash) in nodes {
            diesel::insert_into(tree_node::table)
                .values((
                    tree_node::level.eq(i32::from(level)),
                    tree_node::idx.eq(as_i64(index)),
                    tree_node::hash.eq(hash.0.as_slice()),
                ))
                .execute(conn)?;
        }
    }
    Ok(i64::try_from(page.len()).unwrap_or(i64::MAX))
}

/// The tree's size.
///
/// # Errors
/// The database.
pub fn size(conn: &mut Conn) -> QueryResult<u64> {
    let last: Option<i64> = tree_leaf::table
        .order(tree_leaf::tree_index.desc())
        .select(tree_leaf::tree_index)
        .first(conn)
        .optional()?;
    Ok(last.map_or(0, |last| u64::try_from(last).unwrap_or(0) + 1))
}

/// The hash of a complete subtree.
///
/// # Errors
/// The database.
pub fn node(conn: &mut Conn, level: u8, index: u64) -> QueryResult<Option<Hash>> {
    let hash: Option<Vec<u8>> = tree_node::table
        .find((i32::from(level), as_i64(index)))
        .select(tree_node::hash)
        .first(conn)
        .optional()?;
    Ok(hash.and_then(|bytes| bytes.try_into().ok()).map(Hash))
}

/// The newest checkpoint's note.
///
/// # Errors
/// The database.
pub fn newest_note(conn: &mut Conn) -> QueryResult<Option<String>> {
    checkpoint::table.order(checkpoint::size.desc()).select(checkpoint::note).first(conn).optional()
}

/// How far the journal is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Entries in the tree.
    pub sealed: u64,
    /// Entries that wait for their place in it.
    pub unsealed: u64,
    /// When the newest checkpoint was signed.
    pub checkpoint_at: Option<Time>,
}

/// How far the journal is sealed.
///
/// # Errors
/// The database.
pub fn standing(conn: &mut Conn) -> QueryResult<Standing> {
    let unsealed: i64 = unsealed::table.count().get_result(conn)?;
    let newest = checkpoint::table.order(checkpoint::size.desc()).select(checkpoint::sealed_at);
    let newest: Option<i64> = newest.first(conn).optional()?;
    Ok(Standing {
        sealed: size(conn)?,
        unsealed: u64::try_from(unsealed).unwrap_or(0),
        checkpoint_at: newest.and_then(Time::from_micros),
    })
}

/// An entry's place in the tree.
///
/// # Errors
/// The database.
pub fn tree_index(conn: &mut Conn, entry: uuid::Uuid) -> QueryResult<Option<u64>> {
    let index: Option<i64> = tree_leaf::table
        .filter(tree_leaf::entry.eq(Id(entry)))
        .select(tree_leaf::tree_index)
        .first(conn)
        .optional()?;
    Ok(index.and_then(|index| u64::try_from(index).ok()))
}

fn as_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Writes a checkpoint beside the database, and the newest one as `latest`; one sealer after the other, so that no older
/// one takes the place of a newer.
fn publish(conn: &mut Conn, folder: &Path, size: u64, note: &str) -> Result<(), JobError<StoreError>> {
    postgres::lock(conn, SEALER, Held::Alone)?;
    let newest = newest_note(conn)?;
    let files = [(format!("{size:012}.txt"), Some(note)), ("latest.txt".into(), newest.as_deref())];
    for (name, note) in files.into_iter().filter_map(|(name, note)| Some((name, note?))) {
        write_whole(folder, &name, note).map_err(|error| {
            JobError::Own(StoreError::Folder {
                folder: folder.display().to_string(),
                reason: error.to_string(),
            })
        })?;
    }
    Ok(())
}

fn write_whole(folder: &Path, name: &str, text: &str) -> std::io::Result<()> {
    let unfinished = folder.join(format!(".{name}.new"));
    let mut file = std::fs::File::create(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&unfinished, folder.join(name))
}
