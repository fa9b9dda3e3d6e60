//! The applications of the tenant, and the access tokens they hold.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::answer::{Answer, Refusal};
use crate::clock::unix_s;
use crate::platforms::Call;
use crate::platforms::security::{basic, bearer};

use super::ids::random_text;

/// An application of the portal.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Application {
    /// The ClientId.
    pub client_id: String,
    /// The ClientSecret.
    pub client_secret: String,
    /// The id in the management API.
    pub application_id: String,
    /// The name that people see on the login page.
    pub name: String,
    /// The registered addresses: a login comes back to one of them, or to another on the same
    /// host. While there are none, any address will do.
    #[serde(default)]
    pub callbacks: Vec<String>,
    /// The entity id of an application that people sign in to by SAML. Assertions go to the first
    /// of the registered addresses.
    #[serde(default)]
    pub entity_id: Option<String>,
    /// Whether logins of the user APIs give an id token.
    #[serde(default = "yes")]
    pub gives_id_tokens: bool,
    /// How long refresh tokens live, in seconds; 0 for an application that gets none.
    #[serde(default)]
    pub refresh_token_s: i64,
    /// Whether an unknown number registers by logging in with the code of an SMS.
    #[serde(default)]
    pub registers: bool,
}

fn yes() -> bool {
    true
}

impl Application {
    /// An application with these names, and everything else as the portal presets it.
    pub fn new(
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
        application_id: impl Into<String>,
        name: impl Into<String>,
    ) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            application_id: application_id.into(),
            name: name.into(),
            callbacks: Vec::new(),
            entity_id: None,
            gives_id_tokens: true,
            refresh_token_s: 0,
            registers: false,
        }
    }

    /// Whether a login may come back to this address.
    pub(super) fn returns_to(&self, address: &str) -> bool {
        let host = |address: &str| {
            let rest = address.split_once("://")?.1;
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            Some(rest[..end].to_owned())
        };
        self.callbacks.is_empty()
            || self.callbacks.iter().any(|callback| {
                callback == address || host(callback).is_some() && host(callback) == host(address)
            })
    }
}

/// All applications.
#[derive(Debug)]
pub(crate) struct Applications {
    pub all: Vec<Application>,
    /// How long access tokens live that are issued from now on, in seconds.
    pub token_lifetime_s: i64,
    tokens: HashMap<String, Issued>,
}

#[derive(Debug)]
struct Issued {
    client_id: String,
    expires_s: i64,
}

impl Applications {
    pub(super) fn new(all: Vec<Application>) -> Self {
        Self {
            all,
            token_lifetime_s: 1800,
            tokens: HashMap::new(),
        }
    }

    pub(super) fn by_client(&self, client_id: &str) -> Option<&Application> {
        self.all.iter().find(|it| it.client_id == client_id)
    }

    pub(super) fn by_id(&self, id: &str) -> Option<&Application> {
        self.all.iter().find(|it| it.application_id == id)
    }

    /// Adds an application, or changes the one with the same ClientId.
    pub(super) fn add(&mut self, application: Application) {
        self.all.retain(|it| it.client_id != application.client_id);
        self.all.push(application);
    }

    /// Makes every access token issued so far worthless.
    pub(super) fn revoke_tokens(&mut self) {
        self.tokens.clear();
    }

    /// The application that a call to a token endpoint proves to be: by Basic or in the form.
    pub(super) fn proven(&self, call: &Call<'_>) -> Result<&Application, Refusal> {
        let member = |name: &str| call.body()[name].as_str().map(str::to_owned);
        let in_form = member("client_id").zip(member("client_secret"));
        let shown = basic(call).or(in_form);
        let wrong = || Refusal::code("oauth:invalid_client").because("Bad client credentials");
        let (id, secret) = shown.ok_or_else(wrong)?;
        let application = self.by_client(&id).ok_or_else(wrong)?;
        if application.client_secret == secret {
            Ok(application)
        } else {
            Err(wrong())
        }
    }

    /// `get_access_token`: a token that leaves older ones alone.
    pub(super) fn issue(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let client_id = self.proven(call)?.client_id.clone();
        let in_form = call.body()["grant_type"].as_str();
        let grant = in_form.or_else(|| call.query("grant_type"));
        if grant != Some("client_credentials") {
            return Err(Refusal::code("oauth:unsupported_grant_type"));
        }
        let token = random_text(36);
        let lifetime = self.token_lifetime_s;
        let issued = Issued {
            client_id,
            expires_s: unix_s(call.now) + lifetime,
        };
        self.tokens.insert(token.clone(), issued);
        Ok(Answer::json(&json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": lifetime,
            "scope": "all",
            "id_token": "eyJraWQiOiJrMSJ9.for-providers-of-apis.only",
        })))
    }

    /// The application whose access token a call shows.
    pub(super) fn caller(&self, call: &Call<'_>) -> Result<&Application, Refusal> {
        let unknown = || Refusal::code("oauth:invalid_token").because("Invalid access");
        let token = bearer(call).ok_or_else(|| Refusal::code("oauth:unauthorized"))?;
        let issued = self.tokens.get(token).ok_or_else(unknown)?;
        if issued.expires_s <= unix_s(call.now) {
            return Err(unknown());
        }
        self.by_client(&issued.client_id).ok_or_else(unknown)
    }
}
