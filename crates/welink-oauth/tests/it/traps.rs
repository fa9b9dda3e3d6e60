//! What the platform does otherwise than one expects of it.

use std::time::{Duration, SystemTime};

use auth_core::Action;
use auth_core::testing::{Reply, Script};
use huawei_emulator::Fault;
use huawei_emulator::welink_oauth::WelinkOauth;
use serde_json::{Value, json};
use welink_oauth::model::{CreateGroup, ListUsers, PrepareUpload};
use welink_oauth::{AppSecret, Client, Error, UserToken};

use crate::stage::Stage;

fn ticket() -> Reply {
    Reply::json(
        200,
        &json!({"code": "0", "access_token": "t", "expires_in": 7200}),
    )
}

fn client(script: &Script) -> Client {
    Client::builder(AppSecret::new("id", "secret"))
        .transport(script.transport())
        .build()
        .unwrap()
}

fn token(text: &str) -> UserToken {
    UserToken::new(text, Duration::from_secs(60), SystemTime::UNIX_EPOCH).unwrap()
}

#[tokio::test]
async fn a_user_whose_token_has_expired_signs_in_again() {
    let stage = Stage::new("expired-user");
    let user = stage
        .client
        .as_user(&token(&stage.welink.user_token(WelinkOauth::USER)));
    user.id().await.unwrap();
    stage.space.advance_clock(Duration::from_secs(8 * 3600 + 1));
    for error in [
        user.id().await.unwrap_err(),
        user.administration().await.unwrap_err(),
    ] {
        assert_eq!(error.api().unwrap().code, "47103");
        assert_eq!(error.action(), Action::SignInAgain, "{error}");
    }
    // What the app may not do it may not do for the next token of the user either.
    let fresh = token(&stage.welink.user_token(WelinkOauth::USER));
    stage.space.fail_next(Fault::code("501").on("is_app_admin"));
    let error = stage.client.as_user(&fresh).administration().await;
    assert_eq!(error.unwrap_err().action(), Action::FixCredentials);
}

#[tokio::test(start_paused = true)]
async fn no_data_is_the_end_of_a_list() {
    let full = json!({"code": "0", "hasMore": 1, "data": [{"userId": "a"}]});
    let none = json!({"code": "47012", "message": "no data"});
    for (pages, wanted) in [(vec![&none], 0), (vec![&full, &none], 1)] {
        let mut script = Script::new().reply(ticket());
        for page in pages {
            script = script.reply(Reply::json(200, page));
        }
        let department = ListUsers::default().dept_code("1").page_size(1);
        let users = client(&script).list_users_stream(&department);
        assert_eq!(users.collect().await.unwrap().len(), wanted);
        script.verify();
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_may_have_another_code() {
    let answer = json!({"code": "56100", "message": "ok", "data": {"tenantId": "T"}});
    let script = Script::new()
        .reply(ticket())
        .reply(Reply::json(200, &answer));
    let tenant = client(&script).get_tenant().await.unwrap();
    assert_eq!(tenant.data.unwrap().tenant_id.as_deref(), Some("T"));
}

#[tokio::test(start_paused = true)]
async fn an_administrator_is_one_in_both_spellings() {
    for name in ["isAdmin", "isadmin"] {
        let script = Script::new()
            .reply(ticket())
            .reply(Reply::json(200, &json!({"code": "0", name: true})));
        let administration = client(&script).administration("a@b").await.unwrap();
        assert!(administration.is_administrator, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_refuses_a_token_in_its_own_words_gets_a_new_one() {
    let upload = PrepareUpload::new("a.txt", 1, "m", "b");
    let group = CreateGroup::new("a@b", "Release");
    let words: [Value; 3] = [
        json!({"errorcode": "47103", "errormessage": "expired"}),
        json!({"errorCode": "47101", "errorMessage": "format"}),
        json!({"errcode": "501"}),
    ];
    for word in words {
        for kind in 0..3 {
            let script = Script::new()
                .reply(ticket())
                .reply(Reply::json(200, &word))
                .reply(ticket())
                .reply(Reply::json(200, &json!({"code": "0", "message": "ok"})));
            let client = client(&script);
            let done: Result<(), Error> = match kind {
                0 => client.get_tenant().await.map(drop),
                1 => client.create_group(&group).await.map(drop),
                _ => client.prepare_upload(&upload).await.map(drop),
            };
            done.unwrap_or_else(|error| panic!("{word} {kind}: {error:?}"));
            script.verify();
        }
    }
}
