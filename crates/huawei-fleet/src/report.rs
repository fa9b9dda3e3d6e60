//! What is printed of a run: all that happened, and a row for `docs/reliability.md`.

use crate::fleet::Known;
use crate::said::{Failure, Why};
use crate::verdict::Verdict;
use crate::{Kind, Plan};

pub(crate) fn print(plan: &Plan, known: &Known, verdict: &Verdict) {
    let words: Vec<_> = plan.faults.iter().map(|kind| kind.word()).collect();
    let faults = match words.as_slice() {
        [] => "no faults".to_owned(),
        all if all.len() == Kind::ALL.len() => "all at once".to_owned(),
        some => some.join(", "),
    };
    let run = format!(
        "{}, {} x {}, {} s, {faults}",
        plan.store.word(),
        plan.processes,
        plan.tasks,
        plan.span.as_secs(),
    );
    let seconds = |at: i64| (at - known.start()) as f64 / 1e3;
    println!("{run}");
    for fault in &known.faults {
        let whom = match (fault.pid, fault.holder) {
            (Some(pid), true) => format!(" {pid}, which had the lease"),
            (Some(pid), false) => format!(" {pid}, which had given the lease up"),
            (None, _) => String::new(),
        };
        let at = seconds(fault.from);
        println!("  at {at:.1} s {}{whom}", fault.what);
    }
    for (pid, at) in &verdict.lost {
        println!("  at {:.1} s a login of {pid} was not stored", seconds(*at));
    }
    let waited = |it: &&(u32, i64, Failure)| it.2.why == Why::Holder;
    for (pid, at, failure) in known.failures.iter().filter(waited).take(SHOWN) {
        let (at, took) = (seconds(*at), at - failure.began);
        println!(
            "  at {at:.1} s a call of {pid} failed after {took} ms: {}",
            failure.text
        );
    }
    for broken in &verdict.broken {
        println!("  BROKEN: {broken}");
    }
    let failed = |why| verdict.failed.get(&why).copied().unwrap_or_default();
    let others: Vec<_> = verdict
        .failed
        .iter()
        .filter(|(why, _)| !matches!(why, Why::Voided | Why::Store | Why::Refused))
        .map(|(why, count)| format!("{count} {}", why.word()))
        .collect();
    println!(
        "  requests {}, of which {} were logins; the store was taken away under {} tokens",
        known.requests, verdict.issued, verdict.taken
    );
    println!(
        "| {run} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
        known.calls.values().sum::<u64>(),
        verdict.issued,
        verdict.stored,
        verdict.hit,
        failed(Why::Voided),
        failed(Why::Store),
        failed(Why::Refused),
        match others.as_slice() {
            [] => "0".to_owned(),
            others => others.join(", "),
        },
        match verdict.broken.is_empty() {
            true => "kept",
            false => "BROKEN",
        },
    );
}

/// So many calls that waited in vain are shown.
const SHOWN: usize = 10;
