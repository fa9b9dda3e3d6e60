//! The commit and the tags of a release. Nothing is pushed and nothing is published here.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use semver::Version;
use xshell::{Shell, cmd};

use crate::plan::{self, Plan, Wishes};
use crate::workspace::Workspace;
use crate::{baseline, changelog, checks, manifest};

/// Where it comes from that every check passes.
#[derive(Clone, Debug)]
pub enum Ci {
    /// It ran elsewhere, for the commit with this hash.
    PassedAt(String),
    /// It runs now, on the tree with its new versions.
    Run,
}

/// Plans, checks, writes, commits and tags; on any failure the tree is left as it was.
pub fn run(sh: &Shell, workspace: &Workspace, wishes: &Wishes, ci: &Ci) -> Result<()> {
    baseline::is_clean(sh)?;
    ci.is_for(&baseline::head(sh)?)?;
    checks::run(sh, workspace)?;
    let plan = plan::make(sh, workspace, wishes)?;
    println!("{plan}");
    plan.is_allowed()?;
    let due: Vec<_> = plan.crates.iter().filter(|one| one.is_due()).collect();
    if due.is_empty() {
        bail!("nothing has changed since the last release");
    }
    let names: Vec<String> = due
        .iter()
        .map(|one| format!("{} {}", one.name, one.version))
        .collect();
    let names = names.join(", ");
    let today = today()?;
    let written =
        write(sh, workspace, &plan, &format!("{today}: {names}")).and_then(|()| try_out(sh, ci));
    if let Err(error) = written {
        cmd!(sh, "git restore --staged --worktree .")
            .quiet()
            .run()?;
        return Err(error.context("nothing was committed, and the tree is as it was"));
    }
    let mut message = format!("Release {names}");
    if let Ci::PassedAt(commit) = ci {
        message.push_str(&format!("\n\nEvery check passed at {commit}."));
    }
    cmd!(sh, "git commit --quiet --all --message {message}")
        .quiet()
        .run()?;
    let mut tags = Vec::new();
    for release in due {
        let tag = workspace.package(&release.name)?.tag(&release.version);
        cmd!(sh, "git tag --annotate {tag} --message {tag}")
            .quiet()
            .run()?;
        tags.push(tag);
    }
    let release = free_tag(sh, &format!("release-{today}"))?;
    cmd!(sh, "git tag --annotate {release} --message {names}")
        .quiet()
        .run()?;
    let branch = cmd!(sh, "git branch --show-current").quiet().read()?;
    // In two steps, because hosts start no workflow when more than three tags arrive at once.
    println!(
        "\nReady. To publish, push the commit and its tags, and then the tag that starts the \
         workflow:\n\n  git push origin {branch} {}\n  git push origin {release}\n",
        tags.join(" ")
    );
    Ok(())
}

/// Names of tagged crates that the registry does not have, in the order of publication.
pub fn unpublished(sh: &Shell, workspace: &Workspace) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for package in workspace.published()? {
        let tag = package.tag(&package.version);
        let is_tagged = !cmd!(sh, "git tag --list {tag}").quiet().read()?.is_empty();
        let wanted = format!("{}@{}", package.name, package.version);
        if is_tagged && !is_in_registry(sh, &wanted)? {
            names.push(package.name.clone());
        }
    }
    Ok(names)
}

/// Asks the registry. An answer that is neither yes nor no is an error: who publishes has to know.
fn is_in_registry(sh: &Shell, wanted: &str) -> Result<bool> {
    let output = cmd!(sh, "cargo info --quiet --registry crates-io {wanted}")
        .quiet()
        .ignore_status()
        .output()?;
    let error = String::from_utf8_lossy(&output.stderr);
    match output.status.success() {
        true => Ok(true),
        false if error.contains("could not find") => Ok(false),
        false => bail!("the registry could not be asked for {wanted}: {error}"),
    }
}

/// Sets versions and changelog.
fn write(sh: &Shell, workspace: &Workspace, plan: &Plan, heading: &str) -> Result<()> {
    let versions: BTreeMap<String, Version> = plan
        .crates
        .iter()
        .map(|release| (release.name.clone(), release.version.clone()))
        .collect();
    let mut manifests: Vec<PathBuf> = vec![workspace.root.join("Cargo.toml")];
    manifests.extend(
        workspace
            .packages
            .iter()
            .map(|package| package.manifest_path.clone()),
    );
    for file in manifests {
        let text = sh.read_file(&file)?;
        let mut wanted = manifest::set_requirements(&text, &versions)?;
        let package = workspace
            .packages
            .iter()
            .find(|one| one.manifest_path == file);
        if let Some(package) = package.filter(|package| versions.contains_key(&package.name)) {
            wanted = manifest::set_version(&wanted, &versions[&package.name])?;
        }
        if wanted != text {
            sh.write_file(&file, wanted)?;
        }
    }
    let text = sh.read_file("CHANGELOG.md")?;
    sh.write_file(
        "CHANGELOG.md",
        changelog::release(&text, heading, &plan.notes())?,
    )?;
    // The lock files name the new versions; nothing else in them may change.
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        if sh.path_exists(manifest) {
            cmd!(
                sh,
                "cargo update --quiet --workspace --manifest-path {manifest}"
            )
            .quiet()
            .run()?;
        }
    }
    Ok(())
}

impl Ci {
    /// Fails unless the checks that ran elsewhere looked at this very commit. A name or the
    /// beginning of a hash is refused: it may have meant another commit when the checks ran.
    fn is_for(&self, head: &str) -> Result<()> {
        match self {
            Self::PassedAt(commit) if commit != head => bail!(
                "the checks that passed looked at {commit}, and what is to be released is {head}"
            ),
            Self::PassedAt(_) | Self::Run => Ok(()),
        }
    }
}

/// Everything that can fail before the commit.
fn try_out(sh: &Shell, ci: &Ci) -> Result<()> {
    match ci {
        Ci::Run => cmd!(sh, "cargo xtask ci").run()?,
        Ci::PassedAt(commit) => println!("the checks passed at {commit}"),
    }
    // The tree holds what is about to be committed.
    cmd!(sh, "cargo publish --workspace --dry-run --allow-dirty")
        .run()
        .context("a crate cannot be packed")?;
    Ok(())
}

fn free_tag(sh: &Shell, wanted: &str) -> Result<String> {
    for number in 1..=99 {
        let tag = match number {
            1 => wanted.to_owned(),
            _ => format!("{wanted}.{number}"),
        };
        if cmd!(sh, "git tag --list {tag}").quiet().read()?.is_empty() {
            return Ok(tag);
        }
    }
    bail!("there are too many tags {wanted}");
}

/// The date of today in UTC.
fn today() -> Result<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a release bears the date of its day"
    )]
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(date(i64::try_from(since.as_secs() / 86_400)?))
}

/// The date so many days after 1970-01-01, by the rules of the Gregorian calendar.
fn date(days: i64) -> String {
    // Counted from 0000-03-01, so that the day that comes and goes is the last of a year.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = match month < 10 {
        true => (year_of_era + era * 400, month + 3),
        false => (year_of_era + era * 400 + 1, month - 9),
    };
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn days_become_dates() {
        for (days, wanted) in [
            (0, "1970-01-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_783, "2026-11-26"),
        ] {
            assert_eq!(date(days), wanted);
        }
    }
}
