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
