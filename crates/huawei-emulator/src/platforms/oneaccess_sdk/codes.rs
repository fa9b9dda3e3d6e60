//! Puzzles, and the codes that are sent to phones and mailboxes: the operator reads them on the
//! page, or asks for them.

use std::collections::VecDeque;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::unix_s;
use crate::platforms::Call;

use super::State;
use super::ids::{done, ok, random_digits, random_text, text};
use super::picture;

/// A code that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SentCode {
    /// The mobile number or e-mail address it went to.
    pub recipient: String,
    /// What it is for: `LOGIN_SMS`, `REGISTER_SMS`, …
    pub kind: String,
    /// The code.
    pub code: String,
    /// When it was sent, in seconds since 1970.
    pub sent_s: i64,
    /// Whether it has been used.
    pub used: bool,
}

#[derive(Debug)]
struct Puzzle {
    token: String,
    x: u32,
    expires_s: i64,
}

#[derive(Debug)]
struct Proof {
    token: String,
    recipient: String,
    expires_s: i64,
}

/// All puzzles and codes.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    puzzles: VecDeque<Puzzle>,
    proofs: VecDeque<Proof>,
    pub sent: VecDeque<SentCode>,
}

impl Codes {
    /// Where the piece of a puzzle belongs, in pixels.
    pub(super) fn solution(&self, token: &str) -> Option<u32> {
        let puzzle = self.puzzles.iter().find(|it| it.token == token)?;
        Some(puzzle.x)
    }

    /// Uses up a code, if it is the last one sent to the recipient for one of these purposes.
    pub(super) fn take(
        &mut self,
        recipient: &str,
        kinds: &[&str],
        code: &str,
        now: SystemTime,
    ) -> Result<(), Refusal> {
        let by_mail = kinds.iter().any(|kind| kind.ends_with("_EMS"));
        let wrong = if by_mail {
            "SDK.SMS.1006"
        } else {
            "SDK.SMS.1005"
        };
        let mut sent = self.sent.iter_mut().rev();
        let last = sent.find(|it| it.recipient == recipient && kinds.contains(&&*it.kind));
        let fresh = |it: &&mut SentCode| !it.used && unix_s(now) - it.sent_s < LIFETIME_S;
        match last.filter(fresh) {
            Some(sent) if sent.code == code => {
                sent.used = true;
                Ok(())
            }
            _ => Err(Refusal::code(wrong)),
        }
    }
}

impl State {
    pub(super) fn get_captcha(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.device(call)?;
        let puzzle = Puzzle {
            token: random_text(32),
            x: fastrand::u32(60..250),
            expires_s: unix_s(call.now) + LIFETIME_S,
        };
        let body = json!({
            "captchaId": null,
            "projectCode": null,
            "captchaOriginalPath": null,
            "captchaFontType": null,
            "captchaFontSize": null,
            "secretKey": random_text(16),
            "originalImageBase64": STANDARD.encode(picture::background(puzzle.x)),
            "point": null,
            "jigsawImageBase64": STANDARD.encode(picture::piece()),
            "wordList": null,
            "pointList": null,
            "pointJson": null,
            "token": puzzle.token,
            "result": false,
            "captchaVerification": null,
        });
        push(&mut self.codes.puzzles, puzzle);
        Ok(ok(call, &body))
    }

    pub(super) fn verify_captcha(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.device(call)?;
        let body = call.body();
        let token = text(body, "token");
        let puzzles = &mut self.codes.puzzles;
        let at = puzzles.iter().position(|it| it.token == token);
        // One try for each: the platform hands out a new one otherwise.
        let puzzle = at.and_then(|at| puzzles.remove(at));
        let puzzle = puzzle.filter(|it| it.expires_s > unix_s(call.now));
        let puzzle = puzzle.ok_or_else(|| Refusal::code("CAPTCHA.0003"))?;
        let point_json = text(body, "point_json");
        let point: Value = serde_json::from_str(point_json).unwrap_or_default();
        let (x, y) = (point["x"].as_f64(), point["y"].as_f64());
        let near = x.is_some_and(|x| (x - f64::from(puzzle.x)).abs() <= TOLERANCE);
        if !near || y != Some(5.0) {
            return Err(Refusal::code("CAPTCHA.0002"));
        }
        let proof = Proof {
            token: format!("{token}---{point_json}"),
            recipient: text(body, "sender").to_owned(),
            expires_s: unix_s(call.now) + LIFETIME_S,
        };
        let answer = ok(call, &json!({ "captcha_token": proof.token }));
        push(&mut self.codes.proofs, proof);
        Ok(answer)
    }

    /// `send_sms_code` and `send_email_code`; `name` is that of the member with the recipient.
    pub(super) fn send_code(&mut self, call: &Call<'_>, name: &str) -> Result<Answer, Refusal> {
        self.device(call)?;
        let body = call.body();
        let token = text(body, "captcha_token");
        if token.is_empty() {
            return Err(Refusal::code("PARAM.0008"));
        }
        let recipient = text(body, name).to_owned();
        let proofs = &mut self.codes.proofs;
        let at = proofs.iter().position(|it| it.token == token);
        let proof = at.and_then(|at| proofs.remove(at));
        let proof = proof.filter(|it| it.recipient == recipient);
        let proof = proof.ok_or_else(|| Refusal::code("CAPTCHA.0004"))?;
        if proof.expires_s <= unix_s(call.now) {
            return Err(Refusal::code("CAPTCHA.0003"));
        }
        let sent = SentCode {
            recipient,
            kind: text(body, "type").to_owned(),
            code: random_digits(6),
            sent_s: unix_s(call.now),
            used: false,
        };
        push(&mut self.codes.sent, sent);
        Ok(done(call))
    }

    pub(super) fn list_country_codes(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.device(call)?;
        let country = |area: &str, code: &str, names: [&str; 3], regex: &str| {
            json!({
                "areaCode": area,
                "displayMapping": {"zh-CN": names[0], "zh-TW": names[1], "en": names[2]},
                "countryCode": code,
                "mobileRegex": regex,
                "areaCodeSuffixes": [],
            })
        };
        let china = ["中国大陆", "中國大陸", "China"];
        let hong_kong = ["中国香港", "中國香港", "Hong Kong"];
        Ok(ok(
            call,
            &json!({
                "phoneAreaCodeDefinitions": [
                    country("86", "CN", china, "^(\\+86){0,1}\\-?1\\d{10}$"),
                    country("852", "HK", hong_kong, "^(\\+852){1}\\-?\\d{8}$"),
                ],
                "preferredAreaCode": "CN",
            }),
        ))
    }
}

/// Adds to a list, and drops the oldest above the bound.
fn push<T>(list: &mut VecDeque<T>, item: T) {
    const KEEP: usize = 1000;
    if list.len() >= KEEP {
        list.pop_front();
    }
    list.push_back(item);
}

/// How long puzzles, proofs and codes live, in seconds.
const LIFETIME_S: i64 = 300;

/// How far beside the hole a piece may be dropped, in pixels.
const TOLERANCE: f64 = 5.0;
