//! Exports: what an outsider needs to read and verify a batch, or the whole journal, with tools of his own.

use baiyo_domain::ids::BatchId;
use baiyo_exchange::export::{Export, ExportedEntry, ExportedFile, Head};
use baiyo_persistence::extract::{self, Extracted};
use baiyo_persistence::progress::Watch;
use baiyo_persistence::{Store, StoreError, blobs};
use std::collections::BTreeSet;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

/// One batch with everything its record rests on, under the newest checkpoint; nothing before the first sealing, or
/// where there is no such batch.
///
/// # Errors
/// The records cannot be read.
pub fn batch(store: &Store, id: BatchId) -> Result<Option<Export>, StoreError> {
    let Some(head) = extract::head(store)? else { return Ok(None) };
    let entries = extract::of_batch(store, &head, id)?;
    Ok(entries.map(|entries| {
        let files: BTreeSet<ExportedFile> = entries.iter().filter_map(named).collect();
        Export {
            entries: entries.into_iter().map(exported).collect(),
            head: head_of(head, false),
            files: files.into_iter().collect(),
        }
    }))
}

/// Writes the whole journal, a page at a time; how many entries that were, and the files that they name. `watch` is told
/// after each entry.
///
/// # Errors
/// Nothing is sealed yet; the records cannot be read, or the file written; it was stopped.
pub fn everything(
    store: &Store,
    out: impl Write,
    watch: &mut Watch,
) -> Result<(u64, Vec<ExportedFile>), StoreError> {
    let head = extract::head(store)?.ok_or_else(|| StoreError::Database("nothing is sealed yet".into()))?;
    let total = head.size;
    let broken = |error: std::io::Error| StoreError::Database(error.to_string());
    let mut writing =
        baiyo_exchange::export::Writer::new(out, &head_of(head.clone(), true)).map_err(broken)?;
    let (mut written, mut files) = (0, BTreeSet::new());
    extract::everything(store, &head, &mut |extracted| {
        files.extend(named(&extracted));
        writing.entry(&exported(extracted)).map_err(broken)?;
        written += 1;
        match watch(written, total) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(StoreError::Stopped),
        }
    })?;
    let files: Vec<ExportedFile> = files.into_iter().collect();
    writing.finish(&files).map_err(broken)?;
    Ok((written, files))
}

/// Writes the files that an export names into a folder, each under its SHA-256.
///
/// # Errors
/// The records cannot be read or lack one of them, or the folder cannot be written.
pub fn files(store: &Store, named: &[ExportedFile], folder: &Path) -> Result<(), StoreError> {
    let broken = |error: std::io::Error| StoreError::Folder {
        folder: folder.display().to_string(),
        reason: error.to_string(),
    };
    std::fs::create_dir_all(folder).map_err(broken)?;
    for file in named {
        let kept = store.read(|conn| Ok::<_, StoreError>(blobs::read(conn, file.sha256)?))?;
        let kept =
            kept.ok_or_else(|| StoreError::Database(format!("the file {} is not there", file.sha256)))?;
        std::fs::write(folder.join(file.name()), kept.bytes).map_err(broken)?;
    }
    Ok(())
}

fn named(extracted: &Extracted) -> Option<ExportedFile> {
    ExportedFile::of(&extracted.entry)
}

fn head_of(head: extract::Head, complete: bool) -> Head {
    Head::new(head.origin, head.vkey, head.note, complete)
}

fn exported(extracted: Extracted) -> ExportedEntry {
    ExportedEntry::new(&extracted.entry, extracted.tree_index, extracted.proof)
}
