//! `cargo xtask gen`: files that are written from others and kept in the tree, so that a reader needs no build.
//!
//! `tidy` refuses a tree in which one of them is stale. The API document and the client's types, which need the
//! built server, get their line in `write` when they exist.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use crate::failure::Failure;
use crate::locales::{self, LANGUAGES, Texts};

/// Where the list of refusals lies.
pub(crate) const ERRORS: &str = "docs/errors.md";

const ERRORS_INTRODUCTION: &str = "\
# Refusals

Every refusal of the API is a problem+json document whose `code` is one of these slugs. A slug is stable: programs may
match on it, texts may change. Written by `cargo xtask gen` from `locales/`; edit there.

| Slug | English | 繁體中文 | 简体中文 |
| --- | --- | --- | --- |
";

/// Writes every generated file.
pub(crate) fn write(root: &Path) -> Result<ExitCode, Failure> {
    put(root, ERRORS, &errors(&catalogue(root)?))?;
    Ok(ExitCode::SUCCESS)
}

fn put(root: &Path, path: &str, text: &str) -> Result<(), Failure> {
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap_or(root)).map_err(Failure::at(&file))?;
    fs::write(&file, text).map_err(Failure::at(&file))?;
    println!("wrote {path}");
    Ok(())
}

/// The text of docs/errors.md.
pub(crate) fn errors(catalogue: &BTreeMap<String, Texts>) -> String {
    let row = |(slug, texts): (&String, &Texts)| {
        let cells = LANGUAGES.map(|language| texts.get(language).map_or_else(String::new, |text| cell(text)));
        format!("| `{slug}` | {} |\n", cells.join(" | "))
    };
    let refusals = catalogue.iter().filter(|(key, _texts)| locales::is_slug(key));
    ERRORS_INTRODUCTION.to_owned() + &refusals.map(row).collect::<String>()
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn catalogue(root: &Path) -> Result<BTreeMap<String, Texts>, Failure> {
    let folder = root.join("locales");
    let mut catalogue = BTreeMap::new();
    let Ok(entries) = fs::read_dir(&folder) else {
        return Ok(catalogue);
    };
    for entry in entries {
        let file = entry.map_err(Failure::at(&folder))?.path();
        if file.extension().is_some_and(|extension| extension == "json") {
            let text = fs::read_to_string(&file).map_err(Failure::at(&file))?;
            let entries = locales::parse(&text).map_err(|why| Failure::Failed(format!("{}: {why}", file.display())))?;
            catalogue.extend(entries);
        }
    }
    Ok(catalogue)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn the_list_of_refusals_is_sorted_and_leaves_messages_out() {
        let tree = TempDir::new().unwrap();
        fs::create_dir(tree.path().join("locales")).unwrap();
        let texts = r#"{
            "receiving/too-warm": { "en": "{core} | warm", "zh-Hant": "太熱 {core}", "zh-Hans": "太热 {core}" },
            "receiving/not-on-order": { "en": "no", "zh-Hant": "否", "zh-Hans": "否" },
            "notice.placed": { "en": "thanks", "zh-Hant": "謝謝", "zh-Hans": "谢谢" } }"#;
        fs::write(tree.path().join("locales/receiving.json"), texts).unwrap();

        write(tree.path()).unwrap();

        let document = fs::read_to_string(tree.path().join(ERRORS)).unwrap();
        let rows: Vec<&str> = document.lines().filter(|line| line.starts_with("| `")).collect();
        assert_eq!(
            rows,
            [
                "| `receiving/not-on-order` | no | 否 | 否 |",
                "| `receiving/too-warm` | {core} \\| warm | 太熱 {core} | 太热 {core} |"
            ]
        );
    }
}
