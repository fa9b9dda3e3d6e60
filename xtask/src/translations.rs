//! Pages with a Chinese sister keep in step with it: the same headings in the same order, and the
//! same code.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use crate::tools;

#[test]
fn chinese_pages_have_the_headings_and_the_code_of_the_english_ones() {
    let mut pages = Vec::new();
    for top in ["", "docs", "crates"] {
        collect(&tools::root().join(top), top == "crates", &mut pages);
    }
    for wanted in TRANSLATED {
        let file = tools::root().join(wanted);
        assert!(pages.contains(&file), "{wanted} is not there");
    }
    let mut faults = Vec::new();
    for chinese in &pages {
        let name = chinese.file_name().and_then(|name| name.to_str()).unwrap();
        let english = chinese.with_file_name(name.replace(SUFFIX, ".md"));
        let [ours, theirs] = [chinese, &english].map(|file| fs::read_to_string(file).unwrap());
        if !theirs.contains(name) || !ours.contains("[English](") {
            faults.push(format!(
                "{} and its sister do not link to each other",
                chinese.display()
            ));
        }
        let (ours, theirs) = (shape(&ours), shape(&theirs));
        let differs = ours.iter().zip(&theirs).find(|(a, b)| a != b);
        if let Some((ours, theirs)) = differs {
            faults.push(format!(
                "{}: `{ours}` stands where `{theirs}` should",
                chinese.display()
            ));
        } else if ours.len() != theirs.len() {
            faults.push(format!(
                "{}: {} headings and blocks of code, {} in the English page",
                chinese.display(),
                ours.len(),
                theirs.len()
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The levels of the headings and the blocks of code of a page.
fn shape(text: &str) -> Vec<String> {
    let mut shape = Vec::new();
    let mut block: Option<String> = None;
    for line in text.lines() {
        match (&mut block, line.trim_start().starts_with("```")) {
            (None, true) => block = Some(format!("{line}\n")),
            (Some(code), false) => code.push_str(&format!("{line}\n")),
            (Some(_), true) => shape.extend(block.take()),
            (None, false) if line.starts_with('#') => {
                shape.push(line.split(' ').next().unwrap_or(line).to_owned());
            }
            (None, false) => {}
        }
    }
    shape
}

#[test]
fn headings_and_code_are_the_shape_of_a_page() {
    let page = "# A\n\ntext\n\n```rust\n# not a heading\nlet x = 1;\n```\n\n## B\n";
    assert_eq!(
        shape(page),
        ["#", "```rust\n# not a heading\nlet x = 1;\n", "##"]
    );
}

/// Pages with the suffix, here and, if asked for, below. Those of codes are generated in both
/// languages.
fn collect(folder: &Path, below: bool, pages: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if path.is_dir() && below && !["src", "target", "tests"].contains(&name) {
            collect(&path, below, pages);
        } else if name.ends_with(SUFFIX) {
            pages.push(path);
        }
    }
}

const SUFFIX: &str = ".zh-CN.md";

/// The pages that must have a Chinese sister.
const TRANSLATED: &[&str] = &[
    "README.zh-CN.md",
    "crates/auth-core/README.zh-CN.md",
    "crates/harmony-push/README.zh-CN.md",
    "crates/huawei-emulator/README.zh-CN.md",
    "crates/huawei-oauth/README.zh-CN.md",
    "crates/iot-na/README.zh-CN.md",
    "crates/oneaccess-sdk/README.zh-CN.md",
    "crates/welink-oauth/README.zh-CN.md",
    "docs/quickstart.zh-CN.md",
];
