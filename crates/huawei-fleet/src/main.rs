//! A fleet of processes that share one token, and a driver that makes their life hard.
//!
//! The driver serves the emulator's IoT platform, on which a login voids the token before, starts
//! workers with the shipped client, ends and stops them, takes the store away, and judges. It ends
//! with an error if a promise was broken.

#![expect(
    clippy::print_stdout,
    reason = "a command line tool speaks on standard output"
)]

mod driver;
mod faults;
mod fleet;
mod redis;
mod report;
mod said;
mod told;
mod verdict;
mod worker;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use lexopt::{Arg, ValueExt};

/// How a run goes.
#[derive(Clone, Debug)]
struct Plan {
    role: Role,
    store: StoreKind,
    processes: usize,
    tasks: usize,
    span: Duration,
    /// How long a token lives.
    lifetime: Duration,
    faults: Vec<Kind>,
    /// For a worker: where platform and store are, which device to read, and how wrong its clock
    /// is, in seconds.
    platform: String,
    place: String,
    device: String,
    clock: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Drive,
    Work,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StoreKind {
    File,
    Redis,
}

/// What is done to a fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Clocks of processes are ten minutes slow or fast.
    Clocks,
    /// A process that has the lease is killed; another one is started. The next that has it lives.
    Kill,
    /// Every process that has the lease is killed, so that nobody gets a token.
    KillAll,
    /// The platform answers three of ten requests with 503.
    Refuse,
    /// A process that has the lease is stopped for longer than the lease lasts.
    Stop,
    /// The store goes away and comes back: by turns ended and started again, and paused.
    Store,
}

impl StoreKind {
    fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Redis => "redis",
        }
    }
}

impl Kind {
    /// What can happen at once.
    const ALL: [Self; 5] = [
        Self::Kill,
        Self::Stop,
        Self::Store,
        Self::Refuse,
        Self::Clocks,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Clocks => "clocks",
            Self::Kill => "kill",
            Self::KillAll => "kill-all",
            Self::Refuse => "503",
            Self::Stop => "stop",
            Self::Store => "store",
        }
    }
}

impl Plan {
    fn has(&self, kind: Kind) -> bool {
        self.faults.contains(&kind)
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<()> {
    let plan = parse()?;
    match plan.role {
        Role::Drive => driver::run(plan).await,
        Role::Work => worker::run(plan).await,
    }
}

fn parse() -> Result<Plan> {
    let mut plan = Plan {
        role: Role::Drive,
        store: StoreKind::File,
        processes: 20,
        tasks: 50,
        span: Duration::from_secs(60),
        lifetime: Duration::from_secs(5),
        faults: Vec::new(),
        platform: String::new(),
        place: String::new(),
        device: String::new(),
        clock: 0,
    };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Value(word) if word == "work" => plan.role = Role::Work,
            Arg::Long("store") => {
                plan.store = match arguments.value()?.string()?.as_str() {
                    "file" => StoreKind::File,
                    "redis" => StoreKind::Redis,
                    other => bail!("no store is called {other}"),
                }
            }
            Arg::Long("processes") => plan.processes = arguments.value()?.parse()?,
            Arg::Long("tasks") => plan.tasks = arguments.value()?.parse()?,
            Arg::Long("seconds") => plan.span = Duration::from_secs(arguments.value()?.parse()?),
            Arg::Long("faults") => plan.faults = faults(&arguments.value()?.string()?)?,
            Arg::Long("platform") => plan.platform = arguments.value()?.string()?,
            Arg::Long("place") => plan.place = arguments.value()?.string()?,
            Arg::Long("device") => plan.device = arguments.value()?.string()?,
            Arg::Long("clock") => plan.clock = arguments.value()?.parse()?,
            _ => bail!("{USAGE}"),
        }
    }
    Ok(plan)
}

fn faults(words: &str) -> Result<Vec<Kind>> {
    match words {
        "all" => Ok(Kind::ALL.to_vec()),
        "none" => Ok(Vec::new()),
        words => words.split(',').map(fault).collect(),
    }
}

fn fault(word: &str) -> Result<Kind> {
    let mut kinds = Kind::ALL.into_iter().chain([Kind::KillAll]);
    match kinds.find(|kind| kind.word() == word) {
        Some(kind) => Ok(kind),
        None => bail!("no fault is called {word}\n{USAGE}"),
    }
}

/// A directory of this run's own.
fn scratch() -> PathBuf {
    std::env::temp_dir().join(format!("huawei-fleet-{}", std::process::id()))
}

const USAGE: &str = "\
usage: huawei-fleet [--store file|redis] [--processes 20] [--tasks 50] [--seconds 60]
                    [--faults none|all|kill-all|kill,stop,store,503,clocks]";
