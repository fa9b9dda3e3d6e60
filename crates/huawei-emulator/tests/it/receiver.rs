//! A server that takes the calls of the platforms.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// A call that came.
#[derive(Debug)]
pub(crate) struct Taken {
    pub headers: HeaderMap,
    pub body: Value,
}

/// A running receiver.
pub(crate) struct Receiver {
    pub url: String,
    calls: mpsc::UnboundedReceiver<Taken>,
    /// Answered to the next call, if it is not 200.
    status: Arc<AtomicU16>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("the listener is bound");
        let (sender, calls) = mpsc::unbounded_channel();
        let sender = Arc::new(sender);
        let status = Arc::new(AtomicU16::new(200));
        let answered = Arc::clone(&status);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sender = Arc::clone(&sender);
                let status = Arc::clone(&answered);
                let service = service_fn(move |request| {
                    let status = status.swap(200, Ordering::Relaxed);
                    take(request, status, Arc::clone(&sender))
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self {
            url: format!("http://{address}/receipts"),
            calls,
            status,
        }
    }

    /// Answers this status to the next call.
    pub(crate) fn answer_next(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    /// The next call.
    pub(crate) async fn next(&mut self) -> Taken {
        self.calls.recv().await.expect("the receiver runs")
    }
}

async fn take(
    request: Request<Incoming>,
    status: u16,
    sender: Arc<mpsc::UnboundedSender<Taken>>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let body = serde_json::from_slice(&body).expect("a callback is JSON");
    let _ = sender.send(Taken {
        headers: head.headers,
        body,
    });
    let text = r#"{"code":"0","message":"success"}"#;
    let mut answer = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *answer.status_mut() = status.try_into().expect("a status of HTTP");
    Ok(answer)
}
