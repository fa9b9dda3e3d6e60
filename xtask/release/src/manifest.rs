//! Manifests: what changed in one that users notice, and the versions written into them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use semver::{Version, VersionReq};
use toml_edit::{DocumentMut, Item, TableLike, Value};

use crate::level::Level;
use crate::workspace::{Dependency, Package};

/// What users of `new` find changed beside its code.
pub fn compare(
    old: &Package,
    new: &Package,
    in_signatures: impl Fn(&str) -> bool,
) -> Vec<(Level, String)> {
    let mut found = Vec::new();
    for feature in old
        .features
        .keys()
        .filter(|name| !new.features.contains_key(*name))
    {
        found.push((Level::Break, format!("removed feature `{feature}`")));
    }
    for feature in new
        .features
        .keys()
        .filter(|name| !old.features.contains_key(*name))
    {
        found.push((Level::Addition, format!("added feature `{feature}`")));
    }
    for (feature, parts) in &new.features {
        let before = old.features.get(feature);
        if let Some(before) = before.filter(|before| *before != parts) {
            let lost = before.iter().any(|part| !parts.contains(part));
            let level = match feature == "default" && lost {
                true => Level::Break,
                false => Level::Patch,
            };
            let text = format!("changed feature `{feature}`: {before:?} to {parts:?}");
            found.push((level, text));
        }
    }
    if old.rust_version != new.rust_version {
        let text = |version: &Option<String>| version.clone().unwrap_or_default();
        let (old, new) = (text(&old.rust_version), text(&new.rust_version));
        found.push((
            Level::Compiler,
            format!("changed rust-version: {old} to {new}"),
        ));
    }
    let (before, after) = (requirements(old), requirements(new));
    for (name, requirement) in &after {
        match before.get(name) {
            None => found.push((
                Level::Patch,
                format!("added dependency `{name}` {requirement}"),
            )),
            Some(before) if before == requirement => {}
            Some(before) => {
                let level = match in_signatures(name) && !is_compatible(before, requirement) {
                    true => Level::Break,
                    false => Level::Patch,
                };
                let text = format!("changed dependency `{name}`: {before} to {requirement}");
                found.push((level, text));
            }
        }
    }
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        found.push((Level::Patch, format!("removed dependency `{name}`")));
    }
    found
}

/// What a package asks of crates outside of the workspace, by name. Those inside have levels of
/// their own.
fn requirements(package: &Package) -> BTreeMap<&str, String> {
    let outside = package
        .for_users()
        .filter(|dependency| dependency.path.is_none());
    let mut requirements: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for Dependency { name, req, .. } in outside {
        requirements.entry(name).or_default().insert(req.clone());
    }
    requirements
        .into_iter()
        .map(|(name, all)| (name, Vec::from_iter(all).join(" and ")))
        .collect()
}

/// Whether the types of both requirements can be the same.
fn is_compatible(old: &str, new: &str) -> bool {
    let least = new.trim_start_matches(['^', '=', '~', '>', ' ']);
    let padded = match least.matches('.').count() {
        0 => format!("{least}.0.0"),
        1 => format!("{least}.0"),
        _ => least.to_owned(),
    };
    match (VersionReq::parse(old), Version::parse(&padded)) {
        (Ok(old), Ok(least)) => {
            old.matches(&least)
                || VersionReq::parse(new).is_ok_and(|new| {
                    let old = old.comparators.first().map(|one| (one.major, one.minor));
                    let new = new.comparators.first().map(|one| (one.major, one.minor));
                    match (old, new) {
                        (Some((0, old)), Some((0, new))) => old == new,
                        (Some((old, _)), Some((new, _))) => old == new,
                        _ => false,
                    }
                })
        }
        _ => false,
    }
}

/// Sets the version of a package in its manifest.
pub fn set_version(manifest: &str, version: &Version) -> Result<String> {
    let mut document: DocumentMut = manifest.parse()?;
    let package = document.get_mut("package").context("no [package]")?;
    package["version"] = value(version);
    Ok(document.to_string())
}

/// Sets what a manifest asks of the packages of its own workspace, wherever it states a version.
pub fn set_requirements(manifest: &str, versions: &BTreeMap<String, Version>) -> Result<String> {
    let mut document: DocumentMut = manifest.parse()?;
    for section in SECTIONS {
        let root: &mut dyn TableLike = document.as_table_mut();
        let Some(table) = section
            .iter()
            .try_fold(root, |table, key| table.get_mut(key)?.as_table_like_mut())
        else {
            continue;
        };
        for (name, version) in versions {
            let Some(dependency) = table.get_mut(name).and_then(Item::as_table_like_mut) else {
                continue;
            };
            if dependency.contains_key("path") && dependency.contains_key("version") {
                dependency.insert("version", value(version));
            }
        }
    }
    Ok(document.to_string())
}

fn value(version: &Version) -> Item {
    Item::Value(Value::from(version.to_string()))
}

const SECTIONS: &[&[&str]] = &[
    &["dependencies"],
    &["build-dependencies"],
    &["workspace", "dependencies"],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_set_and_nothing_else() {
        let text = "# Ours.\n[package]\nname = \"a\"\nversion = \"0.1.0\" # as tagged\n\n[dependencies]\ncore = { version = \"0.1.0\", path = \"../core\" }\nhttp = \"1\"\n";
        let version = Version::new(0, 2, 0);
        let set = set_version(text, &version).unwrap();
        let set = set_requirements(&set, &BTreeMap::from([("core".to_owned(), version)])).unwrap();
        let wanted = text
            .replace("version = \"0.1.0\" # as tagged", "version = \"0.2.0\"")
            .replace("version = \"0.1.0\",", "version = \"0.2.0\",");
        assert_eq!(set, wanted);
    }

    #[test]
    fn requirements_with_the_same_types_are_compatible() {
        for (old, new, same) in [
            ("^1.2", "^1.5", true),
            ("^1.5", "^1.2.3", true),
            ("^1.5", "^2", false),
            ("^0.13.1", "^0.13.5", true),
            ("^0.13.5", "^0.14.0", false),
        ] {
            assert_eq!(is_compatible(old, new), same, "{old} {new}");
        }
    }
}
