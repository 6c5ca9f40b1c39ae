//! Who is due at the docks, and who stands there.

use ::store::Tx;
use kernel::{ArrivalId, ArrivalLineId, Date, Instant, PurchaseOrderId, ShippingNoticeId, SiteId, SupplierId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Arrival, ArrivalLine, Bar, ReceivingRefusal, arrive, store};

/// A truck that is expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DueArrival {
    pub purchase_order: PurchaseOrderId,
    pub number: String,
    pub supplier: SupplierId,
    #[schema(value_type = String, format = Date)]
    pub delivery_on: Date,
    /// The notice that announced it; none for an order whose supplier has not said when it comes.
    pub notice: Option<ShippingNoticeId>,
    pub eta: Option<Instant>,
    pub vehicle: Option<String>,
}

/// What the docks of a site have before them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DockSchedule {
    /// By expected time; those who have not said come by their day.
    pub due: Vec<DueArrival>,
    /// The longest waiting first.
    pub at_dock: Vec<Arrival>,
}

/// An arrival with everything that came off it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArrivalReport {
    #[serde(flatten)]
    pub arrival: Arrival,
    pub lines: Vec<ArrivalLine>,
    /// What was found against the lines that have been judged.
    pub inspections: Vec<StandsAgainst>,
}

/// What stood against a line when it was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ArrivalInspection)]
pub struct StandsAgainst {
    pub line: ArrivalLineId,
    /// What the facts forbade.
    pub bar: Bar,
    /// Every fault with its figures; empty when nothing stood against the line.
    pub faults: String,
}

/// One screen of a site's docks; a site with more is looking at the wrong day.
const SCREEN_MAX: i64 = 200;

/// What is due through a day, and what is at the docks now.
pub async fn dock_schedule(tx: &mut Tx, site: SiteId, through: Date) -> Result<DockSchedule, ReceivingRefusal> {
    Ok(DockSchedule {
        due: store::due(tx, site, through, SCREEN_MAX).await?,
        at_dock: store::at_dock(tx, site, SCREEN_MAX).await?,
    })
}

/// An arrival with its lines and what became of them.
pub async fn arrival_report(tx: &mut Tx, id: ArrivalId) -> Result<ArrivalReport, ReceivingRefusal> {
    let arrival = arrive::arrival(tx, id).await?;
    let lines = store::lines_of_arrival(tx, id).await?;
    let inspections = store::inspections_of_arrival(tx, id).await?;
    Ok(ArrivalReport { arrival, lines, inspections })
}

/// Arrivals of a site, latest first.
pub async fn arrivals(
    tx: &mut Tx,
    site: SiteId,
    before: Option<(Instant, ArrivalId)>,
    limit: i64,
) -> Result<Vec<Arrival>, ReceivingRefusal> {
    Ok(store::arrivals(tx, site, before, limit).await?)
}

/// The site at whose dock a line came off.
pub(super) async fn site_of_line(tx: &mut Tx, id: ArrivalLineId) -> Result<SiteId, ReceivingRefusal> {
    let line = store::line(tx, id).await?.ok_or(ReceivingRefusal::NoSuchLine)?;
    Ok(arrive::arrival(tx, line.arrival).await?.site)
}
