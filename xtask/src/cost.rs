//! What a new team pays for a crate: build time, crates, crypto libraries, size, measured beside a
//! program that uses the HTTP client alone. Written down in `docs/performance.md`.

use std::fs;

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::tools;

/// Builds one program per crate from nothing and prints a table.
pub(crate) fn run(sh: &Shell) -> Result<()> {
    println!("| program | crates | crypto | build CPU s | x yardstick | stripped MB |");
    println!("|---|---|---|---|---|---|");
    let mut yardstick = None;
    for program in PROGRAMS {
        let row = measure(sh, program)?;
        let name = program.name;
        let base = *yardstick.get_or_insert(row.cpu_s);
        println!(
            "| {name} | {} | {} | {:.0} | {:.2} | {:.2} |",
            row.crates,
            row.crypto,
            row.cpu_s,
            row.cpu_s / base,
            row.size_mb
        );
    }
    Ok(())
}

struct Row {
    crates: usize,
    crypto: String,
    cpu_s: f64,
    size_mb: f64,
}

fn measure(sh: &Shell, program: &Program) -> Result<Row> {
    let root = tools::root();
    let dir = root.join("target/cost").join(program.name);
    sh.remove_path(&dir)?;
    let dependencies = program
        .dependencies
        .replace("ROOT", &root.display().to_string());
    let mut main = String::new();
    let mut calls = String::new();
    for (number, source) in program.calls.iter().enumerate() {
        sh.write_file(dir.join(format!("src/call_{number}.rs")), source)?;
        main.push_str(&format!("mod call_{number};\n"));
        calls.push_str(&format!(
            "    println!(\"{{:?}}\", call_{number}::call().await);\n"
        ));
    }
    main.push_str(&format!(
        "\n#[tokio::main]\nasync fn main() {{\n{calls}}}\n"
    ));
    sh.write_file(
        dir.join("Cargo.toml"),
        format!(
            "[package]\nname = \"program\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
             tokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n{dependencies}\n"
        ),
    )?;
    sh.write_file(dir.join("src/main.rs"), main)?;
    sh.copy_file(tools::root().join("Cargo.lock"), dir.join("Cargo.lock"))?;
    let _dir = sh.push_dir(&dir);
    cmd!(sh, "cargo fetch --quiet").quiet().run()?;
    let crates = tools::crates(sh)?;
    let crypto = CRYPTO
        .iter()
        .filter(|known| {
            crates
                .iter()
                .any(|one| one.split(' ').next() == Some(known))
        })
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    let before = tools::children_cpu_s()?;
    cmd!(sh, "cargo build --quiet --release --jobs 2")
        .quiet()
        .run()?;
    let cpu_s = tools::children_cpu_s()? - before;
    let program = dir.join("target/release/program");
    cmd!(sh, "strip {program}").quiet().run()?;
    Ok(Row {
        crates: crates.len(),
        crypto,
        cpu_s,
        size_mb: fs::metadata(&program)?.len() as f64 / 1e6,
    })
}

const CRYPTO: &[&str] = &["aws-lc-rs", "native-tls", "openssl", "ring", "rsa"];

/// A program that makes the smallest use of something.
struct Program {
    name: &'static str,
    /// Lines of its manifest; `ROOT` is the workspace.
    dependencies: &'static str,
    /// Modules of which each makes one call.
    calls: &'static [&'static str],
}

/// The first is the yardstick.
const PROGRAMS: &[Program] = &[
    Program {
        name: "reqwest + ring",
        dependencies: "\
reqwest = { version = \"0.13\", default-features = false, features = [\"rustls-no-provider\", \"http2\", \"json\", \"form\"] }
rustls = { version = \"0.23\", default-features = false, features = [\"ring\", \"std\", \"tls12\"] }
rustls-platform-verifier = \"0.7\"
serde = { version = \"1\", features = [\"derive\"] }
serde_json = \"1\"",
        calls: &[include_str!("../cost/reqwest.rs")],
    },
    Program {
        name: "harmony-push",
        dependencies: "harmony-push = { path = \"ROOT/crates/harmony-push\" }",
        calls: &[HARMONY_PUSH],
    },
    Program {
        name: "huawei-oauth",
        dependencies: "huawei-oauth = { path = \"ROOT/crates/huawei-oauth\" }",
        calls: &[HUAWEI_OAUTH],
    },
    Program {
        name: "iot-na",
        dependencies: "iot-na = { path = \"ROOT/crates/iot-na\" }",
        calls: &[IOT_NA],
    },
    Program {
        name: "oneaccess-sdk",
        dependencies: "oneaccess-sdk = { path = \"ROOT/crates/oneaccess-sdk\" }",
        calls: &[ONEACCESS_SDK],
    },
    Program {
        name: "welink-oauth",
        dependencies: "welink-oauth = { path = \"ROOT/crates/welink-oauth\" }",
        calls: &[WELINK_OAUTH],
    },
    Program {
        name: "huawei-oauth, sign-in",
        dependencies: "huawei-oauth = { path = \"ROOT/crates/huawei-oauth\", features = [\"sign-in\"] }",
        calls: &[include_str!("../cost/huawei_oauth_sign_in.rs")],
    },
    Program {
        name: "all five",
        dependencies: "\
harmony-push = { path = \"ROOT/crates/harmony-push\" }
huawei-oauth = { path = \"ROOT/crates/huawei-oauth\" }
iot-na = { path = \"ROOT/crates/iot-na\" }
oneaccess-sdk = { path = \"ROOT/crates/oneaccess-sdk\" }
welink-oauth = { path = \"ROOT/crates/welink-oauth\" }",
        calls: &[HARMONY_PUSH, HUAWEI_OAUTH, IOT_NA, ONEACCESS_SDK, WELINK_OAUTH],
    },
];

const HARMONY_PUSH: &str = include_str!("../cost/harmony_push.rs");
const HUAWEI_OAUTH: &str = include_str!("../cost/huawei_oauth.rs");
const IOT_NA: &str = include_str!("../cost/iot_na.rs");
const ONEACCESS_SDK: &str = include_str!("../cost/oneaccess_sdk.rs");
const WELINK_OAUTH: &str = include_str!("../cost/welink_oauth.rs");
