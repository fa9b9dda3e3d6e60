//! The control API of Push Kit, below `/_emulator/harmony-push`.

use crate::answer::Answer;
use crate::platforms::ControlCall;

use super::State;

/// Answers a request, if it is one of these.
pub(super) fn answer(_state: &mut State, _call: &ControlCall<'_>) -> Option<Answer> {
    None
}
