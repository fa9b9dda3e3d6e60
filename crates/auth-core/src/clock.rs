//! The clocks: the only place that reads them.

#[cfg(feature = "testing")]
mod manual;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{AGE, DATE};

#[cfg(feature = "testing")]
pub use manual::ManualClock;

/// The time as the platform sees it: the wall clock of this machine plus the offset learnt from
/// the platform's answers. Clones share the offset.
///
/// Give one clock to everything that talks to one platform: what the answers of one client teach
/// then holds for the cache's expiry and for the times inside signed tokens.
#[derive(Clone)]
pub struct Clock(Arc<Inner>);

struct Inner {
    source: Source,
    /// Platform time less local time, in nanoseconds.
    offset: AtomicI64,
    /// Whether an answer has ever told the offset, be it none.
    observed: AtomicBool,
}

enum Source {
    System,
    #[cfg(feature = "testing")]
    Manual(Arc<manual::Hands>),
    /// The system's, its wall clock wrong by so many nanoseconds.
    #[cfg(feature = "testing")]
    Wrong(i64),
}

/// A moment on this machine's own clocks, as [`Clock::mark`] takes it.
#[derive(Clone, Copy, Debug)]
pub struct Mark(Moment);

/// A moment on the monotonic and on the wall clock, both in nanoseconds.
///
/// The two fail in different ways, so whoever judges an age asks both: the monotonic clock stands
/// still while the machine is suspended, the wall clock can be set by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) steady: i64,
    pub(crate) wall: i64,
}

impl Clock {
    /// The system's clock, without an offset so far.
    pub fn system() -> Self {
        Self::new(Source::System)
    }

    /// The system's clock, its wall clock wrong by so many seconds: a host that is badly set.
    #[cfg(feature = "testing")]
    pub fn wrong_by(seconds: i64) -> Self {
        Self::new(Source::Wrong(seconds.saturating_mul(NANOS_PER_SEC)))
    }

    fn new(source: Source) -> Self {
        Self(Arc::new(Inner {
            source,
            offset: AtomicI64::new(0),
            observed: AtomicBool::new(false),
        }))
    }

    /// The time now, corrected by the offset.
    pub fn now(&self) -> SystemTime {
        let local = match &self.0.source {
            Source::System => system_now(),
            #[cfg(feature = "testing")]
            Source::Manual(hands) => from_nanos(hands.moment().wall),
            #[cfg(feature = "testing")]
            Source::Wrong(by) => shifted(system_now(), *by),
        };
        shifted(local, self.offset())
    }

    /// Marks this moment, to hand it to [`observe`](Self::observe) or [`elapsed`](Self::elapsed) later.
    pub fn mark(&self) -> Mark {
        Mark(self.local())
    }

    /// How long ago `mark` was taken; time in which the machine was suspended does not count.
    pub fn elapsed(&self, mark: Mark) -> Duration {
        Duration::from_nanos(
            u64::try_from(self.local().steady.saturating_sub(mark.0.steady)).unwrap_or(0),
        )
    }

    /// Learns the platform's time from the `Date` header of an answer that has just arrived to a
    /// request sent at `sent`.
    ///
    /// The header only tells that the platform's clock stood within a second of it at some moment
    /// of the round trip, so the offset moves no further than that is certain. Answers out of a
    /// cache, round trips past ten seconds and offsets past a day teach nothing.
    pub fn observe(&self, sent: Mark, headers: &HeaderMap) {
        if headers.contains_key(AGE) {
            return;
        }
        let Some(date) = headers
            .get(DATE)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| httpdate::parse_http_date(text).ok())
        else {
            return;
        };
        let before = self.offset();
        let Some(after) = learnt(before, sent.0, self.local(), nanos_of(date)) else {
            return;
        };
        if !self.0.observed.load(Ordering::Relaxed) {
            self.0.observed.store(true, Ordering::Relaxed);
        }
        if after != before {
            // Two answers at the same time teach nearly the same; either may win.
            self.0.offset.store(after, Ordering::Relaxed);
            // Headers tell whole seconds: less is no change of either clock.
            if before.abs_diff(after) >= Duration::from_secs(1).as_nanos() as u64 {
                tracing::info!(
                    before_ms = before / NANOS_PER_MILLI,
                    after_ms = after / NANOS_PER_MILLI,
                    "the platform's clock differs from the local one"
                );
            }
        }
    }

    /// How far the platform's clock is ahead of the local one, in milliseconds.
    pub fn offset_millis(&self) -> i64 {
        self.offset() / NANOS_PER_MILLI
    }

    /// The wall clock of this machine, whatever the platform thinks: the clock of a store that has
    /// none of its own.
    pub(crate) fn local_now(&self) -> SystemTime {
        shifted(SystemTime::UNIX_EPOCH, self.local().wall)
    }

    /// The same in milliseconds since 1970.
    pub(crate) fn local_millis(&self) -> i64 {
        self.local().wall / NANOS_PER_MILLI
    }

    /// The platform's time in milliseconds since 1970 at `mark`, if an answer has ever told it.
    pub(crate) fn platform_millis(&self, mark: Mark) -> Option<i64> {
        self.0
            .observed
            .load(Ordering::Relaxed)
            .then(|| self.corrected(mark).wall / NANOS_PER_MILLI)
    }

    /// Learns the platform's time from another process: it stood at `platform_ms` between `sent` and
    /// now. What an answer has told this process itself counts for more.
    pub(crate) fn learn(&self, sent: Mark, platform_ms: i64) {
        if self.0.observed.load(Ordering::Relaxed) {
            return;
        }
        let platform = platform_ms.saturating_mul(NANOS_PER_MILLI);
        if let Some(offset) = learnt(self.offset(), sent.0, self.local(), platform) {
            self.0.offset.store(offset, Ordering::Relaxed);
        }
    }

    /// This moment, the wall clock as the platform sees it. Cheap: it may lag some milliseconds.
    #[inline]
    pub(crate) fn moment(&self) -> Moment {
        self.corrected(Mark(self.local()))
    }

    /// The moment of `mark`, the wall clock as the platform sees it by what is known now.
    #[inline]
    pub(crate) fn corrected(&self, mark: Mark) -> Moment {
        Moment {
            steady: mark.0.steady,
            // No overflow: the offset is a day at most.
            wall: mark.0.wall + self.offset(),
        }
    }

    #[inline]
    fn local(&self) -> Moment {
        match &self.0.source {
            Source::System => system_moment(),
            #[cfg(feature = "testing")]
            Source::Manual(hands) => hands.moment(),
            #[cfg(feature = "testing")]
            Source::Wrong(by) => {
                let moment = system_moment();
                Moment {
                    wall: moment.wall.saturating_add(*by),
                    ..moment
                }
            }
        }
    }

    #[inline]
    fn offset(&self) -> i64 {
        self.0.offset.load(Ordering::Relaxed)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock")
            .field("offset_ms", &self.offset_millis())
            .finish_non_exhaustive()
    }
}

/// The offset after an answer dated `date` (whole seconds), or `None` where the answer teaches nothing.
fn learnt(offset: i64, sent: Moment, received: Moment, date: i64) -> Option<i64> {
    if received.steady.saturating_sub(sent.steady) > LONGEST_ROUND_TRIP {
        return None;
    }
    // By both clocks, or the local one was stepped in between.
    let walked = received.wall.saturating_sub(sent.wall);
    if !(0..=LONGEST_ROUND_TRIP).contains(&walked) {
        return None;
    }
    // The platform wrote the header between the two marks, and cut its time to the second; some
    // servers renew the text only once a second.
    let lowest = date.saturating_sub(received.wall);
    let highest = date
        .saturating_add(DATE_RESOLUTION)
        .saturating_sub(sent.wall);
    let learnt = offset.clamp(lowest, highest);
    (learnt.saturating_abs() <= LARGEST_OFFSET).then_some(learnt)
}

#[cfg(any(target_os = "android", target_os = "linux"))]
#[inline]
fn system_moment() -> Moment {
    use rustix::time::{ClockId, Timespec, clock_gettime};

    fn nanos(time: Timespec) -> i64 {
        time.tv_sec * NANOS_PER_SEC + time.tv_nsec
    }
    // The coarse clocks step by some milliseconds, nothing beside a token's margin, and cost a
    // fifth of the fine ones.
    Moment {
        steady: nanos(clock_gettime(ClockId::MonotonicCoarse)),
        wall: nanos(clock_gettime(ClockId::RealtimeCoarse)),
    }
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
fn system_moment() -> Moment {
    use std::sync::OnceLock;
    use std::time::Instant;

    static START: OnceLock<Instant> = OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "this is the named place")]
    let now = Instant::now();
    Moment {
        steady: saturating_nanos(now.duration_since(*START.get_or_init(|| now))),
        wall: nanos_of(system_now()),
    }
}

fn system_now() -> SystemTime {
    #[expect(clippy::disallowed_methods, reason = "this is the named place")]
    SystemTime::now()
}

/// Nanoseconds since 1970; enough for 292 years on both sides.
fn nanos_of(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => saturating_nanos(since),
        Err(before) => -saturating_nanos(before.duration()),
    }
}

#[cfg(feature = "testing")]
fn from_nanos(nanos: i64) -> SystemTime {
    shifted(SystemTime::UNIX_EPOCH, nanos)
}

fn shifted(time: SystemTime, nanos: i64) -> SystemTime {
    let by = Duration::from_nanos(nanos.unsigned_abs());
    if nanos < 0 { time - by } else { time + by }
}

/// A duration in nanoseconds; the longest there is where it does not fit.
pub(crate) fn saturating_nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

pub(crate) const NANOS_PER_MILLI: i64 = 1_000_000;
pub(crate) const NANOS_PER_SEC: i64 = 1_000_000_000;

const LONGEST_ROUND_TRIP: i64 = 10 * NANOS_PER_SEC;
const DATE_RESOLUTION: i64 = 2 * NANOS_PER_SEC;
/// A day. A platform or a machine further off has a fault that no offset should paper over.
const LARGEST_OFFSET: i64 = 24 * 3600 * NANOS_PER_SEC;

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = NANOS_PER_SEC;

    fn at(steady: i64, wall: i64) -> Moment {
        Moment { steady, wall }
    }

    #[test]
    fn a_date_within_the_round_trip_teaches_no_offset() {
        let sent = at(0, 1_000 * SECOND);
        let received = at(SECOND, 1_001 * SECOND);
        assert_eq!(learnt(0, sent, received, 1_000 * SECOND), Some(0));
        assert_eq!(learnt(0, sent, received, 1_001 * SECOND), Some(0));
    }

    #[test]
    fn an_offset_is_learnt_as_far_as_it_is_certain() {
        let sent = at(0, 1_000 * SECOND);
        let received = at(SECOND, 1_001 * SECOND);
        assert_eq!(
            learnt(0, sent, received, 4_600 * SECOND),
            Some(3_599 * SECOND)
        );
        assert_eq!(
            learnt(0, sent, received, -2_600 * SECOND),
            Some(-3_598 * SECOND)
        );
    }

    #[test]
    fn a_learnt_offset_does_not_jitter() {
        let sent = at(0, 1_000 * SECOND);
        let received = at(SECOND, 1_001 * SECOND);
        let offset = learnt(0, sent, received, 4_600 * SECOND).unwrap();
        for date in [4_600, 4_601] {
            assert_eq!(
                learnt(offset, sent, received, date * SECOND),
                Some(offset.max(date * SECOND - received.wall))
            );
        }
    }

    #[test]
    fn slow_stepped_and_absurd_answers_teach_nothing() {
        let sent = at(0, 1_000 * SECOND);
        let slow = at(11 * SECOND, 1_011 * SECOND);
        assert_eq!(learnt(0, sent, slow, 4_600 * SECOND), None);
        let stepped = at(SECOND, 4_600 * SECOND);
        assert_eq!(learnt(0, sent, stepped, 4_600 * SECOND), None);
        let back = at(SECOND, 0);
        assert_eq!(learnt(0, sent, back, 4_600 * SECOND), None);
        let received = at(SECOND, 1_001 * SECOND);
        assert_eq!(learnt(0, sent, received, 100_000 * SECOND), None);
    }

    #[test]
    fn the_system_clock_moves_on_both_hands() {
        let clock = Clock::system();
        let first = clock.moment();
        assert!(first.wall > 1_700_000_000 * SECOND);
        let second = clock.moment();
        assert!(second.steady >= first.steady);
        let fine = nanos_of(clock.now());
        assert!((fine - second.wall).abs() < 10 * SECOND);
    }

    #[test]
    fn times_before_1970_and_far_off_do_not_overflow() {
        let early = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(nanos_of(early), -SECOND);
        assert_eq!(saturating_nanos(Duration::MAX), i64::MAX);
    }
}
