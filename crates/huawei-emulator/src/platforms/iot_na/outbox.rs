//! Notifications on their way: in order, one at a time for an address, and again after a failure.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::Value;

use crate::callback::{Callback, SentCallback};

/// The addresses that are called, and what waits for them.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    addresses: Vec<Address>,
}

/// An address, and how it has behaved.
#[derive(Debug, Serialize)]
pub(crate) struct Address {
    url: String,
    #[serde(skip)]
    waiting: VecDeque<(&'static str, Value)>,
    #[serde(skip)]
    under_way: bool,
    /// Failures in a row.
    failures: u32,
    /// Not called before this moment, in Unix seconds.
    not_before_s: i64,
}

impl Address {
    /// Whether it has failed so often that it is only tried now and then.
    fn is_invalid(&self) -> bool {
        self.failures >= MOST_FAILURES
    }
}

impl Outbox {
    /// Adds a notification.
    pub(super) fn send(&mut self, operation: &'static str, url: &str, notice: Value) {
        let at = self.addresses.iter().position(|it| it.url == url);
        let at = at.unwrap_or_else(|| {
            self.addresses.push(Address {
                url: url.to_owned(),
                waiting: VecDeque::new(),
                under_way: false,
                failures: 0,
                not_before_s: 0,
            });
            self.addresses.len() - 1
        });
        let waiting = &mut self.addresses[at].waiting;
        if waiting.len() >= MOST_WAITING {
            waiting.pop_front();
        }
        waiting.push_back((operation, notice));
    }

    /// The calls that are due: the first for every address that has none under way.
    pub(super) fn due(&mut self, now_s: i64) -> Vec<Callback> {
        let ready = self
            .addresses
            .iter_mut()
            .filter(|it| !it.under_way && it.not_before_s <= now_s);
        ready
            .filter_map(|address| {
                let (operation, notice) = address.waiting.front()?;
                let call = Callback {
                    operation,
                    url: address.url.clone(),
                    headers: Vec::new(),
                    body: notice.to_string(),
                };
                address.under_way = true;
                Some(call)
            })
            .collect()
    }

    /// Takes note of what became of a call.
    pub(super) fn ended(&mut self, sent: &SentCallback, now_s: i64) {
        let mut all = self.addresses.iter_mut();
        let Some(address) = all.find(|it| it.under_way && it.url == sent.url) else {
            return;
        };
        address.under_way = false;
        // Silence and these are failures; whatever else was answered, it has arrived.
        let failed = sent
            .status
            .is_none_or(|status| (501..=504).contains(&status));
        if !failed {
            address.waiting.pop_front();
            address.failures = 0;
            address.not_before_s = 0;
            return;
        }
        address.failures = address.failures.saturating_add(1);
        let wait = match address.is_invalid() {
            true => POLLED_EVERY_S,
            false => RETRY_AFTER_S,
        };
        address.not_before_s = now_s + wait;
    }

    /// The addresses, for the console.
    pub(super) fn list(&self) -> Vec<Value> {
        let shown = |address: &Address| {
            let mut shown = serde_json::to_value(address).unwrap_or_default();
            shown["waiting"] = Value::from(address.waiting.len());
            shown["invalid"] = Value::from(address.is_invalid());
            shown
        };
        self.addresses.iter().map(shown).collect()
    }
}

/// How long a notification waits after a failure: 10 minutes.
const RETRY_AFTER_S: i64 = 600;
/// How often an address is tried that has failed too often: 3 minutes.
const POLLED_EVERY_S: i64 = 180;
/// From so many failures in a row on, an address is invalid.
const MOST_FAILURES: u32 = 10;
/// How many notifications wait for an address.
const MOST_WAITING: usize = 10_000;
