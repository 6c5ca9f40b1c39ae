//! What a thing is called, in each of our languages.

use edge::{Problem, parse};
use kernel::Lang;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A name in every language of the shop; none may be missing, because the reader chooses the language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Names {
    #[schema(min_length = 1, max_length = 120)]
    pub en: String,
    #[serde(rename = "zh-Hant")]
    #[schema(min_length = 1, max_length = 120)]
    pub zh_hant: String,
    #[serde(rename = "zh-Hans")]
    #[schema(min_length = 1, max_length = 120)]
    pub zh_hans: String,
}

impl Names {
    const LENGTH_MAX: usize = 120;

    pub fn in_lang(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::ZhHant => &self.zh_hant,
            Lang::ZhHans => &self.zh_hans,
        }
    }

    /// The same words in every language: a proper name that nobody translates.
    pub fn alike(name: &str) -> Self {
        Self { en: name.to_owned(), zh_hant: name.to_owned(), zh_hans: name.to_owned() }
    }

    pub(crate) fn parse(self, field: &str) -> Result<Self, Problem> {
        Ok(Self {
            en: parse::text(&format!("{field}/en"), &self.en, 1, Self::LENGTH_MAX)?,
            zh_hant: parse::text(&format!("{field}/zh-Hant"), &self.zh_hant, 1, Self::LENGTH_MAX)?,
            zh_hans: parse::text(&format!("{field}/zh-Hans"), &self.zh_hans, 1, Self::LENGTH_MAX)?,
        })
    }
}
