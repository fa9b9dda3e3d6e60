//! Answers of CAS in XML.

use std::collections::BTreeMap;

use auth_core::{Error, Result};
use serde_json::Value;

use crate::cas::{ABSENT, CasUser, named, refused, trim};
use crate::xml::{Node, Tree};

/// Reads an answer: exactly one of the two things it can say.
pub(super) fn read(answer: &str) -> Result<CasUser> {
    let tree = Tree::parse(answer)?;
    let root = tree.root();
    if root.name() != "serviceResponse" || root.namespace() != Some(NAMESPACE) {
        return Err(Error::decode("the answer is none of CAS"));
    }
    let own = |name| root.only_child(name, NAMESPACE);
    match (own("authenticationSuccess")?, own("authenticationFailure")?) {
        (Some(success), None) => user(&success),
        (None, Some(failure)) => Err(refused(failure.attribute("code").unwrap_or_default())),
        _ => Err(Error::decode(
            "CAS says neither that the ticket is valid nor that it is not",
        )),
    }
}

fn user(success: &Node<'_>) -> Result<CasUser> {
    let user = success.only_child("user", NAMESPACE)?;
    let user = user.map(|user| user.text()).transpose()?;
    let user = named(user.unwrap_or_default())?;
    let mut attributes: BTreeMap<String, Value> = BTreeMap::new();
    if let Some(stated) = success.only_child("attributes", NAMESPACE)? {
        for attribute in stated.children() {
            let text = trim(attribute.text()?);
            if text == ABSENT {
                continue;
            }
            add(
                &mut attributes,
                attribute.name(),
                typed(attribute.name(), text),
            );
        }
    }
    Ok(CasUser { user, attributes })
}

/// Adds a value; several of one name become a list.
fn add(attributes: &mut BTreeMap<String, Value>, name: &str, value: Value) {
    match attributes.get_mut(name) {
        Some(Value::Array(list)) => list.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
        None => {
            attributes.insert(name.to_owned(), value);
        }
    }
}

/// The two members that CAS itself knows as truth values read as in JSON.
fn typed(name: &str, text: &str) -> Value {
    match (name, text) {
        ("isFromNewLogin" | "longTermAuthenticationRequestTokenUsed", "true") => true.into(),
        ("isFromNewLogin" | "longTermAuthenticationRequestTokenUsed", "false") => false.into(),
        _ => text.into(),
    }
}

const NAMESPACE: &str = "http://www.yale.edu/tp/cas";

#[cfg(test)]
mod tests {
    use auth_core::Action;

    use super::*;

    fn answer(inside: &str) -> String {
        format!("<cas:serviceResponse xmlns:cas='{NAMESPACE}'>{inside}</cas:serviceResponse>")
    }

    #[test]
    fn a_success_names_the_user_and_attributes() {
        let text = answer(
            "<cas:authenticationSuccess><cas:user> a&amp;b </cas:user><cas:attributes>\
             <cas:isFromNewLogin>false</cas:isFromNewLogin><cas:role>x</cas:role>\
             <cas:role>y</cas:role><cas:email>null</cas:email><cas:name><![CDATA[<A>]]></cas:name>\
             </cas:attributes></cas:authenticationSuccess>",
        );
        let user = read(&text).unwrap();
        assert_eq!(user.user, "a&b");
        assert_eq!(user.attributes["isFromNewLogin"], false);
        assert_eq!(user.attributes["role"], serde_json::json!(["x", "y"]));
        assert_eq!(user.attributes["name"], "<A>");
        assert!(!user.attributes.contains_key("email"));
    }

    #[test]
    fn a_failure_has_its_action() {
        let text = answer(
            "<cas:authenticationFailure code='INVALID_TICKET'>no</cas:authenticationFailure>",
        );
        assert_eq!(read(&text).unwrap_err().action(), Action::SignInAgain);
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        let success =
            "<cas:authenticationSuccess><cas:user>a</cas:user></cas:authenticationSuccess>";
        let both = format!("{success}<cas:authenticationFailure code='x'/>");
        let twice = format!("{success}{success}");
        let users = "<cas:authenticationSuccess><cas:user>a</cas:user><cas:user>b</cas:user>\
                     </cas:authenticationSuccess>";
        for inside in [both.as_str(), &twice, users, "", "text"] {
            assert!(read(&answer(inside)).is_err(), "{inside}");
        }
        let foreign = answer(success).replace(NAMESPACE, "http://other.example");
        assert!(read(&foreign).is_err());
        let comment = "<cas:authenticationSuccess><cas:user>admin<!-- -->istrator</cas:user>\
                       </cas:authenticationSuccess>";
        assert_eq!(read(&answer(comment)).unwrap().user, "administrator");
    }

    #[test]
    fn a_success_that_is_wrapped_split_or_disguised_is_none() {
        let success = |user: &str| {
            format!(
                "<cas:authenticationSuccess><cas:user>{user}</cas:user></cas:authenticationSuccess>"
            )
        };
        let wrapped = format!("<cas:x>{}</cas:x>", success("a"));
        let within = format!(
            "<cas:authenticationFailure>{}</cas:authenticationFailure>",
            success("a")
        );
        let foreign = success("a").replace("cas:user", "user");
        let split = success("admin<cas:x/>istrator");
        let hidden = success("<cas:x>administrator</cas:x>");
        let absent = success("null");
        let named = success("a").replace("cas:user>", "cas:us<!-- -->er>");
        let attribute = success("a").replace(
            "</cas:user>",
            "</cas:user><cas:attributes><cas:role>user<cas:x/>admin</cas:role></cas:attributes>",
        );
        for inside in [
            &wrapped, &within, &foreign, &split, &hidden, &absent, &named, &attribute,
        ] {
            assert!(read(&answer(inside)).is_err(), "{inside}");
        }
        // A blank that is none to XML is part of the name, as it is in JSON.
        let blank = read(&answer(&success(" admin\u{a0} "))).unwrap();
        assert_eq!(blank.user, "admin\u{a0}");
    }
}
