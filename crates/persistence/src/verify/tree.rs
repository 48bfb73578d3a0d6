//! In the order of the tree: the tree over all entries, and every checkpoint that can be found. The
//! tree is folded from its right edge (RFC 9162 section 2.1.1); no stored subtree is
//! believed, but those that make the root of a checkpoint to resume from.

use super::checkpoints::{Claims, Kept, Log};
use super::dialect::Dialect;
use super::rows::{self, Bounds, Name, PAGE};
use super::scope::LEAFLESS;
use super::since::Since;
use super::{Check, END, Fault, Finding, Note, Resumed};
use crate::engine::prelude::*;
use baiyo_domain::ids::EntryId;
use baiyo_domain::journal::Hash;
use diesel::sql_types::{BigInt, Binary, Bool};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Checks the tree and all checkpoints; from where the check resumed, if it did.
pub fn check(
    check: &mut Check,
    conn: &mut Conn,
    bounds: &Bounds,
    log: &Log,
    kept: &Kept,
    mut since: Option<&mut Since>,
) -> QueryResult<()> {
    log.tell(check);
    if kept.outside.is_empty() && kept.since.is_none() {
        check.report.notes.push(Note::NoOutsideCheckpoint);
    }
    let mut edge = since.as_deref().map(Since::edge).unwrap_or_default();
    let mut stored = edge.clone();
    let mut claims = Claims::collect(check, conn, log, kept, bounds)?;
    if let Some(since) = &mut since {
        claims.compare_older(check, conn, log, since)?;
        since.check_older_leaves(check, conn)?;
        let entries = bounds.entries.saturating_sub(check.report.entries);
        let resumed = Resumed { size: since.size, entries };
        check.report.resumed = Some(resumed);
        check.report.notes.push(Note::Resumed(resumed));
    }
    claims.compare(check, conn, log, &edge)?;
    let mut last = Leaf { index: rows::as_i64(edge.count) - 1, seq: 0 };
    loop {
        let page = leaves(conn, last.index, bounds)?;
        let Some(newest) = page.last().map(|leaf| leaf.tree_index) else { break };
        let nodes = nodes(conn, page[0].tree_index, newest)?;
        if check.step(page.len()).is_break() {
            return Ok(());
        }
        for leaf in page {
            if leaf.tree_index != last.index + 1 {
                check.findings.found(last.seq, Fault::TreeGap { due: last.index + 1 });
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
                    check.findings.found(last.seq, Fault::Node { level: i64::from(level), index });
                }
                node.unwrap_or(made)
            });
            claims.compare(check, conn, log, &edge)?;
        }
    }
    claims.close(check, edge.count);
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
        check.findings.0.push((last.seq, Finding { entry, stream: None, version: None, what }));
        return sealed.copied().unwrap_or(Hash([0; 32]));
    };
    if sealed != Some(&hash) {
        check.findings.found_in(&leaf.name(), Fault::Leaf { index });
    }
    hash
}

/// An entry that has no leaf waits for one, or it came in where nothing does.
fn check_unsealed(check: &mut Check, conn: &mut Conn, bounds: &Bounds) -> QueryResult<()> {
    let sql = Dialect::of(conn);
    let mut last = i64::MIN;
    loop {
        let page: Vec<Unsealed> = diesel::sql_query(format!(
            "SELECT {} AS tree_index, {} AS hash, j.seq AS seq, {} AS entry, {} AS stream_kind, {} AS stream_id, \
             {} AS version, u.seq IS NOT NULL AS waits \
             FROM journal AS j LEFT JOIN tree_leaf AS l ON l.entry = j.id LEFT JOIN unsealed AS u ON u.seq = j.seq \
             WHERE j.seq > $1 AND j.seq <= $2 AND (j.seq IN ({LEAFLESS}) OR j.seq IN (SELECT k.seq \
             FROM tree_leaf AS m JOIN journal AS k ON k.id = m.entry WHERE NOT {})) ORDER BY j.seq LIMIT $4",
            sql.integer_or("l.tree_index", -1),
            sql.nothing(),
            sql.uuid("j.id"),
            sql.text("j.stream_kind"),
            sql.uuid("j.stream_id"),
            sql.integer("j.version"),
            sql.is_among("m", "$3"),
        ))
        .bind::<BigInt, _>(last)
        .bind::<BigInt, _>(bounds.last)
        .bind::<BigInt, _>(rows::as_i64(bounds.leaves))
        .bind::<BigInt, _>(PAGE)
        .load(conn)?;
        for Unsealed { entry_row: row, waits } in &page {
            // A leaf beyond the bound came while this was read.
            if *waits || row.tree_index >= rows::as_i64(bounds.leaves) {
                check.report.unsealed += 1;
            } else {
                check.findings.found_in(&row.name(), Fault::PassedOver);
            }
        }
        match page.last() {
            Some(newest) if page.len() as i64 == PAGE => last = newest.entry_row.seq,
            _ => break,
        }
    }
    let vain: VainWait = diesel::sql_query(
        "SELECT count(*) AS rows FROM unsealed AS u LEFT JOIN journal AS j ON j.seq = u.seq \
         LEFT JOIN tree_leaf AS l ON l.entry = j.id WHERE j.id IS NULL OR l.entry IS NOT NULL",
    )
    .get_result(conn)?;
    if vain.rows > 0 {
        check.findings.found(END, Fault::WaitsInVain { rows: vain.rows });
    }
    Ok(())
}

#[derive(QueryableByName)]
struct VainWait {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

/// The right edge of a growing tree: the complete subtrees that cover it, largest first.
#[derive(Clone, Default)]
pub struct Edge {
    /// How many leaves they cover.
    pub count: u64,
    /// Their hashes.
    pub subtrees: Vec<Hash>,
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

    /// The root over them (RFC 9162 section 2.1.1).
    pub fn root(&self) -> Hash {
        let from_right = self.subtrees.iter().rev().copied();
        from_right.reduce(|right, left| above(left, right)).unwrap_or_else(|| Hash(Sha256::digest([]).into()))
    }
}

/// The hash of a subtree of two.
pub fn above(left: Hash, right: Hash) -> Hash {
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
    .bind::<BigInt, _>(rows::as_i64(bounds.leaves))
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
