//! What the system says to people, in their language, from the one catalogue in `locales/`.
//!
//! The API answers with codes and the client translates; this is for what leaves the server as words: refusals,
//! notices, documents. A key that lacks a language fails the build (see `build.rs`).

use std::{collections::HashMap, sync::LazyLock};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The languages of the catalogue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub enum Lang {
    #[default]
    #[serde(rename = "zh-Hant")]
    ZhHant,
    #[serde(rename = "zh-Hans")]
    ZhHans,
    #[serde(rename = "en")]
    En,
}

impl Lang {
    pub const ALL: [Self; 3] = [Self::ZhHant, Self::ZhHans, Self::En];

    pub const fn code(self) -> &'static str {
        match self {
            Self::ZhHant => "zh-Hant",
            Self::ZhHans => "zh-Hans",
            Self::En => "en",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.code() == code)
    }

    /// The first language of an `Accept-Language` header that we speak; quality weights are taken in written order,
    /// which is how browsers send them.
    pub fn from_accept_language(header: &str) -> Option<Self> {
        header.split(',').find_map(|part| {
            let tag = part.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            match tag.as_str() {
                "zh-cn" | "zh-sg" | "zh-hans" => Some(Self::ZhHans),
                tag if tag.starts_with("zh-hans-") => Some(Self::ZhHans),
                tag if tag == "zh" || tag.starts_with("zh-") => Some(Self::ZhHant),
                tag if tag == "en" || tag.starts_with("en-") => Some(Self::En),
                _ => None,
            }
        })
    }
}

/// A named value that a sentence carries: `("wanted", "3 pcs")`.
pub type Param = (&'static str, String);

/// The sentence under `key` with its `{names}` filled in; `None` when the catalogue has no such key.
pub fn say(lang: Lang, key: &str, params: &[Param]) -> Option<String> {
    let sentences = CATALOGUE.get(key)?;
    let template = match lang {
        Lang::En => sentences.en,
        Lang::ZhHant => sentences.zh_hant,
        Lang::ZhHans => sentences.zh_hans,
    };
    let mut sentence = template.to_owned();
    for (name, value) in params {
        sentence = sentence.replace(&format!("{{{name}}}"), value);
    }
    Some(sentence)
}

/// Every key of the catalogue, sorted.
pub fn keys() -> impl Iterator<Item = &'static str> {
    SENTENCES.iter().map(|(key, _)| *key)
}

struct Sentences {
    en: &'static str,
    zh_hant: &'static str,
    zh_hans: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/sentences.rs"));

static CATALOGUE: LazyLock<HashMap<&'static str, &'static Sentences>> =
    LazyLock::new(|| SENTENCES.iter().map(|(key, sentences)| (*key, sentences)).collect());
