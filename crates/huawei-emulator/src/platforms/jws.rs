//! Signed tokens, made, read and verified without the client's own code: a mistake made there is
//! found here.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_SHA256, RsaEncoding, RsaKeyPair, RsaParameters, UnparsedPublicKey,
};
use serde_json::{Value, json};

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// PSS with SHA-256 and a salt of 32 bytes.
    Ps256,
    /// PKCS#1 v1.5 with SHA-256.
    Rs256,
}

impl Algorithm {
    /// The algorithm that a header names.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "PS256" => Some(Self::Ps256),
            "RS256" => Some(Self::Rs256),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }

    fn to_sign(self) -> &'static dyn RsaEncoding {
        match self {
            Self::Ps256 => &RSA_PSS_SHA256,
            Self::Rs256 => &RSA_PKCS1_SHA256,
        }
    }

    fn to_verify(self) -> &'static RsaParameters {
        match self {
            Self::Ps256 => &RSA_PSS_2048_8192_SHA256,
            Self::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        }
    }
}

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
    /// Whether the signature is of this key and algorithm.
    pub(crate) fn is_signed_by(&self, key: &PublicKey, algorithm: Algorithm) -> bool {
        let key = UnparsedPublicKey::new(algorithm.to_verify(), &key.0);
        key.verify(self.signed.as_bytes(), &self.signature).is_ok()
    }
}

/// An RSA key that signs.
#[derive(Debug)]
pub(crate) struct SigningKey(RsaKeyPair);

impl SigningKey {
    /// Reads a private key in PKCS#8.
    pub(crate) fn from_pem(pem: &str) -> Result<Self, &'static str> {
        let (label, der) = read_pem(pem)?;
        match &*label {
            "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&der)
                .map(Self)
                .map_err(|_| "not an RSA private key of 2048 to 4096 bits"),
            _ => Err("not a private key in PKCS#8"),
        }
    }

    /// A signed token.
    pub(crate) fn sign(&self, algorithm: Algorithm, kid: &str, claims: &Value) -> String {
        let header = json!({ "kid": kid, "typ": "JWT", "alg": algorithm.name() });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = self.signature(algorithm, &signed);
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The signature of a text.
    pub(crate) fn signature(&self, algorithm: Algorithm, signed: &str) -> Vec<u8> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        let random = SystemRandom::new();
        self.0
            .sign(
                algorithm.to_sign(),
                &random,
                signed.as_bytes(),
                &mut signature,
            )
            .expect("a sound key signs into room of its own size");
        signature
    }

    /// What verifies its tokens.
    pub(crate) fn public(&self) -> PublicKey {
        PublicKey(self.0.public_key().as_ref().to_vec())
    }

    /// What verifies its tokens, as a key set has it.
    pub(crate) fn jwk(&self, kid: &str) -> Value {
        let components = PublicKeyComponents::<Vec<u8>>::from(self.0.public());
        json!({
            "kty": "RSA",
            "e": URL_SAFE_NO_PAD.encode(components.e),
            "use": "sig",
            "kid": kid,
            "alg": "RS256",
            "n": URL_SAFE_NO_PAD.encode(components.n),
        })
    }
}

/// The label and the content of a PEM.
fn read_pem(pem: &str) -> Result<(String, Vec<u8>), &'static str> {
    let pem = pem.replace("\\n", "\n");
    let pem = pem.trim();
    let body = pem.strip_prefix("-----BEGIN ").ok_or("not a PEM")?;
    let (label, body) = body.split_once("-----").ok_or("not a PEM")?;
    let (body, _) = body.split_once("-----END ").ok_or("not a PEM")?;
    let text: String = body.split_whitespace().collect();
    let der = STANDARD.decode(text).map_err(|_| "the PEM is not Base64")?;
    Ok((label.to_owned(), der))
}

/// An RSA key that verifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey(Vec<u8>);

impl PublicKey {
    /// Reads a PEM: a public key, or a private key in PKCS#8 that holds it.
    pub(crate) fn from_pem(pem: &str) -> Result<Self, &'static str> {
        let (label, der) = read_pem(pem)?;
        match &*label {
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
