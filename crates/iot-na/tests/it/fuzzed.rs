//! The bodies of the fuzz targets, run on the seeds and on what is near them.

pub(crate) mod iot_notification;

#[test]
fn notifications_of_any_content_are_read() {
    contract::run_seeds("iot_notification", iot_notification::run);
}
