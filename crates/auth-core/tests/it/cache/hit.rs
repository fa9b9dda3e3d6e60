//! Promise 1: a hit takes no lock, no memory, and formats nothing.

use std::hint::black_box;
use std::sync::Arc;

use allocation_counter::{AllocationInfo, measure};
use auth_core::{Cached, TokenProvider};
use http::HeaderMap;
use tokio::runtime::{Builder, Runtime};

use crate::cache::issuer::{Answer, HOUR, Issuer};

const HITS: u64 = 100;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn warm(runtime: &Runtime) -> Cached {
    let (cached, _clock) = Issuer::new(HOUR).cached();
    runtime.block_on(cached.token()).unwrap();
    // The thread's first look registers it with the swap.
    assert!(cached.cached().is_some());
    cached
}

#[test]
fn a_look_at_the_cached_token_allocates_nothing() {
    let cached = warm(&runtime());
    let count = measure(|| {
        for _ in 0..HITS {
            black_box(cached.cached().unwrap());
        }
    });
    assert_eq!(count.count_total, 0);
}

#[test]
fn a_look_at_a_nearly_expired_token_allocates_nothing() {
    let runtime = runtime();
    let issuer = Issuer::new(HOUR).then([Answer::Slow(Default::default()), Answer::Nothing]);
    let (cached, clock) = issuer.cached();
    runtime.block_on(async {
        cached.token().await.unwrap();
        clock.advance(HOUR * 19 / 20);
        // Starts the refresh, which hangs.
        assert!(cached.cached().is_some());
        tokio::task::yield_now().await;
        let count = measure(|| {
            for _ in 0..HITS {
                black_box(cached.cached().unwrap());
            }
        });
        assert_eq!(count.count_total, 0);
    });
    assert_eq!(issuer.calls(), 2);
}

#[test]
fn awaiting_a_ready_token_allocates_nothing() {
    let runtime = runtime();
    let cached = warm(&runtime);
    runtime.block_on(async {
        let before = cached.token().await.unwrap();
        let count = count_async(async {
            for _ in 0..HITS {
                black_box(cached.token().await.unwrap());
            }
        });
        assert_eq!(count.count_total, 0);
        assert!(format!("{before:?}").contains(&before.fingerprint()));
    });
}

#[test]
fn through_a_trait_object_a_ready_token_allocates_once() {
    let runtime = runtime();
    let cached: Arc<dyn TokenProvider> = Arc::new(warm(&runtime));
    runtime.block_on(async {
        let count = count_async(async {
            for _ in 0..HITS {
                black_box(cached.token().await.unwrap());
            }
        });
        assert_eq!(count.count_total, HITS);
        assert!(count.bytes_total <= 48 * HITS, "{}", count.bytes_total);
    });
}

#[test]
fn the_ready_header_is_put_on_a_request_without_allocating() {
    let cached = warm(&runtime());
    let mut headers = HeaderMap::with_capacity(4);
    let count = measure(|| {
        for _ in 0..HITS {
            let token = cached.cached().unwrap();
            let (name, value) = token.header();
            headers.insert(name, value.clone());
        }
    });
    assert_eq!(count.count_total, 0);
    assert!(headers[http::header::AUTHORIZATION].is_sensitive());
}

/// Allocations of a future that is ready at once.
fn count_async(future: impl Future<Output = ()>) -> AllocationInfo {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut done = false;
    let count = measure(|| done = future.as_mut().poll(&mut context).is_ready());
    assert!(done, "the future had to wait");
    count
}
