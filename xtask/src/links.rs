//! Links between the pages lead somewhere, and those on the front page of a crate do so on docs.rs and
//! crates.io, too.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use crate::tools;

#[test]
fn every_link_to_a_page_or_a_heading_leads_there() {
    let mut faults = Vec::new();
    let mut count = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for link in links(&text).filter(|link| !link.contains("://")) {
            count += 1;
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => page.clone(),
                file => page.with_file_name("").join(file),
            };
            let is_there = target.exists()
                && (heading.is_empty() || headings(&target).any(|known| known == heading));
            if !is_there {
                faults.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(count > 50, "found only {count} links");
    assert!(faults.is_empty(), "dead links:\n{}", faults.join("\n"));
}

#[test]
fn front_pages_link_to_nothing_that_only_the_repository_has() {
    let mut faults = Vec::new();
    for page in pages().filter(|page| page.ends_with("README.md") && is_of_crate(page)) {
        let text = fs::read_to_string(&page).unwrap();
        let relative = links(&text).filter(|link| !link.contains("://") && !link.starts_with('#'));
        faults.extend(relative.map(|link| format!("{}: {link}", page.display())));
    }
    assert!(faults.is_empty(), "dead on docs.rs:\n{}", faults.join("\n"));
}

#[test]
fn the_readme_counts_the_operations_of_the_documents() {
    let readme = fs::read_to_string(tools::root().join("README.md")).unwrap();
    let mut rows = 0;
    for line in readme.lines().filter(|line| line.starts_with("| ")) {
        let Some((_, rest)) = line.split_once("(crates/") else {
            continue;
        };
        let (name, rest) = rest.split_once(')').unwrap();
        let document = tools::root().join(format!("crates/{name}/openapi.yaml"));
        let Ok(document) = fs::read_to_string(document) else {
            continue;
        };
        // Calls of the platform to its customer have a part of their own.
        let (_, calls) = document.split_once("\npaths:\n").unwrap();
        let operations = calls
            .lines()
            .take_while(|line| line.is_empty() || line.starts_with([' ', '#']))
            .filter(|line| line.trim_start().starts_with("operationId:"));
        let told = rest.trim_matches([' ', '|']);
        assert_eq!(told, operations.count().to_string(), "{line}");
        rows += 1;
    }
    assert_eq!(rows, 5);
}

/// Every page of the workspace, the generated ones included.
fn pages() -> impl Iterator<Item = PathBuf> {
    let root = tools::root();
    let crates = fs::read_dir(root.join("crates")).unwrap();
    let mut folders: Vec<PathBuf> = crates.map(|entry| entry.unwrap().path()).collect();
    folders.extend(["", "docs", "docs/codes", ".github"].map(|folder| root.join(folder)));
    let entries = folders
        .into_iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap());
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
}

fn is_of_crate(page: &Path) -> bool {
    page.with_file_name("Cargo.toml").exists() && page.with_file_name("") != tools::root()
}

/// Where links lead, written in the line or below: `](target)` and `]: target`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    let prose = text.lines().filter(move |line| {
        is_code ^= line.trim_start().starts_with("```");
        !is_code
    });
    prose.flat_map(|line| {
        let below = line.starts_with('[').then(|| line.split_once("]: "));
        let below = below.flatten().map(|(_, target)| target);
        let inside = line.split("](").skip(1);
        below
            .into_iter()
            .chain(inside.filter_map(|rest| rest.split([')', ' ']).next()))
    })
}

/// The headings of a page as a host writes them into addresses.
fn headings(page: &Path) -> impl Iterator<Item = String> + use<> {
    let text = fs::read_to_string(page).unwrap();
    let titles: Vec<String> = text
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title
                .chars()
                .filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect();
    titles.into_iter()
}
