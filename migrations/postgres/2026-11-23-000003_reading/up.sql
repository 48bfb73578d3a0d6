-- Read models: pure functions of folded streams; `baiyo rebuild` writes them anew. Every table that a clinic
-- may see carries its clinic.
CREATE TABLE batch_row (
    id           UUID    PRIMARY KEY,
    label        TEXT    NOT NULL UNIQUE,
    serial       TEXT    NOT NULL UNIQUE, -- site, year and serial, as every label of its parts carries them
    clinic       UUID    NOT NULL,
    order_id     UUID    NOT NULL,
    pseudonym    TEXT    NOT NULL,
    standard     TEXT    NOT NULL,
    purpose      TEXT    NOT NULL,
    status       TEXT    NOT NULL,
    blockers     INTEGER NOT NULL,
    containers   INTEGER NOT NULL,
    released     INTEGER NOT NULL,
    opened_at    BIGINT  NOT NULL,
    changed_at   BIGINT  NOT NULL,
    stands_until BIGINT, -- until when all this is so by time alone; nothing: for good
    version      INTEGER NOT NULL
);
CREATE INDEX batch_row_board ON batch_row (changed_at, id);
CREATE INDEX batch_row_status ON batch_row (status, changed_at, id);

-- A batch on the board of each clinic that may see it: whoever ordered it, or has containers of it allocated.
CREATE TABLE clinic_board_row (
    batch       UUID    NOT NULL,
    clinic      UUID    NOT NULL,
    status      TEXT    NOT NULL,
    changed_at  BIGINT  NOT NULL,
    PRIMARY KEY (batch, clinic)
);
CREATE INDEX clinic_board_row_board ON clinic_board_row (clinic, changed_at, batch);
CREATE INDEX clinic_board_row_status ON clinic_board_row (clinic, status, changed_at, batch);

CREATE TABLE container_row (
    batch       UUID    NOT NULL,
    no          INTEGER NOT NULL,
    clinic      UUID    NOT NULL,
    label       TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    expires_at  BIGINT  NOT NULL,
    PRIMARY KEY (batch, no)
);

CREATE TABLE stop_row (
    entry           UUID   PRIMARY KEY,
    batch           UUID   NOT NULL,
    container       INTEGER NOT NULL,
    clinic          UUID   NOT NULL,
    issued_at       BIGINT NOT NULL,
    acknowledged_at BIGINT
);
CREATE INDEX stop_row_open ON stop_row (issued_at) WHERE acknowledged_at IS NULL;

CREATE TABLE order_row (
    id         UUID    PRIMARY KEY,
    label      TEXT    NOT NULL UNIQUE,
    clinic     UUID    NOT NULL,
    patient    UUID    NOT NULL,
    pseudonym  TEXT    NOT NULL,
    purpose    TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    placed_at  BIGINT  NOT NULL,
    version    INTEGER NOT NULL
);
CREATE INDEX order_row_board ON order_row (placed_at, id);
CREATE INDEX order_row_clinic ON order_row (clinic, placed_at, id);

CREATE TABLE person_row (
    id      UUID    PRIMARY KEY,
    sign_in TEXT    NOT NULL UNIQUE,
    name    TEXT    NOT NULL,
    clinic  UUID,
    roles   TEXT    NOT NULL,
    status  TEXT    NOT NULL,
    version INTEGER NOT NULL
);
CREATE INDEX person_row_clinic ON person_row (clinic);

CREATE TABLE standard_row (
    id       UUID    PRIMARY KEY,
    code     TEXT    NOT NULL,
    edition  INTEGER NOT NULL,
    title_en TEXT    NOT NULL,
    title_ja TEXT    NOT NULL,
    status   TEXT    NOT NULL,
    version  INTEGER NOT NULL,
    UNIQUE (code, edition)
);

CREATE TABLE quality_event_row (
    id        UUID    PRIMARY KEY,
    title     TEXT    NOT NULL,
    status    TEXT    NOT NULL,
    opened_at BIGINT  NOT NULL,
    batches   INTEGER NOT NULL,
    version   INTEGER NOT NULL
);
CREATE INDEX quality_event_row_board ON quality_event_row (opened_at, id);

GRANT SELECT, INSERT, UPDATE, DELETE ON batch_row, clinic_board_row, container_row, stop_row, order_row, person_row, standard_row, quality_event_row TO baiyo_app;
