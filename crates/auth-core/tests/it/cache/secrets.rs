//! Promise 12: a token shows nowhere, and its events tell what an operator needs.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth_core::Error;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::cache::issuer::{Answer, HOUR, Issuer, SECOND, settle};

/// Writes down everything that is traced, one line for each span and event.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl Recorder {
    fn write(&self, what: &str, record: impl FnOnce(&mut Line)) {
        let mut line = Line(what.to_owned());
        record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.write(span.metadata().name(), |line| span.record(line));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        self.write("record", |line| values.record(line));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.write(event.metadata().name(), |line| event.record(line));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn a_token_never_reaches_a_log() {
    let recorder = Recorder::default();
    let _recording = tracing::subscriber::set_default(recorder.clone());
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

    let log = recorder.lines().join("\n");
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
    let recorder = Recorder::default();
    let _recording = tracing::subscriber::set_default(recorder.clone());
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

    let lines = recorder.lines();
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
    let recorder = Recorder::default();
    let _recording = tracing::subscriber::set_default(recorder.clone());
    let issuer = Issuer::new(HOUR).then([Answer::Error(Error::credentials("the secret is wrong"))]);
    let (cached, _clock) = issuer.cached();
    for _ in 0..100 {
        assert!(cached.token().await.is_err());
    }
    let lines = recorder.lines();
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
