//! What users get, built as they get it: the packages of all published crates, unpacked outside of
//! the workspace, built against each other, and a newcomer's program on top of one of them.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use serde::Deserialize;
use xshell::{Shell, cmd};

use crate::{tools, trees};

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

impl Package {
    /// Where it is unpacked.
    fn unpacked(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}-{}", self.name, self.version))
    }

    /// The other packages that it stands on, as they were unpacked.
    fn patches(&self, folder: &Path, packages: &[&Self]) -> String {
        let needed = |other: &&&Self| {
            let mut names = self.dependencies.iter().filter(|one| one.kind.is_none());
            names.any(|one| one.name == other.name)
        };
        let lines = packages.iter().filter(needed).map(|other| {
            let path = other.unpacked(folder);
            format!("{} = {{ path = {path:?} }}\n", other.name)
        });
        lines.collect()
    }
}

/// Packs, unpacks, checks each crate by itself, and builds the program from nothing.
pub(crate) fn run(sh: &Shell) -> Result<()> {
    let published: BTreeSet<String> = trees::published(sh)?
        .into_iter()
        .map(|package| package.name)
        .collect();
    let excluded = trees::unpublished(sh)?;
    cmd!(
        sh,
        "cargo package --quiet --workspace {excluded...} --no-verify --allow-dirty"
    )
    .quiet()
    .run()?;
    let json = cmd!(sh, "cargo metadata --no-deps --format-version 1")
        .quiet()
        .read()?;
    let metadata: Metadata = serde_json::from_str(&json)?;
    let packages: Vec<&Package> = metadata
        .packages
        .iter()
        .filter(|package| published.contains(&package.name))
        .collect();

    // Outside of the workspace: nothing here can be found from there.
    let folder = env::temp_dir().join("huawei-crates-proof");
    sh.remove_path(&folder)?;
    sh.create_dir(&folder)?;
    let packed = tools::root().join("target/package");
    for Package { name, version, .. } in &packages {
        let file = packed.join(format!("{name}-{version}.crate"));
        cmd!(
            sh,
            "tar --extract --gzip --file {file} --directory {folder}"
        )
        .quiet()
        .run()?;
    }

    println!("| package | builds by itself |\n|---|---|");
    for package in &packages {
        check(sh, &folder, package, &packages)?;
        println!("| {} {} | yes |", package.name, package.version);
    }
    newcomer(sh, &folder, &packages)?;
    sh.remove_path(&folder)?;
    sh.remove_path(packed)?;
    Ok(())
}

/// Checks a package with the features of a user who names none.
fn check(sh: &Shell, folder: &Path, package: &Package, packages: &[&Package]) -> Result<()> {
    let path = package.unpacked(folder);
    let manifest = path.join("Cargo.toml");
    let text = sh.read_file(&manifest)?;
    let patches = package.patches(folder, packages);
    sh.write_file(
        &manifest,
        format!("{text}\n[workspace]\n\n[patch.crates-io]\n{patches}"),
    )?;
    let _there = sh.push_dir(&path);
    let target = folder.join("target");
    let result = cmd!(sh, "cargo check --quiet --lib")
        .env("CARGO_TARGET_DIR", target)
        .run();
    sh.write_file(&manifest, text)?;
    result.with_context(|| format!("{} does not build from its package", package.name))
}

/// Builds the smallest program with `harmony-push` alone.
fn newcomer(sh: &Shell, folder: &Path, packages: &[&Package]) -> Result<()> {
    let program = folder.join("newcomer");
    let push = packages.iter().find(|one| one.name == "harmony-push");
    let push = push.context("harmony-push is published")?;
    let patches = push.patches(folder, packages);
    let path = push.unpacked(folder);
    sh.write_file(
        program.join("Cargo.toml"),
        format!(
            "[package]\nname = \"newcomer\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
             harmony-push = \"*\"\ntokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n\n\
             [patch.crates-io]\nharmony-push = {{ path = {path:?} }}\n{patches}"
        ),
    )?;
    sh.write_file(program.join("src/main.rs"), NEWCOMER)?;
    sh.copy_file(tools::root().join("Cargo.lock"), program.join("Cargo.lock"))?;
    let _there = sh.push_dir(&program);
    cmd!(sh, "cargo fetch --quiet").quiet().run()?;
    let crates = tools::crates(sh)?;
    #[expect(
        clippy::disallowed_methods,
        reason = "a build tool tells how long a step took"
    )]
    let start = Instant::now();
    let before = tools::children_cpu_s().ok();
    cmd!(sh, "cargo build --quiet").run()?;
    let cpu = match (before, tools::children_cpu_s()) {
        (Some(before), Ok(after)) => format!("{:.0} s of CPU", after - before),
        _ => "CPU not measured, which is done on Linux".to_owned(),
    };
    println!(
        "\na newcomer's program with harmony-push alone: {} crates, built from nothing in {} s, {cpu} \
         (debug profile), load {}",
        crates.len(),
        start.elapsed().as_secs(),
        sh.read_file("/proc/loadavg").unwrap_or_default().trim()
    );
    Ok(())
}

const NEWCOMER: &str = "\
use harmony_push::model::{ClickAction, NotificationCategory};
use harmony_push::{Client, Notification, ServiceAccount};

#[tokio::main]
async fn main() -> harmony_push::Result<()> {
    let push = Client::new(ServiceAccount::from_file(\"service-account.json\")?)?;
    let category = NotificationCategory::Express;
    let parcel = Notification::new(category, \"Parcel\", \"Arrives today\", ClickAction::home());
    println!(\"{}\", push.send(&parcel, &[\"token\"]).await?.summary());
    Ok(())
}
";
