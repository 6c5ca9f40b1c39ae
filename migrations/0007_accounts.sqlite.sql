-- What was written once is never changed: the table itself refuses it, in the words of this engine.

CREATE TRIGGER money_entry_kept BEFORE UPDATE ON money_entry
BEGIN SELECT RAISE(ABORT, 'money_entry is append-only'); END;
CREATE TRIGGER money_entry_stays BEFORE DELETE ON money_entry
BEGIN SELECT RAISE(ABORT, 'money_entry is append-only'); END;
CREATE TRIGGER money_posting_kept BEFORE UPDATE ON money_posting
BEGIN SELECT RAISE(ABORT, 'money_posting is append-only'); END;
CREATE TRIGGER money_posting_stays BEFORE DELETE ON money_posting
BEGIN SELECT RAISE(ABORT, 'money_posting is append-only'); END;
CREATE TRIGGER budget_move_kept BEFORE UPDATE ON budget_move
BEGIN SELECT RAISE(ABORT, 'budget_move is append-only'); END;
CREATE TRIGGER budget_move_stays BEFORE DELETE ON budget_move
BEGIN SELECT RAISE(ABORT, 'budget_move is append-only'); END;
