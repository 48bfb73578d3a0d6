-- Neither evidence nor read model: `baiyo rebuild` leaves these alone.
CREATE TABLE account (
    person        UUID   PRIMARY KEY,
    sign_in       TEXT   NOT NULL UNIQUE, -- never given to anybody else
    password_hash TEXT,                   -- Argon2id, PHC form; empty until the person has set it
    failures      INTEGER NOT NULL DEFAULT 0,
    blocked_until BIGINT
);

-- A signing key, encrypted under its owner's password (Argon2id → XChaCha20-Poly1305).
CREATE TABLE signing_key (
    id         UUID   PRIMARY KEY,
    person     UUID   NOT NULL REFERENCES account (person),
    public_key BYTEA   NOT NULL CHECK (length(public_key) = 32),
    salt       BYTEA   NOT NULL,
    nonce      BYTEA   NOT NULL,
    sealed     BYTEA   NOT NULL,
    made_at    BIGINT NOT NULL
);
CREATE INDEX signing_key_person ON signing_key (person);

-- One-time links by which a person sets his password; only the hash is kept.
CREATE TABLE setup_link (
    token_hash BYTEA   PRIMARY KEY,
    person     UUID   NOT NULL,
    made_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX setup_link_person ON setup_link (person) WHERE used_at IS NULL;

CREATE TABLE session (
    token_hash BYTEA   PRIMARY KEY,
    person     UUID   NOT NULL REFERENCES account (person),
    made_at    BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    ended_at   BIGINT
);
CREATE INDEX session_person ON session (person) WHERE ended_at IS NULL;

CREATE TABLE api_token (
    token_hash BYTEA   PRIMARY KEY,
    person     UUID   NOT NULL REFERENCES account (person),
    name       TEXT   NOT NULL,
    made_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at   BIGINT
);
CREATE INDEX api_token_person ON api_token (person) WHERE ended_at IS NULL;

-- A patient's name and birth date, encrypted under the patient's own key (in the key store, outside).
CREATE TABLE personal_data (
    patient    UUID PRIMARY KEY,
    clinic     UUID NOT NULL,
    nonce      BYTEA NOT NULL,
    ciphertext BYTEA NOT NULL
);

-- Keyed blind index: finds a patient by name and birth date without storing either.
CREATE TABLE personal_index (
    digest  BYTEA NOT NULL,
    patient UUID NOT NULL REFERENCES personal_data (patient),
    PRIMARY KEY (digest, patient)
);
CREATE INDEX personal_index_patient ON personal_index (patient);

CREATE TABLE idempotency (
    person      UUID   NOT NULL,
    key         TEXT   NOT NULL,
    fingerprint BYTEA   NOT NULL,
    answer      TEXT   NOT NULL,
    made_at     BIGINT NOT NULL,
    PRIMARY KEY (person, key)
);

CREATE TABLE serial (
    kind TEXT    NOT NULL,
    year INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (kind, year)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON account, signing_key, setup_link, session, api_token, personal_data, personal_index, idempotency, serial TO baiyo_app;
