// What the program says to people, read from `locales/`: by the build, which fails when a sentence lacks a language,
// and by the test that proves that it does.

use std::{collections::BTreeMap, fs, path::Path};

/// The languages of the shop; no sentence may lack one.
pub(crate) const LANGUAGES: [&str; 3] = ["en", "zh-Hant", "zh-Hans"];

/// Every sentence by its key, in the order of [`LANGUAGES`]; or what is wrong with which.
pub(crate) fn read(folder: &Path) -> Result<BTreeMap<String, [String; 3]>, String> {
    let mut sentences: BTreeMap<String, [String; 3]> = BTreeMap::new();
    for file in files(folder)? {
        let place = file.display();
        let text = fs::read_to_string(&file).map_err(|error| format!("{place}: {error}"))?;
        let entries: BTreeMap<String, BTreeMap<String, String>> =
            serde_json::from_str(&text).map_err(|error| format!("{place}: {error}"))?;
        for (key, translations) in entries {
            let mut spoken: [String; 3] = Default::default();
            for (sentence, language) in spoken.iter_mut().zip(LANGUAGES) {
                let found = translations.get(language).filter(|sentence| !sentence.trim().is_empty());
                sentence.clone_from(found.ok_or_else(|| format!("{place}: {key} lacks {language}"))?);
            }
            if sentences.insert(key.clone(), spoken).is_some() {
                return Err(format!("{place}: {key} stands twice"));
            }
        }
    }
    Ok(sentences)
}

/// The files of the catalogue, by name.
pub(crate) fn files(folder: &Path) -> Result<Vec<std::path::PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
