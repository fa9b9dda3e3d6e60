//! Whether a signature is that of a key: what algorithms and public keys are to who verifies.

use ring::rsa::PublicKeyComponents;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters};

use crate::jwt::{Algorithm, PublicKey};

impl Algorithm {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "PS256" => Some(Self::Ps256),
            "RS256" => Some(Self::Rs256),
            _ => None,
        }
    }

    fn parameters(self) -> &'static RsaParameters {
        match self {
            Self::Ps256 => &RSA_PSS_2048_8192_SHA256,
            Self::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        }
    }
}

impl PublicKey {
    /// Whether `signature` was made over `message` with this key's private half.
    pub(super) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        PublicKeyComponents {
            n: &*self.n,
            e: &*self.e,
        }
        .verify(algorithm.parameters(), message, signature)
        .is_ok()
    }
}
