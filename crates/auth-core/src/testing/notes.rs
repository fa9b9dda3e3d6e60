//! What a process that is watched does: it notes every secret that it makes, and tells everything.
//!
//! A process is watched if it was built with debug assertions and the feature `testing`, and a
//! variable names the file for its notes: [`Watched::run`](super::Watched::run) sets it.

use std::collections::HashSet;
use std::fmt::{Debug, Write as _};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::canary::SHORTEST;
use super::watched::NOTES_FILE;

/// Notes a secret, if this process is watched.
pub(crate) fn note(secret: &[u8]) {
    if let Some(notes) = notes() {
        notes.add(secret);
    }
}

/// Notes a private key in pieces, because it is written in lines of any length. What its first half
/// holds is public.
#[cfg(feature = "jwt")]
pub(crate) fn note_key(der: &[u8]) {
    if let Some(notes) = notes() {
        for piece in der[der.len() / 2..].chunks_exact(KEY_PIECE) {
            notes.add(piece);
        }
    }
}

/// Tells how something looks, if this process is watched.
pub(crate) fn tell(what: &impl Debug) {
    if notes().is_some() {
        write_line(&format!("{what:?}"));
    }
}

/// The notes of this process, from its first secret on.
fn notes() -> Option<&'static Notes> {
    static NOTES: OnceLock<Option<Notes>> = OnceLock::new();
    NOTES.get_or_init(Notes::open).as_ref()
}

struct Notes {
    file: File,
    known: Mutex<HashSet<Vec<u8>>>,
}

impl Notes {
    fn open() -> Option<Self> {
        let path = std::env::var_os(NOTES_FILE)?;
        let file = OpenOptions::new().create(true).append(true).open(path);
        let notes = Self {
            file: file.expect("the file for the notes of secrets can be written"),
            known: Mutex::default(),
        };
        // A test with a subscriber of its own looks at its output itself.
        let _ = tracing::subscriber::set_global_default(Teller(AtomicU64::new(1)));
        Some(notes)
    }

    fn add(&self, secret: &[u8]) {
        if secret.len() < SHORTEST {
            return;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MOST && known.insert(secret.to_vec()) {
            let mut line: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
            line.push('\n');
            // One call for one line: children of this process write into the same file.
            let written = (&self.file).write_all(line.as_bytes());
            written.expect("a secret can be noted");
        }
    }
}

/// Writes every span and event of every crate to standard error.
struct Teller(AtomicU64);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl Subscriber for Teller {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // A server of tests that tells each request it gets: it knows the secrets as the platform does.
        !metadata.target().starts_with("httpmock")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let metadata = span.metadata();
        let mut line = Line(format!("SPAN {} {}", metadata.target(), metadata.name()));
        span.record(&mut line);
        write_line(&line.0);
        Id::from_u64(self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line("RECORDED".to_owned());
        values.record(&mut line);
        write_line(&line.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut line = Line(format!("{} {}", metadata.level(), metadata.target()));
        event.record(&mut line);
        write_line(&line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn write_line(line: &str) {
    // Who closed standard error does not want to know.
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// As many bytes as make 32 characters of Base64: half a line of a key file.
#[cfg(feature = "jwt")]
const KEY_PIECE: usize = 24;

/// As many secrets as are noted: a property test makes thousands that are all alike.
const MOST: usize = 4096;
