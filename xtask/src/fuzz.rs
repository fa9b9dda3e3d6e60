//! Runs the fuzz targets of `fuzz/` with a nightly toolchain alone; `cargo fuzz` works as well.

use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

/// How long to fuzz each target.
pub(crate) enum Length {
    /// As CI does: the same inputs at every run, so that the same code has the same answer.
    Repeatable,
    /// For this many seconds, with other inputs at each run, to find what nobody thought of.
    Seconds(u32),
}

/// Builds every target with coverage instrumentation and runs it from its seeds.
pub(crate) fn run(sh: &Shell, length: Length) -> Result<()> {
    let (length, told) = match length {
        Length::Repeatable => (
            vec![
                "-seed=1".into(),
                format!("-runs={RUNS}"),
                format!("-max_total_time={AT_MOST}"),
            ],
            format!("up to {RUNS} inputs"),
        ),
        Length::Seconds(seconds) => (
            vec![format!("-max_total_time={seconds}")],
            format!("{seconds} s"),
        ),
    };
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
        let length = &length;
        let program = sh
            .current_dir()
            .join("target")
            .join(host)
            .join("release")
            .join(&name);
        cmd!(sh, "{program} {corpus} {seeds} {length...} -artifact_prefix=artifacts/ -rss_limit_mb=1024 -verbosity=0 -print_final_stats=1")
            .quiet()
            .run()
            .with_context(|| format!("fuzz target {}", name.to_string_lossy()))?;
        targets += 1;
    }
    if targets == 0 {
        bail!("fuzz/seeds holds no target");
    }
    println!("fuzzed {targets} targets with {told} each");
    Ok(())
}

/// How many inputs CI tries on each target.
const RUNS: u32 = 200_000;

/// After how many seconds CI leaves a slow target with fewer.
const AT_MOST: u32 = 20;

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
