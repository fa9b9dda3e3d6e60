//! Records what a program tells at INFO, as its operator sees it, and compares it with a runbook.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing::subscriber::DefaultGuard;

/// A log that is being recorded, on this thread.
pub(crate) struct Record {
    text: Arc<Mutex<Vec<u8>>>,
    _guard: DefaultGuard,
}

#[derive(Clone)]
struct Writer(Arc<Mutex<Vec<u8>>>);

impl Record {
    /// Records what an operator sees.
    pub(crate) fn start() -> Self {
        Self::at(tracing::Level::INFO)
    }

    /// Records everything down to a level.
    pub(crate) fn at(level: tracing::Level) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let writer = Writer(Arc::clone(&text));
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .without_time()
            .with_writer(move || writer.clone())
            .finish();
        Self {
            text,
            _guard: tracing::subscriber::set_default(subscriber),
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.text.lock().unwrap().clone()).unwrap()
    }

    /// Checks that the log is the one that the runbook shows under a heading. Numbers and
    /// fingerprints differ from run to run.
    pub(crate) fn is_that_of(&self, heading: &str) {
        let text = self.text();
        let page = include_str!("../../../../docs/runbooks.md");
        let section = page.split(&format!("## {heading}\n")).nth(1);
        let section = section.unwrap_or_else(|| panic!("no runbook `{heading}`"));
        let block = section
            .split("```text\n")
            .nth(1)
            .and_then(|rest| rest.split("```").next());
        let wanted: Vec<String> = block.expect("a recorded log").lines().map(shape).collect();
        let mut found: Vec<String> = text.lines().map(shape).collect();
        // How often the platform asks to slow down is its own affair.
        found.dedup_by(|next, last| next == last && next.contains("slow down"));
        assert_eq!(found, wanted, "the log of this run is\n{text}");
    }
}

/// A line without what differs from run to run.
fn shape(line: &str) -> String {
    let mut shape = String::new();
    for word in line.trim_end().split(' ') {
        if !shape.is_empty() {
            shape.push(' ');
        }
        let (name, value) = word
            .split_once('=')
            .map_or(("", word), |(name, value)| (name, value));
        let plain = value.trim_matches(|c: char| c.is_ascii_punctuation());
        let varies = ["fingerprint", "request_id"].contains(&name)
            || (!plain.is_empty()
                && plain
                    .chars()
                    .all(|c| c.is_ascii_digit() || "-.".contains(c)));
        match (varies, name) {
            (true, "") => shape.push('#'),
            (true, name) => shape.push_str(&format!("{name}=#")),
            (false, _) => shape.push_str(word),
        }
    }
    shape.trim_start().to_owned()
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
