//! An issuer of OpenID Connect that no document describes: known by its metadata.

use http::{Method, Uri};
use serde::Deserialize;

use crate::api::ApiBuilder;
use crate::jwt::{Algorithm, Verifier};
use crate::sign_in::client::{Issuer, OAuthClientBuilder, Path, Paths};
use crate::sign_in::{IdTokens, OAuthClient};
use crate::{
    Action, Api, Envelope, Error, KnownCode, Operation, Outcome, Platform, Request, Result, Server,
    Verdict,
};

/// What an issuer says of itself: its discovery document, or as much of it as one knows.
///
/// ```
/// use auth_core::sign_in::Metadata;
///
/// let by_hand = Metadata::new(
///     "https://issuer.example",
///     "https://login.issuer.example/authorize",
///     "https://api.issuer.example/token",
///     "https://api.issuer.example/keys",
/// );
/// # let _ = by_hand;
/// ```
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Metadata {
    /// The issuer, as its ID tokens name it.
    pub issuer: String,
    /// The consent page.
    pub authorization_endpoint: String,
    /// Where codes are exchanged.
    pub token_endpoint: String,
    /// Where the keys are.
    pub jwks_uri: String,
    /// Where the user is described.
    #[serde(default)]
    pub userinfo_endpoint: Option<String>,
    /// Where tokens are withdrawn.
    #[serde(default)]
    pub revocation_endpoint: Option<String>,
    /// Where the session ends.
    #[serde(default)]
    pub end_session_endpoint: Option<String>,
    /// The algorithms of ID tokens.
    #[serde(default)]
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// The ways for a client to prove itself; empty means by Basic.
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// Whether the issuer names itself when the browser comes back (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

/// Starts the settings of a connection to an issuer that no document describes: transport, timeout,
/// hosts that may be spoken to over plain http.
pub fn openid_api() -> ApiBuilder {
    Api::builder(&PLATFORM)
}

impl Metadata {
    /// Writes down what is known of an issuer.
    pub fn new(
        issuer: impl Into<String>,
        authorization_endpoint: impl Into<String>,
        token_endpoint: impl Into<String>,
        jwks_uri: impl Into<String>,
    ) -> Self {
        Self {
            issuer: issuer.into(),
            authorization_endpoint: authorization_endpoint.into(),
            token_endpoint: token_endpoint.into(),
            jwks_uri: jwks_uri.into(),
            userinfo_endpoint: None,
            revocation_endpoint: None,
            end_session_endpoint: None,
            id_token_signing_alg_values_supported: Vec::new(),
            token_endpoint_auth_methods_supported: Vec::new(),
            authorization_response_iss_parameter_supported: false,
        }
    }

    /// Reads the discovery document of `issuer`, which must be the issuer that the document names.
    pub async fn discover(connection: ApiBuilder, issuer: &str) -> Result<Self> {
        Self::discover_at(connection, issuer, issuer).await
    }

    /// Reads the discovery document below `base`, where an issuer serves it from another address
    /// than its name.
    pub async fn discover_at(connection: ApiBuilder, base: &str, issuer: &str) -> Result<Self> {
        let api = connection.all_servers(base).build()?;
        let metadata: Self = Request::new(&GET_METADATA).send(&api).await?;
        // A slash at the end is the one difference that exists in practice and means nothing.
        let bare = |text: &str| text.trim_end_matches('/').to_owned();
        if bare(&metadata.issuer) != bare(issuer) {
            return Err(Error::config(
                "the discovery document is that of another issuer",
            ));
        }
        Ok(metadata)
    }
}

impl OAuthClient {
    /// Starts the client of an issuer that no document describes. Its ID tokens are accepted with
    /// `algorithms`, and with the keys at its `jwks_uri`.
    ///
    /// The codes of RFC 6749 have their actions: `invalid_grant` is
    /// [`SignInAgain`](Action::SignInAgain), `invalid_client`
    /// [`FixCredentials`](Action::FixCredentials).
    pub fn openid(
        connection: ApiBuilder,
        issuer: &Metadata,
        client_id: impl Into<String>,
        algorithms: impl IntoIterator<Item = Algorithm>,
    ) -> Result<OAuthClientBuilder> {
        let (login, authorize) = split(&issuer.authorization_endpoint, "authorization")?;
        let (server, token) = split(&issuer.token_endpoint, "token")?;
        let api = connection
            .all_servers(server)
            .server(LOGIN, login)
            .build()?;
        let keys = api.key_set(issuer.jwks_uri.as_str());
        let rules = Verifier::new(algorithms).issuer(issuer.issuer.as_str());
        let client_id = client_id.into();
        let id_tokens = IdTokens::new(keys.build()?, rules, client_id.as_str());
        let at = |operation, path: &str| Path::new(operation, Some(path.to_owned()));
        let paths = Paths {
            authorize: at(&AUTHORIZE, &authorize),
            exchange: at(&EXCHANGE_CODE, &token),
            refresh: at(&REFRESH_TOKEN, &token),
        };
        let issuer = Issuer {
            name: issuer.issuer.clone(),
            always: issuer.authorization_response_iss_parameter_supported,
        };
        Ok(OAuthClientBuilder::new(api, paths, client_id)
            .id_tokens(id_tokens)
            .issuer(issuer))
    }
}

/// The two parts of an endpoint's address: up to the host, and from the path on.
fn split(address: &str, what: &str) -> Result<(String, String)> {
    let wrong = || Error::config(format!("the {what} endpoint is not an address"));
    let uri: Uri = address.parse().map_err(|_| wrong())?;
    let path = uri.path_and_query().ok_or_else(wrong)?.as_str().to_owned();
    match (uri.scheme_str(), uri.authority()) {
        (Some(scheme), Some(authority)) => Ok((format!("{scheme}://{authority}"), path)),
        _ => Err(wrong()),
    }
}

/// The role of the consent page.
const LOGIN: &str = "login";

static PLATFORM: Platform = Platform {
    name: "openid",
    servers: &[
        Server {
            role: "issuer",
            site: "",
            url: "https://{issuer}",
        },
        Server {
            role: LOGIN,
            site: "",
            url: "https://{issuer}",
        },
    ],
    codes: CODES,
    schemes: &[],
    security: &[],
    outcome: &OUTCOME,
    tokens: &[],
};

static OUTCOME: Outcome = Outcome {
    verdict: Verdict::Body,
    success: &[],
    partial: &[],
    envelopes: &[Envelope {
        code: &[&["error"]],
        sub_code: None,
        message: Some(&["error_description"]),
        request_id: None,
        realm: Some("oauth"),
    }],
};

static GET_METADATA: Operation = Operation {
    platform: &PLATFORM,
    id: "get_metadata",
    method: Method::GET,
    path: "/.well-known/openid-configuration",
    query: &[],
    role: "issuer",
    idempotent: true,
    sensitive: false,
    security: &[],
    outcome: &OUTCOME,
};

static AUTHORIZE: Operation = Operation {
    platform: &PLATFORM,
    id: "authorize",
    method: Method::GET,
    path: "/authorize",
    query: &[],
    role: LOGIN,
    idempotent: true,
    sensitive: false,
    security: &[],
    outcome: &OUTCOME,
};

static EXCHANGE_CODE: Operation = Operation {
    platform: &PLATFORM,
    id: "exchange_code",
    method: Method::POST,
    path: "/token",
    query: &[],
    role: "issuer",
    idempotent: false,
    sensitive: true,
    security: &[],
    outcome: &OUTCOME,
};

/// Not repeated either: an issuer that rotates refresh tokens takes a repeat for a theft.
static REFRESH_TOKEN: Operation = Operation {
    platform: &PLATFORM,
    id: "refresh_token",
    method: Method::POST,
    path: "/token",
    query: &[],
    role: "issuer",
    idempotent: false,
    sensitive: true,
    security: &[],
    outcome: &OUTCOME,
};

/// RFC 6749, section 5.2, and what servers take from section 4.1.2.1.
#[rustfmt::skip]
const CODES: &[KnownCode] = &[
    row("invalid_client", Action::FixCredentials, "The client is unknown, or its proof is wrong."),
    row("invalid_grant", Action::SignInAgain, "The code or refresh token is used up, withdrawn, or another client's."),
    row("invalid_request", Action::FixRequest, "A parameter is missing, given twice, or not understood."),
    row("invalid_scope", Action::FixRequest, "A scope is unknown, or more than was granted."),
    row("server_error", Action::Backoff, "The server met a condition that it did not expect."),
    row("temporarily_unavailable", Action::Backoff, "The server is overloaded or being maintained."),
    row("unauthorized_client", Action::FixCredentials, "The client may not use this grant."),
    row("unsupported_grant_type", Action::FixRequest, "The server does not know this grant."),
];

const fn row(code: &'static str, action: Action, meaning: &'static str) -> KnownCode {
    KnownCode {
        realm: Some("oauth"),
        code,
        sub_code: None,
        status: None,
        action,
        limit_s: None,
        meaning,
    }
}
