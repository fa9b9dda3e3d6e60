//! The application that calls: its id and secret.

use std::fmt;

use auth_core::{Credential, SecretSource};

/// An application as the platform's portal shows it: its id and secret.
///
/// Every login with them voids the token of the login before ([reference][doc]). So give each
/// process that logs in an application of its own, or let them share one token.
///
/// [doc]: https://support.huaweicloud.com/intl/en-us/api-IoT/iot_06_0007.html
#[derive(Clone)]
pub struct Application {
    id: String,
    secret: SecretSource,
}

impl Application {
    /// Makes a credential from the id and secret that the portal shows. The secret may be a
    /// [`SecretSource`], which takes up a new one while the program runs.
    pub fn new(id: impl Into<String>, secret: impl Into<SecretSource>) -> Self {
        Self {
            id: id.into(),
            secret: secret.into(),
        }
    }

    /// The id, which goes with every call.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn secret(&self) -> &SecretSource {
        &self.secret
    }

    pub(crate) fn credential(&self) -> Credential {
        Credential::client(&self.id, self.secret.clone())
    }
}

/// Shows the id only.
impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
