//! Signed tokens, read and verified without the client's own code: a mistake made there is found
//! here.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{KeyPair, RSA_PSS_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::Value;

/// A token cut into its parts, its signature not looked at yet.
pub(crate) struct Unverified<'a> {
    signed: &'a str,
    signature: Vec<u8>,
    pub header: Value,
    pub claims: Value,
}

/// Cuts a token into its parts.
pub(crate) fn parse(token: &str) -> Option<Unverified<'_>> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let json = |text: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok();
    Some(Unverified {
        signed,
        signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        header: json(header)?,
        claims: json(claims)?,
    })
}

impl Unverified<'_> {
    /// Whether the signature is PS256 of this key, with a salt of 32 bytes.
    pub(crate) fn is_signed_by(&self, key: &PublicKey) -> bool {
        let key = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, &key.0);
        key.verify(self.signed.as_bytes(), &self.signature).is_ok()
    }
}

/// An RSA key that verifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey(Vec<u8>);

impl PublicKey {
    /// Reads a PEM: a public key, or a private key in PKCS#8 that holds it.
    pub(crate) fn from_pem(pem: &str) -> Result<Self, &'static str> {
        let pem = pem.replace("\\n", "\n");
        let pem = pem.trim();
        let body = pem.strip_prefix("-----BEGIN ").ok_or("not a PEM")?;
        let (label, body) = body.split_once("-----").ok_or("not a PEM")?;
        let (body, _) = body.split_once("-----END ").ok_or("not a PEM")?;
        let text: String = body.split_whitespace().collect();
        let der = STANDARD.decode(text).map_err(|_| "the PEM is not Base64")?;
        match label {
            "PUBLIC KEY" => inner_key(&der).map(Self).ok_or("not an RSA public key"),
            "RSA PUBLIC KEY" => Ok(Self(der)),
            "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&der)
                .map(|pair| Self(pair.public_key().as_ref().to_vec()))
                .map_err(|_| "not an RSA private key of 2048 to 4096 bits"),
            _ => Err("neither a public key nor a private key in PKCS#8"),
        }
    }
}

/// The RSA key inside a SubjectPublicKeyInfo: a sequence of the algorithm and a bit string.
fn inner_key(der: &[u8]) -> Option<Vec<u8>> {
    let (outer, _) = element(der, 0x30)?;
    let (_, rest) = element(outer, 0x30)?;
    let (bits, _) = element(rest, 0x03)?;
    bits.strip_prefix(&[0]).map(<[u8]>::to_vec)
}

/// The content of the DER element of this tag at the start, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let rest = der.strip_prefix(&[tag])?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let grow = |length: usize, byte: &u8| length.checked_mul(256)?.checked_add((*byte).into());
        (bytes.iter().try_fold(0, grow)?, rest)
    };
    rest.split_at_checked(length)
}
