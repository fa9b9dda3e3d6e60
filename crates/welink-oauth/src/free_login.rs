//! Users of apps inside the WeLink client, who are signed in already.

use auth_core::{Error, Request, Result, Secret};

use crate::Client;
use crate::generated::auth::GET_USER_ID_BY_CODE;
use crate::model::UserIdByCode;

/// Who opened an app inside the WeLink client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FreeLogin {
    /// The id of the user, unique in the tenant, for example `zhangsan@welink`.
    pub user_id: String,
    /// The tenant of the user; for apps of vendors [`Client::as_tenant`] takes it.
    pub tenant_id: Option<String>,
}

/// # Users inside the WeLink client
impl Client {
    /// Exchanges the code that a page or mini program got from `HWH5.getAuthCode()`, or a browser
    /// from a scan login, for the user. It is valid for 2 minutes and serves once.
    ///
    /// Give the code as the page got it, decoded: it is encoded here. The token is that of the app's
    /// owner, whatever tenant this view is for, because the platform wants it so.
    ///
    /// # Errors
    ///
    /// [`Action::SignInAgain`](auth_core::Action::SignInAgain) for a code that has expired or was
    /// used: the page gets another one.
    pub async fn free_login(&self, code: impl Into<Secret>) -> Result<FreeLogin> {
        let code = code.into();
        let request = Request::new(&GET_USER_ID_BY_CODE).query("code", code.expose());
        let answer: UserIdByCode = request.send(&self.owner_api()).await?;
        let Some(user_id) = answer.user_id else {
            return Err(Error::decode("the answer holds no user id"));
        };
        Ok(FreeLogin {
            user_id,
            tenant_id: answer.tenant_id,
        })
    }
}
