//! The body of the fuzz target, run on the seeds and on what is near them.

#[path = "fuzzed/welink_events.rs"]
mod welink_events;

#[test]
fn events_and_addresses_of_any_content_are_read() {
    contract::run_seeds("welink_events", welink_events::run);
}
