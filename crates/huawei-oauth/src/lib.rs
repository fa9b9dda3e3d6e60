// The examples of the documentation sign users in.
#![cfg_attr(feature = "sign-in", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "sign-in"),
    doc = "Server-side client for HUAWEI ID. The feature `sign-in` brings the rest of the documentation."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod account_events;
mod agent;
mod app;
mod client;
mod generated;
mod ids;
mod phone;
#[cfg(feature = "sign-in")]
pub mod sign_in;
mod users;

pub use auth_core::jwt::ServiceAccount;
pub use auth_core::{Action, Error, Result};

pub use crate::agent::{Merchant, agent_assertion};
pub use crate::app::App;
pub use crate::client::{Client, ClientBuilder};
pub use crate::ids::{GroupUnionId, OpenId, UnionId, UserIds};
pub use crate::phone::PhoneNumber;
#[cfg(feature = "sign-in")]
pub use crate::sign_in::{PendingSignIn, RefreshToken, SignIn, SignedIn};

/// The platform's schemas as types, and the parameters of its operations.
pub mod model {
    pub use crate::generated::model::*;
}
