//! The bodies of the fuzz targets, run on the seeds and on what is near them.

mod oauth_callback;
mod oauth_events;

use std::fs;
use std::path::Path;

/// Runs a target on each of its seeds, whole and cut off at every eighth byte.
fn check(target: &str, run: fn(&[u8])) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    let seeds: Vec<_> = fs::read_dir(seeds.join(target)).unwrap().collect();
    assert!(!seeds.is_empty());
    for seed in seeds {
        let seed = fs::read(seed.unwrap().path()).unwrap();
        for end in (0..seed.len()).step_by(8).chain([seed.len()]) {
            run(&seed[..end]);
        }
    }
}

#[test]
fn addresses_of_any_content_are_read() {
    check("oauth_callback", oauth_callback::run);
}

#[test]
fn events_of_any_content_are_read() {
    check("oauth_events", oauth_events::run);
}
