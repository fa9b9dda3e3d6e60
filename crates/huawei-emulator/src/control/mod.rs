//! The control API, below `/_emulator`.

use std::net::SocketAddr;
use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::json;

use crate::answer::Answer;
use crate::engine::Incoming;
use crate::space::{SpaceState, Spaces};

/// Answers a request to the control API; `path` is what follows its prefix.
pub(crate) fn answer(
    _spaces: &Spaces,
    space: &Arc<SpaceState>,
    path: &str,
    incoming: &Incoming,
    _local: SocketAddr,
) -> Answer {
    match (&incoming.method, path) {
        (&Method::GET, "/health") => Answer::json(&json!({"status": "ok"})),
        (&Method::POST, "/reset") => {
            space.reset();
            Answer::empty(StatusCode::NO_CONTENT)
        }
        _ => Answer::empty(StatusCode::NOT_FOUND),
    }
}
