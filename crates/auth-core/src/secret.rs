//! Text that must not be seen: zeroized when dropped, redacted when printed.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::{Zeroize, Zeroizing};

/// A secret text: a password, a token, a key.
///
/// The bytes are overwritten when the value is dropped, `Debug` prints a placeholder, there is no
/// `Display`, and comparison takes the same time wherever the first difference stands.
///
/// Serialization writes the value itself, because a request has to carry it to the platform: do
/// not serialize a model with secrets into a log.
///
/// ```
/// use auth_core::Secret;
///
/// let secret = Secret::new("swordfish");
/// assert_eq!(format!("{secret:?}"), "Secret(..)");
/// assert_eq!(secret.expose(), "swordfish");
/// ```
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a text.
    pub fn new(value: impl Into<String>) -> Self {
        let value = value.into();
        #[cfg(all(debug_assertions, feature = "testing"))]
        crate::testing::note(value.as_bytes());
        Self(Zeroizing::new(value))
    }

    /// The text itself. Keep the result out of logs and errors.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Equal texts; in constant time for texts of one length.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        same_bytes(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self::new(value)
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}

impl Zeroize for Secret {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Compares two byte strings in constant time; only their length can be told from the time taken.
pub fn same_bytes(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len()
        && std::hint::black_box(
            left.iter()
                .zip(right)
                .fold(0, |difference, (left, right)| difference | (left ^ right)),
        ) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_hides_in_debug() {
        let text = format!("{:?} {:?}", Secret::new("hush"), Some(Secret::from("hush")));
        assert!(!text.contains("hush"), "{text}");
    }

    #[test]
    fn secrets_compare_by_text() {
        assert_eq!(Secret::new("a"), Secret::new("a"));
        assert_ne!(Secret::new("a"), Secret::new("b"));
        assert_ne!(Secret::new("a"), Secret::new("ab"));
    }
}
