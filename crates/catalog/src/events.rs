//! What others may learn from the catalogue.

use events::Told;
use kernel::{DeciCelsius, TemperatureClass};
use serde::{Deserialize, Serialize};

use crate::{PriceEntry, Profile, Sku};

macro_rules! told {
    ($($(#[$doc:meta])* $name:ident = $kind:literal { $($field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub struct $name {
            $(pub $field: $type,)*
        }

        impl Told for $name {
            const KIND: &'static str = $kind;
            const VERSION: i64 = 1;
        }
    )*};
}

told! {
    SiteOpened = "site_opened" { code: String, profile: Profile, }
    ZoneOpened = "zone_opened" { code: String, class: TemperatureClass, low: DeciCelsius, high: DeciCelsius, }
    SkuListed = "sku_listed" { sku: Sku, }
    SkuChanged = "sku_changed" { before: Sku, after: Sku, }
    PriceSet = "price_set" { entry: PriceEntry, }
}
