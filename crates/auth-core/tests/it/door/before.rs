//! What is refused before anything is sent.

use auth_core::testing::{Reply, Script};
use auth_core::{Action, Api, CallOptions, Credential, Error, ErrorKind, Request};
use serde_json::json;

use super::{GET_ITEM, GET_TOKEN, PING, PLATFORM, get, scripted, token};

fn refused(url: &str) -> Error {
    let error = Api::builder(&PLATFORM)
        .server("api", url)
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{url}");
    assert_eq!(error.action(), Action::FixRequest, "{url}");
    error
}

#[test]
fn plain_http_is_for_loopback_and_named_hosts() {
    for url in [
        "http://localhost:8080",
        "http://platform.localhost",
        "http://127.0.0.1",
        "http://127.9.9.9:1",
        "http://[::1]:8080/base",
        "https://anywhere.example",
    ] {
        assert!(
            Api::builder(&PLATFORM).server("api", url).build().is_ok(),
            "{url}"
        );
    }
    for url in [
        "http://api.example.com",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "http://0.0.0.0",
    ] {
        let error = refused(url);
        assert!(error.to_string().contains("allow_http("), "{error}");
    }
    let builder = || Api::builder(&PLATFORM).allow_http("emulator");
    assert!(
        builder()
            .server("api", "http://emulator:8080")
            .build()
            .is_ok()
    );
    assert!(
        builder()
            .server("api", "http://other:8080")
            .build()
            .is_err()
    );
}

#[test]
fn an_address_that_is_none_is_refused_without_being_repeated() {
    for url in [
        "api.example.com",
        "ftp://api.example.com",
        "https://user:swordfish@api.example.com",
        "https://api.example.com?key=swordfish",
        "https://api.example.com/#swordfish",
        "",
    ] {
        let error = refused(url);
        assert!(!super::printed(&error).contains("swordfish"), "{error}");
    }
}

#[tokio::test]
async fn a_missing_credential_is_named_with_what_to_set_before_any_io() {
    let script = Script::new();
    let api = Api::builder(&PLATFORM)
        .transport(script.transport())
        .hint("bearer", "`ClientBuilder::service_account`")
        .build()
        .unwrap();
    let error = get(&api).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(
        error.to_string(),
        "get_item: no credential for the scheme `bearer` (set `ClientBuilder::service_account`); \
         correct the request or the configuration"
    );
    assert_eq!(script.count(), 0);
    assert_eq!(error.attempts(), 0);
}

#[tokio::test]
async fn a_credential_goes_to_the_host_of_its_client_alone() {
    let script = Script::new().otherwise(Reply::status(200));
    let api = scripted(&script).build().unwrap();
    for path in [
        "https://evil.example/x",
        "//evil.example/x",
        "@evil.example/x",
        "x",
    ] {
        let request = Request::get(path).schemes(&["bearer"]);
        let error = request.send_empty(&api).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{path}");
    }
    assert_eq!(script.count(), 0);
    for value in [
        "//evil.example",
        "../../x",
        "a@evil.example",
        "?x",
        "#x",
        "\\evil.example",
    ] {
        let request = Request::get("/{a}/b").path("a", value).schemes(&["bearer"]);
        request.send_empty(&api).await.unwrap();
    }
    for request in script.requests() {
        assert_eq!(request.uri().host(), Some("api.example.com"));
        let segments = request.uri().path().split('/').count();
        assert_eq!(segments, 4, "{}", request.uri());
    }
}

#[tokio::test]
async fn path_parameters_that_leave_the_path_are_refused() {
    let script = Script::new();
    let api = scripted(&script).build().unwrap();
    for value in ["", ".", ".."] {
        let request = Request::get("/{a}/b").path("a", value);
        assert!(request.send_empty(&api).await.is_err(), "{value:?}");
    }
    let unset = Request::get("/{a}/b").send_empty(&api).await.unwrap_err();
    assert!(unset.to_string().contains("is not set"), "{unset}");
    assert_eq!(script.count(), 0);
}

#[tokio::test]
async fn a_header_cannot_smuggle_another_one() {
    let script = Script::new();
    let api = scripted(&script).build().unwrap();
    let request = Request::new(&PING).header("x-a", "b\r\nx-c: swordfish");
    let error = request.send_empty(&api).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(!super::printed(&error).contains("swordfish"), "{error}");
    let framing = api.with(CallOptions::new().header("Content-Length", 3));
    assert!(get(&framing).await.is_err());
    assert_eq!(script.count(), 0);
}

#[tokio::test]
async fn a_credential_that_cannot_travel_as_the_scheme_says_is_refused() {
    let script = Script::new();
    let api = scripted(&script)
        .credential("in_body", Credential::key("swordfish"))
        .build()
        .unwrap();
    for request in [
        Request::new(&GET_TOKEN),
        Request::new(&GET_TOKEN).form(&json!({"a": 1})),
        Request::new(&GET_TOKEN).json("application/json", &["a"]),
    ] {
        let error = request.send_empty(&api).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!super::printed(&error).contains("swordfish"), "{error}");
    }
    assert_eq!(script.count(), 0);
}

#[test]
fn schemes_and_roles_that_the_platform_lacks_are_refused() {
    let scheme = Api::builder(&PLATFORM)
        .credential("none", token("a"))
        .build();
    assert!(scheme.unwrap_err().to_string().contains("`none`"));
    let role = Api::builder(&PLATFORM)
        .server("none", "https://a.example")
        .build();
    assert!(role.unwrap_err().to_string().contains("`none`"));
}

#[test]
fn a_call_outside_a_runtime_is_an_error() {
    let script = Script::new();
    let api = scripted(&script).build().unwrap();
    let mut call = Box::pin(get(&api));
    let waker = std::task::Waker::noop();
    let std::task::Poll::Ready(result) = call
        .as_mut()
        .poll(&mut std::task::Context::from_waker(waker))
    else {
        panic!("the call waits for a runtime that is not there");
    };
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("tokio runtime"), "{error}");
}

#[test]
fn the_address_for_a_browser_carries_no_credential() {
    let script = Script::new();
    let api = scripted(&script).build().unwrap();
    let request = Request::new(&GET_ITEM).query("state", "a/b");
    let url = api.url(&request).unwrap();
    assert_eq!(url, "https://api.example.com/base/items?state=a%2Fb");
}

#[test]
fn calls_can_be_spawned() {
    fn check<T: Send + Sync>(_: &T) {}
    fn check_future<T: Send>(_: &T) {}
    let api = scripted(&Script::new()).build().unwrap();
    check(&api);
    check_future(&get(&api));
}
