//! What the trees look like on paper: the crates by name, and the table for readers.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{ALL, DEFAULT, NONE, Tree};

/// The crates of each tree by name.
pub(super) fn text(trees: &[Tree]) -> String {
    let mut text = String::from(
        "The crates in each published crate's build: normal dependencies, this host. Sets of features beside\n\
         the default one list what they add. Written by `cargo xtask trees --write`.\n",
    );
    let mut default: BTreeSet<String> = BTreeSet::new();
    for tree in trees {
        if tree.set == DEFAULT {
            default.clone_from(&tree.crates);
            writeln!(text, "\n{}: {} crates", tree.title(), tree.crates.len()).expect("a string");
            for name in tree.names() {
                writeln!(text, "  {name}").expect("a string");
            }
            continue;
        }
        writeln!(text, "\n{}: {} crates", tree.title(), tree.crates.len()).expect("a string");
        for one in tree.crates.difference(&default) {
            writeln!(text, "  {}", one.split(' ').next().unwrap_or(one)).expect("a string");
        }
    }
    text
}

/// The table of `docs/dependencies.md`.
pub(super) fn table(trees: &[Tree]) -> String {
    let mut text = String::from(
        "<!-- Written by `cargo xtask trees --write` from the lock file. -->\n\n\
         # What a crate brings into your build\n\n\
         Crates in all, itself included, with normal dependencies on Linux; crates that come in several versions;\n\
         programs that run while it is built; cryptographic libraries. Each row is a budget of `xtask/budgets.toml`, exactly:\n\
         growth fails, and names the path that brought it. A feature that is not listed brings no crate.\n\n\
         | crate | features | crates | in several versions | build scripts | crypto |\n|---|---|---|---|---|---|\n",
    );
    for tree in trees {
        let set = match tree.set.as_str() {
            DEFAULT | NONE | ALL => tree.set.clone(),
            feature => format!("default and `{feature}`"),
        };
        let (duplicates, crypto) = (tree.duplicates(), tree.crypto());
        let duplicates = match duplicates.is_empty() {
            true => "none".to_owned(),
            false => duplicates.join(", "),
        };
        let crypto = match crypto.is_empty() {
            true => "none".to_owned(),
            false => crypto.join(", "),
        };
        writeln!(
            text,
            "| `{}` | {set} | {} | {duplicates} | {} | {crypto} |",
            tree.package,
            tree.crates.len(),
            tree.build_scripts.len()
        )
        .expect("a string");
    }
    text
}
