#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod client;
mod generated;

pub use auth_core::{Action, Error, Result};

pub use crate::client::Client;

/// The platform's schemas as types, and the parameters of its operations.
pub mod model {
    pub use crate::generated::model::*;
}
