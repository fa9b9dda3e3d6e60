//! A person who is logged in, and what can be done for them.

use std::fmt;
use std::time::Duration;

use auth_core::{Error, Result, Secret, Token};

use crate::login::seconds;
#[cfg(feature = "session-signature")]
use crate::signature::SignatureKey;
use crate::sso::{SsoTicket, SsoUser};
use crate::{DeviceClient, SignedIn};

/// The session of a person on a device: what a login ends with.
#[derive(Clone)]
pub struct Session {
    device: DeviceClient,
    token: Secret,
    id_token: Option<Secret>,
    expires_in: Option<Duration>,
}

impl Session {
    pub(crate) fn new(
        device: &DeviceClient,
        token: Secret,
        id_token: Option<Secret>,
        expires_in: Option<Duration>,
    ) -> Self {
        Self {
            device: device.clone(),
            token,
            id_token,
            expires_in,
        }
    }

    pub(crate) fn resume(device: &DeviceClient, token: Secret, id_token: Option<Secret>) -> Self {
        Self::new(device, token, id_token, None)
    }

    /// The session token: keep it on the server, beside the person's own session.
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// The id token, where the portal is set to give one; see
    /// [`LoginTokens`](crate::LoginTokens) for what it says.
    pub fn id_token(&self) -> Option<&Secret> {
        self.id_token.as_ref()
    }

    /// How long the session lasts from the login on; not known after
    /// [`DeviceClient::session`].
    pub fn expires_in(&self) -> Option<Duration> {
        self.expires_in
    }

    /// Exchanges the session for a ticket that names the person to another server, once.
    ///
    /// The device must have its [address](crate::Device::ip).
    pub async fn sso_ticket(&self) -> Result<SsoTicket> {
        self.device.create_sso_ticket(&self.token).await
    }

    /// Finds out who the person is: asks for a ticket and redeems it.
    pub async fn user(&self) -> Result<SsoUser> {
        let ticket = self.sso_ticket().await?;
        self.device.verify_sso_ticket(&ticket.ticket).await
    }

    /// Renews the session. The device must have its [address](crate::Device::ip).
    pub async fn refresh(&self) -> Result<Self> {
        let tokens = self.device.refresh_session_token(&self.token).await?;
        let lifetime = seconds(tokens.expire);
        Ok(Self::new(
            &self.device,
            tokens.session_token,
            tokens.id_token,
            lifetime,
        ))
    }

    /// A view that names the person by the id token: the way of the engine that OneAccess runs on.
    ///
    /// # Errors
    ///
    /// The login gave no id token: the portal is not set to.
    pub fn by_id_token(&self) -> Result<SignedIn> {
        let Some(id_token) = &self.id_token else {
            return Err(Error::config(
                "the login gave no id token; turn it on in the portal, or use the signature",
            ));
        };
        let token = Token::bearer(id_token.clone(), ID_TOKEN)?;
        Ok(SignedIn::by_id_token(
            self.device.prove("idTokenBearer", token),
        ))
    }

    /// A view that names the person by a signature of the session token, made anew for every call:
    /// the way of Huawei's own reference ([X-signature][signature]). Gets the key it is made with.
    ///
    /// [signature]: https://support.huaweicloud.com/api-oneaccess/oneaccess_04_0069.html
    #[cfg(feature = "session-signature")]
    pub async fn by_signature(&self) -> Result<SignedIn> {
        let DeviceClient {
            client, headers, ..
        } = &self.device;
        let answer = client.get_public_key(headers).await?;
        let key = SignatureKey::parse(&answer.public_key)?;
        Ok(SignedIn::by_signature(
            self.device.clone(),
            self.token.clone(),
            key,
        ))
    }
}

/// Shows how long it lasts, and no token.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

/// How long an id token lasts when the portal says nothing else; nothing hangs on it, because the
/// platform judges the token itself.
const ID_TOKEN: Duration = Duration::from_secs(7200);
