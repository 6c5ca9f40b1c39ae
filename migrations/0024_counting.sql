-- 2.4 Counting 盤點. What people counted against what the book said, and what came of the difference.
--
--   count_sheet:  open → closed                              (closed when no line waits for a count)
--   count_line:   open → agreed | recount | differs          (recount: by another person)
--                 recount → agreed | differs
--   adjustment:   proposed → posted | rejected
--   write_off:    proposed → weighed → disposed
--                 proposed | weighed → withdrawn
--   expiry_sweep: written once per site and business day

CREATE TABLE count_sheet (
    id         UUID PRIMARY KEY,
    site       UUID NOT NULL REFERENCES site (id),
    state      TEXT NOT NULL,
    opener     TEXT NOT NULL,
    opener_id  UUID,
    opened_at  BIGINT NOT NULL,
    closed_at  BIGINT,
    CONSTRAINT count_sheet_state CHECK (state IN ('open', 'closed')),
    CONSTRAINT count_sheet_closed CHECK ((state = 'closed') = (closed_at IS NOT NULL))
);

CREATE INDEX count_sheet_by_site ON count_sheet (site, opened_at, id);

-- The bins of a sheet; an empty one has no lines and may still turn out to hold something.
CREATE TABLE count_place (
    sheet  UUID NOT NULL REFERENCES count_sheet (id),
    place  UUID NOT NULL REFERENCES place (id),
    CONSTRAINT count_place_of PRIMARY KEY (sheet, place)
);

CREATE INDEX count_place_by_place ON count_place (place);

CREATE TABLE count_line (
    sheet             UUID NOT NULL REFERENCES count_sheet (id),
    place             UUID NOT NULL REFERENCES place (id),
    lot               UUID NOT NULL REFERENCES lot (id),
    nth               BIGINT NOT NULL,
    state             TEXT NOT NULL,
    -- The first count, and what the book held at that instant.
    counted_pieces    BIGINT,
    counted_grams     BIGINT,
    book_pieces       BIGINT,
    book_grams        BIGINT,
    counted_at        BIGINT,
    counter           TEXT,
    counter_id        UUID,
    -- The same of the second.
    recounted_pieces  BIGINT,
    recounted_grams   BIGINT,
    rebook_pieces     BIGINT,
    rebook_grams      BIGINT,
    recounted_at      BIGINT,
    recounter         TEXT,
    recounter_id      UUID,
    CONSTRAINT count_line_of PRIMARY KEY (sheet, place, lot),
    CONSTRAINT count_line_state CHECK (state IN ('open', 'agreed', 'recount', 'differs')),
    CONSTRAINT count_line_counted CHECK ((state = 'open') = (counted_at IS NULL)),
    CONSTRAINT count_line_recounted CHECK (recounted_at IS NULL OR (counted_at IS NOT NULL AND state <> 'recount')),
    CONSTRAINT count_line_hands CHECK ((counted_at IS NULL) = (counter IS NULL)
                                       AND (recounted_at IS NULL) = (recounter IS NULL)),
    CONSTRAINT count_line_positive CHECK (COALESCE(counted_pieces, 0) >= 0 AND COALESCE(counted_grams, 0) >= 0
                                          AND COALESCE(recounted_pieces, 0) >= 0
                                          AND COALESCE(recounted_grams, 0) >= 0)
);

CREATE INDEX count_line_by_place ON count_line (place, counted_at);

CREATE TABLE adjustment (
    id            UUID PRIMARY KEY,
    site          UUID NOT NULL REFERENCES site (id),
    sheet         UUID NOT NULL REFERENCES count_sheet (id),
    place         UUID NOT NULL REFERENCES place (id),
    lot           UUID NOT NULL REFERENCES lot (id),
    sku           UUID NOT NULL REFERENCES sku (id),
    -- Counted less booked.
    pieces        BIGINT,
    grams         BIGINT,
    -- What the difference is worth at cost, missing or found.
    value         BIGINT NOT NULL,
    state         TEXT NOT NULL,
    -- Whose count it rests on, and who had counted before.
    counter       TEXT NOT NULL,
    counter_id    UUID,
    earlier       TEXT,
    earlier_id    UUID,
    proposed_at   BIGINT NOT NULL,
    reason        TEXT,
    because       TEXT,
    decider       TEXT,
    decider_id    UUID,
    decided_at    BIGINT,
    -- The money entry; none for goods that cost nothing.
    entry         UUID REFERENCES money_entry (id),
    CONSTRAINT adjustment_once UNIQUE (sheet, place, lot),
    CONSTRAINT adjustment_something CHECK (COALESCE(pieces, 0) <> 0 OR COALESCE(grams, 0) <> 0),
    CONSTRAINT adjustment_value CHECK (value >= 0),
    CONSTRAINT adjustment_state CHECK (state IN ('proposed', 'posted', 'rejected')),
    CONSTRAINT adjustment_decided CHECK ((state = 'proposed') = (decided_at IS NULL)
                                         AND (state = 'proposed') = (decider IS NULL)),
    CONSTRAINT adjustment_reason CHECK ((state = 'posted') = (reason IS NOT NULL)),
    CONSTRAINT adjustment_because CHECK (state <> 'rejected' OR because IS NOT NULL)
);

CREATE INDEX adjustment_by_site ON adjustment (site, state, proposed_at, id);

CREATE TABLE write_off (
    id            UUID PRIMARY KEY,
    site          UUID NOT NULL REFERENCES site (id),
    place         UUID NOT NULL REFERENCES place (id),
    lot           UUID NOT NULL REFERENCES lot (id),
    sku           UUID NOT NULL REFERENCES sku (id),
    reason        TEXT NOT NULL,
    -- What the book held when it was proposed.
    pieces        BIGINT,
    grams         BIGINT,
    state         TEXT NOT NULL,
    proposer      TEXT NOT NULL,
    proposer_id   UUID,
    proposed_at   BIGINT NOT NULL,
    -- What the scale showed.
    gone_pieces   BIGINT,
    gone_grams    BIGINT,
    device        TEXT,
    weigher       TEXT,
    weigher_id    UUID,
    weighed_at    BIGINT,
    value         BIGINT,
    witness       TEXT,
    witness_id    UUID,
    disposed_at   BIGINT,
    entry         UUID REFERENCES money_entry (id),
    because       TEXT,
    CONSTRAINT write_off_reason CHECK (reason IN ('spoilage', 'expiry', 'damage', 'theft', 'temperature', 'recall')),
    CONSTRAINT write_off_state CHECK (state IN ('proposed', 'weighed', 'disposed', 'withdrawn')),
    CONSTRAINT write_off_weighed CHECK ((weighed_at IS NULL) = (weigher IS NULL)
                                        AND (state NOT IN ('weighed', 'disposed') OR weighed_at IS NOT NULL)),
    CONSTRAINT write_off_disposed CHECK ((state = 'disposed') = (disposed_at IS NOT NULL)
                                         AND (state = 'disposed') = (witness IS NOT NULL)),
    CONSTRAINT write_off_withdrawn CHECK ((state = 'withdrawn') = (because IS NOT NULL)),
    CONSTRAINT write_off_gone CHECK (weighed_at IS NULL OR COALESCE(gone_pieces, 0) + COALESCE(gone_grams, 0) > 0)
);

-- One at a time for the same goods: the daily sweep finds them again and again.
CREATE UNIQUE INDEX write_off_open ON write_off (place, lot) WHERE state IN ('proposed', 'weighed');
CREATE INDEX write_off_by_site ON write_off (site, state, proposed_at, id);

CREATE TABLE expiry_sweep (
    site        UUID NOT NULL REFERENCES site (id),
    day         TEXT NOT NULL,
    at          BIGINT NOT NULL,
    -- Goods that lay unfit in the house, and how many of them were not proposed for writing off before.
    lots        BIGINT NOT NULL,
    write_offs  BIGINT NOT NULL,
    CONSTRAINT expiry_sweep_of PRIMARY KEY (site, day),
    CONSTRAINT expiry_sweep_counts CHECK (lots >= 0 AND write_offs >= 0 AND write_offs <= lots)
);
