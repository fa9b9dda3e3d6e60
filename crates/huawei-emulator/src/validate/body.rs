//! A request's body, decoded.

use serde_json::Value;

use super::multipart::FormPart;

/// A body as its schema sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    /// The members of a form, or the whole JSON; nothing when there is no body.
    pub value: Option<Value>,
    /// The parts of a multipart form.
    pub parts: Vec<FormPart>,
}

impl Content {
    /// The body, null when there is none.
    pub(crate) fn body(&self) -> &Value {
        self.value.as_ref().unwrap_or(&Value::Null)
    }
}
