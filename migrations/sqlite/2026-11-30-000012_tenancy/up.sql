-- Rows are not hidden by the embedded engine, which has no roles and no policies: there the queries' own filters stand
-- alone.
SELECT 1;
