//! A release of this repository in a throw-away clone, from the first plan to the push command, and
//! the plan of the release after it. The tests rehearse on a small workspace; this is the real one.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use xshell::{Shell, cmd};

use crate::baseline;
use crate::level::Level;
use crate::plan::{self, Plan, Wishes};
use crate::prepare::{self, Ci};
use crate::semver_checker::Tools;
use crate::workspace::Workspace;

/// Clones the current commit, releases the clone, changes it, and plans again; what is not as it
/// has to be is an error. Nothing stays behind of a rehearsal that passes.
pub fn run(sh: &Shell, workspace: &Workspace) -> Result<()> {
    let (origin, scratch) = (&workspace.root, workspace.root.join("target/rehearsal"));
    sh.remove_path(&scratch)?;
    let clone = scratch.join("clone");
    cmd!(sh, "git clone --quiet {origin} {clone}")
        .quiet()
        .run()?;
    let stage = Stage {
        sh,
        tools: Tools::Present(origin.join("target/tools")),
    };
    let tags = cmd!(sh, "git tag --list").quiet().read()?;
    {
        let _there = sh.push_dir(&clone);
        let _target = sh.push_env("CARGO_TARGET_DIR", scratch.join("target"));
        for (key, value) in IDENTITY {
            cmd!(sh, "git config {key} {value}").quiet().run()?;
        }
        stage.play()?;
    }
    ensure!(
        cmd!(sh, "git tag --list").quiet().read()? == tags,
        "the rehearsal left tags in this repository"
    );
    sh.remove_path(&scratch)?;
    println!("rehearsed");
    Ok(())
}

struct Stage<'a> {
    sh: &'a Shell,
    tools: Tools,
}

impl Stage<'_> {
    fn play(&self) -> Result<()> {
        let sh = self.sh;
        self.append(CORE, "u32")?;
        self.append(PUSH, "u32")?;
        self.commit("Rehearse")?;
        let head = baseline::head(sh)?;

        sh.write_file("half-done.txt", "")?;
        self.refused("a tree that is not clean", &head, "half-done.txt")?;
        sh.remove_path("half-done.txt")?;
        let earlier = cmd!(sh, "git rev-parse HEAD^").quiet().read()?;
        self.refused(
            "checks of an earlier commit",
            &earlier,
            "what is to be released is",
        )?;
        self.refused(
            "checks of no exact commit",
            "HEAD",
            "what is to be released is",
        )?;

        let start = now();
        self.prepare(&head)?;
        passed("prepare", start);
        let (tags, crates) = (self.tags()?, self.workspace()?.published()?.len());
        ensure!(
            tags.len() == crates + 1,
            "{crates} crates, and tags {tags:?}"
        );
        ensure!(
            cmd!(sh, "git status --porcelain")
                .quiet()
                .read()?
                .is_empty(),
            "the release left something that is not committed"
        );

        // What only the text of the API shows, an argument of another type; and an addition.
        let core = sh.read_file(CORE)?;
        sh.write_file(CORE, core.replace("_u32(life: u32)", "_u32(life: u64)"))?;
        self.append(PUSH, "u8")?;
        self.commit("Change")?;
        let start = now();
        let plan = self.plan(&[])?;
        println!("{plan}");
        passed("plan after a change", start);
        plan.is_allowed()?;
        self.levels(&plan)?;
        let wrong = self.plan(&[("auth-core", "0.1.1")])?;
        match wrong.is_allowed() {
            Err(error) => println!("refused, a version that is too small: {error:#}"),
            Ok(()) => bail!("a break as a patch was allowed"),
        }
        Ok(())
    }

    /// The break goes to every crate with types of auth-core in its signatures, and no further.
    fn levels(&self, plan: &Plan) -> Result<()> {
        for release in &plan.crates {
            let wanted = match release.name.as_str() {
                "huawei-emulator" => Level::None,
                _ => Level::Break,
            };
            let (name, found) = (&release.name, release.level);
            ensure!(found == wanted, "{name}: {found} where {wanted} is due");
            let is_quiet = release.findings.iter().all(|one| one.title != "Document");
            ensure!(is_quiet, "{name}: its document did not change");
        }
        Ok(())
    }

    fn refused(&self, what: &str, commit: &str, words: &str) -> Result<()> {
        match self.prepare(commit) {
            Ok(()) => bail!("{what} did not stop the release"),
            Err(error) => {
                let error = format!("{error:#}");
                ensure!(error.contains(words), "{what}: {error}");
                println!("refused, {what}: {error}");
            }
        }
        ensure!(self.tags()?.is_empty(), "a refused release left tags");
        Ok(())
    }

    fn prepare(&self, commit: &str) -> Result<()> {
        let ci = Ci::PassedAt(commit.to_owned());
        prepare::run(self.sh, &self.workspace()?, &self.wishes(&[])?, &ci)
    }

    fn plan(&self, versions: &[(&str, &str)]) -> Result<Plan> {
        plan::make(self.sh, &self.workspace()?, &self.wishes(versions)?)
    }

    fn wishes(&self, versions: &[(&str, &str)]) -> Result<Wishes> {
        let mut chosen = BTreeMap::new();
        for (name, version) in versions {
            chosen.insert((*name).to_owned(), version.parse()?);
        }
        Ok(Wishes {
            versions: chosen,
            tools: self.tools.clone(),
        })
    }

    fn workspace(&self) -> Result<Workspace> {
        Workspace::read(self.sh)
    }

    /// The tags of the current commit.
    fn tags(&self) -> Result<Vec<String>> {
        let sh = self.sh;
        let tags = cmd!(sh, "git tag --points-at HEAD").quiet().read()?;
        Ok(tags.lines().map(str::to_owned).collect())
    }

    fn append(&self, file: &str, kind: &str) -> Result<()> {
        let mut text = self.sh.read_file(file)?;
        text.push_str(&format!(
            "\n/// Rehearses a release.\npub fn rehearsed_{kind}(life: {kind}) -> u64 {{\n    life.into()\n}}\n"
        ));
        self.sh
            .write_file(file, text)
            .with_context(|| format!("{file} cannot be changed"))
    }

    fn commit(&self, message: &str) -> Result<()> {
        let sh = self.sh;
        cmd!(sh, "git commit --quiet --all --message {message}")
            .quiet()
            .run()?;
        Ok(())
    }
}

fn now() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "a build tool tells how long a step took"
    )]
    Instant::now()
}

fn passed(what: &str, start: Instant) {
    println!("=== {what}: {} s", start.elapsed().as_secs());
}

const CORE: &str = "crates/auth-core/src/lib.rs";
const PUSH: &str = "crates/harmony-push/src/lib.rs";
const IDENTITY: &[(&str, &str)] = &[
    ("user.name", "Rehearsal"),
    ("user.email", "rehearsal@example.com"),
];
