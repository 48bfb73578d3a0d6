-- To whom a patient's name and birth date were shown, on which page or operation, and when first on that day of the UTC
-- calendar: append-only. No name is in it.
CREATE TABLE disclosure (
    id       BLOB   NOT NULL PRIMARY KEY,
    patient  BLOB   NOT NULL,
    person   BLOB   NOT NULL,
    route    TEXT   NOT NULL,
    day      BIGINT NOT NULL, -- days since 1970-01-01
    shown_at BIGINT NOT NULL,
    UNIQUE (day, person, route, patient)
) WITHOUT ROWID; -- so that no row has a number that another could take
CREATE INDEX disclosure_patient ON disclosure (patient, shown_at, id);
CREATE INDEX disclosure_person ON disclosure (person, shown_at, id);

-- REPLACE deletes without firing delete triggers, so what exists is refused before it is inserted.
CREATE TRIGGER disclosure_no_replace BEFORE INSERT ON disclosure
WHEN EXISTS (SELECT 1 FROM disclosure WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM disclosure
             WHERE day = NEW.day AND person = NEW.person AND route = NEW.route AND patient = NEW.patient)
BEGIN SELECT RAISE(ABORT, 'disclosure: it is noted'); END;
CREATE TRIGGER disclosure_no_update BEFORE UPDATE ON disclosure
BEGIN SELECT RAISE(ABORT, 'disclosure: what was noted is never changed'); END;
CREATE TRIGGER disclosure_no_delete BEFORE DELETE ON disclosure
BEGIN SELECT RAISE(ABORT, 'disclosure: what was noted is never deleted'); END;

-- All orders of a patient: what must be over before his name is erased.
CREATE INDEX order_row_patient ON order_row (patient);
-- The erasures, which every start carries out again where a restored backup undid one.
CREATE INDEX journal_erasures ON journal (kind, recorded_at, id) WHERE kind = 'order.personal_data_erased';
-- When somebody signed in last: of the sessions that ended. There is an index over the others.
CREATE INDEX session_ended ON session (person, made_at) WHERE ended_at IS NOT NULL;
