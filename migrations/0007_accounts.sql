-- 帳務. Money: the journal, payments, invoices, budgets.
--
--   money_entry, money_posting, budget_move:  written once, never changed; the triggers of 0007_accounts.*.sql see to it
--
--   payment:       requested ─▶ authorised ─▶ captured ─▶ refunded
--                      │            └──────▶ voided
--                      └──▶ declined
--   payment_step:  intended ─▶ done | refused
--   invoice:       issued ─▶ voided            (before its upload only)
--   invoice_upload: pending ─▶ sent
--   books_lock:    moves forward only

CREATE TABLE money_entry (
    seq         {rowid},
    id          UUID NOT NULL UNIQUE,
    site        UUID NOT NULL,
    currency    TEXT NOT NULL,
    day         TEXT NOT NULL,
    at          BIGINT NOT NULL,
    by_noun     TEXT NOT NULL,
    by_id       UUID,
    cause_noun  TEXT NOT NULL,
    cause_id    UUID NOT NULL,
    memo        TEXT NOT NULL,
    CONSTRAINT money_entry_currency CHECK (currency IN ('TWD', 'CNY')),
    CONSTRAINT money_entry_day CHECK (length(day) = 10)
);
CREATE INDEX money_entry_site ON money_entry (site, seq);
CREATE INDEX money_entry_cause ON money_entry (cause_id);

-- Site and day stand here again, so that a trial balance reads one index and no other table.
CREATE TABLE money_posting (
    seq             {rowid},
    entry           UUID NOT NULL REFERENCES money_entry (id),
    site            UUID NOT NULL,
    day             TEXT NOT NULL,
    account         TEXT NOT NULL,
    party_noun      TEXT,
    party_id        UUID,
    customer_order  UUID,
    sku             UUID,
    lot             UUID,
    amount          BIGINT NOT NULL,
    CONSTRAINT money_posting_amount CHECK (amount <> 0 AND amount BETWEEN -1000000000000 AND 1000000000000),
    CONSTRAINT money_posting_party CHECK ((party_noun IS NULL) = (party_id IS NULL))
);
CREATE INDEX money_posting_entry ON money_posting (entry);
CREATE INDEX money_posting_account ON money_posting (site, account, day);
CREATE INDEX money_posting_party ON money_posting (party_id, account) WHERE party_id IS NOT NULL;
CREATE INDEX money_posting_order ON money_posting (customer_order) WHERE customer_order IS NOT NULL;
CREATE INDEX money_posting_lot ON money_posting (lot) WHERE lot IS NOT NULL;

-- Through which day the books of a site are closed.
CREATE TABLE books_lock (
    site            UUID PRIMARY KEY,
    locked_through  TEXT NOT NULL,
    at              BIGINT NOT NULL,
    CONSTRAINT books_lock_day CHECK (length(locked_through) = 10)
);

CREATE TABLE payment (
    id              UUID PRIMARY KEY,
    customer_order  UUID NOT NULL,
    customer        UUID NOT NULL,
    site            UUID NOT NULL,
    currency        TEXT NOT NULL,
    state           TEXT NOT NULL,
    token           TEXT NOT NULL,
    bound           BIGINT NOT NULL,
    authorised      BIGINT NOT NULL DEFAULT 0,
    -- Done and intended: the columns that refuse the second hand. A void that is intended has released all at once.
    capturing       BIGINT NOT NULL DEFAULT 0,
    captured        BIGINT NOT NULL DEFAULT 0,
    released        BIGINT NOT NULL DEFAULT 0,
    refunding       BIGINT NOT NULL DEFAULT 0,
    refunded        BIGINT NOT NULL DEFAULT 0,
    -- What the provider calls the authorisation.
    authorisation   TEXT,
    declined        TEXT,
    -- Given up while the provider was still being asked; its late yes is answered with a void.
    abandoned       BIGINT NOT NULL DEFAULT 0,
    requested_at    BIGINT NOT NULL,
    CONSTRAINT payment_state CHECK (state IN ('requested', 'authorised', 'captured', 'refunded', 'declined', 'voided')),
    CONSTRAINT payment_bound CHECK (bound > 0 AND authorised BETWEEN 0 AND bound),
    CONSTRAINT payment_captured CHECK (0 <= captured AND captured <= capturing AND capturing + released <= authorised),
    CONSTRAINT payment_released CHECK (released >= 0),
    CONSTRAINT payment_refunded CHECK (0 <= refunded AND refunded <= refunding AND refunding <= captured),
    CONSTRAINT payment_declined CHECK ((state = 'declined') = (declined IS NOT NULL)),
    CONSTRAINT payment_abandoned CHECK (abandoned IN (0, 1))
);
-- One payment at a time for an order; a declined one makes room for the next.
CREATE UNIQUE INDEX payment_live ON payment (customer_order) WHERE state NOT IN ('declined', 'voided');
CREATE INDEX payment_order ON payment (customer_order);

-- One call to the provider. The id is the job's, and the provider's reference.
CREATE TABLE payment_step (
    id                  UUID PRIMARY KEY,
    payment             UUID NOT NULL REFERENCES payment (id),
    kind                TEXT NOT NULL,
    amount              BIGINT NOT NULL,
    rest                TEXT NOT NULL,
    state               TEXT NOT NULL,
    provider_reference  TEXT,
    refused             TEXT,
    intended_at         BIGINT NOT NULL,
    settled_at          BIGINT,
    CONSTRAINT payment_step_kind CHECK (kind IN ('authorise', 'capture', 'refund', 'void')),
    CONSTRAINT payment_step_rest CHECK (rest IN ('kept', 'released')),
    CONSTRAINT payment_step_state CHECK (state IN ('intended', 'done', 'refused')),
    CONSTRAINT payment_step_amount CHECK (amount > 0),
    CONSTRAINT payment_step_settled CHECK ((state = 'intended') = (settled_at IS NULL))
);
CREATE INDEX payment_step_payment ON payment_step (payment);

-- Numbers that the tax office (tw) or the shop (cn) has set aside for invoices. `next` is handed out in the
-- transaction of the invoice, so that a number is never lost and never used twice.
CREATE TABLE invoice_range (
    seq      {rowid},
    site     UUID NOT NULL,
    period   TEXT NOT NULL,
    prefix   TEXT NOT NULL,
    first    BIGINT NOT NULL,
    last     BIGINT NOT NULL,
    next     BIGINT NOT NULL,
    CONSTRAINT invoice_range_order CHECK (0 <= first AND first <= last AND next BETWEEN first AND last + 1),
    CONSTRAINT invoice_range_once UNIQUE (site, period, prefix, first)
);

CREATE TABLE invoice (
    id              UUID PRIMARY KEY,
    number          TEXT NOT NULL,
    site            UUID NOT NULL,
    period          TEXT NOT NULL,
    customer_order  UUID NOT NULL,
    customer        UUID NOT NULL,
    currency        TEXT NOT NULL,
    day             TEXT NOT NULL,
    at              BIGINT NOT NULL,
    buyer_tax_id    TEXT,
    carrier         TEXT,
    donation        TEXT,
    gross           BIGINT NOT NULL,
    net             BIGINT NOT NULL,
    state           TEXT NOT NULL,
    entry           UUID NOT NULL REFERENCES money_entry (id),
    CONSTRAINT invoice_number_once UNIQUE (site, period, number),
    CONSTRAINT invoice_state CHECK (state IN ('issued', 'voided')),
    CONSTRAINT invoice_amounts CHECK (gross >= 0 AND net BETWEEN 0 AND gross),
    CONSTRAINT invoice_one_handling CHECK (carrier IS NULL OR donation IS NULL)
);
CREATE UNIQUE INDEX invoice_live ON invoice (customer_order, site) WHERE state = 'issued';
CREATE INDEX invoice_order ON invoice (customer_order);
CREATE INDEX invoice_site ON invoice (site, day, id);

CREATE TABLE invoice_line (
    invoice      UUID NOT NULL REFERENCES invoice (id),
    line         BIGINT NOT NULL,
    kind         TEXT NOT NULL,
    order_line   UUID,
    sku          UUID,
    name         TEXT NOT NULL,
    pieces       BIGINT,
    grams        BIGINT,
    price        BIGINT NOT NULL,
    price_base   TEXT NOT NULL,
    gross        BIGINT NOT NULL,
    class        TEXT NOT NULL,
    -- What allowances have taken back.
    allowed      BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (invoice, line),
    CONSTRAINT invoice_line_kind CHECK (kind IN ('goods', 'fee', 'discount')),
    CONSTRAINT invoice_line_class CHECK (class IN ('taxed_5', 'exempt', 'zero', 'vat_9', 'vat_13')),
    CONSTRAINT invoice_line_sign CHECK ((kind = 'discount' AND gross <= 0) OR (kind <> 'discount' AND gross >= 0)),
    CONSTRAINT invoice_line_allowed CHECK (allowed >= 0 AND (allowed = 0 OR allowed <= gross))
);
CREATE INDEX invoice_line_order_line ON invoice_line (order_line) WHERE order_line IS NOT NULL;

CREATE TABLE invoice_total (
    invoice      UUID NOT NULL REFERENCES invoice (id),
    class        TEXT NOT NULL,
    gross        BIGINT NOT NULL,
    net          BIGINT NOT NULL,
    allowed      BIGINT NOT NULL DEFAULT 0,
    allowed_net  BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (invoice, class),
    CONSTRAINT invoice_total_allowed CHECK (0 <= allowed AND allowed <= gross AND 0 <= allowed_net AND allowed_net <= net)
);

CREATE TABLE allowance (
    id       UUID PRIMARY KEY,
    invoice  UUID NOT NULL REFERENCES invoice (id),
    nth      BIGINT NOT NULL,
    day      TEXT NOT NULL,
    at       BIGINT NOT NULL,
    reason   TEXT NOT NULL,
    gross    BIGINT NOT NULL,
    net      BIGINT NOT NULL,
    entry    UUID NOT NULL REFERENCES money_entry (id),
    CONSTRAINT allowance_nth UNIQUE (invoice, nth),
    CONSTRAINT allowance_amounts CHECK (gross > 0 AND net BETWEEN 0 AND gross)
);

CREATE TABLE allowance_line (
    allowance  UUID NOT NULL REFERENCES allowance (id),
    line       BIGINT NOT NULL,
    pieces     BIGINT,
    grams      BIGINT,
    gross      BIGINT NOT NULL,
    PRIMARY KEY (allowance, line),
    CONSTRAINT allowance_line_gross CHECK (gross > 0)
);

-- What the tax office has yet to hear of.
CREATE TABLE invoice_upload (
    seq        {rowid},
    invoice    UUID NOT NULL REFERENCES invoice (id),
    allowance  UUID REFERENCES allowance (id),
    what       TEXT NOT NULL,
    state      TEXT NOT NULL,
    at         BIGINT NOT NULL,
    CONSTRAINT invoice_upload_what CHECK (what IN ('issue', 'void', 'allowance')),
    CONSTRAINT invoice_upload_state CHECK (state IN ('pending', 'sent')),
    CONSTRAINT invoice_upload_allowance CHECK ((what = 'allowance') = (allowance IS NOT NULL))
);
CREATE INDEX invoice_upload_pending ON invoice_upload (seq) WHERE state = 'pending';
CREATE INDEX invoice_upload_invoice ON invoice_upload (invoice);

-- One department's money for one category in one month. The three sums are moved by one conditional UPDATE each and
-- are the fold of budget_move; free = amount - requested - committed - actual.
CREATE TABLE budget (
    id          UUID PRIMARY KEY,
    site        UUID NOT NULL,
    department  TEXT NOT NULL,
    category    TEXT NOT NULL,
    month       TEXT NOT NULL,
    currency    TEXT NOT NULL,
    amount      BIGINT NOT NULL,
    requested   BIGINT NOT NULL DEFAULT 0,
    committed   BIGINT NOT NULL DEFAULT 0,
    actual      BIGINT NOT NULL DEFAULT 0,
    CONSTRAINT budget_key UNIQUE (site, month, department, category),
    CONSTRAINT budget_month CHECK (length(month) = 7),
    CONSTRAINT budget_sums CHECK (amount >= 0 AND requested >= 0 AND committed >= 0)
);

CREATE TABLE budget_move (
    seq         {rowid},
    budget      UUID NOT NULL REFERENCES budget (id),
    what        TEXT NOT NULL,
    claim_noun  TEXT NOT NULL,
    claim_id    UUID NOT NULL,
    requested   BIGINT NOT NULL,
    committed   BIGINT NOT NULL,
    actual      BIGINT NOT NULL,
    -- Why more was promised than was free.
    reason      TEXT,
    at          BIGINT NOT NULL,
    by_noun     TEXT NOT NULL,
    by_id       UUID,
    CONSTRAINT budget_move_what CHECK (what IN ('reserve', 'override', 'commit', 'actualise', 'release')),
    CONSTRAINT budget_move_reason CHECK ((what = 'override') = (reason IS NOT NULL))
);
CREATE INDEX budget_move_claim ON budget_move (budget, claim_id);
