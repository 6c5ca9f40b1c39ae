//! Observations of the market, and what is concluded from them. Pure.

use std::collections::BTreeMap;

use edge::{Problem, parse};
use forecast::Forecaster;
use kernel::{Base, Currency, Date, Money, Quantity, QuoteId, SiteId, SkuId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::dates;

codes! {
    /// Whether there was enough to sell.
    ShelfState {
        Stocked = "stocked",
        /// It ran out: the day has not shown its demand.
        SoldOut = "sold_out",
    }
}

codes! {
    /// By which rule demand is forecast. The rules are the same everywhere and leave nothing to chance.
    Forecasting {
        /// The engine: models of the whole history, the year of all products, and errors that would have been made.
        Ensemble = "ensemble",
        /// The same weekdays of the past ten weeks, moved to the level of the last one.
        WeekdayProfile = "weekday_profile",
        /// What the same days of last week sold.
        LastWeek = "last_week",
    }
}

impl Forecasting {
    pub(crate) fn rule(self) -> Box<dyn Forecaster> {
        match self {
            Self::Ensemble => Box::new(forecast::Ensemble::default()),
            Self::WeekdayProfile => Box::new(forecast::WeekdayProfile::default()),
            Self::LastWeek => Box::new(forecast::LastWeek),
        }
    }

    /// From how many days it learns: two years and the season around them where the year is looked at.
    pub(crate) const fn learnt_days(self) -> i64 {
        match self {
            Self::Ensemble => 800,
            Self::WeekdayProfile | Self::LastWeek => 200,
        }
    }
}

const fn stocked() -> ShelfState {
    ShelfState::Stocked
}

/// What was sold of one product on one day, as a file or another system says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSalesDay {
    pub site: SiteId,
    pub sku: SkuId,
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    /// Pieces, or grams of loose goods.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub amount: i64,
    /// Net of tax.
    #[serde(default)]
    #[schema(value_type = i64, minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub revenue: Money,
    /// What the goods had cost.
    #[serde(default)]
    #[schema(value_type = i64, minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub cost: Money,
    #[serde(default = "stocked")]
    pub shelf: ShelfState,
    /// Where it ran out: how many of ten thousand parts of such a day's demand have usually come by then. None if
    /// nobody knows the hour.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10_000)]
    pub share_bp: Option<i64>,
}

impl NewSalesDay {
    pub fn parse(self, field: &str) -> Result<Self, Problem> {
        dates::plausible(&format!("{field}/day"), self.day)?;
        parse::within(&format!("{field}/amount"), self.amount, 0, Quantity::MAX)?;
        parse::amount(&format!("{field}/revenue"), self.revenue)?;
        parse::amount(&format!("{field}/cost"), self.cost)?;
        if let Some(share) = self.share_bp {
            parse::within(&format!("{field}/share_bp"), share, 1, 10_000)?;
            if self.shelf == ShelfState::Stocked {
                return Err(Problem::invalid(format!("{field}/share_bp"), "only a day that ran out has such a share"));
            }
        }
        Ok(self)
    }
}

/// A wholesale price that was seen: upper, middle and lower third of a market's day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPriceQuote {
    #[schema(min_length = 1, max_length = 60)]
    pub market: String,
    pub sku: SkuId,
    #[serde(default)]
    #[schema(max_length = 40)]
    pub grade: String,
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    pub currency: Currency,
    pub base: Base,
    #[schema(value_type = i64, minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub upper: Money,
    #[schema(value_type = i64, minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub middle: Money,
    #[schema(value_type = i64, minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub lower: Money,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub volume_grams: Option<i64>,
    /// Who says so.
    #[schema(min_length = 1, max_length = 120)]
    pub source: String,
}

impl NewPriceQuote {
    pub fn parse(mut self, field: &str) -> Result<Self, Problem> {
        self.market = parse::text(&format!("{field}/market"), &self.market, 1, 60)?;
        self.grade = parse::text(&format!("{field}/grade"), &self.grade, 0, 40)?;
        self.source = parse::text(&format!("{field}/source"), &self.source, 1, 120)?;
        dates::plausible(&format!("{field}/day"), self.day)?;
        for (name, money) in [("upper", self.upper), ("middle", self.middle), ("lower", self.lower)] {
            parse::amount(&format!("{field}/{name}"), money)?;
        }
        if self.lower > self.middle || self.middle > self.upper {
            return Err(Problem::invalid(
                format!("{field}/middle"),
                "a price lies between the lower and the upper one",
            ));
        }
        if let Some(grams) = self.volume_grams {
            parse::within(&format!("{field}/volume_grams"), grams, 0, 1_000_000_000_000)?;
        }
        Ok(self)
    }
}

/// A price as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PriceQuote {
    pub id: QuoteId,
    #[serde(flatten)]
    pub seen: NewPriceQuote,
}

/// What became of some rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RecordedRows)]
pub struct Recorded {
    pub rows: i64,
    pub created: i64,
    pub changed: i64,
    /// Known already, to the letter.
    pub same: i64,
}

impl Recorded {
    /// Counts a row beside what was known in its place.
    pub(super) fn count<T: PartialEq>(&mut self, known: Option<&T>, row: &T) {
        self.rows += 1;
        match known {
            None => self.created += 1,
            Some(known) if known == row => self.same += 1,
            Some(_) => self.changed += 1,
        }
    }
}

/// What was sold of a product on a day, however we know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SalesDay {
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    pub amount: i64,
    pub revenue: Money,
    pub shelf: ShelfState,
    pub share_bp: Option<i64>,
}

/// What the books hold of one product's days, each kind apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownDays {
    /// What our own orders sold.
    pub(super) own: Vec<(Date, i64, Money)>,
    /// What files and other systems said.
    pub(super) recorded: Vec<SalesDay>,
    /// When a shelf was found empty.
    pub(super) sold_out: Vec<Date>,
}

impl KnownDays {
    /// Since when the product is sold.
    pub(super) fn first(&self) -> Option<Date> {
        let own = self.own.first().map(|(day, ..)| *day);
        own.into_iter().chain(self.recorded.first().map(|day| day.day)).min()
    }

    /// Day by day from the first on; `open` are the days on which the shop sold anything, and of which nothing is known
    /// of this product: it sold none.
    pub(super) fn joined(&self, open: &[Date]) -> Vec<SalesDay> {
        let Some(first) = self.first() else { return Vec::new() };
        let of = |day: Date, amount: i64, revenue: Money| {
            let is_out = self.sold_out.binary_search(&day).is_ok();
            let shelf = if is_out { ShelfState::SoldOut } else { ShelfState::Stocked };
            (day, SalesDay { day, amount, revenue, shelf, share_bp: None })
        };
        let nothing = open.iter().filter(|day| **day >= first).map(|day| of(*day, 0, Money::ZERO));
        let mut days: BTreeMap<Date, SalesDay> = nothing.collect();
        days.extend(self.own.iter().map(|(day, amount, revenue)| of(*day, *amount, *revenue)));
        // What was recorded speaks for the whole day, our own settlements perhaps for a part of it.
        days.extend(self.recorded.iter().map(|day| (day.day, *day)));
        days.into_values().collect()
    }
}

/// A settled line of an order of ours, as the flow that settles it tells it.
#[derive(Clone, Copy, Debug)]
pub struct Sale {
    pub order_line: kernel::OrderLineId,
    pub sku: SkuId,
    pub amount: i64,
    pub revenue: Money,
    pub shelf: ShelfState,
}

/// How a product sells beside the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HotSeller {
    pub sku: SkuId,
    pub sku_code: String,
    /// Revenue net of tax less what the goods cost.
    pub margin: Money,
    pub volume: i64,
    pub volume_before: i64,
    /// A earns the first eight tenths of the margin, B up to nineteen twentieths, C the rest.
    #[schema(value_type = String)]
    pub by_margin: char,
    #[schema(value_type = String)]
    pub by_volume: char,
    /// X sells about the same every day, Z as it comes.
    pub variability: Variability,
    pub variation_bp: Option<i64>,
    /// Against the period before.
    pub growth_bp: Option<i64>,
}

codes! {
    /// How steadily a product sells.
    Variability {
        X = "x",
        Y = "y",
        Z = "z",
    }
}

impl From<forecast::Variability> for Variability {
    fn from(of: forecast::Variability) -> Self {
        match of {
            forecast::Variability::X => Self::X,
            forecast::Variability::Y => Self::Y,
            forecast::Variability::Z => Self::Z,
        }
    }
}

/// What will be wanted of a product, day by day. Amounts are hundredths of pieces, or of grams of loose goods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DemandForecast {
    pub site: SiteId,
    pub sku: SkuId,
    /// Which engine says so.
    pub engine: String,
    pub history_days: i64,
    pub sold_out_days: i64,
    /// To which side what came lately has left the forecasts of then: somebody should look.
    pub strays: Option<Straying>,
    pub days: Vec<ForecastDay>,
}

codes! {
    /// How what was sold in the last four weeks lay mostly on one side of what had been forecast.
    Straying {
        MoreCame = "more_came",
        LessCame = "less_came",
    }
}

impl From<forecast::Alarm> for Straying {
    fn from(alarm: forecast::Alarm) -> Self {
        match alarm {
            forecast::Alarm::MoreCame => Self::MoreCame,
            forecast::Alarm::LessCame => Self::LessCame,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForecastDay {
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    pub mean_hundredths: i64,
    pub p10_hundredths: i64,
    pub p50_hundredths: i64,
    pub p90_hundredths: i64,
}

/// Days since a Monday, as the forecast counts them.
pub(crate) fn day_number(day: Date) -> i64 {
    // A Monday.
    const BEGIN: Date = Date::constant(2000, 1, 3);
    BEGIN.until(day).map_or(0, |span| i64::from(span.get_days()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forecast_counts_days_from_a_monday() {
        assert_eq!(day_number(Date::constant(2000, 1, 3)), 0);
        assert_eq!(day_number(Date::constant(2026, 3, 28)).rem_euclid(7), 5);
        assert_eq!(day_number(Date::constant(1999, 12, 31)), -3);
    }
}
