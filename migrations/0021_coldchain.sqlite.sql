-- What was written once is never changed: the table itself refuses it, in the words of this engine.

CREATE TRIGGER reading_kept BEFORE UPDATE ON reading
BEGIN SELECT RAISE(ABORT, 'reading is append-only'); END;
CREATE TRIGGER reading_stays BEFORE DELETE ON reading
BEGIN SELECT RAISE(ABORT, 'reading is append-only'); END;
CREATE TRIGGER alarm_inhibit_kept BEFORE UPDATE ON alarm_inhibit
BEGIN SELECT RAISE(ABORT, 'alarm_inhibit is append-only'); END;
CREATE TRIGGER alarm_inhibit_stays BEFORE DELETE ON alarm_inhibit
BEGIN SELECT RAISE(ABORT, 'alarm_inhibit is append-only'); END;
CREATE TRIGGER excursion_action_kept BEFORE UPDATE ON excursion_action
BEGIN SELECT RAISE(ABORT, 'excursion_action is append-only'); END;
CREATE TRIGGER excursion_action_stays BEFORE DELETE ON excursion_action
BEGIN SELECT RAISE(ABORT, 'excursion_action is append-only'); END;
