//! `POST /_emulator/check`: what the documents say to a request, without sending it anywhere.

use bytes::Bytes;
use http::{Request, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::check::check;

use super::{Refused, parse};

/// A request in the form of the documents' samples.
#[derive(Deserialize)]
struct Sample {
    platform: String,
    method: String,
    path: String,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    body: Value,
}

pub(super) fn answer(body: &[u8]) -> Result<Answer, Refused> {
    let sample: Sample = parse(body)?;
    let bad = |error: http::Error| (StatusCode::BAD_REQUEST, error.to_string());
    let mut request = Request::builder().method(&*sample.method).uri(&sample.path);
    for (name, value) in &sample.headers {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        request = request.header(name, value);
    }
    let body = match sample.body {
        Value::Null => Bytes::new(),
        Value::String(text) => Bytes::from(text),
        body => Bytes::from(body.to_string()),
    };
    let request = request.body(body).map_err(bad)?;
    let Some(checked) = check(&sample.platform, &request) else {
        let reason = "no operation has this method and address".to_owned();
        return Err((StatusCode::NOT_FOUND, reason));
    };
    let violations = checked.violations.iter().map(|violation| {
        json!({
            "part": violation.part.to_string(),
            "at": violation.at,
            "rule": violation.rule.keyword(),
            "detail": violation.detail,
        })
    });
    Ok(Answer::json(&json!({
        "operation": checked.operation,
        "violations": Value::from_iter(violations),
    })))
}
