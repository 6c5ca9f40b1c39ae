//! Typed ids. Each is a UUIDv7, so that a handheld in a cold room or a phone in a lift can mint one
//! offline and it still sorts by time; the type keeps a lot from being passed where an order belongs.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// An id that knows what it names.
pub trait Id: Copy + Eq + Ord + fmt::Display + Send + Sync + 'static {
    /// The noun that the id names, as events and links spell it: `lot`, `customer_order`.
    const NOUN: &'static str;

    fn from_uuid(uuid: Uuid) -> Self;
    fn uuid(self) -> Uuid;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $noun:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl Id for $name {
            const NOUN: &'static str = $noun;

            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// A shop's site: a warehouse with its delivery area, its time zone and its legal profile.
    SiteId = "site";
    /// A temperature zone inside a site.
    ZoneId = "zone";
    /// A product as it is stocked, sold and counted.
    SkuId = "sku";
    /// Goods of one SKU that share origin and dates of life.
    LotId = "lot";
    /// Where goods can be: a supplier, a dock, a bin, a tote, a van, a customer, waste, adjustment.
    PlaceId = "place";
    /// One posting in the stock journal.
    MoveId = "move";
    /// A claim on stock: promised to a delivery day, or bound to a lot.
    ReservationId = "reservation";
    /// A reason why a lot may not be used for something.
    BlockId = "block";
    /// One entry in the money journal.
    EntryId = "entry";
    PaymentId = "payment";
    InvoiceId = "invoice";
    AllowanceId = "allowance";
    UserId = "user";
    SessionId = "session";
    TokenId = "token";
    CustomerId = "customer";
    AddressId = "address";
    SupplierId = "supplier";
    QualificationId = "qualification";
    SupplierPriceId = "supplier_price";
    RequisitionId = "requisition";
    RequisitionLineId = "requisition_line";
    ApprovalId = "approval";
    BudgetId = "budget";
    PurchaseOrderId = "purchase_order";
    PurchaseOrderLineId = "purchase_order_line";
    ContractId = "contract";
    /// The supplier's notice of what is on the way (ASN).
    ShippingNoticeId = "shipping_notice";
    ArrivalId = "arrival";
    ArrivalLineId = "arrival_line";
    InspectionId = "inspection";
    SupplierReturnId = "supplier_return";
    ClaimId = "claim";
    SupplierInvoiceId = "supplier_invoice";
    PutAwayId = "put_away";
    CustomerOrderId = "customer_order";
    OrderLineId = "order_line";
    DeliveryWindowId = "delivery_window";
    ReleaseNoteId = "release_note";
    WaveId = "wave";
    PickTaskId = "pick_task";
    ToteId = "tote";
    ParcelId = "parcel";
    NoticeId = "notice";
    RunId = "delivery_run";
    StopId = "stop";
    VehicleId = "vehicle";
    CourierId = "courier";
    CourseId = "course";
    CertificateId = "certificate";
    RatingId = "rating";
    ComplaintId = "complaint";
    RemedyId = "remedy";
    RecallId = "recall";
    ProbeId = "probe";
    ExcursionId = "excursion";
    QuarantineId = "quarantine";
    CountSheetId = "count_sheet";
    AdjustmentId = "adjustment";
    WriteOffId = "write_off";
    SurveyId = "survey";
    QuoteId = "quote";
    ScorecardId = "scorecard";
    ProcedureId = "procedure";
    RevisionId = "revision";
    SuggestionId = "suggestion";
    MeetingId = "meeting";
    ActionItemId = "action_item";
    EventId = "event";
    WebhookId = "webhook";
    JobId = "job";
    PhotoId = "photo";
}
