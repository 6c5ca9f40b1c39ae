-- SQLite knows no change of a CHECK: the tables of cases and findings are made anew and filled.
--
--   conformance_case:  open ──▶ ended | abandoned; way: on ⇄ off, as before

CREATE TABLE conformance_case_wider (
    procedure      UUID NOT NULL REFERENCES procedure (id),
    noun           TEXT NOT NULL,
    object         UUID NOT NULL,
    revision       UUID NOT NULL REFERENCES procedure_revision (id),
    site           UUID,
    state          TEXT NOT NULL,
    way            TEXT NOT NULL,
    opened_at      BIGINT NOT NULL,
    ended_at       BIGINT,
    worst_step     TEXT,
    worst_minutes  BIGINT,
    -- When an open case will be late if nothing happens.
    due_at         BIGINT,
    CONSTRAINT conformance_case_of PRIMARY KEY (procedure, noun, object),
    CONSTRAINT conformance_case_noun CHECK (noun IN (
        'customer_order', 'purchase_order', 'arrival', 'sku', 'supplier', 'requisition', 'excursion', 'count_sheet',
        'courier'
    )),
    CONSTRAINT conformance_case_state CHECK (state IN ('open', 'ended', 'abandoned')),
    CONSTRAINT conformance_case_way CHECK (way IN ('on', 'off')),
    CONSTRAINT conformance_case_ended CHECK ((state = 'open') = (ended_at IS NULL)),
    CONSTRAINT conformance_case_due CHECK (due_at IS NULL OR state = 'open'),
    CONSTRAINT conformance_case_worst CHECK ((worst_step IS NULL) = (worst_minutes IS NULL))
);
INSERT INTO conformance_case_wider (
    procedure, noun, object, revision, site, state, way, opened_at, ended_at, worst_step, worst_minutes, due_at
)
SELECT procedure, noun, object, revision, site, state, way, opened_at, ended_at, worst_step, worst_minutes, due_at
FROM conformance_case;

CREATE TABLE conformance_finding_wider (
    procedure     UUID NOT NULL,
    noun          TEXT NOT NULL,
    object        UUID NOT NULL,
    kind          TEXT NOT NULL,
    step          TEXT NOT NULL,
    minutes_over  BIGINT NOT NULL,
    at            BIGINT NOT NULL,
    CONSTRAINT conformance_finding_of PRIMARY KEY (procedure, noun, object, kind, step),
    CONSTRAINT conformance_finding_case FOREIGN KEY (procedure, noun, object)
        REFERENCES conformance_case_wider (procedure, noun, object),
    CONSTRAINT conformance_finding_kind CHECK (kind IN ('missing', 'order', 'late', 'unexpected')),
    CONSTRAINT conformance_finding_minutes CHECK (minutes_over >= 0)
);
INSERT INTO conformance_finding_wider (procedure, noun, object, kind, step, minutes_over, at)
SELECT procedure, noun, object, kind, step, minutes_over, at
FROM conformance_finding;

DROP TABLE conformance_finding;
DROP TABLE conformance_case;
ALTER TABLE conformance_case_wider RENAME TO conformance_case;
ALTER TABLE conformance_finding_wider RENAME TO conformance_finding;
CREATE INDEX conformance_case_of_site ON conformance_case (site, opened_at, object, procedure);
CREATE INDEX conformance_case_due ON conformance_case (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX conformance_finding_by_time ON conformance_finding (at);
