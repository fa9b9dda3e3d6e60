//! Who may call: service accounts and their JWTs, clients and their access tokens.

use std::collections::{HashMap, VecDeque};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::unix_s;
use crate::platforms::Call;
use crate::platforms::jws::{self, Algorithm, PublicKey};
use crate::platforms::security::bearer;

/// A service account: the key with which a project's sender signs.
#[derive(Clone, Debug)]
pub(crate) struct ServiceAccount {
    pub project_id: String,
    pub key_id: String,
    pub sub_account: String,
    key: PublicKey,
    /// The PEM of the key; only a private one makes a key file.
    pem: String,
}

/// A service account as a state file has it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceAccountSource {
    pub project_id: String,
    pub key_id: String,
    pub sub_account: String,
    /// The key in PEM, public or private.
    pub pem: String,
}

impl ServiceAccount {
    /// Reads the key of an account.
    pub(crate) fn new(source: ServiceAccountSource) -> Result<Self, &'static str> {
        Ok(Self {
            key: PublicKey::from_pem(&source.pem)?,
            project_id: source.project_id,
            key_id: source.key_id,
            sub_account: source.sub_account,
            pem: source.pem,
        })
    }

    /// The account as a state file has it.
    pub(crate) fn source(&self) -> ServiceAccountSource {
        ServiceAccountSource {
            project_id: self.project_id.clone(),
            key_id: self.key_id.clone(),
            sub_account: self.sub_account.clone(),
            pem: self.pem.clone(),
        }
    }

    /// The key file as the console gives it out; only for a private key.
    fn key_file(&self) -> Option<Value> {
        self.pem.contains("PRIVATE KEY").then(|| {
            json!({
                "project_id": self.project_id,
                "key_id": self.key_id,
                "private_key": one_line(&self.pem),
                "sub_account": self.sub_account,
                "auth_uri": "https://oauth-login.cloud.huawei.com/oauth2/v3/authorize",
                "token_uri": AUDIENCE,
                "auth_provider_cert_uri": "https://oauth-login.cloud.huawei.com/oauth2/v3/certs",
                "client_cert_uri": "https://oauth-login.cloud.huawei.com/oauth2/v3/x509?client_id=",
            })
        })
    }
}

/// An app with its OAuth client: the client id is the app id.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct App {
    /// The OAuth client id, which is the app id.
    pub client_id: String,
    /// The OAuth client secret.
    pub client_secret: String,
    /// The project that the app belongs to.
    pub project_id: String,
    /// The bundle or package name, as receipts carry it.
    pub package: String,
    /// The push types the app has no right to.
    #[serde(default)]
    pub without_right: Vec<i64>,
}

impl App {
    /// An app with every right.
    pub fn new(
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
        project_id: impl Into<String>,
    ) -> Self {
        let client_id = client_id.into();
        Self {
            package: format!("com.example.app{client_id}"),
            client_id,
            client_secret: client_secret.into(),
            project_id: project_id.into(),
            without_right: Vec::new(),
        }
    }
}

/// All accounts of a space, and the access tokens that were issued.
#[derive(Debug)]
pub(crate) struct Accounts {
    pub service_accounts: Vec<ServiceAccount>,
    pub apps: Vec<App>,
    issued: HashMap<String, Issued>,
    order: VecDeque<String>,
    /// JWTs whose signature was found right, so that the next request with one costs no RSA.
    verified: VecDeque<String>,
    pub token_lifetime_s: i64,
}

#[derive(Clone, Debug)]
struct Issued {
    client_id: String,
    expires_s: i64,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A service account of this project.
    Project(String),
    /// This client.
    Client(String),
}

impl Accounts {
    /// These accounts, with no token issued yet.
    pub(crate) fn new(service_accounts: Vec<ServiceAccount>, apps: Vec<App>) -> Self {
        Self {
            service_accounts,
            apps,
            issued: HashMap::new(),
            order: VecDeque::new(),
            verified: VecDeque::new(),
            token_lifetime_s: 3600,
        }
    }

    pub(crate) fn app(&self, client_id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.client_id == client_id)
    }

    pub(crate) fn has_project(&self, project_id: &str) -> bool {
        let mut accounts = self.service_accounts.iter();
        accounts.any(|account| account.project_id == project_id)
            || self.apps.iter().any(|app| app.project_id == project_id)
    }

    /// Registers a service account, or changes the one with the same key id.
    pub(crate) fn add_account(&mut self, source: ServiceAccountSource) -> Result<(), &'static str> {
        let account = ServiceAccount::new(source)?;
        self.service_accounts
            .retain(|known| known.key_id != account.key_id);
        self.service_accounts.push(account);
        self.verified.clear();
        Ok(())
    }

    /// Registers an app, or changes it.
    pub(crate) fn add_app(&mut self, app: App) {
        self.apps.retain(|known| known.client_id != app.client_id);
        self.apps.push(app);
    }

    /// The key file of the service account of a project.
    pub(crate) fn key_file(&self, project_id: &str) -> Option<Value> {
        let of_project = |account: &&ServiceAccount| account.project_id == project_id;
        let mut accounts = self.service_accounts.iter().filter(of_project);
        accounts.find_map(ServiceAccount::key_file)
    }

    /// Finds out who calls.
    pub(crate) fn caller(&mut self, call: &Call<'_>) -> Result<Caller, Refusal> {
        let takes = |scheme: &str| {
            let mut alternatives = call.operation.security.iter().flatten();
            alternatives.any(|name| name == scheme)
        };
        let Some(token) = bearer(call) else {
            return Err(unauthorised("no bearer token in Authorization"));
        };
        if token.bytes().filter(|&byte| byte == b'.').count() == 2 {
            if !takes("serviceAccountJwt") {
                return Err(unauthorised(
                    "this operation takes an OAuth access token, not a JWT",
                ));
            }
            return self.jwt(token, unix_s(call.now)).map(Caller::Project);
        }
        if !takes("hmsAccessToken") {
            return Err(unauthorised(
                "this operation takes the JWT of a service account",
            ));
        }
        let Some(issued) = self.issued.get(token) else {
            return Err(unauthorised("nobody issued this access token"));
        };
        if issued.expires_s <= unix_s(call.now) {
            return Err(Refusal::code("80200003").because("the access token has expired"));
        }
        Ok(Caller::Client(issued.client_id.clone()))
    }

    /// Verifies a JWT and gives its project.
    fn jwt(&mut self, token: &str, now_s: i64) -> Result<String, Refusal> {
        let jwt = jws::parse(token).ok_or_else(|| unauthorised("not a JWT"))?;
        if jwt.header["alg"] != "PS256" {
            return Err(unauthorised("the JWT is not signed with PS256"));
        }
        let mut accounts = self.service_accounts.iter();
        let account = accounts
            .find(|account| jwt.header["kid"] == *account.key_id)
            .ok_or_else(|| unauthorised("no service account has the kid of the JWT"))?;
        if !self.verified.iter().any(|known| known == token) {
            if !jwt.is_signed_by(&account.key, Algorithm::Ps256) {
                return Err(unauthorised("the signature of the JWT does not verify"));
            }
            self.verified.push_back(token.to_owned());
            if self.verified.len() > VERIFIED_KEPT {
                self.verified.pop_front();
            }
        }
        let claims = &jwt.claims;
        if claims["iss"] != *account.sub_account {
            return Err(unauthorised("iss is not the sub_account of the key"));
        }
        if claims["aud"] != AUDIENCE {
            return Err(unauthorised("aud is not the token address"));
        }
        let (Some(iat), Some(exp)) = (claims["iat"].as_i64(), claims["exp"].as_i64()) else {
            return Err(unauthorised(
                "iat or exp is missing, or not in Unix seconds",
            ));
        };
        if exp - iat > LONGEST_LIFE_S {
            return Err(Refusal::code("80300036").because("the JWT lives for over a day"));
        }
        if exp <= now_s {
            return Err(Refusal::code("80200005").because("the JWT has expired"));
        }
        if iat > now_s + LEEWAY_S {
            return Err(unauthorised("the JWT is from the future"));
        }
        Ok(account.project_id.clone())
    }

    /// Issues an access token for client credentials.
    pub(crate) fn obtain_access_token(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.body();
        let text = |name: &str| body[name].as_str().unwrap_or_default();
        let Some(app) = self.app(text("client_id")) else {
            let refusal = Refusal::code("oauth:1101").message("invalid client_id");
            return Err(Refusal {
                reason: Some("nobody has this client_id".to_owned()),
                ..refusal
            });
        };
        if app.client_secret != text("client_secret") {
            let refusal = Refusal::code("oauth:1101/12304").message("invalid client_secret");
            return Err(Refusal {
                reason: Some("the client_secret is wrong, or was not percent-encoded".to_owned()),
                ..refusal
            });
        }
        let client_id = app.client_id.clone();
        let token = fresh_token();
        let expires_s = unix_s(call.now) + self.token_lifetime_s;
        self.order.push_back(token.clone());
        self.issued.insert(
            token.clone(),
            Issued {
                client_id,
                expires_s,
            },
        );
        if self.order.len() > ISSUED_KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.issued.remove(&oldest);
        }
        let text = json!({
            "access_token": token,
            "expires_in": self.token_lifetime_s,
            "token_type": "Bearer",
        });
        // The platform escapes the slashes of the token.
        let text = text.to_string().replace('/', "\\/");
        Ok(Answer::text("application/json", text))
    }

    /// Makes every access token issued so far worthless.
    pub(crate) fn revoke_tokens(&mut self) {
        self.issued.clear();
        self.order.clear();
    }
}

fn unauthorised(reason: &str) -> Refusal {
    Refusal::code("80200001").because(reason)
}

/// A token with the characters that break clients which cut texts: `/`, `+` and `=`.
fn fresh_token() -> String {
    let bytes: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..))
        .take(58)
        .collect();
    format!("DQEB/+{}", STANDARD.encode(bytes))
}

/// A PEM with its whole Base64 in one line, as the console writes it.
fn one_line(pem: &str) -> String {
    let lines: Vec<&str> = pem.lines().collect();
    let (first, rest) = lines.split_first().unwrap_or((&"", &[]));
    let (last, body) = rest.split_last().unwrap_or((&"", &[]));
    format!("{first}\n{}\n{last}\n", body.concat())
}

const AUDIENCE: &str = "https://oauth-login.cloud.huawei.com/oauth2/v3/token";

/// The longest life of a JWT, in seconds.
const LONGEST_LIFE_S: i64 = 86_400;

/// How far the clock of a sender may be ahead, in seconds.
const LEEWAY_S: i64 = 300;

const VERIFIED_KEPT: usize = 64;
const ISSUED_KEPT: usize = 10_000;
