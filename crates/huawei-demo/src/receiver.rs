//! The small web service that takes the platform's callbacks, as a team would run it.

use std::time::SystemTime;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use harmony_push::receipts::{self, Receipt, Verifier};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// A running receiver: its address, and what arrived with a sound signature.
pub(crate) struct Receiver {
    pub(crate) url: String,
    arrived: mpsc::UnboundedReceiver<Receipt>,
}

#[derive(Clone)]
struct Desk {
    verifier: std::sync::Arc<Verifier>,
    arrived: mpsc::UnboundedSender<Receipt>,
}

impl Receiver {
    /// Starts a receiver on loopback.
    pub(crate) async fn start(verifier: Verifier) -> Result<Self> {
        let (sender, arrived) = mpsc::unbounded_channel();
        let desk = Desk {
            verifier: verifier.into(),
            arrived: sender,
        };
        let routes = Router::new()
            .route("/receipts", post(take))
            .with_state(desk);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/receipts", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { url, arrived })
    }

    /// Waits for the next receipt.
    pub(crate) async fn next(&mut self) -> Result<Receipt> {
        self.arrived.recv().await.context("the receiver stopped")
    }
}

async fn take(State(desk): State<Desk>, headers: HeaderMap, body: String) -> (StatusCode, String) {
    let header = headers
        .get(receipts::HEADER)
        .and_then(|value| value.to_str().ok());
    #[expect(
        clippy::disallowed_methods,
        reason = "the service reads its clock here"
    )]
    let now = SystemTime::now();
    if let Err(rejection) = desk.verifier.verify(header, now) {
        return (StatusCode::UNAUTHORIZED, rejection.to_string());
    }
    match receipts::read(body.as_bytes()) {
        Ok(callback) => {
            for receipt in callback.receipts {
                // The demonstration may have ended; the platform gets its answer all the same.
                let _ = desk.arrived.send(receipt);
            }
            (StatusCode::OK, receipts::ACK.to_owned())
        }
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()),
    }
}
