//! The documents: what the emulator knows about the platforms, read by a reader of its own.
//!
//! Nothing here comes from generated code: the clients are generated from the same documents, and
//! a proof that client and emulator agree is worth something only if each reads them by itself.

pub(crate) mod condition;
pub(crate) mod json;
pub(crate) mod operation;
pub(crate) mod outcome;
mod pattern;
mod route;
pub(crate) mod schema;
pub(crate) mod types;

use std::collections::HashMap;
use std::sync::LazyLock;

use http::Method;
use serde_json::{Map, Value};

use self::json::{strings, text};
use self::operation::{Operation, Shared};
use self::outcome::Row;
use self::schema::Schemas;

/// One platform's document.
#[derive(Debug)]
pub(crate) struct Document {
    /// The name of the crate it belongs to.
    pub name: &'static str,
    pub schemas: Schemas,
    pub operations: Vec<Operation>,
    /// The calls that the platform makes.
    pub callbacks: Vec<Operation>,
    pub rows: Vec<Row>,
    pub schemes: HashMap<String, Scheme>,
    /// The rows that any call may answer.
    pub errors: Vec<String>,
}

/// One way to authenticate.
#[derive(Debug)]
pub(crate) struct Scheme {
    pub carrier: SchemeCarrier,
}

/// Where a credential travels.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SchemeCarrier {
    Basic,
    Bearer,
    /// Members of the body, which the body's own schema requires.
    Body,
    Certificate,
    Header(String),
    Query(Vec<String>),
}

/// A request's operation and the parameters of its path.
#[derive(Debug)]
pub(crate) struct Route {
    pub operation: &'static Operation,
    pub path: Vec<(String, String)>,
}

/// Why there is no operation for a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoRoute {
    /// No operation has this address.
    Path,
    /// The address exists, with other methods.
    Method(Vec<Method>),
}

impl Document {
    /// The names of all documents.
    pub(crate) const NAMES: [&'static str; 5] = [
        "harmony-push",
        "huawei-oauth",
        "welink-oauth",
        "oneaccess-sdk",
        "iot-na",
    ];

    /// The document of a platform, parsed when it is first asked for.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        static HARMONY_PUSH: LazyLock<Document> = LazyLock::new(|| {
            let text = include_str!("../../documents/harmony-push.json");
            Document::read("harmony-push", text)
        });
        static HUAWEI_OAUTH: LazyLock<Document> = LazyLock::new(|| {
            let text = include_str!("../../documents/huawei-oauth.json");
            Document::read("huawei-oauth", text)
        });
        static WELINK_OAUTH: LazyLock<Document> = LazyLock::new(|| {
            let text = include_str!("../../documents/welink-oauth.json");
            Document::read("welink-oauth", text)
        });
        static ONEACCESS_SDK: LazyLock<Document> = LazyLock::new(|| {
            let text = include_str!("../../documents/oneaccess-sdk.json");
            Document::read("oneaccess-sdk", text)
        });
        static IOT_NA: LazyLock<Document> = LazyLock::new(|| {
            let text = include_str!("../../documents/iot-na.json");
            Document::read("iot-na", text)
        });
        match name {
            "harmony-push" => Some(&HARMONY_PUSH),
            "huawei-oauth" => Some(&HUAWEI_OAUTH),
            "welink-oauth" => Some(&WELINK_OAUTH),
            "oneaccess-sdk" => Some(&ONEACCESS_SDK),
            "iot-na" => Some(&IOT_NA),
            _ => None,
        }
    }

    fn read(name: &'static str, text_of_document: &str) -> Self {
        let root: Value = serde_json::from_str(text_of_document)
            .expect("an embedded document is JSON; a test reads all five");
        let none = Map::new();
        let components = root["components"]["schemas"].as_object().unwrap_or(&none);
        let mut schemas = Schemas::read(components);
        let shared = Shared {
            root: &root,
            components,
        };
        let mut all = |key: &str| {
            let mut found = Vec::new();
            for (path, item) in root[key].as_object().into_iter().flatten() {
                for method in ["get", "put", "post", "delete", "patch"] {
                    if let Some(source) = item.get(method) {
                        found.push(Operation::read(method, path, source, &shared, &mut schemas));
                    }
                }
            }
            found
        };
        let operations = all("paths");
        let callbacks = all("webhooks");
        let schemes = root["components"]["securitySchemes"].as_object();
        Self {
            name,
            operations,
            callbacks,
            rows: outcome::read_rows(&root["x-error-codes"]),
            schemes: schemes
                .into_iter()
                .flatten()
                .map(|(name, source)| (name.clone(), Scheme::read(source)))
                .collect(),
            errors: strings(root.get("x-errors")),
            schemas,
        }
    }

    /// Finds the operation for a method, a path and a decoded query.
    pub(crate) fn route(
        &'static self,
        method: &Method,
        path: &str,
        query: &[(String, String)],
    ) -> Result<Route, NoRoute> {
        let mut best: Option<(usize, Route)> = None;
        let mut methods = Vec::new();
        for operation in &self.operations {
            let Some(parameters) = operation.template.matches(path) else {
                continue;
            };
            if !operation
                .fixed_query
                .iter()
                .all(|pair| query.contains(pair))
            {
                continue;
            }
            if operation.method != *method {
                methods.push(operation.method.clone());
                continue;
            }
            let weight = operation.template.fixed + operation.fixed_query.len();
            if best.as_ref().is_none_or(|(known, _)| weight > *known) {
                let route = Route {
                    operation,
                    path: parameters,
                };
                best = Some((weight, route));
            }
        }
        match best {
            Some((_, route)) => Ok(route),
            None if methods.is_empty() => Err(NoRoute::Path),
            None => Err(NoRoute::Method(methods)),
        }
    }

    /// The callback with this id.
    pub(crate) fn callback(&self, id: &str) -> Option<&Operation> {
        self.callbacks.iter().find(|callback| callback.id == id)
    }

    /// The row of the error table with this id.
    pub(crate) fn row(&self, id: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.id == id)
    }

    /// The row for a code, preferring those that `operation` is known to answer.
    pub(crate) fn row_of_code(&self, operation: Option<&Operation>, code: &str) -> Option<&Row> {
        let known = operation
            .into_iter()
            .flat_map(|operation| &operation.errors);
        known
            .filter_map(|id| self.row(id))
            .find(|row| row.id == code || row.code == code)
            .or_else(|| self.row(code))
            .or_else(|| self.rows.iter().find(|row| row.code == code))
    }
}

impl Scheme {
    fn read(source: &Value) -> Self {
        let kind = source["type"].as_str().unwrap_or_default();
        let scheme = source["scheme"].as_str().unwrap_or_default();
        let name = || text(source, "name").unwrap_or_default();
        let carrier = match (kind, scheme) {
            ("http", "basic") => SchemeCarrier::Basic,
            ("http", "bearer") | ("oauth2", _) => SchemeCarrier::Bearer,
            ("mutualTLS", _) => SchemeCarrier::Certificate,
            ("apiKey", _) if source["in"] == "query" => SchemeCarrier::Query(vec![name()]),
            ("apiKey", _) => SchemeCarrier::Header(name()),
            _ if source["x-carrier"]["in"] == "query" => {
                let fields = source["x-carrier"]["fields"].as_object();
                let names = fields.into_iter().flatten().map(|(_, name)| name);
                SchemeCarrier::Query(names.filter_map(Value::as_str).map(str::to_owned).collect())
            }
            _ => SchemeCarrier::Body,
        };
        Self { carrier }
    }
}
