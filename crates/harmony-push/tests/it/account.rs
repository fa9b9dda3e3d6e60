//! The service account against the published vectors, and what it shows of itself.

use std::time::{Duration, SystemTime};

use auth_core::jwt::{Algorithm, Jwks, PublicKey, Verifier, VerifyError};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use harmony_push::{Client, HmsClient, ServiceAccount};
use serde_json::Value;

const VECTORS: [&str; 2] = [
    include_str!("../samples/vector.jwt_ps256.1.json"),
    include_str!("../samples/vector.jwt_ps256.2.json"),
];

fn vectors() -> impl Iterator<Item = Value> {
    VECTORS
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
}

fn account(vector: &Value) -> ServiceAccount {
    ServiceAccount::parse(&vector["service_account_key_file"].to_string()).unwrap()
}

fn time(seconds: &Value) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.as_u64().unwrap())
}

fn verifier() -> Verifier {
    Verifier::new([Algorithm::Ps256])
        .any_issuer()
        .audience("https://oauth-login.cloud.huawei.com/oauth2/v3/token")
}

fn keys(vector: &Value) -> Jwks {
    let key = PublicKey::from_pem(vector["public_key_spki_pem"].as_str().unwrap()).unwrap();
    let mut keys = Jwks::default();
    keys.insert(vector["header"]["kid"].as_str().unwrap(), key);
    keys
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[test]
fn a_service_account_signs_what_the_vectors_sign() {
    for vector in vectors() {
        let now = time(&vector["claims"]["iat"]);
        let token = account(&vector).sign(now).unwrap();
        let parts: Vec<&str> = token.secret().expose().split('.').collect();
        assert_eq!(decoded(parts[0]), vector["header"]);
        assert_eq!(decoded(parts[1]), vector["claims"]);
        assert_eq!(token.lifetime(), Duration::from_secs(3600));
        let claims = verifier().verify::<Value>(token.secret().expose(), &keys(&vector), now);
        assert_eq!(claims.unwrap(), vector["claims"]);
    }
}

#[test]
fn the_published_tokens_verify_and_the_bad_ones_do_not() {
    for vector in vectors() {
        let (keys, now) = (keys(&vector), time(&vector["claims"]["iat"]));
        let input = vector["signing_input"].as_str().unwrap();
        let verify = |signature: &Value| {
            let token = format!("{input}.{}", signature.as_str().unwrap());
            verifier().verify::<Value>(&token, &keys, now)
        };
        assert!(verify(&vector["signature_b64url"]).is_ok());
        assert!(verify(&vector["also_valid_signature_b64url"]).is_ok());
        let bad = vector["must_not_verify"].as_array().unwrap();
        assert!(!bad.is_empty());
        for case in bad {
            let verdict = verify(&case["signature_b64url"]);
            assert!(matches!(verdict, Err(VerifyError::Signature)), "{case}");
        }
    }
}

#[test]
fn a_key_file_with_four_fields_suffices() {
    let vector = vectors().next().unwrap();
    let mut file = vector["service_account_key_file"].clone();
    file.as_object_mut().unwrap().retain(|name, _| {
        ["project_id", "key_id", "private_key", "sub_account"].contains(&name.as_str())
    });
    let account = ServiceAccount::parse(&file.to_string()).unwrap();
    assert_eq!(account.project_id().unwrap(), "101653523863000000");
    file.as_object_mut().unwrap().remove("sub_account");
    let error = ServiceAccount::parse(&file.to_string()).unwrap_err();
    assert_eq!(error.to_string(), "the key file has no field `sub_account`");
}

#[test]
fn a_missing_variable_is_named() {
    let error = ServiceAccount::from_env("NO_SUCH_VARIABLE_OF_OURS").unwrap_err();
    assert!(error.to_string().contains("NO_SUCH_VARIABLE_OF_OURS"));
}

#[test]
fn credentials_and_clients_hide_their_secrets() {
    let vector = vectors().next().unwrap();
    let key = vector["service_account_key_file"]["private_key"]
        .as_str()
        .unwrap();
    let account = account(&vector);
    let hms = HmsClient::new("104000001", "hush-hush");
    let builder = Client::builder(account.clone()).hms(hms.clone());
    let token = account.sign(SystemTime::UNIX_EPOCH).unwrap();
    let mut shown = format!("{account:?} {hms:?} {builder:?} {token:?}");
    let client = builder.build().unwrap();
    shown.push_str(&format!(
        "{client:?} {:?} {:?}",
        client.sender(),
        client.project_id()
    ));
    assert!(shown.contains("104000001"), "{shown}");
    assert!(!shown.contains("hush-hush"), "{shown}");
    assert!(!shown.contains(token.secret().expose()), "{shown}");
    for line in key.lines().filter(|line| line.len() > 30) {
        assert!(!shown.contains(line), "{shown}");
    }
}
