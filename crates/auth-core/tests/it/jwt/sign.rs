//! What is signed, and what it looks like.

use auth_core::jwt::{self, Algorithm, Header, PublicKey, SigningKey};
use auth_core::{Action, ErrorKind};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::key;

fn part(token: &str, index: usize) -> Value {
    let text = token.split('.').nth(index).expect("a part");
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[test]
fn header_and_claims_stand_in_the_token_as_given() {
    let claims = json!({"iss": "\u{e4}", "iat": 1});
    let token = jwt::sign(&key(Algorithm::Ps256), "kid-1", &claims).expect("it signs");
    let header = json!({"alg": "PS256", "kid": "kid-1", "typ": "JWT"});
    assert_eq!(part(token.expose(), 0), header);
    assert_eq!(part(token.expose(), 1), claims);
}

#[test]
fn a_header_may_do_without_a_key_id_and_name_another_type() {
    let header = Header::without_kid().typ("secevent+jwt");
    let token = jwt::sign(&key(Algorithm::Rs256), header, &json!({})).expect("it signs");
    let header = json!({"alg": "RS256", "typ": "secevent+jwt"});
    assert_eq!(part(token.expose(), 0), header);
}

#[test]
fn claims_that_are_no_object_are_not_signed() {
    for claims in [json!([1]), json!("text"), json!(null)] {
        let error = jwt::sign(&key(Algorithm::Ps256), "kid", &claims).expect_err("no object");
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}

#[test]
fn a_key_hides_in_debug() {
    let text = format!("{:?}", key(Algorithm::Ps256));
    assert_eq!(text, "SigningKey { algorithm: Ps256, bits: 2048, .. }");
}

#[test]
fn pkcs1_and_pkcs8_are_one_key() {
    let pkcs1 = include_str!("../../data/rsa2048.pkcs1.pem");
    let pkcs1 = SigningKey::from_pem(Algorithm::Ps256, pkcs1).expect("the key is good");
    assert_eq!(pkcs1.public_key(), key(Algorithm::Ps256).public_key());
}

#[test]
fn keys_that_cannot_be_used_say_why() {
    let cases = [
        (
            include_str!("../../data/rsa1024.pem"),
            "the private key has fewer than 2048 bits: make a new one",
        ),
        (
            include_str!("../../data/ec.pkcs8.pem"),
            "the private key is not an RSA key",
        ),
        (
            include_str!("../../data/ec.sec1.pem"),
            "the private key: line 1, column 12: this is an elliptic-curve key; an RSA key is wanted",
        ),
        (
            include_str!("../../data/rsa2048.encrypted.pem"),
            "the private key: line 1, column 12: the key is encrypted; `openssl pkey -in <file>` decrypts it",
        ),
        (
            include_str!("../../data/rsa2048.public.pem"),
            "the private key: line 1, column 12: this is a public key; the private one is wanted",
        ),
    ];
    for (pem, message) in cases {
        let error = SigningKey::from_pem(Algorithm::Ps256, pem).expect_err(message);
        assert_eq!(error.to_string(), message);
        assert_eq!(error.action(), Action::FixCredentials);
    }
}

/// One element of DER with a content of 128 to 65535 bytes.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(content.len()).expect("short");
    [&[tag, 0x82], &len.to_be_bytes()[..], content].concat()
}

#[test]
fn keys_too_long_or_damaged_say_so() {
    let (version, exponent) = ([2, 1, 0], [2, 3, 1, 0, 1]);
    let modulus = der(2, &[0x7f; 520]);
    let rest = [2, 1, 1].repeat(6);
    let long = der(0x30, &[&version[..], &modulus, &exponent, &rest].concat());
    let error = SigningKey::from_der(Algorithm::Ps256, &long).expect_err("too long");
    let message = "the private key has more than 4096 bits, which are not supported";
    assert_eq!(error.to_string(), message);

    let pem = include_str!("../../data/rsa2048.pkcs8.pem");
    let start = pem.find("WjO1DHop").expect("a piece of the modulus");
    let damaged = format!("{}XXX{}", &pem[..start], &pem[start + 3..]);
    let error = SigningKey::from_pem(Algorithm::Ps256, &damaged).expect_err("damaged");
    let message = "the private key is damaged: its parts do not fit together";
    assert_eq!(error.to_string(), message);
}

#[test]
fn weak_public_keys_are_refused() {
    let odd = [0xff_u8; 256];
    let mut even = odd;
    even[255] = 0xfe;
    let cases: [(&[u8], &[u8]); 6] = [
        (&odd[..255], &[1, 0, 1]),
        (&even, &[1, 0, 1]),
        (&odd, &[3]),
        (&odd, &[1, 0, 2]),
        (&odd, &[1, 0, 0, 0, 1]),
        (&[], &[]),
    ];
    for (modulus, exponent) in cases {
        let error = PublicKey::from_components(modulus, exponent).expect_err("weak");
        assert_eq!(error.kind(), ErrorKind::Config);
    }
    let key = PublicKey::from_components(&odd, &[0, 1, 0, 1]).expect("strong");
    assert_eq!(key.bits(), 2048);
}
