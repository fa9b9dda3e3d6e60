//! TLS with a private authority on both sides.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use auth_core::{ErrorKind, Request, ReqwestSend, ReqwestSendBuilder, Result};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::{PING, at, printed};

// Made for these tests, valid from 2020 to 2120: an authority, and what it signed.
const AUTHORITY: &str = include_str!("../../data/tls/authority.pem");
const CLIENT: &str = include_str!("../../data/tls/client.pem");
const SERVER: &str = include_str!("../../data/tls/server.pem");

async fn call(settings: ReqwestSendBuilder) -> Result<String> {
    let url = serve();
    let api = at(&url).transport(Arc::new(settings.build()?)).build()?;
    Request::new(&PING).send_text(&api).await
}

#[tokio::test]
async fn a_site_with_an_authority_of_its_own_gets_the_client_certificate() {
    let settings = ReqwestSend::builder()
        .root_certificate(AUTHORITY)
        .client_certificate(CLIENT);
    assert_eq!(call(settings).await.unwrap(), "hello");
}

#[tokio::test]
async fn an_authority_that_nobody_named_is_not_trusted() {
    let settings = ReqwestSend::builder().client_certificate(CLIENT);
    let error = call(settings).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(printed(&error).contains("UnknownIssuer"), "{error:?}");
}

#[tokio::test]
async fn a_client_without_its_certificate_is_turned_away() {
    let settings = ReqwestSend::builder().root_certificate(AUTHORITY);
    let error = call(settings).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
}

#[tokio::test]
async fn a_settings_text_shows_no_private_key() {
    let settings = ReqwestSend::builder().client_certificate(CLIENT);
    let key = CLIENT.lines().rev().nth(1).unwrap();
    assert!(!format!("{settings:?}").contains(key));
}

/// A server that asks for a client certificate and greets whoever has one.
fn serve() -> String {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(AUTHORITY.as_bytes()).unwrap())
        .unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(SERVER.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(SERVER.as_bytes()).unwrap(),
        );
    let config = Arc::new(config.unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            if stream.read(&mut [0; 4096]).is_ok() {
                let answer =
                    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
                let _ = stream.write_all(answer.as_bytes());
            }
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    format!("https://localhost:{port}")
}
