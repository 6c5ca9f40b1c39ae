//! One judgement of life: who compares an expiry date anywhere else invents a second meaning of "expired".

use super::scan::{is_word, line_at, occurrences, without_comments};
use super::{Finding, TextFile};

/// The columns that hold dates of life.
const COLUMNS: [&str; 2] = ["usable_until", "use_by"];

/// The one function and its SQL twin.
const JUDGE: &str = "crates/ledger/src/usable.rs";

const METHODS: [&str; 6] = [".cmp(", ".partial_cmp(", ".lt(", ".le(", ".gt(", ".ge("];

/// Dates of life are compared in the judge and nowhere else; sorting by them is free.
pub(super) fn are_judged_in_one_place(files: &[TextFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.ends_with(&[".rs", ".sql"])) {
        let ours = file.path.starts_with("crates/") || file.path.starts_with("migrations/");
        if !ours || file.path == JUDGE {
            continue;
        }
        let text = without_comments(&file.text, if file.ends_with(&[".rs"]) { "//" } else { "--" });
        for column in COLUMNS {
            let compared = |at: &usize| compared_before(&text[..*at]) || compared_after(&text[at + column.len()..]);
            for at in occurrences(&text, column).filter(compared) {
                let advice = format!("`{column}` is compared here: ask {JUDGE} instead");
                findings.push(Finding::new(file, line_at(&text, at), "life-date", advice));
            }
        }
    }
    findings
}

/// `lot.use_by < …`, `use_by) >= …`, `use_by.cmp(…`, `use_by BETWEEN …`.
fn compared_after(rest: &str) -> bool {
    let rest = rest.trim_start_matches([')', '?', '"']).trim_start();
    rest.starts_with(['<', '>']) || word_first(rest, "BETWEEN") || METHODS.iter().any(|method| rest.starts_with(method))
}

/// `… > lot.use_by`, `.cmp(&lot.use_by`, `BETWEEN use_by`, `BETWEEN $1 AND use_by`.
fn compared_before(before: &str) -> bool {
    let path = before.trim_end_matches(|c| is_word(c) || ".&*(\"".contains(c));
    if METHODS.iter().any(|method| before[path.len()..].contains(method)) {
        return true;
    }
    let mut words = path.split_whitespace().rev();
    let operator = words.next().unwrap_or_default();
    let arrow = operator.ends_with("=>") || operator.ends_with("->");
    // `get::<Date>("use_by")` also puts a sign before the column, but glued to a word and with a call between.
    let call = before[path.len()..].contains('(') && !operator.starts_with(['<', '>']);
    let sign = operator.trim_end_matches('=').ends_with(['<', '>']) && !arrow && !call;
    let range = operator.eq_ignore_ascii_case("AND") && words.nth(1).is_some_and(|word| word_first(word, "BETWEEN"));
    sign || range || word_first(operator, "BETWEEN")
}

fn word_first(text: &str, word: &str) -> bool {
    let first = text.split(|c| !is_word(c)).next().unwrap_or_default();
    first.eq_ignore_ascii_case(word)
}
