//! What `baiyo verify` says: what is wrong and where, and what a reader should know besides.

use baiyo_domain::ids::EntryId;
use baiyo_domain::journal::StreamId;
use std::fmt;

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The entry, if it is about one.
    pub entry: Option<EntryId>,
    /// Its stream.
    pub stream: Option<StreamId>,
    /// Its version, as stored.
    pub version: Option<i64>,
    /// What is wrong.
    pub what: Fault,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(entry) = self.entry {
            write!(f, "entry {entry}")?;
            if let Some(stream) = self.stream {
                write!(f, " {stream}")?;
            }
            if let Some(version) = self.version {
                write!(f, " version {version}")?;
            }
            f.write_str(": ")?;
        }
        self.what.fmt(f)
    }
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A row that has not the form of an entry.
    #[error("the row is no entry: a column has another type, length or range than an entry's")]
    Malformed,
    /// The content is not what was hashed.
    #[error("its hash is not that of its content: it was altered")]
    Hash,
    /// A gap, or an entry out of order.
    #[error("version {due} is due here: an entry is missing or out of order")]
    Version {
        /// The version that should stand here.
        due: i64,
    },
    /// The chain is broken.
    #[error("its previous hash is not the hash of the entry before it")]
    Chain,
    /// Recorded before the entry it follows.
    #[error("it was recorded before the entry it follows")]
    RecordedEarlier,
    /// The payload is written otherwise than in its only form.
    #[error("its payload is written otherwise than in its only form")]
    Form,
    /// The payload is no fact, or not the one that the entry says.
    #[error("its payload cannot be read: {0}")]
    Payload(String),
    /// The journal does not begin with the founding of the centre.
    #[error("the journal does not begin with the founding of the centre, here")]
    Unfounded,
    /// A founding that is not the first.
    #[error("the centre is founded a second time")]
    FoundedAgain,
    /// A history that no rule allows.
    #[error("with it the history cannot have happened: {0}")]
    Impossible(String),

    /// A signing without its signature.
    #[error("it must be signed and is not")]
    Unsigned,
    /// A signature where none belongs.
    #[error("it carries a signature and is no signing")]
    NoSigning,
    /// The signature says something else than the fact.
    #[error("its signature means {found}, not {due}")]
    Meaning {
        /// What it must mean.
        due: &'static str,
        /// What it says.
        found: String,
    },
    /// Signed by somebody else than who did it.
    #[error("it is signed by another person than the one who did it")]
    Signer,
    /// Signed at another time than recorded.
    #[error("it is signed for another time than it was recorded at")]
    SignedAt,
    /// It covers what does not stand before it.
    #[error("its signature covers an entry that does not stand before it in the stream")]
    Covers,
    /// The key is not registered.
    #[error("it is signed with a key that nobody registered")]
    KeyUnknown,
    /// The key does not chain to the first administrator's.
    #[error("it is signed with a key whose registration does not chain to the first administrator's")]
    KeyUntrusted,
    /// Another person's key.
    #[error("it is signed with another person's key")]
    KeyOfAnother,
    /// The key came later.
    #[error("it is signed with a key that was registered later")]
    KeyLater,
    /// The signature does not verify.
    #[error("its signature does not verify: it was altered, moved or forged")]
    Signature,
    /// The signer had not the role for it.
    #[error("its signer held no role then that may sign this")]
    NoRole,
    /// A role that a person gave himself.
    #[error("a person gave himself a role")]
    RoleByItself,
    /// A key registered again.
    #[error("it registers a key, or a key's identifier, a second time")]
    KeyTwice,
    /// A key registered by its own person.
    #[error("only the first administrator's key is registered by its own person")]
    KeyByItself,
    /// A key without a second person's signature that needed one.
    #[error("no second person signed that he knows who made the key, though there was somebody to ask")]
    KeyUnconfirmed,
    /// A signature by a key that had been replaced.
    #[error("it is signed with a key that another one had replaced")]
    KeyReplaced,
    /// No key is the anchor's.
    #[error("no first administrator's key: none that is registered by itself agrees with the anchor outside")]
    NoAnchor,

    /// Evidence that the history does not make.
    #[error("the table {table} holds a row that the history does not make: {row}")]
    EvidenceInvented {
        /// The table.
        table: &'static str,
        /// What the row says.
        row: String,
    },
    /// Evidence that is gone.
    #[error("the table {table} lacks a row that the history makes: {row}")]
    EvidenceMissing {
        /// The table.
        table: &'static str,
        /// What the row says.
        row: String,
    },
    /// Evidence in another order.
    #[error("the facts of the gate stand in another order than the history makes them")]
    EvidenceOrder,
    /// A row of evidence that rests on nothing.
    #[error("the table {table} holds a row that rests on no entry of its batch")]
    EvidenceUnfounded {
        /// The table.
        table: &'static str,
    },
    /// A disposition whose signature does not stand.
    #[error("a disposition rests on it, and its signature does not stand")]
    DispositionUnsigned,
    /// A release that the gate did not allow.
    #[error("it releases container {container}, and the evidence before it does not allow that: {reason}")]
    ReleasedAgainstGate {
        /// The container.
        container: u16,
        /// The requirement, or `duty` or `expiry`.
        reason: String,
    },

    /// A blob that an entry names is gone.
    #[error("it names the file {sha256}, which is not there")]
    BlobMissing {
        /// Its SHA-256.
        sha256: String,
    },
    /// A blob that is not what its name says.
    #[error("the file {sha256} is not what its name says: it was altered")]
    BlobAltered {
        /// Its SHA-256.
        sha256: String,
    },

    /// An erasure that its history does not found.
    #[error(
        "it tells of a name that was erased, and no two people signed that when nothing had to be kept any more: the \
         key is not destroyed for it"
    )]
    ErasureUnfounded,
    /// A name that nobody can read any more, and of whose erasure these records tell nothing.
    #[error(
        "the key of patient {patient} is lost, and these records tell of no erasure of the name: either the file \
         was lost, then restore it in keys/patients from its backup; or the database is older than an erasure, \
         then restore nothing, and let two people propose and confirm the erasure anew"
    )]
    PatientKeyLost {
        /// The patient.
        patient: String,
    },
    /// A name of which something is left after two people erased it.
    #[error(
        "it erased the name of patient {patient}, and the key or the encrypted name is there still, or again: \
         start the server anew, which destroys it"
    )]
    ErasureUnfinished {
        /// The patient.
        patient: String,
    },

    /// A gap in the tree.
    #[error("tree index {due} is due and absent")]
    TreeGap {
        /// The index.
        due: i64,
    },
    /// A leaf whose entry is gone.
    #[error("the tree holds it at index {index}, and it is not in the journal: it was deleted")]
    Deleted {
        /// Its index.
        index: i64,
    },
    /// Another entry than was sealed.
    #[error("the tree was made over another entry at index {index}: it was changed, moved or inserted")]
    Leaf {
        /// Its index.
        index: i64,
    },
    /// A stored subtree that is not made of those below it.
    #[error("the stored tree is damaged at level {level}, index {index}")]
    Node {
        /// The level, 0 for leaves.
        level: i64,
        /// The place in the level.
        index: i64,
    },
    /// An entry that has no leaf and waits for none.
    #[error("it is not in the tree and does not wait to be: it was inserted, or its leaf was taken out")]
    PassedOver,
    /// Rows that wait for a leaf and are no entry, or have one.
    #[error("{rows} rows wait to be in the tree that are in it already, or are no entries")]
    WaitsInVain {
        /// How many.
        rows: i64,
    },
    /// Not a checkpoint of this log.
    #[error("{source_name} is not this log's: {reason}")]
    Checkpoint {
        /// Which.
        source_name: Source,
        /// Why.
        reason: &'static str,
    },
    /// The row and its note differ.
    #[error("{source_name} says something else than the note it holds")]
    CheckpointRow {
        /// Which.
        source_name: Source,
    },
    /// Another root.
    #[error(
        "{source_name} is over {size} entries and has another root: of those numbered {since} to {size} at \
             least one was changed, deleted or inserted"
    )]
    Root {
        /// Which.
        source_name: Source,
        /// Its size.
        size: u64,
        /// The first entry in the tree's order, counted from 1, that an agreeing checkpoint does not cover.
        since: u64,
    },
    /// The stored tree does not make the checkpoint from which the check was to go on.
    #[error(
        "the stored subtrees over the first {size} entries do not make the root of the checkpoint to resume from"
    )]
    Edge {
        /// Its size.
        size: u64,
    },
    /// More entries than there are.
    #[error("{source_name} is over {size} entries, and only {present} are there: the newest were taken away")]
    RolledBack {
        /// Which.
        source_name: Source,
        /// Its size.
        size: u64,
        /// The tree's size.
        present: u64,
    },

    /// A table, index or guard is absent.
    #[error("the schema lacks the {kind} {name}")]
    SchemaMissing {
        /// `table`, `index` or `trigger`.
        kind: String,
        /// Its name.
        name: String,
    },
    /// A table, index or guard was changed.
    #[error("the {kind} {name} is not as Baiyo makes it")]
    SchemaAltered {
        /// `table`, `index` or `trigger`.
        kind: String,
        /// Its name.
        name: String,
    },
    /// A trigger, view, rule or the like that is not Baiyo's.
    #[error("the {kind} {name} is not Baiyo's")]
    SchemaForeign {
        /// `trigger`, `view`, `rule` …
        kind: String,
        /// Its name.
        name: String,
    },
    /// The database's own check.
    #[error("the database is damaged: {0}")]
    Damaged(String),
}

/// Where a checkpoint was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In the database, under this size.
    Database(i64),
    /// In the data folder, under this name.
    File(String),
    /// By an outsider: the first, the second … of those given.
    Outside(usize),
    /// By an outsider, to resume from.
    Since,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(size) => write!(f, "the checkpoint {size} in the database"),
            Self::File(name) => write!(f, "the checkpoint checkpoints/{name}"),
            Self::Outside(number) => write!(f, "the outside checkpoint number {number}"),
            Self::Since => f.write_str("the checkpoint to resume from"),
        }
    }
}

/// From where a check went on, and what it left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// How many entries the checkpoint covers.
    pub size: u64,
    /// Entries that were not read: older ones, of streams in which nothing is new.
    pub entries: u64,
}

impl fmt::Display for Resumed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { size, entries } = self;
        write!(f, "resumed from a checkpoint over {size} entries: {entries} entries were not read again")
    }
}

/// What a reader should know beside the findings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// Nothing to check.
    #[error("the journal is empty")]
    Empty,
    /// The first administrator's key, to be compared with the outside.
    #[error("the first administrator's key is {public_key}, {}", source_of(*.anchored))]
    FirstKey {
        /// In base64.
        public_key: String,
        /// Whether it was compared with the anchor.
        anchored: bool,
    },
    /// The log's key, to be compared with the outside.
    #[error("the log's key is {0}")]
    LogKey(String),
    /// No key of the log.
    #[error("the signatures of checkpoints were not checked: keys/checkpoint.seed cannot be read")]
    NoLogKey,
    /// The largest checkpoint that was compared and agreed, wherever it was kept.
    #[error("the largest checkpoint that was compared and agreed is over {size} entries")]
    Agreed {
        /// How many entries it covers.
        size: u64,
    },
    /// No checkpoint outside the database.
    #[error("no checkpoint outside the database was compared")]
    NoOutsideCheckpoint,
    /// No look at patients' keys.
    #[error("whether every name can be read was not checked: keys/patients, or a file in it, cannot be read")]
    NoPatientKeys,
    /// Not everything was read.
    #[error("{0}; what somebody changed in those, only a check of everything shows")]
    Resumed(Resumed),
    /// Everything was read although it was not asked for.
    #[error("nothing was left out: the checkpoint to resume from is not one of these records")]
    NotResumed,
    /// A table or index that is not Baiyo's.
    #[error("the {kind} {name} is not Baiyo's; it was left alone")]
    Foreign {
        /// `table` or `index`.
        kind: String,
        /// Its name.
        name: String,
    },
    /// The checks ended early.
    #[error("what follows could not be checked, for the database could not be read on")]
    Unfinished,
}

fn source_of(anchored: bool) -> &'static str {
    if anchored { "as in keys/anchor.pub" } else { "compared with nothing: keys/anchor.pub cannot be read" }
}
