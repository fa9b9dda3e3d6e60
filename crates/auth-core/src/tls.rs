//! TLS settings: whom to trust, which name or key to expect, what to show of oneself.

use std::sync::{Arc, Once};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

use crate::{Error, Result, Secret};

/// The settings, as texts.
#[derive(Clone, Default)]
pub(crate) struct Tls {
    /// Certificate, those of its issuers, and the private key.
    pub(crate) identity: Option<Secret>,
    pub(crate) roots: Vec<String>,
    pub(crate) name: Option<String>,
    /// Certificates or public keys.
    pub(crate) pins: Vec<String>,
}

impl Tls {
    /// TLS by ring alone, whatever else is in the process.
    pub(crate) fn config(&self) -> Result<ClientConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::config("TLS cannot be set up").because(error))?;
        let builder = match self.verifier(provider)? {
            Some(verifier) => builder
                .dangerous()
                .with_custom_certificate_verifier(verifier),
            None => builder.with_root_certificates(RootCertStore::empty()),
        };
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(pem) => {
                let what = "the client certificate";
                let chain = certificates(what, pem.expose())?;
                let key = PrivateKeyDer::from_pem_slice(pem.expose().as_bytes())
                    .map_err(|_| Error::config(format!("{what} comes without a private key")))?;
                builder.with_client_auth_cert(chain, key).map_err(|error| {
                    Error::config(format!("{what} and its key cannot be used")).because(error)
                })?
            }
        };
        if cfg!(feature = "http2") {
            config.alpn_protocols.push(b"h2".to_vec());
        }
        config.alpn_protocols.push(b"http/1.1".to_vec());
        Ok(config)
    }

    /// Who judges servers; nobody where the system has no certificates.
    fn verifier(
        &self,
        provider: Arc<CryptoProvider>,
    ) -> Result<Option<Arc<dyn ServerCertVerifier>>> {
        let name = match &self.name {
            None => None,
            Some(name) => Some(ServerName::try_from(name.clone()).map_err(|_| {
                Error::config(format!("`{name}` is neither a host name nor an IP address"))
            })?),
        };
        let mut roots = Vec::new();
        for pem in &self.roots {
            roots.extend(certificates("a root certificate", pem)?);
        }
        if !self.pins.is_empty() {
            let mut pinned = Pinned {
                keys: Vec::new(),
                known: roots,
                name,
                algorithms: provider.signature_verification_algorithms,
            };
            for pem in &self.pins {
                pinned.add(pem)?;
            }
            return Ok(Some(Arc::new(pinned)));
        }
        let inner = match Verifier::new_with_extra_roots(roots, provider) {
            Ok(verifier) => Arc::new(verifier),
            Err(error) if self.roots.is_empty() => {
                // A container without certificates can still speak plain http to loopback; every
                // TLS handshake is refused, because no root is trusted.
                static TOLD: Once = Once::new();
                TOLD.call_once(|| {
                    tracing::warn!(%error, "no certificate of the system can be used");
                });
                return Ok(None);
            }
            Err(error) => {
                return Err(Error::config("a root certificate cannot be used").because(error));
            }
        };
        Ok(Some(match name {
            None => inner,
            Some(name) => Arc::new(Named { inner, name }),
        }))
    }
}

/// Checks everything as usual, but for another name than that of the address.
#[derive(Debug)]
struct Named {
    inner: Arc<Verifier>,
    name: ServerName<'static>,
}

impl ServerCertVerifier for Named {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        self.inner
            .verify_server_cert(end_entity, intermediates, &self.name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Trusts a server that holds one of these keys, or whose certificate was issued under one.
#[derive(Debug)]
struct Pinned {
    keys: Vec<PublicKey>,
    /// Certificates that issuers may be among, where the server does not send them.
    known: Vec<CertificateDer<'static>>,
    /// The name to expect, where there is one.
    name: Option<ServerName<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
}

/// A public key: what is inside of the SubjectPublicKeyInfo.
#[derive(Debug, PartialEq, Eq)]
struct PublicKey(Vec<u8>);

impl Pinned {
    /// Adds the keys of a PEM text.
    fn add(&mut self, pem: &str) -> Result<()> {
        let unfit = || Error::config("a pinned key is not a PEM text with a certificate or key");
        if let Ok(key) = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()) {
            self.keys.push(PublicKey::of_spki(&key).ok_or_else(unfit)?);
            return Ok(());
        }
        for certificate in certificates("a pinned certificate", pem)? {
            self.keys
                .push(PublicKey::of(&certificate).ok_or_else(unfit)?);
            self.known.push(certificate);
        }
        Ok(())
    }

    fn has(&self, certificate: &CertificateDer<'_>) -> bool {
        PublicKey::of(certificate).is_some_and(|key| self.keys.contains(&key))
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let leaf = ParsedCertificate::try_from(end_entity)?;
        // That the server holds the key itself is what the signature of the handshake proves.
        if !self.has(end_entity) {
            // Whoever made it up, a certificate with a pinned key stands for that key: below it
            // only the key's owner can have signed.
            let mut anchors = RootCertStore::empty();
            let issuers = self.known.iter().chain(intermediates);
            for issuer in issuers.filter(|issuer| self.has(issuer)) {
                anchors.add(issuer.clone().into_owned())?;
            }
            verify_server_cert_signed_by_trust_anchor(
                &leaf,
                &anchors,
                intermediates,
                now,
                self.algorithms.all,
            )?;
        }
        if let Some(name) = &self.name {
            verify_server_name(&leaf, name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl PublicKey {
    /// The key in a certificate, of any age and use.
    fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let mut store = RootCertStore::empty();
        store.add(certificate.clone().into_owned()).ok()?;
        let anchor = store.roots.first()?;
        Some(Self(anchor.subject_public_key_info.as_ref().to_vec()))
    }

    /// The key in a PEM `PUBLIC KEY`: without the DER header around it, as trust anchors have it.
    fn of_spki(spki: &[u8]) -> Option<Self> {
        let (&length, rest) = spki.strip_prefix(&[0x30])?.split_first()?;
        let longer = match length {
            0..=0x7f => 0,
            0x81..=0x84 => usize::from(length - 0x80),
            _ => return None,
        };
        rest.get(longer..).map(|inside| Self(inside.to_vec()))
    }
}

/// The certificates of a PEM text; at least one.
fn certificates(what: &str, pem: &str) -> Result<Vec<CertificateDer<'static>>> {
    let found: std::result::Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(Error::config(format!(
            "{what} is not a PEM text with certificates"
        ))),
    }
}
