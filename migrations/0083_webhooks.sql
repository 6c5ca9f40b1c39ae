-- What other systems want to be told, and how the telling went.
--
--   webhook:          active → ended                         (an ended one is kept, for its deliveries name it)
--   webhook_delivery: waiting → delivered                    (at least once; the receiver tells doubles by the event's id)
--                     waiting → dead → waiting               (dead after many tries; a person sends it again)
--
-- How far each webhook has read the log stands in event_reader under its id.

CREATE TABLE webhook (
    id          UUID PRIMARY KEY,
    name        TEXT NOT NULL,
    url         TEXT NOT NULL,
    -- Signs every message, so it must be kept as it is. Shown once.
    secret      TEXT NOT NULL,
    -- Kinds of events between commas; empty for all.
    kinds       TEXT NOT NULL,
    state       TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    revision    BIGINT NOT NULL,
    CONSTRAINT webhook_name CHECK (name <> ''),
    CONSTRAINT webhook_state CHECK (state IN ('active', 'ended'))
);

CREATE TABLE webhook_delivery (
    webhook   UUID NOT NULL REFERENCES webhook (id),
    position  BIGINT NOT NULL,
    state     TEXT NOT NULL,
    tries     BIGINT NOT NULL,
    -- What the receiver answered, or why it could not be asked, at the last try.
    answer    TEXT,
    tried_at  BIGINT,
    CONSTRAINT webhook_delivery_once PRIMARY KEY (webhook, position),
    CONSTRAINT webhook_delivery_state CHECK (state IN ('waiting', 'delivered', 'dead')),
    CONSTRAINT webhook_delivery_tries CHECK (tries >= 0 AND (tries = 0) = (tried_at IS NULL))
);
CREATE INDEX webhook_delivery_by_state ON webhook_delivery (webhook, state, position);
