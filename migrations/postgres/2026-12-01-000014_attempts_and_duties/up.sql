-- Refused commands apart from wrong passwords, of which a stranger can add some: what a review looks through.
CREATE INDEX journal_refused ON journal (kind, recorded_at, id) WHERE kind = 'attempts.refused';
-- A person's wrong passwords: how many were recorded of late.
CREATE INDEX journal_wrong_secrets ON journal (stream_id, version) WHERE kind = 'attempts.wrong_secret';
-- When the code that a sign-in waited for came: the same form sent twice is known by it.
ALTER TABLE pending_sign_in ADD COLUMN entered_at BIGINT;
