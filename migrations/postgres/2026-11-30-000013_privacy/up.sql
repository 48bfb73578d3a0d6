-- To whom a patient's name and birth date were shown, on which page or operation, and when first on that day of the UTC
-- calendar: append-only. No name is in it.
CREATE TABLE disclosure (
    id       UUID   PRIMARY KEY,
    patient  UUID   NOT NULL,
    person   UUID   NOT NULL,
    route    TEXT   NOT NULL,
    day      BIGINT NOT NULL, -- days since 1970-01-01
    shown_at BIGINT NOT NULL,
    UNIQUE (day, person, route, patient)
);
CREATE INDEX disclosure_patient ON disclosure (patient, shown_at, id);
CREATE INDEX disclosure_person ON disclosure (person, shown_at, id);

CREATE TRIGGER disclosure_no_update BEFORE UPDATE ON disclosure
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('disclosure: what was noted is never changed');
CREATE TRIGGER disclosure_no_delete BEFORE DELETE ON disclosure
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('disclosure: what was noted is never deleted');
CREATE TRIGGER disclosure_no_truncate BEFORE TRUNCATE ON disclosure
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('disclosure: what was noted is never deleted');

GRANT SELECT, INSERT ON disclosure TO baiyo_app;

-- All orders of a patient: what must be over before his name is erased.
CREATE INDEX order_row_patient ON order_row (patient);

-- For the clinic that ordered for the patient alone, also once his name is erased.
ALTER TABLE disclosure ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY disclosure_in_scope ON disclosure
    USING ((SELECT current_setting('baiyo.scope', true)) = 'centre'
        OR EXISTS (SELECT 1 FROM order_row AS own WHERE own.patient = disclosure.patient
                   AND (SELECT current_setting('baiyo.scope', true)) = own.clinic::text));

-- The erasures, which every start carries out again where a restored backup undid one.
CREATE INDEX journal_erasures ON journal (kind, recorded_at, id) WHERE kind = 'order.personal_data_erased';
-- When somebody signed in last: of the sessions that ended. There is an index over the others.
CREATE INDEX session_ended ON session (person, made_at) WHERE ended_at IS NOT NULL;
