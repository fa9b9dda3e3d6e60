//! Samples as requests: the form in which the documents' published requests are kept.

use bytes::Bytes;
use http::Request;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

/// The documents.
pub const PLATFORMS: [&str; 5] = [
    "harmony-push",
    "huawei-oauth",
    "welink-oauth",
    "oneaccess-sdk",
    "iot-na",
];

/// A sample as a request.
///
/// # Panics
///
/// If it cannot be one.
pub fn request(sample: &Value) -> Request<Bytes> {
    let address = sample["path"].as_str().unwrap_or_default();
    let address = address.replace('[', "%5B").replace(']', "%5D");
    let mut request = Request::builder()
        .method(sample["method"].as_str().unwrap_or("POST"))
        .uri(address);
    for (name, value) in sample["headers"].as_object().into_iter().flatten() {
        let mut value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        if value == "multipart/form-data" {
            value = format!("{value}; boundary={BOUNDARY}");
        }
        request = request.header(name, value);
    }
    let body = match &sample["body"] {
        Value::Null => Bytes::new(),
        Value::String(text) => Bytes::from(text.clone()),
        Value::Object(members) if is(sample, "multipart") => multipart(members),
        Value::Object(members) if is(sample, "form-urlencoded") => {
            let pairs = members.iter().map(|(name, value)| {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                format!("{name}={}", utf8_percent_encode(&text, NON_ALPHANUMERIC))
            });
            Bytes::from(pairs.collect::<Vec<_>>().join("&"))
        }
        body => Bytes::from(body.to_string()),
    };
    request
        .body(body)
        .unwrap_or_else(|error| panic!("{error}: {sample}"))
}

/// Whether a sample has this media type.
pub fn is(sample: &Value, media: &str) -> bool {
    let mut headers = sample["headers"].as_object().into_iter().flatten();
    headers.any(|(_, value)| value.as_str().is_some_and(|text| text.contains(media)))
}

fn multipart(members: &Map<String, Value>) -> Bytes {
    let mut body = String::new();
    for (name, value) in members {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let head = format!("Content-Disposition: form-data; name=\"{name}\"");
        body.push_str(&format!("--{BOUNDARY}\r\n{head}\r\n\r\n{text}\r\n"));
    }
    Bytes::from(format!("{body}--{BOUNDARY}--\r\n"))
}

const BOUNDARY: &str = "a-boundary";
