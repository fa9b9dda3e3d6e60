//! The log of requests with their verdicts.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Serialize;

use crate::validate::Violation;

/// One request as the emulator saw it. Credentials are not kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Entry {
    /// The number of the request in its space, from 1.
    pub number: u64,
    /// When it came, by the emulator's clock, in Unix milliseconds.
    pub time_ms: i64,
    /// The HTTP method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The document that has the operation.
    pub document: Option<&'static str>,
    /// The operation.
    pub operation: Option<&'static str>,
    /// The HTTP status of the answer; 0 when the connection was reset.
    pub status: u16,
    /// The platform's code in the answer.
    pub code: Option<String>,
    /// What the emulator thought of the request.
    pub verdict: Verdict,
    /// Why, where it is more than a yes.
    pub reason: String,
    /// The rules of the document that the request broke.
    pub violations: Vec<String>,
    /// The fault that was asked for.
    pub fault: Option<String>,
    /// The length of the body, in bytes.
    pub body_bytes: usize,
    /// The id the answer carries.
    pub request_id: String,
    /// The body with its secrets replaced, where it is short enough to keep.
    pub body: Option<serde_json::Value>,
}

/// What the emulator thought of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// It kept to the document and was answered with success.
    Accepted,
    /// It kept to the document, and the platform would say no all the same.
    Declined,
    /// It broke a rule of the document.
    Refused,
    /// No operation has its address.
    Unknown,
}

impl Verdict {
    /// The word in the log and in the verdict header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

/// The newest requests of a space.
#[derive(Debug)]
pub(crate) struct Log {
    entries: VecDeque<Arc<Entry>>,
    keep: usize,
    count: u64,
}

impl Log {
    pub(crate) fn new(keep: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            keep,
            count: 0,
        }
    }

    /// Adds an entry, and drops the oldest above the bound.
    pub(crate) fn add(&mut self, mut entry: Entry) {
        self.count += 1;
        entry.number = self.count;
        if self.entries.len() >= self.keep {
            self.entries.pop_front();
        }
        self.entries.push_back(Arc::new(entry));
    }

    /// The entries kept, the oldest first.
    pub(crate) fn entries(&self) -> Vec<Arc<Entry>> {
        self.entries.iter().cloned().collect()
    }

    /// How many requests there were since the last reset.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }
}

/// The violations as texts, for the log.
pub(crate) fn texts(violations: &[Violation]) -> Vec<String> {
    violations.iter().map(Violation::to_string).collect()
}
