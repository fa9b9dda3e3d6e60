//! The seeds of the fuzz targets, for the tests that run them without a fuzzer.

use std::fs;
use std::path::Path;

/// Runs a fuzz target on each of its seeds, whole and cut off at every fourth byte.
pub fn run_seeds(target: &str, run: fn(&[u8])) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    let seeds: Vec<_> = fs::read_dir(seeds.join(target)).unwrap().collect();
    assert!(!seeds.is_empty(), "{target} has no seeds");
    for seed in seeds {
        let seed = fs::read(seed.unwrap().path()).unwrap();
        for end in (0..seed.len()).step_by(4).chain([seed.len()]) {
            run(&seed[..end]);
        }
    }
}
