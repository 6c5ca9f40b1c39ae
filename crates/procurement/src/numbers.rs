//! The numbers that people read out over the telephone: per series, site and day, without gaps.

use catalog::Site;
use kernel::Date;
use store::{Result, Tx, args, sql};

/// What is numbered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Series {
    /// Requisitions 採購申請單.
    Requisition,
    /// Purchase orders 採購訂單.
    PurchaseOrder,
    /// Arrivals, whose paper is the goods receipt 收貨單.
    GoodsReceipt,
    /// Returns to a supplier 退供.
    SupplierReturn,
}

impl Series {
    const fn code(self) -> &'static str {
        match self {
            Self::Requisition => "PR",
            Self::PurchaseOrder => "PO",
            Self::GoodsReceipt => "GRN",
            Self::SupplierReturn => "RTV",
        }
    }
}

/// The next number of a series: `PO-TPE1-260328-7`.
pub(crate) async fn next(tx: &mut Tx, series: Series, site: &Site, day: Date) -> Result<String> {
    let last: i64 = tx.one(NEXT, args![series.code(), site.id, day]).await?;
    let series = series.code();
    Ok(format!("{series}-{}-{}-{last}", site.code, day.strftime("%y%m%d")))
}

sql! {
    NEXT = "INSERT INTO document_number (series, site, day, last)
            VALUES ($1, $2, $3, 1)
            ON CONFLICT (series, site, day) DO UPDATE SET last = document_number.last + 1
            RETURNING last";
}
