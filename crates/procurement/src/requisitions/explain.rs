//! The sum behind a proposed quantity, line by line, as a buyer reads it. Amounts are in what the SKU is bought by:
//! pieces, or grams of loose goods.

use kernel::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::market::Forecasting;

/// The only rule there was when explanations did not name it.
const fn by_the_weekdays() -> Forecasting {
    Forecasting::WeekdayProfile
}

/// How a proposed quantity came about.
///
/// `need = target - left - inbound`, never below zero; whole cases of it, but no more than sells within the life of the
/// goods; then what was added so that the supplier's minimum order is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// The goods must last from this day …
    #[schema(value_type = String, format = Date)]
    pub covers_from: Date,
    /// … through this one, after which the supplier comes again or their life ends.
    #[schema(value_type = String, format = Date)]
    pub covers_through: Date,
    /// By which rule demand was forecast.
    #[serde(default = "by_the_weekdays")]
    pub forecasting: Forecasting,
    /// Days of sales that the forecast has learnt from, and how many of them were sold out.
    pub history_days: i64,
    pub sold_out_days: i64,
    /// What is likely to be sold before the goods come.
    pub demand_before: i64,
    /// What is likely to be sold of the goods while they must last.
    pub demand: i64,
    /// How many of ten thousand such spans are to be served whole.
    pub service_bp: i64,
    /// What is wanted on the shelf for that.
    pub target: i64,
    /// Usable now and promised to nobody.
    pub usable: i64,
    /// What of it will have come to its end before somebody buys it.
    pub expires: i64,
    /// What of it is left when the goods come.
    pub left: i64,
    /// Ordered already, and to come by then.
    pub inbound: i64,
    pub need: i64,
    pub case_amount: i64,
    /// The most that is likely to sell within the life that goods of that day have.
    pub sells_in_life: i64,
    pub cases: i64,
    /// Of the cases, those that only the supplier's minimum order asks for.
    pub cases_for_minimum: i64,
    pub proposed: i64,
}
