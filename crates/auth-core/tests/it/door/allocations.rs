//! How often a call asks for memory, so that it does not grow unnoticed.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use allocation_counter::measure;
use async_trait::async_trait;
use auth_core::{
    Api, ApiBuilder, Cached, Credential, HttpSend, Request, Result, Token, TokenProvider,
};
use bytes::Bytes;
use http::Response;
use serde::{Deserialize, Serialize};
use tokio::runtime::{Builder, Runtime};

use super::{ADD_ITEM, GET_TOKEN, PLATFORM, token};

const SENT: &str = r#"{"code":"0","msg":"Success","requestId":"1234"}"#;
const ISSUED: &str = r#"{"access_token":"abcdefgh","expires_in":3600,"token_type":"Bearer"}"#;
const MESSAGE: &str = r#"{"payload":{"notification":{"title":"Parcel"}},"target":{"token":["M"]}}"#;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    code: String,
    request_id: String,
}

#[derive(Deserialize)]
struct Issued {
    access_token: String,
    expires_in: u64,
}

#[derive(Serialize)]
struct Grant {
    grant_type: &'static str,
}

/// Answers at once, with the one allocation that a future behind the trait takes.
struct Ready(&'static str);

#[async_trait]
impl HttpSend for Ready {
    async fn send(&self, _: http::Request<Bytes>) -> Result<Response<Bytes>> {
        Ok(Response::new(Bytes::from_static(self.0.as_bytes())))
    }

    async fn send_within(&self, _: http::Request<Bytes>, _: Duration) -> Result<Response<Bytes>> {
        Ok(Response::new(Bytes::from_static(self.0.as_bytes())))
    }
}

struct Issuer;

#[async_trait]
impl TokenProvider for Issuer {
    async fn token(&self) -> Result<Token> {
        Ok(token("cached"))
    }
}

#[test]
fn a_typed_call_asks_for_memory_nine_times_beside_its_transport() {
    let api = ready(SENT).credential("bearer", token("ready"));
    assert_eq!(fewest(&api.build().unwrap(), send), TYPED);
}

#[test]
fn a_cached_token_costs_a_call_no_memory() {
    let api = ready(SENT).credential("bearer", Cached::new(Issuer));
    assert_eq!(fewest(&api.build().unwrap(), send), TYPED);
}

#[test]
fn a_token_request_asks_for_memory_twelve_times_beside_its_transport() {
    let api = ready(ISSUED).credential("in_body", Credential::client("100042", "hush"));
    assert_eq!(fewest(&api.build().unwrap(), get_token), TOKEN_REQUEST);
}

#[test]
fn over_the_wire_a_call_asks_for_memory_sixty_times_at_most() {
    let base = serve(SENT);
    let api = Api::builder(&PLATFORM)
        .server("api", base)
        .credential("bearer", token("ready"));
    let count = fewest(&api.build().unwrap(), send);
    assert!(count <= WIRE, "{count}");
}

#[test]
fn over_the_wire_a_token_request_asks_for_memory_sixty_times_at_most() {
    let base = serve(ISSUED);
    let api = Api::builder(&PLATFORM)
        .server("api", base)
        .credential("in_body", Credential::client("100042", "hush"));
    let count = fewest(&api.build().unwrap(), get_token);
    assert!(count <= WIRE, "{count}");
}

fn ready(answer: &'static str) -> ApiBuilder {
    Api::builder(&PLATFORM).transport(Arc::new(Ready(answer)))
}

fn send(runtime: &Runtime, api: &Api) {
    let call = Request::new(&ADD_ITEM)
        .header("push-type", 0)
        .json_bytes("application/json", Bytes::from_static(MESSAGE.as_bytes()))
        .send::<Sent>(api);
    let sent = runtime.block_on(call).unwrap();
    assert!(sent.code == "0" && sent.request_id == "1234");
}

fn get_token(runtime: &Runtime, api: &Api) {
    let grant = Grant {
        grant_type: "client_credentials",
    };
    let call = Request::new(&GET_TOKEN).form(&grant).send::<Issued>(api);
    let issued = runtime.block_on(call).unwrap();
    assert!(issued.access_token == "abcdefgh" && issued.expires_in == 3600);
}

/// The fewest allocations of many calls: how an answer happens to arrive is not the call's doing.
fn fewest(api: &Api, call: fn(&Runtime, &Api)) -> u64 {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let counts = (0..CALLS).map(|_| measure(|| call(&runtime, api)).count_total);
    counts.min().expect("some calls")
}

/// A server that gives every request the same answer.
fn serve(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || converse(stream, answer));
        }
    });
    base
}

/// Answers requests whose last byte closes an object or a form.
fn converse(mut stream: TcpStream, answer: &str) -> std::io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ";
    let answer = format!("{head}{}\r\n\r\n{answer}", answer.len());
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        read.extend_from_slice(&buffer[..length]);
        if read.ends_with(b"}") || read.ends_with(b"hush") {
            read.clear();
            stream.write_all(answer.as_bytes())?;
        }
    }
}

const CALLS: usize = 50;
const TYPED: u64 = 9;
const TOKEN_REQUEST: u64 = 12;
const WIRE: u64 = 60;
