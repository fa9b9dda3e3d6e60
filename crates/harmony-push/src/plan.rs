//! A message that was checked and written, on its way to a list or a stream of tokens.

use std::sync::Arc;
use std::time::Duration;

use auth_core::{CallOptions, Operation, RetryPolicy};
use bytes::Bytes;
use futures_core::Stream;
use futures_util::stream::{self, FuturesUnordered, StreamExt as _};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::Client;
use crate::answer::{Codes, Verdict};
use crate::body::Frame;
use crate::delivery::{Courier, Job, Share, Shared};
use crate::list::{Batch, TokenList};
use crate::message::MOST_TOKENS;
use crate::outcomes::Outcomes;
use crate::pace::now;
use crate::sender::Settings;
use crate::stream::{OutcomeStream, batches};
use crate::unique::Unique;

/// What is needed to send a message, but for the tokens.
pub(crate) struct Plan {
    pub(crate) operation: &'static Operation,
    pub(crate) address: (&'static str, String),
    pub(crate) push_type: Option<i64>,
    pub(crate) content_type: &'static str,
    pub(crate) frame: Frame,
    pub(crate) codes: Codes,
    /// How many tokens one request may have.
    pub(crate) size: usize,
    /// Whether a request whose answer was lost may be sent again.
    pub(crate) repeats: bool,
}

/// Everything that the requests of one send share.
pub(crate) struct Campaign {
    client: Client,
    /// When and for how long a request is sent again, as the caller's view of the client says.
    retry: RetryPolicy,
    timeout: Duration,
    settings: Settings,
    started: Instant,
    size: usize,
    job: Job,
    shared: Shared,
    /// One for each request of a stream that may be sent at a time.
    slots: Semaphore,
}

impl Campaign {
    pub(crate) fn new(client: &Client, settings: Settings, plan: Plan) -> Self {
        // The sender decides itself what is sent again, because it shares one pace.
        let once = CallOptions::new().retry(RetryPolicy::none());
        Self {
            client: client.with(once),
            retry: client.api.retry().clone(),
            timeout: client.api.timeout(),
            settings,
            started: now(),
            size: plan.size,
            job: Job {
                operation: plan.operation,
                address: plan.address,
                push_type: plan.push_type,
                content_type: plan.content_type,
                frame: plan.frame,
                codes: plan.codes,
                repeats: plan.repeats || settings.repeats,
            },
            shared: Shared::default(),
            slots: Semaphore::new(settings.concurrency),
        }
    }

    /// Sends one request and returns what became of its tokens.
    async fn deliver(&self, batch: Batch<'_>, share: Share) -> Verdict {
        let patience = match share {
            Share::All => self.timeout,
            Share::Part => PATIENCE,
        };
        let courier = Courier {
            api: &self.client.api,
            pace: &self.client.shared.pace,
            buffers: &self.client.shared.buffers,
            retry: &self.retry,
            budget: self.timeout,
            patience: self.settings.patience.unwrap_or(patience),
            share,
            started: self.started,
            time: self.client.api.clock().now(),
        };
        courier.deliver(&self.job, &self.shared, batch).await
    }

    /// Sends to a list.
    pub(crate) async fn list<'a, T: AsRef<str>>(&self, tokens: &'a [T]) -> Outcomes<'a, T> {
        let unique = Unique::of(tokens.iter().map(AsRef::as_ref));
        let verdicts = self.all(&unique.tokens, &[]).await;
        let different = unique.tokens.len();
        Outcomes::new(tokens, unique.places, verdicts, self.size, different)
    }

    /// Sends to a list that was looked through before.
    pub(crate) async fn prepared<'a, T>(&self, list: &TokenList<'a, T>) -> Outcomes<'a, T> {
        let quoted = match self.size {
            MOST_TOKENS => list.quoted.as_slice(),
            // It was written for requests of another size.
            _ => &[],
        };
        let verdicts = self.all(&list.unique.tokens, quoted).await;
        let places = list.unique.places.clone();
        Outcomes::new(list.tokens, places, verdicts, self.size, list.different())
    }

    /// Sends to different tokens, of which `quoted` may be what the requests hold of them.
    async fn all(&self, tokens: &[&str], quoted: &[Bytes]) -> Vec<Verdict> {
        let batch = |(number, tokens)| Batch {
            tokens,
            quoted: quoted.get(number),
        };
        let mut batches = tokens.chunks(self.size).enumerate().map(batch).enumerate();
        if batches.len() == 1 {
            let quoted = quoted.first();
            return vec![self.deliver(Batch { tokens, quoted }, Share::All).await];
        }
        let mut verdicts = vec![None; batches.len()];
        // Polled in place: dropping the send drops all of its requests.
        let mut flights = FuturesUnordered::new();
        loop {
            while flights.len() < self.settings.concurrency
                && let Some((number, batch)) = batches.next()
            {
                flights.push(async move { (number, self.deliver(batch, Share::Part).await) });
            }
            match flights.next().await {
                Some((number, verdict)) => verdicts[number] = Some(verdict),
                None => break,
            }
        }
        verdicts.into_iter().flatten().collect()
    }

    /// Sends to a stream.
    pub(crate) fn stream<'a, T: AsRef<str> + Send + 'a>(
        self,
        tokens: impl Stream<Item = T> + Send + 'a,
    ) -> OutcomeStream<'a> {
        let campaign = Arc::new(self);
        let (size, settings) = (campaign.size, campaign.settings);
        let mut proven = false;
        let outcomes = batches(tokens, size, settings.window, settings.linger)
            .map(move |batch| {
                let campaign = Arc::clone(&campaign);
                async move {
                    let slot = campaign.slots.acquire().await;
                    let tokens: Vec<&str> = batch.tokens.iter().map(AsRef::as_ref).collect();
                    let unquoted = Batch {
                        tokens: &tokens,
                        quoted: None,
                    };
                    let verdict = match tokens.is_empty() {
                        true => None,
                        false => Some(campaign.deliver(unquoted, Share::Part).await),
                    };
                    drop(slot);
                    batch.done(verdict)
                }
            })
            // Some more than are sent at a time, so that one late answer, which keeps the order
            // waiting, does not stop the others.
            .buffered(settings.concurrency * AHEAD)
            .flat_map(move |batch| {
                proven |= batch.accepts_any();
                stream::iter(batch.outcomes(proven))
            });
        OutcomeStream::new(outcomes)
    }
}

/// How long a request that is one of many waits while the platform accepts none at all.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many times as many batches of a stream are held as are sent at a time.
const AHEAD: usize = 4;
