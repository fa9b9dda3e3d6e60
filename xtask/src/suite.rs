//! Runs all tests, says before and after them what this machine cannot run, and ends with one line
//! that counts them.

use std::fmt;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use crate::{peers, tools};

/// How many tests ended how. Shown as the last line of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    passed: u64,
    failed: u64,
    skipped: u64,
}

/// Tests failed. What shows the error shows the count after it.
#[derive(Debug)]
pub(crate) struct Failed(pub(crate) Count);

/// Runs every test but the doctests, with nextest where it is installed. What needs another program
/// (the documents' own checker, implementations of others, a browser) finds it through the
/// environment. `not_run` is what could not be run before; it is said again.
pub(crate) fn run(sh: &Shell, not_run: &[String]) -> Result<()> {
    let peers = peers::bring(sh);
    let _named: Vec<_> = peers
        .variables
        .into_iter()
        .map(|(name, value)| sh.push_env(name, value))
        .collect();
    let mut missing = peers.missing;
    let checker = tools::root().join("../shared/api/check.py");
    if !checker.exists() {
        missing
            .push("tests with the documents' own checker: it is not beside this checkout".into());
    }
    let built = tools::tools_dir().join("cargo-semver-checks/bin");
    if !tools::has_cargo(sh, "semver-checks") && !built.exists() {
        missing.push(
            "what cargo-semver-checks says in rehearsed releases: it is not installed".into(),
        );
    }
    for one in &missing {
        println!("NOT RUN: {one}");
    }

    let (command, counts): (_, fn(&str) -> Option<Count>) = match tools::has_cargo(sh, "nextest") {
        true => (
            cmd!(sh, "cargo nextest run --workspace --all-features"),
            of_nextest,
        ),
        false => (
            cmd!(sh, "cargo test --workspace --all-features --tests"),
            of_cargo,
        ),
    };
    let mut child = Command::from(command)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cargo does not start")?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let errors = thread::spawn(move || err.map(|err| pass_on(err, std::io::stderr(), counts)));
    let told = out.map(|out| pass_on(out, std::io::stdout(), counts));
    let erred = errors.join().expect("passing on lines does not panic");
    let count = told.unwrap_or_default() + erred.unwrap_or_default();
    let status = child.wait()?;

    for one in not_run.iter().chain(&missing) {
        println!("NOT RUN: {one}");
    }
    match status.success() {
        false => Err(Failed(count).into()),
        true => {
            println!("{count}");
            Ok(())
        }
    }
}

/// Passes on what a runner says, line by line, and adds up what it counts.
fn pass_on(from: impl Read, mut to: impl Write, counts: fn(&str) -> Option<Count>) -> Count {
    let mut count = Count::default();
    for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
        count = count + counts(&String::from_utf8_lossy(&line)).unwrap_or_default();
        // Whoever does not listen any more still wants to know how it ends.
        let _ = to.write_all(&line).and_then(|()| to.write_all(b"\n"));
    }
    count
}

/// `Summary [ 1.2s] 9 tests run: 7 passed (1 slow), 1 failed, 1 timed out, 3 skipped`
fn of_nextest(line: &str) -> Option<Count> {
    let (_, parts) = line
        .trim_start()
        .strip_prefix("Summary [")?
        .split_once(" run: ")?;
    let mut count = Count::default();
    // The remarks in parentheses say of those that passed how.
    let outside = parts.split('(').map(|part| match part.split_once(')') {
        Some((_, after)) => after,
        None => part,
    });
    for part in outside.flat_map(|part| part.split(',')) {
        let Some((number, what)) = part.trim().split_once(' ') else {
            continue;
        };
        let number: u64 = number.parse().ok()?;
        match what.trim() {
            "passed" => count.passed += number,
            "skipped" => count.skipped += number,
            _ => count.failed += number,
        }
    }
    Some(count)
}

/// `test result: ok. 7 passed; 1 failed; 3 ignored; 0 measured; 0 filtered out; finished in 0.1s`
fn of_cargo(line: &str) -> Option<Count> {
    let (_, parts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let number = |what: &str| {
        let mut parts = parts.split("; ");
        parts.find_map(|part| part.strip_suffix(what)?.trim().parse().ok())
    };
    Some(Count {
        passed: number("passed")?,
        failed: number("failed")?,
        skipped: number("ignored")?,
    })
}

impl std::ops::Add for Count {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tests failed, or did not build")
    }
}

impl std::error::Error for Failed {}

#[cfg(test)]
mod tests {
    use super::{Count, of_cargo, of_nextest, pass_on};

    const SEVEN: Count = Count {
        passed: 7,
        failed: 2,
        skipped: 3,
    };

    #[test]
    fn the_closing_lines_of_both_runners_are_counted() {
        for line in [
            "     Summary [   1.2s] 9 tests run: 7 passed (1 slow, 1 leaky), 1 failed, 1 timed out, 3 skipped",
            "     Summary [   1.2s] 9/12 tests run: 7 passed, 2 failed, 3 skipped",
        ] {
            assert_eq!(of_nextest(line), Some(SEVEN), "{line}");
        }
        assert_eq!(of_nextest("        PASS [ 0.1s] one"), None);
        let lines = "test a ... ok\n\
            test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.02s\n\
            test result: FAILED. 2 passed; 2 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.02s\n";
        let mut shown = Vec::new();
        assert_eq!(pass_on(lines.as_bytes(), &mut shown, of_cargo), SEVEN);
        assert_eq!(shown, lines.as_bytes());
        assert_eq!(SEVEN.to_string(), "7 passed, 2 failed, 3 skipped");
    }
}
