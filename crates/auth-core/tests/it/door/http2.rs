//! HTTP/2 over TLS: negotiated, shared by calls, and refused streams sent again.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth_core::{Api, HttpSend, Request, ReqwestSend};
use bytes::{Bytes, BytesMut};
use futures_util::future::join_all;
use h2::Reason;
use h2::server::SendResponse;
use http::{Response, StatusCode, Version};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::{ADD_ITEM, GET_ITEM, at};

const AUTHORITY: &str = include_str!("../../data/tls/authority.pem");
const SERVER: &str = include_str!("../../data/tls/server.pem");

/// A server of HTTP/2 that answers with the body it got.
#[derive(Default)]
struct Echo {
    connections: AtomicUsize,
    requests: AtomicUsize,
    /// How many requests are refused before they are looked at.
    refusals: AtomicUsize,
}

#[tokio::test]
async fn http2_is_negotiated_where_the_server_speaks_it() {
    let (url, _server) = serve(Echo::default()).await;
    let mut request = http::Request::post(format!("{url}/items"))
        .body(Bytes::from_static(b"0123456789"))
        .unwrap();
    request
        .headers_mut()
        .insert("content-type", "text/plain".parse().unwrap());
    let answer = transport().send(request).await.unwrap();
    assert_eq!(answer.version(), Version::HTTP_2);
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.body(), "0123456789");
}

#[tokio::test]
async fn calls_share_one_connection() {
    let (url, server) = serve(Echo::default()).await;
    let api = client(&url);
    add(&api, 0).await;
    let numbers: Vec<_> = (1..=20).collect();
    join_all(numbers.iter().map(|number| add(&api, *number))).await;
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
    assert_eq!(server.requests.load(Ordering::SeqCst), 21);
}

#[tokio::test]
async fn an_answer_without_a_body_is_read_as_null() {
    let (url, server) = serve(Echo::default()).await;
    let answer: Value = Request::new(&GET_ITEM).send(&client(&url)).await.unwrap();
    assert_eq!(answer, Value::Null);
    assert_eq!(server.requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_refused_stream_is_sent_again_because_it_was_not_looked_at() {
    let echo = Echo {
        refusals: AtomicUsize::new(1),
        ..Echo::default()
    };
    let (url, server) = serve(echo).await;
    add(&client(&url), 7).await;
    assert_eq!(server.refusals.load(Ordering::SeqCst), 0);
    assert_eq!(server.requests.load(Ordering::SeqCst), 1);
}

/// Adds an item, which must not be repeated, and gets it back.
async fn add(api: &Api, number: u32) {
    let item = json!({"code": "0", "number": number});
    let answer: Value = Request::new(&ADD_ITEM)
        .json("application/json", &item)
        .send(api)
        .await
        .unwrap();
    assert_eq!(answer, item);
}

fn client(url: &str) -> Api {
    let retry = auth_core::RetryPolicy::none();
    let api = at(url).transport(Arc::new(transport())).retry(retry);
    api.build().unwrap()
}

fn transport() -> ReqwestSend {
    let settings = ReqwestSend::builder().root_certificate(AUTHORITY);
    settings.build().unwrap()
}

async fn serve(echo: Echo) -> (String, Arc<Echo>) {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
        .await
        .unwrap();
    let port = listener.local_addr().unwrap().port();
    let echo = Arc::new(echo);
    let server = Arc::clone(&echo);
    tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(tls()));
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(Arc::clone(&server).converse(acceptor.clone(), stream));
        }
    });
    (format!("https://localhost:{port}"), echo)
}

fn tls() -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(SERVER.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(SERVER.as_bytes()).unwrap(),
        )
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

impl Echo {
    async fn converse(self: Arc<Self>, acceptor: TlsAcceptor, stream: TcpStream) -> io::Result<()> {
        self.connections.fetch_add(1, Ordering::SeqCst);
        let stream = acceptor.accept(stream).await?;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let mut connection = h2::server::handshake(stream)
            .await
            .map_err(io::Error::other)?;
        while let Some(request) = connection.accept().await {
            let (request, mut respond) = request.map_err(io::Error::other)?;
            if self.refuses() {
                respond.send_reset(Reason::REFUSED_STREAM);
                continue;
            }
            self.requests.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(answer(request.into_body(), respond));
        }
        Ok(())
    }

    fn refuses(&self) -> bool {
        let left = |left: usize| left.checked_sub(1);
        let order = Ordering::SeqCst;
        self.refusals.fetch_update(order, order, left).is_ok()
    }
}

/// Sends the body back in two pieces, and its end in a frame of its own.
async fn answer(
    mut body: h2::RecvStream,
    mut respond: SendResponse<Bytes>,
) -> Result<(), h2::Error> {
    let mut whole = BytesMut::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        let _ = body.flow_control().release_capacity(piece.len());
        whole.extend_from_slice(&piece);
    }
    let first = whole.split_to(whole.len() / 2).freeze();
    let length = first.len() + whole.len();
    let head = Response::builder()
        .header("content-length", length)
        .body(())
        .expect("a sound head");
    let mut stream = respond.send_response(head, false)?;
    stream.send_data(first, false)?;
    stream.send_data(whole.freeze(), false)?;
    stream.send_data(Bytes::new(), true)
}
