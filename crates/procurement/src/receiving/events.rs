//! What others may learn from the dock.

use events::Told;
use kernel::{ArrivalLineId, DeciCelsius, LotId, Money, PurchaseOrderLineId, Quantity, ShippingNoticeId, SkuId};
use serde::{Deserialize, Serialize};

use super::{
    claims::ClaimKind,
    match_invoice::SupplierInvoiceState,
    return_note::ReturnedLot,
    rules::{Disposition, Fault, FaultClass},
    sampling::Severity,
    three_way::Variance,
};
use crate::told::told;

told! {
    GoodsArrived = "goods_arrived" {
        number: String,
        purchase_order: String,
        notice: Option<ShippingNoticeId>,
        vehicle: String,
        vehicle_temperature: Option<DeciCelsius>,
    }
    GoodsWeighedIn = "goods_weighed_in" {
        line: ArrivalLineId,
        sku: SkuId,
        lot: LotId,
        lot_code: String,
        received: Quantity,
        gross_grams: i64,
        tare_grams: i64,
        announced_grams: Option<i64>,
        core: Option<DeciCelsius>,
        completeness_bp: i64,
    }
    GoodsJudged = "goods_judged" {
        line: ArrivalLineId,
        sku: SkuId,
        received: Quantity,
        faults: Vec<Fault>,
        parts: Vec<JudgedPart>,
    }
    QuarantinedGoodsDecided = "quarantined_goods_decided" {
        line: ArrivalLineId,
        disposition: Disposition,
        quantity: Quantity,
        reason: String,
        worth: Money,
    }
    /// The supplier has earned sharper or milder sampling with one product.
    SupplierSamplingSwitched = "supplier_sampling_switched" {
        sku: SkuId,
        class: FaultClass,
        from: Severity,
        to: Severity,
    }
    GoodsReturned = "goods_returned" { number: String, lines: Vec<ReturnedLot>, debit: Money, }
    ClaimRaised = "claim_raised" { kind: ClaimKind, line: ArrivalLineId, quantity: Quantity, amount: Money, }
    GoodsPutAway = "goods_put_away" { sku: SkuId, bin: String, quantity: Quantity, dock_to_stock_minutes: i64, }
    SupplierInvoiceMatched = "supplier_invoice_matched" {
        number: String,
        state: SupplierInvoiceState,
        net: Money,
        tax: Money,
        lines: Vec<InvoicedLine>,
    }
    SupplierInvoiceWithdrawn = "supplier_invoice_withdrawn" { number: String, reason: String, }
    VarianceReleased = "supplier_invoice_released" { number: String, variances: Vec<Variance>, reason: String, }
    SupplierInvoicePaid = "supplier_invoice_paid" { number: String, amount: Money, }
}

/// One part of a judged line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JudgedPart {
    pub lot: LotId,
    pub disposition: Disposition,
    pub quantity: Quantity,
    pub cut_bp: i64,
    pub reason: String,
    pub worth: Money,
}

/// One line of a matched invoice.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InvoicedLine {
    pub purchase_order_line: PurchaseOrderLineId,
    pub amount: i64,
    pub value: Money,
    pub variances: Vec<Variance>,
}
