//! Ratios of two pieces of work, measured in turns, so that what disturbs one disturbs the other.

use std::time::{Duration, Instant};

/// Prints how many times as long `ours` takes as `yardstick`: the median of all pairs, and between
/// which bounds it lies with a probability of 95 %.
pub(crate) fn ratio(name: &str, yardstick: impl FnMut(), ours: impl FnMut()) {
    let start = now();
    ratio_by(|| now().duration_since(start), name, yardstick, ours);
}

/// The same by another measure of time, such as that of a thread.
pub(crate) fn ratio_by(
    clock: impl Fn() -> Duration,
    name: &str,
    mut yardstick: impl FnMut(),
    mut ours: impl FnMut(),
) {
    let time = |rounds: u32, work: &mut dyn FnMut()| time(&clock, rounds, work);
    let rounds = rounds(time, &mut yardstick).max(rounds(time, &mut ours));
    let mut ratios: Vec<f64> = (0..PAIRS)
        .map(|pair| {
            // Each goes first in turn.
            let (base, own) = if pair % 2 == 0 {
                let base = time(rounds, &mut yardstick);
                (base, time(rounds, &mut ours))
            } else {
                let own = time(rounds, &mut ours);
                (time(rounds, &mut yardstick), own)
            };
            own.as_secs_f64() / base.as_secs_f64()
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    let [low, median, high] = [LOW, PAIRS / 2, PAIRS - 1 - LOW].map(|rank| ratios[rank]);
    #[expect(
        clippy::print_stdout,
        reason = "a benchmark reports on standard output"
    )]
    {
        println!("{name:<40} ratio: {median:.3} (95 %: {low:.3} to {high:.3}, {PAIRS} pairs)");
    }
}

/// How often a piece of work is to be repeated to take `SAMPLE`.
fn rounds(time: impl Fn(u32, &mut dyn FnMut()) -> Duration, work: &mut dyn FnMut()) -> u32 {
    let mut rounds = 1;
    loop {
        let took = time(rounds, work);
        if took >= SAMPLE {
            return rounds;
        }
        rounds *= 2;
    }
}

fn time(clock: impl Fn() -> Duration, rounds: u32, work: &mut dyn FnMut()) -> Duration {
    let start = clock();
    for _ in 0..rounds {
        work();
    }
    clock().saturating_sub(start)
}

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
    Instant::now()
}

const PAIRS: usize = 101;

/// The rank of the lower bound: of 101 values, the median lies between the 41st and the 61st
/// with a probability of 95 % (binomial distribution).
const LOW: usize = 40;

/// The time one sample takes at least; long beside the clock's grain, short beside disturbances.
const SAMPLE: Duration = Duration::from_millis(4);
