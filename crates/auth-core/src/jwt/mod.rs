//! JSON Web Tokens: signing, verification, key sets, key files.

mod algorithm;
mod der;
mod flaw;
mod jwks;
mod key_file;
mod key_set;
mod members;
mod paste;
mod pem;
mod public_key;
mod sign;
mod verify;
mod verify_error;

pub use crate::jwt::algorithm::Algorithm;
pub use crate::jwt::jwks::Jwks;
pub use crate::jwt::key_file::KeyFile;
pub use crate::jwt::key_set::{KeySet, KeySetBuilder};
pub use crate::jwt::public_key::PublicKey;
pub use crate::jwt::sign::{Header, Signer, SigningKey, sign};
pub use crate::jwt::verify::{Expected, Verifier, key_id};
pub use crate::jwt::verify_error::{Part, VerifyError};
