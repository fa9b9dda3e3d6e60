//! Every operation with full and minimal bodies, against the emulator over HTTP.

use std::path::Path;

use auth_core::Clock;
use contract::{Document, Exam, Tap, oracle};
use huawei_emulator::behaves;

use crate::generated::call;
use crate::stage::{Stage, client_over, transport};

#[tokio::test]
async fn every_operation_is_called_as_the_document_asks() {
    let stage = Stage::new("every");
    let tap = Tap::new(transport());
    let client = client_over(&stage.space, Clock::system(), tap.clone());
    let document = Document::open("iot-na");
    let url = stage.space.url("iot-na");
    let exam = Exam::new(document, &url, behaves("iot-na"));
    let count = exam
        .run(&tap, async |example| call(&client, example).await)
        .await;
    assert!(count > 150, "{count}");
}

#[test]
fn another_reader_of_the_documents_accepts_the_exchanges_of_all_tests() {
    oracle::judge(
        "another_reader",
        &[
            "every",
            "faults",
            "journeys",
            "legacy",
            "notifications",
            "tokens",
        ],
        Path::new(env!("CARGO_TARGET_TMPDIR")),
        &[],
    );
}
