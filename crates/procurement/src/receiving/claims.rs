//! Claims 索賠: what a supplier owes us for goods that were short or went back.

use ::events::{Object, tell};
use ::store::Tx;
use kernel::{ArrivalLineId, ClaimId, Instant, Money, Quantity, SiteId, Stamp, SupplierId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Arrival, ReceivingRefusal, events::ClaimRaised, store};

codes! {
    ClaimKind {
        /// Our scale shows less than was announced.
        ShortWeight = "short_weight",
        /// Goods went back.
        RejectedGoods = "rejected_goods",
    }
}

/// What a supplier may not invoice, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SupplierClaim)]
pub struct Claim {
    pub id: ClaimId,
    pub kind: ClaimKind,
    pub site: SiteId,
    pub supplier: SupplierId,
    pub line: ArrivalLineId,
    pub quantity: Quantity,
    /// At the price of the order, tax excluded.
    pub amount: Money,
    pub raised_at: Instant,
}

/// Records a claim. Only accepted goods are ever paid for, so it moves no money; it is what the buyer shows the
/// supplier.
pub(super) async fn raise(
    tx: &mut Tx,
    stamp: &Stamp,
    arrival: &Arrival,
    line: ArrivalLineId,
    kind: ClaimKind,
    quantity: Quantity,
    amount: Money,
) -> Result<Claim, ReceivingRefusal> {
    let claim = Claim {
        id: stamp.mint(),
        kind,
        site: arrival.site,
        supplier: arrival.supplier,
        line,
        quantity,
        amount,
        raised_at: stamp.at,
    };
    store::add_claim(tx, &claim).await?;
    let body = ClaimRaised { kind, line, quantity, amount };
    tell(tx, stamp, Object::of(claim.id), &arrival.around(), &body).await?;
    Ok(claim)
}

/// The claims of a site, latest first.
pub async fn claims(
    tx: &mut Tx,
    site: SiteId,
    before: Option<(Instant, ClaimId)>,
    limit: i64,
) -> Result<Vec<Claim>, ReceivingRefusal> {
    Ok(store::claims(tx, site, before, limit).await?)
}
