//! Starts the fleet, does to it what happens to fleets, and judges.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use auth_core::{ReqwestSend, StoreKey, TokenStore};
use huawei_emulator::iot_na::IotNa;
use huawei_emulator::{Emulator, Space};
use iot_na::Registration;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::faults::{Targets, suffer};
use crate::fleet::Fleet;
use crate::redis::Server;
use crate::said::{now, token_of};
use crate::verdict::Verdict;
use crate::{Plan, StoreKind, report, scratch, worker};

pub(crate) async fn run(mut plan: Plan) -> Result<()> {
    let directory = scratch();
    let emulator = Emulator::start_thread()?;
    let lifetime = i64::try_from(plan.lifetime.as_secs())?;
    emulator.iot_na().set_token_lifetime(lifetime);
    plan.platform = emulator.url("iot-na");
    let mut server = None;
    match plan.store {
        StoreKind::File => plan.place = directory.join("tokens").display().to_string(),
        StoreKind::Redis => {
            let Some(started) = Server::start(directory.join("redis")).await? else {
                println!("NOT RUN: there is no redis-server on this machine");
                return Ok(());
            };
            plan.place = started.url();
            server = Some(Arc::new(Mutex::new(started)));
        }
    }
    let store = worker::store(&plan)?;
    let client = worker::client(&plan, ReqwestSend::shared()?, Arc::clone(&store))?;
    let meter = Registration::permanent("866971030000017");
    plan.device = client.register_device(&meter).await?.device_id;
    drop(client);

    let fleet = Fleet::new(plan.clone());
    let watches = [
        tokio::spawn(watch_store(fleet.clone(), store)),
        tokio::spawn(watch_platform(fleet.clone(), emulator.clone())),
    ];
    for _ in 0..plan.processes {
        fleet.start().await?;
    }
    let end = now() + i64::try_from(plan.span.as_millis())?;
    let targets = Targets {
        fleet: fleet.clone(),
        platform: emulator.clone(),
        server: server.clone(),
    };
    let mut sufferings: JoinSet<_> = plan
        .faults
        .iter()
        .map(|kind| suffer(*kind, targets.clone(), end))
        .collect();
    sleep(plan.span).await;
    while let Some(ended) = sufferings.join_next().await {
        ended??;
    }
    // Quiet at the end: what is under way comes home.
    sleep(QUIET).await;
    fleet.end().await?;
    sleep(Duration::from_millis(300)).await;
    for watch in watches {
        watch.abort();
    }
    let issued = emulator.iot_na().tokens_issued();
    let verdict = fleet.known(|known| Verdict::new(&plan, known, issued));
    fleet.known(|known| report::print(&plan, known, &verdict));
    drop(server);
    let _ = std::fs::remove_dir_all(&directory);
    match verdict.broken.as_slice() {
        [] => Ok(()),
        broken => bail!("broken: {}", broken.join("; ")),
    }
}

/// Notes every token that stands in the store.
async fn watch_store(fleet: Fleet, store: Arc<dyn TokenStore>) {
    let key = StoreKey::new("iot-na", "access_token", IotNa::APP_ID);
    loop {
        if let Ok(snapshot) = store.read(&key).await
            && let Some(stored) = snapshot.stored
            && let Some(token) = token_of(stored.record())
        {
            fleet.known(|known| known.stored.insert(token));
        }
        sleep(Duration::from_millis(25)).await;
    }
}

/// Notes when the platform issued tokens.
async fn watch_platform(fleet: Fleet, platform: Space) {
    let mut seen = 0;
    loop {
        for entry in platform.log() {
            if entry.number <= seen {
                continue;
            }
            seen = entry.number;
            let logs_in = matches!(entry.operation, Some("login" | "refresh_token"));
            if logs_in && entry.status == 200 && entry.fault.is_none() {
                fleet.known(|known| known.logins.push(entry.time_ms));
            }
        }
        fleet.known(|known| known.requests = seen);
        sleep(Duration::from_millis(100)).await;
    }
}

const QUIET: Duration = Duration::from_secs(3);
