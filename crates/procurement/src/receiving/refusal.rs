//! Why the dock refused.

use ::store::StoreError;
use accounts::JournalRefusal;
use axum::http::StatusCode;
use catalog::CatalogRefusal;
use edge::Problem;
use identity::Excluded;
use kernel::{Date, Money, Quantity};
use ledger::LedgerRefusal;

use super::{Criterion, Disposition, FaultClass, KeyFact, Separation, SupplierInvoiceState};
use crate::{contracts::ContractsRefusal, suppliers::SuppliersRefusal};

#[derive(Debug, thiserror::Error)]
pub enum ReceivingRefusal {
    #[error("there is no such arrival")]
    NoSuchArrival,
    #[error("there is no such return")]
    NoSuchReturn,
    #[error("there is no such line at the dock")]
    NoSuchLine,
    #[error("there is no dock {code}")]
    NoSuchDock { code: String },
    #[error("there is no bin {code}")]
    NoSuchBin { code: String },
    #[error("there is no crate profile {code}")]
    NoSuchTareProfile { code: String },
    #[error("there is no such invoice")]
    NoSuchInvoice,
    #[error("crate {position} weighs {gross_grams} g and its tare {tare_grams} g")]
    TareAboveGross { position: usize, gross_grams: i64, tare_grams: i64 },
    #[error("goods kept as {measure} are not received so: pieces, weight, or both are missing or too much")]
    NotFullyWeighed { measure: &'static str },
    #[error("SKU {sku} travels chilled or frozen and was not probed")]
    ProbeMissing { sku: String },
    #[error("{weighed} of SKU {sku} on top of {received}, {ordered} ordered: {room} at most")]
    OverReceipt { sku: String, ordered: i64, received: i64, weighed: i64, room: i64 },
    #[error("the label says {made_on}, which is after today, {today}")]
    MadeInTheFuture { made_on: Date, today: Date },
    #[error("SKU {sku} does not come in without {}", listed(missing))]
    SourceIncomplete { sku: String, missing: Vec<KeyFact> },
    #[error("who did {} may not do {}", .0.done.code(), .0.wants.code())]
    Excluded(#[from] Excluded),
    #[error("lot {lot} has been judged")]
    AlreadyJudged { lot: String },
    #[error("the form asks, once each, for {}", listed(criteria))]
    FindingsMissing { criteria: Vec<Criterion> },
    #[error("no sample was drawn for {class} faults")]
    ClassNotDrawn { class: FaultClass },
    #[error("{drawn} cartons were drawn for {class} faults, {sample} belong to the sample")]
    TooFewDrawn { class: FaultClass, drawn: i64, sample: i64 },
    #[error("more cartons have {class} faults than were drawn")]
    MoreFaultyThanDrawn { class: FaultClass },
    #[error("there are two parts to {disposition}")]
    DisposedTwice { disposition: Disposition },
    #[error("the parts are {parts} together, {received} was received")]
    PartsDoNotAddUp { received: Quantity, parts: Quantity },
    #[error("the facts forbid {disposition}: {faults}")]
    NotAcceptable { disposition: Disposition, faults: String },
    #[error("lot {lot} is not in quarantine but {stands}")]
    NotQuarantined { lot: String, stands: Disposition },
    #[error("the lot did not come in over this dock")]
    NotFromTheDock,
    #[error("lot {lot} has not been judged")]
    NotJudged { lot: String },
    #[error("lot {lot} was rejected and goes back")]
    Rejected { lot: String },
    #[error("nothing of lot {lot} is at the dock")]
    NotAtDock { lot: String },
    #[error("lot {lot} is in quarantine and waits for its decision")]
    QuarantineUndecided { lot: String },
    #[error("lot {lot} was not rejected")]
    NotRejected { lot: String },
    #[error("lot {lot} has gone back already")]
    AlreadyReturned { lot: String },
    #[error("nothing of this arrival goes back")]
    NothingToReturn,
    #[error("bin {bin} is {zone}, the goods are {wanted}")]
    WrongZone { bin: String, zone: &'static str, wanted: &'static str },
    #[error("bin {bin} holds {neighbour}, kept apart by {why}")]
    KeptApart { bin: String, neighbour: String, why: Separation },
    #[error("bin {bin} bears {room} g more")]
    BinFull { bin: String, room: i64 },
    #[error("sampling of SKU {sku} is not stopped")]
    SamplingGoesOn { sku: String },
    #[error("invoice {number} of this supplier is known")]
    InvoiceKnown { number: String },
    #[error("SKU {sku} stands twice on the invoice")]
    LineTwice { sku: String },
    #[error("SKU {sku} was ordered per {base}")]
    OtherBase { sku: String, base: &'static str },
    #[error("{tax} of tax where {most} is the most")]
    TooMuchTax { tax: Money, most: Money },
    #[error("nothing of invoice {number} waits for this release")]
    NothingToRelease { number: String },
    #[error("invoice {number} is {state} and is not sent back any more")]
    NotBlocked { number: String, state: SupplierInvoiceState },
    #[error("invoice {number} is {state} and cannot be paid")]
    NotPayable { number: String, state: SupplierInvoiceState },
    #[error("the amount is beyond all bounds")]
    TooMuchMoney,
    #[error(transparent)]
    Contracts(#[from] ContractsRefusal),
    #[error(transparent)]
    Suppliers(#[from] SuppliersRefusal),
    #[error(transparent)]
    Ledger(#[from] LedgerRefusal),
    #[error(transparent)]
    Journal(#[from] JournalRefusal),
    #[error(transparent)]
    Catalog(#[from] CatalogRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn listed<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl From<ReceivingRefusal> for Problem {
    fn from(refusal: ReceivingRefusal) -> Self {
        use ReceivingRefusal as R;
        let not_found = |slug| Self::new(StatusCode::NOT_FOUND, slug);
        let conflict = |slug| Self::new(StatusCode::CONFLICT, slug);
        let unprocessable = |slug| Self::new(StatusCode::UNPROCESSABLE_ENTITY, slug);
        match refusal {
            R::NoSuchArrival => not_found("receiving/no-such-arrival"),
            R::NoSuchReturn => not_found("receiving/no-such-return"),
            R::NoSuchLine => not_found("receiving/no-such-line"),
            R::NoSuchDock { code } => unprocessable("receiving/no-such-dock").with("code", code).field("dock"),
            R::NoSuchBin { code } => unprocessable("receiving/no-such-bin").with("code", code).field("bin"),
            R::NoSuchTareProfile { code } => {
                unprocessable("receiving/no-such-tare-profile").with("code", code).field("crates")
            }
            R::NoSuchInvoice => not_found("receiving/no-such-invoice"),
            R::TareAboveGross { position, gross_grams, tare_grams } => unprocessable("receiving/tare-above-gross")
                .with("position", position)
                .with("gross_grams", gross_grams)
                .with("tare_grams", tare_grams)
                .field(format!("crates/{}", position.saturating_sub(1))),
            R::NotFullyWeighed { measure } => unprocessable("receiving/not-fully-weighed").with("measure", measure),
            R::ProbeMissing { sku } => unprocessable("receiving/probe-missing").with("sku", sku).field("core"),
            R::OverReceipt { sku, ordered, received, weighed, room } => conflict("receiving/over-receipt")
                .with("sku", sku)
                .with("ordered", ordered)
                .with("received", received)
                .with("weighed", weighed)
                .with("room", room),
            R::MadeInTheFuture { made_on, today } => unprocessable("receiving/made-in-the-future")
                .with("made_on", made_on)
                .with("today", today)
                .field("label"),
            R::SourceIncomplete { sku, missing } => {
                unprocessable("receiving/source-incomplete").with("sku", sku).with("missing", listed(&missing))
            }
            R::Excluded(Excluded { done, wants }) => Self::new(StatusCode::FORBIDDEN, "receiving/excluded")
                .with("done", done.code())
                .with("wants", wants.code()),
            R::AlreadyJudged { lot } => conflict("receiving/already-judged").with("lot", lot),
            R::FindingsMissing { criteria } => {
                unprocessable("receiving/findings-missing").with("criteria", listed(&criteria)).field("findings")
            }
            R::ClassNotDrawn { class } => {
                unprocessable("receiving/class-not-drawn").with("class", class).field("drawn")
            }
            R::TooFewDrawn { class, drawn, sample } => unprocessable("receiving/too-few-drawn")
                .with("class", class)
                .with("drawn", drawn)
                .with("sample", sample)
                .field("drawn"),
            R::MoreFaultyThanDrawn { class } => {
                unprocessable("receiving/more-faulty-than-drawn").with("class", class).field("drawn")
            }
            R::DisposedTwice { disposition } => {
                unprocessable("receiving/disposed-twice").with("disposition", disposition).field("parts")
            }
            R::PartsDoNotAddUp { received, parts } => unprocessable("receiving/parts-do-not-add-up")
                .with("received", received)
                .with("parts", parts)
                .field("parts"),
            R::NotAcceptable { disposition, faults } => {
                conflict("receiving/not-acceptable").with("disposition", disposition).with("faults", faults)
            }
            R::NotQuarantined { lot, stands } => {
                conflict("receiving/not-quarantined").with("lot", lot).with("stands", stands)
            }
            R::NotFromTheDock => not_found("receiving/not-from-the-dock"),
            R::NotJudged { lot } => conflict("receiving/not-judged").with("lot", lot),
            R::Rejected { lot } => conflict("receiving/rejected").with("lot", lot),
            R::NotAtDock { lot } => conflict("receiving/not-at-dock").with("lot", lot),
            R::QuarantineUndecided { lot } => conflict("receiving/quarantine-undecided").with("lot", lot),
            R::NotRejected { lot } => conflict("receiving/not-rejected").with("lot", lot),
            R::AlreadyReturned { lot } => conflict("receiving/already-returned").with("lot", lot),
            R::NothingToReturn => conflict("receiving/nothing-to-return"),
            R::WrongZone { bin, zone, wanted } => {
                conflict("receiving/wrong-zone").with("bin", bin).with("zone", zone).with("wanted", wanted).field("bin")
            }
            R::KeptApart { bin, neighbour, why } => conflict("receiving/kept-apart")
                .with("bin", bin)
                .with("neighbour", neighbour)
                .with("why", why)
                .field("bin"),
            R::BinFull { bin, room } => conflict("receiving/bin-full").with("bin", bin).with("room", room).field("bin"),
            R::SamplingGoesOn { sku } => conflict("receiving/sampling-goes-on").with("sku", sku),
            R::InvoiceKnown { number } => conflict("receiving/invoice-known").with("number", number).field("number"),
            R::LineTwice { sku } => unprocessable("receiving/line-twice").with("sku", sku).field("lines"),
            R::OtherBase { sku, base } => unprocessable("receiving/other-base").with("sku", sku).with("base", base),
            R::TooMuchTax { tax, most } => {
                unprocessable("receiving/too-much-tax").with("tax", tax).with("most", most).field("tax")
            }
            R::NothingToRelease { number } => conflict("receiving/nothing-to-release").with("number", number),
            R::NotBlocked { number, state } => {
                conflict("receiving/not-blocked").with("number", number).with("state", state)
            }
            R::NotPayable { number, state } => {
                conflict("receiving/not-payable").with("number", number).with("state", state)
            }
            R::TooMuchMoney => unprocessable("receiving/too-much-money"),
            R::Contracts(refusal) => refusal.into(),
            R::Suppliers(refusal) => refusal.into(),
            R::Ledger(refusal) => refusal.into(),
            R::Journal(refusal) => refusal.into(),
            R::Catalog(refusal) => refusal.into(),
            R::Store(error) => error.into(),
        }
    }
}
