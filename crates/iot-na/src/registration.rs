//! Registration of a device that says what becomes of it when it never connects.

use std::time::Duration;

use auth_core::Result;

use crate::Client;
use crate::model::{
    RegisterDeviceByVerifyCode, RegisterDeviceByVerifyCodeOptions, RegisteredByVerifyCode,
};

/// A device to be registered by verification code: LWM2M and CoAP (NB-IoT) and AgentLite devices.
///
/// It always tells the platform how long the device may take to connect for the first time, because
/// a device that takes longer is deleted, and what the platform takes for granted otherwise
/// differs by site: 180 seconds, or for ever.
///
/// ```
/// use std::time::Duration;
///
/// use iot_na::Registration;
///
/// let meter = Registration::permanent("866971030000017")
///     .details(|device| device.product_id("5d1b0c").device_name("cellar"));
/// let guest = Registration::expiring("866971030000025", Duration::from_secs(600));
/// # let _ = (meter, guest);
/// ```
#[derive(Clone, Debug)]
pub struct Registration {
    device: RegisterDeviceByVerifyCode,
    timeout: i32,
    options: RegisterDeviceByVerifyCodeOptions,
}

impl Registration {
    /// A device that stays registered, whether it ever connects or not.
    ///
    /// `node_id` is what the device reports of itself: the IMEI, `urn:imei:` and the IMEI on
    /// Qualcomm chips, a MAC address or serial number.
    pub fn permanent(node_id: impl Into<String>) -> Self {
        Self {
            device: RegisterDeviceByVerifyCode::new(node_id),
            timeout: 0,
            options: RegisterDeviceByVerifyCodeOptions::default(),
        }
    }

    /// A device that the platform deletes when it has not connected within this time: whole
    /// seconds, at least one, at most 68 years.
    pub fn expiring(node_id: impl Into<String>, within: Duration) -> Self {
        let seconds = i32::try_from(within.as_secs()).unwrap_or(i32::MAX);
        Self {
            // None would be for ever.
            timeout: seconds.max(1),
            ..Self::permanent(node_id)
        }
    }

    /// Sets whatever else there is to set. The time to connect stays as it is.
    pub fn details(
        mut self,
        set: impl FnOnce(RegisterDeviceByVerifyCode) -> RegisterDeviceByVerifyCode,
    ) -> Self {
        self.device = set(self.device);
        self
    }

    /// Registers the device for another application, which has authorised this one.
    pub fn owner(mut self, app_id: impl Into<String>) -> Self {
        self.options.app_id = Some(app_id.into());
        self
    }

    /// What is sent.
    fn request(&self) -> RegisterDeviceByVerifyCode {
        self.device.clone().timeout(self.timeout)
    }
}

/// # Registration
impl Client {
    /// Registers a device and gives its id, and the verification code it has to connect with.
    ///
    /// Not idempotent: where the answer was lost, a second try is answered with code 100416 or
    /// 100426, because the node id is taken. See
    /// [`register_device_by_verify_code`](Self::register_device_by_verify_code).
    pub async fn register_device(
        &self,
        registration: &Registration,
    ) -> Result<RegisteredByVerifyCode> {
        let request = registration.request();
        self.register_device_by_verify_code(&request, &registration.options)
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_to_connect_is_always_said() {
        let permanent = Registration::permanent("1").details(|device| device.timeout(7));
        assert_eq!(permanent.request().timeout, Some(0));
        for (within, seconds) in [(600, 600), (0, 1), (u64::MAX, i32::MAX)] {
            let expiring = Registration::expiring("1", Duration::from_secs(within));
            assert_eq!(expiring.request().timeout, Some(seconds));
        }
    }
}
