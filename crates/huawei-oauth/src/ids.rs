//! Who a user is: three kinds of ids that look alike, told apart by type.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{
    DeviceToken, IdTokenClaims, QuickLoginPhoneNumber, SecurityEventSubject, TokenInfo, UserInfo,
    VerifiedIdToken,
};

/// Declares an id that is a text, compared byte by byte.
macro_rules! id {
    ($(#[$attribute:meta])* $name:ident) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// Takes the text as it is: upper and lower case differ.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into().into_boxed_str())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(text)
            }
        }
    };
}

id! {
    /// A user in one app. The same person has another one in every app.
    ///
    /// 28 characters for apps created since 2023-09-21, up to 256 before. Case counts: store it in a
    /// column with binary collation.
    OpenId
}

id! {
    /// A user over all apps of one developer; it changes when the app is moved to another one.
    ///
    /// 29 characters for developers registered since 2023-09-21, up to 92 before. Case counts: store
    /// it in a column with binary collation.
    UnionId
}

id! {
    /// A user over all developers of one associated account group; up to 64 characters. Case counts.
    GroupUnionId
}

/// The ids of one user, whatever the call that told them spells them: `openID`, `openId`,
/// `open_id`, `openid` or `subject.extra`, and `unionID`, `unionId`, `union_id`, `sub`.
///
/// [`key`](Self::key) is what to know the user by. Keep the OpenID beside it: by that the user is
/// found again after the app has moved to another developer, when every UnionID has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct UserIds {
    /// The user over all apps of the developer.
    pub union_id: Option<UnionId>,
    /// The user in this app.
    pub open_id: Option<OpenId>,
}

impl UserIds {
    /// The stable key of a user: the UnionID, which every ID token and every account event carries.
    /// Only answers of old apps and the refusal of a phone number abroad go without it.
    pub fn key(&self) -> Option<&UnionId> {
        self.union_id.as_ref()
    }

    fn new(union_id: Option<&str>, open_id: Option<&str>) -> Self {
        // Old answers hold empty texts for what they do not tell.
        let told = |id: &&str| !id.is_empty();
        Self {
            union_id: union_id.filter(told).map(UnionId::from),
            open_id: open_id.filter(told).map(OpenId::from),
        }
    }
}

impl From<&IdTokenClaims> for UserIds {
    fn from(claims: &IdTokenClaims) -> Self {
        Self::new(Some(&claims.sub), claims.openid.as_deref())
    }
}

impl From<&VerifiedIdToken> for UserIds {
    fn from(claims: &VerifiedIdToken) -> Self {
        Self::new(Some(&claims.sub), claims.openid.as_deref())
    }
}

impl From<&UserInfo> for UserIds {
    fn from(info: &UserInfo) -> Self {
        Self::new(info.union_id.as_deref(), Some(&info.open_id))
    }
}

impl From<&QuickLoginPhoneNumber> for UserIds {
    fn from(answer: &QuickLoginPhoneNumber) -> Self {
        Self::new(Some(&answer.union_id), Some(&answer.open_id))
    }
}

impl From<&TokenInfo> for UserIds {
    fn from(info: &TokenInfo) -> Self {
        Self::new(info.union_id.as_deref(), info.open_id.as_deref())
    }
}

impl From<&DeviceToken> for UserIds {
    fn from(token: &DeviceToken) -> Self {
        Self::new(None, Some(&token.open_id))
    }
}

impl From<&SecurityEventSubject> for UserIds {
    fn from(subject: &SecurityEventSubject) -> Self {
        Self::new(Some(&subject.sub), subject.extra.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check<T: DeserializeOwned>(answer: Value, union_id: Option<&str>, open_id: Option<&str>)
    where
        for<'a> UserIds: From<&'a T>,
    {
        let answer: T = serde_json::from_value(answer).unwrap();
        let ids = UserIds::from(&answer);
        assert_eq!(ids.key().map(UnionId::as_str), union_id);
        assert_eq!(ids.open_id.as_ref().map(OpenId::as_str), open_id);
    }

    #[test]
    fn every_spelling_is_the_same_user() {
        let (u, o) = (Some("U"), Some("O"));
        check::<UserInfo>(json!({"openID": "O", "unionID": "U"}), u, o);
        check::<QuickLoginPhoneNumber>(json!({"openId": "O", "unionId": "U"}), u, o);
        check::<TokenInfo>(json!({"open_id": "O", "union_id": "U"}), u, o);
        check::<SecurityEventSubject>(json!({"sub": "U", "extra": "O"}), u, o);
        let claims = json!({"iss": "i", "sub": "U", "aud": "1", "exp": 1, "iat": 1, "openid": "O"});
        check::<IdTokenClaims>(claims, u, o);
        let device = json!({
            "token_type": "Bearer", "access_token": "a", "expires_in": 1, "open_id": "O",
        });
        check::<DeviceToken>(device, None, o);
    }

    #[test]
    fn what_is_not_told_is_not_made_up() {
        check::<UserInfo>(json!({"openID": "O"}), None, Some("O"));
        check::<TokenInfo>(json!({"scope": "openid", "union_id": ""}), None, None);
    }

    #[test]
    fn ids_differ_by_case() {
        assert_ne!(OpenId::from("AQAx"), OpenId::from("aqax"));
        assert_eq!(
            serde_json::to_value(OpenId::from("AQAx")).unwrap(),
            json!("AQAx")
        );
    }
}
