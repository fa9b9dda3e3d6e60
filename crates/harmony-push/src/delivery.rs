//! Sending one request until it is clear what became of its tokens, or that it will not be.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use auth_core::{Api, Error, ErrorKind, Operation, Request, RetryPolicy};
use serde::Deserialize;
use tokio::time::Instant;

use crate::answer::{Codes, Verdict};
use crate::body::Frame;
use crate::pace::{Pace, now};
use crate::quota;

/// What one send has in common for all its requests.
pub(crate) struct Job {
    pub(crate) operation: &'static Operation,
    pub(crate) address: (&'static str, String),
    pub(crate) push_type: Option<i64>,
    pub(crate) content_type: &'static str,
    pub(crate) frame: Frame,
    pub(crate) codes: Codes,
    /// Whether a request whose answer was lost is sent again.
    pub(crate) repeats: bool,
}

/// What sends the requests of a job.
pub(crate) struct Courier<'a> {
    pub(crate) api: &'a Api,
    pub(crate) pace: &'a Pace,
    pub(crate) retry: &'a RetryPolicy,
    /// How long one request may take together with its repeats, pauses for the pace aside.
    pub(crate) budget: Duration,
    /// How long a request waits for the platform to accept its pace.
    pub(crate) patience: Duration,
    /// The time as the platform sees it, when the send began.
    pub(crate) time: SystemTime,
}

/// What the requests of one send know of each other.
#[derive(Default)]
pub(crate) struct Shared {
    /// Why the rest need not be tried.
    end: OnceLock<Error>,
    /// Whether any token was accepted.
    accepted: AtomicBool,
}

/// The answer to a send. The request id may be missing, and whatever else there is does not matter.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    code: String,
    #[serde(default)]
    msg: Option<String>,
    #[serde(default, rename = "requestId")]
    request_id: Option<String>,
}

/// What a failure means for the request.
#[derive(Debug)]
enum Failure {
    /// The platform refused the request as a whole, and would refuse its like.
    Refused,
    /// The platform refused the pace.
    TooFast,
    /// The quota of the day is used up.
    UsedUp,
    /// The request did not leave.
    Unsent,
    /// The request left, and what became of it is unknown.
    Unclear,
}

impl Courier<'_> {
    /// Sends `job` to `tokens` and returns what became of them.
    pub(crate) async fn deliver(&self, job: &Job, shared: &Shared, tokens: &[&str]) -> Verdict {
        let mut spent = Duration::ZERO;
        let mut sent = 0;
        let mut refused: Option<(Instant, Error)> = None;
        let mut unclear: Option<Error> = None;
        // A lost answer outweighs whatever comes later but another answer.
        let give_up = |unclear: Option<Error>, error: Error| match unclear {
            Some(lost) => Verdict::Unknown(lost),
            None => Verdict::NotSent(error),
        };
        loop {
            if let Some(end) = shared.end.get() {
                return give_up(unclear, end.clone());
            }
            let permit = match &refused {
                None => self.pace.permit().await,
                Some((until, error)) => {
                    match tokio::time::timeout_at(*until, self.pace.permit()).await {
                        Ok(permit) => permit,
                        Err(_) => return give_up(unclear, error.clone()),
                    }
                }
            };
            let error = match job.request(tokens).send::<Answer>(self.api).await {
                Ok(answer) => match job.read(answer, tokens) {
                    Ok(verdict) => {
                        permit.accepted();
                        return shared.saw(verdict, tokens.len());
                    }
                    Err(error) => error,
                },
                Err(error) => match job.read_error(&error, tokens) {
                    Some(verdict) => {
                        permit.accepted();
                        return shared.saw(verdict, tokens.len());
                    }
                    None => error,
                },
            };
            sent += 1;
            spent += error.elapsed();
            match Failure::of(&error) {
                Failure::Refused => {
                    drop(permit);
                    return give_up(unclear, shared.ended_by(error));
                }
                Failure::UsedUp => {
                    drop(permit);
                    let error = quota::with_reset(error, self.time);
                    return give_up(unclear, shared.end.get_or_init(|| error).clone());
                }
                Failure::TooFast => {
                    permit.refused(error.api().and_then(|api| api.retry_after));
                    sent -= 1;
                    let until = refused.map_or_else(|| now() + self.patience, |(until, _)| until);
                    refused = Some((until, error));
                    continue;
                }
                Failure::Unclear if !job.repeats => {
                    drop(permit);
                    return Verdict::Unknown(unclear.unwrap_or(error));
                }
                Failure::Unclear => {
                    drop(permit);
                    unclear.get_or_insert_with(|| error.clone());
                }
                Failure::Unsent => drop(permit),
            }
            let left = self.budget.saturating_sub(spent);
            let asked = error.api().and_then(|api| api.retry_after);
            match self.retry.wait(sent, fastrand::f64(), asked, left) {
                Some(wait) => {
                    spent += wait;
                    tokio::time::sleep(wait).await;
                }
                None => return give_up(unclear, error),
            }
        }
    }
}

impl Job {
    fn request(&self, tokens: &[&str]) -> Request {
        let (name, value) = &self.address;
        Request::new(self.operation)
            .path(name, value)
            .header_opt("push-type", self.push_type)
            .json_bytes(self.content_type, self.frame.fill(tokens))
    }

    fn read(&self, answer: Answer, tokens: &[&str]) -> Result<Verdict, Error> {
        let message = answer.msg.unwrap_or_default();
        let request_id = answer.request_id.unwrap_or_default();
        Verdict::read(self.codes, &answer.code, &message, &request_id, tokens)
            .ok_or_else(|| Error::decode("the answer has no code that is known for a success"))
    }

    /// Reads an error that says something about single tokens.
    fn read_error(&self, error: &Error, tokens: &[&str]) -> Option<Verdict> {
        let api = error.api()?;
        let request_id = api.request_id.as_deref().unwrap_or_default();
        Verdict::read(self.codes, &api.code, &api.message, request_id, tokens)
    }
}

impl Shared {
    fn saw(&self, verdict: Verdict, size: usize) -> Verdict {
        if verdict.accepts_any(size) {
            self.accepted.store(true, Ordering::Relaxed);
        }
        verdict
    }

    /// Notes that a whole request was refused. While nothing was accepted, the next ones would be
    /// refused for the same reason.
    fn ended_by(&self, error: Error) -> Error {
        if self.accepted.load(Ordering::Relaxed) {
            return error;
        }
        self.end.get_or_init(|| error).clone()
    }
}

impl Failure {
    fn of(error: &Error) -> Self {
        match (error.kind(), error.api()) {
            (ErrorKind::Api, Some(api)) if quota::is_used_up(api) => Self::UsedUp,
            (ErrorKind::Api, Some(api)) if matches!(api.status, 429 | 503) => Self::TooFast,
            (ErrorKind::Api, Some(api)) if api.status >= 500 => Self::Unclear,
            (ErrorKind::Transport, _) if !error.may_have_taken_effect() => Self::Unsent,
            (ErrorKind::Transport | ErrorKind::Decode, _) => Self::Unclear,
            _ => Self::Refused,
        }
    }
}
