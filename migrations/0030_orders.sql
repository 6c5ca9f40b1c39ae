-- 訂單. Customers' orders from intake to the door, their release notes, and what customers are told.
--
--   customer_order:  placed ─▶ held ─▶ accepted ─▶ released ─▶ packed ─▶ dispatched ─▶ handed_over
--                       │       │          │           │                      └──────▶ failed
--                       ├───────┼──────────┴───────────┴─▶ cancelled     (from released only when nothing could be sent)
--                       └───────┴─▶ declined
--   release_note:    open ─▶ closed
--   notice:          queued ─▶ sent
--                       ├───▶ failed ─▶ queued …                         (tried again later)
--                       └───▶ buried                                     (tried often enough, or nobody to send it to)

CREATE TABLE delivery_window (
    id         UUID PRIMARY KEY,
    site       UUID NOT NULL REFERENCES site (id),
    starts_at  BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    cut_off    BIGINT NOT NULL,
    capacity   BIGINT NOT NULL,
    taken      BIGINT NOT NULL DEFAULT 0,
    revision   BIGINT NOT NULL DEFAULT 1,
    CONSTRAINT delivery_window_once UNIQUE (site, starts_at, ends_at),
    CONSTRAINT delivery_window_span CHECK (starts_at < ends_at),
    CONSTRAINT delivery_window_cut_off CHECK (cut_off <= starts_at),
    CONSTRAINT delivery_window_room CHECK (taken >= 0 AND taken <= capacity)
);

-- The next human number of a kind, per site and business day.
CREATE TABLE order_number (
    kind     TEXT NOT NULL,
    site     UUID NOT NULL,
    day      TEXT NOT NULL,
    last     BIGINT NOT NULL,
    PRIMARY KEY (kind, site, day),
    CONSTRAINT order_number_kind CHECK (kind IN ('SO', 'RN')),
    CONSTRAINT order_number_counts CHECK (last > 0)
);

CREATE TABLE customer_order (
    id                      UUID PRIMARY KEY,
    number                  TEXT NOT NULL UNIQUE,
    site                    UUID NOT NULL REFERENCES site (id),
    customer                UUID NOT NULL REFERENCES customer (id),
    channel                 TEXT NOT NULL,
    taken_by                TEXT NOT NULL,
    lang                    TEXT NOT NULL,
    delivery_window         UUID NOT NULL REFERENCES delivery_window (id),
    window_start            BIGINT NOT NULL,
    window_end              BIGINT NOT NULL,
    cancel_until            BIGINT NOT NULL,
    address                 UUID NOT NULL,
    latitude_microdegrees   BIGINT NOT NULL,
    longitude_microdegrees  BIGINT NOT NULL,
    distance_metres         BIGINT NOT NULL,
    note                    TEXT NOT NULL,
    currency                TEXT NOT NULL,
    line_count              BIGINT NOT NULL,
    low                     BIGINT NOT NULL,
    expected                BIGINT NOT NULL,
    bound                   BIGINT NOT NULL,
    payment                 UUID,
    state                   TEXT NOT NULL,
    reason                  TEXT,
    release_note            UUID,
    amount                  BIGINT,
    invoice                 UUID,
    placed_at               BIGINT NOT NULL,
    changed_at              BIGINT NOT NULL,
    dispatched_at           BIGINT,
    closed_at               BIGINT,
    eta                     BIGINT,
    revision                BIGINT NOT NULL,
    CONSTRAINT customer_order_channel CHECK (channel IN ('shop', 'desk', 'file')),
    CONSTRAINT customer_order_span CHECK (window_start < window_end),
    CONSTRAINT customer_order_estimate CHECK (0 <= low AND low <= expected AND expected <= bound),
    CONSTRAINT customer_order_within_bound CHECK (amount IS NULL OR (amount >= 0 AND amount <= bound)),
    CONSTRAINT customer_order_state CHECK (state IN ('placed', 'held', 'accepted', 'declined', 'cancelled', 'released',
        'packed', 'dispatched', 'handed_over', 'failed')),
    CONSTRAINT customer_order_says_why
        CHECK ((reason IS NOT NULL) = (state IN ('held', 'declined', 'cancelled', 'failed'))),
    CONSTRAINT customer_order_has_note
        CHECK (state NOT IN ('released', 'packed', 'dispatched', 'handed_over', 'failed') OR release_note IS NOT NULL),
    CONSTRAINT customer_order_is_settled
        CHECK ((amount IS NOT NULL) = (state IN ('packed', 'dispatched', 'handed_over', 'failed'))),
    CONSTRAINT customer_order_is_invoiced
        CHECK ((invoice IS NOT NULL) = (state IN ('dispatched', 'handed_over', 'failed')))
);

CREATE INDEX customer_order_of_window ON customer_order (site, delivery_window, state);
CREATE INDEX customer_order_of_customer ON customer_order (customer, placed_at);
CREATE INDEX customer_order_waiting ON customer_order (placed_at) WHERE state IN ('placed', 'held');
CREATE INDEX customer_order_by_age ON customer_order (placed_at, id);

CREATE TABLE order_line (
    id                UUID PRIMARY KEY,
    customer_order    UUID NOT NULL REFERENCES customer_order (id),
    nth               BIGINT NOT NULL,
    sku               UUID NOT NULL REFERENCES sku (id),
    measure           TEXT NOT NULL,
    class             TEXT NOT NULL,
    zone              UUID,
    ordered_pieces    BIGINT,
    ordered_grams     BIGINT,
    estimated_pieces  BIGINT,
    estimated_grams   BIGINT,
    price_money       BIGINT NOT NULL,
    price_base        TEXT NOT NULL,
    price_source      UUID NOT NULL,
    tax               TEXT NOT NULL,
    low               BIGINT NOT NULL,
    expected          BIGINT NOT NULL,
    bound             BIGINT NOT NULL,
    substitution      TEXT NOT NULL,
    promise           UUID,
    sent_pieces       BIGINT,
    sent_grams        BIGINT,
    amount            BIGINT,
    difference        TEXT,
    short             TEXT,
    CONSTRAINT order_line_once UNIQUE (customer_order, sku),
    CONSTRAINT order_line_measure CHECK (measure IN ('counted', 'weighed', 'catch_weight')),
    CONSTRAINT order_line_class CHECK (class IN ('ambient', 'chilled', 'frozen')),
    CONSTRAINT order_line_ordered CHECK (ordered_pieces > 0 OR ordered_grams > 0),
    CONSTRAINT order_line_estimate CHECK (0 <= low AND low <= expected AND expected <= bound),
    CONSTRAINT order_line_within_bound CHECK (amount IS NULL OR (amount >= 0 AND amount <= bound)),
    CONSTRAINT order_line_settled CHECK ((amount IS NULL) = (difference IS NULL)),
    CONSTRAINT order_line_difference CHECK (difference IN ('none', 'lighter', 'heavier', 'capped', 'short')),
    CONSTRAINT order_line_substitution CHECK (substitution IN ('refund', 'none')),
    CONSTRAINT order_line_short CHECK (short IN ('no_stock', 'not_found', 'damaged', 'expired', 'blocked',
        'out_of_tolerance'))
);

-- The lots that were sent for a line. What is only bound stands in the ledger.
CREATE TABLE order_line_lot (
    order_line  UUID NOT NULL REFERENCES order_line (id),
    lot         UUID NOT NULL,
    pieces      BIGINT,
    grams       BIGINT,
    PRIMARY KEY (order_line, lot),
    CONSTRAINT order_line_lot_something CHECK (pieces > 0 OR grams > 0)
);

-- Why this site: every site that was looked at, nearest first.
CREATE TABLE order_candidate (
    customer_order   UUID NOT NULL REFERENCES customer_order (id),
    nth              BIGINT NOT NULL,
    site             UUID NOT NULL,
    distance_metres  BIGINT NOT NULL,
    verdict          TEXT NOT NULL,
    PRIMARY KEY (customer_order, nth)
);

-- The trace of the review: every rule in its order, and what people decided.
CREATE TABLE order_finding (
    customer_order  UUID NOT NULL REFERENCES customer_order (id),
    nth             BIGINT NOT NULL,
    rule            TEXT NOT NULL,
    verdict         TEXT NOT NULL,
    reason          TEXT,
    fact            TEXT NOT NULL,
    at              BIGINT NOT NULL,
    PRIMARY KEY (customer_order, nth),
    CONSTRAINT order_finding_verdict CHECK (verdict IN ('pass', 'hold', 'decline')),
    CONSTRAINT order_finding_says_why CHECK ((reason IS NULL) = (verdict = 'pass'))
);

CREATE TABLE release_note (
    id               UUID PRIMARY KEY,
    number           TEXT NOT NULL UNIQUE,
    customer_order   UUID NOT NULL UNIQUE REFERENCES customer_order (id),
    site             UUID NOT NULL,
    delivery_window  UUID NOT NULL,
    state            TEXT NOT NULL,
    opened_at        BIGINT NOT NULL,
    closed_at        BIGINT,
    CONSTRAINT release_note_state CHECK (state IN ('open', 'closed')),
    CONSTRAINT release_note_closes CHECK ((closed_at IS NOT NULL) = (state = 'closed'))
);

CREATE TABLE notice (
    id              UUID PRIMARY KEY,
    dedupe          TEXT NOT NULL UNIQUE,
    customer        UUID NOT NULL,
    customer_order  UUID,
    template        TEXT NOT NULL,
    lang            TEXT NOT NULL,
    params          TEXT NOT NULL,
    state           TEXT NOT NULL,
    job             UUID NOT NULL,
    tries           BIGINT NOT NULL DEFAULT 0,
    failure         TEXT,
    made_at         BIGINT NOT NULL,
    done_at         BIGINT,
    CONSTRAINT notice_state CHECK (state IN ('queued', 'sent', 'failed', 'buried')),
    CONSTRAINT notice_done CHECK ((done_at IS NOT NULL) = (state IN ('sent', 'buried')))
);

CREATE INDEX notice_of_order ON notice (customer_order);
CREATE INDEX notice_by_age ON notice (made_at, id);
