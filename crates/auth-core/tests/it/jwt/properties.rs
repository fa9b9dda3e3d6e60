//! What holds for every input.

use std::collections::BTreeMap;

use auth_core::jwt::{self, Algorithm, Jwks, KeyFile, SigningKey, Verifier};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::{NOW, fuzzed, key, now};

const PEM: &str = include_str!("../../data/rsa2048.pkcs8.pem");

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(any::<String>(), inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

/// Replaces, inserts and removes characters at places all over `text`.
fn mutated(text: &str, changes: &[(Index, Option<char>, bool)]) -> String {
    let mut text: Vec<char> = text.chars().collect();
    for (place, symbol, insert) in changes {
        let place = place.index(text.len().max(1)).min(text.len());
        match (symbol, insert) {
            (Some(symbol), true) => text.insert(place, *symbol),
            (Some(symbol), false) if place < text.len() => text[place] = *symbol,
            (None, _) if place < text.len() => drop(text.remove(place)),
            _ => {}
        }
    }
    text.into_iter().collect()
}

fn changes() -> impl Strategy<Value = Vec<(Index, Option<char>, bool)>> {
    let symbol = prop_oneof![
        any::<char>(),
        prop::char::range(' ', '~'),
        prop::sample::select(vec!['"', '\\', '\n', '-', '=', '.', '{', '}', ':']),
    ];
    vec(
        (any::<Index>(), proptest::option::of(symbol), any::<bool>()),
        0..6,
    )
}

/// One of the ways in which files get wrapped on their way.
fn wrapped(text: &str, way: u8) -> String {
    match way % 5 {
        0 => text.to_owned(),
        1 => Value::from(text).to_string(),
        2 => text.replace('\\', "\\\\").replace('"', "\\\""),
        3 => BASE64_STANDARD.encode(text),
        _ => format!("'{text}'\r\n"),
    }
}

/// A run of characters of the key in what is printed.
fn leaked(printed: &str) -> Option<&str> {
    let secret = PEM.replace('\n', "");
    let body = secret
        .trim_matches(|c: char| c == '-')
        .replace("BEGIN PRIVATE KEY-----", "");
    (0..printed.len()).find_map(|start| {
        let piece = printed.get(start..start + 8)?;
        body.contains(piece).then_some(piece)
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(48)
    })]

    #[test]
    fn what_is_signed_verifies_and_comes_back(
        kid in any::<String>(),
        ps256 in any::<bool>(),
        claims in btree_map(any::<String>(), any_json(), 0..8),
    ) {
        let mut claims: BTreeMap<String, Value> = claims;
        for checked in ["iat", "iss", "nbf", "nonce"] {
            claims.remove(checked);
        }
        claims.insert("aud".to_owned(), json!("aud"));
        claims.insert("exp".to_owned(), json!(NOW + 1));
        let algorithm = if ps256 { Algorithm::Ps256 } else { Algorithm::Rs256 };
        let key = key(algorithm);
        let mut keys = Jwks::default();
        keys.insert(&*kid, key.public_key());
        let token = jwt::sign(&key, &*kid, &claims).expect("it signs");
        prop_assert_eq!(jwt::key_id(token.expose()), Some(kid));

        let verifier = Verifier::new([algorithm]).any_issuer().audience("aud");
        let verified = verifier.verify::<Value>(token.expose(), &keys, now());
        prop_assert_eq!(verified, Ok(json!(claims)));
    }

    #[test]
    fn a_changed_token_is_never_accepted(changes in changes()) {
        let key = key(Algorithm::Rs256);
        let claims = json!({"exp": NOW + 1, "sub": "me"});
        let token = jwt::sign(&key, "kid", &claims).expect("it signs");
        let changed = mutated(token.expose(), &changes);

        let verifier = Verifier::new([Algorithm::Rs256]).any_issuer().any_audience();
        let keys = Jwks::from(key.public_key());
        let accepted = verifier.verify::<Value>(&changed, &keys, now()).is_ok();
        prop_assert_eq!(accepted, changed == token.expose());
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(512)
    })]

    #[test]
    fn damaged_key_files_leak_nothing(
        inner in changes(),
        outer in changes(),
        ways in vec(any::<u8>(), 0..4),
    ) {
        let mut text = json!({"id": "f00d", "key": mutated(PEM, &inner)}).to_string();
        for way in ways {
            text = wrapped(&text, way);
        }
        let text = mutated(&text, &outer);
        let file = KeyFile::parse(&text);
        let key = file.as_ref().map(|file| file.signing_key("key", Algorithm::Ps256));
        for printed in [format!("{file:?}"), format!("{key:?}")] {
            prop_assert_eq!(leaked(&printed), None, "{}", printed);
        }
        let alone = SigningKey::from_pem(Algorithm::Ps256, &mutated(PEM, &outer));
        let printed = format!("{alone:?}");
        prop_assert_eq!(leaked(&printed), None, "{}", printed);
    }

    #[test]
    fn texts_of_any_kind_do_no_harm(text in any::<String>(), bytes in vec(any::<u8>(), 0..256)) {
        fuzzed::key_file::run(text.as_bytes());
        fuzzed::key_file::run(&bytes);
        fuzzed::jwks::run(&bytes);
        fuzzed::jws_verify::run(text.as_bytes());
        let _ = SigningKey::from_pem(Algorithm::Ps256, &text);
        let _ = SigningKey::from_der(Algorithm::Ps256, &bytes);
        let _ = jwt::PublicKey::from_pem(&text);
        let _ = jwt::PublicKey::from_der(&bytes);
    }
}
