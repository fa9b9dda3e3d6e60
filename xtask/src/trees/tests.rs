//! Growth rehearsed: small workspaces whose crates bring more, or less, than their budgets say.

use std::path::PathBuf;

use super::*;

/// A workspace with a crate for users, `push`, above another, `core`; and what neither uses yet.
struct Seeded(Shell, PathBuf);

impl Seeded {
    fn new(name: &str) -> Self {
        let sh = Shell::new().unwrap();
        let root = std::env::temp_dir().join(format!("trees-{name}-{}", std::process::id()));
        sh.remove_path(&root).unwrap();
        sh.write_file(
            root.join("Cargo.toml"),
            "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n",
        )
        .unwrap();
        sh.change_dir(sh.create_dir(&root).unwrap());
        let seeded = Self(sh, root);
        seeded.package("extra", "publish = false", "");
        seeded.package("openssl", "publish = false", "");
        seeded.package("core", "publish = false", "");
        seeded.package(
            "push",
            "[features]\nmore = [\"dep:extra\"]",
            "core = { path = \"../core\" }\nextra = { path = \"../extra\", optional = true }",
        );
        seeded.0.write_file(BUDGETS, BUDGET).unwrap();
        write(&seeded.0).unwrap();
        seeded
    }

    fn package(&self, name: &str, more: &str, dependencies: &str) {
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{more}\n\n[dependencies]\n{dependencies}\n"
        );
        self.0
            .write_file(format!("crates/{name}/Cargo.toml"), manifest)
            .unwrap();
        self.0
            .write_file(format!("crates/{name}/src/lib.rs"), "")
            .unwrap();
    }

    fn fault(&self) -> String {
        check(&self.0).unwrap_err().to_string()
    }
}

impl Drop for Seeded {
    fn drop(&mut self) {
        let _ = self.0.remove_path(&self.1);
    }
}

#[test]
fn growth_fails_with_the_path_that_brought_it() {
    let seeded = Seeded::new("growth");
    check(&seeded.0).unwrap();

    seeded.package("core", "publish = false", "extra = { path = \"../extra\" }");

    let fault = seeded.fault();
    for wanted in [
        "push: 3 crates, the budget is 2; brought by\n    push → core → extra",
        "push (none): 3 crates, the budget is 2; brought by\n    push → core → extra",
    ] {
        assert!(fault.contains(wanted), "no `{wanted}` in {fault}");
    }
    // Nor can it be written down before the budget is raised.
    assert_eq!(write(&seeded.0).unwrap_err().to_string(), fault);
}

#[test]
fn growth_behind_a_feature_fails_for_that_feature_alone() {
    let seeded = Seeded::new("feature");
    seeded.package("deep", "publish = false", "");
    seeded.package("extra", "publish = false", "deep = { path = \"../deep\" }");

    let fault = seeded.fault();

    let wanted = "push (all): 4 crates, the budget is 3; brought by\n    push → extra → deep";
    assert!(fault.contains(wanted), "no `{wanted}` in {fault}");
    assert!(!fault.contains("push: "), "{fault}");
}

#[test]
fn a_build_script_and_a_banned_library_fail_with_their_paths() {
    let seeded = Seeded::new("banned");
    seeded.package(
        "core",
        "publish = false",
        "openssl = { path = \"../openssl\" }",
    );
    let sh = &seeded.0;
    sh.write_file("crates/openssl/build.rs", "fn main() {}")
        .unwrap();

    let fault = seeded.fault();

    for wanted in [
        "push: 1 build scripts, the budget is 0; brought by\n    push → core → openssl",
        "push: 1 cryptographic libraries without leave, the budget is 0; brought by\n    push → core → openssl",
        "openssl by push → core → openssl: ring is the one TLS and signature provider",
    ] {
        assert!(fault.contains(wanted), "no `{wanted}` in {fault}");
    }
}

#[test]
fn a_budget_is_exact_and_complete() {
    let seeded = Seeded::new("exact");
    let sh = &seeded.0;
    let budget = |text: String| {
        sh.write_file(BUDGETS, text).unwrap();
        seeded.fault()
    };

    let line = "all = { crates = 3, duplicates = 0, build-scripts = 0, crypto = [] }";
    let fault = budget(BUDGET.replace("all = { crates = 3", "all = { crates = 9"));
    assert!(fault.contains("push (all): it takes less"), "{fault}");
    assert!(fault.contains(line), "{fault}");
    let fault = budget(BUDGET.replace(line, ""));
    assert!(fault.contains("push (all): no budget"), "{fault}");
    assert!(fault.contains(line), "{fault}");
    let fault = budget(BUDGET.replace("none = ", "gone = "));
    assert!(fault.contains("push (gone): a budget for a set"), "{fault}");
}

#[test]
fn front_pages_say_in_both_languages_what_each_feature_costs() {
    let read = |file: &str| {
        let path = crate::tools::root().join(file);
        std::fs::read_to_string(path).unwrap()
    };
    let budgets: BTreeMap<String, BTreeMap<String, Budget>> =
        toml::from_str(&read(BUDGETS)).unwrap();
    let mut faults = Vec::new();
    for (package, sets) in &budgets {
        let (all, none) = (sets[DEFAULT].crates, sets[NONE].crates);
        for (page, heading, unit) in [
            ("README.md", "## Features\n", "crate"),
            ("README.zh-CN.md", "## 特性\n", "个 crate"),
        ] {
            let text = read(&format!("crates/{package}/{page}"));
            let section = text.split(heading).nth(1).unwrap_or_default();
            let section = section.split("\n## ").next().unwrap_or_default();
            // A point of a list may go on in the next line; a row of a table does not.
            let points: Vec<String> = section
                .split("\n- ")
                .flat_map(|point| point.split("\n| "))
                .map(|point| point.replace("\n  ", " "))
                .collect();
            let mut wants = |feature: &str, costs: &str| {
                let names = |point: &&String| point.contains(&format!("`{feature}`"));
                if !points
                    .iter()
                    .filter(names)
                    .any(|point| point.contains(costs))
                {
                    faults.push(format!("{package}/{page}: `{feature}` costs {costs}"));
                }
            };
            for (set, budget) in sets {
                if ![DEFAULT, NONE, ALL].contains(&set.as_str()) {
                    wants(set, &format!("+{} {unit}", budget.crates - all));
                }
            }
            if all != none {
                wants("reqwest", &(all - none).to_string());
                wants("reqwest", &format!("{all} "));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn growth_is_told_with_the_path_that_brought_it() {
    let tree = Tree {
        package: "push".to_owned(),
        set: DEFAULT.to_owned(),
        crates: ["push v0", "core v0", "rand v0.8", "rand v0.9", "sha2 v1"]
            .map(str::to_owned)
            .into(),
        paths: BTreeMap::from([
            (
                "sha2".to_owned(),
                ["push", "core", "sha2"].map(str::to_owned).into(),
            ),
            (
                "rand".to_owned(),
                ["push", "rand"].map(str::to_owned).into(),
            ),
        ]),
        build_scripts: ["core".to_owned()].into(),
    };
    let budget = Budget {
        crates: 4,
        duplicates: 0,
        build_scripts: 1,
        crypto: vec![],
    };
    let known = "\npush: 4 crates\n  push\n  core\n  rand\n\nother: 1 crates\n  sha2\n";
    assert_eq!(
        over(&tree, &budget, known),
        [
            "push: 5 crates, the budget is 4; brought by\n    push → core → sha2",
            "push: 1 crates in several versions, the budget is 0; brought by\n    push → rand",
            "push: 1 cryptographic libraries without leave, the budget is 0; brought by\n    push → core → sha2",
        ]
    );
}

const BUDGET: &str = "[push]
default = { crates = 2, duplicates = 0, build-scripts = 0, crypto = [] }
none = { crates = 2, duplicates = 0, build-scripts = 0, crypto = [] }
more = { crates = 3, duplicates = 0, build-scripts = 0, crypto = [] }
all = { crates = 3, duplicates = 0, build-scripts = 0, crypto = [] }
";
