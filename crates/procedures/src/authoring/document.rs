//! What a procedure says, as data.

use std::collections::BTreeSet;

use edge::{Problem, parse};
use identity::Role;
use kernel::{
    ArrivalId, CountSheetId, CourierId, CustomerOrderId, ExcursionId, Id, Lang, PurchaseOrderId, RequisitionId, SkuId,
    SupplierId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

codes! {
    /// What one case of a procedure is.
    CaseKind {
        CustomerOrder = "customer_order",
        PurchaseOrder = "purchase_order",
        Arrival = "arrival",
        /// A product that somebody wants to buy for the first time.
        Sku = "sku",
        Supplier = "supplier",
        Requisition = "requisition",
        /// A temperature that left its limits, or a probe that fell silent.
        Excursion = "excursion",
        CountSheet = "count_sheet",
        Courier = "courier",
    }
    /// Whether a step belongs to every case.
    Presence {
        Always = "always",
        WhenNeeded = "when_needed",
    }
    /// Whether a step has its place among the others.
    Sequence {
        InOrder = "in_order",
        AnyTime = "any_time",
    }
    /// When the clock of a step that is done several times stops.
    Until {
        First = "first",
        /// The first must not wait too long for its turn, nor the last.
        Last = "last",
    }
    Control {
        Ordinary = "ordinary",
        /// 關鍵控制點: food safety depends on it.
        CriticalPoint = "critical_point",
    }
}

impl CaseKind {
    /// The noun under which events touch a case.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::CustomerOrder => CustomerOrderId::NOUN,
            Self::PurchaseOrder => PurchaseOrderId::NOUN,
            Self::Arrival => ArrivalId::NOUN,
            Self::Sku => SkuId::NOUN,
            Self::Supplier => SupplierId::NOUN,
            Self::Requisition => RequisitionId::NOUN,
            Self::Excursion => ExcursionId::NOUN,
            Self::CountSheet => CountSheetId::NOUN,
            Self::Courier => CourierId::NOUN,
        }
    }
}

/// A text in every language of the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProcedureText)]
pub struct Text {
    #[schema(min_length = 1, max_length = 1000)]
    pub en: String,
    #[serde(rename = "zh-Hant")]
    #[schema(min_length = 1, max_length = 1000)]
    pub zh_hant: String,
    #[serde(rename = "zh-Hans")]
    #[schema(min_length = 1, max_length = 1000)]
    pub zh_hans: String,
}

impl Text {
    const LENGTH_MAX: usize = 1000;

    pub fn in_lang(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::ZhHant => &self.zh_hant,
            Lang::ZhHans => &self.zh_hans,
        }
    }

    fn check(&self, field: &str) -> Result<(), Problem> {
        for (lang, text) in [("en", &self.en), ("zh-Hant", &self.zh_hant), ("zh-Hans", &self.zh_hans)] {
            parse::text(&format!("{field}/{lang}"), text, 1, Self::LENGTH_MAX)?;
        }
        Ok(())
    }
}

/// One procedure: how a step of the workflow is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProcedureDocument)]
pub struct Document {
    /// The step of the workflow: `1.6`.
    #[schema(min_length = 3, max_length = 3)]
    pub step: String,
    /// Counted up by whoever ships the document.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub version: i64,
    pub title: Text,
    pub purpose: Text,
    /// Who answers for the whole.
    pub owner: Role,
    #[schema(minimum = 1, maximum = 60)]
    pub review_months: i64,
    /// What one case is; absent when no event shows whether the way was followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseKind>,
    /// With one of these events a case is through.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10)]
    pub ends_on: Vec<String>,
    /// With one of these a case is given up, and nothing is missing from it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10)]
    pub abandoned_on: Vec<String>,
    /// Events that a case on the written way does not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    pub unexpected: Vec<String>,
    #[schema(min_items = 1, max_items = 40)]
    pub steps: Vec<ProcedureStep>,
}

/// One step of a procedure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcedureStep {
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z0-9_]+$")]
    pub code: String,
    pub title: Text,
    pub text: Text,
    pub owner: Role,
    /// Minutes allowed since the step `after`, or since the step before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 525_600)]
    pub within_minutes: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The number of the form that is filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40)]
    pub form: Option<String>,
    /// Any of these events shows that the step was done; none: nobody can see it from here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10)]
    pub events: Vec<String>,
    #[serde(default = "ProcedureStep::always")]
    pub presence: Presence,
    #[serde(default = "ProcedureStep::in_order")]
    pub sequence: Sequence,
    #[serde(default = "ProcedureStep::last")]
    pub until: Until,
    #[serde(default = "ProcedureStep::ordinary")]
    pub control: Control,
}

impl ProcedureStep {
    const fn always() -> Presence {
        Presence::Always
    }

    const fn in_order() -> Sequence {
        Sequence::InOrder
    }

    const fn last() -> Until {
        Until::Last
    }

    const fn ordinary() -> Control {
        Control::Ordinary
    }
}

impl Document {
    /// Refuses a document that cannot be followed or checked.
    pub fn check(&self) -> Result<(), Problem> {
        self.title.check("title")?;
        self.purpose.check("purpose")?;
        parse::within("version", self.version, 1, 1_000_000)?;
        parse::within("review_months", self.review_months, 1, 60)?;
        parse::count("steps", &self.steps, 1, 40)?;
        parse::count("unexpected", &self.unexpected, 0, 20)?;
        parse::count("ends_on", &self.ends_on, 0, 10)?;
        parse::count("abandoned_on", &self.abandoned_on, 0, 10)?;
        for (field, kinds) in
            [("ends_on", &self.ends_on), ("abandoned_on", &self.abandoned_on), ("unexpected", &self.unexpected)]
        {
            kinds.iter().try_for_each(|kind| check_kind(field, kind))?;
        }
        let mut known = BTreeSet::new();
        for (nth, step) in self.steps.iter().enumerate() {
            self.check_step(nth, step, &known)?;
            if !known.insert(step.code.as_str()) {
                return Err(Problem::invalid(format!("steps/{nth}/code"), "two steps have this code"));
            }
        }
        if self.case.is_some() && self.ends_on.is_empty() {
            return Err(Problem::invalid("ends_on", "a case that is checked has to end with some event"));
        }
        Ok(())
    }

    fn check_step(&self, nth: usize, step: &ProcedureStep, known: &BTreeSet<&str>) -> Result<(), Problem> {
        let field = |name: &str| format!("steps/{nth}/{name}");
        step.title.check(&field("title"))?;
        step.text.check(&field("text"))?;
        parse::code(&field("code"), &step.code, 40)?;
        if let Some(minutes) = step.within_minutes {
            parse::within(&field("within_minutes"), minutes, 1, 525_600)?;
        }
        if let Some(form) = &step.form {
            parse::code(&field("form"), form, 40)?;
        }
        parse::count(&field("events"), &step.events, 0, 10)?;
        step.events.iter().try_for_each(|kind| check_kind(&field("events"), kind))?;
        match &step.after {
            Some(after) if !known.contains(after.as_str()) => {
                Err(Problem::invalid(field("after"), format!("{after:?} is no step before this one")))
            }
            Some(_) | None => Ok(()),
        }?;
        if self.case.is_none() && !step.events.is_empty() {
            return Err(Problem::invalid(field("events"), "the document does not say what a case is"));
        }
        Ok(())
    }

    /// Every kind of event that the document speaks of.
    pub fn kinds(&self) -> BTreeSet<&str> {
        let outside = self.ends_on.iter().chain(&self.abandoned_on).chain(&self.unexpected);
        self.steps.iter().flat_map(|step| &step.events).chain(outside).map(String::as_str).collect()
    }
}

fn check_kind(field: &str, kind: &str) -> Result<(), Problem> {
    let plain = kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if plain && (1..=60).contains(&kind.len()) {
        Ok(())
    } else {
        Err(Problem::invalid(field, format!("{kind:?} is no kind of event: 1 to 60 of a-z 0-9 _")))
    }
}
