//! Proxies come from the environment, and see nothing of what is meant for this machine.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::mpsc;

use auth_core::Request;

use super::{PING, at};

#[test]
fn a_proxy_of_the_environment_is_used_except_for_loopback() {
    if let Ok(direct) = std::env::var(DIRECT) {
        return call_under_a_proxy(&direct);
    }
    let (proxy, proxied) = serve("proxy");
    let (direct, _) = serve("direct");
    // This very test once more, in a process that has the proxy in its environment.
    let name = "door::proxy::a_proxy_of_the_environment_is_used_except_for_loopback";
    let child = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact"])
        .env("HTTP_PROXY", &proxy)
        .env("http_proxy", &proxy)
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env(DIRECT, &direct)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{told}");
    let lines: Vec<String> = proxied.try_iter().collect();
    assert_eq!(lines, ["GET http://platform.test/items HTTP/1.1"]);
}

#[tokio::main(flavor = "current_thread")]
async fn call_under_a_proxy(direct: &str) {
    for (url, expected) in [(direct, "direct"), ("http://platform.test", "proxy")] {
        let api = at(url).allow_http("platform.test").build().unwrap();
        let answer = Request::new(&PING).send_text(&api).await.unwrap();
        assert_eq!(answer, expected);
    }
}

/// A server that answers with a word and tells the first line of every request.
fn serve(word: &'static str) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (lines, seen) = mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut buffer = [0; 4096];
            let length = stream.read(&mut buffer).unwrap_or(0);
            let text = String::from_utf8_lossy(&buffer[..length]);
            let _ = lines.send(text.lines().next().unwrap_or_default().to_owned());
            let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length";
            let _ = write!(stream, "{head}: {}\r\n\r\n{word}", word.len());
        }
    });
    (url, seen)
}

const DIRECT: &str = "AUTH_CORE_TEST_DIRECT";
