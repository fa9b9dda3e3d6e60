//! Every paged list, read as one stream.

use std::sync::Arc;

use ::contract::{Tap, check_lists};
use auth_core::ReqwestSend;

use super::{Stage, client};
use crate::generated::list;

#[tokio::test]
async fn every_list_is_read_page_after_page_to_its_end_or_to_an_error() {
    let stage = Stage::new("every-list");
    let tap = Tap::new(Arc::new(ReqwestSend::builder().build().unwrap()));
    let client = client(&stage.space, tap.clone());
    let list = async |example: &_| list(&client, example).await;
    let count = check_lists("oneaccess-sdk", &stage.space, &tap, list).await;
    assert_eq!(count, 11);
}
