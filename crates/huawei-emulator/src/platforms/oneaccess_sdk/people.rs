//! The directory: people and organizations, for as long as the emulator runs.

use serde_json::{Map, Value, json};

/// What the platform thinks of a password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PasswordState {
    /// It must be changed.
    Expired,
    /// It is good.
    #[default]
    Good,
    /// It should be changed.
    Warning,
}

/// A person.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub id: String,
    pub user_name: String,
    pub mobile: String,
    pub password: Option<String>,
    pub password_state: PasswordState,
    pub must_change: bool,
    pub second_factor: bool,
    pub disabled: bool,
    pub org_id: Option<String>,
    /// Everything else that was told of the person, as answers repeat it.
    pub attributes: Map<String, Value>,
    pub social: Vec<Social>,
    pub created_at: String,
    pub updated_at: String,
    /// Wrong passwords in a row, and until when they lock the person out.
    pub failures: u32,
    pub locked_until_s: i64,
}

/// A social account that is bound to a person.
#[derive(Clone, Debug)]
pub(crate) struct Social {
    pub id: String,
    pub kind: String,
    pub uid: String,
}

/// An organization.
#[derive(Clone, Debug)]
pub(crate) struct Organization {
    pub id: String,
    pub code: String,
    pub name: String,
    pub parent_id: Option<String>,
    pub category: Option<String>,
}

/// All people and organizations.
#[derive(Debug)]
pub(crate) struct Directory {
    pub people: Vec<Person>,
    pub organizations: Vec<Organization>,
}

impl Person {
    pub(super) fn new(id: &str, user_name: &str, mobile: &str) -> Self {
        Self {
            id: id.to_owned(),
            user_name: user_name.to_owned(),
            mobile: mobile.to_owned(),
            password: None,
            password_state: PasswordState::Good,
            must_change: false,
            second_factor: false,
            disabled: false,
            org_id: None,
            attributes: Map::new(),
            social: Vec::new(),
            created_at: "2024-01-01 09:00:00.000".to_owned(),
            updated_at: "2024-01-01 09:00:00.000".to_owned(),
            failures: 0,
            locked_until_s: 0,
        }
    }

    pub(super) fn named(mut self, name: &str) -> Self {
        self.attributes.insert("name".to_owned(), name.into());
        let email = format!("{}@example.com", self.user_name);
        self.attributes.insert("email".to_owned(), email.into());
        self
    }

    pub(super) fn with_password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self
    }

    pub(super) fn in_organization(mut self, id: &str) -> Self {
        self.org_id = Some(id.to_owned());
        self
    }

    pub(super) fn bind(&mut self, kind: &str, uid: &str, id: &str) {
        self.social.push(Social {
            id: id.to_owned(),
            kind: kind.to_owned(),
            uid: uid.to_owned(),
        });
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name)?.as_str()
    }

    /// The person as the management API shows them.
    pub(super) fn as_user(&self) -> Value {
        let mut user = self.attributes.clone();
        let own = json!({
            "user_id": self.id,
            "user_name": self.user_name,
            "mobile": self.mobile,
            "org_id": self.org_id,
            "disabled": self.disabled,
            "locked": self.failures >= super::login::MOST_FAILURES,
            "pwd_must_modify": self.must_change,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        });
        user.extend(own.as_object().cloned().unwrap_or_default());
        user.entry("extension").or_insert_with(|| json!({}));
        Value::Object(user)
    }

    /// The person as sign-ins show them to applications.
    pub(super) fn as_identity(&self) -> Value {
        json!({
            "id": self.id,
            "userName": self.user_name,
            "name": self.attribute("name"),
            "mobile": self.mobile,
            "email": self.attribute("email"),
        })
    }
}

impl Organization {
    pub(super) fn new(id: &str, code: &str, name: &str, parent_id: Option<String>) -> Self {
        Self {
            id: id.to_owned(),
            code: code.to_owned(),
            name: name.to_owned(),
            parent_id,
            category: Some("department".to_owned()),
        }
    }

    pub(super) fn as_answer(&self) -> Value {
        json!({
            "org_id": self.id,
            "org_code": self.code,
            "name": self.name,
            "parent_id": self.parent_id,
            "category": self.category,
        })
    }
}

impl Directory {
    pub(super) fn person(&self, id: &str) -> Option<&Person> {
        self.people.iter().find(|it| it.id == id)
    }

    pub(super) fn person_mut(&mut self, id: &str) -> Option<&mut Person> {
        self.people.iter_mut().find(|it| it.id == id)
    }

    pub(super) fn by_name(&self, user_name: &str) -> Option<&Person> {
        self.people.iter().find(|it| it.user_name == user_name)
    }

    pub(super) fn by_mobile(&self, mobile: &str) -> Option<&Person> {
        let bare = bare_mobile(mobile);
        self.people
            .iter()
            .find(|it| bare_mobile(&it.mobile) == bare)
    }

    pub(super) fn by_email(&self, email: &str) -> Option<&Person> {
        let is = |it: &&Person| it.attribute("email") == Some(email);
        self.people.iter().find(is)
    }

    pub(super) fn by_social(&self, kind: &str, uid: &str) -> Option<&Person> {
        let bound = |it: &&Person| {
            let mut social = it.social.iter();
            social.any(|it| it.kind == kind && it.uid == uid)
        };
        self.people.iter().find(bound)
    }

    pub(super) fn organization(&self, id: &str) -> Option<&Organization> {
        self.organizations.iter().find(|it| it.id == id)
    }

    pub(super) fn organization_by_code(&self, code: &str) -> Option<&Organization> {
        self.organizations.iter().find(|it| it.code == code)
    }

    /// Whether `id` is `top` or below it.
    pub(super) fn is_below(&self, id: &str, top: &str) -> bool {
        let mut at = Some(id);
        // Bounded, should somebody make a ring of them.
        for _ in 0..self.organizations.len() + 1 {
            match at {
                Some(id) if id == top => return true,
                Some(id) => at = self.organization(id).and_then(|it| it.parent_id.as_deref()),
                None => return false,
            }
        }
        false
    }
}

/// A number without the country: `+86-138…` and `138…` are the same.
fn bare_mobile(mobile: &str) -> &str {
    mobile.rsplit_once('-').map_or(mobile, |(_, bare)| bare)
}
