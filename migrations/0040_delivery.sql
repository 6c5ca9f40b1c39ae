-- 配送. Vehicles and couriers, runs and their stops, the parcels on them, and what customers said afterwards.
--
--   vehicle:        in_service ──▶ withdrawn
--   shift:          open ──▶ cancelled
--   delivery_run:   planned ──first scan──▶ loading ──▶ departed ──▶ finished
--                   planned ──▶ cancelled          (replaced by a new plan, or called off)
--   stop:           planned ──▶ arrived ──▶ handed_over
--                   planned | arrived ──▶ failed   (a second try in the same run is a stop of its own)
--                   planned ──▶ withdrawn          (its run was replaced, its parcels left behind, its order called off)
--   carried_parcel: expected ──scan──▶ loaded ──▶ handed_over
--                                      loaded ──▶ returned ──scan on a later run──▶ loaded
--                   expected ──▶ left_behind ──scan on a later run──▶ loaded
--   courier:        active ──▶ left
--   complaint:      made ──▶ answered ──▶ closed
--
-- Positions are measurements: their own append-only table, known by run and sequence number, never events.

CREATE TABLE vehicle (
    id                  UUID PRIMARY KEY,
    site                UUID NOT NULL,
    code                TEXT NOT NULL,
    kind                TEXT NOT NULL,
    ambient_grams       BIGINT NOT NULL,
    ambient_crates      BIGINT NOT NULL,
    chilled_grams       BIGINT NOT NULL,
    chilled_crates      BIGINT NOT NULL,
    frozen_grams        BIGINT NOT NULL,
    frozen_crates       BIGINT NOT NULL,
    skills              TEXT NOT NULL,
    cost_per_run        BIGINT NOT NULL,
    cost_per_kilometre  BIGINT NOT NULL,
    place               UUID NOT NULL UNIQUE,
    state               TEXT NOT NULL,
    revision            BIGINT NOT NULL,
    CONSTRAINT vehicle_code UNIQUE (site, code),
    CONSTRAINT vehicle_kind CHECK (kind IN ('van', 'truck', 'motorcycle', 'cargo_bike')),
    CONSTRAINT vehicle_room CHECK (ambient_grams >= 0 AND ambient_crates >= 0 AND chilled_grams >= 0
        AND chilled_crates >= 0 AND frozen_grams >= 0 AND frozen_crates >= 0),
    CONSTRAINT vehicle_cost CHECK (cost_per_run >= 0 AND cost_per_kilometre >= 0),
    CONSTRAINT vehicle_state CHECK (state IN ('in_service', 'withdrawn'))
);

-- person: the login of the courier, if they have one.
CREATE TABLE courier (
    id        UUID PRIMARY KEY,
    site      UUID NOT NULL,
    name      TEXT NOT NULL,
    phone     TEXT NOT NULL,
    person    UUID UNIQUE,
    state     TEXT NOT NULL,
    revision  BIGINT NOT NULL,
    CONSTRAINT courier_state CHECK (state IN ('active', 'left'))
);

CREATE INDEX courier_site ON courier (site, id);

-- Every paper that was ever shown; the one that runs longest counts.
CREATE TABLE courier_document (
    courier     UUID NOT NULL REFERENCES courier (id),
    kind        TEXT NOT NULL,
    expires_on  TEXT NOT NULL,
    number      TEXT NOT NULL,
    noted_at    BIGINT NOT NULL,
    PRIMARY KEY (courier, kind, expires_on),
    CONSTRAINT courier_document_kind CHECK (kind IN ('health_certificate', 'driving_licence', 'insurance'))
);

-- content: the lessons and the question bank as one JSON document, as taught under this version.
CREATE TABLE course (
    id             UUID PRIMARY KEY,
    code           TEXT NOT NULL UNIQUE,
    version        BIGINT NOT NULL,
    pass_percent   BIGINT NOT NULL,
    attempts_max   BIGINT NOT NULL,
    validity_days  BIGINT NOT NULL,
    content        TEXT NOT NULL,
    CONSTRAINT course_version CHECK (version > 0),
    CONSTRAINT course_pass CHECK (pass_percent BETWEEN 1 AND 100),
    CONSTRAINT course_attempts CHECK (attempts_max > 0),
    CONSTRAINT course_validity CHECK (validity_days > 0)
);

CREATE TABLE course_attempt (
    course         UUID NOT NULL REFERENCES course (id),
    courier        UUID NOT NULL REFERENCES courier (id),
    number         BIGINT NOT NULL,
    version        BIGINT NOT NULL,
    at             BIGINT NOT NULL,
    score_percent  BIGINT NOT NULL,
    result         TEXT NOT NULL,
    answers        TEXT NOT NULL,
    PRIMARY KEY (course, courier, number),
    CONSTRAINT course_attempt_score CHECK (score_percent BETWEEN 0 AND 100),
    CONSTRAINT course_attempt_result CHECK (result IN ('passed', 'failed'))
);

CREATE TABLE certificate (
    id           UUID PRIMARY KEY,
    courier      UUID NOT NULL REFERENCES courier (id),
    course       UUID NOT NULL REFERENCES course (id),
    code         TEXT NOT NULL,
    earned_on    TEXT NOT NULL,
    valid_until  TEXT NOT NULL,
    CONSTRAINT certificate_validity CHECK (earned_on <= valid_until)
);

CREATE INDEX certificate_courier ON certificate (courier, code, valid_until);

CREATE TABLE shift (
    id         UUID PRIMARY KEY,
    site       UUID NOT NULL,
    courier    UUID NOT NULL REFERENCES courier (id),
    vehicle    UUID NOT NULL REFERENCES vehicle (id),
    starts_at  BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    state      TEXT NOT NULL,
    CONSTRAINT shift_span CHECK (starts_at < ends_at),
    CONSTRAINT shift_state CHECK (state IN ('open', 'cancelled'))
);

CREATE INDEX shift_site ON shift (site, starts_at, id);

CREATE TABLE delivery_run (
    id             UUID PRIMARY KEY,
    site           UUID NOT NULL,
    window_start   BIGINT NOT NULL,
    window_end     BIGINT NOT NULL,
    shift          UUID NOT NULL REFERENCES shift (id),
    courier        UUID NOT NULL REFERENCES courier (id),
    vehicle        UUID NOT NULL REFERENCES vehicle (id),
    departs_at     BIGINT NOT NULL,
    returns_at     BIGINT NOT NULL,
    metres         BIGINT NOT NULL,
    state          TEXT NOT NULL,
    loading_since  BIGINT,
    departed_at    BIGINT,
    closed_at      BIGINT,
    revision       BIGINT NOT NULL,
    CONSTRAINT delivery_run_window CHECK (window_start < window_end),
    CONSTRAINT delivery_run_times CHECK (departs_at <= returns_at AND metres >= 0),
    CONSTRAINT delivery_run_state CHECK (state IN ('planned', 'loading', 'departed', 'finished', 'cancelled')),
    CONSTRAINT delivery_run_facts CHECK (
        (state = 'planned' AND loading_since IS NULL AND departed_at IS NULL AND closed_at IS NULL)
        OR (state = 'loading' AND loading_since IS NOT NULL AND departed_at IS NULL AND closed_at IS NULL)
        OR (state = 'departed' AND loading_since IS NOT NULL AND departed_at IS NOT NULL AND closed_at IS NULL)
        OR (state = 'finished' AND loading_since IS NOT NULL AND departed_at IS NOT NULL AND closed_at IS NOT NULL)
        OR (state = 'cancelled' AND loading_since IS NULL AND departed_at IS NULL AND closed_at IS NOT NULL))
);

CREATE INDEX delivery_run_site ON delivery_run (site, window_start, id);
CREATE INDEX delivery_run_shift ON delivery_run (shift, departs_at);
CREATE INDEX delivery_run_courier ON delivery_run (courier, departs_at);

CREATE TABLE stop (
    id                UUID PRIMARY KEY,
    run               UUID NOT NULL REFERENCES delivery_run (id),
    sequence          BIGINT NOT NULL,
    customer_order    UUID NOT NULL,
    customer          UUID NOT NULL,
    attempt           BIGINT NOT NULL,
    latitude          BIGINT NOT NULL,
    longitude         BIGINT NOT NULL,
    window_start      BIGINT NOT NULL,
    window_end        BIGINT NOT NULL,
    promised_start    BIGINT NOT NULL,
    promised_end      BIGINT NOT NULL,
    ambient_grams     BIGINT NOT NULL,
    ambient_crates    BIGINT NOT NULL,
    chilled_grams     BIGINT NOT NULL,
    chilled_crates    BIGINT NOT NULL,
    frozen_grams      BIGINT NOT NULL,
    frozen_crates     BIGINT NOT NULL,
    service_ms        BIGINT NOT NULL,
    door_name         TEXT NOT NULL,
    door_phone        TEXT NOT NULL,
    door_address      TEXT NOT NULL,
    door_note         TEXT NOT NULL,
    planned_at        BIGINT NOT NULL,
    eta_at            BIGINT NOT NULL,
    eta_earliest      BIGINT NOT NULL,
    eta_latest        BIGINT NOT NULL,
    state             TEXT NOT NULL,
    arrived_at        BIGINT,
    closed_at         BIGINT,
    proof             TEXT,
    proof_name        TEXT,
    proof_hash        TEXT,
    proof_photo       UUID,
    door_decicelsius  BIGINT,
    failure           TEXT,
    next_step         TEXT,
    revision          BIGINT NOT NULL,
    CONSTRAINT stop_sequence UNIQUE (run, sequence),
    CONSTRAINT stop_attempt CHECK (attempt > 0),
    CONSTRAINT stop_eta CHECK (eta_earliest <= eta_at AND eta_at <= eta_latest),
    CONSTRAINT stop_state CHECK (state IN ('planned', 'arrived', 'handed_over', 'failed', 'withdrawn')),
    CONSTRAINT stop_proof CHECK (proof IN ('code', 'signature', 'photo')),
    CONSTRAINT stop_failure CHECK (failure IN ('customer_absent', 'wrong_address', 'refused', 'damaged')),
    CONSTRAINT stop_next CHECK (next_step IN ('try_again_later', 'back_to_warehouse')),
    CONSTRAINT stop_facts CHECK (
        (state = 'planned' AND arrived_at IS NULL AND closed_at IS NULL AND proof IS NULL AND failure IS NULL)
        OR (state = 'arrived' AND arrived_at IS NOT NULL AND closed_at IS NULL AND proof IS NULL AND failure IS NULL)
        OR (state = 'handed_over' AND arrived_at IS NOT NULL AND closed_at IS NOT NULL AND proof IS NOT NULL
            AND failure IS NULL)
        OR (state = 'failed' AND closed_at IS NOT NULL AND proof IS NULL AND failure IS NOT NULL
            AND next_step IS NOT NULL)
        OR (state = 'withdrawn' AND arrived_at IS NULL AND closed_at IS NOT NULL AND proof IS NULL
            AND failure IS NULL))
);

-- An order waits at one door at a time.
CREATE UNIQUE INDEX stop_of_order ON stop (customer_order) WHERE state IN ('planned', 'arrived');
CREATE INDEX stop_history ON stop (customer_order, id);

-- What the last plan of a window could not place.
CREATE TABLE unassigned (
    site            UUID NOT NULL,
    window_start    BIGINT NOT NULL,
    window_end      BIGINT NOT NULL,
    customer_order  UUID NOT NULL,
    reason          TEXT NOT NULL,
    skill           TEXT,
    noted_at        BIGINT NOT NULL,
    PRIMARY KEY (site, window_start, window_end, customer_order)
);

-- The word that a customer says at the door. It stays the same when the plan changes.
CREATE TABLE door_code (
    customer_order  UUID PRIMARY KEY,
    code            TEXT NOT NULL,
    CONSTRAINT door_code_length CHECK (length(code) = 6)
);

CREATE TABLE carried_parcel (
    parcel          UUID PRIMARY KEY,
    customer_order  UUID NOT NULL,
    label           TEXT NOT NULL,
    class           TEXT NOT NULL,
    grams           BIGINT NOT NULL,
    state           TEXT NOT NULL,
    run             UUID REFERENCES delivery_run (id),
    reason          TEXT,
    CONSTRAINT carried_parcel_class CHECK (class IN ('ambient', 'chilled', 'frozen')),
    CONSTRAINT carried_parcel_state CHECK (state IN ('expected', 'loaded', 'left_behind', 'handed_over', 'returned')),
    CONSTRAINT carried_parcel_run CHECK (state NOT IN ('loaded', 'handed_over') OR run IS NOT NULL),
    CONSTRAINT carried_parcel_reason CHECK (state <> 'left_behind' OR reason IS NOT NULL)
);

CREATE INDEX carried_parcel_order ON carried_parcel (customer_order);
CREATE INDEX carried_parcel_on_run ON carried_parcel (run);

-- The chain of custody, scan by scan; nothing here is changed.
CREATE TABLE custody (
    seq     {rowid},
    parcel  UUID NOT NULL REFERENCES carried_parcel (parcel),
    run     UUID NOT NULL REFERENCES delivery_run (id),
    step    TEXT NOT NULL,
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL,
    actor_id UUID,
    CONSTRAINT custody_step CHECK (step IN ('loaded', 'left_behind', 'handed_over', 'returned'))
);

CREATE INDEX custody_parcel ON custody (parcel, seq);

CREATE TABLE run_position (
    run              UUID NOT NULL REFERENCES delivery_run (id),
    sequence         BIGINT NOT NULL,
    at               BIGINT NOT NULL,
    latitude         BIGINT NOT NULL,
    longitude        BIGINT NOT NULL,
    accuracy_metres  BIGINT NOT NULL,
    quality          TEXT NOT NULL,
    received_at      BIGINT NOT NULL,
    PRIMARY KEY (run, sequence),
    CONSTRAINT run_position_sequence CHECK (sequence >= 0),
    CONSTRAINT run_position_latitude CHECK (latitude BETWEEN -90000000 AND 90000000),
    CONSTRAINT run_position_longitude CHECK (longitude BETWEEN -180000000 AND 180000000),
    CONSTRAINT run_position_quality CHECK (quality IN ('good', 'teleport', 'clock_ahead'))
);

CREATE INDEX run_position_time ON run_position (run, at);

-- What a customer may answer: one row for each order that was handed over and asked about.
CREATE TABLE feedback_request (
    customer_order  UUID PRIMARY KEY,
    customer        UUID NOT NULL,
    site            UUID NOT NULL,
    stop            UUID NOT NULL REFERENCES stop (id),
    run             UUID NOT NULL REFERENCES delivery_run (id),
    courier         UUID NOT NULL REFERENCES courier (id),
    asked_at        BIGINT NOT NULL
);

CREATE INDEX feedback_request_site ON feedback_request (site, asked_at);

CREATE TABLE feedback_line (
    order_line      UUID PRIMARY KEY,
    customer_order  UUID NOT NULL REFERENCES feedback_request (customer_order)
);

CREATE TABLE rating (
    id              UUID PRIMARY KEY,
    customer_order  UUID NOT NULL UNIQUE REFERENCES feedback_request (customer_order),
    goods           BIGINT NOT NULL,
    punctuality     BIGINT NOT NULL,
    courtesy        BIGINT NOT NULL,
    text            TEXT NOT NULL,
    suggestion      TEXT NOT NULL,
    at              BIGINT NOT NULL,
    CONSTRAINT rating_scale CHECK (goods BETWEEN 1 AND 5 AND punctuality BETWEEN 1 AND 5 AND courtesy BETWEEN 1 AND 5)
);

CREATE TABLE complaint (
    id              UUID PRIMARY KEY,
    site            UUID NOT NULL,
    customer_order  UUID NOT NULL REFERENCES feedback_request (customer_order),
    order_line      UUID NOT NULL REFERENCES feedback_line (order_line),
    customer        UUID NOT NULL,
    kind            TEXT NOT NULL,
    text            TEXT NOT NULL,
    photo           UUID,
    made_at         BIGINT NOT NULL,
    facts           TEXT,
    state           TEXT NOT NULL,
    answer          TEXT,
    finding         TEXT,
    answered_at     BIGINT,
    closed_at       BIGINT,
    revision        BIGINT NOT NULL,
    CONSTRAINT complaint_once UNIQUE (order_line, kind),
    CONSTRAINT complaint_kind CHECK (kind IN ('freshness', 'weight', 'missing', 'wrong', 'damaged', 'temperature')),
    CONSTRAINT complaint_finding CHECK (finding IN ('upheld', 'not_upheld')),
    CONSTRAINT complaint_state CHECK (state IN ('made', 'answered', 'closed')),
    CONSTRAINT complaint_facts CHECK (
        (state = 'made' AND answer IS NULL AND finding IS NULL AND answered_at IS NULL AND closed_at IS NULL)
        OR (state = 'answered' AND answer IS NOT NULL AND finding IS NOT NULL AND answered_at IS NOT NULL
            AND closed_at IS NULL)
        OR (state = 'closed' AND answer IS NOT NULL AND finding IS NOT NULL AND answered_at IS NOT NULL
            AND closed_at IS NOT NULL))
);

CREATE INDEX complaint_site ON complaint (site, made_at, id);
CREATE INDEX complaint_customer ON complaint (customer, made_at);

-- The things that a complaint concerns, by noun: lot, supplier, courier, delivery_run, place, user …
CREATE TABLE complaint_cause (
    noun       TEXT NOT NULL,
    object     UUID NOT NULL,
    complaint  UUID NOT NULL REFERENCES complaint (id),
    made_at    BIGINT NOT NULL,
    PRIMARY KEY (noun, object, complaint)
);

CREATE INDEX complaint_cause_cluster ON complaint_cause (noun, object, made_at);

-- The rules of compensation of a site, where they differ from the house rules.
CREATE TABLE remedy_share (
    site      UUID NOT NULL,
    kind      TEXT NOT NULL,
    share_bp  BIGINT NOT NULL,
    PRIMARY KEY (site, kind),
    CONSTRAINT remedy_share_kind CHECK (kind IN ('freshness', 'weight', 'missing', 'wrong', 'damaged', 'temperature')),
    CONSTRAINT remedy_share_bounds CHECK (share_bp BETWEEN 0 AND 10000)
);

CREATE TABLE remedy_limit (
    site     UUID NOT NULL,
    decider  TEXT NOT NULL,
    amount   BIGINT NOT NULL,
    PRIMARY KEY (site, decider),
    CONSTRAINT remedy_limit_decider CHECK (decider IN ('rule', 'desk', 'manager')),
    CONSTRAINT remedy_limit_amount CHECK (amount >= 0)
);

CREATE TABLE remedy (
    id          UUID PRIMARY KEY,
    complaint   UUID NOT NULL UNIQUE REFERENCES complaint (id),
    order_line  UUID NOT NULL,
    customer    UUID NOT NULL,
    amount      BIGINT NOT NULL,
    decider     TEXT NOT NULL,
    entry       UUID,
    at          BIGINT NOT NULL,
    CONSTRAINT remedy_amount CHECK (amount > 0),
    CONSTRAINT remedy_decider CHECK (decider IN ('rule', 'desk', 'manager'))
);

CREATE INDEX remedy_line ON remedy (order_line);
CREATE INDEX remedy_customer ON remedy (customer, at);
