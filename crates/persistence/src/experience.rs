//! What a centre's earlier batches of one product teach: the newest of them, found by an index. Forecasts rest on them,
//! and trends show them.

use crate::engine::prelude::*;
use crate::error::StoreError;
use crate::on_engine;
use crate::reading::{self, BatchRow, ClinicScope};
use crate::schema::batch_row;
use baiyo_domain::batch::Batch;
use baiyo_domain::forecast::Experience;
use baiyo_domain::ids::BatchId;
use baiyo_domain::standard::Standard;
use std::sync::Arc;

/// A forecast rests on so many earlier batches at most: more would change it little, and each has to be read.
const TAUGHT_BY: usize = 24;
/// Where a batch stands that teaches nothing yet.
const BEFORE_HARVEST: [&str; 5] = ["opened", "instructed", "tissue_received", "tissue_refused", "in_culture"];

/// What to expect of a standard's next batch at this centre.
///
/// # Errors
/// The database, or a history that cannot have happened.
pub fn of(conn: &mut Conn, standard: &Standard) -> Result<Experience, StoreError> {
    // Of all clinics: what comes of it is how long such a batch takes, and nothing of any one.
    conn.of_whole_centre(|conn| taught(conn, standard))
}

fn taught(conn: &mut Conn, standard: &Standard) -> Result<Experience, StoreError> {
    let rows = newest(conn, standard.code.as_str(), 3 * TAUGHT_BY)?;
    let ended = rows.into_iter().filter(|row| !BEFORE_HARVEST.contains(&row.status.as_str()));
    let batches = folded(conn, ended.take(TAUGHT_BY))?;
    Ok(Experience::of(standard, batches.iter().map(Arc::as_ref)))
}

/// The newest batches of a product that were harvested, newest first, whichever version they pinned.
///
/// # Errors
/// The database, or a history that cannot have happened.
pub fn harvested(conn: &mut Conn, code: &str, most: usize) -> Result<Vec<Arc<Batch>>, StoreError> {
    let rows = newest(conn, code, 2 * most)?;
    let ended = rows.into_iter().filter(|row| !BEFORE_HARVEST.contains(&row.status.as_str()));
    let mut batches = folded(conn, ended.take(most))?;
    batches.retain(|batch| !batch.harvests.is_empty());
    Ok(batches)
}

fn folded(conn: &mut Conn, rows: impl Iterator<Item = BatchRow>) -> Result<Vec<Arc<Batch>>, StoreError> {
    let mut batches = Vec::new();
    for row in rows {
        batches.extend(reading::batch(conn, ClinicScope::Centre, BatchId(row.id.0))?);
    }
    Ok(batches)
}

fn newest(conn: &mut Conn, code: &str, most: usize) -> Result<Vec<BatchRow>, StoreError> {
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let mut rows: Vec<BatchRow> = Vec::new();
    for edition in reading::standards(conn)?.into_iter().filter(|row| row.code == code) {
        let name = format!("{} v{}", edition.code, edition.edition);
        let of_edition: Vec<BatchRow> = on_engine!(conn => diesel::RunQueryDsl::load(batch_row::table
            .filter(batch_row::standard.eq(&name))
            .order((batch_row::opened_at.desc(), batch_row::id.desc()))
            .limit(limit)
            .select(BatchRow::as_select()), conn))?;
        rows.extend(of_edition);
    }
    rows.sort_by_key(|row| std::cmp::Reverse((row.opened_at, row.id.0)));
    rows.truncate(most);
    Ok(rows)
}
