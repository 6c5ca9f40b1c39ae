//! Lists, page by page, by a cursor that survives inserts.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

use crate::Problem;

/// Where a list goes on, and how much of it is wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// The `next` of the page before; absent for the first.
    #[serde(default)]
    #[param(max_length = 400)]
    pub after: Option<String>,
    /// How many at most, 1 to 200; 50 if absent.
    #[serde(default)]
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
}

/// One page of a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Hand this to `after` for what follows; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

const LIMIT_DEFAULT: i64 = 50;
const LIMIT_MAX: i64 = 200;

impl Paging {
    /// How many rows to read: one more than wanted, so that the page knows whether it is the last.
    pub fn rows(&self) -> Result<i64, Problem> {
        Ok(self.size()?.saturating_add(1))
    }

    fn size(&self) -> Result<i64, Problem> {
        match self.limit.unwrap_or(LIMIT_DEFAULT) {
            limit @ 1..=LIMIT_MAX => Ok(limit),
            other => Err(Problem::invalid("limit", format!("{other} is not within 1 to {LIMIT_MAX}"))),
        }
    }

    /// The key after which the page begins; `None` on the first page.
    pub fn key<K: DeserializeOwned>(&self) -> Result<Option<K>, Problem> {
        self.after.as_deref().map(|cursor| Cursor::read(cursor)).transpose()
    }

    /// Cuts the rows that [`Paging::rows`] asked for into a page; `key` is what the list is sorted by.
    pub fn page<T, K: Serialize>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> K) -> Result<Page<T>, Problem> {
        let size = usize::try_from(self.size()?).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        let next = if more { rows.last().map(|last| Cursor::write(&key(last))) } else { None };
        Ok(Page { items: rows, next })
    }
}

/// A sort key, folded so that nobody is tempted to build one by hand.
#[derive(Debug)]
pub struct Cursor;

impl Cursor {
    pub fn write<K: Serialize>(key: &K) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
    }

    pub fn read<K: DeserializeOwned>(cursor: &str) -> Result<K, Problem> {
        let unreadable = || Problem::invalid("after", "not a cursor of this list");
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| unreadable())?;
        serde_json::from_slice(&bytes).map_err(|_| unreadable())
    }
}
