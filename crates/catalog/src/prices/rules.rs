//! Prices as facts, and which of several holds.

use edge::{Problem, parse};
use kernel::{Id, Instant, Price, SiteId, SkuId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// One entry of a price list; order lines keep it as the source of what they charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct PriceId(Uuid);

impl Id for PriceId {
    const NOUN: &'static str = "price";

    fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    fn uuid(self) -> Uuid {
        self.0
    }
}

impl std::fmt::Display for PriceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// Where an order comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Storefront,
    /// Taken by a person at the order desk.
    Desk,
    /// A business's own system, or a file.
    Api,
    Marketplace,
}

impl Channel {
    pub const ALL: [Self; 4] = [Self::Storefront, Self::Desk, Self::Api, Self::Marketplace];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Storefront => "storefront",
            Self::Desk => "desk",
            Self::Api => "api",
            Self::Marketplace => "marketplace",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.code() == code)
    }
}

/// The code that stands for "any" in the tables.
pub(super) const ANY: &str = "*";

/// An entry of a price list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PriceEntry {
    pub id: PriceId,
    pub site: SiteId,
    pub sku: SkuId,
    /// None: every channel without a price of its own.
    pub channel: Option<Channel>,
    /// None: every customer group without a price of its own.
    pub group: Option<String>,
    pub price: Price,
    pub valid_from: Instant,
    /// None until a later price ends it.
    pub valid_until: Option<Instant>,
}

/// A price to be entered.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPrice {
    pub site: SiteId,
    pub sku: SkuId,
    #[serde(default)]
    pub channel: Option<Channel>,
    #[serde(default)]
    #[schema(max_length = 32, pattern = "^[A-Za-z0-9._-]+$")]
    pub group: Option<String>,
    pub price: Price,
    pub valid_from: Instant,
    #[serde(default)]
    pub valid_until: Option<Instant>,
}

impl NewPrice {
    pub fn parse(self) -> Result<Self, Problem> {
        parse::amount("price/money", self.price.money)?;
        if let Some(group) = &self.group {
            parse::code("group", group, 32)?;
        }
        if self.valid_until.is_some_and(|until| until <= self.valid_from) {
            return Err(Problem::invalid("valid_until", "a price ends after it begins"));
        }
        Ok(self)
    }
}

/// The price of a SKU for one customer at one time, with the entry that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Priced {
    pub price: Price,
    pub source: PriceId,
}

/// What a new entry does to the entries of the same list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It stands beside them.
    Joins,
    /// It ends the entry that was open.
    Ends(PriceId),
}

/// Why a new entry cannot join its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clash {
    Overlap { from: Instant },
    Past { from: Instant },
}

/// Fits a price that is valid from `from` until `until` into its list. A later price ends the open one before it;
/// anything else that would make two prices hold at once is a clash, and so is ending a price in the past.
pub(super) fn fit(list: &[PriceEntry], from: Instant, until: Option<Instant>, now: Instant) -> Result<Effect, Clash> {
    let mut effect = Effect::Joins;
    for entry in list {
        let begins_before_we_end = until.is_none_or(|until| entry.valid_from < until);
        let ends_after_we_begin = entry.valid_until.is_none_or(|until| until > from);
        if !(begins_before_we_end && ends_after_we_begin) {
            continue;
        }
        if entry.valid_until.is_some() || entry.valid_from >= from {
            return Err(Clash::Overlap { from: entry.valid_from });
        }
        if from < now {
            return Err(Clash::Past { from });
        }
        effect = Effect::Ends(entry.id);
    }
    Ok(effect)
}

#[cfg(test)]
mod tests {
    use kernel::{Money, Unit};

    use super::*;

    fn entry(nth: u128, from: i64, until: Option<i64>) -> PriceEntry {
        PriceEntry {
            id: PriceId::from_uuid(Uuid::from_u128(nth)),
            site: SiteId::from_uuid(Uuid::nil()),
            sku: SkuId::from_uuid(Uuid::nil()),
            channel: None,
            group: None,
            price: Price::per(Unit::TaiwanJin, Money(60)),
            valid_from: Instant::from_millis(from),
            valid_until: until.map(Instant::from_millis),
        }
    }

    fn fitted(list: &[PriceEntry], from: i64, until: Option<i64>) -> Result<Effect, Clash> {
        fit(list, Instant::from_millis(from), until.map(Instant::from_millis), Instant::from_millis(50))
    }

    #[test]
    fn a_later_price_ends_the_open_one() {
        let spinach = [entry(1, 0, Some(10)), entry(2, 10, None)];
        assert_eq!(fitted(&spinach, 60, None), Ok(Effect::Ends(entry(2, 0, None).id)));
        assert_eq!(fitted(&[], 0, None), Ok(Effect::Joins));
    }

    #[test]
    fn two_prices_never_hold_at_once() {
        let spinach = [entry(1, 60, Some(80))];
        assert_eq!(fitted(&spinach, 70, None), Err(Clash::Overlap { from: Instant::from_millis(60) }));
        assert_eq!(fitted(&spinach, 55, None), Err(Clash::Overlap { from: Instant::from_millis(60) }));
        assert_eq!(fitted(&spinach, 80, None), Ok(Effect::Joins));
        assert_eq!(fitted(&spinach, 55, Some(60)), Ok(Effect::Joins));
        assert_eq!(fitted(&[entry(1, 60, None)], 60, None), Err(Clash::Overlap { from: Instant::from_millis(60) }));
    }

    #[test]
    fn a_price_that_was_shown_stays() {
        assert_eq!(fitted(&[entry(1, 0, None)], 40, None), Err(Clash::Past { from: Instant::from_millis(40) }));
    }
}
