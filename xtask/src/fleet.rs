//! The long runs of the fleet, and the walks that have to find seeded mistakes: the figures of
//! `docs/reliability.md`.

use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

/// Runs all of them, whatever becomes of the ones before. Prints rows for the table, and fails at
/// the end if one did.
pub(crate) fn run(sh: &Shell, rest: &[&str]) -> Result<()> {
    cmd!(sh, "cargo build --quiet --package huawei-fleet")
        .quiet()
        .run()?;
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    for store in ["file", "redis"] {
        for faults in FAULTS {
            let output = cmd!(
                sh,
                "cargo run --quiet --package huawei-fleet -- --store {store} --faults {faults} {rest...}"
            )
            .quiet()
            .ignore_status()
            .output()?;
            let said = String::from_utf8_lossy(&output.stdout);
            println!("{said}{}", String::from_utf8_lossy(&output.stderr));
            let row = said.lines().find(|line| line.starts_with("| "));
            rows.extend(row.map(str::to_owned));
            match (output.status.success(), row) {
                (true, Some(_)) => {}
                (true, None) => failed.push(format!("{store}, {faults}: not run")),
                (false, _) => failed.push(format!("{store}, {faults}")),
            }
        }
    }
    for seeded in ["generation", "lapse", "lease"] {
        if let Err(error) = walk(sh, seeded) {
            println!("{error:#}");
            failed.push(format!("the mistake `{seeded}` in the walk"));
        }
    }
    sh.remove_path("target/seeded")?;
    println!(
        "\nFor the table of docs/reliability.md:\n\n{HEAD}\n{}",
        rows.join("\n")
    );
    match failed.as_slice() {
        [] => Ok(()),
        failed => bail!("failed: {}", failed.join("; ")),
    }
}

/// Walks through the fleet's orders with a mistake that has to be found.
fn walk(sh: &Shell, seeded: &str) -> Result<()> {
    let seed = format!("--cfg seeded=\"{seeded}\"");
    cmd!(
        sh,
        "cargo test --package auth-core --lib --all-features fleet_model"
    )
    .env("RUSTFLAGS", seed)
    .env("CARGO_TARGET_DIR", "target/seeded")
    .quiet()
    .run()
    .with_context(|| format!("the walk with the mistake `{seeded}`"))
}

const FAULTS: [&str; 8] = [
    "none", "kill", "kill-all", "stop", "store", "503", "clocks", "all",
];
const HEAD: &str = "\
| run | calls | logins | generations stored | holders killed or stopped | failed after the repeat | failed, naming the \
store | failed with 503 | failed otherwise | promises |
|---|---|---|---|---|---|---|---|---|---|";
