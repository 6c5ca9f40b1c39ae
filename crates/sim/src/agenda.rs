//! What happens when: the simulation's one queue, in virtual time.

use std::{cmp::Reverse, collections::BinaryHeap};

use kernel::Instant;

/// People look at the clock this often: what happens between two looks happens at the second of them.
const GRAIN_MS: i64 = 30_000;

/// Things to do, earliest first; of two at the same instant the one that was entered first.
pub(crate) struct Agenda<T> {
    queue: BinaryHeap<Reverse<Entry<T>>>,
    entered: u64,
}

struct Entry<T> {
    at: Instant,
    nth: u64,
    what: T,
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.nth) == (other.at, other.nth)
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.nth).cmp(&(other.at, other.nth))
    }
}

impl<T> Agenda<T> {
    pub(crate) const fn new() -> Self {
        Self { queue: BinaryHeap::new(), entered: 0 }
    }

    pub(crate) fn enter(&mut self, at: Instant, what: T) {
        let since_look = at.millis().rem_euclid(GRAIN_MS);
        let at = if since_look == 0 { at } else { at.plus_millis(GRAIN_MS - since_look) };
        self.queue.push(Reverse(Entry { at, nth: self.entered, what }));
        self.entered += 1;
    }

    pub(crate) fn next(&mut self) -> Option<(Instant, T)> {
        self.queue.pop().map(|Reverse(entry)| (entry.at, entry.what))
    }

    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }
}
