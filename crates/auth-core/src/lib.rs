#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod address;
mod api;
mod authorize;
mod budget;
mod cached;
mod clock;
mod connection;
mod credential;
mod error;
mod exchange;
mod facts;
mod form;
mod http_send;
mod judge;
#[cfg(feature = "jwt")]
pub mod jwt;
mod lockout;
mod multipart;
mod outline;
mod place;
#[cfg(feature = "pool")]
mod pool;
mod request;
#[cfg(feature = "reqwest")]
mod reqwest_send;
mod retry;
#[cfg(feature = "seal")]
pub mod seal;
mod secret;
mod secret_source;
mod seen;
mod short;
#[cfg(feature = "sign-in")]
pub mod sign_in;
#[cfg(feature = "reqwest")]
mod sites;
mod stopwatch;
mod store;
mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "reqwest")]
mod tls;
mod token;
pub mod wire;

pub use crate::api::{Api, ApiBuilder, CallOptions, Observed};
pub use crate::cached::{Cached, CachedBuilder, CachedToken};
pub use crate::clock::{Clock, Mark};
pub use crate::credential::Credential;
pub use crate::error::{Action, ApiError, Error, ErrorKind, Result};
pub use crate::facts::{
    Carrier, Envelope, Fields, KnownCode, Operation, Outcome, Path, Platform, Scheme, Server,
    TokenPolicy, Verdict,
};
pub use crate::http_send::HttpSend;
pub use crate::lockout::Lockout;
pub use crate::multipart::{File, Multipart};
#[cfg(feature = "pool")]
pub use crate::pool::TokenPool;
pub use crate::request::Request;
#[cfg(feature = "reqwest")]
pub use crate::reqwest_send::{ReqwestSend, ReqwestSendBuilder};
pub use crate::retry::RetryPolicy;
pub use crate::secret::{Secret, same_bytes};
pub use crate::secret_source::{Derived, SecretSource};
pub use crate::seen::Seen;
#[cfg(all(unix, feature = "file"))]
pub use crate::store::FileStore;
#[cfg(feature = "redis")]
pub use crate::store::RedisStore;
#[cfg(feature = "seal")]
pub use crate::store::SealedStore;
pub use crate::store::{Lease, MemoryStore, Snapshot, StoreKey, Stored, TokenStore};
pub use crate::token::{Token, TokenProvider};
