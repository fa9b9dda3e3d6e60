//! A request, before anything is sent: built by pure code.

use std::borrow::Cow;
use std::fmt::{self, Display, Write as _};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::address::uri;
use crate::short::Short;
use crate::{Api, Error, Multipart, Operation, Result, form};

/// A request of one operation. Building it does no I/O; a mistake is reported when it is sent.
///
/// Generated code starts from an [`Operation`]. What the document lacks is sent all the same, with
/// the same token, retries and errors, by starting from a path:
///
/// ```
/// use auth_core::{Api, Request, Result};
///
/// async fn quota(api: &Api, project: &str) -> Result<serde_json::Value> {
///     Request::get("/v3/{project}/quota")
///         .path("project", project)
///         .query("unit", "day")
///         .send(api)
///         .await
/// }
/// ```
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    pub(crate) operation: Option<&'static Operation>,
    pub(crate) template: &'static str,
    pub(crate) method: Method,
    pub(crate) role: Option<&'static str>,
    pub(crate) schemes: Option<&'static [&'static str]>,
    pub(crate) idempotent: bool,
    path: Cow<'static, str>,
    query: String,
    /// A list, because each attempt makes a map of its own.
    headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Body,
    pub(crate) error: Option<Error>,
}

/// The body of a request. Kept by kind, because a credential may have to be put into it.
#[derive(Clone)]
pub(crate) enum Body {
    Empty,
    Form(Bytes),
    Json(Bytes),
    Other(Bytes),
}

impl Request {
    /// Starts a request of `operation`.
    pub fn new(operation: &'static Operation) -> Self {
        let mut request = Self::to(operation.method.clone(), operation.path);
        request.operation = Some(operation);
        request.idempotent = operation.idempotent;
        for (name, value) in operation.query {
            request = request.query(name, value);
        }
        request
    }

    /// Starts a `DELETE` that the document lacks; idempotent.
    pub fn delete(path: &'static str) -> Self {
        Self::to(Method::DELETE, path)
    }

    /// Starts a `GET` that the document lacks; idempotent.
    pub fn get(path: &'static str) -> Self {
        Self::to(Method::GET, path)
    }

    /// Starts a `PATCH` that the document lacks; not idempotent.
    pub fn patch(path: &'static str) -> Self {
        Self::to(Method::PATCH, path)
    }

    /// Starts a `POST` that the document lacks; not idempotent.
    pub fn post(path: &'static str) -> Self {
        Self::to(Method::POST, path)
    }

    /// Starts a `PUT` that the document lacks; idempotent.
    pub fn put(path: &'static str) -> Self {
        Self::to(Method::PUT, path)
    }

    /// Says that a repeat of this request does no harm, whatever the document states of the operation.
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// Says that a repeat of this request could act twice, whatever the document states of the operation.
    pub fn not_idempotent(mut self) -> Self {
        self.idempotent = false;
        self
    }

    /// Sends the request to the base address of another role than the operation's.
    pub fn role(mut self, role: &'static str) -> Self {
        self.role = Some(role);
        self
    }

    /// Authenticates by these schemes of the platform together, whatever the document states of the
    /// operation; by none if there are none.
    pub fn schemes(mut self, names: &'static [&'static str]) -> Self {
        self.schemes = Some(names);
        self
    }

    /// Fills the path parameter `name`.
    pub fn path(self, name: &str, value: impl Display) -> Self {
        self.fill(name, &value)
    }

    fn fill(mut self, name: &str, value: &dyn Display) -> Self {
        let place = self.path.match_indices('{').find_map(|(start, _)| {
            let rest = self.path[start + 1..].strip_prefix(name)?;
            rest.starts_with('}').then_some(start)
        });
        let Some(start) = place else {
            let message = format!("the path {} has no parameter `{name}`", self.template);
            return self.fail(Error::config(message));
        };
        let end = start + name.len() + 2;
        let mut path = String::with_capacity(self.path.len() + ROOM);
        path.push_str(&self.path[..start]);
        write!(Encoded(&mut path), "{value}").expect(NO_FAILURE);
        // A lone dot or two would be taken for a step to another path, encoded or not.
        if matches!(&path[start..], "" | "." | "..") {
            let message = format!("the path parameter `{name}` is empty or made of dots alone");
            return self.fail(Error::config(message));
        }
        path.push_str(&self.path[end..]);
        self.path = path.into();
        self
    }

    /// Adds a query parameter.
    pub fn query(mut self, name: &str, value: impl Display) -> Self {
        push_pair(&mut self.query, name, &value);
        self
    }

    /// Adds a query parameter if there is a value.
    pub fn query_opt(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Adds a query parameter once for each of the values.
    pub fn query_list(self, name: &str, values: impl IntoIterator<Item: Display>) -> Self {
        values
            .into_iter()
            .fold(self, |request, value| request.query(name, value))
    }

    /// Adds a query parameter that is sent empty (`name=`).
    pub fn query_empty(self, name: &str) -> Self {
        self.query(name, "")
    }

    /// Sets a header.
    pub fn header(self, name: &'static str, value: impl Display) -> Self {
        self.insert(name, &value)
    }

    fn insert(mut self, name: &'static str, value: &dyn Display) -> Self {
        match header_name(name).and_then(|known| Ok((known, header_value(name, value)?))) {
            Ok((name, value)) => {
                self.set(name, value);
                self
            }
            Err(error) => self.fail(error),
        }
    }

    /// Sets a header if there is a value.
    pub fn header_opt(self, name: &'static str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }

    /// Sets a form as the body: a struct or map whose members are scalars, lists of scalars, or
    /// absent. Everything but letters, digits and `-._~` is percent-encoded.
    pub fn form(self, body: &impl Serialize) -> Self {
        match form::encode(body) {
            Ok(text) => {
                let bytes = Bytes::from_owner(Zeroizing::new(text.into_bytes()));
                self.body(FORM, Body::Form(bytes))
            }
            Err(error) => self.fail(error),
        }
    }

    /// Sets a form that is encoded already.
    #[cfg(feature = "sign-in")]
    pub(crate) fn form_bytes(self, body: Bytes) -> Self {
        self.body(FORM, Body::Form(body))
    }

    /// Adds parameters to the query that are encoded already.
    #[cfg(feature = "sign-in")]
    pub(crate) fn encoded_query(mut self, pairs: &str) -> Self {
        if !self.query.is_empty() && !pairs.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(pairs);
        self
    }

    /// Goes to another path than the operation's.
    #[cfg(feature = "sign-in")]
    pub(crate) fn at(mut self, path: String) -> Self {
        self.path = path.into();
        self
    }

    /// Sets a JSON body; `content_type` goes out as it is.
    pub fn json(self, content_type: &'static str, body: &impl Serialize) -> Self {
        let mut bytes = Vec::with_capacity(TYPICAL);
        match serde_json::to_writer(&mut bytes, body) {
            Ok(()) => {
                let bytes = Bytes::from_owner(Zeroizing::new(bytes));
                self.json_bytes(content_type, bytes)
            }
            Err(error) => self.fail(unwritable(&error)),
        }
    }

    /// Sets a JSON body that is ready. It is not copied.
    pub fn json_bytes(self, content_type: &'static str, body: Bytes) -> Self {
        self.body(content_type, Body::Json(body))
    }

    /// Refuses a body of more than `limit` bytes, of which `excluded` do not count.
    pub fn at_most(self, limit: usize, excluded: usize) -> Self {
        let size = self.body.len().saturating_sub(excluded);
        if size <= limit {
            return self;
        }
        self.fail(Error::config(format!(
            "the request has {size} bytes of JSON, at most {limit} are allowed"
        )))
    }

    /// Sets a `multipart/form-data` body.
    pub fn multipart(self, body: Multipart) -> Self {
        let (content_type, body) = body.finish();
        self.header(header::CONTENT_TYPE.as_str(), content_type)
            .other(body)
    }

    /// Sets a body of text, or of any other kind that is ready.
    pub fn text(self, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.body(content_type, Body::Other(body.into()))
    }

    /// Sends the request and reads a JSON answer. An answer without content is read as `null`.
    pub async fn send<T: DeserializeOwned>(self, api: &Api) -> Result<T> {
        api.call(self).await
    }

    /// Sends the request and returns the answer as text.
    pub async fn send_text(self, api: &Api) -> Result<String> {
        api.call_text(self).await
    }

    /// Sends the request; the answer holds nothing.
    pub async fn send_empty(self, api: &Api) -> Result<()> {
        api.call_empty(self).await
    }

    /// Builds the HTTP request for a base address, without a credential.
    pub fn build(&self, base: &str) -> Result<http::Request<Bytes>> {
        let mut request = http::Request::new(self.body.bytes());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri(self.target(base, "")?)?;
        *request.headers_mut() = self.header_map(0);
        Ok(request)
    }

    /// The headers, with room for so many more.
    pub(crate) fn header_map(&self, more: usize) -> HeaderMap {
        let mut map = HeaderMap::with_capacity(self.headers.len() + more);
        map.extend(self.headers.iter().cloned());
        map
    }

    /// The path and query, with `base` before it and `more` added to the query.
    pub(crate) fn target(&self, base: &str, more: &str) -> Result<String> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        if !self.path.starts_with('/') || self.path.starts_with("//") {
            let message = format!("the path {} does not begin with one slash", self.template);
            return Err(Error::config(message));
        }
        if self.path.contains('{') {
            let message = format!("a parameter of the path {} is not set", self.template);
            return Err(Error::config(message));
        }
        let parts = [self.query.as_str(), more];
        let marked = |part: &&str| usize::from(!part.is_empty()) + part.len();
        // Exactly as long as it gets: such a text becomes an address without another allocation.
        let length = base.len() + self.path.len() + parts.iter().map(marked).sum::<usize>();
        let mut target = String::with_capacity(length);
        target.push_str(base);
        target.push_str(&self.path);
        let mut mark = if self.path.contains('?') { '&' } else { '?' };
        for part in parts {
            if !part.is_empty() {
                target.push(mark);
                target.push_str(part);
                mark = '&';
            }
        }
        Ok(target)
    }

    /// The word for the request in logs and errors.
    pub(crate) fn name(&self) -> &'static str {
        self.operation
            .map_or(self.template, |operation| operation.id)
    }

    fn to(method: Method, path: &'static str) -> Self {
        Self {
            operation: None,
            template: path,
            idempotent: method.is_idempotent(),
            method,
            role: None,
            schemes: None,
            path: path.into(),
            query: String::new(),
            headers: Vec::new(),
            body: Body::Empty,
            error: None,
        }
    }

    fn body(mut self, content_type: &'static str, body: Body) -> Self {
        match HeaderValue::from_maybe_shared(Bytes::from_static(content_type.as_bytes())) {
            Ok(value) => {
                self.set(header::CONTENT_TYPE, value);
                self.body = body;
                self
            }
            Err(_) => self.fail(Error::config("the content type is no header value")),
        }
    }

    fn other(mut self, body: Bytes) -> Self {
        self.body = Body::Other(body);
        self
    }

    fn set(&mut self, name: HeaderName, value: HeaderValue) {
        match self.headers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.headers.push((name, value)),
        }
    }

    fn fail(mut self, error: Error) -> Self {
        self.error.get_or_insert(error);
        self
    }
}

impl Body {
    pub(crate) fn bytes(&self) -> Bytes {
        match self {
            Self::Empty => Bytes::new(),
            Self::Form(bytes) | Self::Json(bytes) | Self::Other(bytes) => bytes.clone(),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::Form(bytes) | Self::Json(bytes) | Self::Other(bytes) => bytes.len(),
        }
    }
}

/// Shows the operation only: path, query and body can hold secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("operation", &self.name())
            .finish_non_exhaustive()
    }
}

/// Adds `name=value` to a query or form, percent-encoded throughout.
pub(crate) fn push_pair(text: &mut String, name: &str, value: &dyn Display) {
    if !text.is_empty() {
        text.push('&');
    }
    text.extend(utf8_percent_encode(name, UNRESERVED));
    text.push('=');
    write!(Encoded(text), "{value}").expect(NO_FAILURE);
}

/// Percent-encodes what is written into it.
struct Encoded<'a>(&'a mut String);

impl fmt::Write for Encoded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend(utf8_percent_encode(text, UNRESERVED));
        Ok(())
    }
}

/// Reads a header. The value is marked sensitive, because it may be a secret and nobody needs to
/// see it.
pub(crate) fn parse_header(name: &str, value: &dyn Display) -> Result<(HeaderName, HeaderValue)> {
    let known = HeaderName::try_from(name).map_err(|_| unfit("name", name))?;
    Ok((known, header_value(name, value)?))
}

/// Reads the name of a header; one in small letters as it is, without a copy.
pub(crate) fn header_name(name: &'static str) -> Result<HeaderName> {
    let small = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    match !name.is_empty() && name.bytes().all(small) {
        true => Ok(HeaderName::from_static(name)),
        false => HeaderName::try_from(name).map_err(|_| unfit("name", name)),
    }
}

fn header_value(name: &str, value: &dyn Display) -> Result<HeaderValue> {
    let mut short = Short::new();
    let value = match write!(short, "{value}") {
        Ok(()) => match short.as_str().as_bytes() {
            // The kinds of a push, for example.
            [digit @ b'0'..=b'9'] => {
                let start = usize::from(digit - b'0');
                Ok(HeaderValue::from_static(&DIGITS[start..=start]))
            }
            text => HeaderValue::from_bytes(text),
        },
        Err(_) => HeaderValue::try_from(value.to_string()),
    };
    let mut value = value.map_err(|_| unfit("value", name))?;
    value.set_sensitive(true);
    Ok(value)
}

fn unfit(part: &str, name: &str) -> Error {
    Error::config(format!("the {part} of the header `{name}` is not allowed"))
}

/// A body that serde refused. What serde says of it names types and fields of Rust, no value.
fn unwritable(error: &serde_json::Error) -> Error {
    Error::config(format!("the body cannot be written: {error}"))
}

const DIGITS: &str = "0123456789";
/// Room for the usual body, in bytes.
const TYPICAL: usize = 512;
/// Room for the usual path parameters.
const ROOM: usize = 64;
const NO_FAILURE: &str = "writing to a string";

/// The media type of forms.
const FORM: &str = "application/x-www-form-urlencoded";

/// Everything is encoded but the unreserved characters of RFC 3986, section 2.3.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
