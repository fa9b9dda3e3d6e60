//! The control API, below `/_emulator`: everything that the typed handle offers, for those who run
//! the emulator in another process or from another language.

mod check;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::clock::unix_ms;
use crate::consent::Consent;
use crate::document::Document;
use crate::engine::Incoming;
use crate::fault::Fault;
use crate::platforms::{ControlCall, lock};
use crate::space::{FlowControl, SpaceState, Spaces};
use crate::validate::decode_pairs;

/// A request to the control API that cannot be served, and why.
pub(crate) type Refused = (StatusCode, String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    offset_ms: Option<i64>,
    advance_s: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FlowChange {
    requests: u64,
    window_ms: u64,
}

/// Answers a request to the control API; `path` is what follows its prefix.
pub(crate) fn answer(
    spaces: &Spaces,
    space: &Arc<SpaceState>,
    path: &str,
    incoming: &Incoming,
    local: SocketAddr,
) -> Answer {
    served(spaces, space, path, incoming, local).unwrap_or_else(|(status, reason)| {
        Answer::json(&json!({ "error": reason })).with_status(status)
    })
}

fn served(
    spaces: &Spaces,
    space: &Arc<SpaceState>,
    path: &str,
    incoming: &Incoming,
    local: SocketAddr,
) -> Result<Answer, Refused> {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let query = decode_pairs(incoming.query.as_bytes()).unwrap_or_default();
    let body = &incoming.body;
    let answer = match (incoming.method.as_str(), &*segments) {
        ("GET", ["health"]) => Answer::json(&json!({
            "status": "ok",
            "version": env!("CARGO_PKG_VERSION"),
            "address": local.to_string(),
            "space": space.id,
        })),
        ("POST", ["reset"]) => {
            space.reset();
            done()
        }
        ("DELETE", ["space"]) => {
            match &space.id {
                Some(id) => spaces.remove(id),
                None => space.reset(),
            }
            done()
        }
        ("GET", ["clock"]) => clock(space),
        ("PUT", ["clock"]) => {
            let change: ClockChange = parse(body)?;
            if let Some(offset) = change.offset_ms {
                space.clock.set_offset_ms(offset);
            }
            if let Some(step) = change.advance_s {
                space.clock.advance_ms(step.saturating_mul(1000));
            }
            clock(space)
        }
        ("GET", ["faults"]) => list(lock(&space.faults).list()),
        ("POST", ["faults"]) => {
            let fault: Fault = parse(body)?;
            lock(&space.faults).add(fault);
            done()
        }
        ("DELETE", ["faults"]) => {
            lock(&space.faults).clear();
            done()
        }
        ("PUT", ["flow-control"]) => {
            let change: FlowChange = parse(body)?;
            let window = Duration::from_millis(change.window_ms);
            *lock(&space.flow) = Some(FlowControl::new(change.requests, window));
            done()
        }
        ("DELETE", ["flow-control"]) => {
            *lock(&space.flow) = None;
            done()
        }
        ("GET", ["consent"]) => {
            let consent = lock(&space.consent).clone();
            Answer::json(&serde_json::to_value(consent).unwrap_or_default())
        }
        ("PUT", ["consent"]) => {
            let consent: Consent = parse(body)?;
            *lock(&space.consent) = consent;
            done()
        }
        ("GET", ["log"]) => {
            let entries = lock(&space.log).entries();
            let limit = query.iter().find(|(name, _)| name == "limit");
            let limit = limit.and_then(|(_, limit)| limit.parse().ok());
            let skip = limit.map_or(0, |limit| entries.len().saturating_sub(limit));
            list(entries.iter().skip(skip).map(AsRef::as_ref))
        }
        ("GET", ["callbacks"]) => {
            let sent = lock(&space.callbacks).list();
            list(sent.iter().map(AsRef::as_ref))
        }
        ("POST", ["check"]) => check::answer(body)?,
        (_, [platform, rest @ ..]) => {
            return of_platform(space, platform, rest, incoming, &query);
        }
        _ => return Err(not_found()),
    };
    Ok(answer)
}

/// Passes a request on to a platform's own part.
fn of_platform(
    space: &Arc<SpaceState>,
    platform: &str,
    path: &[&str],
    incoming: &Incoming,
    query: &[(String, String)],
) -> Result<Answer, Refused> {
    let platform = Document::named(platform).ok_or_else(not_found)?.name;
    let state = space.platforms.of(platform).ok_or_else(not_found)?;
    let call = ControlCall {
        method: &incoming.method,
        path,
        query,
        body: &incoming.body,
        now: space.clock.now(),
    };
    let mut state = lock(state);
    let answer = state.control(&call)?;
    space.send_callbacks(platform, state.take_callbacks());
    Ok(answer)
}

/// Reads a JSON body.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))
}

/// An answer that says nothing but yes.
pub(crate) fn done() -> Answer {
    Answer::empty(StatusCode::NO_CONTENT)
}

/// The refusal of an address that is none.
pub(crate) fn not_found() -> Refused {
    let reason = "the control API has no such address".to_owned();
    (StatusCode::NOT_FOUND, reason)
}

/// A JSON array.
pub(crate) fn list(items: impl IntoIterator<Item = impl serde::Serialize>) -> Answer {
    let values = items.into_iter().map(serde_json::to_value);
    Answer::json(&Value::from_iter(values.filter_map(Result::ok)))
}

fn clock(space: &SpaceState) -> Answer {
    Answer::json(&json!({
        "now_ms": unix_ms(space.clock.now()),
        "offset_ms": space.clock.offset_ms(),
    }))
}
