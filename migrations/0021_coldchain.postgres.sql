-- What was written once is never changed: the table itself refuses it, in the words of this engine.

CREATE TRIGGER reading_kept BEFORE UPDATE OR DELETE ON reading
FOR EACH ROW EXECUTE FUNCTION warehouse_append_only();
CREATE TRIGGER alarm_inhibit_kept BEFORE UPDATE OR DELETE ON alarm_inhibit
FOR EACH ROW EXECUTE FUNCTION warehouse_append_only();
CREATE TRIGGER excursion_action_kept BEFORE UPDATE OR DELETE ON excursion_action
FOR EACH ROW EXECUTE FUNCTION warehouse_append_only();
