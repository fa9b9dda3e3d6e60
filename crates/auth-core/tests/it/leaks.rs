//! Leaks planted on purpose, one of each kind, are found in the output of the process that leaks.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use auth_core::testing::Watched;
use auth_core::{Error, Secret};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

const PLANTED: &str = "PLANTED_LEAK";

/// Prints a secret in the way that the variable names.
#[test]
#[ignore = "leaks on purpose; the tests beside it run it and search its output"]
#[expect(
    clippy::print_stdout,
    reason = "to be found in the output is what it is for"
)]
fn leaks_on_purpose() {
    // Another in each process, so that no text of the sources is found instead.
    let text = format!("planted-{:016x}>>??ÿ", fastrand::u64(..));
    let secret = Secret::new(text);
    let text = secret.expose();
    let shown = match std::env::var(PLANTED).unwrap().as_str() {
        "nothing" => format!("{secret:?}"),
        "reversed" => text.chars().rev().collect(),
        "percent-encoded" => text.bytes().fold(String::new(), |mut shown, byte| {
            write!(shown, "%{byte:02X}").unwrap();
            shown
        }),
        "in hexadecimal" => text.bytes().fold(String::new(), |mut shown, byte| {
            write!(shown, "{byte:02x}").unwrap();
            shown
        }),
        "in Base64" => BASE64_STANDARD.encode(format!("user:{text}")),
        "in base64url" => BASE64_URL_SAFE_NO_PAD.encode(text),
        "as a list of bytes" => format!("{:#?}", text.as_bytes()),
        "in an event" => {
            tracing::trace!(text, "said");
            return;
        }
        "in a span" => {
            let _span = tracing::trace_span!("said", text);
            return;
        }
        "in an error" => {
            let _error = Error::decode("nobody prints it").because(text);
            return;
        }
        "in a panic" => panic!("{text}"),
        "as it is" => text.to_owned(),
        other => unreachable!("{other}"),
    };
    println!("the secret is {shown}, and more");
}

/// Runs the test above in a process of its own.
fn run(planted: &str) -> Watched {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "leaks::leaks_on_purpose",
            "--ignored",
            "--nocapture",
        ])
        .env(PLANTED, planted);
    Watched::run(&mut command, Path::new(env!("CARGO_TARGET_TMPDIR")), &[]).unwrap()
}

#[test]
fn a_planted_leak_is_found_however_it_is_written() {
    for (planted, form) in [
        ("as it is", "as it is"),
        ("reversed", "reversed"),
        ("percent-encoded", "percent-encoded"),
        ("in hexadecimal", "in hexadecimal"),
        ("in Base64", "in Base64"),
        ("in base64url", "in Base64"),
        ("as a list of bytes", "as a list of bytes"),
        ("in an event", "as it is"),
        ("in a span", "as it is"),
        ("in an error", "as it is"),
        ("in a panic", "as it is"),
    ] {
        let run = run(planted);
        assert_eq!(run.secrets(), 1, "{planted}");
        let found: Vec<_> = run.leaks().iter().map(|leak| leak.form()).collect();
        assert!(found.contains(&form), "{planted}: {found:?}");
        assert_eq!(run.status().success(), planted != "in a panic", "{planted}");
    }
}

#[test]
fn a_run_without_a_leak_is_clean_and_says_how_much_was_searched() {
    let run = run("nothing");
    assert!(run.status().success());
    assert_eq!(run.secrets(), 1);
    assert_eq!(run.leaks(), []);
    assert!(run.stdout().ends_with(b"\n") && !run.stdout().is_empty());
}

/// The notes are a matter of who is watched: they go, and without a watcher there are none.
#[test]
fn a_process_that_nobody_watches_notes_nothing() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("notes");
    std::fs::create_dir_all(&folder).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "leaks::leaks_on_purpose", "--ignored"])
        .env(PLANTED, "nothing");
    assert!(Watched::run(&mut command, &folder, &[]).unwrap().secrets() == 1);
    let status = command.env_remove("AUTH_CORE_NOTE_SECRETS").status();
    assert!(status.unwrap().success());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}
