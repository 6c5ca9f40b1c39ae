-- 匯入. Files that were taken whole, and what became of the rows that have no key of their own in the shop.
--
--   import_run:  (file) ── every row is good ──▶ taken        a file with one bad row leaves nothing, not even this
--   import_row:  a key of a file names one thing of the shop for ever; a second file with the same key finds it

CREATE TABLE import_run (
    id           UUID PRIMARY KEY,
    kind         TEXT NOT NULL,
    file_sha256  TEXT NOT NULL,
    row_count    BIGINT NOT NULL,
    created      BIGINT NOT NULL,
    changed      BIGINT NOT NULL,
    same         BIGINT NOT NULL,
    imported_by  TEXT NOT NULL,
    imported_at  BIGINT NOT NULL,
    CONSTRAINT import_run_kind
        CHECK (kind IN ('products', 'suppliers', 'customers', 'quotes', 'sales', 'stock', 'orders')),
    CONSTRAINT import_run_counts CHECK (created >= 0 AND changed >= 0 AND same >= 0 AND row_count > 0)
);
CREATE INDEX import_run_kind_latest ON import_run (kind, id);

-- The fingerprint tells a row that comes again from one that says something else under the same key. Of rows with
-- personal data there is none: they are compared with the record, which can be erased.
CREATE TABLE import_row (
    kind         TEXT NOT NULL,
    row_key      TEXT NOT NULL,
    object       UUID NOT NULL,
    fingerprint  TEXT,
    run          UUID NOT NULL REFERENCES import_run (id),
    PRIMARY KEY (kind, row_key),
    CONSTRAINT import_row_kind CHECK (kind IN ('customers', 'stock', 'orders')),
    CONSTRAINT import_row_fingerprint CHECK ((fingerprint IS NULL) = (kind = 'customers'))
);
CREATE INDEX import_row_run ON import_row (run, row_key);
