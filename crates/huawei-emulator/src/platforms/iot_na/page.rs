//! What a person sees: devices with what they said last, and commands.

use std::fmt::Write;

use crate::page::escape;

use super::State;
use super::time::stamp;

/// The part of the page; nothing while there is no device.
pub(super) fn show(state: &State) -> Option<String> {
    if state.devices.is_empty() {
        return None;
    }
    let mut html = String::from(
        "<div class=table><table><tr><th>device<th>node<th>status<th>registered<th>last data</tr>",
    );
    for device in state.devices.iter().rev().take(MOST) {
        let data: Vec<String> = device
            .services
            .iter()
            .map(|it| {
                let data = serde_json::to_string(&it.data).unwrap_or_default();
                format!("{} {data} {}", it.service_id, it.event_time)
            })
            .collect();
        let _ = write!(
            html,
            "<tr><td><code>{}</code><td>{}<td>{}<td>{}<td>{}</tr>",
            escape(&device.device_id),
            escape(&device.node_id),
            device.status.word(),
            stamp(device.created_s),
            escape(&data.join("; ")),
        );
    }
    html.push_str("</table></div>");
    if !state.commands.is_empty() {
        html.push_str(
            "<div class=table><table><tr><th>command<th>device<th>what<th>status<th>result</tr>",
        );
        for command in state.commands.iter().rev().take(MOST) {
            let _ = write!(
                html,
                "<tr><td><code>{}</code><td><code>{}</code><td>{}<td>{}<td>{}</tr>",
                escape(&command.command_id),
                escape(&command.device_id),
                escape(&command.command.to_string()),
                command.status,
                escape(&command.result.to_string()),
            );
        }
        html.push_str("</table></div>");
    }
    Some(html)
}

/// How many of each are shown.
const MOST: usize = 50;
