//! What budgets tell.

use kernel::Money;
use serde::{Deserialize, Serialize};

macro_rules! facts {
    ($($name:ident = $kind:literal { $($field:ident: $type:ty,)* })*) => {$(
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub struct $name {
            $(pub $field: $type,)*
        }

        impl events::Told for $name {
            const KIND: &'static str = $kind;
            const VERSION: i64 = 1;
        }
    )*};
}

facts! {
    BudgetOpened = "budget_opened" { department: String, category: String, month: String, amount: Money, }
    BudgetReserved = "budget_reserved" { amount: Money, }
    BudgetOverridden = "budget_overridden" { amount: Money, free_before: Money, reason: String, }
    BudgetCommitted = "budget_committed" { requested: Money, committed: Money, }
    BudgetActualised = "budget_actualised" { committed: Money, actual: Money, }
    BudgetReleased = "budget_released" { stage: String, amount: Money, }
}
