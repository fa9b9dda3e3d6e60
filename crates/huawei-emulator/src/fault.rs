//! Faults on request.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Something that goes wrong because a test asks for it.
///
/// Parts can be combined: `Fault::delay(..)` with a status delays the refusal. A fault happens to
/// the next request it fits, once, unless [`times`](Self::times) says otherwise.
///
/// ```
/// use std::time::Duration;
/// use huawei_emulator::Fault;
///
/// let busy = Fault::status(503).on("send_message").times(3);
/// let lost_answer = Fault::reset().after_effect();
/// let slow = Fault::delay(Duration::from_millis(200));
/// # let _ = (busy, lost_answer, slow);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[must_use = "a fault does nothing until it is given to `fail_next`"]
pub struct Fault {
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skip: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delay_ms: Option<u64>,
    #[serde(rename = "status", skip_serializing_if = "Option::is_none")]
    pub(crate) http_status: Option<u16>,
    #[serde(rename = "code", skip_serializing_if = "Option::is_none")]
    pub(crate) platform_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_s: Option<u64>,
    #[serde(rename = "body", skip_serializing_if = "Option::is_none")]
    pub(crate) raw_body: Option<String>,
    #[serde(rename = "reset", skip_serializing_if = "is_false")]
    pub(crate) cut: bool,
    #[serde(rename = "truncate", skip_serializing_if = "Option::is_none")]
    pub(crate) truncate_at: Option<usize>,
    #[serde(rename = "after_effect", skip_serializing_if = "is_false")]
    pub(crate) acts: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks with a reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Fault {
    /// The answer comes late.
    pub fn delay(delay: Duration) -> Self {
        let milliseconds = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        Self {
            delay_ms: Some(milliseconds),
            ..Self::default()
        }
    }

    /// The answer is this HTTP status, without a body.
    pub fn status(status: u16) -> Self {
        Self {
            http_status: Some(status),
            ..Self::default()
        }
    }

    /// The answer is this code of the platform, in the platform's own form: a code, or the id of a
    /// row where several share one, like `1101@400`.
    pub fn code(code: impl Into<String>) -> Self {
        Self {
            platform_code: Some(code.into()),
            ..Self::default()
        }
    }

    /// The answer is this text, whatever it is.
    pub fn body(status: u16, body: impl Into<String>) -> Self {
        Self {
            http_status: Some(status),
            raw_body: Some(body.into()),
            ..Self::default()
        }
    }

    /// The connection is reset before an answer.
    pub fn reset() -> Self {
        Self {
            cut: true,
            ..Self::default()
        }
    }

    /// The answer ends after this many bytes of its body, and the connection with it. The request
    /// takes effect.
    pub fn truncate(bytes: usize) -> Self {
        Self {
            truncate_at: Some(bytes),
            acts: true,
            ..Self::default()
        }
    }

    /// Only requests of this operation are hit; without it, the next request of any.
    pub fn on(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// Happens this often; once when not set.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Lets this many fitting requests pass first.
    pub fn after(mut self, requests: u32) -> Self {
        self.skip = Some(requests);
        self
    }

    /// The request takes effect all the same: only its answer is replaced or lost.
    pub fn after_effect(mut self) -> Self {
        self.acts = true;
        self
    }

    /// Adds a `Retry-After` header, in seconds.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Whether it replaces the answer, rather than only delaying or cutting it.
    pub(crate) fn replaces(&self) -> bool {
        self.http_status.is_some() || self.platform_code.is_some() || self.raw_body.is_some()
    }

    /// What it does, for the log.
    pub(crate) fn describe(&self) -> String {
        let delay = self.delay_ms.map(|delay| format!("delayed {delay} ms"));
        let status = self.http_status.map(|status| format!("status {status}"));
        let code = self
            .platform_code
            .as_ref()
            .map(|code| format!("code {code}"));
        let reset = self.cut.then(|| "connection reset".to_owned());
        let truncated = self.truncate_at.map(|at| format!("body cut at {at} bytes"));
        let parts = [delay, status, code, reset, truncated];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// The faults that wait for their request.
#[derive(Debug, Default)]
pub(crate) struct Faults(VecDeque<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push_back(fault);
    }

    pub(crate) fn list(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault that hits a request of this operation.
    pub(crate) fn take(&mut self, operation: &str) -> Option<Fault> {
        let fits = |fault: &Fault| fault.operation.as_deref().is_none_or(|it| it == operation);
        let mut hit = None;
        for (index, fault) in self.0.iter_mut().enumerate().filter(|(_, it)| fits(it)) {
            match &mut fault.skip {
                Some(left) if *left > 0 => *left -= 1,
                _ => {
                    hit = Some(index);
                    break;
                }
            }
        }
        let index = hit?;
        let fault = self.0.get_mut(index)?;
        let happening = fault.clone();
        match fault.times.unwrap_or(1) {
            0 | 1 => {
                self.0.remove(index);
            }
            left => fault.times = Some(left - 1),
        }
        Some(happening)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Faults};

    #[test]
    fn faults_are_counted_per_operation() {
        let mut faults = Faults::default();
        faults.add(Fault::status(503).on("send_message").times(2));
        faults.add(Fault::reset().after(1));
        let statuses: Vec<_> = ["other", "send_message", "other", "send_message", "other"]
            .iter()
            .map(|operation| faults.take(operation))
            .map(|fault| fault.map(|fault| (fault.http_status, fault.cut)))
            .collect();
        assert_eq!(
            statuses,
            [
                None,
                Some((Some(503), false)),
                Some((None, true)),
                Some((Some(503), false)),
                None
            ]
        );
    }
}
