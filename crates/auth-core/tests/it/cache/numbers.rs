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

auth_core::text_enum! {
    /// A state.
    enum Sleep {
        /// Not awake.
        Asleep = "ASLEEP",
    }
}

auth_core::number_enum! {
    /// A level.
    enum Level {
        /// The lowest.
        Ground = 0,
    }
}

#[test]
fn unknown_values_are_counted_by_their_enum_when_they_are_read() {
    let numbers = Numbers::default();
    metrics::with_local_recorder(&numbers, || {
        for json in [r#"["ASLEEP", "DREAMING"]"#, r#"["SNORING"]"#] {
            serde_json::from_str::<Vec<Sleep>>(json).unwrap();
        }
        serde_json::from_str::<[Level; 2]>("[0, 7]").unwrap();
        // What the caller says is not the platform's doing.
        assert_eq!(Sleep::from("DREAMING").as_str(), "DREAMING");
    });
    let text = "auth_core_unknown_values_total it Sleep";
    let number = "auth_core_unknown_values_total it Level";
    assert_eq!(*numbers.0.lock().unwrap(), [text, text, number]);
}
