//! The body of the fuzz target, run on the seeds and on what is near them.

#[path = "fuzzed/welink_events.rs"]
mod welink_events;

use std::fs;
use std::path::Path;

#[test]
fn events_and_addresses_of_any_content_are_read() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/welink_events");
    let seeds: Vec<_> = fs::read_dir(seeds).unwrap().collect();
    assert!(seeds.len() >= 4);
    for seed in seeds {
        let seed = fs::read(seed.unwrap().path()).unwrap();
        for end in 0..=seed.len() {
            welink_events::run(&seed[..end]);
        }
    }
}
