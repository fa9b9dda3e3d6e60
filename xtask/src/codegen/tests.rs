//! The generated files are current, and mistakes in a document stop the run.

use std::collections::BTreeMap;

use super::{Settings, generate};

mod mistakes;

const DOCUMENT: &str = include_str!("../../kitchen_sink/kitchen_sink.yaml");

#[test]
fn generated_files_are_current() {
    super::check().unwrap();
}

#[test]
fn the_same_document_gives_the_same_files() {
    let files = || {
        generate("sink", "sink.yaml", DOCUMENT, &settings())
            .unwrap()
            .files
    };
    assert_eq!(files(), files());
}

fn settings() -> Settings {
    Settings {
        groups: BTreeMap::from([(
            "AppKey".to_owned(),
            vec!["deviceId".to_owned(), "appId".to_owned()],
        )]),
        ..Settings::default()
    }
}
