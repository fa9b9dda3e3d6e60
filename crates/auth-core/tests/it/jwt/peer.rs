//! Another implementation of JOSE, PyJWT, accepts what we sign and signs what we accept.
//!
//! Runs where `PEERS_PYTHON` names a Python with `pyjwt` and `cryptography`; `cargo xtask test`
//! sets that up, or says that it could not.

use std::io::Write as _;
use std::process::{Command, Stdio};

use auth_core::jwt::{self, Algorithm, Jwks, SigningKey, Verifier};
use serde_json::{Value, json};

use super::{NOW, now};

/// Has the peer do `job`; nothing if there is no peer.
fn peer(job: &Value) -> Option<Value> {
    let python = std::env::var_os("PEERS_PYTHON")?;
    let mut peer = Command::new(python)
        .args(["-c", include_str!("../../data/jose_peer.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the peer starts");
    let mut input = peer.stdin.take().expect("a pipe");
    input
        .write_all(job.to_string().as_bytes())
        .expect("the peer reads");
    drop(input);
    let output = peer.wait_with_output().expect("the peer ends");
    assert!(output.status.success(), "the peer failed");
    Some(serde_json::from_slice(&output.stdout).expect("the peer answers in JSON"))
}

const PEMS: [&str; 2] = [
    include_str!("../../data/rsa2048.pkcs8.pem"),
    include_str!("../../data/rsa4096.pkcs8.pem"),
];
const ALGORITHMS: [Algorithm; 2] = [Algorithm::Ps256, Algorithm::Rs256];

fn claims() -> Value {
    json!({
        "iss": "https://issuer.example", "aud": ["other", "app"], "sub": "\u{e4}\u{1f511}",
        "iat": NOW, "nbf": NOW - 120, "exp": NOW + 3600, "nonce": "n/+",
    })
}

#[test]
fn the_peer_accepts_what_we_sign_with_the_keys_we_publish() {
    for (pem, algorithm) in PEMS
        .into_iter()
        .flat_map(|pem| ALGORITHMS.map(|it| (pem, it)))
    {
        let key = SigningKey::from_pem(algorithm, pem).expect("the key is good");
        let mut keys = Jwks::default();
        keys.insert("kid-1", key.public_key());
        let token = jwt::sign(&key, "kid-1", &claims()).expect("it signs");
        let job = json!({
            "do": "verify", "token": token.expose(), "jwks": keys, "alg": algorithm.name(),
            "iss": "https://issuer.example", "aud": "app",
        });
        let Some(answer) = peer(&job) else {
            return;
        };
        assert_eq!(answer["claims"], claims());
        let header = json!({"alg": algorithm.name(), "kid": "kid-1", "typ": "JWT"});
        assert_eq!(answer["header"], header);
    }
}

#[test]
fn we_accept_what_the_peer_signs_with_the_keys_it_publishes() {
    for (pem, algorithm) in PEMS
        .into_iter()
        .flat_map(|pem| ALGORITHMS.map(|it| (pem, it)))
    {
        let job = json!({
            "do": "sign", "pem": pem, "alg": algorithm.name(), "kid": "kid-1", "claims": claims(),
        });
        let Some(answer) = peer(&job) else {
            return;
        };
        let keys = Jwks::parse(answer["jwks"].to_string().as_bytes()).expect("a key set");
        let token = answer["token"].as_str().expect("a token");
        let verify = |algorithm| {
            Verifier::new([algorithm])
                .issuer("https://issuer.example")
                .audience("app")
                .verify::<Value>(token, &keys, jwt::Expected::at(now()).nonce("n/+"))
        };
        assert_eq!(verify(algorithm), Ok(claims()));
        let [ps256, rs256] = ALGORITHMS;
        let other = if algorithm == ps256 { rs256 } else { ps256 };
        assert_eq!(verify(other), Err(jwt::VerifyError::Algorithm));
    }
}
