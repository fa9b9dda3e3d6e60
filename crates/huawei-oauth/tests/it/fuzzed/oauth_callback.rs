//! What the fuzz target `oauth_callback` does with its input; the target includes this file.

use std::time::SystemTime;

use auth_core::seal::Sealer;
use huawei_oauth::PendingSignIn;
use huawei_oauth::model::AuthorizeUserReturn;
use huawei_oauth::sign_in::Callback;

/// An address that a browser brought, and a cookie beside it in the first line: no panic, no code
/// where there is none, and no sign-in that nobody began.
pub(crate) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (cookie, address) = text.split_once('\n').unwrap_or(("", &text));
    let callback = Callback::parse(address);
    if let Callback::Code(returned) = &callback {
        assert!(!returned.code.expose().is_empty());
        assert!(!callback.is_refused_by_user());
    }
    let _ = AuthorizeUserReturn::parse(address);
    let (sealer, now) = (Sealer::new(&[0x5a; 32]), SystemTime::UNIX_EPOCH);
    let opened = PendingSignIn::open(&sealer, cookie, now, PendingSignIn::MAX_AGE);
    assert!(opened.is_err(), "a cookie that nobody sealed was opened");
}
