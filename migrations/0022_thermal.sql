-- 2.3 Temperature control 溫控: how fast goods age, by temperature.
--
--   thermal_law: replaced as a whole; thermal_band: the ranges of a law that changes with the temperature
--   lot_thermal: the life that a lot began with, and when it was last computed from what the lot went through
--   haccp_record: written once, when the day is signed off

CREATE TABLE thermal_law (
    sku              UUID PRIMARY KEY REFERENCES sku (id),
    law              TEXT NOT NULL,
    -- At this temperature an hour is an hour of life.
    reference        BIGINT NOT NULL,
    q10_milli        BIGINT,
    joules_per_mol   BIGINT,
    floor            BIGINT,
    -- Below it the goods suffer from cold, faster with every degree.
    chill_below      BIGINT,
    chill_q10_milli  BIGINT,
    revision         BIGINT NOT NULL,
    CONSTRAINT thermal_law_known CHECK (law IN ('q10', 'arrhenius', 'square_root', 'bands')),
    CONSTRAINT thermal_law_q10 CHECK ((law = 'q10') = (q10_milli IS NOT NULL)),
    CONSTRAINT thermal_law_arrhenius CHECK ((law = 'arrhenius') = (joules_per_mol IS NOT NULL)),
    CONSTRAINT thermal_law_square_root CHECK ((law = 'square_root') = (floor IS NOT NULL)
                                              AND (floor IS NULL OR floor < reference)),
    CONSTRAINT thermal_law_chill CHECK ((chill_below IS NULL) = (chill_q10_milli IS NULL))
);

CREATE TABLE thermal_band (
    sku        UUID NOT NULL REFERENCES thermal_law (sku),
    from_temp  BIGINT NOT NULL,
    q10_milli  BIGINT NOT NULL,
    CONSTRAINT thermal_band_of PRIMARY KEY (sku, from_temp),
    CONSTRAINT thermal_band_q10 CHECK (q10_milli >= 1000)
);

CREATE TABLE lot_thermal (
    lot           UUID PRIMARY KEY,
    -- The life that the lot had at the reference temperature when it was opened.
    life_minutes  BIGINT NOT NULL,
    aged_at       BIGINT NOT NULL,
    CONSTRAINT lot_thermal_life CHECK (life_minutes >= 0)
);

CREATE TABLE haccp_record (
    site               UUID NOT NULL REFERENCES site (id),
    day                TEXT NOT NULL,
    probes             BIGINT NOT NULL,
    readings           BIGINT NOT NULL,
    doubtful_readings  BIGINT NOT NULL,
    minutes_watched    BIGINT NOT NULL,
    minutes_over       BIGINT NOT NULL,
    minutes_silent     BIGINT NOT NULL,
    alarms             BIGINT NOT NULL,
    quarantined        BIGINT NOT NULL,
    note               TEXT NOT NULL,
    signed_at          BIGINT NOT NULL,
    signer             TEXT NOT NULL,
    signer_id          UUID,
    CONSTRAINT haccp_record_of PRIMARY KEY (site, day),
    CONSTRAINT haccp_record_counts CHECK (probes >= 0 AND readings >= 0 AND doubtful_readings BETWEEN 0 AND readings
                                          AND minutes_over >= 0 AND minutes_silent >= 0
                                          AND minutes_over + minutes_silent <= minutes_watched
                                          AND alarms >= 0 AND quarantined >= 0)
);
