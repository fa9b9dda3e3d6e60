//! The second opinion on a public API: `cargo semver-checks`, which knows rules that a comparison
//! of texts does not (a trait that can no longer be implemented, a type that is no longer `Send`).

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

use crate::api::{Api, Difference};
use crate::level::Level;

/// The checker, installed.
pub struct Checker(PathBuf);

/// Where the checker comes from.
#[derive(Clone, Debug)]
pub enum Tools {
    /// Built from source into this folder, unless it is there or on the machine.
    Install(PathBuf),
    /// Used if it is in this folder or on the machine.
    Present(PathBuf),
}

impl Checker {
    /// The checker, if there is to be one.
    pub fn get(sh: &Shell, tools: &Tools) -> Result<Option<Self>> {
        let (Tools::Install(folder) | Tools::Present(folder)) = tools;
        let found = Self::find(folder);
        match (found, tools) {
            (Some(found), _) => Ok(Some(found)),
            (None, Tools::Install(folder)) => Self::install(sh, folder).map(Some),
            (None, Tools::Present(_)) => Ok(None),
        }
    }

    fn find(tools: &Path) -> Option<Self> {
        let path = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&path)
            .chain([tools.join(NAME).join("bin")])
            .map(|folder| folder.join(NAME).with_extension(env::consts::EXE_EXTENSION))
            .find(|file| file.exists())
            .map(Self)
    }

    /// Not optimised much: it looks at a handful of crates, and compiling it is what costs.
    fn install(sh: &Shell, tools: &Path) -> Result<Self> {
        println!(
            "installing {NAME} {VERSION} into {}; this happens once",
            tools.display()
        );
        let (root, build) = (tools.join(NAME), tools.join("build"));
        cmd!(
            sh,
            "cargo install {NAME} --version {VERSION} --locked --no-default-features --profile dev --quiet --root {root}"
        )
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        .env("CARGO_TARGET_DIR", &build)
        .quiet()
        .run()
        .with_context(|| format!("{NAME} cannot be installed"))?;
        sh.remove_path(&build)?;
        Self::find(tools).context("the semver checker was installed and is not there")
    }

    /// What the checker says about a change.
    pub fn judge(&self, sh: &Shell, old: &Api, new: &Api) -> Result<Difference> {
        let (program, old, new) = (&self.0, &old.json, &new.json);
        let output = cmd!(
            sh,
            "{program} semver-checks check-release --baseline-rustdoc {old} --current-rustdoc {new} --release-type patch --color never"
        )
        .quiet()
        .ignore_status()
        .output()?;
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        let Some(difference) = read(&text) else {
            bail!("the semver checker did not finish:\n{text}");
        };
        Ok(difference)
    }
}

/// Reads the checker's report.
fn read(text: &str) -> Option<Difference> {
    let summary = text
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("Summary "))?;
    let level = match summary {
        _ if summary.contains("requires new major version") => Level::Break,
        _ if summary.contains("requires new minor version") => Level::Addition,
        _ => Level::None,
    };
    let failures = text.lines().filter_map(|line| {
        let line = line.strip_prefix("--- failure ")?;
        Some(line.trim_end_matches([' ', '-']).to_owned())
    });
    Some(Difference {
        level,
        lines: failures.collect(),
    })
}

const NAME: &str = "cargo-semver-checks";
const VERSION: &str = "0.51.0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read() {
        let text = "\
    Checking core v0.1.0 -> v0.1.0 (assume patch change)
     Checked [   0.007s] 196 checks: 195 pass, 1 fail, 0 warn, 49 skip

--- failure function_missing: pub fn removed or renamed ---

     Summary semver requires new major version: 1 major and 0 minor checks failed
";
        let found = read(text).unwrap();
        assert_eq!(found.level, Level::Break);
        assert_eq!(found.lines, ["function_missing: pub fn removed or renamed"]);
        assert!(read("error: no such file").is_none());
        let fine = read("     Summary no semver update required\n").unwrap();
        assert_eq!(fine.level, Level::None);
    }
}
