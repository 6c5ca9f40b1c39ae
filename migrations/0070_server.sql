-- What this installation is. One row, written when the database is first opened and never changed:
--
--   (empty database) ── first start ──> installed
--
-- `clock` says how time passes here. A database that was created for a demonstration may be stepped; one that
-- was created for trade never is, because its promises were made in real time.

CREATE TABLE installation (
    one BIGINT NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL,
    clock TEXT NOT NULL,
    CONSTRAINT installation_is_one CHECK (one = 1),
    CONSTRAINT installation_clock CHECK (clock IN ('real', 'stepped'))
);
