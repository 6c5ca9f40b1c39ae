//! Boxes and label numbers: what the packing bench is set up with.

use ::store::Tx;
use edge::{Problem, Revised, parse};
use kernel::{SiteId, SkuId, TemperatureClass};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{FulfilmentRefusal, rules::SsccPrefix, store};

/// A kind of box with its cool packs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Packaging {
    pub code: String,
    pub class: TemperatureClass,
    pub tare_grams: i64,
    /// How far boxes of this kind differ from each other.
    pub tolerance_grams: i64,
    pub revision: i64,
}

impl Revised for Packaging {
    fn revision(&self) -> i64 {
        self.revision
    }
}

/// A kind of box as somebody enters it; entering a code again corrects it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPackaging {
    #[schema(min_length = 1, max_length = 20, pattern = "^[A-Za-z0-9._-]+$")]
    pub code: String,
    pub class: TemperatureClass,
    #[schema(minimum = 0, maximum = 50_000)]
    pub tare_grams: i64,
    #[schema(minimum = 0, maximum = 5_000)]
    pub tolerance_grams: i64,
}

impl NewPackaging {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.code = parse::code("code", &self.code, 20)?;
        parse::within("tare_grams", self.tare_grams, 0, 50_000)?;
        parse::within("tolerance_grams", self.tolerance_grams, 0, 5_000)?;
        Ok(self)
    }
}

/// From what a site makes its parcel codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LabelSettings {
    pub site: SiteId,
    /// Extension digit and GS1 company prefix.
    pub sscc_prefix: String,
    pub sscc_next: i64,
    pub revision: i64,
}

impl Revised for LabelSettings {
    fn revision(&self) -> i64 {
        self.revision
    }
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLabelSettings {
    pub site: SiteId,
    #[schema(min_length = 5, max_length = 13, pattern = "^[0-9]+$")]
    pub sscc_prefix: String,
}

impl NewLabelSettings {
    pub fn parse(self) -> Result<(SiteId, SsccPrefix), Problem> {
        let prefix = SsccPrefix::new(&self.sscc_prefix);
        let prefix = prefix.ok_or_else(|| Problem::invalid("sscc_prefix", "5 to 13 digits belong here"))?;
        Ok((self.site, prefix))
    }
}

/// Which product an item number inside an in-store label means at a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelItem {
    pub site: SiteId,
    #[schema(min_length = 5, max_length = 5, pattern = "^[0-9]{5}$")]
    pub item: String,
    pub sku: SkuId,
}

impl LabelItem {
    pub fn parse(self) -> Result<Self, Problem> {
        if self.item.len() == 5 && self.item.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(self);
        }
        Err(Problem::invalid("item", "five digits belong here"))
    }
}

/// Enters a kind of box, or corrects it.
pub async fn put_packaging(tx: &mut Tx, new: &NewPackaging) -> Result<Packaging, FulfilmentRefusal> {
    let revision = store::put_packaging(tx, &new.code, new.class, new.tare_grams, new.tolerance_grams).await?;
    Ok(Packaging {
        code: new.code.clone(),
        class: new.class,
        tare_grams: new.tare_grams,
        tolerance_grams: new.tolerance_grams,
        revision,
    })
}

/// The kinds of boxes, by code.
pub async fn packagings(tx: &mut Tx, after: Option<&str>, rows: i64) -> Result<Vec<Packaging>, FulfilmentRefusal> {
    Ok(store::packagings(tx, after, rows).await?)
}

/// Sets from what a site makes its parcel codes; serial numbers go on where they were.
pub async fn set_labels(tx: &mut Tx, site: SiteId, prefix: &SsccPrefix) -> Result<LabelSettings, FulfilmentRefusal> {
    catalog::site(tx, site).await?;
    let (sscc_next, revision) = store::put_labels(tx, site, prefix.as_str()).await?;
    Ok(LabelSettings { site, sscc_prefix: prefix.as_str().to_owned(), sscc_next, revision })
}

/// From what a site makes its parcel codes.
pub async fn labels(tx: &mut Tx, site: SiteId) -> Result<LabelSettings, FulfilmentRefusal> {
    store::labels(tx, site).await?.ok_or(FulfilmentRefusal::NoLabelSettings)
}

/// Says which product an item number inside the site's in-store labels means.
pub async fn put_label_item(tx: &mut Tx, item: &LabelItem) -> Result<LabelItem, FulfilmentRefusal> {
    catalog::site(tx, item.site).await?;
    catalog::sku(tx, item.sku).await?;
    store::put_label_item(tx, item.site, &item.item, item.sku).await?;
    Ok(item.clone())
}
