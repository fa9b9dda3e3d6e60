//! Writes the code that is generated from `crates/*/openapi.yaml`, or compares it.

mod document;
mod files;
mod names;
mod plan;
mod print;
mod read;
mod rules;
mod schema;
mod yaml;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::codegen::files::{Change, Tree};
use crate::codegen::plan::{Plan, Settings};
use crate::tools;

/// Writes what differs and removes what is not wanted; prints a line for each.
pub(crate) fn write() -> Result<()> {
    let (tree, owned) = tree()?;
    let root = tools::root();
    let changes = files::changes(&root, &tree, &owned)?;
    for (path, change) in &changes {
        let file = root.join(path);
        match change {
            Change::Remove => fs::remove_file(&file)?,
            Change::Add | Change::Edit(_) => files::write(&file, &tree[path])?,
        }
        println!("{} {}", change.word(), path.display());
    }
    if changes.is_empty() {
        println!("codegen: {} files are current", tree.len());
    }
    Ok(())
}

/// Fails if anything differs, showing how.
pub(crate) fn check() -> Result<()> {
    let (tree, owned) = tree()?;
    let changes = files::changes(&tools::root(), &tree, &owned)?;
    let mut report = String::new();
    for (path, change) in &changes {
        report.push_str(&format!("\n{} {}\n", change.word(), path.display()));
        if let Change::Edit(found) = change {
            report.push_str(&files::diff(found, &tree[path]));
        }
    }
    match changes.is_empty() {
        true => Ok(()),
        false => bail!("generated files are not current, run `cargo xtask codegen`\n{report}"),
    }
}

/// The whole wanted tree, and the folders in which nothing else may stand.
fn tree() -> Result<(Tree, Vec<PathBuf>)> {
    let root = tools::root();
    let mut tree = Tree::new();
    let mut owned = vec![PathBuf::from(DOCUMENTS), PathBuf::from(CODES)];
    for folder in crates_with_documents(&root)? {
        owned.extend(add(&root, &folder, &mut tree)?);
    }
    files::format(&mut tree, &root.join("target/codegen"))?;
    Ok((tree, owned))
}

/// Adds the files of one crate; returns the folders that are generated whole.
fn add(root: &Path, folder: &Path, tree: &mut Tree) -> Result<Vec<PathBuf>> {
    let name = folder
        .file_name()
        .and_then(|name| name.to_str())
        .context("a crate has a name")?;
    let settings = settings(&root.join(folder).join("Cargo.toml"))?;
    let file = folder.join(&settings.document);
    let text = fs::read_to_string(root.join(&file))?;
    let output = generate(name, &file.display().to_string(), &text, &settings)?;
    let generated = folder.join("src/generated");
    for (path, text) in output.files {
        tree.insert(generated.join(path), text);
    }
    tree.insert(folder.join("OPERATIONS.md"), output.table);
    if folder.starts_with("crates") {
        let hosts = tree.entry(PathBuf::from(HOSTS));
        hosts
            .or_insert_with(|| print::HOSTS_HEAD.to_owned())
            .push_str(&output.hosts);
    }
    let calls = folder.join("tests/it/generated");
    if let Some(text) = output.calls {
        tree.insert(calls.join("mod.rs"), text);
    }
    let document = match folder.starts_with("crates") {
        true => Path::new(DOCUMENTS).join(format!("{name}.json")),
        false => calls.join("document.json"),
    };
    for (suffix, page) in output
        .codes
        .into_iter()
        .filter(|_| folder.starts_with("crates"))
    {
        tree.insert(Path::new(CODES).join(format!("{name}{suffix}.md")), page);
    }
    tree.insert(document, output.json);
    Ok(vec![generated, calls])
}

/// What is generated from one document.
struct Output {
    /// The files of `src/generated/`.
    files: std::collections::BTreeMap<String, String>,
    /// `OPERATIONS.md`.
    table: String,
    /// Its part of the page of hosts.
    hosts: String,
    /// The pages of its codes, by the end of their name.
    codes: Vec<(&'static str, String)>,
    /// The test support that calls every operation, if the crate wants it.
    calls: Option<String>,
    /// The document for the emulator, and for those who make examples from it.
    json: String,
}

/// Reads a document and prints everything made from it; `file` stands in errors.
fn generate(name: &str, file: &str, text: &str, settings: &Settings) -> Result<Output> {
    let node = yaml::parse(file, text)?;
    let document = read::document(file, &node)?;
    rules::check(&document)?;
    let plan = Plan::new(name, &document, settings)?;
    Ok(Output {
        files: print::tree(&plan)?,
        table: print::table(&plan),
        hosts: print::hosts(&plan),
        codes: print::LANGUAGES
            .iter()
            .map(|language| (language.suffix, print::codes(&plan, language)))
            .collect(),
        calls: settings.calls.then(|| print::calls(&plan)).transpose()?,
        json: node.to_json(),
    })
}

fn crates_with_documents(root: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(root.join("crates"))? {
        let folder = entry?.path();
        if folder.join("openapi.yaml").exists() {
            folders.push(folder.strip_prefix(root)?.to_owned());
        }
    }
    folders.sort();
    folders.push(PathBuf::from(KITCHEN_SINK));
    Ok(folders)
}

/// Reads `[package.metadata.codegen]`.
fn settings(manifest: &Path) -> Result<Settings> {
    let text = fs::read_to_string(manifest).with_context(|| manifest.display().to_string())?;
    let manifest: toml::Table = text
        .parse()
        .with_context(|| manifest.display().to_string())?;
    let table = ["package", "metadata", "codegen"]
        .iter()
        .try_fold(toml::Value::Table(manifest), |value, key| {
            value.get(key).cloned()
        });
    match table {
        Some(table) => Ok(table.try_into()?),
        None => Ok(Settings::default()),
    }
}

impl Change {
    fn word(&self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Edit(_) => "edit",
            Self::Remove => "remove",
        }
    }
}

/// The crate that holds every shape once.
const KITCHEN_SINK: &str = "xtask/kitchen_sink";

/// The addresses that the clients connect to.
const HOSTS: &str = "docs/hosts.md";

/// The pages of the platforms' codes.
const CODES: &str = "docs/codes";

/// Where the emulator finds the documents.
const DOCUMENTS: &str = "crates/huawei-emulator/documents";

#[cfg(test)]
mod tests;
