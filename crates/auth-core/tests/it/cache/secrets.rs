//! Promise 12: a token shows nowhere, and its events tell what an operator needs.

use std::cell::RefCell;
use std::fmt::{Debug, Write as _};
use std::sync::Once;
use std::time::Duration;

use auth_core::Error;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::cache::issuer::{Answer, HOUR, Issuer, SECOND, settle};

/// Writes down everything that is traced on the thread of a test that records, one line for each
/// span and event.
///
/// It is one for the whole process: subscribers that come and go with their tests race for what
/// `tracing` remembers of each event, whether anybody wants it.
struct Recorder;

/// The lines of one test.
struct Recording;

struct Line(String);

thread_local! {
    static LINES: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

impl Recording {
    fn start() -> Self {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            tracing::subscriber::set_global_default(Recorder).expect("no other subscriber");
        });
        LINES.set(Some(Vec::new()));
        Self
    }

    fn lines(&self) -> Vec<String> {
        LINES.with_borrow(|lines| lines.clone().unwrap_or_default())
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        LINES.set(None);
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

fn write(what: &str, record: impl FnOnce(&mut Line)) {
    if LINES.with_borrow(Option::is_none) {
        return;
    }
    let mut line = Line(what.to_owned());
    record(&mut line);
    LINES.with_borrow_mut(|lines| lines.get_or_insert_default().push(line.0));
}

impl Subscriber for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        write(span.metadata().name(), |line| span.record(line));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        write("record", |line| values.record(line));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        write(event.metadata().name(), |line| event.record(line));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn a_token_never_reaches_a_log() {
    let recording = Recording::start();
    let issuer = Issuer::new(HOUR).then([
        Answer::Same("swordfish-1"),
        Answer::Error(Error::transport("the platform is away")),
        Answer::Same("swordfish-2"),
        Answer::Same("swordfish-3"),
    ]);
    let (cached, clock) = issuer.cached();
    let first = cached.token().await.unwrap();
    clock.advance(Duration::from_secs(57 * 60));
    let mut shown = format!("{cached:?} {:?} {first:?}", cached.cached());
    settle().await;
    clock.advance(SECOND * 60);
    assert!(cached.cached().is_some());
    settle().await;
    let second = cached.token().await.unwrap();
    cached.reject(&second);
    let third = cached.token().await.unwrap();
    shown += &format!("{cached:?} {third:?}");
    assert_eq!(issuer.calls(), 4);

    let log = recording.lines().join("\n");
    assert!(!log.contains("swordfish"), "{log}");
    assert!(!log.contains("Bearer"), "{log}");
    assert!(!shown.contains("swordfish"), "{shown}");
    // What was traced is what was meant to be, so the silence above means something.
    for token in [&first, &second, &third] {
        assert!(log.contains(&token.fingerprint()), "{log}");
    }
    assert!(log.contains("the platform is away"), "{log}");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_is_logged_with_reason_age_remaining_life_and_fingerprint() {
    let recording = Recording::start();
    let issuer = Issuer::new(HOUR);
    let (cached, clock) = issuer.cached();
    let first = cached.token().await.unwrap();
    clock.advance(Duration::from_secs(57 * 60));
    assert!(cached.cached().is_some());
    settle().await;
    let second = cached.token().await.unwrap();
    cached.reject(&second);
    cached.token().await.unwrap();
    clock.advance(HOUR * 2);
    cached.token().await.unwrap();

    let lines = recording.lines();
    let line = |part: &str| {
        let found = lines.iter().find(|line| line.contains(part));
        found.unwrap_or_else(|| panic!("no {part} in {lines:#?}"))
    };
    let ahead = line("fetching the token after this one");
    assert!(ahead.contains("reason=\"ahead\""), "{ahead}");
    assert!(ahead.contains("age_ms=3420000"), "{ahead}");
    assert!(ahead.contains("remaining_ms=175000"), "{ahead}");
    assert!(ahead.contains(&first.fingerprint()), "{ahead}");
    for reason in ["empty", "refused", "expired"] {
        line(&format!("reason=\"{reason}\""));
    }
    let fetched = line("fetched a token");
    assert!(fetched.contains("lifetime_ms=3600000"), "{fetched}");
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_logged_once_for_all_callers() {
    let recording = Recording::start();
    let issuer = Issuer::new(HOUR).then([Answer::Error(Error::credentials("the secret is wrong"))]);
    let (cached, _clock) = issuer.cached();
    for _ in 0..100 {
        assert!(cached.token().await.is_err());
    }
    let lines = recording.lines();
    let count = lines
        .iter()
        .filter(|line| line.contains("the secret is wrong"))
        .count();
    assert_eq!(count, 1, "{lines:#?}");
    assert!(
        lines.iter().any(|line| line.contains("FixCredentials")),
        "{lines:#?}"
    );
}
