//! Signing and verifying tokens beside the bare signature operations they stand on.
//!
//! What counts is the ratio to the yardstick in the same run, so it is measured in turns as well.

mod paired;

use std::hint::black_box;
use std::time::{Duration, UNIX_EPOCH};

use auth_core::jwt::{self, Algorithm, Expected, Jwks, SigningKey, Verifier};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use criterion::{Criterion, criterion_group, criterion_main};
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_SHA256};
use serde::{Deserialize, Serialize};
use serde_json::Value;

const PEM: &str = include_str!("../tests/data/rsa2048.pkcs8.pem");

#[derive(Serialize)]
struct ServiceClaims {
    iss: &'static str,
    aud: &'static str,
    iat: u64,
    exp: u64,
}

fn sign(criterion: &mut Criterion) {
    let key = SigningKey::from_pem(Algorithm::Ps256, PEM).expect("the key is good");
    let body: String = PEM.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::prelude::BASE64_STANDARD
        .decode(body)
        .expect("Base64");
    let raw = KeyPair::from_pkcs8(&der).expect("the key is good");
    let random = SystemRandom::new();
    let claims = ServiceClaims {
        iss: "100042",
        aud: "https://oauth.example.com/oauth2/v3/token",
        iat: 1_700_000_000,
        exp: 1_700_003_600,
    };
    let token = jwt::sign(&key, "1f1e1d1c1b1a19181716151413121110", &claims).expect("it signs");
    let (message, _) = token.expose().rsplit_once('.').expect("a token");

    let mut group = criterion.benchmark_group("ps256");
    group.bench_function("ring_sign", |bencher| {
        let mut signature = vec![0; raw.public().modulus_len()];
        bencher.iter(|| {
            raw.sign(
                &RSA_PSS_SHA256,
                &random,
                black_box(message.as_bytes()),
                &mut signature,
            )
        });
    });
    group.bench_function("jwt_sign", |bencher| {
        bencher.iter(|| jwt::sign(&key, "1f1e1d1c1b1a19181716151413121110", black_box(&claims)));
    });
    group.finish();

    let mut signature = vec![0; raw.public().modulus_len()];
    paired::ratio(
        "ps256: jwt_sign / ring_sign",
        || {
            raw.sign(
                &RSA_PSS_SHA256,
                &random,
                black_box(message.as_bytes()),
                &mut signature,
            )
            .expect("it signs");
        },
        || {
            let token = jwt::sign(&key, "1f1e1d1c1b1a19181716151413121110", black_box(&claims));
            drop(black_box(token.expect("it signs")));
        },
    );
}

#[derive(Deserialize)]
struct Vectors {
    now: u64,
    jwks: Value,
    id_token: IdToken,
}

#[derive(Deserialize)]
struct IdToken {
    client_id: String,
    issuer: String,
    nonce: String,
    rs256: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "reading the fields is what is measured")]
struct Claims {
    sub: String,
    openid: String,
    at_hash: String,
    azp: Option<String>,
}

fn verify(criterion: &mut Criterion) {
    let vectors = include_str!("../tests/data/id_tokens.json");
    let Vectors {
        now,
        jwks,
        id_token,
    } = serde_json::from_str(vectors).expect("vectors");
    let keys = Jwks::parse(jwks.to_string().as_bytes()).expect("a key set");
    let verifier = Verifier::new([Algorithm::Rs256, Algorithm::Ps256])
        .issuer(&id_token.issuer)
        .audience(&id_token.client_id);
    let now = UNIX_EPOCH + Duration::from_secs(now);
    let token = &*id_token.rs256;

    let part = |name: &str| {
        let text = jwks["keys"][0][name].as_str().expect("a text");
        BASE64_URL_SAFE_NO_PAD.decode(text).expect("base64url")
    };
    let raw = PublicKeyComponents {
        n: part("n"),
        e: part("e"),
    };
    let (message, signature) = token.rsplit_once('.').expect("a token");
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).expect("base64url");

    let mut group = criterion.benchmark_group("rs256");
    group.bench_function("ring_verify", |bencher| {
        bencher.iter(|| {
            let message = black_box(message.as_bytes());
            raw.verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature)
                .expect("it verifies");
        });
    });
    group.bench_function("jwt_verify_claims", |bencher| {
        bencher.iter(|| {
            let expected = Expected::at(now).nonce(&id_token.nonce);
            let claims: Claims = verifier
                .verify(black_box(token), &keys, expected)
                .expect("it verifies");
            claims
        });
    });
    group.finish();

    paired::ratio(
        "rs256: jwt_verify_claims / ring_verify",
        || {
            let message = black_box(message.as_bytes());
            raw.verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature)
                .expect("it verifies");
        },
        || {
            let expected = Expected::at(now).nonce(&id_token.nonce);
            let claims = verifier.verify::<Claims>(black_box(token), &keys, expected);
            drop(black_box(claims.expect("it verifies")));
        },
    );
}

criterion_group!(benches, sign, verify);
criterion_main!(benches);
