-- 流程文檔. How each step is to be done, and whether it is done so.
--
--   procedure_revision:  draft ⇄ in_review ──▶ approved ──▶ published ──▶ retired
--                        (what is in review can be given back)
--   conformance_case:    open ──▶ ended | abandoned; way: on ⇄ off, judged anew with every event of the case
--
-- A case is judged by the revision that was valid when it began. Marks are the log, folded: the first and the last
-- event of each kind that touched an object. Reading the log again changes none of them.

CREATE TABLE procedure (
    id    UUID PRIMARY KEY,
    -- The step of the workflow: 1.6.
    step  TEXT NOT NULL,
    CONSTRAINT procedure_step UNIQUE (step)
);

CREATE TABLE procedure_revision (
    id            UUID PRIMARY KEY,
    procedure     UUID NOT NULL REFERENCES procedure (id),
    number        BIGINT NOT NULL,
    state         TEXT NOT NULL,
    document      TEXT NOT NULL,
    -- Version of the document that came with the program; null for one that was written here.
    shipped       BIGINT,
    note          TEXT NOT NULL,
    author        TEXT NOT NULL,
    author_id     UUID,
    drafted_at    BIGINT NOT NULL,
    approver      TEXT,
    approver_id   UUID,
    approved_at   BIGINT,
    valid_from    BIGINT,
    valid_until   BIGINT,
    review_due    TEXT,
    CONSTRAINT procedure_revision_number UNIQUE (procedure, number),
    CONSTRAINT procedure_revision_shipped UNIQUE (procedure, shipped),
    CONSTRAINT procedure_revision_state CHECK (state IN ('draft', 'in_review', 'approved', 'published', 'retired')),
    CONSTRAINT procedure_revision_approved CHECK (
        (state IN ('draft', 'in_review')) = (approved_at IS NULL) AND (approved_at IS NULL) = (approver IS NULL)
    ),
    CONSTRAINT procedure_revision_valid CHECK (
        (state IN ('published', 'retired')) = (valid_from IS NOT NULL)
        AND (valid_from IS NULL) = (review_due IS NULL)
        AND (state = 'retired') = (valid_until IS NOT NULL)
        AND (valid_until IS NULL OR valid_until >= valid_from)
    )
);
-- One at a time on its way, and one in force.
CREATE UNIQUE INDEX procedure_revision_on_its_way ON procedure_revision (procedure)
    WHERE state IN ('draft', 'in_review', 'approved');
CREATE UNIQUE INDEX procedure_revision_in_force ON procedure_revision (procedure) WHERE state = 'published';

CREATE TABLE procedure_acknowledgement (
    revision   UUID NOT NULL REFERENCES procedure_revision (id),
    reader     TEXT NOT NULL,
    reader_id  UUID NOT NULL,
    at         BIGINT NOT NULL,
    CONSTRAINT procedure_acknowledgement_once PRIMARY KEY (revision, reader, reader_id)
);

CREATE TABLE conformance_mark (
    noun            TEXT NOT NULL,
    object          UUID NOT NULL,
    kind            TEXT NOT NULL,
    first_position  BIGINT NOT NULL,
    first_at        BIGINT NOT NULL,
    last_position   BIGINT NOT NULL,
    last_at         BIGINT NOT NULL,
    CONSTRAINT conformance_mark_of PRIMARY KEY (noun, object, kind),
    CONSTRAINT conformance_mark_order CHECK (first_position <= last_position)
);

CREATE TABLE conformance_object (
    noun    TEXT NOT NULL,
    object  UUID NOT NULL,
    site    UUID NOT NULL,
    CONSTRAINT conformance_object_of PRIMARY KEY (noun, object)
);

CREATE TABLE conformance_case (
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
    CONSTRAINT conformance_case_noun CHECK (noun IN ('customer_order', 'purchase_order', 'arrival')),
    CONSTRAINT conformance_case_state CHECK (state IN ('open', 'ended', 'abandoned')),
    CONSTRAINT conformance_case_way CHECK (way IN ('on', 'off')),
    CONSTRAINT conformance_case_ended CHECK ((state = 'open') = (ended_at IS NULL)),
    CONSTRAINT conformance_case_due CHECK (due_at IS NULL OR state = 'open'),
    CONSTRAINT conformance_case_worst CHECK ((worst_step IS NULL) = (worst_minutes IS NULL))
);
CREATE INDEX conformance_case_of_site ON conformance_case (site, opened_at, object, procedure);
CREATE INDEX conformance_case_due ON conformance_case (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE conformance_finding (
    procedure     UUID NOT NULL,
    noun          TEXT NOT NULL,
    object        UUID NOT NULL,
    kind          TEXT NOT NULL,
    step          TEXT NOT NULL,
    minutes_over  BIGINT NOT NULL,
    at            BIGINT NOT NULL,
    CONSTRAINT conformance_finding_of PRIMARY KEY (procedure, noun, object, kind, step),
    CONSTRAINT conformance_finding_case FOREIGN KEY (procedure, noun, object)
        REFERENCES conformance_case (procedure, noun, object),
    CONSTRAINT conformance_finding_kind CHECK (kind IN ('missing', 'order', 'late', 'unexpected')),
    CONSTRAINT conformance_finding_minutes CHECK (minutes_over >= 0)
);
CREATE INDEX conformance_finding_by_time ON conformance_finding (at);
