//! Streams of tokens: order, duplicates, bounds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use harmony_push::Outcome;
use serde_json::json;

use crate::fake::{Fake, Reply, accepted, now, refused};
use crate::sending::{parcel, tokens, word};

#[tokio::test(start_paused = true)]
async fn a_stream_yields_every_outcome_in_order() {
    let fake = Fake::new(|sent| {
        // Later requests are answered sooner.
        let wait = Duration::from_millis(100 / (1 + sent.number as u64));
        Reply::Later(wait, Box::new(accepted(sent.tokens()[0])))
    });
    let client = fake.client();
    let list = stream::iter(tokens(4500));
    let mut outcomes = client.send_stream(&parcel(), list).unwrap();
    let mut next = 0;
    while let Some((index, outcome)) = outcomes.next().await {
        assert_eq!(index, next);
        let first = index / 1000 * 1000;
        assert_eq!(word(&outcome), format!("accepted token-{first}"));
        next += 1;
    }
    assert_eq!(next, 4500);
}

#[tokio::test(start_paused = true)]
async fn duplicates_within_the_window_are_sent_once() {
    let fake = Fake::new(|sent| match sent.number {
        0 => refused(200, "80100000", json!({"tokenFormatError": ["b"]}), 0),
        number => accepted(number),
    });
    let client = fake.client();
    let list = ["a", "b", "a", "", "b", "c"];
    let outcomes = client.send_stream(&parcel(), stream::iter(list)).unwrap();
    let words: Vec<String> = outcomes.map(|(_, outcome)| word(&outcome)).collect().await;
    let expected = [
        "accepted 0",
        "refused, delete",
        "accepted 0",
        "not sent",
        "refused, delete",
        "accepted 0",
    ];
    assert_eq!(words, expected);
    assert_eq!(fake.sent()[0].tokens(), ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_finds_the_outcome_of_an_earlier_request() {
    let fake = Fake::new(|sent| accepted(sent.number));
    let sender = fake.client().sender().window(20);
    let list = [tokens(15), tokens(15), tokens(40), tokens(1)].concat();
    let message = parcel().test_message();
    let mut outcomes = sender.send_stream(&message, stream::iter(list)).unwrap();
    let mut requests = Vec::new();
    while let Some((_, outcome)) = outcomes.next().await {
        let Outcome::Accepted { request_id } = outcome else {
            panic!("{outcome:?}")
        };
        requests.push(request_id.as_str().parse::<usize>().unwrap());
    }
    assert_eq!(requests[..15], requests[15..30]);
    let sent = fake.sent();
    let sent: Vec<&str> = sent.iter().flat_map(|sent| sent.tokens()).collect();
    assert_eq!(sent.len(), 41, "the last one had left the window");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_pauses_is_not_held_back() {
    let fake = Fake::new(|sent| accepted(sent.number));
    let client = fake.client();
    let slow = stream::iter(tokens(3)).then(|token| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        token
    });
    let started = now();
    let mut outcomes = client.send_stream(&parcel(), slow).unwrap();
    assert_eq!(outcomes.next().await.map(|(index, _)| index), Some(0));
    assert_eq!(started.elapsed().as_secs(), 61);
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_read_no_faster_than_it_is_sent() {
    let fake = Fake::new(|_| Reply::Later(Duration::from_secs(1), Box::new(accepted(0))));
    let sender = fake.client().sender().concurrency(2);
    let read = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&read);
    let endless = stream::iter(0..).map(move |number: usize| {
        counter.fetch_add(1, Ordering::Relaxed);
        number.to_string()
    });
    let mut outcomes = sender.send_stream(&parcel(), endless).unwrap();
    assert!(outcomes.next().await.is_some());
    assert!(read.load(Ordering::Relaxed) <= 10_000);
}

#[tokio::test(start_paused = true)]
async fn one_late_answer_does_not_stop_the_others() {
    let fake = Fake::new(|sent| {
        let wait = if sent.number == 0 { 9000 } else { 1000 };
        Reply::Later(Duration::from_millis(wait), Box::new(accepted(sent.number)))
    });
    let started = now();
    let sender = fake.client().sender().concurrency(4);
    let list = stream::iter(tokens(16_000));
    let outcomes = sender.send_stream(&parcel(), list).unwrap();
    assert_eq!(outcomes.count().await, 16_000);
    assert_eq!(started.elapsed().as_secs(), 9);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_duplicates_does_not_pile_up() {
    let fake = Fake::new(|sent| accepted(sent.number));
    let client = fake.client();
    let flood = stream::iter(std::iter::repeat_n("a", 50_000));
    let outcomes = client.send_stream(&parcel(), flood).unwrap();
    assert_eq!(outcomes.count().await, 50_000);
    assert_eq!(fake.sent().len(), 1);
}
