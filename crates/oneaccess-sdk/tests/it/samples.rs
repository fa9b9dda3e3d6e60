//! Every published sample: requests are what our types write, answers decode, errors classify.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use auth_core::sign_in::{RefreshToken, Returned};
use auth_core::{Action, Error};
use oneaccess_sdk::events::{Encryption, Receiver, Secrets};
use oneaccess_sdk::model::*;
use oneaccess_sdk::{Application, CasUser, Client, Device, Login};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::fake::{Fake, Sent, device};

/// A sample file: an exchange as the platform's documents print it.
struct Sample {
    name: String,
    content: Value,
}

impl Sample {
    fn read(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
        let text = fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        Self {
            name: name.to_owned(),
            content: serde_json::from_str(&text).unwrap(),
        }
    }

    fn body(&self) -> &Value {
        &self.content["body"]
    }

    fn text(&self) -> &str {
        self.body().as_str().unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.content["headers"][name].as_str()
    }

    /// Decodes the body, and expects the same when it is encoded again, but for what is null.
    fn round_trip<T: DeserializeOwned + Serialize>(&self) -> T {
        let value: T = serde_json::from_value(self.body().clone())
            .unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let again = serde_json::to_value(&value).unwrap();
        assert_eq!(bare(&again), bare(self.body()), "{}", self.name);
        value
    }

    /// A platform that answers with the sample.
    fn platform(&self) -> Arc<Fake> {
        let default = match self.name.contains(".error") {
            true => 400,
            false => 200,
        };
        let status = self.content["status"].as_u64().unwrap_or(default);
        let status = u16::try_from(status).unwrap();
        let body = match self.body() {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Fake::new(move |_| (status, body.clone()))
    }

    /// A receiver's view of a callback.
    fn deliver(&self, secrets: Secrets) -> Option<Event> {
        let receiver = Receiver::new(secrets);
        let body = self.body().to_string();
        let authorization = self.header("Authorization");
        let opened = receiver.open(authorization, body.as_bytes(), SystemTime::UNIX_EPOCH);
        opened.ok().map(|delivery| delivery.event().clone())
    }
}

/// A value without what is null.
fn bare(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            Value::Object(
                members
                    .map(|(name, value)| (name.clone(), bare(value)))
                    .collect(),
            )
        }
        Value::Array(items) => items.iter().map(bare).collect(),
        other => other.clone(),
    }
}

#[track_caller]
fn refused(error: &Error, code: &str, action: Action) {
    assert_eq!(error.api().unwrap().code, code);
    assert_eq!(error.action(), action, "{error}");
}

/// The request for a token, as it travels.
pub(crate) async fn token_request() -> Sent {
    let fake = Sample::read("get_access_token.response").platform();
    let client = fake.client();
    let counted = auth_core::CallOptions::new().header("X-Count-Tokens", "yes");
    let client = client.with(counted);
    let options = GetAccessTokenOptions::default();
    client.get_access_token(&options).await.unwrap();
    fake.sent().pop().unwrap()
}

/// A client with the ids that samples of the user APIs have, and its device.
fn phone_of_samples(fake: &Arc<Fake>) -> (Client, DeviceHeaders) {
    let application = Application::without_secret("dummyClientId0000000000000000000");
    let client = Client::builder(application, "acme.huaweioneaccess.com")
        .tenant_id("0123456789abcdef0123456789abcdef")
        .transport(Arc::<Fake>::clone(fake))
        .build()
        .unwrap();
    let agent = "Mozilla/5.0 (Linux; Android 10; Redmi K30 Build/QKQ1.190825.002; wv) \
                 AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/80.0.3987.99 \
                 Mobile Safari/537.36";
    let device = Device::new("Android 10", "156aysdna213sac", agent)
        .ip("10.10.10.1")
        .language(Language::Zh);
    let headers = client.on(device).headers().clone();
    (client, headers)
}

/// Expects that the request carries the device headers of the sample.
fn device_headers(sample: &Sample, sent: &Sent) {
    for name in [
        "X-operating-sys-version",
        "X-device-fingerprint",
        "X-device-ip",
        "X-agent",
        "X-L",
        "X-client-id",
        "X-tenant-id",
    ] {
        if let Some(expected) = sample.header(name) {
            assert_eq!(sent.header(name), expected, "{}: {name}", sample.name);
        }
    }
}

/// Sends the body of a login sample by its own operation, and compares the headers.
async fn logs_in(sample: &Sample) {
    let answer = r#"{"status":"ACCESS_DENIED"}"#;
    let fake = Fake::new(move |_| (200, answer.to_owned()));
    let (client, device) = phone_of_samples(&fake);
    let body = sample.body().clone();
    match &*sample.name {
        "login_by_password.request" => {
            let login: LoginByPassword = serde_json::from_value(body).unwrap();
            client.login_by_password(&device, &login).await.unwrap();
        }
        "login_by_qq.request" => {
            let login: LoginByQq = serde_json::from_value(body).unwrap();
            client.login_by_qq(&device, &login).await.unwrap();
        }
        "login_by_wechat.request" => {
            let login: LoginBySocialCode = serde_json::from_value(body).unwrap();
            client.login_by_wechat(&device, &login).await.unwrap();
        }
        "register_by_mobile.request" => {
            let person: RegisterByMobile = serde_json::from_value(body).unwrap();
            client.register_by_mobile(&device, &person).await.unwrap();
        }
        "verify_mfa_by_sms.request" => {
            let code: LoginByMobileCode = serde_json::from_value(body).unwrap();
            let state = sample.header("X-state-token").unwrap();
            let client = client.with_state_token(state);
            client.verify_mfa_by_sms(&device, &code).await.unwrap();
            assert_eq!(fake.sent()[0].header("X-state-token"), state);
        }
        "send_sms_code.request" => {
            let code: SendSmsCode = serde_json::from_value(body).unwrap();
            client.send_sms_code(&device, &code).await.unwrap();
        }
        other => panic!("{other}"),
    }
    let sent = fake.sent().pop().unwrap();
    assert_eq!(sent.path, sample.content["path"].as_str().unwrap());
    assert_eq!(&sent.body(), sample.body(), "{}", sample.name);
    device_headers(sample, &sent);
}

async fn management(sample: &Sample) -> bool {
    match &*sample.name {
        "add_app_role_members.error" => {
            let client = sample.platform().client();
            let members = ChangeRoleMembers::new("role", vec!["account".to_owned()]);
            let error = client
                .add_app_role_members("app", &members)
                .await
                .unwrap_err();
            refused(&error, "APP.ROLE.0002", Action::DropTarget);
        }
        "add_app_role_members.request" => drop(sample.round_trip::<ChangeRoleMembers>()),
        "add_app_role_members.response" => drop(sample.round_trip::<BatchResult>()),
        "authorize_app_account.response" | "create_app_account.response" => {
            drop(sample.round_trip::<AccountIdResult>());
        }
        "create_app_account.request" => drop(sample.round_trip::<CreateAppAccount>()),
        "create_app_role.request" => drop(sample.round_trip::<CreateAppRole>()),
        "create_app_role.response" => drop(sample.round_trip::<RoleIdResult>()),
        "create_organization.request" => drop(sample.round_trip::<CreateOrganization>()),
        "create_user.request" => drop(sample.round_trip::<CreateUser>()),
        "enable_user.error" => {
            let error = sample
                .platform()
                .client()
                .enable_user("user")
                .await
                .unwrap_err();
            refused(&error, "USER.0001", Action::DropTarget);
        }
        "get_app_account_permissions.response" => {
            drop(sample.round_trip::<AccountPermissions>());
        }
        "get_app_role.response" => drop(sample.round_trip::<AppRole>()),
        "list_app_accounts.response" => {
            let page: AppAccountPage = sample.round_trip();
            assert_eq!(
                page.accounts[1].account_type,
                Some(AccountType::OrphanAccount)
            );
        }
        "list_app_organizations.response" => {
            // Its total is too small, and nobody minds.
            let client = sample.platform().client();
            let all = client
                .list_app_organizations_stream("app", 10)
                .collect()
                .await;
            assert_eq!(all.unwrap().len(), 2);
            sample.round_trip::<AppOrganizationPage>();
        }
        "list_app_role_nodes.response" => drop(sample.round_trip::<AppRoleNodePage>()),
        "list_job_positions.response" => drop(sample.round_trip::<JobPositionPage>()),
        "list_users.response" => drop(sample.round_trip::<UserPage>()),
        "update_app_organization.response" => drop(sample.round_trip::<OrgIdResult>()),
        _ => return false,
    }
    true
}

async fn integration(sample: &Sample) -> bool {
    match &*sample.name {
        "authorize.response" => {
            let back = AuthorizeReturn::parse(sample.header("Location").unwrap()).unwrap();
            let AuthorizeReturn::Success(back) = back else {
                panic!("{back:?}");
            };
            assert_eq!(back.state.unwrap().expose(), "test");
        }
        "exchange_token.error.code" => {
            let sign_in = sample.platform().client().oauth_sign_in().unwrap();
            let pending = sign_in
                .authorize("https://example.com")
                .begin()
                .unwrap()
                .pending;
            let returned = Returned::new("z2D", Some(pending.state().into()));
            let error = sign_in.exchange(&pending, &returned).await.unwrap_err();
            refused(&error, "invalid_client", Action::SignInAgain);
        }
        "exchange_token.error.refresh" => {
            let sign_in = sample.platform().client().oauth_sign_in().unwrap();
            let token = RefreshToken::new("used");
            let error = sign_in.refresh(&token).await.unwrap_err();
            refused(&error, "invalid_grant", Action::SignInAgain);
        }
        "exchange_token.request" => {
            let fake = Fake::new(|_| (200, r#"{"access_token":"a","token_type":"b"}"#.to_owned()));
            let sign_in = fake.client().oauth_sign_in().unwrap();
            let pending = sign_in
                .authorize("https://example.com")
                .begin()
                .unwrap()
                .pending;
            let returned = Returned::new("z2Ddummy", Some(pending.state().into()));
            sign_in.exchange(&pending, &returned).await.unwrap();
            let sent = fake.sent().pop().unwrap();
            let sorted = |text: &str| {
                let mut pairs: Vec<String> = text.split('&').map(str::to_owned).collect();
                pairs.sort();
                pairs
            };
            let text = String::from_utf8(sent.raw.to_vec()).unwrap();
            let slash = |text: &str| text.replace("example.com%2F", "example.com");
            assert_eq!(sorted(&slash(&text)), sorted(sample.text()));
            assert_eq!(sent.query, "");
        }
        "get_access_token.error.bad_client" => {
            let options = auth_core::CallOptions::new().header("X-Count-Tokens", "yes");
            let client = sample.platform().client().with(options);
            let options = GetAccessTokenOptions::default();
            let error = client.get_access_token(&options).await.unwrap_err();
            refused(&error, "invalid_client", Action::FixCredentials);
        }
        "get_access_token.request.basic" => {
            let sent = token_request().await;
            assert_eq!(
                sent.header("authorization"),
                sample.header("Authorization").unwrap()
            );
        }
        "get_access_token.request.form" => {
            // Documented as well, and not used: by Basic the secret stays out of bodies.
            let sent = token_request().await;
            let form = String::from_utf8(sent.raw.to_vec()).unwrap();
            assert!(sample.text().starts_with(&form), "{form}");
        }
        "get_access_token.response" => drop(sample.round_trip::<AccessToken>()),
        "get_user_info.error" => {
            let client = sample.platform().client();
            let token = auth_core::Token::bearer("a", std::time::Duration::from_secs(1));
            let user = client.as_user(token.unwrap());
            let error = user.get_user_info().await.unwrap_err();
            assert_eq!(error.api().unwrap().code, "unauthorized");
        }
        "get_user_info.response" => drop(sample.round_trip::<UserInfo>()),
        "start_cas_login.response" => {
            let back = StartCasLoginReturn::parse(sample.header("Location").unwrap());
            let StartCasLoginReturn::Success(back) = back.unwrap() else {
                panic!("a ticket");
            };
            assert!(back.ticket.expose().starts_with("ST-dummy"));
        }
        "validate_cas_ticket_v1.response" => {
            assert_eq!(CasUser::from_text(sample.text()).unwrap().user, "zhangsan");
        }
        "validate_cas_ticket_v3.response" => {
            let user = CasUser::from_xml(sample.text()).unwrap();
            assert_eq!(user.user, "minghui");
            assert_eq!(user.attributes["isFromNewLogin"], false);
            assert!(!user.attributes.contains_key("disabledAt"));
        }
        _ => return false,
    }
    true
}

async fn user_apis(sample: &Sample) -> bool {
    match &*sample.name {
        "create_sso_ticket.request" => drop(sample.round_trip::<CreateSsoTicket>()),
        "get_captcha.response" => {
            let captcha: Captcha = sample.round_trip();
            assert!(captcha.token.expose().starts_with("389"));
        }
        "get_server_time.response" => drop(sample.round_trip::<ServerTime>()),
        "list_country_codes.response" => drop(sample.round_trip::<CountryCodeList>()),
        "list_social_accounts.request" => {
            let fake = Fake::new(|_| (200, r#"{"social":[]}"#.to_owned()));
            let (client, device) = phone_of_samples(&fake);
            let signature = sample.header("X-signature").unwrap();
            let client = client.with_signature(signature);
            client.list_social_accounts(&device).await.unwrap();
            let sent = fake.sent().pop().unwrap();
            device_headers(sample, &sent);
            assert_eq!(sent.header("X-signature"), signature);
        }
        "login_by_alipay.request" => {
            // The page names one address and shows another: the second is called if need be.
            let fake = Fake::new(|sent| match sent.path.contains("/v3/") {
                true => (404, String::new()),
                false => (
                    200,
                    r#"{"status":"SUCCESS","session_token":"s"}"#.to_owned(),
                ),
            });
            let login = fake.phone().login_by_alipay("ad12sasdsfe3dfdg3sc").await;
            login.unwrap().success().unwrap();
            let sent = fake.sent().pop().unwrap();
            assert_eq!(sent.path, sample.content["path"].as_str().unwrap());
            assert_eq!(&sent.body(), sample.body());
            assert_eq!(sent.header("X-client-id"), "dummy-client-id");
        }
        "login_by_apple.response.user_register" => {
            let login = sample
                .platform()
                .phone()
                .login_by_apple("code")
                .await
                .unwrap();
            let Login::BindOrRegister(step) = login else {
                panic!("{login:?}");
            };
            assert!(step.registers());
            assert_eq!(
                step.ways(),
                [SocialBindStep::VerifyPhone, SocialBindStep::VerifyEmail]
            );
        }
        "login_by_password.response" | "login_by_wechat.response" => {
            let login = sample
                .platform()
                .phone()
                .login_by_wechat("code")
                .await
                .unwrap();
            let session = login.success().unwrap();
            assert_eq!(session.expires_in().unwrap().as_secs(), 604_800);
        }
        "login_by_password.request"
        | "login_by_qq.request"
        | "login_by_wechat.request"
        | "register_by_mobile.request"
        | "send_sms_code.request"
        | "verify_mfa_by_sms.request" => logs_in(sample).await,
        "register_by_mobile.response" => {
            let person = RegisterByMobile::new("1", "2");
            let login = sample.platform().phone().register_by_mobile(&person).await;
            login.unwrap().success().unwrap();
        }
        "verify_captcha.request" => {
            let fake = Fake::new(|_| (200, r#"{"captcha_token":"t"}"#.to_owned()));
            let answer: VerifyCaptcha = sample.round_trip();
            let phone = fake.client().on(device());
            phone
                .solve_captcha(&answer.token, 237.0, "12345678901")
                .await
                .unwrap();
            assert_eq!(&fake.sent()[0].body(), sample.body());
        }
        "verify_captcha.response" => drop(sample.round_trip::<CaptchaToken>()),
        "verify_sso_ticket.request" => drop(sample.round_trip::<VerifySsoTicket>()),
        _ => return false,
    }
    true
}

fn events(sample: &Sample) -> bool {
    let token = || Secrets::new("dummy-security-token");
    let signed = || token().signature_key("dummy-signature-key");
    let with_key = |mode| signed().encryption_key("0123456789abcdef", mode).unwrap();
    match &*sample.name {
        "on_check_url.request.encrypted" => {
            // An illustration: its signature and ciphertext are of no known key.
            assert!(sample.deliver(with_key(Encryption::Gcm)).is_none());
            assert!(sample.deliver(signed()).is_none());
        }
        "on_check_url.request.plain" => {
            let event = sample.deliver(token()).unwrap();
            assert_eq!(event, Event::CheckUrl("random string".to_owned()));
            assert!(
                sample.deliver(signed()).is_none(),
                "a signature is insisted on"
            );
            assert!(sample.deliver(Secrets::new("another")).is_none());
        }
        "on_check_url.request.vector_signed" => {
            let event = sample.deliver(signed()).unwrap();
            assert_eq!(event, Event::CheckUrl("random string".to_owned()));
        }
        "on_check_url.response.plain" | "on_create_organization.response.plain" => {
            let reply: EventReply = sample.round_trip();
            assert_eq!(reply.code, EventReplyCode::Ok);
        }
        "on_create_organization.request.plain" => {
            let Some(Event::CreateOrganization(told)) = sample.deliver(token()) else {
                panic!("an organization");
            };
            assert_eq!(told.name.as_deref(), Some("武汉分公司"));
        }
        "on_create_user.request.plain" => {
            let Some(Event::CreateUser(told)) = sample.deliver(token()) else {
                panic!("a user");
            };
            assert_eq!(told.username.as_deref(), Some("zhangsan"));
            assert_eq!(told.rest["extAttr1"], "value");
        }
        "on_delete_user.request.vector_ecb" => deleted(sample, with_key(Encryption::Ecb)),
        "on_delete_user.request.vector_gcm" => deleted(sample, with_key(Encryption::Gcm)),
        _ => return false,
    }
    true
}

#[track_caller]
fn deleted(sample: &Sample, secrets: Secrets) {
    let Some(Event::DeleteUser(told)) = sample.deliver(secrets) else {
        panic!("{}", sample.name);
    };
    assert_eq!(told.id, "c3a26dd3-27a0-4dec-a2ac-ce211e10aaaa");
}

#[tokio::test]
async fn every_sample_is_understood() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let mut count = 0;
    for file in fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let sample = Sample::read(name.trim_end_matches(".json"));
        let known = management(&sample).await
            || integration(&sample).await
            || user_apis(&sample).await
            || events(&sample);
        assert!(known, "no test knows {name}");
        count += 1;
    }
    assert!(count >= 58, "{count}");
}

#[test]
fn the_signature_of_a_message_in_clear_is_that_of_the_vector() {
    let secrets = Secrets::new("t").signature_key("dummy-signature-key");
    let data = r#"{"id":"c3a26dd3-27a0-4dec-a2ac-ce211e10aaaa"}"#;
    let signature = secrets.sign("AmgjjEAJbrMzWmUw", "15093849585", "DELETE_USER", data);
    assert_eq!(
        signature.as_deref(),
        Some("2J2XKhmtffdSH16SvIVGdekk7q3Y0bA8kgadUTNn/oA=")
    );
}
