//! The public API of a crate as text, read from what rustdoc says about the compiled crate, and
//! the lines that differ between two of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use public_api::PublicApi;
use public_api::diff::PublicApiDiff;
use xshell::{Shell, cmd};

use crate::level::Level;

/// What rustdoc says about one library.
pub struct Api {
    /// rustdoc's JSON, as the semver checker wants it.
    pub json: PathBuf,
    api: PublicApi,
}

/// What differs between two of them.
#[derive(Default)]
pub struct Difference {
    pub level: Level,
    pub lines: Vec<String>,
}

/// Documents a package with all its features, in the tree that is current in `sh`.
///
/// rustdoc prints JSON on nightly toolchains only. `RUSTC_BOOTSTRAP` lets the pinned stable one do
/// it, as it does for the semver checker: what is built this way is read and thrown away.
pub fn read(sh: &Shell, root: &Path, package: &str, library: &str, name: &str) -> Result<Api> {
    let target = root.join("target/release-plan/target");
    cmd!(
        sh,
        "cargo rustdoc --quiet --package {package} --lib --all-features -- -Z unstable-options --output-format json --cap-lints allow"
    )
    .env("RUSTC_BOOTSTRAP", "1")
    .env("CARGO_TARGET_DIR", &target)
    .quiet()
    .run()
    .with_context(|| format!("the public API of {package} cannot be read"))?;
    // The next tree writes to the same place.
    let json = root.join(format!("target/release-plan/{library}.{name}.json"));
    fs::copy(target.join(format!("doc/{library}.json")), &json)?;
    let api = public_api::Builder::from_rustdoc_json(&json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build()?;
    Ok(Api { json, api })
}

impl Api {
    /// Whether a signature names something of another crate.
    pub fn names(&self, library: &str) -> bool {
        let path = format!("{library}::");
        self.api.items().any(|item| {
            let line = item.to_string();
            line.match_indices(&path)
                .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
        })
    }

    /// What a user of `old` finds changed.
    pub fn since(self, old: Self) -> Difference {
        let diff = PublicApiDiff::between(old.api, self.api);
        let mut lines = Vec::new();
        for item in &diff.removed {
            lines.push(format!("removed `{item}`"));
        }
        for item in &diff.changed {
            lines.push(format!("changed `{}` to `{}`", item.old, item.new));
        }
        let added: BTreeSet<String> = diff.added.iter().map(ToString::to_string).collect();
        for item in &added {
            lines.push(format!("added `{item}`"));
        }
        let level = match (diff.removed.is_empty() && diff.changed.is_empty(), &lines) {
            (false, _) => Level::Break,
            (true, lines) if lines.is_empty() => Level::None,
            _ => Level::Addition,
        };
        Difference { level, lines }
    }
}
