//! Every client can be made ready before its first call, and a wrong secret shows then.

use auth_core::{Action, Result};
use huawei_emulator::Emulator;
use huawei_emulator::harmony_push::HarmonyPush;
use huawei_emulator::huawei_oauth::HuaweiOauth;
use huawei_emulator::iot_na::IotNa;
use huawei_emulator::oneaccess_sdk::OneAccess;
use huawei_emulator::welink_oauth::WelinkOauth;

#[tokio::test]
async fn a_right_secret_makes_ready_and_a_wrong_one_shows() {
    let emulator = Emulator::start().await.unwrap();
    let url = emulator.base_url();

    let push = async |secret: &str| -> Result<()> {
        let app = harmony_push::HmsClient::new(HarmonyPush::CLIENT_ID, secret);
        let client = harmony_push::Client::hms_builder(app).emulator(url);
        client.build()?.warm().await
    };
    check(push(HarmonyPush::CLIENT_SECRET).await, push("wrong").await);

    let huawei_id = async |secret: &str| -> Result<()> {
        let app = huawei_oauth::App::new(HuaweiOauth::CLIENT_ID, secret);
        let client = huawei_oauth::Client::builder(app).emulator(url);
        client.build()?.warm().await
    };
    let right = huawei_id(HuaweiOauth::CLIENT_SECRET).await;
    check(right, huawei_id("wrong").await);

    let welink = async |secret: &str| -> Result<()> {
        let app = welink_oauth::AppSecret::new(WelinkOauth::CLIENT_ID, secret);
        let client = welink_oauth::Client::builder(app).emulator(url);
        client.build()?.warm().await
    };
    let right = welink(WelinkOauth::CLIENT_SECRET).await;
    check(right, welink("wrong").await);

    let oneaccess = async |secret: &str| -> Result<()> {
        let application = oneaccess_sdk::Application::new(OneAccess::CLIENT_ID, secret);
        let domain = "acme.huaweioneaccess.com";
        let client = oneaccess_sdk::Client::builder(application, domain).emulator(url);
        client.build()?.warm().await
    };
    let right = oneaccess(OneAccess::CLIENT_SECRET).await;
    check(right, oneaccess("wrong").await);

    let iot = async |secret: &str| -> Result<()> {
        let application = iot_na::Application::new(IotNa::APP_ID, secret);
        iot_na::Client::new(application, url)?.warm().await
    };
    check(iot(IotNa::SECRET).await, iot("wrong").await);
    assert_eq!(emulator.iot_na().tokens_issued(), 1);
}

#[track_caller]
fn check(right: Result<()>, wrong: Result<()>) {
    right.unwrap();
    assert_eq!(wrong.unwrap_err().action(), Action::FixCredentials);
}
