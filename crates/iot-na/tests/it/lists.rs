//! Every paged list, read as one stream.

use auth_core::Clock;
use contract::{Tap, check_lists};

use crate::generated::list;
use crate::stage::{Stage, client_over, transport};

#[tokio::test]
async fn every_list_is_read_page_after_page_to_its_end_or_to_an_error() {
    let stage = Stage::new("every-list");
    let tap = Tap::new(transport());
    let client = client_over(&stage.space, Clock::system(), tap.clone());
    let list = async |example: &_| list(&client, example).await;
    assert_eq!(check_lists("iot-na", &stage.space, &tap, list).await, 15);
}
