//! One failure for each action, and the line that tells of it.

use auth_core::testing::{Reply, Script};
use auth_core::{Action, Error, ErrorKind, RetryPolicy};
use serde_json::json;

use super::{add, get, scripted};

/// The error of an operation that must not be repeated, answered with this.
async fn answered(status: u16, code: Option<&str>) -> Error {
    let body = json!({"code": code, "msg": "words", "requestId": "r-1"});
    let script = Script::new().reply(Reply::json(status, &body));
    let api = scripted(&script)
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    let error = add(&api).await.unwrap_err();
    script.verify();
    error
}

async fn check(code: &str, action: Action, advice: &str) {
    let error = answered(200, Some(code)).await;
    assert_eq!(error.kind(), ErrorKind::Api);
    assert_eq!(error.action(), action);
    let api = error.api().unwrap();
    assert_eq!(
        (api.code.as_str(), api.status, api.action),
        (code, 200, action)
    );
    assert_eq!(api.message, "words");
    assert_eq!(error.request_id(), Some("r-1"));
    let line = error.to_string();
    let start =
        format!("add_item: code {code} (a made-up code), HTTP 200, request id r-1; 1 attempt in ");
    assert!(line.starts_with(&start), "{line}");
    assert!(line.ends_with(&format!(" s; {advice}")), "{line}");
    assert!(!line.contains("words"), "{line}");
}

#[tokio::test]
async fn backoff_says_wait() {
    check("2", Action::Backoff, "wait, then send it again").await;
}

#[tokio::test]
async fn contact_provider_says_report() {
    check(
        "3",
        Action::ContactProvider,
        "report it to the platform's operator",
    )
    .await;
}

#[tokio::test]
async fn drop_target_says_stop() {
    check("4", Action::DropTarget, "stop addressing this target").await;
}

#[tokio::test]
async fn fix_credentials_says_correct_them() {
    check(
        "5",
        Action::FixCredentials,
        "correct the client id, secret or key",
    )
    .await;
}

#[tokio::test]
async fn fix_request_says_correct_it() {
    check("6", Action::FixRequest, "correct the request").await;
}

#[tokio::test]
async fn new_token_says_fetch_one_where_the_caller_brought_the_token() {
    check(
        "7",
        Action::NewToken,
        "fetch a new token, then send it again",
    )
    .await;
}

#[tokio::test]
async fn none_says_nothing_to_do() {
    check("8", Action::None, "nothing to do").await;
}

#[tokio::test]
async fn sign_in_again_says_so() {
    check(
        "9",
        Action::SignInAgain,
        "send the user through sign-in again",
    )
    .await;
}

#[tokio::test]
async fn an_unknown_code_is_judged_by_its_status() {
    for (status, action) in [
        (200, Action::ContactProvider),
        (302, Action::ContactProvider),
        (400, Action::FixRequest),
        (401, Action::NewToken),
        (403, Action::FixCredentials),
        (404, Action::FixRequest),
        (429, Action::Backoff),
        (500, Action::Backoff),
        (503, Action::Backoff),
    ] {
        let error = answered(status, Some("unheard-of")).await;
        assert_eq!(error.action(), action, "{status}");
        assert_eq!(error.api().unwrap().code, "unheard-of");
    }
}

#[tokio::test]
async fn an_answer_without_a_code_stands_under_its_status() {
    let error = answered(404, None).await;
    let api = error.api().unwrap();
    assert_eq!((api.realm, api.code.as_str()), (Some("http"), "404"));
    let line = error.to_string();
    let start = "add_item: an error without a code, HTTP 404, request id r-1; 1 attempt in ";
    assert!(line.starts_with(start), "{line}");
}

#[tokio::test]
async fn an_unclear_failure_asks_to_check_before_sending_again() {
    let error = answered(502, None).await;
    assert!(error.may_have_taken_effect());
    assert!(!error.is_retryable());
    assert!(
        error
            .to_string()
            .ends_with("; it may have taken effect, check before sending it again"),
        "{error}"
    );
}

#[tokio::test]
async fn a_partial_success_is_a_success() {
    let body = json!({"code": 1, "msg": "some of them"});
    let script = Script::new().reply(Reply::json(200, &body));
    let api = scripted(&script).build().unwrap();
    assert_eq!(get(&api).await.unwrap(), body);
}

#[tokio::test]
async fn an_answer_of_another_form_names_the_place() {
    let script = Script::new().reply(Reply::json(200, &json!({"items": [{"id": true}]})));
    let api = scripted(&script).build().unwrap();
    #[derive(Debug, serde::Deserialize)]
    struct Page {
        #[expect(dead_code, reason = "only its form counts")]
        items: Vec<std::collections::BTreeMap<String, u32>>,
    }
    let request = auth_core::Request::new(&super::GET_ITEM);
    let error = request.send::<Page>(&api).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("`items[0].id`"), "{error}");
}
