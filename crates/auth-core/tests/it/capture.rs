//! Everything that `tracing` is told, as one text.

use std::fmt::{Debug, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// A subscriber that keeps the names and values of every span and event of every crate.
#[derive(Clone, Default)]
pub(crate) struct Capture {
    text: Arc<Mutex<String>>,
    spans: Arc<AtomicU64>,
}

struct Line<'a>(&'a mut String);

impl Capture {
    pub(crate) fn text(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    /// The warnings, without the names and values beside their message.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let text = self.text();
        let warnings = text.lines().filter(|line| line.starts_with("WARN "));
        let message = warnings.filter_map(|line| line.split_once("message=").map(|(_, rest)| rest));
        let words = |message: &str| {
            let words = message.split(' ').take_while(|word| !word.contains('='));
            words.collect::<Vec<_>>().join(" ")
        };
        message.map(words).collect()
    }

    fn line(&self, name: &str, write: impl FnOnce(&mut Line<'_>)) {
        let mut text = self.text.lock().unwrap();
        text.push_str(name);
        write(&mut Line(&mut text));
        text.push('\n');
    }
}

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Capture {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.line(span.metadata().name(), |line| span.record(line));
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        self.line("recorded", |line| values.record(line));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let name = format!("{} {}", metadata.level(), metadata.target());
        self.line(&name, |line| event.record(line));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
