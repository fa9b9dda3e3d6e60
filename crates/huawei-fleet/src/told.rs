//! A worker's store and its door to the network, which tell the driver what goes through them.
//!
//! So the driver knows who has the lease, and can end or stop that very process: before its login,
//! or between the login and the write.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{HttpSend, Lease, Result, Snapshot, StoreKey, Stored, TokenStore};
use bytes::Bytes;
use http::{Request, Response};
use tokio::time::sleep;

use crate::said::{Said, digest, say, token_of};

/// A store that tells.
pub(crate) struct ToldStore(pub(crate) Arc<dyn TokenStore>);

/// A door that tells of logins, each of which takes a while, as on a network.
pub(crate) struct ToldSend(pub(crate) Arc<dyn HttpSend>);

#[async_trait]
impl TokenStore for ToldStore {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    async fn read(&self, key: &StoreKey) -> Result<Snapshot> {
        self.0.read(key).await
    }

    async fn compare_and_set(&self, key: &StoreKey, expected: u64, new: &Stored) -> Result<bool> {
        let written = self.0.compare_and_set(key, expected, new).await;
        if let Some(token) = token_of(new.record()) {
            match &written {
                Ok(true) => say(Said::Wrote(token)),
                Ok(false) => {}
                Err(_) => say(Said::Unwritten(token)),
            }
        }
        written
    }

    async fn lease(&self, key: &StoreKey, holder: &str, span: Duration) -> Result<Lease> {
        let lease = self.0.lease(key, holder, span).await;
        if let Ok(Lease::Granted) = lease {
            say(Said::Held);
        }
        lease
    }

    async fn release(&self, key: &StoreKey, holder: &str) -> Result<()> {
        say(Said::LetGo);
        self.0.release(key, holder).await
    }

    async fn changed(&self, key: &StoreKey, seen: u64, at_most: Duration) {
        self.0.changed(key, seen, at_most).await;
    }
}

#[async_trait]
impl HttpSend for ToldSend {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        if !LOGINS.iter().any(|end| request.uri().path().ends_with(end)) {
            return self.0.send(request).await;
        }
        say(Said::Sending);
        sleep(way()).await;
        let answer = self.0.send(request).await?;
        let granted: Option<serde_json::Value> = serde_json::from_slice(answer.body()).ok();
        if let Some(token) = granted.as_ref().and_then(|it| it["accessToken"].as_str()) {
            say(Said::Issued(digest(token)));
        }
        sleep(way()).await;
        Ok(answer)
    }
}

fn way() -> Duration {
    Duration::from_millis(20 + fastrand::u64(..40))
}

/// The operations that void the token before.
const LOGINS: [&str; 2] = ["/login", "/refreshToken"];
