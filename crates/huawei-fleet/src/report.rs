//! What a run counted, and whether the promises were kept.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::Plan;

/// What one worker counted.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Count {
    pub(crate) calls: u64,
    /// Calls that failed for a voided token after their one repeat.
    pub(crate) voided: u64,
    /// Calls that failed with an error that names the store.
    pub(crate) no_store: u64,
    pub(crate) others: u64,
}

/// What a run came to.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) total: Count,
    /// Calls that reached the platform.
    pub(crate) requests: u64,
    pub(crate) logins: BTreeMap<u64, String>,
    /// The tokens that stood in the store at some time.
    pub(crate) stored: BTreeSet<u64>,
    /// What was done to the fleet, in order.
    pub(crate) faults: Vec<String>,
    /// How many of them may have cost a login: workers killed or stopped, the store taken away.
    pub(crate) excuses: usize,
}

impl Count {
    pub(crate) fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.voided += other.voided;
        self.no_store += other.no_store;
        self.others += other.others;
    }
}

impl Report {
    pub(crate) fn print(&self, plan: &Plan) {
        let Count {
            calls,
            voided,
            no_store,
            others,
        } = self.total;
        println!(
            "{} store, {} processes x {} tasks, {} s, tokens of {} s, {}",
            plan.store.word(),
            plan.processes,
            plan.tasks,
            plan.span.as_secs(),
            plan.lifetime.as_secs(),
            if plan.faults {
                "with faults"
            } else {
                "without faults"
            },
        );
        for fault in &self.faults {
            println!("  {fault}");
        }
        let lost: Vec<_> = self.lost().collect();
        println!("  calls {calls}, requests {}", self.requests);
        println!(
            "  logins {}, generations stored {}",
            self.logins.len(),
            self.stored.len()
        );
        println!(
            "  logins that were not stored {lost:?}, of {} faults",
            self.excuses
        );
        println!("  failed after the repeat for a voided token {voided}");
        println!("  failed with an error that names the store {no_store}, otherwise {others}");
    }

    /// The logins whose tokens never stood in the store, and by whom.
    fn lost(&self) -> impl Iterator<Item = (&u64, &String)> {
        self.logins
            .iter()
            .filter(|(number, _)| !self.stored.contains(number))
    }

    /// The promises that were broken.
    pub(crate) fn broken(&self, plan: &Plan) -> Vec<String> {
        let mut broken = Vec::new();
        let lost = self.lost().count();
        if lost > self.excuses {
            broken.push(format!(
                "{lost} logins were not stored, and {} faults",
                self.excuses
            ));
        }
        if self.total.calls == 0 || self.logins.is_empty() {
            broken.push("nothing was called".to_owned());
        }
        if !plan.faults {
            if self.total.voided + self.total.no_store + self.total.others > 0 {
                broken.push(format!("calls failed without a fault: {:?}", self.total));
            }
            let lives = plan.span.as_secs() / plan.lifetime.as_secs();
            let most = usize::try_from(lives * 2 + 2).unwrap_or(usize::MAX);
            if self.logins.len() > most {
                broken.push(format!(
                    "{} logins in {lives} lives of a token",
                    self.logins.len()
                ));
            }
        }
        broken
    }
}
