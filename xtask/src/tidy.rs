//! Rules of `docs/style.md` that no lint knows, as tests over the text of the sources.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use crate::tools;

#[test]
fn every_module_says_why_it_exists() {
    check(|path, text| {
        let first = text
            .lines()
            .find(|line| !(line.is_empty() || line.starts_with("// @") || line.starts_with("#![")));
        let explained = first.is_some_and(|line| line.starts_with("//! "));
        (!explained && !text.contains("doc = include_str!(\"../README.md\")"))
            .then(|| format!("{}: no `//!` line", path.display()))
    });
}

#[test]
fn exceptions_give_their_reason() {
    check(|path, text| {
        let bare = text.lines().position(|line| {
            let line = line.trim_start();
            line.starts_with("#[allow(") || line.starts_with("#![allow(")
        })?;
        Some(format!(
            "{}:{}: use #[expect(.., reason = \"..\")]",
            path.display(),
            bare + 1
        ))
    });
}

#[test]
fn long_files_have_a_reason() {
    check(|path, text| {
        let code = text
            .lines()
            .take_while(|line| !line.starts_with("#[cfg(test)]"))
            .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with("//"))
            .count();
        let shown = path.display().to_string();
        let generated = shown.contains("/generated/");
        let tests = shown.contains("/tests/");
        let argued = LONG.iter().any(|(long, _)| shown.ends_with(long));
        (code > 400 && !generated && !tests && !argued)
            .then(|| format!("{shown}: {code} lines of code; split it, or argue for it in LONG"))
    });
}

#[test]
fn nothing_speaks_of_work_left_undone() {
    let words = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("unimplemented", "!"),
        concat!("todo", "!"),
    ];
    check(|path, text| {
        // Platforms have lists of things to do; what is made from their words is no work left.
        let text = match path.display().to_string().contains("/generated/") {
            true => "",
            false => text,
        };
        let at = text
            .lines()
            .position(|line| words.iter().any(|word| line.contains(word)))?;
        Some(format!("{}:{}: unfinished", path.display(), at + 1))
    });
}

fn check(rule: impl Fn(&Path, &str) -> Option<String>) {
    let tops = ["crates", "fuzz", "xtask"].map(|top| tools::root().join(top));
    let sources: Vec<PathBuf> = tops.iter().flat_map(|top| tools::sources(top)).collect();
    assert!(sources.len() > 20, "found only {} sources", sources.len());
    let faults: Vec<_> = sources
        .iter()
        .filter_map(|path| {
            rule(
                path,
                &fs::read_to_string(path).expect("sources are readable"),
            )
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Files past 400 lines of code, with the reason why each is one.
const LONG: &[(&str, &str)] = &[
    (
        "crates/auth-core/src/cached/errand.rs",
        "one state machine, whose steps are only right together",
    ),
    (
        "crates/auth-core/src/cached/fleet_model.rs",
        "a test: the walks through all orders of a fleet's steps, crashes and pauses included",
    ),
    (
        "crates/auth-core/src/cached/model.rs",
        "a test: the walk through all orders of the cache's steps, and the promises it holds them to",
    ),
];
