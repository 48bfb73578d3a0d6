//! Every checkpoint that can be found: whether it is one of this log, and whether its root is that of the tree.

use super::dialect::Dialect;
use super::rows::{self, Bounds};
use super::signatures::key_in;
use super::since::Since;
use super::tree::Edge;
use super::{Check, END, Fault, Note, Source};
use crate::engine::prelude::*;
use baiyo_domain::journal::Hash;
use base64::{Engine, engine::general_purpose::STANDARD};
use diesel::sql_types::{BigInt, Binary};
use ed25519_dalek::{SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Checkpoints kept outside the database.
pub struct Kept<'a> {
    /// Those in the data folder.
    pub files: Files,
    /// Those given.
    pub outside: &'a [String],
    /// The one to resume from.
    pub since: Option<&'a str>,
}

/// What lies in the folder of checkpoints: it is listed before the database is read, since whatever is in a file
/// was in the database before.
pub struct Files {
    folder: PathBuf,
    /// By size, as in their names.
    sized: Vec<(u64, String)>,
    /// Those whose name says no size, with their texts.
    others: Vec<(String, String)>,
}

/// Lists the checkpoints in a data folder.
pub fn files(folder: &Path) -> Files {
    let mut files = Files { folder: folder.join("checkpoints"), sized: Vec::new(), others: Vec::new() };
    let listed = std::fs::read_dir(&files.folder).into_iter().flatten().flatten();
    for name in listed.filter_map(|file| file.file_name().into_string().ok()) {
        let Some(stem) = name.strip_suffix(".txt").filter(|stem| !stem.starts_with('.')) else { continue };
        match stem.parse() {
            Ok(size) => files.sized.push((size, name)),
            Err(_) => files.others.push((name.clone(), text(&files.folder.join(name)))),
        }
    }
    files
}

fn text(file: &Path) -> String {
    std::fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// The log as its checkpoints name it.
pub struct Log<'a> {
    origin: &'a str,
    key: Option<VerifyingKey>,
}

impl<'a> Log<'a> {
    /// Of a data folder.
    pub fn of(folder: &Path, origin: &'a str) -> Self {
        let key = key_in(&folder.join("keys").join("checkpoint.seed"));
        Self { origin, key: key.map(|seed| SigningKey::from_bytes(&seed).verifying_key()) }
    }

    /// Says with which key checkpoints were verified.
    pub fn tell(&self, check: &mut Check) {
        check.report.notes.push(match &self.key {
            Some(key) => Note::LogKey(self.vkey(key)),
            None => Note::NoLogKey,
        });
    }

    fn vkey(&self, key: &VerifyingKey) -> String {
        let typed = [&[1], key.as_bytes().as_slice()].concat();
        format!("{}+{}+{}", self.origin, rows::hex(&self.key_id(key)), STANDARD.encode(typed))
    }

    fn key_id(&self, key: &VerifyingKey) -> [u8; 4] {
        let sha =
            Sha256::new().chain_update(self.origin).chain_update([b'\n', 1]).chain_update(key).finalize();
        [sha[0], sha[1], sha[2], sha[3]]
    }

    /// The size and root in a checkpoint of this log (`docs/developer/journal-format.md`, "Checkpoints").
    pub fn open(&self, note: &str) -> Result<(u64, Hash), &'static str> {
        let form = "it is not of a checkpoint's form";
        let lines: Vec<&str> = note.split('\n').collect();
        let [origin, size, root, "", signature, ""] = lines[..] else { return Err(form) };
        let (name, signature) = signature.strip_prefix("— ").and_then(|s| s.split_once(' ')).ok_or(form)?;
        let signature: [u8; 68] =
            STANDARD.decode(signature).ok().and_then(|s| s.try_into().ok()).ok_or(form)?;
        let (id, value) = signature.split_at(4);
        let number: u64 = size.parse().map_err(|_| form)?;
        let hash = STANDARD.decode(root).ok().and_then(|root| rows::hash(&root)).ok_or(form)?;
        if number.to_string() != size {
            return Err(form);
        }
        if origin != self.origin || name != self.origin {
            return Err("it names another log");
        }
        if let Some(key) = &self.key {
            if id != self.key_id(key) {
                return Err("it is signed with another key");
            }
            let text = format!("{origin}\n{size}\n{root}\n");
            let value = ed25519_dalek::Signature::from_slice(value).map_err(|_| form)?;
            key.verify_strict(text.as_bytes(), &value).map_err(|_| "its signature does not verify")?;
        }
        Ok((number, hash))
    }
}

/// The checkpoints yet to be compared, by the size they say.
pub struct Claims<'a> {
    due: BTreeMap<u64, Vec<Source>>,
    kept: &'a Kept<'a>,
    /// The size of the last checkpoint that agreed, and of the last one from outside that did: whoever has the log's
    /// key can make all others agree.
    agreed: Option<u64>,
    agreed_outside: Option<u64>,
}

#[derive(QueryableByName)]
struct CheckpointRow {
    #[diesel(sql_type = BigInt)]
    size: i64,
    #[diesel(sql_type = Binary)]
    root: Vec<u8>,
    #[diesel(sql_type = Binary)]
    note: Vec<u8>,
}

impl<'a> Claims<'a> {
    /// Finds them, and reports those that are none of this log.
    pub fn collect(
        check: &mut Check,
        conn: &mut Conn,
        log: &Log,
        kept: &'a Kept<'a>,
        bounds: &Bounds,
    ) -> QueryResult<Self> {
        let mut due: BTreeMap<u64, Vec<Source>> = BTreeMap::new();
        let sql = Dialect::of(conn);
        let sizes: Vec<CheckpointRow> = diesel::sql_query(format!(
            "SELECT {} AS size, {nothing} AS root, {nothing} AS note FROM checkpoint WHERE {} ORDER BY size",
            sql.integer("size"),
            sql.checkpoint_was_there(),
            nothing = sql.nothing(),
        ))
        .bind::<BigInt, _>(bounds.checkpoints)
        .load(conn)?;
        for CheckpointRow { size, .. } in sizes {
            due.entry(u64::try_from(size).unwrap_or(0)).or_default().push(Source::Database(size));
        }
        for (size, name) in &kept.files.sized {
            due.entry(*size).or_default().push(Source::File(name.clone()));
        }
        let others = kept.files.others.iter().map(|(name, note)| (Source::File(name.clone()), note.as_str()));
        let outside = kept.outside.iter().enumerate();
        let outside = outside.map(|(place, note)| (Source::Outside(place + 1), note.as_str()));
        let since = kept.since.iter().map(|note| (Source::Since, *note));
        for (source, note) in others.chain(outside).chain(since) {
            match log.open(note) {
                Ok((size, _)) => due.entry(size).or_default().push(source),
                Err(reason) => {
                    check.report.checkpoints += 1;
                    check.findings.found(END, Fault::Checkpoint { source_name: source, reason });
                }
            }
        }
        Ok(Self { due, kept, agreed: None, agreed_outside: None })
    }

    /// Compares those over fewer entries than the checkpoint from which the check goes on with the older trees that
    /// stand under it.
    pub fn compare_older(
        &mut self,
        check: &mut Check,
        conn: &mut Conn,
        log: &Log,
        since: &mut Since,
    ) -> QueryResult<()> {
        let older: Vec<u64> = self.due.range(..since.size).map(|(size, _)| *size).collect();
        for size in older {
            match since.edge_at(check, conn, size)? {
                Some(edge) => self.compare(check, conn, log, &edge)?,
                // The damage is a finding; what the checkpoints are by themselves can be told all the same.
                None => {
                    for source in self.due.remove(&size).unwrap_or_default() {
                        check.report.checkpoints += 1;
                        if let Err(fault) = self.stated(conn, log, &source, size)? {
                            check.findings.found(END, fault);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Compares the checkpoints over as many entries as the edge has with its root.
    pub fn compare(&mut self, check: &mut Check, conn: &mut Conn, log: &Log, edge: &Edge) -> QueryResult<()> {
        let size = edge.count;
        let Some(sources) = self.due.remove(&size) else { return Ok(()) };
        let root = edge.root();
        let (mut agreed, mut agreed_outside) = (false, false);
        for source_name in sources {
            check.report.checkpoints += 1;
            let outside = matches!(source_name, Source::Outside(_) | Source::Since);
            match self.stated(conn, log, &source_name, size)? {
                Err(fault) => check.findings.found(END, fault),
                Ok(stated) if stated != root => {
                    let agreed = if outside { self.agreed_outside } else { self.agreed };
                    check
                        .findings
                        .found(END, Fault::Root { source_name, size, since: agreed.unwrap_or(0) + 1 });
                }
                Ok(_) => {
                    agreed = true;
                    agreed_outside |= outside;
                }
            }
        }
        if agreed {
            self.agreed = Some(size);
        }
        if agreed_outside {
            self.agreed_outside = Some(size);
        }
        Ok(())
    }

    /// The root that a checkpoint over `size` entries states, if it is one of this log.
    fn stated(
        &self,
        conn: &mut Conn,
        log: &Log,
        source: &Source,
        size: u64,
    ) -> QueryResult<Result<Hash, Fault>> {
        let (note, row_root) = self.note(conn, source)?;
        let source_name = source.clone();
        Ok(match log.open(&note) {
            Err(reason) => Err(Fault::Checkpoint { source_name, reason }),
            Ok((stated, root)) if stated != size || row_root.is_some_and(|row_root| row_root != root.0) => {
                Err(Fault::CheckpointRow { source_name })
            }
            Ok((_, root)) => Ok(root),
        })
    }

    /// Says which one is the largest that agreed, and reports those that are over more entries than there are.
    pub fn close(self, check: &mut Check, present: u64) {
        if let Some(size) = self.agreed {
            check.report.notes.push(Note::Agreed { size });
        }
        for (size, sources) in self.due {
            for source_name in sources {
                check.report.checkpoints += 1;
                check.findings.found(END, Fault::RolledBack { source_name, size, present });
            }
        }
    }

    /// A checkpoint's note, and the root that its row states beside it.
    fn note(&self, conn: &mut Conn, source: &Source) -> QueryResult<(String, Option<Vec<u8>>)> {
        let of = |files: &[(String, String)], name: &str| {
            files.iter().find(|(known, _)| known == name).map(|(_, note)| note.clone())
        };
        Ok(match source {
            Source::Database(size) => {
                let sql = Dialect::of(conn);
                let row: CheckpointRow = diesel::sql_query(format!(
                    "SELECT size, {} AS root, {} AS note FROM checkpoint WHERE size = $1",
                    sql.blob("root"),
                    sql.text("note"),
                ))
                .bind::<BigInt, _>(size)
                .get_result(conn)?;
                (String::from_utf8_lossy(&row.note).into_owned(), Some(row.root))
            }
            Source::File(name) => {
                let other = of(&self.kept.files.others, name);
                (other.unwrap_or_else(|| text(&self.kept.files.folder.join(name))), None)
            }
            Source::Since => (self.kept.since.unwrap_or_default().to_string(), None),
            Source::Outside(number) => (self.kept.outside.get(number - 1).cloned().unwrap_or_default(), None),
        })
    }
}
