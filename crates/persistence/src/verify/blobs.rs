//! Blobs: whether each is what its name says, and whether those that entries name are there.

use super::dialect::Dialect;
use super::rows::{self, Name};
use super::{Check, END, Fault};
use crate::engine::prelude::*;
use baiyo_domain::blob::MediaType;
use baiyo_domain::journal::Hash;
use diesel::sql_types::{BigInt, Binary};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// How many there are.
pub fn count(conn: &mut Conn) -> QueryResult<u64> {
    let counted: Number = diesel::sql_query("SELECT count(*) AS number FROM blob").get_result(conn)?;
    Ok(counted.number.unsigned_abs())
}

/// Checks every blob there is, whether or not an entry of those that were read names it, and that those named are there.
/// One at a time is held in memory.
pub fn check(check: &mut Check, conn: &mut Conn, mut named: BTreeMap<Hash, Name>) -> QueryResult<()> {
    let sql = Dialect::of(conn);
    let mut last: Vec<u8> = Vec::new();
    loop {
        let page: Vec<Key> = diesel::sql_query(format!(
            "SELECT {} AS sha256 FROM blob WHERE sha256 > $1 ORDER BY sha256 LIMIT $2",
            sql.blob("sha256")
        ))
        .bind::<Binary, _>(&last)
        .bind::<BigInt, _>(rows::PAGE)
        .load(conn)?;
        let Some(newest) = page.last() else { break };
        last = newest.sha256.clone();
        for Key { sha256 } in page {
            check.report.blobs += 1;
            if check.step(1).is_break() {
                return Ok(());
            }
            let row: Option<Row> = diesel::sql_query(format!(
                "SELECT {} AS media_type, {} AS size, {} AS bytes FROM blob WHERE sha256 = $1",
                sql.text("media_type"),
                sql.integer("size"),
                sql.blob("bytes")
            ))
            .bind::<Binary, _>(&sha256)
            .get_result(conn)
            .optional()?;
            let is_what_it_says = row.is_some_and(|row| row.is_of(&sha256));
            if !is_what_it_says {
                check.findings.found(END, Fault::BlobAltered { sha256: rows::hex(&sha256) });
            }
            if let Some(hash) = rows::hash(&sha256) {
                named.remove(&hash);
            }
        }
    }
    for (hash, name) in named {
        check.findings.found_in(&name, Fault::BlobMissing { sha256: rows::hex(&hash.0) });
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = Binary)]
    sha256: Vec<u8>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Binary)]
    media_type: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    size: i64,
    #[diesel(sql_type = Binary)]
    bytes: Vec<u8>,
}

impl Row {
    fn is_of(&self, sha256: &[u8]) -> bool {
        let media_type = MediaType::of(&self.bytes).map(|media_type| media_type.name().as_bytes());
        Sha256::digest(&self.bytes).as_slice() == sha256
            && u64::try_from(self.size) == Ok(self.bytes.len() as u64)
            && media_type == Some(&self.media_type)
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}
