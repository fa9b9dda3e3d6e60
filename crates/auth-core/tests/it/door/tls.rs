//! TLS with a private authority on both sides, with other names, with pinned keys.

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

// Another authority, whose site is known by a name that is not the address, over an issuer between.
const SITE_AUTHORITY: &str = include_str!("../../data/tls/site_authority.pem");
const SITE_KEY: &str = include_str!("../../data/tls/site_key.pem");
const SITE: &str = include_str!("../../data/tls/site.pem");
const SITE_EXPIRED: &str = include_str!("../../data/tls/site_expired.pem");
/// Issued by somebody who took the authority's name, and has another key.
const SITE_IMPOSTOR: &str = include_str!("../../data/tls/site_impostor.pem");

async fn call(settings: ReqwestSendBuilder) -> Result<String> {
    call_to(settings, SERVER).await
}

/// Calls a server that shows this certificate.
async fn call_to(settings: ReqwestSendBuilder, server: &'static str) -> Result<String> {
    let settings = settings.client_certificate(CLIENT);
    reach(settings, server).await
}

async fn reach(settings: ReqwestSendBuilder, server: &'static str) -> Result<String> {
    let url = serve(server);
    let api = at(&url).transport(Arc::new(settings.build()?)).build()?;
    Request::new(&PING).send_text(&api).await
}

#[tokio::test]
async fn a_site_with_an_authority_of_its_own_gets_the_client_certificate() {
    let settings = ReqwestSend::builder().root_certificate(AUTHORITY);
    assert_eq!(call(settings).await.unwrap(), "hello");
}

#[tokio::test]
async fn an_authority_that_nobody_named_is_not_trusted() {
    refused(ReqwestSend::builder(), SERVER, "UnknownIssuer").await;
}

#[tokio::test]
async fn a_client_without_its_certificate_is_turned_away() {
    let settings = ReqwestSend::builder().root_certificate(AUTHORITY);
    let error = reach(settings, SERVER).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
}

/// Expects that the server is not trusted, for this reason.
async fn refused(settings: ReqwestSendBuilder, server: &'static str, reason: &str) {
    let error = call_to(settings, server).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(printed(&error).contains(reason), "{error:?}");
}

#[tokio::test]
async fn a_site_may_bear_another_name_than_its_address() {
    let trusting = || ReqwestSend::builder().root_certificate(SITE_AUTHORITY);
    refused(trusting(), SITE, "NotValidForName").await;
    let named = trusting().server_name("device.site.test");
    assert_eq!(call_to(named, SITE).await.unwrap(), "hello");
    let wrong = trusting().server_name("other.site.test");
    refused(wrong, SITE, "NotValidForName").await;
    let unnamed = ReqwestSend::builder().server_name("device.site.test");
    refused(unnamed, SITE, "UnknownIssuer").await;
}

#[tokio::test]
async fn a_pinned_key_of_the_authority_or_the_site_stands_for_the_name() {
    let own = SITE
        .split_inclusive("-----END CERTIFICATE-----")
        .next()
        .unwrap();
    let issuer = SITE
        .split_inclusive("-----END CERTIFICATE-----")
        .nth(1)
        .unwrap();
    for pin in [SITE_AUTHORITY, issuer, own] {
        let pinned = ReqwestSend::builder().pinned_key(pin);
        assert_eq!(call_to(pinned, SITE).await.unwrap(), "hello");
    }
    // A bare key needs the certificate that holds it, from the server or as a root.
    let bare = || ReqwestSend::builder().pinned_key(SITE_KEY);
    refused(bare(), SITE, "UnknownIssuer").await;
    let known = bare().root_certificate(SITE_AUTHORITY);
    assert_eq!(call_to(known, SITE).await.unwrap(), "hello");
    let both = bare()
        .pinned_key(SITE_AUTHORITY)
        .server_name("device.site.test");
    assert_eq!(call_to(both, SITE).await.unwrap(), "hello");
}

#[tokio::test]
async fn a_pinned_key_lets_nobody_else_in() {
    let pinned = || ReqwestSend::builder().pinned_key(SITE_AUTHORITY);
    refused(pinned(), SERVER, "UnknownIssuer").await;
    refused(pinned(), SITE_IMPOSTOR, "BadSignature").await;
    refused(pinned(), SITE_EXPIRED, "Expired").await;
    let wrong = pinned().server_name("other.site.test");
    refused(wrong, SITE, "NotValidForName").await;
    // What is trusted otherwise does not count beside a pinned key.
    let beside = pinned().root_certificate(AUTHORITY);
    refused(beside, SERVER, "UnknownIssuer").await;
    let impostor = ReqwestSend::builder().pinned_key(SITE_IMPOSTOR);
    refused(impostor, SERVER, "UnknownIssuer").await;
}

#[tokio::test]
async fn settings_that_cannot_work_are_named() {
    for (settings, word) in [
        (ReqwestSend::builder().pinned_key("no PEM"), "pinned"),
        (
            ReqwestSend::builder().server_name("not a name"),
            "not a name",
        ),
        (ReqwestSend::builder().root_certificate(CLIENT_KEY), "root"),
        (ReqwestSend::builder().client_certificate(AUTHORITY), "key"),
    ] {
        let error = settings.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(word), "{error}");
    }
}

/// A PEM text without a certificate.
const CLIENT_KEY: &str = "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n";

#[tokio::test]
async fn a_settings_text_shows_no_private_key() {
    let settings = ReqwestSend::builder().client_certificate(CLIENT);
    let key = CLIENT.lines().rev().nth(1).unwrap();
    assert!(!format!("{settings:?}").contains(key));
}

/// A server that asks for a client certificate and greets whoever has one.
fn serve(identity: &'static str) -> String {
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
            CertificateDer::pem_slice_iter(identity.as_bytes())
                .collect::<std::result::Result<_, _>>()
                .unwrap(),
            PrivateKeyDer::from_pem_slice(identity.as_bytes()).unwrap(),
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
