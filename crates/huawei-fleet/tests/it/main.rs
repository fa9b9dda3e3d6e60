//! Short runs of the fleet: processes, stores and faults are real, the minute is not.

use std::process::Command;

/// Runs the driver; it ends with an error if a promise was broken.
fn drive(store: &str, faults: &str) {
    let run = Command::new(env!("CARGO_BIN_EXE_huawei-fleet"))
        .args(["--processes", "3", "--tasks", "5", "--seconds", "9"])
        .args(["--store", store, "--faults", faults])
        .output()
        .expect("the driver starts");
    let (said, erred) = (
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr),
    );
    assert!(run.status.success(), "{said}{erred}");
}

#[test]
fn a_fleet_on_files_logs_in_once_for_each_generation() {
    drive("file", "none");
}

#[test]
fn a_fleet_on_redis_logs_in_once_for_each_generation() {
    drive("redis", "none");
}

#[test]
fn a_fleet_on_files_survives_a_holder_that_is_killed() {
    drive("file", "kill");
}

#[test]
fn a_fleet_on_redis_survives_a_holder_that_is_killed() {
    drive("redis", "kill");
}

#[test]
fn a_fleet_on_files_survives_a_holder_that_is_stopped_past_its_lease() {
    drive("file", "stop");
}

#[test]
fn a_fleet_on_redis_survives_a_holder_that_is_stopped_past_its_lease() {
    drive("redis", "stop");
}

#[test]
fn a_fleet_on_files_survives_the_loss_of_its_directory() {
    drive("file", "store");
}

#[test]
fn a_fleet_on_redis_survives_the_loss_of_its_server() {
    drive("redis", "store");
}

#[test]
fn a_fleet_survives_a_platform_that_refuses_three_of_ten_requests() {
    drive("redis", "503");
}

#[test]
fn processes_whose_clocks_are_minutes_wrong_share_a_token() {
    drive("redis", "clocks");
}
