-- 4.5 Returned goods 退貨: what an inspector decided about goods that came back undelivered.
--
--   return_verdict: written once per lot of a parcel

CREATE TABLE return_verdict (
    parcel        UUID NOT NULL REFERENCES parcel (id),
    lot           UUID NOT NULL REFERENCES lot (id),
    decision      TEXT NOT NULL,
    pieces        BIGINT,
    grams         BIGINT,
    -- From loading to the verdict: how long the goods were out of the house.
    out_minutes   BIGINT NOT NULL,
    core          BIGINT,
    place         UUID REFERENCES place (id),
    reason        TEXT,
    inspector     TEXT NOT NULL,
    inspector_id  UUID,
    at            BIGINT NOT NULL,
    CONSTRAINT return_verdict_of PRIMARY KEY (parcel, lot),
    CONSTRAINT return_verdict_decision CHECK (decision IN ('restock', 'waste')),
    CONSTRAINT return_verdict_restock CHECK ((decision = 'restock') = (place IS NOT NULL)),
    CONSTRAINT return_verdict_waste CHECK ((decision = 'waste') = (reason IS NOT NULL)),
    CONSTRAINT return_verdict_out CHECK (out_minutes >= 0)
);
