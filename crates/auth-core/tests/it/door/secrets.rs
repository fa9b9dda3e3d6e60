//! No secret gets into an error or a log, whatever goes wrong.

use auth_core::testing::{CountingProvider, Reply, Script};
use auth_core::{Api, Cached, Credential, Error, Request, RetryPolicy, Secret};
use httpmock::MockServer;
use serde_json::{Value, json};

use super::{GET_TOKEN, HOUR, PLATFORM, printed, token};
use crate::capture::Capture;

const SECRET: &str = "swordfish";

/// A client whose every credential is the secret.
fn everything(script: &Script) -> Api {
    Api::builder(&PLATFORM)
        .transport(script.transport())
        .credential("basic", Credential::client("me", SECRET))
        .credential("bearer", token(SECRET))
        .credential("header", Credential::key(SECRET))
        .credential("in_body", Credential::client("me", SECRET))
        .credential("in_query", Credential::key(SECRET))
        .retry(RetryPolicy::none())
        .build()
        .unwrap()
}

/// Every failure that a transport can bring about, from an answer that repeats the secret.
fn replies() -> Vec<Reply> {
    let echo = json!({"code": "6", "msg": SECRET, "requestId": "r-1", "access_token": SECRET});
    vec![
        Reply::json(200, &echo),
        Reply::json(400, &echo),
        Reply::json(500, &json!({"access_token": SECRET})),
        Reply::json(200, &json!({"access_token": [SECRET]})),
        Reply::text(200, format!("{{\"access_token\": \"{SECRET}")),
        Reply::text(502, format!("<p>{SECRET}</p>")),
        Reply::fail(Error::transport("the connection broke")),
    ]
}

#[derive(Debug, serde::Deserialize)]
struct Answer {
    #[expect(dead_code, reason = "only its form counts")]
    access_token: Secret,
    #[expect(dead_code, reason = "only its form counts")]
    expires_in: u64,
}

fn clean(text: &str) {
    let encoded = ["swordfish", "c3dvcmRmaXNo", "bWU6c3dvcmRmaXNo"];
    for secret in encoded {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn no_error_and_no_log_holds_a_secret() {
    let capture = Capture::default();
    let _guard = tracing::subscriber::set_default(capture.clone());
    let schemes: [&[&str]; 5] = [
        &["basic"],
        &["bearer"],
        &["header"],
        &["in_body"],
        &["in_query"],
    ];
    for reply in replies() {
        for names in schemes {
            let script = Script::new().reply(reply.clone());
            let api = everything(&script);
            let request = Request::new(&GET_TOKEN)
                .schemes(names)
                .query("code", SECRET)
                .header("x-code", SECRET)
                .form(&json!({"code": SECRET}));
            clean(&format!("{request:?} {api:?}"));
            let error = request.send::<Answer>(&api).await.unwrap_err();
            script.verify();
            clean(&printed(&error));
        }
    }
    let log = capture.text();
    clean(&log);
    assert!(log.contains("operation=\"get_token\""), "{log}");
    assert!(log.contains("attempts=1"), "{log}");
    assert!(log.contains("request_id=\"r-1\""), "{log}");
}

#[tokio::test]
async fn fetching_refusing_and_renewing_a_token_leaves_none_in_the_log() {
    let capture = Capture::default();
    let _guard = tracing::subscriber::set_default(capture.clone());
    let script = Script::new().otherwise(Reply::json(200, &json!({"code": "7"})));
    let provider = CountingProvider::new(HOUR);
    let api = Api::builder(&PLATFORM)
        .transport(script.transport())
        .credential("bearer", Cached::new(provider))
        .build()
        .unwrap();
    let error = super::get(&api).await.unwrap_err();
    let all = format!("{} {}", printed(&error), capture.text());
    assert!(
        !all.contains("token-1") && !all.contains("token-2"),
        "{all}"
    );
}

#[tokio::test]
async fn the_bundled_http_client_logs_and_tells_no_secret() {
    let capture = Capture::default();
    let _guard = tracing::subscriber::set_default(capture.clone());
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.any_request();
            then.status(200).body("{");
        })
        .await;
    for url in [server.base_url(), "http://127.0.0.1:1".to_owned()] {
        let api = super::at(&url)
            .credential("in_query", Credential::key(SECRET))
            .build()
            .unwrap();
        let request = Request::get("/items")
            .schemes(&["in_query"])
            .query("code", SECRET);
        let error = request.send::<Value>(&api).await.unwrap_err();
        clean(&printed(&error));
        assert!(!error.to_string().contains("127.0.0.1"), "{error}");
    }
    let ours = capture.text();
    let ours = ours.lines().filter(|line| !line.contains(" httpmock"));
    clean(&ours.collect::<Vec<_>>().join("\n"));
}
