//! The typed handle to OneAccess of a space.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use crate::platforms::{Platform, lock};
use crate::space::SpaceState;

use super::applications::Application;
use super::codes::SentCode;
use super::events::EventSettings;
use super::people::PasswordState;
use super::sso::TicketShape;
use super::{State, keys, seed};

/// OneAccess of one space: what its portal, the phones of its users and its operator would do.
///
/// A fresh space has two applications and five people, one for each way a login can go: `zhangsan`
/// is let in, `lisi` is asked for a second factor, `wangwu` is warned that the password is old,
/// `zhaoliu` has to change it, `sunqi` is disabled. All have the password [`PASSWORD`](Self::PASSWORD)
/// and the mobile numbers 13800000001 to 13800000005; the WeChat account `zhangsan` is bound to the
/// first.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let emulator = huawei_emulator::Emulator::start().await?;
/// let oneaccess = emulator.oneaccess_sdk();
/// let code = oneaccess.social_code("weixin", "zhangsan");
/// // A client logs in with `code`.
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct OneAccess {
    space: Arc<SpaceState>,
}

impl OneAccess {
    /// The ClientId of the first application.
    pub const CLIENT_ID: &str = seed::CLIENT_ID;
    /// The ClientSecret of both applications; holds characters that a form has to encode.
    pub const CLIENT_SECRET: &str = seed::CLIENT_SECRET;
    /// The id of the first application in the management API.
    pub const APPLICATION_ID: &str = seed::APPLICATION_ID;
    /// The ClientId of the second application.
    pub const OTHER_CLIENT_ID: &str = seed::OTHER_CLIENT_ID;
    /// The id of the second application in the management API.
    pub const OTHER_APPLICATION_ID: &str = seed::OTHER_APPLICATION_ID;
    /// The id of the organization at the top.
    pub const ORG_ID: &str = seed::ORG_ID;
    /// The password of the people that a fresh space has.
    pub const PASSWORD: &str = seed::PASSWORD;

    pub(crate) fn new(space: Arc<SpaceState>) -> Self {
        Self { space }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.space.platforms.oneaccess_sdk)
    }

    /// Adds an application, or changes the one with the same ClientId.
    pub fn add_application(&self, application: Application) {
        self.state().applications.add(application);
    }

    /// The application with this ClientId.
    pub fn application(&self, client_id: &str) -> Option<Application> {
        self.state().applications.by_client(client_id).cloned()
    }

    /// How long access tokens live that are issued from now on, in seconds.
    pub fn set_token_lifetime(&self, seconds: i64) {
        self.state().applications.token_lifetime_s = seconds;
    }

    /// Makes every access token of applications worthless.
    pub fn revoke_access_tokens(&self) {
        self.state().applications.revoke_tokens();
    }

    /// How long sessions live that begin from now on.
    pub fn set_session_lifetime(&self, lifetime: Duration) {
        let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        self.state().logins.session_lifetime_s = seconds;
    }

    /// The shape in which the answer to a ticket names the user.
    pub fn set_ticket_shape(&self, shape: TicketShape) {
        self.state().logins.ticket_shape = shape;
    }

    /// What the platform thinks of a person's password from now on.
    ///
    /// # Panics
    ///
    /// There is nobody of this name.
    pub fn set_password_state(&self, user_name: &str, password: PasswordState) {
        let mut state = self.state();
        let mut people = state.directory.people.iter_mut();
        let person = people.find(|it| it.user_name == user_name);
        person.expect("there is nobody of this name").password_state = password;
    }

    /// A code as the app of a social platform gets it for one of its users: works once.
    /// `emulated-<user>` works in its place as often as one likes.
    ///
    /// Platforms are `weixin`, `weixinmp`, `weixin_mobile` (the user is a number), `alipay`,
    /// `alipay_mp`, `apple` and `carrier` (the user is a number).
    pub fn social_code(&self, platform: &str, user: &str) -> String {
        self.state().social_code(platform, user)
    }

    /// Where the piece of a slide puzzle belongs, in pixels.
    pub fn captcha_solution(&self, token: &str) -> Option<f64> {
        self.state().codes.solution(token).map(f64::from)
    }

    /// The newest code that was sent to a mobile number or e-mail address.
    pub fn code(&self, recipient: &str) -> Option<String> {
        let state = self.state();
        let mut sent = state.codes.sent.iter().rev();
        let last = sent.find(|it| it.recipient == recipient)?;
        Some(last.code.clone())
    }

    /// Every code that was sent, the oldest first.
    pub fn sent_codes(&self) -> Vec<SentCode> {
        self.state().codes.sent.iter().cloned().collect()
    }

    /// The public key that tokens are verified with, in PEM.
    pub fn public_key_pem(&self) -> String {
        keys::public_pem()
    }

    /// Saves the callback settings, which has the address checked; see
    /// [`events_checked`](Self::events_checked). Needs a runtime.
    pub fn set_events(&self, settings: EventSettings) {
        let now = self.space.clock.now();
        let calls = {
            let mut state = self.state();
            state.events.configure(settings, now);
            state.take_callbacks()
        };
        self.space.send_callbacks("oneaccess-sdk", calls);
    }

    /// Whether the receiver of events answered the check of its address as it should; nothing
    /// before it has answered.
    pub fn events_checked(&self) -> Option<bool> {
        self.state().events.checked
    }

    /// The ids that the receiver of events gave to organizations and users, by their ids here.
    pub fn remote_ids(&self) -> HashMap<String, String> {
        self.state().events.remote_ids.clone()
    }
}

impl std::fmt::Debug for OneAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OneAccess").finish_non_exhaustive()
    }
}
