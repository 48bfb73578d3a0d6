-- When what happened to a batch that people look for by a period: it was opened, decided on, shipped, infused. A row for
-- each clinic that may see the batch.
CREATE TABLE happening_row (
    batch       UUID   NOT NULL,
    clinic      UUID   NOT NULL,
    kind        TEXT   NOT NULL,
    happened_at BIGINT NOT NULL,
    again_at    BIGINT NOT NULL, -- when it happened to the batch the next time; the end of time where it did not
    PRIMARY KEY (batch, clinic, kind, happened_at)
);
CREATE INDEX happening_row_period ON happening_row (kind, happened_at, batch, again_at);
CREATE INDEX happening_row_board ON happening_row (clinic, kind, happened_at, batch, again_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON happening_row TO baiyo_app;

-- What has happened so far, as `baiyo rebuild` would write it.
INSERT INTO happening_row (batch, clinic, kind, happened_at, again_at)
SELECT told.batch, board.clinic, told.kind, told.happened_at,
       COALESCE(LEAD(told.happened_at) OVER (PARTITION BY told.batch, board.clinic, told.kind ORDER BY told.happened_at),
                9223372036854775807)
FROM (SELECT DISTINCT stream_id AS batch, occurred_at AS happened_at,
             CASE kind WHEN 'batch.intake.opened' THEN 'opened' WHEN 'batch.disposition.decided' THEN 'decided'
                       WHEN 'batch.distribution.shipped' THEN 'shipped' ELSE 'infused' END AS kind
      FROM journal
      WHERE stream_kind = 'batch' AND kind IN ('batch.intake.opened', 'batch.disposition.decided',
                                               'batch.distribution.shipped', 'batch.distribution.infused')) AS told
JOIN clinic_board_row AS board ON board.batch = told.batch;
