//! Whether a caller shows a credential, and what to answer when it does not.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::answer::Refusal;
use crate::document::operation::Operation;
use crate::document::outcome::Row;
use crate::document::{Document, SchemeCarrier};

use super::Call;

/// Checks that the credentials of one alternative are there; what they are worth is not looked at.
pub(crate) fn credentials_present(call: &Call<'_>) -> Result<(), Refusal> {
    let alternatives = &call.operation.security;
    let shown = |name: &String| {
        let scheme = call.document.schemes.get(name);
        scheme.is_none_or(|scheme| shows(call, &scheme.carrier))
    };
    if alternatives.is_empty() || alternatives.iter().any(|schemes| schemes.iter().all(shown)) {
        return Ok(());
    }
    let names: Vec<String> = alternatives
        .iter()
        .map(|schemes| schemes.join(" with "))
        .collect();
    let reason = format!("no credential: the operation wants {}", names.join(" or "));
    Err(unauthenticated(call.document, call.operation).because(reason))
}

fn shows(call: &Call<'_>, carrier: &SchemeCarrier) -> bool {
    match carrier {
        SchemeCarrier::Basic => basic(call).is_some(),
        SchemeCarrier::Bearer => bearer(call).is_some(),
        // The schema of the body requires its members; the connection is plain, so that there is
        // no certificate to look at.
        SchemeCarrier::Body | SchemeCarrier::Certificate => true,
        SchemeCarrier::Header(name) => call.header(name).is_some_and(|value| !value.is_empty()),
        SchemeCarrier::Query(names) => names
            .iter()
            .all(|name| call.query(name).is_some_and(|value| !value.is_empty())),
    }
}

/// The bearer token of a call.
pub(crate) fn bearer<'a>(call: &Call<'a>) -> Option<&'a str> {
    let value = call.header("authorization")?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim())
}

/// The name and password of a call.
pub(crate) fn basic(call: &Call<'_>) -> Option<(String, String)> {
    let value = call.header("authorization")?;
    let (scheme, text) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// The refusal of a caller that nobody knows.
pub(crate) fn unauthenticated(document: &Document, operation: &Operation) -> Refusal {
    let known = |row: &&Row| row.status == Some(401) && row.realm.as_deref() != Some("http");
    let own = operation.errors.iter().chain(&document.errors);
    let row = own
        .filter_map(|id| document.row(id))
        .find(known)
        .or_else(|| document.rows.iter().find(known));
    let refusal = row.map_or_else(Refusal::default, |row| Refusal::code(&row.id));
    Refusal {
        status: Some(401),
        ..refusal
    }
}
