//! Tokens made by others: fixed vectors, to be accepted or refused.

use auth_core::jwt::{Algorithm, Jwks, PublicKey, SigningKey, Verifier, VerifyError};
use serde::Deserialize;
use serde_json::Value;

use super::at;

#[derive(Deserialize)]
struct Ps256 {
    private_key_pkcs8_pem: String,
    service_account_private_key: String,
    public_key_spki_pem: String,
    claims: Value,
    signing_input: String,
    token: String,
    also_valid_signature_b64url: String,
    must_not_verify: Vec<WrongSignature>,
}

#[derive(Deserialize)]
struct WrongSignature {
    why: String,
    signature_b64url: String,
}

fn ps256() -> [Ps256; 2] {
    [
        include_str!("../../data/ps256_2048.json"),
        include_str!("../../data/ps256_4096.json"),
    ]
    .map(|text| serde_json::from_str(text).expect("the vector is JSON"))
}

impl Ps256 {
    fn verify(&self, token: &str) -> Result<Value, VerifyError> {
        let key = PublicKey::from_pem(&self.public_key_spki_pem).expect("the key is good");
        let issued = self.claims["iat"].as_u64().expect("a time");
        Verifier::new([Algorithm::Ps256])
            .issuer(self.claims["iss"].as_str().expect("a text"))
            .audience(self.claims["aud"].as_str().expect("a text"))
            .verify(token, &Jwks::from(key), at(issued))
    }
}

#[test]
fn signatures_with_a_fixed_or_another_salt_verify() {
    for vector in ps256() {
        assert_eq!(vector.verify(&vector.token), Ok(vector.claims.clone()));
        let other = format!(
            "{}.{}",
            vector.signing_input, vector.also_valid_signature_b64url
        );
        assert_eq!(vector.verify(&other), Ok(vector.claims.clone()));
    }
}

#[test]
fn signatures_in_another_way_under_a_ps256_header_are_refused() {
    for vector in ps256() {
        assert_eq!(vector.must_not_verify.len(), 2);
        for wrong in &vector.must_not_verify {
            let token = format!("{}.{}", vector.signing_input, wrong.signature_b64url);
            assert_eq!(
                vector.verify(&token),
                Err(VerifyError::Signature),
                "{}",
                wrong.why
            );
        }
    }
}

#[test]
fn keys_of_the_vectors_sign_what_their_public_halves_verify() {
    for vector in ps256() {
        for pem in [
            &vector.private_key_pkcs8_pem,
            &vector.service_account_private_key,
        ] {
            let key = SigningKey::from_pem(Algorithm::Ps256, pem).expect("the key is good");
            let token = auth_core::jwt::sign(&key, "any", &vector.claims).expect("it signs");
            assert_eq!(vector.verify(token.expose()), Ok(vector.claims.clone()));
            let public = PublicKey::from_pem(&vector.public_key_spki_pem);
            assert_eq!(public.expect("the key is good"), key.public_key());
        }
    }
}

#[derive(Deserialize)]
struct IdTokens {
    now: u64,
    jwks: Value,
    id_token: IdToken,
    id_token_negative: Vec<Refused>,
    event_token: String,
    event_issuer: String,
}

#[derive(Deserialize)]
struct IdToken {
    client_id: String,
    issuer: String,
    nonce: String,
    claims: Value,
    rs256: String,
    ps256: String,
}

#[derive(Deserialize)]
struct Refused {
    why: String,
    token: String,
}

fn id_tokens() -> (IdTokens, Jwks) {
    let text = include_str!("../../data/id_tokens.json");
    let vectors: IdTokens = serde_json::from_str(text).expect("the vectors are JSON");
    let jwks = Jwks::parse(vectors.jwks.to_string().as_bytes()).expect("a key set");
    assert_eq!(jwks.len(), 1);
    (vectors, jwks)
}

fn verifier(id_token: &IdToken) -> Verifier {
    Verifier::new([Algorithm::Rs256, Algorithm::Ps256])
        .issuer(&id_token.issuer)
        .audience(&id_token.client_id)
}

#[test]
fn id_tokens_signed_in_either_way_verify_with_one_key() {
    let (IdTokens { now, id_token, .. }, jwks) = id_tokens();
    let expected = auth_core::jwt::Expected::at(at(now)).nonce(&id_token.nonce);
    for token in [&id_token.rs256, &id_token.ps256] {
        let claims = verifier(&id_token).verify(token, &jwks, expected);
        assert_eq!(claims, Ok(id_token.claims.clone()));
    }
}

#[test]
fn an_algorithm_that_is_not_pinned_is_refused_although_the_key_fits() {
    let (IdTokens { now, id_token, .. }, jwks) = id_tokens();
    let only_ps256 = Verifier::new([Algorithm::Ps256])
        .any_issuer()
        .any_audience();
    let refused = only_ps256.verify::<Value>(&id_token.rs256, &jwks, at(now));
    assert_eq!(refused, Err(VerifyError::Algorithm));
}

#[test]
fn each_of_the_seven_bad_id_tokens_is_refused_for_its_reason() {
    let (vectors, jwks) = id_tokens();
    assert_eq!(vectors.id_token_negative.len(), 7);
    for Refused { why, token } in &vectors.id_token_negative {
        let reason = verifier(&vectors.id_token)
            .verify::<Value>(token, &jwks, at(vectors.now))
            .expect_err(why);
        let fits = match why.as_str() {
            "signature of another token" => reason == VerifyError::Signature,
            "alg none" => reason == VerifyError::Algorithm,
            "wrong audience" => reason == VerifyError::Audience,
            "wrong issuer" => reason == VerifyError::Issuer,
            "expired" => matches!(reason, VerifyError::Expired { .. }),
            "unknown kid" => reason == VerifyError::UnknownKey,
            _ => why.starts_with("HS256") && reason == VerifyError::Algorithm,
        };
        assert!(fits, "{why}: {reason}");
    }
}

#[test]
fn an_event_token_verifies_under_its_own_issuer() {
    let (vectors, jwks) = id_tokens();
    let IdTokens {
        id_token,
        event_token,
        ..
    } = &vectors;
    let events = Verifier::new([Algorithm::Rs256])
        .issuer(&vectors.event_issuer)
        .audience(&id_token.client_id);
    let claims: Value = events
        .verify(event_token, &jwks, at(vectors.now))
        .expect("it verifies");
    assert_eq!(claims["iss"], vectors.event_issuer.as_str());
    let as_id_token = verifier(id_token).verify::<Value>(event_token, &jwks, at(vectors.now));
    assert_eq!(as_id_token, Err(VerifyError::Issuer));
}
