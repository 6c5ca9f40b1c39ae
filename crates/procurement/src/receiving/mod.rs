//! Step 1.6 驗收與入庫. Takes goods off the truck, weighs and judges them, and sees them to their bin or back.
//!
//! A truck arrives, its lines are weighed in and become lots, somebody else judges them by a form that the contract
//! makes, the lots part company, the rejected ones leave with the truck, the others reach a bin of their zone, and the
//! supplier is paid for what was accepted. Whatever the dock decides, accepted + concession + quarantined + rejected is
//! what the scale showed. Never changes what was agreed, and never lets one person both receive and judge.

mod arrive;
mod case;
mod claims;
mod decide;
pub mod events;
mod form;
pub mod http;
mod judge;
mod match_invoice;
mod papers;
mod pay;
mod put_away;
mod refusal;
mod return_note;
mod rules;
pub mod sampling;
mod schedule;
mod shelving;
mod standing;
mod store;
pub mod three_way;
mod trace;
mod weigh;
mod weights;

use ::store::Tx;
use schedule::site_of_line;

pub use arrive::{Arrival, ArrivalState, NewArrival, arrival, arrive};
pub use claims::{Claim, ClaimKind, claims};
pub use decide::{NewDecision, decide};
pub use form::{AskedCriterion, Criterion, InspectionForm, SamplePlan, form};
pub use judge::{Decision, Finding, NewVerdict, Outcome, Part, Verdict, Whereabouts, judge};
pub use match_invoice::{
    FoundVariance, InvoiceLine, NewInvoiceLine, NewSupplierInvoice, SupplierInvoice, SupplierInvoiceState,
    book_invoice, invoice, invoices, match_again, withdraw,
};
pub use pay::{InvoiceReason, Released, pay, release};
pub use put_away::{NewPutAway, PutAway, put_away, set_capacity, suggestions};
pub use refusal::ReceivingRefusal;
pub use return_note::{NewReturn, ReturnedLot, SupplierReturn, return_note, returns, supplier_return};
pub use rules::{Bar, Disposition, Drawn, Facts, Fault, FaultClass, NewPart};
pub use schedule::{ArrivalReport, DockSchedule, DueArrival, StandsAgainst, arrival_report, arrivals, dock_schedule};
pub use shelving::{BinLane, Separation, SuggestedBin};
pub use standing::{
    NewConditions, SamplingStanding, confirm_conditions, resume_sampling, sampling_is_stopped, sampling_standings,
};
pub use trace::{KeyFact, LabelFacts, Reference, ReferenceKind, SourceRecord, TraceFacts};
pub use weigh::{ArrivalLine, LineState, NewArrivalLine, WeighedIn, weigh};
pub use weights::{Crate, NewCrate, Tare, TareProfile};

/// Says what an empty crate of a kind weighs.
pub async fn set_tare_profile(tx: &mut Tx, profile: TareProfile) -> Result<TareProfile, ReceivingRefusal> {
    store::set_tare_profile(tx, &profile).await?;
    Ok(profile)
}

/// The kinds of crates, by code.
pub async fn tare_profiles(tx: &mut Tx) -> Result<Vec<TareProfile>, ReceivingRefusal> {
    Ok(store::tare_profiles(tx).await?.into_values().collect())
}
