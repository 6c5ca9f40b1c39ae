//! Bodies of events: a struct each, with its kind in the past tense and its version.

macro_rules! told {
    ($($(#[$doc:meta])* $name:ident = $kind:literal { $($(#[$note:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub struct $name {
            $($(#[$note])* pub $field: $type,)*
        }

        impl Told for $name {
            const KIND: &'static str = $kind;
            const VERSION: i64 = 1;
        }
    )*};
}

pub(crate) use told;
