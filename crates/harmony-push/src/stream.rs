//! Sending to a stream of tokens: batches of different ones, outcomes in order.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::future::{Future as _, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_util::stream::{self, StreamExt as _};

use crate::answer::{Settled, Verdict};
use crate::outcome::Outcome;
use crate::outcomes::empty_token;

/// The outcomes of a stream of tokens: the position of each token in the stream, from 0 and in
/// order, with what became of it.
///
/// Nothing is sent while nobody asks for the next outcome, and dropping the stream stops it.
#[must_use = "nothing is sent until the outcomes are asked for"]
pub struct OutcomeStream<'a> {
    inner: Pin<Box<dyn Stream<Item = (usize, Outcome)> + Send + 'a>>,
}

impl<'a> OutcomeStream<'a> {
    pub(crate) fn new(outcomes: impl Stream<Item = (usize, Outcome)> + Send + 'a) -> Self {
        Self {
            inner: Box::pin(outcomes),
        }
    }

    /// Waits for the next outcome; `None` at the end.
    pub async fn next(&mut self) -> Option<(usize, Outcome)> {
        poll_fn(|context| self.inner.as_mut().poll_next(context)).await
    }
}

impl Stream for OutcomeStream<'_> {
    type Item = (usize, Outcome);

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<(usize, Outcome)>> {
        self.inner.as_mut().poll_next(context)
    }
}

impl fmt::Debug for OutcomeStream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutcomeStream").finish_non_exhaustive()
    }
}

/// A stretch of the stream whose new tokens go into one request.
pub(crate) struct Batch {
    pub(crate) tokens: Vec<Arc<str>>,
    first: usize,
    places: Vec<Place>,
    fate: Arc<Fate>,
}

/// A batch whose request is done.
pub(crate) struct DoneBatch {
    first: usize,
    size: usize,
    places: Vec<Place>,
    fate: Arc<Fate>,
    /// `None` where the batch had nothing to send.
    verdict: Option<Verdict>,
}

/// What became of the tokens of a batch, once it is settled; later duplicates look here too.
#[derive(Default)]
struct Fate(OnceLock<Settled>);

/// Where the outcome of one position is found.
enum Place {
    Empty,
    Here(u32),
    Earlier(Arc<Fate>, u32),
}

impl Batch {
    /// Notes what became of the tokens and lets go of them.
    pub(crate) fn done(self, verdict: Option<Verdict>) -> DoneBatch {
        DoneBatch {
            first: self.first,
            size: self.tokens.len(),
            places: self.places,
            fate: self.fate,
            verdict,
        }
    }
}

impl DoneBatch {
    pub(crate) fn accepts_any(&self) -> bool {
        let verdict = self.verdict.as_ref();
        verdict.is_some_and(|verdict| verdict.accepts_any(self.size))
    }

    /// The outcomes by position. `proven` tells whether any token so far was accepted.
    pub(crate) fn outcomes(self, proven: bool) -> impl Iterator<Item = (usize, Outcome)> + Send {
        let fate = self.fate;
        if let Some(verdict) = self.verdict {
            fate.0.get_or_init(|| verdict.settle(proven));
        }
        let outcomes = self.places.into_iter().map(move |place| match place {
            Place::Empty => empty_token(),
            Place::Here(place) => fate.of(place).clone(),
            Place::Earlier(fate, place) => fate.of(place).clone(),
        });
        (self.first..).zip(outcomes)
    }
}

impl Fate {
    fn of(&self, place: u32) -> &Outcome {
        let settled = self.0.get().expect("batches are settled in order");
        settled.of(place as usize)
    }
}

/// Cuts a stream of tokens into batches of at most `size` tokens that differ from each other and
/// from the last `window` ones. A batch is also closed when the stream gives nothing for `linger`.
pub(crate) fn batches<'a, T: AsRef<str> + Send + 'a>(
    tokens: impl Stream<Item = T> + Send + 'a,
    size: usize,
    window: usize,
    linger: Duration,
) -> impl Stream<Item = Batch> + Send + 'a {
    let cutter = Cutter {
        // Fused, because the end is met twice: by the last batch and after it.
        tokens: Box::pin(tokens.fuse()),
        window: Window::new(window),
        size,
        linger,
        next: 0,
    };
    stream::unfold(cutter, |mut cutter| async move {
        let batch = cutter.cut().await?;
        Some((batch, cutter))
    })
}

struct Cutter<S> {
    tokens: Pin<Box<S>>,
    window: Window,
    size: usize,
    linger: Duration,
    /// The position of the next token.
    next: usize,
}

impl<T: AsRef<str>, S: Stream<Item = T>> Cutter<S> {
    async fn cut(&mut self) -> Option<Batch> {
        let mut batch = Batch {
            tokens: Vec::new(),
            first: self.next,
            places: Vec::new(),
            fate: Arc::default(),
        };
        let first = poll_fn(|context| self.tokens.as_mut().poll_next(context)).await?;
        self.take(&mut batch, first.as_ref());
        let mut linger = pin!(tokio::time::sleep(self.linger));
        while batch.tokens.len() < self.size && batch.places.len() < self.size * SPARSEST {
            let token = poll_fn(|context| match self.tokens.as_mut().poll_next(context) {
                Poll::Pending => linger.as_mut().poll(context).map(|()| None),
                ready => ready,
            });
            match token.await {
                Some(token) => self.take(&mut batch, token.as_ref()),
                // At the end of the stream the next cut finds nothing.
                None => break,
            }
        }
        Some(batch)
    }

    fn take(&mut self, batch: &mut Batch, token: &str) {
        self.next += 1;
        let place = if token.is_empty() {
            Place::Empty
        } else if let Some((fate, place)) = self.window.find(token) {
            Place::Earlier(fate, place)
        } else {
            let token: Arc<str> = token.into();
            let place = u32::try_from(batch.tokens.len()).expect("a batch is small");
            self.window.remember(&token, &batch.fate, place);
            batch.tokens.push(token);
            Place::Here(place)
        };
        batch.places.push(place);
    }
}

/// The last different tokens, each with the place of its outcome.
struct Window {
    size: usize,
    known: HashMap<Arc<str>, (Arc<Fate>, u32)>,
    order: VecDeque<Arc<str>>,
}

impl Window {
    fn new(size: usize) -> Self {
        Self {
            size,
            known: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    fn find(&self, token: &str) -> Option<(Arc<Fate>, u32)> {
        self.known.get(token).cloned()
    }

    fn remember(&mut self, token: &Arc<str>, fate: &Arc<Fate>, place: u32) {
        if self.size == 0 {
            return;
        }
        if self.order.len() == self.size
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(Arc::clone(token));
        self.known
            .insert(Arc::clone(token), (Arc::clone(fate), place));
    }
}

/// A batch spans at most this many times its size: a flood of duplicates must not pile up.
const SPARSEST: usize = 8;
