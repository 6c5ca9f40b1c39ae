-- What is written once stays written: moves, and the turns of a lot.

CREATE TRIGGER stock_move_kept BEFORE UPDATE ON stock_move
BEGIN SELECT RAISE(ABORT, 'stock_move is append-only'); END;
CREATE TRIGGER stock_move_stays BEFORE DELETE ON stock_move
BEGIN SELECT RAISE(ABORT, 'stock_move is append-only'); END;
CREATE TRIGGER lot_turn_kept BEFORE UPDATE ON lot_turn
BEGIN SELECT RAISE(ABORT, 'lot_turn is append-only'); END;
CREATE TRIGGER lot_turn_stays BEFORE DELETE ON lot_turn
BEGIN SELECT RAISE(ABORT, 'lot_turn is append-only'); END;
