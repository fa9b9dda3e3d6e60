//! What the browser brings back, by the standard's names.

use std::fmt;

use crate::wire::{Parameters, WayBack};
use crate::{Error, Result, Secret};

/// What the browser brings back, by the names of RFC 6749. Platforms with names of their own have
/// types of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Callback {
    /// The user agreed.
    Code(Returned),
    /// The user, or the authorization server, refused.
    Refused(Refusal),
}

/// A code that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Returned {
    /// The authorization code, decoded.
    pub code: Secret,
    /// The state, still to be compared: [`OAuthClient::accept`](super::OAuthClient::accept) does.
    pub state: Option<Secret>,
    /// The issuer, where it names itself (RFC 9207).
    pub issuer: Option<String>,
}

/// A refusal that came back.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The code: `access_denied`, if the user refused.
    pub error: String,
    /// What the platform says of it. It is a text from an address, which anybody can write.
    pub description: Option<String>,
    /// The state, if it came back.
    pub state: Option<Secret>,
}

impl Returned {
    /// A code and its state, for platforms that name them otherwise.
    pub fn new(code: impl Into<Secret>, state: Option<Secret>) -> Self {
        Self {
            code: code.into(),
            state,
            issuer: None,
        }
    }
}

impl Callback {
    /// Reads the address that the browser came back to, or only its query. Values are decoded here,
    /// once; do not decode what a web framework has decoded.
    pub fn parse(address: &str) -> Result<Self> {
        let back = WayBack::parse(address);
        let parts = [back.query(), back.fragment()];
        let text = |part: &Parameters, name| {
            let value: &Secret = part.get(name)?;
            Some(value.expose().to_owned()).filter(|value| !value.is_empty())
        };
        for part in parts {
            if let Some(error) = text(part, "error") {
                return Ok(Self::Refused(Refusal {
                    error,
                    description: text(part, "error_description"),
                    state: part.get("state").cloned(),
                }));
            }
        }
        let query = back.query();
        match query.get("code").filter(|code| !code.expose().is_empty()) {
            Some(code) => Ok(Self::Code(Returned {
                code: code.clone(),
                state: query.get("state").cloned(),
                issuer: text(query, "iss"),
            })),
            None => Err(Error::decode("the address carries no code and no error")),
        }
    }
}

/// Shows the code of the refusal alone.
impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal")
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, expected: Option<&str>) {
        let got = Callback::parse(address)
            .ok()
            .map(|callback| match callback {
                Callback::Code(returned) => format!("code {}", returned.code.expose()),
                Callback::Refused(refusal) => format!("error {}", refusal.error),
            });
        assert_eq!(got.as_deref(), expected);
    }

    #[test]
    fn a_code_is_decoded_once() {
        check(
            "https://app.example/back?code=a%2Bb%253D&state=s",
            Some("code a+b%3D"),
        );
    }

    #[test]
    fn a_refusal_is_found_in_query_and_fragment() {
        check(
            "/back?error=access_denied&state=s",
            Some("error access_denied"),
        );
        check("/back#error=access_denied", Some("error access_denied"));
        check(
            "/back?code=a&error=server_error",
            Some("error server_error"),
        );
    }

    #[test]
    fn an_address_without_either_is_an_error() {
        check("/back", None);
        check("/back?code=&state=s", None);
        check("/back#code=a", None);
    }

    #[test]
    fn debug_shows_no_code_and_no_free_text() {
        let code = Callback::parse("/back?code=hush&state=hush").unwrap();
        let refusal = Callback::parse("/back?error=e&error_description=hush").unwrap();
        let text = format!("{code:?} {refusal:?}");
        assert!(!text.contains("hush"), "{text}");
    }
}
