//! What others may learn about the market.

use events::Told;
use kernel::Date;
use serde::{Deserialize, Serialize};

use crate::told::told;

told! {
    /// Some days of sales were entered, from a file or another system.
    SalesRecorded = "sales_recorded" { rows: i64, created: i64, changed: i64, from: Date, through: Date, }
    QuotesRecorded = "quotes_recorded" { rows: i64, created: i64, changed: i64, from: Date, through: Date, }
}
