-- A clinic's rows for that clinic alone, whatever a query forgot. A connection says whose rows it means: `centre`, or a
-- clinic's identifier; to one that says nothing there is none. That holds for the owner too; only a superuser, and a role
-- with BYPASSRLS, sees past it. The application says whose rows by itself: this stops a forgotten filter, not a stranger
-- who speaks SQL. People are not among them: who did what is part of the record of each batch.

ALTER TABLE order_row ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY order_row_in_scope ON order_row
    USING ((SELECT current_setting('baiyo.scope', true)) IN ('centre', clinic::text));

ALTER TABLE clinic_board_row ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY clinic_board_row_in_scope ON clinic_board_row
    USING ((SELECT current_setting('baiyo.scope', true)) IN ('centre', clinic::text));

ALTER TABLE happening_row ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY happening_row_in_scope ON happening_row
    USING ((SELECT current_setting('baiyo.scope', true)) IN ('centre', clinic::text));

ALTER TABLE container_row ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY container_row_in_scope ON container_row
    USING ((SELECT current_setting('baiyo.scope', true)) IN ('centre', clinic::text));

ALTER TABLE stop_row ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY stop_row_in_scope ON stop_row
    USING ((SELECT current_setting('baiyo.scope', true)) IN ('centre', clinic::text));

ALTER TABLE personal_data ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY personal_data_in_scope ON personal_data
    USING ((SELECT current_setting('baiyo.scope', true)) IN ('centre', clinic::text));

-- A batch is also that of whoever has containers of it allocated.
ALTER TABLE batch_row ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY batch_row_in_scope ON batch_row
    USING ((SELECT current_setting('baiyo.scope', true)) = 'centre'
        OR EXISTS (SELECT 1 FROM clinic_board_row AS own WHERE own.batch = batch_row.id
                   AND (SELECT current_setting('baiyo.scope', true)) = own.clinic::text));

ALTER TABLE personal_index ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY personal_index_in_scope ON personal_index
    USING ((SELECT current_setting('baiyo.scope', true)) = 'centre'
        OR EXISTS (SELECT 1 FROM personal_data AS own WHERE own.patient = personal_index.patient
                   AND (SELECT current_setting('baiyo.scope', true)) = own.clinic::text));
