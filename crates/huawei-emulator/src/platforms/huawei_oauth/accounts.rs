//! Who signs in and where: users, apps, agents, and the ids that tell users apart.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answer::Refusal;
use crate::platforms::jws::PublicKey;

/// A person with a HUAWEI ID.
///
/// ```
/// use huawei_emulator::huawei_oauth::User;
///
/// let user = User::new("mary", "Mary").email("mary@example.com").phone("0044", "7700900123");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct User {
    /// What the emulator calls the user; no platform ever shows it.
    pub id: String,
    /// The nickname; there are users without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// The address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The country code of the phone number: `00` and digits.
    #[serde(default = "china")]
    pub phone_country_code: String,
    /// The phone number that is bound to the account, without its country code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Whether the number was proven in the last 90 days.
    #[serde(default = "yes")]
    pub phone_proven: bool,
    /// The site of the account: 1 mainland China, 5 Asia, Africa and Latin America, 7 Europe,
    /// 8 Russia. Quick login is for site 1 alone.
    #[serde(default = "one")]
    pub site: i64,
    /// The age range of the real-name record: 1 unknown, 2 under 14, 3 under 18, 4 adult.
    #[serde(default = "one")]
    pub age_range: i64,
    /// The risk level: 0 nothing found, 1 low, 2 medium, 3 high, 4 unknown.
    #[serde(default)]
    pub risk_level: i64,
    /// The reasons of the risk level.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risk_tags: Vec<String>,
}

fn china() -> String {
    "0086".to_owned()
}

fn yes() -> bool {
    true
}

fn one() -> i64 {
    1
}

impl User {
    /// A user of mainland China with a nickname and nothing else.
    pub fn new(id: impl Into<String>, nickname: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            nickname: Some(nickname.into()),
            picture: None,
            email: None,
            phone_country_code: china(),
            phone: None,
            phone_proven: true,
            site: 1,
            age_range: 1,
            risk_level: 0,
            risk_tags: Vec::new(),
        }
    }

    /// Sets the e-mail address.
    pub fn email(mut self, address: impl Into<String>) -> Self {
        self.email = Some(address.into());
        self
    }

    /// Sets the phone number: the country code as `00` and digits, and the number without it.
    pub fn phone(mut self, country_code: impl Into<String>, number: impl Into<String>) -> Self {
        self.phone_country_code = country_code.into();
        self.phone = Some(number.into());
        self
    }

    /// Sets whether the phone number was proven in the last 90 days.
    pub fn phone_proven(mut self, proven: bool) -> Self {
        self.phone_proven = proven;
        self
    }

    /// Sets the address of the picture.
    pub fn picture(mut self, url: impl Into<String>) -> Self {
        self.picture = Some(url.into());
        self
    }

    /// Sets the site: 1 mainland China, 5 Asia, Africa and Latin America, 7 Europe, 8 Russia.
    pub fn site(mut self, site: i64) -> Self {
        self.site = site;
        self
    }

    /// Sets the age range: 1 unknown, 2 under 14, 3 under 18, 4 adult.
    pub fn age_range(mut self, range: i64) -> Self {
        self.age_range = range;
        self
    }

    /// Sets the risk level, 0 to 4, and its reasons.
    pub fn risk(mut self, level: i64, tags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.risk_level = level;
        self.risk_tags = tags.into_iter().map(Into::into).collect();
        self
    }

    /// The phone number with stars in its middle, or else the e-mail address.
    pub(super) fn masked_account(&self) -> String {
        let masked = |text: &str, shown: usize, end: usize| {
            let letters: Vec<char> = text.chars().collect();
            let end = letters.len().saturating_sub(end);
            let stars = |(at, letter): (usize, &char)| match at >= shown && at < end {
                true => '*',
                false => *letter,
            };
            letters.iter().enumerate().map(stars).collect()
        };
        match (&self.phone, &self.email) {
            (Some(phone), _) => masked(phone, 3, 2),
            (None, Some(email)) => {
                let host = email.split_once('@').map_or(0, |(_, host)| host.len() + 1);
                masked(email, 1, host)
            }
            (None, None) => masked(&self.id, 1, 0),
        }
    }

    /// The nickname, or else the account with stars.
    pub(super) fn display_name(&self) -> String {
        self.nickname
            .clone()
            .unwrap_or_else(|| self.masked_account())
    }

    /// `00`, country code and number.
    pub(super) fn whole_phone(&self) -> Option<String> {
        let phone = self.phone.as_ref()?;
        Some(format!("{}{phone}", self.phone_country_code))
    }
}

/// An app: an OAuth client of a developer.
///
/// ```
/// use huawei_emulator::huawei_oauth::App;
///
/// let app = App::new("200000009", "secret9").redirect_uri("http://127.0.0.1:3000/callback");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct App {
    /// The OAuth client id: digits.
    pub client_id: String,
    /// The OAuth client secret.
    pub client_secret: String,
    /// The name that the consent page shows.
    #[serde(default)]
    pub name: String,
    /// The addresses that a browser may come back to.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// The scopes that the console has granted to the app.
    #[serde(default = "all_scopes")]
    pub scopes: Vec<String>,
    /// The developer: users have one union id for all apps of one.
    #[serde(default = "first_developer")]
    pub developer: String,
    /// The account group of the developer: users have one group union id for all its members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The project that the app belongs to.
    #[serde(default = "first_project")]
    pub project_id: String,
    /// Where account events go; plain http.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events_url: Option<String>,
    /// Whether events come as a list even if there is one.
    #[serde(default)]
    pub events_as_list: bool,
}

fn all_scopes() -> Vec<String> {
    SCOPES.map(str::to_owned).to_vec()
}

fn first_developer() -> String {
    "developer-1".to_owned()
}

fn first_project() -> String {
    "736430079244623101".to_owned()
}

impl App {
    /// An app of the first developer with every scope, in no account group, without addresses.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        let client_id = client_id.into();
        Self {
            name: format!("App {client_id}"),
            client_id,
            client_secret: client_secret.into(),
            redirect_uris: Vec::new(),
            scopes: all_scopes(),
            developer: first_developer(),
            group: None,
            project_id: first_project(),
            events_url: None,
            events_as_list: false,
        }
    }

    /// Sets the name that the consent page shows.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Registers an address that a browser may come back to.
    pub fn redirect_uri(mut self, address: impl Into<String>) -> Self {
        self.redirect_uris.push(address.into());
        self
    }

    /// Sets the scopes that are granted, parted by spaces.
    pub fn scopes(mut self, scopes: &str) -> Self {
        self.scopes = words(scopes);
        self
    }

    /// Sets the developer.
    pub fn developer(mut self, name: impl Into<String>) -> Self {
        self.developer = name.into();
        self
    }

    /// Puts the developer into an account group.
    pub fn group(mut self, name: impl Into<String>) -> Self {
        self.group = Some(name.into());
        self
    }

    /// Sets where account events go; plain http.
    pub fn events_url(mut self, address: impl Into<String>) -> Self {
        self.events_url = Some(address.into());
        self
    }

    /// Sends events as a list even if there is one.
    pub fn events_as_list(mut self) -> Self {
        self.events_as_list = true;
        self
    }

    /// Whether a browser may come back to this address: one that is registered, with at most one
    /// more query parameter.
    pub(super) fn returns_to(&self, address: &str) -> bool {
        self.redirect_uris.iter().any(|registered| {
            let Some(rest) = address.strip_prefix(&**registered) else {
                return false;
            };
            let joint = if registered.contains('?') { '&' } else { '?' };
            rest.is_empty()
                || rest
                    .strip_prefix(joint)
                    .is_some_and(|more| !more.contains(['&', '#', '?']))
        })
    }

    /// Checks scopes that are asked for, parted by spaces.
    pub(super) fn grant(&self, scopes: &str) -> Result<Vec<String>, Refusal> {
        let scopes = words(scopes);
        if scopes.len() > MOST_SCOPES {
            return Err(Refusal::code("oauth:1101/20041").because("over 150 scopes"));
        }
        match scopes.iter().find(|scope| !self.scopes.contains(scope)) {
            Some(scope) => Err(Refusal {
                reason: Some(format!("the app was not granted the scope {scope}")),
                ..Refusal::code("oauth:1101/20042").message("invalid scope")
            }),
            None => Ok(scopes),
        }
    }

    /// The id of a user in this app.
    pub(super) fn open_id(&self, user: &str) -> String {
        made_up("AQAx", &["open", &self.client_id, user], 28)
    }

    /// The id of a user for the developer of this app.
    pub(super) fn union_id(&self, user: &str) -> String {
        made_up("AQAx", &["union", &self.developer, user], 29)
    }

    /// The id of a user for the account group of this app.
    pub(super) fn group_union_id(&self, user: &str) -> Option<String> {
        let group = self.group.as_deref()?;
        Some(made_up("AgAs", &["group", group, user], 42))
    }
}

/// A service provider that acts for merchants: the service account that signs its assertions.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub source: AgentSource,
    pub key: PublicKey,
}

/// A service provider as a state file has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgentSource {
    pub sub_account: String,
    pub key_id: String,
    /// The key in PEM, public or private.
    pub pem: String,
    /// The client ids of the merchants that it acts for.
    pub merchants: Vec<String>,
}

impl Agent {
    pub(crate) fn new(source: AgentSource) -> Result<Self, &'static str> {
        let key = PublicKey::from_pem(&source.pem)?;
        Ok(Self { source, key })
    }

    /// The key file as the console gives it out; only for a private key.
    pub(crate) fn key_file(&self) -> Option<Value> {
        let pem = &self.source.pem;
        pem.contains("PRIVATE KEY").then(|| {
            json!({
                "project_id": first_project(),
                "key_id": self.source.key_id,
                "private_key": pem,
                "sub_account": self.source.sub_account,
                "auth_uri": "https://oauth-login.cloud.huawei.com/oauth2/v3/authorize",
                "token_uri": "https://oauth-login.cloud.huawei.com/oauth2/v3/token",
                "auth_provider_cert_uri": "https://oauth-login.cloud.huawei.com/oauth2/v3/certs",
                "client_cert_uri": "https://oauth-login.cloud.huawei.com/oauth2/v3/x509?client_id=",
            })
        })
    }
}

/// All accounts of a space.
#[derive(Clone, Debug)]
pub(crate) struct Accounts {
    pub users: Vec<User>,
    pub apps: Vec<App>,
    pub agents: Vec<Agent>,
}

impl Accounts {
    pub(crate) fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub(crate) fn app(&self, client_id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.client_id == client_id)
    }

    /// Registers a user, or changes the one with the same id.
    pub(crate) fn add_user(&mut self, user: User) {
        match self.users.iter_mut().find(|known| known.id == user.id) {
            Some(known) => *known = user,
            None => self.users.push(user),
        }
    }

    /// Registers an app, or changes the one with the same client id.
    pub(crate) fn add_app(&mut self, app: App) {
        match self
            .apps
            .iter_mut()
            .find(|known| known.client_id == app.client_id)
        {
            Some(known) => *known = app,
            None => self.apps.push(app),
        }
    }
}

/// The words of a text.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// An id that looks like the platform's and is the same in every run.
fn made_up(prefix: &str, parts: &[&str], length: usize) -> String {
    let hash = digest(&SHA256, parts.join("\n").as_bytes());
    let text = URL_SAFE_NO_PAD.encode(hash);
    format!("{prefix}{}", &text[..length - prefix.len()])
}

/// The scopes that an app has unless it says otherwise.
const SCOPES: [&str; 13] = [
    "openid",
    "profile",
    "email",
    "phone",
    "quickLoginAnonymousPhone",
    "quickLoginMobilePhone",
    "riskLevel",
    "realNameAgeRange",
    "https://www.huawei.com/auth/account/base.profile",
    "https://www.huawei.com/auth/account/mobile.number",
    "https://www.huawei.com/auth/account/country",
    "https://www.huawei.com/auth/account/accountlist",
    "userConsent",
];

const MOST_SCOPES: usize = 150;

#[cfg(test)]
mod tests {
    use super::{App, User};

    #[test]
    fn an_address_may_have_one_more_query_parameter() {
        let app = App::new("1", "s")
            .redirect_uri("https://a.test/b")
            .redirect_uri("https://c.test/?d=1");
        for good in [
            "https://a.test/b",
            "https://a.test/b?x=1",
            "https://c.test/?d=1&x=1",
        ] {
            assert!(app.returns_to(good), "{good}");
        }
        for bad in [
            "https://a.test/b/c",
            "https://a.test/b?x=1&y=2",
            "https://a.test/b#x",
            "https://a.test/bc",
            "https://c.test/?d=12",
            "https://evil.test/",
        ] {
            assert!(!app.returns_to(bad), "{bad}");
        }
    }

    #[test]
    fn ids_have_the_length_of_the_platforms_and_depend_on_what_they_should() {
        let [one, two] = ["1", "2"].map(|id| App::new(id, "s").group("g"));
        assert_eq!(one.open_id("u").len(), 28);
        assert_eq!(one.union_id("u").len(), 29);
        assert_ne!(one.open_id("u"), two.open_id("u"));
        assert_eq!(one.union_id("u"), two.union_id("u"));
        assert_ne!(one.union_id("u"), two.developer("other").union_id("u"));
        assert_eq!(one.group_union_id("u").unwrap().len(), 42);
    }

    #[test]
    fn an_account_is_masked() {
        let user = User::new("mary", "Mary");
        assert_eq!(
            user.clone().email("mary@b.test").masked_account(),
            "m***@b.test"
        );
        assert_eq!(
            user.clone().phone("0086", "19100000008").masked_account(),
            "191******08"
        );
        assert_eq!(user.masked_account(), "m***");
    }
}
