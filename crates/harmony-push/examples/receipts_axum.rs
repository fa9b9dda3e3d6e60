//! Receives receipts with axum.
//!
//!     RECEIPT_USER=user RECEIPT_SECRET=secret cargo run --example receipts_axum
//!
//! Put a server with a commercial certificate in front of it: the platform calls https only.

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::env;
use std::error::Error;
use std::sync::Arc;

use auth_core::Clock;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use harmony_push::receipts::{self, SecretForm, Verifier};

struct App {
    verifier: Verifier,
    clock: Clock,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let user = env::var("RECEIPT_USER").unwrap_or_else(|_| "user".to_owned());
    let secret = env::var("RECEIPT_SECRET").unwrap_or_else(|_| "c2VjcmV0".to_owned());
    let verifier = Verifier::builder(user, secret)
        .form(SecretForm::Either)
        .build()?;
    let app = Arc::new(App {
        verifier,
        clock: Clock::system(),
    });
    let router = Router::new()
        .route("/receipts", post(receive))
        .with_state(app);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8081").await?;
    println!("receipts go to http://{}/receipts", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

async fn receive(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let signature = headers
        .get(receipts::HEADER)
        .and_then(|value| value.to_str().ok());
    if let Err(rejection) = app.verifier.verify(signature, app.clock.now()) {
        println!("refused: {rejection}");
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let callback = match receipts::read(&body) {
        Ok(callback) => callback,
        Err(error) => {
            println!("unreadable: {error}");
            return StatusCode::BAD_REQUEST.into_response();
        }
    };
    for error in callback.unreadable {
        println!("left out: {error}");
    }
    for receipt in callback.receipts {
        // This is where the token would be kept, suspended or deleted.
        let disposition = receipt.status.disposition();
        println!("{}: {}: {disposition}", receipt.request_id, receipt.status);
    }
    ([(header::CONTENT_TYPE, "application/json")], receipts::ACK).into_response()
}
