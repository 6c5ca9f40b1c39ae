-- What was written once is never changed: the table itself refuses it, in the words of this engine.

CREATE TRIGGER haccp_record_kept BEFORE UPDATE ON haccp_record
BEGIN SELECT RAISE(ABORT, 'haccp_record is append-only'); END;
CREATE TRIGGER haccp_record_stays BEFORE DELETE ON haccp_record
BEGIN SELECT RAISE(ABORT, 'haccp_record is append-only'); END;
