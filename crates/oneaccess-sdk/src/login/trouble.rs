//! What the message of a refused login tells.

use std::time::Duration;

use auth_core::Error;

/// How many attempts a person has left before the lock, where a refused password says so.
///
/// The lock is for the person in the whole company, so show this number, and let nobody guess for
/// them.
///
/// The number stands in the message of SDK.LOGIN.1005 alone (`剩余登录尝试次数:8`).
pub fn attempts_left(error: &Error) -> Option<u32> {
    let api = error.api().filter(|api| api.code == "SDK.LOGIN.1005")?;
    numbers(&api.message).next_back()?.0.try_into().ok()
}

/// For how long a person is locked, where a refused login says so: SDK.LOGIN.1003 and LOGIN.0001
/// give minutes and seconds in their message.
pub fn locked_for(error: &Error) -> Option<Duration> {
    let api = error.api()?;
    if !matches!(api.code.as_str(), "SDK.LOGIN.1003" | "LOGIN.0001") {
        return None;
    }
    let mut total = None;
    for (number, unit) in numbers(&api.message) {
        let unit = unit.trim_start().to_lowercase();
        let scale = if unit.starts_with('分') || unit.starts_with("min") {
            60
        } else if unit.starts_with('秒') || unit.starts_with("sec") {
            1
        } else {
            continue;
        };
        let part = Duration::from_secs(number.saturating_mul(scale));
        total = Some(total.unwrap_or(Duration::ZERO).saturating_add(part));
    }
    total
}

/// The numbers in a text, each with what follows it.
fn numbers(text: &str) -> impl DoubleEndedIterator<Item = (u64, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let tail = &rest[start..];
        let end = tail
            .find(|letter: char| !letter.is_ascii_digit())
            .unwrap_or(tail.len());
        if let Ok(number) = tail[..end].parse() {
            found.push((number, &tail[end..]));
        }
        rest = &tail[end..];
    }
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::numbers;

    fn check(text: &str, expected: &[u64]) {
        let found: Vec<u64> = numbers(text).map(|(number, _)| number).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn numbers_are_found_between_any_letters() {
        check("用户名或密码错误,剩余登录尝试次数:8", &[8]);
        check("locked, 4 min 59 s left", &[4, 59]);
        check("99999999999999999999999 then 1", &[1]);
        check("", &[]);
    }
}
