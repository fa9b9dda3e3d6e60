#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod application;
mod captcha;
#[cfg(feature = "cas")]
mod cas;
mod client;
mod device;
mod device_client;
#[cfg(any(feature = "app-accounts", feature = "users"))]
pub mod directory;
pub mod events;
mod generated;
mod login;
mod login_tokens;
#[cfg(feature = "saml")]
pub mod saml;
mod session;
#[cfg(feature = "sign-in")]
mod sign_in;
#[cfg(feature = "session-signature")]
mod signature;
mod signed_in;
mod sso;
#[cfg(any(feature = "saml", feature = "xml"))]
mod xml;

pub use auth_core::{Action, Error, Result};

pub use crate::application::Application;
pub use crate::captcha::Puzzle;
#[cfg(feature = "cas")]
pub use crate::cas::CasUser;
pub use crate::client::{Client, ClientBuilder};
pub use crate::device::Device;
pub use crate::device_client::DeviceClient;
pub use crate::login::{
    BindOrRegister, Login, PasswordExpired, PasswordWarning, SecondFactor, attempts_left,
    locked_for,
};
pub use crate::login_tokens::{LoginPerson, LoginTokens};
pub use crate::session::Session;
#[cfg(feature = "sign-in")]
pub use crate::sign_in::SignIn;
#[cfg(feature = "session-signature")]
pub use crate::signature::SignatureKey;
pub use crate::signed_in::SignedIn;
pub use crate::sso::{SsoTicket, SsoUser};

/// The platform's schemas as types, and the parameters of its operations.
pub mod model {
    pub use crate::generated::model::*;
}
