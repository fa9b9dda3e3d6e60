//! The workers as the driver knows them: what they said, and which of them to hit next.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::said::{Failure, Line, Said, now};
use crate::{Kind, Plan};

/// The fleet. Clones are one.
#[derive(Clone)]
pub(crate) struct Fleet(Arc<Inner>);

struct Inner {
    plan: Plan,
    state: Mutex<State>,
    /// Held while the store's directory is not there: who starts then would make another one.
    pub(crate) away: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    workers: HashMap<u32, Worker>,
    armed: VecDeque<Armed>,
    known: Known,
    started: usize,
}

struct Worker {
    child: Child,
    holds: bool,
}

/// Who does this next is hit.
struct Armed {
    signal: Signal,
    point: Point,
    hit: oneshot::Sender<u32>,
}

/// What a worker with the lease is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    /// To look once more whether a login is needed.
    Held,
    /// To write the token that it was issued.
    Issued,
    /// To log in.
    Sending,
}

/// Everything that was seen of a run, with times in milliseconds since 1970.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Calls that ended, by process.
    pub(crate) calls: BTreeMap<u32, u64>,
    /// Calls that failed: the process, the end of the call, and why.
    pub(crate) failures: Vec<(u32, i64, Failure)>,
    /// Who had the lease, and when that was confirmed.
    pub(crate) held: Vec<(u32, i64)>,
    /// Logins that were sent.
    pub(crate) sent: Vec<(u32, i64)>,
    /// Tokens that arrived at who had logged in.
    pub(crate) issued: Vec<(u32, i64, u64)>,
    /// Tokens that could not be written when they came.
    pub(crate) unwritten: BTreeSet<u64>,
    /// Tokens that were written, or seen in the store.
    pub(crate) stored: BTreeSet<u64>,
    /// When the platform issued tokens.
    pub(crate) logins: Vec<i64>,
    /// Requests that reached the platform.
    pub(crate) requests: u64,
    pub(crate) faults: Vec<Fault>,
}

/// Something that was done to the fleet.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    pub(crate) what: String,
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// Who was hit, if it was a worker, ...
    pub(crate) pid: Option<u32>,
    /// ... and whether it had the lease.
    pub(crate) holder: bool,
}

impl Known {
    /// When the first token was issued.
    pub(crate) fn start(&self) -> i64 {
        self.logins.first().copied().unwrap_or_default()
    }
}

impl Fleet {
    pub(crate) fn new(plan: Plan) -> Self {
        Self(Arc::new(Inner {
            plan,
            state: Mutex::default(),
            away: tokio::sync::Mutex::default(),
        }))
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.0.plan
    }

    /// Looks at, or adds to, what is known.
    pub(crate) fn known<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.state().known)
    }

    /// No worker starts while this is held.
    pub(crate) async fn keep_from_starting(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.away.lock().await
    }

    /// Starts a worker.
    pub(crate) async fn start(&self) -> Result<()> {
        let _present = self.0.away.lock().await;
        let plan = &self.0.plan;
        let mut state = self.state();
        // Every third host is ten minutes slow, every third ten minutes fast.
        let clock = match (plan.has(Kind::Clocks), state.started % 3) {
            (true, 1) => -600,
            (true, 2) => 600,
            _ => 0,
        };
        let mut child = Command::new(std::env::current_exe()?)
            .args(["work", "--store", plan.store.word()])
            .args(["--tasks", &plan.tasks.to_string()])
            .args(["--platform", &plan.platform, "--place", &plan.place])
            .args(["--device", &plan.device])
            .arg(format!("--clock={clock}"))
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let pid = child.id().context("a worker has an id")?;
        let mut lines = BufReader::new(child.stdout.take().context("a worker speaks")?).lines();
        state.started += 1;
        let holds = false;
        state.workers.insert(pid, Worker { child, holds });
        drop(state);
        let fleet = self.clone();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                // The last line of a worker that was killed may be a part of one.
                if let Ok(line) = serde_json::from_str(&line) {
                    fleet.state().hear(pid, line);
                }
            }
        });
        Ok(())
    }

    /// Sends the signal to the next worker that has the lease and comes to this point. Gives its id,
    /// and whether it still had the lease when the signal arrived; `None` if nobody came by.
    pub(crate) async fn hit_holder(&self, signal: Signal, point: Point) -> Option<(u32, bool)> {
        let (hit, was_hit) = oneshot::channel();
        self.state().armed.push_back(Armed { signal, point, hit });
        let pid = tokio::time::timeout(PATIENCE, was_hit).await;
        let Ok(Ok(pid)) = pid else {
            self.state().armed.retain(|armed| !armed.hit.is_closed());
            return None;
        };
        // What it said before the signal arrived is heard by then.
        sleep(Duration::from_millis(300)).await;
        let holds = self.state().workers.get(&pid)?.holds;
        Some((pid, holds))
    }

    /// Takes a worker that was killed out of the fleet.
    pub(crate) async fn bury(&self, pid: u32) -> Result<()> {
        let worker = self.state().workers.remove(&pid);
        if let Some(mut worker) = worker {
            worker.child.kill().await?;
        }
        Ok(())
    }

    /// Ends all workers.
    pub(crate) async fn end(&self) -> Result<()> {
        let pids: Vec<u32> = self.state().workers.keys().copied().collect();
        for pid in pids {
            self.bury(pid).await?;
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn hear(&mut self, pid: u32, line: Line) {
        let known = &mut self.known;
        let point = match line.said {
            Said::Calls(calls) => {
                known.calls.insert(pid, calls);
                None
            }
            Said::Failed(failure) => {
                known.failures.push((pid, line.at, failure));
                None
            }
            Said::Held => {
                known.held.push((pid, line.at));
                Some(Point::Held)
            }
            Said::Issued(token) => {
                known.issued.push((pid, line.at, token));
                Some(Point::Issued)
            }
            Said::LetGo => {
                if let Some(worker) = self.workers.get_mut(&pid) {
                    worker.holds = false;
                }
                None
            }
            Said::Sending => {
                known.sent.push((pid, line.at));
                Some(Point::Sending)
            }
            Said::Unwritten(token) => {
                known.unwritten.insert(token);
                None
            }
            Said::Wrote(token) => {
                known.stored.insert(token);
                None
            }
        };
        let Some(point) = point else { return };
        if let Some(worker) = self.workers.get_mut(&pid) {
            worker.holds = true;
        }
        let next = self.armed.iter().position(|armed| armed.point == point);
        if let Some(armed) = next.and_then(|next| self.armed.remove(next))
            && signal(pid, armed.signal).is_ok()
        {
            let _ = armed.hit.send(pid);
        }
    }
}

/// Sends a signal to a process that this one started.
pub(crate) fn signal(pid: u32, signal: Signal) -> Result<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    kill_process(pid.context("no process has this id")?, signal)?;
    Ok(())
}

/// Begins a fault, which lasts until [`ended`].
pub(crate) fn begun(fleet: &Fleet, kind: Kind, what: &str) -> usize {
    let from = now();
    fleet.known(|known| {
        known.faults.push(Fault {
            kind,
            what: what.to_owned(),
            from,
            to: i64::MAX,
            pid: None,
            holder: false,
        });
        known.faults.len() - 1
    })
}

pub(crate) fn ended(fleet: &Fleet, fault: usize) {
    let to = now();
    fleet.known(|known| known.faults[fault].to = to);
}

/// Tokens of five seconds are renewed more often than this, unless the store or the platform is away.
const PATIENCE: Duration = Duration::from_secs(20);
