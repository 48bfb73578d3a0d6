-- Wrong passwords and codes are counted by whom they were given for and where they were tried from, and not by account
-- alone: a stranger who guesses keeps nobody out but strangers.
ALTER TABLE account DROP COLUMN failures;
ALTER TABLE account DROP COLUMN blocked_until;

-- Those of the last quarter of an hour, at most ten for each count.
CREATE TABLE wrong_secret (
    subject  BLOB NOT NULL, -- a person, or what stands for a name that is no account
    origin   BLOB NOT NULL, -- strangers, a known device, a session, …
    slot     INTEGER NOT NULL CHECK (slot BETWEEN 0 AND 9),
    given_at BIGINT NOT NULL,
    PRIMARY KEY (subject, origin, slot)
);
CREATE INDEX wrong_secret_given ON wrong_secret (given_at);

-- Browsers from which a person has signed in, told by a cookie of which only the hash is kept.
CREATE TABLE known_device (
    token_hash BLOB NOT NULL,
    person     BLOB NOT NULL REFERENCES account (person),
    made_at    BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    PRIMARY KEY (token_hash, person)
);
CREATE INDEX known_device_person ON known_device (person);

-- A second factor: the secret that a person's own device makes codes of, encrypted under a key outside the database, and
-- the step of the newest code that was accepted, so that none is accepted twice.
CREATE TABLE second_factor (
    person  BLOB PRIMARY KEY REFERENCES account (person),
    nonce   BLOB NOT NULL,
    sealed  BLOB NOT NULL,
    step    BIGINT NOT NULL,
    made_at BIGINT NOT NULL
);

-- Sign-ins whose password was right and whose code is awaited: they open nothing.
CREATE TABLE pending_sign_in (
    token_hash BLOB PRIMARY KEY,
    person     BLOB NOT NULL REFERENCES account (person),
    made_at    BIGINT NOT NULL
);
CREATE INDEX pending_sign_in_person ON pending_sign_in (person);

-- Since when the browser had been known in which a session began; empty where it was new.
ALTER TABLE session ADD COLUMN known_since BIGINT;
