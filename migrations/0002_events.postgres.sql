-- Append-only: what is told stays told.

CREATE FUNCTION event_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END;
$$;

CREATE TRIGGER event_no_change BEFORE UPDATE OR DELETE ON event
FOR EACH ROW EXECUTE FUNCTION event_refuse_change();

CREATE TRIGGER event_object_no_change BEFORE UPDATE OR DELETE ON event_object
FOR EACH ROW EXECUTE FUNCTION event_refuse_change();

CREATE TRIGGER event_seal_no_change BEFORE UPDATE OR DELETE ON event_seal
FOR EACH ROW EXECUTE FUNCTION event_refuse_change();

CREATE TRIGGER event_block_no_change BEFORE UPDATE OR DELETE ON event_block
FOR EACH ROW EXECUTE FUNCTION event_refuse_change();
