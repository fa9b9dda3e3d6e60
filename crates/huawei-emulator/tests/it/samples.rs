//! The published samples of the platforms: what a real client sent, the emulator takes.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::Request;
use huawei_emulator::{Checked, check};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

/// The documents, with the number of their samples.
pub(crate) const PLATFORMS: [&str; 5] = [
    "harmony-push",
    "huawei-oauth",
    "welink-oauth",
    "oneaccess-sdk",
    "iot-na",
];

/// Samples that break the documents as published, and how.
const EXCEPTIONS: [(&str, &str); 1] = [(
    "login_by_alipay.request.json",
    "the page shows the address of v2 in the sample of v3",
)];

/// The published requests of a platform, by the names of their files.
pub(crate) fn requests(platform: &str) -> Vec<(String, Value)> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR"));
    let of_client = crates.join("..").join(platform).join("tests/samples");
    let own = crates.join("tests/samples").join(platform);
    let folder: PathBuf = if of_client.is_dir() { of_client } else { own };
    let listed = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut samples: Vec<(String, Value)> = listed
        .map(|entry| entry.expect("the folder can be read").path())
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            let wanted = name.contains(".request.") && !name.starts_with("on_");
            let text = wanted.then(|| fs::read(&path).expect("the sample can be read"))?;
            Some((
                name,
                serde_json::from_slice(&text).expect("a sample is JSON"),
            ))
        })
        .collect();
    samples.sort_by(|left, right| left.0.cmp(&right.0));
    samples
}

/// A file among the samples that a client keeps.
pub(crate) fn of_client(platform: &str, name: &str) -> Value {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let path = crates.join(platform).join("tests/samples").join(name);
    let text = fs::read(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    serde_json::from_slice(&text).expect("a sample is JSON")
}

/// A sample as a request.
pub(crate) fn request(sample: &Value) -> Request<Bytes> {
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
pub(crate) fn is(sample: &Value, media: &str) -> bool {
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

/// What the emulator thinks of a sample.
pub(crate) fn verdict(platform: &str, sample: &Value) -> Option<Checked> {
    check(platform, &request(sample))
}

#[test]
fn every_published_request_is_accepted() {
    let mut wrong = Vec::new();
    for platform in PLATFORMS {
        let samples = requests(platform);
        assert!(
            samples.len() > 15,
            "{platform} has {} samples",
            samples.len()
        );
        for (name, sample) in samples {
            let expected = name.split('.').next();
            let excused = EXCEPTIONS.iter().any(|(known, _)| *known == name);
            let checked = verdict(platform, &sample);
            let accepted = checked.as_ref().is_some_and(|checked| {
                Some(checked.operation) == expected && checked.violations.is_empty()
            });
            if accepted == excused {
                wrong.push(format!("{platform} {name}: {checked:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
