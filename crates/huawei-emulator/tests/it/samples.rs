//! The published samples of the platforms: what a real client sent, the emulator takes.

use std::fs;
use std::path::{Path, PathBuf};

use huawei_emulator::{Checked, check};
use serde_json::Value;

pub(crate) use contract::sample::{PLATFORMS, is, request};

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
