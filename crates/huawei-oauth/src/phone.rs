//! Phone numbers as HUAWEI ID writes them, and as the rest of the world does.

use std::fmt;

use crate::model::{QuickLoginPhoneNumber, UserInfo};

/// A phone number. `Debug` shows its last two digits.
///
/// The platform writes a number of mainland China bare, and any other as `00`, country code and
/// number; the call for one-click login writes `00` before each
/// ([reference](https://developer.huawei.com/consumer/cn/doc/harmonyos-references/account-api-get-user-info-get-phone)).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber {
    /// Country code and number, without anything before.
    digits: String,
    country: Option<usize>,
}

impl PhoneNumber {
    /// Reads a number with what an answer tells beside it: the country code, which begins with
    /// `00`, and the number without it. Nothing if it is not made of digits, as where it is masked.
    pub fn read(number: &str, country_code: Option<&str>, pure: Option<&str>) -> Option<Self> {
        let country = country_code.map(|code| code.strip_prefix("00").unwrap_or(code));
        let (country, number) = match (country, pure, number.strip_prefix("00")) {
            (Some(country), Some(pure), _) => (Some(country), pure),
            (Some(country), None, Some(whole)) => (Some(country), whole.strip_prefix(country)?),
            (Some(country), None, None) => (Some(country), number),
            (None, _, Some(whole)) => (None, whole),
            (None, _, None) => (Some(CHINA), number),
        };
        let digits = format!("{}{number}", country.unwrap_or_default());
        let sound = !number.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        sound.then(|| Self {
            country: country.map(str::len),
            digits,
        })
    }

    /// The number as E.164 has it: `+8613800000000`.
    pub fn e164(&self) -> String {
        format!("+{}", self.digits)
    }

    /// The country code without anything before: `86`. Not known where the platform did not tell it
    /// and the number is of abroad.
    pub fn country_code(&self) -> Option<&str> {
        Some(&self.digits[..self.country?])
    }

    /// The number without country code, if that is known.
    pub fn national(&self) -> Option<&str> {
        Some(&self.digits[self.country?..])
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.digits.len().saturating_sub(2);
        write!(f, "PhoneNumber(..{})", &self.digits[shown..])
    }
}

impl QuickLoginPhoneNumber {
    /// The number that is bound to the account.
    pub fn number(&self) -> Option<PhoneNumber> {
        PhoneNumber::read(
            self.phone_number.as_deref()?,
            self.phone_country_code.as_deref(),
            self.pure_phone_number.as_deref(),
        )
    }
}

impl UserInfo {
    /// The number that the user chose to share (scope `phone`).
    pub fn shared_number(&self) -> Option<PhoneNumber> {
        self.number(self.mobile_number.as_deref()?)
    }

    /// The number that is bound to the account (scope `quickLoginMobilePhone`), by the older way of
    /// one-click login.
    pub fn login_number(&self) -> Option<PhoneNumber> {
        #[expect(deprecated, reason = "the older way is still everywhere")]
        let number = self.login_mobile_number.as_deref();
        self.number(number?)
    }

    fn number(&self, number: &str) -> Option<PhoneNumber> {
        PhoneNumber::read(
            number,
            self.phone_country_code.as_deref(),
            self.pure_phone_number.as_deref(),
        )
    }
}

/// The country code of numbers that are written bare.
const CHINA: &str = "86";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(number: &str, code: Option<&str>, pure: Option<&str>, expected: Option<(&str, &str)>) {
        let read = PhoneNumber::read(number, code, pure);
        let parts = read.as_ref().map(|it| {
            let (country, national) = (it.country_code(), it.national());
            assert_eq!(it.e164().trim_start_matches('+'), it.digits);
            (country.unwrap_or_default(), national.unwrap_or(&it.digits))
        });
        assert_eq!(parts, expected);
    }

    #[test]
    fn a_number_is_split_with_what_stands_beside_it() {
        let china = Some(("86", "11136000008"));
        check("11136000008", Some("0086"), Some("11136000008"), china);
        check("008611136000008", Some("0086"), None, china);
        check("11136000008", None, None, china);
        let hong_kong = Some(("852", "61234567"));
        check("0085261234567", Some("00852"), Some("61234567"), hong_kong);
        check("0085261234567", None, None, Some(("", "85261234567")));
    }

    #[test]
    fn a_masked_number_is_none() {
        check("191******08", Some("0086"), Some("191******08"), None);
        check("", None, None, None);
        check("00852123", Some("0086"), None, None);
    }

    #[test]
    fn debug_shows_two_digits() {
        let number = PhoneNumber::read("11136000008", None, None).unwrap();
        assert_eq!(format!("{number:?}"), "PhoneNumber(..08)");
    }
}
