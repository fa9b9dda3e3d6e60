//! Whether each package can be published: what a registry would refuse, found before the tag.

use std::fs;

use anyhow::{Result, bail};
use xshell::{Shell, cmd};

use crate::workspace::{Package, Workspace};

/// Looks at every published package and reports all that is wrong.
pub fn run(sh: &Shell, workspace: &Workspace) -> Result<()> {
    let mut faults = Vec::new();
    for package in workspace.published()? {
        let mut found = manifest(workspace, package);
        if found.is_empty() {
            found = files(sh, package)?;
        }
        faults.extend(
            found
                .iter()
                .map(|fault| format!("{}: {fault}", package.name)),
        );
    }
    match faults.is_empty() {
        true => Ok(()),
        false => bail!("not ready to be published:\n  {}", faults.join("\n  ")),
    }
}

/// What the manifest lacks.
fn manifest(workspace: &Workspace, package: &Package) -> Vec<String> {
    let mut faults = Vec::new();
    if package.description.is_none() {
        faults.push("the manifest has no description".to_owned());
    }
    if package.license.is_none() {
        faults.push("the manifest has no license".to_owned());
    }
    match &package.readme {
        None => faults.push("there is no README".to_owned()),
        Some(readme) if !package.folder().join(readme).is_file() => {
            faults.push(format!("the README `{}` is not there", readme.display()));
        }
        Some(_) => {}
    }
    for dependency in &package.dependencies {
        let name = &dependency.name;
        let is_dev = dependency.kind.as_deref() == Some("dev");
        match (&dependency.path, dependency.req.as_str()) {
            (Some(_), "*") if is_dev => {}
            (Some(_), "*") => faults.push(format!(
                "depends on `{name}` by its path alone: users could not get it; give it a version"
            )),
            (Some(_), _) if is_dev => faults.push(format!(
                "asks for a version of `{name}` in its tests: packages could not be built in order"
            )),
            (Some(_), _) => {
                if workspace.package(name).is_err() {
                    faults.push(format!("depends on `{name}`, which is not published"));
                }
            }
            (None, _) => match dependency.source.as_deref() {
                Some(source) if source.starts_with("git+") => {
                    faults.push(format!("depends on `{name}` from git"));
                }
                _ => {}
            },
        }
    }
    faults
}

/// What is wrong with the files that would be packed.
fn files(sh: &Shell, package: &Package) -> Result<Vec<String>> {
    let name = &package.name;
    let list = cmd!(sh, "cargo package --list --allow-dirty --package {name}")
        .quiet()
        .read()?;
    let mut faults = Vec::new();
    let mut total = 0;
    for file in list.lines() {
        // What cargo writes itself (`Cargo.toml.orig`, `.cargo_vcs_info.json`) may not be there.
        let Ok(size) = fs::metadata(package.folder().join(file)).map(|file| file.len()) else {
            continue;
        };
        total += size;
        if size > LARGEST_FILE {
            faults.push(format!(
                "`{file}` has {size} bytes; more than {LARGEST_FILE} are not packed"
            ));
        }
    }
    // The registry's limit counts compressed bytes; below it uncompressed, nothing can go wrong.
    if total > LARGEST_PACKAGE {
        faults.push(format!(
            "{total} bytes in all; the registry takes {LARGEST_PACKAGE}"
        ));
    }
    for (wanted, what) in [("README.md", "the README"), ("LICENSE", "the licence")] {
        if !list.lines().any(|file| file.starts_with(wanted)) {
            faults.push(format!("{what} is not among the packed files"));
        }
    }
    Ok(faults)
}

/// A file larger than this is data that does not belong to users.
const LARGEST_FILE: u64 = 2 << 20;

/// What crates.io takes, in bytes (<https://doc.rust-lang.org/cargo/reference/publishing.html>).
const LARGEST_PACKAGE: u64 = 10 << 20;
