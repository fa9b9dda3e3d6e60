//! What each published crate brings into a user's build, kept in `xtask/trees.txt` so that growth
//! shows in a review.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use xshell::{Shell, cmd};

/// A package of this workspace, as cargo describes it.
#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// An empty list forbids publication.
    publish: Option<Vec<String>>,
    rust_version: Option<String>,
    features: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

/// The names of the crates in one crate's build, itself included.
struct Tree {
    name: String,
    crates: Vec<String>,
}

/// Compares the trees with `xtask/trees.txt` and with what users were promised.
pub(crate) fn check(sh: &Shell) -> Result<()> {
    let trees = trees(sh)?;
    for Tree { name, crates } in &trees {
        if crates.len() > LIMIT && !OWN_BINARY.contains(&name.as_str()) {
            bail!(
                "{name} brings {} crates; users were promised at most {LIMIT}",
                crates.len()
            );
        }
        if let Some(banned) = crates.iter().find(|one| BANNED.contains(&one.as_str())) {
            bail!("{name} brings {banned}: ring is the one TLS and signature provider");
        }
    }
    let (wanted, found) = (text(&trees), sh.read_file(FILE).unwrap_or_default());
    if wanted == found {
        return Ok(());
    }
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    for line in lines(&wanted).difference(&lines(&found)) {
        println!("+ {line}");
    }
    for line in lines(&found).difference(&lines(&wanted)) {
        println!("- {line}");
    }
    bail!("{FILE} is out of date: if the change is wanted, run `cargo xtask trees --write`")
}

/// Writes `xtask/trees.txt`.
pub(crate) fn write(sh: &Shell) -> Result<()> {
    Ok(sh.write_file(FILE, text(&trees(sh)?))?)
}

/// The packages that users get.
pub(crate) fn published(sh: &Shell) -> Result<Vec<Package>> {
    let mut packages = packages(sh)?;
    packages.retain(|package| package.publish.is_none());
    Ok(packages)
}

/// The names of the packages that only this workspace uses.
pub(crate) fn unpublished(sh: &Shell) -> Result<Vec<String>> {
    let packages = packages(sh)?.into_iter();
    Ok(packages
        .filter(|package| package.publish.is_some())
        .map(|package| package.name)
        .collect())
}

/// The oldest compiler that the published crates promise to build with.
pub(crate) fn msrv(sh: &Shell) -> Result<String> {
    let package = published(sh)?
        .into_iter()
        .find_map(|package| package.rust_version);
    package.context("no package states its rust-version")
}

impl Package {
    /// The features that a user can name, without those that stand for optional dependencies.
    pub(crate) fn features(&self) -> impl Iterator<Item = &str> {
        self.features.keys().map(String::as_str)
    }
}

fn packages(sh: &Shell) -> Result<Vec<Package>> {
    let json = cmd!(sh, "cargo metadata --no-deps --format-version 1")
        .quiet()
        .read()?;
    Ok(serde_json::from_str::<Metadata>(&json)?.packages)
}

fn trees(sh: &Shell) -> Result<Vec<Tree>> {
    let mut trees = Vec::new();
    for Package { name, .. } in published(sh)? {
        let tree = cmd!(
            sh,
            "cargo tree --package {name} --edges normal --prefix none --no-dedupe"
        )
        .quiet()
        .read()?;
        // Name and version: a crate in two versions counts twice, as it does in a build.
        let crates = tree
            .lines()
            .map(|line| line.split(" (").next().unwrap_or(line));
        let crates: BTreeSet<_> = crates.collect();
        let crates = crates
            .iter()
            .map(|one| one.split(' ').next().unwrap_or(one).to_owned());
        trees.push(Tree {
            crates: crates.collect(),
            name,
        });
    }
    trees.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(trees)
}

fn text(trees: &[Tree]) -> String {
    let mut text = String::from(
        "The crates in each published crate's build: default features, normal dependencies, this host.\n\
         Written by `cargo xtask trees --write`.\n",
    );
    for Tree { name, crates } in trees {
        write!(text, "\n{name}: {} crates\n", crates.len()).expect("writing to a string");
        for one in crates {
            writeln!(text, "  {one}").expect("writing to a string");
        }
    }
    text
}

const FILE: &str = "xtask/trees.txt";

/// The most crates that one provider may bring, itself included.
const LIMIT: usize = 100;

/// Programs: nobody builds them into a service.
const OWN_BINARY: &[&str] = &["huawei-emulator"];

const BANNED: &[&str] = &[
    "aws-lc-rs",
    "aws-lc-sys",
    "native-tls",
    "openssl",
    "openssl-sys",
];
