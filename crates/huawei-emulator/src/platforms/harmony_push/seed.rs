//! What Push Kit begins with in a fresh space.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::accounts::{ServiceAccount, ServiceAccountSource};
use super::{App, Device, ReceiptConfiguration};

/// The state of a fresh space.
#[derive(Clone, Debug)]
pub(crate) struct Seed {
    pub service_accounts: Vec<ServiceAccount>,
    pub apps: Vec<App>,
    pub devices: Vec<Device>,
    pub receipts: Option<ReceiptConfiguration>,
}

/// The state of a fresh space as a state file has it.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Source {
    #[serde(default)]
    service_accounts: Vec<ServiceAccountSource>,
    #[serde(default)]
    apps: Vec<App>,
    #[serde(default)]
    devices: Vec<Device>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    receipts: Option<ReceiptConfiguration>,
}

impl Seed {
    /// Reads a state file, or says what is wrong with it.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let source: Source = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let accounts = source.service_accounts.into_iter().map(|source| {
            let name = source.key_id.clone();
            ServiceAccount::new(source)
                .map_err(|reason| format!("service account {name}: {reason}"))
        });
        Ok(Self {
            service_accounts: accounts.collect::<Result<_, _>>()?,
            apps: source.apps,
            devices: source.devices,
            receipts: source.receipts,
        })
    }

    /// Writes a state file.
    pub(crate) fn write(&self) -> String {
        let source = Source {
            service_accounts: self
                .service_accounts
                .iter()
                .map(ServiceAccount::source)
                .collect(),
            apps: self.apps.clone(),
            devices: self.devices.clone(),
            receipts: self.receipts.clone(),
        };
        serde_json::to_string_pretty(&source).unwrap_or_default() + "\n"
    }
}

impl Default for Seed {
    /// Two projects, three apps, and a device of every kind of trouble.
    fn default() -> Self {
        static BUILT_IN: LazyLock<Seed> = LazyLock::new(built_in);
        BUILT_IN.clone()
    }
}

fn built_in() -> Seed {
    let account = |project: &str, sub_account: &str, pem: &str| {
        let source = ServiceAccountSource {
            project_id: project.to_owned(),
            key_id: format!("{sub_account}e4a1b2c3d4e5f60718293a4b"),
            sub_account: sub_account.to_owned(),
            pem: pem.to_owned(),
        };
        ServiceAccount::new(source).expect("the keys of the crate are sound")
    };
    Seed {
        service_accounts: vec![
            account(
                PROJECT_ID,
                "110000001",
                include_str!("../../../keys/first.pem"),
            ),
            account(
                OTHER_PROJECT_ID,
                "110000002",
                include_str!("../../../keys/second.pem"),
            ),
        ],
        apps: vec![
            App::new(CLIENT_ID, CLIENT_SECRET, PROJECT_ID),
            App::new(SECOND_CLIENT_ID, "emulated-secret-2", PROJECT_ID),
            App::new(OTHER_CLIENT_ID, "emulated-secret-3", OTHER_PROJECT_ID),
        ],
        devices: vec![
            Device::harmony().token(TOKEN).of(CLIENT_ID),
            Device::harmony()
                .token("MAMzLg+uninstalled/_-=")
                .of(CLIENT_ID)
                .uninstalled(),
            Device::harmony()
                .token("MAMzLg+inactive/_-=")
                .of(CLIENT_ID)
                .inactive(),
            Device::harmony()
                .token("MAMzLg+muted/_-=")
                .of(CLIENT_ID)
                .notifications_off(),
            Device::harmony()
                .token("MAMzLg+dead/_-=")
                .of(CLIENT_ID)
                .refused("tokenFormatError"),
            Device::harmony()
                .token("MAMzLg+other-project/_-=")
                .of(OTHER_CLIENT_ID),
            Device::hms().token(HMS_TOKEN).of(CLIENT_ID),
            Device::hms()
                .token("IQAAAA+uninstalled/_-=")
                .of(CLIENT_ID)
                .uninstalled(),
        ],
        receipts: None,
    }
}

/// The project of the first service account.
pub(crate) const PROJECT_ID: &str = "736430079244623001";
pub(crate) const OTHER_PROJECT_ID: &str = "736430079244623002";
pub(crate) const CLIENT_ID: &str = "100000001";
/// Holds the characters that a form has to encode.
pub(crate) const CLIENT_SECRET: &str = "emulated+secret/1&=%";
pub(crate) const SECOND_CLIENT_ID: &str = "100000002";
pub(crate) const OTHER_CLIENT_ID: &str = "100000003";
/// A device that takes every message of v3.
pub(crate) const TOKEN: &str = "MAMzLg+well/_-=";
/// A device that takes every message of v1 and v2.
pub(crate) const HMS_TOKEN: &str = "IQAAAA+well/_-=";
