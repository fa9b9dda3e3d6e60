//! What each published crate brings into a user's build: its budget in `xtask/budgets.toml`, the
//! crates by name in `xtask/trees.txt`, and a table for readers in `docs/dependencies.md`. Growth
//! shows in a review, with the path that brought it.

mod print;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use xshell::{Shell, cmd};

/// A package of this workspace, as cargo describes it.
#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// An empty list forbids publication.
    publish: Option<Vec<String>>,
    rust_version: Option<String>,
    features: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

/// What a crate may bring with one set of features.
#[derive(Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Budget {
    /// All crates, itself included; the same one in two versions counts twice.
    crates: usize,
    /// Crates that come in more than one version.
    duplicates: usize,
    /// Programs that run while the crate is built.
    build_scripts: usize,
    /// Cryptographic libraries.
    crypto: Vec<String>,
}

/// What a crate brings with one set of features.
struct Tree {
    package: String,
    set: String,
    /// Names with versions.
    crates: BTreeSet<String>,
    /// The chain of crates, from the first to each one.
    paths: BTreeMap<String, Vec<String>>,
    build_scripts: BTreeSet<String>,
}

/// Compares the trees with their budgets and with what was written down.
pub(crate) fn check(sh: &Shell) -> Result<()> {
    let trees = trees(sh)?;
    within_budgets(sh, &trees)?;
    for (file, wanted) in [(FILE, print::text(&trees)), (TABLE, print::table(&trees))] {
        let found = sh.read_file(file).unwrap_or_default();
        if wanted == found {
            continue;
        }
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
        for line in lines(&wanted).difference(&lines(&found)) {
            println!("+ {line}");
        }
        for line in lines(&found).difference(&lines(&wanted)) {
            println!("- {line}");
        }
        bail!("{file} is out of date: if the change is wanted, run `cargo xtask trees --write`");
    }
    Ok(())
}

/// Compares the trees with their budgets. Growth is told against the names written down before.
fn within_budgets(sh: &Shell, trees: &[Tree]) -> Result<()> {
    let known = sh.read_file(FILE).unwrap_or_default();
    let mut faults = Vec::new();
    let budgets: BTreeMap<String, BTreeMap<String, Budget>> =
        toml::from_str(&sh.read_file(BUDGETS)?).context(BUDGETS)?;
    for tree in trees {
        let budget = budgets
            .get(&tree.package)
            .and_then(|sets| sets.get(&tree.set));
        match budget {
            Some(budget) => faults.extend(over(tree, budget, &known)),
            None => faults.push(format!(
                "{}: no budget in {BUDGETS}; it would be\n    {}",
                tree.title(),
                tree.line()
            )),
        }
        if let Some(banned) = tree.names().find(|name| BANNED.contains(name)) {
            let path = tree.path(banned);
            faults.push(format!(
                "{banned} by {path}: ring is the one TLS and signature provider"
            ));
        }
    }
    for (package, sets) in &budgets {
        for set in sets.keys() {
            let is_there = |tree: &Tree| tree.package == *package && tree.set == *set;
            if !trees.iter().any(is_there) {
                faults.push(format!(
                    "{package} ({set}): a budget for a set of features that brings nothing of its own"
                ));
            }
        }
    }
    if !faults.is_empty() {
        bail!("over budget:\n  {}", faults.join("\n  "));
    }
    Ok(())
}

/// Writes the names and the table. Budgets are raised by hand, and before: once the names are
/// written, nothing tells any more which of them are new.
pub(crate) fn write(sh: &Shell) -> Result<()> {
    let trees = trees(sh)?;
    within_budgets(sh, &trees)?;
    sh.write_file(FILE, print::text(&trees))?;
    sh.write_file(TABLE, print::table(&trees))?;
    Ok(())
}

/// Where a tree is not what its budget says: larger, or smaller, which is to be kept.
fn over(tree: &Tree, budget: &Budget, known: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fault = |what: &str, found: usize, allowed: usize, names: Vec<&str>| {
        if found > allowed {
            let paths: Vec<String> = names.iter().map(|name| tree.path(name)).collect();
            faults.push(format!(
                "{}: {found} {what}, the budget is {allowed}; brought by\n    {}",
                tree.title(),
                paths.join("\n    ")
            ));
        }
    };
    let known = names_written_down(known, tree);
    let new = tree
        .names()
        .filter(|name| !known.contains(name))
        .take(SHOWN)
        .collect();
    fault("crates", tree.crates.len(), budget.crates, new);
    let duplicates = tree.duplicates();
    fault(
        "crates in several versions",
        duplicates.len(),
        budget.duplicates,
        duplicates,
    );
    let scripts: Vec<&str> = tree.build_scripts.iter().map(String::as_str).collect();
    fault(
        "build scripts",
        scripts.len(),
        budget.build_scripts,
        scripts,
    );
    let allowed = |name: &&str| budget.crypto.iter().any(|one| one == name);
    let crypto: Vec<&str> = tree
        .crypto()
        .into_iter()
        .filter(|name| !allowed(name))
        .collect();
    fault(
        "cryptographic libraries without leave",
        crypto.len(),
        0,
        crypto,
    );
    if faults.is_empty() && tree.budget() != *budget {
        faults.push(format!(
            "{}: it takes less than its budget, which stays exact:\n    {}",
            tree.title(),
            tree.line()
        ));
    }
    faults
}

/// What `xtask/trees.txt` says that a tree holds. Sets of features list what they add to the
/// default one.
fn names_written_down<'a>(known: &'a str, tree: &Tree) -> BTreeSet<&'a str> {
    let section = |title: &str| {
        let mark = format!("\n{title}:");
        let rest = known.split_once(mark.as_str()).map(|(_, rest)| rest);
        let section = rest.and_then(|rest| rest.split("\n\n").next());
        section.unwrap_or_default().lines().map(str::trim)
    };
    section(&tree.package)
        .chain(section(&tree.title()))
        .collect()
}

impl Tree {
    fn title(&self) -> String {
        match self.set.as_str() {
            DEFAULT => self.package.clone(),
            set => format!("{} ({set})", self.package),
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.crates
            .iter()
            .map(|one| one.split(' ').next().unwrap_or(one))
    }

    fn duplicates(&self) -> Vec<&str> {
        let names: Vec<&str> = self.names().collect();
        let mut twice: Vec<&str> = names
            .windows(2)
            .filter(|pair| pair[0] == pair[1])
            .map(|pair| pair[0])
            .collect();
        twice.dedup();
        twice
    }

    /// The budget that this tree just keeps.
    fn budget(&self) -> Budget {
        Budget {
            crates: self.crates.len(),
            duplicates: self.duplicates().len(),
            build_scripts: self.build_scripts.len(),
            crypto: self.crypto().into_iter().map(str::to_owned).collect(),
        }
    }

    /// That budget as a line of `xtask/budgets.toml`.
    fn line(&self) -> String {
        let Budget {
            crates,
            duplicates,
            build_scripts,
            crypto,
        } = self.budget();
        let set = &self.set;
        format!(
            "{set} = {{ crates = {crates}, duplicates = {duplicates}, build-scripts = {build_scripts}, crypto = {crypto:?} }}"
        )
    }

    fn crypto(&self) -> Vec<&str> {
        let names: BTreeSet<&str> = self.names().filter(|name| CRYPTO.contains(name)).collect();
        names.into_iter().collect()
    }

    /// How a crate comes in.
    fn path(&self, name: &str) -> String {
        match self.paths.get(name) {
            Some(path) => path.join(" → "),
            None => name.to_owned(),
        }
    }
}

/// The packages that users get.
pub(crate) fn published(sh: &Shell) -> Result<Vec<Package>> {
    let mut packages = packages(sh)?;
    packages.retain(|package| package.publish.is_none());
    Ok(packages)
}

/// `--exclude NAME` for every package that only this workspace uses.
pub(crate) fn unpublished(sh: &Shell) -> Result<Vec<String>> {
    let packages = packages(sh)?.into_iter();
    Ok(packages
        .filter(|package| package.publish.is_some())
        .flat_map(|package| ["--exclude".to_owned(), package.name])
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

/// Every published crate with every set of features that has a tree of its own.
fn trees(sh: &Shell) -> Result<Vec<Tree>> {
    let scripts = with_build_script(sh)?;
    let mut trees = Vec::new();
    let mut packages = published(sh)?;
    packages.sort_by(|left, right| left.name.cmp(&right.name));
    for package in packages {
        let name = package.name.as_str();
        let none = "--no-default-features".to_owned();
        let mut sets = vec![
            (DEFAULT.to_owned(), Vec::new()),
            (NONE.to_owned(), vec![none]),
        ];
        for (feature, parts) in &package.features {
            if feature != DEFAULT && !parts.is_empty() {
                sets.push((
                    feature.clone(),
                    vec!["--features".to_owned(), feature.clone()],
                ));
            }
        }
        sets.push((ALL.to_owned(), vec!["--all-features".to_owned()]));
        let first = trees.len();
        for (set, arguments) in sets {
            let tree = tree(sh, name, set, &arguments, &scripts)?;
            let own = trees[first..]
                .iter()
                .all(|other: &Tree| other.crates != tree.crates);
            if own || SETS.contains(&tree.set.as_str()) {
                trees.push(tree);
            }
        }
    }
    Ok(trees)
}

fn tree(
    sh: &Shell,
    package: &str,
    set: String,
    arguments: &[String],
    scripts: &BTreeSet<String>,
) -> Result<Tree> {
    let lines = |edges: &str| {
        cmd!(
            sh,
            "cargo tree --package {package} {arguments...} --edges {edges} --prefix depth --no-dedupe"
        )
        .quiet()
        .read()
    };
    let (mut crates, mut paths) = (BTreeSet::new(), BTreeMap::new());
    let mut path: Vec<String> = Vec::new();
    for line in lines("normal")?.lines() {
        let digits = line
            .find(|c: char| !c.is_ascii_digit())
            .context("a depth")?;
        let depth: usize = line[..digits].parse()?;
        // Name and version, without where it lies and how it was compiled.
        let one = line[digits..].split(" (").next().unwrap_or_default();
        let name = one.split(' ').next().unwrap_or(one);
        path.truncate(depth);
        path.push(name.to_owned());
        crates.insert(one.to_owned());
        paths.entry(name.to_owned()).or_insert_with(|| path.clone());
    }
    let all = lines("normal,build")?;
    let built = all.lines().map(|line| {
        let line = line.trim_start_matches(|c: char| c.is_ascii_digit());
        line.split(" (").next().unwrap_or_default()
    });
    let build_scripts = built
        .filter(|one| scripts.contains(*one))
        .map(|one| one.split(' ').next().unwrap_or(one).to_owned())
        .collect();
    Ok(Tree {
        package: package.to_owned(),
        set,
        crates,
        paths,
        build_scripts,
    })
}

/// The packages that run a program while they are built, as `cargo tree` writes them.
fn with_build_script(sh: &Shell) -> Result<BTreeSet<String>> {
    #[derive(Deserialize)]
    struct All {
        packages: Vec<One>,
    }
    #[derive(Deserialize)]
    struct One {
        name: String,
        version: String,
        targets: Vec<Target>,
    }
    #[derive(Deserialize)]
    struct Target {
        kind: Vec<String>,
    }
    let json = cmd!(sh, "cargo metadata --format-version 1")
        .quiet()
        .read()?;
    let all: All = serde_json::from_str(&json)?;
    let builds = |one: &One| {
        one.targets
            .iter()
            .any(|target| target.kind.iter().any(|kind| kind == "custom-build"))
    };
    let names = all.packages.iter().filter(|one| builds(one));
    Ok(names
        .map(|one| format!("{} v{}", one.name, one.version))
        .collect())
}

const FILE: &str = "xtask/trees.txt";
const BUDGETS: &str = "xtask/budgets.toml";
const TABLE: &str = "docs/dependencies.md";

const DEFAULT: &str = "default";
const NONE: &str = "none";
const ALL: &str = "all";
/// The sets of features that are listed even where they bring nothing of their own.
const SETS: &[&str] = &[DEFAULT, NONE, ALL];

/// The most paths shown for one fault.
const SHOWN: usize = 10;

/// Libraries that encrypt, sign or digest.
const CRYPTO: &[&str] = &[
    "aes",
    "aes-gcm",
    "aws-lc-rs",
    "cbc",
    "chacha20poly1305",
    "cipher",
    "des",
    "digest",
    "ecb",
    "ghash",
    "hmac",
    "md-5",
    "native-tls",
    "openssl",
    "p256",
    "pbkdf2",
    "rc2",
    "ring",
    "rsa",
    "sha1",
    "sha2",
];

const BANNED: &[&str] = &[
    "aws-lc-rs",
    "aws-lc-sys",
    "native-tls",
    "openssl",
    "openssl-sys",
];
