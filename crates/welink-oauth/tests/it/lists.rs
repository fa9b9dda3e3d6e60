//! Every paged list, read as one stream.

use contract::{Document, listing};
use huawei_emulator::{Fault, Verdict};

use crate::generated::list;
use crate::stage::Stage;

#[tokio::test]
async fn every_list_is_read_page_after_page_to_its_end_or_to_an_error() {
    let stage = Stage::new("lists");
    let document = Document::open("welink-oauth");
    let script = |page: listing::Scripted| {
        let fault = Fault::body(page.status, page.body).on(page.operation);
        stage.space.fail_next(fault.after_effect());
    };
    let count = listing::check(&document, &stage.tap, script, async |example| {
        list(&stage.client, example).await
    })
    .await;
    assert_eq!(count, 25);
    let log = stage.space.log();
    let refused = log.iter().find(|entry| entry.verdict == Verdict::Refused);
    assert!(refused.is_none(), "{refused:?}");
}
