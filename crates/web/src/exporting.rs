//! Exports: what an outsider needs to read and verify a batch, or the whole journal, with tools of his own.

use baiyo_domain::ids::BatchId;
use baiyo_exchange::export::{Export, ExportedEntry, Head};
use baiyo_persistence::extract::{self, Extracted};
use baiyo_persistence::progress::Watch;
use baiyo_persistence::{Store, StoreError};
use std::io::Write;
use std::ops::ControlFlow;

/// One batch with everything its record rests on, under the newest checkpoint; nothing before the first sealing, or
/// where there is no such batch.
///
/// # Errors
/// The records cannot be read.
pub fn batch(store: &Store, id: BatchId) -> Result<Option<Export>, StoreError> {
    let Some(head) = extract::head(store)? else { return Ok(None) };
    let entries = extract::of_batch(store, &head, id)?;
    Ok(entries.map(|entries| Export {
        entries: entries.into_iter().map(exported).collect(),
        head: head_of(head, false),
    }))
}

/// Writes the whole journal, a page at a time; how many entries that were. `watch` is told after each.
///
/// # Errors
/// Nothing is sealed yet; the records cannot be read, or the file written; it was stopped.
pub fn everything(store: &Store, out: impl Write, watch: &mut Watch) -> Result<u64, StoreError> {
    let head = extract::head(store)?.ok_or_else(|| StoreError::Database("nothing is sealed yet".into()))?;
    let total = head.size;
    let broken = |error: std::io::Error| StoreError::Database(error.to_string());
    let mut writing =
        baiyo_exchange::export::Writer::new(out, &head_of(head.clone(), true)).map_err(broken)?;
    let mut written = 0;
    extract::everything(store, &head, &mut |extracted| {
        writing.entry(&exported(extracted)).map_err(broken)?;
        written += 1;
        match watch(written, total) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(StoreError::Stopped),
        }
    })?;
    writing.finish().map_err(broken)?;
    Ok(written)
}

fn head_of(head: extract::Head, complete: bool) -> Head {
    Head::new(head.origin, head.vkey, head.note, complete)
}

fn exported(extracted: Extracted) -> ExportedEntry {
    ExportedEntry::new(&extracted.entry, extracted.tree_index, extracted.proof)
}
