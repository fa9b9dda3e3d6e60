//! A vault that is asked once for all who need its secret at a time.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::{Error, Result, Secret};

/// A vault, and when it was asked.
pub(super) struct Vault {
    fetch: Box<Fetch>,
    /// Counts those who come and the questions that begin.
    moments: AtomicU64,
    /// The moment at which the last question that was answered began.
    answered: Mutex<u64>,
}

type Fetch = dyn Fn() -> Pin<Box<dyn Future<Output = Result<Secret>> + Send>> + Send + Sync;

impl Vault {
    pub(super) fn new<F>(fetch: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Secret>> + Send + 'static,
    {
        Self {
            fetch: Box::new(move || Box::pin(fetch())),
            moments: AtomicU64::new(1),
            answered: Mutex::new(0),
        }
    }

    /// What the vault says; nothing where somebody asked after this call came, and was answered.
    pub(super) async fn ask(&self) -> Option<Result<Secret>> {
        let came = self.moments.fetch_add(1, Ordering::SeqCst);
        let mut answered = self.answered.lock().await;
        if *answered > came {
            return None;
        }
        let began = self.moments.fetch_add(1, Ordering::SeqCst);
        let answer = timeout(PATIENCE, (self.fetch)()).await;
        let answer = answer.unwrap_or_else(|_| {
            Err(Error::transport(format!(
                "the vault of a secret did not answer within {} s",
                PATIENCE.as_secs()
            )))
        });
        if answer.is_ok() {
            *answered = began;
        }
        Some(answer)
    }
}

/// How long a vault may take.
const PATIENCE: Duration = Duration::from_secs(10);
