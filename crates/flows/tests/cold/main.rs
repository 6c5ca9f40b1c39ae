//! Steps 2.3 and 2.4 driven through the API as probes, counters, leads and inspectors drive it, on both engines.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod alarms;
mod counts;
mod goods;
mod lives;
mod shop;
