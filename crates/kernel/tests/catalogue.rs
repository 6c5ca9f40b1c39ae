//! I10: a sentence that lacks a language stops the build. The build reads the catalogue with the same lines.

#[path = "../build/catalogue.rs"]
mod catalogue;

use std::{fs, path::Path};

use catalogue::LANGUAGES;

/// A catalogue of one file with this text.
fn read(text: &str) -> Result<usize, String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("dock.json"), text).expect("a file");
    catalogue::read(folder.path()).map(|sentences| sentences.len())
}

fn entry(languages: &[&str]) -> String {
    let spoken: Vec<String> = languages.iter().map(|language| format!(r#""{language}": "spinach""#)).collect();
    format!("{{\"dock/warm\": {{{}}}}}", spoken.join(","))
}

#[test]
fn a_sentence_in_every_language_is_taken() {
    assert_eq!(read(&entry(&LANGUAGES)), Ok(1));
}

#[test]
fn a_sentence_that_lacks_any_language_stops_the_build() {
    for missing in LANGUAGES {
        let others: Vec<&str> = LANGUAGES.into_iter().filter(|language| *language != missing).collect();
        let wrong = read(&entry(&others)).expect_err("the build stops");
        assert!(wrong.contains(&format!("dock/warm lacks {missing}")), "{wrong}");
    }
}

#[test]
fn an_empty_sentence_is_none() {
    let wrong =
        read(&entry(&LANGUAGES).replace("\"zh-Hant\": \"spinach\"", "\"zh-Hant\": \" \"")).expect_err("it stops");
    assert!(wrong.contains("lacks zh-Hant"), "{wrong}");
}

#[test]
fn the_catalogue_of_the_shop_is_whole() {
    let sentences = catalogue::read(Path::new("../../locales")).expect("a whole catalogue");
    assert!(sentences.len() > 300, "{} sentences", sentences.len());
}
