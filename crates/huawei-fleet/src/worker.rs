//! One process of the fleet: tasks that call, and a count of what became of the calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use auth_core::{
    Api, ApiBuilder, Clock, Error, ErrorKind, FileStore, RedisStore, Request, RetryPolicy, Token,
    TokenProvider,
};
use serde::Deserialize;
use tokio::time::sleep;

use crate::platform::{CALL, LOGIN, PLATFORM, VOIDED};
use crate::report::Count;
use crate::{Plan, StoreKind};

/// Logs in.
struct Login(Api);

#[derive(Deserialize)]
struct Granted {
    token: String,
    expires_in: u64,
}

#[async_trait]
impl TokenProvider for Login {
    async fn token(&self) -> auth_core::Result<Token> {
        let process = std::process::id().to_string();
        let login = Request::new(&LOGIN).header("x-process", process);
        let granted: Granted = login.send(&self.0).await?;
        Token::bearer(granted.token, Duration::from_secs(granted.expires_in))
    }
}

#[derive(Default)]
struct Counts {
    calls: AtomicU64,
    voided: AtomicU64,
    no_store: AtomicU64,
    others: AtomicU64,
}

pub(crate) async fn run(plan: Plan) -> Result<()> {
    let api = client(&plan)?;
    let counts = Arc::new(Counts::default());
    for _ in 0..plan.tasks {
        let (api, counts) = (api.clone(), Arc::clone(&counts));
        tokio::spawn(async move {
            loop {
                let result: auth_core::Result<serde_json::Value> =
                    Request::new(&CALL).send(&api).await;
                counts.take(result.err().as_ref());
                sleep(Duration::from_millis(1_500 + fastrand::u64(..3_000))).await;
            }
        });
    }
    loop {
        println!("{}", serde_json::to_string(&counts.now())?);
        sleep(Duration::from_millis(100)).await;
    }
}

fn client(plan: &Plan) -> Result<Api> {
    let builder = || -> ApiBuilder {
        Api::builder(&PLATFORM)
            .all_servers(&*plan.platform)
            .clock(Clock::wrong_by(plan.clock))
    };
    let api = match plan.store {
        StoreKind::File => builder().store(FileStore::new(&*plan.place)?),
        StoreKind::Redis => builder().store(RedisStore::new(&plan.place)?),
    };
    let api = api.timeout(Duration::from_secs(8)).build()?;
    let login = Login(builder().retry(RetryPolicy::none()).build()?);
    let tokens = api.tokens("access_token", "app", login);
    let tokens = tokens.lease(Duration::from_secs(2)).build();
    Ok(api.with_credential("token", tokens))
}

impl Counts {
    fn take(&self, error: Option<&Error>) {
        let one = |count: &AtomicU64| {
            count.fetch_add(1, Ordering::Relaxed);
        };
        one(&self.calls);
        let Some(error) = error else { return };
        let names_store = format!("{error:?}").contains("token store");
        match error.api() {
            Some(api) if api.code == VOIDED => one(&self.voided),
            _ if error.kind() == ErrorKind::Credentials && names_store => one(&self.no_store),
            _ => one(&self.others),
        }
    }

    fn now(&self) -> Count {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Count {
            calls: of(&self.calls),
            voided: of(&self.voided),
            no_store: of(&self.no_store),
            others: of(&self.others),
        }
    }
}
