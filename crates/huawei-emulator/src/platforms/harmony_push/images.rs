//! Image checks.

use std::collections::HashMap;

use serde_json::Value;

use crate::answer::{Answer, Refusal};
use crate::clock::unix_s;
use crate::platforms::Call;
use crate::validate::encode_pairs;

use super::{State, ok_body};

/// The images that were checked.
#[derive(Debug)]
pub(crate) struct Images {
    /// By the address to send: the push type it was checked for, and when that ends.
    checked: HashMap<String, (i64, i64)>,
    /// Addresses that do not pass, with the code that says why.
    pub refused: HashMap<String, String>,
    /// Whether messages may only carry images that were checked.
    pub enforced: bool,
}

impl Default for Images {
    fn default() -> Self {
        Self {
            checked: HashMap::new(),
            refused: HashMap::new(),
            enforced: true,
        }
    }
}

impl State {
    /// `verify_image` and `verify_image_by_client`.
    pub(super) fn verify_image(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let url = call.body()["imageUrl"].as_str().unwrap_or_default();
        if let Some(code) = self.images.refused.get(url) {
            return Err(Refusal::code(code).because("the image was set up to be refused"));
        }
        let push_type = call.parameter("push-type").and_then(|it| it.as_i64());
        let now_s = unix_s(call.now);
        let expires_s = now_s + LIFE_S;
        let key = format!(
            "MEUC/{:016x}+{:016x}=",
            fastrand::u64(..),
            fastrand::u64(..)
        );
        let joint = if url.contains('?') { '&' } else { '?' };
        let address = format!("{url}{joint}{}", encode_pairs([("verifyKey", &*key)]));
        if self.images.checked.len() >= MOST {
            self.images.checked.retain(|_, (_, end)| *end > now_s);
        }
        let checked = (push_type.unwrap_or_default(), expires_s);
        self.images.checked.insert(address.clone(), checked);
        let mut answer = ok_body(call, "Verify success");
        answer["code"] = Value::from("83010000");
        answer["downloadUrl"] = Value::from(address);
        answer["expireTime"] = Value::from(expires_s.to_string());
        Ok(Answer::json(&answer).with_code("83010000"))
    }

    /// Refuses a message with an image that was not checked.
    pub(super) fn check_images(&self, call: &Call<'_>, push_type: i64) -> Result<(), Refusal> {
        if !self.images.enforced {
            return Ok(());
        }
        let payload = &call.body()["payload"];
        let notification = &payload["notification"];
        let own = [&notification["image"], &notification["overlayIcon"]];
        let forms = payload["images"].as_array().into_iter().flatten();
        let all = own.into_iter().chain(forms.map(|image| &image["url"]));
        for url in all.filter_map(Value::as_str) {
            let unchecked = |why: &str| {
                let reason = format!("an image {why}: call images:verify, send downloadUrl");
                Err(Refusal::code("80100022").because(reason))
            };
            match self.images.checked.get(url) {
                None => return unchecked("was not checked"),
                Some((_, end)) if *end <= unix_s(call.now) => {
                    return unchecked("was checked too long ago");
                }
                Some((kind, _)) if *kind != push_type => {
                    return unchecked("was checked for another push-type");
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// How long a check is good for, in seconds.
const LIFE_S: i64 = 7 * 86_400;

/// More checks than this are not kept: those that ended go first.
const MOST: usize = 10_000;
