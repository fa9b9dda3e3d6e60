//! Whether a run kept the promises: a function of what was seen.

use std::collections::BTreeMap;

use crate::fleet::{Fault, Known};
use crate::said::{Failure, Why};
use crate::{Kind, Plan, StoreKind};

/// What came of a run.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Tokens that the platform issued.
    pub(crate) issued: u64,
    /// Tokens that stood in the store.
    pub(crate) stored: u64,
    /// Holders of the lease that were killed or stopped.
    pub(crate) hit: u64,
    /// Tokens that could not be stored when they came, because the store was away, and not later.
    pub(crate) taken: u64,
    /// Tokens that were not stored, with times and processes as far as they are known.
    pub(crate) lost: Vec<(u32, i64)>,
    /// Calls that failed, by what they named.
    pub(crate) failed: BTreeMap<Why, u64>,
    /// The promises that were broken.
    pub(crate) broken: Vec<String>,
}

impl Verdict {
    pub(crate) fn new(plan: &Plan, known: &Known, issued: u64) -> Self {
        let mut verdict = Self {
            issued,
            stored: known.stored.len() as u64,
            hit: known.faults.iter().filter(|fault| fault.holder).count() as u64,
            taken: known.unwritten.difference(&known.stored).count() as u64,
            ..Self::default()
        };
        verdict.logins(plan, known);
        for (pid, ended, failure) in &known.failures {
            *verdict.failed.entry(failure.why).or_default() += 1;
            if !is_explained(plan, known, *pid, *ended, failure) {
                let Failure { began, why, text } = failure;
                let took = ended - began;
                let at = (ended - known.start()) as f64 / 1e3;
                verdict.broken.push(format!(
                    "at {at:.1} s a call of {pid} failed after {took} ms, and no fault explains it: \
                     {why:?}: {text}"
                ));
            }
        }
        verdict
    }

    fn logins(&mut self, plan: &Plan, known: &Known) {
        let broken = &mut self.broken;
        if known.calls.values().sum::<u64>() == 0 || self.issued == 0 {
            broken.push("nothing was called".to_owned());
        }
        if known.logins.len() as u64 != self.issued {
            let seen = known.logins.len();
            broken.push(format!("{seen} of {} logins were seen", self.issued));
        }
        self.lost = lost(known);
        let lost = self.issued.saturating_sub(self.stored);
        if lost > self.hit + self.taken {
            broken.push(format!(
                "{lost} logins were not stored: {:?}; {} holders were hit, and under {} the store \
                 was taken away",
                self.lost, self.hit, self.taken
            ));
        }
        let disturbs = |kind: &Kind| !matches!(kind, Kind::Clocks);
        if !plan.faults.iter().any(disturbs) {
            // Renewed a little before its end, each lives four fifths of its life at least.
            let life = plan.lifetime.as_secs() * 4 / 5;
            let most = (plan.span.as_secs() + STARTS_AND_ENDS).div_ceil(life) + 1;
            if self.issued > most {
                broken.push(format!("{} logins, {most} are enough", self.issued));
            }
        }
        let outages = known.faults.iter().filter(|it| it.kind == Kind::Store);
        for outage in outages {
            let during = |at: &&i64| **at > outage.from + UNDER_WAY && **at < outage.to;
            for login in known.logins.iter().filter(during) {
                if !was_leased(known, *login, outage.from) {
                    let at = (login - known.start()) as f64 / 1e3;
                    broken.push(format!("at {at:.1} s a login, while the store was away"));
                }
            }
        }
    }
}

/// Whether whoever logged in at this time had the lease confirmed before the store went away.
fn was_leased(known: &Known, login: i64, away: i64) -> bool {
    let sent = known.sent.iter().rev().find(|(_, at)| *at <= login);
    let Some((who, _)) = sent else { return false };
    known
        .held
        .iter()
        .any(|(pid, at)| pid == who && *at > login - LEASE - UNDER_WAY && *at <= away + UNDER_WAY)
}

/// Who logged in for nothing, and when: with a token that was not stored, or without hearing of it.
fn lost(known: &Known) -> Vec<(u32, i64)> {
    let unstored = known
        .issued
        .iter()
        .filter(|(_, _, token)| !known.stored.contains(token))
        .map(|(pid, at, _)| (*pid, *at));
    let unheard = known.sent.iter().filter(|(pid, at)| {
        let killed = known
            .faults
            .iter()
            .any(|fault| fault.kind == Kind::Kill && fault.pid == Some(*pid));
        let mut heard = known.issued.iter();
        let heard = heard.any(|(who, when, _)| who == pid && when >= at);
        let soon = *at..at + UNDER_WAY;
        let arrived = known.logins.iter().any(|login| soon.contains(login));
        killed && arrived && !heard
    });
    unstored.chain(unheard.copied()).collect()
}

/// Whether a fault of the run is the reason for this failure.
fn is_explained(plan: &Plan, known: &Known, pid: u32, ended: i64, failure: &Failure) -> bool {
    let began = failure.began;
    let during = |kind: Kind, after: i64| -> Vec<&Fault> {
        let faults = known.faults.iter();
        faults
            .filter(|fault| {
                fault.kind == kind && fault.from <= ended && began <= fault.to.saturating_add(after)
            })
            .collect()
    };
    // A process that was stopped itself lost the time of its calls.
    let stopped = during(Kind::Stop, REMEMBERED);
    if stopped.iter().any(|fault| fault.pid == Some(pid)) {
        return true;
    }
    let hit = || {
        let after = 2 * LEASE;
        !during(Kind::Kill, after).is_empty() || !during(Kind::Stop, after).is_empty()
    };
    let away = !during(Kind::Store, REMEMBERED).is_empty();
    match failure.why {
        // Who is stopped while it writes to a file keeps the others from writing.
        Why::Store => away || (plan.store == StoreKind::File && !stopped.is_empty()),
        Why::Refused => !during(Kind::Refuse, REMEMBERED).is_empty(),
        Why::Holder => hit() || !during(Kind::Store, 2 * LEASE).is_empty(),
        Why::Voided => {
            // It was repeated once: that takes two logins to fail.
            let logins = known.logins.iter();
            let meanwhile = logins.filter(|at| (began..=ended).contains(at)).count();
            meanwhile >= 2 && (hit() || away)
        }
        Why::Late | Why::Login | Why::Unknown => false,
    }
}

/// How long a lease lasts, in milliseconds.
const LEASE: i64 = 5_000;
/// How long a failure is told again instead of trying, and what a machine under load adds.
const REMEMBERED: i64 = 3_000;
/// How long an answer of the store, or a login, may be under way.
const UNDER_WAY: i64 = 500;
/// How long a run lasts beyond its span, in seconds.
const STARTS_AND_ENDS: u64 = 10;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Role;

    fn plan(faults: &[Kind]) -> Plan {
        Plan {
            role: Role::Drive,
            store: StoreKind::Redis,
            processes: 2,
            tasks: 1,
            span: Duration::from_secs(60),
            lifetime: Duration::from_secs(5),
            faults: faults.to_vec(),
            platform: String::new(),
            place: String::new(),
            device: String::new(),
            clock: 0,
        }
    }

    /// A run of one process with two logins, both stored.
    fn calm() -> Known {
        Known {
            calls: [(7, 100)].into(),
            held: vec![(7, 300), (7, 5_900)],
            sent: vec![(7, 950), (7, 5_950)],
            issued: vec![(7, 1_050, 1), (7, 6_050, 2)],
            stored: [1, 2].into(),
            logins: vec![1_000, 6_000],
            ..Known::default()
        }
    }

    fn fault(kind: Kind, from: i64, to: i64) -> Fault {
        let holder = matches!(kind, Kind::Kill | Kind::Stop);
        Fault {
            kind,
            what: String::new(),
            from,
            to,
            pid: holder.then_some(7),
            holder,
        }
    }

    fn failed(why: Why, began: i64, ended: i64) -> (u32, i64, Failure) {
        let text = String::new();
        (8, ended, Failure { began, why, text })
    }

    fn broken(plan: &Plan, known: &Known) -> Vec<String> {
        Verdict::new(plan, known, known.logins.len() as u64).broken
    }

    #[test]
    fn a_calm_run_keeps_the_promises_and_a_failed_call_breaks_them() {
        let mut known = calm();
        assert!(broken(&plan(&[]), &known).is_empty());
        known.failures.push(failed(Why::Voided, 1_000, 1_100));
        assert_eq!(broken(&plan(&[]), &known).len(), 1);
    }

    #[test]
    fn a_login_for_nothing_needs_a_holder_that_was_hit() {
        let mut known = calm();
        known.stored.remove(&2);
        assert_eq!(broken(&plan(&[]), &known).len(), 1);
        let kills = plan(&[Kind::Kill]);
        assert_eq!(broken(&kills, &known).len(), 1);
        known.faults.push(fault(Kind::Kill, 6_000, 6_000));
        assert!(broken(&kills, &known).is_empty());
        known.faults[0].holder = false;
        assert_eq!(broken(&kills, &known).len(), 1);
    }

    #[test]
    fn while_the_store_is_away_only_who_had_the_lease_before_may_log_in() {
        let mut known = calm();
        let outages = plan(&[Kind::Store]);
        known.faults.push(fault(Kind::Store, 5_400, 9_000));
        assert!(broken(&outages, &known).is_empty());
        known.held.pop();
        assert_eq!(broken(&outages, &known).len(), 1);
    }

    #[test]
    fn a_failed_call_needs_a_fault_of_its_own_kind() {
        for (why, kind) in [(Why::Store, Kind::Store), (Why::Refused, Kind::Refuse)] {
            let mut known = calm();
            known.failures.push(failed(why, 9_000, 9_100));
            known.faults.push(fault(kind, 9_050, 12_000));
            assert!(broken(&plan(&[kind]), &known).is_empty());
            known.faults[0].from = 9_200;
            assert_eq!(broken(&plan(&[kind]), &known).len(), 1, "later");
            known.faults[0] = fault(Kind::Kill, 9_050, 9_050);
            assert_eq!(broken(&plan(&[kind]), &known).len(), 1, "another kind");
        }
        let mut known = calm();
        known.faults.push(fault(Kind::Stop, 2_000, 9_000));
        known.failures.push(failed(Why::Holder, 1_500, 11_500));
        assert!(broken(&plan(&[Kind::Stop]), &known).is_empty());
        known.failures.push(failed(Why::Unknown, 1_500, 11_500));
        assert_eq!(broken(&plan(&[Kind::Stop]), &known).len(), 1);
    }

    #[test]
    fn too_many_logins_are_noticed() {
        let mut known = calm();
        known.logins = (0..30).map(|second| second * 1_000).collect();
        known.stored = (0..30).collect();
        assert_eq!(broken(&plan(&[]), &known).len(), 1);
    }
}
