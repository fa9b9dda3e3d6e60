//! Sends one notification to a stream of tokens of any length, and prints what it took.
//!
//!     campaign 1000000            to an emulator that it starts
//!     campaign 1000000 fleet-     to the one at HARMONY_PUSH_URL
//!     campaign 10000 fleet- apart a request for each token
//!     campaign - < tokens.txt
//!
//! The first argument is a number of made-up tokens, or `-` to read one token a line from standard
//! input. The second is what made-up tokens begin with; a number follows. With the third, tokens do
//! not share requests: each is sent apart from the others, 64 at a time. With `HARMONY_PUSH_URL`
//! it sends to that address, with the key file that `HARMONY_PUSH_KEY_FILE` holds or names.

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::env;
use std::error::Error;
use std::fs;
use std::io::{self, BufRead as _};
use std::time::SystemTime;

use futures_util::stream::{self, StreamExt as _};
use harmony_push::model::{ClickAction, NotificationCategory};
use harmony_push::{Client, Notification, Outcome, ServiceAccount, Summary};
use huawei_emulator::Emulator;
use huawei_emulator::harmony_push::Device;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let source = arguments.next().unwrap_or_else(|| "100000".to_owned());
    let prefix = arguments.next().unwrap_or_else(|| "fleet-".to_owned());
    let apart = match arguments.next().as_deref() {
        None => false,
        Some("apart") => true,
        Some(other) => return Err(format!("`{other}` is not `apart`").into()),
    };
    let tokens: Box<dyn Iterator<Item = String> + Send> = match source.as_str() {
        "-" => Box::new(
            io::BufReader::new(io::stdin())
                .lines()
                .map_while(io::Result::ok),
        ),
        count => {
            let (count, prefix): (u64, _) = (count.parse()?, prefix.clone());
            Box::new((0..count).map(move |number| format!("{prefix}{number}")))
        }
    };
    if let Ok(url) = env::var("HARMONY_PUSH_URL") {
        let account = ServiceAccount::from_env("HARMONY_PUSH_KEY_FILE")?;
        return campaign(account, url, tokens, apart).await;
    }
    let emulator = Emulator::start_thread()?;
    let push = emulator.harmony_push();
    push.fleet(&prefix, u64::MAX, Device::harmony());
    let account = ServiceAccount::parse(&push.service_account_key_json())?;
    campaign(account, emulator.url("harmony-push"), tokens, apart).await
}

async fn campaign(
    account: ServiceAccount,
    url: String,
    tokens: impl Iterator<Item = String> + Send,
    apart: bool,
) -> Result<(), Box<dyn Error>> {
    let client = Client::builder(account).emulator(url).build()?;
    let category = NotificationCategory::Marketing;
    let message = Notification::new(category, "Sale", "Ends on Sunday", ClickAction::home());
    let mut summary = Summary::default();
    let mut trouble = None;
    let mut count = |outcome: Outcome| {
        summary.count(&outcome);
        trouble = trouble.take().or_else(|| outcome.error().cloned());
    };
    let (started, worked) = (now(), cpu_seconds());
    if apart {
        let mut outcomes = stream::iter(tokens)
            .map(|token| client.send_one(&message, token))
            .buffer_unordered(64);
        while let Some(outcome) = outcomes.next().await {
            count(outcome?);
        }
    } else {
        let mut outcomes = client.send_stream(&message, stream::iter(tokens))?;
        while let Some((_, outcome)) = outcomes.next().await {
            count(outcome);
        }
    }
    let took = now().duration_since(started)?.as_secs_f64();
    let worked = cpu_seconds() - worked;
    println!("{summary}");
    println!(
        "{} tokens in {took:.2} s, {:.0} a second; {worked:.2} s of CPU",
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

/// The CPU time of this process: the sender's own, if the emulator is another process.
fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn now() -> SystemTime {
    #[expect(
        clippy::disallowed_methods,
        reason = "an example may look at the clock"
    )]
    SystemTime::now()
}
