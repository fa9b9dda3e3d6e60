//! The control API: everything over HTTP, and many tests against one emulator.

use huawei_emulator::harmony_push::HarmonyPush;
use huawei_emulator::{Emulator, Space};
use serde_json::{Value, json};

use crate::client::{Answer, Call, call, get, post};
use crate::push::{detail, expect, jwt, notification, send};

fn control(space: &Space, method: &'static str, path: &str) -> Call {
    call(method, format!("{}/_emulator/{path}", space.base_url()))
}

async fn put(space: &Space, path: &str, body: Value) -> Answer {
    control(space, "PUT", path).json(&body).send().await
}

#[tokio::test]
async fn spaces_share_nothing_but_the_port() {
    let emulator = Emulator::start().await.unwrap();
    let [one, two] = ["one", "two"].map(|id| emulator.space(id));
    let body = json!({"token": "a/b+c", "receipt": 2});
    let made = control(&one, "POST", "harmony-push/devices")
        .json(&body)
        .send()
        .await;
    assert_eq!((made.status, made.json()), (201, json!({"token": "a/b+c"})));
    let jwt_of = jwt(&one);
    let push = notification(&["a/b+c"]);
    expect(&send(&one, &jwt_of, &push).send().await, 200, "80000000");
    expect(&send(&two, &jwt_of, &push).send().await, 400, "80300007");
    expect(
        &send(&emulator, &jwt_of, &push).send().await,
        400,
        "80300007",
    );

    let inbox = control(&one, "GET", "harmony-push/devices/a%2Fb%2Bc/inbox")
        .send()
        .await
        .json();
    assert_eq!(inbox[0]["receipt"], 2);
    assert_eq!(inbox[0]["message"]["push_type"], 0);
    assert_eq!(one.request_count(), 1);

    control(&one, "POST", "reset").send().await;
    expect(&send(&one, &jwt_of, &push).send().await, 400, "80300007");
    assert_eq!(
        control(&two, "GET", "log")
            .send()
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn the_log_tells_the_verdicts_and_no_secret() {
    let emulator = Emulator::start().await.unwrap();
    let jwt = jwt(&emulator);
    send(&emulator, &jwt, &notification(&["secret-token"]))
        .send()
        .await;
    let mut wrong = notification(&["secret-token"]);
    wrong["payload"] = json!({});
    send(&emulator, &jwt, &wrong).send().await;
    let url = emulator.url("harmony-push");
    let form = "grant_type=client_credentials&client_id=100000001&client_secret=hidden";
    post(format!("{url}/oauth2/v3/token"))
        .form(form)
        .send()
        .await;
    get(format!("{url}/v9/nothing")).send().await;

    let answer = control(&emulator, "GET", "log").send().await;
    let log = answer.json();
    let verdicts: Vec<&str> = (0..4)
        .map(|at| log[at]["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["declined", "refused", "declined", "unknown"]);
    assert_eq!(log[0]["operation"], "send_message");
    assert_eq!(log[0]["body"]["target"]["token"], json!(["redacted"]));
    assert_eq!(log[1]["code"], "80100003");
    let text = String::from_utf8_lossy(&answer.body);
    for secret in ["secret-token", "hidden", &jwt] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let newest = control(&emulator, "GET", "log?limit=1").send().await.json();
    assert_eq!(newest.as_array().unwrap().len(), 1);
    assert_eq!(newest[0]["number"], 4);
}

#[tokio::test]
async fn clock_faults_and_flow_control_are_set_over_http() {
    let emulator = Emulator::start().await.unwrap();
    let push = notification(&[HarmonyPush::TOKEN]);
    let old = jwt(&emulator);
    let clock = put(&emulator, "clock", json!({"advance_s": 7200}))
        .await
        .json();
    assert_eq!(clock["offset_ms"], 7_200_000);
    expect(&send(&emulator, &old, &push).send().await, 401, "80200005");
    put(&emulator, "clock", json!({"offset_ms": 0})).await;

    let fault = json!({"operation": "send_message", "status": 500, "times": 1});
    assert_eq!(
        control(&emulator, "POST", "faults")
            .json(&fault)
            .send()
            .await
            .status,
        204
    );
    let listed = control(&emulator, "GET", "faults").send().await.json();
    assert_eq!(listed, json!([fault]));
    assert_eq!(send(&emulator, &old, &push).send().await.status, 500);
    let wrong = control(&emulator, "POST", "faults")
        .json(&json!({"stauts": 500}))
        .send()
        .await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.json()["error"].as_str().unwrap().contains("stauts"));

    put(
        &emulator,
        "flow-control",
        json!({"requests": 0, "window_ms": 1000}),
    )
    .await;
    assert_eq!(send(&emulator, &old, &push).send().await.status, 503);
    control(&emulator, "DELETE", "flow-control").send().await;
    expect(&send(&emulator, &old, &push).send().await, 200, "80000000");
    assert_eq!(
        control(&emulator, "GET", "nowhere").send().await.status,
        404
    );
    assert_eq!(
        control(&emulator, "GET", "health").send().await.json()["status"],
        "ok"
    );
}

#[tokio::test]
async fn accounts_apps_and_fleets_are_made_over_http() {
    let emulator = Emulator::start().await.unwrap();
    let file = control(&emulator, "GET", "harmony-push/key-file")
        .send()
        .await
        .json();
    let account = json!({
        "project_id": "5", "key_id": "k5", "sub_account": "s5", "pem": file["private_key"],
    });
    let path = "harmony-push/service-accounts";
    assert_eq!(
        control(&emulator, "POST", path)
            .json(&account)
            .send()
            .await
            .status,
        204
    );
    let app = json!({
        "client_id": "55", "client_secret": "x", "project_id": "5", "package": "com.example.five",
    });
    control(&emulator, "POST", "harmony-push/apps")
        .json(&app)
        .send()
        .await;
    let fleet = json!({"prefix": "f", "count": 2, "device": {"client_id": "55"}});
    control(&emulator, "POST", "harmony-push/fleets")
        .json(&fleet)
        .send()
        .await;

    let path = "harmony-push/key-file?project_id=5";
    let file = control(&emulator, "GET", path).send().await.json();
    assert_eq!(file["key_id"], "k5");
    let jwt = crate::client::Signer::new(&file.to_string()).jwt(crate::push::now_s(&emulator));
    let url = format!("{}/v3/5/messages:send", emulator.url("harmony-push"));
    let call = post(url).bearer(&jwt).header("push-type", "0");
    let answer = call.json(&notification(&["f0", "f1", "f2"])).send().await;
    expect(&answer, 200, "80100000");
    assert_eq!(
        detail(&answer)["illegalTokens"],
        json!({"tokenFormatError": ["f2"]})
    );
    let counts = control(&emulator, "GET", "harmony-push/counts")
        .send()
        .await
        .json();
    assert_eq!(counts["delivered"], 2);
    let recent = control(&emulator, "GET", "harmony-push/recent")
        .send()
        .await
        .json();
    assert_eq!(recent[1]["token"], "f1");
}

#[tokio::test]
async fn a_request_can_be_checked_without_being_sent() {
    let emulator = Emulator::start().await.unwrap();
    let sample = json!({
        "platform": "harmony-push", "method": "POST", "path": "/v3/1/messages:send",
        "headers": {"push-type": "6"},
        "body": {"payload": {"extraData": 5}, "target": {"token": ["t"]}},
    });
    let answer = control(&emulator, "POST", "check")
        .json(&sample)
        .send()
        .await;
    assert_eq!(
        answer.json(),
        json!({"operation": "send_message", "violations": [{
            "part": "body", "at": "/payload/extraData", "rule": "type",
            "detail": "must be of type string",
        }]})
    );
    assert_eq!(emulator.request_count(), 0);
}

#[tokio::test]
async fn the_page_shows_pushes_and_requests_and_escapes_them() {
    let emulator = Emulator::start().await.unwrap();
    let page = async || {
        let answer = get(format!("{}/", emulator.base_url())).send().await;
        assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
        String::from_utf8(answer.body.to_vec()).unwrap()
    };
    assert!(page().await.contains("None yet"));
    let mut body = notification(&[HarmonyPush::TOKEN]);
    body["payload"]["notification"]["title"] = json!("<script>alert(1)</script>");
    send(&emulator, &jwt(&emulator), &body).send().await;
    get(format!("{}/harmony-push/%3Cb%3E", emulator.base_url()))
        .send()
        .await;
    let html = page().await;
    assert!(
        html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "{html}"
    );
    assert!(!html.contains("<script"), "{html}");
    assert!(
        html.contains("send_message") && html.contains("accepted"),
        "{html}"
    );
}

#[tokio::test]
async fn an_emulator_on_a_thread_serves_every_runtime_until_it_is_stopped() {
    let emulator = Emulator::start_thread().unwrap();
    let url = format!("{}/_emulator/health", emulator.base_url());
    assert_eq!(get(&url).send().await.status, 200);
    let other = url.clone();
    let from_elsewhere = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime
            .unwrap()
            .block_on(async { get(other).send().await.status })
    });
    assert_eq!(from_elsewhere.join().unwrap(), 200);
    emulator.stop().await;
    assert!(get(&url).try_send().await.is_err());
}
