//! The bodies of the fuzz targets, run on the seeds and on what is near them.

#[path = "fuzzed/oneaccess_callback.rs"]
pub(crate) mod oneaccess_callback;
#[path = "fuzzed/oneaccess_cas.rs"]
pub(crate) mod oneaccess_cas;
#[path = "fuzzed/oneaccess_login.rs"]
pub(crate) mod oneaccess_login;

use contract::run_seeds;

#[test]
fn callbacks_of_any_content_are_read() {
    run_seeds("oneaccess_callback", oneaccess_callback::run);
}

#[test]
fn answers_of_cas_of_any_content_are_read() {
    run_seeds("oneaccess_cas", oneaccess_cas::run);
}

#[test]
fn results_of_logins_of_any_content_are_read() {
    run_seeds("oneaccess_login", oneaccess_login::run);
}
