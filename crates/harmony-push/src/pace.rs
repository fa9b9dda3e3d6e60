//! The pace of sending: full speed until the platform says that it is too much, then slower, then
//! faster again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// The pace of one client, shared by everything it sends.
///
/// The platform limits devices per second and says so with HTTP 503, without a rate and without a
/// `Retry-After`. So the rate is found by trying: a refusal halves the number of requests in
/// flight and stops new ones for a while, longer each time in a row; an acceptance raises the
/// number by one per round. Once a single request in flight is too fast, the distance between two
/// requests grows and shrinks in the same manner.
#[derive(Debug)]
pub(crate) struct Pace {
    state: Mutex<State>,
    changed: Notify,
}

/// The right to send one request. Dropping it without a word tells nothing.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    pace: &'a Pace,
    round: u64,
}

/// What the pace knows. Pure: the time is passed in.
#[derive(Debug)]
struct State {
    in_flight: usize,
    /// How many requests may be in flight.
    window: f64,
    /// The distance between the starts of two requests.
    gap: Duration,
    /// When the next request may start.
    next: Option<Instant>,
    /// Refusals in a row.
    refusals: u32,
    /// When the first of them came.
    stuck_since: Option<Instant>,
    /// Counts the refusals that had an effect: those who started before the last one are late.
    round: u64,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State::new()),
            changed: Notify::new(),
        }
    }

    /// Waits until one more request may start, but, counted from `started`, no longer than
    /// `patience` while the platform accepts none at all.
    pub(crate) async fn permit_within(
        &self,
        started: Instant,
        patience: Duration,
    ) -> Option<Permit<'_>> {
        loop {
            let stuck = self.state().stuck_since;
            let from = stuck.map_or_else(now, |since| since.max(started));
            let Some(until) = from.checked_add(patience) else {
                return Some(self.permit().await);
            };
            match tokio::time::timeout_at(until, self.permit()).await {
                Ok(permit) => return Some(permit),
                Err(_) if stuck.is_some() && stuck == self.state().stuck_since => return None,
                // Others were accepted meanwhile: it goes on.
                Err(_) => {}
            }
        }
    }

    async fn permit(&self) -> Permit<'_> {
        loop {
            let changed = self.changed.notified();
            let wait = self.state().start(now());
            match wait {
                Start::Now(round) => return Permit { pace: self, round },
                Start::At(time) => tokio::time::sleep_until(time).await,
                Start::AfterAnother => changed.await,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// The platform took the request.
    pub(crate) fn accepted(self) {
        self.pace.state().accepted();
    }

    /// The platform answered something else: the pace was not what it minded.
    pub(crate) fn answered(self) {
        self.pace.state().stuck_since = None;
    }

    /// The platform refused the request because of the pace, and may have said how long to wait.
    pub(crate) fn refused(self, retry_after: Option<Duration>) {
        let (spread, now) = (fastrand::f64(), now());
        let mut state = self.pace.state();
        if state.refused(self.round, now, retry_after, spread) {
            let pause = state.next.map_or(Duration::ZERO, |next| next - now);
            tracing::info!(
                pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                in_flight = state.window,
                "the platform asks to slow down"
            );
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.pace.state().in_flight -= 1;
        self.pace.changed.notify_waiters();
    }
}

enum Start {
    Now(u64),
    At(Instant),
    AfterAnother,
}

impl State {
    fn new() -> Self {
        Self {
            in_flight: 0,
            window: WIDEST,
            gap: Duration::ZERO,
            next: None,
            refusals: 0,
            stuck_since: None,
            round: 0,
        }
    }

    fn start(&mut self, now: Instant) -> Start {
        if let Some(next) = self.next.filter(|next| *next > now) {
            return Start::At(next);
        }
        if self.in_flight > 0 && self.in_flight as f64 >= self.window.floor() {
            return Start::AfterAnother;
        }
        self.in_flight += 1;
        self.next = (!self.gap.is_zero()).then(|| now + self.gap);
        Start::Now(self.round)
    }

    fn accepted(&mut self) {
        self.refusals = 0;
        self.stuck_since = None;
        self.window = (self.window + 1.0 / self.window).min(WIDEST);
        self.gap = match self.gap.mul_f64(RELAX) {
            gap if gap < SHORTEST_GAP => Duration::ZERO,
            gap => gap,
        };
    }

    /// Slows down, unless it was done since the request started. `spread` between 0 and 1 keeps
    /// senders from returning all at once.
    fn refused(
        &mut self,
        round: u64,
        now: Instant,
        retry_after: Option<Duration>,
        spread: f64,
    ) -> bool {
        self.stuck_since.get_or_insert(now);
        let retry_after = retry_after.map(|wait| wait.min(LONGEST_WAIT));
        let slows = round == self.round;
        if slows {
            self.round += 1;
            if self.window < 2.0 || self.in_flight <= 1 {
                self.gap = (self.gap * 2).clamp(FIRST_GAP, LONGEST_GAP);
            }
            self.window = (self.window.min(self.in_flight as f64) / 2.0).max(1.0);
            let doubled = FIRST_PAUSE * 2_u32.saturating_pow(self.refusals.min(16));
            let pause = doubled.min(LONGEST_PAUSE).mul_f64(0.75 + spread / 2.0);
            self.refusals += 1;
            self.hold(now + retry_after.unwrap_or(Duration::ZERO).max(pause));
        } else if let Some(wait) = retry_after {
            self.hold(now + wait);
        }
        slows
    }

    fn hold(&mut self, until: Instant) {
        self.next = self.next.max(Some(until));
    }
}

/// The time on tokio's clock.
pub(crate) fn now() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "pauses are waited out on tokio's clock, which tests stop"
    )]
    Instant::now()
}

/// As many requests in flight as nobody will ask for.
const WIDEST: f64 = 4096.0;
/// The pause after the first refusal.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause the sender takes by itself.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The longest pause the platform is believed: whatever stands in a header, a client tries again
/// some day.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// The first distance between two requests when one at a time is too fast.
const FIRST_GAP: Duration = Duration::from_millis(100);
/// The greatest distance between two requests.
const LONGEST_GAP: Duration = Duration::from_secs(10);
/// Below this distance none is kept.
const SHORTEST_GAP: Duration = Duration::from_millis(20);
/// What an acceptance leaves of the distance.
const RELAX: f64 = 0.9;

#[cfg(test)]
mod tests {
    use super::*;

    fn start(state: &mut State, now: Instant) -> u64 {
        match state.start(now) {
            Start::Now(round) => round,
            Start::At(_) => panic!("has to wait for a time"),
            Start::AfterAnother => panic!("has to wait for another request"),
        }
    }

    fn finish(state: &mut State) {
        state.in_flight -= 1;
    }

    #[tokio::test(start_paused = true)]
    async fn a_healthy_sender_never_waits() {
        let mut state = State::new();
        for _ in 0..1000 {
            start(&mut state, now());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_halves_what_is_in_flight_and_pauses() {
        let (mut state, now) = (State::new(), now());
        let rounds: Vec<u64> = (0..8).map(|_| start(&mut state, now)).collect();
        for round in rounds {
            state.refused(round, now, None, 0.5);
            finish(&mut state);
        }
        assert_eq!(state.window, 4.0, "eight late refusals count as one");
        assert!(matches!(state.start(now), Start::At(time) if time == now + FIRST_PAUSE));
        let later = now + FIRST_PAUSE;
        for _ in 0..4 {
            start(&mut state, later);
        }
        assert!(matches!(state.start(later), Start::AfterAnother));
    }

    #[tokio::test(start_paused = true)]
    async fn acceptances_bring_the_pace_back() {
        let (mut state, mut now) = (State::new(), now());
        for _ in 0..6 {
            now += Duration::from_secs(60);
            let round = start(&mut state, now);
            state.refused(round, now, None, 0.5);
            finish(&mut state);
        }
        assert_eq!(state.window, 1.0);
        assert!(state.gap > Duration::from_secs(1), "{:?}", state.gap);
        for _ in 0..60 {
            now += Duration::from_secs(60);
            start(&mut state, now);
            state.accepted();
            finish(&mut state);
        }
        assert_eq!(state.gap, Duration::ZERO);
        assert!(state.window > 8.0, "{}", state.window);
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_double_up_to_a_bound_and_honour_the_platform() {
        let (mut state, mut now) = (State::new(), now());
        let mut pauses = Vec::new();
        for _ in 0..10 {
            let round = start(&mut state, now);
            state.refused(round, now, None, 0.5);
            finish(&mut state);
            let next = state.next.expect("a pause");
            pauses.push(next - now);
            now = next;
        }
        assert_eq!(pauses[..3], [1, 2, 4].map(|n| FIRST_PAUSE * n));
        assert_eq!(pauses[9], LONGEST_PAUSE);
        let round = start(&mut state, now);
        state.refused(round, now, Some(Duration::from_secs(90)), 0.5);
        assert_eq!(state.next, Some(now + Duration::from_secs(90)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_without_end_is_not_believed() {
        let (mut state, now) = (State::new(), now());
        let round = start(&mut state, now);
        state.refused(round, now, Some(Duration::from_secs(u64::MAX)), 0.5);
        assert_eq!(state.next, Some(now + LONGEST_WAIT));
        state.refused(round, now, Some(Duration::MAX), 0.5);
        assert_eq!(state.next, Some(now + LONGEST_WAIT), "a late refusal");
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends_only_where_nothing_is_accepted() {
        let pace = Pace::new();
        let (started, patience) = (now(), Duration::from_secs(10));
        let permit = pace.permit().await;
        permit.refused(Some(Duration::from_secs(60)));
        assert!(pace.permit_within(started, patience).await.is_none());
        assert_eq!(now() - started, patience);

        // Who comes later waits by its own watch, and the pause is over by then.
        let later = now() + Duration::from_secs(45);
        tokio::time::sleep_until(later).await;
        let permit = pace.permit_within(later, patience).await.expect("a permit");
        permit.accepted();
        assert!(pace.permit_within(later, Duration::MAX).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiting_sender_goes_on_when_another_has_finished() {
        let pace = Pace::new();
        pace.state().window = 1.0;
        let first = pace.permit().await;
        let (second, ()) = tokio::join!(pace.permit(), async { first.accepted() });
        drop(second);
        assert_eq!(pace.state().in_flight, 0);
    }
}
