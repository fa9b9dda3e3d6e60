//! Whether a user administers an app or its tenant.

use auth_core::Result;

use crate::Client;
use crate::model::{AppAdmin, IsAppAdmin};

/// Whether a user administers an app or its tenant, and as what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Administration {
    /// Whether the user is an administrator.
    pub is_administrator: bool,
    /// The roles: `enterpriseAdmin`, `appStoreAdmin`, `appAdmin`.
    pub roles: Vec<String>,
}

impl Administration {
    /// Whether the user has a role, for example `enterpriseAdmin`.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|known| known == role)
    }
}

/// The code 58003, which says that somebody is none, comes without a word on it.
impl From<AppAdmin> for Administration {
    fn from(answer: AppAdmin) -> Self {
        Self {
            is_administrator: answer.is_admin == Some(true),
            roles: answer.roles.unwrap_or_default(),
        }
    }
}

/// # Administrators
impl Client {
    /// Whether a user administers the app or its tenant, asked by the app itself. That somebody does
    /// not is an answer here, not an error.
    ///
    /// For a user who has just signed in use
    /// [`SignedInUser::administration`](crate::SignedInUser::administration): it cannot be asked
    /// about the wrong person.
    pub async fn administration(&self, user_id: &str) -> Result<Administration> {
        let who = IsAppAdmin::default().user_id(user_id);
        let answer = self.is_app_admin(&who).await?;
        Ok(Administration::from(answer))
    }
}
