//! Whatever the platform does with the requests of a send, every token gets its own outcome.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use harmony_push::Sender;
use proptest::prelude::*;
use serde_json::json;

use crate::fake::{Fake, Reply, Sent, accepted, code, refused};
use crate::sending::{parcel, word, words};

/// A token whose first letter tells the platform what to do with it, or with its whole request.
fn token() -> impl Strategy<Value = String> {
    let fate = prop_oneof![
        20 => Just('a'), // accepted
        5 => Just('f'),  // refused for its format
        5 => Just('r'),  // refused without the right
        1 => Just('l'),  // its request is lost
        1 => Just('u'),  // its request never leaves
        1 => Just('s'),  // its request fails with 500
        1 => Just('b'),  // accepted, but its request is too fast the first time
        1 => Just('i'),  // its request is refused as a whole
        1 => Just('-'),  // it is empty
    ];
    (fate, 0..300_u32).prop_map(|(fate, number)| match fate {
        '-' => String::new(),
        fate => format!("{fate}{number}"),
    })
}

fn has(tokens: &[&str], fate: char) -> bool {
    tokens.iter().any(|token| token.starts_with(fate))
}

/// The platform that does what the tokens say.
fn platform() -> Arc<Fake> {
    let seen = Mutex::<HashSet<String>>::default();
    Fake::new(move |sent: &Sent| {
        let tokens = sent.tokens();
        let of = |fate: char| -> Vec<&str> {
            let tokens = tokens.iter().copied();
            tokens.filter(|token| token.starts_with(fate)).collect()
        };
        let first_time = || seen.lock().unwrap().insert(tokens.join(","));
        if has(&tokens, 'b') && first_time() {
            Reply::Answer(503, String::new())
        } else if has(&tokens, 'l') {
            Reply::Lost
        } else if has(&tokens, 'u') {
            Reply::Unreachable
        } else if has(&tokens, 's') {
            code(500, "81000001", "", "")
        } else if has(&tokens, 'i') {
            code(400, "80100001", "", "")
        } else {
            let (format, right) = (of('f'), of('r'));
            let count = format.len() + right.len();
            let reasons = json!({"tokenFormatError": format, "noRight": right});
            match count {
                0 => accepted(tokens[0]),
                count if count == tokens.len() => refused(400, "80300007", reasons, tokens[0]),
                _ => refused(200, "80100000", reasons, tokens[0]),
            }
        }
    })
}

/// What should become of each token of a list that is sent ten at a time, one request after the
/// other. Whether a token counts as refused by a sound project is known at the end of a list, and
/// request by request in a stream.
fn expected(list: &[String], is_stream: bool) -> Vec<String> {
    let mut different: Vec<&str> = Vec::new();
    for token in list {
        if !token.is_empty() && !different.contains(&token.as_str()) {
            different.push(token);
        }
    }
    let batches: Vec<&[&str]> = different.chunks(10).collect();
    let (mut ended, mut accepted) = (false, false);
    let mut fates: Vec<(&str, bool)> = Vec::new();
    for batch in &batches {
        let fate = if ended {
            "not sent"
        } else if has(batch, 'l') {
            "unknown"
        } else if has(batch, 'u') {
            "not sent"
        } else if has(batch, 's') {
            "unknown"
        } else if has(batch, 'i') {
            ended = !accepted;
            "not sent"
        } else {
            accepted |= has(batch, 'a') || has(batch, 'b');
            "answered"
        };
        fates.push((fate, accepted));
    }
    let outcome = |token: &String| {
        if token.is_empty() {
            return "not sent".to_owned();
        }
        let place = different.iter().position(|other| other == token).unwrap();
        let (fate, proven) = fates[place / 10];
        let proven = if is_stream { proven } else { accepted };
        match (fate, &token[..1]) {
            ("answered", "f") => "refused, delete".to_owned(),
            ("answered", "r") if proven => "refused, requalify".to_owned(),
            ("answered", "r") => "refused, keep".to_owned(),
            ("answered", _) => format!("accepted {}", batches[place / 10][0]),
            (fate, _) => fate.to_owned(),
        }
    };
    list.iter().map(outcome).collect()
}

/// One request at a time, because what ends a send depends on what came before, and with a patience
/// that no row of refusals uses up.
fn sender() -> Sender {
    let sender = platform().client().sender();
    sender.concurrency(1).patience(Duration::MAX)
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(test);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_token_of_a_list_gets_its_own_outcome(
        list in proptest::collection::vec(token(), 0..120)
    ) {
        run(async {
            let sender = sender();
            let message = parcel().test_message();
            let outcomes = sender.send(&message, &list).await.unwrap();
            assert_eq!(words(&outcomes), expected(&list, false));
        });
    }

    #[test]
    fn every_token_of_a_stream_gets_its_own_outcome(
        list in proptest::collection::vec(token(), 0..120)
    ) {
        run(async {
            let sender = sender();
            let message = parcel().test_message();
            let tokens = stream::iter(&list);
            let outcomes = sender.send_stream(&message, tokens).unwrap();
            let words: Vec<String> = outcomes.map(|(_, outcome)| word(&outcome)).collect().await;
            assert_eq!(words.len(), list.len());
            for (index, (word, expected)) in words.iter().zip(expected(&list, true)).enumerate() {
                // A duplicate is judged by what is known when its position comes.
                let later = expected == "refused, keep" && word == "refused, requalify";
                assert!(*word == expected || later, "{index}: {word}, not {expected}");
            }
        });
    }
}
