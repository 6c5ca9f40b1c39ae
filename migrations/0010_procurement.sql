-- 採購. Who may deliver, what was ordered, and what the dock took of it.
--
--   supplier:          registered → approved | probation | suspended, and between these three for ever
--   purchase_order:    placed → accepted | declined | cancelled
--                      accepted → partly_received → received → closed; partly_received → closed
--   arrival:           at_dock ⇄ cleared     (cleared: all that came off the truck is put away or sent back)
--   arrival_line:      weighed → judged
--   arrival_part:      at_dock → put_away | returned; a quarantined part is decided once: accept | concession | reject
--   sampling_history:  normal ⇄ tightened → stopped → tightened; normal ⇄ reduced
--   supplier_invoice:  blocked → approved → paid, blocked → withdrawn   (approved at once when nothing strays)
--   qualification, supplier_price, contract, contract_answer, shipping_notice, inspection, supplier_return, claim,
--   put_away:          written once; a price that is open is ended by the next

-- The last number of a series on one day of a site.
CREATE TABLE document_number (
    series  TEXT NOT NULL,
    site    UUID NOT NULL REFERENCES site (id),
    day     TEXT NOT NULL,
    last    BIGINT NOT NULL,
    CONSTRAINT document_number_of PRIMARY KEY (series, site, day),
    CONSTRAINT document_number_counts CHECK (last > 0)
);

-- 1.2 ---------------------------------------------------------------------------------------------------------------

CREATE TABLE supplier (
    id                UUID PRIMARY KEY,
    code              TEXT NOT NULL UNIQUE,
    name              TEXT NOT NULL,
    standing          TEXT NOT NULL,
    -- Codes side by side, a space between.
    categories        TEXT NOT NULL,
    currency          TEXT NOT NULL,
    lead_time_days    BIGINT NOT NULL,
    minimum_order     BIGINT NOT NULL,
    delivery_days     TEXT NOT NULL,
    contact_person    TEXT NOT NULL,
    contact_phone     TEXT NOT NULL,
    contact_email     TEXT NOT NULL,
    contact_address   TEXT NOT NULL,
    registered_by     TEXT NOT NULL,
    registered_by_id  UUID,
    revision          BIGINT NOT NULL,
    CONSTRAINT supplier_standing CHECK (standing IN ('registered', 'approved', 'probation', 'suspended')),
    CONSTRAINT supplier_currency CHECK (currency IN ('TWD', 'CNY')),
    CONSTRAINT supplier_lead_time CHECK (lead_time_days BETWEEN 0 AND 90),
    CONSTRAINT supplier_minimum CHECK (minimum_order >= 0)
);

CREATE TABLE qualification (
    id           UUID PRIMARY KEY,
    supplier     UUID NOT NULL REFERENCES supplier (id),
    kind         TEXT NOT NULL,
    number       TEXT NOT NULL,
    valid_from   TEXT NOT NULL,
    valid_until  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    CONSTRAINT qualification_kind CHECK (kind IN ('licence', 'food_business', 'traceability', 'organic',
                                                  'residue_report', 'food_safety_system', 'quarantine_certificate')),
    CONSTRAINT qualification_validity CHECK (valid_until >= valid_from)
);
CREATE INDEX qualification_of ON qualification (supplier, kind, valid_until);
CREATE INDEX qualification_by_end ON qualification (valid_until);

CREATE TABLE supplier_price (
    id           UUID PRIMARY KEY,
    supplier     UUID NOT NULL REFERENCES supplier (id),
    sku          UUID NOT NULL REFERENCES sku (id),
    money        BIGINT NOT NULL,
    base         TEXT NOT NULL,
    valid_from   TEXT NOT NULL,
    valid_until  TEXT,
    CONSTRAINT supplier_price_begins_once UNIQUE (supplier, sku, valid_from),
    CONSTRAINT supplier_price_money CHECK (money >= 0),
    CONSTRAINT supplier_price_validity CHECK (valid_until IS NULL OR valid_until >= valid_from)
);

-- 1.5 ---------------------------------------------------------------------------------------------------------------

CREATE TABLE purchase_order (
    id            UUID PRIMARY KEY,
    number        TEXT NOT NULL UNIQUE,
    site          UUID NOT NULL REFERENCES site (id),
    supplier      UUID NOT NULL REFERENCES supplier (id),
    state         TEXT NOT NULL,
    currency      TEXT NOT NULL,
    delivery_on   TEXT NOT NULL,
    requisition   UUID,
    value         BIGINT NOT NULL,
    placed_by     TEXT NOT NULL,
    placed_by_id  UUID,
    placed_at     BIGINT NOT NULL,
    revision      BIGINT NOT NULL,
    CONSTRAINT purchase_order_state CHECK (state IN ('placed', 'accepted', 'declined', 'cancelled', 'partly_received',
                                                     'received', 'closed')),
    CONSTRAINT purchase_order_value CHECK (value >= 0)
);
CREATE INDEX purchase_order_by_site ON purchase_order (site, delivery_on, id);
CREATE INDEX purchase_order_by_supplier ON purchase_order (supplier, delivery_on, id);
CREATE INDEX purchase_order_expected ON purchase_order (site, delivery_on, id)
    WHERE state IN ('accepted', 'partly_received');

CREATE TABLE purchase_order_line (
    id                       UUID PRIMARY KEY,
    purchase_order           UUID NOT NULL REFERENCES purchase_order (id),
    position                 BIGINT NOT NULL,
    sku                      UUID NOT NULL REFERENCES sku (id),
    pieces                   BIGINT,
    grams                    BIGINT,
    exactness                TEXT NOT NULL,
    money                    BIGINT NOT NULL,
    base                     TEXT NOT NULL,
    value                    BIGINT NOT NULL,
    arrival_max_decicelsius  BIGINT,
    remaining_life_min_days  BIGINT NOT NULL,
    weight_tolerance_bp      BIGINT NOT NULL,
    over_receipt_bp          BIGINT NOT NULL,
    aql_major                TEXT NOT NULL,
    aql_minor                TEXT NOT NULL,
    level                    TEXT NOT NULL,
    concession_cut_bp        BIGINT NOT NULL,
    CONSTRAINT purchase_order_line_position UNIQUE (purchase_order, position),
    CONSTRAINT purchase_order_line_sku UNIQUE (purchase_order, sku),
    CONSTRAINT purchase_order_line_something CHECK (COALESCE(pieces, 0) + COALESCE(grams, 0) > 0),
    CONSTRAINT purchase_order_line_exactness CHECK (exactness IN ('exact', 'estimated')),
    CONSTRAINT purchase_order_line_life CHECK (remaining_life_min_days >= 0),
    CONSTRAINT purchase_order_line_shares CHECK (weight_tolerance_bp BETWEEN 0 AND 2000
                                                 AND over_receipt_bp BETWEEN 0 AND 2000
                                                 AND concession_cut_bp BETWEEN 0 AND 9000)
);

CREATE TABLE contract (
    id              UUID PRIMARY KEY,
    purchase_order  UUID NOT NULL UNIQUE REFERENCES purchase_order (id),
    text            TEXT NOT NULL,
    sha256          TEXT NOT NULL,
    rendered_at     BIGINT NOT NULL,
    CONSTRAINT contract_hash CHECK (length(sha256) = 64)
);

CREATE TABLE contract_answer (
    contract        UUID PRIMARY KEY REFERENCES contract (id),
    answer          TEXT NOT NULL,
    reason          TEXT,
    signed_by       TEXT NOT NULL,
    sha256          TEXT NOT NULL,
    answered_by     TEXT NOT NULL,
    answered_by_id  UUID,
    answered_at     BIGINT NOT NULL,
    CONSTRAINT contract_answer_known CHECK (answer IN ('accepted', 'declined')),
    CONSTRAINT contract_answer_reason CHECK ((answer = 'declined') = (reason IS NOT NULL))
);

CREATE TABLE shipping_notice (
    id              UUID PRIMARY KEY,
    purchase_order  UUID NOT NULL REFERENCES purchase_order (id),
    site            UUID NOT NULL,
    supplier        UUID NOT NULL,
    eta             BIGINT NOT NULL,
    vehicle         TEXT NOT NULL,
    logger          TEXT,
    announced_at    BIGINT NOT NULL
);
CREATE INDEX shipping_notice_of ON shipping_notice (purchase_order, eta);

CREATE TABLE shipping_notice_line (
    notice               UUID NOT NULL REFERENCES shipping_notice (id),
    position             BIGINT NOT NULL,
    purchase_order_line  UUID NOT NULL REFERENCES purchase_order_line (id),
    supplier_lot         TEXT NOT NULL,
    harvested_on         TEXT,
    produced_on          TEXT,
    use_by               TEXT,
    cases                BIGINT NOT NULL,
    pieces               BIGINT,
    grams                BIGINT,
    exactness            TEXT NOT NULL,
    CONSTRAINT shipping_notice_line_of PRIMARY KEY (notice, position),
    CONSTRAINT shipping_notice_line_cases CHECK (cases > 0),
    CONSTRAINT shipping_notice_line_exactness CHECK (exactness IN ('exact', 'estimated'))
);

-- 1.6 ---------------------------------------------------------------------------------------------------------------

-- What an empty crate of a kind weighs.
CREATE TABLE tare_profile (
    code   TEXT PRIMARY KEY,
    name   TEXT NOT NULL,
    grams  BIGINT NOT NULL,
    CONSTRAINT tare_profile_grams CHECK (grams > 0)
);

CREATE TABLE arrival (
    id                   UUID PRIMARY KEY,
    number               TEXT NOT NULL UNIQUE,
    site                 UUID NOT NULL REFERENCES site (id),
    purchase_order       UUID NOT NULL REFERENCES purchase_order (id),
    supplier             UUID NOT NULL REFERENCES supplier (id),
    notice               UUID REFERENCES shipping_notice (id),
    dock                 UUID NOT NULL REFERENCES place (id),
    vehicle              TEXT NOT NULL,
    vehicle_decicelsius  BIGINT,
    state                TEXT NOT NULL,
    arrived_by           TEXT NOT NULL,
    arrived_by_id        UUID,
    arrived_at           BIGINT NOT NULL,
    CONSTRAINT arrival_state CHECK (state IN ('at_dock', 'cleared'))
);
CREATE INDEX arrival_by_site ON arrival (site, arrived_at, id);
CREATE INDEX arrival_of_order ON arrival (purchase_order);
CREATE INDEX arrival_at_dock ON arrival (site, arrived_at, id) WHERE state = 'at_dock';

CREATE TABLE arrival_line (
    id                   UUID PRIMARY KEY,
    arrival              UUID NOT NULL REFERENCES arrival (id),
    purchase_order       UUID NOT NULL,
    purchase_order_line  UUID NOT NULL REFERENCES purchase_order_line (id),
    sku                  UUID NOT NULL REFERENCES sku (id),
    lot                  UUID NOT NULL UNIQUE REFERENCES lot (id),
    state                TEXT NOT NULL,
    cartons              BIGINT NOT NULL,
    gross_grams          BIGINT NOT NULL,
    tare_grams           BIGINT NOT NULL,
    pieces               BIGINT,
    grams                BIGINT,
    exactness            TEXT NOT NULL,
    core_decicelsius     BIGINT,
    announced_grams      BIGINT,
    certificate          TEXT,
    trace_lot_code       TEXT,
    trace_source         TEXT,
    reference_kind       TEXT,
    reference_number     TEXT,
    received_on          TEXT NOT NULL,
    completeness_bp      BIGINT NOT NULL,
    weighed_by           TEXT NOT NULL,
    weighed_by_id        UUID,
    weighed_at           BIGINT NOT NULL,
    CONSTRAINT arrival_line_state CHECK (state IN ('weighed', 'judged')),
    CONSTRAINT arrival_line_cartons CHECK (cartons > 0),
    CONSTRAINT arrival_line_scale CHECK (gross_grams >= tare_grams AND tare_grams >= 0),
    -- Where a scale has spoken, what was received is what it said.
    CONSTRAINT arrival_line_net CHECK (gross_grams = 0 OR grams = gross_grams - tare_grams),
    CONSTRAINT arrival_line_something CHECK (COALESCE(pieces, 0) + COALESCE(grams, 0) > 0),
    CONSTRAINT arrival_line_completeness CHECK (completeness_bp BETWEEN 0 AND 10000),
    CONSTRAINT arrival_line_reference CHECK ((reference_kind IS NULL) = (reference_number IS NULL))
);
CREATE INDEX arrival_line_of ON arrival_line (arrival);
CREATE INDEX arrival_line_of_order ON arrival_line (purchase_order, purchase_order_line);

-- Each crate, or stack of crates, as it stood on the scale.
CREATE TABLE arrival_crate (
    line         UUID NOT NULL REFERENCES arrival_line (id),
    position     BIGINT NOT NULL,
    cartons      BIGINT NOT NULL,
    gross_grams  BIGINT NOT NULL,
    tare_grams   BIGINT NOT NULL,
    profile      TEXT,
    CONSTRAINT arrival_crate_of PRIMARY KEY (line, position),
    CONSTRAINT arrival_crate_weight CHECK (gross_grams > tare_grams AND tare_grams >= 0),
    CONSTRAINT arrival_crate_cartons CHECK (cartons > 0)
);

CREATE TABLE inspection (
    id               UUID PRIMARY KEY,
    line             UUID NOT NULL UNIQUE REFERENCES arrival_line (id),
    days_left        BIGINT,
    -- What the facts forbid: nothing, plain acceptance, or taking the goods at all.
    bar              TEXT NOT NULL,
    faults           TEXT NOT NULL,
    inspected_by     TEXT NOT NULL,
    inspected_by_id  UUID,
    inspected_at     BIGINT NOT NULL,
    CONSTRAINT inspection_bar CHECK (bar IN ('nothing', 'acceptance', 'taking'))
);

CREATE TABLE inspection_sample (
    inspection  UUID NOT NULL REFERENCES inspection (id),
    class       TEXT NOT NULL,
    severity    TEXT NOT NULL,
    letter      TEXT NOT NULL,
    sample      BIGINT NOT NULL,
    accept      BIGINT NOT NULL,
    drawn       BIGINT NOT NULL,
    faulty      BIGINT NOT NULL,
    CONSTRAINT inspection_sample_of PRIMARY KEY (inspection, class),
    CONSTRAINT inspection_sample_class CHECK (class IN ('critical', 'major', 'minor')),
    CONSTRAINT inspection_sample_severity CHECK (severity IN ('normal', 'tightened', 'reduced', 'stopped')),
    CONSTRAINT inspection_sample_drawn CHECK (drawn >= sample AND faulty >= 0)
);

CREATE TABLE inspection_finding (
    inspection  UUID NOT NULL REFERENCES inspection (id),
    criterion   TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    note        TEXT,
    CONSTRAINT inspection_finding_of PRIMARY KEY (inspection, criterion),
    CONSTRAINT inspection_finding_outcome CHECK (outcome IN ('conforms', 'deviates'))
);

-- A line falls into up to four parts, each a lot of its own; together they are what was weighed.
CREATE TABLE arrival_part (
    lot            UUID PRIMARY KEY REFERENCES lot (id),
    line           UUID NOT NULL REFERENCES arrival_line (id),
    disposition    TEXT NOT NULL,
    pieces         BIGINT,
    grams          BIGINT,
    exactness      TEXT NOT NULL,
    cut_bp         BIGINT NOT NULL,
    reason         TEXT NOT NULL,
    -- What we owe for it; nothing in quarantine, and nothing when it is rejected.
    worth          BIGINT NOT NULL,
    whereabouts    TEXT NOT NULL,
    decided        TEXT,
    decided_why    TEXT,
    decided_by     TEXT,
    decided_by_id  UUID,
    decided_at     BIGINT,
    CONSTRAINT arrival_part_once UNIQUE (line, disposition),
    CONSTRAINT arrival_part_disposition CHECK (disposition IN ('accept', 'concession', 'quarantine', 'reject')),
    CONSTRAINT arrival_part_something CHECK (COALESCE(pieces, 0) + COALESCE(grams, 0) > 0),
    CONSTRAINT arrival_part_cut CHECK (cut_bp BETWEEN 0 AND 10000),
    CONSTRAINT arrival_part_worth CHECK (worth >= 0 AND (worth = 0 OR COALESCE(decided, disposition)
                                                                      IN ('accept', 'concession'))),
    CONSTRAINT arrival_part_whereabouts CHECK (whereabouts IN ('at_dock', 'put_away', 'returned')),
    CONSTRAINT arrival_part_decided CHECK (decided IS NULL OR (disposition = 'quarantine'
                                                               AND decided IN ('accept', 'concession', 'reject')))
);

CREATE TABLE sampling_history (
    supplier           UUID NOT NULL REFERENCES supplier (id),
    sku                UUID NOT NULL REFERENCES sku (id),
    class              TEXT NOT NULL,
    severity           TEXT NOT NULL,
    score              BIGINT NOT NULL,
    -- The latest verdicts, newest last: a for accepted, r for rejected.
    recent             TEXT NOT NULL,
    accepted_in_a_row  BIGINT NOT NULL,
    rejected_in_spell  BIGINT NOT NULL,
    -- Whether people have confirmed that sampling may be reduced.
    conditions         TEXT NOT NULL,
    CONSTRAINT sampling_history_of PRIMARY KEY (supplier, sku, class),
    CONSTRAINT sampling_history_class CHECK (class IN ('major', 'minor')),
    CONSTRAINT sampling_history_severity CHECK (severity IN ('normal', 'tightened', 'reduced', 'stopped')),
    CONSTRAINT sampling_history_conditions CHECK (conditions IN ('steady_and_approved', 'not_confirmed'))
);

CREATE TABLE supplier_return (
    id              UUID PRIMARY KEY,
    number          TEXT NOT NULL UNIQUE,
    arrival         UUID NOT NULL REFERENCES arrival (id),
    purchase_order  UUID NOT NULL,
    site            UUID NOT NULL,
    supplier        UUID NOT NULL,
    -- What the supplier may not invoice.
    debit           BIGINT NOT NULL,
    signed_by       TEXT NOT NULL,
    returned_by     TEXT NOT NULL,
    returned_by_id  UUID,
    returned_at     BIGINT NOT NULL,
    CONSTRAINT supplier_return_debit CHECK (debit >= 0)
);
CREATE INDEX supplier_return_by_site ON supplier_return (site, returned_at, id);
CREATE INDEX supplier_return_of ON supplier_return (arrival);

CREATE TABLE supplier_return_line (
    supplier_return  UUID NOT NULL REFERENCES supplier_return (id),
    lot              UUID NOT NULL REFERENCES lot (id),
    pieces           BIGINT,
    grams            BIGINT,
    exactness        TEXT NOT NULL,
    reason           TEXT NOT NULL,
    value            BIGINT NOT NULL,
    CONSTRAINT supplier_return_line_of PRIMARY KEY (supplier_return, lot)
);

CREATE TABLE claim (
    id         UUID PRIMARY KEY,
    kind       TEXT NOT NULL,
    site       UUID NOT NULL,
    supplier   UUID NOT NULL,
    line       UUID NOT NULL REFERENCES arrival_line (id),
    pieces     BIGINT,
    grams      BIGINT,
    exactness  TEXT NOT NULL,
    amount     BIGINT NOT NULL,
    raised_at  BIGINT NOT NULL,
    CONSTRAINT claim_kind CHECK (kind IN ('short_weight', 'rejected_goods')),
    CONSTRAINT claim_amount CHECK (amount >= 0)
);
CREATE INDEX claim_by_site ON claim (site, raised_at, id);

-- How much a bin bears.
CREATE TABLE bin_capacity (
    place  UUID PRIMARY KEY REFERENCES place (id),
    grams  BIGINT NOT NULL,
    CONSTRAINT bin_capacity_grams CHECK (grams > 0)
);

CREATE TABLE put_away (
    id                     UUID PRIMARY KEY,
    lot                    UUID NOT NULL REFERENCES lot (id),
    bin                    UUID NOT NULL REFERENCES place (id),
    pieces                 BIGINT,
    grams                  BIGINT,
    exactness              TEXT NOT NULL,
    dock_to_stock_minutes  BIGINT NOT NULL,
    put_by                 TEXT NOT NULL,
    put_by_id              UUID,
    put_at                 BIGINT NOT NULL
);
CREATE INDEX put_away_of ON put_away (lot);

CREATE TABLE supplier_invoice (
    id              UUID PRIMARY KEY,
    supplier        UUID NOT NULL REFERENCES supplier (id),
    site            UUID NOT NULL REFERENCES site (id),
    purchase_order  UUID NOT NULL REFERENCES purchase_order (id),
    number          TEXT NOT NULL,
    currency        TEXT NOT NULL,
    invoiced_on     TEXT NOT NULL,
    net             BIGINT NOT NULL,
    tax             BIGINT NOT NULL,
    state           TEXT NOT NULL,
    booked_by       TEXT NOT NULL,
    booked_by_id    UUID,
    booked_at       BIGINT NOT NULL,
    approved_at     BIGINT,
    paid_by         TEXT,
    paid_by_id      UUID,
    paid_at         BIGINT,
    CONSTRAINT supplier_invoice_number UNIQUE (supplier, number),
    CONSTRAINT supplier_invoice_state CHECK (state IN ('blocked', 'approved', 'paid', 'withdrawn')),
    CONSTRAINT supplier_invoice_sums CHECK (net >= 0 AND tax >= 0),
    CONSTRAINT supplier_invoice_approved CHECK ((state IN ('blocked', 'withdrawn')) = (approved_at IS NULL)),
    CONSTRAINT supplier_invoice_paid CHECK ((state = 'paid') = (paid_at IS NOT NULL))
);
CREATE INDEX supplier_invoice_by_site ON supplier_invoice (site, booked_at, id);
CREATE INDEX supplier_invoice_of_order ON supplier_invoice (purchase_order);

CREATE TABLE supplier_invoice_line (
    invoice              UUID NOT NULL REFERENCES supplier_invoice (id),
    position             BIGINT NOT NULL,
    purchase_order_line  UUID NOT NULL REFERENCES purchase_order_line (id),
    -- In what the line is priced by: pieces or grams.
    amount               BIGINT NOT NULL,
    money                BIGINT NOT NULL,
    base                 TEXT NOT NULL,
    value                BIGINT NOT NULL,
    -- How much of what was booked as received this line has cleared, once approved.
    cleared              BIGINT NOT NULL,
    CONSTRAINT supplier_invoice_line_of PRIMARY KEY (invoice, position),
    CONSTRAINT supplier_invoice_line_once UNIQUE (invoice, purchase_order_line),
    CONSTRAINT supplier_invoice_line_amount CHECK (amount > 0 AND money >= 0 AND value >= 0)
);
CREATE INDEX supplier_invoice_line_of_order ON supplier_invoice_line (purchase_order_line);

CREATE TABLE supplier_invoice_variance (
    invoice         UUID NOT NULL REFERENCES supplier_invoice (id),
    position        BIGINT NOT NULL,
    variance        TEXT NOT NULL,
    released_by     TEXT,
    released_by_id  UUID,
    released_at     BIGINT,
    reason          TEXT,
    CONSTRAINT supplier_invoice_variance_of PRIMARY KEY (invoice, position, variance),
    CONSTRAINT supplier_invoice_variance_known CHECK (variance IN ('over_receipt', 'nothing_received',
                                                                   'quantity_above_receipt', 'price_above_order',
                                                                   'price_below_order')),
    CONSTRAINT supplier_invoice_variance_released CHECK ((released_at IS NULL) = (released_by IS NULL)
                                                         AND (released_at IS NULL) = (reason IS NULL))
);
