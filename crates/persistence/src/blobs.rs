//! Blobs: files beside the journal, each under its SHA-256. They are added and never changed; the same file twice is one.

use crate::engine::prelude::*;
use crate::error::StoreError;
use crate::schema::blob;
use crate::sql_types::Id;
use crate::store::Store;
use crate::writer::JobError;
use baiyo_domain::blob::{Blob, MediaType};
use baiyo_domain::ids::PersonId;
use baiyo_domain::journal::Hash;
use baiyo_domain::time::Time;

/// A file as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its SHA-256.
    pub hash: Hash,
    /// What it is.
    pub blob: Blob,
    /// When it was handed in.
    pub added_at: Time,
    /// By whom.
    pub added_by: PersonId,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Store {
    /// Keeps a file under its SHA-256, durably; nothing happens where it is there already. Nothing where it is none that
    /// is taken.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn keep_blob(&self, bytes: Vec<u8>, by: PersonId) -> Result<Option<(Hash, Blob)>, StoreError> {
        let Some(blob) = Blob::of(&bytes) else { return Ok(None) };
        let hash = Hash::of(&bytes);
        let (added_at, _) = self.now();
        let kept = Kept { hash, blob, added_at, added_by: by, bytes };
        self.note(move |conn| add(conn, &kept).map_err(JobError::<StoreError>::Database))
            .map_err(StoreError::from)?;
        Ok(Some((hash, blob)))
    }
}

/// Adds a file; nothing happens where it is there already.
pub(crate) fn add(conn: &mut Conn, kept: &Kept) -> QueryResult<()> {
    // Asked before, since the embedded engine's guard refuses whatever exists.
    if known(conn, kept.hash)?.is_some() {
        return Ok(());
    }
    diesel::insert_into(blob::table)
        .values((
            blob::sha256.eq(kept.hash.0.as_slice()),
            blob::media_type.eq(kept.blob.media_type.name()),
            blob::size.eq(i64::from(kept.blob.size)),
            blob::added_at.eq(kept.added_at.micros()),
            blob::added_by.eq(Id(kept.added_by.0)),
            blob::bytes.eq(kept.bytes.as_slice()),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(())
}

/// What a blob is, if there is one of this hash.
///
/// # Errors
/// The database, or a row that is no blob.
pub fn known(conn: &mut Conn, hash: Hash) -> QueryResult<Option<Blob>> {
    let row: Option<(String, i64)> = blob::table
        .filter(blob::sha256.eq(hash.0.as_slice()))
        .select((blob::media_type, blob::size))
        .first(conn)
        .optional()?;
    row.map(|(media_type, size)| of_row(&media_type, size)).transpose()
}

/// A file.
///
/// # Errors
/// The database, or a row that is no blob.
pub fn read(conn: &mut Conn, hash: Hash) -> QueryResult<Option<Kept>> {
    type Row = (String, i64, i64, Id, Vec<u8>);
    let row: Option<Row> = blob::table
        .filter(blob::sha256.eq(hash.0.as_slice()))
        .select((blob::media_type, blob::size, blob::added_at, blob::added_by, blob::bytes))
        .first(conn)
        .optional()?;
    row.map(|(media_type, size, added_at, added_by, bytes)| {
        Ok(Kept {
            hash,
            blob: of_row(&media_type, size)?,
            added_at: Time::from_micros(added_at).ok_or_else(|| broken("a time outside the calendar"))?,
            added_by: PersonId(added_by.0),
            bytes,
        })
    })
    .transpose()
}

/// The next files in the order of their hashes, from the first or after one.
///
/// # Errors
/// The database, or a row that is no blob.
pub fn after(conn: &mut Conn, last: Option<Hash>, limit: i64) -> QueryResult<Vec<(Hash, Blob)>> {
    let last = last.map(|hash| hash.0.to_vec()).unwrap_or_default();
    let rows: Vec<(Vec<u8>, String, i64)> = blob::table
        .filter(blob::sha256.gt(last))
        .order(blob::sha256)
        .limit(limit)
        .select((blob::sha256, blob::media_type, blob::size))
        .load(conn)?;
    let each = rows.into_iter().map(|(hash, media_type, size)| {
        let hash = hash.try_into().map(Hash).map_err(|_| broken("a hash has 32 bytes"))?;
        Ok((hash, of_row(&media_type, size)?))
    });
    each.collect()
}

fn of_row(media_type: &str, size: i64) -> QueryResult<Blob> {
    let media_type = MediaType::ALL.into_iter().find(|known| known.name() == media_type);
    Ok(Blob {
        media_type: media_type.ok_or_else(|| broken("an unknown media type"))?,
        size: u32::try_from(size).map_err(|_| broken("a size outside its range"))?,
    })
}

fn broken(what: &str) -> diesel::result::Error {
    diesel::result::Error::DeserializationError(format!("blob: {what}").into())
}
