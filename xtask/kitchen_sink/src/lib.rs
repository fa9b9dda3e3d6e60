//! Every shape of the vocabulary, as the generator prints it. Only its tests use it.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod client;
mod generated;

pub use crate::client::Client;

/// The schemas as types, and the parameters of the operations.
pub mod model {
    pub use crate::generated::model::*;
}
