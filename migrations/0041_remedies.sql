-- 4.4 and 4.5: what probably caused a complaint, and whether its remedy went by rule.
--
--   likely_cause:   written when the complaint is joined, likeliest first; replaced when it is joined again
--   remedy_review:  written once: refunded by rule | left to a person
--   rating_suggestion: written once

CREATE TABLE likely_cause (
    complaint  UUID NOT NULL REFERENCES complaint (id),
    nth        BIGINT NOT NULL,
    cause      TEXT NOT NULL,
    points     BIGINT NOT NULL,
    evidence   TEXT NOT NULL,
    CONSTRAINT likely_cause_of PRIMARY KEY (complaint, nth),
    CONSTRAINT likely_cause_points CHECK (points > 0),
    CONSTRAINT likely_cause_cause CHECK (cause IN ('goods', 'room', 'picking', 'road'))
);

CREATE TABLE remedy_review (
    complaint  UUID PRIMARY KEY REFERENCES complaint (id),
    verdict    TEXT NOT NULL,
    -- Why a rule did not decide, as a refusal names it.
    why        TEXT,
    at         BIGINT NOT NULL,
    CONSTRAINT remedy_review_verdict CHECK (verdict IN ('refunded', 'left_to_person')),
    CONSTRAINT remedy_review_why CHECK ((verdict = 'left_to_person') = (why IS NOT NULL))
);

-- The queue of complaints that have still to be joined.
CREATE INDEX complaint_unjoined ON complaint (made_at, id) WHERE facts IS NULL;

-- What customers suggested with their ratings, once it is a suggestion of step 6.
CREATE TABLE rating_suggestion (
    rating      UUID PRIMARY KEY REFERENCES rating (id),
    suggestion  UUID NOT NULL UNIQUE,
    at          BIGINT NOT NULL
);
