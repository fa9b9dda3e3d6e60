//! `cargo xtask demo`: every platform's main job, step by step, against the emulator, over real
//! HTTP. Each step checks what it shows; the first that fails ends the program with an error.

#![expect(
    clippy::print_stdout,
    reason = "a demonstration speaks on standard output"
)]

mod iot;
mod oneaccess;
mod push;
mod receiver;
mod sign_in;
mod welink;

use std::process::ExitCode;

use anyhow::Result;
use huawei_emulator::Emulator;

/// With the variable `DEMO_TRACE`, everything that the crates tell is written to standard error.
#[tokio::main]
async fn main() -> ExitCode {
    if std::env::var_os("DEMO_TRACE").is_some() {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(std::io::stderr)
            .init();
    }
    match run().await {
        Ok(()) => {
            println!("\nEvery step did what it should.");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("\nFAILED: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    // On a thread of its own, as a platform is: it shares nothing with the client but the network.
    let emulator = Emulator::start_thread()?;
    say("The emulator is running", emulator.base_url());
    push::run(&emulator).await?;
    sign_in::run(&emulator).await?;
    oneaccess::run(&emulator).await?;
    welink::run(&emulator).await?;
    iot::run(&emulator).await
}

/// Prints the heading of a step.
fn step(title: &str) {
    println!("\n== {title}");
}

/// Prints one finding.
fn say(what: &str, value: impl std::fmt::Display) {
    println!("   {what:<34} {value}");
}
