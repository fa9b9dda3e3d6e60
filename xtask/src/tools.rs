//! What the commands need from the machine: where things are, and how to get what is missing.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here)
        .parent()
        .expect("xtask lies in the workspace")
        .to_owned()
}

/// The directory for downloaded tools; below `target`, so `cargo clean` removes it.
pub(crate) fn tools_dir() -> PathBuf {
    root().join("target/tools")
}

/// Whether a cargo subcommand is installed.
pub(crate) fn has_cargo(sh: &Shell, subcommand: &str) -> bool {
    quiet(sh, "cargo", &[subcommand, "--version"])
}

/// Whether a toolchain is installed.
pub(crate) fn has_toolchain(sh: &Shell, toolchain: &str) -> bool {
    quiet(sh, "rustup", &["run", toolchain, "rustc", "--version"])
}

/// Installs Python packages into an environment of the workspace's own and returns the path of a
/// program in it. A second call with the same packages does nothing.
pub(crate) fn python(sh: &Shell, name: &str, packages: &[&str], program: &str) -> Result<PathBuf> {
    let venv = tools_dir().join(name);
    let bin = venv.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let stamp = venv.join("packages.txt");
    let wanted = packages.join("\n");
    if sh.read_file(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(bin.join(program));
    }
    let python = ["python3", "python"]
        .into_iter()
        .find(|python| quiet(sh, python, &["--version"]));
    let Some(python) = python else {
        bail!("no python3 on this machine");
    };
    sh.remove_path(&venv)?;
    cmd!(sh, "{python} -m venv {venv}")
        .quiet()
        .run()
        .context("python3 cannot make a virtual environment")?;
    let pip = bin.join("pip");
    cmd!(
        sh,
        "{pip} install --quiet --disable-pip-version-check {packages...}"
    )
    .quiet()
    .run()
    .with_context(|| format!("pip cannot install {}", packages.join(" ")))?;
    sh.write_file(&stamp, wanted)?;
    Ok(bin.join(program))
}

/// Whether a program runs and succeeds; what it prints is not shown.
pub(crate) fn quiet(sh: &Shell, program: &str, args: &[&str]) -> bool {
    cmd!(sh, "{program} {args...}")
        .quiet()
        .ignore_stdout()
        .ignore_stderr()
        .run()
        .is_ok()
}

/// What the program in the shell's folder is built from, each as `name vVERSION`, itself left out.
pub(crate) fn crates(sh: &Shell) -> Result<BTreeSet<String>> {
    let tree = cmd!(sh, "cargo tree --edges normal --prefix none --no-dedupe")
        .quiet()
        .read()?;
    // The program stands first; a folder or a mark may follow the version.
    let lines = tree.lines().skip(1);
    Ok(lines
        .map(|line| line.split(" (").next().unwrap_or(line).to_owned())
        .collect())
}

/// The Rust sources below a folder, in the order of their names; none if there is no such folder.
pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("a folder can be read").path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The CPU time of all finished child processes, from Linux's accounting.
pub(crate) fn children_cpu_s() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat").context("build cost is measured on Linux")?;
    let fields = stat
        .rsplit(") ")
        .next()
        .context("malformed /proc/self/stat")?;
    let ticks = |index: usize| -> Result<f64> {
        let field = fields
            .split(' ')
            .nth(index)
            .context("short /proc/self/stat")?;
        Ok(field.parse::<f64>()?)
    };
    // cutime and cstime, fields 16 and 17 of proc(5); the state is field 3 and stands first here.
    Ok((ticks(13)? + ticks(14)?) / TICKS_PER_S)
}

/// USER_HZ, which Linux fixes for every process that looks.
const TICKS_PER_S: f64 = 100.0;
