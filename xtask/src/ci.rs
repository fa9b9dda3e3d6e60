//! The one list of checks: `.ci/run` and `.github/workflows/ci.yml` both call it.

use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use xshell::{Shell, cmd};

use crate::{steps, suite};

/// How a step ended without failing.
pub(crate) enum Done {
    /// It ran and found nothing.
    Passed,
    /// This machine cannot run it, or a part of it, for this reason.
    NotRun(String),
}

/// A check by its name.
pub(crate) type Step = (&'static str, fn(&Shell) -> Result<Done>);

/// Runs every step; stops at the first that fails. The tests come last, so that a run ends with
/// their count.
pub(crate) fn run(sh: &Shell) -> Result<()> {
    let mut report = Vec::new();
    for (name, step) in STEPS {
        report.push(timed(sh, name, *step)?);
    }
    println!("\nSteps so far:\n{}\n", report.join("\n"));
    let not_run = report.iter().filter_map(|line| line.strip_prefix(NOT_RUN));
    let not_run: Vec<String> = not_run.map(str::to_owned).collect();
    tests(sh, &not_run)
}

/// Runs one step. In CI (the variable `CI` is set) one that cannot run is a failure.
pub(crate) fn one(sh: &Shell, wanted: &str) -> Result<()> {
    if wanted == TESTS {
        return tests(sh, &[]);
    }
    let Some((name, step)) = STEPS.iter().find(|(name, _)| *name == wanted) else {
        let names: Vec<_> = STEPS.iter().map(|(name, _)| *name).collect();
        bail!(
            "no step `{wanted}`; there are: {}, {TESTS}",
            names.join(", ")
        );
    };
    let told = timed(sh, name, *step)?;
    // A job that exists for one step is of no use without it.
    if told.starts_with(NOT_RUN) && sh.var("CI").is_ok() {
        bail!("ci step `{name}` could not run here");
    }
    Ok(())
}

fn tests(sh: &Shell, not_run: &[String]) -> Result<()> {
    println!("\n=== {TESTS}");
    suite::run(sh, not_run).with_context(|| format!("ci step `{TESTS}` failed"))
}

fn timed(sh: &Shell, name: &str, step: fn(&Shell) -> Result<Done>) -> Result<String> {
    println!("\n=== {name}");
    #[expect(
        clippy::disallowed_methods,
        reason = "a build tool tells how long a step took"
    )]
    let start = Instant::now();
    let done = step(sh).with_context(|| format!("ci step `{name}` failed"))?;
    let seconds = start.elapsed().as_secs();
    Ok(match done {
        Done::Passed => format!("  passed   {name} ({seconds} s{})", free(sh)),
        Done::NotRun(reason) => {
            println!("NOT RUN: {name}: {reason}");
            format!("{NOT_RUN}{name}: {reason}")
        }
    })
}

/// What is left of the disk after a step, where `df` tells; the next one has to live on it.
fn free(sh: &Shell) -> String {
    let df = cmd!(sh, "df -Pk .").quiet().ignore_stderr().read();
    let line = df.unwrap_or_default();
    let available = line
        .lines()
        .nth(1)
        .and_then(|line| line.split_whitespace().nth(3));
    match available.and_then(|kib| kib.parse::<u64>().ok()) {
        Some(kib) => format!(", {:.1} GiB free", kib as f64 / 1_048_576.0),
        None => String::new(),
    }
}

const STEPS: &[Step] = &[
    ("format", steps::format),
    ("clippy", steps::clippy),
    ("clippy-no-features", steps::clippy_no_features),
    ("codegen", steps::generated),
    ("deny", steps::deny),
    ("trees", steps::trees),
    ("unused", steps::unused),
    ("secrets", steps::secrets),
    ("typos", steps::typos),
    ("msrv", steps::msrv),
    ("features", steps::features),
    ("workflows", steps::workflows),
    ("docs", steps::docs),
    ("package", steps::package),
    ("fuzz", steps::fuzz),
    ("doctest", steps::doctest),
    ("leaks", steps::leaks),
];

/// The step that comes last.
const TESTS: &str = "test";

/// How a line of the report begins.
const NOT_RUN: &str = "  NOT RUN  ";
