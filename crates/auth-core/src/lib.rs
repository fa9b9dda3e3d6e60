#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api;
mod cached;
mod clock;
mod credential;
mod error;
mod facts;
mod http_send;
#[cfg(feature = "jwt")]
pub mod jwt;
mod request;
mod retry;
mod secret;
#[cfg(feature = "testing")]
pub mod testing;
mod token;
pub mod wire;

pub use crate::api::{Api, ApiBuilder, CallOptions};
pub use crate::cached::{Cached, CachedBuilder, CachedToken};
pub use crate::clock::{Clock, Mark};
pub use crate::credential::Credential;
pub use crate::error::{Action, ApiError, Error, ErrorKind, Result};
pub use crate::facts::{
    Carrier, Envelope, Fields, KnownCode, Operation, Outcome, Path, Platform, Scheme, Server,
    Verdict,
};
pub use crate::http_send::HttpSend;
pub use crate::request::{File, Request};
pub use crate::retry::RetryPolicy;
pub use crate::secret::{Secret, same_bytes};
pub use crate::token::{Token, TokenProvider};
