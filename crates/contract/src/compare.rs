//! Whether a request that a client sent is the one that the document asks for.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::document::{Document, Operation};
use crate::{Example, sample};

/// What is different in `sent`, below the path `base`, from what an example asks for. Credentials
/// are the client's own business.
pub fn differences(
    document: &Document,
    operation: &Operation<'_>,
    example: &Example,
    base: &str,
    sent: &Request<Bytes>,
) -> Vec<String> {
    let wanted = sample::request(&example.sample());
    let credentials = document.credentials(operation);
    let mut found = Vec::new();
    let mut compare = |what: &str, wanted: String, sent: String| {
        if wanted != sent {
            found.push(format!("{what}: {sent} instead of {wanted}"));
        }
    };
    compare(
        "method",
        wanted.method().to_string(),
        sent.method().to_string(),
    );
    let path = sent.uri().path();
    let path = path.strip_prefix(base).unwrap_or(path);
    compare("path", decode(wanted.uri().path()), decode(path));
    let pairs = |text: &str| {
        let mut pairs = pairs(text);
        pairs.retain(|(name, _)| !credentials.contains(&name.as_str()));
        pairs.sort();
        pairs
    };
    let query = |request: &Request<Bytes>| pairs(request.uri().query().unwrap_or_default());
    compare(
        "query",
        format!("{:?}", query(&wanted)),
        format!("{:?}", query(sent)),
    );
    let names = example
        .parameters
        .iter()
        .filter(|(place, ..)| place == "header");
    let header = |request: &Request<Bytes>, name: &str| {
        let values = request.headers().get_all(name).into_iter();
        let texts = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        format!("{:?}", texts.collect::<Vec<_>>())
    };
    for (_, name, _) in names {
        compare(name, header(&wanted, name), header(sent, name));
    }
    let media = |request: &Request<Bytes>| {
        let text = header(request, CONTENT_TYPE.as_str());
        text.split("; boundary")
            .next()
            .unwrap_or_default()
            .replace('"', "")
    };
    compare("media type", media(&wanted), media(sent));
    let kind = example.media.as_deref().unwrap_or_default();
    let text = |request: &Request<Bytes>| String::from_utf8_lossy(request.body()).into_owned();
    if kind.contains("json") {
        let json = |request: &Request<Bytes>| {
            let mut body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
            if let Some(members) = body.as_object_mut() {
                members.retain(|name, _| !credentials.contains(&name.as_str()));
            }
            body
        };
        let (wanted, sent) = (json(&wanted), json(sent));
        if !same(&wanted, &sent) {
            found.push(format!("body: {sent} instead of {wanted}"));
        }
    } else if kind.contains("form-urlencoded") {
        let form = |request: &Request<Bytes>| format!("{:?}", pairs(&text(request)));
        compare("form", form(&wanted), form(sent));
    } else if kind.contains("multipart") {
        compare(
            "parts",
            format!("{:?}", parts(&text(&wanted))),
            format!("{:?}", parts(&text(sent))),
        );
    } else {
        compare("body", text(&wanted), text(sent));
    }
    found
}

/// Whether two bodies say the same: a number is one however it is written.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, value)| right.get(name).is_some_and(|other| same(value, other)))
        }
        _ => left == right,
    }
}

pub(crate) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

/// The names of the parts of a body, each with its content.
fn parts(text: &str) -> BTreeSet<(String, String)> {
    let parts = text.split("Content-Disposition: form-data; ").skip(1);
    parts
        .filter_map(|part| {
            let (head, content) = part.split_once("\r\n\r\n")?;
            let (_, name) = head.split_once("name=\"")?;
            let (name, _) = name.split_once('"')?;
            let (content, _) = content.rsplit_once("\r\n--")?;
            Some((name.to_owned(), content.to_owned()))
        })
        .collect()
}
