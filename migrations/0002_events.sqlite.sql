-- Append-only: what is told stays told.

CREATE TRIGGER event_no_update BEFORE UPDATE ON event
BEGIN
    SELECT RAISE(ABORT, 'event is append-only');
END;

CREATE TRIGGER event_no_delete BEFORE DELETE ON event
BEGIN
    SELECT RAISE(ABORT, 'event is append-only');
END;

CREATE TRIGGER event_object_no_update BEFORE UPDATE ON event_object
BEGIN
    SELECT RAISE(ABORT, 'event_object is append-only');
END;

CREATE TRIGGER event_object_no_delete BEFORE DELETE ON event_object
BEGIN
    SELECT RAISE(ABORT, 'event_object is append-only');
END;

CREATE TRIGGER event_seal_no_update BEFORE UPDATE ON event_seal
BEGIN
    SELECT RAISE(ABORT, 'event_seal is append-only');
END;

CREATE TRIGGER event_seal_no_delete BEFORE DELETE ON event_seal
BEGIN
    SELECT RAISE(ABORT, 'event_seal is append-only');
END;

CREATE TRIGGER event_block_no_update BEFORE UPDATE ON event_block
BEGIN
    SELECT RAISE(ABORT, 'event_block is append-only');
END;

CREATE TRIGGER event_block_no_delete BEFORE DELETE ON event_block
BEGIN
    SELECT RAISE(ABORT, 'event_block is append-only');
END;
