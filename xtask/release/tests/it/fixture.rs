//! A small workspace under git, and its clones.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use semver::Version;
use xshell::{Shell, cmd};
use xtask_release::plan::{self, Plan, Wishes};
use xtask_release::prepare::{self, Ci};
use xtask_release::semver_checker::{Checker, Tools};
use xtask_release::workspace::Workspace;

/// A clone; removed when dropped.
pub(crate) struct Clone {
    pub(crate) sh: Shell,
    root: PathBuf,
}

impl Clone {
    /// A clone in which every crate was released as 0.1.0.
    pub(crate) fn new(name: &str) -> Self {
        let origin = origin();
        let root = scratch().join(name);
        let sh = Shell::new().unwrap();
        sh.remove_path(&root).unwrap();
        cmd!(sh, "git clone --quiet {origin} {root}")
            .quiet()
            .run()
            .unwrap();
        sh.change_dir(&root);
        identify(&sh);
        // The compiled crates of one clone are of use to the next.
        sh.set_var("CARGO_TARGET_DIR", scratch().join("target"));
        Self { sh, root }
    }

    /// Replaces a part of a file, which must be there.
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) -> &Self {
        let text = self.read(file);
        assert!(text.contains(from), "{file} has no `{from}`");
        self.write(file, &text.replace(from, to))
    }

    pub(crate) fn write(&self, file: &str, text: &str) -> &Self {
        self.sh.write_file(self.root.join(file), text).unwrap();
        self
    }

    pub(crate) fn read(&self, file: &str) -> String {
        self.sh.read_file(self.root.join(file)).unwrap()
    }

    pub(crate) fn remove(&self, file: &str) -> &Self {
        self.sh.remove_path(self.root.join(file)).unwrap();
        self
    }

    pub(crate) fn commit(&self, message: &str) -> &Self {
        let sh = &self.sh;
        // The lock file follows the manifests; where they are at fault, it stays as it is.
        cmd!(sh, "cargo update --quiet --workspace --offline")
            .quiet()
            .ignore_status()
            .run()
            .unwrap();
        cmd!(sh, "git add --all").quiet().run().unwrap();
        cmd!(sh, "git commit --quiet --message {message}")
            .quiet()
            .run()
            .unwrap();
        self
    }

    /// What git says.
    pub(crate) fn git(&self, args: &str) -> String {
        let sh = &self.sh;
        let args = args.split(' ');
        cmd!(sh, "git {args...}").quiet().read().unwrap()
    }

    pub(crate) fn plan(&self) -> anyhow::Result<Plan> {
        let workspace = Workspace::read(&self.sh)?;
        plan::make(&self.sh, &workspace, &wishes(&[]))
    }

    pub(crate) fn prepare(&self, versions: &[(&str, &str)], ci: &Ci) -> anyhow::Result<()> {
        let workspace = Workspace::read(&self.sh)?;
        prepare::run(&self.sh, &workspace, &wishes(versions), ci)
    }

    /// The error of a preparation that must fail, and leave everything as it was.
    pub(crate) fn refusal(&self, versions: &[(&str, &str)]) -> String {
        self.refusal_of(versions, &Ci::Run)
    }

    pub(crate) fn refusal_of(&self, versions: &[(&str, &str)], ci: &Ci) -> String {
        let before = (
            self.git("rev-parse HEAD"),
            self.git("status --porcelain"),
            self.git("tag"),
        );
        let error = self
            .prepare(versions, ci)
            .expect_err("the release is refused");
        let after = (
            self.git("rev-parse HEAD"),
            self.git("status --porcelain"),
            self.git("tag"),
        );
        assert_eq!(before, after, "a refused release leaves no trace");
        format!("{error:#}")
    }
}

impl Drop for Clone {
    fn drop(&mut self) {
        // What stays behind of a failed test is of use.
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

/// Whether the semver checker is there to be rehearsed.
pub(crate) fn has_checker() -> bool {
    let sh = Shell::new().unwrap();
    let checker = Checker::get(&sh, &Tools::Present(tools()));
    checker.unwrap().is_some()
}

fn wishes(versions: &[(&str, &str)]) -> Wishes {
    let versions = versions
        .iter()
        .map(|(name, version)| ((*name).to_owned(), version.parse::<Version>().unwrap()))
        .collect::<BTreeMap<_, _>>();
    Wishes {
        versions,
        tools: Tools::Present(tools()),
    }
}

fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools")
}

fn scratch() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("rehearsal")
}

/// The workspace that is cloned: laid once, its releases tagged.
fn origin() -> PathBuf {
    static LAID: OnceLock<PathBuf> = OnceLock::new();
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    LAID.get_or_init(|| {
        // Test runners start a process for each test.
        let root = scratch().join(format!("origin-{}", std::process::id()));
        let sh = Shell::new().unwrap();
        sh.remove_path(&root).unwrap();
        for (file, text) in FILES {
            sh.write_file(root.join(file), text).unwrap();
        }
        sh.change_dir(&root);
        cmd!(sh, "git init --quiet --initial-branch main")
            .quiet()
            .run()
            .unwrap();
        identify(&sh);
        cmd!(sh, "cargo generate-lockfile --quiet --offline")
            .quiet()
            .run()
            .unwrap();
        cmd!(sh, "git add --all").quiet().run().unwrap();
        cmd!(sh, "git commit --quiet --message First")
            .quiet()
            .run()
            .unwrap();
        for name in ["rehearsal-core", "rehearsal-push", "huawei-emulator"] {
            cmd!(sh, "git tag {name}-v0.1.0").quiet().run().unwrap();
        }
        root
    })
    .clone()
}

fn identify(sh: &Shell) {
    for (key, value) in [
        ("user.name", "Tester"),
        ("user.email", "tester@example.com"),
    ] {
        cmd!(sh, "git config {key} {value}").quiet().run().unwrap();
    }
}

const FILES: &[(&str, &str)] = &[
    (
        "Cargo.toml",
        r#"[workspace]
resolver = "3"
members = ["crates/*", "xtask"]

[workspace.package]
edition = "2024"
rust-version = "1.88"
license = "MIT"

[workspace.dependencies]
rehearsal-core = { version = "0.1.0", path = "crates/rehearsal-core" }
"#,
    ),
    (".gitignore", "/target\n"),
    (
        ".cargo/config.toml",
        "[alias]\nxtask = \"run --quiet --package xtask --\"\n",
    ),
    (
        "CHANGELOG.md",
        "# Changelog\n\n## Unreleased\n\n- `rehearsal-push`: something new.\n\n## 2026-01-01: all 0.1.0\n\n- First.\n",
    ),
    (
        "crates/rehearsal-core/Cargo.toml",
        r#"[package]
name = "rehearsal-core"
version = "0.1.0"
edition.workspace = true
rust-version.workspace = true
license.workspace = true
description = "Rehearses a release"
readme = "README.md"
"#,
    ),
    ("crates/rehearsal-core/LICENSE-MIT", "MIT License\n"),
    ("crates/rehearsal-core/README.md", "# rehearsal-core\n"),
    (
        "crates/rehearsal-core/src/lib.rs",
        r#"//! Tokens.

/// A token.
#[derive(Clone, Debug)]
pub struct Token {
    /// Its text.
    pub text: String,
    /// Its life in seconds.
    pub life: u32,
}

/// Makes a token.
pub fn token(life: u32) -> Token {
    Token { text: "t".to_owned(), life }
}
"#,
    ),
    (
        "crates/rehearsal-push/Cargo.toml",
        r#"[package]
name = "rehearsal-push"
version = "0.1.0"
edition.workspace = true
rust-version.workspace = true
license.workspace = true
description = "Rehearses a release"
readme = "README.md"

[dependencies]
rehearsal-core.workspace = true
"#,
    ),
    ("crates/rehearsal-push/LICENSE-MIT", "MIT License\n"),
    ("crates/rehearsal-push/README.md", "# rehearsal-push\n"),
    (
        "crates/rehearsal-push/src/lib.rs",
        r#"//! Messages.

use rehearsal_core::Token;

/// A message.
#[derive(Debug)]
#[non_exhaustive]
pub struct Message {
    /// Its title.
    pub title: String,
    /// Its body.
    pub body: String,
}

/// Sends with a token; says how long it lives.
pub fn send(token: &Token, message: &Message) -> u64 {
    u64::from(token.life) + message.title.len() as u64
}
"#,
    ),
    (
        "crates/huawei-emulator/Cargo.toml",
        r#"[package]
name = "huawei-emulator"
version = "0.1.0"
edition.workspace = true
rust-version.workspace = true
license.workspace = true
description = "Rehearses a release"
readme = "README.md"
include = ["src", "documents", "LICENSE-MIT", "README.md"]
"#,
    ),
    ("crates/huawei-emulator/LICENSE-MIT", "MIT License\n"),
    ("crates/huawei-emulator/README.md", "# huawei-emulator\n"),
    (
        "crates/huawei-emulator/src/lib.rs",
        "//! Documents.\n\n/// The document.\npub const PUSH: &str = include_str!(\"../documents/rehearsal-push.json\");\n",
    ),
    (
        "crates/huawei-emulator/documents/rehearsal-push.json",
        r#"{
 "paths": {"/send": {"post": {"operationId": "send_message", "x-idempotent": false}}},
 "components": {"schemas": {"Message": {
  "type": "object",
  "properties": {"title": {"type": "string"}, "body": {"type": "string"}}
 }}},
 "x-error-codes": [{"code": "1", "meaning": "Wrong.", "action": "fix-request"}]
}
"#,
    ),
    (
        "xtask/Cargo.toml",
        "[package]\nname = \"xtask\"\nversion = \"0.0.0\"\nedition.workspace = true\npublish = false\n",
    ),
    (
        "xtask/src/main.rs",
        r#"//! The checks.

fn main() {
    assert!(!std::path::Path::new("red").exists(), "the checks are red");
}
"#,
    ),
];
