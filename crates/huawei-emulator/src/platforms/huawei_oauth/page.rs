//! The part of the page that shows who is signed in where.

use std::fmt::Write;

use crate::page::{clock_time, escape};

use super::State;
use super::sign_ins::fingerprint;

/// Users, sign-ins and codes of devices, as HTML.
pub(super) fn sign_ins(state: &State) -> Option<String> {
    let mut rows = String::new();
    for sign_in in state.sign_ins.list().take(MOST_ROWS) {
        let user = state.accounts.user(&sign_in.user);
        let app = state.accounts.app(&sign_in.client_id);
        let mut tokens: Vec<(&str, i64)> = state.sign_ins.access_of(sign_in).collect();
        tokens.sort_by_key(|(_, expires_s)| -expires_s);
        let tokens: Vec<String> = tokens
            .into_iter()
            .take(MOST_TOKENS)
            .map(|(token, expires_s)| {
                let until = clock_time(expires_s * 1000);
                format!("<code>{}</code> until {until}", fingerprint(token))
            })
            .collect();
        let refresh = sign_in.refresh_token.as_deref().map(fingerprint);
        let _ = write!(
            rows,
            "<tr><td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td><span class={}</span></tr>",
            clock_time(sign_in.since_s * 1000),
            escape(&user.map_or(sign_in.user.clone(), super::User::display_name)),
            escape(app.map_or(&sign_in.client_id, |app| &app.name)),
            escape(&sign_in.scopes.join(" ")),
            tokens.join("<br>"),
            refresh.map_or("none".to_owned(), |refresh| format!(
                "<code>{refresh}</code>"
            )),
            if sign_in.revoked {
                "bad>revoked"
            } else {
                "yes>signed in"
            },
        );
    }
    let mut html = String::new();
    if !rows.is_empty() {
        let _ = write!(
            html,
            "<div class=table><table><tr><th>since<th>user<th>app<th>scopes\
             <th>access tokens<th>refresh token<th>state</tr>{rows}</table></div>"
        );
    }
    let mut devices = String::new();
    for device in state.devices.iter().rev().take(MOST_ROWS) {
        let code = escape(&device.user_code);
        let _ = write!(
            devices,
            "<tr><td><a href=\"huawei-oauth/oauth2/v3/device?user_code={code}\"><code>{code}</code></a>\
             <td>{}<td>{}</tr>",
            escape(&device.client_id),
            device.stage_word(),
        );
    }
    if !devices.is_empty() {
        let _ = write!(
            html,
            "<div class=table><table><tr><th>QR code<th>client<th>state</tr>{devices}</table></div>"
        );
    }
    if html.is_empty() {
        return None;
    }
    let users = state.accounts.users.iter();
    let users = users.map(|user| {
        let name = escape(&user.display_name());
        format!("{name} (<code>{}</code>)", escape(&user.id))
    });
    let users: Vec<String> = users.take(MOST_ROWS).collect();
    Some(format!("<p>Users: {}</p>{html}", users.join(", ")))
}

/// How many sign-ins the page shows.
const MOST_ROWS: usize = 20;

/// How many access tokens of a sign-in the page shows.
const MOST_TOKENS: usize = 3;
