//! The dock over HTTP: trucks, verdicts, shelves and invoices.

mod dock;
mod invoices;
mod shelves;
mod verdicts;

use edge::{App, Paging, Problem, Sites};
use kernel::{ArrivalId, ArrivalLineId, Instant, LotId, SiteId, SupplierInvoiceId};
use serde::{Deserialize, de::DeserializeOwned};
use store::Tx;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

use crate::demand_site;

pub(crate) fn router() -> OpenApiRouter<App> {
    dock::router().merge(verdicts::router()).merge(shelves::router()).merge(invoices::router())
}

/// A list of one site, latest first.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OfSite {
    site: SiteId,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// Where a list that is sorted by time and id goes on.
type Latest<I> = Option<(Instant, I)>;

impl OfSite {
    fn paging<I: DeserializeOwned>(self) -> Result<(Paging, Latest<I>, i64), Problem> {
        let paging = Paging { after: self.after, limit: self.limit };
        let (before, rows) = (paging.key::<(Instant, I)>()?, paging.rows()?);
        Ok((paging, before, rows))
    }
}

/// Refuses work on an arrival of another site, as if there were none.
async fn at_own_dock(tx: &mut Tx, sites: &Sites, arrival: ArrivalId) -> Result<(), Problem> {
    demand_site(sites, super::arrival(tx, arrival).await?.site)
}

async fn on_own_line(tx: &mut Tx, sites: &Sites, line: ArrivalLineId) -> Result<(), Problem> {
    demand_site(sites, super::site_of_line(tx, line).await?)
}

async fn of_own_lot(tx: &mut Tx, sites: &Sites, lot: LotId) -> Result<(), Problem> {
    demand_site(sites, ledger::lot(tx, lot).await?.site)
}

async fn of_own_invoice(tx: &mut Tx, sites: &Sites, invoice: SupplierInvoiceId) -> Result<(), Problem> {
    demand_site(sites, super::invoice(tx, invoice).await?.site)
}
