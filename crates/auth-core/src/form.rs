//! Forms (`application/x-www-form-urlencoded`) from what serde can write.

use std::fmt::Display;

use serde::ser::{self, Impossible, Serialize};

use crate::request::push_pair;
use crate::{Error, Result};

/// Writes a struct or map as a form.
pub(crate) fn encode(body: &impl Serialize) -> Result<String> {
    let mut text = String::with_capacity(CAPACITY);
    match body.serialize(Form { text: &mut text }) {
        Ok(()) => Ok(text),
        Err(Refusal(message)) => Err(Error::config(format!(
            "the form cannot be written: {message}"
        ))),
    }
}

/// The whole form.
struct Form<'a> {
    text: &'a mut String,
}

/// Its members, with the name of the one whose value comes next.
struct Members<'a> {
    text: &'a mut String,
    name: String,
}

/// The value of one member; a list writes the member once for each element.
struct Member<'a> {
    text: &'a mut String,
    name: &'a str,
}

/// The key of a map.
struct Name;

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refusal(String);

impl ser::Error for Refusal {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl Member<'_> {
    fn push(self, value: impl Display) -> std::result::Result<(), Refusal> {
        push_pair(self.text, self.name, &value);
        Ok(())
    }
}

fn unfit<T>(what: &str) -> std::result::Result<T, Refusal> {
    Err(Refusal(format!("{what} has no place in a form")))
}

/// Refuses the kinds of values that a serializer does not list.
macro_rules! refuse {
    (scalars) => {
        refuse!(scalar serialize_bool bool);
        refuse!(scalar serialize_i8 i8);
        refuse!(scalar serialize_i16 i16);
        refuse!(scalar serialize_i32 i32);
        refuse!(scalar serialize_i64 i64);
        refuse!(scalar serialize_u8 u8);
        refuse!(scalar serialize_u16 u16);
        refuse!(scalar serialize_u32 u32);
        refuse!(scalar serialize_u64 u64);
        refuse!(scalar serialize_f32 f32);
        refuse!(scalar serialize_f64 f64);
        refuse!(scalar serialize_char char);
        refuse!(scalar serialize_str &str);
        refuse!(variant);
    };
    (scalar $method:ident $type:ty) => {
        fn $method(self, _: $type) -> std::result::Result<Self::Ok, Self::Error> {
            unfit("a scalar without a name")
        }
    };
    (variant) => {
        fn serialize_unit_variant(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
        ) -> std::result::Result<Self::Ok, Self::Error> {
            unfit("a scalar without a name")
        }
    };
    (absence) => {
        fn serialize_none(self) -> std::result::Result<Self::Ok, Self::Error> {
            unfit("absence")
        }
        fn serialize_unit(self) -> std::result::Result<Self::Ok, Self::Error> {
            unfit("absence")
        }
    };
    (sequences) => {
        type SerializeSeq = Impossible<Self::Ok, Self::Error>;
        fn serialize_seq(
            self,
            _: Option<usize>,
        ) -> std::result::Result<Self::SerializeSeq, Self::Error> {
            unfit("a list")
        }
    };
    (maps) => {
        type SerializeMap = Impossible<Self::Ok, Self::Error>;
        type SerializeStruct = Impossible<Self::Ok, Self::Error>;
        fn serialize_map(
            self,
            _: Option<usize>,
        ) -> std::result::Result<Self::SerializeMap, Self::Error> {
            unfit("an object")
        }
        fn serialize_struct(
            self,
            _: &'static str,
            _: usize,
        ) -> std::result::Result<Self::SerializeStruct, Self::Error> {
            unfit("an object")
        }
    };
    (rest) => {
        type Error = Refusal;
        type SerializeTuple = Impossible<Self::Ok, Self::Error>;
        type SerializeTupleStruct = Impossible<Self::Ok, Self::Error>;
        type SerializeTupleVariant = Impossible<Self::Ok, Self::Error>;
        type SerializeStructVariant = Impossible<Self::Ok, Self::Error>;
        fn serialize_bytes(self, _: &[u8]) -> std::result::Result<Self::Ok, Self::Error> {
            unfit("a byte string")
        }
        fn serialize_some<T: Serialize + ?Sized>(
            self,
            value: &T,
        ) -> std::result::Result<Self::Ok, Self::Error> {
            value.serialize(self)
        }
        fn serialize_newtype_struct<T: Serialize + ?Sized>(
            self,
            _: &'static str,
            value: &T,
        ) -> std::result::Result<Self::Ok, Self::Error> {
            value.serialize(self)
        }
        fn serialize_unit_struct(
            self,
            _: &'static str,
        ) -> std::result::Result<Self::Ok, Self::Error> {
            self.serialize_unit()
        }
        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> std::result::Result<Self::Ok, Self::Error> {
            unfit("a variant with content")
        }
        fn serialize_tuple(
            self,
            _: usize,
        ) -> std::result::Result<Self::SerializeTuple, Self::Error> {
            unfit("a tuple")
        }
        fn serialize_tuple_struct(
            self,
            _: &'static str,
            _: usize,
        ) -> std::result::Result<Self::SerializeTupleStruct, Self::Error> {
            unfit("a tuple")
        }
        fn serialize_tuple_variant(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: usize,
        ) -> std::result::Result<Self::SerializeTupleVariant, Self::Error> {
            unfit("a variant with content")
        }
        fn serialize_struct_variant(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: usize,
        ) -> std::result::Result<Self::SerializeStructVariant, Self::Error> {
            unfit("a variant with content")
        }
    };
}

impl<'a> ser::Serializer for Form<'a> {
    type Ok = ();
    type SerializeMap = Members<'a>;
    type SerializeStruct = Members<'a>;

    fn serialize_map(self, _: Option<usize>) -> std::result::Result<Members<'a>, Refusal> {
        Ok(Members {
            text: self.text,
            name: String::new(),
        })
    }

    fn serialize_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> std::result::Result<Members<'a>, Refusal> {
        self.serialize_map(None)
    }

    fn serialize_none(self) -> std::result::Result<(), Refusal> {
        Ok(())
    }

    fn serialize_unit(self) -> std::result::Result<(), Refusal> {
        Ok(())
    }

    refuse!(scalars);
    refuse!(sequences);
    refuse!(rest);
}

impl ser::SerializeStruct for Members<'_> {
    type Ok = ();
    type Error = Refusal;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> std::result::Result<(), Refusal> {
        let text = &mut *self.text;
        value.serialize(Member { text, name })
    }

    fn end(self) -> std::result::Result<(), Refusal> {
        Ok(())
    }
}

impl ser::SerializeMap for Members<'_> {
    type Ok = ();
    type Error = Refusal;

    fn serialize_key<T: Serialize + ?Sized>(
        &mut self,
        key: &T,
    ) -> std::result::Result<(), Refusal> {
        self.name = key.serialize(Name)?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(
        &mut self,
        value: &T,
    ) -> std::result::Result<(), Refusal> {
        value.serialize(Member {
            text: self.text,
            name: &self.name,
        })
    }

    fn end(self) -> std::result::Result<(), Refusal> {
        Ok(())
    }
}

/// Writes a scalar as the text that it is on the wire.
macro_rules! write_scalars {
    ($($method:ident $type:ty),*) => {$(
        fn $method(self, value: $type) -> std::result::Result<(), Refusal> {
            self.push(value)
        }
    )*};
}

impl<'a> ser::Serializer for Member<'a> {
    type Ok = ();
    type SerializeSeq = Self;

    write_scalars!(
        serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32,
        serialize_i64 i64, serialize_u8 u8, serialize_u16 u16, serialize_u32 u32,
        serialize_u64 u64, serialize_f32 f32, serialize_f64 f64, serialize_char char
    );

    fn serialize_str(self, value: &str) -> std::result::Result<(), Refusal> {
        self.push(value)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> std::result::Result<(), Refusal> {
        self.push(variant)
    }

    fn serialize_seq(self, _: Option<usize>) -> std::result::Result<Self, Refusal> {
        Ok(self)
    }

    fn serialize_none(self) -> std::result::Result<(), Refusal> {
        Ok(())
    }

    fn serialize_unit(self) -> std::result::Result<(), Refusal> {
        Ok(())
    }

    refuse!(maps);
    refuse!(rest);
}

impl ser::SerializeSeq for Member<'_> {
    type Ok = ();
    type Error = Refusal;

    fn serialize_element<T: Serialize + ?Sized>(
        &mut self,
        value: &T,
    ) -> std::result::Result<(), Refusal> {
        value.serialize(Member {
            text: self.text,
            name: self.name,
        })
    }

    fn end(self) -> std::result::Result<(), Refusal> {
        Ok(())
    }
}

impl ser::Serializer for Name {
    type Ok = String;

    fn serialize_str(self, value: &str) -> std::result::Result<String, Refusal> {
        Ok(value.to_owned())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> std::result::Result<String, Refusal> {
        Ok(variant.to_owned())
    }

    refuse!(scalar serialize_bool bool);
    refuse!(scalar serialize_i8 i8);
    refuse!(scalar serialize_i16 i16);
    refuse!(scalar serialize_i32 i32);
    refuse!(scalar serialize_i64 i64);
    refuse!(scalar serialize_u8 u8);
    refuse!(scalar serialize_u16 u16);
    refuse!(scalar serialize_u32 u32);
    refuse!(scalar serialize_u64 u64);
    refuse!(scalar serialize_f32 f32);
    refuse!(scalar serialize_f64 f64);
    refuse!(scalar serialize_char char);
    refuse!(absence);
    refuse!(sequences);
    refuse!(maps);
    refuse!(rest);
}

/// Room for a usual token request, so that the text grows rarely.
const CAPACITY: usize = 256;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;

    use super::encode;

    #[derive(Serialize)]
    struct Grant<'a> {
        grant_type: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        scope: Option<&'a str>,
        absent: Option<u8>,
        offline: bool,
        seconds: i64,
        kind: Kind,
        ids: Vec<u8>,
    }

    #[derive(Serialize)]
    enum Kind {
        #[serde(rename = "one two")]
        Both,
    }

    #[test]
    fn members_are_percent_encoded_throughout() {
        let grant = Grant {
            grant_type: "a+/= &ü",
            scope: None,
            absent: None,
            offline: true,
            seconds: -5,
            kind: Kind::Both,
            ids: vec![1, 2],
        };
        assert_eq!(
            encode(&grant).unwrap(),
            "grant_type=a%2B%2F%3D%20%26%C3%BC&offline=true&seconds=-5&kind=one%20two&ids=1&ids=2"
        );
    }

    #[test]
    fn maps_are_forms_too() {
        let map = BTreeMap::from([("a", Some("1")), ("b", None), ("c d", Some(""))]);
        assert_eq!(encode(&map).unwrap(), "a=1&c%20d=");
        assert_eq!(encode(&()).unwrap(), "");
    }

    #[test]
    fn what_a_form_cannot_hold_is_refused_without_its_value() {
        let nested = BTreeMap::from([("a", BTreeMap::from([("b", "hush")]))]);
        for error in [
            encode(&nested).unwrap_err(),
            encode(&"hush").unwrap_err(),
            encode(&["hush"]).unwrap_err(),
        ] {
            let text = format!("{error} {error:?}");
            assert!(text.contains("the form cannot be written"), "{text}");
            assert!(!text.contains("hush"), "{text}");
        }
    }
}
