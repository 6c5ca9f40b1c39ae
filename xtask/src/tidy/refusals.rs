//! A refusal is finished when a person can read it: in three languages and in the list of refusals.

use std::collections::{BTreeMap, BTreeSet};

use super::scan::{line_at, without_comments};
use super::{Finding, TextFile};
use crate::generated;
use crate::locales::{self, LANGUAGES, Texts};

const RULE: &str = "refusal-texts";

/// First halves of media types, which look like slugs.
const MEDIA: [&str; 8] = ["application", "audio", "font", "image", "message", "multipart", "text", "video"];

/// Every slug in the code has its texts in the locales and its row in the list of refusals.
pub(super) fn have_texts(files: &[TextFile]) -> Vec<Finding> {
    let known = catalogue(files);
    let contexts = contexts(files, &known);
    let list = files.iter().find(|file| file.path == generated::ERRORS).map_or("", |file| file.text.as_str());
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| is_source(file)) {
        for (index, line) in without_comments(without_tests(&file.text), "//").lines().enumerate() {
            // Whatever stands between two quotes and looks like a slug is one: code never does.
            for slug in line.split('"').filter(|piece| is_refusal(piece, &contexts)) {
                let advice = if !known.contains_key(slug) {
                    format!("write `{slug}` in three languages into locales/, then run cargo xtask gen")
                } else if !list.contains(&format!("`{slug}`")) {
                    format!("`{slug}` is missing in {}: run cargo xtask gen", generated::ERRORS)
                } else {
                    continue;
                };
                findings.push(Finding::new(file, index + 1, RULE, advice));
            }
        }
    }
    findings
}

/// A key says the same in all languages, with the same facts filled in, and stands in one file only.
pub(super) fn texts_are_whole(files: &[TextFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for file in files.iter().filter(|file| is_locale(file)) {
        let entries = match locales::parse(&file.text) {
            Ok(entries) => entries,
            Err(why) => {
                findings.push(Finding::new(file, 1, RULE, why));
                continue;
            }
        };
        for (key, texts) in entries {
            let line = file.text.find(&format!("\"{key}\"")).map_or(1, |at| line_at(&file.text, at));
            if let Some(advice) = flaw(&key, &texts) {
                findings.push(Finding::new(file, line, RULE, advice));
            }
            if !seen.insert(key.clone()) {
                findings.push(Finding::new(file, line, RULE, format!("`{key}` is in another file already: keep one")));
            }
        }
    }
    findings
}

/// The list of refusals in the tree is what `cargo xtask gen` would write now.
pub(super) fn document_is_fresh(files: &[TextFile]) -> Vec<Finding> {
    let found = files.iter().find(|file| file.path == generated::ERRORS);
    let fresh = generated::errors(&catalogue(files));
    match found {
        Some(file) if file.text != fresh => vec![Finding::new(file, 1, "stale-file", "run cargo xtask gen")],
        None if files.iter().any(is_locale) => {
            let path = generated::ERRORS.to_owned();
            vec![Finding { path, line: 1, rule: "stale-file", advice: "run cargo xtask gen".to_owned() }]
        }
        Some(_) | None => Vec::new(),
    }
}

fn flaw(key: &str, texts: &Texts) -> Option<String> {
    let mut expected = None;
    for language in LANGUAGES {
        let Some(text) = texts.get(language).filter(|text| !text.trim().is_empty()) else {
            return Some(format!("`{key}` has no text for {language}"));
        };
        let named = locales::placeholders(text);
        if *expected.get_or_insert_with(|| named.clone()) != named {
            return Some(format!("`{key}` fills in other facts in {language} than in English"));
        }
    }
    let foreign = texts.keys().find(|language| !LANGUAGES.contains(&language.as_str()))?;
    Some(format!("`{key}` has a text for {foreign}, which is none of {}", LANGUAGES.join(", ")))
}

fn catalogue(files: &[TextFile]) -> BTreeMap<String, Texts> {
    files.iter().filter(|file| is_locale(file)).filter_map(|file| locales::parse(&file.text).ok()).flatten().collect()
}

fn is_locale(file: &TextFile) -> bool {
    file.path.starts_with("locales/") && file.ends_with(&[".json"])
}

/// A media type (`text/csv`) or the path of a field (`price/money`) has the shape of a slug, but no context of ours.
fn is_refusal(text: &str, contexts: &BTreeSet<&str>) -> bool {
    locales::is_slug(text) && text.split_once('/').is_some_and(|(first, _)| contexts.contains(first))
}

/// What the first half of a slug may be: a crate, a folder of one, or a word that the locales use so.
fn contexts<'a>(files: &'a [TextFile], known: &'a BTreeMap<String, Texts>) -> BTreeSet<&'a str> {
    let mut contexts: BTreeSet<&str> = known.keys().filter_map(|key| Some(key.split_once('/')?.0)).collect();
    for (name, rest) in files.iter().filter_map(TextFile::in_crate) {
        let folders = rest.rsplit_once('/').map_or("", |(folders, _file)| folders);
        contexts.insert(name);
        contexts.extend(folders.split('/').filter(|folder| !MEDIA.contains(folder)));
    }
    contexts
}

fn is_source(file: &TextFile) -> bool {
    let tests = file.ends_with(&["/tests.rs"]) || file.path.contains("/tests/");
    file.ends_with(&[".rs"]) && !tests && file.in_crate().is_some_and(|(_, rest)| rest.starts_with("src/"))
}

/// Tests beside the code may invent slugs; they come last in a file.
fn without_tests(text: &str) -> &str {
    text.split_once("#[cfg(test)]\nmod tests {").map_or(text, |(code, _tests)| code)
}
