-- 供應商評分. How suppliers did in a period, computed from what really happened, and by which weights.
--
--   scorecard_weights:  open-ended until the next begins
--   scorecard:          written once for each supplier and period

CREATE TABLE scorecard_weights (
    id           UUID PRIMARY KEY,
    quality_bp   BIGINT NOT NULL,
    delivery_bp  BIGINT NOT NULL,
    price_bp     BIGINT NOT NULL,
    service_bp   BIGINT NOT NULL,
    safety_bp    BIGINT NOT NULL,
    valid_from   TEXT NOT NULL UNIQUE,
    valid_until  TEXT,
    set_by       TEXT NOT NULL,
    set_by_id    UUID,
    set_at       BIGINT NOT NULL,
    CONSTRAINT scorecard_weights_whole CHECK (quality_bp + delivery_bp + price_bp + service_bp + safety_bp = 10000),
    CONSTRAINT scorecard_weights_parts CHECK (quality_bp >= 0 AND delivery_bp >= 0 AND price_bp >= 0
                                              AND service_bp >= 0 AND safety_bp >= 0),
    CONSTRAINT scorecard_weights_validity CHECK (valid_until IS NULL OR valid_until >= valid_from)
);

CREATE TABLE scorecard (
    id            UUID PRIMARY KEY,
    supplier      UUID NOT NULL REFERENCES supplier (id),
    period_from   TEXT NOT NULL,
    period_until  TEXT NOT NULL,
    total_bp      BIGINT NOT NULL,
    grade         TEXT NOT NULL,
    weights       UUID NOT NULL REFERENCES scorecard_weights (id),
    -- Each part with what it was computed from.
    card          TEXT NOT NULL,
    computed_by     TEXT NOT NULL,
    computed_by_id  UUID,
    computed_at     BIGINT NOT NULL,
    CONSTRAINT scorecard_once UNIQUE (supplier, period_from, period_until),
    CONSTRAINT scorecard_grade CHECK (grade IN ('a', 'b', 'c', 'd')),
    CONSTRAINT scorecard_total CHECK (total_bp BETWEEN 0 AND 10000),
    CONSTRAINT scorecard_period CHECK (period_until >= period_from)
);
CREATE INDEX scorecard_by_supplier ON scorecard (supplier, period_until, id);
