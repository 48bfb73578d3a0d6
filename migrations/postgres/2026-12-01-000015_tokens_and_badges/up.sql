-- What a program's token may do of what its owner may, and the device it was given to, where it is one's. Tokens from
-- before read, record and export as they did, until they end; they administer nothing any more.
ALTER TABLE api_token ADD COLUMN scopes TEXT NOT NULL
    DEFAULT 'read patients bench results batches distribution orders standards records';
ALTER TABLE api_token ADD COLUMN device TEXT;

-- A session that began by badge and PIN: at which tablet, and when it ends at the latest.
ALTER TABLE session ADD COLUMN tablet UUID;
ALTER TABLE session ADD COLUMN ends_at BIGINT;

-- Badges in force, one of a person: what is printed on it is known by its hash alone.
CREATE TABLE badge (
    code_hash BYTEA   PRIMARY KEY,
    person    UUID   NOT NULL UNIQUE REFERENCES account (person),
    made_at   BIGINT NOT NULL
);

-- A person's PIN (Argon2id, PHC form), and how many wrong ones were given since he last signed in with his password.
CREATE TABLE pin (
    person  UUID    PRIMARY KEY REFERENCES account (person),
    hash    TEXT    NOT NULL,
    wrong   INTEGER NOT NULL DEFAULT 0 CHECK (wrong BETWEEN 0 AND 5),
    made_at BIGINT  NOT NULL
);

-- Shared tablets at the bench, each known by the cookie of its browser, and by the one before in case an answer was lost.
CREATE TABLE bench_tablet (
    id            UUID   PRIMARY KEY,
    name          TEXT   NOT NULL,
    token_hash    BYTEA  NOT NULL UNIQUE,
    previous_hash BYTEA,
    made_by       UUID   NOT NULL,
    made_at       BIGINT NOT NULL
);

GRANT SELECT, INSERT, UPDATE, DELETE ON badge, pin, bench_tablet TO baiyo_app;

-- When somebody last signed in from a browser with all that he signs in with, as long as that has not been ended since:
-- for a working day after it his badge and PIN do there.
ALTER TABLE known_device ADD COLUMN full_at BIGINT;
