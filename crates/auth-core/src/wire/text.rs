//! JSON and bytes that travel inside a text.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use crate::place::place;
use crate::wire::{Select, one_or_many};
use crate::{Error, Result};

/// Reads the JSON inside a text; a text that is no such JSON gives nothing.
pub fn json_in<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

/// Reads the JSON inside a text as the member of a union that `key` chooses.
pub fn json_chosen<T: Select>(text: &str, key: Option<String>) -> Option<T> {
    let value = serde_json::from_str(text).ok()?;
    T::select(key.as_deref().map(str::trim), value).ok()
}

/// Writes a model as the JSON that stands inside a text.
pub fn json_text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("models are writable as JSON")
}

/// Decodes the base64 inside a text, padded or not; a text that is none gives nothing.
pub fn base64_in(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.trim()).ok()
}

/// Reads the body of a call that the platform makes.
pub fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = T::deserialize(&mut reader).map_err(|error| {
        Error::decode(format!(
            "the body does not have the documented form at `{}`",
            place(body, &error)
        ))
    })?;
    reader
        .end()
        .map_err(|_| Error::decode("the body goes on after its JSON"))?;
    Ok(value)
}

/// Reads the body of a call that the platform makes: a list, or one object in place of it.
pub fn read_list<T: DeserializeOwned>(body: &[u8]) -> Result<Vec<T>> {
    struct List<T>(Vec<T>);

    impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
        fn deserialize<D: Deserializer<'de>>(
            deserializer: D,
        ) -> std::result::Result<Self, D::Error> {
            one_or_many(deserializer).map(List)
        }
    }

    read_json(body).map(|List(list)| list)
}

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_no_json_stays_text() {
        assert_eq!(json_in::<Vec<i32>>("[1]"), Some(vec![1]));
        assert_eq!(json_in::<Vec<i32>>("Success"), None);
    }

    #[test]
    fn base64_is_read_with_and_without_padding() {
        assert_eq!(base64_in("aGk=").as_deref(), Some(&b"hi"[..]));
        assert_eq!(base64_in(" aGk\n").as_deref(), Some(&b"hi"[..]));
        assert_eq!(base64_in("~"), None);
    }

    #[test]
    fn a_bad_body_names_the_place_and_no_value() {
        let error =
            read_json::<std::collections::BTreeMap<String, Vec<i32>>>(br#"{"codes":[1,"hush"]}"#)
                .unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("codes[1]") && !text.contains("hush"),
            "{text}"
        );
    }

    #[test]
    fn one_object_is_read_as_a_list_of_one() {
        type Object = std::collections::BTreeMap<String, i32>;
        assert_eq!(read_list::<Object>(br#"{"a":1}"#).unwrap().len(), 1);
        assert_eq!(read_list::<Object>(br#"[{"a":1},{}]"#).unwrap().len(), 2);
        assert!(read_list::<Object>(b"1").is_err());
    }

    #[test]
    fn a_body_ends_with_its_json() {
        assert!(read_json::<i32>(b"1 ").is_ok());
        assert!(read_json::<i32>(b"1 2").is_err());
    }
}
