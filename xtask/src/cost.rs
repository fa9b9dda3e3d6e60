//! What a new team pays for a crate: build time, crates, crypto libraries, size, measured beside a
//! program that uses the HTTP client alone. Written down in `docs/performance.md`.

use std::fs;

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::tools;

/// Builds one program per crate from nothing and prints a table.
pub(crate) fn run(sh: &Shell) -> Result<()> {
    let root = tools::root();
    let root = root.display();
    println!("| program | crates | crypto | build CPU s | x yardstick | stripped MB |");
    println!("|---|---|---|---|---|---|");
    let mut yardstick = None;
    for (name, dependency, main) in PROGRAMS {
        let dependency = dependency.replace("ROOT", &root.to_string());
        let row = measure(sh, name, &dependency, main)?;
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

fn measure(sh: &Shell, name: &str, dependency: &str, main: &str) -> Result<Row> {
    let dir = tools::root().join("target/cost").join(name);
    sh.remove_path(&dir)?;
    sh.write_file(
        dir.join("Cargo.toml"),
        format!(
            "[package]\nname = \"program\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
             tokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n{dependency}\n"
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

/// Name, dependency line, and the smallest program that builds a client and makes one call. The
/// first is the yardstick.
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("reqwest + ring", YARDSTICK, YARDSTICK_MAIN),
    (
        "harmony-push",
        "harmony-push = { path = \"ROOT/crates/harmony-push\" }",
        "#[tokio::main]
async fn main() -> harmony_push::Result<()> {
    let account = harmony_push::ServiceAccount::from_file(\"service-account.json\")?;
    let push = harmony_push::Client::new(account)?;
    let message = harmony_push::Background::new(\"{}\");
    let outcomes = push.send(&message, &[\"token\"]).await?;
    println!(\"{}\", outcomes.len());
    Ok(())
}
",
    ),
];

const YARDSTICK: &str = "\
reqwest = { version = \"0.13\", default-features = false, features = [\"rustls-no-provider\", \"http2\", \"json\", \"form\"] }
rustls = { version = \"0.23\", default-features = false, features = [\"ring\", \"std\", \"tls12\"] }
rustls-platform-verifier = \"0.7\"
serde = { version = \"1\", features = [\"derive\"] }
serde_json = \"1\"";

const YARDSTICK_MAIN: &str = "\
use std::sync::Arc;

use rustls_platform_verifier::BuilderVerifierExt;

#[derive(serde::Serialize)]
struct Body {
    text: String,
}

#[derive(serde::Deserialize)]
struct Answer {
    code: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).build()?;
    let body = Body { text: \"hello\".to_owned() };
    let request = client.post(\"https://localhost/send\").json(&body);
    let answer: Answer = request.send().await?.json().await?;
    println!(\"{}\", answer.code);
    Ok(())
}
";
