//! Whole sends beside reqwest with the bytes ready.

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use harmony_push::model::{ClickAction, NotificationCategory, PushAnswer, PushType, SendMessage};
use harmony_push::{Client, Notification, Outcomes, ServiceAccount, TokenList};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::body::Buffers;
use crate::{cpu, frame, message, server, tokens};

/// What sends on our side.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    /// The generated call, which takes a whole message.
    Call,
    /// The sender, which tells what became of each token.
    Send,
    /// The same with a list of tokens that was looked through before.
    List,
}

/// The bytes that reqwest sends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bytes {
    /// The same ones for all requests, which stay in the processor's cache.
    Ready,
    /// A copy for each request: what any sender has to write whose requests differ.
    Copied,
    /// Written by serde for each request, and the answer read by it: what reqwest's `json` does.
    Json,
}

/// Prints how many times the CPU time of reqwest a call or a send takes.
pub(crate) fn compare(way: Way, count: usize, in_flight: usize, bytes: Bytes) {
    cpu::pin(0);
    let address = server::start();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let requests = if count == 1 { 4096 } else { 512 };
    let tokens = tokens(count);
    let ours = Ours::new(address, way, &tokens);
    let theirs = Theirs::new(address, count, bytes);
    let mut ratios = Vec::new();
    let (mut own, mut base) = (Duration::MAX, Duration::MAX);
    for pair in 0..=PAIRS {
        let (a, b) = match pair % 2 {
            0 => {
                let b = measure(&runtime, requests, in_flight, || theirs.send());
                (measure(&runtime, requests, in_flight, || ours.send()), b)
            }
            _ => {
                let a = measure(&runtime, requests, in_flight, || ours.send());
                (a, measure(&runtime, requests, in_flight, || theirs.send()))
            }
        };
        // The first pair opens the connections.
        if pair > 0 {
            ratios.push(a.as_secs_f64() / b.as_secs_f64());
            (own, base) = (own.min(a), base.min(b));
        }
    }
    ratios.sort_by(f64::total_cmp);
    let [low, median, high] = [LOW, PAIRS / 2, PAIRS - 1 - LOW].map(|rank| ratios[rank]);
    #[expect(
        clippy::print_stdout,
        reason = "a benchmark reports on standard output"
    )]
    {
        let name =
            format!("{way:?} to {count} tokens, {in_flight} at a time / {bytes:?}").to_lowercase();
        println!("{name:<46} ratio: {median:.3} (95 %: {low:.3} to {high:.3}, {PAIRS} pairs)");
        let micros = |time: Duration| time.as_secs_f64() * 1e6 / requests as f64;
        println!(
            "{:<46} best: {:.1} us against {:.1} us",
            "",
            micros(own),
            micros(base)
        );
    }
}

/// The CPU time of `requests` calls, `in_flight` of them at a time.
fn measure<F: Future<Output = ()>>(
    runtime: &Runtime,
    requests: usize,
    in_flight: usize,
    call: impl Fn() -> F,
) -> Duration {
    let start = cpu::time();
    runtime.block_on(
        stream::iter(0..requests)
            .map(|_| call())
            .buffer_unordered(in_flight)
            .for_each(|()| async {}),
    );
    cpu::time() - start
}

struct Ours<'a> {
    client: Client,
    way: Way,
    message: Notification,
    whole: SendMessage,
    tokens: &'a [String],
    list: TokenList<'a, String>,
}

impl<'a> Ours<'a> {
    fn new(address: SocketAddr, way: Way, tokens: &'a [String]) -> Self {
        let client = Client::builder(account())
            .base_url(format!("http://{address}"))
            .build()
            .expect("a sound client");
        Self {
            client,
            way,
            whole: message(tokens),
            list: TokenList::new(tokens),
            message: Notification::new(
                NotificationCategory::Express,
                "Your parcel is on its way",
                "It left the sorting centre at 07:40 and arrives today between 14:00 and 16:00.",
                ClickAction::page("com.example.parcel.action.TRACK"),
            ),
            tokens,
        }
    }

    async fn send(&self) {
        match self.way {
            Way::Call => {
                let sent = self
                    .client
                    .send_message(PROJECT, PushType::Alert, &self.whole);
                let _ = black_box(sent.await.expect("an answer"));
            }
            Way::Send => {
                let sent = self.client.send(&self.message, self.tokens).await;
                check(&sent.expect("a sound message"));
            }
            Way::List => {
                let sent = self.client.send_list(&self.message, &self.list).await;
                check(&sent.expect("a sound message"));
            }
        }
    }
}

/// Reads every outcome, as a caller does.
fn check(outcomes: &Outcomes<'_, String>) {
    for (_, outcome) in outcomes {
        assert!(black_box(outcome).is_accepted());
    }
}

struct Theirs {
    client: reqwest::Client,
    url: String,
    token: http::HeaderValue,
    whole: SendMessage,
    body: bytes::Bytes,
    bytes: Bytes,
}

impl Theirs {
    fn new(address: SocketAddr, count: usize, bytes: Bytes) -> Self {
        let token = account().sign(std::time::UNIX_EPOCH).expect("a token");
        let tokens = tokens(count);
        let whole = message(&tokens);
        let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        Self {
            client: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(Duration::from_secs(3))
                .timeout(Duration::from_secs(10))
                .tls_backend_preconfigured(tls())
                .build()
                .expect("a client"),
            url: format!("http://{address}/v3/{PROJECT}/messages:send"),
            token: token.header().1.clone(),
            whole,
            body: frame().fill(&tokens, &Buffers::default()),
            bytes,
        }
    }

    async fn send(&self) {
        let body = match self.bytes {
            Bytes::Ready => self.body.clone(),
            Bytes::Copied => bytes::Bytes::copy_from_slice(&self.body),
            Bytes::Json => serde_json::to_vec(&self.whole)
                .expect("it can be written")
                .into(),
        };
        let answer = self
            .client
            .post(&self.url)
            .header("authorization", self.token.clone())
            .header("content-type", "application/json")
            .header("push-type", "0")
            .body(body)
            .send()
            .await
            .expect("an answer");
        assert!(answer.status().is_success());
        let answer = answer.bytes().await.expect("a body");
        if let Bytes::Json = self.bytes {
            let _ = black_box(serde_json::from_slice::<PushAnswer>(&answer).expect("an answer"));
        }
        black_box(answer);
    }
}

fn tls() -> rustls::ClientConfig {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("sound versions")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

fn account() -> ServiceAccount {
    let vector = include_str!("../../tests/samples/vector.jwt_ps256.1.json");
    let vector: Value = serde_json::from_str(vector).expect("a sound sample");
    let file = vector["service_account_key_file"].to_string();
    ServiceAccount::parse(&file).expect("a sound key file")
}

const PROJECT: &str = "101653523863000000";
const PAIRS: usize = 31;
/// The rank of the lower bound: of 31 values, the median lies between the 10th and the 22nd with a
/// probability of 95 % (binomial distribution).
const LOW: usize = 9;
