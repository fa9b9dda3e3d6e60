//! Sign-in by QR code: a device shows it, a phone scans it, the server polls.

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::unix_s;
use crate::consent::{Decision, Page, Phrase, notice};
use crate::platforms::Call;

use super::accounts::App;
use super::authorize::{BRAND, accounts, permissions};
use super::codes::opaque;
use super::{State, refused};

/// One sign-in by QR code.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    device_code: String,
    pub user_code: String,
    pub client_id: String,
    scopes: Vec<String>,
    created_s: i64,
    polls: i64,
    pub stage: Stage,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// This user accepted.
    Accepted(String),
    Cancelled,
    /// The tokens were fetched.
    Done,
    /// The page is open on a phone.
    Scanned,
    Waiting,
}

impl Device {
    fn can_be_scanned(&self, now_s: i64) -> bool {
        now_s < self.created_s + SCAN_WITHIN_S
    }

    fn has_expired(&self, now_s: i64) -> bool {
        now_s >= self.created_s + LIFETIME_S
    }

    /// How far it is, in words.
    pub(super) fn stage_word(&self) -> &'static str {
        match self.stage {
            Stage::Accepted(_) => "accepted, not fetched yet",
            Stage::Cancelled => "cancelled",
            Stage::Done => "signed in",
            Stage::Scanned => "scanned",
            Stage::Waiting => "waiting for a scan",
        }
    }
}

impl State {
    /// Issues a device code with a user code.
    pub(super) fn create_device_code(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.body();
        let client_id = body["client_id"].as_str().unwrap_or_default();
        let app = self.accounts.app(client_id).ok_or_else(|| {
            refused(
                "oauth:1101/20003",
                "invalid client_id",
                "nobody has this client_id",
            )
        })?;
        let device = Device {
            device_code: opaque("AgEA"),
            user_code: user_code(),
            client_id: app.client_id.clone(),
            scopes: app.grant(body["scope"].as_str().unwrap_or_default())?,
            created_s: unix_s(call.now),
            polls: 0,
            stage: Stage::Waiting,
        };
        let answer = json!({
            "create_time": device.created_s,
            "device_code": device.device_code,
            "expire_in": LIFETIME_S,
            "interval": INTERVAL_S,
            "scan_expire_in": SCAN_WITHIN_S,
            "user_code": device.user_code,
            "verification_url": format!("{}/oauth2/v3/device", call.base),
        });
        if self.devices.len() >= KEPT {
            self.devices.remove(0);
        }
        self.devices.push(device);
        Ok(Answer::json(&answer))
    }

    /// Answers a poll: not yet, never, or the tokens.
    pub(super) fn poll_device(&mut self, call: &Call<'_>, app: &App) -> Result<Answer, Refusal> {
        let code = call.body()["code"].as_str().unwrap_or_default();
        let now_s = unix_s(call.now);
        let mut devices = self.devices.iter_mut();
        let device = devices
            .find(|device| device.device_code == code)
            .ok_or_else(|| {
                refused(
                    "oauth:1600/16002",
                    "parse device code error",
                    "nobody issued this code",
                )
            })?;
        if device.client_id != app.client_id {
            let reason = "the device code is of another client";
            return Err(refused("oauth:1101/20154", "client_id mismatch", reason));
        }
        device.polls += 1;
        let (id, message, reason) = match &device.stage {
            Stage::Done => ("20406", "device code used", "the code was exchanged before"),
            _ if device.has_expired(now_s) => {
                return Err(refused(
                    "oauth:1600/16003",
                    "device code expired",
                    "it has expired",
                ));
            }
            _ if device.polls > LIFETIME_S / INTERVAL_S => (
                "20407",
                "too many requests",
                "expire_in / interval polls were made",
            ),
            Stage::Cancelled => ("20414", "user cancelled", "the user cancelled"),
            Stage::Scanned => ("20412", "user code scanned", "the user has not decided yet"),
            Stage::Waiting if device.can_be_scanned(now_s) => {
                ("20411", "user code not scan", "nobody has scanned it yet")
            }
            Stage::Waiting => ("20404", "user code expired", "nobody scanned it in time"),
            Stage::Accepted(user) => {
                let (user, scopes) = (user.clone(), device.scopes.clone());
                device.stage = Stage::Done;
                let client_id = &app.client_id;
                let sign_in = self.sign_ins.begin(client_id, &user, scopes, true, now_s);
                let mut tokens = self.tokens(call, &sign_in, &sign_in.scopes, None, true);
                tokens["open_id"] = Value::from(app.open_id(&user));
                return Ok(Answer::json(&tokens));
            }
        };
        Err(refused(&format!("oauth:1101/{id}"), message, reason))
    }

    /// The page that the QR code leads to. Opening it is the scan.
    pub(super) fn device_page(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let user_code = call.query("user_code").unwrap_or_default();
        let now_s = unix_s(call.now);
        self.scan(user_code, now_s);
        let mut devices = self.devices.iter();
        let at = devices.position(|device| {
            device.user_code == user_code
                && device.stage == Stage::Scanned
                && !device.has_expired(now_s)
        });
        let Some(at) = at else {
            return Ok(notice(call, BRAND, UNKNOWN, ASK_AGAIN));
        };
        let device = &self.devices[at];
        let app = self.accounts.app(&device.client_id);
        let page = Page {
            brand: BRAND,
            app: app.map_or("", |app| &app.name),
            question: Some(QUESTION),
            code: Some(&device.user_code),
            users: accounts(&self.accounts),
            permissions: permissions(&device.scopes),
            returns_to: None,
        };
        match page.decide(call) {
            Decision::Asked(page) => Ok(page),
            Decision::Accepted(user) => {
                self.devices[at].stage = Stage::Accepted(user);
                Ok(notice(call, BRAND, ACCEPTED, CLOSE))
            }
            Decision::Refused => {
                self.devices[at].stage = Stage::Cancelled;
                Ok(notice(call, BRAND, CANCELLED, CLOSE))
            }
        }
    }

    /// Notes that a phone opened the page; says whether somebody may decide now.
    pub(super) fn scan(&mut self, user_code: &str, now_s: i64) -> bool {
        let mut devices = self.devices.iter_mut();
        let found = devices.find(|device| device.user_code == user_code);
        let Some(device) = found.filter(|device| !device.has_expired(now_s)) else {
            return false;
        };
        if device.stage == Stage::Waiting && device.can_be_scanned(now_s) {
            device.stage = Stage::Scanned;
        }
        device.stage == Stage::Scanned
    }

    /// Lets a user decide who has scanned the code, or scans it now; none cancels.
    pub(super) fn decide_device(
        &mut self,
        user_code: &str,
        user: Option<&str>,
        now_s: i64,
    ) -> Result<(), &'static str> {
        if user.is_some_and(|user| self.accounts.user(user).is_none()) {
            return Err("there is no such user");
        }
        if !self.scan(user_code, now_s) {
            return Err("no sign-in waits for a decision on this code");
        }
        let mut devices = self.devices.iter_mut();
        if let Some(device) = devices.find(|device| device.user_code == user_code) {
            device.stage = match user {
                Some(user) => Stage::Accepted(user.to_owned()),
                None => Stage::Cancelled,
            };
        }
        Ok(())
    }
}

/// Eight capital letters.
fn user_code() -> String {
    let letters = std::iter::repeat_with(|| char::from(b'A' + fastrand::u8(..26)));
    letters.take(8).collect()
}

const QUESTION: Phrase = Phrase {
    en: "Sign in on another device?",
    zh: "在另一台设备上登录？",
};
const ACCEPTED: Phrase = Phrase {
    en: "You are signed in on the other device",
    zh: "已在另一台设备上登录",
};
const CANCELLED: Phrase = Phrase {
    en: "The other device was not signed in",
    zh: "已取消在另一台设备上登录",
};
const CLOSE: Phrase = Phrase {
    en: "You can close this page.",
    zh: "您可以关闭此页面。",
};
const UNKNOWN: Phrase = Phrase {
    en: "This code is not valid",
    zh: "二维码无效",
};
const ASK_AGAIN: Phrase = Phrase {
    en: "It was used or has expired. Ask the other device for a new one.",
    zh: "二维码已使用或已过期，请在另一台设备上刷新后重试。",
};

/// How long a device code is good, in seconds.
const LIFETIME_S: i64 = 1800;

/// How long a code can be scanned, in seconds.
const SCAN_WITHIN_S: i64 = 120;

/// The time between two polls, in seconds.
const INTERVAL_S: i64 = 3;

const KEPT: usize = 1000;
