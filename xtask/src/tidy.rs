//! `cargo xtask tidy`: the rules of the tree that no compiler checks, one short function each.
//!
//! A rule reads texts and knows no exemption for a line: where it is wrong, the rule changes, for everybody.

mod arrow;
mod documents;
mod life_dates;
mod refusals;
mod scan;
mod steps;
#[cfg(test)]
mod tests;
mod words;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use crate::failure::Failure;
use crate::workspace::Workspace;

/// Not ours, or made by a build.
const NOT_OURS: [&str; 6] = [".git", "target", "node_modules", "dist", "test-results", "coverage"];

/// A rule that was broken, and the way back.
#[derive(Debug)]
struct Finding {
    path: String,
    line: usize,
    rule: &'static str,
    advice: String,
}

impl Finding {
    fn new(file: &TextFile, line: usize, rule: &'static str, advice: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line, rule, advice: advice.into() }
    }
}

/// A text of the tree, its path relative to the root and written with `/`.
#[derive(Debug)]
struct TextFile {
    path: String,
    text: String,
}

impl TextFile {
    fn ends_with(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.path.ends_with(ending))
    }

    /// The crate that a file under `crates/` belongs to, and the rest of its path.
    fn in_crate(&self) -> Option<(&str, &str)> {
        self.path.strip_prefix("crates/")?.split_once('/')
    }
}

/// `cargo xtask tidy`.
pub(crate) fn command(workspace: &Workspace) -> Result<ExitCode, Failure> {
    check(workspace).map(|()| ExitCode::SUCCESS)
}

/// Prints every finding as `path:line: rule — what to do` and fails when there is one.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Failure> {
    let files = read_tree(&workspace.root)?;
    let mut findings = text_findings(&files);
    findings.extend(arrow::points_one_way(&workspace.metadata, &files));
    for Finding { path, line, rule, advice } in &findings {
        println!("{path}:{line}: {rule} — {advice}");
    }
    match findings.len() {
        0 => Ok(()),
        count => Err(Failure::Failed(format!("the tree is untidy: {count} findings"))),
    }
}

/// All rules that need nothing but the texts.
fn text_findings(files: &[TextFile]) -> Vec<Finding> {
    let rules = [
        steps::name_their_number,
        steps::every_file_is_reached,
        life_dates::are_judged_in_one_place,
        refusals::have_texts,
        refusals::texts_are_whole,
        refusals::document_is_fresh,
        words::databases_stay_in_store,
        words::floats_stay_out_of_quantities,
        words::names_say_what_they_hold,
        words::nothing_is_left_for_later,
        words::machines_are_not_named,
        documents::have_one_title,
        documents::lock_file_names_no_host,
        documents::migrations_explain_themselves,
        documents::migrations_have_their_own_number,
    ];
    let mut findings: Vec<Finding> = rules.iter().flat_map(|rule| rule(files)).collect();
    findings.sort_by(|a, b| (&a.path, a.line, a.rule).cmp(&(&b.path, b.line, b.rule)));
    findings
}

fn read_tree(root: &Path) -> Result<Vec<TextFile>, Failure> {
    let mut files = Vec::new();
    collect(root, root, &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<TextFile>) -> Result<(), Failure> {
    for entry in fs::read_dir(folder).map_err(Failure::at(folder))? {
        let path = entry.map_err(Failure::at(folder))?.path();
        // In a linked work tree `.git` is a file that names the main one.
        if NOT_OURS.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        if path.is_dir() && !path.is_symlink() {
            collect(root, &path, files)?;
            continue;
        }
        // Pictures and databases are not texts and follow no rule.
        if let (Ok(text), Ok(relative)) = (fs::read_to_string(&path), path.strip_prefix(root)) {
            files.push(TextFile { path: relative.to_string_lossy().replace('\\', "/"), text });
        }
    }
    Ok(())
}
