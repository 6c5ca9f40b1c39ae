-- What was written once is never changed: the table itself refuses it, in the words of this engine.

CREATE TRIGGER haccp_record_kept BEFORE UPDATE OR DELETE ON haccp_record
FOR EACH ROW EXECUTE FUNCTION warehouse_append_only();
