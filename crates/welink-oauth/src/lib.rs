#![cfg_attr(
    all(feature = "events", feature = "sign-in", feature = "tenants"),
    doc = include_str!("../README.md")
)]
#![cfg_attr(
    not(all(feature = "events", feature = "sign-in", feature = "tenants")),
    doc = "Sign WeLink users in to a back end and read the tenant's directory. The whole page needs the \
           features `events`, `sign-in` and `tenants`."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod administration;
mod app_secret;
#[cfg(any(feature = "group", feature = "robot"))]
mod chat;
mod client;
#[cfg(feature = "events")]
pub mod events;
mod free_login;
mod generated;
mod js_pages;
#[cfg(feature = "sign-in")]
pub mod sign_in;
mod user;

pub use auth_core::{Action, Error, Result, Secret};

pub use crate::administration::Administration;
pub use crate::app_secret::AppSecret;
pub use crate::client::{Client, ClientBuilder};
pub use crate::free_login::FreeLogin;
pub use crate::js_pages::{PageSignature, js_signature};
pub use crate::user::{SignedInUser, UserToken};

/// The platform's schemas as types, and the parameters of its operations.
pub mod model {
    pub use crate::generated::model::*;
}
