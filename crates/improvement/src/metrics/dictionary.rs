//! The indicator dictionary, as data: what each figure means, who answers for it, and where its numbers come from.

use accounts::{Account, WasteCause};
use identity::Role;
use kernel::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::{
    Better::{Higher, Lower, Neither},
    IndicatorKind::{Effect, Speed},
    Reduction::{Count, Mean, Median, Ninetieth, PerHour, Share, Sum},
    Source::{Against, Journal, Orders, Pace, Read, Span, Told},
};
use super::{
    read,
    rules::{MINUTE, Part, SECOND},
};

codes! {
    /// What an indicator is about: how fast a step is, or how well it does.
    IndicatorKind {
        Speed = "speed",
        Effect = "effect",
    }
    IndicatorUnit {
        Count = "count",
        Seconds = "seconds",
        Minutes = "minutes",
        Metres = "metres",
        Grams = "grams",
        /// Hundredths of a percent.
        BasisPoints = "basis_points",
        /// A rate with two decimal places, as a whole number of hundredths.
        Hundredths = "hundredths",
        /// The minor unit of the site's currency.
        Money = "money",
    }
    /// Which way is good.
    Better {
        Higher = "higher",
        Lower = "lower",
        /// It says how much there was to do.
        Neither = "neither",
    }
    /// What one figure covers.
    Grain {
        SiteDay = "site_day",
    }
}

/// One entry of the dictionary.
#[derive(Clone, Copy, Debug)]
pub struct Indicator {
    pub name: &'static str,
    /// Of the formula; a figure of another version is another figure.
    pub version: i64,
    /// The step of the workflow that it judges.
    pub step: &'static str,
    pub kind: IndicatorKind,
    pub unit: IndicatorUnit,
    pub better: Better,
    /// What is aimed at: at least this where higher is better, at most this where lower is.
    pub target: Option<i64>,
    pub owner: Role,
    pub formula: &'static str,
    pub(super) reduction: Reduction,
    pub(super) source: Source,
}

/// How entries become one figure. Every entry brings a part, and a whole that the part is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reduction {
    /// How many entries there are.
    Count,
    /// Σ part.
    Sum,
    /// The part in the middle, by nearest rank.
    Median,
    /// The part below which nine of ten lie, by nearest rank.
    Ninetieth,
    /// Σ part ÷ Σ whole, in basis points.
    Share,
    /// Σ part × scale ÷ Σ whole.
    Mean { scale: i64 },
    /// Σ part ÷ Σ whole milliseconds, in hundredths per hour.
    PerHour,
}

/// Where the entries of an indicator come from.
#[derive(Clone, Copy)]
pub(super) enum Source {
    /// Every event of the kind is one.
    Told(&'static str),
    /// Every event of the kind `until`, with the time since the first `from` of the same thing.
    Span { from: &'static str, until: &'static str, of: &'static str, unit_ms: i64 },
    /// Every event of a kind of `part` counts one there, and one of `whole` there; it may stand in both.
    Against { part: &'static [&'static str], whole: &'static [&'static str] },
    /// What the bodies of these kinds say.
    Read(&'static [&'static str], fn(&events::ToldEvent) -> Option<Part>),
    /// The pauses between one person's scans.
    Pace,
    /// Entries of the money journal, by account.
    Journal(fn(Account, Money) -> Option<Part>),
    /// The contribution of every order that left.
    Orders,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Told(kind) => write!(f, "Told({kind})"),
            Span { from, until, .. } => write!(f, "Span({from}..{until})"),
            Against { part, whole } => write!(f, "Against({part:?} of {whole:?})"),
            Read(kinds, _) => write!(f, "Read({kinds:?})"),
            Pace => f.write_str("Pace"),
            Journal(_) => f.write_str("Journal"),
            Orders => f.write_str("Orders"),
        }
    }
}

/// An entry of the dictionary as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IndicatorCard {
    pub name: String,
    /// In the reader's language.
    pub label: String,
    pub version: i64,
    pub step: String,
    pub kind: IndicatorKind,
    pub unit: IndicatorUnit,
    pub grain: Grain,
    pub better: Better,
    pub target: Option<i64>,
    pub owner: Role,
    pub formula: String,
}

impl Indicator {
    pub fn card(&self, lang: kernel::Lang) -> IndicatorCard {
        let label = kernel::speech::say(lang, &format!("indicator.{}", self.name), &[]);
        IndicatorCard {
            name: self.name.to_owned(),
            label: label.unwrap_or_else(|| self.name.to_owned()),
            version: self.version,
            step: self.step.to_owned(),
            kind: self.kind,
            unit: self.unit,
            grain: Grain::SiteDay,
            better: self.better,
            target: self.target,
            owner: self.owner,
            formula: self.formula.to_owned(),
        }
    }

    /// Whether a value misses the target.
    pub fn misses(&self, value: i64) -> bool {
        match (self.better, self.target) {
            (Higher, Some(target)) => value < target,
            (Lower, Some(target)) => value > target,
            (Higher | Lower | Neither, _) => false,
        }
    }
}

/// Every indicator, in the order of the workflow.
pub fn dictionary() -> &'static [Indicator] {
    DICTIONARY
}

/// One indicator by its name.
pub fn indicator(name: &str) -> Option<&'static Indicator> {
    DICTIONARY.iter().find(|indicator| indicator.name == name)
}

macro_rules! dictionary {
    ($($step:literal $kind:ident $owner:ident {
        $($name:ident: $unit:ident $better:ident $(to $target:literal)?, $reduction:expr, $source:expr, $formula:literal;)*
    })*) => {
        &[$($(Indicator {
            name: stringify!($name),
            version: 1,
            step: $step,
            kind: $kind,
            unit: IndicatorUnit::$unit,
            better: $better,
            target: dictionary!(@ $($target)?),
            owner: Role::$owner,
            formula: $formula,
            reduction: $reduction,
            source: $source,
        },)*)*]
    };
    (@ $target:literal) => { Some($target) };
    (@) => { None };
}

const fn minutes(from: &'static str, until: &'static str, of: &'static str) -> Source {
    Span { from, until, of, unit_ms: MINUTE }
}

/// Targets are those that the company starts with; a percentage is in basis points.
#[rustfmt::skip]
static DICTIONARY: &[Indicator] = dictionary! {
    "1.3" Speed Buyer {
        requisition_to_order_minutes: Minutes Lower to 480, Median, minutes("requisition_submitted", "requisition_ordered", "requisition"),
            "median over requisition_ordered of its instant − the instant of the requisition's first requisition_submitted";
    }
    "1.4" Speed FinanceController {
        approval_minutes: Minutes Lower to 240, Median, minutes("requisition_submitted", "requisition_approved", "requisition"),
            "median over requisition_approved of its instant − the instant of the requisition's first requisition_submitted";
    }
    "1.4" Effect FinanceController {
        unapproved_purchases_tried: Count Lower to 0, Count, Told("unapproved_purchase_tried"),
            "number of unapproved_purchase_tried: purchases above the limit that were tried without the signatures they need";
        budgets_overridden: Count Lower to 0, Count, Told("budget_overridden"),
            "number of budget_overridden: money set aside beyond what a budget had free";
    }
    "1.5" Speed Buyer {
        placed_to_contract_minutes: Minutes Lower to 1440, Median, minutes("purchase_order_placed", "purchase_order_accepted", "purchase_order"),
            "median over purchase_order_accepted of its instant − the instant of the order's purchase_order_placed";
    }
    "1.5" Effect Buyer {
        purchase_orders_accepted_pct: BasisPoints Higher to 9500, Share, Against { part: &["purchase_order_accepted"], whole: &["purchase_order_accepted", "purchase_order_declined"] },
            "purchase_order_accepted ÷ (purchase_order_accepted + purchase_order_declined)";
    }
    "1.6" Speed WarehouseLead {
        dock_to_stock_minutes: Minutes Lower to 120, Median, Read(&["goods_put_away"], read::dock_to_stock),
            "median over goods_put_away of dock_to_stock_minutes, the minutes since the arrival";
        dock_to_stock_minutes_p90: Minutes Lower to 240, Ninetieth, Read(&["goods_put_away"], read::dock_to_stock),
            "90th percentile over goods_put_away of dock_to_stock_minutes";
        refusal_to_return_minutes: Minutes Lower to 120, Median, minutes("goods_judged", "goods_returned", "arrival"),
            "median over goods_returned of its instant − the instant of the arrival's first goods_judged";
    }
    "1.6" Effect QualityInspector {
        lines_accepted_whole_pct: BasisPoints Higher to 9500, Share, Read(&["goods_judged"], read::accepted_whole),
            "judged lines of which every part was accepted ÷ judged lines, over goods_judged";
    }
    "2.1" Effect WarehouseLead {
        promises_uncovered: Count Lower to 0, Count, Told("reservation_uncovered"),
            "number of reservation_uncovered: promises whose goods failed";
    }
    "2.2" Speed WarehouseLead {
        picks_per_hour: Hundredths Higher, PerHour, Pace,
            "goods_picked ÷ hours at work; hours at work are the pauses of at most 15 minutes before a person's scans (pick_tasks_claimed, goods_picked, line_shorted, pick_task_rebound)";
    }
    "2.2" Effect WarehouseLead {
        lines_shorted: Count Lower, Count, Told("line_short"),
            "number of line_short: order lines that were sent in part or not at all";
        pick_weight_error_grams: Grams Lower to 30, Mean { scale: 1 }, Read(&["order_settled"], read::weight_error),
            "mean over the settled lines that were ordered by weight and not short of |grams sent − grams ordered|";
        parcel_weight_error_grams: Grams Lower to 100, Mean { scale: 1 }, Read(&["parcel_packed"], read::parcel_error),
            "mean over parcel_packed of |gross_grams − expected_grams|";
    }
    "2.3" Speed WarehouseLead {
        alarm_to_acknowledge_minutes: Minutes Lower to 15, Median, minutes("temperature_alarm_raised", "temperature_alarm_acknowledged", "excursion"),
            "median over temperature_alarm_acknowledged of its instant − the instant of the excursion's temperature_alarm_raised";
    }
    "2.3" Effect WarehouseLead {
        minutes_in_limits_pct: BasisPoints Higher to 9900, Share, Read(&["haccp_day_signed"], read::in_limits),
            "(minutes_watched − minutes_over − minutes_silent) ÷ minutes_watched of all probes, over haccp_day_signed";
        lots_quarantined: Count Lower, Count, Told("lot_quarantined"),
            "number of lot_quarantined";
    }
    "2.4" Effect WarehouseLead {
        lots_expired: Count Lower to 0, Count, Told("lot_expired"),
            "number of lot_expired";
        waste_at_cost: Money Lower, Sum, Journal(read::waste),
            "Σ postings of the day to waste by spoilage, expiry, damage, cold chain and recall";
        shrinkage_at_cost: Money Lower, Sum, Journal(read::shrinkage),
            "Σ postings of the day to waste by theft and to unexplained differences of counts";
        shrinkage_bp: BasisPoints Lower to 50, Share, Journal(read::shrinkage_of_sales),
            "shrinkage at cost ÷ sales net of tax, of the day's postings";
    }
    "3.1" Speed OrderDesk {
        placed_to_accepted_seconds: Seconds Lower to 120, Median, Span { from: "order_placed", until: "order_accepted", of: "customer_order", unit_ms: SECOND },
            "median over order_accepted of its instant − the instant of the order's order_placed";
    }
    "3.1" Effect OrderDesk {
        orders_placed: Count Neither, Count, Told("order_placed"),
            "number of order_placed";
    }
    "3.2" Speed OrderDesk {
        accepted_without_a_hand_pct: BasisPoints Higher to 9000, Share, Read(&["order_accepted"], read::without_a_hand),
            "order_accepted with without_a_hand = 1 ÷ order_accepted";
    }
    "3.2" Effect OrderDesk {
        orders_accepted: Count Neither, Count, Told("order_accepted"),
            "number of order_accepted";
        orders_held: Count Lower, Count, Told("order_held"),
            "number of order_held";
        orders_declined: Count Lower, Count, Told("order_declined"),
            "number of order_declined";
        orders_cancelled: Count Lower, Count, Told("order_cancelled"),
            "number of order_cancelled";
    }
    "3.4" Speed WarehouseLead {
        release_to_packed_minutes: Minutes Lower to 90, Median, minutes("order_released", "order_settled", "customer_order"),
            "median over order_settled of its instant − the instant of the order's order_released";
        order_to_dispatch_minutes: Minutes Lower, Median, minutes("order_placed", "order_dispatched", "customer_order"),
            "median over order_dispatched of its instant − the instant of the order's order_placed";
        order_to_dispatch_minutes_p90: Minutes Lower, Ninetieth, minutes("order_placed", "order_dispatched", "customer_order"),
            "90th percentile over order_dispatched of its instant − the instant of the order's order_placed";
    }
    "3.4" Effect WarehouseLead {
        orders_dispatched: Count Neither, Count, Told("order_dispatched"),
            "number of order_dispatched";
        line_fill_rate_pct: BasisPoints Higher to 9300, Share, Read(&["order_settled"], read::full_lines),
            "settled lines whose difference is not short ÷ settled lines, over order_settled";
        settled_within_estimate_pct: BasisPoints Higher to 5000, Share, Read(&["order_settled"], read::within_estimate),
            "order_settled with 0 < amount ≤ expected ÷ order_settled with amount > 0";
        payments_captured: Money Neither, Sum, Read(&["payment_captured"], read::captured),
            "Σ amount of payment_captured";
        sales_net: Money Higher, Sum, Journal(read::sales),
            "Σ credit − debit of the day's postings to sales, which are net of tax";
        contribution_per_order: Money Higher, Mean { scale: 1 }, Orders,
            "Σ contribution ÷ orders, over the orders of order_dispatched; contribution is sales net of tax − refunds − goods at landed cost − packaging − labour − delivery − payment fee, from the money journal";
    }
    "3.5" Effect OrderDesk {
        notices_sent: Count Neither, Count, Told("notice_sent"),
            "number of notice_sent";
        notices_delivered_pct: BasisPoints Higher to 9900, Share, Against { part: &["notice_sent"], whole: &["notice_sent", "notice_buried"] },
            "notice_sent ÷ (notice_sent + notice_buried)";
    }
    "4.1" Effect Dispatcher {
        planned_metres_per_stop: Metres Lower, Mean { scale: 1 }, Read(&["run_planned"], read::metres),
            "Σ metres ÷ Σ orders, over run_planned";
    }
    "4.3" Speed Dispatcher {
        order_to_door_minutes: Minutes Lower, Median, minutes("order_placed", "order_handed_over", "customer_order"),
            "median over order_handed_over of its instant − the instant of the order's order_placed";
        eta_error_minutes: Minutes Lower to 15, Mean { scale: 1 }, Read(&["stop_arrived"], read::eta_error),
            "mean over stop_arrived of |instant − expected_at| in whole minutes";
    }
    "4.3" Effect Dispatcher {
        orders_handed_over: Count Neither, Count, Told("order_handed_over"),
            "number of order_handed_over";
        orders_failed: Count Lower, Count, Told("order_failed"),
            "number of order_failed";
        on_time_in_window_pct: BasisPoints Higher to 8500, Share, Read(&["stop_handed_over"], read::on_time),
            "stop_handed_over inside the window that was promised first ÷ stop_handed_over";
        first_attempt_pct: BasisPoints Higher to 9500, Share, Read(&["stop_handed_over", "attempt_failed"], read::first_attempt),
            "stop_handed_over at the first attempt ÷ (stop_handed_over at the first attempt + attempt_failed at the first attempt)";
    }
    "4.4" Speed OrderDesk {
        rating_answer_rate_pct: BasisPoints Higher to 2000, Share, Against { part: &["rating_given"], whole: &["feedback_asked"] },
            "rating_given ÷ feedback_asked, both of the day";
        complaint_to_answer_minutes: Minutes Lower to 480, Median, minutes("complaint_made", "complaint_answered", "complaint"),
            "median over complaint_answered of its instant − the instant of its complaint_made";
    }
    "4.4" Effect OrderDesk {
        rating_average: Hundredths Higher to 430, Mean { scale: 100 }, Read(&["rating_given"], read::stars),
            "mean of all stars (goods, time, courier) over rating_given, in hundredths of a star";
        complaints_per_1000: Hundredths Lower to 2000, Mean { scale: 100_000 }, Against { part: &["complaint_made"], whole: &["order_handed_over"] },
            "complaint_made × 1000 ÷ order_handed_over, both of the day, in hundredths";
    }
    "4.5" Speed OrderDesk {
        complaint_to_remedy_minutes: Minutes Lower to 1440, Median, minutes("complaint_made", "remedy_given", "complaint"),
            "median over remedy_given of its instant − the instant of its complaint_made";
    }
    "4.5" Effect OrderDesk {
        payments_refunded: Money Lower, Sum, Read(&["payment_refunded"], read::refunded),
            "Σ amount of payment_refunded";
        remedies_given: Count Lower, Count, Told("remedy_given"),
            "number of remedy_given";
    }
    "5" Speed OperationsManager {
        procedure_draft_to_published_minutes: Minutes Lower to 20160, Median, minutes("procedure_drafted", "procedure_published", "revision"),
            "median over procedure_published of its instant − the instant of the revision's procedure_drafted";
    }
    "5" Effect OperationsManager {
        procedures_acknowledged: Count Neither, Count, Told("procedure_acknowledged"),
            "number of procedure_acknowledged: people who confirmed that they read a procedure";
    }
    "6" Speed OperationsManager {
        suggestion_to_answer_minutes: Minutes Lower to 10080, Median, minutes("suggestion_made", "suggestion_answered", "suggestion"),
            "median over suggestion_answered of its instant − the instant of its suggestion_made";
    }
    "6" Effect OperationsManager {
        suggestions_made: Count Neither, Count, Told("suggestion_made"),
            "number of suggestion_made";
        actions_done_in_time_pct: BasisPoints Higher to 9000, Share, Read(&["action_done"], read::in_time),
            "action_done with late = 0 ÷ action_done";
    }
};

/// The waste causes of [`Account::Waste`] that a fresh-food shop expects, against those that nobody can explain.
pub(super) const fn is_shrinkage(cause: WasteCause) -> bool {
    match cause {
        WasteCause::Theft | WasteCause::Unexplained => true,
        WasteCause::Spoilage | WasteCause::Expiry | WasteCause::Damage | WasteCause::ColdChain | WasteCause::Recall => {
            false
        }
    }
}
