//! Enums that stay open: a value that the document does not list survives a round trip.

use std::fmt;

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A text that the document of the platform does not list.
///
/// It cannot be made directly: converting a text to the enum decides whether it is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnknownText(Box<str>);

/// A number that the document of the platform does not list.
///
/// It cannot be made directly: converting a number to the enum decides whether it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnknownNumber(i64);

/// JSON of a form that the document of the platform does not list. `Debug` shows none of it.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct UnknownJson(Value);

impl UnknownText {
    #[doc(hidden)]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text as the platform sent it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl UnknownNumber {
    #[doc(hidden)]
    pub fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number as the platform sent it.
    pub fn number(self) -> i64 {
        self.0
    }
}

impl UnknownJson {
    #[doc(hidden)]
    pub fn new(value: Value) -> Self {
        Self(value)
    }

    /// The value as the platform sent it. It can hold secrets.
    pub fn value(&self) -> &Value {
        &self.0
    }
}

impl fmt::Debug for UnknownJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnknownJson(..)")
    }
}

/// Reads a text without keeping a copy of it.
pub fn read_text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    make: fn(&str) -> T,
) -> Result<T, D::Error> {
    struct Text<T>(fn(&str) -> T);

    impl<T> Visitor<'_> for Text<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            Ok(self.0(text))
        }
    }

    deserializer.deserialize_str(Text(make))
}

/// Reads a whole number.
pub fn read_number<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    make: fn(i64) -> T,
) -> Result<T, D::Error> {
    i64::deserialize(deserializer).map(make)
}

/// Counts a value of an enum that its document does not list. The value itself is no label: a
/// platform could make any number of them.
#[doc(hidden)]
#[cold]
pub fn saw_unknown(module: &'static str, name: &'static str) {
    let krate = module.split("::").next().unwrap_or(module);
    #[cfg(feature = "metrics")]
    metrics::counter!(UNKNOWN_VALUES, "crate" => krate, "enum" => name).increment(1);
    #[cfg(not(feature = "metrics"))]
    let _ = (krate, name);
}

#[cfg(feature = "metrics")]
const UNKNOWN_VALUES: &str = "auth_core_unknown_values_total";

/// Declares an open enum of texts.
///
/// ```
/// auth_core::text_enum! {
///     /// Whether a device is reachable.
///     pub enum DeviceStatus {
///         /// Not reachable.
///         Offline = "OFFLINE",
///         /// Reachable.
///         Online = "ONLINE",
///     }
/// }
///
/// assert_eq!(DeviceStatus::from(" ONLINE "), DeviceStatus::Online);
/// assert_eq!(DeviceStatus::from("ASLEEP").as_str(), "ASLEEP");
/// ```
#[macro_export]
macro_rules! text_enum {
    (
        $(#[$attribute:meta])*
        $vis:vis enum $name:ident {
            $($(#[$about:meta])* $variant:ident = $text:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        $vis enum $name {
            $($(#[$about])* $variant,)+
            /// A value that this version does not know.
            Other($crate::wire::UnknownText),
        }

        impl $name {
            /// The value as it travels.
            #[inline]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text.as_str(),
                }
            }

            /// Counts a value that was read and is not known.
            #[inline]
            fn counted(self) -> Self {
                if let Self::Other(_) = &self {
                    $crate::wire::saw_unknown(module_path!(), stringify!($name));
                }
                self
            }
        }

        impl ::core::convert::From<&str> for $name {
            #[inline]
            fn from(text: &str) -> Self {
                match text.trim() {
                    $($text => Self::$variant,)+
                    _ => Self::Other($crate::wire::UnknownText::new(text)),
                }
            }
        }

        impl ::core::convert::From<::std::string::String> for $name {
            #[inline]
            fn from(text: ::std::string::String) -> Self {
                Self::from(text.as_str())
            }
        }

        impl ::core::fmt::Display for $name {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::core::convert::AsRef<str> for $name {
            #[inline]
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl $crate::wire::serde::Serialize for $name {
            fn serialize<S: $crate::wire::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::wire::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::wire::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                $crate::wire::read_text(deserializer, |text| Self::from(text).counted())
            }
        }

        impl $crate::wire::FromScalar for $name {
            #[inline]
            fn from_scalar(
                scalar: $crate::wire::Scalar,
            ) -> ::core::result::Result<Self, $crate::wire::Unfit> {
                ::std::string::String::from_scalar(scalar).map(|text| Self::from(text).counted())
            }
        }
    };
}

/// Declares an open enum of numbers.
///
/// ```
/// auth_core::number_enum! {
///     /// What a message shows.
///     pub enum PushType {
///         /// A notification.
///         Alert = 0,
///         /// A live view.
///         LiveView = 7,
///     }
/// }
///
/// assert_eq!(PushType::from(7), PushType::LiveView);
/// assert_eq!(PushType::from(12).to_string(), "12");
/// ```
#[macro_export]
macro_rules! number_enum {
    (
        $(#[$attribute:meta])*
        $vis:vis enum $name:ident {
            $($(#[$about:meta])* $variant:ident = $number:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        $vis enum $name {
            $($(#[$about])* $variant,)+
            /// A value that this version does not know.
            Other($crate::wire::UnknownNumber),
        }

        impl $name {
            /// The value as it travels.
            #[inline]
            pub fn number(self) -> i64 {
                match self {
                    $(Self::$variant => $number,)+
                    Self::Other(number) => number.number(),
                }
            }

            /// Counts a value that was read and is not known.
            #[inline]
            fn counted(self) -> Self {
                if let Self::Other(_) = &self {
                    $crate::wire::saw_unknown(module_path!(), stringify!($name));
                }
                self
            }
        }

        impl ::core::convert::From<i64> for $name {
            #[inline]
            fn from(number: i64) -> Self {
                match number {
                    $($number => Self::$variant,)+
                    _ => Self::Other($crate::wire::UnknownNumber::new(number)),
                }
            }
        }

        impl ::core::fmt::Display for $name {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Display::fmt(&self.number(), f)
            }
        }

        impl $crate::wire::serde::Serialize for $name {
            fn serialize<S: $crate::wire::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.serialize_i64(self.number())
            }
        }

        impl<'de> $crate::wire::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::wire::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                $crate::wire::read_number(deserializer, |number| Self::from(number).counted())
            }
        }

        impl $crate::wire::FromScalar for $name {
            #[inline]
            fn from_scalar(
                scalar: $crate::wire::Scalar,
            ) -> ::core::result::Result<Self, $crate::wire::Unfit> {
                <i64 as $crate::wire::FromScalar>::from_scalar(scalar)
                    .map(|number| Self::from(number).counted())
            }
        }
    };
}

#[cfg(test)]
mod tests {
    #![expect(
        unreachable_pub,
        reason = "the macros declare what users of a crate see"
    )]

    crate::text_enum! {
        /// A colour.
        enum Colour {
            /// Red.
            Red = "red",
            /// Dark blue.
            DarkBlue = "DARK_BLUE",
        }
    }

    crate::number_enum! {
        /// A grade.
        enum Grade {
            /// Good.
            Good = 1,
            /// Bad.
            Bad = -1,
        }
    }

    #[test]
    fn a_listed_text_is_known_with_white_space_around_it() {
        let colour: Colour = serde_json::from_str("\" DARK_BLUE\\n\"").unwrap();
        assert_eq!(colour, Colour::DarkBlue);
        assert_eq!(serde_json::to_string(&colour).unwrap(), "\"DARK_BLUE\"");
    }

    #[test]
    fn an_unlisted_value_survives_a_round_trip() {
        for json in ["\" green \"", "\"\"", "\"Red\""] {
            let colour: Colour = serde_json::from_str(json).unwrap();
            assert!(matches!(colour, Colour::Other(_)), "{json}");
            assert_eq!(serde_json::to_string(&colour).unwrap(), json);
        }
        let grade: Grade = serde_json::from_str("77").unwrap();
        assert_eq!(grade.number(), 77);
        assert_eq!(serde_json::to_string(&grade).unwrap(), "77");
    }

    #[test]
    fn a_known_value_never_hides_in_other() {
        assert_eq!(Colour::from("red".to_owned()), Colour::Red);
        assert_eq!(Grade::from(-1), Grade::Bad);
    }

    #[test]
    fn display_is_the_wire_value() {
        assert_eq!(format!("{:>5}|{}", Colour::Red, Grade::Bad), "  red|-1");
    }

    #[test]
    fn a_strict_read_refuses_another_type() {
        assert!(serde_json::from_str::<Colour>("1").is_err());
        assert!(serde_json::from_str::<Grade>("\"1\"").is_err());
    }

    #[test]
    fn enums_of_texts_are_map_keys() {
        let json = r#"{"mauve":2,"red":1}"#;
        let map: std::collections::BTreeMap<Colour, i32> = serde_json::from_str(json).unwrap();
        assert_eq!(map[&Colour::Red], 1);
        assert_eq!(serde_json::to_string(&map).unwrap().len(), json.len());
    }
}
