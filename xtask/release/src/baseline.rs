//! What git knows: the last tag of a crate, the commits since, and the tree as it was.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use semver::Version;
use xshell::{Shell, cmd};

use crate::workspace::Package;

/// The last release of a crate.
pub struct Baseline {
    pub tag: String,
    pub version: Version,
    /// The tree of that time.
    pub tree: PathBuf,
}

/// Fails if something is not committed.
pub fn is_clean(sh: &Shell) -> Result<()> {
    let changed = cmd!(sh, "git status --porcelain").quiet().read()?;
    match changed.is_empty() {
        true => Ok(()),
        false => bail!("commit or remove what has changed first:\n{changed}"),
    }
}

/// The hash of the current commit.
pub fn head(sh: &Shell) -> Result<String> {
    Ok(cmd!(sh, "git rev-parse HEAD").quiet().read()?)
}

/// The last release of a crate that the current commit comes from, checked out beside this tree.
pub fn of(sh: &Shell, root: &Path, package: &Package) -> Result<Option<Baseline>> {
    let pattern = format!("{}-v*", package.name);
    let tags = cmd!(sh, "git tag --merged HEAD --list {pattern}")
        .quiet()
        .read()?;
    let prefix = format!("{}-v", package.name);
    let last = tags
        .lines()
        .filter_map(|tag| Some((Version::parse(tag.strip_prefix(&prefix)?).ok()?, tag)))
        .max();
    let Some((version, tag)) = last else {
        return Ok(None);
    };
    Ok(Some(Baseline {
        tag: tag.to_owned(),
        version,
        tree: checkout(sh, root, tag)?,
    }))
}

/// The commits since a tag that touch a folder, one line each, newest first.
pub fn commits(sh: &Shell, tag: &str, folder: &Path) -> Result<Vec<String>> {
    let range = format!("{tag}..HEAD");
    let text = cmd!(
        sh,
        "git log --no-merges --format=%h%x20%s {range} -- {folder}"
    )
    .quiet()
    .read()?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// Crates released together share a commit, and with it the tree.
fn checkout(sh: &Shell, root: &Path, tag: &str) -> Result<PathBuf> {
    let wanted = format!("{tag}^{{commit}}");
    let commit = cmd!(sh, "git rev-parse {wanted}").quiet().read()?;
    let tree = root.join("target/release-plan").join(&commit);
    if !tree.join("Cargo.toml").exists() {
        cmd!(sh, "git worktree prune").quiet().run()?;
        cmd!(
            sh,
            "git worktree add --quiet --force --detach {tree} {commit}"
        )
        .quiet()
        .run()?;
    }
    Ok(tree)
}
