//! The laws of the books, each as one question that must have no answer.
//!
//! `counted` says how many entries the law was held against; `breaches` answers `(noun, id, expected, found)` for
//! those that break it.

use store::{Stmt, sql};

/// One law.
pub(crate) struct Law {
    pub(crate) says: &'static str,
    pub(crate) counted: &'static Stmt,
    pub(crate) breaches: &'static Stmt,
}

pub(crate) static LAWS: &[Law] = &[
    Law { says: "every balance is the sum of its moves", counted: BALANCES, breaches: BALANCES_BROKEN },
    Law { says: "nothing solid is below zero", counted: SOLID, breaches: SOLID_BROKEN },
    Law { says: "what is bound lies on its shelf", counted: BINDINGS, breaches: BINDINGS_BROKEN },
    Law { says: "no more is promised than can be sold", counted: PROMISES, breaches: PROMISES_BROKEN },
    Law { says: "no reservation outlives its order", counted: RESERVATIONS, breaches: RESERVATIONS_BROKEN },
    Law { says: "no lot was put on the road past its label", counted: SHIPPED, breaches: SHIPPED_EXPIRED },
    Law { says: "no lot was put on the road under a block", counted: SHIPPED, breaches: SHIPPED_BLOCKED },
    Law { says: "no recalled lot was put on the road", counted: RECALLED, breaches: RECALLED_SHIPPED },
    Law { says: "every recall accounts for every gram", counted: RECALLED, breaches: RECALLED_UNBALANCED },
    Law { says: "what was split is what came out", counted: SPLIT, breaches: SPLIT_BROKEN },
    Law { says: "every adjustment has two signatures", counted: ADJUSTMENTS, breaches: ADJUSTMENTS_UNSIGNED },
    Law { says: "every adjustment moved what was counted", counted: ADJUSTMENTS, breaches: ADJUSTMENTS_MISMOVED },
    Law {
        says: "every adjustment and disposal is booked at cost",
        counted: CORRECTIONS,
        breaches: CORRECTIONS_UNBOOKED,
    },
    Law { says: "every disposal was weighed before a witness", counted: DISPOSALS, breaches: DISPOSALS_BROKEN },
    Law { says: "every write-off has a cause", counted: WASTED, breaches: WASTED_UNEXPLAINED },
    Law { says: "every money entry sums to zero", counted: ENTRIES, breaches: ENTRIES_BROKEN },
    Law { says: "no payment takes more than was allowed", counted: PAYMENTS, breaches: PAYMENTS_BROKEN },
    Law { says: "every order that left has its invoice", counted: LEFT, breaches: LEFT_UNBILLED },
    Law { says: "every invoice is the sum of its lines", counted: INVOICES, breaches: INVOICES_BROKEN },
    Law { says: "every invoice shows the grams of the scale", counted: INVOICE_LINES, breaches: INVOICE_GRAMS_BROKEN },
    Law { says: "what was charged is what was delivered", counted: DELIVERED, breaches: DELIVERED_MISCHARGED },
    Law { says: "no line gives back more than was paid for it", counted: REMEDIES, breaches: REMEDIES_ABOVE },
    Law { says: "every refund has its allowance and entry", counted: REMEDIES, breaches: REMEDIES_UNBOOKED },
    Law { says: "every budget is the sum of its moves", counted: BUDGETS, breaches: BUDGETS_BROKEN },
    Law { says: "every event has its place in its subject's order", counted: EVENTS, breaches: EVENTS_BROKEN },
];

sql! {
    BALANCES = "SELECT COUNT(*) FROM balance";
    BALANCES_BROKEN =
        "WITH moved AS (
             SELECT place, lot, CAST(SUM(pieces) AS BIGINT) AS pieces, CAST(SUM(grams) AS BIGINT) AS grams
             FROM (SELECT to_place AS place, lot, COALESCE(pieces, 0) AS pieces, COALESCE(grams, 0) AS grams
                   FROM stock_move
                   UNION ALL
                   SELECT from_place AS place, lot, -COALESCE(pieces, 0) AS pieces, -COALESCE(grams, 0) AS grams
                   FROM stock_move) AS legs
             GROUP BY place, lot
         )
         SELECT 'lot', moved.lot, moved.grams + moved.pieces,
                COALESCE(balance.grams, 0) + COALESCE(balance.pieces, 0)
         FROM moved
         LEFT JOIN balance ON balance.place = moved.place AND balance.lot = moved.lot
         WHERE balance.lot IS NULL OR balance.grams <> moved.grams OR balance.pieces <> moved.pieces
         UNION ALL
         SELECT 'lot', balance.lot, CAST(0 AS BIGINT), balance.grams + balance.pieces
         FROM balance
         LEFT JOIN moved ON moved.place = balance.place AND moved.lot = balance.lot
         WHERE moved.lot IS NULL AND (balance.grams <> 0 OR balance.pieces <> 0)
         LIMIT $1";

    SOLID = "SELECT COUNT(*) FROM balance WHERE solid = 1";
    SOLID_BROKEN =
        "SELECT 'lot', moved.lot, CAST(0 AS BIGINT), CASE WHEN moved.grams < moved.pieces THEN moved.grams ELSE moved.pieces END
         FROM (SELECT legs.place, legs.lot, CAST(SUM(legs.pieces) AS BIGINT) AS pieces,
                      CAST(SUM(legs.grams) AS BIGINT) AS grams
               FROM (SELECT to_place AS place, lot, COALESCE(pieces, 0) AS pieces, COALESCE(grams, 0) AS grams
                     FROM stock_move
                     UNION ALL
                     SELECT from_place AS place, lot, -COALESCE(pieces, 0) AS pieces, -COALESCE(grams, 0) AS grams
                     FROM stock_move) AS legs
               GROUP BY legs.place, legs.lot) AS moved
         JOIN place ON place.id = moved.place
         WHERE place.kind IN ('dock', 'bin', 'pick_face', 'staging', 'tote', 'vehicle')
           AND (moved.grams < 0 OR moved.pieces < 0)
         LIMIT $1";

    BINDINGS = "SELECT COUNT(*) FROM binding";
    BINDINGS_BROKEN =
        "SELECT 'lot', balance.lot, balance.bound, CAST(COALESCE(held.amount, 0) AS BIGINT)
         FROM balance
         LEFT JOIN (SELECT lot, place, SUM(amount) AS amount FROM binding GROUP BY lot, place) AS held
                ON held.lot = balance.lot AND held.place = balance.place
         WHERE balance.bound <> COALESCE(held.amount, 0) OR balance.bound > balance.amount AND balance.bound > 0
         LIMIT $1";

    PROMISES = "SELECT COUNT(*) FROM reservation WHERE state = 'promised'";
    // The whole law is about nested lives; the sum over all lives is the part that needs no calendar.
    PROMISES_BROKEN =
        "SELECT 'sku', promised.sku, CAST(COALESCE(shelves.free, 0) AS BIGINT), promised.amount
         FROM (SELECT site, sku, CAST(SUM(amount) AS BIGINT) AS amount
               FROM reservation WHERE state = 'promised' GROUP BY site, sku) AS promised
         LEFT JOIN (SELECT balance.site, balance.sku, SUM(balance.amount - balance.bound) AS free
                    FROM balance JOIN lot ON lot.id = balance.lot
                    WHERE balance.shelved = 1 AND lot.state = 'approved'
                    GROUP BY balance.site, balance.sku) AS shelves
                ON shelves.site = promised.site AND shelves.sku = promised.sku
         WHERE promised.amount > COALESCE(shelves.free, 0)
         LIMIT $1";

    RESERVATIONS = "SELECT COUNT(*) FROM reservation";
    RESERVATIONS_BROKEN =
        "SELECT 'reservation', reservation.id, CAST(0 AS BIGINT), reservation.amount
         FROM reservation
         LEFT JOIN order_line ON order_line.id = reservation.order_line
         LEFT JOIN customer_order ON customer_order.id = order_line.customer_order
         WHERE reservation.state IN ('promised', 'uncovered', 'bound')
           AND (customer_order.id IS NULL
                OR customer_order.state IN ('declined', 'cancelled', 'dispatched', 'handed_over', 'failed'))
         LIMIT $1";

    SHIPPED = "SELECT COUNT(*) FROM stock_move
               JOIN place ON place.id = stock_move.to_place WHERE place.kind = 'vehicle'";
    SHIPPED_EXPIRED =
        "SELECT 'lot', lot.id, lot.label_until, stock_move.at
         FROM stock_move
         JOIN place ON place.id = stock_move.to_place
         JOIN lot ON lot.id = stock_move.lot
         WHERE place.kind = 'vehicle' AND lot.label_until <= stock_move.at
         LIMIT $1";
    SHIPPED_BLOCKED =
        "SELECT 'lot', lot_block.lot, lot_block.at, stock_move.at
         FROM stock_move
         JOIN place ON place.id = stock_move.to_place
         JOIN lot_block ON lot_block.lot = stock_move.lot
         WHERE place.kind = 'vehicle' AND lot_block.flags IN (4, 5, 6, 7, 12, 13, 14, 15)
           AND lot_block.at < stock_move.at AND (lot_block.lifted_at IS NULL OR lot_block.lifted_at > stock_move.at)
         LIMIT $1";

    RECALLED = "SELECT COUNT(*) FROM recall_lot";
    RECALLED_SHIPPED =
        "SELECT 'lot', stock_move.lot, recall.started_at, stock_move.at
         FROM recall
         JOIN recall_lot ON recall_lot.recall = recall.id AND recall_lot.direction = 'forward'
         JOIN stock_move ON stock_move.lot = recall_lot.lot
         JOIN place ON place.id = stock_move.to_place
         WHERE recall.kind = 'real' AND place.kind = 'vehicle' AND stock_move.at > recall.started_at
         LIMIT $1";
    RECALLED_UNBALANCED =
        "SELECT 'lot', lot, came_pieces + came_grams,
                sold_pieces + sold_grams + other_pieces + other_grams + on_hand_pieces + on_hand_grams
         FROM recall_lot
         WHERE came_grams <> sold_grams + other_grams + on_hand_grams
            OR came_pieces <> sold_pieces + other_pieces + on_hand_pieces
         LIMIT $1";

    SPLIT = "SELECT COUNT(*) FROM lot_parent";
    /// A lot is taken apart in one posting and its part comes out in the next: together they leave nothing in production.
    /// And what came out is what the genealogy says.
    SPLIT_BROKEN =
        "WITH legs AS (
             SELECT COALESCE(stock_move.cause_line, stock_move.cause) AS subject,
                    COALESCE(stock_move.grams, 0) AS grams, COALESCE(stock_move.pieces, 0) AS pieces
             FROM stock_move JOIN place ON place.id = stock_move.to_place WHERE place.kind = 'production'
             UNION ALL
             SELECT COALESCE(stock_move.cause_line, stock_move.cause) AS subject,
                    -COALESCE(stock_move.grams, 0) AS grams, -COALESCE(stock_move.pieces, 0) AS pieces
             FROM stock_move JOIN place ON place.id = stock_move.from_place WHERE place.kind = 'production'
         ), made AS (
             SELECT child, CAST(SUM(COALESCE(grams, 0)) + SUM(COALESCE(pieces, 0)) AS BIGINT) AS amount
             FROM lot_parent GROUP BY child
         ), came AS (
             SELECT stock_move.lot AS child,
                    CAST(SUM(COALESCE(stock_move.grams, 0)) + SUM(COALESCE(stock_move.pieces, 0)) AS BIGINT) AS amount
             FROM stock_move JOIN place ON place.id = stock_move.from_place WHERE place.kind = 'production'
             GROUP BY stock_move.lot
         )
         SELECT * FROM (
             SELECT 'cause', subject, CAST(0 AS BIGINT), CAST(SUM(grams) + SUM(pieces) AS BIGINT)
             FROM legs
             GROUP BY subject
             HAVING SUM(grams) <> 0 OR SUM(pieces) <> 0
             UNION ALL
             SELECT 'lot', made.child, made.amount, COALESCE(came.amount, 0)
             FROM made LEFT JOIN came ON came.child = made.child
             WHERE made.amount <> COALESCE(came.amount, 0)
         ) AS broken
         LIMIT $1";

    ADJUSTMENTS = "SELECT COUNT(*) FROM adjustment WHERE state = 'posted'";
    ADJUSTMENTS_UNSIGNED =
        "SELECT 'adjustment', id, CAST(2 AS BIGINT), CAST(1 AS BIGINT)
         FROM adjustment
         WHERE state = 'posted'
           AND (counter_id IS NULL OR decider_id IS NULL OR decider_id = counter_id OR decider_id = earlier_id)
         LIMIT $1";
    ADJUSTMENTS_MISMOVED =
        "SELECT 'adjustment', adjustment.id, COALESCE(adjustment.pieces, 0) + COALESCE(adjustment.grams, 0),
                CAST(COALESCE(moved.pieces, 0) + COALESCE(moved.grams, 0) AS BIGINT)
         FROM adjustment
         JOIN lot ON lot.id = adjustment.lot
         LEFT JOIN (SELECT stock_move.cause,
                           SUM(CASE WHEN stock_move.to_place = a.place THEN COALESCE(stock_move.pieces, 0)
                                    ELSE -COALESCE(stock_move.pieces, 0) END) AS pieces,
                           SUM(CASE WHEN stock_move.to_place = a.place THEN COALESCE(stock_move.grams, 0)
                                    ELSE -COALESCE(stock_move.grams, 0) END) AS grams
                    FROM stock_move JOIN adjustment a ON a.id = stock_move.cause
                    GROUP BY stock_move.cause) AS moved ON moved.cause = adjustment.id
         WHERE adjustment.state = 'posted'
           AND ((lot.measure <> 'weighed' AND COALESCE(adjustment.pieces, 0) <> COALESCE(moved.pieces, 0))
                OR (lot.measure <> 'counted' AND COALESCE(adjustment.grams, 0) <> COALESCE(moved.grams, 0)))
         LIMIT $1";

    CORRECTIONS = "SELECT CAST(SUM(n) AS BIGINT)
                   FROM (SELECT COUNT(*) AS n FROM adjustment WHERE state = 'posted'
                         UNION ALL
                         SELECT COUNT(*) AS n FROM write_off WHERE state = 'disposed') AS corrections";
    CORRECTIONS_UNBOOKED =
        "SELECT corrections.noun, corrections.id, corrections.value, CAST(COALESCE(booked.amount, 0) AS BIGINT)
         FROM (SELECT 'adjustment' AS noun, id, value FROM adjustment WHERE state = 'posted'
               UNION ALL
               SELECT 'write_off' AS noun, id, value FROM write_off WHERE state = 'disposed') AS corrections
         LEFT JOIN (SELECT money_entry.cause_id, SUM(ABS(money_posting.amount)) AS amount
                    FROM money_posting JOIN money_entry ON money_entry.id = money_posting.entry
                    WHERE money_posting.account = 'goods_in_stock' AND money_entry.cause_noun IN ('adjustment', 'write_off')
                    GROUP BY money_entry.cause_id) AS booked ON booked.cause_id = corrections.id
         WHERE corrections.value <> COALESCE(booked.amount, 0)
         LIMIT $1";

    DISPOSALS = "SELECT COUNT(*) FROM write_off WHERE state = 'disposed'";
    DISPOSALS_BROKEN =
        "SELECT 'write_off', write_off.id,
                COALESCE(write_off.gone_pieces, 0) + COALESCE(write_off.gone_grams, 0),
                CAST(COALESCE(wasted.pieces, 0) + COALESCE(wasted.grams, 0) AS BIGINT)
         FROM write_off
         JOIN lot ON lot.id = write_off.lot
         LEFT JOIN (SELECT stock_move.cause, SUM(COALESCE(stock_move.pieces, 0)) AS pieces,
                           SUM(COALESCE(stock_move.grams, 0)) AS grams
                    FROM stock_move JOIN place ON place.id = stock_move.to_place
                    WHERE place.kind = 'waste'
                    GROUP BY stock_move.cause) AS wasted ON wasted.cause = write_off.id
         WHERE write_off.state = 'disposed'
           AND (write_off.witness_id IS NULL OR write_off.weigher_id IS NULL
                OR write_off.witness_id = write_off.weigher_id
                OR (lot.measure <> 'weighed' AND COALESCE(write_off.gone_pieces, 0) <> COALESCE(wasted.pieces, 0))
                OR (lot.measure <> 'counted' AND COALESCE(write_off.gone_grams, 0) <> COALESCE(wasted.grams, 0)))
         LIMIT $1";

    WASTED = "SELECT COUNT(*) FROM stock_move JOIN place ON place.id = stock_move.to_place WHERE place.kind = 'waste'";
    WASTED_UNEXPLAINED =
        "SELECT 'lot', stock_move.lot, CAST(1 AS BIGINT), CAST(0 AS BIGINT)
         FROM stock_move
         JOIN place ON place.id = stock_move.to_place
         WHERE place.kind = 'waste' AND stock_move.reason IS NULL
         LIMIT $1";

    ENTRIES = "SELECT COUNT(*) FROM money_entry";
    ENTRIES_BROKEN =
        "SELECT 'entry', money_entry.id, CAST(0 AS BIGINT), CAST(COALESCE(SUM(money_posting.amount), 0) AS BIGINT)
         FROM money_entry
         LEFT JOIN money_posting ON money_posting.entry = money_entry.id
         GROUP BY money_entry.id
         HAVING COALESCE(SUM(money_posting.amount), 0) <> 0 OR COUNT(money_posting.seq) < 2
         LIMIT $1";

    PAYMENTS = "SELECT COUNT(*) FROM payment";
    PAYMENTS_BROKEN =
        "SELECT 'payment', payment.id, payment.authorised, payment.captured
         FROM payment
         LEFT JOIN (SELECT payment,
                           SUM(CASE WHEN kind = 'capture' AND state = 'done' THEN amount ELSE 0 END) AS captured,
                           SUM(CASE WHEN kind = 'refund' AND state = 'done' THEN amount ELSE 0 END) AS refunded
                    FROM payment_step GROUP BY payment) AS steps ON steps.payment = payment.id
         WHERE payment.captured > payment.authorised OR payment.authorised > payment.bound
            OR payment.refunded > payment.captured
            OR payment.captured <> COALESCE(steps.captured, 0) OR payment.refunded <> COALESCE(steps.refunded, 0)
         LIMIT $1";

    LEFT = "SELECT COUNT(*) FROM customer_order WHERE state IN ('dispatched', 'handed_over', 'failed')";
    LEFT_UNBILLED =
        "SELECT 'customer_order', customer_order.id, customer_order.amount, CAST(COALESCE(invoice.gross, -1) AS BIGINT)
         FROM customer_order
         LEFT JOIN invoice ON invoice.id = customer_order.invoice AND invoice.customer_order = customer_order.id
         WHERE customer_order.state IN ('dispatched', 'handed_over', 'failed')
           AND (invoice.id IS NULL OR invoice.gross <> customer_order.amount)
         LIMIT $1";

    INVOICES = "SELECT COUNT(*) FROM invoice";
    INVOICES_BROKEN =
        "SELECT 'invoice', invoice.id, invoice.gross, CAST(COALESCE(lines.gross, 0) AS BIGINT)
         FROM invoice
         LEFT JOIN (SELECT invoice, SUM(gross) AS gross FROM invoice_line GROUP BY invoice) AS lines
                ON lines.invoice = invoice.id
         LEFT JOIN (SELECT invoice, SUM(gross) AS gross, SUM(net) AS net FROM invoice_total GROUP BY invoice) AS totals
                ON totals.invoice = invoice.id
         WHERE invoice.gross <> COALESCE(lines.gross, 0) OR invoice.gross <> COALESCE(totals.gross, 0)
            OR invoice.net <> COALESCE(totals.net, 0)
         LIMIT $1";

    INVOICE_LINES = "SELECT COUNT(*) FROM invoice_line WHERE order_line IS NOT NULL";
    INVOICE_GRAMS_BROKEN =
        "SELECT 'order_line', invoice_line.order_line, CAST(COALESCE(scale.grams, 0) AS BIGINT),
                CAST(COALESCE(invoice_line.grams, 0) AS BIGINT)
         FROM invoice_line
         JOIN order_line ON order_line.id = invoice_line.order_line
         LEFT JOIN (SELECT pick_task.order_line, SUM(COALESCE(weighing.grams, 0)) AS grams,
                           SUM(COALESCE(weighing.pieces, 0)) AS pieces
                    FROM weighing JOIN pick_task ON pick_task.id = weighing.task
                    GROUP BY pick_task.order_line) AS scale
                ON scale.order_line = invoice_line.order_line
         WHERE (order_line.measure <> 'counted' AND COALESCE(invoice_line.grams, 0) <> COALESCE(scale.grams, 0))
            OR (order_line.measure <> 'weighed' AND COALESCE(invoice_line.pieces, 0) <> COALESCE(scale.pieces, 0))
         LIMIT $1";

    DELIVERED = "SELECT COUNT(*) FROM customer_order WHERE state IN ('handed_over', 'failed')";
    // Charged and not given back = delivered and not allowed for. Intended captures count: the money is on its way.
    DELIVERED_MISCHARGED =
        "SELECT 'customer_order', customer_order.id, customer_order.amount - CAST(COALESCE(allowed.gross, 0) AS BIGINT),
                CAST(COALESCE(paid.amount, 0) AS BIGINT)
         FROM customer_order
         JOIN invoice ON invoice.id = customer_order.invoice
         LEFT JOIN (SELECT invoice, SUM(gross) AS gross FROM allowance GROUP BY invoice) AS allowed
                ON allowed.invoice = invoice.id
         LEFT JOIN (SELECT customer_order, SUM(capturing - refunding) AS amount
                    FROM payment GROUP BY customer_order) AS paid
                ON paid.customer_order = customer_order.id
         WHERE customer_order.state IN ('handed_over', 'failed') AND invoice.state = 'issued'
           AND customer_order.amount - COALESCE(allowed.gross, 0) <> COALESCE(paid.amount, 0)
         LIMIT $1";

    REMEDIES = "SELECT COUNT(*) FROM remedy";
    REMEDIES_ABOVE =
        "SELECT 'order_line', order_line.id, order_line.amount, CAST(refunded.amount AS BIGINT)
         FROM (SELECT order_line, SUM(amount) AS amount FROM remedy GROUP BY order_line) AS refunded
         JOIN order_line ON order_line.id = refunded.order_line
         WHERE order_line.amount IS NULL OR refunded.amount > order_line.amount
         LIMIT $1";
    REMEDIES_UNBOOKED =
        "SELECT 'remedy', remedy.id, remedy.amount, CAST(COALESCE(booked.amount, 0) AS BIGINT)
         FROM remedy
         LEFT JOIN allowance ON allowance.entry = remedy.entry
         LEFT JOIN (SELECT entry, -SUM(amount) AS amount
                    FROM money_posting WHERE account = 'customer_receivable' GROUP BY entry) AS booked
                ON booked.entry = remedy.entry
         WHERE allowance.id IS NULL OR allowance.gross <> remedy.amount OR booked.amount IS NULL
            OR booked.amount <> remedy.amount
         LIMIT $1";

    BUDGETS = "SELECT COUNT(*) FROM budget";
    BUDGETS_BROKEN =
        "SELECT 'budget', budget.id, budget.requested + budget.committed + budget.actual,
                CAST(COALESCE(moves.total, 0) AS BIGINT)
         FROM budget
         LEFT JOIN (SELECT budget, SUM(requested) AS requested, SUM(committed) AS committed, SUM(actual) AS actual,
                           SUM(requested + committed + actual) AS total
                    FROM budget_move GROUP BY budget) AS moves ON moves.budget = budget.id
         WHERE budget.requested <> COALESCE(moves.requested, 0) OR budget.committed <> COALESCE(moves.committed, 0)
            OR budget.actual <> COALESCE(moves.actual, 0)
         LIMIT $1";

    EVENTS = "SELECT COUNT(*) FROM event";
    EVENTS_BROKEN =
        "SELECT subjects.noun, subjects.object, subjects.latest, subjects.told
         FROM (SELECT noun, object, MAX(revision) AS latest, COUNT(*) AS told FROM event GROUP BY noun, object) AS subjects
         LEFT JOIN event_head ON event_head.noun = subjects.noun AND event_head.object = subjects.object
         WHERE subjects.latest <> subjects.told OR event_head.revision IS NULL OR event_head.revision <> subjects.latest
         LIMIT $1";
}
