-- What was written once is never changed: the table itself refuses it, in the words of this engine.

CREATE FUNCTION accounts_append_only() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN RAISE EXCEPTION ''% is append-only'', TG_TABLE_NAME; END';

CREATE TRIGGER money_entry_kept BEFORE UPDATE OR DELETE ON money_entry
FOR EACH ROW EXECUTE FUNCTION accounts_append_only();
CREATE TRIGGER money_posting_kept BEFORE UPDATE OR DELETE ON money_posting
FOR EACH ROW EXECUTE FUNCTION accounts_append_only();
CREATE TRIGGER budget_move_kept BEFORE UPDATE OR DELETE ON budget_move
FOR EACH ROW EXECUTE FUNCTION accounts_append_only();
