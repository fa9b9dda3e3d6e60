//! The token cache beside what it cannot do without: an `Arc` clone, a `HeaderValue` clone, an
//! `ArcSwap` load, and callers that merely sleep as long as the endpoint takes.
//!
//! What counts is the ratio to the yardstick in the same run, so it is measured in turns as well.

mod paired;

use std::hint::black_box;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use auth_core::{Cached, Error, Result, RetryPolicy, Token, TokenProvider};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use http::{HeaderMap, HeaderValue};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// What the endpoint takes to answer.
const ENDPOINT: Duration = Duration::from_millis(50);

/// A platform that answers after `ENDPOINT`, in memory, so that coordination is all there is.
struct Endpoint {
    succeeds: bool,
}

#[async_trait]
impl TokenProvider for Endpoint {
    async fn token(&self) -> Result<Token> {
        sleep(ENDPOINT).await;
        match self.succeeds {
            true => Token::bearer("t".repeat(512), Duration::from_secs(3600)),
            false => Err(Error::transport("the endpoint answers 500")),
        }
    }
}

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A cache that holds a token.
fn warm() -> Cached {
    let cached = Cached::new(Endpoint { succeeds: true });
    runtime().block_on(cached.token()).expect("a token");
    cached
}

/// What there is to compare on the hit path.
struct Hit {
    name: &'static str,
    run: Arc<dyn Fn(u64) + Send + Sync>,
}

impl Hit {
    fn new(name: &'static str, work: impl Fn() + Send + Sync + 'static) -> Self {
        // The loop stands inside, so that the call through the pointer is paid once.
        let run = move |times| {
            for _ in 0..times {
                work();
            }
        };
        Self {
            name,
            run: Arc::new(run),
        }
    }
}

fn arc_clone() -> Hit {
    let token = Arc::new(warm().cached().expect("a token").clone());
    Hit::new("arc_clone", move || drop(black_box(Arc::clone(&token))))
}

fn header_value_clone() -> Hit {
    let token = warm().cached().expect("a token").clone();
    let header: HeaderValue = token.header().1.clone();
    Hit::new("header_value_clone", move || {
        drop(black_box(black_box(&header).clone()));
    })
}

fn arc_swap_load() -> Hit {
    let token = warm().cached().expect("a token").clone();
    let swap = ArcSwapOption::from_pointee(token);
    Hit::new("arc_swap_load", move || drop(black_box(swap.load())))
}

fn cached() -> Hit {
    let cached = warm();
    Hit::new("cached", move || drop(black_box(cached.cached())))
}

/// The header of the cached token, ready to be moved into a request.
fn header() -> Hit {
    let cached = warm();
    Hit::new("header", move || {
        let token = cached.cached().expect("a token");
        drop(black_box(token.header().1.clone()));
    })
}

fn hits() -> [Hit; 5] {
    [
        arc_clone(),
        header_value_clone(),
        arc_swap_load(),
        cached(),
        header(),
    ]
}

fn hit(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hit");
    for hit in hits() {
        group.bench_function(hit.name, |bencher| {
            bencher.iter_custom(|times| {
                let start = now();
                (hit.run)(times);
                now().duration_since(start)
            });
        });
    }

    let runtime = runtime();
    let concrete = warm();
    group.bench_function("token_await", |bencher| {
        bencher.iter_custom(|times| {
            runtime.block_on(async {
                let start = now();
                for _ in 0..times {
                    drop(black_box(concrete.token().await));
                }
                now().duration_since(start)
            })
        });
    });
    let erased: Arc<dyn TokenProvider> = Arc::new(warm());
    group.bench_function("token_await_dyn", |bencher| {
        bencher.iter_custom(|times| {
            runtime.block_on(async {
                let start = now();
                for _ in 0..times {
                    drop(black_box(erased.token().await));
                }
                now().duration_since(start)
            })
        });
    });
    let mut headers = HeaderMap::with_capacity(4);
    group.bench_function("header_into_map", |bencher| {
        bencher.iter(|| {
            let token = concrete.cached().expect("a token");
            let (name, value) = token.header();
            black_box(headers.insert(name, value.clone()));
        });
    });
    group.finish();

    let [arc, value, swap, cached, header] = hits();
    let ratio = |yardstick: &Hit, ours: &Hit| {
        paired::ratio(
            &format!("hit: {} / {}", ours.name, yardstick.name),
            || (yardstick.run)(BLOCK),
            || (ours.run)(BLOCK),
        );
    };
    ratio(&arc, &cached);
    ratio(&swap, &cached);
    ratio(&value, &header);
    paired::ratio(
        "hit: header_into_map / header_value_clone",
        || (value.run)(BLOCK),
        || {
            for _ in 0..BLOCK {
                let token = concrete.cached().expect("a token");
                let (name, value) = token.header();
                black_box(headers.insert(name, value.clone()));
            }
        },
    );
}

fn threads(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hit_by_threads");
    for threads in [1, 2, 4, 8] {
        for hit in hits() {
            group.bench_function(BenchmarkId::new(hit.name, threads), |bencher| {
                bencher.iter_custom(|times| spread(&hit, threads, times).wall);
            });
        }
    }
    group.finish();

    for hit in [cached(), header(), arc_clone(), header_value_clone()] {
        for threads in [2, 4, 8] {
            turns(
                &format!("cpu: {} at {threads} threads / at 1", hit.name),
                CPU_PAIRS,
                || spread(&hit, 1, CPU_HITS).cpu.as_secs_f64(),
                || spread(&hit, threads, CPU_HITS).cpu.as_secs_f64(),
            );
        }
    }
}

struct Spent {
    /// From the common start until the last thread is done.
    wall: Duration,
    /// What all threads together used of the processors.
    cpu: Duration,
}

/// Runs so many hits, evenly on so many threads.
fn spread(hit: &Hit, threads: u64, times: u64) -> Spent {
    let barrier = Barrier::new(usize::try_from(threads).expect("few threads") + 1);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    (hit.run)(BLOCK);
                    barrier.wait();
                    let start = thread_cpu();
                    (hit.run)(times.div_ceil(threads));
                    thread_cpu().saturating_sub(start)
                })
            })
            .collect();
        barrier.wait();
        let start = now();
        let cpu = workers
            .into_iter()
            .map(|worker| worker.join().expect("no panic"))
            .sum();
        Spent {
            wall: now().duration_since(start),
            cpu,
        }
    })
}

/// One of the crowds that come at once.
#[derive(Clone, Copy)]
enum Crowd {
    /// Everybody sleeps for as long as the endpoint takes: the yardstick.
    Sleeping,
    Served,
    Failed,
    /// Somebody comes first and is dropped after 10 ms.
    LeaderCancelled,
}

impl Crowd {
    fn name(self) -> &'static str {
        match self {
            Self::Sleeping => "sleep",
            Self::Served => "success",
            Self::Failed => "failure",
            Self::LeaderCancelled => "leader_cancelled",
        }
    }

    /// How long it takes until everybody has an answer.
    fn run(self, runtime: &Runtime, callers: usize) -> Duration {
        let cached = Cached::builder(Endpoint {
            succeeds: !matches!(self, Self::Failed),
        })
        .retry(RetryPolicy::none())
        .build();
        runtime
            .block_on(runtime.spawn(async move {
                let start = now();
                if let Self::LeaderCancelled = self {
                    let leader = tokio::spawn({
                        let cached = cached.clone();
                        async move { cached.token().await }
                    });
                    tokio::task::yield_now().await;
                    tokio::spawn(async move {
                        sleep(Duration::from_millis(10)).await;
                        leader.abort();
                    });
                }
                let mut tasks = JoinSet::new();
                for _ in 0..callers {
                    let cached = cached.clone();
                    tasks.spawn(async move {
                        match self {
                            Self::Sleeping => sleep(ENDPOINT).await,
                            Self::Failed => assert!(cached.token().await.is_err()),
                            Self::Served | Self::LeaderCancelled => {
                                assert!(cached.token().await.is_ok());
                            }
                        }
                    });
                }
                while let Some(task) = tasks.join_next().await {
                    task.expect("no panic");
                }
                now().duration_since(start)
            }))
            .expect("no panic")
    }
}

fn stampede(criterion: &mut Criterion) {
    let runtime = runtime();
    let crowds = [Crowd::Served, Crowd::Failed, Crowd::LeaderCancelled];
    let mut group = criterion.benchmark_group("stampede");
    group.sample_size(10);
    for callers in [1_000, 10_000] {
        for crowd in [Crowd::Sleeping].into_iter().chain(crowds) {
            group.bench_function(BenchmarkId::new(crowd.name(), callers), |bencher| {
                bencher.iter_custom(|times| (0..times).map(|_| crowd.run(&runtime, callers)).sum());
            });
        }
    }
    group.finish();

    for callers in [1_000, 10_000] {
        for crowd in crowds {
            turns(
                &format!("stampede: {} of {callers} / sleep", crowd.name()),
                STAMPEDE_PAIRS,
                || Crowd::Sleeping.run(&runtime, callers).as_secs_f64(),
                || crowd.run(&runtime, callers).as_secs_f64(),
            );
        }
    }
}

/// Prints the median ratio of two figures taken in turns, and its quartiles.
fn turns(
    name: &str,
    pairs: usize,
    mut yardstick: impl FnMut() -> f64,
    mut ours: impl FnMut() -> f64,
) {
    let mut ratios: Vec<f64> = (0..pairs)
        .map(|pair| {
            // Each goes first in turn.
            let (base, own) = if pair % 2 == 0 {
                let base = yardstick();
                (base, ours())
            } else {
                let own = ours();
                (yardstick(), own)
            };
            own / base
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    let [low, median, high] = [pairs / 4, pairs / 2, pairs * 3 / 4].map(|rank| ratios[rank]);
    #[expect(
        clippy::print_stdout,
        reason = "a benchmark reports on standard output"
    )]
    {
        println!("{name:<50} ratio: {median:.3} (half: {low:.3} to {high:.3}, {pairs} pairs)");
    }
}

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
    Instant::now()
}

/// What this thread has used of a processor; zero where that cannot be asked.
fn thread_cpu() -> Duration {
    #[cfg(target_os = "linux")]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::try_from(time).expect("a time since the thread's start")
    }
    #[cfg(not(target_os = "linux"))]
    Duration::ZERO
}

/// Hits in one piece of work: long beside what calling it costs.
const BLOCK: u64 = 1_000;
const CPU_HITS: u64 = 400_000;
const CPU_PAIRS: usize = 31;
const STAMPEDE_PAIRS: usize = 31;

criterion_group!(benches, hit, threads, stampede);
criterion_main!(benches);
