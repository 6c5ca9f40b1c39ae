//! What a person may be trusted to do. Roles are sets of duties (`identity::roles`); operations demand one each.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A marker that names its duty in a handler's signature: `by: By<duty::ReceiveGoods>`.
pub trait Mark: Send + Sync + 'static {
    const DUTY: Duty;
}

macro_rules! duties {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        /// One thing that a role may include.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Duty {
            $($(#[$doc])* $name,)*
        }

        impl Duty {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|duty| duty.code() == code)
            }
        }

        $(
            #[derive(Debug)]
            pub struct $name;

            impl Mark for $name {
                const DUTY: Duty = Duty::$name;
            }
        )*
    };
}

duties! {
    /// Being signed in at all: who am I, sign out, change one's own password.
    BeSomebody = "be_somebody";
    ManageUsers = "manage_users";
    ManageCatalog = "manage_catalog";
    ReadCatalog = "read_catalog";
    ManageCustomers = "manage_customers";
    /// See names, phones and addresses unmasked; every reading is recorded.
    ReadPersonalData = "read_personal_data";
    ReadAccounts = "read_accounts";
    ManageBudgets = "manage_budgets";
    /// Open invoice number ranges, void invoices, close periods.
    KeepBooks = "keep_books";
    ReadEvents = "read_events";

    ResearchMarket = "research_market";
    ManageSuppliers = "manage_suppliers";
    ApproveSuppliers = "approve_suppliers";
    RequestPurchase = "request_purchase";
    ApproveForBuying = "approve_for_buying";
    ApproveForDepartment = "approve_for_department";
    ApproveForFinance = "approve_for_finance";
    ApproveAsGeneralManager = "approve_as_general_manager";
    PlacePurchaseOrders = "place_purchase_orders";
    ReadPurchases = "read_purchases";
    /// A supplier's own answer to a purchase order.
    AnswerPurchaseOrders = "answer_purchase_orders";
    ReceiveGoods = "receive_goods";
    InspectGoods = "inspect_goods";
    PutGoodsAway = "put_goods_away";
    BookSupplierInvoices = "book_supplier_invoices";
    ReleaseInvoiceQuantity = "release_invoice_quantity";
    ReleaseInvoicePrice = "release_invoice_price";
    PaySuppliers = "pay_suppliers";

    ReadStock = "read_stock";
    /// Enter stock that was there before the system was.
    OpenStock = "open_stock";
    BlockLots = "block_lots";
    LiftBlocks = "lift_blocks";
    TraceLots = "trace_lots";
    /// Call a lot back from the shelves and from customers, or rehearse it.
    RecallLots = "recall_lots";
    ReleaseWaves = "release_waves";
    PickGoods = "pick_goods";
    PackGoods = "pack_goods";
    StageParcels = "stage_parcels";
    ManageSensors = "manage_sensors";
    RecordReadings = "record_readings";
    AnswerAlarms = "answer_alarms";
    CountStock = "count_stock";
    ApproveAdjustments = "approve_adjustments";
    /// Sign for differences and disposals above a lead's limit.
    ApproveLargeAdjustments = "approve_large_adjustments";

    /// A customer's own orders.
    PlaceOrders = "place_orders";
    /// Orders taken by the desk or a file on a customer's behalf.
    TakeOrders = "take_orders";
    ReviewOrders = "review_orders";
    ReadOrders = "read_orders";
    ManageWindows = "manage_windows";

    PlanRoutes = "plan_routes";
    LoadRuns = "load_runs";
    DriveRuns = "drive_runs";
    ManageCouriers = "manage_couriers";
    ReadRuns = "read_runs";
    RateDeliveries = "rate_deliveries";
    AnswerComplaints = "answer_complaints";
    /// Give back more than the desk may.
    ApproveRemedies = "approve_remedies";

    AuthorProcedures = "author_procedures";
    ApproveProcedures = "approve_procedures";
    ReadProcedures = "read_procedures";
    Suggest = "suggest";
    HoldMeetings = "hold_meetings";
    ReadIndicators = "read_indicators";
    ManageWebhooks = "manage_webhooks";
    /// Move the clock of a demonstration.
    RunDemonstration = "run_demonstration";
}
