//! What others may learn about suppliers.

use events::Told;
use kernel::{Date, Price};
use serde::{Deserialize, Serialize};

use super::{Grade, QualificationKind, SupplierStanding};
use crate::told::told;

told! {
    SupplierRegistered = "supplier_registered" { code: String, }
    SupplierChanged = "supplier_changed" { code: String, }
    SupplierStandingChanged = "supplier_standing_changed" {
        from: SupplierStanding,
        to: SupplierStanding,
        categories: Vec<String>,
        reason: String,
    }
    ScorecardComputed = "scorecard_computed" { total_bp: i64, grade: Grade, from: Date, until: Date, }
    QualificationRecorded = "qualification_recorded" {
        kind: QualificationKind,
        number: String,
        valid_until: Date,
    }
    SupplierPriceSet = "supplier_price_set" { price: Price, valid_from: Date, valid_until: Option<Date>, }
}
