-- Files that entries name by their SHA-256, such as the photograph of a culture: append-only. The bytes come last, so
-- that what is known of a file is read without them.
CREATE TABLE blob (
    sha256     BLOB   NOT NULL PRIMARY KEY CHECK (length(sha256) = 32),
    media_type TEXT   NOT NULL CHECK (media_type IN ('image/jpeg', 'image/png', 'image/webp')),
    size       BIGINT NOT NULL CHECK (size = length(bytes) AND size <= 8388608),
    added_at   BIGINT NOT NULL,
    added_by   BLOB   NOT NULL,
    bytes      BLOB   NOT NULL
) WITHOUT ROWID;

-- REPLACE deletes without firing delete triggers, so what exists is refused before it is inserted.
CREATE TRIGGER blob_no_replace BEFORE INSERT ON blob
WHEN EXISTS (SELECT 1 FROM blob WHERE sha256 = NEW.sha256)
BEGIN SELECT RAISE(ABORT, 'blob: the file exists'); END;
CREATE TRIGGER blob_no_update BEFORE UPDATE ON blob
BEGIN SELECT RAISE(ABORT, 'blob: files are never changed'); END;
CREATE TRIGGER blob_no_delete BEFORE DELETE ON blob
BEGIN SELECT RAISE(ABORT, 'blob: files are never deleted'); END;
