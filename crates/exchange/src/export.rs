//! The export: entries of the journal as one JSON object that anyone can verify without Baiyo, as
//! `docs/developer/journal-format.md` describes it under "Exports" and `tests/twin/verify.py` checks it.

use baiyo_domain::blob::{Blob, MediaType};
use baiyo_domain::event::Event;
use baiyo_domain::journal::{Entry, Hash};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use std::io::{self, Write};

/// The name of this form.
pub const FORMAT: &str = "baiyo-export/2";

/// A whole export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Export {
    /// Everything but the entries.
    #[serde(flatten)]
    pub head: Head,
    /// The entries; those of one stream in the order of their versions.
    pub entries: Vec<ExportedEntry>,
    /// The files that they name, each once. Their bytes stand beside the export or are asked for by their hashes.
    pub files: Vec<ExportedFile>,
}

/// A file that an entry of an export names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ExportedFile {
    /// Its SHA-256, in hexadecimal.
    pub sha256: Hash,
    /// What it is.
    pub media_type: MediaType,
    /// How many bytes it has.
    pub size: u32,
}

impl ExportedFile {
    /// The one that an entry names, if it does.
    pub fn of(entry: &Entry) -> Option<Self> {
        match Event::read(entry).ok()?.0 {
            Event::Batch(fact) => {
                let (sha256, Blob { media_type, size }) = fact.file()?;
                Some(Self { sha256, media_type, size })
            }
            _ => None,
        }
    }

    /// What it is called where it stands beside an export.
    pub fn name(&self) -> String {
        let ending = match self.media_type {
            MediaType::Jpeg => "jpg",
            MediaType::Png => "png",
            MediaType::Webp => "webp",
        };
        format!("{}.{ending}", self.sha256)
    }
}

/// Everything in an export but the entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Head {
    /// [`FORMAT`].
    pub format: &'static str,
    /// The log's origin.
    pub origin: String,
    /// The log's public key, in its C2SP text form.
    pub vkey: String,
    /// The checkpoint that the entries are shown against: a signed note.
    pub checkpoint: String,
    /// Whether every entry under the checkpoint is here.
    pub complete: bool,
    /// The kinds of which every entry must be signed.
    pub signed_kinds: &'static [&'static str],
}

impl Head {
    /// The head of an export of this version of Baiyo.
    pub fn new(origin: String, vkey: String, checkpoint: String, complete: bool) -> Self {
        Self { format: FORMAT, origin, vkey, checkpoint, complete, signed_kinds: &Event::SIGNED_KINDS }
    }
}

/// One entry of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExportedEntry {
    /// A UUID.
    pub id: String,
    /// `kind/uuid`.
    pub stream: String,
    /// Its place in the stream, from 1.
    pub version: u32,
    /// When the act happened, microseconds since 1970.
    pub occurred_at: i64,
    /// When it was recorded, microseconds since 1970.
    pub recorded_at: i64,
    /// A UUID.
    pub performer: String,
    /// A UUID.
    pub recorder: String,
    /// A UUID.
    pub command: String,
    /// What happened.
    pub kind: String,
    /// The version of the payload's form.
    pub schema_version: u16,
    /// The exact payload, in base64.
    pub payload: String,
    /// In hexadecimal.
    pub previous_hash: Hash,
    /// In hexadecimal.
    pub hash: Hash,
    /// Its index in the tree, if the checkpoint covers it.
    pub tree_index: Option<u64>,
    /// The hashes that lead to the checkpoint's root, the leaf's sibling first.
    pub proof: Option<Vec<Hash>>,
}

impl ExportedEntry {
    /// An entry with its place under the checkpoint.
    pub fn new(entry: &Entry, tree_index: Option<u64>, proof: Option<Vec<Hash>>) -> Self {
        Self {
            id: entry.id.to_string(),
            stream: entry.stream.to_string(),
            version: entry.version,
            occurred_at: entry.occurred_at.micros(),
            recorded_at: entry.recorded_at.micros(),
            performer: entry.performer.to_string(),
            recorder: entry.recorder.to_string(),
            command: entry.command.to_string(),
            kind: entry.kind.clone(),
            schema_version: entry.schema_version,
            payload: STANDARD.encode(&entry.payload),
            previous_hash: entry.previous_hash,
            hash: entry.hash,
            tree_index,
            proof,
        }
    }
}

/// Writes an export entry by entry, for one that is too large to be held: the same bytes as [`Export`] has in JSON.
pub struct Writer<W: Write> {
    out: W,
    any: bool,
}

impl<W: Write> Writer<W> {
    /// Writes the head.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(mut out: W, head: &Head) -> io::Result<Self> {
        let mut text = serde_json::to_vec(head)?;
        // The head is an object that is not empty: without its closing brace the entries can follow.
        text.pop();
        out.write_all(&text)?;
        out.write_all(br#","entries":["#)?;
        Ok(Self { out, any: false })
    }

    /// Writes one entry.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn entry(&mut self, entry: &ExportedEntry) -> io::Result<()> {
        if self.any {
            self.out.write_all(b",")?;
        }
        self.any = true;
        Ok(serde_json::to_writer(&mut self.out, entry)?)
    }

    /// Ends the export with the files that its entries name, and gives the writer back.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(mut self, files: &[ExportedFile]) -> io::Result<W> {
        self.out.write_all(br#"],"files":"#)?;
        serde_json::to_writer(&mut self.out, files)?;
        self.out.write_all(b"}")?;
        self.out.flush()?;
        Ok(self.out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baiyo_domain::ids::{CommandId, EntryId, PersonId};
    use baiyo_domain::journal::{StreamId, StreamKind};
    use baiyo_domain::time::Time;
    use uuid::Uuid;

    fn entry() -> ExportedEntry {
        let id = Uuid::from_u128;
        let at = Time::from_micros(1_763_877_900_000_000).unwrap();
        let entry = Entry {
            id: EntryId(id(1)),
            stream: StreamId { kind: StreamKind::Batch, id: id(2) },
            version: 1,
            occurred_at: at,
            recorded_at: at,
            performer: PersonId(id(3)),
            recorder: PersonId(id(3)),
            command: CommandId(id(4)),
            kind: "batch.intake.opened".into(),
            schema_version: 1,
            payload: br#"{"event":"x"}"#.to_vec(),
            previous_hash: Hash::ZERO,
            hash: Hash::of(b"x"),
        };
        ExportedEntry::new(&entry, Some(0), Some(vec![Hash::ZERO]))
    }

    fn file() -> ExportedFile {
        ExportedFile { sha256: Hash::of(b"picture"), media_type: MediaType::Png, size: 7 }
    }

    #[test]
    fn both_ways_of_writing_give_the_same_bytes() {
        let head = Head::new("o".into(), "v".into(), "c\n".into(), true);
        for entries in [vec![], vec![entry()], vec![entry(), entry(), entry()]] {
            let mut writer = Writer::new(Vec::new(), &head).unwrap();
            entries.iter().try_for_each(|entry| writer.entry(entry)).unwrap();
            let files = entries.iter().take(1).map(|_| file()).collect::<Vec<_>>();
            let whole = Export { head: head.clone(), entries, files };
            assert_eq!(writer.finish(&whole.files).unwrap(), serde_json::to_vec(&whole).unwrap());
        }
    }

    #[test]
    fn the_members_are_those_of_the_documented_form() {
        let head = Head::new("o".into(), "v".into(), "c\n".into(), false);
        let export =
            serde_json::to_value(Export { head, entries: vec![entry()], files: vec![file()] }).unwrap();
        let names =
            |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(
            names(&export),
            ["checkpoint", "complete", "entries", "files", "format", "origin", "signed_kinds", "vkey"]
        );
        assert_eq!(
            export["files"][0],
            serde_json::json!({"sha256": Hash::of(b"picture"), "media_type": "image/png", "size": 7})
        );
        assert_eq!(
            names(&export["entries"][0]),
            [
                "command",
                "hash",
                "id",
                "kind",
                "occurred_at",
                "payload",
                "performer",
                "previous_hash",
                "proof",
                "recorded_at",
                "recorder",
                "schema_version",
                "stream",
                "tree_index",
                "version"
            ]
        );
    }
}
