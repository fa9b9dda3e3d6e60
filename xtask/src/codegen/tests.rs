//! The generated files are current, and mistakes in a document stop the run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::{Settings, generate};
use crate::tools;

mod mistakes;

const DOCUMENT: &str = include_str!("../../kitchen_sink/kitchen_sink.yaml");

#[test]
fn generated_files_are_current() {
    super::check().unwrap();
}

#[test]
fn the_same_document_gives_the_same_files() {
    let files = || {
        generate("sink", "sink.yaml", DOCUMENT, &settings())
            .unwrap()
            .files
    };
    assert_eq!(files(), files());
}

fn settings() -> Settings {
    Settings {
        groups: BTreeMap::from([(
            "AppKey".to_owned(),
            vec!["deviceId".to_owned(), "appId".to_owned()],
        )]),
        ..Settings::default()
    }
}

/// The extensions that a text names in quotes of one kind.
fn extensions(text: &str, quote: char) -> BTreeSet<String> {
    text.split(quote)
        .filter(|word| word.starts_with("x-"))
        .filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_extension_that_is_read_is_documented_and_no_other() {
    let root = tools::root();
    let mut read = BTreeSet::new();
    for entry in fs::read_dir(root.join("xtask/src/codegen/read")).unwrap() {
        read.extend(extensions(
            &fs::read_to_string(entry.unwrap().path()).unwrap(),
            '"',
        ));
    }
    let page = fs::read_to_string(root.join("docs/codegen.md")).unwrap();
    let table = page.split("## What every extension does").nth(1).unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented: BTreeSet<String> = rows
        .flat_map(|row| extensions(&format!("`{row}"), '`'))
        .collect();
    assert!(read.len() > 20, "found only {read:?}");
    assert_eq!(read, documented);
}
