-- Refused attempts are listed newest first, however many there are.
CREATE INDEX journal_attempts ON journal (recorded_at, id) WHERE stream_kind = 'attempts';
