//! Public keys.

use std::fmt;

use ring::rsa::{KeyPair, PublicKeyComponents};

use crate::jwt::{der, pem};
use crate::{Error, Result};

/// A public RSA key of 2048 to 8192 bits.
///
/// ```
/// use auth_core::jwt::{Algorithm, PublicKey, SigningKey};
///
/// # let private = include_str!("../../tests/data/rsa2048.pkcs8.pem");
/// let key = SigningKey::from_pem(Algorithm::Rs256, private)?.public_key();
/// assert_eq!(key.bits(), 2048);
/// # Ok::<_, auth_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    pub(super) n: Box<[u8]>,
    pub(super) e: Box<[u8]>,
}

impl PublicKey {
    /// Makes a key of its modulus and exponent, big-endian.
    ///
    /// Refuses what is too weak to prove anything: a modulus under 2048 bits, an even one, an
    /// exponent that is even or less than 65537.
    pub fn from_components(modulus: &[u8], exponent: &[u8]) -> Result<Self> {
        let (n, e) = (trim(modulus), trim(exponent));
        let bits = bits(n);
        if !(BITS_MIN..=BITS_MAX).contains(&bits) {
            return Err(Error::config(format!(
                "the public key has {bits} bits; {BITS_MIN} to {BITS_MAX} are accepted"
            )));
        }
        let odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
        let exponent = match e.len() {
            3 | 4 => e.iter().fold(0, |e, byte| e << 8 | u32::from(*byte)),
            _ => 0,
        };
        if !odd(n) || !odd(e) || exponent < EXPONENT_MIN {
            return Err(Error::config(
                "the public key is weak: its modulus is even, or its exponent is even, small or huge",
            ));
        }
        Ok(Self {
            n: n.into(),
            e: e.into(),
        })
    }

    /// Reads a key from PEM text: `PUBLIC KEY` or `RSA PUBLIC KEY`, as forgiving as
    /// [`SigningKey::from_pem`](crate::jwt::SigningKey::from_pem).
    pub fn from_pem(text: &str) -> Result<Self> {
        let der = pem::public_key(text)
            .map_err(|flaw| Error::config(format!("the public key: {flaw}")))?;
        Self::from_der(&der)
    }

    /// Reads a key from DER bytes: a `SubjectPublicKeyInfo` or an `RSAPublicKey`.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let (n, e) = der::spki(der)
            .or_else(|| der::rsa_public_key(der))
            .ok_or_else(|| Error::config("the bytes are not a public RSA key"))?;
        Self::from_components(n, e)
    }

    pub(super) fn from_pair(pair: &KeyPair) -> Self {
        let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(pair.public());
        Self {
            n: n.into(),
            e: e.into(),
        }
    }

    /// The length of the modulus in bits.
    pub fn bits(&self) -> usize {
        bits(&self.n)
    }
}

/// Shows the size.
impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("bits", &self.bits())
            .finish_non_exhaustive()
    }
}

fn trim(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

/// The length in bits of a number without leading zeros.
fn bits(number: &[u8]) -> usize {
    number
        .first()
        .map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

/// What *ring* verifies, in bits; less proves nothing any more.
const BITS_MIN: usize = 2048;
const BITS_MAX: usize = 8192;

/// The smallest exponent that current rules (FIPS 186-5, 5.1) accept.
const EXPONENT_MIN: u32 = 65537;
