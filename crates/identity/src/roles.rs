//! Which role may do what: one duty per line, and no duty that the role does not need.

use std::collections::BTreeSet;

use edge::Duty;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        /// What somebody is in the shop.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Role {
            $($(#[$doc])* $name,)*
        }

        impl Role {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|role| role.code() == code)
            }
        }
    };
}

roles! {
    /// 系統管理員
    Administrator = "administrator";
    /// 採購
    Buyer = "buyer";
    /// 採購組長: signs what the buyers ask for, and asks for nothing.
    BuyerLead = "buyer_lead";
    /// 部門主管
    DepartmentHead = "department_head";
    /// 財務主管
    FinanceController = "finance_controller";
    /// 會計: books what suppliers invoice.
    Accountant = "accountant";
    /// 出納: pays what others have booked and approved.
    Cashier = "cashier";
    /// 總經理
    GeneralManager = "general_manager";
    /// 收貨員
    Receiver = "receiver";
    /// 質檢
    QualityInspector = "quality_inspector";
    /// 倉儲主管
    WarehouseLead = "warehouse_lead";
    /// 分揀員
    Picker = "picker";
    /// 包裝員
    Packer = "packer";
    /// 訂單客服
    OrderDesk = "order_desk";
    /// 調度
    Dispatcher = "dispatcher";
    /// 配送員
    Courier = "courier";
    /// 運營經理
    OperationsManager = "operations_manager";
    /// 食品安全稽核
    FoodSafetyAuditor = "food_safety_auditor";
    /// 顧客
    Customer = "customer";
    /// 供應商
    Supplier = "supplier";
    /// A probe, a scale, a gateway.
    Device = "device";
}

store::coded!(Role);

impl Role {
    /// Every duty of the role, one per line, so that a change shows as what it is.
    #[rustfmt::skip]
    pub const fn duties(self) -> &'static [Duty] {
        match self {
            Self::Administrator => &[
                Duty::BeSomebody,
                Duty::ManageUsers,
                Duty::ManageWebhooks,
                Duty::ReadCatalog,
                Duty::ReadEvents,
                Duty::ReadProcedures,
                Duty::RunDemonstration,
                Duty::Suggest,
            ],
            Self::Buyer => &[
                Duty::BeSomebody,
                Duty::ManageSuppliers,
                Duty::PlacePurchaseOrders,
                Duty::ReadCatalog,
                Duty::ReadIndicators,
                Duty::ReadProcedures,
                Duty::ReadPurchases,
                Duty::ReadStock,
                Duty::ReleaseInvoiceQuantity,
                Duty::RequestPurchase,
                Duty::ResearchMarket,
                Duty::Suggest,
            ],
            Self::BuyerLead => &[
                Duty::ApproveForBuying,
                Duty::BeSomebody,
                Duty::ReadCatalog,
                Duty::ReadIndicators,
                Duty::ReadProcedures,
                Duty::ReadPurchases,
                Duty::ReadStock,
                Duty::Suggest,
            ],
            Self::DepartmentHead => &[
                Duty::ApproveForDepartment,
                Duty::ApproveSuppliers,
                Duty::BeSomebody,
                Duty::ReadCatalog,
                Duty::ReadIndicators,
                Duty::ReadProcedures,
                Duty::ReadPurchases,
                Duty::ReadStock,
                Duty::Suggest,
            ],
            Self::FinanceController => &[
                Duty::ApproveAdjustments,
                Duty::ApproveForFinance,
                Duty::ApproveLargeAdjustments,
                Duty::BeSomebody,
                Duty::KeepBooks,
                Duty::ManageBudgets,
                Duty::ReadAccounts,
                Duty::ReadCatalog,
                Duty::ReadIndicators,
                Duty::ReadProcedures,
                Duty::ReadPurchases,
                Duty::ReleaseInvoicePrice,
                Duty::Suggest,
            ],
            Self::Accountant => &[
                Duty::BeSomebody,
                Duty::BookSupplierInvoices,
                Duty::ReadAccounts,
                Duty::ReadProcedures,
                Duty::ReadPurchases,
                Duty::Suggest,
            ],
            Self::Cashier => &[
                Duty::BeSomebody,
                Duty::PaySuppliers,
                Duty::ReadAccounts,
                Duty::ReadProcedures,
                Duty::ReadPurchases,
                Duty::Suggest,
            ],
            Self::GeneralManager => &[
                Duty::ApproveAsGeneralManager,
                Duty::ApproveProcedures,
                Duty::BeSomebody,
                Duty::HoldMeetings,
                Duty::ReadAccounts,
                Duty::ReadCatalog,
                Duty::ReadIndicators,
                Duty::ReadProcedures,
                Duty::ReadPurchases,
                Duty::ReadStock,
                Duty::Suggest,
            ],
            Self::Receiver => &[
                Duty::BeSomebody,
                Duty::PutGoodsAway,
                Duty::ReadCatalog,
                Duty::ReadProcedures,
                Duty::ReadPurchases,
                Duty::ReadStock,
                Duty::ReceiveGoods,
                Duty::Suggest,
            ],
            Self::QualityInspector => &[
                Duty::AnswerAlarms,
                Duty::BeSomebody,
                Duty::BlockLots,
                Duty::InspectGoods,
                Duty::LiftBlocks,
                Duty::ReadCatalog,
                Duty::ReadProcedures,
                Duty::ReadPurchases,
                Duty::ReadStock,
                Duty::RecallLots,
                Duty::Suggest,
                Duty::TraceLots,
            ],
            Self::WarehouseLead => &[
                Duty::AnswerAlarms,
                Duty::ApproveAdjustments,
                Duty::BeSomebody,
                Duty::BlockLots,
                Duty::ManageSensors,
                Duty::PutGoodsAway,
                Duty::ReadCatalog,
                Duty::ReadIndicators,
                Duty::ReadOrders,
                Duty::ReadProcedures,
                Duty::ReadPurchases,
                Duty::ReadRuns,
                Duty::ReadStock,
                Duty::ReleaseWaves,
                Duty::StageParcels,
                Duty::Suggest,
                Duty::TraceLots,
            ],
            Self::Picker => &[
                Duty::BeSomebody,
                Duty::CountStock,
                Duty::PickGoods,
                Duty::ReadCatalog,
                Duty::ReadProcedures,
                Duty::ReadStock,
                Duty::Suggest,
            ],
            Self::Packer => &[
                Duty::BeSomebody,
                Duty::PackGoods,
                Duty::ReadCatalog,
                Duty::ReadProcedures,
                Duty::ReadStock,
                Duty::StageParcels,
                Duty::Suggest,
            ],
            Self::OrderDesk => &[
                Duty::AnswerComplaints,
                Duty::BeSomebody,
                Duty::ManageCustomers,
                Duty::ReadCatalog,
                Duty::ReadOrders,
                Duty::ReadPersonalData,
                Duty::ReadProcedures,
                Duty::ReadRuns,
                Duty::ReviewOrders,
                Duty::Suggest,
                Duty::TakeOrders,
            ],
            Self::Dispatcher => &[
                Duty::BeSomebody,
                Duty::LoadRuns,
                Duty::ManageCouriers,
                Duty::ManageWindows,
                Duty::PlanRoutes,
                Duty::ReadOrders,
                Duty::ReadPersonalData,
                Duty::ReadProcedures,
                Duty::ReadRuns,
                Duty::Suggest,
            ],
            Self::Courier => &[
                Duty::BeSomebody,
                Duty::DriveRuns,
                Duty::LoadRuns,
                Duty::ReadProcedures,
                Duty::Suggest,
            ],
            Self::OperationsManager => &[
                Duty::AnswerComplaints,
                Duty::ApproveRemedies,
                Duty::AuthorProcedures,
                Duty::BeSomebody,
                Duty::HoldMeetings,
                Duty::ManageCatalog,
                Duty::ManageWindows,
                Duty::OpenStock,
                Duty::ReadCatalog,
                Duty::ReadEvents,
                Duty::ReadIndicators,
                Duty::ReadOrders,
                Duty::ReadProcedures,
                Duty::ReadPurchases,
                Duty::ReadRuns,
                Duty::ReadStock,
                Duty::Suggest,
            ],
            Self::FoodSafetyAuditor => &[
                Duty::BeSomebody,
                Duty::BlockLots,
                Duty::ReadCatalog,
                Duty::ReadEvents,
                Duty::ReadIndicators,
                Duty::ReadProcedures,
                Duty::ReadPurchases,
                Duty::ReadStock,
                Duty::RecallLots,
                Duty::Suggest,
                Duty::TraceLots,
            ],
            Self::Customer => &[
                Duty::BeSomebody,
                Duty::PlaceOrders,
                Duty::RateDeliveries,
                Duty::ReadCatalog,
                Duty::Suggest,
            ],
            Self::Supplier => &[
                Duty::AnswerPurchaseOrders,
                Duty::BeSomebody,
            ],
            Self::Device => &[
                Duty::RecordReadings,
            ],
        }
    }

    /// Whose role it is: nobody's user can be made a customer or a device.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Administrator
            | Self::Buyer
            | Self::BuyerLead
            | Self::DepartmentHead
            | Self::FinanceController
            | Self::Accountant
            | Self::Cashier
            | Self::GeneralManager
            | Self::Receiver
            | Self::QualityInspector
            | Self::WarehouseLead
            | Self::Picker
            | Self::Packer
            | Self::OrderDesk
            | Self::Dispatcher
            | Self::OperationsManager
            | Self::FoodSafetyAuditor => Kind::Staff,
            Self::Courier => Kind::Courier,
            Self::Supplier => Kind::Supplier,
            Self::Customer => Kind::Customer,
            Self::Device => Kind::Device,
        }
    }
}

/// Which sort of caller holds a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Staff,
    Courier,
    Supplier,
    Customer,
    Device,
}

/// What somebody with these roles may do.
pub fn duties(roles: impl IntoIterator<Item = Role>) -> BTreeSet<Duty> {
    roles.into_iter().flat_map(Role::duties).copied().collect()
}
