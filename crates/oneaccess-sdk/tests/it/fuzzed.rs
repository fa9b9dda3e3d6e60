//! The bodies of the fuzz targets, run on the seeds and on what is near them.

#[path = "fuzzed/oneaccess_callback.rs"]
pub(crate) mod oneaccess_callback;
#[path = "fuzzed/oneaccess_cas.rs"]
pub(crate) mod oneaccess_cas;
#[path = "fuzzed/oneaccess_login.rs"]
pub(crate) mod oneaccess_login;

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
fn callbacks_of_any_content_are_read() {
    check("oneaccess_callback", oneaccess_callback::run);
}

#[test]
fn answers_of_cas_of_any_content_are_read() {
    check("oneaccess_cas", oneaccess_cas::run);
}

#[test]
fn results_of_logins_of_any_content_are_read() {
    check("oneaccess_login", oneaccess_login::run);
}
