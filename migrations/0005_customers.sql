-- 顧客.
--
--   customer:  guest ─▶ registered        (a guest who confirms a phone becomes somebody)
--              open ⇄ blocked
--              any ─▶ erased              (personal data is replaced; the row stays for what points at it)
--   consent:   given ⇄ withdrawn, each change a row of its own

CREATE TABLE customer (
    id               UUID PRIMARY KEY,
    kind             TEXT NOT NULL,
    standing         TEXT NOT NULL,
    name             TEXT NOT NULL,
    tax_id           TEXT,
    phone            TEXT,
    phone_state      TEXT NOT NULL,
    langs            TEXT NOT NULL,
    price_group      TEXT,
    allergies        TEXT,
    blocked_at       BIGINT,
    blocked_because  TEXT,
    registered_at    BIGINT NOT NULL,
    erased_at        BIGINT,
    revision         BIGINT NOT NULL DEFAULT 1,
    CONSTRAINT customer_kind CHECK (kind IN ('person', 'business')),
    CONSTRAINT customer_standing CHECK (standing IN ('guest', 'registered')),
    CONSTRAINT customer_phone_state CHECK (phone_state IN ('unconfirmed', 'confirmed')),
    CONSTRAINT customer_blocked CHECK ((blocked_at IS NULL) = (blocked_because IS NULL)),
    CONSTRAINT customer_phone_form CHECK (phone IS NULL OR length(phone) BETWEEN 9 AND 16),
    CONSTRAINT customer_erased CHECK (erased_at IS NULL OR (phone IS NULL AND tax_id IS NULL AND allergies IS NULL))
);
-- A number names one registered customer; guests may share one.
CREATE UNIQUE INDEX customer_phone ON customer (phone) WHERE standing = 'registered' AND phone IS NOT NULL;
CREATE INDEX customer_phone_any ON customer (phone) WHERE phone IS NOT NULL;

CREATE TABLE customer_address (
    id                      UUID PRIMARY KEY,
    customer                UUID NOT NULL REFERENCES customer (id),
    recipient               TEXT NOT NULL,
    phone                   TEXT,
    text                    TEXT NOT NULL,
    floor                   TEXT,
    lift                    TEXT NOT NULL,
    gate_code               TEXT,
    note                    TEXT,
    latitude_microdegrees   BIGINT,
    longitude_microdegrees  BIGINT,
    added_at                BIGINT NOT NULL,
    CONSTRAINT customer_address_lift CHECK (lift IN ('yes', 'no', 'unknown')),
    CONSTRAINT customer_address_point CHECK ((latitude_microdegrees IS NULL) = (longitude_microdegrees IS NULL)),
    CONSTRAINT customer_address_latitude CHECK (latitude_microdegrees BETWEEN -90000000 AND 90000000),
    CONSTRAINT customer_address_longitude CHECK (longitude_microdegrees BETWEEN -180000000 AND 180000000)
);
CREATE INDEX customer_address_customer ON customer_address (customer);

CREATE TABLE customer_consent (
    seq       {rowid},
    customer  UUID NOT NULL REFERENCES customer (id),
    purpose   TEXT NOT NULL,
    choice    TEXT NOT NULL,
    at        BIGINT NOT NULL,
    CONSTRAINT customer_consent_purpose CHECK (purpose IN ('marketing', 'surveys', 'profiling')),
    CONSTRAINT customer_consent_choice CHECK (choice IN ('given', 'withdrawn'))
);
CREATE INDEX customer_consent_customer ON customer_consent (customer, purpose, seq);
