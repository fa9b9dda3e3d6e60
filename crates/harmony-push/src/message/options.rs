//! The delivery options that every message has.

use std::time::Duration;

/// Whole seconds as the wire has them, rounded up.
pub(super) fn seconds(time: Duration) -> i32 {
    let started = u64::from(time.subsec_nanos() > 0);
    let rounded = time.as_secs().saturating_add(started);
    i32::try_from(rounded).unwrap_or(i32::MAX)
}

/// The setters for the options of a message in its field `options`.
macro_rules! delivery_options {
    ($message:ident) => {
        impl $message {
            /// Sets how long the platform keeps the message for a device that is offline, at most
            /// 15 days; one day when not set.
            pub fn ttl(mut self, ttl: std::time::Duration) -> Self {
                self.options.ttl = Some($crate::message::options::seconds(ttl));
                self
            }

            /// Labels the message; receipts return the label. At most 64 bytes.
            pub fn bi_tag(mut self, tag: impl Into<String>) -> Self {
                self.options.bi_tag = Some(tag.into());
                self
            }

            /// Sets the receipt configuration of the console that receipts go to.
            pub fn receipt_id(mut self, id: impl Into<String>) -> Self {
                self.options.receipt_id = Some(id.into());
                self
            }

            /// Makes it a test message: outside the caps of the scenario, sent to 10 tokens per
            /// request, at most 1000 requests a day for the whole project.
            pub fn test_message(mut self) -> Self {
                self.options.test_message = Some(true);
                self
            }

            /// Replaces the options as a whole.
            pub fn options(mut self, options: $crate::model::PushOptions) -> Self {
                self.options = options;
                self
            }
        }
    };
}

/// The setter for the option that only notifications and voice announcements have.
macro_rules! collapse_key {
    ($message:ident) => {
        impl $message {
            /// Sets which messages replace each other while a device is offline: of those with the
            /// same key from 0 to 100 only the newest is kept; -1, as when not set, keeps all.
            pub fn collapse_key(mut self, key: i32) -> Self {
                self.options.collapse_key = Some(key);
                self
            }
        }
    };
}

pub(super) use {collapse_key, delivery_options};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_rounded_up_and_bounded() {
        assert_eq!(seconds(Duration::from_secs(60)), 60);
        assert_eq!(seconds(Duration::from_millis(1)), 1);
        assert_eq!(seconds(Duration::MAX), i32::MAX);
    }
}
