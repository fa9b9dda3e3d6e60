//! The rules for dependencies that hold on every machine, cargo-deny or not: licences, registries,
//! and one door to the network.

use anyhow::{Result, bail};
use serde::Deserialize;
use xshell::{Shell, cmd};

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    license: Option<String>,
    source: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    optional: bool,
}

/// Looks at every crate that any build of this workspace uses.
pub(crate) fn check(sh: &Shell) -> Result<()> {
    let deny = sh.read_file(".deny.toml")?;
    let json = cmd!(sh, "cargo metadata --all-features --format-version 1")
        .quiet()
        .read()?;
    for package in serde_json::from_str::<Metadata>(&json)?.packages {
        let name = &package.name;
        match &package.source {
            None => {
                one_door(&package)?;
                one_provider(&package, &deny)?;
            }
            Some(source)
                if source.starts_with("registry+https://github.com/rust-lang/crates.io-index") => {}
            Some(source) => bail!("{name} comes from {source}, which is not crates.io"),
        }
        let licence = package.license.as_deref().unwrap_or("none stated");
        if !is_allowed(licence, |term| deny.contains(&format!("\"{term}\""))) {
            bail!("{name} is licensed under {licence}, which .deny.toml does not allow");
        }
    }
    Ok(())
}

/// Only auth-core may bring an HTTP client into a user's build.
fn one_door(package: &Package) -> Result<()> {
    let brings = package
        .dependencies
        .iter()
        .any(|dependency| dependency.name == "reqwest" && dependency.kind.is_none());
    if brings && package.name != "auth-core" {
        bail!(
            "{} depends on reqwest; the one door to the network is auth-core's HttpSend",
            package.name
        );
    }
    Ok(())
}

/// What ring lacks comes from RustCrypto: behind a feature, and listed with its reason.
fn one_provider(package: &Package, deny: &str) -> Result<()> {
    let parts = package
        .dependencies
        .iter()
        .filter(|one| one.kind.as_deref() != Some("dev"))
        .filter(|one| RUST_CRYPTO.contains(&one.name.as_str()));
    for part in parts {
        let (who, name) = (&package.name, &part.name);
        if !part.optional && !PROGRAMS.contains(&who.as_str()) {
            bail!("{who} brings {name} to everybody; what ring lacks stands behind a feature");
        }
        if !is_argued(deny, name) {
            bail!("{who} brings {name}: say in a comment of .deny.toml why ring does not do");
        }
    }
    Ok(())
}

/// Whether a comment begins with the name of a crate, or with a list that has it.
fn is_argued(deny: &str, name: &str) -> bool {
    let comments = deny
        .lines()
        .filter_map(|line| line.trim().strip_prefix('#'));
    let mut firsts = comments.map(|line| {
        line.trim()
            .split([' ', ','])
            .filter(|word| !word.is_empty())
    });
    firsts.any(|words| words.take(3).any(|word| word == name))
}

/// Programs: nobody builds them into a service.
const PROGRAMS: &[&str] = &["huawei-emulator"];

const RUST_CRYPTO: &[&str] = &[
    "aes", "aes-gcm", "cbc", "cipher", "des", "ecb", "hmac", "md-5", "p12", "pbkdf2", "rc2", "rsa",
    "sha1", "sha2",
];

/// Whether a licence expression can be satisfied: one side of an OR, every side of an AND.
fn is_allowed(expression: &str, allowed: impl Fn(&str) -> bool + Copy) -> bool {
    let expression = expression.replace('/', " OR ");
    let mut depth = 0_i32;
    let flat: String = expression
        .chars()
        .filter(|one| {
            depth += i32::from(*one == '(') - i32::from(*one == ')');
            !matches!(one, '(' | ')')
        })
        .collect();
    // Parentheses only ever group an OR inside an AND in practice: ask for every AND in turn.
    if depth == 0 && expression.contains('(') {
        flat.split(" AND ")
            .all(|side| side.split(" OR ").any(|term| allowed(term.trim())))
    } else {
        flat.split(" OR ")
            .any(|side| side.split(" AND ").all(|term| allowed(term.trim())))
    }
}

#[cfg(test)]
mod tests {
    use super::{is_allowed, is_argued};

    #[test]
    fn a_part_is_argued_for_in_a_comment_that_begins_with_it() {
        let deny =
            "#   aes-gcm    events: nonces of 16 bytes\n#   rsa, sha2  sessions\nname = \"aes\"";
        for (name, wanted) in [
            ("aes-gcm", true),
            ("sha2", true),
            ("aes", false),
            ("ring", false),
        ] {
            assert_eq!(is_argued(deny, name), wanted, "{name}");
        }
    }

    #[test]
    fn licence_expressions_are_judged() {
        let allowed = |term: &str| ["MIT", "ISC"].contains(&term);
        for (expression, wanted) in [
            ("MIT", true),
            ("GPL-3.0", false),
            ("GPL-3.0 OR MIT", true),
            ("MIT/Apache-2.0", true),
            ("MIT AND GPL-3.0", false),
            ("MIT AND ISC", true),
            ("(MIT OR GPL-3.0) AND ISC", true),
            ("(MIT OR ISC) AND GPL-3.0", false),
            ("none stated", false),
        ] {
            assert_eq!(is_allowed(expression, allowed), wanted, "{expression}");
        }
    }
}
