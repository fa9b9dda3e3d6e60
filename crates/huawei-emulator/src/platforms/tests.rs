//! Proof that the lists of operations that behave are true, both ways.

use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, json};

use crate::consent::Consent;
use crate::document::Document;
use crate::document::operation::{Operation, Place, Shared};
use crate::document::schema::Schemas;
use crate::synth;
use crate::validate::Content;

use super::{Call, Platforms, behaves, lock};

/// Whether the platform has behaviour for an operation, found out by calling it with the smallest
/// request that the document allows.
fn has_behaviour(document: &'static Document, operation: &'static Operation) -> bool {
    let text = |schema| {
        let value = synth::minimal(&document.schemas, schema);
        value.as_str().map_or(value.to_string(), str::to_owned)
    };
    let all = |place: Place| -> Vec<(String, String)> {
        let parameters = operation.parameters.iter();
        parameters
            .filter(|parameter| parameter.place == place && parameter.required)
            .map(|parameter| (parameter.name.clone(), text(parameter.schema)))
            .collect()
    };
    let body = operation.body.as_ref();
    let content = Content {
        value: body.map(|body| synth::minimal(&document.schemas, body.schema)),
    };
    let (path, query) = (all(Place::Path), all(Place::Query));
    let call = Call {
        document,
        operation,
        path: &path,
        query: &query,
        headers: &HeaderMap::new(),
        raw: &Bytes::new(),
        content: &content,
        now: SystemTime::UNIX_EPOCH,
        request_id: "1",
        method: &operation.method,
        consent: &Consent::Ask,
        base: "http://localhost",
    };
    let platforms = Platforms::new(Arc::default());
    let platform = platforms.of(document.name);
    let mut platform = lock(platform.expect("every document has a platform"));
    let answer = platform.answer(&call);
    !answer.is_err_and(|refusal| refusal.status == Some(501))
}

/// An operation that no platform has ever heard of.
fn unknown() -> &'static Operation {
    static UNKNOWN: LazyLock<Operation> = LazyLock::new(|| {
        let source = json!({"operationId": "no_such_operation", "responses": {"200": {}}});
        let components = Map::new();
        let shared = Shared {
            root: &json!({}),
            components: &components,
        };
        let mut schemas = Schemas::read(&components);
        Operation::read("get", "/no/such/address", &source, &shared, &mut schemas)
    });
    &UNKNOWN
}

#[test]
fn an_operation_behaves_exactly_if_it_is_in_the_list_of_its_platform() {
    for name in Document::NAMES {
        let document = Document::named(name).expect("the name is one of the documents");
        let listed = behaves(name);
        assert!(
            listed.is_sorted_by(|a, b| a < b),
            "{name}: not sorted, or twice"
        );
        for id in listed {
            let mut all = document.operations.iter();
            assert!(
                all.any(|operation| operation.id == **id),
                "{name} has no operation {id}"
            );
        }
        assert!(
            !has_behaviour(document, unknown()),
            "{name} answers what it does not know: end `answer` with `Refusal::no_behaviour`"
        );
        for operation in &document.operations {
            let id = &*operation.id;
            match (has_behaviour(document, operation), listed.contains(&id)) {
                (true, false) => panic!("{name}: {id} behaves, and is not in `BEHAVES`"),
                (false, true) => panic!("{name}: {id} is in `BEHAVES`, and `answer` lacks it"),
                _ => {}
            }
        }
    }
}
