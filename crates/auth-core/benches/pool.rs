//! A pool of 10,000 tenants: what a hit costs beside a single cache, and whether tenants whose
//! platform never answers delay the others.

mod paired;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use auth_core::{Cached, Result, Token, TokenPool, TokenProvider};
use quick_cache::sync::Cache;
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinSet, yield_now};

use paired::ratio;

/// A tenant's platform, which answers after one turn of the runtime, or never.
struct Tenant {
    hangs: bool,
}

#[async_trait]
impl TokenProvider for Tenant {
    async fn token(&self) -> Result<Token> {
        match self.hangs {
            true => std::future::pending().await,
            false => yield_now().await,
        }
        Token::bearer("t".repeat(512), Duration::from_secs(3600))
    }
}

fn main() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let names: Arc<[String]> = (0..TENANTS).map(name).collect();
    hits(&runtime, &names);
    hanging(&runtime, &names);
}

/// A hit in the pool, beside one in a cache that is at hand, and beside that and a look-up in a
/// plain map of the crate that the pool is made of, with the same names. With 10,000 tenants both
/// have as many caches, because what is far away in memory takes its time by itself.
fn hits(runtime: &Runtime, names: &[String]) {
    let pool = pool(false);
    let at_hand: Vec<_> = names
        .iter()
        .map(|_| Cached::new(Tenant { hangs: false }))
        .collect();
    let map: Cache<String, u64> = Cache::new(CAPACITY);
    runtime.block_on(async {
        for (name, number) in names.iter().zip(0..) {
            let cached = pool.get(name).expect("a cache");
            cached.token().await.expect("a token");
            map.insert(name.clone(), number);
        }
        for cached in &at_hand {
            cached.token().await.expect("a token");
        }
    });
    for (what, count) in [("one tenant", 1), ("10,000 tenants", names.len())] {
        // Far from each other, as callers come.
        let order = |turn: &mut usize| {
            *turn = (*turn + STEP) % count;
            *turn
        };
        let [mut turn, mut alone, mut other] = [0; 3];
        let mut hit = || {
            let name = &names[order(&mut turn)];
            let cached = pool.get(black_box(name)).expect("a cache");
            black_box(cached.cached());
        };
        ratio(
            &format!("{what}: pool hit / single hit"),
            || drop(black_box(at_hand[order(&mut alone)].cached())),
            &mut hit,
        );
        ratio(
            &format!("{what}: pool hit / single hit + look-up"),
            || {
                let number = order(&mut other);
                black_box(map.get(black_box(&names[number])));
                black_box(at_hand[number].cached());
            },
            &mut hit,
        );
    }
}

/// The first call and a hit of every tenant but those that may hang: the time which 99 of 100
/// calls stay below, with 1 % hanging beside none.
fn hanging(runtime: &Runtime, names: &Arc<[String]>) {
    let mut ratios: Vec<f64> = (0..PAIRS)
        .map(|pair| {
            let (hanging, none) = match pair % 2 {
                0 => {
                    let hanging = p99(runtime, names, true);
                    (hanging, p99(runtime, names, false))
                }
                _ => {
                    let none = p99(runtime, names, false);
                    (p99(runtime, names, true), none)
                }
            };
            hanging.as_secs_f64() / none.as_secs_f64()
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    let [low, median, high] = [LOW, PAIRS / 2, PAIRS - 1 - LOW].map(|rank| ratios[rank]);
    #[expect(
        clippy::print_stdout,
        reason = "a benchmark reports on standard output"
    )]
    {
        println!(
            "p99 of the others: 1 % hang / none hangs  ratio: {median:.3} (95 %: {low:.3} to \
             {high:.3}, {PAIRS} pairs of {} calls)",
            2 * (TENANTS - TENANTS / HANGING)
        );
    }
}

fn p99(runtime: &Runtime, names: &Arc<[String]>, hang: bool) -> Duration {
    let pool = pool(hang);
    let mut times: Vec<Duration> = runtime.block_on(async {
        let mut hanging = JoinSet::new();
        for number in (0..TENANTS).step_by(HANGING) {
            let (pool, names) = (pool.clone(), Arc::clone(names));
            hanging.spawn(async move {
                let cached = pool.get(&names[number]).expect("a cache");
                black_box(cached.token().await)
            });
        }
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            let (pool, names) = (pool.clone(), Arc::clone(names));
            callers.spawn(async move {
                let mut times = Vec::with_capacity(2 * TENANTS / CALLERS);
                let numbers = (caller..TENANTS).step_by(CALLERS);
                for number in numbers.filter(|number| !number.is_multiple_of(HANGING)) {
                    for _ in 0..2 {
                        let start = now();
                        let cached = pool.get(&names[number]).expect("a cache");
                        black_box(cached.token().await.expect("a token"));
                        times.push(now().duration_since(start));
                    }
                }
                times
            });
        }
        callers.join_all().await.concat()
        // Those who still wait are dropped here.
    });
    assert!(pool.len() <= CAPACITY, "the bound is held");
    let rank = times.len() * 99 / 100;
    *times.select_nth_unstable(rank).1
}

fn pool(hang: bool) -> TokenPool {
    TokenPool::new(CAPACITY, move |tenant: &str| {
        let number: usize = tenant[PREFIX.len()..].parse().expect("a number");
        Ok(Cached::new(Tenant {
            hangs: hang && number.is_multiple_of(HANGING),
        }))
    })
}

fn name(number: usize) -> String {
    format!("{PREFIX}{number:06}")
}

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
    Instant::now()
}

const PREFIX: &str = "tenant-";
const TENANTS: usize = 10_000;
const CAPACITY: usize = 12_000;
/// One of so many tenants hangs.
const HANGING: usize = 100;
/// So many call at a time.
const CALLERS: usize = 64;
/// Prime, so that every tenant has its turn.
const STEP: usize = 7_919;
const PAIRS: usize = 31;
/// The rank of the lower bound: of 31 values, the median lies between the 10th and the 22nd with a
/// probability of 95 % (binomial distribution).
const LOW: usize = 9;
