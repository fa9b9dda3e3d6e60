//! Searches the output of a whole test suite for the secrets that its tests made: a runner for
//! cargo and nextest, which runs each of their test programs watched and fails where one leaks.
//!
//! ```text
//! export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="target/debug/examples/leaks target/leaks"
//! cargo nextest run --all-features
//! ```
//!
//! The first argument is a folder. `public.txt` in it holds texts that are no secrets, one a line,
//! though tests treat them as such; a line for each run is added to `tally.txt`: how many secrets
//! were searched for in how many bytes. Look at the sum: where nothing was searched, nothing was
//! found. The output of a run that leaks is kept beside them.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that speaks to a person, and passes on what another says"
)]

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode};

use auth_core::testing::Watched;

fn main() -> io::Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(folder), Some(program)) = (arguments.next(), arguments.next()) else {
        println!("usage: leaks FOLDER PROGRAM [ARGUMENT ..]");
        return Ok(ExitCode::FAILURE);
    };
    let arguments: Vec<_> = arguments.collect();
    let mut command = Command::new(program);
    command.args(&arguments);
    // What tests there are is not a test.
    if arguments.iter().any(|argument| argument == "--list") {
        return Ok(code(command.status()?.success()));
    }

    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    let public = fs::read_to_string(folder.join("public.txt")).unwrap_or_default();
    let public: Vec<&str> = public.lines().collect();
    let run = Watched::run(&mut command, folder, &public)?;

    let bytes = run.stdout().len() + run.stderr().len();
    let mut tally = OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join("tally.txt"))?;
    tally.write_all(format!("{} {bytes}\n", run.secrets()).as_bytes())?;

    io::stdout().write_all(run.stdout())?;
    let ended_well = run.status().success();
    if !ended_well {
        io::stderr().write_all(run.stderr())?;
    }
    if !run.leaks().is_empty() {
        let kept = folder.join(format!("leak-{}", std::process::id()));
        fs::write(kept.with_extension("stdout"), run.stdout())?;
        fs::write(kept.with_extension("stderr"), run.stderr())?;
        for leak in run.leaks().iter().take(SHOWN) {
            eprintln!("LEAK: {leak}; the output is in {}.*", kept.display());
        }
    }
    Ok(code(ended_well && run.leaks().is_empty()))
}

fn code(good: bool) -> ExitCode {
    match good {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// How many leaks of one run are shown.
const SHOWN: usize = 10;
