//! Every published sample: requests are what we send, answers decode, errors classify.

use std::fs;
use std::path::{Path, PathBuf};

use auth_core::testing::{Reply, Script};
use auth_core::{Action, Error, Token};
use huawei_oauth::account_events::Rules;
use huawei_oauth::model::{
    AuthorizeUser, AuthorizeUserOptions, AuthorizeUserReturn, BatchGetGroupUnionIds, ConvertOpenId,
    CreateDeviceCode, DisplayNameChoice, ExchangeCode, GetAgeRange, GetRealName, GetTokenInfo,
    GetUserInfo, PollDeviceToken, RealNameScene, RealNameSignatureAlgorithm, RefreshUserToken,
    RevokeToken, RiskScene, SecurityEvent, UserIdKind, VerifyIdToken, VerifyRealName,
};
use huawei_oauth::sign_in::Callback;
use huawei_oauth::{Client, OpenId, RefreshToken, Result, ServiceAccount};
use serde::Serialize;
use serde_json::{Value, json};

use crate::scripted::{self, CLIENT_ID, pairs};

/// A sample file: an exchange as the platform's documents print it.
struct Sample {
    name: String,
    content: Value,
}

const USER_TOKEN: &str = "DgEAAN7qdDUMMYU0TvQ/eXpE4x+gvhoYh5/UuzL=";
const CODE: &str = "DwEEABlWuXdOMrHWdummy/zgbzWV6ty+dummyDUMMY==";
const REFRESH_TOKEN: &str = "DAECANR5QD9dummyTa3YKIn2/M8Iyc/XVORdoqb+DUMMY=";

impl Sample {
    fn read(path: &Path) -> Self {
        let name = path.file_name().unwrap().to_str().unwrap();
        Self {
            name: name.trim_end_matches(".json").to_owned(),
            content: serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap(),
        }
    }

    fn body(&self) -> &Value {
        &self.content["body"]
    }

    fn text(&self, name: &str) -> &str {
        self.content[name].as_str().unwrap_or_default()
    }

    /// The answer of the sample, as a reply.
    fn reply(&self) -> Reply {
        let status = u16::try_from(self.content["status"].as_u64().unwrap()).unwrap();
        let headers = self.content["headers"].as_object().unwrap().iter();
        headers.fold(
            Reply::text(status, self.body().to_string()),
            |reply, (name, value)| reply.header(name, value.as_str().unwrap()),
        )
    }

    /// Expects that what was sent last is the sample. `extra` are members of ours that the sample
    /// leaves out because they are optional.
    fn assert_sent(&self, script: &Script, extra: &[&str]) {
        let sent = script.requests().pop().expect("a request");
        let name = &self.name;
        assert_eq!(sent.method(), self.text("method"), "{name}");
        let (path, query) = self
            .text("path")
            .split_once('?')
            .unwrap_or((self.text("path"), ""));
        assert_eq!(sent.uri().path(), path, "{name}");
        let mut sent_query = pairs(sent.uri().query().unwrap_or_default());
        let mut query = pairs(query);
        if let (Some(ours), Some(theirs)) = (
            sent_query.remove("transactionID"),
            query.remove("transactionID"),
        ) {
            assert!(
                ours.len() >= 24 && ours.bytes().all(|byte| byte.is_ascii_digit()),
                "{ours}"
            );
            assert_eq!(theirs.len(), 24);
        }
        assert_eq!(sent_query, query, "{name}");
        for (header, value) in self.content["headers"].as_object().unwrap() {
            let value = value.as_str().unwrap();
            let found = sent.headers().get(header.as_str());
            match header.as_str() {
                "Host" => assert_eq!(sent.uri().host(), Some(value), "{name}"),
                _ => assert_eq!(found.unwrap().to_str().unwrap(), value, "{name}: {header}"),
            }
        }
        match self.body() {
            Value::String(form) => {
                let mut sent = scripted::form(&sent);
                sent.retain(|name, _| !extra.contains(&name.as_str()));
                assert_eq!(sent, pairs(form), "{name}");
            }
            body => {
                let mut sent: Value = serde_json::from_slice(sent.body()).unwrap();
                let mut body = body.clone();
                if let Some(assertion) = sent.get_mut("client_assertion") {
                    assert_eq!(assertion.as_str().unwrap().split('.').count(), 3);
                    *assertion = Value::Null;
                    body["client_assertion"] = Value::Null;
                }
                assert_eq!(sent, body, "{name}");
            }
        }
    }
}

fn as_user(client: &Client) -> Client {
    client.as_user(Token::bearer(USER_TOKEN, std::time::Duration::from_secs(3600)).unwrap())
}

fn app_token() -> Reply {
    let token = json!({"access_token": USER_TOKEN, "expires_in": 3600, "token_type": "Bearer"});
    Reply::json(200, &token)
}

fn agent() -> ServiceAccount {
    let file = json!({
        "key_id": "k", "sub_account": "100000002",
        "private_key": include_str!("../data/rsa2048.pkcs8.pem"),
    });
    ServiceAccount::parse(&file.to_string()).unwrap()
}

/// Sends what a request sample shows. What is answered does not matter here.
async fn request(sample: &Sample) {
    let script = Script::new()
        .reply(app_token())
        .otherwise(Reply::json(200, &json!({})));
    let with_agent =
        huawei_oauth::Client::builder(huawei_oauth::App::new(CLIENT_ID, scripted::SECRET));
    let client = with_agent
        .agent(agent())
        .transport(script.transport())
        .build()
        .unwrap();
    let user = as_user(&client);
    let sign_in = client.sign_in().unwrap();
    let merchant = client.for_merchant(CLIENT_ID).unwrap();
    let mut extra: &[&str] = &[];
    match sample.name.as_str() {
        "authorize_user.request.state" => return authorize(sample, &client),
        "batch_get_group_union_ids.request.open_id" => {
            let ids = ["AQAxrBzThFvDUMMY1", "AQAxrBzThFvDUMMY2"].map(OpenId::from);
            client
                .group_union_ids_of_open_ids(&ids)
                .await
                .map(drop)
                .unwrap();
        }
        "create_agent_client_token.request" => drop(merchant.client_token().await),
        "refresh_agent_access_token.request" => drop(merchant.refresh(REFRESH_TOKEN).await),
        "create_device_code.request" => {
            drop(sign_in.device().scope("profile").begin().await);
        }
        "create_token.request.authorization_code" => {
            extra = &["supportAlg"];
            drop(sign_in.app_code(CODE).send().await);
        }
        "create_token.request.authorization_code_group" => {
            extra = &["supportAlg"];
            drop(sign_in.app_code(CODE).with_group_union_id().send().await);
        }
        "create_token.request.authorization_code_web" => {
            let code =
                ExchangeCode::new(CODE).redirect_uri("https://www.thirdwebdemo.com/redirect_url");
            drop(client.exchange_code(&code).await);
        }
        "create_token.request.client_credentials" => drop(client.get_app_token().await),
        "create_token.request.device_code" => {
            let poll = PollDeviceToken::new("AgEAAN7qdDUMMYU0TvQ");
            drop(client.poll_device_token(&poll).await);
        }
        "create_token.request.refresh_token" => {
            extra = &["supportAlg"];
            drop(sign_in.refresh(&RefreshToken::new(REFRESH_TOKEN)).await);
        }
        "get_age_range.request" => drop(user.age_range().await),
        "get_phone_number.request" => drop(client.quick_login(CODE).await),
        "get_token_info.request" => drop(client.check_access_token(USER_TOKEN).await),
        "get_union_id.request" => {
            drop(
                client
                    .union_id(&OpenId::from("AQAxrBzThFvDUMMYlv9tV_4rMCc"))
                    .await,
            );
        }
        "get_user_info.request" => drop(user.get_user_info(&GetUserInfo::default()).await),
        "get_user_info.request.nickname" => {
            let wanted = GetUserInfo::default().get_nick_name(DisplayNameChoice::Nickname);
            drop(user.get_user_info(&wanted).await);
        }
        "get_user_risk_level.request" => drop(user.risk_level(RiskScene::Registration).await),
        "revoke_token.request" => client.revoke(USER_TOKEN).await.unwrap(),
        "verify_real_name.request" => verify_real_name(sample, &user).await,
        events if events.starts_with("on_account_events") => return account_events(sample),
        other => panic!("no test for {other}"),
    }
    sample.assert_sent(&script, extra);
}

/// The generated call: the front always sends more.
fn authorize(sample: &Sample, client: &Client) {
    let parameters = AuthorizeUser {
        client_id: CLIENT_ID,
        redirect_uri: "https://www.thirdwebdemo.com/redirect_url",
        scope: "openid profile",
    };
    let options = AuthorizeUserOptions::default()
        .state("state_parameter_passthrough_value")
        .access_type(huawei_oauth::model::AccessType::Offline);
    let url = client.authorize_user(parameters, &options).unwrap();
    let host = sample.content["headers"]["Host"].as_str().unwrap();
    let (address, query) = url.split_once('?').unwrap();
    let (path, expected) = sample.text("path").split_once('?').unwrap();
    assert_eq!(address, format!("https://{host}{path}"));
    assert_eq!(pairs(query), pairs(expected));
}

#[expect(deprecated, reason = "the calls are suspended")]
async fn verify_real_name(sample: &Sample, user: &Client) {
    let form = pairs(sample.body().as_str().unwrap());
    let request = VerifyRealName::new(
        RealNameScene::NameNumberAndFace,
        UserIdKind::OpenId,
        &*form["idValue"],
        RealNameSignatureAlgorithm::Rs256,
    );
    let request = request.ctf_type().real_name(&*form["realName"]);
    let request = request.ctf_code(&*form["ctfCode"]);
    drop(user.verify_real_name(&request).await);
}

fn account_events(sample: &Sample) {
    let body = sample.body().to_string();
    let events = SecurityEvent::parse_all(body.as_bytes()).unwrap();
    let whole = match sample.body() {
        Value::Array(list) => Value::from(list.clone()),
        one => json!([one]),
    };
    assert_eq!(
        serde_json::to_value(&events).unwrap(),
        whole,
        "{}",
        sample.name
    );
    let header = crate::events::bearer(json!({}));
    let rules = Rules::new(CLIENT_ID, "id.cloud.huawei.com");
    let keys = crate::events::keys();
    let told = rules
        .check(Some(&header), body.as_bytes(), &keys, scripted::now())
        .unwrap();
    assert_eq!(told.len(), whole.as_array().unwrap().len());
    for event in told {
        assert_eq!(
            event.user.key().unwrap().as_str(),
            "AQAxrB1HNADUMMYn-IfWRSUVq2M7xU"
        );
    }
}

/// Makes the call of a sample's operation.
#[expect(deprecated, reason = "suspended calls have samples, too")]
async fn make(client: &Client, name: &str) -> Result<Value> {
    let user = as_user(client);
    let operation = name.split('.').next().unwrap();
    match operation {
        "batch_get_group_union_ids" => {
            let ids = BatchGetGroupUnionIds::default().open_id_list(["a"]);
            value(client.batch_get_group_union_ids(&ids).await?)
        }
        "create_device_code" => value(
            client
                .create_device_code(&CreateDeviceCode::new(CLIENT_ID))
                .await?,
        ),
        "create_token" if name.ends_with(".client_credentials") => {
            value(client.get_app_token().await?)
        }
        "create_token" if name.contains("device") => {
            value(client.poll_device_token(&PollDeviceToken::new("c")).await?)
        }
        "create_token" if name.ends_with(".refresh_token") => {
            value(client.refresh_token(&RefreshUserToken::new("t")).await?)
        }
        "create_token" => value(client.exchange_code(&ExchangeCode::new("c")).await?),
        "get_age_range" => value(user.get_age_range(&GetAgeRange::new(CLIENT_ID)).await?),
        "get_openid_configuration" => value(client.get_openid_configuration().await?),
        "get_phone_number" => value(client.quick_login("c").await?),
        "get_real_name" => value(user.get_real_name(&GetRealName::new("1", "k")).await?),
        "get_token_info" => value(user.get_token_info(&GetTokenInfo::default()).await?),
        "get_union_id" => value(client.get_union_id(&ConvertOpenId::new("o")).await?),
        "get_user_info" => value(user.get_user_info(&GetUserInfo::default()).await?),
        "get_user_risk_level" => value(user.risk_level(RiskScene::Marketing).await?),
        "list_signing_keys" => value(client.list_signing_keys().await?),
        "revoke_token" => value(client.revoke_token(&RevokeToken::new("t")).await?),
        "verify_id_token" => value(client.verify_id_token(&VerifyIdToken::new("t")).await?),
        other => panic!("no test for {other}"),
    }
}

fn value(answer: impl Serialize) -> Result<Value> {
    Ok(serde_json::to_value(answer).unwrap())
}

/// Makes the call of a sample with its answer.
async fn answered(sample: &Sample) -> Result<Value> {
    let script = match sample.name.split('.').next() {
        Some("get_union_id" | "batch_get_group_union_ids") => Script::new().reply(app_token()),
        _ => Script::new(),
    };
    // A refused app token is fetched anew, and the call made again.
    let script = script
        .reply(sample.reply())
        .reply(app_token())
        .otherwise(sample.reply());
    make(&scripted::client(&script), &sample.name).await
}

async fn response(sample: &Sample) {
    if sample.name == "authorize_user.response.code" {
        let address = sample.content["headers"]["Location"].as_str().unwrap();
        let AuthorizeUserReturn::Success(success) = AuthorizeUserReturn::parse(address).unwrap()
        else {
            panic!("a success");
        };
        assert_eq!(success.code.expose(), CODE);
        let Callback::Code(returned) = Callback::parse(address) else {
            panic!("a code");
        };
        assert_eq!(returned.code.expose(), CODE);
        return;
    }
    let answer = answered(sample).await;
    let answer = answer.unwrap_or_else(|error| panic!("{}: {error:?}", sample.name));
    assert_eq!(&answer, sample.body(), "{}", sample.name);
}

async fn error(sample: &Sample) {
    if sample.name == "authorize_user.error.denied" {
        let address = sample.content["headers"]["Location"].as_str().unwrap();
        let callback = Callback::parse(address);
        assert!(callback.is_refused_by_user() && matches!(callback, Callback::Refused(_)));
        return;
    }
    let error: Error = answered(sample).await.unwrap_err();
    let api = error
        .api()
        .unwrap_or_else(|| panic!("{}: {error:?}", sample.name));
    let code = [Some(api.code.as_str()), api.sub_code.as_deref()];
    let code = code.into_iter().flatten().collect::<Vec<_>>().join("/");
    let (expected, action) = match sample.name.as_str() {
        // The second, brand-new token was refused as well.
        "batch_get_group_union_ids.error" => ("60010003", Action::FixCredentials),
        "create_device_code.error" => ("1101/20042", Action::FixRequest),
        "create_token.error.device_pending" => ("1101/20411", Action::Backoff),
        "create_token.error.wrong_secret_1101" => ("1101/12304", Action::FixCredentials),
        "create_token.error.wrong_secret_1203" => ("1203/12304", Action::FixCredentials),
        "get_age_range.error" => ("60010014", Action::NewToken),
        "get_phone_number.error" => ("60180008", Action::DropTarget),
        "get_token_info.error" => ("102", Action::NewToken),
        "get_user_info.error" => ("6", Action::NewToken),
        "get_user_risk_level.error" => ("403", Action::ContactProvider),
        "revoke_token.error" => ("1203/31204", Action::SignInAgain),
        "verify_id_token.error" => ("1400/14004", Action::ContactProvider),
        other => panic!("no test for {other}"),
    };
    assert_eq!(
        (code.as_str(), error.action()),
        (expected, action),
        "{}",
        sample.name
    );
    assert!(!api.meaning.is_empty());
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples")
}

#[tokio::test(start_paused = true)]
async fn every_sample_is_what_our_types_say() {
    let mut checked = 0;
    for file in fs::read_dir(samples()).unwrap() {
        let sample = Sample::read(&file.unwrap().path());
        match sample.name.split('.').nth(1).unwrap() {
            "request" => request(&sample).await,
            "response" => response(&sample).await,
            "error" => error(&sample).await,
            other => panic!("{} is a {other}", sample.name),
        }
        checked += 1;
    }
    assert_eq!(checked, 60);
}
