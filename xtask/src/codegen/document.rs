//! A document as data: what the reader found, before anything is decided about Rust.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use anyhow::Result;
use serde_json::Value;

use crate::codegen::read::At;
use crate::codegen::schema::Schema;

/// The whole document of one platform.
pub(crate) struct Document {
    pub(crate) title: String,
    pub(crate) servers: Vec<Server>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) outcome: Outcome,
    pub(crate) token_policy: Vec<TokenPolicy>,
    pub(crate) rate_limits: Vec<RateLimit>,
    pub(crate) errors: Vec<RowId>,
    pub(crate) codes: Vec<Code>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) webhooks: Vec<Webhook>,
    pub(crate) schemas: Named<Schema>,
    pub(crate) schemes: Named<Scheme>,
}

/// Things with names, in the order of the document.
pub(crate) struct Named<T> {
    order: Vec<String>,
    by_name: BTreeMap<String, T>,
}

pub(crate) struct Server {
    pub(crate) role: String,
    pub(crate) site: String,
    pub(crate) url: String,
    pub(crate) description: String,
}

pub(crate) struct Tag {
    pub(crate) at: At,
    pub(crate) name: String,
    pub(crate) description: String,
}

#[derive(Clone, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) carrier: Carrier,
    pub(crate) success: Vec<String>,
    pub(crate) partial: Vec<String>,
    pub(crate) envelopes: Vec<Envelope>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    Body,
    Header,
    Status,
}

#[derive(Clone, PartialEq)]
pub(crate) struct Envelope {
    pub(crate) schema: String,
    pub(crate) code: String,
    pub(crate) sub_code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) realm: Option<String>,
}

pub(crate) struct TokenPolicy {
    pub(crate) at: At,
    pub(crate) token: String,
    pub(crate) issued_by: Vec<String>,
    pub(crate) used_by: Vec<String>,
    pub(crate) lifetime_s: Option<i64>,
    pub(crate) lifetime_field: Option<String>,
    pub(crate) renew_before_s: Option<i64>,
    pub(crate) refresh_lifetime_s: Option<i64>,
    pub(crate) rotates: Option<bool>,
    pub(crate) voids_previous: Option<bool>,
    pub(crate) single_use: bool,
    pub(crate) max_per_window: Option<Window>,
}

#[derive(Clone)]
pub(crate) struct Window {
    pub(crate) requests: i64,
    pub(crate) window_s: i64,
    pub(crate) per: &'static str,
}

pub(crate) struct RateLimit {
    pub(crate) at: At,
    pub(crate) window: Window,
    pub(crate) when: Vec<(String, Want)>,
    pub(crate) answer: Option<String>,
}

/// A row of the error table, named where a call is known to answer it.
pub(crate) struct RowId {
    pub(crate) at: At,
    pub(crate) id: String,
}

pub(crate) struct Code {
    pub(crate) at: At,
    pub(crate) realm: Option<String>,
    pub(crate) code: String,
    pub(crate) sub_code: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) meaning: String,
    pub(crate) action: &'static str,
    pub(crate) evidence: Option<Evidence>,
    pub(crate) source: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Evidence {
    Documented,
    ClientCode,
    Inferred,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Availability {
    Engine,
    Retired,
}

pub(crate) struct Operation {
    pub(crate) at: At,
    pub(crate) id: String,
    pub(crate) tag: String,
    pub(crate) summary: String,
    pub(crate) description: Option<String>,
    pub(crate) deprecated: bool,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) role: String,
    pub(crate) security: Vec<Vec<String>>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    pub(crate) answers: Vec<Answer>,
    pub(crate) source: Vec<String>,
    pub(crate) evidence: Evidence,
    pub(crate) availability: Option<Availability>,
    pub(crate) idempotent: bool,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) errors: Option<Vec<RowId>>,
    pub(crate) rate_limits: Vec<RateLimit>,
    pub(crate) max_body: Option<MaxBody>,
    pub(crate) required_if: Vec<Rule>,
    pub(crate) variants: Vec<Variant>,
    pub(crate) browser: Option<Browser>,
    pub(crate) pagination: Option<Pagination>,
}

pub(crate) struct Webhook {
    pub(crate) at: At,
    pub(crate) id: String,
    pub(crate) tag: String,
    pub(crate) summary: String,
    pub(crate) description: Option<String>,
    pub(crate) security: Vec<Vec<String>>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Body,
    pub(crate) answers: Vec<Answer>,
    pub(crate) source: Vec<String>,
    pub(crate) evidence: Evidence,
    pub(crate) availability: Option<Availability>,
    pub(crate) errors: Vec<RowId>,
    pub(crate) callback: Callback,
}

#[derive(Clone)]
pub(crate) struct Parameter {
    pub(crate) at: At,
    pub(crate) name: String,
    pub(crate) place: In,
    pub(crate) required: bool,
    pub(crate) description: String,
    pub(crate) schema: Schema,
    pub(crate) allow_empty: bool,
    pub(crate) secret: bool,
    pub(crate) aliases: Vec<String>,
    pub(crate) evidence: Option<Evidence>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum In {
    Header,
    Path,
    Query,
}

pub(crate) struct Body {
    pub(crate) required: bool,
    /// Media types, verbatim, with their schemas.
    pub(crate) content: Vec<(String, Schema)>,
}

#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: String,
    pub(crate) headers: Vec<Header>,
    pub(crate) content: Vec<(String, Schema)>,
}

#[derive(Clone)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) schema: Schema,
}

pub(crate) struct MaxBody {
    pub(crate) at: At,
    pub(crate) limit: i64,
    pub(crate) excludes: Vec<String>,
}

/// A rule of `x-required-if`.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) at: At,
    pub(crate) when: Vec<(String, Want)>,
    pub(crate) then: Then,
}

#[derive(Clone, Debug)]
pub(crate) enum Then {
    All(Vec<String>),
    Any(Vec<String>),
}

/// What a condition wants of a member.
#[derive(Clone, Debug)]
pub(crate) enum Want {
    Absent,
    Present,
    OneOf(Vec<Value>),
}

pub(crate) struct Variant {
    pub(crate) at: At,
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) when: Vec<(String, Want)>,
    pub(crate) request: String,
    pub(crate) response: String,
    pub(crate) idempotent: bool,
}

pub(crate) struct Browser {
    pub(crate) returns_to: Option<String>,
    pub(crate) success: Vec<Carried>,
    pub(crate) errors: Vec<Carried>,
}

pub(crate) struct Carried {
    pub(crate) in_query: bool,
    pub(crate) params: Vec<String>,
}

pub(crate) struct Pagination {
    pub(crate) at: At,
    pub(crate) by_row: bool,
    pub(crate) in_body: bool,
    pub(crate) index: String,
    pub(crate) size: String,
    pub(crate) first: i64,
    pub(crate) items: String,
    pub(crate) total: Option<String>,
    pub(crate) more: Option<String>,
}

pub(crate) struct Callback {
    pub(crate) dedupe: Vec<String>,
    pub(crate) dispatch: Option<(String, String)>,
    pub(crate) payload: Option<Payload>,
}

pub(crate) struct Payload {
    pub(crate) encryption: &'static str,
    pub(crate) request: Carrying,
    pub(crate) reply: Option<Carrying>,
}

/// The member that carries the real message.
pub(crate) struct Carrying {
    pub(crate) field: String,
    pub(crate) schema: Option<String>,
}

pub(crate) struct Scheme {
    pub(crate) at: At,
    pub(crate) description: String,
    pub(crate) kind: SchemeKind,
    pub(crate) jwt: Option<Jwt>,
    pub(crate) evidence: Option<Evidence>,
}

pub(crate) enum SchemeKind {
    Basic,
    Bearer,
    Certificate,
    Header(String),
    Query(String),
    Fields {
        in_body: bool,
        fields: Vec<(String, String)>,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Jwt {
    pub(crate) algorithms: Vec<String>,
    pub(crate) header: Vec<(String, String)>,
    pub(crate) claims: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) keys_from: Option<String>,
    pub(crate) lifetime_s: Option<i64>,
    pub(crate) max_lifetime_s: Option<i64>,
}

impl Document {
    /// The outcome rule of an operation.
    pub(crate) fn outcome<'a>(&'a self, operation: &'a Operation) -> &'a Outcome {
        operation.outcome.as_ref().unwrap_or(&self.outcome)
    }

    /// The ids of the rows of the error table, in its order.
    pub(crate) fn row_ids(&self) -> Vec<String> {
        let plain: Vec<String> = self.codes.iter().map(Code::plain_id).collect();
        let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
        for id in &plain {
            *uses.entry(id).or_default() += 1;
        }
        self.codes
            .iter()
            .zip(&plain)
            .map(|(code, id)| match (uses[id.as_str()], code.status) {
                (1, _) => id.clone(),
                (_, Some(status)) => format!("{id}@{status}"),
                (_, None) => format!("{id}@None"),
            })
            .collect()
    }
}

impl Code {
    fn plain_id(&self) -> String {
        let mut id = String::new();
        if let Some(realm) = &self.realm {
            id += &format!("{realm}:");
        }
        id += &self.code;
        if let Some(sub_code) = &self.sub_code {
            id += &format!("/{sub_code}");
        }
        id
    }
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        self.status.starts_with('2')
    }
}

impl Operation {
    /// The schema of the answer: of the first success with content, JSON going first.
    pub(crate) fn success(&self) -> Option<(&str, &Schema)> {
        self.answers
            .iter()
            .filter(|answer| answer.is_success())
            .find_map(|answer| {
                let content = &answer.content;
                content
                    .iter()
                    .find(|(media, _)| media.starts_with("application/json"))
                    .or(content.first())
            })
            .map(|(media, schema)| (media.as_str(), schema))
    }
}

impl<T> Named<T> {
    pub(crate) fn new() -> Self {
        Self {
            order: Vec::new(),
            by_name: BTreeMap::new(),
        }
    }

    /// Adds a thing; a name that is in use already is an error.
    pub(crate) fn add(&mut self, at: &At, name: &str, thing: T) -> Result<()> {
        match self.by_name.entry(name.to_owned()) {
            Entry::Occupied(_) => return Err(at.error(format!("`{name}` is declared twice"))),
            Entry::Vacant(entry) => entry.insert(thing),
        };
        self.order.push(name.to_owned());
        Ok(())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        self.by_name.get(name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.order
            .iter()
            .map(|name| (name.as_str(), &self.by_name[name]))
    }
}

impl<T> std::ops::Index<&str> for Named<T> {
    type Output = T;

    fn index(&self, name: &str) -> &T {
        &self.by_name[name]
    }
}
