//! The checker of the documents, a Python program that lives beside them.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::sample::{self, PLATFORMS};

/// The files that the checker refuses, as `<platform>/<name>`; nothing, and a word about it, when
/// it cannot be run here.
///
/// # Panics
///
/// If the samples cannot be written below `scratch`.
pub fn refused(scratch: &Path, exchanges: &[(&str, String, Value)]) -> Option<BTreeSet<String>> {
    let checker = able()?;
    let folder = scratch.join("made");
    let _ = fs::remove_dir_all(&folder);
    for (platform, name, sample) in exchanges {
        let folder = folder.join(platform);
        fs::create_dir_all(&folder).expect("the folder can be made");
        let mut sample = sample.clone();
        if sample::is(&sample, "form-urlencoded") {
            // A sample holds a form as its encoded text.
            let form = sample::request(&sample).into_body();
            sample["body"] = String::from_utf8_lossy(&form).into();
        }
        fs::write(folder.join(name), sample.to_string()).expect("the sample can be written");
    }
    Some(run(&checker, &folder))
}

/// A difference between exchanges and document that is known and stays.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a test writes out each member")]
pub struct Known {
    /// The beginning of the names of the files, `<platform>/<operation>.<kind>`.
    pub files: &'static str,
    /// What the checker says of them.
    pub says: &'static str,
    /// Why it stays.
    pub reason: &'static str,
}

/// Where the emulator of these tests writes its exchanges; nowhere unless [`judge`] wants them.
pub(crate) fn exchanges() -> Option<PathBuf> {
    env::var_os(EXCHANGES).map(PathBuf::from)
}

/// Runs the tests of this program whose names hold one of these words once more, in one process
/// that records every exchange, and has the checker judge all of them. `test` is the one that calls.
///
/// # Panics
///
/// If the checker refuses an exchange that is not among the known ones, if one of those no longer
/// occurs, or if a test fails.
pub fn judge(test: &str, words: &[&str], scratch: &Path, known: &[Known]) {
    let Some(checker) = able() else {
        return;
    };
    let folder = scratch.join("exchanges");
    let _ = fs::remove_dir_all(&folder);
    let program = env::current_exe().expect("a test is a program");
    let output = Command::new(program)
        .args(words)
        .args(["--skip", test])
        .env(EXCHANGES, &folder)
        .output()
        .expect("a program that runs can be run");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    let mut occurred = BTreeSet::new();
    let mut wrong = Vec::new();
    for (file, problems) in verdicts(&checker, &folder) {
        for problem in problems.split("; ") {
            let is_it =
                |known: &Known| file.starts_with(known.files) && problem.contains(known.says);
            match known.iter().position(is_it) {
                Some(at) => drop(occurred.insert(at)),
                None => wrong.push(format!("{file}: {problem}")),
            }
        }
    }
    let gone = known.iter().enumerate();
    let gone = gone.filter(|(at, _)| !occurred.contains(at));
    wrong.extend(gone.map(|(_, known)| format!("no longer occurs: {known:?}")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Runs the checker over a folder of samples and gives the files it refuses.
///
/// # Panics
///
/// If the checker ends without a verdict.
pub fn run(checker: &Path, folder: &Path) -> BTreeSet<String> {
    let verdicts = verdicts(checker, folder).into_iter();
    verdicts.map(|(file, _)| file).collect()
}

/// The files that the checker refuses, each with what it says.
fn verdicts(checker: &Path, folder: &Path) -> Vec<(String, String)> {
    let output = Command::new(python())
        .arg(checker)
        .arg("--samples")
        .arg(folder)
        .args(
            PLATFORMS
                .iter()
                .filter(|platform| folder.join(platform).is_dir()),
        )
        .output()
        .expect("the interpreter ran a moment ago");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains(" passed, "),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text.lines()
        .filter_map(|line| {
            let (platform, rest) = line.strip_prefix("FAIL ")?.split_once(": samples/")?;
            let (name, problems) = rest.split_once(": ")?;
            Some((format!("{platform}/{name}"), problems.to_owned()))
        })
        .collect()
}

/// The checker, if it can be run here; a word about it if not.
pub fn able() -> Option<PathBuf> {
    let Some(checker) = find() else {
        not_run("check.py is not beside this checkout");
        return None;
    };
    let modules = ["-c", "import yaml, jsonschema, openapi_spec_validator"];
    let able = Command::new(python()).args(modules).output();
    if !able.is_ok_and(|output| output.status.success()) {
        not_run("no python3 with pyyaml, jsonschema and openapi-spec-validator is here");
        return None;
    }
    Some(checker)
}

/// The interpreter with what the checker needs, where `cargo xtask test` has brought one; the
/// system's otherwise.
fn python() -> OsString {
    env::var_os("PEERS_PYTHON").unwrap_or_else(|| "python3".into())
}

/// The checker, if the documents' folder is somewhere above this crate.
fn find() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    above
        .map(|folder| folder.join("shared/api/check.py"))
        .find(|path| path.is_file())
}

#[expect(
    clippy::print_stderr,
    reason = "the person who runs the tests must see it"
)]
fn not_run(reason: &str) {
    eprintln!("NOT RUN: the second opinion of check.py, because {reason}");
}

/// Names the folder for the exchanges to a program of tests.
const EXCHANGES: &str = "CONTRACT_EXCHANGES";
