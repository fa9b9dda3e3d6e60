//! Many tenants in one process: each on its own, all within a bound.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use auth_core::testing::CountingProvider;
use auth_core::{Cached, Error, Result, Token, TokenPool, TokenProvider};
use tokio::task::JoinSet;

use crate::fleet::world::{HOUR, text};

/// A tenant's platform, which may never answer.
struct Tenant {
    name: String,
    hangs: bool,
}

#[async_trait]
impl TokenProvider for Tenant {
    async fn token(&self) -> Result<Token> {
        match self.hangs {
            true => std::future::pending().await,
            false => Token::bearer(&*self.name, HOUR),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_hangs_delays_nobody_else() {
    let pool = TokenPool::new(20_000, |tenant: &str| {
        let number: usize = tenant.parse().map_err(|_| Error::config("no number"))?;
        Ok(Cached::new(Tenant {
            name: tenant.to_owned(),
            hangs: number.is_multiple_of(100),
        }))
    });
    let mut calls = JoinSet::new();
    for number in 0..10_000_usize {
        let pool = pool.clone();
        calls.spawn(async move {
            let cached = pool.get(&number.to_string()).unwrap();
            // No time passes for those who do not wait.
            let token = tokio::time::timeout(Duration::from_millis(1), cached.token()).await;
            (number, token.ok().map(|token| text(&token.unwrap())))
        });
    }
    while let Some(call) = calls.join_next().await {
        let (number, got) = call.unwrap();
        let expected = (!number.is_multiple_of(100)).then(|| number.to_string());
        assert_eq!(got, expected);
    }
    assert_eq!(pool.len(), 10_000);
}

#[tokio::test(start_paused = true)]
async fn the_pool_keeps_to_its_bound_and_makes_what_it_lacks() {
    let made = Arc::new(AtomicUsize::new(0));
    let pool = TokenPool::new(100, {
        let made = Arc::clone(&made);
        move |_: &str| {
            made.fetch_add(1, Ordering::SeqCst);
            Ok(Cached::new(CountingProvider::new(HOUR)))
        }
    });
    for _ in 0..3 {
        pool.get("often").unwrap().token().await.unwrap();
    }
    assert_eq!(made.load(Ordering::SeqCst), 1);
    for number in 0..10_000 {
        pool.get(&number.to_string()).unwrap();
        assert!(pool.len() <= 100);
    }
    let before = made.load(Ordering::SeqCst);
    assert!(pool.remove("9999").is_some());
    pool.get("9999").unwrap();
    assert_eq!(made.load(Ordering::SeqCst), before + 1);
}

#[tokio::test(start_paused = true)]
async fn a_factory_that_fails_is_asked_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let pool = TokenPool::new(10, {
        let asked = Arc::clone(&asked);
        move |_: &str| match asked.fetch_add(1, Ordering::SeqCst) {
            0 => Err(Error::config("this tenant has no secret yet")),
            _ => Ok("a client of its own kind"),
        }
    });
    assert!(pool.get("tenant").is_err());
    assert!(pool.is_empty());
    assert_eq!(pool.get("tenant").unwrap(), "a client of its own kind");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn there_are_never_more_tenants_than_the_bound() {
    for capacity in [1, 7, 100, 1_001, 4_097] {
        let pool = TokenPool::new(capacity, |tenant: &str| Ok(tenant.len()));
        assert_eq!(pool.capacity(), capacity);
        let mut tasks = JoinSet::new();
        for task in 0..4_usize {
            let pool = pool.clone();
            tasks.spawn(async move {
                for number in 0..5_000_usize {
                    pool.get(&format!("{}", number * (task + 1))).unwrap();
                    assert!(pool.len() <= capacity, "{} of {capacity}", pool.len());
                }
            });
        }
        while let Some(task) = tasks.join_next().await {
            task.unwrap();
        }
        // What is left unused of the bound is what does not divide among its parts.
        assert!(
            pool.len() * 10 >= capacity * 8,
            "{} of {capacity}",
            pool.len()
        );
    }
}

#[test]
fn a_pool_that_clients_fill_has_no_factory() {
    let pool = TokenPool::bounded(10);
    let error = pool.get("tenant").unwrap_err();
    assert!(error.to_string().contains("no factory"), "{error}");
    assert!(pool.is_empty());
}
