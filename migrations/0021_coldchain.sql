-- 2.3 Temperature control 溫控. Readings are measurements: written once, never events. What is concluded from them is.
--
--   probe:       working → retired
--   excursion:   raised → acknowledged → acted → closed         (closed by a person, when the cold is back)
--                raised | acknowledged | acted → voided         (the probe was wrong, with proof)
--   quarantine:  open → released | shortened | destroyed | voided
--   reading, excursion_action, alarm_inhibit: written once

-- What a class of goods bears at a site. High is above `high`; far too high above `high_high`, at once.
CREATE TABLE temperature_limit (
    site                UUID NOT NULL REFERENCES site (id),
    class               TEXT NOT NULL,
    low                 BIGINT,
    low_clear           BIGINT,
    high                BIGINT NOT NULL,
    clear               BIGINT NOT NULL,
    high_high           BIGINT NOT NULL,
    delay_minutes       BIGINT NOT NULL,
    missing_minutes     BIGINT NOT NULL,
    -- What goods bear outside the limits: in one excursion, above high_high, and in all excursions together.
    bears_minutes       BIGINT NOT NULL,
    bears_far_minutes   BIGINT NOT NULL,
    bears_total_minutes BIGINT NOT NULL,
    -- What an unknown hour is charged as.
    ambient             BIGINT NOT NULL,
    revision            BIGINT NOT NULL,
    CONSTRAINT temperature_limit_of PRIMARY KEY (site, class),
    CONSTRAINT temperature_limit_class CHECK (class IN ('ambient', 'chilled', 'frozen')),
    CONSTRAINT temperature_limit_order CHECK (clear <= high AND high <= high_high),
    CONSTRAINT temperature_limit_low CHECK ((low IS NULL) = (low_clear IS NULL)
                                            AND (low IS NULL OR (low <= low_clear AND low_clear <= clear))),
    CONSTRAINT temperature_limit_minutes CHECK (delay_minutes >= 0 AND missing_minutes > 0 AND bears_minutes > 0
                                                AND bears_far_minutes > 0 AND bears_total_minutes > 0)
);

CREATE TABLE probe (
    id               UUID PRIMARY KEY,
    site             UUID NOT NULL REFERENCES site (id),
    code             TEXT NOT NULL,
    -- `gateway`: sends for others and measures nothing by itself.
    kind             TEXT NOT NULL,
    -- Where it measures: a zone, perhaps one room of it; or one place, such as a van, a cabinet, a cool-box.
    zone             UUID REFERENCES zone (id),
    room             TEXT,
    place            UUID REFERENCES place (id),
    class            TEXT NOT NULL,
    -- Under which its readings come by MQTT.
    topic            TEXT NOT NULL,
    gateway          UUID REFERENCES probe (id),
    calibrated_on    TEXT,
    calibration_due  TEXT,
    state            TEXT NOT NULL,
    registered_at    BIGINT NOT NULL,
    -- What the alarm machine knows: nothing wrong, since when something is, and the last reading by event time.
    over             TEXT NOT NULL,
    over_since       BIGINT,
    last_at          BIGINT,
    last_value       BIGINT,
    silent           BIGINT NOT NULL,
    revision         BIGINT NOT NULL,
    CONSTRAINT probe_code UNIQUE (site, code),
    CONSTRAINT probe_topic UNIQUE (topic),
    CONSTRAINT probe_kind CHECK (kind IN ('probe', 'gateway')),
    CONSTRAINT probe_stands CHECK (kind = 'gateway' OR (zone IS NULL) <> (place IS NULL)),
    CONSTRAINT probe_class CHECK (class IN ('ambient', 'chilled', 'frozen')),
    CONSTRAINT probe_state CHECK (state IN ('working', 'retired')),
    CONSTRAINT probe_over CHECK (over IN ('fine', 'pending_high', 'pending_low', 'high', 'high_high', 'low')),
    CONSTRAINT probe_over_since CHECK ((over = 'fine') = (over_since IS NULL)),
    CONSTRAINT probe_last CHECK ((last_at IS NULL) = (last_value IS NULL)),
    CONSTRAINT probe_silent CHECK (silent IN (0, 1))
);
CREATE INDEX probe_of_site ON probe (site, code);
CREATE INDEX probe_of_zone ON probe (zone) WHERE zone IS NOT NULL;
CREATE INDEX probe_of_place ON probe (place) WHERE place IS NOT NULL;

CREATE TABLE reading (
    seq          {rowid},
    probe        UUID NOT NULL REFERENCES probe (id),
    at           BIGINT NOT NULL,
    value        BIGINT NOT NULL,
    received_at  BIGINT NOT NULL,
    source       TEXT NOT NULL,
    -- 1: the probe's calibration was overdue.
    doubtful     BIGINT NOT NULL,
    -- A reading that is sent twice is one reading; it also serves the curve of a probe by time.
    CONSTRAINT reading_once UNIQUE (probe, at, value),
    CONSTRAINT reading_plausible CHECK (value BETWEEN -900 AND 900),
    CONSTRAINT reading_source CHECK (source IN ('http', 'mqtt', 'file')),
    CONSTRAINT reading_doubtful CHECK (doubtful IN (0, 1))
);

-- Times at which a rise is expected and not judged: a door that is open for loading, a defrost cycle.
CREATE TABLE alarm_inhibit (
    seq        {rowid},
    probe      UUID NOT NULL REFERENCES probe (id),
    kind       TEXT NOT NULL,
    starts_at  BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    actor      TEXT NOT NULL,
    actor_id   UUID,
    at         BIGINT NOT NULL,
    CONSTRAINT alarm_inhibit_kind CHECK (kind IN ('door_open', 'defrost')),
    CONSTRAINT alarm_inhibit_span CHECK (starts_at < ends_at)
);
CREATE INDEX alarm_inhibit_of ON alarm_inhibit (probe, ends_at);

CREATE TABLE excursion (
    id               UUID PRIMARY KEY,
    site             UUID NOT NULL REFERENCES site (id),
    probe            UUID NOT NULL REFERENCES probe (id),
    zone             UUID,
    place            UUID,
    class            TEXT NOT NULL,
    kind             TEXT NOT NULL,
    state            TEXT NOT NULL,
    -- The first reading outside the limit; when the alarm was due by the readings; when the shop knew of it.
    began_at         BIGINT NOT NULL,
    raised_at        BIGINT NOT NULL,
    noticed_at       BIGINT NOT NULL,
    ended_at         BIGINT,
    peak             BIGINT,
    -- How far up the ladder it has gone, and when the next step is due while nobody answers.
    rung             BIGINT NOT NULL,
    next_rung_at     BIGINT,
    acknowledged_at  BIGINT,
    acknowledger     TEXT,
    acknowledger_id  UUID,
    acted_at         BIGINT,
    closed_at        BIGINT,
    closer           TEXT,
    closer_id        UUID,
    cause            TEXT,
    note             TEXT,
    revision         BIGINT NOT NULL,
    CONSTRAINT excursion_class CHECK (class IN ('ambient', 'chilled', 'frozen')),
    CONSTRAINT excursion_kind CHECK (kind IN ('high', 'high_high', 'low', 'silent')),
    CONSTRAINT excursion_state CHECK (state IN ('raised', 'acknowledged', 'acted', 'closed', 'voided')),
    CONSTRAINT excursion_times CHECK (began_at <= raised_at AND (ended_at IS NULL OR began_at <= ended_at)),
    CONSTRAINT excursion_rung CHECK (rung BETWEEN 0 AND 3),
    CONSTRAINT excursion_ladder CHECK (next_rung_at IS NULL OR state = 'raised'),
    CONSTRAINT excursion_closed CHECK ((state IN ('closed', 'voided')) = (closed_at IS NOT NULL)),
    CONSTRAINT excursion_explained CHECK (closed_at IS NULL OR cause IS NOT NULL)
);
CREATE INDEX excursion_of_site ON excursion (site, raised_at, id);
CREATE INDEX excursion_of_probe ON excursion (probe, began_at);
CREATE INDEX excursion_on_ladder ON excursion (next_rung_at) WHERE next_rung_at IS NOT NULL;
CREATE INDEX excursion_running ON excursion (site) WHERE ended_at IS NULL AND closed_at IS NULL;

CREATE TABLE excursion_action (
    seq        {rowid},
    excursion  UUID NOT NULL REFERENCES excursion (id),
    action     TEXT NOT NULL,
    note       TEXT NOT NULL,
    actor      TEXT NOT NULL,
    actor_id   UUID,
    at         BIGINT NOT NULL,
    CONSTRAINT excursion_action_known CHECK (action IN ('door_closed', 'goods_moved', 'technician_called',
                                                        'setting_corrected', 'probe_checked', 'other'))
);
CREATE INDEX excursion_action_of ON excursion_action (excursion, seq);

-- What each lot went through that lay there meanwhile.
CREATE TABLE exposure (
    excursion        UUID NOT NULL REFERENCES excursion (id),
    lot              UUID NOT NULL,
    from_at          BIGINT NOT NULL,
    until_at         BIGINT NOT NULL,
    over_minutes     BIGINT NOT NULL,
    far_minutes      BIGINT NOT NULL,
    degree_minutes   BIGINT NOT NULL,
    unknown_minutes  BIGINT NOT NULL,
    peak             BIGINT,
    revision         BIGINT NOT NULL,
    CONSTRAINT exposure_of PRIMARY KEY (excursion, lot),
    CONSTRAINT exposure_span CHECK (from_at <= until_at),
    CONSTRAINT exposure_minutes CHECK (over_minutes >= 0 AND far_minutes >= 0 AND degree_minutes >= 0
                                       AND unknown_minutes >= 0)
);
CREATE INDEX exposure_of_lot ON exposure (lot);

-- The quality decision that waits.
CREATE TABLE quarantine (
    id          UUID PRIMARY KEY,
    site        UUID NOT NULL REFERENCES site (id),
    excursion   UUID NOT NULL REFERENCES excursion (id),
    lot         UUID NOT NULL,
    why         TEXT NOT NULL,
    state       TEXT NOT NULL,
    opened_at   BIGINT NOT NULL,
    decided_at  BIGINT,
    decider     TEXT,
    decider_id  UUID,
    reason      TEXT,
    revision    BIGINT NOT NULL,
    CONSTRAINT quarantine_once UNIQUE (excursion, lot),
    CONSTRAINT quarantine_why CHECK (why IN ('over_limit', 'unanswered')),
    CONSTRAINT quarantine_state CHECK (state IN ('open', 'released', 'shortened', 'destroyed', 'voided')),
    CONSTRAINT quarantine_decided CHECK ((state = 'open') = (decided_at IS NULL)),
    CONSTRAINT quarantine_reason CHECK (decided_at IS NULL OR reason IS NOT NULL)
);
CREATE INDEX quarantine_of_site ON quarantine (site, opened_at, id);
CREATE INDEX quarantine_of_lot ON quarantine (lot) WHERE state = 'open';
