//! Step 4.1 on real roads: from a prepared file, and from servers that speak as OSRM and Valhalla are documented to.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

#[path = "../../../routing/tests/city/mod.rs"]
mod city;
mod fake;
mod files;
mod servers;
mod step;
