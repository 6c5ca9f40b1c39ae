//! SQL of SKUs.

use kernel::SkuId;
use store::{FromRow, Result, Row, StoreError, Tx, args, row, sql};

use super::rules::{Allergen, Sku, TaxClasses};
use crate::{Gtin, Names};

macro_rules! sku_columns {
    () => {
        "id, code, name_en, name_zh_hant, name_zh_hans, category, measure, nominal_grams, tolerance_bp, \
         estimate_buffer_bp, temperature_class, shelf_life_days, life_at_door_days, tax_tw, tax_cn, gtin, allergens, \
         odour, hygiene, case_amount, listing, revision"
    };
}

sql! {
    SKU = concat!("SELECT ", sku_columns!(), " FROM sku WHERE id = $1 {keep}");
    SKU_BY_CODE = concat!("SELECT ", sku_columns!(), " FROM sku WHERE code = $1");
    SKU_BY_GTIN = concat!("SELECT ", sku_columns!(), " FROM sku WHERE gtin = $1");
    SKUS = concat!("SELECT ", sku_columns!(), " FROM sku WHERE code > $1 ORDER BY code LIMIT $2");
    SKUS_OF_CATEGORY =
        concat!("SELECT ", sku_columns!(), " FROM sku WHERE category = $3 AND code > $1 ORDER BY code LIMIT $2");
    ADD_SKU = concat!(
        "INSERT INTO sku (", sku_columns!(), ")
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)"
    );
    CHANGE_SKU =
        "UPDATE sku
         SET name_en = $2, name_zh_hant = $3, name_zh_hans = $4, category = $5, nominal_grams = $6, tolerance_bp = $7,
             estimate_buffer_bp = $8, temperature_class = $9, shelf_life_days = $10, life_at_door_days = $11,
             tax_tw = $12, tax_cn = $13, gtin = $14, allergens = $15, odour = $16, hygiene = $17, case_amount = $18,
             listing = $19, revision = $20
         WHERE id = $1";
}

impl FromRow for Sku {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let impossible = |column: &str, found: String| StoreError::Impossible {
            statement: SKU.name(),
            column: column.to_owned(),
            found,
        };
        let gtin: Option<String> = row.get(15)?;
        let gtin = match gtin {
            Some(gtin) => Some(gtin.parse::<Gtin>().map_err(|_| impossible("gtin", gtin))?),
            None => None,
        };
        let allergens: String = row.get(16)?;
        let allergens = allergens
            .split_ascii_whitespace()
            .map(|code| Allergen::from_code(code).ok_or_else(|| impossible("allergens", code.to_owned())))
            .collect::<Result<_>>()?;
        Ok(Self {
            id: row.get(0)?,
            code: row.get(1)?,
            names: Names { en: row.get(2)?, zh_hant: row.get(3)?, zh_hans: row.get(4)? },
            category: row.get(5)?,
            measure: row.get(6)?,
            nominal_grams: row.get(7)?,
            tolerance_bp: row.get(8)?,
            estimate_buffer_bp: row.get(9)?,
            temperature_class: row.get(10)?,
            shelf_life_days: row.get(11)?,
            life_at_door_days: row.get(12)?,
            tax: TaxClasses { tw: row.get(13)?, cn: row.get(14)? },
            gtin,
            allergens,
            odour: row.get(17)?,
            hygiene: row.get(18)?,
            case_amount: row.get(19)?,
            listing: row.get(20)?,
            revision: row.get(21)?,
        })
    }
}

/// Codes side by side with a space between: a set small enough to be read in one glance.
fn written(allergens: &[Allergen]) -> String {
    allergens.iter().map(|allergen| allergen.code()).collect::<Vec<_>>().join(" ")
}

pub(super) async fn by_id(tx: &mut Tx, id: SkuId) -> Result<Option<Sku>> {
    tx.optional(SKU, args![id]).await
}

/// Those of `ids` that are there, in one question.
pub(super) async fn by_ids(tx: &mut Tx, ids: &[SkuId]) -> Result<Vec<Sku>> {
    let ids: Vec<_> = ids.iter().map(|id| row![*id]).collect();
    Ok(tx.all_many(SKU, &ids).await?.into_iter().flatten().collect())
}

/// Those of `codes` that are there, in one question.
pub(super) async fn by_codes(tx: &mut Tx, codes: &[&str]) -> Result<Vec<Sku>> {
    let codes: Vec<_> = codes.iter().map(|code| row![*code]).collect();
    Ok(tx.all_many(SKU_BY_CODE, &codes).await?.into_iter().flatten().collect())
}

pub(super) async fn by_code(tx: &mut Tx, code: &str) -> Result<Option<Sku>> {
    tx.optional(SKU_BY_CODE, args![code]).await
}

pub(super) async fn by_gtin(tx: &mut Tx, gtin: &Gtin) -> Result<Option<Sku>> {
    tx.optional(SKU_BY_GTIN, args![gtin.as_str()]).await
}

pub(super) async fn page(tx: &mut Tx, category: Option<&str>, after: &str, limit: i64) -> Result<Vec<Sku>> {
    match category {
        Some(category) => tx.all(SKUS_OF_CATEGORY, args![after, limit, category]).await,
        None => tx.all(SKUS, args![after, limit]).await,
    }
}

pub(super) async fn add(tx: &mut Tx, sku: &Sku) -> Result<()> {
    tx.put(
        ADD_SKU,
        args![
            sku.id,
            &sku.code,
            &sku.names.en,
            &sku.names.zh_hant,
            &sku.names.zh_hans,
            &sku.category,
            sku.measure,
            sku.nominal_grams,
            sku.tolerance_bp,
            sku.estimate_buffer_bp,
            sku.temperature_class,
            sku.shelf_life_days,
            sku.life_at_door_days,
            sku.tax.tw,
            sku.tax.cn,
            sku.gtin.as_ref().map(Gtin::as_str),
            written(&sku.allergens),
            sku.odour,
            sku.hygiene,
            sku.case_amount,
            sku.listing,
            sku.revision,
        ],
    )
    .await
}

pub(super) async fn change(tx: &mut Tx, sku: &Sku) -> Result<()> {
    tx.put(
        CHANGE_SKU,
        args![
            sku.id,
            &sku.names.en,
            &sku.names.zh_hant,
            &sku.names.zh_hans,
            &sku.category,
            sku.nominal_grams,
            sku.tolerance_bp,
            sku.estimate_buffer_bp,
            sku.temperature_class,
            sku.shelf_life_days,
            sku.life_at_door_days,
            sku.tax.tw,
            sku.tax.cn,
            sku.gtin.as_ref().map(Gtin::as_str),
            written(&sku.allergens),
            sku.odour,
            sku.hygiene,
            sku.case_amount,
            sku.listing,
            sku.revision,
        ],
    )
    .await
}
