//! What the client proves itself with on the connection.

use std::fmt;

use auth_core::Secret;

/// The certificate that a client shows to a site, with its private key.
#[derive(Clone)]
pub struct ClientCertificate(Secret);

impl ClientCertificate {
    /// Takes a PEM text with the certificate, those of its issuers, and the private key without a
    /// passphrase: the files one after another, in any order.
    ///
    /// What is in the text is read when the client is built.
    pub fn from_pem(pem: impl Into<Secret>) -> Self {
        Self(pem.into())
    }

    /// Reads a PKCS#12 file, as the SDKs ship one: `outgoing.CertwithKey.pkcs12`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](auth_core::ErrorKind::Config) if the password is wrong, or if the file
    /// holds no certificate with its private key.
    #[cfg(feature = "pkcs12")]
    #[cfg_attr(docsrs, doc(cfg(feature = "pkcs12")))]
    pub fn from_pkcs12(file: &[u8], password: &Secret) -> auth_core::Result<Self> {
        use auth_core::Error;
        use p12_keystore::{KeyStore, Pkcs12ImportPolicy};

        // What the crate says may repeat parts of the file.
        let store = KeyStore::from_pkcs12(file, password.expose(), Pkcs12ImportPolicy::Strict)
            .map_err(|_| {
                Error::config("the PKCS#12 file cannot be read: the password may be wrong")
            })?;
        let (_, chain) = store.private_key_chain().ok_or_else(|| {
            Error::config("the PKCS#12 file holds no certificate with its private key")
        })?;
        let mut pem = pem("PRIVATE KEY", chain.key().as_der());
        for certificate in chain.certs() {
            pem.push_str(&self::pem("CERTIFICATE", certificate.as_der()));
        }
        Ok(Self(Secret::new(pem)))
    }

    pub(crate) fn into_pem(self) -> Secret {
        self.0
    }
}

/// Shows nothing of it.
impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate(..)")
    }
}

/// DER as PEM.
#[cfg(feature = "pkcs12")]
fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    // Sized beforehand, so that the key does not stay behind in memory that was too small.
    let mut text = String::with_capacity(der.len() * 3 / 2 + 64);
    text.push_str(&format!("-----BEGIN {label}-----\n"));
    STANDARD.encode_string(der, &mut text);
    text.push_str(&format!("\n-----END {label}-----\n"));
    text
}
