-- 4.4: how often it was tried in vain to join a complaint with what it concerns.
--
--   complaint_try:  counted up with every try; after the last one the complaint is left to a person (remedy_review)

CREATE TABLE complaint_try (
    complaint  UUID PRIMARY KEY REFERENCES complaint (id),
    tries      BIGINT NOT NULL,
    -- What stood in the way the last time, for whoever looks after the program.
    why        TEXT NOT NULL,
    at         BIGINT NOT NULL,
    CONSTRAINT complaint_try_count CHECK (tries > 0)
);
