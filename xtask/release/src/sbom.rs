//! The parts of each published crate as a CycloneDX document: what comes into a user's build, by
//! the lock file of the release, with every feature and on every system.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use toml_edit::DocumentMut;
use xshell::{Shell, cmd};

use crate::workspace::Workspace;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Part>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Part {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

/// Writes one document for each published crate.
pub fn write(sh: &Shell, workspace: &Workspace, folder: &Path) -> Result<()> {
    let json = cmd!(
        sh,
        "cargo metadata --all-features --locked --format-version 1"
    )
    .quiet()
    .read()?;
    let metadata: Metadata = serde_json::from_str(&json)?;
    let checksums = checksums(&sh.read_file("Cargo.lock")?)?;
    sh.create_dir(folder)?;
    for package in workspace.published()? {
        let document = document(&metadata, &checksums, &package.name)?;
        let file = folder.join(format!("{}-{}.cdx.json", package.name, package.version));
        sh.write_file(&file, format!("{document:#}\n"))?;
        println!("{}", file.display());
    }
    Ok(())
}

fn document(
    metadata: &Metadata,
    checksums: &BTreeMap<(String, String), String>,
    name: &str,
) -> Result<Value> {
    let parts: BTreeMap<&str, &Part> = metadata
        .packages
        .iter()
        .map(|part| (part.id.as_str(), part))
        .collect();
    let edges: BTreeMap<&str, &Node> = metadata
        .resolve
        .nodes
        .iter()
        .map(|node| (node.id.as_str(), node))
        .collect();
    let root = metadata
        .packages
        .iter()
        .find(|part| part.name == name && part.source.is_none())
        .with_context(|| format!("{name} is not in the workspace"))?;
    let mut reached = BTreeSet::new();
    let mut next = vec![root.id.as_str()];
    let mut dependencies = Vec::new();
    while let Some(id) = next.pop() {
        if !reached.insert(id) {
            continue;
        }
        let users = edges[id].deps.iter().filter(|edge| {
            edge.dep_kinds
                .iter()
                .any(|kind| kind.kind.as_deref() != Some("dev"))
        });
        let on: BTreeSet<&str> = users.map(|edge| edge.pkg.as_str()).collect();
        next.extend(&on);
        let on: Vec<String> = on.iter().map(|id| purl(parts[id])).collect();
        dependencies.push(json!({"ref": purl(parts[id]), "dependsOn": on}));
    }
    let component = |part: &Part| {
        let mut component = json!({
            "type": "library",
            "bom-ref": purl(part),
            "name": part.name,
            "version": part.version,
            "purl": purl(part),
        });
        if let Some(licence) = &part.license {
            // Old manifests write `/` for OR.
            let expression = licence.replace('/', " OR ");
            component["licenses"] = json!([{"expression": expression}]);
        }
        if let Some(checksum) = checksums.get(&(part.name.clone(), part.version.clone())) {
            component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
        }
        component
    };
    let others: Vec<Value> = reached
        .iter()
        .filter(|id| **id != root.id)
        .map(|id| component(parts[id]))
        .collect();
    dependencies.sort_by_key(|dependency| dependency["ref"].to_string());
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": component(root)},
        "components": others,
        "dependencies": dependencies,
    }))
}

fn purl(part: &Part) -> String {
    format!(
        "pkg:cargo/{}@{}",
        part.name,
        part.version.replace('+', "%2B")
    )
}

/// The digests of what came from the registry.
fn checksums(lock: &str) -> Result<BTreeMap<(String, String), String>> {
    let lock: DocumentMut = lock.parse()?;
    let packages = lock["package"]
        .as_array_of_tables()
        .context("no packages are locked")?;
    let mut checksums = BTreeMap::new();
    for package in packages {
        let text = |key: &str| {
            package
                .get(key)
                .and_then(|value| value.as_str())
                .map(str::to_owned)
        };
        if let (Some(name), Some(version), Some(sum)) =
            (text("name"), text("version"), text("checksum"))
        {
            checksums.insert((name, version), sum);
        }
    }
    Ok(checksums)
}
