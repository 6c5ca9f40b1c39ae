//! The catalogue of texts, `locales/<context>.json`: what the server says, in three languages.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// English for the log and the API, 繁體中文 for the screen, 简体中文 beside it.
pub(crate) const LANGUAGES: [&str; 3] = ["en", "zh-Hant", "zh-Hans"];

/// Language → text. Whether all three are there is for `tidy` to say.
pub(crate) type Texts = BTreeMap<String, String>;

/// Reads one file; the error is a sentence about its shape.
pub(crate) fn parse(text: &str) -> Result<BTreeMap<String, Texts>, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let Value::Object(entries) = value else {
        return Err("the file is one object of keys".to_owned());
    };
    let mut catalogue = BTreeMap::new();
    for (key, entry) in entries {
        let Value::Object(languages) = entry else {
            return Err(format!("{key} is an object of languages"));
        };
        let mut texts = Texts::new();
        for (language, text) in languages {
            let Value::String(text) = text else {
                return Err(format!("{key} has something else than text for {language}"));
            };
            texts.insert(language, text);
        }
        catalogue.insert(key, texts);
    }
    Ok(catalogue)
}

/// The `{names}` that a text expects to be filled in.
pub(crate) fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _rest)| name).collect()
}

/// Whether a key names a refusal, as `receiving/not-on-order` does; other keys are titles and messages.
pub(crate) fn is_slug(key: &str) -> bool {
    let of = |text: &str, allowed: fn(u8) -> bool| !text.is_empty() && text.bytes().all(allowed);
    let Some((context, refusal)) = key.split_once('/') else {
        return false;
    };
    context.split('-').all(|word| of(word, |byte| byte.is_ascii_lowercase()))
        && of(refusal, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_a_context_and_a_kebab_word() {
        for slug in ["receiving/not-on-order", "cold-chain/no-probe", "orders/over-99"] {
            assert!(is_slug(slug), "{slug}");
        }
        for other in ["notice.placed", "/orders", "orders/", "orders/{id}", "Orders/held", "a/b/c", "cold-/probe"] {
            assert!(!is_slug(other), "{other}");
        }
    }

    #[test]
    fn placeholders_are_a_set() {
        assert_eq!(placeholders("{sku} of {wanted}, {sku}"), BTreeSet::from(["sku", "wanted"]));
        assert!(placeholders("short").is_empty());
    }

    #[test]
    fn a_file_of_another_shape_is_refused_with_the_key() {
        assert_eq!(parse(r#"{"a/b": "text"}"#).unwrap_err(), "a/b is an object of languages");
        assert!(parse("{").is_err());
        assert_eq!(parse(r#"{"a/b": {"en": "no"}}"#).unwrap()["a/b"]["en"], "no");
    }
}
