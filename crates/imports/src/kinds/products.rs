//! Products: the catalogue, with a general price at one site. The key of a row is the code.

use catalog::{
    Allergen, Change, Gtin, GtinError, Hygiene, Listing, Names, NewSku, Odour, Sku, SkuDraft, TaxClass, TaxClasses,
    Upserted,
};
use edge::Problem;
use kernel::{Id, Measure, Price, SiteId, Stamp, TemperatureClass};
use store::Tx;

use super::{Entered, SitesByCode, site};
use crate::{
    cells::{self, refused},
    columns::{Column, optional, required},
    line::{BASES, Line},
};

pub(crate) const COLUMNS: &[Column] = &[
    required("code", "0042"),
    required("name_en", "Water spinach"),
    required("name_zh_hant", "空心菜"),
    required("name_zh_hans", "空心菜"),
    required("category", "leafy"),
    required("measure", "weighed").one_of(&["counted", "weighed", "catch_weight"]),
    optional("nominal_weight", "600 g"),
    optional("tolerance_percent", "10"),
    optional("estimate_buffer_percent", "5"),
    required("temperature", "chilled").one_of(&["ambient", "chilled", "frozen"]),
    optional("shelf_life_days", "5"),
    optional("life_at_door_days", "2"),
    required("tax_tw", "exempt").one_of(&["taxed_5", "exempt", "zero"]),
    required("tax_cn", "vat_9").one_of(&["exempt", "vat_9", "vat_13"]),
    optional("gtin", "04006381333931"),
    optional("allergens", "").one_of(&[
        "gluten",
        "crustaceans",
        "eggs",
        "fish",
        "peanuts",
        "soy",
        "milk",
        "nuts",
        "sesame",
        "mango",
        "sulphites",
        "molluscs",
    ]),
    optional("odour", "neutral").one_of(&["neutral", "gives", "takes"]),
    optional("hygiene", "produce").one_of(&["packaged", "produce", "raw", "ready_to_eat"]),
    required("case_amount", "6 公斤"),
    optional("listing", "active").one_of(&["active", "retired"]),
    optional("price", "60"),
    optional("price_per", "taiwan_jin").one_of(BASES),
    optional("price_site", "TPE1"),
];

/// A row that was read.
#[derive(Debug)]
pub(crate) struct Product {
    draft: SkuDraft,
    price: Option<(SiteId, Price)>,
}

const GRAMS_MAX: i64 = 1_000_000;

pub(crate) fn read(line: &mut Line<'_>, sites: &SitesByCode) -> Option<Product> {
    let code = line.code("code", 32);
    let (en, zh_hant, zh_hans) =
        (line.text("name_en", 120), line.text("name_zh_hant", 120), line.text("name_zh_hans", 120));
    let category = line.code("category", 32);
    let measure = line.choice("measure", Measure::from_code);
    let nominal_grams = line.may("nominal_weight", |cell| cells::grams(cell, 1..=GRAMS_MAX));
    if measure == Some(Measure::CatchWeight) && !line.is_given("nominal_weight") {
        line.fault("nominal_weight", refused("imports/nominal-weight-missing"));
    }
    let percent = |cell: &sheets::Cell| cells::scaled(cell, 2, 0, 5_000);
    let tolerance_bp = line.may("tolerance_percent", percent).unwrap_or(0);
    let estimate_buffer_bp = line.may("estimate_buffer_percent", percent).unwrap_or(0);
    let temperature_class = line.choice("temperature", TemperatureClass::from_code);
    let shelf_life_days = line.whole_if_any("shelf_life_days", 1, 3_650);
    let life_at_door_days = line.whole_if_any("life_at_door_days", 0, 3_650).unwrap_or(0);
    if let Some(days) = shelf_life_days.filter(|days| life_at_door_days >= *days) {
        line.fault("life_at_door_days", refused("imports/life-too-long").with("days", days));
    }
    let tw = line.choice("tax_tw", TaxClass::from_code);
    let cn = line.choice("tax_cn", TaxClass::from_code);
    let gtin = line.may("gtin", gtin);
    let mut allergens = line.choices("allergens", Allergen::from_code);
    allergens.sort_unstable();
    let odour = line.choice_if_any("odour", Odour::from_code).unwrap_or(Odour::Neutral);
    let hygiene = line.choice_if_any("hygiene", Hygiene::from_code).unwrap_or(Hygiene::Packaged);
    let case_amount = line.must("case_amount", |cell| match measure {
        Some(Measure::Weighed) => cells::grams(cell, 1..=GRAMS_MAX),
        Some(Measure::Counted | Measure::CatchWeight) | None => cells::whole(cell, 1, GRAMS_MAX),
    });
    let listing = line.choice_if_any("listing", Listing::from_code).unwrap_or(Listing::Active);
    let price = priced(line, sites, measure);

    let new = NewSku {
        code: code?,
        names: Names { en: en?, zh_hant: zh_hant?, zh_hans: zh_hans? },
        category: category?,
        measure: measure?,
        nominal_grams,
        tolerance_bp,
        estimate_buffer_bp,
        temperature_class: temperature_class?,
        shelf_life_days,
        life_at_door_days,
        tax: TaxClasses { tw: tw?, cn: cn? },
        gtin,
        allergens,
        odour,
        hygiene,
        case_amount: case_amount?,
        listing,
    };
    if !line.faults.is_empty() {
        return None;
    }
    match new.parse() {
        Ok(draft) => Some(Product { draft, price }),
        Err(problem) => {
            line.fault("code", problem);
            None
        }
    }
}

/// The price, if the row has one: amount, base and site belong together.
fn priced(line: &mut Line<'_>, sites: &SitesByCode, measure: Option<Measure>) -> Option<(SiteId, Price)> {
    let given = ["price", "price_per", "price_site"].iter().any(|column| line.is_given(column));
    if !given {
        return None;
    }
    let site = site(line, "price_site", sites)?;
    let (id, currency) = (site.id, site.currency);
    let price = line.price("price", "price_per", currency)?;
    if measure.is_some_and(|measure| !price.suits(measure)) {
        line.fault("price_per", refused("imports/price-unsuited"));
        return None;
    }
    Some((id, price))
}

fn gtin(cell: &sheets::Cell) -> Result<Gtin, Problem> {
    let typed = cells::typed(cell)?;
    typed.parse::<Gtin>().map_err(|error| match error {
        GtinError::Length => refused("imports/gtin-length").with("value", typed),
        GtinError::CheckDigit { code, expected } => {
            refused("imports/gtin-check-digit").with("value", code).with("expected", expected)
        }
    })
}

impl Product {
    pub(crate) fn key(&self) -> &str {
        self.draft.code()
    }
}

/// Makes the catalogue say what the row says.
pub(crate) async fn enter(tx: &mut Tx, stamp: &Stamp, known: Option<Sku>, row: &Product) -> Result<Entered, Problem> {
    let Upserted { sku, mut change } = catalog::upsert_known(tx, stamp, known, row.draft.clone()).await?;
    if let Some((site, price)) = row.price {
        let priced = catalog::set_general_price(tx, stamp, site, &sku, price).await?;
        if change == Change::Same && priced != Change::Same {
            change = Change::Changed;
        }
    }
    Ok(Entered { change, object: sku.id.uuid() })
}
