//! Runs the fuzz targets of `fuzz/` with a nightly toolchain alone; `cargo fuzz` works as well.

use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

/// How long CI fuzzes each target, in seconds.
pub(crate) const SHORT: u32 = 20;

/// Builds every target with coverage instrumentation and runs it for `seconds` from its seeds.
pub(crate) fn run(sh: &Shell, seconds: u32) -> Result<()> {
    let seconds = seconds.to_string();
    let host = cmd!(sh, "rustc -vV").quiet().read()?;
    let host = host.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc does not name its host")?;
    let _flags = sh.push_env("RUSTFLAGS", FLAGS.join(" "));
    let _dir = sh.push_dir("fuzz");
    // An explicit target keeps the instrumentation out of build scripts and procedural macros.
    cmd!(
        sh,
        "cargo +nightly build --quiet --release --target {host} --bins"
    )
    .quiet()
    .run()?;
    sh.create_dir("artifacts")?;
    let mut targets = 0;
    for seeds in sh.read_dir("seeds")? {
        let name = seeds
            .file_name()
            .context("a seed directory has a name")?
            .to_owned();
        let corpus = sh.create_dir(std::path::Path::new("corpus").join(&name))?;
        let program = sh
            .current_dir()
            .join("target")
            .join(host)
            .join("release")
            .join(&name);
        cmd!(sh, "{program} {corpus} {seeds} -max_total_time={seconds} -artifact_prefix=artifacts/ -rss_limit_mb=1024 -verbosity=0 -print_final_stats=1")
            .quiet()
            .run()
            .with_context(|| format!("fuzz target {}", name.to_string_lossy()))?;
        targets += 1;
    }
    if targets == 0 {
        bail!("fuzz/seeds holds no target");
    }
    println!("fuzzed {targets} targets for {seconds} s each");
    Ok(())
}

const FLAGS: &[&str] = &[
    "--cfg fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Cdebug-assertions",
    "-Clink-dead-code",
];
