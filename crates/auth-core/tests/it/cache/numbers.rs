//! The numbers of fetches, for those who watch them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth_core::Error;
use metrics::{
    Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};

use crate::cache::issuer::{Answer, HOUR, Issuer, settle};

/// Writes down every counter that is raised, with its labels.
#[derive(Clone, Default)]
struct Numbers(Arc<Mutex<Vec<String>>>);

struct Raised {
    key: String,
    numbers: Numbers,
}

impl CounterFn for Raised {
    fn increment(&self, _: u64) {
        self.numbers.0.lock().unwrap().push(self.key.clone());
    }

    fn absolute(&self, _: u64) {}
}

impl Recorder for Numbers {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let labels: Vec<_> = key.labels().map(|label| label.value()).collect();
        Counter::from_arc(Arc::new(Raised {
            key: format!("{} {}", key.name(), labels.join(" ")),
            numbers: self.clone(),
        }))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[tokio::test(start_paused = true)]
async fn fetches_are_counted_by_reason_and_outcome() {
    let numbers = Numbers::default();
    let _counting = metrics::set_default_local_recorder(&numbers);
    let down = Answer::Error(Error::transport("the platform is away"));
    let issuer = Issuer::new(HOUR).then([Answer::Slow(Duration::ZERO), down]);
    let (cached, clock) = issuer.cached();
    cached.token().await.unwrap();
    clock.advance(Duration::from_secs(57 * 60));
    assert!(cached.cached().is_some());
    settle().await;
    clock.advance(HOUR);
    cached.token().await.unwrap();
    assert_eq!(
        *numbers.0.lock().unwrap(),
        [
            "auth_core_token_fetches_total empty ok",
            "auth_core_token_fetches_total ahead transport",
            "auth_core_token_fetches_total expired ok",
        ]
    );
}
