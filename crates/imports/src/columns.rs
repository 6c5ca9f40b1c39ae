//! The kinds of files and their columns, each under a stable code and a heading in every language.

use edge::Duty;
use kernel::{Lang, speech};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kinds::{customers, orders, products, quotes, sales, stock, suppliers};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Products,
    Suppliers,
    Customers,
    Quotes,
    Sales,
    Stock,
    Orders,
}

impl Kind {
    pub const ALL: [Self; 7] =
        [Self::Products, Self::Suppliers, Self::Customers, Self::Quotes, Self::Sales, Self::Stock, Self::Orders];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Products => "products",
            Self::Suppliers => "suppliers",
            Self::Customers => "customers",
            Self::Quotes => "quotes",
            Self::Sales => "sales",
            Self::Stock => "stock",
            Self::Orders => "orders",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Who may import it: those who may enter such a thing by hand.
    pub const fn duty(self) -> Duty {
        match self {
            Self::Products => Duty::ManageCatalog,
            Self::Suppliers => Duty::ManageSuppliers,
            Self::Customers => Duty::ManageCustomers,
            Self::Quotes | Self::Sales => Duty::ResearchMarket,
            Self::Stock => Duty::OpenStock,
            Self::Orders => Duty::TakeOrders,
        }
    }

    pub(crate) const fn columns(self) -> &'static [Column] {
        match self {
            Self::Products => products::COLUMNS,
            Self::Suppliers => suppliers::COLUMNS,
            Self::Customers => customers::COLUMNS,
            Self::Quotes => quotes::COLUMNS,
            Self::Sales => sales::COLUMNS,
            Self::Stock => stock::COLUMNS,
            Self::Orders => orders::COLUMNS,
        }
    }
}

::store::coded!(Kind);

/// Whether a column must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    Optional,
}

/// One column of a kind of file.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) code: &'static str,
    pub(crate) need: Need,
    /// The codes that it takes; empty if it takes any text.
    pub(crate) words: &'static [&'static str],
    pub(crate) example: &'static str,
}

pub(crate) const fn required(code: &'static str, example: &'static str) -> Column {
    Column { code, need: Need::Required, words: &[], example }
}

pub(crate) const fn optional(code: &'static str, example: &'static str) -> Column {
    Column { code, need: Need::Optional, words: &[], example }
}

impl Column {
    pub(crate) const fn one_of(self, words: &'static [&'static str]) -> Self {
        Self { words, ..self }
    }

    /// The heading in a language.
    pub(crate) fn title(&self, lang: Lang) -> String {
        speech::say(lang, &format!("import.column.{}", self.code), &[]).unwrap_or_else(|| self.code.to_owned())
    }

    /// Whether somebody has headed a column of theirs so: by the code, or by the title in any language.
    pub(crate) fn is_headed(&self, heading: &str) -> bool {
        let same = |title: &str| title.eq_ignore_ascii_case(heading.trim());
        same(self.code) || Lang::ALL.iter().any(|lang| same(&self.title(*lang)))
    }
}

/// A word of a closed list, as people of a language say it.
pub(crate) fn spoken(lang: Lang, word: &str) -> String {
    speech::say(lang, &format!("import.word.{word}"), &[]).unwrap_or_else(|| word.to_owned())
}

/// The code that a word stands for: the code itself, or the word in any language.
pub(crate) fn coded<'a>(words: &[&'a str], said: &str) -> Option<&'a str> {
    let said = said.trim();
    words
        .iter()
        .find(|word| word.eq_ignore_ascii_case(said))
        .or_else(|| {
            words.iter().find(|word| Lang::ALL.iter().any(|lang| spoken(*lang, word).eq_ignore_ascii_case(said)))
        })
        .copied()
}
