//! A secret that is exchanged while calls run.

use std::sync::Arc;

use auth_core::ReqwestSend;
use contract::rotation::{Load, Mount};
use huawei_emulator::welink_oauth::WelinkOauth;
use welink_oauth::AppSecret;

use crate::stage::{Stage, builder};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mounted_secret_that_is_exchanged_under_load_fails_no_call() {
    let stage = Stage::new("rotation");
    let mount = Mount::new("welink", WelinkOauth::CLIENT_SECRET);
    let source = mount.source();
    let app = AppSecret::new(WelinkOauth::CLIENT_ID, source.clone());
    let client = builder(&stage.space, app)
        .transport(Arc::new(ReqwestSend::builder().build().unwrap()))
        .build()
        .unwrap();
    let tenant = client.as_tenant(WelinkOauth::SUBSCRIBER_ID).unwrap();
    let load = Load::start(move |caller| {
        let client = if caller % 2 == 0 { &client } else { &tenant }.clone();
        async move { client.get_tenant().await.map(drop) }
    });
    let change = |secret: &str| {
        stage.welink.change_app(WelinkOauth::CLIENT_ID, |app| {
            app.client_secret = secret.to_owned();
        });
    };
    let void = || stage.welink.revoke_access_tokens();
    let secrets = [1, 2, 3, 4].map(|number| format!("secret-{number}+&="));
    load.exchange(mount, &source, &secrets, change, void).await;
    assert!(!stage.welink.is_locked());
}
