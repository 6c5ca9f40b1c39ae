//! Shrink and waste 損耗: what was lost, why, of what and from whom, read from the two journals.

use ::store::Tx;
use accounts::journal;
use kernel::{Date, Money, Quantity, SiteId, SkuId, SupplierId};
use ledger::WasteReason;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CountingRefusal, store};

/// What a site lost within some days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Shrink {
    pub site: SiteId,
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    #[schema(value_type = String, format = Date)]
    pub to: Date,
    /// The goods, as the stock journal has them.
    pub goods: Vec<ShrinkLine>,
    /// The money, as the money journal has it.
    pub money: Vec<WasteLine>,
    #[schema(value_type = i64)]
    pub total: Money,
    /// How much of the total nobody can explain, in hundredths of a percent; absent while nothing was lost.
    pub unexplained_bp: Option<i64>,
}

/// Goods of one product and supplier that were lost for one reason; what was found again is taken off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShrinkLine {
    pub reason: WasteReason,
    pub sku: SkuId,
    pub sku_code: String,
    pub supplier: Option<SupplierId>,
    pub quantity: Quantity,
}

/// Money lost on one product for one cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WasteLine {
    /// The account: `waste_expiry`, `waste_unexplained` …
    pub account: String,
    pub sku: SkuId,
    #[schema(value_type = i64)]
    pub amount: Money,
}

const UNEXPLAINED: &str = "waste_unexplained";

/// What a site lost from one business day to another, both included.
pub async fn shrink(tx: &mut Tx, site: SiteId, from: Date, to: Date) -> Result<Shrink, CountingRefusal> {
    let goods = store::lost(tx, site, from, to).await?;
    let money: Vec<WasteLine> = journal::waste(tx, site, from, to)
        .await?
        .into_iter()
        .map(|(account, sku, amount)| WasteLine { account, sku, amount })
        .collect();
    let sum = |of: &dyn Fn(&WasteLine) -> bool| -> Money {
        money.iter().filter(|line| of(line)).map(|line| line.amount).sum()
    };
    let (total, unexplained) = (sum(&|_| true), sum(&|line| line.account == UNEXPLAINED));
    let unexplained_bp = unexplained.minor().saturating_mul(10_000).checked_div(total.minor());
    Ok(Shrink { site, from, to, goods, money, total, unexplained_bp })
}
