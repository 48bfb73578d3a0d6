-- Refused commands apart from wrong passwords, of which a stranger can add some: what a review looks through.
CREATE INDEX journal_refused ON journal (kind, recorded_at, id) WHERE kind = 'attempts.refused';
-- A person's wrong passwords: how many were recorded of late.
CREATE INDEX journal_wrong_secrets ON journal (performer, recorded_at) WHERE kind = 'attempts.wrong_secret';
-- When the code that a sign-in waited for came: the same form sent twice is known by it.
ALTER TABLE pending_sign_in ADD COLUMN entered_at BIGINT;

-- Separation of duties beside the releaser's, as far as evidence and the entry it rests on tell. Of corrections, which
-- name people of an earlier step, nothing is said here.
CREATE FUNCTION duty_stands_apart() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.duty = 'checker' AND EXISTS (
        SELECT 1 FROM journal
        WHERE id = NEW.entry AND kind NOT LIKE 'batch.disposition.%' AND performer = NEW.person) THEN
        RAISE EXCEPTION USING MESSAGE = 'evidence: who did a step does not check it', ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER duty_checker_apart BEFORE INSERT ON duty FOR EACH ROW EXECUTE FUNCTION duty_stands_apart();

CREATE FUNCTION verifier_stands_apart() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.state = 'met' AND EXISTS (
        SELECT 1 FROM journal AS v JOIN journal AS r ON r.stream_kind = 'batch' AND r.stream_id = NEW.batch
        WHERE v.id = NEW.entry
          AND v.kind IN ('batch.testing.result_verified', 'batch.testing.result_interpreted',
                         'batch.testing.investigation_concluded')
          AND r.kind = 'batch.testing.result_entered'
          AND convert_from(r.payload, 'UTF8')::jsonb #> '{event,batch,testing,result_entered,result}'
            = convert_from(v.payload, 'UTF8')::jsonb #> ARRAY['event', 'batch', 'testing', substr(v.kind, 15), 'result']
          AND (r.recorder = v.performer
               OR convert_from(r.payload, 'UTF8')::jsonb #>> '{event,batch,testing,result_entered,form,analyst}'
                = v.performer::text)) THEN
        RAISE EXCEPTION USING MESSAGE = 'evidence: who entered a result does not verify it',
            ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gate_fact_verifier_apart BEFORE INSERT ON gate_fact
    FOR EACH ROW EXECUTE FUNCTION verifier_stands_apart();

CREATE FUNCTION confirmer_stands_apart() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.state = 'met' AND EXISTS (
        SELECT 1 FROM journal AS j JOIN duty AS d ON d.batch = NEW.batch AND d.person = j.performer
        WHERE j.id = NEW.entry
          AND (j.kind = 'batch.disposition.manufacturing_confirmed' AND d.duty = 'maker'
               OR j.kind = 'batch.disposition.quality_confirmed' AND d.duty IN ('maker', 'checker')
               OR j.kind = 'batch.disposition.hold_lifted')) THEN
        RAISE EXCEPTION USING MESSAGE = 'evidence: who confirms a record or lifts a hold has no such duty on the batch',
            ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gate_fact_confirmer_apart BEFORE INSERT ON gate_fact
    FOR EACH ROW EXECUTE FUNCTION confirmer_stands_apart();
