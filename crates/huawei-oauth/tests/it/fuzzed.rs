//! The bodies of the fuzz targets, run on the seeds and on what is near them.

mod oauth_callback;
mod oauth_events;

use contract::run_seeds;

#[test]
fn addresses_of_any_content_are_read() {
    run_seeds("oauth_callback", oauth_callback::run);
}

#[test]
fn events_of_any_content_are_read() {
    run_seeds("oauth_events", oauth_events::run);
}
