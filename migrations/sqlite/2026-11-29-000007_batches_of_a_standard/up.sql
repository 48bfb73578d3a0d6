-- The batches of one standard, newest first: what a forecast rests on, and its trends.
CREATE INDEX batch_row_standard ON batch_row (standard, opened_at, id);
