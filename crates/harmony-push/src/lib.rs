#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
mod body;
mod callback_key;
mod check;
mod click_action;
mod client;
mod delivery;
mod generated;
mod hms;
mod hms_client;
mod images;
mod list;
mod message;
mod outcome;
mod outcomes;
mod pace;
mod plan;
mod quota;
pub mod receipts;
mod revoke;
mod sender;
mod services;
mod stream;
mod unique;
pub mod uplink;

pub use auth_core::jwt::ServiceAccount;
pub use auth_core::{Action, Error, Result};

pub use crate::client::{Client, ClientBuilder};
pub use crate::hms_client::HmsClient;
pub use crate::images::CheckedImage;
pub use crate::list::TokenList;
pub use crate::message::{
    Background, Badge, FormUpdate, InAppCall, LiveView, Mdm, Message, Notification, Voice,
};
pub use crate::outcome::{Disposition, Outcome, Refusal, RequestId};
pub use crate::outcomes::{Iter, Outcomes, Summary};
pub use crate::revoke::Revocation;
pub use crate::sender::Sender;
pub use crate::stream::OutcomeStream;

/// The platform's schemas as types, and the parameters of its operations.
pub mod model {
    pub use crate::generated::model::*;
}
