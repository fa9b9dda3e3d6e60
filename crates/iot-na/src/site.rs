//! Where the platform is: every carrier and every customer has a site of its own.

use auth_core::ApiBuilder;

/// A site of the platform.
///
/// There is no one address: carriers and customers run sites of their own, on port 8743 as a rule.
/// The named ones are those that public code and documents know; whether they still answer was not
/// tested.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Site {
    /// The base address of a site: `https://host:8743`, or that of an emulator.
    Address(String),
    /// China Telecom, commercial. Asks for a client certificate.
    ChinaTelecomCommercial,
    /// China Telecom, pilot and test: the address that most public code uses. Asks for a client
    /// certificate.
    ChinaTelecomPilot,
    /// Another site, by its host name or IP address and its port.
    Host(String, u16),
    /// Huawei Cloud IoT Device Management in Beijing 4. The port is inferred.
    IotdmBeijing4,
    /// The developer centre of Huawei Cloud OceanConnect. Asks for a client certificate.
    OceanConnectDeveloper,
}

impl Site {
    pub(crate) fn apply(self, api: ApiBuilder) -> ApiBuilder {
        let name = match self {
            Self::Address(address) => return api.server(ROLE, address),
            Self::Host(host, port) => {
                return api
                    .site("other")
                    .variable("host", host)
                    .variable("port", port.to_string());
            }
            Self::ChinaTelecomCommercial => "china_telecom_commercial",
            Self::ChinaTelecomPilot => "china_telecom_pilot",
            Self::IotdmBeijing4 => "iotdm_beijing4",
            Self::OceanConnectDeveloper => "oceanconnect_developer",
        };
        api.site(name)
    }
}

impl From<&str> for Site {
    fn from(address: &str) -> Self {
        Self::Address(address.to_owned())
    }
}

impl From<String> for Site {
    fn from(address: String) -> Self {
        Self::Address(address)
    }
}

/// The one role of servers that the document has.
const ROLE: &str = "platform";
