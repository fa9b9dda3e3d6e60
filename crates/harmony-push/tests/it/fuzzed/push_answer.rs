//! What the fuzz target `push_answer` does with its input; the target includes this file.

use std::sync::Arc;

use async_trait::async_trait;
use auth_core::{HttpSend, Result};
use bytes::Bytes;
use harmony_push::model::{ClickAction, NotificationCategory};
use harmony_push::{Client, Notification, Outcome, ServiceAccount};
use http::{Request, Response};
use serde_json::Value;
use tokio::runtime::Builder;

/// Answers every request alike: the first byte chooses the status, the rest is the body.
struct Parrot(u16, Bytes);

#[async_trait]
impl HttpSend for Parrot {
    async fn send(&self, _: Request<Bytes>) -> Result<Response<Bytes>> {
        let answer = Response::builder().status(self.0).body(self.1.clone());
        Ok(answer.expect("a sound status"))
    }
}

/// An answer of any content: no panic, one outcome for every token, and nothing accepted without
/// the code for it.
pub(crate) fn run(data: &[u8]) {
    let Some((first, body)) = data.split_first() else {
        return;
    };
    let status = [200, 400, 401, 500][usize::from(*first) % 4];
    let runtime = Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime");
    let tokens = ["a", "b", "a", "c", ""];
    let outcomes = runtime.block_on(async {
        let client = Client::builder(account())
            .transport(Arc::new(Parrot(status, Bytes::copy_from_slice(body))))
            .build()
            .expect("a sound client");
        let message = Notification::new(NotificationCategory::Im, "t", "b", ClickAction::home());
        let outcomes = client
            .send(&message, &tokens)
            .await
            .expect("a sound message");
        let outcomes = outcomes.iter().map(|(_, outcome)| outcome.clone());
        outcomes.collect::<Vec<_>>()
    });
    assert_eq!(outcomes.len(), tokens.len());
    let text = String::from_utf8_lossy(body);
    for outcome in outcomes {
        match outcome {
            Outcome::Accepted { .. } => {
                assert!(text.contains("80000000") || text.contains("80100000"));
            }
            Outcome::Refused(refusal) => {
                let _ = (refusal.disposition(), refusal.to_string());
            }
            Outcome::NotSent(error) | Outcome::Unknown(error) => {
                let _ = (error.action(), error.to_string());
            }
        }
    }
}

fn account() -> ServiceAccount {
    let vector = include_str!("../../samples/vector.jwt_ps256.1.json");
    let vector: Value = serde_json::from_str(vector).expect("a sound sample");
    let file = vector["service_account_key_file"].to_string();
    ServiceAccount::parse(&file).expect("a sound key file")
}
