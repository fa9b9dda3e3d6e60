//! Every paged list, read as one stream.

use std::sync::Arc;

use ::contract::{Document, Tap, listing};
use auth_core::ReqwestSend;
use huawei_emulator::{Fault, Verdict};

use super::{Stage, client};
use crate::generated::list;

#[tokio::test]
async fn every_list_is_read_page_after_page_to_its_end_or_to_an_error() {
    let stage = Stage::new("every-list");
    let tap = Tap::new(Arc::new(ReqwestSend::builder().build().unwrap()));
    let client = client(&stage.space, tap.clone());
    let document = Document::open("oneaccess-sdk");
    let script = |page: listing::Scripted| {
        let fault = Fault::body(page.status, page.body).on(page.operation);
        stage.space.fail_next(fault.after_effect());
    };
    let count = listing::check(&document, &tap, script, async |example| {
        list(&client, example).await
    })
    .await;
    assert_eq!(count, 11);
    let log = stage.space.log();
    let refused = log.iter().find(|entry| entry.verdict == Verdict::Refused);
    assert!(refused.is_none(), "{refused:?}");
}
