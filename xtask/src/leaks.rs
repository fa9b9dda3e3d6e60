//! Runs the whole test suite with everything told, and searches all its output for the secrets that
//! were in use.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

use crate::{peers, tools};

/// Runs every test (the demonstration is one of them) below a runner that notes each secret, has
/// all crates tell everything down to `TRACE`, and searches what was printed.
pub(crate) fn check(sh: &Shell) -> Result<()> {
    let folder = tools::root().join("target/leaks");
    sh.remove_path(&folder)?;
    sh.create_dir(&folder)?;
    let public: String = PUBLIC.iter().map(|(text, _)| format!("{text}\n")).collect();
    sh.write_file(folder.join("public.txt"), public)?;

    // As the tests are built, so that nothing is built twice.
    cmd!(
        sh,
        "cargo build --quiet --workspace --all-features --example leaks"
    )
    .quiet()
    .run()?;
    let runner = tools::root().join("target/debug/examples/leaks");
    let _runner = sh.push_env(
        format!("CARGO_TARGET_{}_RUNNER", host(sh)?),
        format!("{} {}", runner.display(), folder.display()),
    );
    let peers = peers::bring(sh);
    for one in &peers.missing {
        println!("NOT RUN: {one}");
    }
    let _named: Vec<_> = peers
        .variables
        .into_iter()
        .map(|(name, value)| sh.push_env(name, value))
        .collect();
    // What is told costs memory, which some count. The tools know no crate of the workspace.
    let wanted = "not (test(allocations::) or package(xtask-release))";
    let tests = match tools::has_cargo(sh, "nextest") {
        true => cmd!(
            sh,
            "cargo nextest run --workspace --all-features --no-fail-fast --status-level fail -E {wanted}"
        ),
        false => cmd!(
            sh,
            "cargo test --workspace --exclude xtask-release --all-features --tests --no-fail-fast -- --nocapture --skip allocations::"
        ),
    };
    tests.quiet().run().context(
        "a test leaks a secret, or fails with everything told; its own output says which",
    )?;
    println!("{}", judge(&tally(&folder)?)?);
    Ok(())
}

/// The host's triple, as cargo writes it into the names of variables.
fn host(sh: &Shell) -> Result<String> {
    let version = cmd!(sh, "rustc -vV").quiet().read()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc does not say what it builds for")?;
    Ok(host.to_uppercase().replace('-', "_"))
}

/// What the runner wrote down: for each process how many secrets, and in how many bytes.
fn tally(folder: &Path) -> Result<Vec<(u64, u64)>> {
    let text = fs::read_to_string(folder.join("tally.txt")).unwrap_or_default();
    let lines = text.lines().map(|line| {
        let (secrets, bytes) = line.split_once(' ').context("a line without two numbers")?;
        Ok((secrets.parse()?, bytes.parse()?))
    });
    lines.collect()
}

/// A search that found nothing counts only if there was something to find it in.
fn judge(tally: &[(u64, u64)]) -> Result<String> {
    let secrets: u64 = tally.iter().map(|(secrets, _)| secrets).sum();
    let bytes: u64 = tally.iter().map(|(_, bytes)| bytes).sum();
    let with_secrets = tally.iter().filter(|(secrets, _)| *secrets > 0).count();
    if secrets == 0 || bytes == 0 {
        bail!(
            "nothing was searched: {} processes, {secrets} secrets, {bytes} bytes",
            tally.len()
        );
    }
    Ok(format!(
        "{} processes, of which {with_secrets} had secrets: {secrets} secrets looked for in {} kB, \
         none found",
        tally.len(),
        bytes / 1000
    ))
}

/// What tests treat as a secret and is none, with the reason.
const PUBLIC: &[(&str, &str)] = &[
    (
        "Zkxm4FNw5j0Hq1V2emulated0001",
        "the id of the emulator's application, which is a part of the store's key",
    ),
    (
        "client-id",
        "the id of an application of tests, which is a part of it, too",
    ),
    (
        "code Parameter error.",
        "a text of WeLink that the table of codes quotes",
    ),
    (
        "device_code",
        "stands for a code in samples; also a kind of grant",
    ),
    ("password", "what the tests of passwords use for one"),
    (
        "refresh_token",
        "stands for a token in samples; also a kind of grant",
    ),
];

#[cfg(test)]
mod tests {
    use super::judge;

    #[test]
    fn a_search_of_nothing_fails() {
        assert!(judge(&[]).is_err());
        assert!(judge(&[(0, 5000), (0, 10)]).is_err());
        assert!(judge(&[(7, 0)]).is_err());
        assert_eq!(
            judge(&[(7, 1500), (0, 2500)]).unwrap(),
            "2 processes, of which 1 had secrets: 7 secrets looked for in 4 kB, none found"
        );
    }
}
