//! Build commands of this workspace, run as `cargo xtask <command>`.

#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a command line tool speaks to a person"
)]

mod ci;
mod codegen;
mod cost;
mod fleet;
mod fuzz;
mod leaks;
mod links;
mod observability;
mod peers;
mod policy;
mod proof;
mod secrets;
mod steps;
mod suite;
mod tidy;
mod tools;
mod translations;
mod trees;
mod unused;

use std::env;
use std::process::ExitCode;

use anyhow::{Result, bail};
use xshell::Shell;

fn main() -> ExitCode {
    let Err(error) = run() else {
        return ExitCode::SUCCESS;
    };
    eprintln!("Error: {error:?}");
    // The count of the tests is the last line of a run, however it ends.
    if let Some(failed) = error.downcast_ref::<suite::Failed>() {
        println!("{}", failed.0);
    }
    ExitCode::FAILURE
}

fn run() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let sh = Shell::new()?;
    sh.change_dir(tools::root());
    match args.as_slice() {
        ["bench", rest @ ..] => steps::bench(&sh, rest),
        ["ci"] => ci::run(&sh),
        ["ci", step] => ci::one(&sh, step),
        ["codegen"] => codegen::write(),
        ["codegen", "--check"] => codegen::check(),
        ["cost"] => cost::run(&sh),
        ["demo"] => steps::demo(&sh),
        ["docs"] => steps::docs_rs(&sh),
        ["fleet", rest @ ..] => fleet::run(&sh, rest),
        ["fuzz"] => fuzz::run(&sh, fuzz::Length::Repeatable),
        ["fuzz", seconds] => fuzz::run(&sh, fuzz::Length::Seconds(seconds.parse()?)),
        ["leaks"] => leaks::check(&sh),
        ["minimal-versions"] => steps::minimal_versions(&sh),
        ["proof"] => proof::run(&sh),
        ["release", rest @ ..] => steps::release(&sh, rest),
        ["test"] => steps::test(&sh),
        ["trees"] => trees::check(&sh),
        ["trees", "--write"] => trees::write(&sh),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => bail!("{USAGE}"),
    }
}

const USAGE: &str = "\
usage: cargo xtask <command>

  demo                every platform's main job, step by step, against the emulator
  test                all tests; brings what they need first
  ci [STEP]           everything CI checks, in CI's order, or one step of it
  codegen [--check]   write, or compare, the code generated from crates/*/openapi.yaml
  trees [--write]     compare, or write, what each published crate brings into a user's build
  cost                what a crate costs a user: build time, crates, size (Linux, several minutes)
  docs                the pages of the published crates, built as docs.rs builds them
  minimal-versions    the published crates with the oldest dependencies they allow (nightly)
  proof               the packages, built outside of the workspace, and a newcomer's program
  release [COMMAND]   the plan of the next release, its commit and tags; see docs/release.md
  fleet [ARGS]        processes that share a token, with and without faults: the figures of
                      docs/reliability.md (Linux, 25 minutes; `--seconds 10` for a short look)
  leaks               all tests with everything told, their output searched for their secrets
  fuzz [SECONDS]      every fuzz target from its seeds: as CI does, or for so long with other inputs
  bench [ARGS]        the benchmarks of docs/performance.md";
