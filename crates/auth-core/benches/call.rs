//! Calls beside reqwest alone, over loopback in one process: what the door to the network costs.
//!
//! What counts is the CPU time of the client's thread; server and client have one each. It is
//! measured in turns, because reqwest's own share varies from run to run.

mod paired;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use auth_core::{
    Api, Carrier, Credential, Envelope, Fields, Operation, Outcome, Platform, Request, Scheme,
    Server, Token, Verdict,
};
use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use http::Method;
use serde::{Deserialize, Serialize};
use tokio::runtime::{Builder, Runtime};

static BEARER: Scheme = Scheme {
    name: "bearer",
    carrier: Carrier::Bearer,
};
static CLIENT: Scheme = Scheme {
    name: "client",
    carrier: Carrier::Body(Fields {
        client_id: Some("client_id"),
        client_secret: Some("client_secret"),
        token: None,
    }),
};
static OUTCOME: Outcome = Outcome {
    verdict: Verdict::Body,
    success: &["80000000"],
    partial: &["80100000"],
    envelopes: &[Envelope {
        code: &[&["code"]],
        sub_code: None,
        message: Some(&["msg"]),
        request_id: Some(&["requestId"]),
        realm: None,
    }],
};
static PLATFORM: Platform = Platform {
    name: "example",
    servers: &[Server {
        role: "api",
        site: "global",
        url: "https://api.example.com",
    }],
    codes: &[],
    schemes: &[&BEARER, &CLIENT],
    security: &[],
    outcome: &OUTCOME,
    tokens: &[],
};
static SEND: Operation = Operation {
    platform: &PLATFORM,
    id: "send_message",
    method: Method::POST,
    path: "/v3/{project}/messages:send",
    query: &[],
    role: "api",
    idempotent: false,
    sensitive: false,
    security: &[&[&BEARER]],
    outcome: &OUTCOME,
};
static GET_TOKEN: Operation = Operation {
    platform: &PLATFORM,
    id: "get_token",
    method: Method::POST,
    path: "/oauth2/v3/token",
    query: &[],
    role: "api",
    idempotent: true,
    sensitive: true,
    security: &[&[&CLIENT]],
    outcome: &OUTCOME,
};

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

/// One client of each kind, with what they send.
struct Bench {
    runtime: Runtime,
    api: Api,
    plain: reqwest::Client,
    /// The same with an end to every wait, as a call has.
    bounded: reqwest::Client,
    base: String,
}

impl Bench {
    fn new(answer: &str) -> Self {
        let base = serve(answer);
        let token = Token::bearer(TOKEN, Duration::from_secs(3600)).expect("a token");
        let api = Api::builder(&PLATFORM)
            .server("api", &*base)
            .credential("bearer", token)
            .credential("client", Credential::client("100042", SECRET))
            .build()
            .expect("a client");
        // The default of the process is for the plain client; ours has its own.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            runtime: Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime"),
            api,
            plain: reqwest::Client::new(),
            bounded: reqwest::Client::builder()
                .timeout(Duration::from_secs(10))
                .build()
                .expect("a client"),
            base,
        }
    }

    fn call(&self, body: &Bytes) {
        let call = Request::new(&SEND)
            .path("project", "388421841222120222")
            .header("push-type", 0)
            .json_bytes(JSON, body.clone())
            .send::<Sent>(&self.api);
        let sent = self.runtime.block_on(call).expect("an answer");
        assert!(sent.code == "80000000" && sent.request_id.len() == 4);
    }

    fn plain_call(&self, client: &reqwest::Client, body: &Bytes) {
        let call = async {
            let url = format!("{}/v3/388421841222120222/messages:send", self.base);
            let request = client
                .post(url)
                .header("authorization", format!("Bearer {TOKEN}"))
                .header("content-type", JSON)
                .header("push-type", "0")
                .body(body.clone());
            request.send().await?.bytes().await
        };
        let answer = self.runtime.block_on(call).expect("an answer");
        assert_eq!(answer.len(), SENT.len());
    }

    fn token(&self) {
        let call = Request::new(&GET_TOKEN)
            .form(&Grant {
                grant_type: "client_credentials",
            })
            .send::<Issued>(&self.api);
        let issued = self.runtime.block_on(call).expect("an answer");
        assert!(issued.expires_in == 3600 && issued.access_token.len() == 200);
    }

    fn plain_token(&self, client: &reqwest::Client) {
        let call = async {
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", "100042"),
                ("client_secret", SECRET),
            ];
            let request = client.post(format!("{}/oauth2/v3/token", self.base));
            request.form(&form).send().await?.bytes().await
        };
        let answer = self.runtime.block_on(call).expect("an answer");
        let issued: Issued = serde_json::from_slice(&answer).expect("a token");
        assert!(issued.expires_in == 3600 && issued.access_token.len() == 200);
    }
}

fn typed_call(criterion: &mut Criterion) {
    let bench = Bench::new(SENT);
    let body = Bytes::from_static(MESSAGE.as_bytes());
    compare(
        criterion,
        "typed call",
        [&|| bench.plain_call(&bench.plain, &body), &|| {
            bench.plain_call(&bench.bounded, &body)
        }],
        || bench.call(&body),
    );
}

fn token_request(criterion: &mut Criterion) {
    let token = "t".repeat(200);
    let answer = format!(r#"{{"access_token":"{token}","expires_in":3600,"token_type":"Bearer"}}"#);
    let bench = Bench::new(&answer);
    compare(
        criterion,
        "token request",
        [&|| bench.plain_token(&bench.plain), &|| {
            bench.plain_token(&bench.bounded)
        }],
        || bench.token(),
    );
}

/// Compares with reqwest alone, which waits forever, and with reqwest and a timeout.
fn compare(
    criterion: &mut Criterion,
    name: &str,
    [yardstick, bounded]: [&dyn Fn(); 2],
    ours: impl Fn(),
) {
    let mut group = criterion.benchmark_group(name);
    group.bench_function("reqwest", |bencher| bencher.iter(yardstick));
    group.bench_function("auth-core", |bencher| bencher.iter(&ours));
    group.finish();
    #[cfg(unix)]
    {
        let title = format!("{name}, CPU of the client");
        paired::ratio_by(thread_cpu, &title, yardstick, &ours);
        let title = format!("{name}, CPU, with a timeout");
        paired::ratio_by(thread_cpu, &title, bounded, &ours);
    }
    paired::ratio(&format!("{name}, time"), yardstick, &ours);
    let count = |work: &dyn Fn()| allocation_counter::measure(work).count_total;
    let (base, own) = (count(yardstick), count(&ours));
    #[expect(
        clippy::print_stdout,
        reason = "a benchmark reports on standard output"
    )]
    {
        println!("{name:<40} allocations: {own}, reqwest {base}");
    }
}

/// The CPU time of this thread, which runs the client and nothing else.
#[cfg(unix)]
fn thread_cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("CPU time is not negative")
}

/// A server that gives every request the same answer, each connection in a thread of its own.
fn serve(answer: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ";
    let answer = format!("{head}{}\r\n\r\n{answer}", answer.len());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || converse(stream, answer.as_bytes()));
        }
    });
    base
}

/// Answers requests until the client hangs up or says something unreadable.
fn converse(mut stream: TcpStream, answer: &[u8]) -> Option<()> {
    let mut read = Vec::new();
    let mut buffer = [0; 16 * 1024];
    stream.set_nodelay(true).ok()?;
    loop {
        let length = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
        read.extend_from_slice(&buffer[..length]);
        if is_whole(&read) {
            read.clear();
            stream.write_all(answer).ok()?;
        }
    }
}

/// Whether a request has arrived with its body.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let length = value.trim().parse::<usize>().ok()?;
        name.eq_ignore_ascii_case("content-length")
            .then_some(length)
    });
    body.len() >= length.unwrap_or(0)
}

const JSON: &str = "application/json";
const SECRET: &str = "d41d8cd98f00b204e9800998ecf8427e";
const SENT: &str = r#"{"code":"80000000","msg":"Success","requestId":"1234"}"#;
const TOKEN: &str = "eyJhbGciOiJQUzI1NiIsImtpZCI6ImQ0MWQ4Y2Q5OGYwMGIyMDRlOTgwMDk5OGVjZjg0MjdlIn0";
const MESSAGE: &str = r#"{"payload":{"notification":{"category":"EXPRESS","title":"Parcel","body":"Arrives today","clickAction":{"actionType":0}}},"target":{"token":["MAMzLgIkEUlZYGJPZVxcXIfWAAAABwAAAAAAAAAAAAA"]}}"#;

criterion_group!(benches, typed_call, token_request);
criterion_main!(benches);
