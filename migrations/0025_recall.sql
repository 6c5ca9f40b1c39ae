-- 召回 Recall: a lot is called back, found and accounted for; or a drill of the same.
--
--   recall, recall_lot:  written once
--   recall_customer:     listed → reached

CREATE TABLE recall (
    id          UUID PRIMARY KEY,
    site        UUID NOT NULL REFERENCES site (id),
    lot         UUID NOT NULL REFERENCES lot (id),
    kind        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    starter     TEXT NOT NULL,
    starter_id  UUID,
    started_at  BIGINT NOT NULL,
    CONSTRAINT recall_kind CHECK (kind IN ('real', 'drill')),
    CONSTRAINT recall_reason CHECK (reason <> '')
);

CREATE INDEX recall_by_site ON recall (site, started_at, id);

-- Every lot of the family, with what came in, went out and was there when it was called back.
CREATE TABLE recall_lot (
    recall          UUID NOT NULL REFERENCES recall (id),
    lot             UUID NOT NULL REFERENCES lot (id),
    nth             BIGINT NOT NULL,
    -- forward: made of it, or the lot itself; backward: what it was made of.
    direction       TEXT NOT NULL,
    generation      BIGINT NOT NULL,
    came_pieces     BIGINT NOT NULL,
    came_grams      BIGINT NOT NULL,
    came_exact      BIGINT NOT NULL,
    sold_pieces     BIGINT NOT NULL,
    sold_grams      BIGINT NOT NULL,
    sold_exact      BIGINT NOT NULL,
    other_pieces    BIGINT NOT NULL,
    other_grams     BIGINT NOT NULL,
    other_exact     BIGINT NOT NULL,
    on_hand_pieces  BIGINT NOT NULL,
    on_hand_grams   BIGINT NOT NULL,
    on_hand_exact   BIGINT NOT NULL,
    CONSTRAINT recall_lot_of PRIMARY KEY (recall, lot, direction),
    CONSTRAINT recall_lot_direction CHECK (direction IN ('forward', 'backward')),
    CONSTRAINT recall_lot_generation CHECK (generation >= 0),
    CONSTRAINT recall_lot_exact CHECK (came_exact IN (0, 1) AND sold_exact IN (0, 1) AND other_exact IN (0, 1)
                                       AND on_hand_exact IN (0, 1))
);

-- Who has some of it: the list for the telephone.
CREATE TABLE recall_customer (
    recall          UUID NOT NULL REFERENCES recall (id),
    customer        UUID NOT NULL,
    customer_order  UUID NOT NULL,
    lot             UUID NOT NULL REFERENCES lot (id),
    sku             UUID NOT NULL REFERENCES sku (id),
    pieces          BIGINT NOT NULL,
    grams           BIGINT NOT NULL,
    exact           BIGINT NOT NULL,
    reached_at      BIGINT,
    reacher         TEXT,
    reacher_id      UUID,
    CONSTRAINT recall_customer_of PRIMARY KEY (recall, customer_order, lot),
    CONSTRAINT recall_customer_reached CHECK ((reached_at IS NULL) = (reacher IS NULL)),
    CONSTRAINT recall_customer_exact CHECK (exact IN (0, 1))
);

CREATE INDEX recall_customer_by_customer ON recall_customer (recall, customer);
