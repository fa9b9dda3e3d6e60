//! What a platform's document states, as data: generated code fills these in, policy reads them.

use std::time::Duration;

use http::Method;

use crate::Action;

/// One platform: its name, addresses, ways to authenticate and error table.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "generated statics fill in every field"
)]
pub struct Platform {
    /// The name of the crate, as logs and errors print it.
    pub name: &'static str,
    /// The base addresses, those of the default role first.
    pub servers: &'static [Server],
    /// The error table, sorted by realm, code, sub code and status.
    pub codes: &'static [KnownCode],
    /// Every way to authenticate that the operations name.
    pub schemes: &'static [&'static Scheme],
    /// The alternatives that most operations with a credential use, for requests that the document
    /// lacks. Empty: such requests go without.
    pub security: &'static [&'static [&'static Scheme]],
    /// How an answer is judged where the operation does not say otherwise.
    pub outcome: &'static Outcome,
    /// What is known about the platform's short-lived credentials.
    pub tokens: &'static [TokenPolicy],
}

impl Platform {
    /// The row of the error table for a code that comes without an HTTP status.
    pub fn code(&self, realm: Option<&str>, code: &str) -> Option<&'static KnownCode> {
        crate::judge::lookup(self.codes, realm, code, None, 0)
    }

    /// What the document says about the credential with this name: `x-token-policy`.
    pub fn token(&self, name: &str) -> Option<&'static TokenPolicy> {
        self.tokens.iter().find(|policy| policy.name == name)
    }
}

/// A short-lived credential: how long it lasts and what a new one does to it. Nothing stands where
/// the platform's documents say nothing.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "generated statics fill in every field"
)]
pub struct TokenPolicy {
    /// The name of the credential, for example `access_token`.
    pub name: &'static str,
    /// How long it is valid where no answer says so.
    pub lifetime: Option<Duration>,
    /// How long before its end clients are known to renew it.
    pub renew_before: Option<Duration>,
    /// How long the refresh token beside it is valid.
    pub refresh_lifetime: Option<Duration>,
    /// Whether a refresh gives a new refresh token.
    pub rotates: Option<bool>,
    /// Whether a new one voids the one before: then never two are asked for at a time.
    pub voids_previous: Option<bool>,
    /// Whether it works once only.
    pub single_use: bool,
    /// How many may be asked for: a number, and the time in which.
    pub max_per_window: Option<(u32, Duration)>,
}

/// One base address of a platform.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "generated statics fill in every field"
)]
pub struct Server {
    /// What the address is for; a client holds one address per role.
    pub role: &'static str,
    /// The site, unique within its role.
    pub site: &'static str,
    /// The address; `{…}` marks what the user has to fill in.
    pub url: &'static str,
}

/// One operation of a platform.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "generated statics fill in every field"
)]
pub struct Operation {
    /// The platform it belongs to.
    pub platform: &'static Platform,
    /// The operation's id: the word that document, method, emulator and log share.
    pub id: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path below the base address, with `{name}` for path parameters.
    pub path: &'static str,
    /// The query that is part of the address, in order.
    pub query: &'static [(&'static str, &'static str)],
    /// The role of the base address.
    pub role: &'static str,
    /// Whether a repeat after an unclear failure does no harm.
    pub idempotent: bool,
    /// Whether the answer holds secrets (a part of its schema is `x-secret`): then no byte of it
    /// gets into an error.
    pub sensitive: bool,
    /// The alternatives to authenticate; each lists the schemes that go together, and an empty
    /// list among them is the call without a credential. No alternatives: without, too.
    pub security: &'static [&'static [&'static Scheme]],
    /// How an answer is judged.
    pub outcome: &'static Outcome,
}

/// One way to authenticate.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "generated statics fill in every field"
)]
pub struct Scheme {
    /// The scheme's name in the document, for example `serviceAccountJwt`.
    pub name: &'static str,
    /// Where the credential travels.
    pub carrier: Carrier,
}

/// Where a credential travels.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "generated statics name every variant"
)]
pub enum Carrier {
    /// `Authorization: Basic`, from a client id and secret.
    Basic,
    /// `Authorization: Bearer`, from a token.
    Bearer,
    /// Members of the form or JSON body. The operation sets one of the two, be it empty.
    Body(Fields),
    /// The client certificate of the connection.
    Certificate,
    /// A header of its own that holds the token as it is.
    Header(&'static str),
    /// Query parameters.
    Query(Fields),
}

/// The names under which the parts of a credential travel in a body or a query.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "generated statics fill in every field"
)]
pub struct Fields {
    /// The name of the client id.
    pub client_id: Option<&'static str>,
    /// The name of the client secret.
    pub client_secret: Option<&'static str>,
    /// The name of the token: access token, client assertion or key.
    pub token: Option<&'static str>,
}

/// How an answer is judged: `x-outcome` of the document.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "generated statics fill in every field"
)]
pub struct Outcome {
    /// Where the verdict stands.
    pub verdict: Verdict,
    /// The codes that mean success.
    pub success: &'static [&'static str],
    /// The codes that mean success for some of the targets.
    pub partial: &'static [&'static str],
    /// The forms an error takes, tried in order.
    pub envelopes: &'static [Envelope],
}

/// Where the verdict of an answer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "generated statics name every variant"
)]
pub enum Verdict {
    /// In a code inside the body.
    Body,
    /// In a response header.
    Header,
    /// In the HTTP status.
    Status,
}

/// The form of an error: where its parts stand in the body.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "generated statics fill in every field"
)]
pub struct Envelope {
    /// The places of the code, the first that is there counting: paths in the body, or, where the
    /// verdict stands in a header, the header's name.
    pub code: &'static [Path],
    /// The place of the finer code.
    pub sub_code: Option<Path>,
    /// The place of the message.
    pub message: Option<Path>,
    /// The place of the request id.
    pub request_id: Option<Path>,
    /// The error table its codes belong to.
    pub realm: Option<&'static str>,
}

/// A path in a body: the member names from the top.
pub type Path = &'static [&'static str];

/// One row of a platform's error table.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "generated statics fill in every field"
)]
pub struct KnownCode {
    /// The table it belongs to, where the platform has several.
    pub realm: Option<&'static str>,
    /// The code as text.
    pub code: &'static str,
    /// The finer code.
    pub sub_code: Option<&'static str>,
    /// The HTTP status it comes with.
    pub status: Option<u16>,
    /// What it asks for.
    pub action: Action,
    /// Set for a code that says "too many calls" instead of acting, that is, one that
    /// `x-rate-limits` names as an answer: the window of that limit in seconds, the shortest if
    /// several limits name it.
    pub limit_s: Option<u32>,
    /// What it means.
    pub meaning: &'static str,
}
