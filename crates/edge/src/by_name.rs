//! Bodies say their fields by name.

use serde::{Deserializer, de::Visitor};

/// Reads as the other does, but takes a list for no structure: `[[]]` is not an exam of which nothing was answered.
/// (`serde_json` would take the fields in the order in which the program happens to declare them.)
pub(crate) struct ByName<D>(pub(crate) D);

macro_rules! read_as_ever {
    ($($method:ident($($argument:ident: $kind:ty),*);)*) => {$(
        fn $method<V: Visitor<'de>>(self, $($argument: $kind,)* visitor: V) -> Result<V::Value, Self::Error> {
            self.0.$method($($argument,)* visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for ByName<D> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        visitor.visit_newtype_struct(self)
    }

    read_as_ever! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple(len: usize);
        deserialize_tuple_struct(name: &'static str, len: usize);
        deserialize_map();
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_identifier();
        deserialize_ignored_any();
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, de::DeserializeOwned};

    use super::ByName;

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    struct Basket {
        fruits: Vec<String>,
    }

    fn read<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
        T::deserialize(ByName(&mut serde_json::Deserializer::from_str(text)))
    }

    #[test]
    fn a_list_is_no_structure() {
        assert!(serde_json::from_str::<Basket>("[[]]").is_ok(), "what it is for");
        assert!(read::<Basket>("[[]]").is_err());
        assert_eq!(read::<Basket>(r#"{"fruits":["plum"]}"#).unwrap(), Basket { fruits: vec!["plum".to_owned()] });
        assert_eq!(read::<Vec<i64>>("[1]").unwrap(), [1]);
        assert_eq!(read::<Option<i64>>("null").unwrap(), None);
    }
}
