//! The golden files: decisions that somebody has taken, one operation a line.

use std::collections::BTreeSet;

use testkit::api::Operation;

/// Operations that need nobody to be signed in.
pub(crate) const PUBLIC: &str = include_str!("public.txt");
/// Operations for everybody who is signed in; what they answer depends on whose the thing is.
pub(crate) const ANYONE: &str = include_str!("anyone.txt");
/// Operations on what belongs to no site and to no person: products, procedures, the log.
pub(crate) const SHARED: &str = include_str!("shared.txt");

/// The operations of a list. A `#` begins a remark.
pub(crate) fn lines(list: &'static str) -> BTreeSet<&'static str> {
    let plain = list.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    plain.filter(|line| !line.is_empty()).collect()
}

/// A line whose operation is gone is a door that stands open for whoever takes the name next.
pub(crate) fn stale(list: &'static str, operations: &[Operation]) -> Vec<String> {
    let names: BTreeSet<String> = operations.iter().map(Operation::name).collect();
    let gone = lines(list).into_iter().filter(|line| !names.contains(*line));
    gone.map(|line| format!("{line} is on a list and not in the API: strike it out")).collect()
}

pub(crate) fn holds(list: &'static str, operation: &Operation) -> bool {
    lines(list).contains(operation.name().as_str())
}

/// Ends the test with every fault at once.
#[track_caller]
pub(crate) fn no_faults(what: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{what}: {} faults\n{}", faults.len(), faults.join("\n"));
}
