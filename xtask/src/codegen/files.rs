//! Files on disk: formatted, compared, written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use anyhow::{Context, Result, bail};

/// Wanted files by their path from the root of the workspace.
pub(crate) type Tree = BTreeMap<PathBuf, String>;

/// How a wanted file differs from what is there.
pub(crate) enum Change {
    Add,
    Edit(String),
    Remove,
}

/// Formats every Rust file of a tree with the toolchain's rustfmt.
pub(crate) fn format(tree: &mut Tree, scratch: &Path) -> Result<()> {
    let folder = scratch.join(process::id().to_string());
    let result = format_in(tree, &folder);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    result
}

fn format_in(tree: &mut Tree, folder: &Path) -> Result<()> {
    let is_rust = |path: &Path| path.extension().is_some_and(|extension| extension == "rs");
    let sources: Vec<PathBuf> = tree.keys().filter(|path| is_rust(path)).cloned().collect();
    for path in &sources {
        write(&folder.join(path), &tree[path])?;
    }
    // The modules below come along.
    let roots = sources
        .iter()
        .filter(|path| path.ends_with("generated/mod.rs"));
    let output = Command::new("rustfmt")
        .args(["--edition", "2024", "--config", "style_edition=2024"])
        .args(roots.map(|path| folder.join(path)))
        .output()
        .context("rustfmt is part of the toolchain")?;
    if !output.status.success() {
        bail!("rustfmt: {}", String::from_utf8_lossy(&output.stderr));
    }
    for path in sources {
        let text = fs::read_to_string(folder.join(&path))?;
        tree.insert(path, text);
    }
    Ok(())
}

/// What has to change for the tree to be there. A file in one of `owned` that is not wanted has
/// to go.
pub(crate) fn changes(
    root: &Path,
    tree: &Tree,
    owned: &[PathBuf],
) -> Result<BTreeMap<PathBuf, Change>> {
    let mut changes = BTreeMap::new();
    for (path, wanted) in tree {
        match fs::read_to_string(root.join(path)) {
            Ok(found) if found == *wanted => {}
            Ok(found) => {
                changes.insert(path.clone(), Change::Edit(found));
            }
            Err(_) => {
                changes.insert(path.clone(), Change::Add);
            }
        }
    }
    for folder in owned {
        for file in files_in(&root.join(folder))? {
            let path = file.strip_prefix(root)?.to_owned();
            if !tree.contains_key(&path) {
                changes.insert(path, Change::Remove);
            }
        }
    }
    Ok(changes)
}

/// Writes a file and the folders above it.
pub(crate) fn write(file: &Path, text: &str) -> Result<()> {
    let folder = file.parent().context("a file has a folder")?;
    fs::create_dir_all(folder)?;
    fs::write(file, text).with_context(|| file.display().to_string())
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if !folder.exists() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => files.extend(files_in(&path)?),
            false => files.push(path),
        }
    }
    files.sort();
    Ok(files)
}

/// The lines that differ, each with those around it.
pub(crate) fn diff(found: &str, wanted: &str) -> String {
    let found: Vec<&str> = found.lines().collect();
    let wanted: Vec<&str> = wanted.lines().collect();
    let start = found
        .iter()
        .zip(&wanted)
        .take_while(|(a, b)| a == b)
        .count();
    let most = found.len().min(wanted.len()) - start;
    let end = found
        .iter()
        .rev()
        .zip(wanted.iter().rev())
        .take(most)
        .take_while(|(a, b)| a == b)
        .count();
    let mut out = format!("@@ line {} @@\n", start + 1);
    let shown = |out: &mut String, mark: char, lines: &[&str]| {
        for line in lines.iter().take(SHOWN) {
            out.push_str(&format!("{mark}{line}\n"));
        }
        if lines.len() > SHOWN {
            out.push_str(&format!("{mark}… {} more lines\n", lines.len() - SHOWN));
        }
    };
    shown(&mut out, ' ', &found[start.saturating_sub(AROUND)..start]);
    shown(&mut out, '-', &found[start..found.len() - end]);
    shown(&mut out, '+', &wanted[start..wanted.len() - end]);
    let after = wanted.len() - end;
    shown(
        &mut out,
        ' ',
        &wanted[after..wanted.len().min(after + AROUND)],
    );
    out
}

/// Lines shown around a difference.
const AROUND: usize = 3;
/// Lines shown of each side of a difference.
const SHOWN: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_shown_with_the_lines_around_it() {
        let text = diff("a\nb\nc\nd\n", "a\nb\nx\nd\n");
        assert_eq!(text, "@@ line 3 @@\n a\n b\n-c\n+x\n d\n");
        assert_eq!(diff("a\n", "a\nb\n"), "@@ line 2 @@\n a\n+b\n");
    }
}
