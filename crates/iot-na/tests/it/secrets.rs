//! Nothing that holds a secret shows it.

use auth_core::Secret;
use iot_na::model::{RegisterDeviceByVerifyCode, RegisteredByVerifyCode, Tokens};
use iot_na::{Application, Client, ClientCertificate, Registration};
use serde_json::json;

const SECRET: &str = "swordfish";

#[track_caller]
fn check(value: &impl std::fmt::Debug) {
    let text = format!("{value:?} {value:#?}");
    assert!(!text.contains(SECRET), "{text}");
}

#[test]
fn types_with_secrets_do_not_print_them() {
    let application = Application::new("app", SECRET);
    check(&application);
    check(&ClientCertificate::from_pem(SECRET));
    let builder = Client::builder(application, "https://site.test:8743")
        .client_certificate(ClientCertificate::from_pem(SECRET));
    check(&builder);
    let error = builder.build().unwrap_err();
    check(&error);
    assert!(!error.to_string().contains(SECRET));
    let client = Client::new(Application::new("app", SECRET), "https://site.test:8743");
    check(&client.unwrap());
    let device =
        |device: RegisterDeviceByVerifyCode| device.verify_code(SECRET).psk(Secret::new(SECRET));
    check(&Registration::permanent("1").details(device));
    let answer = json!({"deviceId": "1", "verifyCode": SECRET, "psk": SECRET});
    check(&serde_json::from_value::<RegisteredByVerifyCode>(answer).unwrap());
    let tokens = json!({"accessToken": SECRET, "refreshToken": SECRET, "expiresIn": 1});
    check(&serde_json::from_value::<Tokens>(tokens).unwrap());
}

#[tokio::test]
async fn errors_of_a_login_do_not_print_its_answer() {
    use auth_core::testing::{Reply, Script};
    use iot_na::model::GetDevice;

    for reply in [
        Reply::json(
            200,
            &json!({"accessToken": SECRET, "expiresIn": {"odd": SECRET}}),
        ),
        Reply::json(400, &json!({"error_code": "1", "error_desc": SECRET})),
        Reply::text(500, SECRET),
        Reply::json(
            200,
            &json!({"accessToken": format!("{SECRET}\n"), "expiresIn": 1}),
        ),
    ] {
        let script = Script::new().otherwise(reply);
        let client = Client::builder(Application::new("app", SECRET), "https://site.test:8743")
            .transport(script.transport())
            .build()
            .unwrap();
        let error = client.get_device("1", &GetDevice::default()).await;
        let error = error.unwrap_err();
        check(&error);
        assert!(!error.to_string().contains(SECRET), "{error}");
    }
}
