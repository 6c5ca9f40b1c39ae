-- told ──▶ queued to be sealed, in the same statement and by the table itself, in the words of this engine.

CREATE FUNCTION event_await_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO event_unsealed (seq, event) VALUES (NEW.seq, NEW.id);
    RETURN NULL;
END;
$$;

CREATE TRIGGER event_awaits_seal AFTER INSERT ON event
FOR EACH ROW EXECUTE FUNCTION event_await_seal();
