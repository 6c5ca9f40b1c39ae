-- 2 Warehouse 倉儲. Places, lots, moves and reservations are the ledger's; here stands what people do with them.
--
--   wave:       open ⇄ finished                              (finished when its last task is done; open again when
--                                                             picked goods are put back and others are wanted)
--   pick_task:  open → picked | shorted | rebound            (rebound: the rest goes on as a task on another lot)
--               picked → shorted | rebound                   (put back before it was packed)
--   parcel:     packed → staged → loaded → handed_over | returned
--               loaded → staged                              (taken off again before departure)
--   stock_audit, weighing, parcel_content: written once

CREATE TABLE wave (
    id           UUID PRIMARY KEY,
    site         UUID NOT NULL REFERENCES site (id),
    starts_at    BIGINT NOT NULL,
    ends_at      BIGINT NOT NULL,
    opened_at    BIGINT NOT NULL,
    -- Counted down by each task that is done, so that two pickers who finish together cannot both think
    -- that the other is still at work.
    tasks_open   BIGINT NOT NULL,
    state        TEXT NOT NULL,
    finished_at  BIGINT,
    revision     BIGINT NOT NULL,
    CONSTRAINT wave_window CHECK (starts_at < ends_at),
    CONSTRAINT wave_state CHECK (state IN ('open', 'finished')),
    CONSTRAINT wave_counts CHECK (tasks_open >= 0),
    CONSTRAINT wave_finished CHECK ((state = 'finished') = (finished_at IS NOT NULL)),
    CONSTRAINT wave_finished_empty CHECK (state = 'open' OR tasks_open = 0)
);

CREATE INDEX wave_by_site ON wave (site, opened_at, id);

-- A release note as the floor sees it: whose it is and in which wave it is picked.
CREATE TABLE pick_note (
    note            UUID PRIMARY KEY,
    wave            UUID NOT NULL REFERENCES wave (id),
    site            UUID NOT NULL REFERENCES site (id),
    customer_order  UUID NOT NULL
);

CREATE INDEX pick_note_by_wave ON pick_note (wave, note);
CREATE INDEX pick_note_by_order ON pick_note (customer_order);

-- What each order line wanted, and what binding could not find: that part is short before anybody walks.
CREATE TABLE pick_line (
    order_line      UUID NOT NULL,
    note            UUID NOT NULL REFERENCES pick_note (note),
    sku             UUID NOT NULL REFERENCES sku (id),
    wanted_pieces   BIGINT,
    wanted_grams    BIGINT,
    unbound_pieces  BIGINT,
    unbound_grams   BIGINT,
    PRIMARY KEY (note, order_line),
    CONSTRAINT pick_line_wanted CHECK (COALESCE(wanted_pieces, 0) >= 0 AND COALESCE(wanted_grams, 0) >= 0),
    CONSTRAINT pick_line_unbound CHECK (COALESCE(unbound_pieces, 0) >= 0 AND COALESCE(unbound_grams, 0) >= 0)
);

CREATE INDEX pick_line_by_line ON pick_line (order_line);

CREATE TABLE pick_task (
    id              UUID PRIMARY KEY,
    wave            UUID NOT NULL REFERENCES wave (id),
    note            UUID NOT NULL REFERENCES pick_note (note),
    order_line      UUID NOT NULL,
    sku             UUID NOT NULL REFERENCES sku (id),
    lot             UUID NOT NULL,
    bin             UUID NOT NULL,
    reservation     UUID NOT NULL,
    class           TEXT NOT NULL,
    measure         TEXT NOT NULL,
    tolerance_bp    BIGINT NOT NULL,
    target_pieces   BIGINT,
    target_grams    BIGINT,
    -- The bin's place on the way through the hall.
    pick_sequence   BIGINT NOT NULL,
    -- The task whose rest this one takes over.
    replaces        UUID REFERENCES pick_task (id),
    picker_noun     TEXT,
    picker          UUID,
    claimed_at      BIGINT,
    state           TEXT NOT NULL,
    picked_pieces   BIGINT,
    picked_grams    BIGINT,
    picked_exact    BIGINT NOT NULL DEFAULT 1,
    rebound_pieces  BIGINT,
    rebound_grams   BIGINT,
    short_pieces    BIGINT,
    short_grams     BIGINT,
    short_reason    TEXT,
    weight_reason   TEXT,
    tote            UUID,
    parcel          UUID,
    done_at         BIGINT,
    -- When picked goods went back to their bin, because their lot was stopped before they were packed.
    put_back_at     BIGINT,
    revision        BIGINT NOT NULL,
    CONSTRAINT pick_task_class CHECK (class IN ('ambient', 'chilled', 'frozen')),
    CONSTRAINT pick_task_measure CHECK (measure IN ('counted', 'weighed', 'catch_weight')),
    CONSTRAINT pick_task_target CHECK (COALESCE(target_pieces, 0) >= 0 AND COALESCE(target_grams, 0) >= 0
                                       AND COALESCE(target_pieces, 0) + COALESCE(target_grams, 0) > 0),
    CONSTRAINT pick_task_tolerance CHECK (tolerance_bp >= 0),
    CONSTRAINT pick_task_state CHECK (state IN ('open', 'picked', 'shorted', 'rebound')),
    CONSTRAINT pick_task_done CHECK ((state = 'open') = (done_at IS NULL)),
    CONSTRAINT pick_task_claimed CHECK ((claimed_at IS NULL) = (picker_noun IS NULL)),
    CONSTRAINT pick_task_short CHECK ((state = 'shorted') = (short_reason IS NOT NULL)),
    CONSTRAINT pick_task_short_reason
        CHECK (short_reason IS NULL OR short_reason IN ('not_found', 'damaged', 'expired', 'blocked', 'no_stock')),
    CONSTRAINT pick_task_weight_reason
        CHECK (weight_reason IS NULL OR weight_reason IN ('indivisible_piece', 'last_of_lot', 'customer_agreed')),
    CONSTRAINT pick_task_picked CHECK (COALESCE(picked_pieces, 0) >= 0 AND COALESCE(picked_grams, 0) >= 0),
    CONSTRAINT pick_task_exact CHECK (picked_exact IN (0, 1)),
    CONSTRAINT pick_task_tote
        CHECK ((tote IS NOT NULL) = (COALESCE(picked_pieces, 0) + COALESCE(picked_grams, 0) > 0)),
    CONSTRAINT pick_task_parcel CHECK (parcel IS NULL OR tote IS NOT NULL)
);

CREATE INDEX pick_task_by_wave ON pick_task (wave, pick_sequence, id);
CREATE INDEX pick_task_by_note ON pick_task (note, id);
CREATE INDEX pick_task_by_line ON pick_task (order_line, id);
-- Whose goods are in a tote that nobody has packed yet.
CREATE INDEX pick_task_in_tote ON pick_task (tote) WHERE tote IS NOT NULL AND parcel IS NULL;

-- The scale record: what each invoice line leads back to. Never changed.
CREATE TABLE weighing (
    seq       {rowid},
    task      UUID NOT NULL REFERENCES pick_task (id),
    nth       BIGINT NOT NULL,
    lot       UUID NOT NULL,
    pieces    BIGINT,
    grams     BIGINT,
    -- The scale, `label` when the weight was printed on the goods, `hand` when they were only counted.
    device    TEXT NOT NULL,
    at        BIGINT NOT NULL,
    actor     TEXT NOT NULL,
    actor_id  UUID,
    CONSTRAINT weighing_nth UNIQUE (task, nth),
    CONSTRAINT weighing_something CHECK (COALESCE(pieces, 0) + COALESCE(grams, 0) > 0),
    CONSTRAINT weighing_positive CHECK (COALESCE(pieces, 0) >= 0 AND COALESCE(grams, 0) >= 0)
);

-- Boxes with their cool packs, as the packing bench finds them.
CREATE TABLE packaging (
    code             TEXT PRIMARY KEY,
    class            TEXT NOT NULL,
    tare_grams       BIGINT NOT NULL,
    tolerance_grams  BIGINT NOT NULL,
    revision         BIGINT NOT NULL,
    CONSTRAINT packaging_class CHECK (class IN ('ambient', 'chilled', 'frozen')),
    CONSTRAINT packaging_tare CHECK (tare_grams BETWEEN 0 AND 50000),
    CONSTRAINT packaging_tolerance CHECK (tolerance_grams BETWEEN 0 AND 5000)
);

-- What the numbers of a site's own labels mean.
CREATE TABLE label_setting (
    site         UUID PRIMARY KEY REFERENCES site (id),
    -- Extension digit and GS1 company prefix of the parcel codes (SSCC-18).
    sscc_prefix  TEXT NOT NULL,
    sscc_next    BIGINT NOT NULL,
    revision     BIGINT NOT NULL,
    CONSTRAINT label_setting_prefix CHECK (length(sscc_prefix) BETWEEN 5 AND 13),
    CONSTRAINT label_setting_next CHECK (sscc_next >= 0)
);

-- Item numbers inside the in-store labels that a site's scale prints (EAN-13 with prefix 20–29).
CREATE TABLE label_item (
    site  UUID NOT NULL REFERENCES site (id),
    item  TEXT NOT NULL,
    sku   UUID NOT NULL REFERENCES sku (id),
    PRIMARY KEY (site, item),
    CONSTRAINT label_item_digits CHECK (length(item) = 5)
);

CREATE TABLE parcel (
    id              UUID PRIMARY KEY,
    site            UUID NOT NULL REFERENCES site (id),
    note            UUID NOT NULL REFERENCES pick_note (note),
    customer_order  UUID NOT NULL,
    code            TEXT NOT NULL,
    class           TEXT NOT NULL,
    packaging       TEXT NOT NULL REFERENCES packaging (code),
    expected_grams  BIGINT NOT NULL,
    gross_grams     BIGINT NOT NULL,
    net_grams       BIGINT NOT NULL,
    -- Where the ledger has its contents.
    place           UUID NOT NULL,
    state           TEXT NOT NULL,
    packed_at       BIGINT NOT NULL,
    revision        BIGINT NOT NULL,
    CONSTRAINT parcel_code UNIQUE (code),
    CONSTRAINT parcel_class CHECK (class IN ('ambient', 'chilled', 'frozen')),
    CONSTRAINT parcel_state CHECK (state IN ('packed', 'staged', 'loaded', 'handed_over', 'returned')),
    CONSTRAINT parcel_weights CHECK (expected_grams > 0 AND gross_grams > 0 AND net_grams >= 0)
);

CREATE INDEX parcel_by_note ON parcel (note, id);
CREATE INDEX parcel_by_order ON parcel (customer_order, id);
CREATE INDEX parcel_by_site ON parcel (site, state, id);

-- What is inside, by lot. A task's goods go into one parcel whole.
CREATE TABLE parcel_content (
    task        UUID PRIMARY KEY REFERENCES pick_task (id),
    parcel      UUID NOT NULL REFERENCES parcel (id),
    order_line  UUID NOT NULL,
    sku         UUID NOT NULL REFERENCES sku (id),
    lot         UUID NOT NULL,
    pieces      BIGINT,
    grams       BIGINT,
    exact       BIGINT NOT NULL,
    CONSTRAINT parcel_content_something CHECK (COALESCE(pieces, 0) + COALESCE(grams, 0) > 0),
    CONSTRAINT parcel_content_exact CHECK (exact IN (0, 1))
);

CREATE INDEX parcel_content_by_parcel ON parcel_content (parcel, task);
CREATE INDEX parcel_content_by_lot ON parcel_content (lot);

-- The nightly replay of the stock journal against the balances.
CREATE TABLE stock_audit (
    seq                  {rowid},
    site                 UUID NOT NULL REFERENCES site (id),
    at                   BIGINT NOT NULL,
    moves                BIGINT NOT NULL,
    balances             BIGINT NOT NULL,
    balances_differing   BIGINT NOT NULL,
    reservations         BIGINT NOT NULL,
    reservations_orphan  BIGINT NOT NULL,
    parcels_differing    BIGINT NOT NULL,
    verdict              TEXT NOT NULL,
    -- The first that differ, a line each.
    examples             TEXT NOT NULL,
    CONSTRAINT stock_audit_verdict CHECK (verdict IN ('clean', 'breach')),
    CONSTRAINT stock_audit_counts CHECK (moves >= 0 AND balances >= 0 AND balances_differing >= 0
                                         AND reservations >= 0 AND reservations_orphan >= 0 AND parcels_differing >= 0),
    CONSTRAINT stock_audit_judged
        CHECK ((verdict = 'clean') = (balances_differing + reservations_orphan + parcels_differing = 0))
);

CREATE INDEX stock_audit_by_site ON stock_audit (site, seq);
