//! Sends one notification to a stream of tokens of any length, and prints what it took.
//!
//!     campaign 1000000                       to an emulator that it starts
//!     campaign 1000000 http://127.0.0.1:8080/harmony-push
//!     campaign - http://127.0.0.1:8080/harmony-push < tokens.txt
//!
//! The first argument is a number of made-up tokens, `fleet-0` and so on, or `-` to read one token
//! a line from standard input. The second is the address of an emulator in another process, whose
//! key file `HARMONY_PUSH_KEY_FILE` holds or names.

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::env;
use std::error::Error;
use std::fs;
use std::io::{self, BufRead as _};
use std::time::SystemTime;

use futures_util::stream;
use harmony_push::model::{ClickAction, NotificationCategory};
use harmony_push::{Client, Notification, ServiceAccount, Summary};
use huawei_emulator::Emulator;
use huawei_emulator::harmony_push::Device;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let source = arguments.next().unwrap_or_else(|| "100000".to_owned());
    let tokens: Box<dyn Iterator<Item = String> + Send> = match source.as_str() {
        "-" => Box::new(
            io::BufReader::new(io::stdin())
                .lines()
                .map_while(io::Result::ok),
        ),
        count => {
            let count: u64 = count.parse()?;
            Box::new((0..count).map(|number| format!("fleet-{number}")))
        }
    };
    match arguments.next() {
        Some(url) => {
            let account = ServiceAccount::from_env("HARMONY_PUSH_KEY_FILE")?;
            campaign(account, url, tokens).await
        }
        None => {
            let emulator = Emulator::start_thread()?;
            let push = emulator.harmony_push();
            push.fleet("fleet-", u64::MAX, Device::harmony());
            let account = ServiceAccount::parse(&push.service_account_key_json())?;
            campaign(account, emulator.url("harmony-push"), tokens).await
        }
    }
}

async fn campaign(
    account: ServiceAccount,
    url: String,
    tokens: impl Iterator<Item = String> + Send,
) -> Result<(), Box<dyn Error>> {
    let client = Client::builder(account).emulator(url).build()?;
    let category = NotificationCategory::Marketing;
    let message = Notification::new(category, "Sale", "Ends on Sunday", ClickAction::home());
    let started = now();
    let mut summary = Summary::default();
    let mut trouble = None;
    let mut outcomes = client.send_stream(&message, stream::iter(tokens))?;
    while let Some((_, outcome)) = outcomes.next().await {
        summary.count(&outcome);
        trouble = trouble.or_else(|| outcome.error().cloned());
    }
    let took = now().duration_since(started)?.as_secs_f64();
    println!("{summary}");
    println!(
        "{} tokens in {took:.1} s, {:.0} a second",
        summary.total(),
        summary.total() as f64 / took
    );
    if let Some(error) = trouble {
        println!("the first failure: {error}");
    }
    // Linux tells the most memory this process ever had.
    if let Ok(status) = fs::read_to_string("/proc/self/status") {
        for line in status.lines().filter(|line| line.starts_with("VmHWM")) {
            println!("{line}");
        }
    }
    Ok(())
}

fn now() -> SystemTime {
    #[expect(
        clippy::disallowed_methods,
        reason = "an example may look at the clock"
    )]
    SystemTime::now()
}
