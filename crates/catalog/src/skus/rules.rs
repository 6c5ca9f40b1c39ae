//! SKUs as facts: how goods are measured, kept, taxed and told apart.

use edge::{Problem, Revised, parse};
use kernel::{Measure, Quantity, Ratio, Round, SkuId, TemperatureClass};
use serde::{Deserialize, Serialize};
use store::codes;
use utoipa::ToSchema;

use crate::{CatalogRefusal, Gtin, Names, Profile};

codes! {
    /// How a sale of the goods is taxed.
    TaxClass {
        /// 臺灣 營業稅 5 %.
        Taxed5 = "taxed_5",
        /// Exempt: unprocessed farm and fishery goods.
        Exempt = "exempt",
        /// Zero-rated 零稅率.
        Zero = "zero",
        /// 中國 增值稅 9 %.
        Vat9 = "vat_9",
        /// 中國 增值稅 13 %.
        Vat13 = "vat_13",
    }
}

impl TaxClass {
    /// The rate, in hundredths of a percent.
    pub const fn rate_bp(self) -> i64 {
        match self {
            Self::Taxed5 => 500,
            Self::Exempt | Self::Zero => 0,
            Self::Vat9 => 900,
            Self::Vat13 => 1300,
        }
    }

    /// Whether the law of `profile` knows the class.
    pub const fn exists_in(self, profile: Profile) -> bool {
        matches!(
            (self, profile),
            (Self::Exempt, _) | (Self::Taxed5 | Self::Zero, Profile::Tw) | (Self::Vat9 | Self::Vat13, Profile::Cn)
        )
    }
}

/// The tax class of one product under each law: the same cabbage is sold on both sides of the strait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxClasses {
    pub tw: TaxClass,
    pub cn: TaxClass,
}

codes! {
    /// What people must be warned of, and what keeps goods apart on a shelf.
    Allergen {
        Gluten = "gluten",
        Crustaceans = "crustaceans",
        Eggs = "eggs",
        Fish = "fish",
        Peanuts = "peanuts",
        Soy = "soy",
        Milk = "milk",
        Nuts = "nuts",
        Sesame = "sesame",
        Mango = "mango",
        Sulphites = "sulphites",
        Molluscs = "molluscs",
    }
}

codes! {
    /// Smell: durian and onions give it, milk and tofu take it.
    Odour {
        Neutral = "neutral",
        Gives = "gives",
        Takes = "takes",
    }
}

codes! {
    /// What may stand above what: raw never above or beside what is eaten as it is.
    Hygiene {
        Packaged = "packaged",
        Produce = "produce",
        Raw = "raw",
        ReadyToEat = "ready_to_eat",
    }
}

codes! {
    /// Whether the SKU is traded.
    Listing {
        Active = "active",
        /// Neither bought nor sold any more; what is left runs out.
        Retired = "retired",
    }
}

/// A product as it is stocked, sold and counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sku {
    pub id: SkuId,
    pub code: String,
    pub names: Names,
    pub category: String,
    pub measure: Measure,
    /// What one piece weighs in the book; the scale decides.
    pub nominal_grams: Option<i64>,
    /// How far a weight may stray from what was asked, in hundredths of a percent.
    pub tolerance_bp: i64,
    /// How much more of loose goods is kept for a promise than the estimate says, because a hand does not cut to
    /// the gram; hundredths of a percent.
    pub estimate_buffer_bp: i64,
    pub temperature_class: TemperatureClass,
    /// Life from production or harvest; none for goods that do not spoil.
    pub shelf_life_days: Option<i64>,
    /// Days of life that the customer is promised after delivery: 0 means "good through the day it arrives".
    pub life_at_door_days: i64,
    pub tax: TaxClasses,
    pub gtin: Option<Gtin>,
    pub allergens: Vec<Allergen>,
    pub odour: Odour,
    pub hygiene: Hygiene,
    /// What a supplier's case holds: pieces, or grams of loose goods.
    pub case_amount: i64,
    pub listing: Listing,
    pub revision: i64,
}

impl Revised for Sku {
    fn revision(&self) -> i64 {
        self.revision
    }
}

impl Sku {
    pub const fn tax_class(&self, profile: Profile) -> TaxClass {
        match profile {
            Profile::Tw => self.tax.tw,
            Profile::Cn => self.tax.cn,
        }
    }

    /// `ordered` with the dimension that the customer did not name, from the nominal weight: three fish are about
    /// 1,800 g. Loose goods are ordered in grams and need no estimate.
    pub fn estimate(&self, ordered: Quantity) -> Option<Quantity> {
        let (Some(pieces), None, Some(nominal)) = (ordered.pieces, ordered.grams, self.nominal_grams) else {
            return Some(ordered);
        };
        let grams = pieces.checked_mul(nominal)?;
        Some(Quantity { grams: Some(grams), ..ordered }.estimated())
    }

    /// The most that a weight may become within tolerance: what an authorisation must cover.
    pub fn upper_bound(&self, quantity: Quantity) -> Option<Quantity> {
        let most = Ratio::new(10_000_i64.checked_add(self.tolerance_bp)?, 10_000)?;
        Some(match self.measure {
            Measure::Counted => quantity,
            Measure::Weighed | Measure::CatchWeight => {
                let grams = match quantity.grams {
                    Some(grams) => Some(most.times(grams, Round::Up)?),
                    None => None,
                };
                Quantity { grams, ..quantity }
            }
        })
    }
}

/// A SKU as somebody enters it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSku {
    #[schema(min_length = 1, max_length = 32, pattern = "^[A-Za-z0-9._-]+$")]
    pub code: String,
    pub names: Names,
    #[schema(min_length = 1, max_length = 32, pattern = "^[A-Za-z0-9._-]+$")]
    pub category: String,
    pub measure: Measure,
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub nominal_grams: Option<i64>,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 5000)]
    pub tolerance_bp: i64,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 5000)]
    pub estimate_buffer_bp: i64,
    pub temperature_class: TemperatureClass,
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3650)]
    pub shelf_life_days: Option<i64>,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 3650)]
    pub life_at_door_days: i64,
    pub tax: TaxClasses,
    #[serde(default)]
    pub gtin: Option<Gtin>,
    #[serde(default)]
    #[schema(max_items = 12)]
    pub allergens: Vec<Allergen>,
    #[serde(default = "neutral")]
    pub odour: Odour,
    #[serde(default = "packaged")]
    pub hygiene: Hygiene,
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub case_amount: i64,
    #[serde(default = "active")]
    pub listing: Listing,
}

const fn neutral() -> Odour {
    Odour::Neutral
}

const fn packaged() -> Hygiene {
    Hygiene::Packaged
}

const fn active() -> Listing {
    Listing::Active
}

/// A SKU that has passed the door: everything within bounds and consistent.
#[derive(Clone, Debug)]
pub struct SkuDraft(NewSku);

impl NewSku {
    pub fn parse(mut self) -> Result<SkuDraft, Problem> {
        self.code = parse::code("code", &self.code, 32)?;
        self.names = self.names.parse("names")?;
        self.category = parse::code("category", &self.category, 32)?;
        parse::within("tolerance_bp", self.tolerance_bp, 0, 5000)?;
        parse::within("estimate_buffer_bp", self.estimate_buffer_bp, 0, 5000)?;
        parse::within("life_at_door_days", self.life_at_door_days, 0, 3650)?;
        parse::within("case_amount", self.case_amount, 1, 1_000_000)?;
        if let Some(grams) = self.nominal_grams {
            parse::within("nominal_grams", grams, 1, 1_000_000)?;
        } else if self.measure == Measure::CatchWeight {
            return Err(Problem::invalid("nominal_grams", "goods sold by the weighed piece need a nominal weight"));
        }
        if let Some(days) = self.shelf_life_days {
            parse::within("shelf_life_days", days, 1, 3650)?;
            if self.life_at_door_days >= days {
                return Err(Problem::invalid("life_at_door_days", "life at the door is less than the shelf life"));
            }
        }
        for (class, profile) in [(self.tax.tw, Profile::Tw), (self.tax.cn, Profile::Cn)] {
            if !class.exists_in(profile) {
                return Err(CatalogRefusal::tax_class(class, profile).into());
            }
        }
        self.allergens.sort_unstable();
        self.allergens.dedup();
        Ok(SkuDraft(self))
    }
}

impl SkuDraft {
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The SKU that this draft describes.
    pub(super) fn into_sku(self, id: SkuId, revision: i64) -> Sku {
        let draft = self.0;
        Sku {
            id,
            code: draft.code,
            names: draft.names,
            category: draft.category,
            measure: draft.measure,
            nominal_grams: draft.nominal_grams,
            tolerance_bp: draft.tolerance_bp,
            estimate_buffer_bp: draft.estimate_buffer_bp,
            temperature_class: draft.temperature_class,
            shelf_life_days: draft.shelf_life_days,
            life_at_door_days: draft.life_at_door_days,
            tax: draft.tax,
            gtin: draft.gtin,
            allergens: draft.allergens,
            odour: draft.odour,
            hygiene: draft.hygiene,
            case_amount: draft.case_amount,
            listing: draft.listing,
            revision,
        }
    }
}

/// What entering a SKU did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Created,
    Changed,
    /// The catalogue said so already; nothing was written.
    Same,
}

/// A SKU as it now stands, and what became of the draft.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Upserted {
    pub sku: Sku,
    pub change: Change,
}
