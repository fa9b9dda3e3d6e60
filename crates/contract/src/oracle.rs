//! The checker of the documents, a Python program that lives beside them.

use std::collections::BTreeSet;
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

/// Runs the checker over a folder of samples and gives the files it refuses.
///
/// # Panics
///
/// If the checker ends without a verdict.
pub fn run(checker: &Path, folder: &Path) -> BTreeSet<String> {
    let output = Command::new("python3")
        .arg(checker)
        .arg("--samples")
        .arg(folder)
        .args(
            PLATFORMS
                .iter()
                .filter(|platform| folder.join(platform).is_dir()),
        )
        .output()
        .expect("python3 ran a moment ago");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains(" passed, "),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text.lines()
        .filter_map(|line| {
            let (platform, rest) = line.strip_prefix("FAIL ")?.split_once(": samples/")?;
            let (name, _) = rest.split_once(':')?;
            Some(format!("{platform}/{name}"))
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
    let able = Command::new("python3").args(modules).output();
    if !able.is_ok_and(|output| output.status.success()) {
        not_run("python3 with pyyaml, jsonschema and openapi-spec-validator is not installed");
        return None;
    }
    Some(checker)
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
