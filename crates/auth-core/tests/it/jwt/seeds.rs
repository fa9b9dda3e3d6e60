//! The seeds of the fuzz targets, run through them without a fuzzer.

use std::fs;
use std::path::Path;

use super::fuzzed;

fn replay(target: &str, run: fn(&[u8])) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/seeds")
        .join(target);
    let seeds: Vec<_> = fs::read_dir(seeds).expect("the seeds are there").collect();
    assert!(seeds.len() >= 3, "{target} has {} seeds", seeds.len());
    for seed in seeds {
        run(&fs::read(seed.expect("a seed").path()).expect("it can be read"));
    }
}

#[test]
fn seeds_of_key_files_do_no_harm() {
    replay("key_file", fuzzed::key_file::run);
}

#[test]
fn seeds_of_key_sets_do_no_harm() {
    replay("jwks", fuzzed::jwks::run);
}

#[test]
fn seeds_of_tokens_do_no_harm() {
    replay("jws_verify", fuzzed::jws_verify::run);
}
