//! What is accepted, and what is refused for which reason.
use std::time::Duration;

use auth_core::jwt::{self, Algorithm, Expected, Header, Jwks, Part, Verifier, VerifyError};
use auth_core::{Action, Error};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{NOW, key, now};

fn verifier() -> Verifier {
    Verifier::new([Algorithm::Rs256])
        .issuer("iss")
        .audience("aud")
}

fn keys() -> Jwks {
    Jwks::from(key(Algorithm::Rs256).public_key())
}

fn good() -> Value {
    json!({"iss": "iss", "aud": "aud", "iat": NOW, "exp": NOW + 3600})
}

/// Good claims with one of them replaced, or removed where `value` is null.
fn with(name: &str, value: Value) -> Value {
    let mut claims = good();
    match value {
        Value::Null => claims.as_object_mut().expect("an object").remove(name),
        value => claims
            .as_object_mut()
            .expect("an object")
            .insert(name.to_owned(), value),
    };
    claims
}

fn signed(claims: &Value) -> String {
    let token = jwt::sign(&key(Algorithm::Rs256), "kid", claims).expect("it signs");
    token.expose().to_owned()
}

/// Signs header and claims as they are written, whatever they say.
fn signed_raw(header: &str, claims: &str) -> String {
    let [header, claims] = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
    let message = format!("{header}.{claims}");
    let signature = jwt::Signer::signature(&key(Algorithm::Rs256), message.as_bytes());
    let signature = BASE64_URL_SAFE_NO_PAD.encode(signature.expect("it signs"));
    format!("{message}.{signature}")
}

const HEADER: &str = r#"{"alg":"RS256","kid":"kid","typ":"JWT"}"#;
const CLAIMS: &str = r#"{"iss":"iss","aud":"aud","exp":1700003600}"#;

fn verify(verifier: &Verifier, token: &str) -> Result<Value, VerifyError> {
    verifier.verify(token, &keys(), now())
}

/// Checks what becomes of good claims with one replaced.
fn check(name: &str, value: Value, expected: Result<(), VerifyError>) {
    let result = verify(&verifier(), &signed(&with(name, value.clone())));
    assert_eq!(result.map(drop), expected, "{name}: {value}");
}

#[test]
fn a_good_token_gives_its_claims() {
    #[derive(Deserialize)]
    struct Claims {
        exp: u64,
        iss: String,
    }
    let claims: Claims = verifier()
        .verify(&signed(&good()), &keys(), now())
        .expect("it verifies");
    assert_eq!((claims.exp, &*claims.iss), (NOW + 3600, "iss"));
}

#[test]
fn issuer_and_audience_are_compared_whole() {
    for wrong in ["", "is", "ISS", "iss ", "iss2"] {
        check("iss", json!(wrong), Err(VerifyError::Issuer));
    }
    for wrong in [json!("AUD"), json!(["a", "b"]), json!([])] {
        check("aud", wrong, Err(VerifyError::Audience));
    }
    check("aud", json!(["other", "aud"]), Ok(()));
    check("iss", Value::Null, Err(VerifyError::MissingClaim("iss")));
    check("aud", Value::Null, Err(VerifyError::MissingClaim("aud")));
}

#[test]
fn a_token_without_an_end_is_accepted_where_that_is_said() {
    let lasting = signed(&with("exp", Value::Null));
    assert_eq!(
        verify(&verifier(), &lasting),
        Err(VerifyError::MissingClaim("exp"))
    );
    let lenient = verifier().without_exp();
    assert!(verify(&lenient, &lasting).is_ok());
    let over = signed(&with("exp", json!(NOW - 100)));
    let ago = Duration::from_secs(100);
    assert_eq!(
        verify(&lenient, &over).map(drop),
        Err(VerifyError::Expired { ago })
    );
}

#[test]
fn a_verifier_that_names_nobody_accepts_nobody() {
    let closed = Verifier::new([Algorithm::Rs256]);
    assert_eq!(verify(&closed, &signed(&good())), Err(VerifyError::Issuer));
    let closed = closed.any_issuer();
    assert_eq!(
        verify(&closed, &signed(&good())),
        Err(VerifyError::Audience)
    );
    let open = closed.any_audience();
    assert_eq!(
        verify(&open, &signed(&json!({"exp": NOW + 1}))),
        Ok(json!({"exp": NOW + 1}))
    );
    let none = Verifier::new([]).any_issuer().any_audience();
    assert_eq!(verify(&none, &signed(&good())), Err(VerifyError::Algorithm));
}

#[test]
fn times_hold_to_the_second_with_the_leeway() {
    let seconds = Duration::from_secs;
    check("exp", json!(NOW - 59), Ok(()));
    check(
        "exp",
        json!(NOW - 60),
        Err(VerifyError::Expired { ago: seconds(60) }),
    );
    check("exp", Value::Null, Err(VerifyError::MissingClaim("exp")));
    check("nbf", json!(NOW + 60), Ok(()));
    check(
        "nbf",
        json!(NOW + 61),
        Err(VerifyError::NotYetValid { ahead: seconds(61) }),
    );
    check("iat", json!(NOW + 60), Ok(()));
    check(
        "iat",
        json!(NOW + 61),
        Err(VerifyError::IssuedInFuture { ahead: seconds(61) }),
    );

    let strict = verifier().leeway(Duration::ZERO).max_age(seconds(10));
    let aged = |age: u64| verify(&strict, &signed(&with("iat", json!(NOW - age)))).map(drop);
    assert_eq!(aged(10), Ok(()));
    assert_eq!(aged(11), Err(VerifyError::TooOld { age: seconds(11) }));
    let no_iat = verify(&strict, &signed(&with("iat", Value::Null)));
    assert_eq!(no_iat, Err(VerifyError::MissingClaim("iat")));
}

#[test]
fn times_may_have_fractions_and_be_absurd() {
    check("exp", json!(NOW as f64 + 0.5), Ok(()));
    check("exp", json!(u64::MAX), Ok(()));
    check("exp", json!(1e300), Ok(()));
    check("iat", json!(-1e300), Ok(()));
    let ahead = Duration::from_secs(i64::MAX as u64 - NOW);
    check(
        "nbf",
        json!(u64::MAX),
        Err(VerifyError::NotYetValid { ahead }),
    );
    let expired = verify(&verifier(), &signed(&with("exp", json!(i64::MIN))));
    assert!(matches!(expired, Err(VerifyError::Expired { .. })));
}

#[test]
fn claims_of_the_wrong_type_are_named() {
    for name in ["exp", "iat", "nbf"] {
        check(name, json!("1700003600"), Err(VerifyError::ClaimForm(name)));
        check(name, json!([NOW]), Err(VerifyError::ClaimForm(name)));
    }
    for name in ["iss", "nonce"] {
        check(name, json!(1), Err(VerifyError::ClaimForm(name)));
        check(name, json!(["iss"]), Err(VerifyError::ClaimForm(name)));
    }
    check(
        "aud",
        json!({"aud": "aud"}),
        Err(VerifyError::ClaimForm("aud")),
    );
    check("aud", json!([1]), Err(VerifyError::ClaimForm("aud")));
}

#[test]
fn the_nonce_must_be_the_one_sent() {
    let check = |claims: &Value, expected: Result<(), VerifyError>| {
        let wanted = Expected::at(now()).nonce("n-1");
        let result = verifier().verify::<Value>(&signed(claims), &keys(), wanted);
        assert_eq!(result.map(drop), expected, "{claims}");
    };
    check(&with("nonce", json!("n-1")), Ok(()));
    check(&with("nonce", json!("n-2")), Err(VerifyError::Nonce));
    check(&good(), Err(VerifyError::MissingClaim("nonce")));
}

#[test]
fn claims_that_do_not_fit_the_type_are_named_by_path_and_not_shown() {
    #[derive(Debug, Deserialize)]
    struct Claims {
        #[expect(dead_code, reason = "reading it is the test")]
        person: Person,
    }
    #[derive(Debug, Deserialize)]
    struct Person {
        #[expect(dead_code, reason = "reading it is the test")]
        age: u8,
    }
    let token = signed(&with("person", json!({"age": "hush"})));
    let error = verifier()
        .verify::<Claims>(&token, &keys(), now())
        .expect_err("an age that is a text");
    assert_eq!(
        error,
        VerifyError::Claims {
            path: "person.age".to_owned()
        }
    );
    assert!(!format!("{error} {error:?}").contains("hush"));
}

#[test]
fn one_changed_byte_anywhere_is_refused() {
    let token = signed(&good());
    for place in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        let token = String::from_utf8(bytes).expect("still text");
        verify(&verifier(), &token).expect_err("changed");
    }
}

#[test]
fn a_token_of_another_shape_is_refused() {
    for text in ["", ".", "a.b", "a.b.c.d", "a.b.c.d.e"] {
        assert_eq!(
            verify(&verifier(), text),
            Err(VerifyError::NotCompact),
            "{text}"
        );
    }
    let long = signed(&with("long", json!("x".repeat(16 * 1024))));
    assert_eq!(verify(&verifier(), &long), Err(VerifyError::TooLong));
}

#[test]
fn base64_in_any_other_form_is_refused() {
    let token = signed_raw(HEADER, CLAIMS);
    assert!(verify(&verifier(), &token).is_ok());
    let parts: Vec<_> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        panic!("three parts");
    };
    assert_eq!(signature.len() % 4, 2, "the last symbol has bits to spare");

    let refused = |token: String, part: Part| {
        assert_eq!(
            verify(&verifier(), &token),
            Err(VerifyError::Encoding(part)),
            "{token}"
        );
    };
    refused(format!("{header}.{claims}.{signature}=="), Part::Signature);
    refused(format!("{header}.{claims}.{signature}\n"), Part::Signature);
    refused(format!(" {header}.{claims}.{signature}"), Part::Header);
    refused(format!("{header}=.{claims}.{signature}"), Part::Header);
    let standard = signature.replace('-', "+").replace('_', "/");
    assert_ne!(standard, signature);
    refused(format!("{header}.{claims}.{standard}"), Part::Signature);

    // The same bytes with a bit set that belongs to none of them.
    let (start, last) = signature.split_at(signature.len() - 1);
    let twin = match last {
        "A" => "B",
        "Q" => "R",
        "g" => "h",
        "w" => "x",
        other => panic!("{other} is no last symbol"),
    };
    refused(format!("{header}.{claims}.{start}{twin}"), Part::Signature);
}

#[test]
fn padded_claims_are_refused_although_they_are_signed() {
    let header = BASE64_URL_SAFE_NO_PAD.encode(HEADER);
    let claims = base64::prelude::BASE64_URL_SAFE.encode(format!("{CLAIMS} "));
    assert!(claims.ends_with('='));
    let message = format!("{header}.{claims}");
    let signature = jwt::Signer::signature(&key(Algorithm::Rs256), message.as_bytes());
    let signature = BASE64_URL_SAFE_NO_PAD.encode(signature.expect("it signs"));
    let refused = verify(&verifier(), &format!("{message}.{signature}"));
    assert_eq!(refused, Err(VerifyError::Encoding(Part::Claims)));
}

#[test]
fn headers_are_believed_in_nothing_that_weakens_the_check() {
    let cases = [
        (r#"{"alg":"none"}"#, VerifyError::Algorithm),
        (r#"{"alg":"None"}"#, VerifyError::Algorithm),
        (r#"{"alg":"HS256"}"#, VerifyError::Algorithm),
        (r#"{"alg":"PS256"}"#, VerifyError::Algorithm),
        (r#"{"alg":"rs256"}"#, VerifyError::Algorithm),
        (r#"{"alg":["RS256"]}"#, VerifyError::Json(Part::Header)),
        (r#"{}"#, VerifyError::Algorithm),
        (r#"{"alg":null}"#, VerifyError::Algorithm),
        (
            r#"{"alg":"RS256","crit":["b64"],"b64":false}"#,
            VerifyError::Critical,
        ),
        (r#"{"alg":"RS256","crit":[]}"#, VerifyError::Critical),
        (r#"{"alg":"RS256","typ":"at+jwt"}"#, VerifyError::Type),
        (
            r#"{"alg":"none","alg":"RS256"}"#,
            VerifyError::DuplicateMember(Part::Header),
        ),
        (
            r#"{"alg":"RS256","x":1,"\u0078":1}"#,
            VerifyError::DuplicateMember(Part::Header),
        ),
        (r#"["RS256"]"#, VerifyError::Json(Part::Header)),
        (r#"{"alg":"RS256"} "#, VerifyError::UnknownKey),
        (r#"{"alg":"RS256"}x"#, VerifyError::Json(Part::Header)),
        (r#"{"alg":"RS256""#, VerifyError::Json(Part::Header)),
        ("", VerifyError::Json(Part::Header)),
    ];
    for (header, reason) in cases {
        let keys = match reason {
            VerifyError::UnknownKey => Jwks::default(),
            _ => keys(),
        };
        let refused = verifier().verify::<Value>(&signed_raw(header, CLAIMS), &keys, now());
        assert_eq!(refused, Err(reason), "{header}");
    }
    let own_key = r#"{"alg":"RS256","jku":"https://evil.example","jwk":{},"x5c":[]}"#;
    assert!(verify(&verifier(), &signed_raw(own_key, CLAIMS)).is_ok());
}

#[test]
fn signed_claims_that_are_no_single_object_are_refused() {
    let cases = [
        (
            r#"{"exp":1700003600,"exp":9999999999}"#,
            VerifyError::DuplicateMember(Part::Claims),
        ),
        (
            r#"{"sub":"a","\u0073ub":"b"}"#,
            VerifyError::DuplicateMember(Part::Claims),
        ),
        (r#"[1]"#, VerifyError::Json(Part::Claims)),
        (r#"{"exp":1"#, VerifyError::Json(Part::Claims)),
        (r#"{} {}"#, VerifyError::Json(Part::Claims)),
        (r#"null"#, VerifyError::Json(Part::Claims)),
    ];
    for (claims, reason) in cases {
        assert_eq!(
            verify(&verifier(), &signed_raw(HEADER, claims)),
            Err(reason),
            "{claims}"
        );
    }
}

#[test]
fn types_are_compared_as_media_types() {
    let token = |typ| {
        let token = jwt::sign(&key(Algorithm::Rs256), Header::new("kid").typ(typ), &good());
        token.expect("it signs").expose().to_owned()
    };
    let accepts = |verifier: &Verifier, typ| verify(verifier, &token(typ)).map(drop);
    assert_eq!(accepts(&verifier(), "jwt"), Ok(()));
    assert_eq!(accepts(&verifier(), "Application/JWT"), Ok(()));
    assert_eq!(accepts(&verifier(), "secevent+jwt"), Err(VerifyError::Type));
    let both = verifier().accept_type("secevent+jwt");
    assert_eq!(accepts(&both, "application/secevent+jwt"), Ok(()));
    assert_eq!(accepts(&both, "JWT"), Ok(()));
    let events = verifier().require_type("secevent+jwt");
    assert_eq!(accepts(&events, "secevent+JWT"), Ok(()));
    assert_eq!(accepts(&events, "JWT"), Err(VerifyError::Type));
    let untyped = signed_raw(r#"{"alg":"RS256"}"#, CLAIMS);
    assert!(verify(&verifier(), &untyped).is_ok());
    assert_eq!(verify(&events, &untyped), Err(VerifyError::Type));
}

#[test]
fn the_key_is_the_one_that_the_header_names() {
    let (ours, other) = (key(Algorithm::Rs256).public_key(), other_key());
    let verify = |keys: &Jwks, header: &str| {
        let token = signed_raw(header, CLAIMS);
        verifier().verify::<Value>(&token, keys, now()).map(drop)
    };
    let unnamed = r#"{"alg":"RS256"}"#;

    let mut set = Jwks::default();
    set.insert("kid", ours.clone());
    assert_eq!(verify(&set, HEADER), Ok(()));
    assert_eq!(verify(&set, unnamed), Ok(()));
    assert_eq!(
        verify(&set, r#"{"alg":"RS256","kid":"Kid"}"#),
        Err(VerifyError::UnknownKey)
    );

    set.insert("other", other.clone());
    assert_eq!(verify(&set, HEADER), Ok(()));
    assert_eq!(verify(&set, unnamed), Err(VerifyError::MissingKeyId));
    assert_eq!(
        verify(&set, r#"{"alg":"RS256","kid":"other"}"#),
        Err(VerifyError::Signature)
    );

    let mut twins = Jwks::default();
    twins.insert("kid", other);
    assert_eq!(verify(&twins, HEADER), Err(VerifyError::Signature));
    twins.insert("kid", ours);
    assert_eq!(verify(&twins, HEADER), Ok(()));
}

fn other_key() -> jwt::PublicKey {
    let pem = include_str!("../../data/rsa4096.pkcs8.pem");
    let key = jwt::SigningKey::from_pem(Algorithm::Rs256, pem);
    key.expect("the key is good").public_key()
}

#[test]
fn the_key_id_can_be_read_as_a_hint() {
    assert_eq!(jwt::key_id(&signed(&good())).as_deref(), Some("kid"));
    assert_eq!(jwt::key_id(&signed_raw(r#"{"alg":"none"}"#, "{}")), None);
    assert_eq!(jwt::key_id("a.b"), None);
}

#[test]
fn a_reason_survives_as_the_cause_of_an_error() {
    let cases = [
        (
            VerifyError::Expired {
                ago: Duration::from_secs(61),
            },
            Action::SignInAgain,
        ),
        (VerifyError::Nonce, Action::SignInAgain),
        (VerifyError::Audience, Action::FixCredentials),
        (VerifyError::Signature, Action::FixRequest),
    ];
    for (reason, action) in cases {
        let error = Error::from(reason.clone());
        assert_eq!(VerifyError::of(&error), Some(&reason));
        assert_eq!(error.action(), action);
    }
    assert_eq!(VerifyError::of(&Error::transport("no answer")), None);
}
