//! Every operation with full and minimal bodies, against the emulator over HTTP.

use auth_core::Clock;
use contract::{Document, Exam, Tap};
use huawei_emulator::behaves;
use iot_na::Client;

use crate::generated::call;
use crate::stage::{Stage, application, transport};

#[tokio::test]
async fn every_operation_is_called_as_the_document_asks() {
    let stage = Stage::new("every");
    let tap = Tap::new(transport());
    let client = Client::builder(application(), stage.space.url("iot-na"))
        .transport(tap.clone())
        .clock(Clock::system())
        .build()
        .unwrap();
    let document = Document::open("iot-na");
    let url = stage.space.url("iot-na");
    let exam = Exam::new(document, &url, behaves("iot-na"));
    let count = exam
        .run(&tap, async |example| call(&client, example).await)
        .await;
    assert!(count > 150, "{count}");
}
