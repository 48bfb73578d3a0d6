//! The third pass, in the order of the tree: the tree over all entries, and every checkpoint that can be found. The
//! tree is folded from its right edge (RFC 9162 section 2.1.1); no stored subtree is believed.

use super::dialect::Dialect;
use super::rows::{self, Bounds, Name, PAGE};
use super::signatures::key_in;
use super::{Check, END, Fault, Finding, Note, Source};
use crate::engine::prelude::*;
use baiyo_domain::ids::EntryId;
use baiyo_domain::journal::Hash;
use base64::{Engine, engine::general_purpose::STANDARD};
use diesel::sql_types::{BigInt, Binary, Bool};
use ed25519_dalek::{SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// Checkpoints kept outside the database.
pub struct Kept<'a> {
    /// Those in the data folder.
    pub files: Files,
    /// Those given.
    pub outside: &'a [String],
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

/// Checks the tree and all checkpoints.
pub fn check(
    check: &mut Check,
    conn: &mut Conn,
    folder: &Path,
    bounds: &Bounds,
    origin: &str,
    kept: Kept,
) -> QueryResult<()> {
    let key = key_in(&folder.join("keys").join("checkpoint.seed"));
    let log = Log { origin, key: key.map(|seed| SigningKey::from_bytes(&seed).verifying_key()) };
    match &log.key {
        Some(key) => check.report.notes.push(Note::LogKey(log.vkey(key))),
        None => check.report.notes.push(Note::NoLogKey),
    }
    if kept.outside.is_empty() {
        check.report.notes.push(Note::NoOutsideCheckpoint);
    }
    let mut claims = Claims::collect(check, conn, &log, &kept, bounds)?;
    let mut edge = Edge::default();
    let mut stored = Edge::default();
    claims.compare(check, conn, &log, &edge)?;
    let mut last = Leaf { index: -1, seq: 0 };
    loop {
        let page = leaves(conn, last.index, bounds)?;
        let Some(newest) = page.last().map(|leaf| leaf.tree_index) else { break };
        let nodes = nodes(conn, page[0].tree_index, newest)?;
        check.step(page.len());
        for leaf in page {
            if leaf.tree_index != last.index + 1 {
                check.found(last.seq, Fault::TreeGap { due: last.index + 1 });
            }
            let hash = check_leaf(check, &leaf, nodes.get(&(0, leaf.tree_index)), &last);
            last = Leaf { index: leaf.tree_index, seq: last.seq.max(leaf.seq) };
            edge.push(hash, |_, _, made| made);
            // The stored subtrees, each against the two stored below it.
            let first = nodes.get(&(0, leaf.tree_index)).copied().unwrap_or(hash);
            stored.push(first, |level, count, made| {
                let index = (count >> level) as i64 - 1;
                let node = nodes.get(&(level, index)).copied();
                if node != Some(made) {
                    check.found(last.seq, Fault::Node { level: i64::from(level), index });
                }
                node.unwrap_or(made)
            });
            claims.compare(check, conn, &log, &edge)?;
        }
    }
    claims.beyond(check, edge.count);
    check_unsealed(check, conn, bounds)
}

/// The last leaf seen, and the newest entry among those seen.
struct Leaf {
    index: i64,
    seq: i64,
}

/// Compares a leaf with its entry; the hash to go on with.
fn check_leaf(check: &mut Check, leaf: &LeafRow, sealed: Option<&Hash>, last: &Leaf) -> Hash {
    let index = leaf.tree_index;
    let Some(hash) = rows::hash(&leaf.hash) else {
        let what = Fault::Deleted { index };
        let entry = rows::uuid(&leaf.entry).map(EntryId);
        check.found.push((last.seq, Finding { entry, stream: None, version: None, what }));
        return sealed.copied().unwrap_or(Hash([0; 32]));
    };
    if sealed != Some(&hash) {
        check.found_in(&leaf.name(), Fault::Leaf { index });
    }
    hash
}

/// An entry that has no leaf waits for one, or it came in where nothing does.
fn check_unsealed(check: &mut Check, conn: &mut Conn, bounds: &Bounds) -> QueryResult<()> {
    let sql = Dialect::of(conn);
    let mut last = i64::MIN;
    loop {
        let page: Vec<Unsealed> = diesel::sql_query(format!(
            "SELECT coalesce(l.tree_index, -1) AS tree_index, {} AS hash, j.seq AS seq, {} AS entry, \
             {} AS stream_kind, {} AS stream_id, {} AS version, u.seq IS NOT NULL AS waits \
             FROM journal AS j LEFT JOIN tree_leaf AS l ON l.entry = j.id LEFT JOIN unsealed AS u ON u.seq = j.seq \
             WHERE j.seq > $1 AND j.seq <= $2 AND (l.entry IS NULL OR l.tree_index >= $3) ORDER BY j.seq LIMIT $4",
            sql.nothing(),
            sql.uuid("j.id"),
            sql.text("j.stream_kind"),
            sql.uuid("j.stream_id"),
            sql.integer("j.version"),
        ))
        .bind::<BigInt, _>(last)
        .bind::<BigInt, _>(bounds.last)
        .bind::<BigInt, _>(as_i64(bounds.leaves))
        .bind::<BigInt, _>(PAGE)
        .load(conn)?;
        let Some(newest) = page.last() else { break };
        last = newest.entry_row.seq;
        for Unsealed { entry_row: row, waits } in page {
            // A leaf beyond the bound came while this was read.
            if waits || row.tree_index >= 0 {
                check.report.unsealed += 1;
            } else {
                check.found_in(&row.name(), Fault::PassedOver);
            }
        }
    }
    let vain: VainWait = diesel::sql_query(
        "SELECT count(*) AS rows FROM unsealed AS u LEFT JOIN journal AS j ON j.seq = u.seq \
         LEFT JOIN tree_leaf AS l ON l.entry = j.id WHERE j.id IS NULL OR l.entry IS NOT NULL",
    )
    .get_result(conn)?;
    if vain.rows > 0 {
        check.found(END, Fault::WaitsInVain { rows: vain.rows });
    }
    Ok(())
}

#[derive(QueryableByName)]
struct VainWait {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

/// The right edge of a growing tree: the complete subtrees that cover it, largest first.
#[derive(Default)]
struct Edge {
    count: u64,
    subtrees: Vec<Hash>,
}

impl Edge {
    /// Adds a leaf. `completed(level, leaves, hash)` is told of each subtree above it that is now complete, and says
    /// with which hash to go on.
    fn push(&mut self, leaf: Hash, mut completed: impl FnMut(u32, u64, Hash) -> Hash) {
        self.count += 1;
        let mut hash = leaf;
        for level in 1..=self.count.trailing_zeros() {
            let Some(left) = self.subtrees.pop() else { break };
            hash = completed(level, self.count, above(left, hash));
        }
        self.subtrees.push(hash);
    }

    fn root(&self) -> Hash {
        let from_right = self.subtrees.iter().rev().copied();
        from_right.reduce(|right, left| above(left, right)).unwrap_or_else(|| Hash(Sha256::digest([]).into()))
    }
}

fn above(left: Hash, right: Hash) -> Hash {
    Hash(Sha256::new_with_prefix([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

#[derive(QueryableByName)]
struct LeafRow {
    #[diesel(sql_type = BigInt)]
    tree_index: i64,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Binary)]
    entry: Vec<u8>,
    #[diesel(sql_type = Binary)]
    hash: Vec<u8>,
    #[diesel(sql_type = Binary)]
    stream_kind: Vec<u8>,
    #[diesel(sql_type = Binary)]
    stream_id: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    version: i64,
}

#[derive(QueryableByName)]
struct Unsealed {
    #[diesel(embed)]
    entry_row: LeafRow,
    /// Whether the sealer has it before him.
    #[diesel(sql_type = Bool)]
    waits: bool,
}

impl LeafRow {
    fn name(&self) -> Name {
        Name {
            seq: self.seq,
            id: EntryId(rows::uuid(&self.entry).unwrap_or_default()),
            stream: rows::stream(&self.stream_kind, &self.stream_id),
            version: self.version,
        }
    }
}

fn leaves(conn: &mut Conn, after: i64, bounds: &Bounds) -> QueryResult<Vec<LeafRow>> {
    let sql = Dialect::of(conn);
    diesel::sql_query(format!(
        "SELECT l.tree_index AS tree_index, coalesce(j.seq, 0) AS seq, {} AS entry, {} AS hash, {} AS stream_kind, \
         {} AS stream_id, {} AS version \
         FROM tree_leaf AS l LEFT JOIN journal AS j ON j.id = l.entry \
         WHERE {} AND l.tree_index > $1 AND l.tree_index < $2 ORDER BY l.tree_index LIMIT $3",
        sql.uuid("l.entry"),
        sql.blob("j.hash"),
        sql.text("j.stream_kind"),
        sql.uuid("j.stream_id"),
        sql.integer("j.version"),
        sql.is_of("l.tree_index", "integer"),
    ))
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(as_i64(bounds.leaves))
    .bind::<BigInt, _>(PAGE)
    .load(conn)
}

#[derive(QueryableByName)]
struct NodeRow {
    #[diesel(sql_type = BigInt)]
    idx: i64,
    #[diesel(sql_type = Binary)]
    hash: Vec<u8>,
}

/// The stored subtrees that the leaves `first..=last` complete, by level and index.
fn nodes(conn: &mut Conn, first: i64, last: i64) -> QueryResult<HashMap<(u32, i64), Hash>> {
    let sql = Dialect::of(conn);
    let mut nodes = HashMap::new();
    for level in 0..=(last + 1).unsigned_abs().ilog2() {
        let rows: Vec<NodeRow> = diesel::sql_query(format!(
            "SELECT idx, {} AS hash FROM tree_node WHERE level = $1 AND idx >= $2 AND idx <= $3 AND {}",
            sql.blob("hash"),
            sql.is_of("idx", "integer"),
        ))
        .bind::<BigInt, _>(i64::from(level))
        .bind::<BigInt, _>(first >> level)
        .bind::<BigInt, _>(last >> level)
        .load(conn)?;
        nodes.extend(rows.iter().filter_map(|row| Some(((level, row.idx), rows::hash(&row.hash)?))));
    }
    Ok(nodes)
}

fn as_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The log as its checkpoints name it.
struct Log<'a> {
    origin: &'a str,
    key: Option<VerifyingKey>,
}

impl Log<'_> {
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
    fn open(&self, note: &str) -> Result<(u64, Hash), &'static str> {
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
struct Claims<'a> {
    due: BTreeMap<u64, Vec<Source>>,
    kept: &'a Kept<'a>,
    /// The size of the last checkpoint that agreed, and of the last one from outside that did: whoever has the log's
    /// key can make all others agree.
    agreed: u64,
    agreed_outside: u64,
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
    fn collect(
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
        let others = kept.files.others.iter().map(|(name, note)| (Source::File(name.clone()), note));
        let outside = kept.outside.iter().enumerate().map(|(place, note)| (Source::Outside(place + 1), note));
        for (source, note) in others.chain(outside) {
            match log.open(note) {
                Ok((size, _)) => due.entry(size).or_default().push(source),
                Err(reason) => {
                    check.report.checkpoints += 1;
                    check.found(END, Fault::Checkpoint { source_name: source, reason });
                }
            }
        }
        Ok(Self { due, kept, agreed: 0, agreed_outside: 0 })
    }

    /// Compares the checkpoints over as many entries as the edge has with its root.
    fn compare(&mut self, check: &mut Check, conn: &mut Conn, log: &Log, edge: &Edge) -> QueryResult<()> {
        let size = edge.count;
        let Some(sources) = self.due.remove(&size) else { return Ok(()) };
        let root = edge.root();
        let (mut agreed, mut agreed_outside) = (false, false);
        for source in sources {
            check.report.checkpoints += 1;
            let (note, row_root) = self.note(conn, &source)?;
            let source_name = source;
            match log.open(&note) {
                Err(reason) => check.found(END, Fault::Checkpoint { source_name, reason }),
                Ok((stated, stated_root)) => {
                    if stated != size || row_root.is_some_and(|row_root| row_root != stated_root.0) {
                        check.found(END, Fault::CheckpointRow { source_name });
                    } else if stated_root != root {
                        let outside = matches!(source_name, Source::Outside(_));
                        let agreed = if outside { self.agreed_outside } else { self.agreed };
                        check.found(END, Fault::Root { source_name, size, since: agreed + 1 });
                    } else {
                        agreed = true;
                        agreed_outside |= matches!(source_name, Source::Outside(_));
                    }
                }
            }
        }
        if agreed {
            self.agreed = size;
        }
        if agreed_outside {
            self.agreed_outside = size;
        }
        Ok(())
    }

    /// Reports the checkpoints that are over more entries than there are.
    fn beyond(self, check: &mut Check, present: u64) {
        for (size, sources) in self.due {
            for source_name in sources {
                check.report.checkpoints += 1;
                check.found(END, Fault::RolledBack { source_name, size, present });
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
            Source::Outside(number) => (self.kept.outside.get(number - 1).cloned().unwrap_or_default(), None),
        })
    }
}
