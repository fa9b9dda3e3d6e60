//! Every paged list, read as one stream.

use contract::check_lists;

use crate::generated::list;
use crate::stage::Stage;

#[tokio::test]
async fn every_list_is_read_page_after_page_to_its_end_or_to_an_error() {
    let stage = Stage::new("lists");
    let list = async |example: &_| list(&stage.client, example).await;
    let count = check_lists("welink-oauth", &stage.space, &stage.tap, list).await;
    assert_eq!(count, 25);
}
