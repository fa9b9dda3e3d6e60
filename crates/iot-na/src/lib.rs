#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod application;
mod client;
#[cfg(feature = "reqwest")]
mod client_certificate;
mod generated;
mod notifications;
mod registration;
mod site;
pub mod time;
mod tokens;

pub use auth_core::{Action, Error, Result};

pub use crate::application::Application;
pub use crate::client::{Client, ClientBuilder};
#[cfg(feature = "reqwest")]
pub use crate::client_certificate::ClientCertificate;
pub use crate::registration::Registration;
pub use crate::site::Site;

/// The platform's schemas as types, and the parameters of its operations.
pub mod model {
    pub use crate::generated::model::*;
}
