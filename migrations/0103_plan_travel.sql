-- 4.1: by what runs were measured, and what a plan had to do without.
--
--   delivery_run.measured_by:  great_circle, or whose roads (file, osrm, valhalla)
--   plan_shortfall:            written anew with every plan of its window; none when all went as the settings ask

ALTER TABLE delivery_run ADD COLUMN measured_by TEXT NOT NULL DEFAULT 'great_circle';

CREATE TABLE plan_shortfall (
    site          UUID NOT NULL,
    window_start  BIGINT NOT NULL,
    window_end    BIGINT NOT NULL,
    number        BIGINT NOT NULL,
    code          TEXT NOT NULL,
    -- Of roads that were of no use: which vehicles asked for them, whose they were and why.
    vehicle_kind  TEXT,
    source        TEXT,
    fault         TEXT,
    detail        TEXT NOT NULL,
    noted_at      BIGINT NOT NULL,
    PRIMARY KEY (site, window_start, window_end, number),
    CONSTRAINT plan_shortfall_facts CHECK (
        (code = 'roads_missing' AND vehicle_kind IS NOT NULL AND source IS NOT NULL AND fault IS NOT NULL)
        OR (code = 'search_refused' AND vehicle_kind IS NULL AND source IS NULL AND fault IS NULL))
);
