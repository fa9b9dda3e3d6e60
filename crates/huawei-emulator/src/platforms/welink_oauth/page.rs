//! The inboxes that show the messages users and groups got.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::page::{clock_time, escape};

use super::messages::{Messages, Received};

/// The newest messages by receiver, as HTML.
pub(super) fn inboxes(messages: &Messages) -> Option<String> {
    let mut inboxes: BTreeMap<&str, Vec<&Received>> = BTreeMap::new();
    for received in messages.received.iter().rev() {
        let room = inboxes.len() < MOST_INBOXES || inboxes.contains_key(&*received.receiver);
        if room {
            inboxes
                .entry(&received.receiver)
                .or_default()
                .push(received);
        }
    }
    if inboxes.is_empty() {
        return None;
    }
    let mut html = String::from("<div class=phones>");
    for (receiver, messages) in inboxes {
        let _ = write!(html, "<article class=phone><h3>{}</h3>", escape(receiver));
        for received in messages.iter().take(MOST_MESSAGES) {
            let class = if received.recalled {
                "push gone"
            } else {
                "push"
            };
            let state = received.message["messageStatus"]
                .as_str()
                .unwrap_or_default();
            let state = if received.recalled { "recalled" } else { state };
            let _ = write!(
                html,
                "<section class=\"{class}\"><b>{}</b><small>{} · {} {}</small></section>",
                escape(&received.title),
                clock_time(received.time_ms),
                escape(&received.operation),
                escape(state),
            );
        }
        html.push_str("</article>");
    }
    html.push_str("</div>");
    Some(html)
}

/// How many inboxes the page shows.
const MOST_INBOXES: usize = 8;

/// How many messages an inbox shows.
const MOST_MESSAGES: usize = 8;
