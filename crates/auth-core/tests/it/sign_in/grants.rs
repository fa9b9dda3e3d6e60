//! Grants: what goes out, and what is made of the answers.

use std::time::Duration;

use auth_core::sign_in::{ClientAuth, OAuthClient, Placement, RefreshToken, Tokens};
use auth_core::testing::{Reply, Script};
use auth_core::{Action, ErrorKind, Result};
use http::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::{builder, client, form, now, query};

async fn exchange(script: &Script) -> Result<Tokens> {
    client(script).exchange("the-code").send().await
}

async fn answered(answer: Value) -> Tokens {
    exchange(&Script::new().reply(Reply::json(200, &answer)))
        .await
        .unwrap()
}

fn of_app(script: &Script, change: impl FnOnce(OAuthClient) -> OAuthClient) -> OAuthClient {
    change(client(script))
}

#[tokio::test]
async fn a_code_of_an_app_goes_without_redirect_uri() {
    let script = Script::new().reply(Reply::json(200, &json!({"access_token": "a"})));
    let client = of_app(&script, |client| client);
    let grant = client.exchange("DwEE+/=").parameter("supportAlg", "PS256");
    grant.send().await.unwrap();
    let body = script.requests()[0].body().clone();
    assert!(body.windows(16).any(|part| part == b"code=DwEE%2B%2F%"));
    let form = form(&script.requests()[0]);
    assert_eq!(form["supportAlg"], "PS256");
    assert!(!form.contains_key("redirect_uri") && !form.contains_key("code_verifier"));
}

#[tokio::test]
async fn numbers_may_be_texts_and_success_a_code() {
    let tokens = answered(json!({
        "code": "60001", "message": "success", "state": "s", "token_type": "bearer",
        "expires_in": "28800", "access_token": "a", "group_union_id": "g",
    }))
    .await;
    assert_eq!(tokens.access_token().expose(), "a");
    assert_eq!(tokens.token_type(), "bearer");
    assert_eq!(tokens.expires_in(), Some(Duration::from_secs(28_800)));
    assert_eq!(tokens.obtained_at(), now());
    assert_eq!(
        tokens.expires_at(),
        Some(now() + Duration::from_secs(28_800))
    );
    assert_eq!(tokens.extra("group_union_id"), Some(&json!("g")));
    assert_eq!(tokens.scopes().count(), 0);
    let token = tokens.token(Duration::ZERO).unwrap();
    assert_eq!(token.lifetime(), Duration::from_secs(28_800));
}

#[tokio::test]
async fn an_answer_with_next_to_nothing_is_enough() {
    let tokens = answered(json!({"access_token": "a", "refresh_token": "", "scope": "b c"})).await;
    assert_eq!(tokens.expires_in(), None);
    assert_eq!(tokens.refresh_token(), None);
    assert_eq!(tokens.id_token(), None);
    assert_eq!(tokens.scopes().collect::<Vec<_>>(), ["b", "c"]);
}

#[tokio::test]
async fn a_refusal_is_read_by_the_document() {
    let refusal = json!({"error": 1101, "sub_error": 20155, "error_description": "hush"});
    let error = exchange(&Script::new().reply(Reply::json(400, &refusal)))
        .await
        .unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain);
    let api = error.api().unwrap();
    assert_eq!(
        (api.code.as_str(), api.sub_code.as_deref()),
        ("1101", Some("20155"))
    );
    assert_eq!(error.operation(), Some("exchange_code"));
    assert!(!format!("{error} {error:?}").contains("hush"));
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_not_quoted() {
    for body in [
        "{\"access_token\": 12, \"x\": \"swordfish\"}",
        "swordfish",
        "\"swordfish\"",
        "",
    ] {
        let error = exchange(&Script::new().reply(Reply::text(200, body)))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{body}");
        assert_eq!(error.operation(), Some("exchange_code"));
        assert!(error.may_have_taken_effect());
        let shown = format!("{error} {error:?}");
        // Neither as text nor as the list of bytes that `oauth2` would print.
        assert!(
            !shown.contains("swordfish") && !shown.contains("115, 119"),
            "{shown}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_is_sent_once_and_a_refresh_token_again() {
    let lost = || Reply::status(502);
    let script = Script::new().reply(lost());
    let error = exchange(&script).await.unwrap_err();
    assert!(error.may_have_taken_effect());
    assert_eq!(script.count(), 1);

    let script = Script::new()
        .reply(lost())
        .reply(Reply::json(200, &json!({"access_token": "b"})));
    let client = client(&script);
    let token = RefreshToken::new("the-token");
    let tokens = client.refresh(&token).send().await.unwrap();
    assert_eq!(tokens.access_token().expose(), "b");
    assert_eq!(form(&script.requests()[1])["refresh_token"], "the-token");
}

#[tokio::test]
async fn a_refresh_token_is_kept_unless_another_comes() {
    let script = Script::new()
        .reply(Reply::json(200, &json!({"access_token": "b"})))
        .reply(Reply::json(
            200,
            &json!({"access_token": "c", "refresh_token": "next"}),
        ));
    let client = client(&script);
    let token = RefreshToken::new("first");
    let kept = client.refresh(&token).scope("openid").send().await.unwrap();
    assert_eq!(kept.refresh_token(), Some(&token));
    assert_eq!(form(&script.requests()[0])["scope"], "openid");
    let rotated = client.refresh(&token).send().await.unwrap();
    assert_eq!(rotated.refresh_token().unwrap().expose(), "next");
}

#[tokio::test]
async fn parameters_travel_where_the_platform_wants_them() {
    for placement in [Placement::Form, Placement::Query, Placement::QueryAndForm] {
        let script = Script::new().reply(Reply::json(200, &json!({"access_token": "a"})));
        let client = builder(script.transport())
            .secret("s+")
            .placement(placement)
            .build()
            .unwrap();
        client.exchange("c/").send().await.unwrap();
        let request = &script.requests()[0];
        let query = query(&request.uri().to_string());
        let (in_query, in_form) = (query.get("code"), form(request));
        let code = "c/".to_owned();
        assert_eq!(in_query.is_some(), placement != Placement::Form);
        assert_eq!(in_form.contains_key("code"), placement != Placement::Query);
        assert!(
            [in_query, in_form.get("code")]
                .into_iter()
                .flatten()
                .all(|it| *it == code)
        );
        assert_eq!(
            request.headers()["content-type"],
            "application/x-www-form-urlencoded"
        );
    }
}

#[tokio::test]
async fn a_client_proves_itself_as_it_was_told() {
    let script = Script::new().otherwise(Reply::json(200, &json!({"access_token": "a"})));
    let basic = builder(script.transport())
        .secret("secret")
        .client_auth(ClientAuth::Basic)
        .build()
        .unwrap();
    basic.exchange("c").send().await.unwrap();
    let public = builder(script.transport()).build().unwrap();
    public.exchange("c").send().await.unwrap();

    let requests = script.requests();
    // Of `client-1:secret`.
    assert_eq!(
        requests[0].headers()[AUTHORIZATION],
        "Basic Y2xpZW50LTE6c2VjcmV0"
    );
    assert!(requests[0].headers()[AUTHORIZATION].is_sensitive());
    assert!(!form(&requests[0]).contains_key("client_secret"));
    assert_eq!(form(&requests[1])["client_id"], "client-1");
    assert!(!form(&requests[1]).contains_key("client_secret"));
    assert!(!requests[1].headers().contains_key(AUTHORIZATION));
}

#[tokio::test]
async fn tokens_are_not_printed() {
    let tokens = answered(json!({
        "access_token": "hush", "refresh_token": "hush", "id_token": "hush", "more": "hush",
    }))
    .await;
    let text = format!("{tokens:?}");
    assert!(!text.contains("hush"), "{text}");
}

#[test]
fn a_client_without_an_id_is_not_built() {
    let error = builder(Script::new().transport())
        .secret("")
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}
