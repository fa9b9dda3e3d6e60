//! Every paged list, read as one stream.

use auth_core::Clock;
use contract::{Document, Tap, listing};
use huawei_emulator::{Fault, Verdict};

use crate::generated::list;
use crate::stage::{Stage, client_over, transport};

#[tokio::test]
async fn every_list_is_read_page_after_page_to_its_end_or_to_an_error() {
    let stage = Stage::new("every-list");
    let tap = Tap::new(transport());
    let client = client_over(&stage.space, Clock::system(), tap.clone());
    let document = Document::open("iot-na");
    let script = |page: listing::Scripted| {
        let fault = Fault::body(page.status, page.body).on(page.operation);
        stage.space.fail_next(fault.after_effect());
    };
    let count = listing::check(&document, &tap, script, async |example| {
        list(&client, example).await
    })
    .await;
    assert_eq!(count, 15);
    let log = stage.space.log();
    let refused = log.iter().find(|entry| entry.verdict == Verdict::Refused);
    assert!(refused.is_none(), "{refused:?}");
}
