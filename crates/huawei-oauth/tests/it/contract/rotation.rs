//! A secret that is exchanged while calls run.

use std::sync::Arc;
use std::time::Duration;

use auth_core::ReqwestSend;
use contract::rotation::{Load, Mount};
use huawei_emulator::huawei_oauth::HuaweiOauth;
use huawei_oauth::{App, Client, OpenId};
use tokio::time::sleep;

use super::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mounted_secret_that_is_exchanged_under_load_fails_no_call() {
    let stage = Stage::new("rotation");
    let mount = Mount::new("huawei-oauth", HuaweiOauth::CLIENT_SECRET);
    let source = mount.source();
    let client = Client::builder(App::new(HuaweiOauth::CLIENT_ID, source.clone()))
        .emulator(stage.space.url("huawei-oauth"))
        .transport(Arc::new(ReqwestSend::builder().build().unwrap()))
        .build()
        .unwrap();
    let user = stage
        .users
        .open_id(HuaweiOauth::CLIENT_ID, HuaweiOauth::USER);
    let user = OpenId::from(user);
    let load = Load::start(move |_| {
        let (client, user) = (client.clone(), user.clone());
        async move {
            // The platform allows 100 a second.
            sleep(Duration::from_millis(100)).await;
            client.union_id(&user).await.map(drop)
        }
    });
    let change = |secret: &str| {
        let mut app = stage.users.app(HuaweiOauth::CLIENT_ID).unwrap();
        app.client_secret = secret.to_owned();
        stage.users.add_app(app);
    };
    let void = || stage.users.revoke_access_tokens();
    let secrets = [1, 2].map(|number| format!("secret{number}+/="));
    load.exchange(mount, &source, &secrets, change, void).await;
}
