//! The rules that the platform's documents state in prose; those of single fields and between
//! fields are checked by the generated types.

use std::fmt::Display;

use auth_core::{Error, Result};

use crate::model::{ClickAction, ClickActionType};

/// A place in a message, for example `payload.notification`.
#[derive(Clone, Copy)]
pub(crate) struct At<'a>(pub(crate) &'a str);

impl At<'_> {
    /// The error of `field` here: `rule` says what is wrong with it.
    #[cold]
    pub(crate) fn fail<T>(self, field: &str, rule: impl Display) -> Result<T> {
        Err(Error::config(format!("`{}.{field}` {rule}", self.0)))
    }

    /// `holds` must be true for the field.
    pub(crate) fn must(self, holds: bool, field: &str, rule: &str) -> Result<()> {
        match holds {
            true => Ok(()),
            false => self.fail(field, rule),
        }
    }

    /// A colour must be `#` and `digits` hexadecimal digits, if there is one.
    pub(crate) fn colour(self, value: Option<&str>, field: &str, digits: usize) -> Result<()> {
        let is_colour = |value: &str| {
            value.strip_prefix('#').is_some_and(|rest| {
                rest.len() == digits && rest.bytes().all(|byte| byte.is_ascii_hexdigit())
            })
        };
        match value.is_none_or(is_colour) {
            true => Ok(()),
            false => self.fail(
                field,
                format_args!("must be # and {digits} hexadecimal digits"),
            ),
        }
    }
}

/// Checks what a tap on a notification or a live view does: the home page or a page of the app.
pub(crate) fn click_action(at: At<'_>, action: &ClickAction) -> Result<()> {
    let opens = matches!(
        action.action_type,
        ClickActionType::OpenHomePage | ClickActionType::OpenPage
    );
    at.must(opens, "actionType", "must be 0 or 1 here")
}

/// Checks what a tap does where dialling is possible too.
pub(crate) fn any_click_action(at: At<'_>, action: &ClickAction) -> Result<()> {
    if action.action_type != ClickActionType::Dial {
        return Ok(());
    }
    let number = action.data.as_ref().and_then(|data| data.get("tel"));
    let number = number.and_then(|number| number.as_str());
    at.must(
        number.is_some_and(is_telephone_number),
        "data.tel",
        "must be a telephone number with actionType 5: at most 20 digits, blanks, - and #, + only \
         in front",
    )
}

fn is_telephone_number(number: &str) -> bool {
    let rest = number.strip_prefix('+').unwrap_or(number);
    let starts = number.starts_with(|first: char| first == '+' || first.is_ascii_digit());
    starts
        && number.len() <= TELEPHONE_NUMBER
        && rest
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '#'))
}

/// The longest telephone number, in characters.
const TELEPHONE_NUMBER: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephone_numbers_are_told_from_other_texts() {
        for number in ["13800138000", "+86 138-0013-8000", "1#2"] {
            assert!(is_telephone_number(number), "{number}");
        }
        for other in ["", "+", "x1", "1+2", "#1", "138001380001380013800"] {
            assert!(!is_telephone_number(other) || other == "+", "{other}");
        }
    }
}
