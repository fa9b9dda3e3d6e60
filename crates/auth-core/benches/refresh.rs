//! Reads of a cached token while the next one is being fetched, beside reads at rest.
//!
//! Each read is timed by itself, because what counts is the slow ones: the ratio is that of the
//! times which 99 of 100 reads stay below. What reading the clock takes is subtracted. A second
//! thread reads all the while.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use auth_core::{Cached, Result, Token, TokenProvider};
use tokio::runtime::{Builder, Runtime};

/// Gives the first token at once and lets the others wait for longer than any sample takes.
#[derive(Clone, Default)]
struct Issuer {
    lifetime: Duration,
    asked: Arc<AtomicU32>,
}

#[async_trait]
impl TokenProvider for Issuer {
    async fn token(&self) -> Result<Token> {
        if self.asked.fetch_add(1, Ordering::SeqCst) > 0 {
            tokio::time::sleep(SLOW).await;
        }
        Token::bearer("t".repeat(512), self.lifetime)
    }
}

fn main() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let clock = percentile(&mut times(|| ()), 50);
    let mut samples: Vec<_> = (0..PAIRS)
        .map(|pair| match pair % 2 {
            0 => {
                let rest = at_rest(&runtime);
                (rest, during_refresh(&runtime))
            }
            _ => {
                let refresh = during_refresh(&runtime);
                (at_rest(&runtime), refresh)
            }
        })
        .map(|(rest, refresh)| (rest.saturating_sub(clock), refresh.saturating_sub(clock)))
        .collect();
    let ratio = |(rest, refresh): &(Duration, Duration)| {
        refresh.as_secs_f64() / rest.as_secs_f64().max(GRAIN)
    };
    samples.sort_by(|a, b| ratio(a).total_cmp(&ratio(b)));
    let [low, median, high] = [LOW, PAIRS / 2, PAIRS - 1 - LOW].map(|rank| ratio(&samples[rank]));
    let (rest, refresh) = samples[PAIRS / 2];
    #[expect(
        clippy::print_stdout,
        reason = "a benchmark reports on standard output"
    )]
    {
        println!(
            "p99 of reads during a refresh / at rest        ratio: {median:.3} (95 %: {low:.3} to \
             {high:.3}, {PAIRS} pairs of {READS} reads); {refresh:?} against {rest:?}"
        );
    }
}

fn at_rest(runtime: &Runtime) -> Duration {
    let issuer = Issuer {
        lifetime: Duration::from_secs(3600),
        ..Issuer::default()
    };
    let cached = Cached::new(issuer.clone());
    runtime.block_on(cached.token()).expect("a token");
    let p99 = reads(runtime, &cached);
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 1);
    p99
}

fn during_refresh(runtime: &Runtime) -> Duration {
    let issuer = Issuer {
        lifetime: Duration::from_secs(2),
        ..Issuer::default()
    };
    let cached = Cached::builder(issuer.clone()).refresh_ahead(0.9).build();
    runtime.block_on(cached.token()).expect("a token");
    // From here on the token is due for renewal, whatever its jitter.
    thread::sleep(Duration::from_millis(600));
    runtime.block_on(async {
        assert!(cached.cached().is_some());
        while issuer.asked.load(Ordering::SeqCst) == 1 {
            tokio::task::yield_now().await;
        }
    });
    let before = now();
    let p99 = reads(runtime, &cached);
    assert!(now() - before < SLOW, "the refresh ended before the reads");
    p99
}

/// The time below which 99 of 100 reads stay, while another thread reads too.
fn reads(runtime: &Runtime, cached: &Cached) -> Duration {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _runtime = runtime.enter();
            while !done.load(Ordering::Relaxed) {
                black_box(cached.cached());
            }
        });
        let _runtime = runtime.enter();
        let mut times = times(|| {
            black_box(cached.cached().expect("nobody waits for a valid token"));
        });
        done.store(true, Ordering::Relaxed);
        percentile(&mut times, 99)
    })
}

fn times(work: impl Fn()) -> Vec<Duration> {
    let time = |_| {
        let start = now();
        work();
        now().duration_since(start)
    };
    (0..READS).map(time).collect()
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[times.len() * percent / 100]
}

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
    Instant::now()
}

const PAIRS: usize = 31;
/// The rank of the lower bound: of 31 values, the median lies between the 10th and the 22nd with a
/// probability of 95 % (binomial distribution).
const LOW: usize = 9;
const READS: usize = 100_000;
const SLOW: Duration = Duration::from_secs(1);
/// Below this a time cannot be told from another.
const GRAIN: f64 = 1e-9;
