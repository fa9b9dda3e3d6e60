//! The client.

use auth_core::{Api, ApiBuilder};

use crate::generated::platform::PLATFORM;

/// A client of the kitchen sink. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Client {
    pub(crate) api: Api,
}

impl Client {
    /// Starts the settings of the connection; hand the result to [`Client::from_api`].
    pub fn api_builder() -> ApiBuilder {
        Api::builder(&PLATFORM)
    }

    /// Creates a client over a connection of this platform.
    pub fn from_api(api: Api) -> Self {
        Self { api }
    }
}
