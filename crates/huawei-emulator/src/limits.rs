//! How often a call may be made: `x-rate-limits`, and flow control on request.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::answer::Refusal;
use crate::clock::unix_ms;
use crate::document::operation::RateLimit;
use crate::platforms::{Call, lock};

/// Counts requests in windows of time.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    counts: HashMap<String, Window>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    start_ms: i64,
    used: u64,
}

/// More windows than this are not kept: those that ended go first.
const MOST: usize = 10_000;

impl Windows {
    /// Takes `amount` from the window of this key; false when it holds no more.
    pub(crate) fn take(
        &mut self,
        key: String,
        amount: u64,
        (most, length_ms): (u64, i64),
        now_ms: i64,
    ) -> bool {
        if self.counts.len() >= MOST {
            self.counts.retain(|_, it| now_ms - it.start_ms < length_ms);
        }
        let start_ms = now_ms.div_euclid(length_ms) * length_ms;
        let fresh = Window { start_ms, used: 0 };
        let window = self.counts.entry(key).or_insert(fresh);
        if window.start_ms != start_ms {
            *window = fresh;
        }
        if window.used.saturating_add(amount) > most {
            return false;
        }
        window.used += amount;
        true
    }

    /// Gives back what was taken for a request that came to nothing.
    fn give_back(&mut self, key: &str, amount: u64) {
        if let Some(window) = self.counts.get_mut(key) {
            window.used = window.used.saturating_sub(amount);
        }
    }
}

/// Takes a call from the windows of all limits of its operation, and gives their keys; or the
/// refusal of the first that is full.
pub(crate) fn take(windows: &Mutex<Windows>, call: &Call<'_>) -> Result<Vec<String>, Refusal> {
    let mut taken = Vec::new();
    for (index, limit) in call.operation.limits.iter().enumerate() {
        if !limit.when.holds(|name| call.body().pointer(name)) {
            continue;
        }
        let key = key(call, index, limit);
        let window = (limit.requests, length_ms(limit));
        if lock(windows).take(key.clone(), 1, window, unix_ms(call.now)) {
            taken.push(key);
            continue;
        }
        give_back(windows, &taken);
        let flow_control = call.document.row("http:503").map(|row| &row.id);
        let row = limit.answer.as_ref().or(flow_control);
        let refusal = row.map_or_else(|| Refusal::status(429), Refusal::code);
        let (most, window) = (limit.requests, limit.window_s);
        let reason = Some(format!("over {most} requests in {window} seconds"));
        return Err(Refusal { reason, ..refusal });
    }
    Ok(taken)
}

/// Gives back what was taken for a call that came to nothing.
pub(crate) fn give_back(windows: &Mutex<Windows>, keys: &[String]) {
    for key in keys {
        lock(windows).give_back(key, 1);
    }
}

fn key(call: &Call<'_>, index: usize, limit: &RateLimit) -> String {
    let whose = match &*limit.per {
        "client" | "client-and-operation" => client(call),
        _ => call.path.first().map_or("", |(_, value)| value),
    };
    format!("{} {index} {} {whose}", call.operation.id, limit.per)
}

/// Who calls, as far as limits tell callers apart.
fn client<'a>(call: &Call<'a>) -> &'a str {
    let mut names = ["client_id", "clientId", "appId"].into_iter();
    names
        .find_map(|name| call.body()[name].as_str())
        .or_else(|| call.header("authorization"))
        .unwrap_or_default()
}

fn length_ms(limit: &RateLimit) -> i64 {
    i64::try_from(limit.window_s.saturating_mul(1000)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::Windows;

    #[test]
    fn a_window_holds_what_it_may_and_starts_anew() {
        let mut windows = Windows::default();
        let mut take = |amount, now| windows.take("k".to_owned(), amount, (3, 1000), now);
        assert!(take(2, 5000));
        assert!(!take(2, 5100));
        assert!(take(1, 5999));
        assert!(!take(1, 5999));
        assert!(take(3, 6000));
    }
}
