//! The tables of the README, in both languages, say which operations behave, as the emulator itself does.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::mutations::document::Document;
use crate::samples::PLATFORMS;

#[derive(Clone, Copy)]
enum Language {
    Chinese,
    English,
}

/// The operations of a platform by resource: those that behave, and the others.
fn table(platform: &str, language: Language) -> String {
    let document = Document::open(platform);
    let operations = document.operations();
    let listed = huawei_emulator::behaves(platform);
    let mut resources: BTreeMap<&str, [Vec<&str>; 2]> = BTreeMap::new();
    for operation in &operations {
        let resource = operation.source["tags"][0]
            .as_str()
            .expect("an operation has a tag");
        let column = usize::from(!listed.contains(&operation.id));
        resources.entry(resource).or_default()[column].push(operation.id);
    }
    let (most, all) = (listed.len(), operations.len());
    let mut text = match language {
        Language::English => format!(
            "### {platform}: {most} of {all} behave\n\n| resource | behaves | validates only |\n|---|---|---|\n"
        ),
        Language::Chinese => format!(
            "### {platform}：{all} 个操作中有 {most} 个有行为\n\n| 资源 | 有行为 | 只校验 |\n|---|---|---|\n"
        ),
    };
    for (resource, columns) in &resources {
        let [behaves, validates] = columns.each_ref().map(|ids| {
            let names: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
            names.join(", ")
        });
        let _ = writeln!(text, "| {resource} | {behaves} | {validates} |");
    }
    text
}

#[test]
fn the_tables_of_the_readme_are_what_the_emulator_does() {
    let mut stale = Vec::new();
    for (name, language) in PAGES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let readme = fs::read_to_string(&path).expect("the README can be read");
        let (head, rest) = readme.split_once(BEGIN).expect("the README has tables");
        let (found, tail) = rest.split_once(END).expect("the tables have an end");
        let tables: Vec<String> = PLATFORMS
            .iter()
            .map(|platform| table(platform, language))
            .collect();
        let wanted = format!("\n\n{}\n", tables.join("\n"));
        if found == wanted {
            continue;
        }
        if std::env::var_os("WRITE_TABLES").is_some() {
            let whole = [head, BEGIN, &wanted, END, tail].concat();
            fs::write(&path, whole).expect("the README can be written");
            continue;
        }
        stale.push(name);
    }
    assert!(stale.is_empty(), "not current: {stale:?}; run {BEGIN}");
}

const PAGES: [(&str, Language); 2] = [
    ("README.md", Language::English),
    ("README.zh-CN.md", Language::Chinese),
];
const BEGIN: &str =
    "<!-- Written by `WRITE_TABLES=1 cargo test -p huawei-emulator --test it tables`. -->";
const END: &str = "<!-- The end of the tables. -->";
