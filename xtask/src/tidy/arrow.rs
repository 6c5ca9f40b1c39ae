//! The dependency arrow: who may stand on whom.

use serde_json::Value;

use super::{Finding, TextFile};

const RULE: &str = "dependency-arrow";

/// The six chapters of the workflow. They meet below themselves or in `flows`, never directly.
pub(super) const CONTEXTS: [&str; 6] = ["procurement", "warehouse", "orders", "delivery", "procedures", "improvement"];

/// What every context may use: the shared ground and the pure engines.
const GROUND: &str = "kernel store events edge identity catalog customers ledger accounts routing forecast gs1 print";

/// Every edge between our crates follows the arrow, so that a reader knows where a thing cannot be.
pub(super) fn points_one_way(metadata: &Value, files: &[TextFile]) -> Vec<Finding> {
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ours: Vec<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut findings = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let manifest = files.iter().find(|file| {
            package["manifest_path"].as_str().is_some_and(|path| path.replace('\\', "/").ends_with(&file.path))
                && file.path.ends_with(&format!("{name}/Cargo.toml"))
        });
        let mut report = |line: usize, advice: String| {
            let path = manifest.map_or_else(|| format!("crates/{name}/Cargo.toml"), |file| file.path.clone());
            findings.push(Finding { path, line, rule: RULE, advice });
        };
        let Some(allowed) = allowed(name) else {
            report(1, format!("give `{name}` its place in xtask/src/tidy/arrow.rs and ARCHITECTURE.md"));
            continue;
        };
        for edge in package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default() {
            let target = edge["name"].as_str().unwrap_or_default();
            let between_contexts = CONTEXTS.contains(&name) && CONTEXTS.contains(&target);
            let for_tests = edge["kind"] == "dev" && !between_contexts;
            if !ours.contains(&target) || for_tests || allowed.split(' ').any(|word| word == target) {
                continue;
            }
            let line = manifest.map_or(1, |file| line_of(&file.text, target));
            report(
                line,
                format!("`{name}` may not use `{target}`: move the shared fact down or the hand-over into flows"),
            );
        }
    }
    findings
}

/// The crates that one of ours may name, or `None` for a crate without a place.
fn allowed(name: &str) -> Option<String> {
    let words = match name {
        "kernel" | "routing" | "forecast" | "gs1" | "mqtt" | "sheets" | "xtask" => String::new(),
        "store" | "print" | "sim" => "kernel".to_owned(),
        // The auditor re-derives everything by itself, so it shares no rule with what it checks.
        "edge" | "auditor" => "kernel store".to_owned(),
        "events" => "kernel store edge".to_owned(),
        "identity" | "catalog" => "kernel store events edge".to_owned(),
        "customers" => "kernel store events edge identity".to_owned(),
        "ledger" => "kernel store events edge identity catalog".to_owned(),
        "accounts" => "kernel store events edge identity catalog customers".to_owned(),
        context if CONTEXTS.contains(&context) => GROUND.to_owned(),
        // `exchange` reads the log for those outside, `papers` shows what several contexts know; both follow the
        // contexts, and none of them knows either.
        "flows" | "exchange" | "papers" => format!("{GROUND} {}", CONTEXTS.join(" ")),
        // Files become what people would have typed, so it calls the verbs of every context.
        "imports" => format!("{GROUND} {} flows sheets", CONTEXTS.join(" ")),
        "server" => format!("{GROUND} {} flows exchange imports mqtt papers", CONTEXTS.join(" ")),
        // The program starts the simulated company, which itself sees the server only by its address.
        "cli" => format!("{GROUND} {} flows exchange imports server sim auditor", CONTEXTS.join(" ")),
        "testkit" => "kernel store server edge".to_owned(),
        _ => return None,
    };
    Some(words)
}

fn line_of(manifest: &str, dependency: &str) -> usize {
    let named = |line: &str| line.strip_prefix(dependency).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
    manifest.lines().position(named).map_or(1, |index| index + 1)
}
