//! Pages of lists.

use serde_json::{Value, json};

use crate::platforms::Call;

/// One page of a list, and where it stands.
pub(super) struct Page {
    pub items: Vec<Value>,
    pub number: u64,
    pub size: u64,
    pub total: usize,
}

impl Page {
    /// The page that a call asks for.
    pub(super) fn of(call: &Call<'_>, items: Vec<Value>, default: u64) -> Self {
        let number = |name: &str| call.parameter(name).and_then(|value| value.as_u64());
        let page = number("pageNo").unwrap_or(0);
        let size = number("pageSize").unwrap_or(default).max(1);
        let total = items.len();
        let skip = usize::try_from(page.saturating_mul(size)).unwrap_or(usize::MAX);
        let take = usize::try_from(size).unwrap_or(usize::MAX);
        Self {
            items: items.into_iter().skip(skip).take(take).collect(),
            number: page,
            size,
            total,
        }
    }

    /// As most lists are written, under this name.
    pub(super) fn body(self, name: &str) -> Value {
        let mut body = json!({
            "totalCount": self.total,
            "pageNo": self.number,
            "pageSize": self.size,
        });
        body[name] = Value::from(self.items);
        body
    }
}
