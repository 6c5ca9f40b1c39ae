-- 庫存帳. Where every gram is, how it came there, and who may have it.
--
--   lot:          at_dock → approved | rejected | quarantined | expired | recalled
--                 approved → quarantined | recalled | expired
--                 quarantined → approved (a second person) | rejected | condemned | recalled | expired
--                 recalled → condemned, expired → condemned
--   reservation:  promised ⇄ uncovered (the goods behind it failed), promised | uncovered → bound → consumed,
--                 any of these → released; promised | uncovered → expired
--   stock_move:   written once, never changed, never deleted (the tables below the line say so)
--   balance:      what the moves add up to, kept in the transaction of each move

CREATE TABLE place (
    id           UUID PRIMARY KEY,
    site         UUID NOT NULL REFERENCES site (id),
    kind         TEXT NOT NULL,
    code         TEXT NOT NULL,
    zone         UUID REFERENCES zone (id),
    holder_noun  TEXT,
    holder       UUID,
    -- Where on the picker's way through the house it lies.
    path         BIGINT NOT NULL,
    CONSTRAINT place_code UNIQUE (site, kind, code),
    CONSTRAINT place_kind CHECK (kind IN ('supplier', 'dock', 'bin', 'pick_face', 'staging', 'tote', 'vehicle',
                                          'customer', 'waste', 'adjustment', 'production')),
    CONSTRAINT place_holder CHECK ((holder_noun IS NULL) = (holder IS NULL))
);
CREATE INDEX place_by_holder ON place (holder, site, kind);

CREATE TABLE lot (
    id            UUID PRIMARY KEY,
    site          UUID NOT NULL REFERENCES site (id),
    sku           UUID NOT NULL REFERENCES sku (id),
    code          TEXT NOT NULL UNIQUE,
    measure       TEXT NOT NULL,
    -- What one piece weighs in the book, as it was when the lot was opened.
    nominal_grams BIGINT,
    gtin          TEXT,
    supplier_lot  TEXT,
    supplier      UUID,
    produced_on   TEXT,
    harvested_on  TEXT,
    use_by        TEXT,
    origin        TEXT,
    source_noun   TEXT NOT NULL,
    source        UUID NOT NULL,
    cost_money    BIGINT,
    cost_base     TEXT,
    opened_at     BIGINT NOT NULL,
    state         TEXT NOT NULL,
    -- Bits of the open blocks: 1 no promise, 2 no pick, 4 no ship, 8 no sale.
    flags         BIGINT NOT NULL,
    -- The first instant at which the label says no.
    label_until   BIGINT,
    -- The first instant at which the goods are no longer usable. Compared in crates/ledger/src/usable.rs only.
    usable_until  BIGINT,
    -- How much sooner than the label the life ends, in milliseconds.
    cut_short     BIGINT,
    CONSTRAINT lot_state CHECK (state IN ('at_dock', 'approved', 'rejected', 'quarantined', 'condemned', 'recalled',
                                          'expired')),
    CONSTRAINT lot_flags CHECK (flags BETWEEN 0 AND 15),
    CONSTRAINT lot_measure CHECK (measure IN ('counted', 'weighed', 'catch_weight')),
    CONSTRAINT lot_cost CHECK ((cost_money IS NULL) = (cost_base IS NULL)),
    CONSTRAINT lot_never_outlives_its_label
        CHECK (label_until IS NULL
               OR (usable_until IS NOT NULL AND cut_short IS NOT NULL AND cut_short >= 0
                   AND usable_until + cut_short = label_until))
);
CREATE INDEX lot_by_sku ON lot (sku, site);
CREATE INDEX lot_by_supplier_lot ON lot (supplier_lot) WHERE supplier_lot IS NOT NULL;
-- The daily sweep looks for what has run out among the living.
CREATE INDEX lot_by_life ON lot (site, usable_until) WHERE state IN ('at_dock', 'approved', 'quarantined');

-- Every change of a lot's state.
CREATE TABLE lot_turn (
    seq         {rowid},
    lot         UUID NOT NULL REFERENCES lot (id),
    from_state  TEXT NOT NULL,
    to_state    TEXT NOT NULL,
    reason      TEXT NOT NULL,
    actor       TEXT NOT NULL,
    actor_id    UUID,
    at          BIGINT NOT NULL,
    CONSTRAINT lot_turn_turns CHECK (from_state <> to_state),
    CONSTRAINT lot_turn_reason CHECK (reason <> '')
);
CREATE INDEX lot_turn_of ON lot_turn (lot, seq);

CREATE TABLE lot_block (
    id           UUID PRIMARY KEY,
    lot          UUID NOT NULL REFERENCES lot (id),
    flags        BIGINT NOT NULL,
    reason       TEXT NOT NULL,
    actor        TEXT NOT NULL,
    actor_id     UUID,
    at           BIGINT NOT NULL,
    lifted_at    BIGINT,
    lift_reason  TEXT,
    lifter       TEXT,
    lifter_id    UUID,
    CONSTRAINT lot_block_flags CHECK (flags BETWEEN 1 AND 15),
    CONSTRAINT lot_block_lifted CHECK ((lifted_at IS NULL) = (lift_reason IS NULL))
);
CREATE INDEX lot_block_of ON lot_block (lot);

CREATE TABLE lot_parent (
    child   UUID NOT NULL REFERENCES lot (id),
    parent  UUID NOT NULL REFERENCES lot (id),
    pieces  BIGINT,
    grams   BIGINT,
    at      BIGINT NOT NULL,
    CONSTRAINT lot_parent_once PRIMARY KEY (child, parent),
    CONSTRAINT lot_parent_is_another CHECK (child <> parent)
);
CREATE INDEX lot_parent_children ON lot_parent (parent);

CREATE TABLE stock_move (
    seq         {rowid},
    -- The moves that were posted together.
    posting     UUID NOT NULL,
    site        UUID NOT NULL,
    sku         UUID NOT NULL,
    lot         UUID NOT NULL REFERENCES lot (id),
    from_place  UUID NOT NULL REFERENCES place (id),
    to_place    UUID NOT NULL REFERENCES place (id),
    pieces      BIGINT,
    grams       BIGINT,
    exactness   TEXT NOT NULL,
    cause_noun  TEXT NOT NULL,
    cause       UUID NOT NULL,
    cause_line  UUID,
    reason      TEXT,
    actor       TEXT NOT NULL,
    actor_id    UUID,
    at          BIGINT NOT NULL,
    day         TEXT NOT NULL,
    CONSTRAINT stock_move_moves CHECK (from_place <> to_place),
    CONSTRAINT stock_move_something CHECK (COALESCE(pieces, 0) >= 0 AND COALESCE(grams, 0) >= 0
                                           AND COALESCE(pieces, 0) + COALESCE(grams, 0) > 0),
    CONSTRAINT stock_move_exactness CHECK (exactness IN ('exact', 'estimated'))
);
CREATE INDEX stock_move_of_lot ON stock_move (lot, seq);
CREATE INDEX stock_move_of_cause ON stock_move (cause, seq);
CREATE INDEX stock_move_of_day ON stock_move (site, day, seq);

CREATE TABLE balance (
    place      UUID NOT NULL REFERENCES place (id),
    lot        UUID NOT NULL REFERENCES lot (id),
    site       UUID NOT NULL,
    sku        UUID NOT NULL,
    -- 1: goods are really there, and can never be fewer than none. 0: the world outside.
    solid      BIGINT NOT NULL,
    -- 1: a shelf that orders are served from.
    shelved    BIGINT NOT NULL,
    pieces     BIGINT NOT NULL,
    grams      BIGINT NOT NULL,
    estimated  BIGINT NOT NULL,
    -- The number of the two that is promised: pieces, or grams of loose goods.
    amount     BIGINT NOT NULL,
    -- How much of it is bound to reservations.
    bound      BIGINT NOT NULL,
    CONSTRAINT balance_of PRIMARY KEY (place, lot),
    CONSTRAINT balance_solid CHECK (solid = 0 OR (pieces >= 0 AND grams >= 0 AND amount >= 0)),
    CONSTRAINT balance_bound CHECK (bound >= 0 AND (bound = 0 OR (shelved = 1 AND bound <= amount))),
    CONSTRAINT balance_flags CHECK (solid IN (0, 1) AND shelved IN (0, 1) AND estimated IN (0, 1)
                                    AND shelved <= solid)
);
-- What promise and binding read: the filled shelves of one SKU at one site.
CREATE INDEX balance_by_shelf ON balance (site, sku) WHERE shelved = 1 AND amount > 0;
CREATE INDEX balance_by_lot ON balance (lot);

-- The row that everybody locks who promises, binds or changes what a site has of a SKU.
CREATE TABLE shelf (
    site       UUID NOT NULL,
    sku        UUID NOT NULL,
    revision   BIGINT NOT NULL,
    uncovered  BIGINT NOT NULL,
    CONSTRAINT shelf_of PRIMARY KEY (site, sku),
    CONSTRAINT shelf_uncovered CHECK (uncovered >= 0)
);
CREATE INDEX shelf_by_sku ON shelf (sku, site);

CREATE TABLE reservation (
    id             UUID PRIMARY KEY,
    site           UUID NOT NULL,
    sku            UUID NOT NULL REFERENCES sku (id),
    order_line     UUID NOT NULL,
    measure        TEXT NOT NULL,
    state          TEXT NOT NULL,
    -- What was asked for.
    wanted_pieces  BIGINT,
    wanted_grams   BIGINT,
    -- What is not yet bound, and the number it takes from the shelf.
    pieces         BIGINT,
    grams          BIGINT,
    amount         BIGINT NOT NULL,
    picked_pieces  BIGINT,
    picked_grams   BIGINT,
    deliver_by     BIGINT NOT NULL,
    -- deliver_by and the SKU's life at the door: until then the goods must be usable.
    needed_until   BIGINT NOT NULL,
    expires_at     BIGINT,
    placed_at      BIGINT NOT NULL,
    CONSTRAINT reservation_state CHECK (state IN ('promised', 'uncovered', 'bound', 'consumed', 'released', 'expired')),
    CONSTRAINT reservation_amount CHECK (amount >= 0 AND (state IN ('promised', 'uncovered')) = (amount > 0)),
    CONSTRAINT reservation_life CHECK (needed_until >= deliver_by)
);
CREATE INDEX reservation_by_shelf ON reservation (site, sku, state, needed_until)
    WHERE state IN ('promised', 'uncovered');
CREATE INDEX reservation_by_line ON reservation (order_line);
CREATE INDEX reservation_by_expiry ON reservation (expires_at)
    WHERE expires_at IS NOT NULL AND state IN ('promised', 'uncovered');

-- Open bindings only: what is picked stands in the journal, what is undone binds nothing.
CREATE TABLE binding (
    reservation  UUID NOT NULL REFERENCES reservation (id),
    lot          UUID NOT NULL REFERENCES lot (id),
    place        UUID NOT NULL REFERENCES place (id),
    pieces       BIGINT,
    grams        BIGINT,
    amount       BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    CONSTRAINT binding_of PRIMARY KEY (reservation, lot, place),
    CONSTRAINT binding_amount CHECK (amount > 0)
);
CREATE INDEX binding_of_goods ON binding (lot, place);

-- Why a lot that would have run out sooner was not taken.
CREATE TABLE lot_skip (
    reservation  UUID NOT NULL REFERENCES reservation (id),
    lot          UUID NOT NULL REFERENCES lot (id),
    why          TEXT NOT NULL,
    at           BIGINT NOT NULL,
    CONSTRAINT lot_skip_of PRIMARY KEY (reservation, lot)
);
