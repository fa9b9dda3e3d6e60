//! What sending costs beside what it cannot cost less than: writing a body beside `serde_json`,
//! a whole send beside reqwest with the bytes ready.
//!
//! Only the ratios count. They are measured in turns, in one process, as CPU time of the client's
//! thread; the server has a thread, and where there are two, a processor of its own.

#[path = "../../src/body.rs"]
#[expect(dead_code, reason = "only the writer is measured")]
mod body;
mod calls;
mod cpu;
#[path = "../../../auth-core/benches/paired/mod.rs"]
mod paired;
mod server;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use harmony_push::model::{
    AlertPayload, ClickAction, Notification, NotificationCategory, SendMessage, Target,
};

use crate::body::{Buffers, Frame};
use crate::calls::{Bytes, Way};

/// A notification with the tokens in it, as the generated call takes it.
fn message(tokens: &[String]) -> SendMessage {
    let content = Notification::new(
        NotificationCategory::Express,
        "Your parcel is on its way",
        "It left the sorting centre at 07:40 and arrives today between 14:00 and 16:00.",
        ClickAction::page("com.example.parcel.action.TRACK"),
    );
    let target = Target::new(tokens.iter().map(String::as_str));
    SendMessage::new(AlertPayload::new(content), target)
}

/// Tokens as long as real ones.
fn tokens(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("MAMzLg+{number:0>8}/{}", "AbCd-_01".repeat(14)))
        .collect()
}

fn frame() -> Frame {
    let empty = serde_json::to_string(&message(&[])).expect("it can be written");
    let split = empty.find("[]").expect("a list of tokens") + 1;
    Frame::new(
        empty.as_bytes()[..split].to_vec(),
        &empty.as_bytes()[split..],
    )
}

fn bodies(criterion: &mut Criterion) {
    for count in [1, 1000] {
        let tokens = tokens(count);
        let (message, frame, buffers) = (message(&tokens), frame(), Buffers::default());
        let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        let expected = serde_json::to_vec(&message).expect("it can be written");
        assert_eq!(frame.fill(&tokens, &buffers), expected);

        let counted =
            allocation_counter::measure(|| drop(black_box(frame.fill(&tokens, &buffers))));
        assert_eq!(counted.count_total, 1, "a body takes one allocation");

        let mut group = criterion.benchmark_group(format!("body_{count}"));
        group.bench_function("serde_json", |bencher| {
            bencher.iter(|| serde_json::to_vec(black_box(&message)));
        });
        group.bench_function("harmony_push", |bencher| {
            bencher.iter(|| frame.fill(black_box(&tokens), &buffers));
        });
        group.finish();
        paired::ratio(
            &format!("body of {count} tokens / serde_json"),
            || drop(black_box(serde_json::to_vec(black_box(&message)))),
            || drop(black_box(frame.fill(black_box(&tokens), &buffers))),
        );
    }
}

fn sends(_: &mut Criterion) {
    for in_flight in [8, 64] {
        calls::compare(Way::Call, 1, in_flight, Bytes::Ready);
        calls::compare(Way::Send, 1, in_flight, Bytes::Ready);
        for way in [Way::Send, Way::List] {
            for bytes in [Bytes::Ready, Bytes::Copied, Bytes::Json] {
                calls::compare(way, 1000, in_flight, bytes);
            }
        }
    }
}

criterion_group!(benches, bodies, sends);
criterion_main!(benches);
