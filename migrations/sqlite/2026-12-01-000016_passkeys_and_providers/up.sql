-- Other ways to sign in than by password: passkeys, and accounts at a provider of the site's own (OpenID Connect). The
-- tables are there whether or not the program was built with either.

-- A person's passkeys: public keys alone, with what the last use told of them.
CREATE TABLE passkey (
    credential BLOB PRIMARY KEY, -- SHA-256 of the identifier by which a browser names it
    person     BLOB NOT NULL REFERENCES account (person),
    name       TEXT NOT NULL, -- what its owner called it
    public     TEXT NOT NULL, -- the public key with its counter, as the library writes it
    made_at    BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX passkey_person ON passkey (person);

-- Accounts at a provider by which a person may sign in. An administrator names one, and it counts once its person has
-- accepted it with his password.
CREATE TABLE provider_link (
    issuer      TEXT NOT NULL,
    subject     TEXT NOT NULL,
    person      BLOB NOT NULL REFERENCES account (person),
    made_by     BLOB NOT NULL,
    made_at     BIGINT NOT NULL,
    accepted_at BIGINT,
    PRIMARY KEY (issuer, subject),
    UNIQUE (person, issuer)
);

-- What was asked of a passkey or a provider and is not answered yet. Each is told by a token of which only the hash is
-- kept, is taken once, and ends after some minutes.
CREATE TABLE ceremony (
    token_hash BLOB PRIMARY KEY,
    kind       TEXT NOT NULL,
    person     BLOB REFERENCES account (person), -- empty until it is known who answers
    state      TEXT NOT NULL,
    made_at    BIGINT NOT NULL
);
CREATE INDEX ceremony_person ON ceremony (person);

-- By what a session began: 'passkey', 'provider', or 'provider_factor' where the provider saw a second factor; empty
-- where it was the password.
ALTER TABLE session ADD COLUMN entered_by TEXT;
