//! What a lot is, how its label is read, which state may follow which.

use catalog::Gtin;
use kernel::{Date, Id, Instant, LotId, Measure, Price, Quantity, SiteId, SkuId, SupplierId};
use serde::{Deserialize, Serialize};
use store::codes;
use utoipa::ToSchema;
use uuid::Uuid;

use super::BlockFlags;
use crate::usable::{LotLife, label_outlives};

codes! {
    /// What has been decided about the goods.
    LotState {
        /// Arrived and not yet judged.
        AtDock = "at_dock",
        Approved = "approved",
        /// Goes back to the supplier.
        Rejected = "rejected",
        /// Blocked for a quality decision 隔離.
        Quarantined = "quarantined",
        /// Judged unfit; goes to waste.
        Condemned = "condemned",
        /// Called back by supplier, authority or ourselves.
        Recalled = "recalled",
        /// Its life has ended.
        Expired = "expired",
    }
}

impl LotState {
    /// Whether the state may turn into `next`.
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::AtDock, Self::Approved | Self::Rejected | Self::Quarantined | Self::Recalled | Self::Expired)
                | (Self::Approved, Self::Quarantined | Self::Recalled | Self::Expired)
                | (
                    Self::Quarantined,
                    Self::Approved | Self::Rejected | Self::Condemned | Self::Recalled | Self::Expired
                )
                | (Self::Recalled | Self::Expired, Self::Condemned)
        )
    }
}

/// The document that a lot came by: an arrival, an opening stock, a cutting order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Source {
    pub noun: String,
    pub id: Uuid,
}

impl Source {
    pub fn of<I: Id>(id: I) -> Self {
        Self { noun: I::NOUN.to_owned(), id: id.uuid() }
    }
}

/// Goods of one SKU that share origin and dates of life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lot {
    pub id: LotId,
    pub site: SiteId,
    pub sku: SkuId,
    /// What our own label says: GS1 (10), at most 20 characters.
    pub code: String,
    pub measure: Measure,
    pub nominal_grams: Option<i64>,
    /// GS1 (01).
    pub gtin: Option<String>,
    /// The supplier's own lot number, as their label has it.
    pub supplier_lot: Option<String>,
    pub supplier: Option<SupplierId>,
    /// GS1 (11).
    #[schema(value_type = Option<String>, format = Date)]
    pub produced_on: Option<Date>,
    /// GS1 (7007).
    #[schema(value_type = Option<String>, format = Date)]
    pub harvested_on: Option<Date>,
    /// GS1 (17): good through this day.
    #[schema(value_type = Option<String>, format = Date)]
    pub use_by: Option<Date>,
    pub origin: Option<String>,
    pub source: Source,
    /// What the goods cost, tax excluded.
    pub cost: Option<Price>,
    pub opened_at: Instant,
    pub state: LotState,
    pub flags: BlockFlags,
    /// The first instant at which the goods are no longer usable.
    pub usable_until: Option<Instant>,
}

impl Lot {
    /// What the dates on the supplier's label say against those of goods that live so long.
    pub fn label(&self, shelf_life_days: Option<i64>) -> Label {
        read_label(self.harvested_on.or(self.produced_on), self.use_by, shelf_life_days)
    }

    pub const fn life(&self) -> LotLife {
        LotLife { state: self.state, flags: self.flags, usable_until: self.usable_until }
    }
}

/// A lot to be opened.
#[derive(Clone, Debug)]
pub struct NewLot {
    pub site: SiteId,
    pub sku: SkuId,
    pub gtin: Option<Gtin>,
    pub supplier_lot: Option<String>,
    pub supplier: Option<SupplierId>,
    pub produced_on: Option<Date>,
    pub harvested_on: Option<Date>,
    pub use_by: Option<Date>,
    pub origin: Option<String>,
    pub source: Source,
    pub cost: Option<Price>,
}

impl NewLot {
    pub(super) fn label(&self, shelf_life_days: Option<i64>) -> Label {
        read_label(self.harvested_on.or(self.produced_on), self.use_by, shelf_life_days)
    }
}

/// A lot that now exists, and what its label was worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    pub lot: Lot,
    pub label: Label,
}

/// What the dates on a label say against those of the goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "label", rename_all = "snake_case")]
pub enum Label {
    /// The label decides.
    Sound,
    /// No label; the goods live as long as their kind does from harvest or production.
    FromGoods {
        #[schema(value_type = String, format = Date)]
        lives_through: Date,
    },
    /// Neither a label nor a known life: goods that do not spoil.
    Endless,
    /// The label promises more life than the goods have.
    OutlivesGoods {
        #[schema(value_type = String, format = Date)]
        use_by: Date,
        #[schema(value_type = String, format = Date)]
        made_on: Date,
        shelf_life_days: i64,
        #[schema(value_type = String, format = Date)]
        lives_through: Date,
    },
}

impl Label {
    /// The last day on which the goods are good, by label and goods together.
    pub(super) const fn lives_through(self, new: &NewLot) -> Option<Date> {
        match self {
            Self::Sound => new.use_by,
            Self::FromGoods { lives_through } | Self::OutlivesGoods { lives_through, .. } => Some(lives_through),
            Self::Endless => None,
        }
    }
}

/// A lot that went into another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Parent {
    pub lot: LotId,
    pub quantity: Quantity,
}

/// Reads a label against harvest (or, failing that, production) plus shelf life.
pub(super) fn read_label(made_on: Option<Date>, use_by: Option<Date>, shelf_life_days: Option<i64>) -> Label {
    let goods = match (made_on, shelf_life_days) {
        (Some(made_on), Some(days)) => Some((made_on, days, made_on.saturating_add(days_span(days)))),
        _ => None,
    };
    match (use_by, goods) {
        (Some(use_by), Some((made_on, shelf_life_days, lives_through))) if label_outlives(use_by, lives_through) => {
            Label::OutlivesGoods { use_by, made_on, shelf_life_days, lives_through }
        }
        (Some(_), _) => Label::Sound,
        (None, Some((_, _, lives_through))) => Label::FromGoods { lives_through },
        (None, None) => Label::Endless,
    }
}

fn days_span(days: i64) -> std::time::Duration {
    std::time::Duration::from_secs(u64::try_from(days).unwrap_or(0).saturating_mul(86_400))
}

/// `L260328-7QK2M9XB`: the day on which the lot was opened, and forty bits of its id in letters that no eye confuses.
pub(super) fn code(day: Date, id: LotId) -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let tail = id.uuid().as_u128();
    let letters: String = (0..8_u32)
        .rev()
        .filter_map(|nth| {
            let letter = usize::try_from((tail >> nth.saturating_mul(5)) & 31).ok()?;
            LETTERS.get(letter).copied().map(char::from)
        })
        .collect();
    format!("L{}-{letters}", day.strftime("%y%m%d"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strawberries(harvested: Option<&str>, use_by: Option<&str>) -> NewLot {
        let date = |text: &str| text.parse().unwrap();
        NewLot {
            site: SiteId::from_uuid(Uuid::nil()),
            sku: SkuId::from_uuid(Uuid::nil()),
            gtin: None,
            supplier_lot: None,
            supplier: None,
            produced_on: None,
            harvested_on: harvested.map(date),
            use_by: use_by.map(date),
            origin: None,
            source: Source { noun: "arrival".to_owned(), id: Uuid::nil() },
            cost: None,
        }
    }

    #[test]
    fn a_label_that_outlives_its_harvest_is_not_believed() {
        let berries = strawberries(Some("2026-03-28"), Some("2026-04-10"));
        let label = berries.label(Some(5));
        assert_eq!(label.lives_through(&berries).unwrap().to_string(), "2026-04-02");
        assert!(matches!(label, Label::OutlivesGoods { .. }));
    }

    #[test]
    fn a_label_within_the_life_of_the_goods_decides() {
        let berries = strawberries(Some("2026-03-28"), Some("2026-04-01"));
        assert_eq!(berries.label(Some(5)), Label::Sound);
        assert_eq!(strawberries(None, Some("2026-04-01")).label(Some(5)), Label::Sound);
    }

    #[test]
    fn goods_without_a_label_live_by_their_kind_or_for_ever() {
        assert!(matches!(strawberries(Some("2026-03-28"), None).label(Some(5)), Label::FromGoods { .. }));
        assert_eq!(strawberries(None, None).label(Some(5)), Label::Endless);
    }

    #[test]
    fn condemned_and_rejected_goods_stay_so() {
        for next in LotState::ALL {
            assert!(!LotState::Condemned.may_become(*next));
            assert!(!LotState::Rejected.may_become(*next));
        }
        assert!(!LotState::Recalled.may_become(LotState::Approved));
        assert!(!LotState::Expired.may_become(LotState::Approved));
    }

    #[test]
    fn a_lot_code_fits_its_barcode() {
        let id = LotId::from_uuid(Uuid::from_u128(0xFF_FFFF_FFFF));
        assert_eq!(code("2026-03-28".parse().unwrap(), id), "L260328-ZZZZZZZZ");
    }
}
