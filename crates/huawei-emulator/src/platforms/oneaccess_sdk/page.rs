//! What a person with a browser sees of OneAccess: the codes that went to phones and mailboxes, and
//! who could log in.

use std::fmt::Write;

use crate::page::{clock_time, escape};

use super::State;
use super::people::PasswordState;

/// The part of the page; nothing while nobody has used OneAccess.
pub(super) fn show(state: &State) -> Option<String> {
    let codes = &state.codes.sent;
    let sessions = &state.logins.sessions;
    if codes.is_empty() && sessions.is_empty() {
        return None;
    }
    let mut html = format!("<p>{} sessions.</p>", sessions.len());
    if !codes.is_empty() {
        html.push_str("<div class=table><table><tr><th>time<th>to<th>for<th>code<th>used</tr>");
        for sent in codes.iter().rev().take(MOST_CODES) {
            let _ = write!(
                html,
                "<tr><td>{}<td>{}<td>{}<td><code>{}</code><td>{}</tr>",
                clock_time(sent.sent_s * 1000),
                escape(&sent.recipient),
                escape(&sent.kind),
                escape(&sent.code),
                if sent.used { "yes" } else { "no" },
            );
        }
        html.push_str("</table></div>");
    }
    html.push_str("<div class=table><table><tr><th>user<th>mobile<th>what comes of a login</tr>");
    for person in state.directory.people.iter().take(MOST_PEOPLE) {
        let fate = match person.password_state {
            _ if person.disabled => "is refused",
            PasswordState::Expired => "must change the password",
            PasswordState::Warning => "is warned about the password",
            PasswordState::Good if person.second_factor => "is asked for a second factor",
            PasswordState::Good => "is let in",
        };
        let _ = write!(
            html,
            "<tr><td>{}<td>{}<td>{fate}</tr>",
            escape(&person.user_name),
            escape(&person.mobile),
        );
    }
    html.push_str("</table></div>");
    Some(html)
}

/// How many codes and people the page shows.
const MOST_CODES: usize = 20;
const MOST_PEOPLE: usize = 20;
