-- Rows have no number here that another could take: only the embedded engine's guards change.
SELECT 1;
