//! The inspection form: what to look at, how many cartons to open, and what the facts already say.
//!
//! It is made from the contract line, the product and the supplier's record, so that nobody inspects by heart.

use ::store::Tx;
use catalog::{Hygiene, Sku};
use kernel::{ArrivalLineId, Quantity, SkuId, SupplierId, TemperatureClass};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ReceivingRefusal,
    case::Case,
    rules::{self, Bar, Facts, Fault, FaultClass},
    sampling::{self, History, Plan, Severity},
    store,
};
use crate::contracts::Terms;

codes! {
    /// One thing that an inspector looks at. Temperature, life and weight are measured and need no eye.
    Criterion {
        Appearance = "appearance",
        Smell = "smell",
        Packaging = "packaging",
        VehicleHygiene = "vehicle_hygiene",
        /// 異物
        ForeignMatter = "foreign_matter",
        /// 農藥殘留快篩
        ResidueTest = "residue_test",
        /// 萎凋、黃葉
        LeafCondition = "leaf_condition",
        /// 硬度
        Firmness = "firmness",
        /// 糖度
        Sweetness = "sweetness",
        /// 魚眼、魚鰓
        EyesAndGills = "eyes_and_gills",
        /// 血水、色澤
        ColourAndDrip = "colour_and_drip",
        /// 破殼
        ShellIntact = "shell_intact",
        /// 封口
        SealIntact = "seal_intact",
        /// 解凍後再凍
        ThawMarks = "thaw_marks",
    }
}

impl Criterion {
    pub const fn class(self) -> FaultClass {
        match self {
            Self::Smell | Self::ForeignMatter | Self::ResidueTest | Self::ThawMarks => FaultClass::Critical,
            Self::EyesAndGills | Self::ColourAndDrip | Self::SealIntact | Self::VehicleHygiene => FaultClass::Major,
            Self::Appearance
            | Self::Packaging
            | Self::LeafCondition
            | Self::Firmness
            | Self::Sweetness
            | Self::ShellIntact => FaultClass::Minor,
        }
    }
}

/// Asked of every load.
const OF_ALL: [Criterion; 5] = [
    Criterion::Appearance,
    Criterion::Smell,
    Criterion::Packaging,
    Criterion::VehicleHygiene,
    Criterion::ForeignMatter,
];

/// Asked of one category more.
const OF_CATEGORY: [(&str, &[Criterion]); 14] = [
    ("leafy", &[Criterion::LeafCondition, Criterion::ResidueTest]),
    ("herbs", &[Criterion::LeafCondition, Criterion::ResidueTest]),
    ("vegetables", &[Criterion::Firmness, Criterion::ResidueTest]),
    ("vegetable", &[Criterion::Firmness, Criterion::ResidueTest]),
    ("fruit", &[Criterion::Firmness, Criterion::Sweetness]),
    ("berries", &[Criterion::Firmness, Criterion::Sweetness]),
    ("fish", &[Criterion::EyesAndGills]),
    ("seafood", &[Criterion::EyesAndGills]),
    ("meat", &[Criterion::ColourAndDrip]),
    ("poultry", &[Criterion::ColourAndDrip]),
    ("eggs", &[Criterion::ShellIntact]),
    ("dairy", &[Criterion::SealIntact]),
    ("tofu", &[Criterion::SealIntact]),
    ("deli", &[Criterion::SealIntact]),
];

/// What the inspector is asked about a product.
pub(super) fn criteria(sku: &Sku) -> Vec<Criterion> {
    let mut asked = OF_ALL.to_vec();
    let of_category = OF_CATEGORY.iter().find(|(category, _)| *category == sku.category);
    asked.extend(of_category.into_iter().flat_map(|(_, criteria)| criteria.iter().copied()));
    // A category that the list does not know is still told by how it is kept and handled.
    if of_category.is_none() && sku.hygiene == Hygiene::Raw {
        asked.push(Criterion::ColourAndDrip);
    }
    if sku.temperature_class == TemperatureClass::Frozen {
        asked.push(Criterion::ThawMarks);
    }
    asked
}

/// How many cartons to open for one class of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SamplePlan {
    pub class: FaultClass,
    /// The table that the supplier has earned with this product.
    pub severity: Severity,
    pub plan: Plan,
}

/// The plans of the three classes. Critical faults are looked for in every carton that is opened for the others.
pub(super) fn plans(cartons: i64, terms: &Terms, major: Severity, minor: Severity) -> [SamplePlan; 3] {
    let plan = |class, aql, severity| SamplePlan {
        class,
        severity,
        plan: sampling::plan(cartons, terms.level, aql, severity),
    };
    let major = plan(FaultClass::Major, terms.aql_major, major);
    let minor = plan(FaultClass::Minor, terms.aql_minor, minor);
    let widest = if major.plan.sample >= minor.plan.sample { major } else { minor };
    let critical = SamplePlan { class: FaultClass::Critical, plan: Plan { accept: 0, ..widest.plan }, ..widest };
    [critical, major, minor]
}

/// Everything an inspector needs on one screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InspectionForm {
    pub line: ArrivalLineId,
    pub sku: SkuId,
    pub supplier: SupplierId,
    pub received: Quantity,
    /// The units that samples are drawn from.
    pub cartons: i64,
    pub announced_grams: Option<i64>,
    pub facts: Facts,
    pub samples: [SamplePlan; 3],
    pub criteria: Vec<AskedCriterion>,
    /// The price cut that a concession has, if the inspector names no other.
    pub concession_cut_bp: i64,
    /// What already stands against the line.
    pub faults: Vec<Fault>,
    /// What these faults forbid.
    pub bar: Bar,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AskedCriterion {
    pub criterion: Criterion,
    pub class: FaultClass,
}

/// The form of a line that has been weighed.
pub async fn form(tx: &mut Tx, line: ArrivalLineId) -> Result<InspectionForm, ReceivingRefusal> {
    let case = Case::load(tx, line).await?;
    let major = store::history(tx, case.arrival.supplier, case.sku.id, FaultClass::Major).await?;
    let minor = store::history(tx, case.arrival.supplier, case.sku.id, FaultClass::Minor).await?;
    let facts = case.facts();
    let mut faults = facts.faults();
    faults.extend(stopped(FaultClass::Major, &major.history));
    faults.extend(stopped(FaultClass::Minor, &minor.history));
    Ok(InspectionForm {
        line,
        sku: case.sku.id,
        supplier: case.arrival.supplier,
        received: case.line.received,
        cartons: case.line.cartons,
        announced_grams: case.line.announced_grams,
        facts,
        samples: plans(case.line.cartons, &case.terms(), major.history.severity, minor.history.severity),
        criteria: criteria(&case.sku)
            .into_iter()
            .map(|criterion| AskedCriterion { criterion, class: criterion.class() })
            .collect(),
        concession_cut_bp: case.terms().concession_cut_bp,
        bar: rules::bar(&faults),
        faults,
    })
}

/// The fault of a supplier whose samples have failed too often.
pub(super) fn stopped(class: FaultClass, history: &History) -> Option<Fault> {
    match history.severity {
        Severity::Stopped => Some(Fault::SamplingStopped { class }),
        Severity::Normal | Severity::Tightened | Severity::Reduced => None,
    }
}

#[cfg(test)]
mod tests {
    use kernel::DeciCelsius;

    use super::*;
    use crate::receiving::sampling::{Aql, Level};

    fn terms() -> Terms {
        Terms {
            arrival_max: Some(DeciCelsius(70)),
            remaining_life_min_days: 3,
            weight_tolerance_bp: 300,
            over_receipt_bp: 500,
            aql_major: Aql::MAJOR,
            aql_minor: Aql::MINOR,
            level: Level::II,
            concession_cut_bp: 1_000,
        }
    }

    #[test]
    fn critical_faults_are_looked_for_in_every_opened_carton() {
        let [critical, major, minor] = plans(200, &terms(), Severity::Normal, Severity::Normal);
        assert_eq!((major.plan.sample, major.plan.accept), (50, 1));
        assert_eq!((minor.plan.sample, minor.plan.accept), (32, 3));
        assert_eq!((critical.plan.sample, critical.plan.accept), (50, 0));
    }

    #[test]
    fn a_supplier_under_watch_is_sampled_by_its_own_record() {
        let [_, major, minor] = plans(200, &terms(), Severity::Tightened, Severity::Normal);
        assert_eq!((major.severity, minor.severity), (Severity::Tightened, Severity::Normal));
        assert!(major.plan.sample >= 50);
    }
}
