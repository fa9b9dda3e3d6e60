//! Operations: what a document says about one call.

use http::Method;
use serde_json::{Map, Value};

use super::condition::{Requirement, When};
use super::json::{strings, text, unsigned};
use super::outcome::Outcome;
use super::route::Template;
use super::schema::{SchemaId, Schemas, reference};

/// One operation of a document, or one of its callbacks.
#[derive(Debug)]
pub(crate) struct Operation {
    pub id: String,
    pub summary: String,
    pub method: Method,
    /// The path as the document writes it, or the name of the callback.
    pub path: String,
    pub template: Template,
    /// The query that is part of the address.
    pub fixed_query: Vec<(String, String)>,
    pub parameters: Vec<Parameter>,
    pub body: Option<Body>,
    /// The alternatives to authenticate; each lists the schemes that go together.
    pub security: Vec<Vec<String>>,
    pub outcome: Outcome,
    /// The ids of the rows it is known to answer.
    pub errors: Vec<String>,
    pub success: Success,
    pub required_if: Vec<Requirement>,
    pub max_body: Option<MaxBody>,
    pub limits: Vec<RateLimit>,
    pub browser: Option<Browser>,
}

/// A path, query or header parameter.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub name: String,
    pub place: Place,
    pub required: bool,
    pub allow_empty: bool,
    pub aliases: Vec<String>,
    pub schema: SchemaId,
    pub secret: bool,
}

/// Where a parameter travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Header,
    Path,
    Query,
}

/// The body of a request.
#[derive(Debug)]
pub(crate) struct Body {
    pub required: bool,
    pub media: Media,
    pub schema: SchemaId,
}

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    Form,
    Json,
    Multipart,
    Text,
}

/// The answer that means success.
#[derive(Debug)]
pub(crate) struct Success {
    pub status: u16,
    /// Media type and schema; none for an answer without a body.
    pub content: Option<(String, SchemaId)>,
}

/// The longest body.
#[derive(Debug)]
pub(crate) struct MaxBody {
    pub limit: usize,
    /// Paths of arrays that do not count.
    pub excludes: Vec<Vec<String>>,
}

/// How often a call may be made.
#[derive(Debug)]
pub(crate) struct RateLimit {
    pub requests: u64,
    pub window_s: u64,
    pub per: String,
    pub when: When,
    /// The row answered above the limit.
    pub answer: Option<String>,
}

/// How a page in a browser is left again.
#[derive(Debug)]
pub(crate) struct Browser {
    /// The parameter with the address the browser comes back to.
    pub returns_to: Option<String>,
    /// The query parameters it comes back with.
    pub success: Vec<String>,
}

/// What the operations of a document share.
pub(crate) struct Shared<'a> {
    pub root: &'a Value,
    pub components: &'a Map<String, Value>,
}

impl Operation {
    pub(crate) fn read(
        method: &str,
        path: &str,
        source: &Value,
        shared: &Shared<'_>,
        schemas: &mut Schemas,
    ) -> Self {
        let resolve = |node: &'_ Value, kind: &str| -> Value {
            reference(node).map_or_else(
                || node.clone(),
                |name| shared.root["components"][kind][name].clone(),
            )
        };
        let route = source.get("x-route");
        let fixed = route.and_then(|route| route["query"].as_object());
        let parameters = source["parameters"].as_array().into_iter().flatten();
        let parameters = parameters
            .map(|node| {
                let node = resolve(node, "parameters");
                Parameter::read(&node, shared, schemas)
            })
            .collect();
        let body = source.get("requestBody");
        let outcome = source.get("x-outcome").unwrap_or(&shared.root["x-outcome"]);
        Self {
            id: text(source, "operationId").unwrap_or_default(),
            summary: text(source, "summary").unwrap_or_default(),
            method: method
                .to_uppercase()
                .parse()
                .expect("the methods of a document are HTTP methods"),
            path: path.to_owned(),
            template: Template::read(
                route
                    .and_then(|route| route["path"].as_str())
                    .unwrap_or(path),
            ),
            fixed_query: fixed
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
                .collect(),
            parameters,
            body: body.and_then(|body| Body::read(body, shared, schemas)),
            security: source["security"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|schemes| schemes.as_object().into_iter().flatten())
                .map(|schemes| schemes.map(|(name, _)| name.clone()).collect())
                .collect(),
            outcome: Outcome::read(outcome),
            errors: strings(source.get("x-errors")),
            success: Success::read(source, shared, schemas, &resolve),
            required_if: Requirement::read_all(source),
            max_body: MaxBody::read(source),
            limits: RateLimit::read_all(source)
                .into_iter()
                .chain(RateLimit::of_tokens(shared.root, source))
                .collect(),
            browser: source.get("x-browser").map(Browser::read),
        }
    }
}

impl Parameter {
    fn read(node: &Value, shared: &Shared<'_>, schemas: &mut Schemas) -> Self {
        let schema = schemas.add(&node["schema"], shared.components);
        Self {
            name: text(node, "name").unwrap_or_default(),
            place: match node["in"].as_str() {
                Some("header") => Place::Header,
                Some("path") => Place::Path,
                _ => Place::Query,
            },
            required: node["required"] == true,
            allow_empty: node
                .get("allowEmptyValue")
                .is_some_and(|value| value == true),
            aliases: strings(node.get("x-aliases")),
            secret: node.get("x-secret").is_some() || schemas.get(schema).secret,
            schema,
        }
    }
}

impl Body {
    fn read(node: &Value, shared: &Shared<'_>, schemas: &mut Schemas) -> Option<Self> {
        let (content_type, media) = node["content"].as_object()?.iter().next()?;
        Some(Self {
            required: node["required"] == true,
            media: match content_type.split(';').next().map(str::trim) {
                Some("application/x-www-form-urlencoded") => Media::Form,
                Some("multipart/form-data") => Media::Multipart,
                Some("text/plain" | "text/html" | "application/xml") => Media::Text,
                _ => Media::Json,
            },
            schema: schemas.add(&media["schema"], shared.components),
        })
    }
}

impl Success {
    /// The 2xx answer, or else the redirect, with its JSON form if it has several.
    fn read(
        source: &Value,
        shared: &Shared<'_>,
        schemas: &mut Schemas,
        resolve: &dyn Fn(&Value, &str) -> Value,
    ) -> Self {
        let answers = source["responses"].as_object();
        let first = |class: char| {
            let mut found = answers.into_iter().flatten();
            found.find(|(status, _)| status.starts_with(class))
        };
        let Some((status, node)) = first('2').or_else(|| first('3')) else {
            return Self {
                status: 200,
                content: None,
            };
        };
        let node = resolve(node, "responses");
        let forms = node["content"].as_object();
        let json = |(media, _): &(&String, &Value)| media.starts_with("application/json");
        let form = forms.and_then(|forms| {
            let mut all = forms.iter();
            all.clone().find(json).or_else(|| all.next())
        });
        Self {
            status: status.parse().unwrap_or(200),
            content: form.map(|(media, form)| {
                (
                    media.clone(),
                    schemas.add(&form["schema"], shared.components),
                )
            }),
        }
    }
}

impl MaxBody {
    fn read(source: &Value) -> Option<Self> {
        let rule = source.get("x-max-body-bytes")?;
        let excludes = strings(rule.get("excludes"));
        Some(Self {
            limit: unsigned(rule, "limit")?,
            excludes: excludes
                .iter()
                .map(|path| path.split('.').map(str::to_owned).collect())
                .collect(),
        })
    }
}

impl RateLimit {
    fn read_all(source: &Value) -> Vec<Self> {
        let limits = source.get("x-rate-limits").and_then(Value::as_array);
        limits
            .into_iter()
            .flatten()
            .map(|limit| Self {
                requests: limit["requests"].as_u64().unwrap_or(u64::MAX),
                window_s: limit["window_s"].as_u64().unwrap_or(1),
                per: text(limit, "per").unwrap_or_default(),
                when: When::read(limit.get("when")),
                answer: text(limit, "answer"),
            })
            .collect()
    }
}

impl RateLimit {
    /// How often a token may be asked for: the limits of the token policy that are about an
    /// operation or one of its variants.
    pub(crate) fn of_tokens(root: &Value, operation: &Value) -> Vec<Self> {
        let id = operation["operationId"].as_str().unwrap_or_default();
        let variants = operation["x-variants"].as_array().into_iter().flatten();
        let when = |name: &str| {
            if name == id {
                return Some(When::default());
            }
            let mut variants = variants.clone();
            let variant = variants.find(|variant| variant["name"] == *name)?;
            Some(When::of_members(&variant["when"]))
        };
        let policies = root["x-token-policy"].as_array().into_iter().flatten();
        policies
            .filter_map(|policy| {
                let window = policy
                    .get("max_per_window")
                    .filter(|window| window.is_object())?;
                let issuers = strings(policy.get("issued_by"));
                Some(Self {
                    requests: window["requests"].as_u64()?,
                    window_s: window["window_s"].as_u64()?,
                    per: text(window, "per")?,
                    when: issuers.iter().find_map(|name| when(name))?,
                    answer: None,
                })
            })
            .collect()
    }
}

impl Browser {
    fn read(node: &Value) -> Self {
        let ways = node["success"].as_array().into_iter().flatten();
        Self {
            returns_to: text(node, "returns_to"),
            success: ways
                .filter(|way| way["in"] == "query")
                .flat_map(|way| strings(way.get("params")))
                .collect(),
        }
    }
}
