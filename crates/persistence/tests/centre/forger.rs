//! What somebody can do who owns the database: any SQL, with the guards put back afterwards, chains and tree made
//! anew. He has nobody's password, so he signs with keys of his own.

use super::place::Place;
use super::{PASSWORD, dialect, engine};
use baiyo_domain::authority::Meaning;
use baiyo_domain::ids::{CommandId, EntryId, KeyId, PersonId};
use baiyo_domain::journal::checkpoint::Checkpoint;
use baiyo_domain::journal::signature::{self, Signer, seal, unsigned};
use baiyo_domain::journal::tree::{self, TreeError};
use baiyo_domain::journal::{Entry, Hash, StreamId, StreamKind};
use baiyo_persistence::engine::prelude::*;
use baiyo_persistence::sql_types::{DbUuid, Id};
use baiyo_persistence::{Conn, accounts, journal, sealing};
use diesel::sql_types::{BigInt, Binary, Integer, Text};
use ed25519_dalek::SigningKey;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// The log's origin in the story.
pub const ORIGIN: &str = "baiyo.example/kamo";

/// The owner of a database and its folder at work.
pub struct Forger {
    /// His connection.
    pub conn: Conn,
    /// The folder.
    pub folder: PathBuf,
    guards: Vec<String>,
}

#[derive(QueryableByName)]
struct Guard {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

impl Forger {
    /// Opens the database and takes the guards off.
    pub fn at(place: &Place) -> Self {
        let mut conn = place.owner();
        let folder = place.folder().into();
        if engine::is_postgres() {
            // No trigger and no reference is looked at on this connection.
            conn.batch_execute("SET session_replication_role = replica").unwrap();
            return Self { conn, folder, guards: Vec::new() };
        }
        conn.batch_execute("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF").unwrap();
        let guards = diesel::sql_query("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'");
        let guards: Vec<Guard> = guards.load(&mut conn).unwrap();
        for guard in &guards {
            conn.batch_execute(&format!("DROP TRIGGER {}", guard.name)).unwrap();
        }
        let guards = guards.into_iter().map(|guard| guard.sql).collect();
        Self { conn, folder, guards }
    }

    /// Puts the guards back and leaves.
    pub fn leave(mut self) {
        for guard in &self.guards {
            self.conn.batch_execute(guard).unwrap();
        }
    }

    /// Any SQL.
    pub fn sql(&mut self, sql: &str) {
        self.conn.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// What a query gives as `number`.
    pub fn number(&mut self, sql: &str) -> i64 {
        // Each engine has whole numbers of its own widths.
        let sql = format!("SELECT CAST(number AS BIGINT) AS number FROM ({sql}) AS numbers");
        diesel::sql_query(sql).get_result::<Number>(&mut self.conn).unwrap().number
    }

    /// All entries, in the order of the table.
    pub fn entries(&mut self) -> Vec<Entry> {
        let page = journal::page_after(&mut self.conn, 0, i64::MAX).unwrap();
        page.into_iter().map(|(_, entry)| entry).collect()
    }

    /// The first entry of a kind.
    pub fn first(&mut self, kind: &str) -> Entry {
        self.entries().into_iter().find(|entry| entry.kind == kind).unwrap_or_else(|| panic!("no {kind}"))
    }

    /// The last entry of a kind.
    pub fn last(&mut self, kind: &str) -> Entry {
        self.entries().into_iter().rfind(|entry| entry.kind == kind).unwrap_or_else(|| panic!("no {kind}"))
    }

    /// A stream's entries.
    pub fn stream(&mut self, stream: StreamId) -> Vec<Entry> {
        journal::entries_of(&mut self.conn, stream).unwrap()
    }

    /// Writes an entry over the one with its identifier.
    pub fn overwrite(&mut self, entry: &Entry) {
        let changed = diesel::sql_query(
            "UPDATE journal SET version = $1, occurred_at = $2, recorded_at = $3, performer = $4, recorder = $5, \
             kind = $6, payload = $7, previous_hash = $8, hash = $9 WHERE id = $10",
        )
        .bind::<Integer, _>(i32::try_from(entry.version).unwrap())
        .bind::<BigInt, _>(entry.occurred_at.micros())
        .bind::<BigInt, _>(entry.recorded_at.micros())
        .bind::<DbUuid, _>(Id(entry.performer.0))
        .bind::<DbUuid, _>(Id(entry.recorder.0))
        .bind::<Text, _>(&entry.kind)
        .bind::<Binary, _>(&entry.payload)
        .bind::<Binary, _>(entry.previous_hash.0.to_vec())
        .bind::<Binary, _>(entry.hash.0.to_vec())
        .bind::<DbUuid, _>(Id(entry.id.0))
        .execute(&mut self.conn)
        .unwrap();
        assert_eq!(changed, 1);
    }

    /// Puts an entry in at a place of the table; nothing for the end, where it waits for its leaf like any other.
    pub fn insert(&mut self, seq: Option<i64>, entry: &Entry) {
        let place = seq.unwrap_or_else(|| self.number("SELECT max(seq) + 1 AS number FROM journal"));
        let inserted = diesel::sql_query(
            "INSERT INTO journal (seq, id, stream_kind, stream_id, version, occurred_at, recorded_at, performer, \
             recorder, command, kind, schema_version, payload, previous_hash, hash) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        );
        inserted
            .bind::<BigInt, _>(place)
            .bind::<DbUuid, _>(Id(entry.id.0))
            .bind::<Text, _>(entry.stream.kind.name())
            .bind::<DbUuid, _>(Id(entry.stream.id))
            .bind::<Integer, _>(i32::try_from(entry.version).unwrap())
            .bind::<BigInt, _>(entry.occurred_at.micros())
            .bind::<BigInt, _>(entry.recorded_at.micros())
            .bind::<DbUuid, _>(Id(entry.performer.0))
            .bind::<DbUuid, _>(Id(entry.recorder.0))
            .bind::<DbUuid, _>(Id(entry.command.0))
            .bind::<Text, _>(&entry.kind)
            .bind::<Integer, _>(i32::from(entry.schema_version))
            .bind::<Binary, _>(&entry.payload)
            .bind::<Binary, _>(entry.previous_hash.0.to_vec())
            .bind::<Binary, _>(entry.hash.0.to_vec())
            .execute(&mut self.conn)
            .unwrap();
        if seq.is_none() {
            self.sql(&format!("INSERT INTO unsealed VALUES ({place})"));
        }
    }

    /// Takes an entry out of the table.
    pub fn delete(&mut self, entry: &Entry) {
        self.sql(&format!("DELETE FROM journal WHERE id = {}", dialect::id(entry.id.0)));
    }

    /// Makes a stream's versions and hashes fit its entries as they are now.
    pub fn rechain(&mut self, stream: StreamId) {
        let mut previous_hash = Hash::ZERO;
        for (place, mut entry) in self.stream(stream).into_iter().enumerate() {
            entry.version = place as u32 + 1;
            entry.previous_hash = previous_hash;
            entry.hash = entry.leaf_hash();
            previous_hash = entry.hash;
            self.overwrite(&entry);
        }
    }

    /// Changes an entry and makes the chain fit.
    pub fn edit(&mut self, entry: &Entry, change: impl FnOnce(&mut Entry)) {
        let mut changed = entry.clone();
        change(&mut changed);
        self.overwrite(&changed);
        self.rechain(entry.stream);
    }

    /// Makes room in the table for one more entry at a place.
    pub fn make_room(&mut self, seq: i64) {
        self.sql(&format!("UPDATE journal SET seq = -seq - 1 WHERE seq >= {seq}"));
        self.sql("UPDATE journal SET seq = -seq WHERE seq < 0");
    }

    /// Makes the tree anew over the entries in its present order, without those that are gone.
    pub fn reseal(&mut self) {
        self.sql("DELETE FROM tree_leaf WHERE entry NOT IN (SELECT id FROM journal); DELETE FROM tree_node;");
        self.sql(
            "CREATE TEMP TABLE leaves AS SELECT row_number() OVER (ORDER BY tree_index) - 1 AS i, entry FROM tree_leaf; \
             DELETE FROM tree_leaf; INSERT INTO tree_leaf SELECT i, entry FROM leaves; DROP TABLE leaves;",
        );
        #[derive(QueryableByName)]
        struct Leaf {
            #[diesel(sql_type = Binary)]
            hash: Vec<u8>,
        }
        let leaves = diesel::sql_query(
            "SELECT j.hash FROM tree_leaf AS l JOIN journal AS j ON j.id = l.entry ORDER BY tree_index",
        );
        let leaves: Vec<Leaf> = leaves.load(&mut self.conn).unwrap();
        let mut nodes: HashMap<(u8, u64), Hash> = HashMap::new();
        let mut stored = String::new();
        for (size, leaf) in leaves.into_iter().enumerate() {
            let leaf = Hash(leaf.hash.try_into().unwrap());
            let made: Result<_, TreeError<()>> =
                tree::append(size as u64, leaf, |level, index| Ok(nodes.get(&(level, index)).copied()));
            for (level, index, hash) in made.unwrap() {
                nodes.insert((level, index), hash);
                let hash = dialect::hash(hash);
                stored += &format!("INSERT INTO tree_node VALUES ({level}, {index}, {hash});");
            }
        }
        self.sql(&stored);
    }

    /// Puts every entry that has no leaf into the tree, at its end.
    pub fn seal_rest(&mut self) {
        self.sql(
            "INSERT INTO tree_leaf SELECT (SELECT coalesce(max(tree_index) + 1, 0) FROM tree_leaf) \
             + row_number() OVER (ORDER BY seq) - 1, id FROM journal WHERE id NOT IN (SELECT entry FROM tree_leaf); \
             DELETE FROM unsealed",
        );
        self.reseal();
    }

    /// Signs a checkpoint over the tree as it is now, with the log's key: for one who has stolen that too. Those
    /// before it vanish, in the database and outside.
    pub fn checkpoint(&mut self) {
        let size = self.size();
        self.checkpoints(&BTreeSet::from([size]));
    }

    /// Makes the tree anew, and with the log's key every checkpoint that there was, in the database and the folder: no
    /// trace of what was done is left but in the checkpoints that somebody kept.
    pub fn settle(&mut self) {
        self.reseal();
        let size = self.size();
        let stated = |note: &String| note.lines().nth(1)?.parse::<u64>().ok();
        let mut sizes: BTreeSet<u64> = notes_in(&self.folder).iter().filter_map(stated).collect();
        sizes.retain(|earlier| *earlier < size);
        sizes.insert(size);
        self.checkpoints(&sizes);
    }

    /// How many entries the tree has.
    pub fn size(&mut self) -> u64 {
        self.number("SELECT count(*) AS number FROM tree_leaf") as u64
    }

    /// The tree's root over its first entries.
    pub fn root(&mut self, size: u64) -> Hash {
        let conn = &mut self.conn;
        tree::root(size, |level, index| sealing::node(conn, level, index)).unwrap()
    }

    /// The log's key.
    pub fn log_key(&self) -> SigningKey {
        let seed = std::fs::read(self.folder.join("keys/checkpoint.seed")).unwrap();
        SigningKey::from_bytes(&seed.try_into().unwrap())
    }

    fn checkpoints(&mut self, sizes: &BTreeSet<u64>) {
        self.sql("DELETE FROM checkpoint");
        self.forget_files();
        let key = self.log_key();
        for size in sizes {
            let root = self.root(*size);
            let note = Checkpoint { origin: ORIGIN.into(), size: *size, root }.sign(&key);
            let root = dialect::hash(root);
            self.sql(&format!("INSERT INTO checkpoint VALUES ({size}, {root}, '{note}', 0)"));
            for name in [format!("{size:012}.txt"), "latest.txt".into()] {
                std::fs::write(self.folder.join("checkpoints").join(name), &note).unwrap();
            }
        }
    }

    fn forget_files(&self) {
        for file in std::fs::read_dir(self.folder.join("checkpoints")).unwrap() {
            std::fs::remove_file(file.unwrap().path()).unwrap();
        }
    }

    /// Takes away everything from a tree size on: entries, leaves, checkpoints, evidence.
    pub fn truncate(&mut self, size: i64) {
        self.sql(&format!("DELETE FROM tree_leaf WHERE tree_index >= {size}"));
        self.sql(&format!("DELETE FROM checkpoint WHERE size > {size}"));
        self.sql("DELETE FROM journal WHERE id NOT IN (SELECT entry FROM tree_leaf)");
        for table in ["gate_fact", "duty", "disposition"] {
            self.sql(&format!("DELETE FROM {table} WHERE entry NOT IN (SELECT id FROM journal)"));
        }
        self.reseal();
        self.forget_files();
    }

    /// An entry to follow the last of a stream, with the fact and the people of a model.
    pub fn next(&mut self, stream: StreamId, model: &Entry) -> Entry {
        let last = self.stream(stream).pop();
        let newest = self.entries().iter().map(|entry| entry.recorded_at).max().unwrap();
        let (version, previous_hash) = last.map_or((1, Hash::ZERO), |last| (last.version + 1, last.hash));
        let mut entry = Entry {
            id: EntryId(Uuid::now_v7()),
            command: CommandId(Uuid::now_v7()),
            stream,
            version,
            previous_hash,
            occurred_at: newest,
            recorded_at: newest,
            ..model.clone()
        };
        entry.hash = entry.leaf_hash();
        entry
    }

    /// Signs an entry's fact as a person who is in league with him, or is himself: with the real key and password.
    pub fn sign_as(&mut self, entry: &mut Entry, person: PersonId, meaning: Meaning) {
        let key = accounts::locked_key(&mut self.conn, person).unwrap().unwrap();
        let unlocked = key.unlock(PASSWORD, meaning);
        let proof =
            accounts::reauthenticate(&mut self.conn, &unlocked, accounts::Origin::Machine, entry.recorded_at)
                .unwrap()
                .unwrap();
        let signer = Signer { person, key: proof.key(), secret: proof.signing() };
        (entry.performer, entry.recorder) = (person, person);
        Self::sign_with(entry, &signer, vec![], meaning.word());
    }

    /// A key of his own.
    pub fn own_key() -> SigningKey {
        SigningKey::from_bytes(&[66; 32])
    }

    /// Signs an entry's fact with his own key, in the name of a person and key.
    pub fn sign(entry: &mut Entry, person: PersonId, key: KeyId, covers: Vec<Hash>, meaning: &str) {
        let secret = Self::own_key();
        Self::sign_with(entry, &Signer { person, key, secret: &secret }, covers, meaning);
    }

    fn sign_with(entry: &mut Entry, signer: &Signer, covers: Vec<Hash>, meaning: &str) {
        let place = signature::Place {
            origin: ORIGIN,
            stream: entry.stream,
            version: entry.version,
            previous_hash: entry.previous_hash,
        };
        let (event, _) = unsigned(&entry.payload).unwrap();
        let meaning = meaning.to_string().try_into().unwrap();
        entry.payload = seal(&place, &event, signer, meaning, entry.recorded_at, covers).unwrap();
        entry.hash = entry.leaf_hash();
    }
}

/// All checkpoints in a folder.
pub fn notes_in(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder.join("checkpoints")).unwrap();
    files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

/// A person's stream.
pub fn person(id: PersonId) -> StreamId {
    StreamId { kind: StreamKind::Person, id: id.0 }
}

/// A payload with one text replaced by another.
pub fn replaced(payload: &[u8], this: &str, that: &str) -> Vec<u8> {
    let text = String::from_utf8(payload.to_vec()).unwrap();
    assert!(text.contains(this), "{text} has no {this}");
    text.replacen(this, that, 1).into_bytes()
}
