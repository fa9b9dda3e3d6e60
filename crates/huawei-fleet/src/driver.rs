//! Starts the fleet, does to it what happens to fleets, and counts.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use auth_core::{FileStore, RedisStore, StoreKey, TokenStore};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::platform::Issuer;
use crate::redis::{Server, signal};
use crate::report::{Count, Report};
use crate::{Plan, StoreKind, scratch};

/// What every worker said last.
type Said = Arc<Mutex<HashMap<u32, Count>>>;

struct Fleet {
    plan: Plan,
    said: Said,
    workers: Vec<Child>,
    started: usize,
}

pub(crate) async fn run(mut plan: Plan) -> Result<()> {
    let directory = scratch();
    let (issuer, url) = Issuer::serve(plan.lifetime).await?;
    plan.platform = url;
    let mut server = None;
    match plan.store {
        StoreKind::File => plan.place = directory.join("tokens").display().to_string(),
        StoreKind::Redis => {
            let Some(started) = Server::start(directory.join("redis")).await? else {
                println!("NOT RUN: there is no redis-server on this machine");
                return Ok(());
            };
            plan.place = started.url();
            server = Some(started);
        }
    }
    let mut report = Report::default();
    let stored = watch(store(&plan)?);
    let mut fleet = Fleet {
        plan: plan.clone(),
        said: Said::default(),
        workers: Vec::new(),
        started: 0,
    };
    for _ in 0..plan.processes {
        fleet.start()?;
    }
    let life = async {
        match plan.faults {
            true => fleet.suffer(&issuer, server.as_mut(), &mut report).await,
            false => std::future::pending().await,
        }
    };
    if let Ok(ended) = timeout(plan.span, life).await {
        ended?;
    }
    // Quiet at the end: what is under way comes home.
    issuer.set_failing(0.0);
    for worker in &fleet.workers {
        if let Some(pid) = worker.id() {
            let _ = signal("CONT", pid).await;
        }
    }
    sleep(Duration::from_secs(4)).await;
    for worker in &mut fleet.workers {
        worker.kill().await?;
    }
    for count in fleet
        .said
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .values()
    {
        report.total.add(*count);
    }
    report.logins = issuer.logins();
    report.requests = issuer.calls();
    report.stored = stored
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    report.print(&plan);
    drop(server);
    let _ = std::fs::remove_dir_all(&directory);
    match report.broken(&plan).as_slice() {
        [] => Ok(()),
        broken => bail!("broken: {}", broken.join("; ")),
    }
}

impl Fleet {
    fn start(&mut self) -> Result<()> {
        let plan = &self.plan;
        // Every third host is ten minutes slow, every third ten minutes fast.
        let clock = match (plan.faults, self.started % 3) {
            (true, 1) => -600,
            (true, 2) => 600,
            _ => 0,
        };
        let mut worker = Command::new(std::env::current_exe()?)
            .args(["work", "--store", plan.store.word()])
            .args(["--tasks", &plan.tasks.to_string()])
            .args(["--platform", &plan.platform, "--place", &plan.place])
            .arg(format!("--clock={clock}"))
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let pid = worker.id().context("a worker has an id")?;
        let mut lines = BufReader::new(worker.stdout.take().context("a worker speaks")?).lines();
        let said = Arc::clone(&self.said);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Ok(count) = serde_json::from_str(&line) {
                    said.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .insert(pid, count);
                }
            }
        });
        self.workers.push(worker);
        self.started += 1;
        Ok(())
    }

    /// One fault after the other, until the time is up.
    async fn suffer(
        &mut self,
        issuer: &Issuer,
        mut server: Option<&mut Server>,
        report: &mut Report,
    ) -> Result<()> {
        for round in 0.. {
            sleep(Duration::from_secs(2)).await;
            let fault = match (round % 5, &mut server) {
                (0, _) => self.kill_one().await?,
                (1, _) => self.stop_one().await?,
                (2, Some(server)) => {
                    server.restart(Duration::from_secs(1)).await?;
                    "killed the redis server and started it again after 1 s".to_owned()
                }
                (3, Some(server)) => {
                    server.pause(Duration::from_secs(4)).await?;
                    "stopped the redis server for 4 s".to_owned()
                }
                (4, _) => {
                    issuer.set_failing(0.3);
                    sleep(Duration::from_secs(5)).await;
                    issuer.set_failing(0.0);
                    "let 30 % of all answers fail for 5 s".to_owned()
                }
                _ => self.kill_one().await?,
            };
            report.excuses += 1;
            report.faults.push(fault);
        }
        Ok(())
    }

    /// Kills the worker that has the lease, as far as that can be told, or any.
    async fn kill_one(&mut self) -> Result<String> {
        let mut worker = self
            .workers
            .swap_remove(fastrand::usize(..self.workers.len()));
        let pid = worker.id().unwrap_or_default();
        worker.kill().await?;
        self.start()?;
        Ok(format!("killed worker {pid} and started another"))
    }

    /// Stops a worker for longer than a lease lasts.
    async fn stop_one(&mut self) -> Result<String> {
        let worker = &self.workers[fastrand::usize(..self.workers.len())];
        let pid = worker.id().context("the worker has ended")?;
        signal("STOP", pid).await?;
        sleep(Duration::from_secs(4)).await;
        signal("CONT", pid).await?;
        Ok(format!("stopped worker {pid} for 4 s"))
    }
}

fn store(plan: &Plan) -> Result<Arc<dyn TokenStore>> {
    Ok(match plan.store {
        StoreKind::File => Arc::new(FileStore::new(&*plan.place)?),
        StoreKind::Redis => Arc::new(RedisStore::new(&plan.place)?),
    })
}

/// Notes every token that stands in the store.
fn watch(store: Arc<dyn TokenStore>) -> Arc<Mutex<std::collections::BTreeSet<u64>>> {
    let seen: Arc<Mutex<std::collections::BTreeSet<u64>>> = Arc::default();
    let noted = Arc::clone(&seen);
    tokio::spawn(async move {
        let key = StoreKey::new("fleet", "access_token", "app");
        loop {
            if let Ok(snapshot) = store.read(&key).await
                && let Some(stored) = snapshot.stored
                && let Ok(record) = serde_json::from_slice::<serde_json::Value>(stored.record())
                && let Some(value) = record["token"]["value"].as_str()
                && let Some(number) = value.rsplit('-').next().and_then(|it| it.parse().ok())
            {
                noted
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(number);
            }
            sleep(Duration::from_millis(15)).await;
        }
    });
    seen
}
