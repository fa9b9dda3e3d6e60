//! A fleet of processes that share one token, and a driver that makes their life hard.
//!
//! The driver serves a platform on which a login voids the token before, starts workers, ends and
//! stops them, takes the store away, and counts. It ends with an error if a promise was broken.

#![expect(
    clippy::print_stdout,
    reason = "a command line tool speaks on standard output"
)]

mod driver;
mod platform;
mod redis;
mod report;
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
    faults: bool,
    /// For a worker: where platform and store are, and how wrong its clock is, in seconds.
    platform: String,
    place: String,
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

impl StoreKind {
    fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Redis => "redis",
        }
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
        faults: false,
        platform: String::new(),
        place: String::new(),
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
            Arg::Long("faults") => plan.faults = true,
            Arg::Long("platform") => plan.platform = arguments.value()?.string()?,
            Arg::Long("place") => plan.place = arguments.value()?.string()?,
            Arg::Long("clock") => plan.clock = arguments.value()?.parse()?,
            _ => bail!("{USAGE}"),
        }
    }
    Ok(plan)
}

/// A directory of this run's own.
fn scratch() -> PathBuf {
    std::env::temp_dir().join(format!("huawei-fleet-{}", std::process::id()))
}

const USAGE: &str = "\
usage: huawei-fleet [--store file|redis] [--processes 20] [--tasks 50] [--seconds 60] [--faults]";
