//! What the fuzz target `jws_verify` does with its input; the target includes this file.

use std::sync::LazyLock;
use std::time::{Duration, UNIX_EPOCH};

use auth_core::jwt::{self, Algorithm, Jwks, Signer, SigningKey, Verifier};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

/// A token of any content. Two lines that begin with a brace are a header and claims, to be
/// signed, so that what lies behind the signature is reached as well.
pub(crate) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let signed = text.split_once('\n').filter(|_| text.starts_with('{'));
    let token = signed.map_or_else(|| text.to_string(), |(header, claims)| sign(header, claims));
    let _ = jwt::key_id(&token);
    let verified = VERIFIER.verify::<Value>(&token, &KEYS, UNIX_EPOCH + Duration::from_secs(NOW));
    let Ok(claims) = verified else {
        return;
    };

    let (header, _) = signed.expect("nobody forges a signature");
    let header: Value = serde_json::from_str(header).expect("the header is JSON");
    assert_eq!(header["alg"], "RS256");
    assert!(
        header.get("crit").is_none_or(Value::is_null),
        "an extension was ignored"
    );
    assert_eq!(claims["iss"], "iss");
    assert!(claims["aud"] == "aud" || is_among(&claims["aud"], "aud"));
    let exp = claims["exp"].as_f64().expect("a time");
    assert!(exp > (NOW - LEEWAY) as f64, "an expired token was accepted");
    for early in ["iat", "nbf"] {
        let time = claims[early].as_f64().unwrap_or_default();
        assert!(time.floor() <= (NOW + LEEWAY) as f64, "{early} was ignored");
    }
}

fn is_among(texts: &Value, wanted: &str) -> bool {
    let texts = texts.as_array().map(Vec::as_slice).unwrap_or_default();
    texts.iter().any(|text| text == wanted)
}

fn sign(header: &str, claims: &str) -> String {
    let [header, claims] = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
    let message = format!("{header}.{claims}");
    let signature = KEY.signature(message.as_bytes()).expect("the key signs");
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    let pem = include_str!("../../../data/rsa2048.pkcs8.pem");
    SigningKey::from_pem(Algorithm::Rs256, pem).expect("the key is good")
});

static KEYS: LazyLock<Jwks> = LazyLock::new(|| {
    let mut keys = Jwks::default();
    keys.insert("kid", KEY.public_key());
    keys
});

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    Verifier::new([Algorithm::Rs256])
        .issuer("iss")
        .audience("aud")
        .leeway(Duration::from_secs(LEEWAY))
});

const NOW: u64 = 1_700_000_000;
const LEEWAY: u64 = 60;
