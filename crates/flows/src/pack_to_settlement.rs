//! 2.2 meets 3.4: everything is weighed and packed, so the scale decides what is charged.
//!
//! A short pick refunds the customer here: what was not sent is not charged, and the rest of the authorisation is
//! let go in the same transaction.

use axum::{extract::State, http::StatusCode};
use delivery::tracking::{self, ExpectedParcel, TrackingRefusal};
use edge::{ApiJson, ApiPath, App, By, IdempotencyKey, Problem, Sites, duty};
use kernel::{ReleaseNoteId, Stamp};
use orders::outbound::{self, OutboundRefusal, Sent, Settlement, ShortReason};
use procurement::market::MarketRefusal;
use store::{StoreError, Tx};
use utoipa_axum::{router::OpenApiRouter, routes};
use warehouse::fulfilment::{self, FulfilmentRefusal, PackedLine};

use crate::settlement_to_market;

/// Close a release note: fix the final amounts by what the scale said.
#[utoipa::path(post, path = "/release-notes/{note}/close", tag = "3.4 outbound", operation_id = "close_release_note",
    params(("note" = ReleaseNoteId, Path), IdempotencyKey),
    responses((status = 200, body = Settlement), (status = "4XX", body = Problem)))]
async fn close_release_note(
    State(app): State<App>,
    by: By<duty::PackGoods>,
    key: IdempotencyKey,
    ApiPath(note): ApiPath<ReleaseNoteId>,
) -> Result<ApiJson<Settlement>, Problem> {
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx, stamp| close(tx, stamp, &sites, note).await).await.map(ApiJson)
}

/// Why a note does not close.
#[derive(Debug, thiserror::Error)]
enum CloseRefusal {
    #[error("release note {note} is not all picked and packed")]
    NotPacked { note: ReleaseNoteId },
    #[error(transparent)]
    Fulfilment(#[from] FulfilmentRefusal),
    #[error(transparent)]
    Market(#[from] MarketRefusal),
    #[error(transparent)]
    Outbound(#[from] OutboundRefusal),
    #[error(transparent)]
    Tracking(#[from] TrackingRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CloseRefusal> for Problem {
    fn from(refusal: CloseRefusal) -> Self {
        match refusal {
            CloseRefusal::NotPacked { note } => {
                Self::new(StatusCode::CONFLICT, "outbound/not-packed").with("note", note)
            }
            CloseRefusal::Fulfilment(refusal) => refusal.into(),
            CloseRefusal::Market(refusal) => refusal.into(),
            CloseRefusal::Outbound(refusal) => refusal.into(),
            CloseRefusal::Tracking(refusal) => refusal.into(),
            CloseRefusal::Store(error) => error.into(),
        }
    }
}

async fn close(tx: &mut Tx, stamp: &Stamp, sites: &Sites, note: ReleaseNoteId) -> Result<Settlement, CloseRefusal> {
    let (order, site) = fulfilment::order_and_site(tx, sites, note).await?;
    let Some(packed) = fulfilment::packed(tx, note).await? else { return Err(CloseRefusal::NotPacked { note }) };
    let sent: Vec<Sent> = packed.into_iter().map(sent).collect();
    let settlement = outbound::close(tx, stamp, note, &sent).await?;
    settlement_to_market::note(tx, stamp, site, &settlement).await?;
    let parcels: Vec<ExpectedParcel> = fulfilment::closed_parcels_of(tx, order)
        .await?
        .into_iter()
        .map(|parcel| ExpectedParcel {
            parcel: parcel.id,
            label: parcel.code,
            class: parcel.class,
            grams: parcel.gross_grams,
        })
        .collect();
    tracking::expect(tx, order, &parcels).await?;
    Ok(settlement)
}

fn sent(line: PackedLine) -> Sent {
    Sent {
        order_line: line.order_line,
        quantity: line.quantity,
        lots: line.lots,
        short: line.short.map(|reason| match reason {
            fulfilment::ShortReason::NotFound => ShortReason::NotFound,
            fulfilment::ShortReason::Damaged => ShortReason::Damaged,
            fulfilment::ShortReason::Expired => ShortReason::Expired,
            fulfilment::ShortReason::Blocked => ShortReason::Blocked,
            fulfilment::ShortReason::NoStock => ShortReason::NoStock,
        }),
    }
}

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(close_release_note))
}
