//! Verifying ID tokens beside the bare signature check, and token requests beside reqwest alone.
//!
//! What counts is the ratio to the yardstick in the same run, so it is measured in turns.

#[path = "../../auth-core/benches/paired/mod.rs"]
mod paired;

use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, SystemTime};

use auth_core::testing::{ManualClock, Reply, Script};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use criterion::{Criterion, criterion_group, criterion_main};
use huawei_oauth::{App, Client, RefreshToken};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde::Deserialize;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

const VECTORS: &str = include_str!("../tests/data/vectors.json");
const CLIENT_ID: &str = "107408391";
const SECRET: &str = "dummysecret0000000000000000000000000000000000000000000000000000";

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// `SignIn::verify` with typed claims and the keys at hand, beside ring's own verification.
fn verify_id_token(criterion: &mut Criterion) {
    let vectors: Value = serde_json::from_str(VECTORS).expect("the vectors");
    let token = vectors["id_token"]["rs256"].as_str().expect("a token");
    let decode = |text: &Value| {
        let text = text.as_str().expect("a text");
        BASE64_URL_SAFE_NO_PAD.decode(text).expect("base64url")
    };
    let jwk = &vectors["jwks"]["keys"][0];
    let key = RsaPublicKeyComponents {
        n: decode(&jwk["n"]),
        e: decode(&jwk["e"]),
    };
    let (message, signature) = token.rsplit_once('.').expect("a token");
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    let bare = || {
        let message = black_box(message.as_bytes());
        key.verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature)
            .expect("it verifies");
    };

    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_100);
    let script = Script::new().otherwise(Reply::json(200, &vectors["jwks"]));
    let client = Client::builder(App::new(CLIENT_ID, SECRET))
        .transport(script.transport())
        .clock(ManualClock::at(now).clock())
        .build()
        .expect("a client");
    let sign_in = client.sign_in().expect("an app");
    let runtime = runtime();
    let ours = || {
        let claims = sign_in.verify(black_box(token), Some("n-0S6_WzA2Mj"));
        let claims = runtime.block_on(claims).expect("it verifies");
        assert!(claims.sub.len() == 30);
    };

    let mut group = criterion.benchmark_group("id_token");
    group.bench_function("ring_verify", |bencher| bencher.iter(bare));
    group.bench_function("sign_in_verify", |bencher| bencher.iter(ours));
    group.finish();
    paired::ratio("verification of an ID token", bare, ours);
}

#[derive(Deserialize)]
struct Issued {
    access_token: String,
    expires_in: u64,
}

/// Grants over loopback, beside reqwest that posts the same form.
fn token_request(criterion: &mut Criterion) {
    let token = "t".repeat(200);
    let answer = format!(r#"{{"access_token":"{token}","expires_in":3600,"token_type":"Bearer"}}"#);
    let base = serve(&answer);
    let client = Client::builder(App::new(CLIENT_ID, SECRET))
        .emulator(base.as_str())
        .build()
        .expect("a client");
    let sign_in = client.sign_in().expect("an app");
    // The default of the process is for the plain client; ours has its own.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let plain = reqwest::Client::new();
    let runtime = runtime();
    let url = format!("{base}/oauth2/v3/token");
    let post = |form: &[(&str, &str)]| {
        let answer = runtime.block_on(async {
            let request = plain.post(&url).form(form);
            request.send().await?.bytes().await
        });
        let issued: Issued = serde_json::from_slice(&answer.expect("an answer")).expect("a token");
        assert!(issued.expires_in == 3600 && issued.access_token.len() == 200);
    };
    let plain_app = || {
        post(&[
            ("grant_type", "client_credentials"),
            ("client_id", CLIENT_ID),
            ("client_secret", SECRET),
        ]);
    };
    let app = || {
        let issued = runtime.block_on(client.get_app_token()).expect("an answer");
        assert!(issued.expires_in == 3600);
    };
    compare(criterion, "app token", plain_app, app);

    let refresh_token = RefreshToken::new("r".repeat(200));
    let plain_refresh = || {
        post(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token.expose()),
            ("client_id", CLIENT_ID),
            ("client_secret", SECRET),
            ("supportAlg", "PS256"),
        ]);
    };
    let refresh = || {
        let refreshed = runtime.block_on(sign_in.refresh(&refresh_token));
        assert!(refreshed.expect("an answer").claims().is_none());
    };
    compare(criterion, "refresh through oauth2", plain_refresh, refresh);
}

fn compare(criterion: &mut Criterion, name: &str, yardstick: impl Fn(), ours: impl Fn()) {
    let mut group = criterion.benchmark_group(name);
    group.bench_function("reqwest", |bencher| bencher.iter(&yardstick));
    group.bench_function("huawei-oauth", |bencher| bencher.iter(&ours));
    group.finish();
    #[cfg(unix)]
    paired::ratio_by(
        thread_cpu,
        &format!("{name}, CPU of the client"),
        &yardstick,
        &ours,
    );
    paired::ratio(&format!("{name}, time"), &yardstick, &ours);
    let count = |work: &dyn Fn()| allocation_counter::measure(work).count_total;
    let (base, own) = (count(&yardstick), count(&ours));
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

/// Answers requests until the client hangs up. A request of these benchmarks ends with its form.
fn converse(mut stream: TcpStream, answer: &[u8]) -> Option<()> {
    let mut read = Vec::new();
    let mut buffer = [0; 16 * 1024];
    stream.set_nodelay(true).ok()?;
    loop {
        let length = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
        read.extend_from_slice(&buffer[..length]);
        if is_whole(&String::from_utf8_lossy(&read)) {
            read.clear();
            stream.write_all(answer).ok()?;
        }
    }
}

/// Whether a request has arrived with its body.
fn is_whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else {
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

criterion_group!(benches, verify_id_token, token_request);
criterion_main!(benches);
