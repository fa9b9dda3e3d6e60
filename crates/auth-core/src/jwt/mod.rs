//! JSON Web Tokens: signing, verification, key sets, key files.
//!
//! For servers that prove themselves to a platform with a signed token, and that must know
//! whether a token that claims to come from a platform does. RSA over SHA-256 alone, in the two
//! ways the platforms use; over *ring*, whose arithmetic takes the same time for every key.
//!
//! - [`sign`] makes a token with a [`SigningKey`], read from PEM or from a [`KeyFile`].
//! - A [`ServiceAccount`] signs the tokens of a key file that the console hands out.
//! - A [`Verifier`] holds the rules for one kind of token; [`Jwks`] the keys it may be signed
//!   with; a [`KeySet`] fetches those from the platform and keeps them.
//!
//! No clock is read for the claims: `now` is an argument, and whoever learns how far a platform's
//! clock is off puts that into it.
//!
//! # What is checked, in which order, and why
//!
//! A token is a text that a stranger wrote, until its signature has been verified. So the checks
//! go from what costs least and believes least to what needs trust, and the first that fails is
//! the [reason](VerifyError):
//!
//! | # | check | against |
//! |---|---|---|
//! | 1 | at most 16 KiB, three parts | work done for a stranger |
//! | 2 | the header is base64url in its one canonical form, and one JSON object without a name given twice | one token with two readings |
//! | 3 | the algorithm is one of the verifier's own; `none` and the HMAC family do not even exist here | a token that chooses how it is checked; a public key used as a shared secret |
//! | 4 | no `crit`; the type is the one expected | extensions not understood; tokens of another kind passed off as these |
//! | 5 | the key is one of ours, found by `kid`; keys and addresses inside the header are not looked at | keys brought along |
//! | 6 | the signature, with the algorithm of 3: PKCS #1 v1.5 byte for byte, or PSS with a salt of exactly 32 bytes | forgery |
//! | 7 | the claims, like the header in 2 | two readings, again |
//! | 8 | `iss`, `aud`, `exp`, `nbf`, `iat`, age, `nonce`; of an ID token `azp` and `at_hash`, too | tokens of others, for others, of other times, of other sign-ins |
//! | 9 | the rest, into the caller's type | |
//!
//! Not a byte of the claims is decoded before 6 has passed. A verifier that names no issuer or no
//! audience refuses everything, unless told that any will do. Keys weaker than 2048 bits, with an
//! even modulus or a small exponent, and keys published with their private half are not taken into
//! a set. Errors hold times and the names of claims, and nothing else out of a token.
//!
//! Someone who can make us fetch a key set again and again by inventing key ids could turn us
//! against the platform: a [`KeySet`] asks again at most every 30 s on the word of a token.
//!
//! # What is kept secret, and what cannot be
//!
//! Texts and bytes a private key is read from are overwritten when they have been read; signed
//! tokens are [`Secret`](crate::Secret)s; `Debug` shows neither. Copies that stay: the parsed key
//! inside of *ring*, which has no way to be overwritten, for as long as the [`SigningKey`] lives and
//! in freed memory after that, and what the caller and the operating system hold of the file.
//!
//! Not covered: encrypted tokens (JWE), symmetric and elliptic-curve signatures, and memory of a
//! token's `jti` against replay, which is its recipient's business.

mod algorithm;
mod der;
mod flaw;
#[cfg(feature = "jwks")]
mod jwks;
mod key_file;
#[cfg(feature = "jwks")]
mod key_set;
#[cfg(feature = "jwks")]
mod members;
mod paste;
mod pem;
mod public_key;
mod service_account;
mod sign;
#[cfg(feature = "jwks")]
mod signature;
#[cfg(feature = "jwks")]
mod verify;
#[cfg(feature = "jwks")]
mod verify_error;

pub use crate::jwt::algorithm::Algorithm;
#[cfg(feature = "jwks")]
pub use crate::jwt::jwks::Jwks;
pub use crate::jwt::key_file::KeyFile;
#[cfg(feature = "jwks")]
pub use crate::jwt::key_set::{KeySet, KeySetBuilder};
pub use crate::jwt::public_key::PublicKey;
pub use crate::jwt::service_account::{ServiceAccount, ServiceKey};
pub use crate::jwt::sign::{Header, Signer, SigningKey, sign};
#[cfg(feature = "jwks")]
pub use crate::jwt::verify::{Expected, Verifier, key_id};
#[cfg(feature = "jwks")]
pub use crate::jwt::verify_error::{Part, VerifyError};
