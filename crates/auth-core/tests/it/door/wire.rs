//! Over real connections: the bundled HTTP client against servers that behave and servers that
//! do not.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use auth_core::testing::ManualClock;
use auth_core::{Api, ErrorKind, HttpSend, Request, ReqwestSend, RetryPolicy};
use httpmock::{Method, MockServer};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{ADD_ITEM, PING, PLATFORM, add, at, get};

#[tokio::test]
async fn a_typed_call_goes_out_as_documented_and_comes_back_as_a_value() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method(Method::POST)
                .path("/items")
                .query_param("kind", "a b")
                .header("authorization", "Bearer ready")
                .header("content-type", "application/json;charset=utf-8")
                .json_body(json!({"name": "x"}));
            then.status(200).json_body(json!({"code": "0", "id": 7}));
        })
        .await;
    let api = at(&server.base_url()).build().unwrap();
    let answer: Value = Request::new(&ADD_ITEM)
        .query("kind", "a b")
        .json("application/json;charset=utf-8", &json!({"name": "x"}))
        .send(&api)
        .await
        .unwrap();
    assert_eq!(answer["id"], 7);
    mock.assert_async().await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = MockServer::start_async().await;
    let elsewhere = MockServer::start_async().await;
    let reached = elsewhere
        .mock_async(|when, _| drop(when.any_request()))
        .await;
    let to = elsewhere.url("/items");
    server
        .mock_async(|when, then| {
            when.path("/items");
            then.status(307).header("Location", to);
        })
        .await;
    let api = at(&server.base_url()).build().unwrap();
    let error = get(&api).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Api);
    assert_eq!(error.api().unwrap().status, 307);
    reached.assert_calls_async(0).await;
}

#[tokio::test]
async fn a_second_attempt_reaches_the_server() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.path("/items");
            then.status(503).header("Retry-After", "0");
        })
        .await;
    let api = at(&server.base_url()).build().unwrap();
    assert_eq!(add(&api).await.unwrap_err().attempts(), 3);
    mock.assert_calls_async(3).await;
}

#[tokio::test]
async fn a_reset_leaves_open_whether_the_platform_acted() {
    let (url, server) = serve(|_| Reaction::Reset).await;
    let api = at(&url).build().unwrap();
    let error = add(&api).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert_eq!(error.attempts(), 1);
    assert!(error.may_have_taken_effect());
    assert_eq!(get(&api).await.unwrap_err().attempts(), 3);
    server.abort();
}

#[tokio::test]
async fn a_host_that_is_not_there_was_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let api = at(&url).build().unwrap();
    let error = add(&api).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert_eq!(error.attempts(), 3, "sent again, because nothing was sent");
    assert!(!error.may_have_taken_effect());
    let line = error.to_string();
    assert!(
        line.starts_with("add_item: the connection could not be made; 3 attempts in "),
        "{line}"
    );
}

#[tokio::test]
async fn a_truncated_body_is_a_transport_failure() {
    let (url, server) = serve(|_| {
        Reaction::Answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"code\":".into())
    })
    .await;
    let api = at(&url).build().unwrap();
    let error = add(&api).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(
        error.to_string().contains("the answer broke off"),
        "{error}"
    );
    assert!(error.may_have_taken_effect());
    server.abort();
}

#[tokio::test]
async fn a_body_past_the_limit_is_not_read() {
    let small = ReqwestSend::builder().body_limit(1000).build().unwrap();
    let small: Arc<dyn HttpSend> = Arc::new(small);
    let long = "x".repeat(1001);
    let chunks = format!("{}\r\n{}\r\n", "258", "x".repeat(600)).repeat(2);
    for (answer, fits) in [
        (format!("Content-Length: 1001\r\n\r\n{long}"), false),
        (format!("Content-Length: 1000\r\n\r\n{}", &long[1..]), true),
        (format!("Connection: close\r\n\r\n{long}"), false),
        (
            format!("Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"),
            false,
        ),
        ("Content-Length: 99999999999999\r\n\r\n".to_owned(), false),
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{answer}");
        let (url, server) = serve(move |_| Reaction::Answer(answer.clone())).await;
        let api = at(&url).transport(small.clone()).build().unwrap();
        let result = Request::new(&PING).send_text(&api).await;
        match result {
            Ok(text) => assert!(fits && text.len() == 1000),
            Err(error) => {
                assert!(!fits);
                assert_eq!(error.kind(), ErrorKind::Decode);
                assert!(
                    error.to_string().contains("larger than 1000 bytes"),
                    "{error}"
                );
            }
        }
        server.abort();
    }
}

#[tokio::test]
async fn a_body_in_pieces_arrives_whole() {
    let (url, server) = serve(|_| {
        let chunks = "4\r\n{\"co\r\n4\r\nde\":\r\n3\r\n0}\n\r\n0\r\n\r\n";
        Reaction::Answer(format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"
        ))
    })
    .await;
    let api = at(&url).build().unwrap();
    assert_eq!(get(&api).await.unwrap(), json!({"code": 0}));
    server.abort();
}

#[tokio::test]
async fn silence_ends_with_the_time_of_the_call_or_of_the_http_client() {
    let (url, server) = serve(|_| Reaction::Silence).await;
    let brief = Duration::from_millis(50);
    let api = at(&url).timeout(brief).build().unwrap();
    let error = add(&api).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(error.may_have_taken_effect());

    let impatient = ReqwestSend::builder().read_timeout(brief).build().unwrap();
    let api = at(&url)
        .transport(Arc::new(impatient))
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    let error = add(&api).await.unwrap_err();
    assert!(
        error.to_string().contains("did not arrive in time"),
        "{error}"
    );
    assert!(error.may_have_taken_effect());
    server.abort();
}

#[tokio::test]
async fn the_clock_learns_from_the_date_of_an_answer() {
    let (url, server) = serve(|_| {
        let head = "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 02:00:00 GMT";
        Reaction::Answer(format!("{head}\r\nContent-Length: 0\r\n\r\n"))
    })
    .await;
    let hand = ManualClock::new();
    let api = at(&url).clock(hand.clock()).build().unwrap();
    Request::new(&PING).send_empty(&api).await.unwrap();
    let two = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600 + 7200);
    let now = hand.clock().now();
    let off = now
        .duration_since(two)
        .unwrap_or_else(|error| error.duration());
    assert!(off <= Duration::from_secs(1), "{off:?}");
    server.abort();
}

#[tokio::test]
async fn a_connection_serves_many_calls() {
    let (url, server) = serve(|connection| {
        assert!(connection < 10, "one digit");
        Reaction::Keep(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{{\"on\":{connection}}}"
        ))
    })
    .await;
    let own = Arc::new(ReqwestSend::builder().build().unwrap());
    let api = at(&url).transport(own).build().unwrap();
    for _ in 0..5 {
        assert_eq!(get(&api).await.unwrap(), json!({"on": 1}));
    }
    server.abort();
}

#[test]
fn clients_without_settings_of_their_own_share_one_http_client() {
    let transports = std::thread::scope(|scope| {
        let build = || Api::builder(&PLATFORM).build().unwrap().transport().clone();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(build)).collect();
        let joined = threads.into_iter().map(|thread| thread.join().unwrap());
        joined.collect::<Vec<_>>()
    });
    let first = &transports[0];
    assert!(transports.iter().all(|other| Arc::ptr_eq(first, other)));
    assert!(Arc::ptr_eq(first, &ReqwestSend::shared().unwrap()));
}

#[test]
fn certificates_that_are_none_are_refused_without_being_shown() {
    let pem = "-----BEGIN PRIVATE KEY-----\nc3dvcmRmaXNo\n-----END PRIVATE KEY-----\n";
    let builders = [
        ReqwestSend::builder().client_certificate(pem),
        ReqwestSend::builder().root_certificate(pem),
        ReqwestSend::builder().root_certificate("swordfish"),
    ];
    for builder in builders {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let text = super::printed(&error);
        assert!(
            !text.contains("c3dvcmRmaXNo") && !text.contains("swordfish"),
            "{text}"
        );
    }
}

/// What a server does once it has read a request.
enum Reaction {
    /// Answers and ends the connection.
    Answer(String),
    /// Answers and waits for the next request.
    Keep(String),
    Reset,
    Silence,
}

/// A server that reacts to every request in the same way, or by the number of the connection.
async fn serve(
    react: impl Fn(usize) -> Reaction + Send + Sync + 'static,
) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let react = Arc::new(react);
    let server = tokio::spawn(async move {
        for connection in 1.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let react = react.clone();
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                    match react(connection) {
                        Reaction::Answer(text) => {
                            stream.write_all(text.as_bytes()).await.unwrap();
                            return;
                        }
                        Reaction::Keep(text) => {
                            stream.write_all(text.as_bytes()).await.unwrap();
                        }
                        Reaction::Reset => {
                            stream.set_zero_linger().unwrap();
                            return;
                        }
                        Reaction::Silence => {}
                    }
                }
            });
        }
    });
    (url, server)
}
