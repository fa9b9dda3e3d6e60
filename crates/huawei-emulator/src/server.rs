//! The HTTP server: connections, addresses, the faults that only a connection can show.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, DATE};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Frame, Incoming as IncomingBody, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::answer::Answer;
use crate::control;
use crate::document::Document;
use crate::engine::{self, Incoming, Served};
use crate::page;
use crate::space::{SpaceState, Spaces};

/// Serves until `stop` changes or its sender goes away.
pub(crate) async fn run(listener: TcpListener, spaces: Arc<Spaces>, mut stop: watch::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    let spaces = Arc::clone(&spaces);
                    connections.spawn(serve_connection(stream, spaces, stop.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn serve_connection(stream: TcpStream, spaces: Arc<Spaces>, mut stop: watch::Receiver<()>) {
    let _ = stream.set_nodelay(true);
    let Ok(local) = stream.local_addr() else {
        return;
    };
    let reset = Arc::new(AtomicBool::new(false));
    let connection = Connection {
        stream,
        reset: Arc::clone(&reset),
    };
    let service = service_fn(move |request| {
        let spaces = Arc::clone(&spaces);
        let reset = Arc::clone(&reset);
        async move { answer(request, &spaces, local, &reset).await }
    });
    let serving = http1::Builder::new().serve_connection(TokioIo::new(connection), service);
    tokio::pin!(serving);
    tokio::select! {
        // A broken connection is the client's business, or was asked for.
        _ = serving.as_mut() => return,
        _ = stop.changed() => serving.as_mut().graceful_shutdown(),
    }
    let _ = serving.await;
}

/// The connection is to be reset: hyper closes it without an answer when the service fails.
#[derive(Debug)]
struct ConnectionReset;

impl std::fmt::Display for ConnectionReset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is reset on request")
    }
}

impl std::error::Error for ConnectionReset {}

async fn answer(
    request: Request<IncomingBody>,
    spaces: &Arc<Spaces>,
    local: SocketAddr,
    reset: &AtomicBool,
) -> Result<Response<AnswerBody>, ConnectionReset> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, LONGEST_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => {
            return Ok(respond(
                Answer::empty(StatusCode::PAYLOAD_TOO_LARGE),
                None,
                None,
            ));
        }
    };
    let incoming = Incoming {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body,
        prefix: String::new(),
    };
    let (space, incoming) = space_of(spaces, incoming);
    let date = httpdate::fmt_http_date(space.clock.now());
    let date = HeaderValue::from_str(&date).ok();
    match serve(spaces, &space, incoming, local).await {
        Served::Answer(answer, cut) => Ok(respond(answer, date, cut)),
        Served::Reset => {
            reset.store(true, Ordering::Relaxed);
            Err(ConnectionReset)
        }
    }
}

/// Finds the space that the path names, and takes the name off the path.
fn space_of(spaces: &Spaces, mut incoming: Incoming) -> (Arc<SpaceState>, Incoming) {
    let Some(rest) = incoming.path.strip_prefix("/_space/") else {
        return (spaces.default_space(), incoming);
    };
    let (id, path) = rest.split_once('/').unwrap_or((rest, ""));
    let space = spaces.named(id);
    incoming.prefix = format!("/_space/{id}");
    incoming.path = format!("/{path}");
    (space, incoming)
}

async fn serve(
    spaces: &Arc<Spaces>,
    space: &Arc<SpaceState>,
    mut incoming: Incoming,
    local: SocketAddr,
) -> Served {
    if incoming.path == "/" {
        return Served::Answer(page::home(space), None);
    }
    if let Some(rest) = incoming.path.strip_prefix("/_emulator") {
        let rest = rest.to_owned();
        return Served::Answer(
            control::answer(spaces, space, &rest, &incoming, local),
            None,
        );
    }
    let first = incoming.path[1..].split('/').next().unwrap_or_default();
    let only = Document::named(first);
    if only.is_some() {
        incoming.prefix.push('/');
        incoming.prefix.push_str(first);
        incoming.path = incoming.path[1 + first.len()..].to_owned();
    }
    engine::serve(space, only, incoming).await
}

fn respond(answer: Answer, date: Option<HeaderValue>, cut: Option<usize>) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::new(answer.body, cut));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    if let Some(date) = date {
        response.headers_mut().insert(DATE, date);
    }
    if cut.is_some() {
        let length = response.body().length;
        response
            .headers_mut()
            .insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

/// The body of an answer, which may break off.
struct AnswerBody {
    rest: Bytes,
    length: usize,
    breaks: bool,
    /// Whether what was written so far had its turn to be sent.
    sent: bool,
}

impl AnswerBody {
    fn new(body: Bytes, cut: Option<usize>) -> Self {
        let length = body.len();
        let end = cut.map_or(length, |cut| cut.min(length.saturating_sub(1)));
        Self {
            rest: body.slice(..end),
            length,
            breaks: cut.is_some(),
            sent: false,
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let body = self.get_mut();
        if !body.rest.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut body.rest)))));
        }
        if body.breaks && !body.sent {
            body.sent = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if body.breaks {
            let error = io::Error::new(io::ErrorKind::ConnectionAborted, "cut short on request");
            return Poll::Ready(Some(Err(error)));
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && !self.breaks
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.length).unwrap_or(u64::MAX))
    }
}

/// A stream that can be torn down instead of closed.
struct Connection {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Relaxed) {
            // Without lingering, closing sends a reset.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, buffer)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// The longest request that is read, in bytes.
const LONGEST_BODY: usize = 32 * 1024 * 1024;
