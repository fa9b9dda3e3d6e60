//! What a list of tokens becomes on the wire, and what comes back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use auth_core::Action;
use harmony_push::model::{ClickAction, FormUpdatePayload, NotificationCategory, SendHmsMessage};
use harmony_push::{FormUpdate, Message as _, Notification, Outcome, Outcomes, Summary, TokenList};
use serde_json::json;

use crate::fake::{Fake, Reply, Sent, accepted, code, now, refused};

pub(crate) fn parcel() -> Notification {
    let category = NotificationCategory::Express;
    Notification::new(category, "Parcel", "Arrives today", ClickAction::home())
}

pub(crate) fn tokens(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("token-{number}")).collect()
}

/// One word for each outcome; their number is that of the summary.
pub(crate) fn words<T>(outcomes: &Outcomes<'_, T>) -> Vec<String> {
    let mut summary = Summary::default();
    let mut count = |outcome: &Outcome| {
        summary.count(outcome);
        word(outcome)
    };
    let words = outcomes.iter().map(|(_, outcome)| count(outcome)).collect();
    assert_eq!(outcomes.summary(), summary);
    words
}

pub(crate) fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted { request_id } => format!("accepted {request_id}"),
        Outcome::NotSent(_) => "not sent".to_owned(),
        Outcome::Refused(refusal) => format!("refused, {}", refusal.disposition()),
        Outcome::Unknown(_) => "unknown".to_owned(),
    }
}

/// Sends one notification to three tokens and expects these outcomes from this platform.
async fn check(answer: impl Fn(&Sent) -> Reply + Send + Sync + 'static, expected: [&str; 3]) {
    let fake = Fake::new(answer);
    let tokens = tokens(3);
    let outcomes = fake.client().send(&parcel(), &tokens).await.unwrap();
    assert_eq!(words(&outcomes), expected);
}

#[tokio::test(start_paused = true)]
async fn a_notification_travels_as_documented() {
    let fake = Fake::new(|_| accepted("1"));
    let outcomes = fake.client().send(&parcel(), &["a", "b"]).await.unwrap();
    assert_eq!(words(&outcomes), ["accepted 1", "accepted 1"]);
    let [sent] = &fake.sent()[..] else {
        panic!("one request")
    };
    assert_eq!(sent.path, "/v3/101653523863000000/messages:send");
    assert_eq!(sent.headers["push-type"], "0");
    assert_eq!(sent.headers["content-type"], "application/json");
    let token = sent.headers["authorization"].to_str().unwrap();
    assert!(token.starts_with("Bearer ey"), "a JWT");
    let text = std::str::from_utf8(&sent.raw).unwrap();
    assert!(text.ends_with(r#""target":{"token":["a","b"]}}"#), "{text}");
    assert_eq!(
        sent.body,
        json!({
            "payload": {"notification": {
                "category": "EXPRESS",
                "title": "Parcel",
                "body": "Arrives today",
                "clickAction": {"actionType": 0}
            }},
            "target": {"token": ["a", "b"]}
        })
    );
}

#[tokio::test(start_paused = true)]
async fn a_long_list_is_split_and_each_token_goes_once() {
    let fake = Fake::new(|sent| accepted(sent.number));
    let mut list = tokens(2500);
    list.insert(1, "token-0".to_owned());
    list.push("token-2499".to_owned());
    list.push(String::new());
    let outcomes = fake.client().send(&parcel(), &list).await.unwrap();
    let sent = fake.sent();
    let mut sizes: Vec<usize> = sent.iter().map(|sent| sent.tokens().len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [500, 1000, 1000]);
    for (token, outcome) in &outcomes {
        match outcome {
            Outcome::Accepted { request_id } => {
                let request = &sent[request_id.as_str().parse::<usize>().unwrap()];
                assert!(request.tokens().contains(&token.as_str()));
            }
            Outcome::NotSent(error) => {
                assert_eq!(token, "");
                assert_eq!(error.to_string(), "the token is empty");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_was_looked_through_before_is_sent_to_as_any_other() {
    let mut list = tokens(2500);
    list.insert(1, "token-0".to_owned());
    list.extend(["", "a \"quoted\" one\n", "token-7"].map(str::to_owned));
    let ready = TokenList::new(&list);
    assert_eq!((ready.len(), ready.different()), (2504, 2501));
    let shown = format!("{ready:?}");
    assert_eq!(shown, "TokenList { len: 2504, different: 2501 }");

    let fake = Fake::new(|sent| accepted(sent.tokens()[0]));
    let sender = fake.client().sender().concurrency(1);
    let sent = || -> Vec<_> { fake.sent().into_iter().map(|sent| sent.raw).collect() };
    let mut before = 0;
    // As many tokens in a request as the list was made for, fewer, and those of another API.
    for kind in ["message", "test message", "HMS"] {
        let message = match kind {
            "test message" => parcel().test_message(),
            _ => parcel(),
        };
        let hms = SendHmsMessage::data("hello");
        let any = match kind {
            "HMS" => sender.send_hms(&hms, &list).await,
            _ => sender.send(&message, &list).await,
        };
        let half = sent().len();
        let same = match kind {
            "HMS" => sender.send_hms_list(&hms, &ready).await,
            _ => sender.send_list(&message, &ready).await,
        };
        assert_eq!(words(&any.unwrap()), words(&same.unwrap()), "{kind}");
        assert!(
            sent()[before..half] == sent()[half..],
            "{kind}: the bodies differ"
        );
        before = sent().len();
    }

    let widget = FormUpdatePayload::new(1, 1, "entry", "clock", "ClockAbility", BTreeMap::new());
    let sent = sender.send_list(&FormUpdate::from(widget), &ready).await;
    let error = sent.unwrap_err();
    assert!(error.to_string().contains("2504 tokens"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn no_tokens_are_no_request() {
    let fake = Fake::new(|_| Reply::Lost);
    let none: [&str; 0] = [];
    let outcomes = fake.client().send(&parcel(), &none).await.unwrap();
    assert!(outcomes.is_empty());
    assert!(fake.sent().is_empty());
}

#[tokio::test(start_paused = true)]
async fn refused_tokens_are_told_apart() {
    check(
        |_| {
            let reasons = json!({"tokenFormatError": ["token-0"], "noRight": ["token-2"]});
            refused(200, "80100000", reasons, 1)
        },
        ["refused, delete", "accepted 1", "refused, requalify"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_wrong_project_is_not_a_thousand_dead_tokens() {
    for status in [200, 400] {
        check(
            move |sent| {
                let reasons = json!({"noRight": sent.tokens()});
                refused(status, "80300007", reasons, 1)
            },
            ["refused, keep"; 3],
        )
        .await;
    }
    check(|_| code(400, "80300002", "no right", 1), ["not sent"; 3]).await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_refused_as_a_whole_ends_the_send() {
    let fake = Fake::new(|_| code(400, "80100003", "Illegal payload", 1));
    let list = tokens(20_000);
    let sender = fake.client().sender().concurrency(2);
    let outcomes = sender.send(&parcel(), &list).await.unwrap();
    assert_eq!(outcomes.summary().not_sent, list.len());
    assert!(fake.sent().len() <= 2, "{} requests", fake.sent().len());
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_unknown_and_not_repeated() {
    let replies: [fn() -> Reply; 3] = [
        || Reply::Lost,
        || code(500, "81000001", "", 1),
        || Reply::Answer(502, "<html>".to_owned()),
    ];
    for reply in replies {
        let fake = Fake::new(move |_| reply());
        let tokens = tokens(3);
        let outcomes = fake.client().send(&parcel(), &tokens).await.unwrap();
        assert_eq!(words(&outcomes), ["unknown"; 3]);
        assert_eq!(fake.sent().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_repeated_where_the_device_drops_the_second() {
    let platform = || {
        Fake::new(|sent| match sent.number {
            0 => Reply::Lost,
            _ => accepted(sent.number),
        })
    };
    let fake = platform();
    let message = parcel().app_message_id("parcel-17");
    let outcomes = fake.client().send(&message, &["a"]).await.unwrap();
    assert_eq!(words(&outcomes), ["accepted 1"]);

    let fake = platform();
    let sender = fake.client().sender().repeat_unknown();
    let outcomes = sender.send(&parcel(), &["a"]).await.unwrap();
    assert_eq!(words(&outcomes), ["accepted 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_outweighs_later_failures() {
    let fake = Fake::new(|sent| match sent.number {
        0 => Reply::Lost,
        _ => Reply::Unreachable,
    });
    let sender = fake.client().sender().repeat_unknown();
    let outcomes = sender.send(&parcel(), &["a"]).await.unwrap();
    assert_eq!(words(&outcomes), ["unknown"]);
    assert_eq!(fake.sent().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_never_left_is_tried_again_and_then_not_sent() {
    let fake = Fake::new(|_| Reply::Unreachable);
    let outcomes = fake.client().send(&parcel(), &["a"]).await.unwrap();
    assert_eq!(words(&outcomes), ["not sent"]);
    assert_eq!(fake.sent().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn flow_control_slows_the_sender_and_it_recovers() {
    let fake = Fake::new(|sent| match sent.number {
        4..12 => Reply::Answer(503, String::new()),
        _ => Reply::Later(Duration::from_millis(50), Box::new(accepted(sent.number))),
    });
    let list = tokens(60_000);
    let outcomes = fake.client().send(&parcel(), &list).await.unwrap();
    assert_eq!(outcomes.summary().accepted, list.len());
    assert_eq!(fake.sent().len(), 60 + 8);
}

#[tokio::test(start_paused = true)]
async fn flow_control_that_does_not_end_is_not_sent() {
    let fake = Fake::new(|_| Reply::Answer(503, String::new()));
    let sender = fake.client().sender().patience(Duration::from_secs(10));
    let started = now();
    let outcomes = sender.send(&parcel(), &["a"]).await.unwrap();
    assert_eq!(words(&outcomes), ["not sent"]);
    assert!(started.elapsed() <= Duration::from_secs(10));
    assert!(fake.sent().len() < 10);
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_takes_nothing_ends_a_campaign_in_time() {
    let fake = Fake::new(|_| Reply::Answer(503, String::new()));
    let (client, list, message) = (fake.client(), tokens(500_000), parcel());
    let started = now();
    let outcomes = client.send(&message, &list).await.unwrap();
    assert_eq!(outcomes.summary().not_sent, list.len());
    assert!(
        started.elapsed() <= Duration::from_secs(100),
        "{:?}",
        started.elapsed()
    );
    assert!(fake.sent().len() < 50, "{} requests", fake.sent().len());
}

#[tokio::test(start_paused = true)]
async fn a_used_up_quota_ends_at_once_and_tells_when_it_resets() {
    let fake = Fake::new(|sent| match sent.number {
        0..3 => accepted(sent.number),
        _ => code(503, "80300029", "too many test messages", 1),
    });
    let list = tokens(1000);
    let sender = fake.client().sender().concurrency(1);
    let (started, message) = (now(), parcel().test_message());
    let outcomes = sender.send(&message, &list).await.unwrap();
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert_eq!(fake.sent().len(), 4);
    assert_eq!(outcomes.summary().accepted, 30);
    assert_eq!(outcomes.summary().not_sent, 970);
    let outcome = outcomes.get(999).unwrap();
    let error = outcome.error().unwrap();
    assert_eq!(error.action(), Action::Backoff);
    let resets = error.api().unwrap().retry_after.unwrap();
    assert!(resets <= Duration::from_secs(24 * 3600));
}

#[tokio::test(start_paused = true)]
async fn a_test_message_goes_to_ten_tokens_at_a_time() {
    let fake = Fake::new(|sent| accepted(sent.number));
    let (list, message) = (tokens(25), parcel().test_message());
    let outcomes = fake.client().send(&message, &list).await.unwrap();
    assert_eq!(outcomes.summary().accepted, 25);
    let mut sizes: Vec<usize> = fake.sent().iter().map(|s| s.tokens().len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [5, 10, 10]);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_breaks_a_rule_is_not_sent_at_all() {
    let fake = Fake::new(|_| accepted(1));
    let message = parcel().notify_id(-2);
    let error = fake.client().send(&message, &["a"]).await.unwrap_err();
    assert_eq!(error.kind(), auth_core::ErrorKind::Config);
    assert!(error.to_string().contains("payload.notification.notifyId"));
    assert!(message.check().is_err());
    assert!(fake.sent().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_slows_one_sender_slows_all_of_its_client() {
    let fake = Fake::new(|sent| match sent.number {
        0 => Reply::Answer(503, String::new()),
        _ => accepted(sent.number),
    });
    let client = fake.client();
    let (list, message) = (tokens(1), parcel());
    let started = now();
    let first = client.send(&message, &list);
    let second = async {
        // Begins once the first has been refused, and has to wait as it does.
        tokio::time::sleep(Duration::from_millis(1)).await;
        client.sender().send(&message, &list).await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(first.unwrap().summary().accepted, 1);
    assert_eq!(second.unwrap().summary().accepted, 1);
    assert!(started.elapsed() >= Duration::from_millis(300));
    assert_eq!(fake.sent().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_answer_with_an_unknown_code_is_judged_by_its_status() {
    check(|_| code(400, "89999999", "new", 1), ["not sent"; 3]).await;
    check(|_| code(200, "89999999", "new", 1), ["unknown"; 3]).await;
    check(|_| Reply::Answer(200, "{}".to_owned()), ["unknown"; 3]).await;
}

#[tokio::test(start_paused = true)]
async fn dropping_a_send_drops_its_requests() {
    let fake = Fake::new(|_| Reply::Later(Duration::from_secs(5), Box::new(accepted(1))));
    let (client, list, message) = (fake.client(), tokens(3000), parcel());
    let send = client.send(&message, &list);
    let stopped = tokio::time::timeout(Duration::from_secs(1), send).await;
    assert!(stopped.is_err());
    assert_eq!(Arc::strong_count(&fake), 2, "the client and this test");
}
