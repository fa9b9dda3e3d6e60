//! The commands of `cargo xtask release`.

#![expect(
    clippy::print_stdout,
    reason = "a command line tool speaks on standard output"
)]

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use xshell::Shell;
use xtask_release::plan::Wishes;
use xtask_release::prepare::Ci;
use xtask_release::semver_checker::Tools;
use xtask_release::workspace::Workspace;
use xtask_release::{checks, plan, prepare, rehearsal, sbom};

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let sh = Shell::new()?;
    let workspace = Workspace::read(&sh)?;
    sh.change_dir(&workspace.root);
    match args.as_slice() {
        ["plan", rest @ ..] => {
            let plan = plan::make(&sh, &workspace, &wishes(&workspace, rest)?)?;
            println!("{plan}");
            plan.is_allowed()?;
            checks::run(&sh, &workspace)
        }
        ["prepare", "--ci-passed-at", commit, rest @ ..] => {
            let ci = Ci::PassedAt((*commit).to_owned());
            prepare::run(&sh, &workspace, &wishes(&workspace, rest)?, &ci)
        }
        ["prepare", rest @ ..] => {
            prepare::run(&sh, &workspace, &wishes(&workspace, rest)?, &Ci::Run)
        }
        ["rehearse"] => rehearsal::run(&sh, &workspace),
        ["check"] => checks::run(&sh, &workspace),
        ["order"] => {
            for package in prepare::unpublished(&sh, &workspace)? {
                println!("{package}");
            }
            Ok(())
        }
        ["sbom", folder] => sbom::write(&sh, &workspace, &PathBuf::from(folder)),
        _ => bail!("{USAGE}"),
    }
}

/// Reads arguments of the form `harmony-push=0.3.0`.
fn wishes(workspace: &Workspace, args: &[&str]) -> Result<Wishes> {
    let mut versions = BTreeMap::new();
    for arg in args {
        let (name, version) = arg
            .split_once('=')
            .with_context(|| format!("`{arg}` is not CRATE=VERSION\n\n{USAGE}"))?;
        versions.insert(name.to_owned(), version.parse()?);
    }
    let tools = Tools::Install(workspace.root.join("target/tools"));
    Ok(Wishes { versions, tools })
}

const USAGE: &str = "\
usage: cargo xtask release <command>

  plan [CRATE=VERSION ..]      what changed since the last tags, and the least version of each crate
  prepare [--ci-passed-at COMMIT] [CRATE=VERSION ..]
                               set versions and changelog, run every check, commit and tag; with
                               the whole hash of the current commit, CI that passed there counts
  rehearse                     all of it in a throw-away clone of this repository (6 minutes or more)
  check                        whether every crate can be published: manifest, README, files, sizes
  order                        the tagged crates that the registry lacks, in the order of publication
  sbom FOLDER                  the parts of each published crate, as CycloneDX";
