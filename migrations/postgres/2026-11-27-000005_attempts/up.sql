-- Refused attempts are listed newest first, however many there are. The kind stands first, so that no engine takes the
-- index over all streams of a kind for it.
CREATE INDEX journal_attempts ON journal (stream_kind, recorded_at, id) WHERE stream_kind = 'attempts';
