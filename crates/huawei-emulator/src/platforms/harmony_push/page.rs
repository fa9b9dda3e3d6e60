//! The phone that shows the pushes it got.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use crate::page::{clock_time, escape};

use super::devices::{Devices, Message, Received};

/// The phones with the newest messages, as HTML.
pub(super) fn phones(devices: &Devices) -> Option<String> {
    let mut phones: BTreeMap<&str, Vec<&Received>> = BTreeMap::new();
    for (token, received) in devices.recent().rev() {
        let room = phones.len() < MOST_PHONES || phones.contains_key(&**token);
        if room {
            phones.entry(token).or_default().push(received);
        }
    }
    if phones.is_empty() {
        return None;
    }
    let mut html = format!(
        "<p>{} messages delivered.</p><div class=phones>",
        devices.delivered()
    );
    for (token, messages) in phones {
        html.push_str("<article class=phone><h3>");
        html.push_str(&escape(token));
        html.push_str("</h3>");
        for received in messages.iter().take(MOST_MESSAGES) {
            html.push_str(&card(devices, token, received));
        }
        html.push_str("</article>");
    }
    html.push_str("</div>");
    Some(html)
}

fn card(devices: &Devices, token: &str, received: &Received) -> String {
    let message = &received.message;
    // The inbox knows what became of the message since it came.
    let inbox = devices.inbox(token);
    let mut now = inbox
        .iter()
        .filter(|it| it.message.request_id == message.request_id);
    let shown = now.next().map_or(received.shown, |it| it.shown);
    let (title, text) = words(message);
    let state = match (received.receipt, shown) {
        (0, true) => "shown".to_owned(),
        (0, false) => "not shown any more".to_owned(),
        (code, _) => format!("receipt {code}"),
    };
    let class = if shown { "push" } else { "push gone" };
    let mut html = String::new();
    let _ = write!(
        html,
        "<section class=\"{class}\"><b>{}</b><p>{}</p><small>{} · {} · {}</small></section>",
        escape(&title),
        escape(&text),
        clock_time(message.time_ms),
        escape(message.operation),
        escape(&state),
    );
    html
}

/// The title and the text of a message.
fn words(message: &Message) -> (String, String) {
    let payload = &message.payload;
    let notification = match &payload["android"]["notification"] {
        Value::Null => &payload["notification"],
        android => android,
    };
    let member = |name: &str| notification[name].as_str().map(str::to_owned);
    let kind = match message.push_type {
        Some(0) | None => "Notification",
        Some(1) => "Widget",
        Some(2) => "Voice announcement",
        Some(6) => "Background message",
        Some(7) => "Live view",
        Some(10) => "Call",
        Some(11) => "Device management",
        Some(_) => "Message",
    };
    let live = || {
        let event = payload["event"].as_str()?;
        let status = payload["status"].as_str().unwrap_or("no status");
        Some(format!(
            "{event}: {status}, operation {}",
            payload["operation"]
        ))
    };
    let data = || {
        let data = payload["extraData"]
            .as_str()
            .or_else(|| payload["data"].as_str());
        data.map(str::to_owned)
    };
    (
        member("title").unwrap_or_else(|| kind.to_owned()),
        member("body")
            .or_else(live)
            .or_else(data)
            .unwrap_or_default(),
    )
}

/// How many phones the page shows.
const MOST_PHONES: usize = 12;

/// How many messages a phone shows.
const MOST_MESSAGES: usize = 8;
