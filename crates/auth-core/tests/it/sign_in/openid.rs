//! An issuer known by its metadata, and what is checked of its ID tokens.

use auth_core::jwt::{self, Algorithm, Jwks, SigningKey, VerifyError};
use auth_core::sign_in::{self, Metadata, OAuthClient, Returned, Tokens};
use auth_core::testing::{ManualClock, Reply, Script};
use auth_core::{Action, Result, Secret};
use http::Method;
use serde_json::{Value, json};

use super::{form, now};

const KEY: &str = include_str!("../../data/rsa2048.pkcs8.pem");

fn metadata() -> Metadata {
    let mut metadata = Metadata::new(
        "https://issuer.example",
        "https://login.example/oauth/authorize?tenant=1",
        "https://api.example/oauth/token",
        "https://api.example/keys",
    );
    metadata.authorization_response_iss_parameter_supported = true;
    metadata
}

fn client(script: &Script, metadata: &Metadata) -> OAuthClient {
    let api = sign_in::openid_api()
        .transport(script.transport())
        .clock(ManualClock::at(now()).clock());
    OAuthClient::openid(api, metadata, "client-1", [Algorithm::Rs256])
        .unwrap()
        .secret("secret")
        .build()
        .unwrap()
}

/// Claims as they should be, with some replaced.
fn claims(change: Value) -> Value {
    let mut claims = json!({
        "iss": "https://issuer.example", "aud": "client-1", "sub": "u1", "nonce": "n",
        "iat": 1_790_000_000, "exp": 1_790_003_600, "at_hash": "ungWv48Bz-pBQUDeXa4iIw",
    });
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

/// Exchanges a code for an ID token with these claims, and verifies it.
async fn verified(claims: &Value) -> Result<Value> {
    let key = SigningKey::from_pem(Algorithm::Rs256, KEY).unwrap();
    let id_token = jwt::sign(&key, "k1", claims).unwrap();
    let jwks = serde_json::to_value(Jwks::from(key.public_key())).unwrap();
    let mut jwks = jwks;
    jwks["keys"][0]["kid"] = json!("k1");
    let answer = json!({"access_token": "abc", "id_token": id_token.expose()});
    let script = Script::new()
        .expect(Method::POST, "/oauth/token", Reply::json(200, &answer))
        .expect(Method::GET, "/keys", Reply::json(200, &jwks));
    let client = client(&script, &metadata());
    let tokens: Tokens = client.exchange("c").send().await?;
    client.verify(&tokens, Some("n")).await
}

#[track_caller]
fn refused(result: Result<Value>, reason: &VerifyError) {
    assert_eq!(VerifyError::of(&result.unwrap_err()), Some(reason));
}

#[test]
fn endpoints_keep_their_own_hosts_and_queries() {
    let client = client(&Script::new(), &metadata());
    let url = client
        .authorize("https://app.example/back")
        .begin()
        .unwrap()
        .url;
    let begin = "https://login.example/oauth/authorize?tenant=1&response_type=code&";
    assert!(url.starts_with(begin), "{url}");
}

#[tokio::test]
async fn an_id_token_is_verified_with_the_keys_of_the_issuer() {
    let claims = verified(&claims(json!({}))).await.unwrap();
    assert_eq!(claims["sub"], "u1");
}

#[tokio::test]
async fn an_id_token_of_another_sign_in_is_refused() {
    refused(
        verified(&claims(json!({"nonce": "other"}))).await,
        &VerifyError::Nonce,
    );
    refused(
        verified(&claims(json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}))).await,
        &VerifyError::AccessTokenHash,
    );
    refused(
        verified(&claims(json!({"at_hash": 1}))).await,
        &VerifyError::ClaimForm("at_hash"),
    );
    refused(
        verified(&claims(json!({"aud": "client-2"}))).await,
        &VerifyError::Audience,
    );
    refused(
        verified(&claims(json!({"iss": "https://issuer.example/"}))).await,
        &VerifyError::Issuer,
    );
}

#[tokio::test]
async fn the_client_that_asked_for_a_token_is_this_one() {
    let both = json!(["client-2", "client-1"]);
    let other = claims(json!({"aud": both, "azp": "client-2"}));
    refused(verified(&other).await, &VerifyError::AuthorizedParty);
    refused(
        verified(&claims(json!({"aud": both}))).await,
        &VerifyError::AuthorizedParty,
    );
    let neither = claims(json!({"aud": both, "azp": ["client-1"]}));
    refused(verified(&neither).await, &VerifyError::ClaimForm("azp"));
    let own = claims(json!({"aud": both, "azp": "client-1"}));
    assert!(verified(&own).await.is_ok());
    for alone in [json!("client-1"), json!(["client-1"])] {
        let other = claims(json!({"aud": alone, "azp": "client-2"}));
        refused(verified(&other).await, &VerifyError::AuthorizedParty);
        assert!(verified(&claims(json!({"aud": alone}))).await.is_ok());
    }
}

#[tokio::test]
async fn an_answer_without_an_id_token_is_an_error_that_says_so() {
    let script = Script::new().reply(Reply::json(200, &json!({"access_token": "a"})));
    let client = client(&script, &metadata());
    let tokens = client.exchange("c").send().await.unwrap();
    let error = client.verify::<Value>(&tokens, None).await.unwrap_err();
    assert!(error.to_string().contains("openid"), "{error}");
}

#[tokio::test]
async fn codes_of_the_standard_have_their_actions() {
    for (code, action) in [
        ("invalid_grant", Action::SignInAgain),
        ("invalid_client", Action::FixCredentials),
        ("invalid_scope", Action::FixRequest),
    ] {
        let script = Script::new().reply(Reply::json(400, &json!({"error": code})));
        let client = client(&script, &metadata());
        let error = client.exchange("c").send().await.unwrap_err();
        assert_eq!(error.action(), action, "{code}");
    }
}

#[tokio::test]
async fn an_issuer_that_names_itself_must_be_the_one() {
    let script = Script::new().reply(Reply::json(200, &json!({"access_token": "a"})));
    let client = client(&script, &metadata());
    let pending = client
        .authorize("https://app.example/back")
        .begin()
        .unwrap()
        .pending;
    let mut returned = Returned::new("c", Some(Secret::new(pending.state())));
    assert!(client.accept(&pending, &returned).is_err());
    returned.issuer = Some("https://mallory.example".to_owned());
    assert!(client.accept(&pending, &returned).is_err());
    returned.issuer = Some("https://issuer.example".to_owned());
    client
        .accept(&pending, &returned)
        .unwrap()
        .send()
        .await
        .unwrap();
    assert_eq!(form(&script.requests()[0])["code"], "c");
}

#[tokio::test]
async fn the_discovery_document_must_be_that_of_the_issuer() {
    let document = json!({
        "issuer": "https://issuer.example/", "authorization_endpoint": "https://a.example/a",
        "token_endpoint": "https://a.example/t", "jwks_uri": "https://a.example/k",
        "something_new": [1],
    });
    let path = "/.well-known/openid-configuration";
    let discover = async |issuer: &str| {
        let script = Script::new().expect(Method::GET, path, Reply::json(200, &document));
        let api = sign_in::openid_api().transport(script.transport());
        Metadata::discover(api, issuer).await
    };
    let found = discover("https://issuer.example").await.unwrap();
    assert_eq!(found.token_endpoint, "https://a.example/t");
    assert!(discover("https://other.example").await.is_err());
}
