//! Every operation called through a client, and each request compared with what was asked for.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use auth_core::{HttpSend, Result};
use bytes::Bytes;
use http::{Request, Response};

use crate::document::Operation;
use crate::{Document, Example, differences, example};

/// A door to the network that keeps what went through it.
pub struct Tap {
    inner: Arc<dyn HttpSend>,
    passed: Mutex<Vec<Passed>>,
}

/// A request, and what the emulator thought of it; empty without an answer.
type Passed = (Request<Bytes>, String);

/// The operations of a platform, each to be called with every example there is.
#[derive(Debug)]
pub struct Exam {
    document: Document,
    base: String,
    behaves: &'static [&'static str],
}

impl Tap {
    /// Keeps what goes through `inner`.
    pub fn new(inner: Arc<dyn HttpSend>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            passed: Mutex::default(),
        })
    }

    /// Takes the requests that went through since it was last asked.
    pub fn sent(&self) -> Vec<Request<Bytes>> {
        self.take().into_iter().map(|(sent, _)| sent).collect()
    }

    /// Takes what went through since it was last asked.
    fn take(&self) -> Vec<Passed> {
        std::mem::take(&mut *self.passed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap").finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpSend for Tap {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let kept = request.clone();
        let answer = self.inner.send(request).await;
        let verdict = answer.as_ref().ok().and_then(|answer| {
            let verdict = answer.headers().get("x-emulator-verdict")?;
            Some(verdict.to_str().unwrap_or_default().to_owned())
        });
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        passed.push((kept, verdict.unwrap_or_default()));
        answer
    }
}

impl Exam {
    /// The operations of a document, called below a base address. Those in `behaves` look at what
    /// a request says, so that the emulator may decline an example where it would take it from a
    /// caller who knows its state.
    pub fn new(document: Document, base: &str, behaves: &'static [&'static str]) -> Self {
        let base = base.split_once("://").map_or(base, |(_, rest)| rest);
        let path = base.find('/').map_or("", |start| &base[start..]);
        Self {
            document,
            base: path.to_owned(),
            behaves,
        }
    }

    /// Calls each operation with each example, and gives how many calls that made. `call` returns
    /// the address where a browser opens the operation.
    ///
    /// # Panics
    ///
    /// If a request is not what its example asks for, if the emulator refuses one, or if a call
    /// ends in an error without one.
    pub async fn run(
        &self,
        tap: &Tap,
        call: impl AsyncFn(&Example) -> Result<Option<String>>,
    ) -> usize {
        let mut wrong = Vec::new();
        let mut count = 0;
        for operation in self.document.operations() {
            for (number, example) in example::all(&self.document, &operation).iter().enumerate() {
                tap.take();
                let result = call(example).await;
                count += 1;
                for flaw in self.flaws(&operation, example, result, tap.take()) {
                    wrong.push(format!("{} {number}: {flaw}", operation.id));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        count
    }

    fn flaws(
        &self,
        operation: &Operation<'_>,
        example: &Example,
        result: Result<Option<String>>,
        passed: Vec<Passed>,
    ) -> Vec<String> {
        let compare = |sent: &Request<Bytes>| {
            differences(&self.document, operation, example, &self.base, sent)
        };
        if let Ok(Some(address)) = &result {
            let method = operation.source["requestBody"]
                .is_object()
                .then_some("POST");
            let request = Request::builder().method(method.unwrap_or("GET"));
            return match request.uri(address).body(Bytes::new()) {
                // What a browser sends along is for the page to say.
                Ok(request) => compare(&request)
                    .into_iter()
                    .filter(|flaw| !flaw.starts_with("form:") && !flaw.starts_with("media type:"))
                    .collect(),
                Err(error) => vec![format!("{error}: {address}")],
            };
        }
        // What came before was for a token.
        let Some((sent, verdict)) = passed.last() else {
            return vec![format!("nothing was sent: {result:?}")];
        };
        let mut flaws = compare(sent);
        let behaves = self.behaves.contains(&operation.id);
        let word = verdict.split(' ').next().unwrap_or_default();
        match (word, &result) {
            ("accepted", Err(error)) => flaws.push(format!("{error:?}")),
            ("accepted", Ok(_)) | ("declined", Err(_)) if word == "accepted" || behaves => {}
            _ => flaws.push(format!("{verdict}: {result:?}")),
        }
        flaws
    }
}
