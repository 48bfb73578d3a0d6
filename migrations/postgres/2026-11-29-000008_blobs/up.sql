-- Files that entries name by their SHA-256, such as the photograph of a culture: append-only.
CREATE TABLE blob (
    sha256     BYTEA  PRIMARY KEY CHECK (length(sha256) = 32),
    media_type TEXT   NOT NULL CHECK (media_type IN ('image/jpeg', 'image/png', 'image/webp')),
    size       BIGINT NOT NULL CHECK (size = length(bytes) AND size <= 8388608),
    added_at   BIGINT NOT NULL,
    added_by   UUID   NOT NULL,
    bytes      BYTEA  NOT NULL
);

CREATE TRIGGER blob_no_update BEFORE UPDATE ON blob
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('blob: files are never changed');
CREATE TRIGGER blob_no_delete BEFORE DELETE ON blob
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('blob: files are never deleted');
CREATE TRIGGER blob_no_truncate BEFORE TRUNCATE ON blob
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('blob: files are never deleted');

GRANT SELECT, INSERT ON blob TO baiyo_app;
