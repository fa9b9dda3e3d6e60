//! Sets of public keys.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::de::IgnoredAny;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use crate::Error;
use crate::jwt::{Algorithm, PublicKey};

/// A set of public keys, as [RFC 7517] writes it: `{"keys": [..]}`.
///
/// ```
/// use auth_core::jwt::Jwks;
///
/// let set = Jwks::parse(br#"{"keys": [{"kty": "EC", "kid": "not for us"}]}"#)?;
/// assert!(set.is_empty());
/// # Ok::<_, auth_core::Error>(())
/// ```
///
/// [RFC 7517]: https://www.rfc-editor.org/rfc/rfc7517#section-5
#[derive(Clone, Debug, Default)]
pub struct Jwks {
    keys: Vec<(Option<String>, PublicKey)>,
}

impl Jwks {
    /// Reads a key set and keeps the keys that can verify RSA signatures over SHA-256.
    ///
    /// Skipped are keys of other types, uses and algorithms, as the RFC asks for, and keys that
    /// nobody should trust: malformed, weak, or published with their private half. `RS256` and
    /// `PS256` are not told apart, because platforms sign in both ways with a key that is marked
    /// for one of them: it is the [`Verifier`](crate::jwt::Verifier) that pins the algorithm.
    pub fn parse(json: &[u8]) -> crate::Result<Self> {
        let Document { keys } = serde_json::from_slice(json)
            .map_err(|_| Error::decode("the key set is not a JSON object with an array `keys`"))?;
        Ok(Self {
            keys: keys
                .into_iter()
                .filter_map(|key| serde_json::from_value(key).ok().and_then(Jwk::usable))
                .collect(),
        })
    }

    /// Adds a key under its id. Verification tries all keys of one id.
    pub fn insert(&mut self, kid: impl Into<String>, key: PublicKey) {
        self.keys.push((Some(kid.into()), key));
    }

    /// Whether no usable key is in the set.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The number of usable keys.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// The keys that may have signed a token whose header names `kid`: those of that id and those
    /// without an id. For a header that names none, all.
    pub(super) fn named(&self, kid: Option<&str>) -> impl Iterator<Item = &PublicKey> {
        self.keys
            .iter()
            .filter(move |(id, _)| match (id, kid) {
                (Some(id), Some(kid)) => id == kid,
                _ => true,
            })
            .map(|(_, key)| key)
    }
}

/// One key for every token, whatever key id the token names.
impl From<PublicKey> for Jwks {
    fn from(key: PublicKey) -> Self {
        Self {
            keys: vec![(None, key)],
        }
    }
}

/// Writes the set as a platform publishes it.
impl Serialize for Jwks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let keys = self.keys.iter().map(|(kid, key)| Published {
            kty: "RSA",
            usage: "sig",
            kid: kid.as_deref(),
            n: BASE64_URL_SAFE_NO_PAD.encode(&key.n),
            e: BASE64_URL_SAFE_NO_PAD.encode(&key.e),
        });
        let mut set = serializer.serialize_struct("Jwks", 1)?;
        set.serialize_field("keys", &keys.collect::<Vec<_>>())?;
        set.end()
    }
}

#[derive(Serialize)]
struct Published<'a> {
    kty: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    n: String,
    e: String,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default, rename = "use")]
    usage: Option<String>,
    #[serde(default)]
    key_ops: Option<Vec<String>>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    /// What only private and secret keys have.
    #[serde(
        default,
        alias = "p",
        alias = "q",
        alias = "dp",
        alias = "dq",
        alias = "qi",
        alias = "oth",
        alias = "k"
    )]
    d: Option<IgnoredAny>,
}

impl Jwk {
    fn usable(self) -> Option<(Option<String>, PublicKey)> {
        let meant = self.kty == "RSA"
            && self.usage.is_none_or(|usage| usage == "sig")
            && self
                .key_ops
                .is_none_or(|ops| ops.iter().any(|op| op == "verify"))
            && self
                .alg
                .is_none_or(|alg| Algorithm::from_name(&alg).is_some())
            && self.d.is_none();
        if !meant {
            return None;
        }
        let n = BASE64_URL_SAFE_NO_PAD.decode(self.n?).ok()?;
        let e = BASE64_URL_SAFE_NO_PAD.decode(self.e?).ok()?;
        Some((self.kid, PublicKey::from_components(&n, &e).ok()?))
    }
}
