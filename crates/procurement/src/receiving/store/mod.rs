//! SQL of the dock: what came, what was found, what became of it, and what is owed for it.

mod dock;
mod inspections;
mod invoices;
mod returns;
mod shelves;

pub(super) use dock::{
    add_arrival, add_line, arrival, arrivals, at_dock, clear, due, line, line_of_lot, lines_of_arrival, reopen,
    set_judged, set_tare_profile, tare_profiles, unjudged_of_order, waiting_at_dock, weighed_by_of_order,
};
pub(super) use inspections::{
    Standing, add_findings, add_inspection, add_part, add_sample, history, inspection, inspections_of_arrival,
    kept_of_order, locked_history, part, parts_of_arrival, parts_of_order_line, save_history, set_decided,
    set_whereabouts, standings_of,
};
pub(super) use invoices::{
    add_invoice, approve, invoice, invoice_by_number, invoiced_of_order_line, invoices, release_variance,
    replace_variances, set_paid, withdraw,
};
pub(super) use returns::{add_claim, add_return, claims, returns, supplier_return};
pub(super) use shelves::{add_put_away, capacities, capacity, set_capacity};
