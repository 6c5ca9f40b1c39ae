//! Documents, migrations and the client's lock file.

use std::collections::BTreeMap;

use super::scan::line_at;
use super::{Finding, TextFile};

/// A document is about one thing and its title says which.
pub(super) fn have_one_title(files: &[TextFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.ends_with(&[".md"])) {
        let mut fenced = false;
        let mut titles = Vec::new();
        for (index, line) in file.text.lines().enumerate() {
            fenced ^= line.trim_start().starts_with("```");
            if !fenced && line.starts_with("# ") {
                titles.push(index + 1);
            }
        }
        match titles[..] {
            [_one] => {}
            [] => findings.push(Finding::new(file, 1, "one-title", "begin with one `# ` title")),
            [_, second, ..] => findings.push(Finding::new(file, second, "one-title", "make this a `##` or a document")),
        }
    }
    findings
}

/// A lock file that names hosts sends everybody to the mirror of its author.
pub(super) fn lock_file_names_no_host(files: &[TextFile]) -> Vec<Finding> {
    let named = files.iter().filter(|file| file.path.ends_with("package-lock.json")).filter_map(|file| {
        let at = file.text.find("\"resolved\": \"http")?;
        Some(Finding::new(file, line_at(&file.text, at), "lock-file-host", "remove every \"resolved\" line"))
    });
    named.collect()
}

/// A migration opens with the state diagram of what it creates: SQL alone does not say which way states go.
pub(super) fn migrations_explain_themselves(files: &[TextFile]) -> Vec<Finding> {
    migrations(files)
        .filter(|(file, _)| !file.text.starts_with("--"))
        .map(|(file, _)| {
            Finding::new(file, 1, "migration-comment", "open with a `--` block: the states and their order")
        })
        .collect()
}

/// Two migrations of one number would run in an order that depends on the machine.
pub(super) fn migrations_have_their_own_number(files: &[TextFile]) -> Vec<Finding> {
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    let mut findings = Vec::new();
    for (file, name) in migrations(files) {
        let Some((number, _)) = name.split_once('_').filter(|(number, _)| is_number(number)) else {
            findings.push(Finding::new(file, 1, "migration-number", "name it NNNN_what_it_does.sql"));
            continue;
        };
        // The two engines may need a text each for one step.
        let stem = name.trim_end_matches(".sql").trim_end_matches(".sqlite").trim_end_matches(".postgres");
        let first = *names.entry(number).or_insert(stem);
        if first != stem {
            let advice = format!("{number} is taken by {first}: take the next free number");
            findings.push(Finding::new(file, 1, "migration-number", advice));
        }
    }
    findings
}

fn is_number(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn migrations(files: &[TextFile]) -> impl Iterator<Item = (&TextFile, &str)> {
    let sql = files.iter().filter(|file| file.ends_with(&[".sql"]));
    sql.filter_map(|file| Some((file, file.path.strip_prefix("migrations/")?)))
}
