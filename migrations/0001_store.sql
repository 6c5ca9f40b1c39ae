-- The tables of `store` itself.
--
-- idempotency    (absent) ──verb succeeded──▶ kept ──older than the retention──▶ (absent)
--
-- job            (absent) ──enqueue──▶ open ──done──▶ done ──purge──▶ (absent)
--                                      │  ▲
--                                      │  └─ claim: leased_until moves on, attempts counts up; retry: due_at moves on
--                                      └──bury──▶ buried
--                An open job can be claimed when it is due and nobody's lease on it is running.
--
-- lease          (absent) ──take──▶ held ──take by its holder, or by anybody after until_ms──▶ held
--                                    └──release──▶ (absent)

CREATE TABLE idempotency (
    caller TEXT NOT NULL,
    once_key TEXT NOT NULL,
    request {bytes} NOT NULL,
    answer TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (caller, once_key),
    CHECK (length(request) = 32),
    CHECK (length(once_key) BETWEEN 1 AND 255)
);

CREATE INDEX idempotency_age ON idempotency (at_ms);

CREATE TABLE job (
    seq {rowid},
    id UUID NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    job_key TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    error TEXT,
    UNIQUE (kind, job_key),
    CHECK (state IN ('open', 'done', 'buried')),
    CHECK (attempts >= 0),
    CHECK (state <> 'buried' OR error IS NOT NULL)
);

CREATE INDEX job_due ON job (kind, due_at, seq) WHERE state = 'open';
CREATE INDEX job_done ON job (due_at) WHERE state = 'done';

CREATE TABLE lease (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    until_ms BIGINT NOT NULL,
    CHECK (length(name) > 0),
    CHECK (length(holder) > 0)
);
