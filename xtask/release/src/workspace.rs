//! The packages of the workspace, as cargo describes them, in the order of publication.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use semver::Version;
use serde::Deserialize;
use xshell::{Shell, cmd};

/// A workspace.
#[derive(Deserialize)]
pub struct Workspace {
    #[serde(rename = "workspace_root")]
    pub root: PathBuf,
    pub packages: Vec<Package>,
}

/// A package of it.
#[derive(Clone, Deserialize)]
pub struct Package {
    pub name: String,
    pub version: Version,
    pub description: Option<String>,
    pub license: Option<String>,
    pub readme: Option<PathBuf>,
    pub rust_version: Option<String>,
    pub manifest_path: PathBuf,
    /// An empty list forbids publication.
    publish: Option<Vec<String>>,
    pub features: BTreeMap<String, Vec<String>>,
    pub dependencies: Vec<Dependency>,
    targets: Vec<Target>,
}

/// What a package asks for.
#[derive(Clone, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dependency {
    pub name: String,
    pub req: String,
    pub kind: Option<String>,
    pub optional: bool,
    pub uses_default_features: bool,
    pub features: Vec<String>,
    pub source: Option<String>,
    pub path: Option<PathBuf>,
    pub target: Option<String>,
}

#[derive(Clone, Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

impl Workspace {
    /// Describes the workspace around the current directory of `sh`.
    pub fn read(sh: &Shell) -> Result<Self> {
        let json = cmd!(sh, "cargo metadata --no-deps --format-version 1")
            .quiet()
            .read()?;
        Ok(serde_json::from_str(&json)?)
    }

    /// The packages for users, each after those that it depends on.
    pub fn published(&self) -> Result<Vec<&Package>> {
        let mut left: Vec<&Package> = self.packages.iter().filter(|p| p.is_published()).collect();
        left.sort_by(|a, b| a.name.cmp(&b.name));
        let mut placed = BTreeSet::new();
        let mut order = Vec::new();
        while !left.is_empty() {
            let ready = left.iter().position(|package| {
                package
                    .siblings()
                    .all(|name| placed.contains(name) || !self.publishes(name))
            });
            let package = left.remove(ready.context("packages depend on each other in a circle")?);
            placed.insert(package.name.as_str());
            order.push(package);
        }
        Ok(order)
    }

    /// A package for users by its name.
    pub fn package(&self, name: &str) -> Result<&Package> {
        match self.packages.iter().find(|package| package.name == name) {
            Some(package) if package.is_published() => Ok(package),
            Some(_) => bail!("{name} is not published"),
            None => bail!("there is no package {name}"),
        }
    }

    fn publishes(&self, name: &str) -> bool {
        self.package(name).is_ok()
    }
}

impl Package {
    pub fn is_published(&self) -> bool {
        self.publish.is_none()
    }

    /// The packages of the same workspace that users get with this one.
    pub fn siblings(&self) -> impl Iterator<Item = &str> {
        self.for_users()
            .filter(|dependency| dependency.path.is_some())
            .map(|dependency| dependency.name.as_str())
    }

    /// What users get with this package: not what only its tests need.
    pub fn for_users(&self) -> impl Iterator<Item = &Dependency> {
        self.dependencies
            .iter()
            .filter(|dependency| dependency.kind.as_deref() != Some("dev"))
    }

    /// The folder of the package.
    pub fn folder(&self) -> PathBuf {
        let folder = self.manifest_path.parent();
        folder.map_or_else(PathBuf::new, PathBuf::from)
    }

    /// The name of the library in Rust, if the package has one.
    pub fn library(&self) -> Option<String> {
        let library = self
            .targets
            .iter()
            .find(|target| target.kind.iter().any(|kind| kind == "lib"))?;
        Some(library.name.replace('-', "_"))
    }

    /// The tag of a version of this package.
    pub fn tag(&self, version: &Version) -> String {
        format!("{}-v{version}", self.name)
    }
}
