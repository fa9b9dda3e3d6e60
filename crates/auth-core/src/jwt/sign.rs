//! Signing: a key, parsed once, and the compact form it makes.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::error::KeyRejected;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::jwt::{Algorithm, PublicKey, der, pem};
use crate::{Error, Result, Secret};

/// Signs `claims` and returns the token in its compact form.
///
/// Nothing is added to the claims, the times least of all: `now` is the caller's business, so the
/// same input always makes the same claims. A key id stands for a whole header of type `JWT`.
///
/// ```
/// use auth_core::jwt::{self, Algorithm, SigningKey};
/// use serde_json::json;
///
/// # let pem = include_str!("../../tests/data/rsa2048.pkcs8.pem");
/// let key = SigningKey::from_pem(Algorithm::Ps256, pem)?;
/// let claims = json!({"iss": "100042", "iat": 1_700_000_000, "exp": 1_700_003_600});
/// let token = jwt::sign(&key, "key-1", &claims)?;
/// assert_eq!(token.expose().split('.').count(), 3);
/// # Ok::<_, auth_core::Error>(())
/// ```
pub fn sign<'a>(
    signer: &(impl Signer + ?Sized),
    header: impl Into<Header<'a>>,
    claims: &impl Serialize,
) -> Result<Secret> {
    let Header { kid, typ } = header.into();
    let header = json(&JoseHeader {
        alg: signer.algorithm().name(),
        kid,
        typ,
    })?;
    let claims = json(claims)?;
    if claims.first() != Some(&b'{') {
        return Err(Error::config("the claims are not a JSON object"));
    }

    // Sized once: a string that grows leaves pieces of the token behind in freed memory.
    let parts = header.len() + claims.len() + SIGNATURE_LEN_MAX;
    let mut token = Zeroizing::new(String::with_capacity(parts.div_ceil(3) * 4 + 8));
    BASE64_URL_SAFE_NO_PAD.encode_string(&header, &mut token);
    token.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(&claims, &mut token);
    let signature = signer.signature(token.as_bytes())?;
    token.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(&signature, &mut token);
    Ok(Secret::new(std::mem::take(&mut *token)))
}

/// Something that signs: a [`SigningKey`], or a key that never leaves its hardware.
///
/// ```
/// use auth_core::Result;
/// use auth_core::jwt::{Algorithm, Signer};
///
/// struct Hsm;
///
/// impl Signer for Hsm {
///     fn algorithm(&self) -> Algorithm {
///         Algorithm::Ps256
///     }
///
///     fn signature(&self, message: &[u8]) -> Result<Vec<u8>> {
///         # let _ = message;
///         // Ask the device.
///         # Ok(Vec::new())
///     }
/// }
/// ```
pub trait Signer: Send + Sync {
    /// The algorithm, which the header will name.
    fn algorithm(&self) -> Algorithm;

    /// The signature over `message`, as its bytes.
    fn signature(&self, message: &[u8]) -> Result<Vec<u8>>;
}

/// What a token's header says besides the algorithm.
///
/// ```
/// use auth_core::jwt::Header;
///
/// let header = Header::new("key-1").typ("secevent+jwt");
/// # let _ = header;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    kid: Option<&'a str>,
    typ: Option<&'a str>,
}

impl<'a> Header<'a> {
    /// A header of type `JWT` that names the key.
    pub fn new(kid: &'a str) -> Self {
        Self {
            kid: Some(kid),
            ..Self::without_kid()
        }
    }

    /// A header of type `JWT` that names no key.
    pub fn without_kid() -> Self {
        Self {
            kid: None,
            typ: Some("JWT"),
        }
    }

    /// Sets the type.
    pub fn typ(mut self, typ: &'a str) -> Self {
        self.typ = Some(typ);
        self
    }
}

impl<'a> From<&'a str> for Header<'a> {
    fn from(kid: &'a str) -> Self {
        Self::new(kid)
    }
}

/// A private RSA key of 2048 to 4096 bits, parsed and ready, bound to one algorithm.
///
/// Signing costs a processor half a millisecond: keep the token for as long as it is valid.
///
/// `Debug` shows the algorithm and the size. The text and the bytes a key is read from are
/// overwritten after reading; what *ring* keeps inside of it cannot be, as the module's documentation says.
///
/// ```
/// use auth_core::jwt::{Algorithm, SigningKey};
///
/// # let pem = include_str!("../../tests/data/rsa2048.pkcs8.pem");
/// # let pem = &pem.replace('\n', "\\n");
/// let key = SigningKey::from_pem(Algorithm::Ps256, pem)?;
/// assert_eq!(format!("{key:?}"), "SigningKey { algorithm: Ps256, bits: 2048, .. }");
/// # Ok::<_, auth_core::Error>(())
/// ```
pub struct SigningKey {
    algorithm: Algorithm,
    pair: KeyPair,
    random: SystemRandom,
}

impl SigningKey {
    /// Reads a key from PEM text, PKCS#8 or PKCS#1, or from the bare Base64 inside of it.
    ///
    /// Forgives what happens to keys on their way through forms, shells and environment
    /// variables: line feeds turned into `\n` or blanks, CRLF, everything on one line,
    /// surrounding quotes, Base64 once more around the whole. Errors name the position, never
    /// what stands there.
    pub fn from_pem(algorithm: Algorithm, text: &str) -> Result<Self> {
        let der = pem::private_key(text)
            .map_err(|flaw| Error::credentials(format!("the private key: {flaw}")))?;
        Self::from_der(algorithm, &der)
    }

    /// Reads a key from DER bytes, PKCS#8 or PKCS#1.
    pub fn from_der(algorithm: Algorithm, der: &[u8]) -> Result<Self> {
        Self::parse(algorithm, der)
            .map_err(|what| Error::credentials(format!("the private key {what}")))
    }

    /// Reads a key from DER bytes; on failure says what the key is.
    pub(super) fn parse(
        algorithm: Algorithm,
        der: &[u8],
    ) -> std::result::Result<Self, &'static str> {
        #[cfg(all(debug_assertions, feature = "testing"))]
        crate::testing::note_key(der);
        let parse = match der::is_pkcs8(der) {
            true => KeyPair::from_pkcs8,
            false => KeyPair::from_der,
        };
        Ok(Self {
            algorithm,
            pair: parse(der).map_err(|why| explain(der, &why))?,
            random: SystemRandom::new(),
        })
    }

    /// The public half, to verify with or to publish in a key set.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_pair(&self.pair)
    }
}

impl Signer for SigningKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(
                self.algorithm.encoding(),
                &self.random,
                message,
                &mut signature,
            )
            .map_err(|_| {
                Error::credentials("signing failed: the parts of the key contradict each other")
            })?;
        Ok(signature)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("bits", &(self.pair.public().modulus_len() * 8))
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct JoseHeader<'a> {
    alg: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    typ: Option<&'a str>,
}

/// What *ring* found wrong, in words that name what to do.
fn explain(der: &[u8], why: &KeyRejected) -> &'static str {
    match why.to_string().as_str() {
        _ if der::spki(der).is_some() => "is a public key",
        "InconsistentComponents" | "InvalidComponent" => {
            "is damaged: its parts do not fit together"
        }
        "TooLarge" => "has more than 4096 bits, which are not supported",
        "TooSmall" => "has fewer than 2048 bits: make a new one",
        "VersionNotSupported" => "is not an RSA key with two primes",
        "WrongAlgorithm" => "is not an RSA key",
        _ => "is not an unencrypted RSA key in PKCS#8 or PKCS#1, or it is cut off",
    }
}

fn json(value: &impl Serialize) -> Result<Zeroizing<Vec<u8>>> {
    serde_json::to_vec(value)
        .map(Zeroizing::new)
        .map_err(|error| Error::config(format!("the claims cannot be written as JSON: {error}")))
}

/// The signature of a key of 4096 bits, in bytes.
const SIGNATURE_LEN_MAX: usize = 512;
