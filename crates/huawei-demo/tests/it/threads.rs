//! Clients are shared among threads, and what they return goes from one to another: a server spawns
//! it. Nothing here runs; it compiles.

use auth_core::sign_in::{PendingSignIn, Returned};
use harmony_push::Notification;
use harmony_push::model::SendHmsMessage;

#[test]
fn clients_are_shared_among_threads() {
    fn check<T: Clone + Send + Sync + 'static>() {}
    check::<auth_core::Error>();
    check::<harmony_push::Client>();
    check::<huawei_oauth::Client>();
    check::<iot_na::Client>();
    check::<oneaccess_sdk::Client>();
    check::<welink_oauth::Client>();
}

#[expect(dead_code, reason = "that it compiles is the test")]
fn calls_go_from_thread_to_thread(
    push: &harmony_push::Client,
    (huawei_id, huawei_sign_in): (&huawei_oauth::Client, &huawei_oauth::SignIn),
    iot: &iot_na::Client,
    (oneaccess, phone): (&oneaccess_sdk::Client, &oneaccess_sdk::DeviceClient),
    (welink, welink_sign_in): (&welink_oauth::Client, &welink_oauth::sign_in::SignIn),
    (pending, returned): (&PendingSignIn, &Returned),
    (notification, hms): (&Notification, &SendHmsMessage),
) {
    fn check(_: impl Send) {}
    let tokens = [String::new()];
    check(push.send(notification, &tokens));
    check(push.send_hms(hms, &tokens));
    check(push.send_one(notification, "token"));
    check(push.warm());
    check(huawei_id.quick_login("code"));
    check(huawei_id.warm());
    check(huawei_sign_in.finish(pending, returned));
    check(iot.register_device(&iot_na::Registration::permanent("node")));
    check(iot.list_devices_stream(&Default::default()));
    check(oneaccess.openid_sign_in());
    check(oneaccess.snapshot_app_accounts("application"));
    check(phone.login_by_wechat("code"));
    check(welink.administration("user"));
    check(welink.free_login("code"));
    check(welink_sign_in.accept(pending, returned));
}
