-- What is written once stays written: moves, and the turns of a lot.

CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN RAISE EXCEPTION ''% is append-only'', TG_TABLE_NAME; END';

CREATE TRIGGER stock_move_kept BEFORE UPDATE OR DELETE ON stock_move
FOR EACH ROW EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER lot_turn_kept BEFORE UPDATE OR DELETE ON lot_turn
FOR EACH ROW EXECUTE FUNCTION ledger_append_only();
