//! The bodies of the fuzz targets, run on the seeds and on what is near them.

pub(crate) mod iot_notification;

use std::fs;
use std::path::Path;

#[test]
fn notifications_of_any_content_are_read() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/iot_notification");
    let seeds: Vec<_> = fs::read_dir(seeds).unwrap().collect();
    assert!(seeds.len() > 5);
    for seed in seeds {
        let seed = fs::read(seed.unwrap().path()).unwrap();
        for end in (0..seed.len()).step_by(8).chain([seed.len()]) {
            iot_notification::run(&seed[..end]);
        }
    }
}
