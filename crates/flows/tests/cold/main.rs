//! Step 2.3 driven through the API as probes, shift leads and inspectors drive it, on both engines.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod alarms;
mod goods;
mod lives;
mod shop;
