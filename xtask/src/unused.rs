//! Dependencies that nothing uses: each one has to be named in a source of the kind that it is for.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde::Deserialize;
use xshell::{Shell, cmd};

use crate::tools;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    rename: Option<String>,
    kind: Option<String>,
}

/// Looks at every member of the workspace.
pub(crate) fn check(sh: &Shell) -> Result<()> {
    let json = cmd!(sh, "cargo metadata --no-deps --format-version 1")
        .quiet()
        .read()?;
    let mut faults = Vec::new();
    for package in serde_json::from_str::<Metadata>(&json)?.packages {
        let folder = package.manifest_path.with_file_name("");
        // A doctest of the README uses what tests use.
        let (mut sources, mut tests) = (String::new(), String::new());
        collect(&folder.join("src"), &mut sources);
        for place in ["tests", "benches", "examples"] {
            collect(&folder.join(place), &mut tests);
        }
        tests.push_str(&sources);
        tests.push_str(&fs::read_to_string(folder.join("README.md")).unwrap_or_default());
        sources.push_str(&fs::read_to_string(folder.join("build.rs")).unwrap_or_default());
        for dependency in &package.dependencies {
            let name = dependency.rename.as_ref().unwrap_or(&dependency.name);
            let text = match dependency.kind.as_deref() {
                Some("dev") => &tests,
                _ => &sources,
            };
            let entry = format!("{}: {name}", package.name);
            if !is_named(text, &name.replace('-', "_")) && !FOR_FEATURES.contains(&entry.as_str()) {
                faults.push(entry);
            }
        }
    }
    match faults.is_empty() {
        true => Ok(()),
        false => bail!(
            "dependencies that no source names:\n  {}",
            faults.join("\n  ")
        ),
    }
}

/// Whether a path begins with this crate, or an attribute or macro names it.
fn is_named(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let after = &text[at + name.len()..];
        !text[..at].ends_with(is_word)
            && (after.starts_with("::") || after.starts_with(';') || after.starts_with(" as "))
    })
}

/// The text of all sources below a folder.
fn collect(folder: &Path, text: &mut String) {
    for path in tools::sources(folder) {
        text.push_str(&fs::read_to_string(&path).expect("sources are readable"));
    }
}

/// Dependencies that are there for what they switch on in others.
const FOR_FEATURES: &[&str] = &["huawei-demo: auth-core"];

#[cfg(test)]
mod tests {
    use super::is_named;

    #[test]
    fn a_crate_is_named_by_a_path_and_not_by_a_part_of_a_word() {
        assert!(is_named("use tokio::time;", "tokio"));
        assert!(is_named("#[tokio::test]", "tokio"));
        assert!(!is_named("use my_tokio::time;", "tokio"));
        assert!(!is_named("// tokio is nice", "tokio"));
    }
}
