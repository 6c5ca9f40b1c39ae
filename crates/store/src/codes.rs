//! Words that are stored, sent and shown under one code each.

/// Declares enums of plain words: the code in rows, the same in JSON, and the way back.
///
/// ```
/// store::codes! {
///     /// How a parcel leaves.
///     Handover {
///         /// To somebody.
///         InPerson = "in_person",
///         AtTheDoor = "at_the_door",
///     }
/// }
///
/// assert_eq!(Handover::InPerson.code(), "in_person");
/// assert_eq!(Handover::from_code("at_the_door"), Some(Handover::AtTheDoor));
/// ```
#[macro_export]
// The code is taken as a plain token: a `literal` would reach the schema's derive wrapped, and be overlooked there.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:tt,)* })*) => {$(
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            ::serde::Serialize, ::serde::Deserialize, ::utoipa::ToSchema,
        )]
        $(#[$doc])*
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $code)] $variant,)*
        }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }

            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.code() == code)
            }
        }

        $crate::coded!($name);

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.code())
            }
        }
    )*};
}
