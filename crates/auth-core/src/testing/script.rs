//! A transport that follows a script and remembers what it was sent.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response};
use tokio::sync::watch;

use super::Reply;
use crate::{Error, HttpSend, Result};

/// A transport that follows a script: no network, no waiting, every request recorded.
///
/// Steps are taken in the order of the script, one for each request. A request that a step does
/// not expect, or that comes after the last one, fails with a
/// [`Config`](crate::ErrorKind::Config) error, which is never sent again, and makes
/// [`verify`](Self::verify) panic. Clones are the same script.
#[derive(Clone)]
pub struct Script(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    arrived: watch::Sender<usize>,
}

#[derive(Default)]
struct State {
    steps: VecDeque<Step>,
    otherwise: Option<Reply>,
    requests: Vec<Request<Bytes>>,
    surprises: Vec<String>,
}

struct Step {
    expected: Option<(Method, String)>,
    reply: Reply,
}

impl Script {
    /// An empty script.
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            state: Mutex::default(),
            arrived: watch::Sender::new(0),
        }))
    }

    /// Adds a step for whatever request comes next.
    pub fn reply(self, reply: Reply) -> Self {
        self.step(None, reply)
    }

    /// Adds a step for a request with this method and path. A `path` with a `?` is compared with
    /// the query, too.
    pub fn expect(self, method: Method, path: impl Into<String>, reply: Reply) -> Self {
        self.step(Some((method, path.into())), reply)
    }

    /// Sets what becomes of every request after the last step.
    pub fn otherwise(self, reply: Reply) -> Self {
        self.change(|state| state.otherwise = Some(reply));
        self
    }

    /// The script as the transport of a client.
    pub fn transport(&self) -> Arc<dyn HttpSend> {
        Arc::new(self.clone())
    }

    /// The requests so far, in the order of their arrival.
    pub fn requests(&self) -> Vec<Request<Bytes>> {
        self.change(|state| state.requests.clone())
    }

    /// How many requests have arrived.
    pub fn count(&self) -> usize {
        *self.0.arrived.borrow()
    }

    /// Waits until `count` requests have arrived.
    pub async fn arrived(&self, count: usize) {
        let mut arrived = self.0.arrived.subscribe();
        // The sender lives as long as `self`.
        let _ = arrived.wait_for(|so_far| *so_far >= count).await;
    }

    /// Checks that every step was taken and nothing came unexpected.
    ///
    /// # Panics
    ///
    /// If that is not so; the message says what was missing or too much.
    pub fn verify(&self) {
        let (surprises, left) = self.change(|state| {
            let left: Vec<_> = state.steps.iter().map(Step::describe).collect();
            (state.surprises.join("; "), left.join(", "))
        });
        assert!(surprises.is_empty(), "the script was left: {surprises}");
        assert!(left.is_empty(), "the script waits for more: {left}");
    }

    fn step(self, expected: Option<(Method, String)>, reply: Reply) -> Self {
        self.change(|state| state.steps.push_back(Step { expected, reply }));
        self
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let state = self.0.state.lock();
        change(&mut state.unwrap_or_else(PoisonError::into_inner))
    }
}

impl Default for Script {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    /// The reply to a request that has just arrived.
    fn next(&mut self, request: &Request<Bytes>) -> Result<Reply> {
        self.requests.push(request.clone());
        let Some(step) = self.steps.pop_front() else {
            return match &self.otherwise {
                Some(reply) => Ok(reply.clone()),
                None => Err(self.surprise("nothing", request)),
            };
        };
        match step.fits(request) {
            true => Ok(step.reply),
            false => Err(self.surprise(&step.describe(), request)),
        }
    }

    fn surprise(&mut self, expected: &str, request: &Request<Bytes>) -> Error {
        // The query is left out: a credential can travel in it.
        let (method, path) = (request.method(), request.uri().path());
        let surprise = format!("expected {expected}, got {method} {path}");
        let error = Error::config(format!("the script {surprise}"));
        self.surprises.push(surprise);
        error
    }
}

impl Step {
    fn fits(&self, request: &Request<Bytes>) -> bool {
        let Some((method, expected)) = &self.expected else {
            return true;
        };
        let uri = request.uri();
        let path = match (expected.contains('?'), uri.path_and_query()) {
            (true, Some(whole)) => whole.as_str(),
            _ => uri.path(),
        };
        request.method() == method && path == expected
    }

    fn describe(&self) -> String {
        match &self.expected {
            Some((method, path)) => format!("{method} {path}"),
            None => "any request".to_owned(),
        }
    }
}

#[async_trait]
impl HttpSend for Script {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let reply = self.change(|state| state.next(&request));
        self.0.arrived.send_modify(|count| *count += 1);
        reply?.play(&request).await
    }
}

/// Shows how far the script is; requests can hold secrets.
impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self.change(|state| state.steps.len());
        f.debug_struct("Script")
            .field("requests", &self.count())
            .field("steps_left", &left)
            .finish_non_exhaustive()
    }
}
