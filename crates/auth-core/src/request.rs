//! A request, before anything is sent: built by pure code.

use std::fmt::{self, Display, Write as _};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Api, Error, Operation, Result};

/// A request of one operation. Building it does no I/O; a mistake is reported when it is sent.
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    pub(crate) operation: &'static Operation,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    pub(crate) error: Option<Error>,
}

/// The body of a request. Kept by kind, because a credential may have to be put into it.
pub(crate) enum Body {
    Empty,
    Form(String),
    Json(Bytes),
    Other(Bytes),
}

/// A file of a `multipart/form-data` body.
#[derive(Clone)]
#[non_exhaustive]
pub struct File {
    /// The name of the file.
    pub name: String,
    /// The media type, for example `image/png`.
    pub content_type: String,
    /// The content.
    pub content: Bytes,
}

impl Request {
    /// Starts a request of `operation`.
    pub fn new(operation: &'static Operation) -> Self {
        let mut request = Self {
            operation,
            path: operation.path.to_owned(),
            query: String::new(),
            headers: HeaderMap::new(),
            body: Body::Empty,
            error: None,
        };
        for (name, value) in operation.query {
            request = request.query(name, value);
        }
        request
    }

    /// Fills the path parameter `name`.
    pub fn path(mut self, name: &str, value: impl Display) -> Self {
        let value = value.to_string();
        if value.is_empty() {
            return self.fail(Error::config(format!(
                "the path parameter `{name}` is empty"
            )));
        }
        let value = utf8_percent_encode(&value, UNRESERVED).to_string();
        self.path = self.path.replace(&format!("{{{name}}}"), &value);
        self
    }

    /// Adds a query parameter.
    pub fn query(mut self, name: &str, value: impl Display) -> Self {
        push_pair(&mut self.query, name, &value.to_string());
        self
    }

    /// Adds a query parameter if there is a value.
    pub fn query_opt(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Adds a header.
    pub fn header(mut self, name: &'static str, value: impl Display) -> Self {
        match HeaderValue::from_str(&value.to_string()) {
            Ok(value) => {
                self.headers.insert(
                    HeaderName::from_bytes(name.as_bytes())
                        .expect("headers of a document are valid names"),
                    value,
                );
                self
            }
            Err(_) => self.fail(Error::config(format!(
                "the header `{name}` holds bytes that no header can carry"
            ))),
        }
    }

    /// Adds a header if there is a value.
    pub fn header_opt(self, name: &'static str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }

    /// Sets a JSON body; `content_type` goes out as it is.
    pub fn json(mut self, content_type: &'static str, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(bytes) => {
                self.headers.insert(
                    http::header::CONTENT_TYPE,
                    HeaderValue::from_static(content_type),
                );
                self.body = Body::Json(bytes.into());
                self
            }
            Err(error) => self.fail(Error::config(format!(
                "the body cannot be written: {error}"
            ))),
        }
    }

    /// Sets a JSON body that is ready.
    pub fn json_bytes(mut self, content_type: &'static str, body: Bytes) -> Self {
        self.headers.insert(
            http::header::CONTENT_TYPE,
            HeaderValue::from_static(content_type),
        );
        self.body = Body::Json(body);
        self
    }

    /// Sends the request and reads a JSON answer.
    pub async fn send<T: DeserializeOwned>(self, api: &Api) -> Result<T> {
        api.json(self).await
    }

    /// Sends the request and returns the answer as text.
    pub async fn send_text(self, api: &Api) -> Result<String> {
        api.text(self).await
    }

    /// Sends the request; the answer holds nothing.
    pub async fn send_empty(self, api: &Api) -> Result<()> {
        api.empty(self).await
    }

    pub(crate) fn fail(mut self, error: Error) -> Self {
        self.error.get_or_insert(error);
        self
    }
}

/// Shows operation and path parameters' places only: the rest can hold secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("operation", &self.operation.id)
            .finish_non_exhaustive()
    }
}

fn push_pair(text: &mut String, name: &str, value: &str) {
    if !text.is_empty() {
        text.push('&');
    }
    let name = utf8_percent_encode(name, UNRESERVED);
    let value = utf8_percent_encode(value, UNRESERVED);
    write!(text, "{name}={value}").expect("writing to a string");
}

/// Everything is encoded but the unreserved characters of RFC 3986, section 2.3.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
