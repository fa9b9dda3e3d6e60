//! What happens to fleets: each fault again and again, until the run is over.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use huawei_emulator::{Fault, Space};
use rustix::fs::{FlockOperation, flock};
use rustix::process::Signal;
use tokio::sync::Mutex;
use tokio::time::sleep;

use crate::Kind;
use crate::fleet::{Fleet, Point, begun, ended, signal};
use crate::redis::Server;
use crate::said::now;

/// What faults are done to.
#[derive(Clone)]
pub(crate) struct Targets {
    pub(crate) fleet: Fleet,
    pub(crate) platform: Space,
    /// The server of the run, or none where the store is in files.
    pub(crate) server: Option<Arc<Mutex<Server>>>,
}

/// Does this to the fleet until `end`, in milliseconds since 1970.
pub(crate) async fn suffer(kind: Kind, targets: Targets, end: i64) -> Result<()> {
    let kinds = targets.fleet.plan().faults.iter();
    // Where everything happens at once, each happens more rarely.
    let others = kinds.filter(|kind| **kind != Kind::Clocks).count().max(1);
    let pause = PAUSE * u32::try_from(others)?;
    let spread = Duration::from_millis(fastrand::u64(..1_000)) * u32::try_from(others)?;
    sleep(spread).await;
    for round in 0.. {
        if now() >= end {
            break;
        }
        match kind {
            Kind::Clocks => return Ok(()),
            Kind::Kill => {
                targets.kill_one().await?;
                targets.recovery(end).await;
            }
            Kind::KillAll => targets.kill_one().await?,
            Kind::Refuse => targets.refuse().await,
            Kind::Stop => targets.stop_one().await?,
            Kind::Store => targets.take_store(round).await?,
        }
        sleep(pause).await;
    }
    Ok(())
}

impl Targets {
    /// Kills a worker that has the lease, and starts another one.
    async fn kill_one(&self) -> Result<()> {
        let point = any_point();
        let Some((pid, holder)) = self.fleet.hit_holder(Signal::KILL, point).await else {
            return Ok(());
        };
        let what = format!("at `{point:?}` killed");
        let fault = begun(&self.fleet, Kind::Kill, &what);
        self.note(fault, pid, holder);
        ended(&self.fleet, fault);
        self.fleet.bury(pid).await?;
        self.fleet.start().await
    }

    /// Waits until the fleet has another token.
    async fn recovery(&self, end: i64) {
        let stored = || self.fleet.known(|known| known.stored.len());
        let before = stored();
        while stored() == before && now() < end {
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Stops a worker that has the lease, for longer than the lease lasts.
    async fn stop_one(&self) -> Result<()> {
        let point = any_point();
        let Some((pid, holder)) = self.fleet.hit_holder(Signal::STOP, point).await else {
            return Ok(());
        };
        let what = format!("at `{point:?}` stopped for {} s", STOP.as_secs());
        let fault = begun(&self.fleet, Kind::Stop, &what);
        self.note(fault, pid, holder);
        sleep(STOP).await;
        signal(pid, Signal::CONT)?;
        ended(&self.fleet, fault);
        Ok(())
    }

    fn note(&self, fault: usize, pid: u32, holder: bool) {
        self.fleet.known(|known| {
            let fault = &mut known.faults[fault];
            // The signal was sent before it was told of.
            fault.from -= 1_000;
            fault.pid = Some(pid);
            fault.holder = holder;
        });
    }

    /// Lets three of ten requests fail.
    async fn refuse(&self) {
        let fault = begun(
            &self.fleet,
            Kind::Refuse,
            "30 % of the answers are 503, for 5 s",
        );
        // Each fault waits until so many requests have passed it; those hit by one before do not
        // count, so the distances add up.
        let mut passed = 0;
        for _ in 0..MOST_REFUSED {
            while fastrand::f64() >= 0.3 {
                passed += 1;
            }
            self.platform.fail_next(Fault::status(503).after(passed));
        }
        sleep(REFUSED).await;
        self.platform.clear_faults();
        ended(&self.fleet, fault);
    }

    async fn take_store(&self, round: usize) -> Result<()> {
        let pauses = round % 2 == 1;
        match (&self.server, pauses) {
            (Some(server), false) => {
                let what = "the redis server was killed and started again after 1 s";
                let fault = begun(&self.fleet, Kind::Store, what);
                server.lock().await.restart(Duration::from_secs(1)).await?;
                ended(&self.fleet, fault);
            }
            (Some(server), true) => {
                let fault = begun(
                    &self.fleet,
                    Kind::Store,
                    "the redis server was stopped for 4 s",
                );
                server.lock().await.pause(AWAY).await?;
                ended(&self.fleet, fault);
            }
            (None, false) => {
                let _nobody_starts = self.fleet.keep_from_starting().await;
                let fault = begun(
                    &self.fleet,
                    Kind::Store,
                    "the directory was moved away for 4 s",
                );
                let here = Path::new(&self.fleet.plan().place);
                let there = here.with_extension("away");
                fs::rename(here, &there)?;
                sleep(AWAY).await;
                fs::rename(&there, here)?;
                ended(&self.fleet, fault);
            }
            (None, true) => {
                let fault = begun(&self.fleet, Kind::Store, "the file's lock was kept for 4 s");
                let file = fs::OpenOptions::new().write(true).open(self.lock_file()?)?;
                flock(&file, FlockOperation::LockExclusive)?;
                sleep(AWAY).await;
                drop(file);
                ended(&self.fleet, fault);
            }
        }
        Ok(())
    }

    /// The lock of the one key that is in use.
    fn lock_file(&self) -> Result<PathBuf> {
        let entries = fs::read_dir(&self.fleet.plan().place)?;
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut locks = paths.filter(|path| path.extension().is_some_and(|end| end == "lock"));
        locks.next().context("the store has a lock")
    }
}

fn any_point() -> Point {
    let points = [Point::Held, Point::Sending, Point::Issued];
    points[fastrand::usize(..points.len())]
}

/// Between one fault and the next of its kind, where there are no other kinds.
const PAUSE: Duration = Duration::from_secs(3);
/// A lease lasts 5 s.
const STOP: Duration = Duration::from_secs(7);
const AWAY: Duration = Duration::from_secs(4);
const REFUSED: Duration = Duration::from_secs(5);
/// More than 30 % of what 1,000 tasks ask in that time, repeats included.
const MOST_REFUSED: usize = 1_200;
