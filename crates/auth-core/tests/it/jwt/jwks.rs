//! Key sets as platforms publish them.

use auth_core::ErrorKind;
use auth_core::jwt::{Algorithm, Jwks};
use serde_json::{Value, json};

use super::key;

/// The good key as it is published, with one member replaced.
fn jwk(name: &str, value: Value) -> Value {
    let mut set = Jwks::default();
    set.insert("kid", key(Algorithm::Rs256).public_key());
    let mut set = serde_json::to_value(&set).expect("it is written");
    set["keys"][0][name] = value;
    set["keys"][0].take()
}

fn usable(jwk: Value) -> usize {
    let set = json!({"keys": [jwk], "more": 1});
    let set = Jwks::parse(set.to_string().as_bytes()).expect("a key set");
    set.len()
}

#[test]
fn a_set_is_published_as_it_is_read() {
    let jwk = jwk("kid", json!("kid"));
    assert_eq!(jwk["kty"], "RSA");
    assert_eq!(jwk["e"], "AQAB");
    assert!(jwk.get("d").is_none());
    assert_eq!(usable(jwk), 1);
}

#[test]
fn keys_that_can_verify_are_kept_and_others_skipped() {
    for (name, value) in [
        ("alg", json!("RS256")),
        ("alg", json!("PS256")),
        ("alg", Value::Null),
        ("use", Value::Null),
        ("kid", Value::Null),
        ("key_ops", json!(["verify"])),
        ("x5c", json!(["..."])),
        ("d", Value::Null),
    ] {
        assert_eq!(usable(jwk(name, value.clone())), 1, "{name}: {value}");
    }
    for (name, value) in [
        ("kty", json!("EC")),
        ("kty", json!("rsa")),
        ("kty", Value::Null),
        ("alg", json!("RS512")),
        ("alg", json!("RSA-OAEP")),
        ("alg", json!("none")),
        ("use", json!("enc")),
        ("key_ops", json!(["sign"])),
        ("kid", json!(5)),
        ("n", Value::Null),
        ("n", json!("AQAB")),
        ("n", json!("not base64")),
        ("e", json!("Aw")),
        ("e", json!("AQAB=")),
        ("e", json!("")),
    ] {
        assert_eq!(usable(jwk(name, value.clone())), 0, "{name}: {value}");
    }
    assert_eq!(usable(json!("no object")), 0);
}

#[test]
fn a_key_published_with_its_private_half_is_not_trusted() {
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        assert_eq!(usable(jwk(name, json!("AQAB"))), 0, "{name}");
    }
}

#[test]
fn a_modulus_with_leading_zeros_is_the_same_key() {
    let plain = jwk("kid", json!("kid"));
    let n = plain["n"].as_str().expect("a text");
    // Six bits to a symbol: four symbols are three whole bytes.
    assert_eq!(usable(jwk("n", json!(format!("AAAA{n}")))), 1);
}

#[test]
fn what_is_no_key_set_is_an_error() {
    for text in ["", "[]", "{}", r#"{"keys": {}}"#, r#"{"keys": []} x"#] {
        let error = Jwks::parse(text.as_bytes()).expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Decode, "{text}");
    }
    assert!(
        Jwks::parse(br#"{"keys": []}"#)
            .expect("a key set")
            .is_empty()
    );
}
