//! Pages: a page index from 0, a size, and the rows on it.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::platforms::Call;

use super::ids::ok;

/// One page of rows, as most lists give them.
pub(super) fn page(call: &Call<'_>, name: &str, rows: impl Iterator<Item = Value>) -> Answer {
    let (total, rows) = cut(call, rows);
    ok(call, &json!({ "total": total, name: rows }))
}

/// One page of rows, as lists of roles give them: with the page index and size repeated.
pub(super) fn page_with_size(
    call: &Call<'_>,
    name: &str,
    rows: impl Iterator<Item = Value>,
) -> Answer {
    let (total, rows) = cut(call, rows);
    let (offset, limit) = place(call);
    ok(
        call,
        &json!({ "total": total, "offset": offset, "limit": limit, name: rows }),
    )
}

fn cut(call: &Call<'_>, rows: impl Iterator<Item = Value>) -> (usize, Vec<Value>) {
    let rows: Vec<Value> = rows.collect();
    let (offset, limit) = place(call);
    let total = rows.len();
    let skip = offset.saturating_mul(limit);
    (total, rows.into_iter().skip(skip).take(limit).collect())
}

fn place(call: &Call<'_>) -> (usize, usize) {
    let number = |name: &str, otherwise| {
        let found = call.query(name).and_then(|text| text.parse().ok());
        found.unwrap_or(otherwise)
    };
    (number("offset", 0), number("limit", 10))
}
