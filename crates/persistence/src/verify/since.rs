//! Going on from a checkpoint that an earlier check compared: the stored subtrees that make its root, and the proof of
//! older entries under them (RFC 9162 section 2.1.3).

use super::checkpoints::Log;
use super::dialect::Dialect;
use super::rows::{self, Bounds, Name, Row};
use super::tree::{Edge, above};
use super::{Check, END, Fault, Finding, Note};
use crate::engine::prelude::*;
use baiyo_domain::ids::EntryId;
use baiyo_domain::journal::Hash;
use diesel::sql_types::{BigInt, Binary};
use std::collections::{BTreeSet, HashMap};

/// A subtree's level, 0 for leaves, and its place in the level.
type At = (u32, i64);

/// How many subtrees are asked for at a time.
const ASKED: usize = 400;
/// How many are remembered.
const REMEMBERED: usize = 1 << 16;

/// A checkpoint whose root the stored subtrees make.
pub struct Since {
    /// How many entries it covers.
    pub size: u64,
    /// The complete subtrees that cover them.
    edge: Edge,
    /// Those, by their place.
    tops: HashMap<At, Hash>,
    /// Others that were found to stand under them.
    proven: HashMap<At, Hash>,
    /// Where the stored tree was found damaged.
    damaged: BTreeSet<At>,
}

impl Since {
    /// Of a checkpoint, if it is one of this log and the stored tree makes its root. If not, that is or will be a
    /// finding, and nothing may be left out.
    pub fn of(
        check: &mut Check,
        conn: &mut Conn,
        log: &Log,
        note: &str,
        bounds: &Bounds,
    ) -> QueryResult<Option<Self>> {
        let since = match log.open(note) {
            Ok((size, root)) if size <= bounds.leaves => Self::begin(check, conn, size, root)?,
            // What is wrong with it is said with all other checkpoints.
            _ => None,
        };
        if since.is_none() {
            check.report.notes.push(Note::NotResumed);
        }
        Ok(since)
    }

    fn begin(check: &mut Check, conn: &mut Conn, size: u64, root: Hash) -> QueryResult<Option<Self>> {
        let places = tops(size);
        let stored = stored(conn, &places.iter().copied().collect())?;
        let subtrees: Option<Vec<Hash>> = places.iter().map(|at| stored.get(at).copied()).collect();
        let edge = subtrees.map(|subtrees| Edge { count: size, subtrees });
        let Some(edge) = edge.filter(|edge| edge.root() == root) else {
            check.findings.found(END, Fault::Edge { size });
            return Ok(None);
        };
        let damaged = BTreeSet::new();
        Ok(Some(Self { size, edge, tops: stored, proven: HashMap::new(), damaged }))
    }

    /// The right edge of the tree that the checkpoint is over.
    pub fn edge(&self) -> Edge {
        self.edge.clone()
    }

    /// The right edge of an older tree, over at most as many entries: each of its subtrees is shown to stand under the
    /// checkpoint (RFC 9162 section 2.1.4). Nothing where the stored tree is damaged on the way, which is then a finding.
    pub fn edge_at(&mut self, check: &mut Check, conn: &mut Conn, size: u64) -> QueryResult<Option<Edge>> {
        let places = tops(size);
        let asked = places.iter().flat_map(|at| self.way_from(*at)).collect();
        let stored = stored(conn, &asked)?;
        let mut subtrees = Vec::with_capacity(places.len());
        for at in places {
            let stands = match stored.get(&at) {
                Some(hash) => self.follow(&stored, at, *hash).map(|()| *hash),
                None => Err(at),
            };
            match stands {
                Ok(hash) => subtrees.push(hash),
                Err(broken) => {
                    self.report_damage(check, END, broken);
                    return Ok(None);
                }
            }
        }
        self.forget();
        Ok(Some(Edge { count: size, subtrees }))
    }

    /// Checks that every older entry among some rows stands under the checkpoint where the tree has it.
    pub fn prove<'r>(
        &mut self,
        check: &mut Check,
        conn: &mut Conn,
        read: impl Iterator<Item = &'r Row>,
    ) -> QueryResult<()> {
        let sql = Dialect::of(conn);
        let read: Vec<(Name, Option<Hash>)> = read.map(|row| (row.name(), row.stated_hash())).collect();
        let mut index: HashMap<EntryId, i64> = HashMap::with_capacity(read.len());
        for asked in read.chunks(ASKED) {
            let leaves: Vec<LeafRow> = diesel::sql_query(format!(
                "SELECT l.tree_index AS tree_index, {} AS entry FROM tree_leaf AS l WHERE l.entry IN ({}) AND {}",
                sql.uuid("l.entry"),
                sql.listed(asked.iter().map(|(name, _)| name.id.0)),
                sql.is_among("l", "$1"),
            ))
            .bind::<BigInt, _>(rows::as_i64(self.size))
            .load(conn)?;
            let place = |row: &LeafRow| Some((EntryId(rows::uuid(&row.entry)?), row.tree_index));
            index.extend(leaves.iter().filter_map(place));
        }
        let older = read.into_iter();
        let mut older: Vec<(Name, i64, Option<Hash>)> =
            older.filter_map(|(name, hash)| Some((name, *index.get(&name.id)?, hash))).collect();
        // So that what is damaged is told of the first entry that it concerns.
        older.sort_by_key(|(name, ..)| name.seq);
        let asked = older.iter().flat_map(|(_, index, _)| self.way_from((0, *index))).collect();
        let stored = stored(conn, &asked)?;
        for (name, index, hash) in older {
            match hash.filter(|hash| stored.get(&(0, index)) == Some(hash)) {
                Some(hash) => {
                    if let Err(broken) = self.follow(&stored, (0, index), hash) {
                        self.report_damage(check, name.seq, broken);
                    }
                }
                None => check.findings.found_in(&name, Fault::Leaf { index }),
            }
        }
        self.forget();
        Ok(())
    }

    fn forget(&mut self) {
        if self.proven.len() > REMEMBERED {
            self.proven.clear();
        }
    }

    /// Reports where the stored tree is damaged, once.
    fn report_damage(&mut self, check: &mut Check, place: i64, at: At) {
        if self.damaged.insert(at) {
            check.findings.found(place, Fault::Node { level: i64::from(at.0), index: at.1 });
        }
    }

    fn known(&self, at: At) -> Option<Hash> {
        self.tops.get(&at).or_else(|| self.proven.get(&at)).copied()
    }

    /// A subtree, and on the way up from it each subtree and its sibling, up to one that is known.
    fn way_from(&self, mut at: At) -> Vec<At> {
        let mut way = vec![at];
        while self.known(at).is_none() && at.0 < u64::BITS {
            let parent = above_at(at);
            way.extend([sibling_of(at), parent]);
            at = parent;
        }
        way
    }

    /// Follows the stored subtrees from one of them up to one that is known; where they are damaged, if they are.
    fn follow(&mut self, stored: &HashMap<At, Hash>, mut at: At, mut hash: Hash) -> Result<(), At> {
        let mut passed = vec![(at, hash)];
        loop {
            if let Some(known) = self.known(at) {
                if known != hash {
                    return Err(at);
                }
                self.proven.extend(passed);
                return Ok(());
            }
            let parent = above_at(at);
            let Some(sibling) = stored.get(&sibling_of(at)).copied() else { return Err(sibling_of(at)) };
            let made = if at.1 % 2 == 0 { above(hash, sibling) } else { above(sibling, hash) };
            let found = self.known(parent).or_else(|| stored.get(&parent).copied());
            if found != Some(made) {
                return Err(parent);
            }
            passed.extend([(sibling_of(at), sibling), (parent, made)]);
            (at, hash) = (parent, made);
        }
    }

    /// Checks that each of the older leaves is there and has an entry. The entries themselves are not read.
    pub fn check_older_leaves(&self, check: &mut Check, conn: &mut Conn) -> QueryResult<()> {
        let sql = Dialect::of(conn);
        let size = rows::as_i64(self.size);
        let among = sql.is_among("l", "$1");
        let present: Number =
            diesel::sql_query(format!("SELECT count(*) AS number FROM tree_leaf AS l WHERE {among}"))
                .bind::<BigInt, _>(size)
                .get_result(conn)?;
        if present.number < size {
            let due: Number = diesel::sql_query(format!(
                "SELECT min(n.number) AS number FROM (SELECT CAST(0 AS BIGINT) AS number \
                 UNION ALL SELECT l.tree_index + 1 FROM tree_leaf AS l WHERE {among}) AS n \
                 WHERE NOT EXISTS (SELECT 1 FROM tree_leaf AS l WHERE l.tree_index = n.number AND {among})"
            ))
            .bind::<BigInt, _>(size)
            .get_result(conn)?;
            check.findings.found(0, Fault::TreeGap { due: due.number });
        }
        let orphans: Vec<LeafRow> = diesel::sql_query(format!(
            "SELECT l.tree_index AS tree_index, {} AS entry FROM tree_leaf AS l \
             WHERE {among} AND NOT EXISTS (SELECT 1 FROM journal AS j WHERE j.id = l.entry) ORDER BY l.tree_index",
            sql.uuid("l.entry"),
        ))
        .bind::<BigInt, _>(size)
        .load(conn)?;
        for row in orphans {
            let (entry, what) =
                (rows::uuid(&row.entry).map(EntryId), Fault::Deleted { index: row.tree_index });
            check.findings.0.push((0, Finding { entry, stream: None, version: None, what }));
        }
        Ok(())
    }
}

fn above_at((level, index): At) -> At {
    (level + 1, index >> 1)
}

fn sibling_of((level, index): At) -> At {
    (level, index ^ 1)
}

/// The places of the complete subtrees that cover so many leaves, largest first.
fn tops(size: u64) -> Vec<At> {
    let levels = (0..u64::BITS).rev().filter(|level| size >> level & 1 == 1);
    levels.map(|level| (level, rows::as_i64((size >> level) - 1))).collect()
}

#[derive(QueryableByName)]
struct LeafRow {
    #[diesel(sql_type = BigInt)]
    tree_index: i64,
    #[diesel(sql_type = Binary)]
    entry: Vec<u8>,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct NodeRow {
    #[diesel(sql_type = BigInt)]
    level: i64,
    #[diesel(sql_type = BigInt)]
    idx: i64,
    #[diesel(sql_type = Binary)]
    hash: Vec<u8>,
}

/// The stored subtrees at these places.
fn stored(conn: &mut Conn, places: &BTreeSet<At>) -> QueryResult<HashMap<At, Hash>> {
    let sql = Dialect::of(conn);
    let places: Vec<At> = places.iter().copied().collect();
    let mut stored = HashMap::new();
    for asked in places.chunks(ASKED) {
        let asked: Vec<String> = asked.iter().map(|(level, index)| format!("({level}, {index})")).collect();
        let rows: Vec<NodeRow> = diesel::sql_query(format!(
            "WITH asked (at, place) AS (VALUES {}) SELECT CAST(t.level AS BIGINT) AS level, t.idx AS idx, {} AS hash \
             FROM asked JOIN tree_node AS t ON t.level = asked.at AND t.idx = asked.place",
            asked.join(", "),
            sql.blob("t.hash"),
        ))
        .load(conn)?;
        let node = |row: &NodeRow| Some(((u32::try_from(row.level).ok()?, row.idx), rows::hash(&row.hash)?));
        stored.extend(rows.iter().filter_map(node));
    }
    Ok(stored)
}
