//! Objects that are read whole first: members with several names, and members of which another
//! member says the type.

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};
use serde_json::{Map, Value};

/// An object read whole.
#[derive(Debug)]
pub struct Object(Map<String, Value>);

/// A union whose member is chosen by a value that stands elsewhere: in a property of the object
/// around it, or in a header.
pub trait Select: Sized {
    /// Reads `value` as the member that `key` chooses; without one, as the first that fits.
    fn select(key: Option<&str>, value: Value) -> Result<Self, serde_json::Error>;
}

impl Object {
    /// Reads the object.
    pub fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self)
    }

    /// Moves the member that stands under one of `aliases` to `name`, unless `name` is there with
    /// a value of its own.
    pub fn alias(mut self, name: &str, aliases: &[&str]) -> Self {
        for alias in aliases {
            let Some(value) = self.0.remove(*alias) else {
                continue;
            };
            if self.0.get(name).is_none_or(Value::is_null) {
                self.0.insert(name.to_owned(), value);
            }
        }
        self
    }

    /// Notes beside the member `name` what its sibling holds, for [`selected`] to read.
    pub fn choose(mut self, name: &str, sibling: &str) -> Self {
        if self.0.get(name).is_some_and(|value| !value.is_null()) {
            let key = self.0.get(sibling).cloned().unwrap_or_default();
            let value = self.0.remove(name).unwrap_or_default();
            self.0
                .insert(name.to_owned(), Value::Array(vec![key, value]));
        }
        self
    }

    /// Reads the type itself from what has been prepared.
    pub fn with<T, E: Error>(
        self,
        read: impl FnOnce(Value) -> Result<T, serde_json::Error>,
    ) -> Result<T, E> {
        read(Value::Object(self.0)).map_err(E::custom)
    }
}

/// Reads a member that [`Object::choose`] has prepared.
pub fn selected<'de, D: Deserializer<'de>, T: Chosen>(deserializer: D) -> Result<T, D::Error> {
    T::chosen(Value::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// Reads `value` as the first of the listed types that fits.
pub fn select<T: DeserializeOwned, U>(
    value: &Value,
    make: fn(T) -> U,
) -> Result<U, serde_json::Error> {
    T::deserialize(value).map(make)
}

/// What [`selected`] can read: a union, or an option of one.
pub trait Chosen: Sized {
    /// Reads the pair of key and value.
    fn chosen(pair: Value) -> Result<Self, serde_json::Error>;
}

impl<T: Select> Chosen for T {
    fn chosen(pair: Value) -> Result<Self, serde_json::Error> {
        match pair {
            Value::Array(mut pair) if pair.len() == 2 => {
                let value = pair.remove(1);
                T::select(word(&pair[0]).as_deref(), value)
            }
            value => T::select(None, value),
        }
    }
}

impl<T: Select> Chosen for Option<T> {
    fn chosen(pair: Value) -> Result<Self, serde_json::Error> {
        match pair {
            Value::Null => Ok(None),
            pair => T::chosen(pair).map(Some),
        }
    }
}

/// The text or number that an object holds under `name`, as text.
pub fn key_of(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(word)
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(remote = "Self")]
    struct Device {
        created: Option<String>,
        #[serde(default, deserialize_with = "selected")]
        data: Option<Data>,
    }

    #[derive(Debug, PartialEq)]
    enum Data {
        Number(i64),
        Text(String),
    }

    impl Select for Data {
        fn select(key: Option<&str>, value: Value) -> Result<Self, serde_json::Error> {
            match key {
                Some("n") => select(&value, Self::Number),
                Some("t") => select(&value, Self::Text),
                _ => select(&value, Self::Number).or_else(|_| select(&value, Self::Text)),
            }
        }
    }

    impl<'de> Deserialize<'de> for Device {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Object::read(deserializer)?
                .alias("created", &["createTime", "creationTime"])
                .choose("data", "kind")
                .with(Self::deserialize)
        }
    }

    fn created(json: Value) -> Option<String> {
        serde_json::from_value::<Device>(json).unwrap().created
    }

    #[test]
    fn a_member_is_found_under_each_of_its_names() {
        assert_eq!(created(json!({ "created": "a" })).as_deref(), Some("a"));
        assert_eq!(created(json!({ "createTime": "b" })).as_deref(), Some("b"));
        assert_eq!(
            created(json!({ "creationTime": "c" })).as_deref(),
            Some("c")
        );
        assert_eq!(created(json!({})), None);
    }

    #[test]
    fn its_own_name_goes_first_but_null_is_absence() {
        let both = json!({ "creationTime": "c", "created": "a" });
        assert_eq!(created(both).as_deref(), Some("a"));
        let null = json!({ "creationTime": "c", "created": null });
        assert_eq!(created(null).as_deref(), Some("c"));
    }

    #[test]
    fn a_sibling_chooses_the_type() {
        for (json, wanted) in [
            (json!({ "kind": "n", "data": 1 }), Some(Data::Number(1))),
            (
                json!({ "kind": " t ", "data": "x" }),
                Some(Data::Text("x".into())),
            ),
            (
                json!({ "kind": "?", "data": "x" }),
                Some(Data::Text("x".into())),
            ),
            (json!({ "data": 2 }), Some(Data::Number(2))),
            (json!({ "kind": "n", "data": null }), None),
            (json!({ "kind": "n" }), None),
        ] {
            assert_eq!(serde_json::from_value::<Device>(json).unwrap().data, wanted);
        }
        assert!(serde_json::from_value::<Device>(json!({ "kind": "n", "data": "x" })).is_err());
    }
}
