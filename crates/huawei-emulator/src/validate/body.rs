//! A request's body, decoded.

use serde_json::Value;

/// A body as its schema sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    /// The members of a form, or the whole JSON; nothing when there is no body.
    pub value: Option<Value>,
}

impl Content {
    /// The body, null when there is none.
    pub(crate) fn body(&self) -> &Value {
        self.value.as_ref().unwrap_or(&Value::Null)
    }
}
