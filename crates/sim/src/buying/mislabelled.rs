//! A lot whose label outlives its harvest date plus life: how it comes in, for the fault that is planted.

use crate::{
    SimError, plants,
    world::{Sku, World},
};

/// A false date that waits for goods to be put on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    /// Of the list of planted faults.
    pub(crate) entry: usize,
    pub(crate) site: usize,
    /// So many lots come in before it.
    pub(crate) lots_before: i64,
}

pub(super) const DAYS_TOO_LONG: i64 = 9;
/// What keeps for months is hardly worth a false date.
const LIFE_MAX: i64 = 30;

/// Whether the goods that come off the truck now are the ones; which fault it is, then.
pub(super) fn next(world: &mut World, site: usize, sku: &Sku) -> Option<usize> {
    if sku.life_days > LIFE_MAX {
        return None;
    }
    let waiting = world.buying.mislabelled.iter_mut().find(|waiting| waiting.site == site)?;
    waiting.lots_before -= 1;
    let entry = waiting.entry;
    if waiting.lots_before >= 0 {
        return None;
    }
    world.buying.mislabelled.retain(|waiting| waiting.entry != entry);
    Some(entry)
}

/// The goods are on the scale, and the shop has what it needs to see.
pub(super) fn came(world: &mut World, entry: usize, lot: &str) -> Result<(), SimError> {
    world.tally.count("receiving", "lots_with_a_false_date");
    plants::was_done(world, entry, lot)
}
