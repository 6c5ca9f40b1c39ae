//! Words that do not belong where they stand.

use super::scan::{is_word, line_at, occurrences, without_comments};
use super::{Finding, TextFile};

/// This folder has to spell what it forbids.
const OURSELVES: &str = "xtask/src/tidy";

/// Only `store` names a database, so that no other crate can depend on one engine.
pub(super) fn databases_stay_in_store(files: &[TextFile]) -> Vec<Finding> {
    let above = |file: &TextFile| file.in_crate().is_some_and(|(name, _)| name != "store");
    let words = ["rusqlite", "tokio_postgres", "tokio-postgres", "deadpool", "deadpool_postgres", "deadpool-postgres"];
    forbid(files, above, &[".rs", "Cargo.toml"], &words, "database-name", "go through store::Db")
}

/// Weights and money that pass through a float lose grams and cents.
pub(super) fn floats_stay_out_of_quantities(files: &[TextFile]) -> Vec<Finding> {
    let exact =
        |file: &TextFile| file.in_crate().is_some_and(|(name, _)| ["kernel", "ledger", "accounts"].contains(&name));
    forbid(files, exact, &[".rs"], &["f32", "f64"], "float", "count in whole grams, minor units or an exact ratio")
}

/// What is left for later is written down in an issue, where somebody looks.
pub(super) fn nothing_is_left_for_later(files: &[TextFile]) -> Vec<Finding> {
    let endings = [".rs", ".sql", ".ts", ".tsx", ".md", ".toml", ".css"];
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.ends_with(&endings) && !file.path.starts_with(OURSELVES)) {
        for word in ["todo!", "unimplemented!", "FIXME", "XXX"] {
            for at in occurrences(&file.text, word) {
                let advice = format!("`{word}`: finish it, or leave it out and open an issue");
                findings.push(Finding::new(file, line_at(&file.text, at), "left-for-later", advice));
            }
        }
    }
    findings
}

/// A path of one machine is wrong on every other.
pub(super) fn machines_are_not_named(files: &[TextFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| !file.path.starts_with(OURSELVES)) {
        for place in ["/work/", "/root/", "/home/"] {
            let inside_a_path = |before: &str| before.ends_with(|c| is_word(c) || "./-}~*$".contains(c));
            for (at, _) in file.text.match_indices(place).filter(|(at, _)| !inside_a_path(&file.text[..*at])) {
                let advice = format!("`{place}` exists on one machine: use a relative path or a setting");
                findings.push(Finding::new(file, line_at(&file.text, at), "machine-path", advice));
            }
        }
    }
    findings
}

const VAGUE: [&str; 8] = ["util", "utils", "helper", "helpers", "manager", "managers", "common", "misc"];

/// People of the shop: here the word is a job, not a shrug.
const JOBS: [&str; 5] = ["Manager", "OperationsManager", "GeneralManager", "DepartmentManager", "FinanceManager"];

/// A module or type is named after what it holds, so that the next thing is not thrown in as well.
pub(super) fn names_say_what_they_hold(files: &[TextFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.ends_with(&[".rs", ".ts", ".tsx"]) && !file.path.starts_with(OURSELVES))
    {
        let stem = file.path.split_once('.').map_or(file.path.as_str(), |(stem, _)| stem);
        if let Some(name) = stem.split('/').find(|name| VAGUE.contains(name)) {
            findings.push(Finding::new(file, 1, "vague-name", format!("rename `{name}` after what it holds")));
        }
        let bare = without_comments(&file.text, "//");
        for keyword in ["struct", "enum", "trait", "type", "mod", "class", "interface"] {
            for at in occurrences(&bare, keyword) {
                let declared = bare[at + keyword.len()..].strip_prefix(' ').unwrap_or_default();
                let name = declared.split(|c| !is_word(c)).next().unwrap_or_default();
                if is_vague(name) {
                    let advice = format!("rename `{name}` after what it holds");
                    findings.push(Finding::new(file, line_at(&bare, at), "vague-name", advice));
                }
            }
        }
    }
    findings
}

fn is_vague(name: &str) -> bool {
    let starts = |(at, c): (usize, char)| (c.is_uppercase() || c == '_').then_some(at);
    let mut cuts: Vec<usize> = name.char_indices().filter_map(starts).collect();
    cuts.insert(0, 0);
    cuts.push(name.len());
    let mut words = cuts.windows(2).map(|cut| name[cut[0]..cut[1]].trim_matches('_').to_lowercase());
    !JOBS.contains(&name) && words.any(|word| VAGUE.contains(&word.as_str()))
}

fn forbid(
    files: &[TextFile],
    place: impl Fn(&TextFile) -> bool,
    endings: &[&str],
    words: &[&str],
    rule: &'static str,
    advice: &str,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.ends_with(endings) && place(file)) {
        let bare = without_comments(&file.text, "//");
        for word in words {
            for at in occurrences(&bare, word) {
                findings.push(Finding::new(file, line_at(&bare, at), rule, format!("`{word}`: {advice}")));
            }
        }
    }
    findings
}
