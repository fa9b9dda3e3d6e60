//! Every published sample: requests are what our types write, answers decode, errors classify.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use auth_core::testing::{Reply, Script};
use auth_core::{Action, ErrorKind};
use bytes::Bytes;
use contract::example::Extent;
use contract::{Document, Example};
use http::Request;
use serde_json::Value;
use welink_oauth::sign_in::Callback;
use welink_oauth::{AppSecret, Client, Secret, UserToken, js_signature};

use crate::generated::call;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples")
}

/// The content of a sample file.
pub(crate) fn sample(name: &str) -> Value {
    let path = folder().join(format!("{name}.json"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The names of the samples of a kind.
fn names(kind: &str) -> Vec<String> {
    let files = fs::read_dir(folder()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names
        .filter(|name| name.contains(kind) && !name.starts_with("on_"))
        .map(|name| name.trim_end_matches(".json").to_owned())
        .collect();
    names.sort();
    names
}

fn client(script: &Script) -> Client {
    Client::builder(AppSecret::new("id", "secret"))
        .transport(script.transport())
        .build()
        .unwrap()
        .as_robot("robot")
}

/// The example of a sample: what its operation is called with.
fn example_of(document: &Document, operation: &str, sample: &Value) -> Example {
    let operations = document.operations();
    let operation = operations.iter().find(|it| it.id == operation).unwrap();
    Example::of_sample(document, operation, sample)
}

#[tokio::test]
async fn requests_are_what_our_types_write() {
    let document = Document::open("welink-oauth");
    let all = names(".request");
    assert!(all.len() >= 18, "{all:?}");
    for name in all {
        let mut published = sample(&name);
        let id = name.split('.').next().unwrap();
        if id == "add_todo_v1" {
            // The page writes it like this alone; both SDKs and the later versions as we do.
            let body = published["body"].as_object_mut().unwrap();
            let address = body.remove("detailUrl").unwrap();
            body.insert("detailsUrl".to_owned(), address);
        }
        let example = example_of(&document, id, &published);
        let ticket = r#"{"code":"0","access_token":"t","expires_in":7200}"#;
        let script = Script::new().otherwise(Reply::text(200, ticket));
        let client = client(&script);
        let result = called(&client, &example).await;
        let sent = match result {
            Ok(Some(address)) => Request::get(address).body(Bytes::new()).unwrap(),
            result => {
                let sent = script.requests().pop();
                sent.unwrap_or_else(|| panic!("{name}: {result:?}"))
            }
        };
        let operations = document.operations();
        let operation = operations.iter().find(|it| it.id == id).unwrap();
        adopt(&mut published["body"], sent.body());
        let example = example_of(&document, id, &published);
        let wrong = contract::differences(&document, operation, &example, "", &sent);
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
    }
}

/// Gives scalars of a published body the JSON type in which they were sent: the documents take both
/// types, and we send the documented one.
fn adopt(published: &mut Value, sent: &[u8]) {
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let sent: Value = serde_json::from_slice(sent).unwrap_or_default();
    let mut waiting = vec![(published, &sent)];
    while let Some((published, sent)) = waiting.pop() {
        match (published, sent) {
            (Value::Object(members), Value::Object(sent)) => waiting.extend(
                members
                    .iter_mut()
                    .filter_map(|(name, value)| Some((value, sent.get(name)?))),
            ),
            (Value::Array(items), Value::Array(sent)) => waiting.extend(items.iter_mut().zip(sent)),
            (published, sent) if text(published) == text(sent) => *published = sent.clone(),
            _ => {}
        }
    }
}

/// Calls an operation; that of a user by the front it has.
async fn called(client: &Client, example: &Example) -> welink_oauth::Result<Option<String>> {
    if example.operation != "get_user_id_by_token" {
        return call(client, example).await;
    }
    let token = UserToken::new("t", Duration::from_secs(60), SystemTime::UNIX_EPOCH)?;
    client.as_user(&token).id().await.map(|_| None)
}

/// Calls the operation of a sample, answered with it.
async fn answered(document: &Document, name: &str) -> welink_oauth::Result<()> {
    let published = sample(name);
    let id = name.split('.').next().unwrap();
    let operations = document.operations();
    let operation = operations.iter().find(|it| it.id == id).unwrap();
    let example = contract::example::example(document, operation, Extent::Minimal, 0);
    let status = published["status"].as_u64().unwrap_or(200);
    let answer = Reply::json(u16::try_from(status).unwrap(), &published["body"]);
    let ticket = r#"{"code":"0","access_token":"t","expires_in":7200}"#;
    let app_token = operation.source["security"]
        .to_string()
        .contains("appAccessToken");
    let script = match app_token {
        true => Script::new()
            .reply(Reply::text(200, ticket))
            .otherwise(answer),
        false => Script::new().otherwise(answer),
    };
    called(&client(&script), &example).await.map(drop)
}

#[tokio::test(start_paused = true)]
async fn answers_are_read() {
    let document = Document::open("welink-oauth");
    let all = names(".response");
    assert!(all.len() >= 16, "{all:?}");
    for name in all {
        if name == "authorize.response" {
            let address = sample(&name)["headers"]["Location"]
                .as_str()
                .unwrap()
                .to_owned();
            let Callback::Code(returned) = Callback::parse(&address).unwrap() else {
                panic!("{address}");
            };
            assert_eq!(returned.code.expose(), "ANXxSNjwQDugOnqeikRMu2bKaXCdlLxn");
            assert!(returned.state.is_some());
            continue;
        }
        let result = answered(&document, &name).await;
        result.unwrap_or_else(|error| panic!("{name}: {error:?}"));
    }
}

#[tokio::test(start_paused = true)]
async fn errors_are_classified() {
    let document = Document::open("welink-oauth");
    for (name, code, action) in [
        ("create_oauth_token.error", "60009", Action::Backoff),
        ("send_image_message.error", "51019", Action::DropTarget),
        ("update_todo_v1.error", "55002", Action::FixCredentials),
    ] {
        let error = answered(&document, name).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Api, "{name}");
        assert_eq!(error.api().unwrap().code, code, "{name}");
        assert_eq!(error.action(), action, "{name}");
    }
    assert_eq!(names(".error").len(), 3);
}

#[test]
fn the_vector_of_the_page_signature_holds() {
    let vector = &sample("vector.js_signature.1")["body"];
    let text = |name: &str| vector[name].as_str().unwrap();
    let time = vector["timestamp"].as_u64().unwrap();
    let ticket = Secret::new(text("ticket"));
    let signature = js_signature(&ticket, text("noncestr"), time, text("page_url"));
    assert_eq!(signature, text("signature"));
}

#[test]
fn the_plain_event_of_the_documents_is_read_as_one_that_is_not_known() {
    let plain = &sample("on_event.request.plain")["body"];
    let event: welink_oauth::model::CallbackEvent = serde_json::from_value(plain.clone()).unwrap();
    assert_eq!(event.event_type, "xxx");
    assert_eq!(event.timestamp, 1_565_167_553);
}
