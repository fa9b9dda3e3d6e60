//! A secret that is exchanged while calls run.

use std::sync::Arc;

use ::contract::rotation::{Load, Mount};
use auth_core::ReqwestSend;
use huawei_emulator::oneaccess_sdk::OneAccess;
use oneaccess_sdk::{Application, Client};

use crate::contract::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mounted_secret_that_is_exchanged_under_load_fails_no_call() {
    let stage = Stage::new("rotation");
    let mount = Mount::new("oneaccess", OneAccess::CLIENT_SECRET);
    let source = mount.source();
    let application = Application::new(OneAccess::CLIENT_ID, source.clone());
    let client = Client::builder(application, "acme.huaweioneaccess.com")
        .emulator(stage.space.url("oneaccess-sdk"))
        .transport(Arc::new(ReqwestSend::builder().build().unwrap()))
        .build()
        .unwrap();
    let load = Load::start(move |_| {
        let client = client.clone();
        async move { client.get_organization(OneAccess::ORG_ID).await.map(drop) }
    });
    let change = |secret: &str| {
        let mut application = stage.platform.application(OneAccess::CLIENT_ID).unwrap();
        application.client_secret = secret.to_owned();
        stage.platform.add_application(application);
    };
    let void = || stage.platform.revoke_access_tokens();
    let secrets = [1, 2, 3, 4].map(|number| format!("secret-{number}+&="));
    load.exchange(mount, &source, &secrets, change, void).await;
}
