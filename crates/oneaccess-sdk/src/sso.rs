//! Tickets that carry a login from one server to another, and the renewal of sessions.

use std::collections::BTreeMap;
use std::time::Duration;

use auth_core::{Error, Result, Secret};
use serde_json::Value;

use crate::DeviceClient;
use crate::login::seconds;
use crate::model::{
    self, CreateSsoTicket, CreateSsoTicketOptions, RefreshSessionToken, RefreshSessionTokenOptions,
    SessionTokens, SsoTicketResult, VerifySsoTicket, VerifySsoTicketOptions,
};

/// A ticket that names a person to another server, once.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SsoTicket {
    /// The ticket.
    pub ticket: Secret,
    /// How long it may take to be redeemed.
    pub expires_in: Option<Duration>,
}

/// Who a ticket names.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct SsoUser {
    /// The id of the user in the directory.
    pub id: Option<String>,
    /// The login name.
    pub user_name: Option<String>,
    /// The real name.
    pub name: Option<String>,
    /// The mobile number.
    pub mobile: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// What else the application's mapping gives.
    pub rest: BTreeMap<String, Value>,
}

/// # Tickets
///
/// These are calls of the application, with its access token; the device is that of the person who
/// logged in, and must have its [address](crate::Device::ip).
impl DeviceClient {
    /// Exchanges a session token for a ticket that names the person once.
    pub async fn create_sso_ticket(&self, session_token: &Secret) -> Result<SsoTicket> {
        let device = &self.device;
        let request = CreateSsoTicket::new(
            session_token.clone(),
            &*device.system,
            self.ip()?,
            &*device.fingerprint,
        )
        .agent(&*device.agent);
        let options = CreateSsoTicketOptions {
            x_tenant_id: self.headers.x_tenant_id.clone(),
        };
        let answer = self.client.create_sso_ticket(&request, &options).await?;
        Ok(SsoTicket {
            ticket: answer.sso_ticket,
            expires_in: seconds(answer.expire),
        })
    }

    /// Redeems a ticket: who it names. It is used up by this, even if the answer gets lost.
    ///
    /// # Errors
    ///
    /// A [`Decode`](auth_core::ErrorKind::Decode) error if the answer names nobody.
    pub async fn verify_sso_ticket(&self, ticket: &Secret) -> Result<SsoUser> {
        let device = &self.device;
        let request = VerifySsoTicket::new(
            ticket.clone(),
            &*device.system,
            self.ip()?,
            &*device.fingerprint,
        )
        .agent(&*device.agent);
        let options = VerifySsoTicketOptions {
            x_tenant_id: self.headers.x_tenant_id.clone(),
        };
        let answer = self.client.verify_sso_ticket(&request, &options).await?;
        SsoUser::of(answer).ok_or_else(|| Error::decode("the answer to the ticket names nobody"))
    }

    /// Renews a session.
    pub async fn refresh_session_token(&self, session_token: &Secret) -> Result<SessionTokens> {
        let device = &self.device;
        let request = RefreshSessionToken::new(
            session_token.clone(),
            &*device.system,
            self.ip()?,
            &*device.fingerprint,
        )
        .agent(&*device.agent);
        let options = RefreshSessionTokenOptions {
            x_tenant_id: self.headers.x_tenant_id.clone(),
        };
        self.client.refresh_session_token(&request, &options).await
    }
}

impl SsoUser {
    /// Reads the three shapes in which the platform's pages print the answer: the user inside of
    /// `data`, its members right there, or at the top. Nothing if no shape names a user.
    pub fn of(answer: SsoTicketResult) -> Option<Self> {
        let SsoTicketResult {
            data,
            id,
            user_name,
            name,
            mobile,
            email,
            ..
        } = answer;
        let flat = Self {
            id,
            user_name,
            name,
            mobile,
            email,
            rest: BTreeMap::new(),
        };
        let Some(data) = data else {
            return flat.named();
        };
        let middle = Self {
            id: data.id,
            user_name: data.user_name,
            name: data.name,
            mobile: data.mobile,
            email: data.email,
            rest: BTreeMap::new(),
        };
        let nested = data.user.map(Self::from);
        nested
            .and_then(Self::named)
            .or_else(|| middle.named())
            .or_else(|| flat.named())
    }

    fn named(self) -> Option<Self> {
        (self.id.is_some() || self.user_name.is_some()).then_some(self)
    }
}

impl From<model::SsoUser> for SsoUser {
    fn from(user: model::SsoUser) -> Self {
        Self {
            id: user.id,
            user_name: user.user_name,
            name: user.name,
            mobile: user.mobile,
            email: user.email,
            rest: user.rest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &str, expected: Option<&str>) {
        let user = SsoUser::of(serde_json::from_str(answer).unwrap());
        let name = user.and_then(|user| user.user_name);
        assert_eq!(name.as_deref(), expected, "{answer}");
    }

    #[test]
    fn a_user_is_found_in_all_three_shapes() {
        check(
            r#"{"code":"200","message":null,"data":{"user":{"userName":"a","id":"1","x":1}}}"#,
            Some("a"),
        );
        check(
            r#"{"code":"200","data":{"userName":"b","id":"1"}}"#,
            Some("b"),
        );
        check(r#"{"userName":"c","id":"1","name":null}"#, Some("c"));
        check(
            r#"{"code":"200","data":{"user":{}},"userName":"d"}"#,
            Some("d"),
        );
        check(r#"{"code":"200","message":"success"}"#, None);
    }
}
