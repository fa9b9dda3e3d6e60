//! Short runs of the fleet: processes, stores and faults are real, the minute is not.

use std::process::Command;

/// Runs the driver; it ends with an error if a promise was broken.
fn drive(arguments: &[&str]) {
    let run = Command::new(env!("CARGO_BIN_EXE_huawei-fleet"))
        .args(["--processes", "4", "--tasks", "5"])
        .args(arguments)
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
    drive(&["--store", "file", "--seconds", "8"]);
}

#[test]
fn a_fleet_on_redis_logs_in_once_for_each_generation() {
    drive(&["--store", "redis", "--seconds", "8"]);
}

#[test]
fn a_fleet_on_files_survives_its_processes() {
    drive(&["--store", "file", "--seconds", "12", "--faults"]);
}

#[test]
fn a_fleet_on_redis_survives_its_processes_and_its_server() {
    drive(&["--store", "redis", "--seconds", "20", "--faults"]);
}
