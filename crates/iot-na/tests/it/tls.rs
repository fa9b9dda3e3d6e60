//! Mutual TLS from the client's own settings, over loopback.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use auth_core::ErrorKind;
use iot_na::model::GetDevice;
use iot_na::{Client, ClientBuilder, ClientCertificate, Result, Site};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::stage::application;

const AUTHORITY: &str = include_str!("../../../auth-core/tests/data/tls/authority.pem");
const CLIENT: &str = include_str!("../../../auth-core/tests/data/tls/client.pem");
/// A site whose certificate does not know its address.
const SITE: &str = include_str!("../../../auth-core/tests/data/tls/site.pem");
const SITE_AUTHORITY: &str = include_str!("../../../auth-core/tests/data/tls/site_authority.pem");

async fn reach(settings: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Result<String> {
    let port = serve();
    let site = Site::Host("127.0.0.1".to_owned(), port);
    let client = settings(Client::builder(application(), site)).build()?;
    let device = client.get_device("1", &GetDevice::default()).await?;
    Ok(device.device_id)
}

#[tokio::test]
async fn a_carrier_gets_the_certificate_and_is_known_by_its_key() {
    let certificate = || ClientCertificate::from_pem(CLIENT);
    let id = reach(|it| {
        it.client_certificate(certificate())
            .pinned_key(SITE_AUTHORITY)
    })
    .await;
    assert_eq!(id.unwrap(), "1");
    let named = reach(|it| {
        it.client_certificate(certificate())
            .root_certificate(SITE_AUTHORITY)
            .server_name("device.site.test")
    });
    assert_eq!(named.await.unwrap(), "1");
}

#[tokio::test]
async fn without_the_settings_there_is_no_connection() {
    let certificate = || ClientCertificate::from_pem(CLIENT);
    let unnamed = reach(|it| {
        it.client_certificate(certificate())
            .root_certificate(SITE_AUTHORITY)
    });
    let bare = reach(|it| it.pinned_key(SITE_AUTHORITY));
    let plain = reach(|it| it);
    for refused in [unnamed.await, bare.await, plain.await] {
        // Without a connection there is no login.
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Credentials);
    }
}

#[cfg(feature = "pkcs12")]
#[tokio::test]
async fn a_pkcs12_file_is_as_good_as_a_pem() {
    use auth_core::Secret;

    let files = [
        &include_bytes!("../data/client.p12")[..],
        &include_bytes!("../data/client-legacy.p12")[..],
    ];
    for file in files {
        let password = Secret::new("IoM@1234");
        let certificate = ClientCertificate::from_pkcs12(file, &password).unwrap();
        let id = reach(|it| {
            it.client_certificate(certificate)
                .pinned_key(SITE_AUTHORITY)
        });
        assert_eq!(id.await.unwrap(), "1");
        for (file, password) in [(file, "wrong"), (&file[..100], "IoM@1234"), (&[][..], "")] {
            let error = ClientCertificate::from_pkcs12(file, &Secret::new(password));
            let error = error.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(!format!("{error:?}").contains("IoM@"), "{error:?}");
        }
    }
}

/// A site that asks for a certificate; gives its port.
fn serve() -> u16 {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(AUTHORITY.as_bytes()).unwrap();
    roots.add(authority).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone());
    let chain: std::result::Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(SITE.as_bytes()).collect();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(
            chain.unwrap(),
            PrivateKeyDer::from_pem_slice(SITE.as_bytes()).unwrap(),
        );
    let config = Arc::new(config.unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            let mut request = [0; 4096];
            if let Ok(length) = stream.read(&mut request) {
                let login = request[..length].starts_with(b"POST");
                let body = match login {
                    true => r#"{"accessToken":"a","expiresIn":3600}"#,
                    false => r#"{"deviceId":"1"}"#,
                };
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}", body.len());
                let answer = format!("{head}\r\nConnection: close\r\n\r\n{body}");
                let _ = stream.write_all(answer.as_bytes());
            }
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    port
}
