//! Small readers of JSON members.

use serde_json::Value;

/// The strings of an array; empty when there is none.
pub(crate) fn strings(source: Option<&Value>) -> Vec<String> {
    let items = source.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A member that is a text.
pub(crate) fn text(source: &Value, name: &str) -> Option<String> {
    Some(source.get(name)?.as_str()?.to_owned())
}

/// A member that is a whole number of 0 or more.
pub(crate) fn unsigned(source: &Value, name: &str) -> Option<usize> {
    usize::try_from(source.get(name)?.as_u64()?).ok()
}

/// The value at a dotted path.
pub(crate) fn dig<'a>(body: &'a Value, dotted: &str) -> Option<&'a Value> {
    dotted
        .split('.')
        .try_fold(body, |value, part| value.get(part))
}

/// A scalar as the text that codes are compared in.
pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Whether two values are equal; 1 and 1.0 are.
pub(crate) fn equal(left: &Value, right: &Value) -> bool {
    left == right
        || matches!((left, right), (Value::Number(left), Value::Number(right)) if left.as_f64() == right.as_f64())
}
