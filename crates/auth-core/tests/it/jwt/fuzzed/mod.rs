//! The bodies of the fuzz targets.

pub(super) mod jwks;
pub(super) mod jws_verify;
pub(super) mod key_file;
