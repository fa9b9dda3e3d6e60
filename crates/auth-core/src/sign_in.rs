//! Signing users in through their browser: OAuth 2.0 codes, refresh tokens, OpenID Connect.
//!
//! Once for all platforms: the address of the consent page, what a sign-in has to remember until
//! the browser comes back, the exchange of the code, the check of the ID token, new tokens from a
//! refresh token. The grants are made by the crate `oauth2` and travel through [`Api`], so that
//! answers, codes, repeats and errors are those of the platform's document.
//!
//! ```
//! use std::time::SystemTime;
//!
//! use auth_core::jwt::Algorithm;
//! use auth_core::seal::Sealer;
//! use auth_core::sign_in::{self, Callback, Metadata, OAuthClient, PendingSignIn};
//! use auth_core::{Result, Secret};
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Claims {
//!     sub: String,
//! }
//!
//! async fn client() -> Result<OAuthClient> {
//!     let issuer = Metadata::discover(sign_in::openid_api(), "https://issuer.example").await?;
//!     OAuthClient::openid(sign_in::openid_api(), &issuer, "my-client", [Algorithm::Rs256])?
//!         .secret("my-secret")
//!         .build()
//! }
//!
//! /// First request: where to send the browser, and the cookie to send along.
//! fn begin(client: &OAuthClient, sealer: &Sealer) -> Result<(String, String)> {
//!     let redirect = client.authorize("https://app.example/back").scope("openid").begin()?;
//!     Ok((redirect.url, redirect.pending.seal(sealer)))
//! }
//!
//! /// Second request, on any replica: who came back, and what to keep for later.
//! async fn finish(
//!     client: &OAuthClient,
//!     sealer: &Sealer,
//!     cookie: &str,
//!     address: &str,
//!     now: SystemTime,
//! ) -> Result<Option<(String, Option<String>)>> {
//!     let pending = PendingSignIn::open(sealer, cookie, now, PendingSignIn::MAX_AGE)?;
//!     let Callback::Code(returned) = Callback::parse(address)? else {
//!         return Ok(None);
//!     };
//!     let tokens = client.accept(&pending, &returned)?.send().await?;
//!     let claims: Claims = client.verify(&tokens, pending.nonce()).await?;
//!     let column = tokens.refresh_token().map(|token| token.seal(sealer, &claims.sub));
//!     Ok(Some((claims.sub, column)))
//! }
//! ```
//!
//! # For the client of a platform
//!
//! An [`OAuthClient`] is built from the [`Api`] of the platform and the operations that its document
//! names ([`Endpoints`]). What differs between platforms is a setting:
//!
//! - where the client proves itself: [`ClientAuth`];
//! - whether parameters travel in the form, the query, or both: [`Placement`];
//! - scopes, further parameters, with or without PKCE and nonce: [`Authorize`];
//! - success codes inside of bodies, integers for errors: the document's `x-outcome`;
//! - `expires_in` as a number or a text: read either way;
//! - members of the answer that no standard knows: [`Tokens::extra`];
//! - whether there are ID tokens: [`IdTokens`].
//!
//! An issuer that is known by its metadata alone, or by none, is [`OAuthClient::openid`].
//!
//! # What is checked
//!
//! `state` and `nonce` have 128 random bits each and hold letters and digits alone; the PKCE verifier
//! has 256. The state is compared in constant time, the age of the sign-in and the client it was
//! begun for are checked, and an `iss` that comes back with the code must be the issuer's. ID tokens
//! are checked as [`jwt`](crate::jwt) says, then `azp` where it stands or there are several audiences,
//! and `at_hash` where it stands.
//!
//! # What is kept secret, and what cannot be
//!
//! Tokens, codes, states and verifiers are [`Secret`]s: hidden in `Debug`, wiped when dropped. The
//! crate `oauth2` makes copies that are not wiped: of the code, the client's secret and the answer,
//! for the time of one grant. Its errors, whose `Debug` prints whole answers, never leave this
//! module.

mod authorize;
mod callback;
mod client;
mod grant;
mod id_tokens;
mod openid;
mod pending;
mod tokens;

pub use authorize::{Authorize, Redirect};
pub use callback::{Callback, Refusal, Returned};
pub use client::{ClientAuth, Endpoints, OAuthClient, OAuthClientBuilder, Placement};
pub use grant::Grant;
pub use id_tokens::IdTokens;
pub use openid::{Metadata, openid_api};
pub use pending::PendingSignIn;
pub use tokens::{RefreshToken, Tokens};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};

#[cfg(doc)]
use crate::Api;
use crate::{Error, Result, Secret};

/// 128 random bits as letters and digits, which is all that some platforms take.
fn random_id() -> Result<Secret> {
    let bits = u128::from_be_bytes(random()?);
    Ok(Secret::new(format!("{bits:032x}")))
}

/// 256 random bits as a PKCE verifier.
fn random_verifier() -> Result<Secret> {
    Ok(Secret::new(BASE64_URL_SAFE_NO_PAD.encode(random::<32>()?)))
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(Error::config("the operating system has no random bytes")),
    }
}
