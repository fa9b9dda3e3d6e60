//! The RSA key of the tenant: signs tokens, and opens what devices encrypt.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs8::{DecodePrivateKey, EncodePublicKey};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::platforms::jws::{self, Algorithm, SigningKey};

/// The key, in the forms that two libraries want it.
struct Keys {
    signing: SigningKey,
    opening: rsa::PrivateKey,
    public_der: Vec<u8>,
}

/// Read once, because it is the same for all spaces.
static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let pem = include_str!("../../../keys/first.pem");
    let text: String = pem
        .lines()
        .filter(|line| !line.starts_with('-'))
        .flat_map(str::split_whitespace)
        .collect();
    let der = STANDARD.decode(text).expect("the key is Base64");
    let opening = rsa::PrivateKey::from_pkcs8_der(&der).expect("the key is PKCS#8");
    let public_der = opening.to_public_key().to_public_key_der();
    Keys {
        signing: SigningKey::from_pem(pem).expect("the key is one of RSA"),
        public_der: public_der.expect("a public key is writable").into_vec(),
        opening,
    }
});

/// Signs a token with RS256.
pub(super) fn sign(claims: &Value) -> String {
    KEYS.signing.sign(Algorithm::Rs256, KEY_ID, claims)
}

/// The signature of a text, by the same key and algorithm as that of tokens.
pub(super) fn sign_text(text: &str) -> Vec<u8> {
    KEYS.signing.signature(Algorithm::Rs256, text)
}

/// The claims of a token that this key signed.
pub(super) fn verify(token: &str) -> Option<Value> {
    let token = jws::parse(token)?;
    let key = KEYS.signing.public();
    token
        .is_signed_by(&key, Algorithm::Rs256)
        .then_some(token.claims)
}

/// Opens what was encrypted with RSA-OAEP, over SHA-256 in both places.
pub(super) fn open(encrypted: &[u8]) -> Option<Vec<u8>> {
    let padding = rsa::Oaep::<Sha256>::new();
    KEYS.opening.decrypt(padding, encrypted).ok()
}

/// The public key as devices get it: Base64 of a SubjectPublicKeyInfo.
pub(super) fn public_key() -> String {
    STANDARD.encode(&KEYS.public_der)
}

/// The public key in PEM, as the portal shows it.
pub(super) fn public_pem() -> String {
    let text = public_key();
    let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy);
    let lines: Vec<_> = lines.collect();
    format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        lines.join("\n")
    )
}

/// The key set that sign-ins are verified with.
pub(super) fn jwks() -> Value {
    json!({ "keys": [KEYS.signing.jwk(KEY_ID)] })
}

/// The id of the key.
const KEY_ID: &str = "k1";
