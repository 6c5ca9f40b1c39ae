//! Invoices 發票 for what the scale said, allowances 折讓 for what changes later, voids 作廢 before the upload.
//!
//! An invoice is issued in the transaction in which the goods leave, for exactly those grams: every goods line is
//! refused unless its amount is its price times its quantity. It is never changed. Numbers are handed out in the same
//! transaction, one after another, so that a range has neither gap nor double.

use ::store::StoreError;
use customers::TaxId;
use kernel::{
    AllowanceId, Currency, CustomerId, CustomerOrderId, Date, EntryId, Instant, InvoiceId, Money, OrderLineId, Price,
    Quantity, SiteId, SkuId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Cause, JournalRefusal, TaxClass, tax::ClassTotal};

mod allowance;
mod issue;
mod numbers;
mod rules;
mod store;
mod void;

pub mod events;
pub mod http;

pub use allowance::issue_allowance;
pub use issue::{issue_into, issue_invoice};
pub use numbers::{NewRange, Range, open_range, ranges};
pub use rules::{Carrier, DonationCode, InvoicePeriod, LINES_MAX};
pub use store::{
    LineRef, PendingUpload, invoice, line_of_order_line, live_invoice, live_numbers, mark_uploaded, of_order,
    pending_uploads,
};
pub(crate) use store::{Unwritten, write};
pub use void::void_invoice;

/// An invoice to be issued.
#[derive(Clone, Debug)]
pub struct NewInvoice {
    pub site: SiteId,
    pub order: CustomerOrderId,
    pub customer: CustomerId,
    /// What made it due: the release note that closed, the dispatch.
    pub cause: Cause,
    pub lines: Vec<NewLine>,
    pub buyer: Buyer,
}

/// One line of it.
#[derive(Clone, Debug)]
pub struct NewLine {
    pub kind: LineKind,
    pub order_line: Option<OrderLineId>,
    pub sku: Option<SkuId>,
    /// As the customer reads it.
    pub name: String,
    /// What the scale said, to the gram.
    pub quantity: Quantity,
    pub price: Price,
    /// What the line costs, tax included; negative for a discount.
    pub gross: Money,
    pub class: TaxClass,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Goods: the amount is price × quantity.
    Goods,
    /// Delivery, packing, a deposit.
    Fee,
    /// A promotion or voucher; its amount is negative.
    Discount,
}

/// Who the invoice is made out to, and how it reaches them.
#[derive(Clone, Debug, Default)]
pub struct Buyer {
    /// 統一編號 of a business.
    pub tax_id: Option<TaxId>,
    pub handling: Handling,
}

/// What becomes of the invoice itself (tw).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Handling {
    /// Kept in the customer's account with us, printed on demand.
    #[default]
    Member,
    /// 載具.
    Carrier(Carrier),
    /// 捐贈.
    Donated(DonationCode),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceState {
    Issued,
    Voided,
}

/// What an order has been invoiced as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Issued {
    pub invoice: InvoiceId,
    pub number: String,
    pub gross: Money,
    pub totals: Vec<ClassTotal>,
}

/// An allowance to be issued on an invoice.
#[derive(Clone, Debug)]
pub struct NewAllowance {
    pub invoice: InvoiceId,
    pub reason: String,
    /// What made it due: a remedy, a returned parcel.
    pub cause: Cause,
    pub lines: Vec<AllowanceLine>,
}

/// What is taken back of one invoice line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AllowanceLine {
    /// The invoice's line, counted from 1.
    pub line: i64,
    /// The goods concerned, if goods and not only money come back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    pub gross: Money,
}

/// An allowance as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Allowance {
    pub id: AllowanceId,
    /// The invoice's number and which allowance on it this is.
    pub number: String,
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    pub reason: String,
    pub gross: Money,
    pub net: Money,
    pub tax: Money,
    pub lines: Vec<AllowanceLine>,
}

/// An invoice as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Invoice {
    pub id: InvoiceId,
    pub number: String,
    pub site: SiteId,
    pub order: CustomerOrderId,
    pub customer: CustomerId,
    pub currency: Currency,
    /// The day on the wall calendar, as the law counts.
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    pub at: Instant,
    pub state: InvoiceState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buyer_tax_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub donation: Option<String>,
    pub gross: Money,
    pub net: Money,
    pub tax: Money,
    pub lines: Vec<Line>,
    pub totals: Vec<ClassTotal>,
    pub allowances: Vec<Allowance>,
    /// Where it stands in the money journal.
    pub entry: EntryId,
}

/// One line of an invoice as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Line {
    pub line: i64,
    pub kind: LineKind,
    /// The order line that it settles: the way back to the scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_line: Option<OrderLineId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<SkuId>,
    pub name: String,
    pub quantity: Quantity,
    pub price: Price,
    pub gross: Money,
    pub class: TaxClass,
    /// What allowances have taken back.
    pub allowed: Money,
}

/// Why an invoice is refused.
#[derive(Debug, thiserror::Error)]
pub enum InvoiceRefusal {
    #[error("invoice {invoice} is not known")]
    UnknownInvoice { invoice: InvoiceId },
    #[error("order {order} already has invoice {number}")]
    AlreadyInvoiced { order: CustomerOrderId, number: String },
    #[error("an invoice has {count} lines where 1 to {LINES_MAX} belong")]
    LineCount { count: usize },
    #[error("line {line} costs {gross}, but its price times its quantity is {expected}")]
    LineMismatch { line: usize, gross: Money, expected: Money },
    #[error("line {line} is a {} of {gross}", kind.code())]
    WrongSign { line: usize, kind: LineKind, gross: Money },
    #[error("tax class {} is not one of profile {}", class.code(), profile.code())]
    ForeignTaxClass { class: TaxClass, profile: catalog::Profile },
    #[error("class {} sums to {gross}: discounts above the goods they belong to", class.code())]
    NegativeClass { class: TaxClass, gross: Money },
    #[error("nothing to invoice")]
    NothingToInvoice,
    #[error("an invoice to a business cannot be donated")]
    DonatedByBusiness,
    #[error("no invoice number is left for {period}")]
    NumbersExhausted { period: String },
    #[error("{given:?} is not a number range: {reason}")]
    BadRange { given: String, reason: &'static str },
    #[error("the range {prefix} {first} to {last} overlaps one that exists")]
    RangeOverlaps { prefix: String, first: i64, last: i64 },
    #[error("carrier {given:?} is not / and seven of 0-9 A-Z + . -")]
    BadCarrier { given: String },
    #[error("donation code {given:?} is not three to seven digits")]
    BadDonationCode { given: String },
    #[error("invoice {number} is voided")]
    Voided { number: String },
    #[error("invoice {number} has been uploaded; issue an allowance instead")]
    AlreadyUploaded { number: String },
    #[error("invoice {number} has allowances")]
    HasAllowances { number: String },
    #[error("an allowance of {wanted} on line {line}, where {left} is left")]
    AboveLine { line: i64, wanted: Money, left: Money },
    #[error("an allowance of {wanted} on class {}, where {left} is left", class.code())]
    AboveClass { class: TaxClass, wanted: Money, left: Money },
    #[error("invoice line {line} is not known, or nothing can be taken back of it")]
    UnknownLine { line: i64 },
    #[error("upload {seq} is not waiting")]
    NotWaiting { seq: i64 },
    #[error(transparent)]
    Journal(#[from] JournalRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LineKind {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Goods => "goods",
            Self::Fee => "fee",
            Self::Discount => "discount",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Goods, Self::Fee, Self::Discount].into_iter().find(|kind| kind.code() == code)
    }
}

impl InvoiceState {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Voided => "voided",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Issued, Self::Voided].into_iter().find(|state| state.code() == code)
    }
}
