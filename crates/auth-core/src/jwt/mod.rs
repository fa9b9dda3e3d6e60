//! JWS signing and verification, key sets, service-account keys.
