//! The plan of a release: what changed in each crate since its last tag, and the least version
//! that follows from it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::{Result, bail};
use semver::Version;
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::api::{self, Api, Difference};
use crate::baseline::{self, Baseline};
use crate::document;
use crate::level::Level;
use crate::manifest;
use crate::semver_checker::{Checker, Tools};
use crate::workspace::{Package, Workspace};

/// What is to be released, in the order of publication.
pub struct Plan {
    pub crates: Vec<Release>,
}

/// One crate of a plan.
pub struct Release {
    pub name: String,
    /// The version of the last tag; none before the first.
    pub last: Option<Version>,
    /// The version that is to come.
    pub version: Version,
    pub level: Level,
    /// What was looked at, each with what it found.
    pub findings: Vec<Finding>,
    tag: String,
}

/// What one way of looking found.
pub struct Finding {
    pub title: &'static str,
    pub level: Level,
    pub lines: Vec<String>,
}

/// What a plan is made with.
pub struct Wishes {
    /// Versions chosen by hand; a manifest that is ahead of the last tag is a choice, too.
    pub versions: BTreeMap<String, Version>,
    /// Where the semver checker comes from.
    pub tools: Tools,
}

/// Looks at every crate.
pub fn make(sh: &Shell, workspace: &Workspace, wishes: &Wishes) -> Result<Plan> {
    for name in wishes.versions.keys() {
        workspace.package(name)?;
    }
    let mut plan = Plan { crates: Vec::new() };
    for package in workspace.published()? {
        let release = release(sh, workspace, package, wishes, &plan)?;
        plan.crates.push(release);
    }
    Ok(plan)
}

fn release(
    sh: &Shell,
    workspace: &Workspace,
    package: &Package,
    wishes: &Wishes,
    before: &Plan,
) -> Result<Release> {
    let asked = wishes.versions.get(&package.name);
    let mut release = Release {
        name: package.name.clone(),
        last: None,
        version: asked.unwrap_or(&package.version).clone(),
        level: Level::None,
        findings: Vec::new(),
        tag: String::new(),
    };
    let Some(baseline) = baseline::of(sh, &workspace.root, package)? else {
        return Ok(release);
    };
    let look = Look {
        sh,
        workspace,
        package,
        baseline: &baseline,
        tools: &wishes.tools,
    };
    look.all(before, &mut release)?;
    release.level = release
        .findings
        .iter()
        .map(|finding| finding.level)
        .max()
        .unwrap_or_default();
    let ahead = (package.version > baseline.version).then_some(&package.version);
    release.version = match asked.or(ahead) {
        Some(version) => version.clone(),
        None => release.level.next(&baseline.version),
    };
    release.last = Some(baseline.version);
    release.tag = baseline.tag;
    Ok(release)
}

/// A crate, and what it is compared with.
struct Look<'a> {
    sh: &'a Shell,
    workspace: &'a Workspace,
    package: &'a Package,
    baseline: &'a Baseline,
    tools: &'a Tools,
}

impl Look<'_> {
    /// Looks in every way there is.
    fn all(&self, before: &Plan, release: &mut Release) -> Result<()> {
        let Self { sh, package, .. } = *self;
        let (tag, folder) = (&self.baseline.tag, package.folder());
        let files = cmd!(sh, "git diff --name-only {tag} -- {folder}")
            .quiet()
            .read()?;
        if !files.is_empty() {
            release.find(
                "Commits",
                Level::Patch,
                baseline::commits(sh, tag, &folder)?,
            );
        }
        for (level, line) in documents(self.workspace, self.baseline, &package.name)? {
            release.find("Document", level, vec![line]);
        }
        let breaks: Vec<&Release> = package
            .siblings()
            .filter_map(|name| before.crates.iter().find(|one| one.name == name))
            .filter(|sibling| sibling.level == Level::Break)
            .collect();
        let old = {
            let _there = sh.push_dir(&self.baseline.tree);
            Workspace::read(sh)?.package(&package.name)?.clone()
        };
        let is_same = manifest::compare(&old, package, |_| true).is_empty();
        let Some(library) = package.library() else {
            return Ok(());
        };
        if files.is_empty() && breaks.is_empty() && is_same {
            return Ok(());
        }
        let api = self.api(&self.workspace.root, &library, "new")?;
        let in_signatures = |name: &str| api.names(&name.replace('-', "_"));
        for (level, line) in manifest::compare(&old, package, in_signatures) {
            release.find("Manifest", level, vec![line]);
        }
        for Release { name, .. } in breaks {
            let (level, what) = match in_signatures(name) {
                true => (Level::Break, "its types are in signatures here"),
                false => (Level::Patch, "no signature here names its types"),
            };
            release.find("Cascade", level, vec![format!("{name} breaks, and {what}")]);
        }
        match files.is_empty() {
            true => Ok(()),
            false => self.apis(api, &library, release),
        }
    }

    /// Compares the public API with what it was, in both ways.
    fn apis(&self, new: Api, library: &str, release: &mut Release) -> Result<()> {
        let old = self.api(&self.baseline.tree, library, "old")?;
        let checked = match Checker::get(self.sh, self.tools)? {
            Some(checker) => checker.judge(self.sh, &old, &new)?,
            None => Difference {
                level: Level::None,
                lines: vec!["NOT RUN: the semver checker is not installed".to_owned()],
            },
        };
        let difference = new.since(old);
        release.find("Public API", difference.level, difference.lines);
        release.find("Semver checker", checked.level, checked.lines);
        Ok(())
    }

    fn api(&self, tree: &Path, library: &str, name: &str) -> Result<Api> {
        let _there = self.sh.push_dir(tree);
        api::read(
            self.sh,
            &self.workspace.root,
            &self.package.name,
            library,
            name,
        )
    }
}

/// What differs between a platform's document then and now. Crates without one have no difference.
fn documents(
    workspace: &Workspace,
    baseline: &Baseline,
    name: &str,
) -> Result<Vec<(Level, String)>> {
    let file = Path::new(DOCUMENTS).join(format!("{name}.json"));
    let read = |tree: &Path| -> Result<Value> {
        match std::fs::read(tree.join(&file)) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(_) => Ok(Value::Null),
        }
    };
    let (old, new) = (read(&baseline.tree)?, read(&workspace.root)?);
    let found = document::compare(&old, &new);
    Ok(found.into_iter().map(|one| (one.level, one.text)).collect())
}

impl Release {
    /// Whether there is something to publish.
    pub fn is_due(&self) -> bool {
        self.last.as_ref() != Some(&self.version)
    }

    /// The least version that may come.
    pub fn least(&self) -> Version {
        match &self.last {
            Some(last) => self.level.next(last),
            None => Version::new(0, 0, 0),
        }
    }

    fn find(&mut self, title: &'static str, level: Level, lines: Vec<String>) {
        match self.findings.last_mut() {
            Some(last) if last.title == title => {
                last.level = last.level.max(level);
                last.lines.extend(lines);
            }
            _ if level == Level::None && lines.is_empty() => {}
            _ => self.findings.push(Finding {
                title,
                level,
                lines,
            }),
        }
    }

    /// The reasons for the level.
    fn reasons(&self) -> impl Iterator<Item = &str> {
        self.findings
            .iter()
            .filter(|finding| finding.level == self.level)
            .flat_map(|finding| &finding.lines)
            .map(String::as_str)
    }
}

impl Plan {
    /// Fails if a version was chosen that is smaller than what changed asks for.
    pub fn is_allowed(&self) -> Result<()> {
        let mut faults = Vec::new();
        for release in &self.crates {
            let (name, version, least) = (&release.name, &release.version, release.least());
            if *version < least {
                let reasons: Vec<&str> = release.reasons().take(REASONS).collect();
                faults.push(format!(
                    "{name} {version} is too small: what changed is a {} and needs {least}\n    {}",
                    release.level,
                    reasons.join("\n    ")
                ));
            }
        }
        match faults.is_empty() {
            true => Ok(()),
            false => bail!("{}", faults.join("\n")),
        }
    }

    /// What users should read about a release: what the documents and the public API say.
    pub fn notes(&self) -> String {
        let mut notes = String::new();
        for release in self.crates.iter().filter(|release| release.is_due()) {
            let told = |finding: &&Finding| TOLD.contains(&finding.title);
            let lines: Vec<&String> = release
                .findings
                .iter()
                .filter(told)
                .flat_map(|finding| &finding.lines)
                .collect();
            if lines.is_empty() {
                continue;
            }
            notes.push_str(&format!("### {} {}\n\n", release.name, release.version));
            for line in lines.iter().take(LINES) {
                notes.push_str(&format!("- {line}\n"));
            }
            if lines.len() > LINES {
                notes.push_str(&format!("- and {} more\n", lines.len() - LINES));
            }
            notes.push('\n');
        }
        notes
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| crate | last | next | change |\n|---|---|---|---|")?;
        for release in &self.crates {
            let last = match &release.last {
                Some(last) => last.to_string(),
                None => "none".to_owned(),
            };
            let change = match (&release.last, release.is_due()) {
                (None, _) => "first publication".to_owned(),
                (Some(_), true) => release.level.to_string(),
                (Some(_), false) => "unchanged".to_owned(),
            };
            writeln!(
                f,
                "| {} | {last} | {} | {change} |",
                release.name, release.version
            )?;
        }
        for release in self.crates.iter().filter(|one| !one.findings.is_empty()) {
            writeln!(
                f,
                "\n## {} since {}: {}",
                release.name, release.tag, release.level
            )?;
            for finding in &release.findings {
                writeln!(f, "\n{} ({}):\n", finding.title, finding.level)?;
                for line in &finding.lines {
                    writeln!(f, "- {line}")?;
                }
            }
        }
        Ok(())
    }
}

/// Where the documents stand as JSON; `cargo xtask codegen --check` holds them to `openapi.yaml`.
const DOCUMENTS: &str = "crates/huawei-emulator/documents";
/// What of the findings belongs into the changelog.
const TOLD: &[&str] = &["Cascade", "Document", "Manifest", "Public API"];
/// The most reasons given for a version that is too small.
const REASONS: usize = 5;
/// The most lines of notes for one crate.
const LINES: usize = 60;
