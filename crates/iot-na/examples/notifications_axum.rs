//! Receives notifications with axum: answers at once, and leaves the work to a queue.
//!
//!     NOTIFICATION_PATH=d41d8cd98f00 cargo run --example notifications_axum
//!
//! Put a server with TLS in front of it, and keep the path to yourself: nothing else tells the
//! platform from others.

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::env;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use auth_core::{Clock, Seen};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use iot_na::model::Callback;
use tokio::sync::mpsc;

struct App {
    seen: Seen,
    clock: Clock,
    queue: mpsc::Sender<Callback>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = env::var("NOTIFICATION_PATH").unwrap_or_else(|_| "d41d8cd98f00".to_owned());
    let (queue, mut waiting) = mpsc::channel(QUEUE);
    let app = Arc::new(App {
        // The platform tries for hours before it gives an address up.
        seen: Seen::new(100_000, Duration::from_secs(24 * 3600)),
        clock: Clock::system(),
        queue,
    });
    let router = Router::new()
        .route(&format!("/{path}"), post(receive))
        .with_state(app);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8082").await?;
    println!("subscribe http://{}/{path}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Some(notification) = waiting.recv().await {
            work(notification);
        }
    });
    axum::serve(listener, router).await?;
    Ok(())
}

/// Takes a notification; 503 makes the platform send it again later.
async fn receive(State(app): State<Arc<App>>, body: Bytes) -> StatusCode {
    let notification = match Callback::parse(&body) {
        Ok(notification) => notification,
        Err(error) => {
            println!("unreadable: {error}");
            return StatusCode::BAD_REQUEST;
        }
    };
    let key = notification.redelivery_key();
    if !app.seen.insert(&key, app.clock.now()) {
        return StatusCode::OK;
    }
    match app.queue.try_send(notification) {
        Ok(()) => StatusCode::OK,
        Err(_) => {
            app.seen.remove(&key);
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

/// This is where a report would be written to a database.
fn work(notification: Callback) {
    match notification {
        Callback::DeviceDataChanged(report) => {
            println!("{}: {:?}", report.device_id, report.service.data);
        }
        Callback::CommandStatusChanged(it) => {
            println!("{} is {}", it.command_id, it.result.result_code);
        }
        other => println!("about {}: {other:?}", other.device_id().unwrap_or("-")),
    }
}

/// How many notifications may wait for the work.
const QUEUE: usize = 1000;
