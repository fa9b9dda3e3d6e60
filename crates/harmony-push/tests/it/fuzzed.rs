//! The bodies of the fuzz targets, run on the seeds and on what is near them.

mod push_answer;
mod push_receipts;
mod push_uplink;

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
fn answers_of_any_content_are_read() {
    check("push_answer", push_answer::run);
}

#[test]
fn receipts_of_any_content_are_read() {
    check("push_receipts", push_receipts::run);
}

#[test]
fn uplink_messages_of_any_content_are_read() {
    check("push_uplink", push_uplink::run);
}
