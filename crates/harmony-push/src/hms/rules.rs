//! The rules of an HMS message that the platform's documents state in prose.

use auth_core::Result;

use crate::check::At;
use crate::model::{HmsAndroidConfig, HmsAndroidNotification, HmsMessage};

/// Checks the content of a message beyond its single fields.
#[inline]
pub(super) fn check(content: &HmsMessage) -> Result<()> {
    let headers = content
        .webpush
        .as_ref()
        .and_then(|web| web.headers.as_ref());
    let ttl = headers.and_then(|headers| headers.ttl.as_deref());
    let is_whole = |ttl: &str| is_digits(ttl.strip_suffix(['s', 'S']).unwrap_or(ttl));
    At("message.webpush.headers").must(
        ttl.is_none_or(is_whole),
        "ttl",
        "must be a number of seconds, with or without s",
    )?;
    match &content.android {
        Some(android) => check_android(android, content),
        None => Ok(()),
    }
}

#[inline]
fn check_android(android: &HmsAndroidConfig, content: &HmsMessage) -> Result<()> {
    let sound = android.ttl.as_deref().is_none_or(is_seconds);
    At("message.android").must(
        sound,
        "ttl",
        "must be a number of seconds, with or without s",
    )?;
    let Some(notification) = &android.notification else {
        return Ok(());
    };
    let (at, common) = (
        At("message.android.notification"),
        content.notification.as_ref(),
    );
    let titled = notification.title.is_some()
        || notification.title_loc_key.is_some()
        || common.is_some_and(|common| common.title.is_some());
    at.must(
        titled,
        "title",
        "is required here or in `message.notification`",
    )?;
    let written = notification.body.is_some()
        || notification.body_loc_key.is_some()
        || common.is_some_and(|common| common.body.is_some());
    at.must(
        written,
        "body",
        "is required here or in `message.notification`",
    )?;
    check_notification(at, notification)
}

#[inline]
fn check_notification(at: At<'_>, notification: &HmsAndroidNotification) -> Result<()> {
    at.colour(notification.color.as_deref(), "color", 6)?;
    let url = notification.click_action.url.as_deref();
    at.must(
        url.is_none_or(|url| url.starts_with("https://")),
        "click_action.url",
        "must begin with https://",
    )?;
    let mut vibration = notification.vibrate_config.iter().flatten();
    at.must(
        vibration.all(|seconds| is_seconds(seconds)),
        "vibrate_config",
        "must be numbers of seconds, with or without s",
    )
}

/// Whether a text is a number of seconds as HMS writes them: `86400s`, `3.5`, `2S`.
fn is_seconds(text: &str) -> bool {
    let number = text.strip_suffix(['s', 'S']).unwrap_or(text);
    match number.split_once('.') {
        None => is_digits(number),
        Some((whole, part)) => is_digits(whole) && is_digits(part) && part.len() <= 9,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_read_as_hms_writes_them() {
        for text in ["86400s", "86400", "3.5", "3.5S", "0.000000001s"] {
            assert!(is_seconds(text), "{text}");
        }
        for text in ["", "s", ".5", "1.", "1.0000000001", "-1", "1m"] {
            assert!(!is_seconds(text), "{text}");
        }
    }
}
