//! The device of the person on whose behalf a call is made.

use crate::model::{DeviceHeaders, Language};

/// The device of the person on whose behalf the server calls: what the platform calls operating
/// system version, device fingerprint, agent and address. Given once, sent with every call.
///
/// The platform refuses calls without the first three (SDK.COMMON.1003). It mostly logs them, but
/// the fingerprint and address of a login are those that its tickets must be asked for with
/// ([tickets][tickets]), so keep them the same for one device.
///
/// ```
/// use oneaccess_sdk::Device;
///
/// let device = Device::new("Android 10", "156aysdna213sc50", "Mozilla/5.0 (Linux; Android 10)")
///     .ip("10.10.10.1");
/// ```
///
/// [tickets]: https://support.huaweicloud.com/api-oneaccess/ShowSSOTicketBySessionToken.html
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    pub(crate) system: String,
    pub(crate) fingerprint: String,
    pub(crate) agent: String,
    pub(crate) ip: Option<String>,
    language: Option<Language>,
}

impl Device {
    /// Describes a device: its system and version (`Android 10`), a fingerprint of your making
    /// that stays the same for it, and its user agent.
    pub fn new(
        system: impl Into<String>,
        fingerprint: impl Into<String>,
        agent: impl Into<String>,
    ) -> Self {
        Self {
            system: system.into(),
            fingerprint: fingerprint.into(),
            agent: agent.into(),
            ip: None,
            language: None,
        }
    }

    /// Sets the address of the device. Logins do without it; tickets and the refresh of a session
    /// require it.
    pub fn ip(mut self, ip: impl Into<String>) -> Self {
        self.ip = Some(ip.into());
        self
    }

    /// Sets the language of the platform's messages.
    pub fn language(mut self, language: Language) -> Self {
        self.language = Some(language);
        self
    }

    /// The headers that the platform has for it.
    pub(crate) fn headers(&self, tenant_id: Option<&str>) -> DeviceHeaders {
        let mut headers = DeviceHeaders::new(&*self.system, &*self.fingerprint, &*self.agent);
        headers.x_device_ip = self.ip.clone();
        headers.x_l = self.language.clone();
        headers.x_tenant_id = tenant_id.map(str::to_owned);
        headers
    }
}
