//! The test vectors: tokens that somebody else signed, and encodings.

use auth_core::jwt::{Algorithm, Jwks, Verifier, VerifyError};
use auth_core::testing::{Reply, Script};
use http::Method;
use huawei_oauth::account_events::Rules;
use huawei_oauth::model::{IdTokenClaims, QuickLoginPhoneNumber, UserInfo};
use huawei_oauth::sign_in::Callback;
use huawei_oauth::{RefreshToken, ServiceAccount, agent_assertion};
use serde_json::{Value, json};

use crate::scripted::{CLIENT_ID, client, now};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../data/vectors.json")).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A platform that serves the key of the vectors, after these replies.
fn serving(script: Script) -> Script {
    script.otherwise(Reply::json(200, &vectors()["jwks"]))
}

/// The key of the vectors under another id.
fn keys(kid: &str) -> Jwks {
    let mut jwks = vectors()["jwks"].clone();
    jwks["keys"][0]["kid"] = json!(kid);
    Jwks::parse(jwks.to_string().as_bytes()).unwrap()
}

#[tokio::test]
async fn id_tokens_of_both_algorithms_verify_with_their_access_token() {
    let vector = &vectors()["id_token"];
    for algorithm in ["rs256", "ps256"] {
        let answer = json!({
            "token_type": "Bearer", "access_token": vector["access_token"], "expires_in": 3600,
            "id_token": vector[algorithm],
        });
        let script =
            Script::new().expect(Method::POST, "/oauth2/v3/token", Reply::json(200, &answer));
        let sign_in = client(&serving(script)).sign_in().unwrap();
        let code = sign_in.app_code("DwEE/+=").nonce(text(&vector["nonce"]));
        let signed_in = code.send().await.unwrap();
        let claims = serde_json::to_value(signed_in.claims()).unwrap();
        assert_eq!(claims, vector["claims"], "{algorithm}");
    }
}

#[tokio::test]
async fn an_id_token_of_another_access_token_is_refused() {
    let vector = &vectors()["id_token"];
    let answer = json!({
        "token_type": "Bearer", "access_token": "another", "expires_in": 3600,
        "id_token": vector["ps256"],
    });
    let script = Script::new().expect(Method::POST, "/oauth2/v3/token", Reply::json(200, &answer));
    let sign_in = client(&serving(script)).sign_in().unwrap();
    let error = sign_in.app_code("DwEE/+=").send().await.unwrap_err();
    assert_eq!(VerifyError::of(&error), Some(&VerifyError::AccessTokenHash));
}

#[tokio::test]
async fn the_seven_bad_id_tokens_are_refused_for_their_reasons() {
    let vectors = vectors();
    let bad = vectors["id_token_negative"].as_array().unwrap();
    assert_eq!(bad.len(), 7);
    let sign_in = client(&serving(Script::new())).sign_in().unwrap();
    for case in bad {
        let error = sign_in
            .verify(text(&case["token"]), Some("n-0S6_WzA2Mj"))
            .await
            .unwrap_err();
        let reason = VerifyError::of(&error).unwrap_or_else(|| panic!("{error:?}"));
        let why = text(&case["why"]);
        let expected = match why {
            "alg none" | "HS256 keyed with public data must be refused by algorithm allow-list" => {
                matches!(reason, VerifyError::Algorithm)
            }
            "expired" => matches!(reason, VerifyError::Expired { .. }),
            "signature of another token" => matches!(reason, VerifyError::Signature),
            "unknown kid" => matches!(reason, VerifyError::UnknownKey),
            "wrong audience" => matches!(reason, VerifyError::Audience),
            "wrong issuer" => matches!(reason, VerifyError::Issuer),
            other => panic!("no expectation for {other}"),
        };
        assert!(expected, "{why}: {reason:?}");
        // None of them is quoted.
        let claims = text(&case["token"]).split('.').nth(1).unwrap();
        assert!(!format!("{error} {error:?}").contains(claims));
    }
}

#[test]
fn the_proof_of_an_event_is_accepted() {
    let vectors = vectors();
    let vector = &vectors["risc_authorization"];
    let header = text(&vector["header"])
        .strip_prefix("Authorization: ")
        .unwrap();
    let rules = Rules::new(text(&vector["client_id"]), text(&vector["issuer"]));
    let keys = Jwks::parse(vectors["jwks"].to_string().as_bytes()).unwrap();
    let sample = include_str!("../samples/on_account_events.request.account_purged.json");
    let sample: Value = serde_json::from_str(sample).unwrap();
    let body = sample["body"].to_string();
    let events = rules
        .check(Some(header), body.as_bytes(), &keys, now())
        .unwrap();
    assert_eq!(events.len(), 1);
    let other = Rules::new("999", text(&vector["issuer"]));
    assert!(
        other
            .check(Some(header), body.as_bytes(), &keys, now())
            .is_err()
    );
}

/// An account whose key is ours, with the ids of a vector.
fn account(key_id: &str, sub_account: &str) -> ServiceAccount {
    let file = json!({
        "key_id": key_id, "sub_account": sub_account,
        "private_key": include_str!("../data/rsa2048.pkcs8.pem"),
    });
    ServiceAccount::parse(&file.to_string()).unwrap()
}

/// Header and claims of a token, as they are written.
fn parts(token: &str) -> [Value; 2] {
    let mut parts = token.split('.').map(|part| {
        let bytes = auth_core::wire::base64_in(part);
        serde_json::from_slice(&bytes.unwrap_or_default()).unwrap_or_default()
    });
    [parts.next().unwrap(), parts.next().unwrap()]
}

#[test]
fn tokens_of_service_accounts_and_agents_are_made_and_verified_as_in_the_vectors() {
    let vectors = vectors();
    let issued = now() - std::time::Duration::from_secs(100);
    let service = text(&vectors["service_account_jwt"]["token"]);
    let agent = text(&vectors["agent_client_assertion"]["token"]);
    let key_id = "0123456789abcdef0123456789abcdef";
    let agent_key = account(key_id, "100000002").key().unwrap();
    let ours = [
        account(key_id, "100000001").sign(issued).unwrap(),
        agent_assertion(&agent_key, CLIENT_ID, issued).unwrap(),
    ];
    let audiences = [
        "https://oauth-login.cloud.huawei.com/oauth2/v3/token",
        "https://oauth-login.cloud.huawei.com/oauth2/agent/token",
    ];
    for ((theirs, ours), audience) in [service, agent].into_iter().zip(ours).zip(audiences) {
        let verifier = Verifier::new([Algorithm::Ps256])
            .any_issuer()
            .audience(audience);
        let claims: Value = verifier.verify(theirs, &keys(key_id), now()).unwrap();
        let [header, made] = parts(ours.secret().expose());
        assert_eq!(made, claims);
        let [wanted, _] = parts(theirs);
        assert_eq!(header, wanted);
    }
}

#[tokio::test]
async fn a_code_is_decoded_and_encoded_once_each() {
    let vectors = vectors();
    let vector = &vectors["form_encoding"];
    let address = format!("/back?code={}&state=s", text(&vector["in_redirect_query"]));
    let Callback::Code(returned) = Callback::parse(&address) else {
        panic!("a code");
    };
    assert_eq!(returned.code.expose(), text(&vector["plain_code"]));
    let script = serving(Script::new());
    let sign_in = client(&script).sign_in().unwrap();
    let _ = sign_in.app_code(returned.code).send().await;
    let body = String::from_utf8(script.requests()[0].body().to_vec()).unwrap();
    assert!(body.contains(text(&vector["in_form_body"])), "{body}");

    // Encoded as in a redirect it would be encoded twice.
    let encoded = text(&vector["in_redirect_query"]);
    assert!(sign_in.app_code(encoded).send().await.is_err());
    assert_eq!(script.count(), 1);
}

#[tokio::test]
async fn an_escaped_slash_is_a_slash() {
    let vectors = vectors();
    let vector = &vectors["json_escaped_slash"];
    let script = Script::new().reply(Reply::text(200, text(&vector["raw"]).to_owned()));
    let sign_in = client(&script).sign_in().unwrap();
    let refreshed = sign_in.refresh(&RefreshToken::new("t")).await.unwrap();
    assert_eq!(
        refreshed.tokens().access_token().expose(),
        text(&vector["value"])
    );
}

#[test]
fn phone_numbers_are_split() {
    for vector in vectors()["phone_split"].as_array().unwrap() {
        let mut answer = vector.clone();
        let number = match vector.get("phoneNumber") {
            Some(_) => {
                answer["openId"] = json!("O");
                answer["unionId"] = json!("U");
                let answer: QuickLoginPhoneNumber = serde_json::from_value(answer).unwrap();
                answer.number()
            }
            None => {
                answer["openID"] = json!("O");
                let answer: UserInfo = serde_json::from_value(answer).unwrap();
                answer.shared_number()
            }
        };
        let number = number.unwrap();
        assert_eq!(number.national(), vector["purePhoneNumber"].as_str());
        let code = format!("00{}", number.country_code().unwrap());
        assert_eq!(code, text(&vector["phoneCountryCode"]));
    }
}

#[tokio::test]
async fn what_a_verified_token_says_is_what_it_was_signed_with() {
    let vector = &vectors()["id_token"];
    let sign_in = client(&serving(Script::new())).sign_in().unwrap();
    let claims: IdTokenClaims = sign_in
        .verify(text(&vector["rs256"]), Some(text(&vector["nonce"])))
        .await
        .unwrap();
    assert_eq!(claims.at_hash.as_deref(), vector["at_hash"].as_str());
    let wrong = sign_in
        .verify(text(&vector["rs256"]), Some("another"))
        .await
        .unwrap_err();
    assert_eq!(VerifyError::of(&wrong), Some(&VerifyError::Nonce));
}
