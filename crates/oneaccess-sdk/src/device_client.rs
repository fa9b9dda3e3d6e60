//! Calls on behalf of a person's device: every way to log in, and to get there.

use std::fmt;
use std::sync::Arc;

use auth_core::{Credential, Error, Request, Result, Secret};

use crate::captcha::Puzzle;
use crate::login::{BindOrRegister, PasswordExpired, PasswordWarning, SecondFactor};
use crate::model::{
    CountryCodeList, DeviceHeaders, EmailCodeType, LoginByCarrierToken, LoginByEmailCode,
    LoginByMobileCode, LoginByMobilePassword, LoginByPassword, LoginByQq, LoginBySocialCode,
    LoginByWeibo, LoginResult, RegisterByMobile, ResetPasswordByMobile, SendEmailCode,
    SendEmailCodeAnswer, SendSmsCode, SmsType,
};
use crate::{Client, Device, Login, Session};

/// A client on behalf of one device; made by [`Client::on`]. Cheap to clone.
///
/// No login is ever repeated by itself: wrong passwords count towards a lock of the person, in
/// every application of the company. What an error says of that,
/// [`attempts_left`](crate::attempts_left) and [`locked_for`](crate::locked_for) read.
#[derive(Clone)]
pub struct DeviceClient {
    pub(crate) client: Client,
    /// The same for logins, which the platform counts.
    pub(crate) once: Client,
    pub(crate) device: Arc<Device>,
    pub(crate) headers: Arc<DeviceHeaders>,
}

impl DeviceClient {
    pub(crate) fn new(client: Client, device: Device) -> Self {
        let headers = device.headers(client.shared.tenant_id.as_deref());
        Self {
            once: client.once(),
            client,
            device: Arc::new(device),
            headers: Arc::new(headers),
        }
    }

    /// The headers that stand for the device, for the calls of [`Client`] that take them.
    pub fn headers(&self) -> &DeviceHeaders {
        &self.headers
    }

    /// A view that proves itself by `credential` where `scheme` asks for one.
    pub(crate) fn prove(&self, scheme: &'static str, credential: impl Into<Credential>) -> Self {
        let api = self.client.api.with_credential(scheme, credential);
        let client = self.client.over(api);
        Self {
            once: client.once(),
            client,
            ..self.clone()
        }
    }

    /// What a login came to, for steps that follow on this device.
    pub(crate) fn came_to(&self, result: LoginResult) -> Login {
        Login::new(self, result)
    }
}

/// # Logins
///
/// Each answers with a [`Login`], which says whether the person is logged in or what comes next.
impl DeviceClient {
    /// Logs in with name and password, which travels in clear inside TLS: the platform wants it so.
    pub async fn login_by_password(
        &self,
        user_name: impl Into<String>,
        password: impl Into<Secret>,
    ) -> Result<Login> {
        let login = LoginByPassword::new(user_name, password);
        let result = self.once.login_by_password(&self.headers, &login).await?;
        Ok(self.came_to(result))
    }

    /// Logs in with name, mobile number or e-mail address, and password.
    ///
    /// The platform has withdrawn the page that documents it.
    pub async fn login_by_any_identifier(
        &self,
        identifier: impl Into<String>,
        password: impl Into<Secret>,
    ) -> Result<Login> {
        let login = LoginByPassword::new(identifier, password);
        let call = self.once.login_by_any_identifier(&self.headers, &login);
        Ok(self.came_to(call.await?))
    }

    /// Logs in with mobile number and password.
    ///
    /// Documented only for the engine that the service runs on; it may be missing.
    pub async fn login_by_mobile_password(
        &self,
        mobile: impl Into<String>,
        password: impl Into<Secret>,
    ) -> Result<Login> {
        let login = LoginByMobilePassword::new(mobile, password);
        let call = self.once.login_by_mobile_password(&self.headers, &login);
        Ok(self.came_to(call.await?))
    }

    /// Logs in with the code of an SMS of type [`SmsType::LoginSms`]; see
    /// [`send_sms_code`](Self::send_sms_code). Unknown numbers are registered where the portal
    /// allows it.
    pub async fn login_by_mobile_code(
        &self,
        mobile: impl Into<String>,
        code: impl Into<Secret>,
    ) -> Result<Login> {
        let login = LoginByMobileCode::new(mobile, code);
        let call = self.once.login_by_mobile_code(&self.headers, &login);
        Ok(self.came_to(call.await?))
    }

    /// Logs in with the code of an e-mail of type [`EmailCodeType::LoginEms`].
    ///
    /// Documented only for the engine that the service runs on; it may be missing.
    pub async fn login_by_email_code(
        &self,
        email: impl Into<String>,
        code: impl Into<Secret>,
    ) -> Result<Login> {
        let login = LoginByEmailCode::new(email, code);
        let call = self.once.login_by_email_code(&self.headers, &login);
        Ok(self.came_to(call.await?))
    }

    /// Logs in with the code that the SDK of WeChat gave the mobile app.
    pub async fn login_by_wechat(&self, code: impl Into<Secret>) -> Result<Login> {
        let login = LoginBySocialCode::new(code);
        let result = self.once.login_by_wechat(&self.headers, &login).await?;
        Ok(self.came_to(result))
    }

    /// Logs in with the code of a WeChat mini program.
    ///
    /// Documented only for the engine that the service runs on; it may be missing.
    pub async fn login_by_wechat_mini_program(&self, code: impl Into<Secret>) -> Result<Login> {
        let login = LoginBySocialCode::new(code);
        let client = &self.once;
        let call = client.login_by_wechat_mini_program(&self.headers, &login);
        Ok(self.came_to(call.await?))
    }

    /// Logs in with the phone number that a WeChat mini program shares.
    ///
    /// Documented only for the engine that the service runs on; it may be missing.
    pub async fn login_by_wechat_mini_program_mobile(
        &self,
        code: impl Into<Secret>,
    ) -> Result<Login> {
        let login = LoginBySocialCode::new(code);
        let client = &self.once;
        let call = client.login_by_wechat_mini_program_mobile(&self.headers, &login);
        Ok(self.came_to(call.await?))
    }

    /// Logs in with the code that the SDK of Alipay gave the mobile app.
    ///
    /// Huawei's page names an address of version 3 and shows one of version 2; where the first is
    /// not there, the second is called.
    pub async fn login_by_alipay(&self, code: impl Into<Secret>) -> Result<Login> {
        let login = LoginBySocialCode::new(code);
        let result = match self.once.login_by_alipay(&self.headers, &login).await {
            Err(error) if error.api().is_some_and(|api| api.status == 404) => {
                self.login_by_alipay_v2(&login).await?
            }
            result => result?,
        };
        Ok(self.came_to(result))
    }

    async fn login_by_alipay_v2(&self, login: &LoginBySocialCode) -> Result<LoginResult> {
        let headers = &self.headers;
        Request::post("/api/v2/sdk/login/alipay")
            .schemes(&["appClientId"])
            .header("X-operating-sys-version", &headers.x_operating_sys_version)
            .header("X-device-fingerprint", &headers.x_device_fingerprint)
            .header_opt("X-device-ip", headers.x_device_ip.as_deref())
            .header("X-agent", &headers.x_agent)
            .header_opt("X-L", headers.x_l.as_ref())
            .header_opt("X-tenant-id", headers.x_tenant_id.as_deref())
            .json("application/json", login)
            .send(&self.once.api)
            .await
    }

    /// Logs in with the code of an Alipay mini program.
    ///
    /// Documented only for the engine that the service runs on; it may be missing.
    pub async fn login_by_alipay_mini_program(&self, code: impl Into<Secret>) -> Result<Login> {
        let login = LoginBySocialCode::new(code);
        let client = &self.once;
        let call = client.login_by_alipay_mini_program(&self.headers, &login);
        Ok(self.came_to(call.await?))
    }

    /// Logs in with the code of Apple.
    ///
    /// Documented only for the engine that the service runs on; it may be missing.
    pub async fn login_by_apple(&self, code: impl Into<Secret>) -> Result<Login> {
        let login = LoginBySocialCode::new(code);
        let result = self.once.login_by_apple(&self.headers, &login).await?;
        Ok(self.came_to(result))
    }

    /// Logs in with an access token of QQ and the user's open id there.
    ///
    /// Documented only for the engine that the service runs on; it may be missing.
    pub async fn login_by_qq(
        &self,
        access_token: impl Into<Secret>,
        open_id: impl Into<String>,
    ) -> Result<Login> {
        let login = LoginByQq::new(access_token, open_id);
        let result = self.once.login_by_qq(&self.headers, &login).await?;
        Ok(self.came_to(result))
    }

    /// Logs in with an access token of Weibo and the user's id there.
    ///
    /// Documented only for the engine that the service runs on; it may be missing.
    pub async fn login_by_weibo(
        &self,
        access_token: impl Into<Secret>,
        uid: impl Into<String>,
    ) -> Result<Login> {
        let login = LoginByWeibo::new(access_token, uid);
        let result = self.once.login_by_weibo(&self.headers, &login).await?;
        Ok(self.came_to(result))
    }

    /// Logs in with the phone's own number: one tap, and a token of the carrier.
    ///
    /// Documented only for the engine that the service runs on; it may be missing.
    pub async fn login_by_carrier_token(&self, access_token: impl Into<Secret>) -> Result<Login> {
        let login = LoginByCarrierToken::new(access_token);
        let call = self.once.login_by_carrier_token(&self.headers, &login);
        Ok(self.came_to(call.await?))
    }

    /// Registers a person by the code of an SMS of type [`SmsType::RegisterSms`], and logs them in.
    pub async fn register_by_mobile(&self, person: &RegisterByMobile) -> Result<Login> {
        let call = self.once.register_by_mobile(&self.headers, person);
        Ok(self.came_to(call.await?))
    }
}

/// # Where a login goes on
///
/// A server that answers a browser between two steps keeps the state token of a step, or the
/// session, and takes up the thread here.
impl DeviceClient {
    /// Goes on with a password that should be changed.
    pub fn password_warning(&self, state_token: impl Into<Secret>) -> PasswordWarning {
        PasswordWarning::resume(self, state_token.into())
    }

    /// Goes on with a password that must be changed.
    pub fn password_expired(&self, state_token: impl Into<Secret>) -> PasswordExpired {
        PasswordExpired::resume(self, state_token.into())
    }

    /// Goes on with a second factor.
    pub fn second_factor(&self, state_token: impl Into<Secret>) -> SecondFactor {
        SecondFactor::resume(self, state_token.into())
    }

    /// Goes on with a social account that belongs to nobody yet.
    pub fn bind_or_register(&self, state_token: impl Into<Secret>) -> BindOrRegister {
        BindOrRegister::resume(self, state_token.into())
    }

    /// Goes on with a person who is logged in. The id token is there where the login gave one.
    pub fn session(&self, session_token: impl Into<Secret>, id_token: Option<Secret>) -> Session {
        Session::resume(self, session_token.into(), id_token)
    }
}

/// # Codes by SMS and e-mail
///
/// A person solves a [`captcha`](Self::captcha) first; what proves it is good for one code.
impl DeviceClient {
    /// Gets a slide puzzle to show.
    pub async fn captcha(&self) -> Result<Puzzle> {
        let captcha = self.client.get_captcha(&self.headers).await?;
        Puzzle::new(self, captcha)
    }

    /// Sends a code by SMS.
    pub async fn send_sms_code(
        &self,
        mobile: impl Into<String>,
        kind: SmsType,
        captcha_token: impl Into<Secret>,
    ) -> Result<()> {
        let code = SendSmsCode::new(mobile, kind, captcha_token);
        self.client.send_sms_code(&self.headers, &code).await
    }

    /// Sends a code by e-mail.
    ///
    /// Documented only for the engine that the service runs on; it may be missing.
    pub async fn send_email_code(
        &self,
        email: impl Into<String>,
        kind: EmailCodeType,
        captcha_token: impl Into<Secret>,
    ) -> Result<SendEmailCodeAnswer> {
        let code = SendEmailCode::new(email, kind, captcha_token);
        self.client.send_email_code(&self.headers, &code).await
    }

    /// Lists the dialling codes that the tenant allows.
    pub async fn list_country_codes(&self) -> Result<CountryCodeList> {
        self.client.list_country_codes(&self.headers).await
    }

    /// Sets a new password for a person who forgot theirs, by the code of an SMS of type
    /// [`SmsType::ForgetPwdSms`].
    pub async fn reset_password_by_mobile(&self, reset: &ResetPasswordByMobile) -> Result<()> {
        let call = self.client.reset_password_by_mobile(&self.headers, reset);
        call.await
    }

    /// The address of the device, which tickets require.
    pub(crate) fn ip(&self) -> Result<&str> {
        self.device.ip.as_deref().ok_or_else(|| {
            Error::config("the platform requires the address of the device; set `Device::ip`")
        })
    }
}

impl fmt::Debug for DeviceClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceClient")
            .field("client", &self.client)
            .field("device", &self.device)
            .finish()
    }
}
