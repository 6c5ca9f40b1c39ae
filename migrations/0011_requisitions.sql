-- 採購申請與審批. What is wanted, and who has agreed to it.
--
--   requisition:       draft → submitted → approved → ordered
--                      submitted → draft (returned for revision) | rejected; draft, submitted, approved → withdrawn
--   requisition_step:  open → approved | rejected | returned; what is behind a no stays open for ever
--   requisition_round, budget_override, purchase_attempt, purchase_commitment: written once; a commitment is spent
--   approval_rule:     open-ended until the next of its level begins
--   delegation:        ends by its date, or is ended earlier

CREATE TABLE requisition (
    id               UUID PRIMARY KEY,
    number           TEXT NOT NULL UNIQUE,
    site             UUID NOT NULL REFERENCES site (id),
    department       TEXT NOT NULL,
    currency         TEXT NOT NULL,
    state            TEXT NOT NULL,
    reason           TEXT NOT NULL,
    value            BIGINT NOT NULL,
    requested_by     TEXT NOT NULL,
    requested_by_id  UUID,
    drafted_at       BIGINT NOT NULL,
    submitted_at     BIGINT,
    -- How often it was submitted: a returned requisition begins a new round of signatures.
    round            BIGINT NOT NULL,
    revision         BIGINT NOT NULL,
    CONSTRAINT requisition_state CHECK (state IN ('draft', 'submitted', 'approved', 'rejected', 'ordered', 'withdrawn')),
    CONSTRAINT requisition_currency CHECK (currency IN ('TWD', 'CNY')),
    CONSTRAINT requisition_value CHECK (value >= 0),
    CONSTRAINT requisition_submitted CHECK (state NOT IN ('submitted', 'approved', 'rejected', 'ordered')
                                            OR (submitted_at IS NOT NULL AND round > 0))
);
CREATE INDEX requisition_by_site ON requisition (site, drafted_at, id);
CREATE INDEX requisition_by_requester ON requisition (requested_by_id, submitted_at) WHERE submitted_at IS NOT NULL;

CREATE TABLE requisition_line (
    id                       UUID PRIMARY KEY,
    requisition              UUID NOT NULL REFERENCES requisition (id),
    position                 BIGINT NOT NULL,
    sku                      UUID NOT NULL REFERENCES sku (id),
    category                 TEXT NOT NULL,
    supplier                 UUID NOT NULL REFERENCES supplier (id),
    needed_by                TEXT NOT NULL,
    pieces                   BIGINT,
    grams                    BIGINT,
    exactness                TEXT NOT NULL,
    money                    BIGINT NOT NULL,
    base                     TEXT NOT NULL,
    value                    BIGINT NOT NULL,
    grade                    TEXT NOT NULL,
    size                     TEXT NOT NULL,
    origin                   TEXT NOT NULL,
    arrival_max_decicelsius  BIGINT,
    note                     TEXT NOT NULL,
    -- How the proposed quantity came about, as it was told to the buyer; none for a line written by hand.
    explanation              TEXT,
    CONSTRAINT requisition_line_position UNIQUE (requisition, position),
    CONSTRAINT requisition_line_once UNIQUE (requisition, supplier, needed_by, sku),
    CONSTRAINT requisition_line_something CHECK (COALESCE(pieces, 0) + COALESCE(grams, 0) > 0),
    CONSTRAINT requisition_line_exactness CHECK (exactness IN ('exact', 'estimated')),
    CONSTRAINT requisition_line_value CHECK (value >= 0 AND money >= 0)
);
CREATE INDEX requisition_line_by_supplier ON requisition_line (supplier, requisition);

-- What was held against the rules when it was submitted, and why they asked for whom.
CREATE TABLE requisition_round (
    requisition   UUID NOT NULL REFERENCES requisition (id),
    round         BIGINT NOT NULL,
    amount        BIGINT NOT NULL,
    trace         TEXT NOT NULL,
    submitted_at  BIGINT NOT NULL,
    CONSTRAINT requisition_round_of PRIMARY KEY (requisition, round),
    CONSTRAINT requisition_round_amount CHECK (round > 0 AND amount >= 0)
);

CREATE TABLE requisition_step (
    requisition    UUID NOT NULL REFERENCES requisition (id),
    round          BIGINT NOT NULL,
    position       BIGINT NOT NULL,
    level          TEXT NOT NULL,
    state          TEXT NOT NULL,
    decided_by     TEXT,
    decided_by_id  UUID,
    -- Whose signature it stands for, where a delegate signed.
    on_behalf_of   UUID,
    delegation     UUID,
    comment        TEXT,
    decided_at     BIGINT,
    CONSTRAINT requisition_step_of PRIMARY KEY (requisition, round, position),
    CONSTRAINT requisition_step_level CHECK (level IN ('buying', 'department', 'finance', 'general_manager')),
    CONSTRAINT requisition_step_state CHECK (state IN ('open', 'approved', 'rejected', 'returned')),
    CONSTRAINT requisition_step_decided CHECK ((state = 'open') = (decided_at IS NULL)
                                               AND (state = 'open') = (decided_by IS NULL)),
    CONSTRAINT requisition_step_delegate CHECK ((on_behalf_of IS NULL) = (delegation IS NULL))
);
-- Nobody signs one round twice, whatever they are.
CREATE UNIQUE INDEX requisition_step_signer ON requisition_step (requisition, round, decided_by_id)
    WHERE decided_by_id IS NOT NULL;
CREATE UNIQUE INDEX requisition_step_absent ON requisition_step (requisition, round, on_behalf_of)
    WHERE on_behalf_of IS NOT NULL;

CREATE TABLE approval_rule (
    id           UUID PRIMARY KEY,
    currency     TEXT NOT NULL,
    level        TEXT NOT NULL,
    -- Purchases of more than this need the level's signature.
    above        BIGINT NOT NULL,
    valid_from   TEXT NOT NULL,
    valid_until  TEXT,
    set_by       TEXT NOT NULL,
    set_by_id    UUID,
    set_at       BIGINT NOT NULL,
    CONSTRAINT approval_rule_begins_once UNIQUE (currency, level, valid_from),
    CONSTRAINT approval_rule_level CHECK (level IN ('buying', 'department', 'finance', 'general_manager')),
    CONSTRAINT approval_rule_currency CHECK (currency IN ('TWD', 'CNY')),
    CONSTRAINT approval_rule_above CHECK (above >= 0),
    CONSTRAINT approval_rule_validity CHECK (valid_until IS NULL OR valid_until >= valid_from)
);

CREATE TABLE delegation (
    id            UUID PRIMARY KEY,
    delegator     UUID NOT NULL,
    delegate      UUID NOT NULL,
    level         TEXT NOT NULL,
    currency      TEXT NOT NULL,
    -- The largest purchase that the delegate may sign.
    limit_amount  BIGINT NOT NULL,
    valid_from    TEXT NOT NULL,
    valid_until   TEXT NOT NULL,
    reason        TEXT NOT NULL,
    made_at       BIGINT NOT NULL,
    ended_at      BIGINT,
    CONSTRAINT delegation_level CHECK (level IN ('buying', 'department', 'finance', 'general_manager')),
    CONSTRAINT delegation_currency CHECK (currency IN ('TWD', 'CNY')),
    CONSTRAINT delegation_limit CHECK (limit_amount > 0),
    CONSTRAINT delegation_other CHECK (delegator <> delegate),
    CONSTRAINT delegation_validity CHECK (valid_until >= valid_from)
);
CREATE INDEX delegation_to ON delegation (delegate, level, valid_until);

CREATE TABLE budget_override (
    requisition    UUID NOT NULL REFERENCES requisition (id),
    -- The round that it lets through.
    round          BIGINT NOT NULL,
    up_to          BIGINT NOT NULL,
    reason         TEXT NOT NULL,
    granted_by     TEXT NOT NULL,
    granted_by_id  UUID,
    granted_at     BIGINT NOT NULL,
    CONSTRAINT budget_override_of PRIMARY KEY (requisition, round),
    CONSTRAINT budget_override_up_to CHECK (up_to > 0)
);

-- What a purchase order holds of a budget, and how much of it invoices have used up.
CREATE TABLE purchase_commitment (
    purchase_order  UUID NOT NULL REFERENCES purchase_order (id),
    budget          UUID NOT NULL,
    requisition     UUID NOT NULL REFERENCES requisition (id),
    committed       BIGINT NOT NULL,
    freed           BIGINT NOT NULL,
    CONSTRAINT purchase_commitment_of PRIMARY KEY (purchase_order, budget),
    CONSTRAINT purchase_commitment_freed CHECK (committed >= 0 AND freed BETWEEN 0 AND committed)
);

-- Who offers a SKU, and for how much.
CREATE INDEX supplier_price_by_sku ON supplier_price (sku, valid_from);

-- A purchase that somebody tried without the signatures that it needs. Nothing was bought.
CREATE TABLE purchase_attempt (
    id           UUID PRIMARY KEY,
    site         UUID NOT NULL REFERENCES site (id),
    supplier     UUID NOT NULL REFERENCES supplier (id),
    delivery_on  TEXT NOT NULL,
    currency     TEXT NOT NULL,
    value        BIGINT NOT NULL,
    -- With what the same person bought of the same supplier in the days before.
    amount       BIGINT NOT NULL,
    limit_amount BIGINT NOT NULL,
    -- Levels side by side, a space between.
    missing      TEXT NOT NULL,
    rule         UUID NOT NULL,
    tried_by     TEXT NOT NULL,
    tried_by_id  UUID,
    tried_at     BIGINT NOT NULL,
    CONSTRAINT purchase_attempt_currency CHECK (currency IN ('TWD', 'CNY')),
    CONSTRAINT purchase_attempt_above CHECK (amount > limit_amount AND amount >= value)
);
CREATE INDEX purchase_attempt_by_site ON purchase_attempt (site, tried_at, id);
