-- The journal: append-only. Identifiers are 16-byte UUIDs, times are microseconds since 1970 (UTC).
CREATE TABLE journal (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT, -- insertion order on this engine; means nothing else
    id             BLOB    NOT NULL UNIQUE,
    stream_kind    TEXT    NOT NULL,
    stream_id      BLOB    NOT NULL,
    version        INTEGER NOT NULL CHECK (version >= 1),
    occurred_at    BIGINT  NOT NULL,
    recorded_at    BIGINT  NOT NULL,
    performer      BLOB    NOT NULL,
    recorder       BLOB    NOT NULL,
    command        BLOB    NOT NULL,
    kind           TEXT    NOT NULL,
    schema_version INTEGER NOT NULL,
    payload        BLOB    NOT NULL CHECK (length(payload) <= 65536),
    previous_hash  BLOB    NOT NULL CHECK (length(previous_hash) = 32),
    hash           BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    UNIQUE (stream_kind, stream_id, version)
);
CREATE INDEX journal_beginnings ON journal (stream_kind, seq) WHERE version = 1;

-- REPLACE deletes without firing delete triggers, so what exists is refused before it is inserted.
CREATE TRIGGER journal_no_replace BEFORE INSERT ON journal
WHEN EXISTS (
    SELECT 1 FROM journal
    WHERE seq = NEW.seq OR id = NEW.id OR hash = NEW.hash
       OR (stream_kind = NEW.stream_kind AND stream_id = NEW.stream_id AND version = NEW.version)
)
BEGIN SELECT RAISE(ABORT, 'journal: the entry exists'); END;

CREATE TRIGGER journal_chain BEFORE INSERT ON journal
WHEN NEW.previous_hash IS NOT (
    SELECT coalesce(
        (SELECT hash FROM journal
         WHERE stream_kind = NEW.stream_kind AND stream_id = NEW.stream_id AND version = NEW.version - 1),
        CASE WHEN NEW.version = 1 THEN zeroblob(32) END)
)
BEGIN SELECT RAISE(ABORT, 'journal: the entry does not follow its stream'); END;

CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'journal: entries are never changed'); END;

CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'journal: entries are never deleted'); END;

-- The Merkle tree over all entries (RFC 6962), filled by the sealer.
CREATE TABLE tree_leaf (
    tree_index BIGINT PRIMARY KEY,
    entry      BLOB NOT NULL UNIQUE REFERENCES journal (id)
);

-- The entries that wait for their leaf: each comes in with itself and leaves with its leaf, whatever the order in which
-- transactions end and wherever the database is restored.
CREATE TABLE unsealed (
    seq BIGINT PRIMARY KEY
);

CREATE TABLE tree_node (
    level   INTEGER NOT NULL,
    idx     BIGINT  NOT NULL,
    hash    BLOB    NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, idx)
);

CREATE TABLE checkpoint (
    size      BIGINT PRIMARY KEY,
    root      BLOB   NOT NULL,
    note      TEXT   NOT NULL,
    sealed_at BIGINT NOT NULL
);

-- Append-only as well: a leaf is a new entry at the next index, and what was sealed stays as it is.
CREATE TRIGGER tree_leaf_next BEFORE INSERT ON tree_leaf
WHEN NEW.tree_index IS NOT (SELECT coalesce(max(tree_index) + 1, 0) FROM tree_leaf)
    OR EXISTS (SELECT 1 FROM tree_leaf WHERE entry = NEW.entry)
BEGIN SELECT RAISE(ABORT, 'tree: a leaf is a new entry at the next index'); END;
CREATE TRIGGER tree_leaf_no_update BEFORE UPDATE ON tree_leaf
BEGIN SELECT RAISE(ABORT, 'tree: leaves are never changed'); END;
CREATE TRIGGER tree_leaf_no_delete BEFORE DELETE ON tree_leaf
BEGIN SELECT RAISE(ABORT, 'tree: leaves are never deleted'); END;

CREATE TRIGGER journal_waits AFTER INSERT ON journal
BEGIN INSERT INTO unsealed (seq) VALUES (NEW.seq); END;
CREATE TRIGGER tree_leaf_seals AFTER INSERT ON tree_leaf
BEGIN DELETE FROM unsealed WHERE seq = (SELECT seq FROM journal WHERE id = NEW.entry); END;
CREATE TRIGGER unsealed_is_new BEFORE INSERT ON unsealed
WHEN NOT EXISTS (SELECT 1 FROM journal WHERE seq = NEW.seq)
    OR EXISTS (SELECT 1 FROM journal JOIN tree_leaf ON entry = id WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'tree: only an entry without a leaf waits for it'); END;
CREATE TRIGGER unsealed_no_update BEFORE UPDATE ON unsealed
BEGIN SELECT RAISE(ABORT, 'tree: an entry waits until it has its leaf'); END;
CREATE TRIGGER unsealed_until_sealed BEFORE DELETE ON unsealed
WHEN NOT EXISTS (SELECT 1 FROM journal JOIN tree_leaf ON entry = id WHERE seq = OLD.seq)
BEGIN SELECT RAISE(ABORT, 'tree: an entry waits until it has its leaf'); END;

CREATE TRIGGER tree_node_no_replace BEFORE INSERT ON tree_node
WHEN EXISTS (SELECT 1 FROM tree_node WHERE level = NEW.level AND idx = NEW.idx)
BEGIN SELECT RAISE(ABORT, 'tree: the node exists'); END;
CREATE TRIGGER tree_node_no_update BEFORE UPDATE ON tree_node
BEGIN SELECT RAISE(ABORT, 'tree: nodes are never changed'); END;
CREATE TRIGGER tree_node_no_delete BEFORE DELETE ON tree_node
BEGIN SELECT RAISE(ABORT, 'tree: nodes are never deleted'); END;

CREATE TRIGGER checkpoint_no_replace BEFORE INSERT ON checkpoint
WHEN EXISTS (SELECT 1 FROM checkpoint WHERE size = NEW.size)
BEGIN SELECT RAISE(ABORT, 'tree: the checkpoint exists'); END;
CREATE TRIGGER checkpoint_no_update BEFORE UPDATE ON checkpoint
BEGIN SELECT RAISE(ABORT, 'tree: checkpoints are never changed'); END;
CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint
BEGIN SELECT RAISE(ABORT, 'tree: checkpoints are never deleted'); END;
