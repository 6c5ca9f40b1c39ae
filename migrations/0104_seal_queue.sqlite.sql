CREATE TRIGGER event_awaits_seal AFTER INSERT ON event
BEGIN INSERT INTO event_unsealed (seq, event) VALUES (NEW.seq, NEW.id); END;
