//! Calls in the name of a person who is logged in.

use std::fmt;

use auth_core::{Result, Secret};

use crate::DeviceClient;
use crate::model::{
    ChangePasswordByCode, LoginByEmailCode, LoginByMobileCode, PasswordExists, Profile,
    SocialAccountList, UnbindSocialAccount, UpdatePassword, UpdateProfile,
};
#[cfg(feature = "session-signature")]
use crate::signature::SignatureKey;

/// A person who is logged in, named to the platform by an id token or a signature; made by
/// [`Session::by_id_token`](crate::Session::by_id_token) or `Session::by_signature`.
///
/// A call that was named by a signature is not sent again by itself, because no signature serves twice:
/// where the error [`is_retryable`](auth_core::Error::is_retryable), call once more.
///
/// Some calls take the id token alone, one the signature alone; with the other they fail before
/// anything is sent, and the error says so.
#[derive(Clone)]
pub struct SignedIn {
    device: DeviceClient,
    proof: Proof,
}

#[derive(Clone)]
enum Proof {
    IdToken,
    #[cfg(feature = "session-signature")]
    Signature {
        session_token: Secret,
        key: SignatureKey,
    },
}

impl SignedIn {
    /// A view over a device that already proves itself.
    pub(crate) fn by_id_token(device: DeviceClient) -> Self {
        Self {
            device,
            proof: Proof::IdToken,
        }
    }

    #[cfg(feature = "session-signature")]
    pub(crate) fn by_signature(
        device: DeviceClient,
        session_token: Secret,
        key: SignatureKey,
    ) -> Self {
        Self {
            device,
            proof: Proof::Signature { session_token, key },
        }
    }

    /// Ends the person's session.
    pub async fn logout(&self) -> Result<()> {
        let at = self.proven().await?;
        at.client.logout(&at.headers).await
    }

    /// The person's own profile.
    pub async fn profile(&self) -> Result<Profile> {
        let at = self.proven().await?;
        at.client.get_profile(&at.headers).await
    }

    /// Changes the person's profile.
    pub async fn update_profile(&self, profile: &UpdateProfile) -> Result<()> {
        let at = self.proven().await?;
        at.client.update_profile(&at.headers, profile).await
    }

    /// Changes the e-mail address of the person, by a code sent to it. By id token alone.
    ///
    /// Documented only for the engine that the service runs on; it may be missing.
    pub async fn update_email(
        &self,
        email: impl Into<String>,
        code: impl Into<Secret>,
    ) -> Result<()> {
        let at = self.proven().await?;
        let change = LoginByEmailCode::new(email, code);
        let call = at.client.update_profile_email(&at.headers, &change);
        call.await.map(drop)
    }

    /// Changes the mobile number of the person, by a code sent to it. By id token alone.
    ///
    /// The platform has withdrawn the page that documents it.
    pub async fn update_mobile(
        &self,
        mobile: impl Into<String>,
        code: impl Into<Secret>,
    ) -> Result<()> {
        let at = self.proven().await?;
        let change = LoginByMobileCode::new(mobile, code);
        let call = at.client.update_profile_mobile(&at.headers, &change);
        call.await.map(drop)
    }

    /// The social accounts that are bound to the person.
    pub async fn social_accounts(&self) -> Result<SocialAccountList> {
        let at = self.proven().await?;
        at.client.list_social_accounts(&at.headers).await
    }

    /// Takes a social account from the person, by the id of the binding.
    pub async fn unbind_social_account(&self, id: impl Into<String>) -> Result<()> {
        let at = self.proven().await?;
        let account = UnbindSocialAccount::new(id);
        at.client.unbind_social_account(&at.headers, &account).await
    }

    /// Changes the person's password. By id token alone.
    ///
    /// Documented only for the engine that the service runs on; it may be missing.
    pub async fn change_password(
        &self,
        old: impl Into<Secret>,
        new: impl Into<Secret>,
    ) -> Result<()> {
        let at = self.proven().await?;
        let change = UpdatePassword::new(old, new);
        let call = at.client.change_password(&at.headers, &change);
        call.await.map(drop)
    }

    /// Changes the person's password by a code sent by SMS. By id token alone.
    ///
    /// Documented only for the engine that the service runs on; it may be missing.
    pub async fn change_password_by_mobile(&self, change: &ChangePasswordByCode) -> Result<()> {
        let at = self.proven().await?;
        let call = at.client.change_password_by_mobile(&at.headers, change);
        call.await.map(drop)
    }

    /// Changes the person's password by a code sent by e-mail. By id token alone.
    ///
    /// Documented only for the engine that the service runs on; it may be missing.
    pub async fn change_password_by_email(&self, change: &ChangePasswordByCode) -> Result<()> {
        let at = self.proven().await?;
        let call = at.client.change_password_by_email(&at.headers, change);
        call.await.map(drop)
    }

    /// Whether the person has a password.
    ///
    /// The platform has withdrawn the page that documents it.
    pub async fn check_password_exists(&self) -> Result<PasswordExists> {
        let at = self.proven().await?;
        at.client.check_password_exists(&at.headers).await
    }

    /// Gets a new id token. By signature alone.
    pub async fn refresh_id_token(&self) -> Result<Secret> {
        let at = self.proven().await?;
        Ok(at.client.refresh_id_token(&at.headers).await?.id_token)
    }

    /// The device with a proof that is good for one call.
    #[cfg_attr(
        not(feature = "session-signature"),
        expect(
            clippy::unused_async,
            reason = "a signature asks the platform for its time"
        )
    )]
    async fn proven(&self) -> Result<DeviceClient> {
        match &self.proof {
            Proof::IdToken => Ok(self.device.clone()),
            #[cfg(feature = "session-signature")]
            Proof::Signature { session_token, key } => {
                let DeviceClient {
                    client, headers, ..
                } = &self.device;
                let time = client.get_server_time(headers).await?;
                let signature = key.sign(session_token, &time.timestamp)?;
                let signature = auth_core::Credential::Key(signature);
                let device = self.device.prove("sessionSignature", signature);
                // Sent again, the same nonce would be refused.
                Ok(DeviceClient {
                    client: device.once.clone(),
                    ..device
                })
            }
        }
    }
}

/// Shows how the person is named, and no token.
impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proof = match self.proof {
            Proof::IdToken => "id token",
            #[cfg(feature = "session-signature")]
            Proof::Signature { .. } => "signature",
        };
        f.debug_struct("SignedIn")
            .field("by", &proof)
            .finish_non_exhaustive()
    }
}
