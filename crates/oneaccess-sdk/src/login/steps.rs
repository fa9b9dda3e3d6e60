//! The steps of a login that is not done yet. Each holds the state token, and hides it.

use std::fmt;

use auth_core::{Credential, Result, Secret};

use crate::model::{
    BindAlipayPhone, BindSocialAccount, EmailCodeType, LoginByEmailCode, LoginByMobileCode,
    LoginByPassword, PasswordPolicy, SmsType, SocialBindStep, UpdatePassword,
};
use crate::{DeviceClient, Login};

/// The password should be changed soon.
#[derive(Clone)]
pub struct PasswordWarning {
    device: DeviceClient,
    state: Secret,
    policy: Option<PasswordPolicy>,
}

/// The password must be changed.
#[derive(Clone)]
pub struct PasswordExpired {
    device: DeviceClient,
    state: Secret,
    policy: Option<PasswordPolicy>,
}

/// A second factor is asked for: a code by SMS, or by e-mail where the engine offers it.
#[derive(Clone)]
pub struct SecondFactor {
    device: DeviceClient,
    state: Secret,
}

/// A social account that belongs to nobody yet.
#[derive(Clone)]
pub struct BindOrRegister {
    device: DeviceClient,
    state: Secret,
    registers: bool,
    ways: Vec<SocialBindStep>,
}

impl PasswordWarning {
    pub(crate) fn new(
        device: &DeviceClient,
        state: Secret,
        policy: Option<PasswordPolicy>,
    ) -> Self {
        Self {
            device: with_state(device, &state),
            state,
            policy,
        }
    }

    pub(crate) fn resume(device: &DeviceClient, state: Secret) -> Self {
        Self::new(device, state, None)
    }

    /// What the platform asks of a new password, where it said so.
    pub fn policy(&self) -> Option<&PasswordPolicy> {
        self.policy.as_ref()
    }

    /// What a server keeps while the person thinks; see [`DeviceClient::password_warning`].
    pub fn state_token(&self) -> &Secret {
        &self.state
    }

    /// Leaves the password as it is and goes on.
    pub async fn skip(&self) -> Result<Login> {
        let DeviceClient { once, headers, .. } = &self.device;
        let result = once.skip_password_update(headers).await?;
        Ok(self.device.came_to(result))
    }

    /// Changes the password and goes on.
    pub async fn update(&self, old: impl Into<Secret>, new: impl Into<Secret>) -> Result<Login> {
        update_password(&self.device, old.into(), new.into()).await
    }
}

impl PasswordExpired {
    pub(crate) fn new(
        device: &DeviceClient,
        state: Secret,
        policy: Option<PasswordPolicy>,
    ) -> Self {
        Self {
            device: with_state(device, &state),
            state,
            policy,
        }
    }

    pub(crate) fn resume(device: &DeviceClient, state: Secret) -> Self {
        Self::new(device, state, None)
    }

    /// What the platform asks of a new password, where it said so.
    pub fn policy(&self) -> Option<&PasswordPolicy> {
        self.policy.as_ref()
    }

    /// What a server keeps while the person thinks; see [`DeviceClient::password_expired`].
    pub fn state_token(&self) -> &Secret {
        &self.state
    }

    /// Changes the password and goes on.
    pub async fn update(&self, old: impl Into<Secret>, new: impl Into<Secret>) -> Result<Login> {
        update_password(&self.device, old.into(), new.into()).await
    }
}

impl SecondFactor {
    pub(crate) fn resume(device: &DeviceClient, state: Secret) -> Self {
        Self {
            device: with_state(device, &state),
            state,
        }
    }

    /// What a server keeps while the person waits; see [`DeviceClient::second_factor`].
    pub fn state_token(&self) -> &Secret {
        &self.state
    }

    /// The number that the code goes to.
    pub async fn mobile(&self) -> Result<String> {
        let DeviceClient {
            client, headers, ..
        } = &self.device;
        Ok(client.get_mobile_by_state_token(headers).await?.mobile)
    }

    /// Sends the code by SMS, of the type that Huawei names for it. The proof is that of a
    /// [`captcha`](DeviceClient::captcha).
    pub async fn send_sms_code(
        &self,
        mobile: impl Into<String>,
        captcha_token: impl Into<Secret>,
    ) -> Result<()> {
        let kind = SmsType::OtpRestSms;
        self.device.send_sms_code(mobile, kind, captcha_token).await
    }

    /// Sends the code by e-mail.
    ///
    /// Documented only for the engine that the service runs on; it may be missing.
    pub async fn send_email_code(
        &self,
        email: impl Into<String>,
        captcha_token: impl Into<Secret>,
    ) -> Result<()> {
        let kind = EmailCodeType::MfaAuthEms;
        let call = self.device.send_email_code(email, kind, captcha_token);
        call.await.map(drop)
    }

    /// Goes on with the code of the SMS.
    pub async fn verify_sms(
        &self,
        mobile: impl Into<String>,
        code: impl Into<Secret>,
    ) -> Result<Login> {
        let DeviceClient { once, headers, .. } = &self.device;
        let code = LoginByMobileCode::new(mobile, code);
        let result = once.verify_mfa_by_sms(headers, &code).await?;
        Ok(self.device.came_to(result))
    }

    /// Goes on with the code of the e-mail.
    ///
    /// Documented only for the engine that the service runs on; it may be missing.
    pub async fn verify_email(
        &self,
        email: impl Into<String>,
        code: impl Into<Secret>,
    ) -> Result<Login> {
        let DeviceClient { once, headers, .. } = &self.device;
        let code = LoginByEmailCode::new(email, code);
        let result = once.verify_mfa_by_email(headers, &code).await?;
        Ok(self.device.came_to(result))
    }
}

impl BindOrRegister {
    pub(crate) fn new(
        device: &DeviceClient,
        state: Secret,
        registers: bool,
        ways: Vec<SocialBindStep>,
    ) -> Self {
        Self {
            device: with_state(device, &state),
            state,
            registers,
            ways,
        }
    }

    pub(crate) fn resume(device: &DeviceClient, state: Secret) -> Self {
        Self::new(device, state, false, Vec::new())
    }

    /// What a server keeps while the person thinks; see [`DeviceClient::bind_or_register`].
    pub fn state_token(&self) -> &Secret {
        &self.state
    }

    /// Whether the platform asked to register a person, rather than to bind one that is there.
    pub fn registers(&self) -> bool {
        self.registers
    }

    /// The ways that are open, where the platform said so.
    pub fn ways(&self) -> &[SocialBindStep] {
        &self.ways
    }

    /// Sends the code by SMS that [`bind`](Self::bind) and
    /// [`register_and_bind`](Self::register_and_bind) take.
    pub async fn send_sms_code(
        &self,
        mobile: impl Into<String>,
        captcha_token: impl Into<Secret>,
    ) -> Result<()> {
        let kind = SmsType::BindMobileSms;
        self.device.send_sms_code(mobile, kind, captcha_token).await
    }

    /// Binds the social account to the person with this mobile number, and logs them in.
    pub async fn bind(&self, account: &BindSocialAccount) -> Result<Login> {
        let DeviceClient { once, headers, .. } = &self.device;
        let result = once.bind_social_account(headers, account).await?;
        Ok(self.device.came_to(result))
    }

    /// Registers a person with this mobile number, binds the social account to them, and logs them
    /// in.
    pub async fn register_and_bind(&self, account: &BindSocialAccount) -> Result<Login> {
        let DeviceClient { once, headers, .. } = &self.device;
        let call = once.register_and_bind_social_account(headers, account);
        Ok(self.device.came_to(call.await?))
    }

    /// Binds the social account to the person with this name and password, and logs them in.
    ///
    /// Documented only for the engine that the service runs on; it may be missing.
    pub async fn bind_by_password(
        &self,
        user_name: impl Into<String>,
        password: impl Into<Secret>,
    ) -> Result<Login> {
        let DeviceClient { once, headers, .. } = &self.device;
        let login = LoginByPassword::new(user_name, password);
        let call = once.bind_social_account_by_password(headers, &login);
        Ok(self.device.came_to(call.await?))
    }

    /// Binds the social account to the person whose number an Alipay mini program shares, and logs
    /// them in.
    ///
    /// Documented only for the engine that the service runs on; it may be missing.
    pub async fn bind_by_alipay_mobile(&self, phone: &BindAlipayPhone) -> Result<Login> {
        let DeviceClient { once, headers, .. } = &self.device;
        let call = once.bind_social_account_by_alipay_mobile(headers, phone);
        Ok(self.device.came_to(call.await?))
    }

    /// Registers the person whose number an Alipay mini program shares, binds the social account
    /// to them, and logs them in.
    ///
    /// Documented only for the engine that the service runs on; it may be missing.
    pub async fn register_by_alipay_mobile(&self, phone: &BindAlipayPhone) -> Result<Login> {
        let DeviceClient { once, headers, .. } = &self.device;
        let call = once.register_and_bind_by_alipay_mobile(headers, phone);
        Ok(self.device.came_to(call.await?))
    }
}

fn with_state(device: &DeviceClient, state: &Secret) -> DeviceClient {
    device.prove("stateToken", Credential::Key(state.clone()))
}

async fn update_password(device: &DeviceClient, old: Secret, new: Secret) -> Result<Login> {
    let change = UpdatePassword::new(old, new);
    let call = device
        .once
        .update_expired_password(&device.headers, &change);
    Ok(device.came_to(call.await?))
}

impl fmt::Debug for PasswordWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordWarning")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PasswordExpired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordExpired")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SecondFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecondFactor").finish_non_exhaustive()
    }
}

impl fmt::Debug for BindOrRegister {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BindOrRegister")
            .field("registers", &self.registers)
            .field("ways", &self.ways)
            .finish_non_exhaustive()
    }
}
