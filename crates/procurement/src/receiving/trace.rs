//! Where the goods come from, as far as paper can say: the key data elements of a receipt. Pure.

use catalog::Gtin;
use edge::{Problem, parse};
use kernel::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{contracts::ShippingNotice, dates};

codes! {
    /// One fact that a receipt must be able to show (FSMA 204 §1.1345, 食品安全法 art. 53).
    KeyFact {
        /// The traceability lot code 批號.
        LotCode = "lot_code",
        /// The immediate previous source, with its address.
        Source = "source",
        /// The paper that came along.
        Reference = "reference",
        ReceivedOn = "received_on",
        Location = "location",
        /// Where it grew, swam or was made.
        Origin = "origin",
        /// Harvested or produced on.
        MadeOn = "made_on",
        /// The health, quarantine or conformity certificate of the load.
        Certificate = "certificate",
    }
}

/// Without these, goods of a listed category do not come in.
const DEMANDED: [KeyFact; 5] =
    [KeyFact::LotCode, KeyFact::Source, KeyFact::Reference, KeyFact::ReceivedOn, KeyFact::Location];

/// The food traceability list of FSMA 204, in the words of our catalogue.
const LISTED: [&str; 18] = [
    "leafy",
    "herbs",
    "sprouts",
    "cucumbers",
    "melons",
    "peppers",
    "tomatoes",
    "tropical_fruit",
    "cut_fruit",
    "cut_vegetables",
    "eggs",
    "cheese",
    "nut_butter",
    "fish",
    "seafood",
    "shellfish",
    "crustaceans",
    "deli",
];

codes! {
    ReferenceKind {
        /// Our own record of what was announced.
        ShippingNotice = "shipping_notice",
        DeliveryNote = "delivery_note",
        BillOfLading = "bill_of_lading",
        Invoice = "invoice",
    }
}

/// The paper that came along with the goods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TraceReference)]
pub struct Reference {
    pub kind: ReferenceKind,
    #[schema(min_length = 1, max_length = 60)]
    pub number: String,
}

impl Reference {
    /// The shipping notice that announced the goods.
    pub(super) fn to_notice(notice: &ShippingNotice) -> Self {
        Self { kind: ReferenceKind::ShippingNotice, number: notice.id.to_string() }
    }
}

/// What stands on the label, by GS1 application identifier where there is one.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelFacts {
    /// (01)
    #[serde(default)]
    pub gtin: Option<Gtin>,
    /// (10)
    #[serde(default)]
    #[schema(max_length = 20)]
    pub supplier_lot: Option<String>,
    /// (11)
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub produced_on: Option<Date>,
    /// (7007)
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub harvested_on: Option<Date>,
    /// (17): good through this day.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub use_by: Option<Date>,
    #[serde(default)]
    #[schema(max_length = 80)]
    pub origin: Option<String>,
    /// The number of the certificate of this load.
    #[serde(default)]
    #[schema(max_length = 60)]
    pub certificate: Option<String>,
}

/// What the papers say beyond the label.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TraceFacts {
    /// The traceability lot code; the supplier lot, if none is named.
    #[serde(default)]
    #[schema(max_length = 60)]
    pub lot_code: Option<String>,
    /// Who had the goods before; the supplier with its address, if nobody else is named.
    #[serde(default)]
    #[schema(max_length = 240)]
    pub source: Option<String>,
    /// The shipping notice, if there is one and nothing else is named.
    #[serde(default)]
    pub reference: Option<Reference>,
}

impl LabelFacts {
    pub(super) fn parse(mut self) -> Result<Self, Problem> {
        self.supplier_lot = text_if_any("label/supplier_lot", self.supplier_lot, 20)?;
        dates::plausible_if_any("label/produced_on", self.produced_on)?;
        dates::plausible_if_any("label/harvested_on", self.harvested_on)?;
        dates::plausible_if_any("label/use_by", self.use_by)?;
        self.origin = text_if_any("label/origin", self.origin, 80)?;
        self.certificate = text_if_any("label/certificate", self.certificate, 60)?;
        Ok(self)
    }
}

impl TraceFacts {
    pub(super) fn parse(mut self) -> Result<Self, Problem> {
        self.lot_code = text_if_any("trace/lot_code", self.lot_code, 60)?;
        self.source = text_if_any("trace/source", self.source, 240)?;
        if let Some(reference) = &mut self.reference {
            reference.number = parse::text("trace/reference/number", &reference.number, 1, 60)?;
        }
        Ok(self)
    }
}

/// A field left blank says as much as one left out.
fn text_if_any(field: &str, value: Option<String>, max: usize) -> Result<Option<String>, Problem> {
    let Some(value) = value else { return Ok(None) };
    let value = parse::text(field, &value, 0, max)?;
    Ok((!value.is_empty()).then_some(value))
}

/// The source record of a line, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceRecord {
    pub lot_code: Option<String>,
    pub source: Option<String>,
    pub reference: Option<Reference>,
    #[schema(value_type = String, format = Date)]
    pub received_on: Date,
    pub certificate: Option<String>,
    /// How many of the key facts are there, in hundredths of a percent.
    pub completeness_bp: i64,
}

/// The key facts that are missing. Date and place of receipt are ours and always known.
pub(super) fn missing(label: &LabelFacts, record: &TraceFacts) -> Vec<KeyFact> {
    let known = |fact: KeyFact| match fact {
        KeyFact::LotCode => record.lot_code.is_some(),
        KeyFact::Source => record.source.is_some(),
        KeyFact::Reference => record.reference.is_some(),
        KeyFact::ReceivedOn | KeyFact::Location => true,
        KeyFact::Origin => label.origin.is_some(),
        KeyFact::MadeOn => label.harvested_on.or(label.produced_on).is_some(),
        KeyFact::Certificate => label.certificate.is_some(),
    };
    KeyFact::ALL.iter().copied().filter(|fact| !known(*fact)).collect()
}

/// Those missing facts without which goods of this category do not come in.
pub(super) fn demanded(category: &str, missing: &[KeyFact]) -> Vec<KeyFact> {
    if !LISTED.contains(&category) {
        return Vec::new();
    }
    missing.iter().copied().filter(|fact| DEMANDED.contains(fact)).collect()
}

/// How complete a record is with so many facts missing.
pub(super) fn completeness_bp(missing: usize) -> i64 {
    let all = i64::try_from(KeyFact::ALL.len()).unwrap_or(i64::MAX);
    let missing = i64::try_from(missing).unwrap_or(i64::MAX);
    (all - missing.min(all)) * 10_000 / all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label() -> LabelFacts {
        LabelFacts {
            supplier_lot: Some("A7".to_owned()),
            harvested_on: "2026-03-28".parse().ok(),
            origin: Some("雲林西螺".to_owned()),
            ..LabelFacts::default()
        }
    }

    #[test]
    fn spinach_without_a_lot_code_or_a_paper_does_not_come_in() {
        let gaps = missing(&label(), &TraceFacts { source: Some("農場".to_owned()), ..TraceFacts::default() });
        assert_eq!(gaps, [KeyFact::LotCode, KeyFact::Reference, KeyFact::Certificate]);
        assert_eq!(demanded("leafy", &gaps), [KeyFact::LotCode, KeyFact::Reference]);
    }

    #[test]
    fn rice_comes_in_with_gaps_and_the_gaps_are_counted() {
        let gaps = missing(&LabelFacts::default(), &TraceFacts::default());
        assert_eq!(demanded("grain", &gaps), []);
        assert_eq!(completeness_bp(gaps.len()), 2_500);
        assert_eq!(completeness_bp(0), 10_000);
    }
}
