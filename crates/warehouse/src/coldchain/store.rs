//! SQL of the cold chain.

mod excursions;
mod goods;
mod laws;
mod probes;
mod readings;

pub(super) use excursions::{
    Excused, actions_of, add_action, add_excursion, any_due_on_ladder, covering, due_on_ladder, end_running, excursion,
    excursion_for_change, excursions, save_excursion, touched_by, voided_or_open,
};
pub(super) use goods::{
    add_quarantine, decide_quarantines_of, exposure, exposures_of, exposures_of_lot, open_quarantines_of, put_exposure,
    quarantine, quarantines, quarantines_of,
};
pub(super) use laws::{
    add_haccp, age_lot, aged_lots_due, alarms_of_day, begin_life, haccp, law, life_of, quarantined_of_day, set_law,
};
pub(super) use probes::{
    add_inhibit, add_probe, all_bands, any_fallen_silent, band, inhibits_of, probe, probe_by_code, probe_by_topic,
    probe_for_change, probes, probes_at, probes_in, quiet_probes, remember, retire, set_band, set_calibration,
    topics_of,
};
pub(super) use readings::{
    Kept, add as add_readings, between, counts, extremes, last_before, last_within, page as readings_page,
};
