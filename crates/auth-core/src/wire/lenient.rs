//! Reading numbers and booleans as text and the other way round, and one value as a list of one.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::Secret;

/// A value that is neither a list nor an object.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "JSON has no other scalars")]
pub enum Scalar {
    /// `true` or `false`.
    Boolean(bool),
    /// A number with a fraction or an exponent.
    Float(f64),
    /// A whole number.
    Integer(i64),
    /// Nothing.
    Null,
    /// A text.
    Text(String),
}

/// Says what was wanted instead of the scalar that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfit(&'static str);

/// A type that a scalar of another JSON type can be read as.
pub trait FromScalar: Sized {
    /// Converts the scalar, or says what was wanted.
    fn from_scalar(scalar: Scalar) -> Result<Self, Unfit>;
}

/// Something that is read leniently: a scalar, or a list, map or option of such.
pub trait Lenient<'de>: Sized {
    /// Reads the value.
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// Reads a field whose scalars come as numbers, booleans or texts.
pub fn lenient<'de, D: Deserializer<'de>, T: Lenient<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::read(deserializer)
}

/// Reads a list for which a bare object may stand, meaning a list of one.
pub fn one_or_many<'de, D: Deserializer<'de>, T: Many<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    T::read(deserializer)
}

/// A list, or an option of one, that a bare object can be read as.
pub trait Many<'de>: Sized {
    /// Reads the list.
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

impl Unfit {
    #[doc(hidden)]
    pub fn new(wanted: &'static str) -> Self {
        Self(wanted)
    }
}

impl<'de, T: FromScalar> Lenient<'de> for T {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let scalar = Scalar::deserialize(deserializer)?;
        T::from_scalar(scalar).map_err(|Unfit(wanted)| D::Error::custom(wanted))
    }
}

impl<'de, T: Lenient<'de>> Lenient<'de> for Option<T> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<Read<T>>::deserialize(deserializer).map(|value| value.map(|Read(value)| value))
    }
}

impl<'de, T: Lenient<'de>> Lenient<'de> for Vec<T> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = Vec::<Read<T>>::deserialize(deserializer)?;
        Ok(values.into_iter().map(|Read(value)| value).collect())
    }
}

impl<'de, K: Deserialize<'de> + Ord, T: Lenient<'de>> Lenient<'de> for BTreeMap<K, T> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = BTreeMap::<K, Read<T>>::deserialize(deserializer)?;
        Ok(values
            .into_iter()
            .map(|(key, Read(value))| (key, value))
            .collect())
    }
}

impl<'de, T: Deserialize<'de>> Many<'de> for Vec<T> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListOrObject<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ListOrObject<T> {
            type Value = Vec<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list or one object")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                Ok(values)
            }

            fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Vec<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(object)).map(|value| vec![value])
            }
        }

        deserializer.deserialize_any(ListOrObject(std::marker::PhantomData))
    }
}

impl<'de, T: Many<'de>> Many<'de> for Option<T> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct One<T>(T);

        impl<'de, T: Many<'de>> Deserialize<'de> for One<T> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                T::read(deserializer).map(One)
            }
        }

        Option::<One<T>>::deserialize(deserializer).map(|list| list.map(|One(list)| list))
    }
}

/// Brings a lenient type to where serde wants an ordinary one.
struct Read<T>(T);

impl<'de, T: Lenient<'de>> Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl Visitor<'_> for Any {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a number or a boolean")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar::Boolean(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Scalar, E> {
                Ok(Scalar::Integer(value))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Scalar, E> {
                Ok(match i64::try_from(value) {
                    Ok(value) => Scalar::Integer(value),
                    Err(_) => Scalar::Text(value.to_string()),
                })
            }

            fn visit_f64<E>(self, value: f64) -> Result<Scalar, E> {
                Ok(Scalar::Float(value))
            }

            fn visit_str<E>(self, value: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(value.to_owned()))
            }

            fn visit_string<E>(self, value: String) -> Result<Scalar, E> {
                Ok(Scalar::Text(value))
            }

            fn visit_unit<E>(self) -> Result<Scalar, E> {
                Ok(Scalar::Null)
            }
        }

        deserializer.deserialize_any(Any)
    }
}

impl FromScalar for String {
    fn from_scalar(scalar: Scalar) -> Result<Self, Unfit> {
        match scalar {
            Scalar::Boolean(value) => Ok(value.to_string()),
            Scalar::Float(value) => Ok(value.to_string()),
            Scalar::Integer(value) => Ok(value.to_string()),
            Scalar::Null => Err(Unfit("expected a text, not null")),
            Scalar::Text(value) => Ok(value),
        }
    }
}

impl FromScalar for Secret {
    fn from_scalar(scalar: Scalar) -> Result<Self, Unfit> {
        String::from_scalar(scalar).map(Self::new)
    }
}

impl FromScalar for bool {
    fn from_scalar(scalar: Scalar) -> Result<Self, Unfit> {
        let unfit = Unfit("expected true or false");
        match scalar {
            Scalar::Boolean(value) => Ok(value),
            Scalar::Integer(0) => Ok(false),
            Scalar::Integer(1) => Ok(true),
            Scalar::Text(text) => match text.trim() {
                "0" => Ok(false),
                "1" => Ok(true),
                word if word.eq_ignore_ascii_case("true") => Ok(true),
                word if word.eq_ignore_ascii_case("false") => Ok(false),
                _ => Err(unfit),
            },
            Scalar::Float(_) | Scalar::Integer(_) | Scalar::Null => Err(unfit),
        }
    }
}

impl FromScalar for i64 {
    fn from_scalar(scalar: Scalar) -> Result<Self, Unfit> {
        let unfit = Unfit("expected a whole number");
        match scalar {
            Scalar::Boolean(value) => Ok(value.into()),
            Scalar::Integer(value) => Ok(value),
            // `as` saturates, and saturated values do not come back equal.
            Scalar::Float(value) if value.abs() < MAX_EXACT && value == value.trunc() => {
                Ok(value as Self)
            }
            Scalar::Text(text) => text.trim().parse().map_err(|_| unfit),
            Scalar::Float(_) | Scalar::Null => Err(unfit),
        }
    }
}

impl FromScalar for i32 {
    fn from_scalar(scalar: Scalar) -> Result<Self, Unfit> {
        let value = i64::from_scalar(scalar)?;
        Self::try_from(value).map_err(|_| Unfit("expected a whole number of at most 32 bits"))
    }
}

impl FromScalar for f64 {
    fn from_scalar(scalar: Scalar) -> Result<Self, Unfit> {
        let unfit = Unfit("expected a number");
        match scalar {
            Scalar::Float(value) => Ok(value),
            Scalar::Integer(value) => Ok(value as Self),
            Scalar::Text(text) => match text.trim().parse() {
                Ok(value) if Self::is_finite(value) => Ok(value),
                _ => Err(unfit),
            },
            Scalar::Boolean(_) | Scalar::Null => Err(unfit),
        }
    }
}

impl FromScalar for f32 {
    fn from_scalar(scalar: Scalar) -> Result<Self, Unfit> {
        f64::from_scalar(scalar).map(|value| value as Self)
    }
}

/// Whole numbers below this bound are exact in an `f64`: 2^53.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(bound(deserialize = "T: for<'a> Lenient<'a>"))]
    struct Loose<T> {
        #[serde(deserialize_with = "lenient")]
        value: T,
    }

    fn read<T: for<'a> Lenient<'a>>(value: Value) -> Option<T> {
        serde_json::from_value::<Loose<T>>(json!({ "value": value }))
            .ok()
            .map(|loose| loose.value)
    }

    #[test]
    fn texts_take_numbers_and_booleans() {
        for (value, text) in [
            (json!("x"), "x"),
            (json!(-7), "-7"),
            (json!(true), "true"),
            (json!(1.5), "1.5"),
            (json!(u64::MAX), "18446744073709551615"),
        ] {
            assert_eq!(read::<String>(value).as_deref(), Some(text));
        }
        assert_eq!(read::<String>(json!({})), None);
        assert_eq!(read::<String>(json!(null)), None);
    }

    #[test]
    fn numbers_take_texts() {
        assert_eq!(read::<i32>(json!(" 28800 ")), Some(28800));
        assert_eq!(read::<i32>(json!(3_000_000_000_u32)), None);
        assert_eq!(read::<i64>(json!(4.0)), Some(4));
        assert_eq!(read::<i64>(json!(4.5)), None);
        assert_eq!(read::<i64>(json!("soon")), None);
        assert_eq!(read::<f64>(json!("2.5")), Some(2.5));
        assert_eq!(read::<f64>(json!("NaN")), None);
    }

    #[test]
    fn booleans_take_texts_and_bits() {
        for value in [json!(true), json!("TRUE"), json!("1"), json!(1)] {
            assert_eq!(read::<bool>(value), Some(true));
        }
        for value in [json!(false), json!(" false"), json!(0)] {
            assert_eq!(read::<bool>(value), Some(false));
        }
        assert_eq!(read::<bool>(json!("yes")), None);
        assert_eq!(read::<bool>(json!(2)), None);
    }

    #[test]
    fn null_is_absence() {
        assert_eq!(read::<Option<i32>>(json!(null)), Some(None));
        assert_eq!(read::<Option<i32>>(json!("5")), Some(Some(5)));
    }

    #[test]
    fn lists_and_maps_are_lenient_inside() {
        assert_eq!(read::<Vec<i32>>(json!(["1", 2])), Some(vec![1, 2]));
        let map = read::<BTreeMap<String, String>>(json!({ "a": 1 })).unwrap();
        assert_eq!(map["a"], "1");
    }

    #[test]
    fn one_object_is_a_list_of_one() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Item {
            id: i32,
        }

        #[derive(Debug, Deserialize, PartialEq)]
        struct Answer {
            #[serde(default, deserialize_with = "one_or_many")]
            items: Option<Vec<Item>>,
        }

        for (json, ids) in [
            (json!({ "items": { "id": 1 } }), Some(vec![1])),
            (
                json!({ "items": [{ "id": 1 }, { "id": 2 }] }),
                Some(vec![1, 2]),
            ),
            (json!({ "items": null }), None),
            (json!({}), None),
        ] {
            let answer: Answer = serde_json::from_value(json).unwrap();
            let read = answer
                .items
                .map(|items| items.iter().map(|item| item.id).collect::<Vec<_>>());
            assert_eq!(read, ids);
        }
        assert!(serde_json::from_value::<Answer>(json!({ "items": 5 })).is_err());
    }

    fn round<T: for<'a> Lenient<'a> + PartialEq + fmt::Debug>(value: T, json: Value) {
        assert_eq!(read::<T>(json), Some(value));
    }

    proptest! {
        #[test]
        fn every_number_reads_alike_as_number_and_as_text(number: i64, small: i32, real in -1e300_f64..1e300) {
            round(number, json!(number));
            round(number, json!(number.to_string()));
            round(small, json!(small));
            round(small, json!(format!(" {small}\n")));
            round(real, json!(real));
            round(real, json!(real.to_string()));
            prop_assert_eq!(read::<String>(json!(number)), Some(number.to_string()));
        }

        #[test]
        fn every_text_stays_as_it_is(text: String) {
            prop_assert_eq!(read::<String>(json!(text.clone())), Some(text));
        }

        #[test]
        fn no_text_makes_a_number_panic(text: String) {
            let _ = (read::<i32>(json!(text.clone())), read::<f64>(json!(text.clone())), read::<bool>(json!(text)));
        }
    }
}
