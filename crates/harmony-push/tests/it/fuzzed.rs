//! The bodies of the fuzz targets, run on the seeds and on what is near them.

mod push_answer;
mod push_receipts;
mod push_uplink;

use contract::run_seeds;

#[test]
fn answers_of_any_content_are_read() {
    run_seeds("push_answer", push_answer::run);
}

#[test]
fn receipts_of_any_content_are_read() {
    run_seeds("push_receipts", push_receipts::run);
}

#[test]
fn uplink_messages_of_any_content_are_read() {
    run_seeds("push_uplink", push_uplink::run);
}
