-- told ──▶ queued to be sealed, in the same statement and by the table itself, in the words of this engine.

CREATE TRIGGER event_awaits_seal AFTER INSERT ON event
BEGIN INSERT INTO event_unsealed (seq, event) VALUES (NEW.seq, NEW.id); END;
