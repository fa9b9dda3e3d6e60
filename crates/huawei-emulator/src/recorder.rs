//! Writes exchanges as sample files, in the form in which the documents' own samples come.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::callback::SentCallback;
use crate::document::Document;
use crate::document::operation::{Media, Place};
use crate::log::Verdict;
use crate::platforms::{Call, lock};
use crate::redact::redact;
use crate::validate::encode_pairs;

/// Writes sample files below a directory: `DIR/<document>/<operation>.<kind>.<n>.json`.
#[derive(Debug)]
pub(crate) struct Recorder {
    folder: PathBuf,
    counts: Mutex<HashMap<String, u32>>,
}

impl Recorder {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            counts: Mutex::default(),
        }
    }

    /// Writes a request that kept to the document, and what was answered. A request that broke a
    /// rule is no sample of anything; its answer is.
    ///
    /// Pages and their forms are the emulator's own: no document has them.
    pub(crate) fn record(&self, call: &Call<'_>, answer: &Answer, verdict: Verdict) {
        let documented = answer.status.as_u16() == call.operation.success.status;
        let page = call.operation.browser.is_some() && verdict == Verdict::Accepted && !documented;
        if page || call.method != call.operation.method {
            return;
        }
        let (document, operation) = (call.document.name, &*call.operation.id);
        if verdict != Verdict::Refused {
            self.write(document, operation, "request", request(call));
        }
        let kind = match verdict {
            Verdict::Accepted => "response",
            Verdict::Declined | Verdict::Refused | Verdict::Unknown => "error",
        };
        self.write(document, operation, kind, response(call, answer, verdict));
    }

    /// Writes a call that the platform made.
    pub(crate) fn record_callback(&self, sent: &SentCallback) {
        let mut documents = Document::NAMES.into_iter().filter_map(Document::named);
        let found =
            documents.find_map(|document| Some((document, document.callback(sent.operation)?)));
        let Some((document, operation)) = found else {
            return;
        };
        let schema = operation.body.as_ref().map(|body| body.schema);
        let mut headers = Map::new();
        for (name, _) in &sent.headers {
            headers.insert((*name).to_owned(), Value::from("redacted"));
        }
        let sample = json!({
            "source": SOURCE,
            "method": operation.method.as_str(),
            "path": "(the address of the receiver)",
            "headers": headers,
            "body": schema.map(|schema| redact(document, schema, &sent.body)),
        });
        self.write(document.name, &operation.id, "request", sample);
    }

    fn write(&self, document: &str, operation: &str, kind: &str, sample: Value) {
        let stem = format!("{operation}.{kind}");
        let number = {
            let mut counts = lock(&self.counts);
            let count = counts.entry(format!("{document}/{stem}")).or_default();
            *count += 1;
            *count
        };
        if number > MOST_OF_A_KIND {
            return;
        }
        let folder = self.folder.join(document);
        let path = folder.join(format!("{stem}.{number}.json"));
        let written = std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(&path, format!("{sample:#}\n")));
        if let Err(error) = written {
            let path = path.display();
            crate::complain(&format!("cannot write the sample {path}: {error}"));
        }
    }
}

fn request(call: &Call<'_>) -> Value {
    let mut sample = Map::new();
    sample.insert("source".to_owned(), Value::from(SOURCE));
    sample.insert(
        "method".to_owned(),
        Value::from(call.operation.method.as_str()),
    );
    sample.insert("path".to_owned(), Value::from(address(call)));
    sample.insert("headers".to_owned(), request_headers(call));
    if let Some(body) = request_body(call) {
        sample.insert("body".to_owned(), body);
    }
    Value::Object(sample)
}

fn request_headers(call: &Call<'_>) -> Value {
    let mut kept = Map::new();
    if let Some(kind) = call.header("content-type") {
        let kind = kind.split("; boundary").next().unwrap_or_default();
        kept.insert("Content-Type".to_owned(), Value::from(kind));
    }
    for parameter in &call.operation.parameters {
        if parameter.place == Place::Header
            && let Some(text) = call.header(&parameter.name)
        {
            let text = if parameter.secret { "redacted" } else { text };
            kept.insert(parameter.name.clone(), Value::from(text));
        }
    }
    Value::Object(kept)
}

/// The path with its query, without secrets.
fn address(call: &Call<'_>) -> String {
    let template = call.operation.path.split('?').next().unwrap_or_default();
    let mut path = template.to_owned();
    for (name, value) in call.path {
        let encoded = encode_pairs([("", &**value)]);
        path = path.replace(&format!("{{{name}}}"), &encoded[1..]);
    }
    let secret = |name: &str| {
        let mut all = call.operation.parameters.iter();
        let known = all.find(|parameter| parameter.name == name);
        known.map_or(
            !call
                .operation
                .fixed_query
                .iter()
                .any(|(key, _)| key == name),
            |it| it.secret,
        )
    };
    // What an address says to the emulator itself is no part of the platform.
    let own = call.query.iter();
    let own = own.filter(|(name, _)| !name.starts_with("emulator_"));
    let pairs = own.map(|(name, value)| {
        let value = if secret(name) { "redacted" } else { value };
        (&**name, value)
    });
    match encode_pairs(pairs) {
        query if query.is_empty() => path,
        query => format!("{path}?{query}"),
    }
}

fn request_body(call: &Call<'_>) -> Option<Value> {
    let value = call.content.value.as_ref()?;
    let declared = call.operation.body.as_ref()?;
    let hidden = redact(call.document, declared.schema, value);
    if declared.media != Media::Form {
        return Some(hidden);
    }
    let members = hidden.as_object()?.iter();
    let texts: Vec<(&str, String)> = members
        .map(|(name, value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            (&**name, text)
        })
        .collect();
    let pairs = texts.iter().map(|(name, text)| (*name, &**text));
    Some(Value::from(encode_pairs(pairs)))
}

fn response(call: &Call<'_>, answer: &Answer, verdict: Verdict) -> Value {
    let mut sample = json!({
        "source": SOURCE,
        "method": call.operation.method.as_str(),
        "path": address(call).split('?').next(),
        "status": answer.status.as_u16(),
        "headers": response_headers(&answer.headers),
    });
    if let Some(body) = response_body(call, &answer.body, verdict) {
        sample["body"] = body;
    }
    sample
}

fn response_headers(headers: &HeaderMap) -> Value {
    let kept = headers.iter().filter_map(|(name, value)| {
        let value = value.to_str().ok()?;
        Some((name.to_string(), Value::from(value)))
    });
    Value::Object(kept.collect())
}

fn response_body(call: &Call<'_>, body: &Bytes, verdict: Verdict) -> Option<Value> {
    if body.is_empty() {
        return None;
    }
    let Ok(parsed) = serde_json::from_slice::<Value>(body) else {
        return Some(Value::from(String::from_utf8_lossy(body)));
    };
    let schemas = &call.document.schemas;
    let schema = match verdict {
        Verdict::Accepted => call.operation.success.content.as_ref().map(|(_, it)| *it),
        _ => {
            let first = call.operation.outcome.envelopes.first();
            first.and_then(|envelope| schemas.named(&envelope.schema))
        }
    };
    Some(schema.map_or(parsed.clone(), |schema| {
        redact(call.document, schema, &parsed)
    }))
}

/// Where recorded samples say they come from.
const SOURCE: &str = "recorded by huawei-emulator";

/// A campaign of a million pushes does not leave a million files behind.
const MOST_OF_A_KIND: u32 = 200;
