//! The tickets of CAS: who stands behind one.

#[cfg(feature = "xml")]
mod xml;

use std::collections::BTreeMap;

use auth_core::{Action, Error, Result, Secret};
use serde_json::Value;

use crate::Client;
use crate::model::{
    CasAnswer, CasAuthenticationSuccess, CasFormat, ValidateCasTicketV2, ValidateCasTicketV3,
};

/// A person whom CAS vouches for.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CasUser {
    /// The login name.
    pub user: String,
    /// The attributes that the portal's mapping gives to the application, by their names there;
    /// CAS 3.0 alone has them. One that comes several times stands as a list. What is absent comes
    /// as the text `null` in XML, and is left out here.
    pub attributes: BTreeMap<String, Value>,
}

/// # CAS
///
/// A browser that was sent to [`start_cas_login`](Client::start_cas_login) comes back with a
/// ticket, which these redeem, once. The service is the address it came back to, as registered.
///
/// A ticket that is used, expired or unknown asks for another sign-in
/// ([`SignInAgain`](Action::SignInAgain)).
impl Client {
    /// Redeems a ticket as CAS 3.0 does it: with attributes.
    pub async fn redeem_cas_ticket(&self, service: &str, ticket: &Secret) -> Result<CasUser> {
        let options = ValidateCasTicketV3::default().format(CasFormat::Json);
        let answer = self.validate_cas_ticket_v3(service, ticket, &options);
        CasUser::of(answer.await?)
    }

    /// Redeems a ticket as CAS 2.0 does it.
    pub async fn redeem_cas_ticket_v2(&self, service: &str, ticket: &Secret) -> Result<CasUser> {
        let options = ValidateCasTicketV2::default().format(CasFormat::Json);
        let answer = self.validate_cas_ticket_v2(service, ticket, &options);
        CasUser::of(answer.await?)
    }

    /// Redeems a ticket as CAS 1.0 does it.
    pub async fn redeem_cas_ticket_v1(&self, service: &str, ticket: &Secret) -> Result<CasUser> {
        let answer = self.validate_cas_ticket_v1(service, ticket).await?;
        CasUser::from_text(&answer)
    }
}

impl CasUser {
    /// Reads an answer of CAS 1.0: `yes` and the name on lines of their own, or `no`.
    pub fn from_text(answer: &str) -> Result<Self> {
        let mut lines = answer.lines().map(trim);
        let answer = (lines.next(), lines.next());
        let ends = lines.all(str::is_empty);
        match answer {
            (Some("yes"), Some(user)) if ends => Ok(Self {
                user: named(user)?,
                attributes: BTreeMap::new(),
            }),
            (Some("no"), _) => Err(refused("INVALID_TICKET")),
            _ => Err(Error::decode("the answer of CAS is neither yes nor no")),
        }
    }

    /// Reads an answer of CAS 2.0 or 3.0 in JSON.
    pub fn from_json(answer: &[u8]) -> Result<Self> {
        Self::of(auth_core::wire::read_json(answer)?)
    }

    /// Reads an answer of CAS 2.0 or 3.0 in XML, the form that CAS has unless asked for JSON.
    #[cfg(feature = "xml")]
    pub fn from_xml(answer: &str) -> Result<Self> {
        xml::read(answer)
    }

    fn of(answer: CasAnswer) -> Result<Self> {
        let answer = answer.service_response;
        match (answer.authentication_success, answer.authentication_failure) {
            (Some(success), None) => Self::of_success(success),
            (None, Some(failure)) => Err(refused(failure.code.as_deref().unwrap_or_default())),
            _ => Err(Error::decode(
                "CAS says neither that the ticket is valid nor that it is not",
            )),
        }
    }

    fn of_success(success: CasAuthenticationSuccess) -> Result<Self> {
        let user = named(&success.user)?;
        let mut attributes = BTreeMap::new();
        if let Some(stated) = success.attributes {
            let flag = |flag: Option<bool>| flag.map(Value::Bool);
            let known = [
                (
                    "authenticationDate",
                    stated.authentication_date.map(Value::String),
                ),
                (
                    "longTermAuthenticationRequestTokenUsed",
                    flag(stated.long_term_authentication_request_token_used),
                ),
                ("isFromNewLogin", flag(stated.is_from_new_login)),
            ];
            attributes = stated.rest;
            for (name, value) in known {
                if let Some(value) = value {
                    attributes.insert(name.to_owned(), value);
                }
            }
            attributes.retain(|_, value| !value.is_null());
        }
        Ok(Self { user, attributes })
    }
}

/// A name without the white space around it that XML knows, and no other: one who is called like
/// another but for a blank is somebody else.
fn trim(name: &str) -> &str {
    name.trim_matches([' ', '\t', '\n', '\r'])
}

/// The name of a user, which is more than white space of any kind, and not the word that stands for what
/// is absent.
fn named(name: &str) -> Result<String> {
    let name = trim(name);
    if name.trim().is_empty() || name == ABSENT {
        return Err(Error::decode("CAS vouches for a user without a name"));
    }
    Ok(name.to_owned())
}

/// The error of an answer that says no, with what the document says to do about its code.
fn refused(code: &str) -> Error {
    let known = crate::generated::platform::PLATFORM.codes.iter();
    let known = known.clone().find(|known| known.code == code.trim());
    let action = known.map_or(Action::SignInAgain, |known| known.action);
    let code = match known {
        Some(known) => known.code,
        None => "a code that this version does not know",
    };
    Error::credentials(format!("CAS refused the ticket: {code}")).advise(action)
}

/// How the platform writes what is absent, where it has no other way to.
const ABSENT: &str = "null";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_cas_1_is_two_lines() {
        let user = |text| CasUser::from_text(text).map(|user| user.user);
        assert_eq!(user("yes\nzhangsan").unwrap(), "zhangsan");
        assert_eq!(user("yes\r\nzhangsan\r\n").unwrap(), "zhangsan");
        assert_eq!(user("no\n\n").unwrap_err().action(), Action::SignInAgain);
        assert_eq!(user("yes\n admin\u{a0} \n\n").unwrap(), "admin\u{a0}");
        for other in [
            "",
            "yes",
            "yes\n",
            "yes\n\u{b}",
            "yes\nnull\n",
            "YES\na",
            "<html>",
            "yes\na\nb",
        ] {
            assert!(user(other).is_err(), "{other}");
        }
    }

    #[test]
    fn an_answer_in_json_says_one_of_two_things() {
        let read = |text: &str| CasUser::from_json(text.as_bytes());
        let user = read(
            r#"{"serviceResponse":{"authenticationFailure":null,"authenticationSuccess":
            {"user":"a","proxyGrantingTicket":null,"proxies":null,
            "attributes":{"isFromNewLogin":"true","email":"a@b.c","mobile":null}}}}"#,
        )
        .unwrap();
        assert_eq!(user.user, "a");
        assert_eq!(user.attributes["isFromNewLogin"], true);
        assert_eq!(user.attributes["email"], "a@b.c");
        assert!(!user.attributes.contains_key("mobile"));
        let error =
            read(r#"{"serviceResponse":{"authenticationFailure":{"code":"INVALID_SERVICE"}}}"#)
                .unwrap_err();
        assert_eq!(error.action(), Action::FixRequest);
        for other in [
            r#"{"serviceResponse":{}}"#,
            r#"{"serviceResponse":{"authenticationSuccess":{"user":" "}}}"#,
            r#"{"serviceResponse":{"authenticationSuccess":{"user":"a"},
            "authenticationFailure":{"code":"x"}}}"#,
            "{}",
        ] {
            assert!(read(other).is_err(), "{other}");
        }
    }
}
