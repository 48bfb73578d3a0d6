-- The mark of the one key store that every server on this database must have.
CREATE TABLE key_store (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    mark BLOB    NOT NULL
);
