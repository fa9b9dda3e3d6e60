//! Another implementation of JOSE, PyJWT, signs ID tokens that we accept, and accepts those of the
//! emulator.
//!
//! Runs where `PEERS_PYTHON` names a Python with `pyjwt` and `cryptography`; `cargo xtask test`
//! sets that up, or says that it could not.

use std::io::Write as _;
use std::process::{Command, Stdio};

use auth_core::testing::{Reply, Script};
use huawei_emulator::huawei_oauth::HuaweiOauth;
use serde_json::{Value, json};

use crate::contract::Stage;
use crate::scripted::{CLIENT_ID, claims, client};

/// Has the peer do `job`; nothing if there is no peer.
fn peer(job: &Value) -> Option<Value> {
    let python = std::env::var_os("PEERS_PYTHON")?;
    let script = include_str!("../../../auth-core/tests/data/jose_peer.py");
    let mut peer = Command::new(python)
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the peer starts");
    let mut input = peer.stdin.take().expect("a pipe");
    let job = job.to_string();
    input.write_all(job.as_bytes()).expect("the peer reads");
    drop(input);
    let output = peer.wait_with_output().expect("the peer ends");
    assert!(output.status.success(), "the peer failed");
    Some(serde_json::from_slice(&output.stdout).expect("the peer answers in JSON"))
}

#[tokio::test]
async fn id_tokens_that_the_peer_signs_sign_users_in() {
    for algorithm in ["RS256", "PS256"] {
        let claims = claims(json!({"nonce": "n"}));
        let job = json!({
            "do": "sign", "pem": include_str!("../data/rsa2048.pkcs8.pem"), "alg": algorithm,
            "kid": "today", "claims": claims,
        });
        let Some(signed) = peer(&job) else {
            return;
        };
        let script = Script::new().otherwise(Reply::json(200, &signed["jwks"]));
        let sign_in = client(&script).sign_in().unwrap();
        let token = signed["token"].as_str().unwrap();
        let verified = sign_in.verify(token, Some("n")).await.unwrap();
        assert_eq!(serde_json::to_value(verified).unwrap(), claims);
        assert_eq!(claims["aud"], CLIENT_ID);
    }
}

#[tokio::test]
async fn id_tokens_of_the_emulator_are_accepted_by_the_peer() {
    let stage = Stage::new("peer");
    let signed_in = stage.signed_in("openid").await;
    let token = signed_in.tokens().id_token().unwrap().expose();
    let keys = stage.client.list_signing_keys().await.unwrap();
    let job = json!({
        "do": "verify", "token": token, "jwks": keys, "alg": "PS256",
        "iss": "https://accounts.huawei.com", "aud": HuaweiOauth::CLIENT_ID,
    });
    let Some(answer) = peer(&job) else {
        return;
    };
    assert_eq!(answer["claims"]["sub"], signed_in.claims().sub);
}
