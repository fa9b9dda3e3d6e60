//! Credentials arrive where the scheme says.

use auth_core::testing::{Reply, Script};
use auth_core::{Credential, Request, Secret, Token};
use bytes::Bytes;
use http::HeaderName;
use serde_json::{Value, json};

use super::{HOUR, PING, scripted, token};

/// The one request that goes out.
async fn sent(
    scheme: &'static str,
    schemes: &'static [&'static str],
    credential: impl Into<Credential>,
    request: Request,
) -> http::Request<Bytes> {
    let script = Script::new().reply(Reply::status(200));
    let api = scripted(&script)
        .credential(scheme, credential)
        .build()
        .unwrap();
    request.schemes(schemes).send_empty(&api).await.unwrap();
    script.verify();
    script.requests().remove(0)
}

#[tokio::test]
async fn a_client_goes_as_basic_authorization() {
    let client = Credential::client("me", "a:b");
    let request = sent("basic", &["basic"], client, Request::new(&PING)).await;
    assert_eq!(request.headers()["authorization"], "Basic bWU6YTpi");
    assert!(request.headers()["authorization"].is_sensitive());
}

#[tokio::test]
async fn a_token_goes_as_bearer_authorization() {
    let request = sent("bearer", &["bearer"], token("abc"), Request::new(&PING)).await;
    assert_eq!(request.headers()["authorization"], "Bearer abc");
    assert!(request.headers()["authorization"].is_sensitive());
}

#[tokio::test]
async fn a_token_goes_in_a_header_of_its_own() {
    let name = HeaderName::from_static("x-own-token");
    let own = Token::in_header(name, "abc", HOUR).unwrap();
    for credential in [
        Credential::from(own),
        Credential::key("abc"),
        token("abc").into(),
    ] {
        let request = sent("header", &["header"], credential, Request::new(&PING)).await;
        assert_eq!(request.headers()["x-own-token"], "abc");
        assert!(request.headers()["x-own-token"].is_sensitive());
        assert!(!request.headers().contains_key("authorization"));
    }
}

#[tokio::test]
async fn a_key_goes_in_the_query_encoded() {
    let ping = Request::new(&PING).query("a", "b c");
    let request = sent("in_query", &["in_query"], Credential::key("x&y="), ping).await;
    assert_eq!(request.uri().query(), Some("a=b%20c&access_token=x%26y%3D"));
}

#[tokio::test]
async fn a_client_goes_in_a_form() {
    let client = Credential::client("1 0", Secret::new("a&b"));
    let form = Request::post("/items").form(&json!({"grant_type": "client_credentials"}));
    let request = sent("in_body", &["in_body"], client, form).await;
    let body = "grant_type=client_credentials&appId=1%200&secret=a%26b";
    assert_eq!(request.body(), body);
    let content_type = &request.headers()["content-type"];
    assert_eq!(content_type, "application/x-www-form-urlencoded");
}

#[tokio::test]
async fn a_client_goes_in_a_json_object_empty_or_not() {
    for body in [json!({}), json!({"grant": "x", "deep": {"secret": 1}})] {
        let client = Credential::client("10", Secret::new("quote\"line\n"));
        let request = Request::post("/items").json("application/json", &body);
        let request = sent("in_body", &["in_body"], client, request).await;
        let mut expected = body;
        expected["appId"] = "10".into();
        expected["secret"] = "quote\"line\n".into();
        let read: Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(read, expected);
    }
}

#[tokio::test]
async fn two_schemes_go_together() {
    let ping = Request::new(&PING);
    let request = sent(
        "in_query",
        &["in_query", "bearer"],
        Credential::key("k"),
        ping,
    )
    .await;
    assert_eq!(request.uri().query(), Some("access_token=k"));
    assert_eq!(request.headers()["authorization"], "Bearer ready");
}

#[tokio::test]
async fn a_view_with_another_credential_leaves_the_client_as_it_was() {
    let script = Script::new().otherwise(Reply::status(200));
    let api = scripted(&script).build().unwrap();
    let user = api.with_credential("bearer", token("user"));
    super::get(&user).await.unwrap();
    super::get(&api).await.unwrap();
    let requests = script.requests();
    let sent = requests
        .iter()
        .map(|request| &request.headers()["authorization"]);
    assert_eq!(sent.collect::<Vec<_>>(), ["Bearer user", "Bearer ready"]);
}
