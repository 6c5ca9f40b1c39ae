-- The log: what happened, told in the transaction that made it so.
--
--   told ──commit──▶ unsealed ──seal──▶ sealed under a position, inside a block
--
-- What is told is never changed and never deleted: triggers refuse it for event, event_object, event_seal and
-- event_block.

CREATE TABLE event (
    -- In the order of insertion, which is not the order of commit. Readers follow event_seal.position instead.
    seq {rowid},
    id UUID NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    actor_id UUID,
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    noun TEXT NOT NULL,
    object UUID NOT NULL,
    -- The event's place among those of its subject, from 1 without gaps.
    revision BIGINT NOT NULL,
    body TEXT NOT NULL,
    CONSTRAINT event_id UNIQUE (id),
    CONSTRAINT event_order_of_subject UNIQUE (noun, object, revision),
    CONSTRAINT event_actor CHECK (
        (actor IN ('system', 'anonymous') AND actor_id IS NULL)
        OR (actor IN ('staff', 'courier', 'customer', 'supplier', 'device') AND actor_id IS NOT NULL)
    ),
    CONSTRAINT event_kind CHECK (kind <> ''),
    CONSTRAINT event_version CHECK (version >= 1),
    CONSTRAINT event_revision CHECK (revision >= 1)
);

-- The other things an event touched.
CREATE TABLE event_object (
    event UUID NOT NULL,
    noun TEXT NOT NULL,
    object UUID NOT NULL,
    CONSTRAINT event_object_once PRIMARY KEY (event, noun, object),
    CONSTRAINT event_object_event FOREIGN KEY (event) REFERENCES event (id)
);
CREATE INDEX event_object_of ON event_object (noun, object, event);

-- How many events each subject has: the row for which writers of one subject wait.
CREATE TABLE event_head (
    noun TEXT NOT NULL,
    object UUID NOT NULL,
    revision BIGINT NOT NULL,
    CONSTRAINT event_head_of PRIMARY KEY (noun, object)
);

-- Told and not yet sealed.
CREATE TABLE event_unsealed (
    seq {rowid},
    event UUID NOT NULL
);

-- The place of each sealed event in the one order that readers follow.
CREATE TABLE event_seal (
    position {rowid},
    event UUID NOT NULL,
    CONSTRAINT event_seal_once UNIQUE (event),
    CONSTRAINT event_seal_event FOREIGN KEY (event) REFERENCES event (id),
    CONSTRAINT event_seal_position CHECK (position >= 1)
);

-- The chain. Block n covers the positions first..last and the hash of block n − 1; ADR 0006 gives the encoding.
CREATE TABLE event_block (
    number {rowid},
    first BIGINT NOT NULL,
    last BIGINT NOT NULL,
    previous_hash {bytes} NOT NULL,
    hash {bytes} NOT NULL,
    sealed_at BIGINT NOT NULL,
    CONSTRAINT event_block_first UNIQUE (first),
    CONSTRAINT event_block_span CHECK (number >= 1 AND first >= 1 AND last >= first),
    CONSTRAINT event_block_hashes CHECK (length(previous_hash) = 32 AND length(hash) = 32)
);

-- The end of the chain, one row: what two sealers would have to change at once.
CREATE TABLE event_tip (
    one BIGINT NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL,
    block BIGINT NOT NULL,
    hash {bytes} NOT NULL,
    CONSTRAINT event_tip_is_one_row CHECK (one = 1)
);

-- How far each reader has read.
CREATE TABLE event_reader (
    reader TEXT NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL,
    CONSTRAINT event_reader_position CHECK (position >= 0)
);
