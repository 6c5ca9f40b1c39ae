//! Puts the catalogue of `locales/` into the program, and fails the build when a sentence lacks a language.

use std::{collections::BTreeMap, env, fmt::Write as _, fs, path::Path};

const LANGUAGES: [&str; 3] = ["en", "zh-Hant", "zh-Hans"];

fn main() {
    let folder = Path::new("../../locales");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut sentences: BTreeMap<String, [String; 3]> = BTreeMap::new();
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the folder locales/ stands beside crates/")
        .map(|entry| entry.expect("locales/ can be read").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    files.sort();
    for file in files {
        println!("cargo:rerun-if-changed={}", file.display());
        let text = fs::read_to_string(&file).expect("a locale file can be read");
        let entries: BTreeMap<String, BTreeMap<String, String>> =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for (key, translations) in entries {
            let spoken = LANGUAGES.map(|language| {
                translations
                    .get(language)
                    .filter(|sentence| !sentence.trim().is_empty())
                    .unwrap_or_else(|| panic!("{}: {key} lacks {language}", file.display()))
                    .clone()
            });
            assert!(sentences.insert(key.clone(), spoken).is_none(), "{}: {key} stands twice", file.display());
        }
    }
    let mut code = String::from("static SENTENCES: &[(&str, Sentences)] = &[\n");
    for (key, [en, zh_hant, zh_hans]) in sentences {
        writeln!(code, "    ({key:?}, Sentences {{ en: {en:?}, zh_hant: {zh_hant:?}, zh_hans: {zh_hans:?} }}),")
            .expect("writing to a string");
    }
    code.push_str("];\n");
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("sentences.rs");
    fs::write(out, code).expect("the output folder can be written");
}
