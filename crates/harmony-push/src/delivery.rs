//! Sending one request until it is clear what became of its tokens, or that it will not be.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use auth_core::{Action, Api, ApiError, Error, ErrorKind, Operation, Request, RetryPolicy};
use serde::Deserialize;
use tokio::time::Instant;

use crate::answer::{Codes, Verdict};
use crate::body::{Buffers, Frame};
use crate::list::Batch;
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
    pub(crate) buffers: &'a Buffers,
    pub(crate) retry: &'a RetryPolicy,
    /// How long one request may take together with its repeats, pauses for the pace aside.
    pub(crate) budget: Duration,
    /// How long the send waits while the platform accepts no request at all.
    pub(crate) patience: Duration,
    /// How much of the send this request is.
    pub(crate) share: Share,
    /// When the send began.
    pub(crate) started: Instant,
    /// The time as the platform sees it.
    pub(crate) time: SystemTime,
}

/// How much of a send one request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    /// All of it: it is what a call is elsewhere, and ends when a call would.
    All,
    /// One of many, which outlasts troubles that pass.
    Part,
}

/// What the requests of one send know of each other.
#[derive(Default)]
pub(crate) struct Shared {
    /// Why the rest need not be tried.
    end: OnceLock<Error>,
    /// Whether any token was accepted.
    accepted: AtomicBool,
    /// Since when there has been no access token.
    without_token: Mutex<Option<Instant>>,
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
    /// There is no token for now.
    NoToken,
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

/// What happened to a request so far.
#[derive(Default)]
struct Story {
    /// How often there was no access token.
    tokenless: u32,
    /// How often it was sent, refusals of the pace aside.
    sent: u32,
    /// How long that took, with the waits in between.
    spent: Duration,
    /// The last refusal of the pace.
    refused: Option<Error>,
    /// The first answer that was lost. It outweighs whatever comes later but another answer.
    lost: Option<Error>,
}

impl Courier<'_> {
    /// Sends `job` to a batch of tokens and returns what became of them.
    pub(crate) async fn deliver(&self, job: &Job, shared: &Shared, batch: Batch<'_>) -> Verdict {
        let mut story = Story::default();
        loop {
            if let Some(end) = shared.end.get() {
                return story.end(end.clone());
            }
            let permit = self.pace.permit_within(self.started, self.patience);
            let Some(permit) = permit.await else {
                let refused = story.refused.take();
                return story.end(refused.unwrap_or_else(|| Error::unsent(TOO_SLOW)));
            };
            let error = match job.attempt(self, batch).await {
                Ok(verdict) => {
                    permit.accepted();
                    shared.set_without_token(None);
                    return shared.saw(verdict, batch.tokens.len());
                }
                Err(error) => error,
            };
            let asked = error.api().and_then(|api| api.retry_after);
            let failure = Failure::of(&error);
            match failure {
                Failure::NoToken => {
                    drop(permit);
                    let Some(wait) = self.wait_for_token(shared, &mut story, asked) else {
                        return story.end(error);
                    };
                    tokio::time::sleep(wait).await;
                    continue;
                }
                Failure::TooFast => {
                    permit.refused(asked);
                    story.refused = Some(error);
                    continue;
                }
                _ => {}
            }
            shared.set_without_token(None);
            match error.api() {
                Some(_) => permit.answered(),
                None => drop(permit),
            }
            story.sent += 1;
            story.spent += error.elapsed();
            match failure {
                Failure::Refused => return story.end(shared.ended_by(error)),
                Failure::UsedUp => {
                    let error = quota::with_reset(error, self.time);
                    return story.end(shared.end.get_or_init(|| error).clone());
                }
                Failure::Unclear => {
                    story.lost.get_or_insert_with(|| error.clone());
                    if !job.repeats {
                        return story.end(error);
                    }
                }
                Failure::NoToken | Failure::TooFast | Failure::Unsent => {}
            }
            let left = self.budget.saturating_sub(story.spent);
            let wait = self.retry.wait(story.sent, fastrand::f64(), asked, left);
            let Some(wait) = wait else {
                return story.end(error);
            };
            story.spent += wait;
            tokio::time::sleep(wait).await;
        }
    }

    /// How long to wait before a token is asked for again, if at all. A campaign would be given up
    /// within milliseconds if each of its requests failed at once.
    fn wait_for_token(
        &self,
        shared: &Shared,
        story: &mut Story,
        asked: Option<Duration>,
    ) -> Option<Duration> {
        if self.share == Share::All {
            return None;
        }
        let now = now();
        let since = shared.set_without_token(Some(now)).unwrap_or(now);
        let left = self.patience.saturating_sub(now - since);
        story.tokenless += 1;
        let patient = self.retry.clone().attempts(u32::MAX);
        patient.wait(story.tokenless, fastrand::f64(), asked, left)
    }
}

impl Story {
    fn end(self, error: Error) -> Verdict {
        match self.lost {
            Some(lost) => Verdict::Unknown(lost),
            None => Verdict::NotSent(error),
        }
    }
}

impl Job {
    async fn attempt(&self, courier: &Courier<'_>, batch: Batch<'_>) -> Result<Verdict, Error> {
        let request = self.request(batch, courier.buffers);
        match request.send::<Answer>(courier.api).await {
            Ok(answer) => self.read(answer, batch.tokens),
            Err(error) => self.read_error(&error, batch.tokens).ok_or(error),
        }
    }

    fn request(&self, batch: Batch<'_>, buffers: &Buffers) -> Request {
        let body = match batch.quoted {
            Some(quoted) => self.frame.around(quoted, buffers),
            None => self.frame.fill(batch.tokens, buffers),
        };
        let (name, value) = &self.address;
        Request::new(self.operation)
            .path(name, value)
            .header_opt("push-type", self.push_type)
            .json_bytes(self.content_type, body)
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
    /// Notes that there is no access token, or that there is one; returns since when there is none.
    fn set_without_token(&self, now: Option<Instant>) -> Option<Instant> {
        let mut since = self
            .without_token
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *since = now.map(|now| since.unwrap_or(now));
        *since
    }

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
            (ErrorKind::Api, Some(api)) if api.status == 429 => Self::TooFast,
            (ErrorKind::Api, Some(api)) if is_internal(api) => Self::Unclear,
            (ErrorKind::Api, Some(api)) if api.status == 503 => Self::TooFast,
            (ErrorKind::Api, Some(api)) if api.status >= 500 => Self::Unclear,
            (ErrorKind::Api, Some(api)) if is_riddle(api) => Self::Unclear,
            (ErrorKind::Credentials, _) if error.action() == Action::Backoff => Self::NoToken,
            (ErrorKind::Transport, _) if !error.may_have_taken_effect() => Self::Unsent,
            (ErrorKind::Transport | ErrorKind::Decode, _) => Self::Unclear,
            _ => Self::Refused,
        }
    }
}

/// Whether the platform failed inside, by its code: no document says with which status that comes.
fn is_internal(api: &ApiError) -> bool {
    !api.meaning.is_empty() && api.action == Action::Backoff && api.limit.is_none()
}

/// Whether an answer with a good status has a code that no document lists.
fn is_riddle(api: &ApiError) -> bool {
    api.meaning.is_empty() && (200..300).contains(&api.status)
}

/// Why a request was given up that waited for others to be accepted.
const TOO_SLOW: &str = "the platform accepts no more requests for now";
