-- Evidence: insert-only, each row points at the journal entry it rests on. Serial numbers grow with the
-- journal: the newest fact of a requirement is the one with the greatest serial.
CREATE TABLE gate_fact (
    serial      INTEGER PRIMARY KEY AUTOINCREMENT,
    batch       BLOB    NOT NULL,
    container   INTEGER NOT NULL, -- 0: the batch as a whole
    requirement TEXT    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('open', 'met', 'failed')),
    valid_until BIGINT,
    entry       BLOB    NOT NULL REFERENCES journal (id)
);
CREATE INDEX gate_fact_newest ON gate_fact (batch, container, requirement, serial);
CREATE INDEX gate_fact_entry ON gate_fact (entry);

CREATE TABLE duty (
    batch  BLOB NOT NULL,
    person BLOB NOT NULL,
    duty   TEXT NOT NULL CHECK (duty IN ('maker', 'checker', 'enterer')),
    entry  BLOB NOT NULL REFERENCES journal (id),
    PRIMARY KEY (batch, person, duty)
);
CREATE INDEX duty_entry ON duty (entry);

CREATE TABLE disposition (
    entry       BLOB    NOT NULL REFERENCES journal (id),
    batch       BLOB    NOT NULL,
    container   INTEGER NOT NULL,
    decision    TEXT    NOT NULL CHECK (decision IN ('release', 'reject')),
    decided_by  BLOB    NOT NULL,
    expires_at  BIGINT  NOT NULL,
    PRIMARY KEY (entry, container)
);
CREATE INDEX disposition_batch ON disposition (batch, container);

CREATE TRIGGER gate_fact_no_update BEFORE UPDATE ON gate_fact
BEGIN SELECT RAISE(ABORT, 'evidence: facts are never changed'); END;
CREATE TRIGGER gate_fact_no_delete BEFORE DELETE ON gate_fact
BEGIN SELECT RAISE(ABORT, 'evidence: facts are never deleted'); END;
CREATE TRIGGER gate_fact_no_replace BEFORE INSERT ON gate_fact
WHEN EXISTS (SELECT 1 FROM gate_fact WHERE serial = NEW.serial)
BEGIN SELECT RAISE(ABORT, 'evidence: the fact exists'); END;
-- What stands is said of the history as it is now: a fact never goes in under an older entry.
CREATE TRIGGER gate_fact_of_batch BEFORE INSERT ON gate_fact
WHEN NEW.entry IS NOT (SELECT id FROM journal WHERE stream_kind = 'batch' AND stream_id = NEW.batch
                       ORDER BY version DESC LIMIT 1)
BEGIN SELECT RAISE(ABORT, 'evidence: a fact rests on the newest entry of its batch'); END;

CREATE TRIGGER duty_no_update BEFORE UPDATE ON duty
BEGIN SELECT RAISE(ABORT, 'evidence: duties are never changed'); END;
CREATE TRIGGER duty_no_delete BEFORE DELETE ON duty
BEGIN SELECT RAISE(ABORT, 'evidence: duties are never deleted'); END;
CREATE TRIGGER duty_no_replace BEFORE INSERT ON duty
WHEN EXISTS (SELECT 1 FROM duty WHERE batch = NEW.batch AND person = NEW.person AND duty = NEW.duty)
BEGIN SELECT RAISE(ABORT, 'evidence: the duty exists'); END;
CREATE TRIGGER duty_of_batch BEFORE INSERT ON duty
WHEN NOT EXISTS (SELECT 1 FROM journal WHERE id = NEW.entry AND stream_kind = 'batch' AND stream_id = NEW.batch)
BEGIN SELECT RAISE(ABORT, 'evidence: a duty rests on an entry of its batch'); END;

CREATE TRIGGER disposition_no_update BEFORE UPDATE ON disposition
BEGIN SELECT RAISE(ABORT, 'evidence: dispositions are never changed'); END;
CREATE TRIGGER disposition_no_delete BEFORE DELETE ON disposition
BEGIN SELECT RAISE(ABORT, 'evidence: dispositions are never deleted'); END;
CREATE TRIGGER disposition_no_replace BEFORE INSERT ON disposition
WHEN EXISTS (SELECT 1 FROM disposition WHERE entry = NEW.entry AND container = NEW.container)
BEGIN SELECT RAISE(ABORT, 'evidence: the disposition exists'); END;

-- The last wall: it knows no criteria, only whether the newest fact of everything required is met, in date,
-- and whether the person has no duty on the batch.
CREATE TRIGGER disposition_entry BEFORE INSERT ON disposition
WHEN NOT EXISTS (
    SELECT 1 FROM journal
    WHERE id = NEW.entry AND stream_kind = 'batch' AND stream_id = NEW.batch
      AND kind = 'batch.disposition.decided' AND performer = NEW.decided_by AND recorder = NEW.decided_by)
BEGIN SELECT RAISE(ABORT, 'disposition: it rests on a decision of its batch by this person'); END;

CREATE TRIGGER disposition_decided BEFORE INSERT ON disposition
WHEN NOT EXISTS (
    SELECT 1 FROM journal AS j,
        json_each(CAST(j.payload AS TEXT), '$.event.batch.disposition.decided.containers') AS c
    WHERE j.id = NEW.entry AND c.value = NEW.container
      AND CASE NEW.decision
          WHEN 'release' THEN
              json_extract(CAST(j.payload AS TEXT), '$.event.batch.disposition.decided.decision') = 'release'
          WHEN 'reject' THEN
              json_type(CAST(j.payload AS TEXT), '$.event.batch.disposition.decided.decision.reject') = 'object'
          END)
BEGIN SELECT RAISE(ABORT, 'disposition: the entry does not decide so of this container'); END;

CREATE TRIGGER disposition_gate BEFORE INSERT ON disposition
WHEN NEW.decision = 'release' AND (
    NOT EXISTS (SELECT 1 FROM gate_fact WHERE batch = NEW.batch AND container = 0)
    OR NOT EXISTS (SELECT 1 FROM gate_fact WHERE batch = NEW.batch AND container = NEW.container AND container > 0)
    OR EXISTS (
        SELECT 1 FROM gate_fact AS f
        WHERE f.batch = NEW.batch AND f.container IN (0, NEW.container)
          AND f.serial = (SELECT max(n.serial) FROM gate_fact AS n
                          WHERE n.batch = f.batch AND n.container = f.container AND n.requirement = f.requirement)
          AND (f.state <> 'met'
               OR f.valid_until <= (SELECT recorded_at FROM journal WHERE id = NEW.entry))))
BEGIN SELECT RAISE(ABORT, 'disposition: a requirement is not met'); END;

CREATE TRIGGER disposition_in_date BEFORE INSERT ON disposition
WHEN NEW.decision = 'release'
    AND NEW.expires_at <= (SELECT recorded_at FROM journal WHERE id = NEW.entry)
BEGIN SELECT RAISE(ABORT, 'disposition: the container is out of date'); END;

CREATE TRIGGER disposition_duty BEFORE INSERT ON disposition
WHEN NEW.decision = 'release'
    AND EXISTS (SELECT 1 FROM duty WHERE batch = NEW.batch AND person = NEW.decided_by)
BEGIN SELECT RAISE(ABORT, 'disposition: who made, checked or entered does not release'); END;
